"""Odds ratios and intervals of clinical variables. Truth: glm and its profile intervals."""

from __future__ import annotations

import numpy as np
import pytest
from reference_numbers import columns, numbers

from spinemets.errors import InputError
from spinemets.statistics.logistic import logistic_regression

DATA, TRUTH = columns("logistic"), numbers("logistic")["glm"]
NAMES = ("age", "signal", "bound", "rad")
X = np.column_stack([DATA[name] for name in NAMES])


def in_order(name):
    return np.array(list(TRUTH[name].values()))


def test_regression():
    model = logistic_regression(DATA["y"], X, NAMES, profile=True)
    assert model.names == ("intercept", *NAMES)
    assert model.coefficients == pytest.approx(in_order("coef"), rel=1e-9)
    for found, name in ((model.standard_errors, "se"), (model.z, "z"), (model.p, "p"), (model.odds_ratios, "or")):
        assert found == pytest.approx(in_order(name), rel=1e-6)
    assert model.wald == pytest.approx(in_order("or_ci_wald"), rel=1e-6)
    assert model.profile == pytest.approx(in_order("or_ci_profile"), rel=1e-3)
    for name in ("deviance", "null_deviance", "aic"):
        assert getattr(model, name) == pytest.approx(TRUTH[name], rel=1e-10)


def test_prediction():
    p = logistic_regression(DATA["y"], X).predict(X)
    assert p == pytest.approx(columns("logistic_pred")["p"], rel=1e-9)


def test_profile_interval_ends_where_the_likelihood_says():
    """glm interpolates on a spline; here the deviance at the end is the least plus 3.84, by a search of its own."""
    from scipy.optimize import minimize
    from scipy.stats import chi2

    model = logistic_regression(DATA["y"], X, NAMES, profile=True)
    held, scale = 1, np.array([1.0, 1, 1, 1])
    for end in np.log(model.profile[held]):
        odds = end * DATA["age"]

        def deviance(b, odds=odds):
            total = odds + b[0] * scale[0] + X[:, 1:] @ b[1:]
            return 2 * (np.logaddexp(0, total) - DATA["y"] * total).sum()

        least = minimize(deviance, np.zeros(4), method="BFGS", options={"gtol": 1e-7}).fun
        assert least - model.deviance == pytest.approx(chi2.ppf(0.95, 1), abs=1e-5)


def test_units_of_a_variable_do_not_change_the_model():
    far = X * [1e4, 1, 1, 1e-2] + [1e5, 0, 0, 0]
    model, other = logistic_regression(DATA["y"], X), logistic_regression(DATA["y"], far)
    assert other.coefficients[1:] * [1e4, 1, 1, 1e-2] == pytest.approx(model.coefficients[1:], rel=1e-6)
    assert other.p[1:] == pytest.approx(model.p[1:], rel=1e-6)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (np.ones(98), "marker: is the same"),
        (DATA["y"] * 2.0 - 1, "marker: separates"),
        # Of the other class too, but never of this one: the odds ratio has no end either.
        (np.where(DATA["y"] == 1, np.arange(98) % 2, 0), "marker: separates"),
        (((DATA["y"] == 1) & (np.cumsum(DATA["y"]) < 3)).astype(float), "marker: separates"),
        (DATA["age"] * 2 + 1, "repeats"),
        (np.where(np.arange(98) == 7, np.nan, DATA["age"]), "marker: of case 8"),
    ],
)
def test_a_variable_that_cannot_be_fitted_is_named(column, words):
    with pytest.raises(InputError, match=words):
        logistic_regression(DATA["y"], np.column_stack([column, X[:, 0], X[:, 3]]), ["marker", "age", "rad"])


@pytest.mark.parametrize(
    ("labels", "variables", "words"),
    [
        (np.ones(98), X, "both classes"),
        (DATA["y"], X[:50], "50 values for 98"),
        (DATA["y"], np.full((98, 1), "high"), "x1: of case 1"),
        (DATA["y"][:6], X[:6], "separates|repeats|both classes|same"),
    ],
)
def test_bad_input_is_told(labels, variables, words):
    with pytest.raises(InputError, match=words):
        logistic_regression(labels, variables)


def test_one_variable_needs_no_table():
    assert logistic_regression(DATA["y"], DATA["age"]).names == ("intercept", "x1")
