"""Dilation and erosion by a disc or ball of some millimetres, many times faster than with a structuring element.

The element is taken apart into lines along the last axis, and a line is the next shorter one and a voxel at either end.
What lies beyond the array counts as neither: nothing grows in from there, and nothing is eroded from there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Lines = dict[int, list[tuple[int, int]]]
Box = tuple[slice, slice, slice]


def box_round(region: NDArray[np.bool_], margins: Sequence[int] = (0, 0, 0)) -> Box:
    """The smallest box that holds a region of at least one voxel, and so many voxels more on either side of each axis,
    as far as the array goes."""
    # Whole slices first: many times faster than along the last axis.
    flat = np.asarray(region.any(axis=0))
    along = region.reshape(len(region), -1).any(axis=1), flat.any(axis=1), flat.any(axis=0)
    seen = [np.asarray(line) for line in along]
    a, b, c = (
        slice(max(int(line.argmax()) - n, 0), line.size - max(int(line[::-1].argmax()) - n, 0))
        for line, n in zip(seen, margins)
    )
    return a, b, c


@lru_cache
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
    if region.any():
        reach = _reach(lines)
        tight, roomy = box_round(region), box_round(region, reach)
        inside = tuple(slice(r.start - t.start + n, r.stop - t.start + n) for r, t, n in zip(roomy, tight, reach))
        out[roomy] = _spread(region[tight], lines)[inside]
    return out


def eroded(region: NDArray[np.bool_], lines: Lines) -> NDArray[np.bool_]:
    """The region eroded by a ball or disc."""
    out = np.zeros(region.shape, bool)
    if region.any():
        # What erodes a region from farther away does so from right beside it too.
        box = box_round(region, (1, 1, 1))
        out[box] = ~_without_rim(_spread(~region[box], lines), _reach(lines))
    return out


def opened(region: NDArray[np.bool_], lines: Lines) -> NDArray[np.bool_]:
    """What of the region a ball or disc inside it can reach."""
    return dilated(eroded(region, lines), lines) & region


def closed(region: NDArray[np.bool_], lines: Lines) -> NDArray[np.bool_]:
    """The region and its bays that a ball or disc cannot enter from outside; beyond the array is outside."""
    out = np.array(region, bool)
    if region.any():
        # Bays lie in the box round the region.
        box, reach = box_round(region), _reach(lines)
        around = _spread(~_spread(region[box], lines), lines)
        out[box] |= ~_without_rim(_without_rim(around, reach), reach)
    return out


def _spread(region: NDArray[np.bool_], lines: Lines) -> NDArray[np.bool_]:
    """The region dilated, in an array that is larger by the element's reach on either side of each axis.

    In flat storage a step is a fixed number of voxels, and with a rim that is empty at first none leads astray.
    """
    reach = _reach(lines)
    long = np.zeros([n + 2 * r for n, r in zip(region.shape, reach)], bool)
    _without_rim(long, reach)[...] = region
    out = np.zeros_like(long)
    flat, spread, row = long.ravel(), out.ravel(), long.shape[2]
    for half in range(reach[2] + 1):
        if half:
            longer = flat.copy()
            longer[1:] |= flat[:-1]
            longer[:-1] |= flat[1:]
            flat = longer
        for z, y in lines.get(half, ()):
            step = (z * long.shape[1] + y) * row
            if step >= 0:
                spread[step:] |= flat[: flat.size - step]
            else:
                spread[:step] |= flat[-step:]
    return out


def _without_rim(array: NDArray[np.bool_], widths: tuple[int, int, int]) -> NDArray[np.bool_]:
    """A view without so many voxels on either side of each axis."""
    return array[tuple(slice(n, size - n) for n, size in zip(widths, array.shape))]


def _reach(lines: Lines) -> tuple[int, int, int]:
    """How many voxels a ball or disc reaches along each axis."""
    z, y = (max(abs(place[axis]) for places in lines.values() for place in places) for axis in (0, 1))
    return z, y, max(lines)


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
