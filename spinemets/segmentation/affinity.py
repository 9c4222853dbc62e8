"""The pixels of a slice, or the voxels of a box, as a graph: how strongly those near each other belong together."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from spinemets.segmentation.scratch import Scratch

# Keeps the graph in one piece where the channels jump.
WEAKEST_LINK = 1e-6
# Distances in mm are told apart down to here: 1.6666 mm times 3 is within 5 mm.
ROUNDING_MM = 1e-9
# Links looked up at a time: bounds the memory that a big box needs.
LINKS_AT_ONCE = 2**18


class AffinityGraph:
    """Affinities of grids of one shape; which nodes are joined is worked out once, for all slices.

    W_ij = exp(-|f_i - f_j|^2 / (2 s^2)) exp(-d_ij^2 / (2 t^2)) for d_ij <= radius, else 0 (Shi and Malik 2000, eq. 11);
    next neighbours are joined even if they are farther apart than the radius.

    Parameters
    ----------
    shape : rows and columns of a slice, or slices, rows and columns of a box.
    spacing : mm between them; distances are in mm, so anisotropic voxels are right.
    radius_mm : nodes farther apart are not joined.
    channel_scale : s, in units of the channels.
    distance_scale_mm : t.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        spacing: tuple[float, ...],
        radius_mm: float,
        channel_scale: float,
        distance_scale_mm: float,
    ) -> None:
        self.shape, self.spacing = tuple(shape), tuple(spacing)
        self.channel_scale, self.distance_scale_mm = channel_scale, distance_scale_mm
        steps, distances = _half_neighbourhood(self.shape, self.spacing, radius_mm)
        reach = np.abs(steps).max(axis=0, initial=0)
        # Rows are stored with a gap after each, as wide as a link reaches: so a neighbour is always the same number of
        # places away, and a place that is no node is never reached by wrapping round.
        self.stored_shape = (self.shape[0], *(n + int(r) for n, r in zip(self.shape[1:], reach[1:])))
        self.size = int(np.prod(self.stored_shape))
        strides = np.cumprod([1, *self.stored_shape[:0:-1]])[::-1]
        self.offsets = (steps * strides).sum(axis=1).astype(np.intp)
        self.closeness = (distances**2 / (2 * distance_scale_mm**2)).astype(np.float32)
        inside = np.zeros(self.stored_shape, bool)
        inside[tuple(slice(n) for n in self.shape)] = True
        self.inside = inside.ravel()
        self.nodes = np.flatnonzero(self.inside)
        self.strides = tuple(int(s) for s in strides)
        missing = np.ones((len(self.offsets), self.size), bool)
        for row, offset in zip(missing, self.offsets):
            row[: self.size - offset] = ~(self.inside[: self.size - offset] & self.inside[offset:])
        self._missing = np.flatnonzero(missing)
        self.scratch = Scratch()

    def of(self, channels: NDArray[np.float32]) -> sparse.csr_array:
        """The symmetric affinity matrix (nodes, nodes), float64, with ones on the diagonal; nodes in C order.

        Parameters
        ----------
        channels : (channel, *shape), scaled.
        """
        return self.weights(channels).matrix()

    def weights(self, channels: NDArray[np.float32], reuse: bool = False) -> GridAffinity:
        """The same affinities in the order of the grid, float32; about ten times as fast to make.

        Parameters
        ----------
        reuse : the affinities are only used until the next are made, in the same memory.
        """
        stored = self.scratch("channels", (len(channels), *self.stored_shape), np.float32)
        stored.fill(0)
        scale = np.float32(1 / (np.sqrt(2) * self.channel_scale))
        np.multiply(channels, scale, out=stored[(slice(None), *(slice(n) for n in self.shape))])
        stored = stored.reshape(len(channels), -1)
        shape = (len(self.offsets), self.size)
        weights = self.scratch("weights", shape, np.float32) if reuse else np.empty(shape, np.float32)
        buffer = self.scratch("differences", stored.shape, np.float32)
        for row, offset, closeness in zip(weights, self.offsets, self.closeness):
            difference, exponent = buffer[:, : self.size - offset], row[: self.size - offset]
            np.subtract(stored[:, : self.size - offset], stored[:, offset:], out=difference)
            np.einsum("cn,cn->n", difference, difference, out=exponent)
            np.subtract(-closeness, exponent, out=exponent)
            row[self.size - offset :] = 0
        np.exp(weights, out=weights)
        np.maximum(weights, np.float32(WEAKEST_LINK), out=weights)
        weights.ravel()[self._missing] = 0
        return GridAffinity(self, weights)


class GridAffinity:
    """The affinities of one slice or box.

    Nodes are places of the grid with its gaps: index arrays hold `graph.nodes`, arrays over all places have
    `graph.size` entries.

    Attributes
    ----------
    graph : the grid.
    weights : (offset, place): affinity of a place and the one that lies `graph.offsets[offset]` further on.
    degree : (place,) float64, sum of a node's affinities with all nodes and itself; 0 in the gaps.
    """

    def __init__(self, graph: AffinityGraph, weights: NDArray[np.float32]) -> None:
        self.graph, self.weights = graph, weights
        degree = weights.sum(axis=0)
        for row, offset in zip(weights, graph.offsets):
            degree[offset:] += row[: graph.size - offset]
        self.degree = degree + graph.inside.astype(np.float64)

    def matrix(self) -> sparse.csr_array:
        """The symmetric affinity matrix (nodes, nodes), float64, with ones on the diagonal; nodes in C order."""
        graph = self.graph
        number = np.cumsum(graph.inside, dtype=np.int32) - 1
        offset, place = np.nonzero(self.weights)
        first, second = number[place], number[place + graph.offsets[offset]]
        values = self.weights[offset, place].astype(np.float64)
        diagonal = np.arange(len(graph.nodes), dtype=np.int32)
        entries = np.concatenate([values, values, np.ones(len(diagonal))])
        rows, columns = np.concatenate([first, second, diagonal]), np.concatenate([second, first, diagonal])
        return sparse.coo_array((entries, (rows, columns)), shape=(len(diagonal),) * 2).tocsr()

    def contracted(self, pieces: NDArray[np.intp], count: int) -> NDArray[np.float64]:
        """The affinity matrix (count, count) of pieces: sums over the nodes of both, on the diagonal within the piece.

        Parameters
        ----------
        pieces : (place,) from 0 to count - 1; anything in that range in the gaps.
        """
        graph = self.graph
        total = np.zeros(count * count)
        rows = pieces * count
        # Each turn adds up the whole matrix, so it is worth no fewer links than the matrix has entries.
        at_once = max(1, max(LINKS_AT_ONCE, count * count) // graph.size)
        for start in range(0, len(graph.offsets), at_once):
            offsets = graph.offsets[start : start + at_once]
            keys = graph.scratch("first", (len(offsets), graph.size), np.intp)
            for key, offset in zip(keys, offsets):
                np.add(rows[: graph.size - offset], pieces[offset:], out=key[: graph.size - offset])
                key[graph.size - offset :] = 0
            # The sums are in double precision; converted here, for bincount would do so in fresh memory.
            weights = graph.scratch("double", keys.shape, np.float64)
            np.copyto(weights, self.weights[start : start + at_once])
            total += np.bincount(keys.ravel(), weights.ravel(), count * count)
        half = total.reshape(count, count)
        whole = half + half.T
        whole[np.diag_indices(count)] += np.bincount(pieces[graph.nodes], minlength=count)
        return whole

    def links(self, nodes: NDArray[np.intp], labels: NDArray[np.intp], count: int) -> NDArray[np.float64]:
        """(node, cluster): the sum of each node's affinities with the nodes of each cluster, itself among them.

        Parameters
        ----------
        nodes : places; labels : (place,) from 0 to count - 1, anything in that range in the gaps.
        """
        at_once = max(1, LINKS_AT_ONCE // max(len(self.graph.offsets), 1))
        if len(nodes) <= at_once:
            return self._links(nodes, labels, count)
        parts = [self._links(nodes[start : start + at_once], labels, count) for start in range(0, len(nodes), at_once)]
        return np.concatenate(parts)

    def _links(self, nodes: NDArray[np.intp], labels: NDArray[np.intp], count: int) -> NDArray[np.float64]:
        graph = self.graph
        shape = (len(graph.offsets), len(nodes))
        place, key = graph.scratch("first", shape, np.intp), graph.scratch("second", shape, np.intp)
        single, double = graph.scratch("single", shape, np.float32), graph.scratch("double", shape, np.float64)
        rows = np.arange(len(nodes)) * count
        total = np.zeros(len(nodes) * count)
        # Places beyond the grid are clipped: ahead of it their weights are 0.
        np.add(nodes, graph.offsets[:, np.newaxis], out=place)
        labels.take(place, mode="clip", out=key)
        key += rows
        self.weights.take(nodes, axis=1, mode="clip", out=single)
        np.copyto(double, single)
        total += np.bincount(key.ravel(), double.ravel(), total.size)
        np.subtract(nodes, graph.offsets[:, np.newaxis], out=place)
        labels.take(place, mode="clip", out=key)
        key += rows
        before_all = place < 0
        place += np.arange(len(graph.offsets))[:, np.newaxis] * graph.size
        self.weights.take(place, mode="clip", out=single)
        np.copyto(double, single)
        double[before_all] = 0
        total += np.bincount(key.ravel(), double.ravel(), total.size)
        total[rows + labels[nodes]] += 1
        return total.reshape(len(nodes), count)


def _half_neighbourhood(
    shape: tuple[int, ...], spacing: tuple[float, ...], radius_mm: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Steps (link, axis) from a node to those of half its neighbourhood that follow it in C order, and their mm."""
    reach = [min(max(int(radius_mm / step + ROUNDING_MM), 1), n - 1) for step, n in zip(spacing, shape)]
    every = np.array(list(itertools.product(*(range(-r, r + 1) for r in reach))), np.int64).reshape(-1, len(shape))
    steps = every[len(every) // 2 + 1 :]
    distances = np.sqrt(((steps * np.asarray(spacing)) ** 2).sum(axis=1))
    joined = (distances <= radius_mm + ROUNDING_MM) | (np.abs(steps).sum(axis=1) == 1)
    return steps[joined], distances[joined]
