"""Whether more patients would make a model better: its AUC on unseen cases for growing cohorts.

The inverse power law AUC(n) = limit - loss n^-rate is fitted to the means; Figueroa et al., BMC Med Inform Decis Mak 12
(2012) 8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from spinemets.errors import InputError
from spinemets.progress import Progress, silent
from spinemets.statistics.calibration import concordance
from spinemets.statistics.logistic import logistic_regression
from spinemets.statistics.result import Result, labels_and_variables

SHARES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
REPETITIONS = 50
FASTEST = 5.0

Fit = Callable[[NDArray[np.float64], NDArray[np.int_]], Callable[[NDArray[np.float64]], ArrayLike]]


@dataclass(frozen=True, eq=False)
class LearningCurve(Result):
    """AUC on the cases that were left out, by the number of cases that the model was fitted to.

    Attributes
    ----------
    sizes : (size,) cases fitted to.
    estimate, standard_deviation : (size,) mean and spread of the AUC over the repetitions; nan where none has a fit.
    fits : (size,) repetitions that have a fit; the others were refused, as where the classes are separated.
    limit, loss, rate : of the inverse power law; nan with fewer than three sizes.
    """

    sizes: NDArray[np.int_]
    estimate: NDArray[np.float64]
    standard_deviation: NDArray[np.float64]
    fits: NDArray[np.int_]
    limit: float
    loss: float
    rate: float
    repetitions: int

    def expected(self, cases: ArrayLike) -> NDArray[np.float64]:
        """The AUC that the power law expects of a model fitted to so many cases."""
        return np.asarray(self.limit - self.loss * np.asarray(cases, np.float64) ** -self.rate)

    def __str__(self) -> str:
        told = [
            f"{size} cases {mean:.3f} (SD {sd:.3f})"
            for size, mean, sd in zip(self.sizes, self.estimate, self.standard_deviation)
        ]
        largest = int(self.sizes[-1])
        return f"AUC of {', '.join(told)}; {2 * largest} cases would give about {float(self.expected(2 * largest)):.3f}"


def learning_curve(
    labels: ArrayLike,
    variables: ArrayLike,
    fit: Fit | None = None,
    patients: ArrayLike | None = None,
    shares: ArrayLike = SHARES,
    repetitions: int = REPETITIONS,
    seed: int = 0,
    progress: Progress = silent,
) -> LearningCurve:
    """Fit to random parts of the cohort and measure on the rest.

    Parameters
    ----------
    variables : (case, variable).
    fit : takes variables and labels, gives a function from variables to scores; default: logistic regression.
    patients : (case,) who a case belongs to; nobody's cases are on both sides. Default: each case is a patient.
    shares : of the patients, between 0 and 1, rising.

    Raises
    ------
    InputError : shares out of range; fewer than two patients of a class to fit to or to measure on; no fit at all.
    """
    positive, x, _ = labels_and_variables(labels, variables)
    parts = np.asarray(shares, np.float64)
    if not parts.size or not ((parts > 0) & (parts < 1)).all() or (np.diff(parts) <= 0).any():
        raise InputError("shares", "are not rising between 0 and 1", "give such as 0.2, 0.5, 0.8")
    owner = np.arange(len(positive)) if patients is None else np.unique(np.asarray(patients), return_inverse=True)[1]
    strata = _strata(owner, positive)
    rng = np.random.default_rng(seed)
    areas = np.full((len(parts), repetitions), np.nan)
    sizes = np.zeros((len(parts), repetitions))
    for turn in range(repetitions):
        progress("learning curve", turn, repetitions)
        shuffled = [rng.permutation(stratum) for stratum in strata]
        for row, part in enumerate(parts):
            inside = np.isin(owner, np.concatenate([each[: round(part * len(each))] for each in shuffled]))
            sizes[row, turn] = inside.sum()
            areas[row, turn] = _area(x, positive, inside, fit or _logistic)
    progress("learning curve", repetitions, repetitions)
    fits = np.isfinite(areas).sum(axis=1)
    if not fits.any():
        raise InputError("learning curve", "has no fit at any size", "give more cases or fewer variables")
    some = fits > 0
    mean, spread = np.full(len(parts), np.nan), np.full(len(parts), np.nan)
    mean[some], spread[some] = np.nanmean(areas[some], axis=1), np.nanstd(areas[some], axis=1)
    cases = np.rint(sizes.mean(axis=1)).astype(int)
    return LearningCurve(cases, mean, spread, fits, *_power_law(cases[some], mean[some]), repetitions)


def _strata(owner: NDArray[np.intp], positive: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Patients with a positive case, and those without."""
    sick = np.unique(owner[positive])
    well = np.setdiff1d(owner, sick)
    for patients in (sick, well):
        if len(patients) < 4:
            raise InputError("label", f"has {len(patients)} patients of a class", "give at least four of both classes")
    return [sick, well]


def _area(x: NDArray[np.float64], positive: NDArray[np.bool_], inside: NDArray[np.bool_], fit: Fit) -> float:
    """AUC on the cases outside; nan where a class is missing on a side or the model is refused."""
    for side in (positive[inside], positive[~inside]):
        if side.all() or not side.any():
            return float("nan")
    try:
        scores = fit(x[inside], positive[inside].astype(int))(x[~inside])
    except InputError:
        return float("nan")
    return concordance(positive[~inside], np.asarray(scores, np.float64))


def _logistic(x: NDArray[np.float64], y: NDArray[np.int_]) -> Callable[[NDArray[np.float64]], ArrayLike]:
    return logistic_regression(y, x).predict


def _power_law(sizes: NDArray[np.int_], means: NDArray[np.float64]) -> tuple[float, float, float]:
    """Limit, loss and rate; the limit lies between the best mean and 1, and cases never harm."""
    if len(sizes) < 3:
        return float("nan"), float("nan"), float("nan")

    def errors(law: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(law[0] - law[1] * (sizes / sizes[0]) ** -law[2] - means)

    best = float(means.max())
    low, high = (min(best, 1 - 1e-9), 0.0, 1e-3), (1.0, 1.0, FASTEST)
    start = (min(best + 1e-3, 1.0), max(best - float(means[0]), 1e-3), 1.0)
    limit, loss, rate = least_squares(errors, np.clip(start, low, high), bounds=(low, high)).x
    return float(limit), float(loss * float(sizes[0]) ** rate), float(rate)
