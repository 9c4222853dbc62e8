"""Sequence nodes and 4-D images, such as a dynamic series with its frame times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer
import slicer.util

from spinemets.errors import InputError
from spinemets.geometry.grids import set_frame_times
from spinemets.mrml.affines import image_from_array, transform_to_world
from spinemets.mrml.volumes import (
    ATTRIBUTE_PREFIX,
    copy_metadata_to_image,
    copy_metadata_to_node,
    fill_volume_node,
    image_from_volume_node,
    world_matrix,
)

# Frames of one sequence may differ by rounding in their headers, not by a voxel.
SAME_GEOMETRY_MM = 1e-3
SECONDS = "s"
# Units of time that loaders of sequences use, in s.
UNITS_OF_TIME = {"s": 1.0, "sec": 1.0, "ms": 0.001, "min": 60.0}
# Of the sequence, not of the volume that shows it: that one takes the attributes of each frame.
INJECTION_ATTRIBUTE = ATTRIBUTE_PREFIX + "InjectionSeconds"
BASELINE_ATTRIBUTE = ATTRIBUTE_PREFIX + "FramesBeforeContrast"
INTERVAL_ATTRIBUTE = ATTRIBUTE_PREFIX + "FrameIntervalSeconds"


@dataclass(frozen=True)
class SequenceNodes:
    """The nodes of one dynamic series: all frames, the browser that steps through them, the frame that is shown.

    `browser` and `shown` are None where the Sequences module is absent.
    """

    sequence: Any
    browser: Any | None
    shown: Any | None


def sequence_nodes_from_image(image: sitk.Image, times: Sequence[float], scene: Any, name: str) -> SequenceNodes:
    """Sequence node that holds each frame of a 4-D image as a volume, indexed by its time in seconds, or by its number
    where `times` is empty because they are not known.

    Raises
    ------
    InputError : the image is not 4-D, or there is not one rising time a frame.
    """
    if image.GetDimension() != 4:
        raise InputError(name, "is not a dynamic series", "load a series of several frames")
    frames = image.GetSize()[3]
    index = list(times) or list(range(frames))
    if len(index) != frames or any(later <= earlier for earlier, later in pairwise(index)):
        raise InputError(name, f"has {frames} frames but not {frames} rising times", "give one time in s a frame")
    sequence = scene.AddNewNodeByClass("vtkMRMLSequenceNode", scene.GenerateUniqueName(name))
    sequence.SetIndexName("time" if times else "frame")
    sequence.SetIndexUnit(SECONDS if times else "")
    sequence.SetIndexType(slicer.vtkMRMLSequenceNode.NumericIndex)
    size = [*image.GetSize()[:3], 0]
    for frame, value in enumerate(index):
        volume = slicer.vtkMRMLScalarVolumeNode()
        volume.SetName(name)
        fill_volume_node(volume, sitk.Extract(image, size, [0, 0, 0, frame]))
        copy_metadata_to_node(image, volume)
        sequence.SetDataNodeAtValue(volume, repr(float(value)))
    browser = _browser_of(sequence, scene, name)
    return SequenceNodes(sequence, browser, browser.GetProxyNode(sequence) if browser else None)


def _browser_of(sequence: Any, scene: Any, name: str) -> Any | None:
    if not scene.IsNodeClassRegistered("vtkMRMLSequenceBrowserNode"):
        return None
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", scene.GenerateUniqueName(f"{name} frames"))
    # The Sequences module's logic makes the shown volume as soon as the browser knows the sequence.
    browser.AddSynchronizedSequenceNode(sequence)
    return browser


def sequence_behind(volume_node: Any) -> Any | None:
    """Sequence node of which a volume node shows one frame; None for a volume of its own."""
    scene = volume_node.GetScene()
    if scene is None or not scene.IsNodeClassRegistered("vtkMRMLSequenceBrowserNode"):
        return None
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLSequenceBrowserNode")):
        sequence = scene.GetNthNodeByClass(index, "vtkMRMLSequenceBrowserNode").GetSequenceNode(volume_node)
        if sequence is not None:
            return sequence
    return None


def image_from_sequence_node(sequence: Any, shown: Any | None = None) -> tuple[sitk.Image, list[float]]:
    """4-D image (LPS mm) and frame times (s) of a sequence node of scalar volumes; no times when its index is no time.

    Parameters
    ----------
    sequence : vtkMRMLSequenceNode.
    shown : the volume node that shows its frames; transforms above it are applied (frames in a sequence have none).

    Raises
    ------
    InputError : the sequence is empty, holds other than scalar volumes of one geometry, or has times that are none.
    """
    name = sequence.GetName()
    volumes = [sequence.GetNthDataNode(item) for item in range(sequence.GetNumberOfDataNodes())]
    if not volumes:
        raise InputError(name, "the sequence has no frames", "load it again or choose another")
    for volume in volumes:
        if not volume.IsA("vtkMRMLScalarVolumeNode") or volume.GetImageData() is None:
            raise InputError(name, "the sequence does not hold volumes", "choose the sequence of a dynamic series")
    times = times_of_sequence(sequence)
    first = world_matrix(volumes[0])
    arrays = [slicer.util.arrayFromVolume(volume) for volume in volumes]
    for volume, array in zip(volumes, arrays):
        if array.shape != arrays[0].shape or np.abs(world_matrix(volume) - first).max() > SAME_GEOMETRY_MM:
            raise InputError(name, "its frames differ in size or position", "register and resample them to one grid")
    above = np.eye(4) if shown is None else transform_to_world(shown)
    image = image_from_array(np.stack(arrays), above @ first, name)
    copy_metadata_to_image(volumes[0], image, is_moved=shown is not None and shown.GetParentTransformNode() is not None)
    set_frame_times(image, times)
    return image, times


def has_times(sequence: Any) -> bool:
    """Whether a sequence is indexed by a time whose unit is known."""
    return sequence.GetIndexUnit() in UNITS_OF_TIME


def times_of_sequence(sequence: Any) -> list[float]:
    """Time (s) of each frame of a sequence; empty when its index is no time, and no user told the interval either.

    Raises
    ------
    InputError : its index is words that stand for times.
    """
    if not has_times(sequence):
        told = sequence.GetAttribute(INTERVAL_ATTRIBUTE)
        return [n * float(told) for n in range(sequence.GetNumberOfDataNodes())] if told else []
    second = UNITS_OF_TIME[sequence.GetIndexUnit()]
    try:
        return [float(sequence.GetNthIndexValue(n)) * second for n in range(sequence.GetNumberOfDataNodes())]
    except ValueError as error:
        raise InputError(sequence.GetName(), "its index is not a time", "give each frame its time in s") from error


def injection_of(volume_node: Any) -> float | None:
    """Second of the injection on the clock of the frames, of the series that a volume node shows; None: not told."""
    return _told(volume_node, INJECTION_ATTRIBUTE)


def keep_injection(volume_node: Any, seconds: float) -> None:
    """Keep the second of the injection with the series that a volume node shows; 0, where the clock starts, is what
    is taken where none is told."""
    _keep(volume_node, INJECTION_ATTRIBUTE, seconds or None)


def frames_before_contrast(volume_node: Any) -> int | None:
    """Number of frames that were taken before contrast, of the series that a volume node shows; None: not told."""
    told = _told(volume_node, BASELINE_ATTRIBUTE)
    return None if told is None else int(told)


def keep_frames_before_contrast(volume_node: Any, frames: int) -> None:
    """Keep the number of frames before contrast with the series that a volume node shows; 1 is what is taken where none
    is told."""
    _keep(volume_node, BASELINE_ATTRIBUTE, frames if frames != 1 else None)


def frame_interval_of(volume_node: Any) -> float | None:
    """Seconds from frame to frame that a user told of a series without times; None: not told."""
    return _told(volume_node, INTERVAL_ATTRIBUTE)


def keep_frame_interval(volume_node: Any, seconds: float) -> None:
    """Keep the seconds from frame to frame with the series that a volume node shows: its frames have times then, where
    it has none of its own. 0: not known."""
    _keep(volume_node, INTERVAL_ATTRIBUTE, seconds or None)


def _told(volume_node: Any, attribute: str) -> float | None:
    sequence = sequence_behind(volume_node)
    told = None if sequence is None else sequence.GetAttribute(attribute)
    return float(told) if told else None


def _keep(volume_node: Any, attribute: str, value: float | None) -> None:
    sequence = sequence_behind(volume_node)
    told = None if value is None else f"{value:g}"
    if sequence is not None and sequence.GetAttribute(attribute) != told:
        sequence.SetAttribute(attribute, told)


def image_of(volume_node: Any) -> tuple[sitk.Image, list[float]]:
    """What the user means by a volume node: the whole 4-D series and its times when the node shows one frame of a
    sequence, else the 3-D image and no times."""
    sequence = sequence_behind(volume_node)
    if sequence is None:
        return image_from_volume_node(volume_node), []
    return image_from_sequence_node(sequence, shown=volume_node)
