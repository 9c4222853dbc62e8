"""Nomograms: a logistic model as axes of points that can be added up by hand, as R's rms makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from spinemets.errors import InputError
from spinemets.statistics.result import Result
from spinemets.statistics.smoothing import pretty

MOST_POINTS = 100.0
TICKS = 10
PROBABILITIES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True, eq=False)
class NomogramAxis(Result):
    """One variable: its ticks and their points; 0 points where it speaks least for the positive class."""

    name: str
    coefficient: float
    values: NDArray[np.float64]
    points: NDArray[np.float64]

    def __str__(self) -> str:
        told = ", ".join(f"{value:.6g} = {points:.0f}" for value, points in zip(self.values, self.points))
        return f"{self.name}: {told}"


@dataclass(frozen=True, eq=False)
class Nomogram(Result):
    """Axes, and how the sum of their points becomes a probability.

    Attributes
    ----------
    axes : one a variable.
    total : (tick,) ticks of the axis of total points.
    linear_predictor, linear_predictor_points : (tick,) log odds within reach, and the total points they stand at.
    probabilities, probability_points : (tick,) the same for the probabilities within reach.
    per_unit : points that one unit of log odds is worth.
    intercept : log odds at 0 points.
    """

    axes: tuple[NomogramAxis, ...]
    total: NDArray[np.float64]
    linear_predictor: NDArray[np.float64]
    linear_predictor_points: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    probability_points: NDArray[np.float64]
    per_unit: float
    intercept: float

    def points(self, values: Mapping[str, float]) -> dict[str, float]:
        """A patient's points on each axis.

        Raises
        ------
        InputError : a variable is missing or no number.
        """
        missing = [axis.name for axis in self.axes if not np.isfinite(values.get(axis.name, np.nan))]
        if missing:
            raise InputError(missing[0], "has no value", "give a number")
        return {
            axis.name: float(
                (values[axis.name] - axis.values[int(np.argmin(axis.points))]) * axis.coefficient * self.per_unit
            )
            for axis in self.axes
        }

    def probability(self, total_points: ArrayLike) -> NDArray[np.float64]:
        """The probability that total points stand for."""
        return np.asarray(expit(self.intercept + np.asarray(total_points, np.float64) / self.per_unit))

    def __str__(self) -> str:
        risks = ", ".join(f"{p:g} at {points:.0f}" for p, points in zip(self.probabilities, self.probability_points))
        return "; ".join([*map(str, self.axes), f"probability {risks}"])


def nomogram(
    names: Sequence[str],
    coefficients: ArrayLike,
    ranges: ArrayLike,
    intercept: float = 0.0,
    levels: Mapping[str, ArrayLike] | None = None,
    linear_predictors: ArrayLike | None = None,
    probabilities: ArrayLike = PROBABILITIES,
) -> Nomogram:
    """The nomogram of log odds = intercept + variables x coefficients.

    Parameters
    ----------
    ranges : (variable, 2) lowest and highest value; widened to round numbers, as rms does. The variable with the widest
        effect over them gets 100 points.
    levels : the values of variables that have a few only, such as 0 and 1; these are their ticks.
    linear_predictors : log odds of the cases, for the ticks of that axis; default: what the axes reach.

    Raises
    ------
    InputError : numbers that do not belong together, an empty range, or coefficients that are all 0.
    """
    slopes, ends = np.asarray(coefficients, np.float64), np.asarray(ranges, np.float64)
    if slopes.shape != (len(names),) or ends.shape != (len(names), 2) or not len(names):
        raise InputError("nomogram", f"has {len(names)} names, {slopes.size} coefficients and {len(ends)} ranges",
                         "give one of each for every variable")  # fmt: skip
    for name, slope, (low, high) in zip(names, slopes, ends):
        if not np.isfinite([slope, low, high]).all() or low >= high:
            raise InputError(
                name, f"has coefficient {slope:g} from {low:g} to {high:g}", "give numbers, low below high"
            )
    ticks = [_ticks(name, low, high, (levels or {}).get(name)) for name, (low, high) in zip(names, ends)]
    effects = [slope * values for slope, values in zip(slopes, ticks)]
    widest = max(float(np.ptp(effect)) for effect in effects)
    if widest == 0:
        raise InputError("nomogram", "has coefficients that are all 0", "there is nothing to draw")
    per_unit = MOST_POINTS / widest
    axes = tuple(
        NomogramAxis(name, float(slope), values, (effect - effect.min()) * per_unit)
        for name, slope, values, effect in zip(names, slopes, ticks, effects)
    )
    at_zero = float(intercept + sum(effect.min() for effect in effects))
    most = sum(float(axis.points.max()) for axis in axes)
    total = pretty(0, most, TICKS)
    reach = (at_zero, at_zero + most / per_unit)
    low, high = reach if linear_predictors is None else _ends(linear_predictors)
    odds, risks = pretty(low, high, TICKS), np.asarray(probabilities, np.float64)
    if not ((risks > 0) & (risks < 1)).all():
        raise InputError("probabilities", "reach 0 or 1", "give values between them")
    odds = odds[(odds >= reach[0]) & (odds <= reach[1])]
    # A probability beyond the ends cannot be read off.
    risks = risks[(logit(risks) >= at_zero) & (logit(risks) <= at_zero + total[-1] / per_unit)]
    return Nomogram(
        axes, total, odds, (odds - at_zero) * per_unit, risks, (logit(risks) - at_zero) * per_unit, per_unit, at_zero
    )


def _ticks(name: str, low: float, high: float, levels: ArrayLike | None) -> NDArray[np.float64]:
    if levels is None:
        return pretty(low, high, TICKS)
    values = np.unique(np.asarray(levels, np.float64))
    if len(values) < 2 or not np.isfinite(values).all():
        raise InputError(name, "has fewer than two levels", "give at least two numbers")
    return values


def _ends(values: ArrayLike) -> tuple[float, float]:
    given = np.asarray(values, np.float64)
    if not given.size or not np.isfinite(given).all() or np.ptp(given) == 0:
        raise InputError("linear predictors", "have no range", "give the log odds of several cases")
    return float(given.min()), float(given.max())
