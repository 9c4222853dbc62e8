"""Features of the lung-against-other trees are ranked by this. Truth: R's randomForest, mean and SD of 20 seeds."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from reference_numbers import columns, numbers

from spinemets.errors import InputError
from spinemets.statistics.forest_importance import forest_importance

pytest.importorskip("sklearn")
DATA, TRUTH = columns("rf"), numbers("rf")
Y = DATA.pop("y")
X, NAMES = np.column_stack(list(DATA.values())), tuple(DATA)
FORESTS = 3


@pytest.mark.parametrize(("sample", "name"), [(None, "mda"), (0.6, "mda60")])
def test_importance(sample, name):
    found = np.mean([forest_importance(Y, X, NAMES, sample=sample, seed=seed).estimate for seed in range(FORESTS)], 0)
    mean, sd = np.array(TRUTH[f"{name}_mean"]), np.array(TRUTH[f"{name}_sd"])
    # Four standard deviations of the difference of a mean of 3 forests and one of 20.
    assert (np.abs(found - mean) < 4 * sd * np.sqrt(1 / FORESTS + 1 / 20)).all()
    assert np.argmax(found) == np.argmax(mean) == 0


def test_every_tree_is_asked_about_cases_that_it_has_not_seen():
    """Of noise a forest knows all labels of its own cases, and none of the others: nothing has importance."""
    rng = np.random.default_rng(0)
    y, x = rng.permutation(np.repeat([0, 1], 40)), rng.normal(size=(80, 6))
    found = forest_importance(y, x, trees=300)
    assert found.accuracy < 0.65
    assert np.abs(found.estimate).max() < 0.03


def test_standard_error_is_the_spread_between_forests():
    runs = [forest_importance(Y, X, trees=100, seed=seed) for seed in range(8)]
    between = np.std([run.estimate[0] for run in runs], ddof=1)
    assert np.mean([run.standard_error[0] for run in runs]) == pytest.approx(between, rel=0.7)


def test_order_and_repeatability():
    first, again = (forest_importance(Y, X, NAMES, trees=50, seed=4) for _ in range(2))
    assert np.array_equal(first.estimate, again.estimate)
    assert first.order[0] == 0
    assert str(first).startswith(NAMES[0])


def test_a_constant_variable_has_no_importance():
    found = forest_importance(Y, np.column_stack([np.ones(len(Y)), X[:, :2]]), trees=50)
    assert found.estimate[0] == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sample": 1.0}, "below 1"),
        ({"sample": 0.0}, "below 1"),
        ({"trees": 0}, "0 trees"),
        ({"names": ["a"]}, "names"),
    ],
)
def test_bad_input_is_told(options, words):
    with pytest.raises(InputError, match=words):
        forest_importance(Y, X, **options)


def test_without_scikit_learn_the_user_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.tree", None)
    with pytest.raises(InputError, match="pip install scikit-learn"):
        forest_importance(Y, X, trees=5)
