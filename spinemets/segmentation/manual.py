"""Tools for a lesion that is drawn by hand: slices filled in, holes filled, smoothing, limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.errors import InputError
from spinemets.geometry.carrying import carry_mask
from spinemets.geometry.grids import check_frame_of_reference, copy_metadata, index_to_world, slice_axis
from spinemets.segmentation.interpolation import interpolate_slices
from spinemets.segmentation.region_growing import filled_slices

__all__ = ["Limits", "fill_holes", "interpolate_slices", "limit", "smooth"]

MAXIMUM_SMOOTHING_MM = 50.0
# Values of the smoothed mask closer together than rounding makes them count as one.
LEVELS = 1e-6


@dataclass(frozen=True, eq=False)
class Limits:
    """Where a lesion may lie.

    Attributes
    ----------
    centre, size : LPS mm, and mm along its own axes, of a box; None: no box.
    axes : (3, 3), its columns the directions of the box's axes in LPS; of length 1.
    region : mask on any grid that the lesion may not leave; None: no such mask.
    others : masks on any grid (other lesions, a vessel) that the lesion may not enter.
    """

    centre: tuple[float, float, float] | None = None
    size: tuple[float, float, float] | None = None
    axes: Sequence[Sequence[float]] | NDArray[np.float64] = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    region: sitk.Image | None = None
    others: Sequence[sitk.Image] = ()

    def __post_init__(self) -> None:
        if (self.centre is None) != (self.size is None):
            raise InputError("limits", "have a centre or a size alone", "give both, or neither")
        axes = np.asarray(self.axes, float)
        if axes.shape != (3, 3) or not np.allclose(axes.T @ axes, np.eye(3), atol=1e-4):
            raise InputError("limits", "have axes that are not at right angles and of length 1", "check the box")
        if self.size is not None and self.centre is not None:
            numbers = np.array([*self.centre, *self.size], float)
            if numbers.shape != (6,) or not np.isfinite(numbers).all() or min(self.size) <= 0:
                raise InputError("limits", "are no box of three sizes above 0 mm round a point", "check the box")


def limit(mask: sitk.Image, limits: Limits) -> sitk.Image:
    """The part of a mask within limits, uint8 0/1 on its grid: voxels whose centre lies in them; may be empty.

    Raises
    ------
    InputError : a mask of the limits belongs to another frame of reference.
    """
    kept = sitk.GetArrayFromImage(mask) != 0
    if limits.centre is not None and limits.size is not None:
        k, j, i = np.nonzero(kept)
        affine = index_to_world(mask)
        points = np.stack([i, j, k], axis=1) @ affine[:3, :3].T + affine[:3, 3]
        along = (points - np.asarray(limits.centre)) @ np.asarray(limits.axes, float)
        kept[k, j, i] = (np.abs(along) <= np.asarray(limits.size) / 2 + 1e-6).all(axis=1)
    if limits.region is not None:
        kept &= _on_grid(limits.region, mask, "region")
    for number, other in enumerate(limits.others, 1):
        kept &= ~_on_grid(other, mask, f"mask {number} to keep out of")
    return _like(mask, kept)


def _on_grid(other: sitk.Image, mask: sitk.Image, name: str) -> NDArray[np.bool_]:
    check_frame_of_reference(mask, other, "mask", name)
    return np.asarray(sitk.GetArrayFromImage(carry_mask(other, mask)) != 0)


def fill_holes(mask: sitk.Image) -> sitk.Image:
    """The mask with what it encloses, in space and in each slice: necrosis belongs to the lesion. uint8 0/1.

    A hole that reaches the border of the image is open and stays.
    """
    inside = sitk.GetArrayViewFromImage(mask) != 0
    filled = filled_slices(ndimage.binary_fill_holes(inside), 2 - slice_axis(mask))
    return _like(mask, filled)


def smooth(mask: sitk.Image, mm: float) -> sitk.Image:
    """The mask with a smoother surface and the same volume, to within ties. uint8 0/1.

    The mask is averaged by a Gaussian, and the voxels where most of it is left are kept, as many as there were: a
    threshold of one half would shrink what is convex and lose small lesions.

    Parameters
    ----------
    mm : SD of the Gaussian in mm, the same in all directions whatever the voxels' shape; 0 changes nothing.

    Raises
    ------
    InputError : `mm` is negative, over 50 or no number.
    """
    if not 0 <= mm <= MAXIMUM_SMOOTHING_MM:
        raise InputError("smoothing", f"is {mm:g} mm", f"give a value from 0 to {MAXIMUM_SMOOTHING_MM:g} mm")
    inside = sitk.GetArrayViewFromImage(mask) != 0
    count = int(np.count_nonzero(inside))
    if mm == 0 or count == 0:
        return _like(mask, inside)
    sigma = [mm / step for step in mask.GetSpacing()[::-1]]
    box = _grown_box(inside, sigma)
    left = ndimage.gaussian_filter(inside[box].astype(np.float64), sigma, mode="nearest")
    left = np.rint(left / LEVELS)
    threshold = np.partition(left.ravel(), left.size - count)[left.size - count]
    result = np.zeros(inside.shape, bool)
    result[box] = left >= max(threshold, 1)
    return _like(mask, result)


def _grown_box(inside: NDArray[np.bool_], sigma: list[float]) -> tuple[slice, ...]:
    """The box of the mask with room for the Gaussian; at the image's border it ends there."""
    found = ndimage.find_objects(inside.astype(np.uint8))[0]
    reach = [int(np.ceil(4 * s)) + 1 for s in sigma]
    return tuple(slice(max(0, part.start - n), part.stop + n) for part, n in zip(found, reach))


def _like(mask: sitk.Image, array: NDArray[np.bool_]) -> sitk.Image:
    result = sitk.GetImageFromArray(array.astype(np.uint8))
    result.CopyInformation(mask)
    return copy_metadata(mask, result)
