"""Masks out of DICOM segmentation objects (SEG), placed by their own position and orientation attributes."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.geometry.grids import FRAME_OF_REFERENCE

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"
# Part of the slice spacing by which a frame may lie beside the regular stack.
STACK_TOLERANCE = 0.05


def is_dicom(path: Path) -> bool:
    """Whether the file has DICOM's preamble; a pipe, whose opening could wait for ever, has not."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(132)[128:] == b"DICM"


def read_segmentation_object(path: Path, segment: int | None = None) -> sitk.Image:
    """One segment, or the union of all, as a uint8 mask with the object's frame of reference.

    The grid spans the frames that are in the file: empty slices may have been left out at its ends and inside.

    Raises
    ------
    InputError : the file is another kind of DICOM object, is cut short, has no such segment, or its frames make no
        regular stack.
    """
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        with warnings.catch_warnings():
            # pydicom warns of every attribute that is written in an unusual way.
            warnings.simplefilter("ignore")
            return _read(path, pydicom.dcmread(path), segment)
    except (InvalidDicomError, EOFError, ValueError, AttributeError) as error:
        raise InputError(path, f"cannot be read ({error})", "copy or export it again") from error


def _read(path: Path, dataset: Dataset, segment: int | None) -> sitk.Image:
    if dataset.get("SOPClassUID") != SEGMENTATION_STORAGE:
        raise InputError(path, "is a DICOM file, but no segmentation object", "choose a DICOM SEG or an image file")
    frames = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    numbers = [_segment_number(dataset, frame) for frame in range(len(frames))]
    chosen = [frame for frame, number in enumerate(numbers) if segment is None or number == segment]
    if not chosen:
        raise InputError(
            path, f"has no segment {segment} (it has {_segment_list(dataset)})", "choose one of its segments"
        )
    if not any(frames[frame].any() for frame in chosen):
        raise InputError(path, "is a mask without voxels", "draw or choose another mask")
    return _stack(path, dataset, frames, chosen)


def _functional_group(dataset: Dataset, frame: int, name: str) -> Dataset | None:
    """A functional group of one frame, its own or the shared one."""
    for groups in (
        dataset.get("PerFrameFunctionalGroupsSequence", [])[frame : frame + 1],
        dataset.get("SharedFunctionalGroupsSequence", [])[:1],
    ):
        if groups and name in groups[0]:
            item: Dataset = groups[0][name].value[0]
            return item
    return None


def _attribute(dataset: Dataset, frame: int, group: str, name: str) -> Any:
    item = _functional_group(dataset, frame, group)
    return None if item is None else item.get(name)


def _segment_number(dataset: Dataset, frame: int) -> int:
    number = _attribute(dataset, frame, "SegmentIdentificationSequence", "ReferencedSegmentNumber")
    return 1 if number is None else int(number)


def _segment_list(dataset: Dataset) -> str:
    return ", ".join(
        f"{item.get('SegmentNumber')} {item.get('SegmentLabel', '')}".strip()
        for item in dataset.get("SegmentSequence", [])
    )


def _stack(path: Path, dataset: Dataset, frames: NDArray[np.generic], chosen: list[int]) -> sitk.Image:
    """The chosen frames put at their places along the normal of their common plane."""
    every = range(len(frames))
    orientation = _attribute(dataset, 0, "PlaneOrientationSequence", "ImageOrientationPatient")
    pixel = _attribute(dataset, 0, "PixelMeasuresSequence", "PixelSpacing")
    positions = [_attribute(dataset, frame, "PlanePositionSequence", "ImagePositionPatient") for frame in every]
    if orientation is None or pixel is None or any(position is None for position in positions):
        raise InputError(path, "does not say where its frames lie", "export the segmentation with its geometry")
    row, column = np.array(orientation[:3], float), np.array(orientation[3:], float)
    normal = np.cross(row, column)
    corners = np.array(positions, float)
    along = corners @ normal
    levels = np.unique(np.round(along, 2))
    step = _thickness(dataset)
    if len(levels) > 1:
        # The mean over all steps: single positions are rounded in many files.
        length = along.max() - along.min()
        step = float(length / np.round(length / np.diff(levels).min()))
    places = (along - along.min()) / step
    if np.abs(places - np.round(places)).max() > STACK_TOLERANCE:
        raise InputError(path, "has slices at irregular distances", "export the segmentation on a regular grid")
    rows = np.round(places).astype(int)
    mask = np.zeros((rows.max() + 1, *frames.shape[1:]), np.uint8)
    for frame in chosen:
        mask[rows[frame]] |= (frames[frame] != 0).astype(np.uint8)
    image = sitk.GetImageFromArray(mask)
    image.SetSpacing([float(pixel[1]), float(pixel[0]), step])
    image.SetDirection(np.stack([row, column, normal], axis=1).ravel().tolist())
    image.SetOrigin(corners[int(np.argmin(along))].tolist())
    uid = dataset.get("FrameOfReferenceUID")
    if uid:
        image.SetMetaData(FRAME_OF_REFERENCE, str(uid))
    return image


def _thickness(dataset: Dataset) -> float:
    for name in ("SpacingBetweenSlices", "SliceThickness"):
        value = _attribute(dataset, 0, "PixelMeasuresSequence", name)
        if value:
            return float(value)
    return 1.0
