"""Points that a radiologist adds up by hand. Truth: rms::nomogram."""

from __future__ import annotations

import numpy as np
import pytest
from reference_numbers import columns, numbers
from scipy.special import expit

from spinemets.errors import InputError
from spinemets.statistics.nomogram import nomogram

TRUTH, DATA = numbers("logistic"), columns("logistic")
NAMES = ("age", "signal", "bound", "rad")
X = np.column_stack([DATA[name] for name in NAMES])
INTERCEPT, *SLOPES = TRUTH["lrm"]["coef"].values()
RANGES = np.stack([X.min(axis=0), X.max(axis=0)], axis=1)


@pytest.fixture(scope="module")
def drawn():
    levels = {"signal": [0, 1], "bound": [0, 1]}
    return nomogram(NAMES, SLOPES, RANGES, INTERCEPT, levels, linear_predictors=INTERCEPT + X @ SLOPES)


def test_axes(drawn):
    for axis in drawn.axes:
        truth = TRUTH["nomogram"][axis.name]
        assert axis.values == pytest.approx(np.array(truth[axis.name], float), abs=1e-12)
        assert axis.points == pytest.approx(np.array(truth["points"]), abs=1e-10)
    assert max(axis.points.max() for axis in drawn.axes) == pytest.approx(100)


def test_total_and_linear_predictor(drawn):
    truth = TRUTH["nomogram"]
    assert drawn.total == pytest.approx(np.array(truth["total.points"]["x"], float))
    assert drawn.linear_predictor == pytest.approx(np.array(truth["lp"]["x.real"], float))
    assert drawn.linear_predictor_points == pytest.approx(np.array(truth["lp"]["x"]), abs=1e-10)
    assert drawn.per_unit == pytest.approx(6.572319, abs=1e-6)


def test_probability_axis(drawn):
    truth = TRUTH["nomogram"]["Risk"]
    assert drawn.probabilities == pytest.approx(np.array(truth["x.real"]))
    # rms looks the probabilities up in a table of a thousand steps; here the inverse is exact.
    assert drawn.probability_points == pytest.approx(np.array(truth["x"]), abs=5e-4)
    assert drawn.probability(drawn.probability_points) == pytest.approx(drawn.probabilities, abs=1e-12)


def test_points_of_each_patient_add_up_to_the_models_probability(drawn):
    for row in X:
        points = drawn.points(dict(zip(NAMES, row)))
        assert drawn.probability(sum(points.values())) == pytest.approx(expit(INTERCEPT + row @ SLOPES), abs=1e-12)


def test_a_negative_coefficient_counts_from_its_high_end(drawn):
    bound = drawn.axes[2]
    assert bound.coefficient < 0
    assert bound.points[0] > bound.points[1] == 0


def test_probabilities_out_of_reach_are_left_out():
    weak = nomogram(["x"], [0.1], [(0, 1)], intercept=0)
    assert weak.probabilities.tolist() == [0.5]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((["a"], [1], [(1, 1)]), "a: has"),
        ((["a"], [np.nan], [(0, 1)]), "a: has"),
        ((["a", "b"], [1], [(0, 1)]), "2 names"),
        ((["a"], [0], [(0, 1)]), "all 0"),
        (([], [], np.zeros((0, 2))), "0 names"),
        ((["a"], [1], [(0, 1)], 0, {"a": [1]}), "two levels"),
        ((["a"], [1], [(0, 1)], 0, None, [2, 2]), "no range"),
        ((["a"], [1], [(0, 1)], 0, None, None, [0.5, 1]), "0 or 1"),
    ],
)
def test_bad_input_is_told(arguments, words):
    with pytest.raises(InputError, match=words):
        nomogram(*arguments)


def test_a_patient_without_a_value(drawn):
    with pytest.raises(InputError, match="rad: has no value"):
        drawn.points({"age": 50, "signal": 0, "bound": 1})
