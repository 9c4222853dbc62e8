"""Whether probabilities are what they say: measures of R's `val.prob`, a smooth curve, Hosmer and Lemeshow's test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit, logit
from scipy.stats import chi2, norm

from spinemets.errors import InputError
from spinemets.statistics.logistic import fit_with_offset, logistic_regression
from spinemets.statistics.result import Result, labels_and_scores
from spinemets.statistics.smoothing import interpolated, lowess

FEWEST_CASES = 10


@dataclass(frozen=True)
class Calibration(Result):
    """Measures of given probabilities, as rms::val.prob names them.

    Attributes
    ----------
    slope, intercept : of the logistic regression on the log odds; 1 and 0 when the probabilities are right. The slope
        is below 1 when they are too extreme.
    in_the_large : the intercept with the slope held at 1; above 0 when the probabilities are too low.
    brier, r2 : mean squared error, Nagelkerke's R2.
    c, dxy : AUC, and 2 AUC - 1.
    discrimination, unreliability, quality : Harrell's D, U and Q = D - U, with the tests of the first two.
    emax, e90, eavg : largest, 90 % quantile of, and mean distance between probability and the smooth curve.
    spiegelhalter_z, spiegelhalter_p : test that the probabilities are right.
    """

    slope: float
    intercept: float
    in_the_large: float
    brier: float
    r2: float
    c: float
    dxy: float
    discrimination: float
    discrimination_chi_square: float
    discrimination_p: float
    unreliability: float
    unreliability_chi_square: float
    unreliability_p: float
    quality: float
    emax: float
    e90: float
    eavg: float
    spiegelhalter_z: float
    spiegelhalter_p: float
    cases: int
    events: int


@dataclass(frozen=True, eq=False)
class CalibrationCurve(Result):
    """Share of events (point,) at each predicted probability, by a lowess curve; nan outside the cases' range."""

    predicted: NDArray[np.float64]
    observed: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HosmerLemeshow(Result):
    """Chi-square over groups of rising probability; the groups' cases, events and expected events stand by it."""

    statistic: float
    df: int
    p: float
    cases: NDArray[np.int_]
    observed: NDArray[np.int_]
    expected: NDArray[np.float64]


def probabilities_of(labels: ArrayLike, probabilities: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Labels as 0.0 and 1.0 and probabilities, checked.

    Raises
    ------
    InputError : as `labels_and_scores`; a value outside 0 to 1.
    """
    positive, (p,) = labels_and_scores(labels, probabilities)
    outside = np.flatnonzero((p < 0) | (p > 1))
    if outside.size:
        n = int(outside[0])
        raise InputError("probability", f"of case {n + 1} is {p[n]:g}", "give values from 0 to 1")
    return positive.astype(np.float64), p


def calibration(labels: ArrayLike, probabilities: ArrayLike) -> Calibration:
    """How good probabilities are that were made elsewhere.

    Raises
    ------
    InputError : probabilities of 0 or 1 (no log odds), all the same, or that separate the classes without fault; fewer
        than ten cases.
    """
    y, p = probabilities_of(labels, probabilities)
    n = len(y)
    if n < FEWEST_CASES:
        raise InputError("calibration", f"of {n} cases says nothing", f"give at least {FEWEST_CASES}")
    sure = np.flatnonzero((p == 0) | (p == 1))
    if sure.size:
        why = f"of case {sure[0] + 1} is {p[sure[0]]:g}, which has no log odds"
        raise InputError("probability", why, "give values between 0 and 1, such as 0.001")
    odds = logit(p)
    fit = logistic_regression(y, odds[:, np.newaxis], ["probability"])
    shift, _ = fit_with_offset(np.ones((n, 1)), y, odds, ["intercept"])
    given = float(-2 * (y * log_expit(odds) + (1 - y) * log_expit(-odds)).sum())
    # Of the probabilities as they are, not of what recalibration would make of them.
    gain = fit.null_deviance - given
    d, u = (gain - 1) / n, (given - fit.deviance - 2) / n
    area = concordance(y > 0.5, odds)
    error = np.abs(p - interpolated(*lowess(p, y), p, mean_of_ties=True))
    z = float(((y - p) * (1 - 2 * p)).sum() / np.sqrt((np.square(1 - 2 * p) * p * (1 - p)).sum()))
    return Calibration(
        float(fit.coefficients[1]),
        float(fit.coefficients[0]),
        float(shift[0]),
        float(np.square(p - y).mean()),
        float(nagelkerke(gain, fit.null_deviance, n)),
        area,
        2 * area - 1,
        d,
        gain,
        float(chi2.sf(gain, 1)),
        u,
        given - fit.deviance,
        float(chi2.sf(given - fit.deviance, 2)),
        d - u,
        float(error.max()),
        float(np.quantile(error, 0.9)),
        float(error.mean()),
        z,
        float(2 * norm.sf(abs(z))),
        n,
        int(y.sum()),
    )


def calibration_curve(labels: ArrayLike, probabilities: ArrayLike, at: ArrayLike | None = None) -> CalibrationCurve:
    """The smooth curve of R's `val.prob`; `at` the probabilities wanted, else those of the cases, in order."""
    y, p = probabilities_of(labels, probabilities)
    if len(y) < FEWEST_CASES:
        raise InputError("calibration", f"of {len(y)} cases says nothing", f"give at least {FEWEST_CASES}")
    wanted = np.unique(p) if at is None else np.asarray(at, np.float64)
    return CalibrationCurve(wanted, interpolated(*lowess(p, y), wanted))


def hosmer_lemeshow(labels: ArrayLike, probabilities: ArrayLike, groups: int = 10) -> HosmerLemeshow:
    """Hosmer and Lemeshow's test, as R's ResourceSelection has it.

    Groups end at the quantiles of the probabilities (type 7, closed on the right); equal probabilities stay together,
    so that there may be fewer groups, while the degrees of freedom stay `groups` - 2.

    Raises
    ------
    InputError : fewer than three groups or more than cases, or fewer than two left.
    """
    y, p = probabilities_of(labels, probabilities)
    if not 3 <= groups <= len(y):
        raise InputError("groups", f"are {groups} for {len(y)} cases", "choose 3 or more, and no more than cases")
    ends = np.unique(np.quantile(p, np.linspace(0, 1, groups + 1)))
    if len(ends) < 3:
        raise InputError("probability", "is much the same in all cases", "there is nothing to group")
    group = np.clip(np.searchsorted(ends, p, "left"), 1, len(ends) - 1) - 1
    cases = np.bincount(group, minlength=len(ends) - 1)
    observed = np.asarray(np.bincount(group, weights=y, minlength=len(ends) - 1), np.float64)
    expected = np.asarray(np.bincount(group, weights=p, minlength=len(ends) - 1), np.float64)
    if (cases == 0).any():
        raise InputError("groups", f"are {groups}, and one is empty", "choose fewer")
    variance = expected * (1 - expected / cases)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(observed == expected, 0.0, np.square(observed - expected) / variance)
    statistic = float(parts.sum())
    p_value = float(chi2.sf(statistic, groups - 2))
    return HosmerLemeshow(statistic, groups - 2, p_value, cases, observed.astype(np.int_), expected)


def concordance(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """AUC of checked arrays, ties counting half."""
    well, sick = np.sort(scores[~positive]), scores[positive]
    wins = np.searchsorted(well, sick, "left").sum() + np.searchsorted(well, sick, "right").sum()
    return float(wins) / (2 * len(well) * len(sick))


def nagelkerke(gain: ArrayLike, null_deviance: ArrayLike, cases: int) -> NDArray[np.float64]:
    """Nagelkerke's R2 from the likelihood ratio chi-square and the deviance without variables."""
    gain, null_deviance = np.asarray(gain, np.float64), np.asarray(null_deviance, np.float64)
    return np.asarray(np.expm1(-gain / cases) / np.expm1(-null_deviance / cases))


def mean_brier(labels: NDArray[np.float64], odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean squared error of probabilities, over the last axis of log odds (..., case)."""
    return np.asarray(np.square(expit(odds) - labels).mean(axis=-1))
