"""What a region looks like as a lesion: how compact it is, how clear its border, and what it surrounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.segmentation.morphology import bays_closed, box_round
from spinemets.segmentation.smoothing import gaussian

SMOOTHING_VOXELS = (0.5, 1.0, 1.0)
# So many voxels round a region say all of its smoothed shape and of the steps over its border.
ROUND = (5, 5, 5)
# Bays are narrower than twice the first. They are the waves of a border unless all together make so much of the region,
# or so much of it in a slice and in the one beside it, both outlined by hand or next to a slice that is.
BAY_MM, LEAST_BAYS, LEAST_IN_SLICES = 12.0, 0.08, 0.2


def compactness(region: NDArray[np.bool_], spacing: tuple[float, ...], slice_axis: int) -> float:
    """Volume to the power of 2/3 over the area of the faces, of the region as slightly smoothed.

    A cube has 1/6; tubes, fringes and bays make it less. Metastases grow as blobs; vessels are tubes. In a slice it is
    the root of the area over the length of the border, scaled so that a square has 1/6.

    Parameters
    ----------
    spacing : mm along the array's axes.
    """
    if not region.any():
        return 0.0
    region = region[box_round(region, ROUND)]
    across, within, _ = SMOOTHING_VOXELS
    sigma = [across if axis == slice_axis else within for axis in range(3)]
    smooth = np.pad(gaussian(np.pad(region, 2).astype(np.float32), sigma) > 0.5, 1)
    single = region.shape[slice_axis] == 1
    if single:
        smooth = np.pad(gaussian(np.pad(region.any(slice_axis), 2).astype(np.float32), (within, within)) > 0.5, 1)
    steps = [step for axis, step in enumerate(spacing) if not (single and axis == slice_axis)]
    voxel = float(np.prod(steps))
    size = np.count_nonzero(smooth) * voxel
    border = sum(
        voxel / step * np.count_nonzero(np.diff(smooth.view(np.int8), axis=axis)) for axis, step in enumerate(steps)
    )
    if border <= 0:
        return 0.0
    return float(np.sqrt(size) / border * 4 / 6) if single else float(size ** (2 / 3) / border)


def edge_contrast(region: NDArray[np.bool_], values: NDArray[np.float32], slice_axis: int, most: float) -> float:
    """Mean step of `values` over the region's border within the slices, from two voxels inside to two outside, as a
    share of `most`, which is also the most that counts. A piece of a lesion has a faint border.

    Parameters
    ----------
    region, values : (z, y, x).
    """
    if region.any():
        box = box_round(region, ROUND)
        region, values = region[box], values[box]
    total, count = 0.0, 0
    for axis in range(3):
        if axis == slice_axis or region.shape[axis] < 4:
            continue
        inside, level = np.moveaxis(region, axis, 0), np.moveaxis(values, axis, 0)
        border = inside[1:-2] != inside[2:-1]
        steps = np.abs(level[:-3] - level[3:])[border]
        total += float(np.minimum(steps, most).sum())
        count += steps.size
    return total / (count * most) if count and most > 0 else 0.0


def large_bays(
    region: NDArray[np.bool_],
    spacing: tuple[float, ...],
    slice_axis: int,
    outlined: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """What a region surrounds on most sides; nothing where that is little.

    A dead part that reaches the border of a lesion looks like what is outside, but lies in such a bay.

    Parameters
    ----------
    spacing : mm along the array's axes.
    outlined : for each slice, whether the region was outlined there by hand. In such slices and those next to them a
        bay of two slices can be large by itself; without any all bays together decide.
    """
    bays = bays_closed(region, BAY_MM, spacing, slice_axis) & ~region
    if np.count_nonzero(bays) >= LEAST_BAYS * np.count_nonzero(region):
        return bays
    if outlined is None:
        return np.zeros_like(region)
    within = tuple(axis for axis in range(3) if axis != slice_axis)
    known = outlined | _next_to(outlined)
    large = known & (bays.sum(axis=within) >= np.maximum(LEAST_IN_SLICES * region.sum(axis=within), 1))
    return np.asarray(bays & np.expand_dims(large & _next_to(large), within))


def _next_to(slices: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether each slice lies beside one of these."""
    return np.append(slices[1:], False) | np.insert(slices[:-1], 0, False)
