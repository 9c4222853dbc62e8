"""A slice's pixels as a graph: how strongly pixels near each other belong together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

# Keeps the graph in one piece where the channels jump, so that the eigenvectors stay well defined.
WEAKEST_LINK = 1e-6


class AffinityGraph:
    """Affinity matrices of slices of one shape; which pixels are joined is worked out once, for all slices.

    W_ij = exp(-|f_i - f_j|^2 / (2 s^2)) exp(-d_ij^2 / (2 t^2)) for d_ij <= radius, else 0 (Shi and Malik 2000, eq. 11).

    Parameters
    ----------
    shape : rows and columns of a slice.
    spacing : mm between rows and between columns.
    radius_mm : pixels farther apart are not joined.
    channel_scale : s, in units of the channels.
    distance_scale_mm : t.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        spacing: tuple[float, float],
        radius_mm: float,
        channel_scale: float,
        distance_scale_mm: float,
    ) -> None:
        self.shape = shape
        self._channel_scale = channel_scale
        index = np.arange(shape[0] * shape[1], dtype=np.int32).reshape(shape)
        firsts, seconds, closeness = [], [], []
        for row, column, distance in _offsets(shape, spacing, radius_mm):
            first, second = _pairs(index, row, column)
            firsts.append(first.ravel())
            seconds.append(second.ravel())
            closeness.append(np.full(first.size, distance**2 / (2 * distance_scale_mm**2), np.float64))
        none = [np.empty(0, np.int32)]
        self._first = np.concatenate(firsts or none)
        self._second = np.concatenate(seconds or none)
        self._closeness = np.concatenate(closeness or [np.empty(0)])
        self._order, self._indices, self._indptr = self._pattern(index.size)

    def _pattern(self, n: int) -> tuple[NDArray[np.intp], NDArray[np.int32], NDArray[np.int32]]:
        """How the weights of the pairs, of the pairs turned round, and of the diagonal are ordered in CSR form."""
        diagonal = np.arange(n, dtype=np.int32)
        rows = np.concatenate([self._first, self._second, diagonal])
        columns = np.concatenate([self._second, self._first, diagonal])
        order = np.lexsort((columns, rows))
        indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))]).astype(np.int32)
        return order, columns[order], indptr

    def of(self, channels: NDArray[np.float32]) -> sparse.csr_array:
        """The symmetric affinity matrix (pixels, pixels) of one slice, with ones on the diagonal.

        Parameters
        ----------
        channels : (channel, row, column), scaled.
        """
        flat = channels.reshape(len(channels), -1)
        difference = np.zeros(self._first.size)
        for channel in flat:
            difference += (channel[self._first] - channel[self._second]).astype(np.float64) ** 2
        weights = np.exp(-difference / (2 * self._channel_scale**2) - self._closeness)
        np.maximum(weights, WEAKEST_LINK, out=weights)
        n = flat.shape[1]
        data = np.concatenate([weights, weights, np.ones(n)])[self._order]
        return sparse.csr_array((data, self._indices, self._indptr), shape=(n, n))


def _offsets(shape: tuple[int, int], spacing: tuple[float, float], radius_mm: float) -> list[tuple[int, int, float]]:
    """(rows, columns, mm) from a pixel to those of half its neighbourhood; at least to its next neighbours."""
    reach = [min(int(radius_mm / step), n - 1) for step, n in zip(spacing, shape)]
    found = []
    for row in range(max(reach[0], 1) + 1):
        for column in range(-max(reach[1], 1), max(reach[1], 1) + 1):
            if (row == 0 and column <= 0) or row >= shape[0] or abs(column) >= shape[1]:
                continue
            distance = float(np.hypot(row * spacing[0], column * spacing[1]))
            if distance <= radius_mm or row + abs(column) == 1:
                found.append((row, column, distance))
    return found


def _pairs(index: NDArray[np.int32], row: int, column: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Pixels that have a neighbour at the offset, and these neighbours."""
    rows, columns = index.shape
    left, right = max(0, -column), columns - max(0, column)
    return index[: rows - row, left:right], index[row:, left + column : right + column]
