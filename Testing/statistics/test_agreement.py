"""Features are kept or dropped by their ICC: a wrong form or bound changes a model. Truth: psych."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from reference_numbers import columns, matrix, numbers

from spinemets.errors import InputError
from spinemets.statistics.agreement import ICC_FORMS, cohen_kappa, fleiss_kappa, icc

FOUND = numbers("icc")
TABLES = [name for name in FOUND if name != "note"]


@pytest.mark.parametrize("form", ICC_FORMS)
@pytest.mark.parametrize("table", TABLES)
def test_icc(table, form):
    truth = FOUND[table][f"ICC{form[0]}{'k' if form.endswith('k') else ''}"]
    result = icc(matrix(table), form)
    assert result.estimate == pytest.approx(truth["icc"], abs=1e-8)
    assert result.interval == pytest.approx((truth["lower"], truth["upper"]), abs=1e-8)
    assert (result.statistic, result.p) == pytest.approx((truth["F"], truth["p"]), rel=1e-8)
    assert result.df == (truth["df1"], truth["df2"])


@pytest.mark.parametrize("form", ICC_FORMS)
def test_many_features_at_once_are_the_same_as_one_by_one(form):
    rng = np.random.default_rng(3)
    ratings = rng.normal(size=(15, 1, 40)) * np.linspace(0, 3, 40) + rng.normal(size=(15, 3, 40))
    together = icc(ratings, form)
    for feature in range(40):
        alone = icc(ratings[..., feature], form)
        for name in ("estimate", "lower", "upper", "p"):
            assert getattr(together, name)[feature] == pytest.approx(getattr(alone, name), rel=1e-9, abs=1e-12)


@pytest.mark.real_data
def test_wine_judges(shared_data):
    """Published with three digits: 0.728, 0.728, 0.729 single, 0.914, 0.914, 0.915 averaged."""
    with (shared_data / "icc_tables" / "icc.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    scores = np.array([float(row["Scores"]) for row in rows]).reshape(4, 8).T
    estimates = [icc(scores, form).estimate for form in ICC_FORMS]
    assert estimates == pytest.approx([0.728, 0.728, 0.729, 0.914, 0.914, 0.915], abs=6e-4)
    assert icc(scores, "1,1").interval == pytest.approx((0.43, 0.93), abs=6e-3)


@pytest.mark.parametrize("form", ICC_FORMS)
def test_perfect_agreement_and_features_that_do_not_vary(form):
    values = np.arange(8.0)
    same = icc(np.stack([values, values], axis=1), form)
    assert (same.estimate, *same.interval) == (1, 1, 1)
    assert same.p == 0
    flat = icc(np.full((8, 2), 3.0), form)
    assert np.isnan([flat.estimate, *flat.interval]).all()
    assert flat.as_json()["estimate"] is None


def test_agreement_is_not_consistency():
    """A reader who always adds 5 is consistent and does not agree."""
    values = np.arange(10.0)
    shifted = np.stack([values, values + 5 + 0.01 * np.sin(values)], axis=1)
    assert icc(shifted, "3,1").estimate > 0.99
    assert icc(shifted, "2,1").estimate < 0.5


def test_kappas():
    data, truth = columns("kappa"), numbers("kappa")
    plain = cohen_kappa(data["r1"], data["r2"])
    assert plain.estimate == pytest.approx(truth["cohen_unweighted"], abs=1e-12)
    assert plain.standard_error**2 == pytest.approx(truth["var_unweighted"], abs=1e-12)
    low, _, high = truth["confid_unweighted"]
    assert plain.interval == pytest.approx((low, high), abs=1e-12)
    assert cohen_kappa(data["r1"], data["r2"], "quadratic").estimate == pytest.approx(
        truth["cohen_quadratic"], abs=1e-12
    )
    fleiss = fleiss_kappa(np.column_stack([data["r1"], data["r2"], data["r3"]]))
    assert fleiss.estimate == pytest.approx(truth["fleiss"]["kappa"], abs=1e-12)
    assert fleiss.standard_error == pytest.approx(truth["fleiss"]["se0"], abs=1e-12)


def test_linear_weights():
    from sklearn.metrics import cohen_kappa_score

    data = columns("kappa")
    expected = cohen_kappa_score(data["r1"], data["r2"], weights="linear")
    assert cohen_kappa(data["r1"], data["r2"], "linear").estimate == pytest.approx(expected, abs=1e-12)
    # With two categories there is one distance only, and weights change nothing.
    two = (data["r1"] > 0, data["r2"] > 0)
    assert cohen_kappa(*two, "linear").estimate == pytest.approx(cohen_kappa(*two).estimate, abs=1e-12)


def test_categories_may_be_words():
    assert cohen_kappa(["lytic", "blastic", "lytic"], ["lytic", "blastic", "lytic"]).estimate == 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: icc(np.ones((1, 2))), "1 subjects"),
        (lambda: icc(np.ones((5, 1))), "1 raters"),
        (lambda: icc([[1, 2], [3, np.nan]]), "missing"),
        (lambda: icc(np.ones((5, 2)), "4,1"), "4,1"),
        (lambda: cohen_kappa([1, 1], [1, 1]), "one category"),
        (lambda: cohen_kappa([1, 2], [1]), "2 and 1"),
        (lambda: cohen_kappa([1.0, 2.0], [1.0, np.nan]), "subject 2"),
        (lambda: cohen_kappa(["a", "b"], ["a", ""]), "subject 2"),
        (lambda: cohen_kappa([1, 2], [1, 2], "cubic"), "cubic"),
        (lambda: fleiss_kappa([[1], [2]]), "two raters"),
        (lambda: fleiss_kappa([[1, 2], [np.nan, 2]]), "subject 2"),
    ],
)
def test_bad_input_is_told(call, words):
    with pytest.raises(InputError, match=words):
        call()
