"""CHAID: counts and p values worked out by hand or by other programs, and the published tree."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency
from sklearn.utils.estimator_checks import parametrize_with_checks

from spinemets.errors import InputError
from spinemets.learning.chaid import (
    ChaidClassifier,
    bin_bounds,
    bonferroni_multiplier,
    chi_square_p,
    merge_categories,
)
from spinemets.models.decision_tree import DecisionTree
from spinemets.models.lang_tree import lang_2019_tree


@parametrize_with_checks([ChaidClassifier()])
def test_is_a_scikit_learn_estimator(estimator, check):
    check(estimator)


def test_p_is_that_of_scipy():
    table = np.array([[12, 5], [30, 22], [4, 19]])
    assert chi_square_p(table) == pytest.approx(chi2_contingency(table, correction=False).pvalue, rel=1e-12)


@pytest.mark.parametrize(
    ("categories", "groups", "ordered", "ways"),
    [(5, 2, True, 4), (10, 3, True, 36), (4, 2, False, 7), (5, 3, False, 25), (6, 1, False, 1)],
)
def test_multiplier_counts_the_ways(categories, groups, ordered, ways):
    """Binomial coefficients, and Stirling numbers of the second kind."""
    assert bonferroni_multiplier(categories, groups, ordered) == ways


def test_alike_neighbours_merge_and_unlike_ones_stay():
    table = [[20, 1], [19, 2], [3, 18], [2, 20], [18, 2]]
    ordered = merge_categories(table, ordered=True)
    assert ordered.groups == ((0, 1), (2, 3), (4,))
    assert ordered.p == pytest.approx(chi2_contingency([[39, 3], [5, 38], [18, 2]], correction=False).pvalue)
    assert ordered.adjusted_p == pytest.approx(6 * ordered.p)
    # Categories without an order may merge with any: the last joins the first two.
    assert merge_categories(table, ordered=False).groups == ((0, 1, 4), (2, 3))


def test_bins_hold_equal_numbers_and_ties_stay_together():
    values = np.arange(1, 101, dtype=float)
    assert bin_bounds(values, 10).tolist() == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    tied = np.array([1.0] * 50 + list(range(2, 52)))
    assert len(np.unique(np.searchsorted(bin_bounds(tied, 10), tied[:50]))) == 1


def test_a_threshold_that_was_put_in_is_found():
    rng = np.random.default_rng(0)
    noise, wash_out = rng.normal(size=400), rng.uniform(-30, 20, 400)
    label = (wash_out > -5) ^ (rng.random(400) < 0.05)
    tree = ChaidClassifier().fit(np.column_stack([noise, wash_out]), label).tree_
    assert tree.root.variable == "x1"
    # A branch more is CHAID's way: a group that differs from its neighbour by chance stays one.
    assert len(tree.root.branches) in (2, 3)
    assert tree.root.branches[0].up_to == pytest.approx(-5, abs=1.5)


def test_noise_alone_gives_no_tree():
    """Bonferroni's adjustment keeps the share of false splits below alpha."""
    rng = np.random.default_rng(1)
    split = [
        bool(ChaidClassifier().fit(rng.normal(size=(100, 1)), rng.integers(0, 2, 100)).tree_.root.branches)
        for _ in range(200)
    ]
    assert np.mean(split) <= 0.05


def test_missing_values_go_where_their_classes_are_alike():
    rng = np.random.default_rng(2)
    values = rng.uniform(0, 1, 300)
    label = (values > 0.5).astype(int)
    holes = rng.random(300) < 0.2
    holes &= label == 1
    values[holes] = np.nan
    model = ChaidClassifier().fit(values[:, np.newaxis], label)
    assert model.predict([[np.nan]]).tolist() == [1]


def test_a_tree_survives_its_file():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(300, 2))
    model = ChaidClassifier().fit(values, values[:, 0] + values[:, 1] > 0)
    again = DecisionTree.from_json(model.tree_.as_json())
    for case in values[:50]:
        named = {"x0": case[0], "x1": case[1]}
        assert again.decide(named) == model.tree_.decide(named)
    with pytest.raises(InputError, match="not complete"):
        DecisionTree.from_json({"classes": ["a", "b"], "root": {"counts": [1]}})


@pytest.mark.parametrize("second", ["wash_in", "max_se"])
def test_the_published_tree(second):
    tree = lang_2019_tree(second)
    lung = tree.decide({"wash_out": 0.25, second: 146})
    assert (lung.outcome, lung.counts) == ("lung", (18, 1))
    assert lung.path == ("wash_out > -6.6 %", f"{second} > 98 %")
    for case in ({"wash_out": -9.8, second: 142}, {"wash_out": 1.3, second: 87}):
        other = tree.decide(case)
        assert (other.outcome, other.counts) == ("other", (12, 30))
    assert sum((18, 1)) + sum((12, 30)) == 61
    with pytest.raises(InputError, match=second):
        tree.decide({"wash_out": 3})
