"""The bolus: where it is seen, when it arrives, and how much later than the input function it reaches a tissue."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from spinemets.dce.input_functions import InputFunction
from spinemets.dce.pharmacokinetics import Bounds, fit_model
from spinemets.dce.series import DynamicSeries
from spinemets.errors import InputError

# The curve has left its baseline where it rises by more than this share of its steepest step.
ARRIVAL_SHARE = 0.1
# The voxels that rise most show the arrival best.
AVID_SHARE = 0.02
# Enough curves to tell a delay; more only cost time.
CURVES_FOR_DELAY = 200


def frames_before_contrast(curve: ArrayLike) -> int:
    """Number of frames, at least 1, before a curve (T,) begins to rise.

    From the steepest step back to the first step of the same rise: a step belongs to it while it is larger than a tenth
    of the steepest one.
    """
    steps = np.diff(np.asarray(curve, np.float64))
    steepest = int(np.argmax(steps))
    first = steepest
    while first > 0 and steps[first - 1] > ARRIVAL_SHARE * steps[steepest]:
        first -= 1
    return first + 1


def arrival_curve(series: DynamicSeries) -> NDArray[np.float64]:
    """(T,) mean signal of the 2 % of the series' voxels that rise most in one step, mostly arteries."""
    steps = np.diff(series.signals.astype(np.float32), axis=0).max(axis=0)
    # A median in the slice, so that a spike in one frame of one voxel is not taken for blood.
    steady = ndimage.median_filter(steps, size=(1, 3, 3), mode="nearest")
    return series.curve(steady >= np.quantile(steady, 1 - AVID_SHARE))


def fit_delay(
    concentration: ArrayLike,
    times: ArrayLike,
    function: InputFunction,
    model: str,
    candidates_s: ArrayLike,
    bounds: Bounds | None = None,
) -> float:
    """The delay (s) of the input function with the smallest sum of squared residuals over the curves.

    Parameters
    ----------
    concentration : (voxel, T) mmol/l; of many, those that vary most are used.
    candidates_s : delays to try; between the best and its neighbours the minimum of a parabola is taken.

    Raises
    ------
    InputError : no delay is to be tried, or the input function misses the series at all of them.
    """
    curves = np.atleast_2d(np.asarray(concentration, np.float64))
    if len(curves) > CURVES_FOR_DELAY:
        strongest = np.argsort(-curves.std(axis=1), kind="stable")[:CURVES_FOR_DELAY]
        curves = curves[np.sort(strongest)]
    delays = np.asarray(candidates_s, np.float64).ravel()
    if not delays.size:
        raise InputError("delay", "has no candidates", "give a range of seconds")
    seconds = np.asarray(times, np.float64)
    costs = np.full(len(delays), np.inf)
    for number, delay in enumerate(delays):
        moved = function.delayed(float(delay))
        if (moved.at(seconds) > 0).any():
            costs[number] = np.square(fit_model(curves, seconds, moved, model, bounds).fit_error).sum()
    best = int(np.argmin(costs))
    if not np.isfinite(costs[best]):
        raise InputError(f"input function {function.name}", "misses the series at every delay", "check its times")
    return _between(delays, costs, best)


def _between(delays: NDArray[np.float64], costs: NDArray[np.float64], best: int) -> float:
    """Minimum of the parabola through the best delay and its two neighbours."""
    if not 0 < best < len(delays) - 1 or not np.isfinite(costs[best - 1 : best + 2]).all():
        return float(delays[best])
    (a, b, c), (x, y, z) = costs[best - 1 : best + 2], delays[best - 1 : best + 2]
    bottom = (y - x) * (b - c) - (y - z) * (b - a)
    if bottom == 0:
        return float(y)
    shift = ((y - x) ** 2 * (b - c) - (y - z) ** 2 * (b - a)) / (2 * bottom)
    return float(np.clip(y - shift, x, z))
