"""Proportions with intervals, and the table of a diagnostic test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta, binom, chi2, norm

from spinemets.errors import InputError
from spinemets.statistics.result import Result, labels_and_scores


@dataclass(frozen=True)
class Proportion(Result):
    """A share of cases, with Wilson's score interval and the exact one of Clopper and Pearson; nan of no cases."""

    estimate: float
    wilson: tuple[float, float]
    exact: tuple[float, float]
    successes: int
    total: int


@dataclass(frozen=True)
class DiagnosticTable(Result):
    """What a threshold makes of the cases."""

    sensitivity: Proportion
    specificity: Proportion
    ppv: Proportion
    npv: Proportion
    accuracy: Proportion
    f1: float
    youden: float
    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int


@dataclass(frozen=True)
class PairedProportions(Result):
    """McNemar's test of two readings of the same cases: chi-square, and exact from the binomial."""

    statistic: float
    df: int
    p: float
    exact_p: float
    continuity: bool


def proportion(successes: int, total: int, level: float = 0.95) -> Proportion:
    """A share with its intervals.

    Raises
    ------
    InputError : more successes than cases, or a negative number.
    """
    if not 0 <= successes <= total:
        raise InputError("proportion", f"is {successes} of {total}", "give counts with 0 <= successes <= total")
    if total == 0:
        return Proportion(float("nan"), (0.0, 1.0), (0.0, 1.0), 0, 0)
    share, z = successes / total, float(norm.ppf(0.5 + level / 2))
    middle = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    reach = z / (1 + z**2 / total) * float(np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2)))
    tail = 0.5 - level / 2
    low = 0.0 if successes == 0 else float(beta.ppf(tail, successes, total - successes + 1))
    high = 1.0 if successes == total else float(beta.ppf(1 - tail, successes + 1, total - successes))
    wilson = (0.0 if successes == 0 else middle - reach, 1.0 if successes == total else middle + reach)
    return Proportion(share, wilson, (low, high), successes, total)


def diagnostic_table(labels: ArrayLike, scores: ArrayLike, threshold: float, level: float = 0.95) -> DiagnosticTable:
    """Sensitivity and the like of a threshold; a case is positive when its score is at least the threshold."""
    positive, (values,) = labels_and_scores(labels, scores)
    called = values >= threshold
    tp, fp = int(np.sum(called & positive)), int(np.sum(called & ~positive))
    fn, tn = int(np.sum(~called & positive)), int(np.sum(~called & ~positive))
    return table_of_counts(tp, fp, tn, fn, level)


def table_of_counts(tp: int, fp: int, tn: int, fn: int, level: float = 0.95) -> DiagnosticTable:
    """The same from the four counts."""
    sensitivity, specificity = proportion(tp, tp + fn, level), proportion(tn, tn + fp, level)
    return DiagnosticTable(
        sensitivity,
        specificity,
        proportion(tp, tp + fp, level),
        proportion(tn, tn + fn, level),
        proportion(tp + tn, tp + fp + tn + fn, level),
        2 * tp / (2 * tp + fp + fn) if tp + fp + fn else float("nan"),
        sensitivity.estimate + specificity.estimate - 1,
        tp,
        fp,
        tn,
        fn,
    )


def mcnemar(table: ArrayLike, continuity: bool = True) -> PairedProportions:
    """McNemar's test of a 2 x 2 table of paired readings.

    Raises
    ------
    InputError : the table is not 2 x 2.
    """
    counts = np.asarray(table, np.float64)
    if counts.shape != (2, 2):
        raise InputError("table", f"is {' x '.join(map(str, counts.shape))}", "give 2 x 2 counts")
    b, c = float(counts[0, 1]), float(counts[1, 0])
    if b + c == 0:
        return PairedProportions(0.0, 1, 1.0, 1.0, continuity)
    # As R: the correction never turns the difference round.
    statistic = max(abs(b - c) - (1 if continuity else 0), 0) ** 2 / (b + c)
    exact = min(1.0, 2 * float(binom.cdf(min(b, c), b + c, 0.5)))
    return PairedProportions(statistic, 1, float(chi2.sf(statistic, 1)), exact, continuity)
