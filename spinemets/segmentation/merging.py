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
        hierarchy.retained[clusters.count] = clusters.retained()
        if clusters.count <= least:
            return hierarchy
        clusters.merge(1)


class _Clusters:
    """Clusters that merge: `of_node` is that of each node, `count` how many they are, `links` their affinities."""

    def __init__(self, affinity: NDArray[np.float64], scratch: Scratch) -> None:
        self._scratch = scratch
        self.links = scratch("links", affinity.shape, np.float32)
        np.copyto(self.links, affinity)
        self._degree = self.links.sum(axis=1)
        self.count = len(affinity)
        self.of_node = np.arange(self.count)

    def retained(self) -> float:
        """The sum over the clusters of the share of their affinity that stays within them."""
        return float((self.links.diagonal() / self._degree).sum(dtype=np.float64))

    def merge(self, most: int) -> None:
        """Merge at most `most` of the pairs that are each other's best, those that cost least first."""
        every = np.arange(self.count)
        best, gain = self._best()
        first = np.flatnonzero((best[best] == every) & (every < best))
        if len(first) == 0:
            # Rounding can make a tie differ by direction.
            one = int(gain.argmax())
            first = np.array([min(one, int(best[one]))])
            best[first] = max(one, int(best[one]))
        if len(first) > most:
            first = np.sort(first[np.argsort(-gain[first], kind="stable")[:most]])
        self._join(first, best[first])

    def _best(self) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """For each cluster the one to merge with, and what that adds to the sum of retained shares, at most 0."""
        half, degree = self.links.diagonal() / np.float32(2), self._degree
        share = half / degree
        # Half of the retained share of the two together, less that of the other one.
        gain = np.add.outer(half, half, out=self._scratch("gain", self.links.shape, np.float32))
        gain += self.links
        gain /= np.add.outer(degree, degree, out=self._scratch("both", self.links.shape, np.float32))
        gain -= share
        np.fill_diagonal(gain, -np.inf)
        best = gain.argmax(axis=1)
        return best, (gain[np.arange(self.count), best] - share) * np.float32(2)

    def _join(self, first: NDArray[np.intp], second: NDArray[np.intp]) -> None:
        """The second of each pair goes into the first; no cluster is in two pairs."""
        stays = np.ones(self.count, bool)
        stays[second] = False
        number = np.cumsum(stays) - 1
        number[second] = number[first]
        kept, at = np.flatnonzero(stays), number[first]
        # Rows, and by symmetry, after turning the matrix round, columns.
        for _ in range(2):
            joined = self._scratch("both", (len(kept), self.links.shape[1]), np.float32)
            self.links.take(kept, axis=0, mode="clip", out=joined)
            joined[at] += self.links.take(second, axis=0)
            self.links = self._scratch("links", joined.shape[::-1], np.float32)
            np.copyto(self.links, joined.T)
        joined_degree = self._degree[kept]
        joined_degree[at] += self._degree[second]
        self._degree = joined_degree
        self.of_node = number[self.of_node]
        self.count = len(kept)
