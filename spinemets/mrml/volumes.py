"""Volume nodes and 3-D images."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer.util
import vtk

from spinemets.errors import InputError
from spinemets.geometry.grids import FRAME_OF_REFERENCE, SERIES_UID
from spinemets.mrml.affines import ijk_to_ras_of_image, image_from_array, transform_to_world

# What an image knows of its origin; kept with the volume node, and so in a saved scene.
KEPT_METADATA = (FRAME_OF_REFERENCE, SERIES_UID)
ATTRIBUTE_PREFIX = "SpineMets."


def image_from_volume_node(node: Any) -> sitk.Image:
    """3-D image (LPS mm) of a scalar or label volume node, where its transforms put it in the world.

    Raises
    ------
    InputError : the node is empty, has several components (a colour image), or lies under a transform that bends or
        shears it.
    """
    name = node.GetName()
    voxels = node.GetImageData()
    if voxels is None or voxels.GetNumberOfPoints() == 0:
        raise InputError(name, "the volume has no voxels", "load it again or choose another volume")
    if voxels.GetNumberOfScalarComponents() != 1:
        raise InputError(
            name, "is a colour or vector volume", "choose a scalar volume, or convert it with Vector to Scalar Volume"
        )
    image = image_from_array(slicer.util.arrayFromVolume(node), world_matrix(node), name)
    copy_metadata_to_image(node, image, is_moved=node.GetParentTransformNode() is not None)
    return image


def volume_node_from_image(image: sitk.Image, scene: Any, name: str, is_label: bool = False) -> Any:
    """New vtkMRMLScalarVolumeNode (or vtkMRMLLabelMapVolumeNode) that holds a 3-D image, exactly where it lies.

    Raises
    ------
    InputError : the image is not a 3-D scalar image.
    """
    node_class = "vtkMRMLLabelMapVolumeNode" if is_label else "vtkMRMLScalarVolumeNode"
    node = scene.AddNewNodeByClass(node_class, scene.GenerateUniqueName(name))
    try:
        fill_volume_node(node, image)
    except InputError:
        scene.RemoveNode(node)
        raise
    node.CreateDefaultDisplayNodes()
    return node


def fill_volume_node(node: Any, image: sitk.Image) -> None:
    """Replace voxels and geometry of a volume node by those of a 3-D image.

    The image is in world coordinates, so a transform above the node is taken off.
    """
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(node.GetName(), "only a 3-D scalar image fits in a volume node", "convert the image first")
    array = sitk.GetArrayViewFromImage(image)
    modified = node.StartModify()
    try:
        node.SetAndObserveTransformNodeID(None)
        node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(ijk_to_ras_of_image(image)))
        # A new array each time: nodes that share the old one keep it.
        node.SetAndObserveImageData(None)
        slicer.util.updateVolumeFromArray(node, array)
        copy_metadata_to_node(image, node)
    finally:
        node.EndModify(modified)


def world_matrix(node: Any) -> np.ndarray:
    """4x4 matrix from a volume node's (i, j, k, 1) to RAS mm in the world, transforms above it included."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return transform_to_world(node) @ slicer.util.arrayFromVTKMatrix(matrix)


def copy_metadata_to_node(image: sitk.Image, node: Any) -> None:
    """Keep the image's series and frame of reference with the node."""
    for key in KEPT_METADATA:
        node.SetAttribute(ATTRIBUTE_PREFIX + key, image.GetMetaData(key) if image.HasMetaDataKey(key) else None)


def copy_metadata_to_image(node: Any, image: sitk.Image, is_moved: bool) -> None:
    """Give an image the series that its node keeps, and its frame of reference unless a transform moved it."""
    for key in KEPT_METADATA:
        value = node.GetAttribute(ATTRIBUTE_PREFIX + key)
        if value and not (is_moved and key == FRAME_OF_REFERENCE):
            image.SetMetaData(key, value)
