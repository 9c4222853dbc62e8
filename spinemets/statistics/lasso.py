"""Logistic regression with an L1 penalty along a path of penalties, and its choice by cross-validation.

Minimises -loglik / n + lambda |b|_1 with an intercept that is not penalised, as R's glmnet does (Friedman, Hastie and
Tibshirani, J Stat Softw 33 (2010) 1): variables are standardised by their 1/n standard deviation, the path falls from
the penalty that leaves nothing, and in cross-validation each fold has a path of its own, read off at the penalties of
all cases by linear interpolation. Solved by an active set and Newton's steps, which meets the optimality conditions to
1e-8 in a few rounds, also of almost separated classes.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg.lapack import dposv
from scipy.special import expit

from spinemets.errors import InputError
from spinemets.progress import Progress, silent
from spinemets.statistics import compiled_lasso
from spinemets.statistics.result import Result, labels_and_variables

PENALTIES = 100
PROBABILITY_FLOOR = 1e-5
WEIGHT_FLOOR = 1e-10
TOLERANCE = 1e-9
# Errors closer than this differ by rounding only.
SAME_ERROR = 1e-12
# A full Newton step below this leaves an error of about its square.
CLOSE = 1e-4
# Keeps variables that repeat each other apart.
RIDGE = 1e-10
ENTER_AT_ONCE = 10
# Values from which on compiled steps save more than loading numba costs.
WORTH_COMPILING = 100_000
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

    def __str__(self) -> str:
        counts = np.count_nonzero(self.coefficients, axis=1)
        return (
            f"{len(self.penalties)} penalties from {self.penalties[0]:.4g} to {self.penalties[-1]:.4g}, at the last "
            f"{counts[-1]} of {len(self.names)} variables and {self.deviance_ratio[-1]:.3g} of the deviance"
        )


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

    def as_json(self) -> dict[str, Any]:
        """The fields, the two penalties and their coefficients."""
        return super().as_json() | {
            "lambda_min": self.lambda_min,
            "lambda_1se": self.lambda_1se,
            "chosen_min": self.path.chosen(self.minimum),
            "chosen_1se": self.path.chosen(self.one_se),
        }

    def __str__(self) -> str:
        told = [
            f"{name} {self.path.penalties[at]:.4g}: {self.measure} {self.error[at]:.4g} (SE {self.error_sd[at]:.3g}), "
            + ", ".join(f"{term} {value:.4g}" for term, value in self.path.chosen(at).items())
            for name, at in (("lambda.min", self.minimum), ("lambda.1se", self.one_se))
        ]
        return "; ".join(told)


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
    used = np.flatnonzero(betas.any(axis=0))
    odds = intercepts[:, np.newaxis] + betas[:, used] @ scaled[:, used].T
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
        fold = lasso_path(y[inside], x[inside], told, penalties)
        odds = _read_off(fold, path.penalties, x[~inside])
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


def path_deviance(
    labels: ArrayLike, variables: ArrayLike, training: NDArray[np.intp], test: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Summed deviance (L,) of the test cases under each solution of the training cases' own path.

    Parameters
    ----------
    training, test : numbers of the cases.

    Raises
    ------
    InputError : as `lasso_path`.
    """
    y, x = np.asarray(labels), np.asarray(variables, np.float64)
    path = lasso_path(y[training], x[training])
    odds = path.intercepts[:, np.newaxis] + path.coefficients @ x[test].T
    return np.asarray(_deviances(odds, y[test].astype(np.float64)).sum(axis=1))


def _read_off(fold: LassoPath, penalties: NDArray[np.float64], variables: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log odds (L, case) at other penalties than the path's own, linear between these and constant beyond."""
    odds = fold.intercepts[:, np.newaxis] + fold.coefficients @ variables.T
    rising = fold.penalties[::-1]
    return np.stack([np.interp(penalties, rising, case[::-1]) for case in odds.T], axis=1)


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
    if most == 0:
        raise InputError("variables", "are the same in all cases", "there is nothing to choose from")
    least = 0.01 if len(y) < scaled.shape[1] else 1e-4
    return np.asarray(most * np.power(least, np.arange(count) / (count - 1)))


def _solve(
    x: NDArray[np.float64], y: NDArray[np.float64], penalties: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Intercept and coefficients on standardised variables for each penalty, each started from the one before."""
    compiled = _compiled() if x.size >= WORTH_COMPILING else None
    if compiled is not None:
        limits = np.array([TOLERANCE, RIDGE, WEIGHT_FLOOR, MOST_ROUNDS, ENTER_AT_ONCE])
        intercepts, betas = compiled.follow_path(np.ascontiguousarray(x.T), y, penalties, limits)
        return intercepts, betas
    fit = _ActiveSet(x, y)
    intercepts, betas = np.empty(len(penalties)), np.zeros((len(penalties), x.shape[1]))
    for number, penalty in enumerate(penalties):
        fit.solve(float(penalty))
        intercepts[number] = fit.intercept
        betas[number, fit.active] = fit.values
    return intercepts, betas


@functools.cache
def _compiled() -> Any:
    """The compiled steps, where numba is installed; kept on disk by numba, so compiling happens once a machine."""
    try:
        numba = importlib.import_module("numba")
    except ImportError:  # not installed, or not for this numpy
        return None
    # They call each other by name, so each is put in its place before the next is compiled.
    for name in compiled_lasso.LOOPS:
        setattr(compiled_lasso, name, numba.njit(cache=True, nogil=True)(getattr(compiled_lasso, name)))
    return compiled_lasso


class _ActiveSet:
    """The variables that are in, with their coefficients and signs; Newton's method on these alone.

    As long as no sign changes the penalty is linear, so Newton's steps converge in a few rounds. A step that would turn
    a sign round ends where the coefficient is 0, and the variable leaves; variables whose gradient exceeds the penalty
    enter. Every move lowers the objective, so no set is met twice.
    """

    def __init__(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        self._x, self._y = x, y
        self.active: list[int] = []
        # The intercept comes first; it has no sign and no penalty.
        self._design = np.ones((len(y), 1))
        self._beta = np.array([_log_odds(y.mean())])
        self._signs = np.zeros(1)
        self._odds = self._design @ self._beta

    @property
    def intercept(self) -> float:
        return float(self._beta[0])

    @property
    def values(self) -> NDArray[np.float64]:
        return self._beta[1:]

    def solve(self, penalty: float) -> None:
        """The optimum at a penalty, from wherever the last one was."""
        cautious = False
        for _ in range(MOST_ROUNDS):
            before = self._objective(penalty, self._odds, self._beta)
            after = self._settle(penalty, before)
            gradient = (self._y - expit(self._odds)) @ self._x / len(self._y)
            excess = np.abs(gradient) - penalty
            excess[self.active] = -np.inf
            entering = np.flatnonzero(excess > TOLERANCE)
            if not entering.size:
                return
            stuck = before - after <= 0 and cautious
            # One alone always moves the right way; several may hinder each other.
            cautious = cautious or stuck or len(entering) > ENTER_AT_ONCE
            if cautious:
                entering = entering[np.argsort(-excess[entering], kind="stable")[: 1 if stuck else ENTER_AT_ONCE]]
            self.active += entering.tolist()
            self._design = np.column_stack([self._design, self._x[:, entering]])
            self._beta = np.concatenate([self._beta, np.zeros(len(entering))])
            self._signs = np.concatenate([self._signs, np.sign(gradient[entering])])

    def _settle(self, penalty: float, objective: float) -> float:
        """Newton's method on the active variables; those that reach 0 leave. The objective that is reached."""
        for _ in range(MOST_ROUNDS):
            probability = expit(self._odds)
            pull = (self._y - probability) @ self._design / len(self._y) - penalty * self._signs
            step = self._newton_step(probability, pull)
            reach = self._reach(step)
            if not reach.all():
                self._leave(reach == 0)
                continue
            length, objective = self._line_search(penalty, objective, step, min(1.0, float(reach.min())), pull @ step)
            out = (self._beta * self._signs < 0) | (reach <= length * (1 + 1e-12))
            self._leave(out)
            # Newton's error falls as its square.
            if length == 1 and not out.any() and np.abs(step).max() <= CLOSE:
                break
            if np.abs(length * step).max() <= TOLERANCE:
                break
        return objective

    def _newton_step(self, probability: NDArray[np.float64], pull: NDArray[np.float64]) -> NDArray[np.float64]:
        weights = np.maximum(probability * (1 - probability), WEIGHT_FLOOR)
        half = self._design * np.sqrt(weights / len(self._y))[:, np.newaxis]
        curvature = half.T @ half
        curvature.flat[:: len(curvature) + 1] += RIDGE
        _, step, fault = dposv(curvature, pull)
        return np.asarray(np.linalg.lstsq(curvature, pull, rcond=None)[0] if fault else step)

    def _reach(self, step: NDArray[np.float64]) -> NDArray[np.float64]:
        """How much of the step each coefficient can go before it turns its sign; inf where it does not."""
        turning = step * self._signs < 0
        safe = np.where(turning, step, 1.0)
        return np.where(turning, -self._beta / safe, np.inf)

    def _line_search(
        self, penalty: float, objective: float, step: NDArray[np.float64], length: float, slope: float
    ) -> tuple[float, float]:
        """Go the step's length, halved until the objective falls as Armijo asks; that length and the objective."""
        along = self._design @ step
        while True:
            beta, odds = self._beta + length * step, self._odds + length * along
            moved = self._objective(penalty, odds, beta)
            if moved <= objective - 1e-4 * length * slope + 1e-14 or length <= 1e-10:
                self._beta, self._odds = beta, odds
                return length, moved
            length /= 2

    def _leave(self, out: NDArray[np.bool_]) -> None:
        if out.any():
            self.active = [number for number, gone in zip(self.active, out[1:]) if not gone]
            self._beta, self._signs = self._beta[~out], self._signs[~out]
            self._design = self._design[:, ~out]
            self._odds = self._design @ self._beta

    def _objective(self, penalty: float, odds: NDArray[np.float64], beta: NDArray[np.float64]) -> float:
        loss = np.logaddexp(0, odds).sum() - self._y @ odds
        return float(loss / len(odds) + penalty * (self._signs @ beta))


def _log_odds(share: float) -> float:
    return float(np.log(share / (1 - share)))


def _deviances(odds: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Deviance of each case (L, case), with probabilities kept off 0 and 1 as glmnet does."""
    probability = np.clip(expit(odds), PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    return np.asarray(-2 * (y * np.log(probability) + (1 - y) * np.log(1 - probability)))
