"""Where the search for the lowest normalized cut of a small graph starts: from eigenvectors, as in spectral clustering.

Ng, Jordan and Weiss, On spectral clustering, NIPS 14 (2001); the seeds are those of Yu and Shi, Multiclass spectral
clustering, ICCV 2003: each one the node that is most unlike all seeds before it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.segmentation.exact_sums import digits_of_factors, rounded

# LAPACK's eigenvectors of larger matrices depend on the number of threads.
MOST_NODES_FOR_EIGENVECTORS = 64
ROUNDS = 5


def eigenvectors(affinity: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """(node, count): where a random walk on the graph forgets its start most slowly; for at most 64 nodes."""
    scale = 1 / np.sqrt(affinity.sum(axis=1))
    vectors = np.linalg.eigh(affinity * scale[:, np.newaxis] * scale)[1]
    return np.asarray(vectors[:, : -count - 1 : -1] * scale[:, np.newaxis])


def smoothed(affinity: NDArray[np.float64], vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rough eigenvectors (node, vector) after a step of the random walk, in which what is no eigenvector fades."""
    digits = digits_of_factors(len(affinity))
    return rounded(affinity, digits) @ rounded(vectors, digits) / affinity.sum(axis=1)[:, np.newaxis]


def grouped(vectors: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.intp]:
    """Clusters of nodes, as many as there are vectors, by the directions of their rows; none is empty.

    Parameters
    ----------
    vectors : (node, vector), no fewer nodes than vectors. weight : (node,) positive.
    """
    n, count = vectors.shape
    digits = digits_of_factors(max(n, count))
    rows = rounded(_directions(vectors), digits)
    seeds = [int(weight.argmax())]
    nearness = rows @ rows[seeds[0]]
    for _ in range(count - 1):
        nearness[seeds[-1]] = np.inf
        seeds.append(int(nearness.argmin()))
        np.maximum(nearness, rows @ rows[seeds[-1]], out=nearness)
    weight = rounded(weight, digits)
    labels = (rows @ rows[seeds].T).argmax(axis=1)
    for _ in range(ROUNDS):
        labels[seeds] = np.arange(count)
        of_cluster = (labels == np.arange(count)[:, np.newaxis]) * weight
        nearest = (rows @ rounded(_directions(of_cluster @ rows), digits).T).argmax(axis=1)
        if np.array_equal(nearest, labels):
            break
        labels = nearest
    labels[seeds] = np.arange(count)
    return labels


def _directions(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    length = np.sqrt(np.einsum("nv,nv->n", vectors, vectors))
    return np.asarray(vectors / np.maximum(length, np.finfo(float).tiny)[:, np.newaxis])
