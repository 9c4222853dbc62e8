"""The normalized cut of one slice into clusters.

Shi and Malik, Normalized cuts and image segmentation, IEEE TPAMI 22 (2000) 888; discretised after Yu and Shi,
Multiclass spectral clustering, ICCV 2003, from the start of Damle, Minden and Ying, Simple, direct and efficient
multi-way spectral clustering, Information and Inference 8 (2019) 181, which needs no chance.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from scipy.sparse.linalg import ArpackNoConvergence, eigsh

from spinemets.segmentation.affinity import AffinityGraph
from spinemets.segmentation.parameters import SegmentationParameters

DENSE_BELOW = 64
EIGENVALUE_TOLERANCE = 1e-4
MOST_ROTATIONS = 40


class SliceCutter:
    """Cuts slices of one shape; wide slices are cut on averaged pixels, and the clusters' borders refined after.

    Parameters
    ----------
    shape : rows and columns of a slice.
    spacing : mm between rows and between columns.
    """

    def __init__(
        self, shape: tuple[int, int], spacing: tuple[float, float], parameters: SegmentationParameters
    ) -> None:
        self._shape, self._parameters = shape, parameters
        self._factor = _averaging(shape, parameters.maximum_pixels)
        coarse = tuple(-(-n // self._factor) for n in shape)
        self._graph = AffinityGraph(
            (coarse[0], coarse[1]),
            (spacing[0] * self._factor, spacing[1] * self._factor),
            parameters.radius_mm,
            parameters.channel_scale,
            parameters.distance_scale_mm,
        )

    def cut(self, channels: NDArray[np.float32]) -> NDArray[np.int32]:
        """Clusters, numbered from 0, of a slice given as (channel, row, column)."""
        coarse = _averaged(channels, self._factor)
        labels = normalized_cut(self._graph.of(coarse), self._parameters).reshape(self._graph.shape)
        if self._factor == 1:
            return labels
        return _refined(labels, coarse, channels, self._factor, self._parameters.channel_scale)


def normalized_cut(affinity: sparse.csr_array, parameters: SegmentationParameters) -> NDArray[np.int32]:
    """Cluster of each node, numbered from 0 without gaps.

    Parameters
    ----------
    affinity : symmetric, non-negative, positive row sums.
    """
    n = affinity.shape[0]
    most = min(parameters.maximum_clusters, n)
    if most == 1:
        return np.zeros(n, np.int32)
    degree = np.asarray(affinity.sum(axis=1)).ravel()
    values, vectors = leading_eigenvectors(affinity, degree, min(most + 1, n), parameters.chance)
    count = clusters_by_eigengap(values, min(parameters.minimum_clusters, most), most)
    if count == 1:
        return np.zeros(n, np.int32)
    # Rows of the eigenvectors of the random walk, brought to unit length: pixels of one cluster point the same way.
    rows = vectors[:, :count] / np.sqrt(degree)[:, np.newaxis]
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(float).tiny)
    labels = discretise(rows)
    return np.unique(labels, return_inverse=True)[1].astype(np.int32)


def leading_eigenvectors(
    affinity: sparse.csr_array, degree: NDArray[np.float64], count: int, chance: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The `count` largest eigenvalues, falling, and eigenvectors (n, count) of D^-1/2 W D^-1/2, with fixed signs."""
    n = affinity.shape[0]
    scale = sparse.diags_array(1 / np.sqrt(degree))
    normalized = (scale @ affinity @ scale).tocsr()
    if n <= max(DENSE_BELOW, count + 2):
        values, vectors = np.linalg.eigh(normalized.toarray())
    else:
        # Not the known first eigenvector: from there Lanczos would stop at once.
        start = np.random.default_rng(chance).standard_normal(n)
        try:
            values, vectors = eigsh(normalized, k=count, which="LA", v0=start, tol=EIGENVALUE_TOLERANCE)
        except ArpackNoConvergence as failure:
            values, vectors = failure.eigenvalues, failure.eigenvectors
            if len(values) < 2:
                values, vectors = np.ones(1), np.sqrt(degree)[:, np.newaxis]
    order = np.argsort(-values, kind="stable")[:count]
    values, vectors = values[order], vectors[:, order]
    largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])]
    return values, vectors * np.where(largest < 0, -1.0, 1.0)


def clusters_by_eigengap(values: NDArray[np.float64], least: int, most: int) -> int:
    """The number of clusters, from `least` to `most`, after which the falling eigenvalues drop furthest."""
    most = min(most, len(values))
    least = min(least, most)
    gaps = values[:-1] - values[1:]
    candidates = gaps[least - 1 : min(most, len(gaps))]
    return least + int(np.argmax(candidates)) if len(candidates) else most


def discretise(rows: NDArray[np.float64]) -> NDArray[np.int32]:
    """The cluster of each row: the axis it lies nearest to, after the rotation that brings rows nearest to axes.

    Parameters
    ----------
    rows : (n, k) of unit length.
    """
    count = rows.shape[1]
    pivots = linalg.qr(rows.T, mode="r", pivoting=True)[1][:count]
    left, _, right = np.linalg.svd(rows[pivots].T)
    rotation = left @ right
    labels = (rows @ rotation).argmax(axis=1)
    for _ in range(MOST_ROTATIONS):
        left, _, right = np.linalg.svd(np.eye(count)[labels].T @ rows)
        updated = (rows @ (left @ right).T).argmax(axis=1)
        if np.array_equal(updated, labels):
            break
        labels = updated
    return labels.astype(np.int32)


def ncut_value(affinity: sparse.csr_array, labels: NDArray[np.int32]) -> float:
    """The sum over clusters of the weight cut from each over all weight of its pixels (Shi and Malik 2000, eq. 2)."""
    degree = np.asarray(affinity.sum(axis=1)).ravel()
    members = sparse.csr_array(
        (np.ones(len(labels)), labels, np.arange(len(labels) + 1)), shape=(len(labels), int(labels.max()) + 1)
    )
    total = members.T @ degree
    inner = (members.T @ (affinity @ members)).diagonal()
    return float(np.sum((total - inner) / total))


def _averaging(shape: tuple[int, int], most: int) -> int:
    factor = 1
    while -(-shape[0] // factor) * -(-shape[1] // factor) > most:
        factor += 1
    return factor


def _refined(
    labels: NDArray[np.int32],
    coarse: NDArray[np.float32],
    channels: NDArray[np.float32],
    factor: int,
    channel_scale: float,
) -> NDArray[np.int32]:
    """Clusters of the fine pixels: of the 3 x 3 averaged pixels around each, the cluster it has most affinity with.

    This is the Nystroem extension of the partition with the graph's own affinity (Fowlkes et al., IEEE TPAMI 26 (2004)
    214).
    """
    rows, columns = (np.arange(n) // factor for n in channels.shape[1:])
    count = int(labels.max()) + 1
    votes = np.zeros((count, channels.shape[1] * channels.shape[2]))
    each = np.arange(votes.shape[1])
    for row, column in itertools.product((-1, 0, 1), repeat=2):
        at = np.ix_(np.clip(rows + row, 0, labels.shape[0] - 1), np.clip(columns + column, 0, labels.shape[1] - 1))
        neighbour = coarse[:, at[0], at[1]]
        difference = np.square(channels - neighbour).sum(axis=0, dtype=np.float64)
        weight = np.exp(-difference / (2 * channel_scale**2) - (row**2 + column**2) / 2)
        votes[labels[at].ravel(), each] += np.maximum(weight, np.finfo(float).tiny).ravel()
    chosen = np.unique(votes.argmax(axis=0), return_inverse=True)[1]
    return np.asarray(chosen.reshape(channels.shape[1:]).astype(np.int32))


def _averaged(channels: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Means over `factor` x `factor` pixels; the last row and column are repeated where they do not fill a block."""
    if factor == 1:
        return channels
    rows, columns = (-n % factor for n in channels.shape[1:])
    whole = np.pad(channels, ((0, 0), (0, rows), (0, columns)), mode="edge")
    blocks = whole.reshape(len(whole), whole.shape[1] // factor, factor, whole.shape[2] // factor, factor)
    return np.asarray(blocks.mean(axis=(2, 4), dtype=np.float32))
