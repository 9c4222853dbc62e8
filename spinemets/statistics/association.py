"""Tests of association: tables of counts, groups of numbers, correlation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.special import gammaln

from spinemets.errors import InputError
from spinemets.statistics.result import Result

# Yates' correction belongs to 2 x 2 tables with an expected count below 5.
SMALL_EXPECTED = 5.0
SAME_PROBABILITY = 1e-7
MOST_TABLES = 50_000_000


@dataclass(frozen=True, eq=False)
class TableTest(Result):
    """A test of a table of counts; `method` pearson, yates, g or fisher.

    Fisher's has no statistic, and for 2 x 2 tables `estimate`, the odds ratio (conditional maximum likelihood) with its
    exact interval.
    """

    method: str
    statistic: float | None
    df: int | None
    p: float
    expected: NDArray[np.float64]
    estimate: float | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class GroupTest(Result):
    """A test of groups of numbers: t, welch, mann-whitney, anova or kruskal; `estimate`: means or medians by group."""

    method: str
    statistic: float
    df: tuple[float, ...]
    p: float
    estimate: tuple[float, ...]


@dataclass(frozen=True)
class Correlation(Result):
    """pearson (interval by Fisher's z) or spearman (the same with Bonett and Wright's error) correlation."""

    method: str
    estimate: float
    interval: tuple[float, float]
    p: float
    cases: int


def chi_square(table: ArrayLike, correction: str = "where it belongs") -> TableTest:
    """Pearson's chi-square test of independence.

    Parameters
    ----------
    correction : "yes", "no", or Yates' correction "where it belongs": 2 x 2 with an expected count below 5.
    """
    counts = _counts(table)
    expected = _expected(counts)
    if correction not in ("yes", "no", "where it belongs"):
        raise InputError("correction", f"is {correction!r}", "choose yes, no or 'where it belongs'")
    wanted = correction == "yes" or (correction != "no" and float(expected.min()) < SMALL_EXPECTED)
    if wanted and counts.shape == (2, 2):
        # As R: the correction never turns a difference round.
        gap = np.abs(counts - expected)
        statistic, method = float((np.square(gap - min(0.5, gap.min())) / expected).sum()), "yates"
    else:
        statistic, method = float((np.square(counts - expected) / expected).sum()), "pearson"
    df = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    return TableTest(method, statistic, df, float(stats.chi2.sf(statistic, df)), expected)


def likelihood_ratio(table: ArrayLike) -> TableTest:
    """The G test of independence."""
    counts = _counts(table)
    expected = _expected(counts)
    ratio = np.where(counts > 0, counts / expected, 1.0)
    statistic, df = float(2 * (counts * np.log(ratio)).sum()), (counts.shape[0] - 1) * (counts.shape[1] - 1)
    return TableTest("g", statistic, df, float(stats.chi2.sf(statistic, df)), expected)


def fisher_exact(table: ArrayLike, level: float = 0.95) -> TableTest:
    """Fisher's exact test of a table of any size: the share of tables with these margins that are no likelier.

    Raises
    ------
    InputError : the table is so large that its tables cannot be listed.
    """
    counts = _counts(table)
    if counts.shape[0] < counts.shape[1]:
        counts = counts.T
    rows, columns = counts.sum(axis=1).astype(int), counts.sum(axis=0).astype(int)
    if np.prod([float(n + 1) for n in rows[:-1]]) ** (len(columns) - 1) > MOST_TABLES**2:
        raise InputError("table", "is too large for an exact test", "use chi-square")
    constant = gammaln(rows + 1).sum() + gammaln(columns + 1).sum() - gammaln(rows.sum() + 1)
    observed = constant - gammaln(counts + 1).sum()
    likely = _no_likelier(rows, columns, float(constant), float(observed) + SAME_PROBABILITY)
    return TableTest("fisher", None, None, min(1.0, likely), _expected(counts), *_odds_ratio(np.asarray(table), level))


def _odds_ratio(table: NDArray[Any], level: float) -> tuple[float, tuple[float, float]] | tuple[None, None]:
    if table.shape != (2, 2):
        return None, None
    found = stats.contingency.odds_ratio(table.astype(int))
    low, high = found.confidence_interval(level)
    return float(found.statistic), (float(low), float(high))


def _no_likelier(rows: NDArray[np.intp], columns: NDArray[np.intp], log_so_far: float, limit: float) -> float:
    """Sum of the probabilities, at most exp(limit), of the tables with these margins."""
    fillings = _fillings(rows, int(columns[0]))
    logs = log_so_far - gammaln(fillings + 1.0).sum(axis=1)
    if len(columns) == 2:
        logs = logs - gammaln(rows - fillings + 1.0).sum(axis=1)
        return float(np.exp(logs[logs <= limit]).sum())
    return sum(_no_likelier(rows - filling, columns[1:], float(log), limit) for filling, log in zip(fillings, logs))


def _fillings(rows: NDArray[np.intp], total: int) -> NDArray[np.intp]:
    """All ways (way, row) to take `total` from the rows."""
    ways = np.zeros((1, 0), np.intp)
    left = np.array([total])
    rest = np.concatenate([np.cumsum(rows[::-1])[::-1][1:], [0]])
    for row, below in zip(rows, rest):
        low, high = np.maximum(0, left - below), np.minimum(row, left)
        each = high - low + 1
        taken = np.repeat(low, each) + (np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each))
        ways = np.column_stack([np.repeat(ways, each, axis=0), taken])
        left = np.repeat(left, each) - taken
    return ways


def t_test(first: ArrayLike, second: ArrayLike, equal_variances: bool = False) -> GroupTest:
    """Student's t, by Welch unless the variances are taken as equal.

    Raises
    ------
    InputError, as of all tests of groups : fewer than two values in a group, a value that is no number, or values that
        do not vary.
    """
    a, b = _varying([first, second])
    found = stats.ttest_ind(a, b, equal_var=equal_variances)
    method = "t" if equal_variances else "welch"
    means = (float(a.mean()), float(b.mean()))
    return GroupTest(method, float(found.statistic), (float(found.df),), float(found.pvalue), means)


def mann_whitney(first: ArrayLike, second: ArrayLike, method: str = "asymptotic", continuity: bool = True) -> GroupTest:
    """Mann-Whitney's U of the first group (R's W); `method` asymptotic, or exact where there are no ties."""
    a, b = _groups([first, second])
    found = stats.mannwhitneyu(a, b, method=method, use_continuity=continuity)
    return GroupTest(
        "mann-whitney", float(found.statistic), (), float(found.pvalue), (float(np.median(a)), float(np.median(b)))
    )


def anova(*groups: ArrayLike) -> GroupTest:
    """One-way analysis of variance."""
    values = _varying(groups)
    found = stats.f_oneway(*values)
    df = (len(values) - 1, sum(map(len, values)) - len(values))
    means = tuple(float(each.mean()) for each in values)
    return GroupTest("anova", float(found.statistic), df, float(found.pvalue), means)


def kruskal(*groups: ArrayLike) -> GroupTest:
    """Kruskal and Wallis' test, with correction for ties."""
    values = _groups(groups)
    found = stats.kruskal(*values)
    medians = tuple(float(np.median(each)) for each in values)
    return GroupTest("kruskal", float(found.statistic), (len(values) - 1,), float(found.pvalue), medians)


def correlation(first: ArrayLike, second: ArrayLike, method: str = "pearson", level: float = 0.95) -> Correlation:
    """Correlation of two measurements of the same cases.

    Raises
    ------
    InputError : an unknown method, fewer than four cases, or a measurement that does not vary.
    """
    a, b = (np.asarray(each, np.float64).ravel() for each in (first, second))
    if len(a) != len(b) or len(a) < 4:
        raise InputError("correlation", f"of {len(a)} and {len(b)} values", "give at least four pairs")
    if method not in ("pearson", "spearman"):
        raise InputError("correlation", f"has no method {method!r}", "choose pearson or spearman")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise InputError("correlation", "of a value that is no number", "leave the case out")
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        raise InputError("correlation", "of a measurement that is the same in all cases", "leave it out")
    found = (stats.pearsonr if method == "pearson" else stats.spearmanr)(a, b)
    r = float(found.statistic)
    error = np.sqrt((1 if method == "pearson" else 1 + r**2 / 2) / (len(a) - 3))
    reach = stats.norm.ppf(0.5 + level / 2) * error
    with np.errstate(divide="ignore"):
        z = np.arctanh(r)
    interval = (float(np.tanh(z - reach)), float(np.tanh(z + reach)))
    return Correlation(method, r, interval, float(found.pvalue), len(a))


def _counts(table: ArrayLike) -> NDArray[np.float64]:
    counts = np.asarray(table, np.float64)
    if counts.ndim != 2 or min(counts.shape) < 2:
        raise InputError("table", f"is {' x '.join(map(str, counts.shape))}", "give at least 2 x 2 counts")
    if not np.isfinite(counts).all() or (counts < 0).any() or (counts != np.round(counts)).any():
        raise InputError("table", "holds something else than counts", "give whole numbers of cases, 0 or more")
    for axis, name in ((1, "row"), (0, "column")):
        empty = np.flatnonzero(counts.sum(axis=axis) == 0)
        if empty.size:
            raise InputError("table", f"{name} {empty[0] + 1} holds no case", f"leave the {name} out")
    return counts


def _expected(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()


def _groups(groups: Sequence[ArrayLike]) -> list[NDArray[np.float64]]:
    if len(groups) < 2:
        raise InputError("groups", f"are {len(groups)}", "give at least two")
    values = [np.asarray(group, np.float64).ravel() for group in groups]
    for number, each in enumerate(values, start=1):
        if len(each) < 2:
            raise InputError(f"group {number}", f"has {len(each)} values", "give at least two")
        if not np.isfinite(each).all():
            raise InputError(f"group {number}", "holds a value that is no number", "leave the case out")
    if np.ptp(np.concatenate(values)) == 0:
        raise InputError("groups", "have the same value in all cases", "there is nothing to test")
    return values


def _varying(groups: Sequence[ArrayLike]) -> list[NDArray[np.float64]]:
    values = _groups(groups)
    if all(np.ptp(each) == 0 for each in values):
        raise InputError("groups", "do not vary within themselves", "use a test of a table of counts")
    return values
