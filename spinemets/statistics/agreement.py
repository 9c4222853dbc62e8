"""Agreement of raters: intraclass correlation for numbers, kappa for categories.

ICC after McGraw and Wong, Psychol Methods 1 (1996) 30, intervals as R's psych has them; kappa after Cohen and Fleiss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import f, norm

from spinemets.errors import InputError
from spinemets.statistics.result import Result, plain

ICC_FORMS = ("1,1", "2,1", "3,1", "1,k", "2,k", "3,k")
POWERS = {"linear": 1, "quadratic": 2}


@dataclass(frozen=True, eq=False)
class IntraclassCorrelation(Result):
    """ICC with interval and the F test that it is 0; numbers for one feature, arrays for several.

    `form`: 1 one-way random, 2 two-way random for absolute agreement, 3 two-way mixed for consistency; 1 of a single
    rating, k of the mean of all.
    """

    form: str
    estimate: float | NDArray[np.float64]
    lower: float | NDArray[np.float64]
    upper: float | NDArray[np.float64]
    statistic: float | NDArray[np.float64]
    df: tuple[int, int]
    p: float | NDArray[np.float64]

    @property
    def interval(self) -> tuple[float | NDArray[np.float64], float | NDArray[np.float64]]:
        """Lower and upper end."""
        return self.lower, self.upper

    def as_json(self) -> dict[str, Any]:
        """The fields, with the interval in one."""
        return super().as_json() | {"interval": plain(self.interval)}

    def __str__(self) -> str:
        if np.ndim(self.estimate):
            known = np.asarray(self.estimate)
            return f"ICC({self.form}) of {known.size} features, median {np.nanmedian(known):.4g}"
        return (
            f"ICC({self.form}) {self.estimate:.4g} ({self.lower:.4g} to {self.upper:.4g}), F {self.statistic:.4g} with "
            f"{self.df[0]} and {self.df[1]} degrees of freedom, p {self.p:.3g}"
        )


@dataclass(frozen=True)
class Kappa(Result):
    """Kappa with its standard error and interval; `weights` none, linear or quadratic, or Fleiss' of several raters."""

    estimate: float
    standard_error: float
    interval: tuple[float, float]
    weights: str
    subjects: int


def icc(ratings: ArrayLike, form: str = "2,1", level: float = 0.95) -> IntraclassCorrelation:
    """Intraclass correlation; 1 with the interval 1 to 1 where raters never differ, nan where subjects do not either.

    Parameters
    ----------
    ratings : (subject, rater), or (subject, rater, feature) for many at once.

    Raises
    ------
    InputError : an unknown form, fewer than two subjects or raters, or a missing rating.
    """
    if form not in ICC_FORMS:
        raise InputError("ICC", f"has no form {form!r}", f"choose one of {'; '.join(ICC_FORMS)}")
    values = np.asarray(ratings, np.float64)
    single = values.ndim == 2
    values = values[:, :, np.newaxis] if single else values
    n, k = values.shape[:2]
    if n < 2 or k < 2:
        raise InputError("ratings", f"are {n} subjects by {k} raters", "give at least two of each")
    if not np.isfinite(values).all():
        raise InputError("ratings", "have a missing value", "leave the subject out, or complete it")
    between, within, raters, error = _mean_squares(values)
    model, averaged = form[0], form.endswith("k")
    with np.errstate(divide="ignore", invalid="ignore"):
        *found, df = _forms[model](between, within, raters, error, n, k, averaged, (1 - level) / 2)
    perfect = (within == 0) & (between > 0)
    found = [*(np.where(perfect, 1.0, each) for each in found[:3]), np.where(perfect, np.inf, found[3])]
    estimate, lower, upper, statistic = (float(each[0]) if single else each for each in found)
    p = f.sf(statistic, *df)
    return IntraclassCorrelation(form, estimate, lower, upper, statistic, df, p)


def _mean_squares(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Between subjects, within subjects, between raters, and residual."""
    n, k = values.shape[:2]
    grand = values.mean(axis=(0, 1))
    by_subject, by_rater = values.mean(axis=1), values.mean(axis=0)
    between = k * np.square(by_subject - grand).sum(axis=0) / (n - 1)
    within = np.square(values - by_subject[:, np.newaxis]).sum(axis=(0, 1)) / (n * (k - 1))
    raters = n * np.square(by_rater - grand).sum(axis=0) / (k - 1)
    left = values - by_subject[:, np.newaxis] - by_rater[np.newaxis] + grand
    error = np.square(left).sum(axis=(0, 1)) / ((n - 1) * (k - 1))
    return between, within, raters, error


def _one_way(between, within, raters, error, n, k, averaged, tail):  # type: ignore[no-untyped-def]
    statistic = between / within
    df = (n - 1, n * (k - 1))
    low, high = statistic / f.ppf(1 - tail, *df), statistic * f.ppf(1 - tail, df[1], df[0])
    if averaged:
        return (between - within) / between, 1 - 1 / low, 1 - 1 / high, statistic, df
    estimate = (between - within) / (between + (k - 1) * within)
    return estimate, (low - 1) / (low + k - 1), (high - 1) / (high + k - 1), statistic, df


def _two_way_consistency(between, within, raters, error, n, k, averaged, tail):  # type: ignore[no-untyped-def]
    statistic = between / error
    df = (n - 1, (n - 1) * (k - 1))
    low, high = statistic / f.ppf(1 - tail, *df), statistic * f.ppf(1 - tail, df[1], df[0])
    if averaged:
        return (between - error) / between, 1 - 1 / low, 1 - 1 / high, statistic, df
    estimate = (between - error) / (between + (k - 1) * error)
    return estimate, (low - 1) / (low + k - 1), (high - 1) / (high + k - 1), statistic, df


def _two_way_agreement(between, within, raters, error, n, k, averaged, tail):  # type: ignore[no-untyped-def]
    """McGraw and Wong's case 2A, with Satterthwaite's degrees of freedom in the interval."""
    statistic = between / error
    df = (n - 1, (n - 1) * (k - 1))
    single = (between - error) / (between + (k - 1) * error + k * (raters - error) / n)
    ratio = raters / error
    v = (k - 1) * (n - 1) * np.square(k * single * ratio + n * (1 + (k - 1) * single) - k * single)
    v = v / ((n - 1) * k**2 * single**2 * ratio**2 + np.square(n * (1 + (k - 1) * single) - k * single))
    top, bottom = f.ppf(1 - tail, n - 1, v), f.ppf(1 - tail, v, n - 1)
    slack = k * raters + (k * n - k - n) * error
    low = n * (between - top * error) / (top * slack + n * between)
    high = n * (bottom * between - error) / (slack + n * bottom * between)
    if not averaged:
        return single, low, high, statistic, df
    estimate = (between - error) / (between + (raters - error) / n)
    return estimate, k * low / (1 + (k - 1) * low), k * high / (1 + (k - 1) * high), statistic, df


_forms = {"1": _one_way, "2": _two_way_agreement, "3": _two_way_consistency}


def cohen_kappa(first: ArrayLike, second: ArrayLike, weights: str = "none", level: float = 0.95) -> Kappa:
    """Kappa of two raters, with the large-sample variance of Fleiss, Cohen and Everitt (1969).

    Parameters
    ----------
    weights : "none", or for categories in order "linear" or "quadratic": how a difference of ranks counts.

    Raises
    ------
    InputError : lengths differ, a rating is missing, or only one category was ever used.
    """
    a, b = _categories(first), _categories(second)
    if a.shape != b.shape or not a.size:
        raise InputError("ratings", f"are {a.size} and {b.size}", "give both raters' scores of the same subjects")
    categories, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    count = len(categories)
    if count < 2:
        raise InputError("ratings", "use one category only", "kappa needs at least two")
    shares = np.zeros((count, count))
    np.add.at(shares, (codes[: a.size], codes[a.size :]), 1 / a.size)
    steps = np.arange(count)
    if weights not in ("none", *POWERS):
        raise InputError("weights", f"are {weights!r}", "choose none, linear or quadratic")
    apart = np.abs(steps[:, None] - steps) / (count - 1)
    worth = np.eye(count) if weights == "none" else 1 - apart ** POWERS[weights]
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    observed, expected = float((worth * shares).sum()), float((worth * np.outer(rows, columns)).sum())
    estimate = (observed - expected) / (1 - expected)
    by_row, by_column = worth @ columns, worth.T @ rows
    spread = worth - (by_row[:, None] + by_column[None, :]) * (1 - estimate)
    variance = float((shares * spread**2).sum() - (estimate - expected * (1 - estimate)) ** 2)
    error = float(np.sqrt(max(variance, 0) / a.size)) / (1 - expected)
    reach = float(norm.ppf(0.5 + level / 2)) * error
    return Kappa(estimate, error, _interval(estimate, reach), weights, int(a.size))


def _interval(estimate: float, reach: float) -> tuple[float, float]:
    """Cut where a kappa ends."""
    return max(-1.0, estimate - reach), min(1.0, estimate + reach)


def _categories(ratings: ArrayLike) -> NDArray[Any]:
    values = np.asarray(ratings)
    missing = [
        n for n, each in enumerate(values.ravel().tolist()) if each is None or each in ("", np.nan) or each != each
    ]
    if missing:
        row = missing[0] // (values.shape[1] if values.ndim == 2 else 1)
        raise InputError("rating", f"of subject {row + 1} is missing", "leave the subject out, or complete it")
    return values


def fleiss_kappa(ratings: ArrayLike, level: float = 0.95) -> Kappa:
    """Kappa of several raters (subject, rater); the standard error is that under no agreement (Fleiss 1979).

    Raises
    ------
    InputError : fewer than two raters, a missing rating, or only one category was ever used.
    """
    values = _categories(ratings)
    if values.ndim != 2 or values.shape[1] < 2:
        raise InputError("ratings", "have fewer than two raters", "give one column a rater")
    subjects, raters = values.shape
    categories, codes = np.unique(values, return_inverse=True)
    if len(categories) < 2:
        raise InputError("ratings", "use one category only", "kappa needs at least two")
    counts = np.zeros((subjects, len(categories)))
    np.add.at(counts, (np.repeat(np.arange(subjects), raters), codes.ravel()), 1)
    share = counts.sum(axis=0) / counts.sum()
    observed = float(((counts**2).sum() - counts.sum()) / (subjects * raters * (raters - 1)))
    expected = float((share**2).sum())
    estimate = (observed - expected) / (1 - expected)
    chance = float((share * (1 - share)).sum())
    skew = float((share * (1 - share) * (1 - 2 * share)).sum())
    error = float(np.sqrt(2 * (chance**2 - skew) / (subjects * raters * (raters - 1)))) / chance
    reach = float(norm.ppf(0.5 + level / 2)) * error
    return Kappa(estimate, error, _interval(estimate, reach), "Fleiss", subjects)
