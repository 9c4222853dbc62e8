"""The local binary pattern of a plane, at the voxels of a region only (Ojala 1996; scikit-image's, to the last bit)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def uniform_patterns(
    image: NDArray, voxels: tuple[NDArray[np.int64], ...], axis: int = 0, radius: float = 1.0, samples: int = 8
) -> NDArray[np.float64]:
    """Number of neighbours on a circle that are not darker than the voxel, where they form one arc; else samples + 1.

    Neighbours between pixels are interpolated bilinearly; outside of the plane is 0.

    Parameters
    ----------
    image : (z, y, x).
    voxels : indices (z, y, x) of n voxels, n each.
    axis : across the planes.
    radius : in pixels, whatever their size.
    """
    angles = 2 * np.pi * np.arange(samples) / samples
    down = np.round(-radius * np.sin(angles), 5)
    right = np.round(radius * np.cos(angles), 5)
    across, within = voxels[axis], [voxels[other] for other in range(3) if other != axis]
    # pyradiomics swaps the axis with the first one, so that of y-planes rows run along z, of x-planes along y.
    rows, columns = within if axis < 2 else within[::-1]
    planes = np.swapaxes(image, 0, axis)
    centre = planes[across, rows, columns].astype(np.float64)
    lighter = np.stack([_between(planes, across, rows + d, columns + r) - centre >= 0 for d, r in zip(down, right)])
    changes = np.count_nonzero(lighter[1:] != lighter[:-1], axis=0)
    return np.where(changes <= 2, lighter.sum(axis=0), samples + 1).astype(np.float64)


def _between(planes: NDArray, plane: NDArray, row: NDArray, column: NDArray) -> NDArray[np.float64]:
    """Bilinear interpolation within planes."""
    low_row, low_column = np.floor(row), np.floor(column)
    part_row, part_column = row - low_row, column - low_column
    corners = [
        [_value_at(planes, plane, r.astype(np.int64), c.astype(np.int64)) for c in (low_column, np.ceil(column))]
        for r in (low_row, np.ceil(row))
    ]
    top, bottom = ((1 - part_column) * left + part_column * right for left, right in corners)
    value: NDArray[np.float64] = (1 - part_row) * top + part_row * bottom
    return value


def _value_at(planes: NDArray, plane: NDArray, row: NDArray, column: NDArray) -> NDArray[np.float64]:
    rows, columns = planes.shape[1:]
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    values = planes[plane, np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)].astype(np.float64)
    return np.where(inside, values, 0.0)
