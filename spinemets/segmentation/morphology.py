"""Dilation and erosion by a disc or ball of some millimetres, many times faster than with a structuring element.

The element is taken apart into lines along the last axis, and a line is the next shorter one and a voxel at either end.
What lies beyond the array counts as neither: nothing grows in from there, and nothing is eroded from there.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

Lines = dict[int, list[tuple[int, int]]]


def lines_of_ball(radius_mm: float, spacing: tuple[float, ...], slice_axis: int | None = None) -> Lines:
    """The voxels within `radius_mm` of the middle: for each half length along the last axis the (z, y) of such lines.

    Parameters
    ----------
    spacing : mm along z, y, x. slice_axis : axis along which nothing reaches: a disc; None for a ball.
    """
    reach = [0 if axis == slice_axis else int(radius_mm / step + 1e-9) for axis, step in enumerate(spacing)]
    lines: Lines = defaultdict(list)
    for z in range(-reach[0], reach[0] + 1):
        for y in range(-reach[1], reach[1] + 1):
            rest = radius_mm**2 + 1e-9 - (z * spacing[0]) ** 2 - (y * spacing[1]) ** 2
            if rest >= 0:
                lines[min(int(np.sqrt(rest) / spacing[2] + 1e-9), reach[2])].append((z, y))
    return dict(lines)


def lines_across(reach_mm: float, spacing: tuple[float, ...], slice_axis: int) -> Lines:
    """The voxels straight above and below the middle, across the slices, within `reach_mm`."""
    reach = int(reach_mm / spacing[slice_axis] + 1e-9)
    if slice_axis == 2:
        return {reach: [(0, 0)]}
    return {0: [(n, 0) if slice_axis == 0 else (0, n) for n in range(-reach, reach + 1)]}


def dilated(region: NDArray[np.bool_], lines: Lines) -> NDArray[np.bool_]:
    """The region dilated by a ball or disc (`lines_of_ball`)."""
    out = np.zeros(region.shape, bool)
    long = np.array(region, bool, order="C")
    for half in range(max(lines) + 1):
        if half:
            longer = long.copy()
            longer[..., 1:] |= long[..., :-1]
            longer[..., :-1] |= long[..., 1:]
            long = longer
        for z, y in lines.get(half, ()):
            to, of = zip(_shifted(z, region.shape[0]), _shifted(y, region.shape[1]))
            out[to] |= long[of]
    return out


def eroded(region: NDArray[np.bool_], lines: Lines) -> NDArray[np.bool_]:
    """The region eroded by a ball or disc."""
    return ~dilated(~region, lines)


def opened(region: NDArray[np.bool_], lines: Lines) -> NDArray[np.bool_]:
    """What of the region a ball or disc inside it can reach."""
    return dilated(eroded(region, lines), lines) & region


def closed(region: NDArray[np.bool_], lines: Lines) -> NDArray[np.bool_]:
    """The region and its bays that a ball or disc cannot enter from outside; beyond the array is outside."""
    half = max(lines)
    reach = [max(abs(place[axis]) for places in lines.values() for place in places) for axis in (0, 1)]
    widths = [(n, n) for n in (*reach, half)]
    whole = eroded(dilated(np.pad(region, widths), lines), lines)
    return np.asarray(whole[tuple(slice(n, size + n) for (n, _), size in zip(widths, region.shape))]) | region


def bays_closed(
    region: NDArray[np.bool_], width_mm: float, spacing: tuple[float, ...], slice_axis: int
) -> NDArray[np.bool_]:
    """The region with what it surrounds on most sides: bays that a disc of radius `width_mm` in the slice cannot enter,
    and gaps of less than twice that straight across the slices."""
    in_slice = closed(region, lines_of_ball(width_mm, spacing, slice_axis))
    return in_slice | closed(region, lines_across(width_mm, spacing, slice_axis))


def stepped(region: NDArray[np.bool_], within: NDArray[np.bool_], steps: int) -> NDArray[np.bool_]:
    """The region after some steps to face neighbours inside `within`."""
    out = region & within
    for _ in range(steps):
        grown = out.copy()
        for axis in range(3):
            low, high = [slice(None)] * 3, [slice(None)] * 3
            low[axis], high[axis] = slice(None, -1), slice(1, None)
            grown[tuple(high)] |= out[tuple(low)]
            grown[tuple(low)] |= out[tuple(high)]
        out = grown & within
    return out


def _shifted(step: int, length: int) -> tuple[slice, slice]:
    """Where the places of an axis go that are moved by `step`, and which they are."""
    n = max(length - abs(step), 0)
    return (slice(step, step + n), slice(0, n)) if step >= 0 else (slice(0, n), slice(-step, n - step))
