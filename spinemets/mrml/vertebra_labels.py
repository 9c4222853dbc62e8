"""In which vertebra a lesion lies, where the scene holds a segmentation whose segments are named by vertebra."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer
import slicer.util
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from spinemets.errors import InputError
from spinemets.geometry.carrying import carry_mask
from spinemets.mrml.affines import ijk_to_ras_of_image, image_from_array, transform_to_world
from spinemets.mrml.lesions import Drawn, content_of
from spinemets.mrml.segmentations import mask_from_segment, segments_of
from spinemets.mrml.vertebrae import level_in
from spinemets.segmentation.several import vertebral_level

# Farther away no vertebra gives a lesion its name.
REACH_MM = 20.0


def level_of(scene: Any, part: Drawn) -> str:
    """The level that holds most of a drawn lesion or outline, else the nearest one; empty where no segmentation of the
    scene tells one.

    Raises
    ------
    InputError : the lesion is empty.
    """
    mask = mask_from_segment(part.node, part.segment_id)
    margin = [int(np.ceil(REACH_MM / step)) for step in mask.GetSpacing()]
    around = sitk.ConstantPad(mask, margin, margin)
    labels = np.zeros(sitk.GetArrayViewFromImage(around).shape, np.uint8)
    names: dict[int, str] = {}
    for node, segment_id, level in _vertebrae(scene):
        try:
            part_of_vertebra = _near(node, segment_id, around)
        except InputError:  # under a transform that bends
            continue
        if part_of_vertebra is not None:
            names[len(names) + 1] = level
            labels[sitk.GetArrayViewFromImage(carry_mask(part_of_vertebra, around)) != 0] = len(names)
    vertebrae = sitk.GetImageFromArray(labels)
    vertebrae.CopyInformation(around)
    return vertebral_level(around, vertebrae, names) or ""


def _near(node: Any, segment_id: str, around: sitk.Image) -> sitk.Image | None:
    """The part of a segment that lies in the box of an image; None without one. Nothing beyond is looked at: all
    vertebrae of a patient may share one large label map."""
    segment = node.GetSegmentation().GetSegment(segment_id)
    name = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    labelmap = segment.GetRepresentation(name)
    scalars = None if labelmap is None else labelmap.GetPointData().GetScalars()
    if scalars is None:  # drawn as a surface, or empty
        return None
    matrix = vtk.vtkMatrix4x4()
    labelmap.GetImageToWorldMatrix(matrix)
    to_world = transform_to_world(node) @ slicer.util.arrayFromVTKMatrix(matrix)
    ends = [(-0.5, size - 0.5) for size in around.GetSize()]
    corners = np.array([(i, j, k, 1) for i in ends[0] for j in ends[1] for k in ends[2]])
    indices = corners @ (np.linalg.inv(to_world) @ ijk_to_ras_of_image(around)).T
    extent = np.array(labelmap.GetExtent()).reshape(3, 2)
    low = np.maximum(np.floor(indices.min(axis=0)[:3]).astype(int), extent[:, 0])
    high = np.minimum(np.ceil(indices.max(axis=0)[:3]).astype(int), extent[:, 1])
    if np.any(low > high):
        return None
    shape = (extent[:, 1] - extent[:, 0] + 1)[::-1]
    first, last = (low - extent[:, 0])[::-1], (high - extent[:, 0])[::-1]
    box = tuple(slice(start, stop + 1) for start, stop in zip(first, last))
    inside = vtk_to_numpy(scalars).reshape(shape)[box] == segment.GetLabelValue()
    corner = np.eye(4)
    corner[:3, 3] = low
    return image_from_array(inside.astype(np.uint8), to_world @ corner, node.GetName()) if inside.any() else None


def _vertebrae(scene: Any) -> Iterator[tuple[Any, str, str]]:
    """Segmentation node, segment and level of every segment that is named by a vertebra and is no lesion of ours."""
    for number in range(scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")):
        node = scene.GetNthNodeByClass(number, "vtkMRMLSegmentationNode")
        if content_of(node) is None and not node.GetHideFromEditors():
            for segment_id, name in segments_of(node).items():
                # Programs that find vertebrae write "vertebrae_L3".
                level = level_in(name.replace("_", " "))
                if level:
                    yield node, segment_id, level
