"""Smooth curves through scattered points, and round numbers for their axes, as R has them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FRACTION = 2 / 3
# Points closer than this share of the range are interpolated.
NEAR = 0.01
PRETTY_BIAS = 1.5
PRETTY_UNITS = (2.0, 5.0, 10.0)


def lowess(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Locally weighted lines through two thirds of the points, without robustness steps: R's `lowess(x, y, iter = 0)`.

    Cleveland, J Am Stat Assoc 74 (1979) 829, after his Fortran, which fits at points a hundredth of the range apart
    and interpolates between them.

    Returns
    -------
    x in order, and the height of the curve there.
    """
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    count = len(x)
    window = max(2, min(count, int(FRACTION * count + 1e-7)))
    places = _places(x, NEAR * (x[-1] - x[0]))
    at = x[places]
    first = np.searchsorted(x[: count - window] + x[window:], 2 * at, "left")
    reach = np.maximum(at - x[first], x[first + window - 1] - at)[:, np.newaxis]
    # In shares of the reach; powers are multiplied out, which is many times faster.
    distance = np.abs(x - at[:, np.newaxis])
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where(distance == 0, 0.0, distance / reach)
    outside = (distance > 0.999) | (np.arange(count) < first[:, np.newaxis])
    weights = 1 - distance * distance * distance
    weights *= weights * weights
    weights[distance <= 0.001] = 1
    weights[outside] = 0
    weights /= weights.sum(axis=1, keepdims=True)
    middle = weights @ x
    apart = x - middle[:, np.newaxis]
    weighted = weights * apart
    spread = np.einsum("ij,ij->i", weighted, apart)
    slanted = np.sqrt(spread) > 0.001 * (x[-1] - x[0])
    slope = np.where(slanted, weighted @ y / np.where(slanted, spread, 1.0), 0.0)
    return x, np.interp(x, at, weights @ y + slope * (at - middle))


def _places(x: NDArray[np.float64], near: float) -> list[int]:
    """Where a line is fitted: the first point, then each time the last within `near`, or the next one beyond."""
    beyond_ties = np.searchsorted(x, x, "right")
    following = np.maximum(beyond_ties, np.searchsorted(x, x + near, "right") - 1).tolist()
    places = [0]
    while beyond_ties[places[-1]] < len(x):
        places.append(following[places[-1]])
    return places


def interpolated(
    x: NDArray[np.float64], y: NDArray[np.float64], at: NDArray[np.float64], mean_of_ties: bool = False
) -> NDArray[np.float64]:
    """A curve's height `at` places, nan outside it: R's `approx` with the first (or the mean) of tied points."""
    distinct, first, number, ties = np.unique(x, return_index=True, return_inverse=True, return_counts=True)
    height = np.bincount(number.ravel(), weights=y) / ties if mean_of_ties else y[first]
    return np.interp(at, distinct, height, left=np.nan, right=np.nan)


def pretty(low: float, high: float, count: int = 10) -> NDArray[np.float64]:
    """About `count` steps of 1, 2 or 5 times a power of ten that cover the range, low below high: R's `pretty`."""
    cell = (high - low) / count
    base = 10.0 ** np.floor(np.log10(cell))
    unit = base
    # A unit is taken when it is nearer to the cell than the one below it; 5 has a bias of its own.
    for factor, bias in zip(PRETTY_UNITS, (PRETTY_BIAS, 0.5 + 1.5 * PRETTY_BIAS, PRETTY_BIAS)):
        if factor * base - cell < bias * (cell - unit):
            unit = factor * base
        else:
            break
    first, last = np.floor(low / unit + 1e-10), np.ceil(high / unit - 1e-10)
    return np.asarray(np.arange(first, last + 1) * unit)
