"""T1 from spoiled gradient echoes of several flip angles.

Linear: S/sin(a) = E1 S/tan(a) + M0 (1 - E1) (Fram et al., Magn Reson Imaging 5 (1987) 201), refined by Gauss-Newton on
the signals themselves, since the linear form weights noise unevenly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.errors import InputError

REFINEMENTS = 20


@dataclass(frozen=True, eq=False)
class RelaxationFit:
    """`r1` (voxel,) 1/s and `m0` (voxel,); both 0 where `failed`: no signal, or none that any T1 explains."""

    r1: NDArray[np.float64]
    m0: NDArray[np.float64]
    failed: NDArray[np.bool_]


def fit_variable_flip_angles(signals: ArrayLike, flip_angles: ArrayLike, tr_ms: float) -> RelaxationFit:
    """T1 of each voxel.

    Parameters
    ----------
    signals : (voxel, angle).
    flip_angles : (angle,) degrees.

    Raises
    ------
    InputError : fewer than two different angles, or as many angles as signals are not given.
    """
    measured, angles = np.asarray(signals, np.float64), np.deg2rad(np.asarray(flip_angles, np.float64).ravel())
    if len(np.unique(angles)) < 2:
        raise InputError("flip angles", "are fewer than two", "give at least two different ones")
    if measured.shape[1] != len(angles):
        raise InputError("flip angles", f"are {len(angles)} for {measured.shape[1]} images", "give one for each image")
    if not tr_ms > 0:
        raise InputError("TR", f"is {tr_ms:g} ms", "give it in ms, above 0")
    x, y = measured / np.tan(angles), measured / np.sin(angles)
    mean_x, mean_y = x.mean(axis=1, keepdims=True), y.mean(axis=1, keepdims=True)
    spread = np.square(x - mean_x).sum(axis=1)
    slope = ((x - mean_x) * (y - mean_y)).sum(axis=1) / np.where(spread > 0, spread, 1)
    failed = ~((slope > 0) & (slope < 1) & (spread > 0))
    e1 = np.where(failed, 0.5, slope)
    m0 = (mean_y[:, 0] - e1 * mean_x[:, 0]) / (1 - e1)
    e1, m0 = _refined(measured, angles, e1, m0)
    failed |= ~((e1 > 0) & (e1 < 1) & (m0 > 0))
    r1 = np.where(failed, 0, -np.log(np.where(failed, 0.5, e1)) / (tr_ms / 1000))
    return RelaxationFit(r1, np.where(failed, 0, m0), failed)


def _refined(
    measured: NDArray[np.float64], angles: NDArray[np.float64], e1: NDArray[np.float64], m0: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Least squares on the signals, by Gauss-Newton; a step that makes a voxel worse is not taken."""
    cost = np.square(measured - _signal(angles, e1, m0)).sum(axis=1)
    for _ in range(REFINEMENTS):
        bottom = 1 - np.cos(angles) * e1[:, np.newaxis]
        by_m0 = np.sin(angles) * (1 - e1[:, np.newaxis]) / bottom
        by_e1 = m0[:, np.newaxis] * np.sin(angles) * (np.cos(angles) - 1) / bottom**2
        residual = measured - m0[:, np.newaxis] * by_m0
        a, b, c = (by_e1**2).sum(axis=1), (by_e1 * by_m0).sum(axis=1), (by_m0**2).sum(axis=1)
        p, q = (by_e1 * residual).sum(axis=1), (by_m0 * residual).sum(axis=1)
        determinant = a * c - b * b
        solvable = determinant > 1e-12 * a * c
        safe = np.where(solvable, determinant, 1)
        new_e1 = e1 + np.where(solvable, (c * p - b * q) / safe, 0)
        new_m0 = m0 + np.where(solvable, (a * q - b * p) / safe, 0)
        new_cost = np.square(measured - _signal(angles, new_e1, new_m0)).sum(axis=1)
        better = (new_cost < cost) & (new_e1 > 0) & (new_e1 < 1)
        e1, m0, cost = np.where(better, new_e1, e1), np.where(better, new_m0, m0), np.where(better, new_cost, cost)
        if not better.any():
            break
    return e1, m0


def _signal(angles: NDArray[np.float64], e1: NDArray[np.float64], m0: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(
        m0[:, np.newaxis] * np.sin(angles) * (1 - e1[:, np.newaxis]) / (1 - np.cos(angles) * e1[:, np.newaxis])
    )
