"""How far a lesion can reach on slices without strokes, from the rings that were drawn round it on others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

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
    for axis in range(3):
        within = [step for other_axis, step in enumerate(spacing) if other_axis != axis]
        beyond |= np.moveaxis(
            _beyond(np.moveaxis(lesion, axis, 0), np.moveaxis(other, axis, 0), spacing[axis], within), 0, axis
        )
    return beyond


def _beyond(lesion: Mask, other: Mask, thickness: float, pixel: list[float]) -> Mask:
    beyond = np.zeros(lesion.shape, bool)
    ringed: dict[int, Mask] = {}
    for number in np.flatnonzero(lesion.any(axis=(1, 2)) & other.any(axis=(1, 2))).tolist():
        filled = ndimage.binary_fill_holes(other[number])
        if filled is not None and (filled & ~other[number] & lesion[number]).any():
            ringed[number] = np.asarray(filled)
    if not ringed:
        return beyond
    for number in range(len(lesion)):
        below = [each for each in ringed if each <= number][-1:]
        above = [each for each in ringed if each >= number][:1]
        shadow = np.logical_or.reduce([ringed[each] for each in {*below, *above}])
        away = thickness * min(abs(each - number) for each in (*below, *above))
        reach = LEASH_MM + SLOPE * away
        beyond[number] = ndimage.distance_transform_edt(~shadow, sampling=pixel) > reach
    return beyond
