"""The box within which a lesion may lie: a region of interest of Slicer's that the reader drags, one a lesion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer
import slicer.util

from spinemets.errors import InputError
from spinemets.mrml.affines import RAS_TO_LPS, ijk_to_ras_of_image, transform_to_world
from spinemets.mrml.volumes import ATTRIBUTE_PREFIX
from spinemets.segmentation.manual import Limits

LESION_ATTRIBUTE = ATTRIBUTE_PREFIX + "LimitsOf"
NODE_CLASS = "vtkMRMLMarkupsROINode"
MARGIN_MM = 5.0
COLOUR, FILL = (0.15, 1.0, 0.55), 0.05


def limit_boxes(scene: Any) -> list[Any]:
    """The boxes of all lesions."""
    count = scene.GetNumberOfNodesByClass(NODE_CLASS)
    nodes = [scene.GetNthNodeByClass(number, NODE_CLASS) for number in range(count)]
    return [node for node in nodes if node.GetAttribute(LESION_ATTRIBUTE)]


def limit_box_of(scene: Any, identity: str) -> Any | None:
    """The box of a lesion (vtkMRMLMarkupsROINode); None without one."""
    return next((node for node in limit_boxes(scene) if node.GetAttribute(LESION_ATTRIBUTE) == identity), None)


def choose_limit_box(scene: Any, identity: str, node: Any | None) -> None:
    """Let a box be the lesion's, in place of the one that it had; None: it has none."""
    before = limit_box_of(scene, identity)
    if before is not None and before is not node:
        before.SetAttribute(LESION_ATTRIBUTE, None)
    if node is not None:
        node.SetAttribute(LESION_ATTRIBUTE, identity)


def put_limit_box(scene: Any, identity: str, name: str, mask: sitk.Image) -> Any:
    """Put a lesion's box round a mask (any grid, world coordinates), with room for a margin; returns its node, which is
    made when there is none.

    Raises
    ------
    InputError : the mask has no voxels.
    """
    low, high = _bounds_ras(mask, name)
    node = limit_box_of(scene, identity)
    if node is None:
        node = _new_box(scene, name)
        choose_limit_box(scene, identity, node)
    modified = node.StartModify()
    node.SetAndObserveTransformNodeID(None)
    node.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(np.eye(4)))
    node.SetCenterWorld(*((low + high) / 2))
    node.SetSizeWorld(*(high - low + 2 * MARGIN_MM))
    node.EndModify(modified)
    return node


def _new_box(scene: Any, name: str) -> Any:
    node = scene.AddNewNodeByClass(NODE_CLASS, scene.GenerateUniqueName(f"{name} limits"))
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    for colour in (display.SetColor, display.SetSelectedColor):
        colour(*COLOUR)
    display.SetFillOpacity(FILL)
    display.SetPropertiesLabelVisibility(False)
    display.SetPointLabelsVisibility(False)
    display.SetHandlesInteractive(True)
    return node


def limits_of(node: Any | None, others: Sequence[sitk.Image] = ()) -> Limits:
    """What `spinemets.segmentation.manual.limit` takes: the box where it is in the world, and masks to keep out of.

    Raises
    ------
    InputError : the box has no size, or lies under a transform that bends or shears it.
    """
    if node is None:
        return Limits(others=others)
    transform_to_world(node)
    matrix = slicer.util.arrayFromVTKMatrix(node.GetObjectToWorldMatrix())
    scales = np.linalg.norm(matrix[:3, :3], axis=0)
    lengths = np.array(node.GetSize()) * scales
    if not np.all(lengths > 0):
        raise InputError(node.GetName(), "is no box yet", "draw it, or make a new one round the lesion")
    lps = RAS_TO_LPS @ matrix
    (x, y, z), (width, depth, height) = lps[:3, 3].tolist(), lengths.tolist()
    return Limits((x, y, z), (width, depth, height), lps[:3, :3] / scales, others=others)


def _bounds_ras(mask: sitk.Image, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest R, A and S that the mask's voxels reach."""
    k, j, i = np.nonzero(sitk.GetArrayViewFromImage(mask))
    if i.size == 0:
        raise InputError(name, "is empty", "draw or find the lesion first")
    ends = [(axis.min() - 0.5, axis.max() + 0.5) for axis in (i, j, k)]
    corners = np.array([(x, y, z, 1) for x in ends[0] for y in ends[1] for z in ends[2]])
    places = (corners @ ijk_to_ras_of_image(mask).T)[:, :3]
    return places.min(axis=0), places.max(axis=0)
