"""Pieces merged step by step into clusters, always those whose merging costs the normalized cut least."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.segmentation.scratch import Scratch


@dataclass(frozen=True)
class Hierarchy:
    """The partitions that merging gave, by their number of clusters.

    Attributes
    ----------
    labels : the cluster of each node, numbered from 0.
    retained : the sum over the clusters of the share of their affinity that stays within them: the number of clusters
        minus the normalized cut.
    """

    labels: dict[int, NDArray[np.intp]]
    retained: dict[int, float]


def reduced(affinity: NDArray[np.float64], most: int, scratch: Scratch) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The graph of at most `most` nodes that merging gives, and which of them each node of the graph is in."""
    clusters = _Clusters(affinity, scratch)
    while clusters.count > most:
        clusters.merge(clusters.count - most)
    return clusters.links.astype(np.float64), clusters.of_node


def merged(affinity: NDArray[np.float64], least: int, most: int, scratch: Scratch) -> Hierarchy:
    """The partitions of a graph into `least` to `most` clusters that come of merging its nodes.

    In each round all pairs merge that are each other's best: this gives the hierarchy that merging one pair after
    another gives, in few rounds. From `most` on, one pair merges after another.

    Parameters
    ----------
    affinity : (n, n), symmetric; row sums are positive. `most` is at most n.
    """
    clusters = _Clusters(affinity, scratch)
    while clusters.count > most:
        clusters.merge(clusters.count - most)
    hierarchy = Hierarchy({}, {})
    while True:
        hierarchy.labels[clusters.count] = clusters.of_node
        hierarchy.retained[clusters.count] = clusters.retained
        if clusters.count <= least:
            return hierarchy
        clusters.merge(1)


class _Clusters:
    """Clusters that merge: `count` is how many they are.

    Rows and columns of the matrices are clusters. One that has merged into another is dead: its share is infinite, so
    that its column is no other's best. When half are dead, the matrices are cut down to the living.
    """

    def __init__(self, affinity: NDArray[np.float64], scratch: Scratch) -> None:
        self._scratch = scratch
        self._row = np.arange(len(affinity))
        self._start(affinity)

    def _start(self, links: NDArray) -> None:
        n = self.count = len(links)
        self._links = self._scratch("links", (n, n), np.float32)
        np.copyto(self._links, links)
        self._half = self._links.diagonal() / np.float32(2)
        self._degree = self._links.sum(axis=1)
        self._share = self._half / self._degree
        self._alive = np.ones(n, bool)
        self._every = np.arange(n)
        self._gain = self._scratch("gain", (n, n), np.float32)
        self._gains(self._every, self._links, self._gain)

    @property
    def of_node(self) -> NDArray[np.intp]:
        """The cluster of each node, numbered from 0."""
        return (np.cumsum(self._alive) - 1)[self._row]

    @property
    def links(self) -> NDArray[np.float32]:
        """(cluster, cluster): their affinities."""
        alive = np.flatnonzero(self._alive)
        return self._links[alive].take(alive, axis=1)

    @property
    def retained(self) -> float:
        """The sum over the clusters of the share of their affinity that stays within them."""
        return 2 * float(self._share[self._alive].sum(dtype=np.float64))

    def merge(self, most: int) -> None:
        """Merge at most `most` of the pairs that are each other's best, those that cost least first."""
        best = self._gain.argmax(axis=1)
        first = np.flatnonzero((best[best] == self._every) & (self._every < best) & self._alive)
        if len(first) == 0:
            # Ties can go round in circles.
            alive = np.flatnonzero(self._alive)
            one = int(alive[self._gain[alive, best[alive]].argmax()])
            first = np.array([min(one, int(best[one]))])
            best[first] = max(one, int(best[one]))
        if len(first) > most:
            gain = self._gain[first, best[first]]
            first = np.sort(first[np.argsort(-gain, kind="stable")[:most]])
        self._join(first, best[first])
        if 2 * self.count <= len(self._every):
            links, self._row = self.links, self.of_node
            self._start(links)

    def _gains(self, clusters: NDArray[np.intp], links: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """(cluster, other): half of what merging them adds to the sum of retained shares; `links` are theirs."""
        np.add(links, self._half, out=out)
        out += self._half[clusters, np.newaxis]
        degrees = self._scratch("degrees", out.shape, np.float32)
        out /= np.add(self._degree[clusters, np.newaxis], self._degree, out=degrees)
        out -= self._share
        out -= self._share[clusters, np.newaxis]
        out[self._every[: len(clusters)], clusters] = -np.inf

    def _join(self, first: NDArray[np.intp], second: NDArray[np.intp]) -> None:
        """The second of each pair goes into the first; no cluster is in two pairs."""
        links = self._links[first]
        links += self._links[second]
        links[:, first] += links[:, second]
        self._links[first] = links
        self._links[:, first] = links.T
        self._half[first] = links[self._every[: len(first)], first] / np.float32(2)
        self._degree[first] += self._degree[second]
        self._share[first] = self._half[first] / self._degree[first]
        self._share[second] = np.inf
        self._alive[second] = False
        into = self._every.copy()
        into[second] = first
        self._row = into[self._row]
        self.count -= len(first)
        gain = self._scratch("gains", links.shape, np.float32)
        self._gains(first, links, gain)
        self._gain[first] = gain
        self._gain[:, first] = gain.T
        self._gain[:, second] = -np.inf
