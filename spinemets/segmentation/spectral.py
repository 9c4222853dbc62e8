"""A partition of a small graph from the eigenvectors of its normalized affinity.

The relaxation of Shi and Malik, IEEE TPAMI 22 (2000) 888, for k clusters as in Ng, Jordan and Weiss, On spectral
clustering, NIPS 14 (2002) 849, with starts that need no chance (Damle, Minden and Ying, Information and Inference 8
(2019) 181). Matrix products are sums of `einsum`: those of BLAS depend on the number of threads.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal

from spinemets.segmentation.moves import sums

MOST_ROUNDS = 30
# A remainder so short against a unit vector is rounding.
NOTHING = 1e-9
EXACT_NODES = 64
GOLDEN = (np.sqrt(5) - 1) / 2


def spectral_clusters(affinity: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Cluster of each node, numbered from 0 without gaps; there may be fewer than `count`.

    Parameters
    ----------
    affinity : (n, n), symmetric; row sums are positive; for up to a few hundred nodes.
    """
    degree = affinity.sum(axis=1)
    root = np.sqrt(degree)
    vectors = leading_eigenvectors(affinity / (root[:, np.newaxis] * root), count)[1]
    # Rows of the eigenvectors of the random walk, brought to unit length: nodes of one cluster point the same way.
    rows = vectors / root[:, np.newaxis]
    rows /= np.maximum(np.sqrt(np.square(rows).sum(axis=1, keepdims=True)), np.finfo(float).tiny)
    labels = _nearest(rows, rows[_apart(rows)])
    for _ in range(MOST_ROUNDS):
        size = np.maximum(sums(labels, degree, count), np.finfo(float).tiny)
        means = np.stack([sums(labels, degree * column, count) / size for column in rows.T], axis=1)
        updated = _nearest(rows, means)
        if np.array_equal(updated, labels):
            break
        labels = updated
    return np.unique(labels, return_inverse=True)[1]


def leading_eigenvectors(matrix: NDArray[np.float64], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The `count` largest eigenvalues, falling, and eigenvectors (n, count), of a symmetric matrix.

    Lanczos' method with full orthogonalisation, begun anew where the vectors found so far are a space of their own, so
    that no eigenvalue of several eigenvectors is lost. Exact for up to 64 nodes or 4 a vector, an approximation above.
    """
    n = len(matrix)
    steps = min(n, max(EXACT_NODES, 4 * count))
    basis, diagonal, beside = np.zeros((steps, n)), np.zeros(steps), np.zeros(steps)
    fresh = np.modf(np.outer(np.arange(1, steps + 1), np.arange(1, n + 1)) * GOLDEN)[0] - 0.5
    basis[0] = fresh[0] / _length(fresh[0])
    for step in range(steps):
        vector, along = _orthogonal(np.einsum("ij,j->i", matrix, basis[step]), basis[: step + 1])
        diagonal[step] = along[step]
        if step + 1 == steps:
            break
        beside[step] = _length(vector)
        if beside[step] < NOTHING:
            beside[step] = 0.0
            vector, _ = _orthogonal(fresh[step + 1], basis[: step + 1])
        np.divide(vector, _length(vector), out=basis[step + 1])
    values, small = eigh_tridiagonal(diagonal, beside[:-1], select="i", select_range=(steps - count, steps - 1))
    return values[::-1], np.einsum("si,sk->ik", basis, small[:, ::-1])


def _length(vector: NDArray[np.float64]) -> float:
    return math.sqrt(np.einsum("i,i->", vector, vector))


def _orthogonal(
    vector: NDArray[np.float64], basis: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What is left of a vector beside the space of orthonormal ones, and its products with these."""
    along = np.einsum("si,i->s", basis, vector)
    vector = vector - np.einsum("si,s->i", basis, along)
    # The second time removes the rounding of the first.
    vector -= np.einsum("si,s->i", basis, np.einsum("si,i->s", basis, vector))
    return vector, along


def _apart(rows: NDArray[np.float64]) -> NDArray[np.intp]:
    """As many rows as columns, each as far as can be from the space of those before: pivoted orthogonalisation."""
    left = rows.copy()
    chosen = []
    for _ in range(rows.shape[1]):
        length = np.square(left).sum(axis=1)
        row = int(length.argmax())
        chosen.append(row)
        along = left[row] / max(np.sqrt(length[row]), np.finfo(float).tiny)
        left -= np.einsum("nc,c->n", left, along)[:, np.newaxis] * along
    return np.array(chosen)


def _nearest(rows: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.intp]:
    products = np.einsum("nc,kc->nk", rows, centres)
    return (products - np.square(centres).sum(axis=1) / 2).argmax(axis=1)
