"""A wrong AUC, interval or p would be printed in a report and believed. Truth: pROC."""

from __future__ import annotations

import numpy as np
import pytest
from reference_numbers import columns, number, numbers

from spinemets.errors import InputError
from spinemets.statistics.roc import auc, bootstrap_auc, delong_test, roc_curve, unpaired_delong_test

SCORES = ("s1", "s2", "s3", "s4", "perfect")
DATA, FOUND = columns("roc"), numbers("roc")


@pytest.mark.parametrize("score", SCORES)
def test_auc_and_delong_interval(score):
    for level, name in ((0.95, "ci95_delong"), (0.9, "ci90_delong")):
        result = auc(DATA["y"], DATA[score], level)
        assert result.estimate == pytest.approx(FOUND[score]["auc"], abs=1e-12)
        assert result.standard_error**2 == pytest.approx(FOUND[score]["var_delong"], abs=1e-12)
        assert result.interval == pytest.approx(FOUND[score][name], abs=1e-12)
    assert (result.positives, result.negatives) == (26, 52)


@pytest.mark.parametrize("score", SCORES)
def test_bootstrap_interval(score):
    result = bootstrap_auc(DATA["y"], DATA[score], repetitions=4000, seed=1)
    assert result.interval == pytest.approx(FOUND[score]["ci95_bootstrap_stratified_2000_seed1"], abs=0.01)
    assert result.estimate == auc(DATA["y"], DATA[score]).estimate
    assert result == bootstrap_auc(DATA["y"], DATA[score], repetitions=4000, seed=1)


@pytest.mark.parametrize("score", SCORES)
def test_curve_and_youden_point(score):
    curve = roc_curve(DATA["y"], DATA[score])
    assert curve.thresholds == pytest.approx([number(each) for each in FOUND[score]["thresholds"]], abs=1e-12)
    assert curve.sensitivity == pytest.approx(FOUND[score]["sens"], abs=1e-12)
    assert curve.specificity == pytest.approx(FOUND[score]["spec"], abs=1e-12)
    best = [each for each in FOUND[score]["youden_best"] if each["threshold"] not in (None, "-Inf", "Inf")]
    if best:
        point = curve.youden()
        assert (point.threshold, point.sensitivity, point.specificity) in [
            pytest.approx((each["threshold"], each["sensitivity"], each["specificity"]), abs=1e-12) for each in best
        ]


@pytest.mark.parametrize("pair", FOUND["compare"])
def test_delong_tests(pair):
    first, second = pair.split("_vs_")
    truth = FOUND["compare"][pair]
    paired = delong_test(DATA["y"], DATA[first], DATA[second])
    assert (paired.statistic, paired.p) == pytest.approx(
        (truth["delong_paired"]["statistic"], truth["delong_paired"]["p"]), abs=1e-11
    )
    assert paired.interval == pytest.approx(truth["diff_ci95"], abs=1e-12)
    assert paired.estimate == pytest.approx(truth["delong_paired"]["estimate"], abs=1e-12)
    apart = unpaired_delong_test(DATA["y"], DATA[first], DATA["y"], DATA[second])
    for name in ("statistic", "df", "p"):
        assert getattr(apart, name) == pytest.approx(truth["delong_unpaired"][name], abs=1e-9)


def test_direction_is_never_guessed():
    """A score that is lower in the sick has an AUC below 0.5, and no silent flip."""
    assert auc([0, 0, 1, 1], [4, 3, 2, 1]).estimate == 0
    assert auc([0, 0, 1, 1], [1, 2, 3, 4]).estimate == 1


def test_the_same_score_twice_has_no_difference():
    result = delong_test(DATA["y"], DATA["s1"], 2 * DATA["s1"])
    assert (result.difference, result.statistic, result.p) == (0, 0, 1)


@pytest.mark.parametrize(
    ("labels", "scores", "words"),
    [
        ([1, 1, 1], [1, 2, 3], "both classes"),
        ([0, 1, 2], [1, 2, 3], "case 3"),
        ([0, 1, float("nan")], [1, 2, 3], "case 3"),
        (["lung", "other", "lung"], [1, 2, 3], "case 1"),
        ([0, 1, 1], [1, float("nan"), 3], "case 2"),
        ([0, 1, 1], ["1", "high", "3"], "case 2"),
        ([0, 1, 1], [1, 2], "2 values for 3 labels"),
        ([], [], "both classes"),
        ([0, 1], [1, 2], "two cases"),
    ],
)
def test_bad_input_is_told(labels, scores, words):
    with pytest.raises(InputError, match=words):
        auc(labels, scores)


def test_perfect_scores_of_different_cases_cannot_be_tested():
    y, perfect = DATA["y"], DATA["perfect"]
    with pytest.raises(InputError, match="nothing to test"):
        unpaired_delong_test(y, perfect, y, perfect)


def test_one_case_more_or_less_moves_the_area_by_its_pairs():
    """The area is a count of pairs: exact also with ties, whatever the scores' scale."""
    rng = np.random.default_rng(0)
    y, score = rng.integers(0, 2, 40), rng.integers(0, 6, 40)
    pairs = [(a > b) + 0.5 * (a == b) for a in score[y == 1] for b in score[y == 0]]
    assert auc(y, score * 1e12 + 1e15).estimate == pytest.approx(np.mean(pairs), abs=1e-15)
