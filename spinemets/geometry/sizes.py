"""How large a lesion is: volume, diameters in space and within a slice, extent and box along the patient's axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from spinemets.errors import InputError
from spinemets.geometry.grids import index_to_world, slice_axis


@dataclass(frozen=True)
class Sizes:
    """How large a lesion is. Lengths in mm, points in LPS mm.

    Attributes
    ----------
    volume_ml : of the voxels.
    extent : left-right, front-back, head-foot width of the box.
    box : lowest and highest corner of the box round the whole voxels, along the patient's axes.
    longest_diameter : between two voxel centres, in any direction; `ends`, these two.
    longest_in_plane_diameter : of those within one slice; `in_plane_ends`, the two points.
    short_axis : the lesion's width across the longest in-plane diameter, in the same slice.
    """

    volume_ml: float
    extent: tuple[float, float, float]
    box: tuple[tuple[float, float, float], tuple[float, float, float]]
    longest_diameter: float
    ends: tuple[tuple[float, float, float], tuple[float, float, float]]
    longest_in_plane_diameter: float
    in_plane_ends: tuple[tuple[float, float, float], tuple[float, float, float]]
    short_axis: float

    def as_json(self) -> dict[str, Any]:
        """Everything, with the units in the names."""
        return {
            "volume_ml": self.volume_ml,
            "extent_mm": list(self.extent),
            "box_lps_mm": [list(corner) for corner in self.box],
            "longest_diameter_mm": self.longest_diameter,
            "longest_diameter_ends_lps_mm": [list(end) for end in self.ends],
            "longest_in_plane_diameter_mm": self.longest_in_plane_diameter,
            "longest_in_plane_diameter_ends_lps_mm": [list(end) for end in self.in_plane_ends],
            "short_axis_mm": self.short_axis,
        }


def sizes_of(mask: sitk.Image) -> Sizes:
    """All sizes of a mask.

    Raises
    ------
    InputError : the mask is empty.
    """
    points = _surface_points(mask)
    low, high = _corners(mask, points)
    longest, ends = _longest(points)
    in_plane, in_plane_ends, short = _longest_in_plane(mask)
    extent = high - low
    return Sizes(
        volume_ml(mask),
        _triple(extent),
        (_triple(low), _triple(high)),
        longest,
        (_triple(ends[0]), _triple(ends[1])),
        in_plane,
        (_triple(in_plane_ends[0]), _triple(in_plane_ends[1])),
        short,
    )


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
    return _longest(_surface_points(mask))[0]


def longest_in_plane_diameter_mm(mask: sitk.Image) -> float:
    """Longest distance in mm between two voxel centres of the mask that lie in one slice: what a reader measures on
    the slice where the lesion is longest.

    Raises
    ------
    InputError : the mask is empty.
    """
    return _longest_in_plane(mask)[0]


def extent_mm(mask: sitk.Image) -> tuple[float, float, float]:
    """(left-right, front-back, head-foot) size in mm of the box, along the patient's axes, round the mask's voxels.

    Voxels count with their whole volume: one voxel of 1 mm is 1 mm wide.

    Raises
    ------
    InputError : the mask is empty.
    """
    low, high = _corners(mask, _surface_points(mask))
    return _triple(high - low)


def _corners(mask: sitk.Image, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest LPS coordinates of whole voxels with these centres."""
    half = np.abs(index_to_world(mask)[:3, :3]).sum(axis=1) / 2
    return points.min(axis=0) - half, points.max(axis=0) + half


def _longest(points: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Longest distance between two of the points (n, 3), and the two (2, 3)."""
    if len(points) > 4:
        try:
            points = points[ConvexHull(points).vertices]
        except QhullError:
            # All in one plane or line, as in a mask of one slice: the ends of every row of voxels are enough, and
            # those are all among the surface points already.
            points = _flat_hull(points)
    if len(points) < 2:
        return 0.0, points[[0, 0]]
    apart = pdist(points)
    at = int(apart.argmax())
    first, second = (indices[at] for indices in np.triu_indices(len(points), 1))
    return float(apart[at]), points[[first, second]]


def _longest_in_plane(mask: sitk.Image) -> tuple[float, NDArray[np.float64], float]:
    """The longest diameter within a slice, its ends, and the width across it in that slice."""
    inside = sitk.GetArrayViewFromImage(mask) != 0
    if not inside.any():
        raise InputError("mask", "has no voxels", "draw or choose another mask")
    affine, across = index_to_world(mask), 2 - slice_axis(mask)
    best, ends, width = -1.0, np.zeros((2, 3)), 0.0
    for number in np.flatnonzero(inside.any(axis=tuple(axis for axis in range(3) if axis != across))):
        plane = np.take(inside, number, axis=across)
        rim = np.argwhere(plane & ~ndimage.binary_erosion(plane))
        points = np.insert(rim, across, number, axis=1)[:, ::-1] @ affine[:3, :3].T + affine[:3, 3]
        longest, found = _longest(points)
        if longest > best + 1e-9:
            best, ends, width = longest, found, _width_across(points, found)
    return best, ends, width


def _width_across(points: NDArray[np.float64], ends: NDArray[np.float64]) -> float:
    """Extent of points of one plane at right angles to a line in it."""
    along = ends[1] - ends[0]
    if not np.linalg.norm(along) > 0:
        return 0.0
    along = along / np.linalg.norm(along)
    off = points - ends[0]
    off = off - np.outer(off @ along, along)
    direction = off[int(np.argmax((off**2).sum(axis=1)))]
    if not np.linalg.norm(direction) > 0:
        return 0.0
    place = off @ (direction / np.linalg.norm(direction))
    return float(place.max() - place.min())


def _triple(values: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


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
