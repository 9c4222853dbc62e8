"""Logistic regression by iteratively reweighted least squares, with Wald and profile likelihood intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, linprog
from scipy.special import expit, log_expit
from scipy.stats import chi2, norm

from spinemets.errors import InputError
from spinemets.statistics.result import Result, labels_and_variables

ITERATIONS = 100
CONVERGED = 1e-12
# Log odds of a case beyond which it is asked whether the classes are separated.
DOUBTFUL = 12.0
WORST_CONDITION = 1e14
# What the cases' distances from the border add up to, of columns no larger than 1.
SEPARATED = 1e-6


@dataclass(frozen=True, eq=False)
class LogisticModel(Result):
    """A fitted model; the intercept comes first.

    Attributes
    ----------
    names : of the terms.
    coefficients, standard_errors, z, p : (term,).
    odds_ratios, wald, profile : (term,), (term, 2) and (term, 2): odds ratios and their two intervals; profile is nan
        where it was not asked for.
    deviance, null_deviance, aic : of the fit.
    covariance : (term, term).
    """

    names: tuple[str, ...]
    coefficients: NDArray[np.float64]
    standard_errors: NDArray[np.float64]
    z: NDArray[np.float64]
    p: NDArray[np.float64]
    odds_ratios: NDArray[np.float64]
    wald: NDArray[np.float64]
    profile: NDArray[np.float64]
    deviance: float
    null_deviance: float
    aic: float
    covariance: NDArray[np.float64]

    def predict(self, variables: ArrayLike) -> NDArray[np.float64]:
        """Probabilities (case,) for variables (case, variable)."""
        x = np.atleast_2d(np.asarray(variables, np.float64))
        return np.asarray(expit(self.coefficients[0] + x @ self.coefficients[1:]))

    def __str__(self) -> str:
        rows = zip(self.names, self.coefficients, self.odds_ratios, self.wald, self.p)
        told = [f"{n}: {b:.4g}, OR {o:.4g} ({w[0]:.4g} to {w[1]:.4g}), p {p:.3g}" for n, b, o, w, p in rows]
        return "; ".join([*told, f"deviance {self.deviance:.4g}"])


def logistic_regression(
    labels: ArrayLike,
    variables: ArrayLike,
    names: Sequence[str] | None = None,
    profile: bool = False,
    level: float = 0.95,
) -> LogisticModel:
    """Fit log odds = intercept + variables x coefficients.

    Parameters
    ----------
    variables : (case, variable).
    profile : also profile likelihood intervals, which take longer and hold better in small cohorts.

    Raises
    ------
    InputError : labels other than 0 and 1, a variable that does not vary or repeats others, or classes that a variable
        separates without fault, or of which one never has a value of it, so that its coefficient grows without end.
    """
    positive, x, told = labels_and_variables(labels, variables, names)
    for name, column in zip(told, x.T):
        if np.ptp(column) == 0:
            raise InputError(name, "is the same in all cases", "leave the variable out")
    design = np.column_stack([np.ones(len(positive)), x])
    # Fitted on standardised columns, for variables of very different size; told in their own.
    middle, spread = design[:, 1:].mean(axis=0), design[:, 1:].std(axis=0)
    scaled = np.column_stack([np.ones(len(positive)), (design[:, 1:] - middle) / spread])
    y = positive.astype(float)
    beta, hessian = fit_with_offset(scaled, y, np.zeros(len(y)), told)
    back = np.eye(design.shape[1])
    back[1:, 1:] = np.diag(1 / spread)
    back[0, 1:] = -middle / spread
    coefficients, covariance = back @ beta, back @ np.linalg.inv(hessian) @ back.T
    errors = np.sqrt(np.diag(covariance))
    z = coefficients / errors
    reach = norm.ppf(0.5 + level / 2) * errors
    wald = np.exp(np.column_stack([coefficients - reach, coefficients + reach]))
    share = y.mean()
    deviance = _deviance(scaled, y, beta)
    interval = np.full_like(wald, np.nan)
    if profile:
        for term in range(design.shape[1]):
            interval[term] = np.exp(_profile(design, y, coefficients, errors, term, deviance, level, told))
    return LogisticModel(
        ("intercept", *told),
        coefficients,
        errors,
        z,
        2 * norm.sf(np.abs(z)),
        np.exp(coefficients),
        wald,
        interval,
        deviance,
        float(-2 * len(y) * (share * np.log(share) + (1 - share) * np.log(1 - share))),
        deviance + 2 * design.shape[1],
        covariance,
    )


def fit_with_offset(
    design: NDArray[np.float64], y: NDArray[np.float64], offset: NDArray[np.float64], names: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients and the information matrix of log odds = offset + design x coefficients, by Newton's steps.

    A step that makes the fit worse is halved: with an offset the first ones may go too far.
    """
    beta = np.zeros(design.shape[1])
    deviance = _deviance(design, y, beta, offset)
    for _ in range(ITERATIONS):
        probability = expit(offset + design @ beta)
        information = design.T @ (design * (probability * (1 - probability))[:, np.newaxis])
        if np.linalg.cond(information) > WORST_CONDITION:
            raise _without_answer(design, y, beta, names)
        step = np.linalg.solve(information, design.T @ (y - probability))
        trial = _deviance(design, y, beta + step, offset)
        while trial > deviance + CONVERGED * abs(deviance) and np.abs(step).max() > CONVERGED:
            step = step / 2
            trial = _deviance(design, y, beta + step, offset)
        beta, deviance = beta + step, trial
        if np.abs(step).max() <= CONVERGED * max(1.0, np.abs(beta).max()):
            break
    if np.abs(offset + design @ beta).max() > DOUBTFUL and is_separated(design, y):
        raise _without_answer(design, y, beta, names)
    return beta, information


def is_separated(design: NDArray[np.float64], y: NDArray[np.float64]) -> bool:
    """Whether a combination of the columns of `design` (case, term) has cases of one class only on its either side,
    those on its border aside: maximum likelihood then has no answer (Albert and Anderson 1984).

    Decided by a linear programme (Konis 2007), since a coefficient that grows without end looks like a large one.
    """
    size = np.abs(design).max(axis=0)
    toward = design / np.where(size > 0, size, 1.0) * (2 * y - 1)[:, np.newaxis]
    found = linprog(-toward.sum(axis=0), A_ub=-toward, b_ub=np.zeros(len(y)), bounds=(-1, 1), method="highs")
    return bool(found.success and -found.fun > SEPARATED)


def _without_answer(
    design: NDArray[np.float64], y: NDArray[np.float64], beta: NDArray[np.float64], names: Sequence[str]
) -> InputError:
    worst = names[int(np.argmax(np.abs(beta[-len(names) :])))]
    if is_separated(design, y):
        return InputError(worst, "separates the classes without fault", "leave it out, or use LASSO")
    return InputError(worst, "repeats what other variables say", "leave it out")


def _deviance(
    design: NDArray[np.float64], y: NDArray[np.float64], beta: NDArray[np.float64], offset: float | NDArray = 0.0
) -> float:
    """Minus twice the log likelihood."""
    odds = offset + design @ beta
    return float(-2 * (y * log_expit(odds) + (1 - y) * log_expit(-odds)).sum())


def _profile(
    design: NDArray[np.float64],
    y: NDArray[np.float64],
    coefficients: NDArray[np.float64],
    errors: NDArray[np.float64],
    term: int,
    deviance: float,
    level: float,
    names: Sequence[str],
) -> tuple[float, float]:
    """Where the deviance with one coefficient held, the others fitted, exceeds the least by chi-square's quantile."""
    limit = float(chi2.ppf(level, 1))
    others = np.delete(design, term, axis=1)
    others = others / np.where(np.ptp(others, axis=0) > 0, others.std(axis=0), 1.0)
    told = [name for number, name in enumerate(["intercept", *names]) if number != term]

    def excess(value: float) -> float:
        offset = design[:, term] * value
        beta, _ = fit_with_offset(others, y, offset, told)
        return _deviance(others, y, beta, offset) - deviance - limit

    ends = []
    for side in (-1, 1):
        far = coefficients[term] + side * errors[term]
        for _ in range(30):
            if excess(far) > 0:
                break
            far += side * errors[term]
        else:
            ends.append(side * np.inf)
            continue
        ends.append(float(brentq(excess, *sorted((coefficients[term], far)), xtol=1e-12, rtol=1e-12)))
    return ends[0], ends[1]
