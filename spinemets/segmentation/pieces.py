"""A slice or box in small pieces of like pixels, which the cut takes as its first nodes.

Simple linear iterative clustering: Achanta et al., SLIC superpixels, IEEE TPAMI 34 (2012) 2274, with the graph's own
affinity as the distance.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.segmentation.affinity import AffinityGraph

ROUNDS = 3
# Channels and positions, in units of their scales, never come near this.
FAR = np.float32(1e6)


class Pieces:
    """Pieces of grids of one shape; they start as blocks and move to where the channels change.

    Parameters
    ----------
    graph : the grid, with the scales of channels and distances.
    pixels : in a piece, about; pieces are nearly isotropic in mm.
    most : there are no more pieces; they have more pixels if need be.
    """

    def __init__(self, graph: AffinityGraph, pixels: int, most: int) -> None:
        shape, self._graph = graph.shape, graph
        step = _block(shape, graph.spacing, pixels, most)
        self._blocks = tuple(-(-n // s) for n, s in zip(shape, step))
        self._step, self._count = step, int(np.prod(self._blocks))
        short = [b * s - n for b, s, n in zip(self._blocks, step, shape)]
        self._padding = [(n // 2, n - n // 2) for n in short]
        axes = (
            (np.arange(b * s) - before) * spacing / graph.distance_scale_mm
            for b, s, (before, _), spacing in zip(self._blocks, step, self._padding, graph.spacing)
        )
        self._positions = self._by_block(np.stack(np.meshgrid(*axes, indexing="ij")).astype(np.float32))
        nodes = np.pad(graph.nodes.reshape(shape), self._padding, constant_values=-1)
        flat = self._by_block(nodes[np.newaxis]).ravel()
        self._inside = np.flatnonzero(flat >= 0)
        self._place = flat[self._inside]
        self._start = self._starting_voxels()
        self._around = list(itertools.product((-1, 0, 1), repeat=len(shape)))
        strides = np.cumprod([1, *self._blocks[:0:-1]])[::-1]
        self._away = np.array([np.dot(shift, strides) for shift in self._around])

    def _starting_voxels(self) -> NDArray[np.intp]:
        """Where in `_inside` the voxels are whose means the pieces start from.

        All of a slice's. Of a box's blocks one slice: a block over two slices that differ stays there for ever when
        its mean is as far from the one as from the other.
        """
        if len(self._step) < 3:
            return np.arange(len(self._inside))
        in_slice = int(np.prod(self._step[1:])) * int(np.prod(self._blocks))
        return np.flatnonzero(self._inside // in_slice == (self._step[0] - 1) // 2)

    def _by_block(self, padded: NDArray[Any]) -> NDArray[Any]:
        """(value, position in the block, block): so that all blocks are worked on side by side."""
        n = len(self._blocks)
        split = padded.reshape(len(padded), *itertools.chain(*zip(self._blocks, self._step)))
        order = (0, *range(2, 2 * n + 1, 2), *range(1, 2 * n + 1, 2))
        return np.ascontiguousarray(split.transpose(order)).reshape(len(padded), -1, self._count)

    def of(self, channels: NDArray[np.float32]) -> tuple[NDArray[np.intp], int]:
        """The piece of each place of the graph, numbered from 0 without gaps (0 where there is no node), and how many.

        Parameters
        ----------
        channels : (channel, *shape), scaled.
        """
        scaled = channels * np.float32(1 / self._graph.channel_scale)
        padded = np.pad(scaled, [(0, 0), *self._padding], mode="edge")
        features = np.concatenate([self._by_block(padded), self._positions, np.ones_like(self._positions[:1])])
        inside = features[:-1].reshape(len(features) - 1, -1).take(self._inside, axis=1).astype(np.float64)
        blocks = np.broadcast_to(np.arange(self._count), features.shape[1:])
        piece = blocks.ravel()[self._inside]
        means = self._means(inside[:, self._start], piece[self._start])
        for done in range(ROUNDS):
            if done:
                means = self._means(inside, piece)
            nearest = self._nearest(features, means)
            piece = (blocks + self._away[nearest]).ravel().take(self._inside)
        used = np.bincount(piece, minlength=self._count) > 0
        number = np.zeros(self._graph.size, np.intp)
        number[self._place] = (np.cumsum(used) - 1)[piece]
        return number, int(np.count_nonzero(used))

    def _means(self, features: NDArray[np.float64], piece: NDArray[np.intp]) -> NDArray[np.float32]:
        """(feature, *blocks), with a rim of far values round the blocks; far where a piece is empty.

        The last is minus half the square of the others: times 1, what the nearness to a mean has beside the product.
        """
        size = np.bincount(piece, minlength=self._count)
        rimmed = np.full((len(features) + 1, *(b + 2 for b in self._blocks)), FAR, np.float32)
        inner = rimmed[(slice(None), *(slice(1, -1) for _ in self._blocks))]
        for means, feature in zip(inner, features):
            sums = np.bincount(piece, feature, self._count)
            means[...] = np.where(size > 0, sums / np.maximum(size, 1), FAR).reshape(self._blocks)
        rimmed[-1] = np.einsum("c...,c...->...", rimmed[:-1], rimmed[:-1]) / np.float32(-2)
        return rimmed

    def _nearest(self, features: NDArray[np.float32], means: NDArray[np.float32]) -> NDArray[np.int8]:
        """(position in the block, block): the block, of those around, whose piece's mean is nearest."""
        # The nearest mean m is that of the largest x m - m^2 / 2.
        nearness, most = np.empty(features.shape[1:], np.float32), np.full(features.shape[1:], -np.inf, np.float32)
        nearest = np.zeros(features.shape[1:], np.int8)
        for number, shift in enumerate(self._around):
            window = tuple(slice(1 + s, 1 + s + b) for s, b in zip(shift, self._blocks))
            around = means[(slice(None), *window)].reshape(len(features), -1)
            np.einsum("cpn,cn->pn", features, around, out=nearness)
            nearer = nearness > most
            np.maximum(most, nearness, out=most)
            # Numbers rise, so the greater one is the later one: faster than writing through a mask.
            np.maximum(nearest, nearer * np.int8(number), out=nearest)
        return nearest


def _block(shape: tuple[int, ...], spacing: tuple[float, ...], pixels: int, most: int) -> tuple[int, ...]:
    """Pixels along each axis of the blocks, of which at most `most` fill the grid."""
    volume = float(pixels * np.prod(spacing))
    while True:
        edge, left, step = volume ** (1 / len(shape)), volume, []
        for number, (n, s) in enumerate(zip(shape, spacing), 1):
            # What rounding adds or takes along the first axes is made up for along the last.
            wide = edge if number < len(shape) else left
            step.append(int(np.clip(round(wide / s), 1, n)))
            left /= step[-1] * s
        if tuple(step) == shape or np.prod([-(-n // s) for n, s in zip(shape, step)]) <= most:
            return tuple(step)
        volume *= 1.02 ** len(shape)
