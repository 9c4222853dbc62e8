"""The normalized cut of a slice, a box or any small graph into clusters.

Shi and Malik, Normalized cuts and image segmentation, IEEE TPAMI 22 (2000) 888, give the criterion. It is lowered from
coarse to fine (after Dhillon, Guan and Kulis, IEEE TPAMI 29 (2007) 1944): small pieces of like pixels become the nodes
of a graph that holds exactly the pixels' affinities; from two starts, by merging and by eigenvectors, nodes move
between the clusters; from the best partition single pixels do. There is no chance in it, and no matrix product whose
rounding depends on the number of threads: the same input gives the same clusters, bit for bit.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from spinemets.errors import InputError
from spinemets.progress import Progress, silent
from spinemets.segmentation.affinity import AffinityGraph
from spinemets.segmentation.exact_sums import make_summable
from spinemets.segmentation.merging import merged, reduced
from spinemets.segmentation.moves import MOST_SWEEPS, NodeMoves, PixelMoves
from spinemets.segmentation.parameters import SegmentationParameters
from spinemets.segmentation.pieces import Pieces
from spinemets.segmentation.scratch import Scratch
from spinemets.segmentation.starts import MOST_NODES_FOR_EIGENVECTORS, eigenvectors, grouped, smoothed

# Pieces of 4 x 4 pixels follow the borders well; the time for merging rises with the square of their number.
PIXELS_IN_PIECE = 16
MOST_PIECES = 600
MOST_PIECES_OF_A_BOX = 1500
MOST_NODES = 4000
# The starts come from a graph of so few nodes, into which the pieces merge.
FEW_NODES = 40
FEW_NODES_A_CLUSTER = 3
# Rounds of moves after which the best of the starts is known.
FIRST_ROUNDS = 3


class SliceCutter:
    """Cuts slices of one shape; slices of more than `maximum_pixels` are cut on averaged pixels, and refined after.

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
        coarse = (-(-shape[0] // self._factor), -(-shape[1] // self._factor))
        coarse_spacing = (spacing[0] * self._factor, spacing[1] * self._factor)
        self._graph = _graph(coarse, coarse_spacing, parameters)
        self._pieces = Pieces(self._graph, PIXELS_IN_PIECE, MOST_PIECES)

    def cut(self, channels: NDArray[np.float32]) -> NDArray[np.int32]:
        """Clusters, numbered from 0, of a slice given as (channel, row, column)."""
        coarse = _averaged(channels, self._factor)
        labels = _cut_grid(self._graph, self._pieces, coarse, self._parameters, silent)
        if self._factor == 1:
            return labels
        return _refined(labels, coarse, channels, self._factor, self._parameters.channel_scale)


class VolumeCutter:
    """Cuts boxes of one shape in three dimensions: voxels of neighbouring slices are joined by their distance in mm.

    Parameters
    ----------
    shape : slices, rows and columns.
    spacing : mm between slices, rows and columns.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        spacing: tuple[float, float, float],
        parameters: SegmentationParameters,
    ) -> None:
        self._parameters = parameters
        self._graph = _graph(shape, spacing, parameters)
        self._pieces = Pieces(self._graph, PIXELS_IN_PIECE, MOST_PIECES_OF_A_BOX)

    def cut(self, channels: NDArray[np.float32], progress: Progress = silent) -> NDArray[np.int32]:
        """Clusters, numbered from 0, of a box given as (channel, slice, row, column).

        Parameters
        ----------
        progress : called between the steps and the sweeps over the borders; may raise `Cancelled`.
        """
        return _cut_grid(self._graph, self._pieces, channels, self._parameters, progress)


def normalized_cut(affinity: sparse.csr_array, parameters: SegmentationParameters) -> NDArray[np.int32]:
    """Cluster of each node, numbered from 0 without gaps, of any graph of up to a few thousand nodes.

    Parameters
    ----------
    affinity : (n, n) symmetric, non-negative, positive row sums.

    Raises
    ------
    InputError : more than 4000 nodes; pixels and voxels are cut by `SliceCutter` and `VolumeCutter`.
    """
    n = affinity.shape[0]
    if n > MOST_NODES:
        raise InputError("graph", f"has {n} nodes, more than {MOST_NODES}", "cut slices and boxes as such")
    labels, _ = _cut_dense(affinity.toarray(), parameters, Scratch())
    return labels.astype(np.int32)


def _graph(shape: tuple[int, ...], spacing: tuple[float, ...], parameters: SegmentationParameters) -> AffinityGraph:
    return AffinityGraph(shape, spacing, parameters.radius_mm, parameters.channel_scale, parameters.distance_scale_mm)


def _cut_grid(
    graph: AffinityGraph,
    pieces: Pieces,
    channels: NDArray[np.float32],
    parameters: SegmentationParameters,
    progress: Progress,
) -> NDArray[np.int32]:
    """Clusters of the nodes of a grid, in its shape."""
    total = 3 + MOST_SWEEPS
    affinity = graph.weights(channels, reuse=True)
    progress("cut", 1, total, "pixels joined")
    piece, count = pieces.of(channels)
    contracted = affinity.contracted(piece, count)
    progress("cut", 2, total, f"{count} pieces")
    clusters, within = _cut_dense(contracted, parameters, graph.scratch)
    progress("cut", 3, total, f"{len(within)} clusters")
    moves = PixelMoves(affinity, clusters[piece], within)
    labels = moves.run(lambda sweep: progress("cut", 3 + sweep, total, "moving the clusters' borders"))
    progress("cut", total, total, "done")
    return labels[graph.nodes].reshape(graph.shape).astype(np.int32)


def _cut_dense(
    affinity: NDArray[np.float64], parameters: SegmentationParameters, scratch: Scratch
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Cluster of each node of a small graph, and the affinity of each cluster's nodes among themselves."""
    make_summable(affinity)
    n = len(affinity)
    most = min(parameters.maximum_clusters, n)
    least = min(parameters.minimum_clusters, most)
    few, node = reduced(affinity, max(FEW_NODES, FEW_NODES_A_CLUSTER * most), scratch)
    if least == most:
        hierarchy, count = merged(few, most, most, scratch), most
    else:
        hierarchy = merged(few, max(least - 1, 1), min(most + 1, n), scratch)
        count = number_of_clusters(hierarchy.retained, least, most)
    starts = [hierarchy.labels[count][node]]
    if len(few) <= MOST_NODES_FOR_EIGENVECTORS:
        rough = eigenvectors(few, count)[node]
        starts.append(grouped(smoothed(affinity, rough), affinity.sum(axis=1)))
    tried = [NodeMoves(affinity, start, count).run(FIRST_ROUNDS) for start in starts]
    best = max(tried, key=lambda moves: moves.retained).run()
    return best.labels, best.within


def number_of_clusters(retained: Mapping[int, float], least: int, most: int) -> int:
    """The number of clusters, from `least` to `most`, after which another one keeps much less of its affinity.

    This is the eigengap, for partitions. The k largest eigenvalues of the normalized affinity sum to the most that any
    k clusters can retain (Ky Fan); so what the k-th cluster adds to the retained share stands for the k-th eigenvalue.
    On slices of known regions it finds their number more often than the eigenvalues do, for these lie near 1 also
    within a region that is wide against the radius.

    Parameters
    ----------
    retained : by number of clusters, the sum of the shares of their affinity that they retain; from `least` - 1 to
        `most` + 1, as far as there are such partitions.
    """
    adds = {k: retained.get(k, retained[most]) - retained.get(k - 1, 0.0) for k in range(least, most + 2)}
    gaps = [adds[k] - adds[k + 1] for k in range(least, most + 1)]
    return least + int(np.argmax(gaps))


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
    out = labels[np.ix_(rows, columns)]
    # Only where these differ is there anything to choose.
    differ = ndimage.minimum_filter(labels, 3, mode="nearest") != ndimage.maximum_filter(labels, 3, mode="nearest")
    at_row, at_column = np.nonzero(differ[np.ix_(rows, columns)])
    own = channels[:, at_row, at_column]
    each = np.arange(len(at_row))
    votes = np.zeros((int(labels.max()) + 1, len(each)))
    for row, column in itertools.product((-1, 0, 1), repeat=2):
        near_row = np.clip(rows[at_row] + row, 0, labels.shape[0] - 1)
        near_column = np.clip(columns[at_column] + column, 0, labels.shape[1] - 1)
        difference = np.square(own - coarse[:, near_row, near_column]).sum(axis=0, dtype=np.float64)
        weight = np.exp(-difference / (2 * channel_scale**2) - (row**2 + column**2) / 2)
        votes[labels[near_row, near_column], each] += np.maximum(weight, np.finfo(float).tiny)
    out[at_row, at_column] = votes.argmax(axis=0)
    chosen = np.unique(out, return_inverse=True)[1]
    return np.asarray(chosen.reshape(channels.shape[1:]).astype(np.int32))


def _averaged(channels: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Means over `factor` x `factor` pixels; the last row and column are repeated where they do not fill a block."""
    if factor == 1:
        return channels
    rows, columns = (-n % factor for n in channels.shape[1:])
    whole = np.pad(channels, ((0, 0), (0, rows), (0, columns)), mode="edge")
    blocks = whole.reshape(len(whole), whole.shape[1] // factor, factor, whole.shape[2] // factor, factor)
    return np.asarray(blocks.mean(axis=(2, 4), dtype=np.float32))
