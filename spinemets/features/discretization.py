"""Grey levels: intensities of the region sorted into bins, as pyradiomics does it, or IBSI."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.errors import InputError

# More levels than this make co-occurrence matrices of gigabytes: the bin width does not fit the intensities.
MOST_LEVELS = 4096


@dataclass(frozen=True)
class GreyLevels:
    """Grey levels of a region's voxels.

    index : (n,) int32, for each voxel the position of its level in `values`.
    values : (k,) float64, the grey levels that occur, ascending, the first bin being 1.
    highest : the highest level, Ng in the formulas; levels that do not occur count here.
    """

    index: NDArray[np.int32]
    values: NDArray[np.float64]
    highest: int

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """(k,) share of the voxels in each level that occurs."""
        counts = np.bincount(self.index, minlength=len(self.values)).astype(np.float64)
        return counts / counts.sum()


def bin_edges(
    intensities: NDArray, bin_width: float, bin_count: int | None = None, anchor: float | None = None
) -> NDArray:
    """Edges of half-open bins.

    With a width, edges are multiples of it, or anchor plus multiples of it (IBSI); with a count, that many bins of one
    width from minimum to maximum, the maximum in the last. The array's own type matters with a count: edges of
    32-bit intensities are 32-bit.
    """
    if bin_count is not None:
        edges = np.histogram_bin_edges(intensities, bin_count)
        edges[-1] += 1
        return edges
    lowest, highest = float(intensities.min()), float(intensities.max())
    if anchor is not None:
        return anchor + bin_width * np.arange(np.floor((highest - anchor) / bin_width) + 2)
    return np.arange(lowest - lowest % bin_width, highest + 2 * bin_width, bin_width)


def discretize(
    intensities: NDArray, bin_width: float = 25.0, bin_count: int | None = None, anchor: float | None = None
) -> GreyLevels:
    """Grey levels of the region's intensities.

    Parameters
    ----------
    intensities : (n,) of any numeric type, n >= 1.
    bin_width : width of a bin in the image's intensity units; not used with `bin_count`.
    bin_count : number of bins between the region's minimum and maximum.
    anchor : where the first bin of a width starts, not above the minimum; None: at the multiple of the width below it.

    Raises
    ------
    InputError : over 4096 grey levels are asked for, or would be needed for so narrow bins.
    """
    if bin_count is not None and bin_count > MOST_LEVELS:
        raise InputError(f"bin count {bin_count}", f"is above {MOST_LEVELS}", "use fewer grey levels")
    if bin_count is None:
        lowest = float(intensities.min()) if anchor is None else anchor
        needed = (float(intensities.max()) - lowest) / bin_width
        if needed > MOST_LEVELS:
            raise InputError(
                f"bin width {bin_width:g}",
                f"gives {needed:.0f} grey levels between the mask's lowest and highest intensity",
                f"use a wider bin, at least {needed * bin_width / MOST_LEVELS:.3g}, or normalise the image first",
            )
    levels = _bin_of(intensities, bin_edges(intensities, bin_width, bin_count, anchor))
    present = np.bincount(levels) > 0
    position = np.cumsum(present) - 1
    return GreyLevels(
        index=position[levels].astype(np.int32),
        values=np.flatnonzero(present).astype(np.float64),
        highest=int(levels.max()),
    )


def _bin_of(intensities: NDArray, edges: NDArray) -> NDArray[np.int64]:
    """Number of each intensity's bin, the first being 1. Bins are even but the last: a division is at most one off."""
    last = len(edges) - 2
    if last == 0:
        return np.ones(len(intensities), np.int64)
    width = (float(edges[last]) - float(edges[0])) / last
    position = ((intensities.astype(np.float64) - float(edges[0])) / width).astype(np.int64)
    position = np.clip(position, 0, last)
    position -= intensities < edges[position]
    position += intensities >= edges[position + 1]
    return position + 1
