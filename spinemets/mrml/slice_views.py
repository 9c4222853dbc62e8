"""Slice views: the plane in which a volume was acquired, its slices, and what part of it a view shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
import slicer.util
import vtk

from spinemets.mrml.volumes import world_matrix

# Anatomical plane by the RAS axis along its normal.
PLANES = ("Sagittal", "Coronal", "Axial")
# Planes whose normals differ by less show the same sections of the body, so that one place can be the centre of both.
PARALLEL_DEGREES = 20.0
# Largest angle at which a view still shows slices as they were acquired, not a section across them.
SAME_PLANE_DEGREES = 0.1


@dataclass(frozen=True)
class SliceStack:
    """Slices as acquired: distances from the world's origin, along the normal (RAS), in mm."""

    normal: np.ndarray
    first: float
    spacing: float
    count: int

    def nearest(self, offset: float) -> float | None:
        """Middle of the slice that holds a distance along the normal; None where no slice was acquired."""
        index = int(np.floor((offset - self.first) / self.spacing + 0.5))
        # On the outer face of the last slice rounding decides; it belongs to that slice.
        if not -1 <= index <= self.count:
            return None
        index = min(max(index, 0), self.count - 1)
        middle = self.first + index * self.spacing
        return middle if abs(offset - middle) <= self.spacing * (0.5 + 1e-6) else None


def slice_to_ras(view: Any) -> np.ndarray:
    """4x4 matrix of a view: columns are its right, its up, its normal and its origin, in RAS mm."""
    return np.asarray(slicer.util.arrayFromVTKMatrix(view.GetSliceToRAS()))


def set_slice_to_ras(view: Any, matrix: np.ndarray) -> None:
    """Move a view; it is drawn again once."""
    view.GetSliceToRAS().DeepCopy(slicer.util.vtkMatrixFromArray(matrix))
    view.UpdateMatrices()


def plane_of(volume: Any) -> str:
    """Anatomical plane that is nearest to the volume's slices: Sagittal, Coronal or Axial."""
    return PLANES[int(np.argmax(np.abs(_slice_normal(world_matrix(volume)))))]


def acquired_axes(volume: Any, view: Any) -> np.ndarray:
    """(3, 3), columns: right, up and normal (RAS) of a view that shows the volume's slices as they were acquired.

    Right, up and normal point as nearly as can be where the view's anatomical plane has them, so that nothing is
    upside down and left and right are where the user's settings of Slicer put them.
    """
    matrix = world_matrix(volume)
    normal = _slice_normal(matrix)
    anatomical = _anatomical_axes(view, PLANES[int(np.argmax(np.abs(normal)))])
    normal *= np.sign(normal @ anatomical[:, 2])
    first, second = (column / np.linalg.norm(column) for column in matrix[:3, :2].T)
    if abs(first @ anatomical[:, 0]) + abs(second @ anatomical[:, 1]) < (
        abs(second @ anatomical[:, 0]) + abs(first @ anatomical[:, 1])
    ):
        first, second = second, first
    right = first * np.sign(first @ anatomical[:, 0])
    up = np.cross(normal, right)
    return np.column_stack([right, up * np.sign(up @ anatomical[:, 1]), normal])


def stack_of(volume: Any, normal: np.ndarray) -> SliceStack | None:
    """The volume's slices along a view's normal; None where the view cuts across them or the volume is empty."""
    image = volume.GetImageData()
    if image is None or image.GetNumberOfPoints() == 0:
        return None
    matrix = world_matrix(volume)
    across = _slice_normal(matrix)
    if abs(across @ normal) < np.cos(np.radians(SAME_PLANE_DEGREES)):
        return None
    offsets = [float((matrix @ (0, 0, k, 1))[:3] @ normal) for k in (0, image.GetDimensions()[2] - 1)]
    spacing = abs(float(matrix[:3, 2] @ normal))
    return SliceStack(normal, min(offsets), spacing, image.GetDimensions()[2])


def align(view: Any, volume: Any) -> None:
    """Turn a view into the plane in which a volume was acquired, its origin unchanged."""
    matrix = slice_to_ras(view).copy()
    matrix[:3, :3] = acquired_axes(volume, view)
    if view.HasSliceOrientationPreset(plane_of(volume)):
        view.SetDefaultOrientation(plane_of(volume))
    set_slice_to_ras(view, matrix)


def fit(view: Any, volumes: Iterable[Any]) -> None:
    """Show all of the volumes in a view, as large as its window allows and in the middle; the slice stays."""
    axes = slice_to_ras(view)[:3, :3]
    low, high = _bounds(axes, volumes)
    width, height = view.GetDimensions()[:2]
    if width <= 0 or height <= 0 or not np.all(np.isfinite(low)):
        return
    scale = float(max((high[0] - low[0]) / width, (high[1] - low[1]) / height))
    middle = (low + high) / 2
    middle[2] = slice_to_ras(view)[:3, 3] @ axes[:, 2]
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = axes, axes @ middle
    modified = view.StartModify()
    set_slice_to_ras(view, matrix)
    view.SetFieldOfView(width * scale, height * scale, view.GetFieldOfView()[2])
    view.SetSliceOrigin(0, 0, 0)
    view.EndModify(modified)


def show_around(view: Any, point: Sequence[float], size_mm: float) -> None:
    """Show a place (RAS mm) in the middle of a view, and `size_mm` across its shorter side; the slice stays."""
    width, height, _depth = view.GetDimensions()
    scale = size_mm / max(min(width, height), 1)
    x, y = (np.linalg.inv(slice_to_ras(view)) @ (*point, 1))[:2]
    modified = view.StartModify()
    view.SetFieldOfView(scale * width, scale * height, view.GetFieldOfView()[2])
    view.SetSliceOrigin(float(x), float(y), 0)
    view.EndModify(modified)


def centre_of(volumes: Sequence[Any]) -> np.ndarray:
    """Middle (RAS mm) of the box that holds the volumes."""
    low, high = _bounds(np.eye(3), volumes)
    return np.asarray((low + high) / 2)


def are_parallel(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether planes with these normals show the same sections of the body."""
    return bool(abs(first @ second) >= np.cos(np.radians(PARALLEL_DEGREES)))


def _slice_normal(matrix: np.ndarray) -> np.ndarray:
    """Unit normal (RAS) of the slices of a volume: across its rows and columns, also where the stack is sheared."""
    normal = np.cross(matrix[:3, 0], matrix[:3, 1])
    return np.asarray(normal / np.linalg.norm(normal))


def _anatomical_axes(view: Any, plane: str) -> np.ndarray:
    """(3, 3) axes of a plane as the application has it set (the patient's right on the left or on the right)."""
    if view.HasSliceOrientationPreset(plane):
        preset = view.GetSliceOrientationPreset(plane)
    else:
        preset = vtk.vtkMatrix3x3()
        getattr(slicer.vtkMRMLSliceNode, f"Get{plane}SliceToRASMatrix")(preset)
    return np.array([[preset.GetElement(row, column) for column in range(3)] for row in range(3)])


def _bounds(axes: np.ndarray, volumes: Iterable[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest coordinates (3,) along the axes that the volumes' voxels reach; infinite without voxels."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for volume in volumes:
        image = volume.GetImageData()
        if image is None or image.GetNumberOfPoints() == 0:
            continue
        far = np.array(image.GetDimensions()) - 0.5
        corners = np.array([(i, j, k, 1) for i in (-0.5, far[0]) for j in (-0.5, far[1]) for k in (-0.5, far[2])])
        reached = (corners @ world_matrix(volume).T)[:, :3] @ axes
        low, high = np.minimum(low, reached.min(axis=0)), np.maximum(high, reached.max(axis=0))
    return low, high
