"""Clusters improved by moving single nodes: each move lowers the normalized cut.

The local search of Dhillon, Guan and Kulis, Weighted graph cuts without eigenvectors, IEEE TPAMI 29 (2007) 1944, on the
exact change of the cut.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from spinemets.segmentation.affinity import GridAffinity

# Smaller gains may be rounding: they could go round in circles.
LEAST_GAIN = 1e-9
MOST_ROUNDS = 100
MOST_SWEEPS = 30
# A sweep that lowers the cut by less than this share of it is the last.
LEAST_LOWERING = 1e-3


class NodeMoves:
    """Moves the nodes of a small graph, many at a time.

    Parameters
    ----------
    affinity : (n, n), symmetric, made summable by `exact_sums`; for a few hundred nodes.
    labels : (n,) from 0 to count - 1; every cluster has a node.

    Attributes
    ----------
    labels : as they are. within : (cluster,) affinity of its nodes among themselves.
    """

    def __init__(self, affinity: NDArray[np.float64], labels: NDArray[np.intp], count: int) -> None:
        self._affinity, self.labels, self._count = affinity, labels, count
        self._degree, self._own = affinity.sum(axis=1), affinity.diagonal()
        self._links = links_of_all(affinity, labels, count)
        self.within = sums(labels, self._links[np.arange(len(labels)), labels], count)
        self._total = sums(labels, self._degree, count)

    @property
    def retained(self) -> float:
        """The sum of the shares of their affinity that the clusters retain: their number less the normalized cut."""
        return float((self.within / self._total).sum())

    def run(self, most: int = MOST_ROUNDS) -> NodeMoves:
        """Itself after rounds of moves, each of which lowers the normalized cut; `most`, or until none does."""
        for _ in range(most):
            if not self._round():
                break
        return self

    def _round(self) -> bool:
        gain = move_gains(self._links, self._degree, self._own, self.labels, self.within, self._total)
        target = gain.argmax(axis=1)
        best = gain[np.arange(len(target)), target]
        moving = np.flatnonzero(best > LEAST_GAIN)
        while len(moving):
            if self._move(moving, target[moving]):
                return True
            moving = moving[np.argsort(-best[moving], kind="stable")[: len(moving) // 2]]
        return False

    def _move(self, nodes: NDArray[np.intp], target: NDArray[np.intp]) -> bool:
        """Move nodes together, if that lowers the cut."""
        every = np.arange(len(nodes))
        change = np.zeros((len(nodes), self._count))
        change[every, self.labels[nodes]] = -1
        change[every, target] = 1
        total = self._total + self._degree[nodes] @ change
        if total.min() <= 0:
            return False
        links = self._links + self._affinity[nodes].T @ change
        # x'Wx' - xWx = (x' - x) W (x' + x): only the moved nodes' links count, as they were and as they are now.
        within = self.within + (change * (self._links[nodes] + links[nodes])).sum(axis=0)
        if (within / total).sum() <= self.retained + LEAST_GAIN / 2:
            return False
        self.labels = self.labels.copy()
        self.labels[nodes] = target
        self._links, self.within, self._total = links, within, total
        return True


def sums(labels: NDArray[np.intp], values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """(cluster,): the sum of the values (node,) of its nodes."""
    return np.bincount(labels, values, count).astype(np.float64, copy=False)


def links_of_all(affinity: NDArray[np.float64], labels: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """(node, cluster): the sum of each node's affinities with the nodes of each cluster.

    The sums are exact, so that it does not matter in which order BLAS adds them.
    """
    members = np.zeros((len(labels), count))
    members[np.arange(len(labels)), labels] = 1
    return np.asarray(affinity @ members)


def leaving_gains(
    links: NDArray[np.float64],
    degree: NDArray[np.float64],
    own: NDArray[np.float64],
    labels: NDArray[np.intp],
    within: NDArray[np.float64],
    total: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(node,): how much the sum of the clusters' retained shares gains by a node's leaving its cluster.

    Parameters
    ----------
    links : (node,) affinity with its own cluster, itself included.
    degree, own : (node,) affinity with all nodes; with itself. labels : (node,) its cluster.
    within, total : (cluster,) affinity of its nodes among themselves; with all nodes.

    Returns
    -------
    -inf for the last node of a cluster, which stays: the number of clusters is given.
    """
    inner, rest = within[labels], total[labels]
    share = inner / rest
    few = LEAST_GAIN * rest
    rest = rest - degree
    gain = (inner - 2 * links + own) / np.maximum(rest, few) - share
    gain[rest <= few] = -np.inf
    return gain


def move_gains(
    links: NDArray[np.float64],
    degree: NDArray[np.float64],
    own: NDArray[np.float64],
    labels: NDArray[np.intp],
    within: NDArray[np.float64],
    total: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(node, cluster): by how much moving a node to a cluster lowers the normalized cut; -inf where it cannot move.

    Parameters as of `leaving_gains`, but links : (node, cluster).
    """
    every = np.arange(len(labels))
    gain = 2 * links
    gain += own[:, np.newaxis]
    gain += within
    gain /= degree[:, np.newaxis] + total
    gain -= within / total
    gain += leaving_gains(links[every, labels], degree, own, labels, within, total)[:, np.newaxis]
    gain[every, labels] = -np.inf
    return gain


class PixelMoves:
    """Moves the pixels at the clusters' borders, many at a time.

    Parameters
    ----------
    affinity : of the slice or box.
    labels : (place,) from 0 to count - 1; every cluster has a pixel.
    within : (cluster,) affinity of its pixels among themselves.
    """

    def __init__(self, affinity: GridAffinity, labels: NDArray[np.intp], within: NDArray[np.float64]) -> None:
        self._affinity, self._graph = affinity, affinity.graph
        self.labels, self._count = labels.copy(), len(within)
        self._within = within
        self._total = sums(labels, affinity.degree, self._count)

    @property
    def ncut(self) -> float:
        """The normalized cut as it is."""
        return float(self._count - (self._within / self._total).sum())

    def run(self, after_sweep: Callable[[int], None] = lambda sweep: None) -> NDArray[np.intp]:
        """The labels after sweeps over the borders until one hardly lowers the cut.

        Parameters
        ----------
        after_sweep : called with the number of the sweep, from 1 to at most `MOST_SWEEPS`.
        """
        nodes = self.borders()
        for sweep in range(MOST_SWEEPS):
            before = self.ncut
            moved = self.sweep(nodes)
            after_sweep(sweep + 1)
            if before - self.ncut <= LEAST_LOWERING * before:
                break
            # Next to what has moved most is gained.
            nodes = self.borders(near=moved)
        return self.labels

    def borders(self, near: NDArray[np.intp] | None = None) -> NDArray[np.intp]:
        """Pixels with a next neighbour of another cluster; only those next to the pixels in `near`, if given."""
        graph = self._graph
        border = np.zeros(graph.size, bool)
        for stride in graph.strides:
            differ = self.labels[stride:] != self.labels[:-stride]
            differ &= graph.inside[stride:] & graph.inside[:-stride]
            border[stride:] |= differ
            border[:-stride] |= differ
        if near is not None:
            close = np.zeros(graph.size, bool)
            close[near] = True
            for stride in graph.strides:
                wide = close.copy()
                wide[stride:] |= close[:-stride]
                wide[:-stride] |= close[stride:]
                close = wide
            border &= close
        return np.flatnonzero(border)

    def sweep(self, nodes: NDArray[np.intp]) -> NDArray[np.intp]:
        """Move all of the nodes that lower the cut, or as many of the best as lower it together.

        Returns
        -------
        the moved nodes.
        """
        links = self._affinity.links(nodes, self.labels, self._count)
        degree = self._affinity.degree[nodes]
        gain = move_gains(links, degree, np.ones(len(nodes)), self.labels[nodes], self._within, self._total)
        target = gain.argmax(axis=1)
        best = gain[np.arange(len(nodes)), target]
        moving = np.flatnonzero(best > LEAST_GAIN)
        while len(moving):
            if self._move(nodes[moving], target[moving], links[moving]):
                return nodes[moving]
            moving = moving[np.argsort(-best[moving], kind="stable")[: len(moving) // 2]]
        return nodes[moving]

    def _move(self, nodes: NDArray[np.intp], target: NDArray[np.intp], links: NDArray[np.float64]) -> bool:
        """Move nodes together, if that lowers the cut; `links` are theirs with the clusters as these are."""
        count = self._count
        source, degree = self.labels[nodes], self._affinity.degree[nodes]
        total = self._total - sums(source, degree, count) + sums(target, degree, count)
        if (total <= LEAST_GAIN * self._total).any():
            return False
        self.labels[nodes] = target
        # x'Wx' - xWx = (x' - x) W (x' + x): only the moved nodes' links count, as they were and as they are now.
        both = links + self._affinity.links(nodes, self.labels, count)
        every = np.arange(len(nodes))
        within = self._within - sums(source, both[every, source], count) + sums(target, both[every, target], count)
        if (within / total).sum() <= (self._within / self._total).sum() + LEAST_GAIN:
            self.labels[nodes] = source
            return False
        self._within, self._total = within, total
        return True
