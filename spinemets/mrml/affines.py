"""Affines between voxel indices and world: RAS as MRML keeps it, LPS as the library does."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer.util
import vtk

from spinemets.errors import InputError

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
# Largest cosine between two image axes that is taken for rounding, not for shear.
SHEAR_TOLERANCE = 1e-4


def ijk_to_ras_of_image(image: sitk.Image) -> np.ndarray:
    """4x4 matrix from (i, j, k, 1) to RAS mm of a 3-D image, or of each frame of a 4-D image."""
    dimension = image.GetDimension()
    direction = np.array(image.GetDirection()).reshape(dimension, dimension)[:3, :3]
    ijk_to_lps = np.eye(4)
    ijk_to_lps[:3, :3] = direction * np.array(image.GetSpacing())[:3]
    ijk_to_lps[:3, 3] = image.GetOrigin()[:3]
    return RAS_TO_LPS @ ijk_to_lps


def image_from_array(array: np.ndarray, ijk_to_ras: np.ndarray, name: object) -> sitk.Image:
    """Image (LPS) of an array [k, j, i], or [t, k, j, i], whose voxels lie where `ijk_to_ras` says; a copy.

    Raises
    ------
    InputError : the axes are sheared or have no length, which an image cannot express; `name` tells the user whose.
    """
    ijk_to_lps = RAS_TO_LPS @ ijk_to_ras
    spacing = np.linalg.norm(ijk_to_lps[:3, :3], axis=0)
    if not np.all(np.isfinite(ijk_to_lps)) or np.any(spacing == 0):
        raise InputError(name, "has an axis without length", "repair its spacing in the module Volumes")
    direction = ijk_to_lps[:3, :3] / spacing
    if np.abs(direction.T @ direction - np.eye(3)).max() > SHEAR_TOLERANCE:
        raise InputError(
            name,
            "its axes are not at right angles (gantry tilt, or a transform that shears)",
            "resample it with the module Resample Scalar/Vector/DWI Volume and choose the result",
        )
    image = sitk.GetImageFromArray(np.ascontiguousarray(array), isVector=False)
    extra = array.ndim - 3
    full_direction = np.eye(array.ndim)
    full_direction[:3, :3] = direction
    image.SetSpacing([*spacing.tolist(), *[1.0] * extra])
    image.SetDirection(full_direction.ravel().tolist())
    image.SetOrigin([*ijk_to_lps[:3, 3].tolist(), *[0.0] * extra])
    return image


def transform_to_world(node: Any) -> np.ndarray:
    """4x4 matrix (RAS to RAS, mm) of all transforms above a node; identity when there is none.

    Raises
    ------
    InputError : a transform above the node is not linear.
    """
    parent = node.GetParentTransformNode()
    if parent is None:
        return np.eye(4)
    matrix = vtk.vtkMatrix4x4()
    if not parent.IsTransformToWorldLinear() or not parent.GetMatrixTransformToWorld(matrix):
        raise InputError(
            node.GetName(),
            f"the transform {parent.GetName()!r} above it is not linear",
            "harden the transform in the module Transforms, or move the node out of it",
        )
    return slicer.util.arrayFromVTKMatrix(matrix)
