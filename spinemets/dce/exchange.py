"""The two-compartment exchange model, fitted to every voxel at once.

Plasma: vp dcp/dt = Fp (ca - cp) + PS (ce - cp); interstitium: ve dce/dt = PS (cp - ce); C = vp cp + ve ce. Its response
to an impulse is a sum of two exponentials (Sourbron and Buckley, NMR Biomed 26 (2013) 1004), so a pair of rates is
looked for on a grid, with both amplitudes solved for, and refined by damped Gauss-Newton steps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.dce.convolution import ExponentialTable
from spinemets.dce.input_functions import InputFunction
from spinemets.dce.pharmacokinetics import (
    CHUNK_VOXELS,
    CONVERGED,
    Bounds,
    PharmacokineticFit,
    _finished,
    _step,
)
from spinemets.progress import Progress, silent

GRID_RATES = 28
REFINEMENTS = 40
FASTEST = 400.0


def fit_exchange(
    curves: NDArray[np.float64],
    seconds: NDArray[np.float64],
    function: InputFunction,
    bounds: Bounds,
    progress: Progress = silent,
) -> PharmacokineticFit:
    """Fit curves (voxel, T) in mmol/l; `ktrans` of the result is Fp PS / (Fp + PS)."""
    table = ExponentialTable(function, seconds, bounds.lowest_kep, FASTEST)
    results = []
    for start in range(0, len(curves), CHUNK_VOXELS):
        progress("pharmacokinetics", start, len(curves))
        part = curves[start : start + CHUNK_VOXELS]
        results.append(_refined(part, table, *_best_pair(part, table)))
    progress("pharmacokinetics", len(curves), len(curves))
    slow_amount, fast_amount, slow, fast, residual = (np.concatenate(each) for each in zip(*results))
    return _finished("2cxm", curves, _compartments(slow_amount, fast_amount, slow, fast, bounds), residual, bounds)


def _best_pair(curves: NDArray[np.float64], table: ExponentialTable) -> tuple[NDArray[np.float64], ...]:
    """Amplitudes and rates (voxel,) of the slow and the fast exponential that fit best on a grid of pairs."""
    rates = np.geomspace(table.rates[0], table.rates[-1], GRID_RATES)
    basis = table.at(rates)
    gram, products = basis @ basis.T, curves @ basis.T
    best = np.full(len(curves), -np.inf)
    found = np.zeros((4, len(curves)))
    for i in range(GRID_RATES - 1):
        for j in range(i + 1, GRID_RATES):
            p, q = products[:, i], products[:, j]
            determinant = max(gram[i, i] * gram[j, j] - gram[i, j] ** 2, 1e-12 * gram[i, i] * gram[j, j])
            a = np.maximum((gram[j, j] * p - gram[i, j] * q) / determinant, 0)
            b = np.maximum((q - gram[i, j] * a) / gram[j, j], 0)
            a = np.maximum((p - gram[i, j] * b) / gram[i, i], 0)
            gain = 2 * (a * p + b * q) - a * a * gram[i, i] - 2 * a * b * gram[i, j] - b * b * gram[j, j]
            better = gain > best
            best[better] = gain[better]
            for row, value in enumerate((a, b, rates[i], rates[j])):
                found[row, better] = np.broadcast_to(value, better.shape)[better]
    return tuple(found)


def _refined(
    curves: NDArray[np.float64],
    table: ExponentialTable,
    slow_amount: NDArray[np.float64],
    fast_amount: NDArray[np.float64],
    slow: NDArray[np.float64],
    fast: NDArray[np.float64],
) -> tuple[NDArray[np.float64], ...]:
    state = np.stack([slow_amount, fast_amount, np.log(slow), np.log(fast)])
    lowest, highest = np.log(table.rates[0]), np.log(table.rates[-1])

    def model(values: NDArray[np.float64]) -> NDArray[np.float64]:
        slow_part, fast_part = table.at(np.exp(values[2])), table.at(np.exp(values[3]))
        return np.asarray(values[0][:, np.newaxis] * slow_part + values[1][:, np.newaxis] * fast_part)

    cost = np.square(curves - model(state)).sum(axis=1)
    damping = np.full(len(curves), 1e-3)
    active = np.flatnonzero((slow_amount > 0) | (fast_amount > 0))
    for _ in range(REFINEMENTS):
        if not active.size:
            break
        now = state[:, active]
        rates = np.exp(now[2:])
        directions = (
            table.at(rates[0]),
            table.at(rates[1]),
            now[0][:, np.newaxis] * table.slope(rates[0]),
            now[1][:, np.newaxis] * table.slope(rates[1]),
        )
        step = _step(directions, curves[active] - model(now), damping[active])
        moved = now + np.concatenate([step[:2], np.clip(step[2:], -1, 1)])
        moved[:2] = np.maximum(moved[:2], 0)
        moved[2:] = np.clip(moved[2:], lowest, highest)
        new_cost = np.square(curves[active] - model(moved)).sum(axis=1)
        better = new_cost < cost[active]
        taken = active[better]
        gained = cost[taken] - new_cost[better] > CONVERGED * cost[taken]
        state[:, taken] = moved[:, better]
        cost[taken] = new_cost[better]
        damping[taken] /= 10
        damping[active[~better]] *= 10
        active = np.sort(np.concatenate([taken[gained], active[~better & (damping[active] < 1e6)]]))
    return state[0], state[1], np.exp(state[2]), np.exp(state[3]), cost


def _compartments(
    slow_amount: NDArray[np.float64],
    fast_amount: NDArray[np.float64],
    slow: NDArray[np.float64],
    fast: NDArray[np.float64],
    bounds: Bounds,
) -> dict[str, NDArray[np.float64]]:
    """Fp, PS, ve and vp from the two exponentials.

    By partial fractions of the Laplace transform: K1 K2 = Fp / (vp Te), K1 + K2 = (vp + ve)/(vp Te) + Fp / vp and
    F1 K2 + F2 K1 = Fp (vp + ve) / (vp Te), with Te = ve / PS.
    """
    fp = slow_amount + fast_amount
    product, total = slow * fast, slow + fast
    flows = fp > 0
    mean = np.where(flows, (slow_amount * fast + fast_amount * slow) / np.where(flows, fp, 1), total)
    vp = np.where(flows, fp / np.maximum(total - mean, 1e-12), 0)
    whole = np.where(flows, mean * fp / product, 0)
    ve = np.clip(whole - vp, 0, None)
    transit = np.where(flows, fp / product / np.where(vp > 0, vp, 1), 0)
    ps = np.where(transit > 0, ve / np.where(transit > 0, transit, 1), 0)
    leaks = (fp + ps > 0) & (ve > 0)
    ktrans = np.where(leaks, fp * ps / np.where(leaks, fp + ps, 1), 0)
    kep = np.where(leaks, ktrans / np.where(leaks, ve, 1), 0)
    clipped = {"ve": np.clip(ve, 0, bounds.ve), "vp": np.clip(vp, 0, bounds.vp), "fp": np.clip(fp, 0, bounds.fp)}
    return {"ktrans": np.clip(ktrans, 0, bounds.ktrans), "kep": kep, **clipped, "ps": ps}
