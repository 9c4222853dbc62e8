"""Tofts, extended Tofts and Patlak models, fitted to every voxel at once.

Nomenclature of Tofts et al., J Magn Reson Imaging 10 (1999) 223:

* tofts: C = Ktrans (Cp * exp(-kep t)), kep = Ktrans / ve
* etofts: the same + vp Cp
* patlak: C = Ktrans (integral of Cp) + vp Cp
* 2cxm: two-compartment exchange, in `exchange`

For a given kep the models are linear in the rest, so the best kep is looked for on a grid that covers its whole range,
with the rest solved for exactly (variable projection; Golub and Pereyra, Inverse Problems 19 (2003) R1), and then
refined together with the rest by damped Gauss-Newton steps. No start value is needed and no local minimum is met.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.dce.convolution import ExponentialTable, convolved_exponentials
from spinemets.dce.input_functions import InputFunction
from spinemets.errors import InputError
from spinemets.progress import Progress, silent

MODELS = ("tofts", "etofts", "patlak", "2cxm")
CHUNK_VOXELS = 8192
REFINEMENTS = 30
# Of the table's rates every fourth is tried first: rates 13 % apart, well within reach of the refinement.
GRID_STEP = 4
# A refined voxel is left alone once a step gains less than this share of its residual.
CONVERGED = 1e-10


@dataclass(frozen=True)
class Bounds:
    """Where parameters may lie; rates in 1/min, volumes as fractions."""

    ktrans: float = 5.0
    lowest_kep: float = 1e-3
    kep: float = 60.0
    ve: float = 1.0
    vp: float = 1.0
    fp: float = 20.0


@dataclass(frozen=True, eq=False)
class PharmacokineticFit:
    """A fit of (voxel,) arrays.

    Attributes
    ----------
    parameters : `ktrans` and `kep` in 1/min, `ve` and `vp` as fractions; with 2cxm also `fp` and `ps` in 1/min. A
        parameter that the model does not have is missing. kep and ve are 0 where nothing leaks (ktrans 0).
    fit_error : root of the mean squared residual, mmol/l.
    r_squared : share of the curve's variation that the model explains; 0 for a flat curve.
    at_bound : a parameter ended at one of the bounds, so its value is not determined.
    """

    model: str
    parameters: dict[str, NDArray[np.float64]]
    fit_error: NDArray[np.float64]
    r_squared: NDArray[np.float64]
    at_bound: NDArray[np.bool_]
    bounds: Bounds = field(default_factory=Bounds)


def fit_model(
    concentration: ArrayLike,
    times: ArrayLike,
    function: InputFunction,
    model: str = "etofts",
    bounds: Bounds | None = None,
    progress: Progress = silent,
) -> PharmacokineticFit:
    """Fit a model to curves.

    Parameters
    ----------
    concentration : (voxel, T) mmol/l in tissue.
    times : (T,) s, on the clock of the input function.

    Raises
    ------
    InputError : an unknown model, values that are not finite, or no input during the series.
    """
    if model not in MODELS:
        raise InputError("model", f"is {model!r}", f"choose one of {', '.join(MODELS)}")
    curves = np.atleast_2d(np.asarray(concentration, np.float64))
    seconds = np.asarray(times, np.float64).ravel()
    if curves.shape[1] != len(seconds):
        raise InputError("times", f"are {len(seconds)} for {curves.shape[1]} frames", "give one for each frame")
    if not np.isfinite(curves).all():
        raise InputError("concentration", "holds a value that is no number", "leave such voxels out")
    plasma = function.at(seconds)
    if not (plasma > 0).any():
        raise InputError(
            f"input function {function.name}", "is 0 during the whole series", "check its times and its delay"
        )
    bounds = bounds or Bounds()
    if model == "2cxm":
        from spinemets.dce.exchange import fit_exchange

        return fit_exchange(curves, seconds, function, bounds, progress)
    if model == "patlak":
        return _finished(model, curves, *_patlak(curves, seconds, function, plasma, bounds), bounds)
    return _finished(model, curves, *_tofts(curves, seconds, function, plasma, model, bounds, progress), bounds)


def _tofts(
    curves: NDArray[np.float64],
    seconds: NDArray[np.float64],
    function: InputFunction,
    plasma: NDArray[np.float64],
    model: str,
    bounds: Bounds,
    progress: Progress,
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    """Parameters and residuals (voxel,) of Tofts' models."""
    table = ExponentialTable(function, seconds, bounds.lowest_kep, bounds.kep)
    blood = plasma if model == "etofts" else np.zeros_like(plasma)
    amplitude, vp, rate = np.zeros((3, len(curves)))
    residual = np.empty(len(curves))
    for start in range(0, len(curves), CHUNK_VOXELS):
        part = slice(start, start + CHUNK_VOXELS)
        progress("pharmacokinetics", start, len(curves))
        found = _refined(curves[part], table, blood, *_best_on_grid(curves[part], table, blood, bounds), bounds)
        amplitude[part], vp[part], rate[part], residual[part] = found
    progress("pharmacokinetics", len(curves), len(curves))
    leaks = amplitude > 0
    parameters = {
        "ktrans": amplitude,
        "kep": np.where(leaks, rate, 0.0),
        "ve": np.where(leaks, amplitude / rate, 0.0),
    }
    return parameters | ({"vp": vp} if model == "etofts" else {}), residual


def _best_on_grid(
    curves: NDArray[np.float64], table: ExponentialTable, blood: NDArray[np.float64], bounds: Bounds
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Ktrans, vp and kep (voxel,) of the least squares over all rates of the table, amplitudes within their bounds."""
    leaked, rates = table.values[::GRID_STEP], table.rates[::GRID_STEP]
    own, cross, both = (leaked**2).sum(axis=1), leaked @ blood, float(blood @ blood)
    most = np.minimum(bounds.ktrans, bounds.ve * rates)
    with_leak, with_blood = curves @ leaked.T, (curves @ blood)[:, np.newaxis]
    if both > 0:
        determinant = np.maximum(own * both - cross**2, 1e-12 * own * both)
        amplitude = np.clip((both * with_leak - cross * with_blood) / determinant, 0, most)
        vp = np.clip((with_blood - cross * amplitude) / both, 0, bounds.vp)
        # With vp at its bound the best amplitude is another one.
        amplitude = np.clip((with_leak - cross * vp) / own, 0, most)
    else:
        amplitude, vp = np.clip(with_leak / own, 0, most), np.zeros_like(with_leak)
    gain = amplitude * (2 * with_leak - amplitude * own - 2 * vp * cross) + vp * (2 * with_blood - vp * both)
    best = gain.argmax(axis=1)
    each = np.arange(len(curves))
    return amplitude[each, best], vp[each, best], rates[best]


def _refined(
    curves: NDArray[np.float64],
    table: ExponentialTable,
    blood: NDArray[np.float64],
    amplitude: NDArray[np.float64],
    vp: NDArray[np.float64],
    rate: NDArray[np.float64],
    bounds: Bounds,
) -> tuple[NDArray[np.float64], ...]:
    """Ktrans, vp, kep and residual after damped Gauss-Newton steps, for the voxels that still gain by them."""
    leaked = table.at(rate)
    cost = np.square(curves - amplitude[:, np.newaxis] * leaked - vp[:, np.newaxis] * blood).sum(axis=1)
    damping = np.full(len(curves), 1e-3)
    active = np.flatnonzero(amplitude > 0)
    for _ in range(REFINEMENTS):
        if not active.size:
            break
        a, v, k = amplitude[active], vp[active], rate[active]
        leaked = table.at(k)
        residual = curves[active] - a[:, np.newaxis] * leaked - v[:, np.newaxis] * blood
        # A bound that the residual presses against is kept: vp at 0 stays there, ve at its most lets Ktrans follow kep.
        no_blood = (v <= 0) & (residual @ blood <= 0)
        full = (a >= bounds.ve * k * (1 - 1e-9)) & (np.einsum("nt,nt->n", leaked, residual) >= 0)
        by_rate = a[:, np.newaxis] * (table.slope(k) + np.where(full[:, np.newaxis], leaked, 0.0))
        by_amplitude = np.where(full[:, np.newaxis], 0.0, leaked)
        step = _step((by_amplitude, np.where(no_blood[:, np.newaxis], 0.0, blood), by_rate), residual, damping[active])
        new_k = np.clip(k * np.exp(np.clip(step[2], -1, 1)), bounds.lowest_kep, bounds.kep)
        most = np.minimum(bounds.ktrans, bounds.ve * new_k)
        new_a = np.where(full, most, np.clip(a + step[0], 0, most))
        new_v = np.clip(v + step[1], 0, bounds.vp) if blood.any() else v
        moved = table.at(new_k)
        new_cost = np.square(curves[active] - new_a[:, np.newaxis] * moved - new_v[:, np.newaxis] * blood).sum(axis=1)
        better = new_cost < cost[active]
        taken = active[better]
        gained = cost[taken] - new_cost[better] > CONVERGED * cost[taken]
        amplitude[taken], vp[taken], rate[taken] = new_a[better], new_v[better], new_k[better]
        cost[taken] = new_cost[better]
        damping[taken] = damping[taken] / 10
        damping[active[~better]] *= 10
        active = np.sort(np.concatenate([taken[gained], active[~better & (damping[active] < 1e3)]]))
    return amplitude, vp, rate, cost


def _step(
    directions: tuple[NDArray[np.float64], ...], residual: NDArray[np.float64], damping: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(parameter, voxel) Levenberg-Marquardt step from the model's derivatives (voxel, T) and the residual."""
    count = len(directions)
    normal = np.empty((len(residual), count, count))
    right = np.empty((len(residual), count))
    for i, first in enumerate(directions):
        right[:, i] = np.einsum("nt,nt->n", first, residual)
        for j in range(i + 1):
            normal[:, i, j] = normal[:, j, i] = np.einsum("nt,nt->n", first, directions[j])
    diagonal = np.einsum("nii->ni", normal)
    # A direction that does not exist (no blood term) gets a diagonal of its own, and a step of 0.
    empty = diagonal <= 0
    diagonal += damping[:, np.newaxis] * diagonal + 1e-14 * diagonal.max(axis=1, keepdims=True)
    diagonal[empty] = 1.0
    return np.asarray(np.linalg.solve(normal, right[..., np.newaxis])[..., 0].T)


def _patlak(
    curves: NDArray[np.float64],
    seconds: NDArray[np.float64],
    function: InputFunction,
    plasma: NDArray[np.float64],
    bounds: Bounds,
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    """Parameters and residuals of the Patlak model: linear least squares with both amplitudes within their bounds."""
    leaked = convolved_exponentials(function, [0.0], seconds)[0]
    own, cross, both = float(leaked @ leaked), float(leaked @ plasma), float(plasma @ plasma)
    with_leak, with_blood = curves @ leaked, curves @ plasma
    determinant = max(own * both - cross**2, 1e-12 * own * both)
    vp = np.clip((own * with_blood - cross * with_leak) / determinant, 0, bounds.vp)
    ktrans = np.clip((with_leak - cross * vp) / own, 0, bounds.ktrans)
    vp = np.clip((with_blood - cross * ktrans) / both, 0, bounds.vp)
    residual = np.square(curves - np.outer(ktrans, leaked) - np.outer(vp, plasma)).sum(axis=1)
    return {"ktrans": ktrans, "vp": vp}, residual


def _finished(
    model: str,
    curves: NDArray[np.float64],
    parameters: dict[str, NDArray[np.float64]],
    residual: NDArray[np.float64],
    bounds: Bounds,
) -> PharmacokineticFit:
    spread = np.square(curves - curves.mean(axis=1, keepdims=True)).sum(axis=1)
    r_squared = np.where(spread > 0, 1 - residual / np.where(spread > 0, spread, 1), 0.0)
    at_bound = np.zeros(len(curves), bool)
    for name, values in parameters.items():
        top = getattr(bounds, name, np.inf)
        at_bound |= values >= top * (1 - 1e-9)
    if "kep" in parameters:
        at_bound |= (parameters["ktrans"] > 0) & (parameters["kep"] <= bounds.lowest_kep * (1 + 1e-9))
    error = np.sqrt(residual / curves.shape[1])
    return PharmacokineticFit(model, parameters, error, r_squared, at_bound, bounds)
