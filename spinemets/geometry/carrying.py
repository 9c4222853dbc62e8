"""Masks carried from one grid to another through world coordinates, by inverse look-up.

For every voxel centre of the reference grid the mask is looked up at the same place in the world. The other direction,
pushing the mask's voxels forward into the reference, leaves holes wherever the reference is the finer grid.
"""

from __future__ import annotations

import itertools

import numpy as np
import SimpleITK as sitk
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from spinemets.geometry.grids import copy_frame_of_reference, index_to_world, size_of

# Grids often meet at exactly half a voxel or half a value; without a tolerance rounding noise would decide there, and
# the edge of the carried mask would be ragged.
TOLERANCE = 1e-6


def carry_mask(
    mask: sitk.Image, reference: sitk.Image, threshold: float = 0.5, interpolation: str = "linear"
) -> sitk.Image:
    """The mask on the reference's grid.

    Parameters
    ----------
    mask : 3-D image; every voxel that is not 0 belongs to the mask.
    reference : 3-D image, or 4-D image whose frames share one 3-D grid.
    threshold : a voxel belongs to the result when the looked-up value is at least this, in (0, 1].
    interpolation : "linear" between the mask's voxel centres, or "nearest".

    Returns
    -------
    3-D uint8 image of 0 and 1 on the reference's grid, with the reference's frame of reference. A mask reaches half a
    voxel beyond its outermost voxel centres, also when it is one slice thick; farther out it is 0.
    """
    carried = carry_array(
        sitk.GetArrayViewFromImage(mask),
        index_to_world(mask),
        size_of(reference)[::-1],
        index_to_world(reference),
        threshold=threshold,
        interpolation=interpolation,
    )
    image = sitk.GetImageFromArray(carried)
    affine = index_to_world(reference)
    image.SetOrigin(affine[:3, 3].tolist())
    image.SetSpacing(reference.GetSpacing()[:3])
    dimension = reference.GetDimension()
    image.SetDirection(np.reshape(reference.GetDirection(), (dimension, dimension))[:3, :3].ravel().tolist())
    copy_frame_of_reference(reference, image)
    return image


def carry_array(
    mask: NDArray[np.generic],
    mask_affine: ArrayLike,
    reference_shape: tuple[int, ...],
    reference_affine: ArrayLike,
    threshold: float = 0.5,
    interpolation: str = "linear",
) -> NDArray[np.uint8]:
    """As `carry_mask`, for arrays with any invertible affine: flipped, oblique, sheared.

    Parameters
    ----------
    mask : array [k, j, i]; not 0 is inside.
    mask_affine, reference_affine : 4x4, from voxel index (i, j, k, 1) to world mm, both into the same world.
    reference_shape : (k, j, i) of the result.

    Returns
    -------
    uint8 array of `reference_shape`.
    """
    if interpolation not in ("linear", "nearest"):
        raise ValueError(f"interpolation is 'linear' or 'nearest', not {interpolation!r}")
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold lies in (0, 1], not at {threshold}")
    inside = np.asarray(mask) != 0
    carried = np.zeros(reference_shape, np.uint8)
    occupied = ndimage.find_objects(inside.view(np.uint8))
    if not occupied:
        return carried
    # From here on indices are in array order (k, j, i).
    to_mask = _array_order(np.linalg.inv(np.asarray(mask_affine, float)) @ np.asarray(reference_affine, float))
    lowest = np.array([part.start for part in occupied[0]])
    highest = np.array([part.stop - 1 for part in occupied[0]])
    box = _reference_box(to_mask, lowest, highest, reference_shape)
    if box is None:
        return carried
    carried[box] = _look_up(inside, to_mask, lowest, highest, box, threshold, interpolation)
    return carried


def _array_order(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same map for indices in the order (k, j, i, 1)."""
    order = [2, 1, 0, 3]
    return affine[np.ix_(order, order)]


def _reference_box(
    to_mask: NDArray[np.float64], lowest: NDArray[np.int_], highest: NDArray[np.int_], shape: tuple[int, ...]
) -> tuple[slice, ...] | None:
    """The part of the reference grid that the occupied part of the mask, and one voxel around it, can reach."""
    corners = np.array([[*corner, 1.0] for corner in itertools.product(*zip(lowest - 1.0, highest + 1.0))])
    reached = corners @ np.linalg.inv(to_mask).T
    start = np.maximum(np.floor(reached[:, :3].min(axis=0)).astype(int), 0)
    stop = np.minimum(np.ceil(reached[:, :3].max(axis=0)).astype(int) + 1, shape)
    if np.any(start >= stop):
        return None
    return tuple(slice(int(low), int(high)) for low, high in zip(start, stop))


def _look_up(
    inside: NDArray[np.bool_],
    to_mask: NDArray[np.float64],
    lowest: NDArray[np.int_],
    highest: NDArray[np.int_],
    box: tuple[slice, ...],
    threshold: float,
    interpolation: str,
) -> NDArray[np.bool_]:
    """Values of the mask at the reference voxels of `box`, compared with the threshold."""
    matrix = to_mask[:3, :3]
    offset = to_mask[:3, 3] + matrix @ np.array([part.start for part in box], float)
    shape = tuple(part.stop - part.start for part in box)
    # A margin of empty voxels makes the cropped mask equal to the whole one; at the mask's own border there is no
    # voxel to take, and the outermost one goes on for its other half.
    low = np.maximum(lowest - 1, 0)
    high = np.minimum(highest + 1, np.array(inside.shape) - 1)
    part = inside[tuple(slice(int(a), int(b) + 1) for a, b in zip(low, high))]
    if interpolation == "nearest":
        return _nearest(part, matrix, offset - low, shape) & _within(matrix, offset, shape, inside.shape)
    values = ndimage.affine_transform(
        part.astype(np.float64), matrix, offset - low, output_shape=shape, order=1, mode="nearest", prefilter=False
    )
    return (values >= threshold - TOLERANCE) & _within(matrix, offset, shape, inside.shape)


def _coordinate(row: NDArray[np.float64], offset: float, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """One coordinate, in the mask's index, of every voxel of a box of `shape`."""
    k, j, i = np.ogrid[tuple(slice(0, n) for n in shape)]
    return row[0] * k + row[1] * j + row[2] * i + offset


def _within(
    matrix: NDArray[np.float64], offset: NDArray[np.float64], shape: tuple[int, ...], mask_shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """Which voxels of the box lie in the mask's extent: up to half a voxel beyond the outermost centres."""
    within = np.ones(shape, bool)
    for row, start, count in zip(matrix, offset, mask_shape):
        coordinate = _coordinate(row, start, shape)
        within &= (coordinate >= -0.5 - TOLERANCE) & (coordinate <= count - 0.5 + TOLERANCE)
    return within


def _nearest(
    part: NDArray[np.bool_], matrix: NDArray[np.float64], offset: NDArray[np.float64], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    indices = [
        np.clip(np.floor(_coordinate(row, start, shape) + 0.5 + TOLERANCE).astype(np.intp), 0, count - 1)
        for row, start, count in zip(matrix, offset, part.shape)
    ]
    return part[tuple(indices)]
