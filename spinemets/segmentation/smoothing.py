"""Gaussian means in float32, several times as fast as `scipy.ndimage.gaussian_filter` for the widths used here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spinemets.segmentation.morphology import Box, box_round

Field = NDArray[np.float32]

# A broad Gaussian is at least this wide on its blocks, in their widths.
NARROWEST = 1.3


def gaussian(values: Field, sigma: Sequence[float], truncate: float = 4.0) -> Field:
    """Averaged by a Gaussian; beyond the border the values are mirrored.

    Parameters
    ----------
    sigma : SD in voxels along each axis; nothing is done along an axis where it is 0. truncate : where the Gaussian
        ends, in SDs. Both as of `scipy.ndimage.gaussian_filter`.
    """
    out = np.asarray(values, np.float32)
    for axis, sd in enumerate(sigma):
        out = _along(out, axis, float(sd), int(truncate * sd + 0.5))
    return out


def broad_gaussian(values: Field, sigma: Sequence[float], truncate: float = 3.0) -> Field:
    """As `gaussian`, for wide ones: worked out on the means of blocks, of which each voxel gets its own.

    Blocks are narrower than the Gaussian by far, so the mean is as smooth as its blocks are wide; a quarter of the
    work.
    """
    factors = _block_widths(sigma)
    out = np.asarray(values, np.float32)
    for axis, factor in enumerate(factors):
        out = _blocks(out, axis, factor)
    out = gaussian(out, [sd / factor for sd, factor in zip(sigma, factors)], truncate)
    for axis, (factor, count) in enumerate(zip(factors, values.shape)):
        if factor > 1:
            out = np.repeat(out, factor, axis=axis)[(slice(None),) * axis + (slice(count),)]
    return out


def felt_round(where: NDArray[np.bool_], sigma: Sequence[float], truncate: float = 3.0) -> Box:
    """The part of the array outside which a `broad_gaussian` of what lies in `where` is 0, and on which alone it is the
    same as on the whole array."""
    widths = _block_widths(sigma)
    margins = [(int(truncate * sd / width + 0.5) + 1) * width for sd, width in zip(sigma, widths)]
    box = box_round(where, margins)
    a, b, c = (
        slice(part.start - part.start % width, min(part.stop + -part.stop % width, count))
        for part, width, count in zip(box, widths, where.shape)
    )
    return a, b, c


def _block_widths(sigma: Sequence[float]) -> list[int]:
    return [max(1, int(sd / NARROWEST)) for sd in sigma]


def _blocks(values: Field, axis: int, factor: int) -> Field:
    """Means of `factor` voxels along an axis; the last one is repeated where they do not fill a block."""
    if factor == 1:
        return values
    missing, whole = -values.shape[axis] % factor, values
    if missing:
        whole = np.pad(values, [(0, missing if other == axis else 0) for other in range(values.ndim)], mode="edge")
    before = (slice(None),) * axis
    out = whole[(*before, slice(0, None, factor))].copy()
    for place in range(1, factor):
        out += whole[(*before, slice(place, None, factor))]
    out /= np.float32(factor)
    return np.asarray(out)


def _along(values: Field, axis: int, sd: float, reach: int) -> Field:
    if reach == 0:
        return values
    taps = np.exp(-0.5 * (np.arange(reach + 1) / sd) ** 2)
    taps /= taps[0] + 2 * taps[1:].sum()
    count = values.shape[axis]
    before = (slice(None),) * axis
    padded = _mirrored(values, axis, reach)
    out = values * np.float32(taps[0])
    scratch = np.empty_like(out)
    for away in range(1, reach + 1):
        low = padded[(*before, slice(reach - away, reach - away + count))]
        high = padded[(*before, slice(reach + away, reach + away + count))]
        np.add(low, high, out=scratch)
        scratch *= np.float32(taps[away])
        out += scratch
    return np.asarray(out)


def _mirrored(values: Field, axis: int, reach: int) -> Field:
    """With `reach` mirrored values before and behind along an axis; `np.pad` takes several times as long."""
    count = values.shape[axis]
    if reach > count:
        widths = [(reach, reach) if other == axis else (0, 0) for other in range(values.ndim)]
        return np.pad(values, widths, mode="symmetric")
    before = (slice(None),) * axis
    padded = np.empty([n + 2 * reach * (other == axis) for other, n in enumerate(values.shape)], values.dtype)
    padded[(*before, slice(reach, reach + count))] = values
    padded[(*before, slice(None, reach))] = np.flip(values[(*before, slice(None, reach))], axis)
    padded[(*before, slice(reach + count, None))] = np.flip(values[(*before, slice(count - reach, None))], axis)
    return padded
