"""The graph against a brute-force double loop, the cut against partitions that are known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import sparse

from spinemets.segmentation.affinity import WEAKEST_LINK, AffinityGraph
from spinemets.segmentation.normalized_cut import (
    SliceCutter,
    clusters_by_eigengap,
    leading_eigenvectors,
    ncut_value,
    normalized_cut,
)
from spinemets.segmentation.parameters import SegmentationParameters


def test_affinity_is_that_of_the_formula_for_every_pair_of_pixels():
    chance = np.random.default_rng(1)
    channels = chance.normal(size=(2, 6, 7)).astype(np.float32) * 0.3
    spacing, radius, channel_scale, distance_scale = (1.5, 0.8), 2.6, 0.4, 2.0
    made = AffinityGraph((6, 7), spacing, radius, channel_scale, distance_scale).of(channels).toarray()
    pixels = list(itertools.product(range(6), range(7)))
    for (a, p), (b, q) in itertools.product(enumerate(pixels), repeat=2):
        distance = np.hypot((p[0] - q[0]) * spacing[0], (p[1] - q[1]) * spacing[1])
        difference = ((channels[:, p[0], p[1]] - channels[:, q[0], q[1]]) ** 2).sum()
        weight = np.exp(-difference / (2 * channel_scale**2) - distance**2 / (2 * distance_scale**2))
        expected = max(weight, WEAKEST_LINK) if distance <= radius else 0.0
        assert made[a, b] == pytest.approx(expected, rel=1e-5)


def test_affinity_joins_neighbours_that_are_farther_than_the_radius():
    made = AffinityGraph((4, 4), (3.0, 3.0), 1.0, 0.1, 4.0).of(np.zeros((1, 4, 4), np.float32))
    assert sparse.csgraph.connected_components(made)[0] == 1


def three_discs(noise: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """A slice (channel, row, column) with three bright discs on a dark ground, and the truth."""
    rows, columns = np.mgrid[:30, :60]
    truth = np.zeros((30, 60), int)
    for number, middle in enumerate((12, 30, 48), 1):
        truth[(rows - 15) ** 2 + (columns - middle) ** 2 <= 49] = number
    chance = np.random.default_rng(0)
    image = (truth > 0) + chance.normal(0, noise, truth.shape)
    return image[np.newaxis].astype(np.float32), truth


@pytest.mark.parametrize("maximum_pixels", [3000, 600])
def test_each_disc_is_made_of_whole_clusters_also_when_cut_on_averaged_pixels(maximum_pixels):
    channels, truth = three_discs()
    parameters = SegmentationParameters(minimum_clusters=4, maximum_clusters=12, maximum_pixels=maximum_pixels)
    labels = SliceCutter(truth.shape, (1.0, 1.0), parameters).cut(channels)
    # Every cluster belongs to the disc or ground that most of it lies in: few pixels may be elsewhere.
    wrong = sum(
        np.count_nonzero(truth[labels == c] != np.bincount(truth[labels == c]).argmax())
        for c in range(labels.max() + 1)
    )
    assert wrong <= 0.01 * truth.size


def test_the_cut_is_the_best_two_way_cut_of_a_small_graph():
    chance = np.random.default_rng(3)
    points = np.concatenate([chance.normal(0, 1, (6, 2)), chance.normal(3, 1, (5, 2))])
    distance = ((points[:, None] - points[None]) ** 2).sum(axis=-1)
    affinity = sparse.csr_array(np.exp(-distance / 2))
    parameters = SegmentationParameters(minimum_clusters=2, maximum_clusters=2)
    found = ncut_value(affinity, normalized_cut(affinity, parameters))
    every = (np.array([(code >> i) & 1 for i in range(11)], np.int32) for code in range(1, 2**10))
    assert found == pytest.approx(min(ncut_value(affinity, labels) for labels in every), rel=1e-9)


def test_ncut_value_of_two_pairs():
    affinity = sparse.csr_array(np.array([[1, 1, 0.1, 0], [1, 1, 0, 0], [0.1, 0, 1, 1], [0, 0, 1, 1]], float))
    assert ncut_value(affinity, np.array([0, 0, 1, 1], np.int32)) == pytest.approx(2 * 0.1 / 4.1)


def test_eigenvectors_are_those_of_the_dense_solver():
    channels = three_discs(0.2)[0][:, 5:25, :20]
    affinity = AffinityGraph((20, 20), (1.0, 1.0), 3.0, 0.5, 2.0).of(channels)
    degree = np.asarray(affinity.sum(axis=1)).ravel()
    values, vectors = leading_eigenvectors(affinity, degree, 6, 0)
    normalized = affinity.toarray() / np.sqrt(np.outer(degree, degree))
    np.testing.assert_allclose(values, np.linalg.eigvalsh(normalized)[::-1][:6], atol=1e-6)
    np.testing.assert_allclose(normalized @ vectors, vectors * values, atol=2e-3)


def test_number_of_clusters_is_where_the_eigenvalues_drop_most():
    values = np.array([1.0, 0.99, 0.98, 0.7, 0.69, 0.3, 0.29])
    assert clusters_by_eigengap(values, 1, 6) == 5
    assert clusters_by_eigengap(values, 1, 4) == 3
    assert clusters_by_eigengap(values, 4, 4) == 4
    assert clusters_by_eigengap(np.array([1.0]), 4, 12) == 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 2), (1, 9), (3, 3)])
def test_a_slice_smaller_than_the_number_of_clusters(shape):
    channels = np.arange(np.prod(shape), dtype=np.float32).reshape(1, *shape)
    labels = SliceCutter(shape, (1.0, 1.0), SegmentationParameters()).cut(channels)
    assert labels.shape == shape
    assert sorted(np.unique(labels)) == list(range(labels.max() + 1))


def test_a_constant_slice_and_an_isolated_spike_are_cut_without_fault():
    flat = np.zeros((1, 30, 40), np.float32)
    spiked = flat.copy()
    spiked[0, 10, 10] = 3.0
    cutter = SliceCutter((30, 40), (1.0, 1.0), SegmentationParameters())
    for channels in (flat, spiked):
        labels = cutter.cut(channels)
        assert labels.shape == (30, 40)
        assert np.array_equal(labels, cutter.cut(channels))
