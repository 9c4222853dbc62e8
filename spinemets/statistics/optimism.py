"""What a logistic model's measures and calibration are worth on new cases, by the bootstrap.

Harrell's optimism correction, as rms has it in `validate` and `calibrate`: the model is fitted again to samples drawn
with replacement; what a measure loses from the sample to the original cases is taken from the apparent measure. Many
samples are fitted at once, by Newton's steps on stacked matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit, logit

from spinemets.errors import InputError
from spinemets.progress import Progress, silent
from spinemets.statistics.calibration import FEWEST_CASES, concordance, mean_brier, nagelkerke
from spinemets.statistics.logistic import WORST_CONDITION, logistic_regression
from spinemets.statistics.result import Result, labels_and_variables
from spinemets.statistics.smoothing import interpolated, lowess

# A coefficient of a standardised variable beyond this means that it separates the classes of a sample.
SEPARATION = 30.0
MEASURES = ("dxy", "r2", "intercept", "slope", "emax", "d", "u", "q", "brier", "g", "gp")
POINTS = 50
# Values in one stack of samples, 8 bytes each.
STACK = 200_000
NEWTON_STEPS = 60
RIDGE = 1e-10
HALVINGS = 30
CONVERGED = 1e-9


@dataclass(frozen=True)
class Corrected(Result):
    """A measure on the cases that the model was fitted to, and what is left of it on new ones."""

    apparent: float
    training: float
    test: float
    optimism: float
    corrected: float


@dataclass(frozen=True, eq=False)
class BootstrapValidation(Result):
    """A logistic model's measures and calibration, corrected for optimism.

    Attributes
    ----------
    measures : by name, rms's: dxy (2 AUC - 1), r2 (Nagelkerke), intercept and slope of calibration, emax by these two,
        Harrell's d, u and q, brier, Gini's mean difference g of the log odds and gp of the probabilities.
    predicted, apparent, corrected : (point,) the calibration curve: share of events at each predicted probability.
    repetitions, refused : samples drawn; of these without a fit, as one class or a variable's values were missing or
        the classes were separated. They are left out.
    mean_error : mean distance of the corrected curve from the predicted probability, over the cases.
    """

    measures: dict[str, Corrected]
    predicted: NDArray[np.float64]
    apparent: NDArray[np.float64]
    corrected: NDArray[np.float64]
    mean_error: float
    repetitions: int
    refused: int

    @property
    def auc(self) -> float:
        """The corrected AUC."""
        return (self.measures["dxy"].corrected + 1) / 2

    def __str__(self) -> str:
        told = [f"{name} {each.apparent:.4g} corrected to {each.corrected:.4g}" for name, each in self.measures.items()]
        apparent = (self.measures["dxy"].apparent + 1) / 2
        return "; ".join(
            [
                f"AUC {apparent:.4g} corrected to {self.auc:.4g}",
                *told,
                f"{self.repetitions} samples, {self.refused} refused",
            ]
        )

    def as_json(self) -> dict[str, Any]:
        """The fields, with the corrected AUC as the estimate."""
        return {"estimate": self.auc} | super().as_json()


def bootstrap_validation(
    labels: ArrayLike,
    variables: ArrayLike,
    names: Sequence[str] | None = None,
    repetitions: int = 1000,
    seed: int = 0,
    at: ArrayLike | None = None,
    progress: Progress = silent,
) -> BootstrapValidation:
    """Validate and calibrate a logistic regression; the same seed, the same result.

    Parameters
    ----------
    variables : (case, variable).
    at : predicted probabilities of the calibration curve; default: 50 from the fifth smallest to the fifth largest.

    Raises
    ------
    InputError : as `logistic_regression`; fewer than ten cases or samples; no sample that can be fitted.
    """
    positive, x, told = labels_and_variables(labels, variables, names)
    if len(positive) < FEWEST_CASES or repetitions < FEWEST_CASES:
        what = f"{len(positive)} cases" if len(positive) < FEWEST_CASES else f"{repetitions} samples"
        raise InputError("validation", f"of {what} says nothing", f"give at least {FEWEST_CASES}")
    logistic_regression(positive, x, told)
    design = np.column_stack([np.ones(len(x)), (x - x.mean(axis=0)) / x.std(axis=0)])
    samples = _Samples(design, positive.astype(np.float64), at)
    rng = np.random.default_rng(seed)
    size = max(1, STACK // len(x))
    done, parts = 0, []
    while done < repetitions:
        progress("validation", done, repetitions)
        count = min(size, repetitions - done)
        parts.append(samples.optimism(rng.integers(0, len(x), (count, len(x)))))
        done += count
    progress("validation", repetitions, repetitions)
    measures, curves = (np.concatenate([part[k] for part in parts], axis=1) for k in (0, 1))
    if not measures.shape[1]:
        raise InputError("validation", "finds no sample that can be fitted", "give more cases or fewer variables")
    corrected = _corrected_curve(samples.curve, curves)
    probability = expit(design @ samples.beta)
    inside = interpolated(samples.at, corrected, probability)
    error = float(np.nanmean(np.abs(inside - probability)))
    refused = repetitions - measures.shape[1]
    table = _corrected_measures(samples.apparent, measures)
    return BootstrapValidation(table, samples.at, samples.curve, corrected, error, repetitions, refused)


class _Samples:
    """The original cases, and what samples of them make of a model."""

    def __init__(self, design: NDArray[np.float64], y: NDArray[np.float64], at: ArrayLike | None) -> None:
        self._design, self._y = design, y
        self._weights = np.ones((1, len(y)))
        beta, deviance, _ = _fitted(design[np.newaxis], y, self._weights, np.zeros((1, design.shape[1])))
        self.beta = beta[0]
        odds = design @ self.beta
        p = np.sort(expit(odds))
        self.at = np.linspace(p[4], p[-5], POINTS) if at is None else np.asarray(at, np.float64)
        self.curve = self._curve(odds, y)
        self.apparent = _measures(odds[np.newaxis], y[np.newaxis], deviance, np.zeros(1), np.ones(1), None)[:, 0]

    def _curve(self, odds: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        return interpolated(*lowess(expit(odds), y), self.at)

    def optimism(self, drawn: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Measures (training or test, sample, measure) and curves (training or test, sample, point) of samples that
        can be fitted; `drawn` (sample, case) are the numbers of their cases.
        """
        y, n = self._y, len(self._y)
        weights = np.stack([np.bincount(each, minlength=n) for each in drawn]).astype(np.float64)
        events = weights @ y
        both = (events > 0) & (events < n)
        drawn, weights = drawn[both], weights[both]
        start = np.tile(self.beta, (len(drawn), 1))
        beta, deviance, good = _fitted(self._design[np.newaxis], y, weights, start)
        # Where a model separates the original cases, it has no calibration there.
        test = beta @ self._design.T
        stacked = np.stack([np.ones_like(test), test], axis=2)
        again, test_deviance, fine = _fitted(stacked, y, np.ones_like(test), np.tile([0.0, 1.0], (len(test), 1)))
        good &= fine
        drawn, test, again = drawn[good], test[good], again[good]
        training, y_training = np.take_along_axis(test, drawn, axis=1), y[drawn]
        y_test = np.broadcast_to(y, test.shape)
        ones = np.ones(len(test))
        measures = np.stack(
            [
                _measures(training, y_training, deviance[good], 0 * ones, ones, None),
                _measures(test, y_test, test_deviance[good], again[:, 0], again[:, 1], _given(test, y)),
            ]
        ).transpose(0, 2, 1)
        curves = [
            [self._curve(odds, truth) for odds, truth in zip(*pair)]
            for pair in ((training, y_training), (test, y_test))
        ]
        return measures, np.array(curves).reshape(2, len(test), len(self.at))


def _fitted(
    design: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64], start: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Coefficients (sample, term), deviances and whether each fit has an answer.

    `design` is (sample or 1, case, term), `weights` (sample, case) says how often a sample has a case.
    """
    beta, good = start.copy(), np.ones(len(start), bool)
    terms = beta.shape[1]
    deviance = _deviances(_odds(design, beta), y, weights)
    for _ in range(NEWTON_STEPS):
        p = expit(_odds(design, beta))
        information = _products(design, weights * p * (1 - p))
        information[:, range(terms), range(terms)] += RIDGE
        pull = np.einsum("bi,bip->bp", weights * (y - p), np.broadcast_to(design, (len(beta), *design.shape[1:])))
        step = np.linalg.solve(information, pull[..., np.newaxis])[..., 0]
        step[~good] = 0
        for _ in range(HALVINGS):
            trial = _deviances(_odds(design, beta + step), y, weights)
            worse = trial > deviance * (1 + 1e-12) + 1e-12
            if not worse.any():
                break
            step[worse] /= 2
        beta, deviance = beta + step, trial
        good &= np.abs(beta).max(axis=1) < SEPARATION
        if np.abs(step).max(initial=0) < CONVERGED:
            break
    # Not as the ridge has made it, which steadies the steps and leaves their end where it is.
    information[:, range(terms), range(terms)] -= RIDGE
    return beta, deviance, good & (np.linalg.cond(information) < WORST_CONDITION)


def _odds(design: NDArray[np.float64], beta: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(design) == 1:
        return np.asarray(beta @ design[0].T)
    return np.asarray((design @ beta[..., np.newaxis])[..., 0])


def _products(design: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """X' W X of each sample (sample, term, term)."""
    terms = design.shape[2]
    if len(design) == 1:
        pairs = (design[0][:, :, np.newaxis] * design[0][:, np.newaxis, :]).reshape(design.shape[1], -1)
        return np.asarray((weights @ pairs).reshape(-1, terms, terms))
    return np.asarray(design.transpose(0, 2, 1) @ (design * weights[..., np.newaxis]))


def _deviances(odds: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(2 * (weights * (np.logaddexp(0, odds) - y * odds)).sum(axis=1))


def _given(odds: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Deviance of the log odds as they are."""
    return np.asarray(-2 * (y * log_expit(odds) + (1 - y) * log_expit(-odds)).sum(axis=1))


def _measures(
    odds: NDArray[np.float64],
    y: NDArray[np.float64],
    deviance: NDArray[np.float64],
    intercept: NDArray[np.float64],
    slope: NDArray[np.float64],
    given: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """The measures (measure, sample) of log odds (sample, case); `given` their deviance before recalibration."""
    n = y.shape[1]
    share = y.mean(axis=1)
    null = -2 * n * (share * np.log(share) + (1 - share) * np.log(1 - share))
    gain = null - deviance
    d = (gain - 1) / n
    u = np.full(len(y), -2 / n) if given is None else (given - deviance - 2) / n
    line = intercept[:, np.newaxis] + slope[:, np.newaxis] * odds
    dxy = np.array([2 * concordance(truth > 0.5, each) - 1 for truth, each in zip(y, odds)])
    r2, brier = nagelkerke(gain, null, n), mean_brier(y, odds)
    g, gp = _mean_difference(np.abs(slope)[:, np.newaxis] * odds), _mean_difference(expit(line))
    return np.stack([dxy, r2, intercept, slope, np.zeros(len(y)), d, u, d - u, brier, g, gp])


def _mean_difference(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gini's: the mean distance of all pairs, over the last axis."""
    n = values.shape[-1]
    return np.asarray(np.sort(values, axis=-1) @ (4 * np.arange(n) - 2 * (n - 1)) / (n * (n - 1)))


def _corrected_measures(apparent: NDArray[np.float64], measures: NDArray[np.float64]) -> dict[str, Corrected]:
    training, test = measures.mean(axis=1)
    optimism = training - test
    found = {
        name: Corrected(*map(float, (apparent[k], training[k], test[k], optimism[k], apparent[k] - optimism[k])))
        for k, name in enumerate(MEASURES)
    }
    emax = _largest_error(found["intercept"].corrected, found["slope"].corrected)
    return found | {"emax": Corrected(0.0, 0.0, emax, emax, emax)}


def _largest_error(intercept: float, slope: float) -> float:
    """Largest distance between a probability and what a calibration line makes of it."""
    p = np.arange(1, 2000) / 2000
    return float(np.abs(p - expit(intercept + slope * logit(p))).max())


def _corrected_curve(apparent: NDArray[np.float64], curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where a sample does not reach a probability, it has no say there."""
    optimism = curves[0] - curves[1]
    counts = np.isfinite(optimism).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(apparent - np.where(counts > 0, np.nansum(optimism, axis=0) / counts, np.nan))
