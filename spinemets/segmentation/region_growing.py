"""How far the lesion reaches: growing from the seed by the mean and SD of what has been reached."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.segmentation.parameters import SegmentationParameters

NEIGHBOUR_STEPS = {6: 1, 18: 2, 26: 3}
TIGHTER = 0.8
TIGHTEST = 0.5


@dataclass(frozen=True)
class GrownRegion:
    """A region (z, y, x) and how it was grown.

    Attributes
    ----------
    low, high : the brightness accepted last.
    sd_factor : the factor of the SD used, smaller than asked for after a leak; `leaked` when even the smallest leaks.
    """

    voxels: NDArray[np.bool_]
    low: float
    high: float
    sd_factor: float
    leaked: bool


def grow(
    brightness: NDArray[np.float32],
    allowed: NDArray[np.bool_],
    outline: NDArray[np.bool_],
    background: float,
    seed: tuple[int, int, int],
    spacing: tuple[float, ...],
    slice_axis: int,
    parameters: SegmentationParameters,
) -> GrownRegion:
    """Grow from the seed within `allowed`, cut thin bridges, fill holes; when that leaks, again with a smaller factor.

    Parameters
    ----------
    brightness, allowed, outline : (z, y, x); the seed's voxel counts as allowed.
    background : brightness of the surroundings.
    seed : index (z, y, x).
    spacing : mm along z, y, x.
    slice_axis : the axis across the slices; the first statistics are those of the 3 x 3 pixels round the seed.
    """
    allowed = allowed.copy()
    allowed[seed] = True
    factor = parameters.growing_sd
    while True:
        voxels, low, high = _grown(brightness, allowed, background, seed, slice_axis, factor, parameters)
        voxels = _tidied(voxels, seed, spacing, slice_axis, parameters)
        inside, outside = int((voxels & outline).sum()), int((voxels & ~outline).sum())
        leaked = outside > parameters.leak_ratio * max(inside, 1)
        if not leaked or factor * TIGHTER < min(TIGHTEST, parameters.growing_sd):
            return GrownRegion(voxels, low, high, factor, bool(leaked))
        factor *= TIGHTER


def _grown(
    brightness: NDArray[np.float32],
    allowed: NDArray[np.bool_],
    background: float,
    seed: tuple[int, int, int],
    slice_axis: int,
    factor: float,
    parameters: SegmentationParameters,
) -> tuple[NDArray[np.bool_], float, float]:
    """The region that no longer changes, and the range of brightness that it accepts."""
    structure = ndimage.generate_binary_structure(3, NEIGHBOUR_STEPS[parameters.connectivity])
    region = np.zeros(brightness.shape, bool)
    around = tuple(slice(i, i + 1) if a == slice_axis else slice(max(i - 1, 0), i + 2) for a, i in enumerate(seed))
    region[around] = allowed[around]
    low = high = float(brightness[seed])
    for _ in range(parameters.growing_iterations):
        inside = brightness[region].astype(np.float64)
        mean = float(inside.mean())
        reach = factor * max(float(inside.std()), parameters.noise_sd_floor * abs(mean))
        half_way = background + parameters.edge_fraction * (mean - background)
        low = max(mean - reach, half_way) if mean > background else mean - reach
        high = min(mean + reach, half_way) if mean < background else mean + reach
        accepted = allowed & (brightness >= low) & (brightness <= high)
        accepted[seed] = True
        labels, _ = ndimage.label(accepted, structure)
        reached = labels == labels[seed]
        if np.array_equal(reached, region):
            break
        region = reached
    return region, low, high


def _tidied(
    region: NDArray[np.bool_],
    seed: tuple[int, int, int],
    spacing: tuple[float, ...],
    slice_axis: int,
    parameters: SegmentationParameters,
) -> NDArray[np.bool_]:
    """The region without holes and without what hangs on it by a thin bridge.

    Holes are filled in space and in each slice: necrosis belongs to the lesion, also where it reaches the slice above.
    """
    structure = ndimage.generate_binary_structure(3, NEIGHBOUR_STEPS[parameters.connectivity])
    filled = filled_slices(ndimage.binary_fill_holes(region), slice_axis)
    if parameters.neck_mm > 0:
        around = disc(parameters.neck_mm / 2, spacing, slice_axis)
        thick, _ = ndimage.label(ndimage.binary_erosion(filled, around), structure)
        if thick[seed]:
            # What the eroded part with the seed can give back; the slices at either end may have no thick part.
            own = ndimage.binary_dilation(thick == thick[seed], around)
            filled = filled & ndimage.binary_dilation(own, structure)
    labels, _ = ndimage.label(filled, structure)
    return np.asarray(labels == labels[seed])


def filled_slices(region: NDArray[np.bool_], slice_axis: int) -> NDArray[np.bool_]:
    """The region with the holes of every slice filled."""
    in_plane = ndimage.generate_binary_structure(3, 1)
    across = [slice(None)] * 3
    for side in (0, 2):
        across[slice_axis] = slice(side, side + 1)
        in_plane[tuple(across)] = False
    # A hole of one slice is outside that cannot be reached from the slice's rim by steps within the slice.
    widths = [(0, 0) if a == slice_axis else (1, 1) for a in range(3)]
    outside, _ = ndimage.label(~np.pad(region, widths), in_plane)
    corner = [slice(0, 1)] * 3
    corner[slice_axis] = slice(None)
    reached = outside == outside[tuple(corner)]
    middle = tuple(slice(None) if a == slice_axis else slice(1, -1) for a in range(3))
    return np.asarray(~reached[middle])


def disc(radius_mm: float, spacing: tuple[float, ...], slice_axis: int) -> NDArray[np.bool_]:
    """Structuring element (z, y, x): the voxels of one slice within `radius_mm` of its middle."""
    reach = [0 if a == slice_axis else int(radius_mm / step) for a, step in enumerate(spacing)]
    offsets = np.ogrid[tuple(slice(-n, n + 1) for n in reach)]
    return np.asarray(sum((offset * step) ** 2 for offset, step in zip(offsets, spacing)) <= radius_mm**2 + 1e-9)
