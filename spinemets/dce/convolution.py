"""An input function convolved with an exponential, and tables of that for many rates."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline

from spinemets.dce.input_functions import InputFunction


def convolved_exponentials(
    function: InputFunction, rates: ArrayLike, at_s: ArrayLike, start_s: float | None = None
) -> NDArray[np.float64]:
    """Integral of Cp(u) exp(-k (t - u)) du from the beginning to t, exact where Cp is linear between its samples.

    Parameters
    ----------
    rates : (K,) 1/min, k >= 0.
    at_s : (T,) s, rising.

    Returns
    -------
    (K, T) mmol min/l; 0 before the function begins.
    """
    k = np.asarray(rates, np.float64).ravel()[:, np.newaxis] / 60
    wanted = np.asarray(at_s, np.float64).ravel()
    grid = np.union1d(function.times, wanted[wanted > function.times[0]])
    plasma = function.at(grid)
    value = np.zeros((len(k), len(grid)))
    for n in range(1, len(grid)):
        step = grid[n] - grid[n - 1]
        decay, early, late = _weights(k[:, 0] * step)
        value[:, n] = value[:, n - 1] * decay + step * (early * plasma[n - 1] + late * plasma[n])
    index = np.searchsorted(grid, wanted)
    inside = wanted >= function.times[0]
    return np.where(inside, value[:, np.minimum(index, len(grid) - 1)], 0.0) / 60


def _weights(z: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """exp(-z), and the weights of a linear piece's two ends under exp(-z (1 - u)), u from 0 to 1."""
    decay = np.exp(-z)
    small = z < 1e-3  # where the closed forms cancel, their series
    safe = np.where(small, 1.0, z)
    late = np.where(small, 0.5 - z / 6 + z**2 / 24, 1 / safe - (1 - decay) / safe**2)
    early = np.where(small, 0.5 - z / 3 + z**2 / 8, (1 - decay * (1 + safe)) / safe**2)
    return decay, early, late


class ExponentialTable:
    """Convolutions for every rate between two bounds, from a cubic spline over the logarithm of the rate.

    Parameters
    ----------
    lowest, highest : 1/min.
    knots : 400 between 1e-3 and 100 keep the interpolation error below 1e-7 of the largest value.
    """

    def __init__(
        self, function: InputFunction, at_s: ArrayLike, lowest: float = 1e-3, highest: float = 60.0, knots: int = 360
    ) -> None:
        self.rates = np.geomspace(lowest, highest, knots)
        self.values = convolved_exponentials(function, self.rates, at_s)
        self._spline = CubicSpline(np.log(self.rates), self.values, axis=0)
        self._slope = self._spline.derivative()

    def at(self, rates: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, T) for (N,) rates within the bounds, 1/min."""
        return np.asarray(self._spline(np.log(rates)))

    def slope(self, rates: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, T) derivative by the logarithm of the rate."""
        return np.asarray(self._slope(np.log(rates)))
