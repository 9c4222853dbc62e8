"""Logistic regression with an L1 penalty along a path of penalties, and its choice by cross-validation.

Minimises -loglik / n + lambda |b|_1 with an intercept that is not penalised, as R's glmnet does (Friedman, Hastie and
Tibshirani, J Stat Softw 33 (2010) 1): variables are standardised by their 1/n standard deviation, the path falls from
the penalty that leaves nothing, and cross-validation measures the deviance on that same path. Solved by an active set
and Newton's steps, which meets the optimality conditions to 1e-9 in a few rounds, also of almost separated classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from spinemets.errors import InputError
from spinemets.progress import Progress, silent
from spinemets.statistics.result import Result, labels_and_variables

PENALTIES = 100
PROBABILITY_FLOOR = 1e-5
WEIGHT_FLOOR = 1e-10
TOLERANCE = 1e-9
# Errors closer than this differ by rounding only.
SAME_ERROR = 1e-12
# Keeps variables that repeat each other apart.
RIDGE = 1e-10
ENTER_AT_ONCE = 10
MOST_ROUNDS = 500


@dataclass(frozen=True, eq=False)
class LassoPath(Result):
    """Solutions along the path.

    Attributes
    ----------
    names : of the variables.
    penalties : (L,) lambda, falling.
    intercepts : (L,); coefficients : (L, variable), for variables as they were given.
    deviance_ratio : (L,) share of the null deviance that is explained.
    """

    names: tuple[str, ...]
    penalties: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    deviance_ratio: NDArray[np.float64]

    def chosen(self, number: int) -> dict[str, float]:
        """The intercept and the coefficients other than 0 of one penalty."""
        row = self.coefficients[number]
        return {"intercept": float(self.intercepts[number])} | {
            self.names[n]: float(row[n]) for n in np.flatnonzero(row)
        }


@dataclass(frozen=True, eq=False)
class LassoChoice(Result):
    """A path with its cross-validation.

    Attributes
    ----------
    error, error_sd : (L,) mean deviance a case (or share of wrong cases) over the folds, and its standard error.
    minimum, one_se : positions on the path of the least error (at a tie, of the largest penalty), and of the largest
        penalty within one standard error of it.
    """

    path: LassoPath
    measure: str
    error: NDArray[np.float64]
    error_sd: NDArray[np.float64]
    minimum: int
    one_se: int

    @property
    def lambda_min(self) -> float:
        """Penalty of the least error."""
        return float(self.path.penalties[self.minimum])

    @property
    def lambda_1se(self) -> float:
        """Largest penalty whose error is within one standard error of the least."""
        return float(self.path.penalties[self.one_se])


def lasso_path(
    labels: ArrayLike,
    variables: ArrayLike,
    names: Sequence[str] | None = None,
    penalties: ArrayLike | None = None,
    count: int = PENALTIES,
) -> LassoPath:
    """Solutions for falling penalties.

    Parameters
    ----------
    variables : (case, variable); one that does not vary keeps the coefficient 0.
    penalties : default: `count` of them, evenly on a log scale, from the least that leaves nothing to a hundredth of it
        (a ten-thousandth when there are more cases than variables).

    Raises
    ------
    InputError : labels other than 0 and 1, or values that are no numbers.
    """
    positive, x, told = labels_and_variables(labels, variables, names)
    y = positive.astype(np.float64)
    scaled, middle, spread = _standardised(x)
    grid = _grid(scaled, y, count) if penalties is None else np.asarray(penalties, np.float64)
    intercepts, betas = _solve(scaled, y, grid)
    odds = intercepts[:, np.newaxis] + betas @ scaled.T
    null = _deviances(np.full((1, len(y)), _log_odds(y.mean())), y).sum()
    ratio = 1 - _deviances(odds, y).sum(axis=1) / null
    coefficients = betas / spread
    return LassoPath(told, grid, intercepts - coefficients @ middle, coefficients, ratio)


def cross_validated_lasso(
    labels: ArrayLike,
    variables: ArrayLike,
    folds: ArrayLike,
    names: Sequence[str] | None = None,
    measure: str = "deviance",
    penalties: ArrayLike | None = None,
    progress: Progress = silent,
) -> LassoChoice:
    """The path of all cases, and the error of each of its penalties in cross-validation.

    Parameters
    ----------
    folds : (case,) number of the fold that a case is left out with.
    measure : "deviance", or "class" for the share of wrong cases.

    Raises
    ------
    InputError : as `lasso_path`; fewer than three folds; a fold without which one class is missing.
    """
    if measure not in ("deviance", "class"):
        raise InputError("measure", f"is {measure!r}", "choose deviance or class")
    y, x, told = labels_and_variables(labels, variables, names)
    fold_of = np.asarray(folds)
    numbers = np.unique(fold_of)
    if fold_of.shape != y.shape or len(numbers) < 3:
        raise InputError(
            "folds", f"are {len(numbers)} for {len(y)} cases", "give each case one of at least three folds"
        )
    path = lasso_path(y, x, told, penalties)
    errors, sizes = np.empty((len(numbers), len(path.penalties))), np.empty(len(numbers))
    for row, number in enumerate(numbers):
        progress("cross-validation", row, len(numbers))
        inside = fold_of != number
        fold = lasso_path(y[inside], x[inside], told, path.penalties)
        odds = fold.intercepts[:, np.newaxis] + fold.coefficients @ x[~inside].T
        truth = y[~inside].astype(np.float64)
        each = _deviances(odds, truth) if measure == "deviance" else (odds > TOLERANCE) != (truth > 0.5)
        errors[row], sizes[row] = each.mean(axis=1), np.count_nonzero(~inside)
    progress("cross-validation", len(numbers), len(numbers))
    error = np.average(errors, axis=0, weights=sizes)
    sd = np.sqrt(np.average(np.square(errors - error), axis=0, weights=sizes) / (len(numbers) - 1))
    # As glmnet: of equal errors, those of counted cases are often equal, that of the largest penalty counts.
    minimum = int(np.argmax(error <= error.min() + SAME_ERROR))
    one_se = int(np.argmax(error <= error[minimum] + sd[minimum] + SAME_ERROR))
    return LassoChoice(path, measure, error, sd, minimum, one_se)


def _standardised(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Columns of mean 0 and 1/n SD 1, in Fortran order; those that do not vary are 0."""
    middle = x.mean(axis=0)
    spread = x.std(axis=0)
    flat = spread <= 1e-12 * np.maximum(np.abs(middle), 1e-300)
    spread = np.where(flat, 1.0, spread)
    scaled = (x - middle) / spread
    scaled[:, flat] = 0
    return np.asfortranarray(scaled), middle, spread


def _grid(scaled: NDArray[np.float64], y: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    most = float(np.abs(scaled.T @ (y - y.mean())).max()) / len(y)
    least = 0.01 if len(y) < scaled.shape[1] else 1e-4
    return np.asarray(most * np.power(least, np.arange(count) / (count - 1)))


def _solve(
    x: NDArray[np.float64], y: NDArray[np.float64], penalties: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Intercept and coefficients on standardised variables for each penalty, each started from the one before."""
    fit = _ActiveSet(x, y)
    intercepts, betas = np.empty(len(penalties)), np.zeros((len(penalties), x.shape[1]))
    for number, penalty in enumerate(penalties):
        fit.solve(float(penalty))
        intercepts[number] = fit.intercept
        betas[number, fit.active] = fit.values
    return intercepts, betas


class _ActiveSet:
    """The variables that are in, with their coefficients and signs; Newton's method on these alone.

    As long as no sign changes the penalty is linear, so Newton's steps converge in a few rounds. A step that would turn
    a sign round ends where the coefficient is 0, and the variable leaves; variables whose gradient exceeds the penalty
    enter. Every move lowers the objective, so no set is met twice.
    """

    def __init__(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        self._x, self._y = x, y
        self.active: list[int] = []
        self.values = np.empty(0)
        self._signs = np.empty(0)
        self.intercept = _log_odds(y.mean())

    def solve(self, penalty: float) -> None:
        """The optimum at a penalty, from wherever the last one was."""
        cautious = False
        for _ in range(MOST_ROUNDS):
            before = self._objective(penalty, self.intercept, self.values)
            self._settle(penalty)
            gradient = self._x.T @ (self._y - expit(self._odds(self.intercept, self.values))) / len(self._y)
            excess = np.abs(gradient) - penalty
            excess[self.active] = -np.inf
            entering = np.flatnonzero(excess > TOLERANCE)
            if not entering.size:
                return
            stuck = before - self._objective(penalty, self.intercept, self.values) <= 0 and cautious
            # One alone always moves the right way; several may hinder each other.
            cautious = cautious or stuck or len(entering) > ENTER_AT_ONCE
            if cautious:
                entering = entering[np.argsort(-excess[entering], kind="stable")[: 1 if stuck else ENTER_AT_ONCE]]
            self.active += entering.tolist()
            self.values = np.concatenate([self.values, np.zeros(len(entering))])
            self._signs = np.concatenate([self._signs, np.sign(gradient[entering])])

    def _settle(self, penalty: float) -> None:
        """Newton's method on the active variables; those that reach 0 leave."""
        for _ in range(MOST_ROUNDS):
            design = np.column_stack([np.ones(len(self._y)), self._x[:, self.active]])
            probability = expit(self._odds(self.intercept, self.values))
            weights = np.maximum(probability * (1 - probability), WEIGHT_FLOOR)
            pull = design.T @ (self._y - probability) / len(self._y)
            pull[1:] -= penalty * self._signs
            curvature = (design * weights[:, np.newaxis]).T @ design / len(self._y)
            curvature[np.diag_indices_from(curvature)] += RIDGE
            step = np.linalg.solve(curvature, pull)
            reach = self._reach(step[1:])
            wrong_way = reach == 0
            if wrong_way.any():
                self._leave(wrong_way)
                continue
            length = self._length(penalty, step, min(1.0, float(reach.min(initial=1.0))), float(pull @ step))
            self.intercept += length * step[0]
            self.values = self.values + length * step[1:]
            self._leave((self.values * self._signs <= 0) | (reach <= length * (1 + 1e-12)))
            if np.abs(length * step).max() <= TOLERANCE:
                return

    def _reach(self, step: NDArray[np.float64]) -> NDArray[np.float64]:
        """How much of the step each coefficient can go before it turns its sign; inf where it does not."""
        turning = step * self._signs < 0
        safe = np.where(turning, step, 1.0)
        return np.where(turning, -self.values / safe, np.inf)

    def _length(self, penalty: float, step: NDArray[np.float64], length: float, slope: float) -> float:
        """The step's length, halved until the objective falls as Armijo asks."""
        now = self._objective(penalty, self.intercept, self.values)
        while length > 1e-10:
            moved = self._objective(penalty, self.intercept + length * step[0], self.values + length * step[1:])
            if moved <= now - 1e-4 * length * slope + 1e-14:
                break
            length /= 2
        return length

    def _leave(self, out: NDArray[np.bool_]) -> None:
        if out.any():
            self.active = [number for number, gone in zip(self.active, out) if not gone]
            self.values, self._signs = self.values[~out], self._signs[~out]

    def _odds(self, intercept: float, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(intercept + self._x[:, self.active] @ values)

    def _objective(self, penalty: float, intercept: float, values: NDArray[np.float64]) -> float:
        odds = self._odds(intercept, values)
        loss = np.logaddexp(0, odds) - self._y * odds
        return float(loss.mean() + penalty * np.abs(values).sum())


def _log_odds(share: float) -> float:
    return float(np.log(share / (1 - share)))


def _deviances(odds: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Deviance of each case (L, case), with probabilities kept off 0 and 1 as glmnet does."""
    probability = np.clip(expit(odds), PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    return np.asarray(-2 * (y * np.log(probability) + (1 - y) * np.log(1 - probability)))
