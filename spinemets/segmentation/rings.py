"""What the rings that were drawn round a lesion on some slices tell of the others: how far it can reach there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.segmentation.delineation import LESION, OTHER, Marks

Mask = NDArray[np.bool_]

# A lesion reaches at most so far outside its rings as seen along the slices' normal, and so much more with each mm away
# from the ringed slice.
LEASH_MM, SLOPE = 6.0, 0.5


def beyond_rings(lesion: Mask, other: Mask, spacing: tuple[float, float, float]) -> Mask:
    """Voxels (z, y, x) that lie farther out than a lesion with such rings round it can reach; none without a ring.

    A ring is a closed stroke "not lesion" on a slice, across any axis, round one that says lesion. On every slice the
    rings of the nearest ringed slices on either side count.

    Parameters
    ----------
    lesion, other : (z, y, x) what strokes say is lesion, and is not.
    spacing : mm along z, y, x.
    """
    beyond = np.zeros(lesion.shape, bool)
    rings = ringed_slices(lesion, other)
    for axis in range(3):
        ringed = {number: filled for (across, number), filled in rings.items() if across == axis}
        if ringed:
            within = [step for other_axis, step in enumerate(spacing) if other_axis != axis]
            slices = np.moveaxis(beyond, axis, 0)
            slices |= _beyond(ringed, len(slices), spacing[axis], within)
    return beyond


def ringed_slices(lesion: Mask, other: Mask) -> dict[tuple[int, int], Mask]:
    """What rings enclose, themselves included, by the axis across their slice and its number."""
    # Within a ring there is "not lesion" on either side, along each axis of its slice; filling is for what passes that.
    between = [np.logical_and(*_sides(other, axis)) & lesion for axis in range(3)]
    ringed: dict[tuple[int, int], Mask] = {}
    for axis in range(3):
        first, second = (each for other_axis, each in enumerate(between) if other_axis != axis)
        enclosed, outside = np.moveaxis(first & second, axis, 0), np.moveaxis(other, axis, 0)
        for number in np.flatnonzero(enclosed.any(axis=(1, 2))).tolist():
            filled = np.asarray(ndimage.binary_fill_holes(outside[number]))
            if (filled & ~outside[number] & enclosed[number]).any():
                ringed[axis, number] = filled
    return ringed


def slices_told_by_new_rings(marks: Marks, before: Marks) -> Mask:
    """Voxels (z, y, x) of which rings that were not there before tell something: those of the slices up to the next
    ringed ones on either side."""
    earlier = ringed_slices(before == LESION, before == OTHER)
    told = np.zeros(marks.shape, bool)
    for axis, number in ringed_slices(marks == LESION, marks == OTHER).keys() - earlier.keys():
        others = [each for across, each in earlier if across == axis]
        first = max((each + 1 for each in others if each < number), default=0)
        last = min((each for each in others if each > number), default=marks.shape[axis])
        told[(slice(None),) * axis + (slice(first, last),)] = True
    return told


def _sides(other: Mask, axis: int) -> tuple[Mask, Mask]:
    """Voxels with "not lesion" at or before them along an axis, and those with it at or behind them."""
    before = np.logical_or.accumulate(other, axis=axis)
    return before, np.flip(np.logical_or.accumulate(np.flip(other, axis), axis=axis), axis)


def _beyond(ringed: dict[int, Mask], count: int, thickness: float, pixel: list[float]) -> Mask:
    """[slice, row, column] what lies out of reach of the ringed slices, of `count` slices."""
    beyond = []
    for number in range(count):
        below = [each for each in ringed if each <= number][-1:]
        above = [each for each in ringed if each >= number][:1]
        shadow = np.logical_or.reduce([ringed[each] for each in {*below, *above}])
        away = thickness * min(abs(each - number) for each in (*below, *above))
        reach = LEASH_MM + SLOPE * away
        beyond.append(ndimage.distance_transform_edt(~shadow, sampling=pixel) > reach)
    return np.array(beyond)
