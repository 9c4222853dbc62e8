"""A lesion drawn on some slices, filled in on those between: shape-based interpolation.

Between two drawn slices the signed distance to the outline is interpolated (Raya and Udupa, IEEE TMI 1990), after the
two shapes have been brought to one middle (Herman, Zheng and Bucholtz, IEEE CG&A 1992), so that an oblique lesion goes
on between them. Parts that split or merge from one slice to the next are interpolated together.
"""

from __future__ import annotations

import itertools

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.errors import InputError
from spinemets.geometry.grids import copy_metadata, slice_axis

Plane = NDArray[np.bool_]
TOUCHING = np.ones((3, 3))


def interpolate_slices(mask: sitk.Image, axis: int | None = None) -> sitk.Image:
    """The mask with the empty slices between drawn ones filled in; drawn slices stay as they are.

    Parameters
    ----------
    mask : 3-D; not 0 is inside.
    axis : index axis (0, 1, 2 for i, j, k) across the drawn slices; default: the one along which slices were left out,
        the image's slice axis first.

    Returns
    -------
    uint8 0/1 on the mask's grid. Nothing is added beyond the first and last drawn slice.

    Raises
    ------
    InputError : the mask is empty, or no slice was left out between two drawn ones.
    """
    drawn = sitk.GetArrayViewFromImage(mask) != 0
    if not drawn.any():
        raise InputError("mask", "has no voxels", "draw it on at least two slices")
    chosen = _axis_with_gaps(drawn, slice_axis(mask)) if axis is None else axis
    if chosen is None or not _gaps(drawn, 2 - chosen):
        raise InputError("mask", "has no empty slice between two drawn ones", "draw it on slices farther apart")
    spacing = [step for n, step in enumerate(mask.GetSpacing()[::-1]) if n != 2 - chosen]
    stack = np.moveaxis(drawn, 2 - chosen, 0)
    filled = stack.astype(np.uint8)
    for low, high in _gaps(drawn, 2 - chosen):
        for number, plane in zip(range(low + 1, high), _between(stack[low], stack[high], high - low, spacing)):
            filled[number] = plane
    result = sitk.GetImageFromArray(np.ascontiguousarray(np.moveaxis(filled, 0, 2 - chosen)))
    result.CopyInformation(mask)
    return copy_metadata(mask, result)


def _gaps(drawn: NDArray[np.bool_], axis: int) -> list[tuple[int, int]]:
    """Pairs of drawn slices with nothing drawn on those between."""
    used = np.flatnonzero(drawn.any(axis=tuple(other for other in range(3) if other != axis)))
    return [(int(low), int(high)) for low, high in itertools.pairwise(used) if high - low > 1]


def _axis_with_gaps(drawn: NDArray[np.bool_], first: int) -> int | None:
    others = [axis for axis in (2, 1, 0) if axis != first]
    return next((axis for axis in (first, *others) if _gaps(drawn, 2 - axis)), None)


def _between(low: Plane, high: Plane, steps: int, spacing: list[float]) -> list[Plane]:
    """The planes at 1/steps, 2/steps, ... of the way from one drawn plane to the next."""
    planes = [np.zeros(low.shape, bool) for _ in range(steps - 1)]
    for part_low, part_high in _partners(low, high, spacing):
        for number, plane in enumerate(planes, 1):
            plane |= _morphed(part_low, part_high, number / steps, spacing)
    return planes


def _partners(low: Plane, high: Plane, spacing: list[float]) -> list[tuple[Plane, Plane]]:
    """Which parts go on in which: parts that overlap, with all that overlap these; those left over with the nearest
    one left over on the other side. A part without a partner ends on its slice."""
    labels_low, n_low = ndimage.label(low, TOUCHING)
    labels_high, n_high = ndimage.label(high, TOUCHING)
    joined = np.zeros((n_low, n_high), bool)
    both = low & high
    joined[labels_low[both] - 1, labels_high[both] - 1] = True
    middles_low = _middles(labels_low, n_low, spacing)
    middles_high = _middles(labels_high, n_high, spacing)
    alone_low = [n for n in range(n_low) if not joined[n].any()]
    alone_high = [n for n in range(n_high) if not joined[:, n].any()]
    while alone_low and alone_high:
        apart = np.linalg.norm(middles_low[alone_low][:, None] - middles_high[alone_high][None], axis=-1)
        a, b = np.unravel_index(int(apart.argmin()), apart.shape)
        joined[alone_low.pop(int(a)), alone_high.pop(int(b))] = True
    pairs = []
    left = {n for n in range(n_low) if joined[n].any()}
    while left:
        group_low: set[int] = {min(left)}
        group_high: set[int] = set()
        while True:
            wider = {int(n) for n in np.flatnonzero(joined[sorted(group_low)].any(axis=0))}
            again = {int(n) for n in np.flatnonzero(joined[:, sorted(wider)].any(axis=1))}
            if (wider, again) == (group_high, group_low):
                break
            group_high, group_low = wider, again
        left -= group_low
        pairs.append(
            (
                np.isin(labels_low, [n + 1 for n in group_low]),
                np.isin(labels_high, [n + 1 for n in group_high]),
            )
        )
    return pairs


def _middles(labels: NDArray[np.int32], count: int, spacing: list[float]) -> NDArray[np.float64]:
    return np.array(ndimage.center_of_mass(labels > 0, labels, range(1, count + 1))).reshape(-1, 2) * spacing


def _morphed(low: Plane, high: Plane, share: float, spacing: list[float]) -> Plane:
    """The shape at `share` of the way from one to the other."""
    middle_low, middle_high = (np.array(ndimage.center_of_mass(part)) for part in (low, high))
    middle = middle_low + share * (middle_high - middle_low)
    box = _box_of(low, high)
    distances = [
        _shifted(_signed_distance(part[box], spacing), middle - own)
        for part, own in ((low, middle_low), (high, middle_high))
    ]
    result = np.zeros(low.shape, bool)
    result[box] = (1 - share) * distances[0] + share * distances[1] > 0
    return result


def _box_of(low: Plane, high: Plane) -> tuple[slice, slice]:
    """What holds both shapes and all between, and one pixel more where there is one."""
    rows, columns = ndimage.find_objects((low | high).astype(np.uint8))[0]
    return slice(max(0, rows.start - 1), rows.stop + 1), slice(max(0, columns.start - 1), columns.stop + 1)


def _signed_distance(plane: Plane, spacing: list[float]) -> NDArray[np.float64]:
    """mm to the outline, positive inside; the outline runs half-way between the last pixel inside and the first
    outside. A shape that goes beyond the image goes on there."""
    padded = np.pad(plane, 1, mode="edge")
    half = min(spacing) / 2
    if padded.all():
        return np.full(plane.shape, float(sum(n * step for n, step in zip(plane.shape, spacing))))
    inside = ndimage.distance_transform_edt(padded, sampling=spacing)
    outside = ndimage.distance_transform_edt(~padded, sampling=spacing)
    signed = np.where(padded, inside - half, half - outside)
    return np.asarray(signed[1:-1, 1:-1])


def _shifted(distance: NDArray[np.float64], by: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(ndimage.shift(distance, by, order=1, mode="nearest"))
