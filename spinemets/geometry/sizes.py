"""How large a lesion is: volume, longest diameter, extent along the patient's axes."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from spinemets.errors import InputError
from spinemets.geometry.grids import index_to_world


def volume_ml(mask: sitk.Image) -> float:
    """Volume of the mask's voxels in ml; 0 for an empty mask."""
    count = np.count_nonzero(sitk.GetArrayViewFromImage(mask))
    return float(count * abs(np.linalg.det(index_to_world(mask)[:3, :3])) / 1000.0)


def longest_diameter_mm(mask: sitk.Image) -> float:
    """Longest distance in mm between two voxel centres of the mask, in any direction of space.

    Raises
    ------
    InputError : the mask is empty.
    """
    points = _surface_points(mask)
    if len(points) > 4:
        try:
            points = points[ConvexHull(points).vertices]
        except QhullError:
            # All in one plane or line, as in a mask of one slice: the ends of every row of voxels are enough, and
            # those are all among the surface points already.
            points = _flat_hull(points)
    return float(pdist(points).max()) if len(points) > 1 else 0.0


def extent_mm(mask: sitk.Image) -> tuple[float, float, float]:
    """(left-right, front-back, head-foot) size in mm of the box, along the patient's axes, round the mask's voxels.

    Voxels count with their whole volume: one voxel of 1 mm is 1 mm wide.

    Raises
    ------
    InputError : the mask is empty.
    """
    points = _surface_points(mask)
    own = np.abs(index_to_world(mask)[:3, :3]).sum(axis=1)
    width = points.max(axis=0) - points.min(axis=0) + own
    return float(width[0]), float(width[1]), float(width[2])


def _surface_points(mask: sitk.Image) -> NDArray[np.float64]:
    """LPS mm (n, 3) of the mask's voxel centres that have a neighbour outside it."""
    inside = sitk.GetArrayViewFromImage(mask) != 0
    surface = inside & ~ndimage.binary_erosion(inside)
    k, j, i = np.nonzero(surface)
    if not len(i):
        raise InputError("mask", "has no voxels", "draw or choose another mask")
    affine = index_to_world(mask)
    return np.stack([i, j, k], axis=1) @ affine[:3, :3].T + affine[:3, 3]


def _flat_hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The outermost of points that lie in one plane or on one line."""
    centred = points - points.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2]
    along = centred @ axes.T
    try:
        return points[ConvexHull(along[:, :2]).vertices]
    except QhullError:
        return points[[int(np.argmin(along[:, 0])), int(np.argmax(along[:, 0]))]]
