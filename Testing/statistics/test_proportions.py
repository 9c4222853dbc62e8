"""Sensitivity and the like with their intervals. Truth: prop.test, binom.test and mcnemar.test of R."""

from __future__ import annotations

import math

import pytest
from reference_numbers import columns, numbers

from spinemets.errors import InputError
from spinemets.statistics.proportions import diagnostic_table, mcnemar, proportion, table_of_counts

FOUND = numbers("proportions")


@pytest.mark.parametrize("share", [name for name in FOUND if "/" in name])
def test_intervals(share):
    result = proportion(*map(int, share.split("/")))
    assert result.estimate == pytest.approx(FOUND[share]["p"], abs=1e-12)
    assert result.wilson == pytest.approx(FOUND[share]["wilson"], abs=1e-9)
    assert result.exact == pytest.approx(FOUND[share]["clopper_pearson"], abs=1e-9)


def test_mcnemar():
    for continuity, name in ((True, "cc"), (False, "nocc")):
        result = mcnemar(FOUND["mcnemar"]["table"], continuity)
        assert (result.statistic, result.p) == pytest.approx(
            (FOUND["mcnemar"][name]["chi2"], FOUND["mcnemar"][name]["p"]), abs=1e-9
        )
        assert result.exact_p == pytest.approx(FOUND["mcnemar"]["exact_p"], abs=1e-9)
    assert mcnemar([[5, 0], [0, 5]]).p == 1


@pytest.mark.parametrize("score", ["s1", "s2", "s3"])
def test_table_at_the_youden_point(score):
    data, best = columns("roc"), numbers("roc")[score]["youden_best"][0]
    result = diagnostic_table(data["y"], data[score], best["threshold"])
    counts = (result.true_positives, result.false_positives, result.true_negatives, result.false_negatives)
    assert counts == tuple(best[name] for name in ("tp", "fp", "tn", "fn"))
    for name in ("sensitivity", "specificity", "ppv", "npv", "accuracy"):
        assert getattr(result, name).estimate == pytest.approx(best[name], abs=1e-12)
    assert result.youden == pytest.approx(best["sensitivity"] + best["specificity"] - 1, abs=1e-12)
    assert result.f1 == pytest.approx(2 / (1 / best["sensitivity"] + 1 / best["ppv"]), abs=1e-12)


def test_a_case_at_the_threshold_is_positive():
    result = diagnostic_table([0, 1], [0.4, 0.5], 0.5)
    assert (result.true_positives, result.false_positives) == (1, 0)


def test_nothing_called_positive_has_no_ppv():
    result = table_of_counts(0, 0, 5, 3)
    assert math.isnan(result.ppv.estimate)
    assert result.ppv.wilson == (0, 1)
    assert result.as_json()["ppv"]["estimate"] is None


@pytest.mark.parametrize("call", [lambda: proportion(5, 4), lambda: proportion(-1, 4), lambda: mcnemar([[1, 2, 3]])])
def test_bad_input_is_told(call):
    with pytest.raises(InputError):
        call()
