"""What the cut is made of: graph, pieces, merging and moves, against brute force and the definition of the cut."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import sparse

from spinemets.segmentation.affinity import WEAKEST_LINK, AffinityGraph
from spinemets.segmentation.exact_sums import digits_of_factors, make_summable, rounded
from spinemets.segmentation.merging import merged, reduced
from spinemets.segmentation.moves import NodeMoves, PixelMoves, links_of_all, move_gains, sums
from spinemets.segmentation.normalized_cut import ncut_value
from spinemets.segmentation.pieces import Pieces
from spinemets.segmentation.scratch import Scratch
from spinemets.segmentation.starts import eigenvectors, grouped, smoothed

GRIDS = [
    ((6, 7), (1.5, 0.8), 2.6),
    ((5, 9), (0.5, 0.5), 1.5),
    ((3, 4, 5), (3.0, 0.9, 1.1), 3.2),
    ((3, 1, 8), (5, 1, 1), 4.0),
]


def made(shape, spacing, radius, channels=2, seed=1):
    chance = np.random.default_rng(seed)
    values = chance.normal(size=(channels, *shape)).astype(np.float32) * 0.3
    graph = AffinityGraph(shape, spacing, radius, 0.4, 2.0)
    return graph, values


@pytest.mark.parametrize(("shape", "spacing", "radius"), GRIDS)
def test_affinity_is_that_of_the_formula_for_every_pair(shape, spacing, radius):
    graph, values = made(shape, spacing, radius)
    found = graph.of(values).toarray()
    nodes = list(itertools.product(*(range(n) for n in shape)))
    expected = np.zeros_like(found)
    for (a, p), (b, q) in itertools.product(enumerate(nodes), repeat=2):
        steps = np.subtract(p, q)
        distance = np.linalg.norm(steps * spacing)
        difference = ((values[(slice(None), *p)] - values[(slice(None), *q)]) ** 2).sum()
        weight = max(np.exp(-difference / (2 * 0.4**2) - distance**2 / (2 * 2.0**2)), WEAKEST_LINK)
        expected[a, b] = weight if distance <= radius or np.abs(steps).sum() <= 1 else 0.0
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_radius_that_is_a_whole_number_of_steps_reaches_them_all():
    # 3 steps of 5/3 mm are 5.000000000000001 mm in floating point.
    matrix = AffinityGraph((1, 9), (1.0, 5 / 3), 5.0, 1.0, 4.0).of(np.zeros((1, 1, 9), np.float32)).toarray()
    assert np.count_nonzero(matrix[0]) == 4


def test_neighbours_that_are_farther_than_the_radius_are_joined():
    matrix = AffinityGraph((4, 4), (3.0, 3.0), 1.0, 0.1, 4.0).of(np.zeros((1, 4, 4), np.float32))
    assert sparse.csgraph.connected_components(matrix)[0] == 1


@pytest.mark.parametrize(("shape", "spacing", "radius"), GRIDS)
def test_degree_links_and_contraction_are_those_of_the_matrix(shape, spacing, radius):
    graph, values = made(shape, spacing, radius)
    affinity, matrix = graph.weights(values), graph.of(values).toarray()
    np.testing.assert_allclose(affinity.degree[graph.nodes], matrix.sum(axis=1), rtol=1e-5)
    chance = np.random.default_rng(0)
    labels = np.zeros(graph.size, np.intp)
    labels[graph.nodes] = chance.integers(0, 4, len(graph.nodes))
    member = np.eye(4)[labels[graph.nodes]]
    some = np.sort(chance.permutation(len(graph.nodes))[: len(graph.nodes) // 2])
    links = affinity.links(graph.nodes[some], labels, 4)
    np.testing.assert_allclose(links, (matrix @ member)[some], rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(affinity.contracted(labels, 4), member.T @ matrix @ member, rtol=1e-5)


def test_links_and_contraction_in_parts_are_those_in_one(monkeypatch):
    graph, values = made((9, 12), (1.0, 1.0), 3.0)
    affinity = graph.weights(values)
    labels = np.arange(graph.size) % 5
    whole = affinity.links(graph.nodes, labels, 5), affinity.contracted(labels, 5)
    monkeypatch.setattr("spinemets.segmentation.affinity.LINKS_AT_ONCE", 300)
    np.testing.assert_allclose(affinity.links(graph.nodes, labels, 5), whole[0], rtol=1e-12)
    np.testing.assert_allclose(affinity.contracted(labels, 5), whole[1], rtol=1e-12)


@pytest.mark.parametrize("shape", [(23, 41), (5, 17, 12)])
def test_pieces_keep_to_one_side_of_an_edge(shape):
    side = np.indices(shape)[-1] + 0.4 * np.indices(shape)[-2] > 0.6 * shape[-1]
    graph = AffinityGraph(shape, (2.0,) * (len(shape) - 2) + (1.0, 1.0), 3.0, 0.25, 4.0)
    piece, count = Pieces(graph, 16, 500).of(side[np.newaxis].astype(np.float32))
    in_piece = piece[graph.nodes]
    assert sorted(np.unique(in_piece)) == list(range(count))
    bright = np.bincount(in_piece, side.ravel(), count) / np.bincount(in_piece, minlength=count)
    assert np.mean((bright > 0) & (bright < 1)) <= 0.02
    assert len(graph.nodes) / 32 <= count <= len(graph.nodes) / 8


def test_pieces_are_no_more_than_asked_for():
    graph = AffinityGraph((40, 60), (1.0, 1.0), 2.0, 0.25, 4.0)
    assert Pieces(graph, 16, 30).of(np.zeros((1, 40, 60), np.float32))[1] <= 30


def random_graph(n: int, seed: int = 0) -> np.ndarray:
    chance = np.random.default_rng(seed)
    points = chance.uniform(0, 6, (n, 2))
    return np.exp(-((points[:, None] - points) ** 2).sum(axis=-1))


def test_merging_gives_the_partitions_of_merging_the_best_pair_again_and_again():
    affinity = random_graph(24)
    hierarchy = merged(affinity, 1, 8, Scratch())

    def retained(labels: np.ndarray) -> float:
        member = np.eye(labels.max() + 1)[labels]
        links = member.T @ affinity @ member
        return (links.diagonal() / links.sum(axis=1)).sum()

    labels = np.arange(24)
    while labels.max() > 0:
        pairs = itertools.combinations(range(labels.max() + 1), 2)
        joined = (np.unique(np.where(labels == b, a, labels), return_inverse=True)[1] for a, b in pairs)
        labels = max(joined, key=retained)
        count = labels.max() + 1
        if count <= 8:
            assert hierarchy.retained[count] == pytest.approx(retained(labels), abs=1e-5)
            assert retained(hierarchy.labels[count]) == pytest.approx(retained(labels), abs=1e-9)
    assert sorted(hierarchy.labels) == list(range(1, 9))


def test_gains_are_the_changes_of_the_cut():
    affinity = random_graph(12, seed=2)
    labels = np.arange(12) % 3
    links = links_of_all(affinity, labels, 3)
    degree, own = affinity.sum(axis=1), affinity.diagonal()
    within, total = sums(labels, links[np.arange(12), labels], 3), sums(labels, degree, 3)
    gains = move_gains(links, degree, own, labels, within, total)
    matrix = sparse.csr_array(affinity)
    for node, cluster in itertools.product(range(12), range(3)):
        moved = labels.copy()
        moved[node] = cluster
        if cluster == labels[node]:
            assert gains[node, cluster] == -np.inf
        else:
            change = ncut_value(matrix, labels) - ncut_value(matrix, moved)
            assert gains[node, cluster] == pytest.approx(change, abs=1e-9)


def test_the_reduced_graph_holds_the_affinities_of_its_clusters():
    affinity = random_graph(60, seed=3)
    few, node = reduced(affinity, 9, Scratch())
    member = np.eye(9)[node]
    np.testing.assert_allclose(few, member.T @ affinity @ member, rtol=1e-5)
    labels = merged(few, 4, 4, Scratch()).labels[4][node]
    assert np.array_equal(labels, merged(affinity, 4, 4, Scratch()).labels[4])


def summable_graph(n: int, seed: int = 0) -> np.ndarray:
    affinity = random_graph(n, seed)
    make_summable(affinity)
    return affinity


def test_the_last_node_of_a_cluster_stays():
    affinity = summable_graph(9)
    labels = np.array([0, 1, 1, 1, 1, 1, 1, 1, 1])
    assert len(np.unique(NodeMoves(affinity, labels, 2).run().labels)) == 2


def test_moves_end_where_no_move_of_one_node_lowers_the_cut():
    affinity = summable_graph(30, seed=4)
    matrix, start = sparse.csr_array(affinity), np.arange(30) % 4
    moves = NodeMoves(affinity, start, 4).run()
    value = ncut_value(matrix, moves.labels)
    assert value < ncut_value(matrix, start)
    assert 4 - moves.retained == pytest.approx(value, abs=1e-12)
    assert np.array_equal(start, np.arange(30) % 4)
    for node, cluster in itertools.product(range(30), range(4)):
        moved = moves.labels.copy()
        moved[node] = cluster
        if len(np.unique(moved)) == 4:
            assert ncut_value(matrix, moved) >= value - 1e-8


def test_summable_values_add_up_to_the_same_digits_in_any_order():
    chance = np.random.default_rng(0)
    values = np.exp(chance.uniform(-30, 0, 5000))
    before = values.copy()
    make_summable(values)
    assert np.abs(values - before).max() <= before.sum() * 2.0**-52
    sums_by_order = {float(np.cumsum(chance.permutation(values))[-1]) for _ in range(20)}
    assert sums_by_order == {math.fsum(values)}
    assert len({float(np.cumsum(chance.permutation(before))[-1]) for _ in range(20)}) > 1


def test_products_of_rounded_factors_are_exact():
    chance = np.random.default_rng(1)
    digits = digits_of_factors(300)
    a, b = rounded(chance.normal(size=(1, 300)), digits), rounded(1e9 * chance.normal(size=(300, 1)), digits)
    assert (a @ b).item() == math.fsum((a[0] * b[:, 0]).tolist())
    assert np.array_equal(rounded(a, digits), a)


def test_eigenvectors_group_a_graph_of_clear_parts():
    chance = np.random.default_rng(2)
    truth = np.repeat(np.arange(5), 12)
    affinity = np.where(truth[:, np.newaxis] == truth, 1.0, 0.001) * chance.uniform(0.5, 1, (60, 60))
    affinity = affinity + affinity.T
    rough = eigenvectors(affinity, 5) + chance.normal(0, 1e-3, (60, 5))
    for vectors in (eigenvectors(affinity, 5), smoothed(affinity, rough)):
        labels = grouped(vectors, affinity.sum(axis=1))
        assert sorted(set(zip(labels.tolist(), truth.tolist()))) == sorted(zip(labels[::12].tolist(), range(5)))


def test_no_group_is_empty_even_if_all_rows_are_alike():
    assert len(np.unique(grouped(np.ones((9, 4)), np.ones(9)))) == 4


def test_each_sweep_over_pixels_lowers_the_cut_and_knows_its_value():
    graph, values = made((16, 22), (1.0, 1.2), 3.0)
    affinity, matrix = graph.weights(values), graph.of(values)
    labels = np.zeros(graph.size, np.intp)
    labels[graph.nodes] = (np.indices(graph.shape)[1] * 4 // 22).ravel()
    moves = PixelMoves(affinity, labels, affinity.contracted(labels, 4).diagonal().copy())
    values = [moves.ncut]
    nodes = moves.borders()
    for _ in range(5):
        moved = moves.sweep(nodes)
        if len(moved) == 0:
            break
        values.append(moves.ncut)
        assert moves.ncut == pytest.approx(ncut_value(matrix, moves.labels[graph.nodes]), rel=1e-5)
        nodes = moves.borders(near=moved)
    assert len(values) > 2
    assert np.all(np.diff(values) < 0)


def test_borders_are_pixels_with_a_next_neighbour_of_another_cluster():
    graph, _ = made((5, 6), (1.0, 1.0), 2.5)
    affinity = graph.weights(np.zeros((1, 5, 6), np.float32))
    labels = np.zeros(graph.size, np.intp)
    inner = np.zeros((5, 6), np.intp)
    inner[:, 4:] = 1
    labels[graph.nodes] = inner.ravel()
    border = np.isin(graph.nodes, PixelMoves(affinity, labels, np.ones(2)).borders()).reshape(5, 6)
    assert np.array_equal(border, np.broadcast_to([False, False, False, True, True, False], (5, 6)))
