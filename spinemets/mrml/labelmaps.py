"""Label maps of a Segment Editor and masks: the grid that an editor edits on, and masks written to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer.util
import vtk
from vtk.util import numpy_support

from spinemets.geometry.carrying import carry_mask
from spinemets.mrml.affines import image_from_array, transform_to_world


def grid_of_labelmap(labelmap: Any, node: Any) -> sitk.Image:
    """Empty mask (uint8, LPS mm) on the grid of a vtkOrientedImageData that belongs to a segmentation node, where the
    transforms above the node put it in the world.

    Raises
    ------
    InputError : the grid is sheared, or a transform above the node is not linear.
    """
    return image_from_array(np.zeros(_shape(labelmap), np.uint8), _world_matrix(labelmap, node), node.GetName())


def fill_labelmap(labelmap: Any, mask: sitk.Image, node: Any) -> None:
    """Write a mask (3-D, any grid, world coordinates) into a vtkOrientedImageData that belongs to a segmentation node.

    A mask on the same grid arrives voxel for voxel, however its axes are stored.

    Raises
    ------
    InputError : as `grid_of_labelmap`.
    """
    carried = carry_mask(mask, grid_of_labelmap(labelmap, node))
    voxels = sitk.GetArrayViewFromImage(carried)
    scalars = numpy_support.numpy_to_vtk(voxels.ravel(), deep=True, array_type=vtk.VTK_UNSIGNED_CHAR)
    scalars.SetName("ImageScalars")
    labelmap.GetPointData().SetScalars(scalars)
    labelmap.Modified()


def same_lattice(labelmap: Any, other: Any) -> bool:
    """Whether the voxels of two vtkOrientedImageData are places of one lattice counted in the same way; their extents
    may differ."""
    return bool(np.abs(_matrix(labelmap) - _matrix(other)).max() < 1e-6 * np.abs(_matrix(labelmap)[:3, :3]).max())


def _shape(labelmap: Any) -> tuple[int, int, int]:
    """(k, j, i)."""
    first_i, last_i, first_j, last_j, first_k, last_k = labelmap.GetExtent()
    return last_k - first_k + 1, last_j - first_j + 1, last_i - first_i + 1


def _world_matrix(labelmap: Any, node: Any) -> np.ndarray:
    """4x4 from (i, j, k, 1), counted from the corner of the extent, to RAS mm in the world."""
    corner = np.eye(4)
    corner[:3, 3] = labelmap.GetExtent()[::2]
    return transform_to_world(node) @ _matrix(labelmap) @ corner


def _matrix(labelmap: Any) -> np.ndarray:
    matrix = vtk.vtkMatrix4x4()
    labelmap.GetImageToWorldMatrix(matrix)
    return np.asarray(slicer.util.arrayFromVTKMatrix(matrix))
