"""Tests of tables, groups and correlation. Truth: base R."""

from __future__ import annotations

import time

import numpy as np
import pytest
from reference_numbers import columns, number, numbers

from spinemets.errors import InputError
from spinemets.statistics.association import (
    anova,
    chi_square,
    correlation,
    fisher_exact,
    kruskal,
    likelihood_ratio,
    mann_whitney,
    t_test,
)

TABLES = {name: each for name, each in numbers("tables").items() if name != "note"}
FOUND = numbers("groups_corr")


@pytest.mark.parametrize("name", TABLES)
def test_tables(name):
    truth = TABLES[name]
    table = truth["table"]
    for correction, method in (("no", "pearson"), ("yes", "yates")):
        result = chi_square(table, correction)
        assert (result.statistic, result.p) == pytest.approx((truth[method]["chi2"], truth[method]["p"]), rel=1e-9)
    assert chi_square(table).df == truth["pearson"]["df"]
    assert chi_square(table).expected == pytest.approx(np.array(truth["expected"]), abs=1e-9)
    ratio = likelihood_ratio(table)
    assert (ratio.statistic, ratio.p) == pytest.approx((truth["G"]["stat"], truth["G"]["p"]), rel=1e-9)


@pytest.mark.parametrize("name", TABLES)
def test_fisher(name):
    truth = TABLES[name]["fisher"]
    result = fisher_exact(TABLES[name]["table"])
    assert result.p == pytest.approx(truth["p"], rel=1e-9)
    assert fisher_exact(np.transpose(TABLES[name]["table"])).p == pytest.approx(truth["p"], rel=1e-9)
    if truth["or_cmle"] is None:
        assert result.estimate is None
    else:
        # R finds them, or their reciprocals above 1, to 1.2e-4 only.
        found, wanted = [result.estimate, *result.interval], [number(each) for each in (truth["or_cmle"], *truth["ci"])]
        for value, other in zip(found, wanted):
            value, other = (value, other) if other <= 1 else (1 / value, 1 / other)
            assert value == pytest.approx(other, abs=1.3e-4)


def test_odds_ratio_interval_leaves_its_tails():
    """At the ends of the interval the table observed, or one further out, has a probability of 2.5 %."""
    from scipy.stats import nchypergeom_fisher

    (a, b), (c, d) = TABLES["c"]["table"]
    low, high = fisher_exact(TABLES["c"]["table"]).interval
    assert nchypergeom_fisher.sf(a - 1, a + b + c + d, a + b, a + c, low) == pytest.approx(0.025, abs=1e-6)
    assert nchypergeom_fisher.cdf(a, a + b + c + d, a + b, a + c, high) == pytest.approx(0.025, abs=1e-6)


def test_correction_belongs_to_small_expected_counts():
    """The rule that reproduces the published table of osteoblastic against osteolytic metastases."""
    assert chi_square([[8, 1], [18, 51]]).method == "yates"
    assert chi_square([[9, 22], [17, 30]]).method == "pearson"
    assert chi_square([[2, 1], [1, 2], [1, 1]]).method == "pearson"


def test_fisher_of_a_table_too_large_is_refused_at_once():
    start = time.monotonic()
    with pytest.raises(InputError, match="too large"):
        fisher_exact(np.full((6, 6), 60))
    assert time.monotonic() - start < 1


@pytest.mark.parametrize("name", ["v", "w"])
def test_groups(name):
    data, truth = columns("groups"), FOUND[name]
    groups = [data[name][data["g"] == value] for value in (1, 0)]
    for result, method in (
        (t_test(*groups, equal_variances=True), "t_pooled"),
        (t_test(*groups), "t_welch"),
        (mann_whitney(*groups), "wilcox_asym_cc"),
        (mann_whitney(*groups, continuity=False), "wilcox_asym"),
    ):
        assert (result.statistic, result.p) == pytest.approx((truth[method]["statistic"], truth[method]["p"]), rel=1e-9)
        if truth[method]["df"]:
            assert result.df == pytest.approx((truth[method]["df"],), rel=1e-9)
            assert result.estimate == pytest.approx(truth[method]["estimate"], rel=1e-9)
    if truth["wilcox_exact"]:
        assert mann_whitney(*groups, method="exact").p == pytest.approx(truth["wilcox_exact"]["p"], rel=1e-9)
    assert (anova(*groups).statistic, anova(*groups).p) == pytest.approx(
        (truth["anova"]["F"], truth["anova"]["p"]), rel=1e-9
    )
    assert (kruskal(*groups).statistic, kruskal(*groups).p) == pytest.approx(
        (truth["kruskal"]["statistic"], truth["kruskal"]["p"]), rel=1e-9
    )


@pytest.mark.parametrize("other", ["y", "z"])
def test_correlation(other):
    data, truth = columns("corr"), FOUND[f"corr_{other}"]
    pearson = correlation(data["x"], data[other])
    assert (pearson.estimate, pearson.p) == pytest.approx(
        (truth["pearson"]["estimate"], truth["pearson"]["p"]), rel=1e-9
    )
    assert pearson.interval == pytest.approx(truth["pearson"]["ci"], abs=1e-9)
    spearman = correlation(data["x"], data[other], "spearman")
    assert spearman.estimate == pytest.approx(truth["spearman"]["estimate"], rel=1e-9)
    # Without ties R takes Edgeworth's series for p, and Student's t with them, as here always.
    assert spearman.p == pytest.approx(truth["spearman"]["p"], rel=1e-9 if other == "z" else 0.02)


def test_spearman_interval_covers():
    """95 of 100 intervals hold the true rank correlation of a normal pair, (6 / pi) asin(r / 2)."""
    rng = np.random.default_rng(11)
    r = 0.6
    truth = 6 / np.pi * np.arcsin(r / 2)
    held = 0
    for _ in range(600):
        a, b = rng.normal(size=(2, 40))
        low, high = correlation(a, r * a + np.sqrt(1 - r * r) * b, "spearman").interval
        held += low <= truth <= high
    assert 0.92 < held / 600 < 0.98


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: chi_square([[1, 2]]), "1 x 2"),
        (lambda: chi_square([[1, 2], [3, -1]]), "counts"),
        (lambda: chi_square([[1, 2.5], [3, 1]]), "counts"),
        (lambda: chi_square([[1, 2], [0, 0]]), "row 2"),
        (lambda: fisher_exact([[1, 0], [2, 0]]), "column 2"),
        (lambda: chi_square([[1, 2], [3, 1]], "maybe"), "maybe"),
        (lambda: t_test([1], [1, 2]), "group 1"),
        (lambda: t_test([1, 1], [2, 2]), "vary"),
        (lambda: anova([1, 2]), "at least two"),
        (lambda: kruskal([1, 1], [1, 1]), "same value"),
        (lambda: mann_whitney([1, np.nan], [1, 2]), "group 1"),
        (lambda: correlation([1, 2, 3, 4], [1, 1, 1, 1]), "same in all"),
        (lambda: correlation([1, 2, 3], [1, 2, 3]), "four"),
        (lambda: correlation([1, 2, 3, np.nan], [1, 2, 3, 5]), "no number"),
        (lambda: correlation([1, 2, 3, 4], [1, 2, 3, 5], "kendall"), "kendall"),
    ],
)
def test_bad_input_is_told(call, words):
    with pytest.raises(InputError, match=words):
        call()
