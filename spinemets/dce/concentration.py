"""From signal to the agent's concentration, by the equation of the spoiled gradient echo (FLASH, VIBE, SPGR).

S = M0 sin(a) (1 - E1) / (1 - cos(a) E1), E1 = exp(-TR R1), R1 = 1/T1_0 + r1 C. T2* is left out, as in the QIBA profile
and OSIPI's reference values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.errors import InputError

# l/(mmol s), gadolinium chelates at 3 T and 37 degrees C, of the order that the makers state.
USUAL_RELAXIVITY = 4.5
# Longer than of any tissue or fluid: the number is in ms.
LONGEST_T1_S = 20.0


@dataclass(frozen=True)
class SpoiledGradientEcho:
    """A sequence: `tr_ms`, `flip_angle` in degrees, and the agent's `relaxivity` in l/(mmol s)."""

    tr_ms: float
    flip_angle: float
    relaxivity: float = USUAL_RELAXIVITY

    def __post_init__(self) -> None:
        for name, value, least, top, unit in (
            ("TR", self.tr_ms, 0.1, 1000.0, "ms"),
            ("flip angle", self.flip_angle, 0.0, 180.0, "degrees"),
            ("relaxivity", self.relaxivity, 0.0, 100.0, "l/(mmol s)"),
        ):
            if not least < value < top:
                raise InputError(name, f"is {value:g} {unit}", f"give it in {unit}, above {least:g} and below {top:g}")

    def signal(self, m0: ArrayLike, r1: ArrayLike) -> NDArray[np.float64]:
        """Signal at relaxation rate `r1` (1/s)."""
        angle = np.deg2rad(self.flip_angle)
        e1 = np.exp(-self.tr_ms / 1000 * np.asarray(r1, np.float64))
        return np.asarray(np.asarray(m0, np.float64) * np.sin(angle) * (1 - e1) / (1 - np.cos(angle) * e1))


@dataclass(frozen=True, eq=False)
class Concentrations:
    """`values` (voxel, T) mmol/l; `unusable` (voxel,) bool: no signal before contrast, or one that no T1 can make.

    `saturated` (voxel,) bool: a frame's signal exceeds what the equation can give; that frame is 0 in `values`.
    """

    values: NDArray[np.float64]
    unusable: NDArray[np.bool_]
    saturated: NDArray[np.bool_]


def concentrations(
    signals: NDArray, sequence: SpoiledGradientEcho, t10_s: ArrayLike, baseline: slice
) -> Concentrations:
    """Concentration of the agent in each voxel and frame.

    Parameters
    ----------
    signals : (voxel, T) as stored.
    t10_s : T1 before contrast in s, one or (voxel,).
    baseline : frames before contrast; their mean signal stands for M0.

    Raises
    ------
    InputError : the baseline holds no frame, a single T1 is not positive, or T1 is hardly in seconds.
    """
    signals = np.asarray(signals, np.float64)
    before = signals[:, baseline]
    if before.shape[1] == 0:
        raise InputError("baseline", "holds no frame", "give at least one frame before contrast")
    t10 = np.broadcast_to(np.asarray(t10_s, np.float64), signals.shape[:1])
    if np.ndim(t10_s) == 0 and not 0 < float(t10_s) < LONGEST_T1_S:  # type: ignore[arg-type]
        raise InputError("T1", f"is {float(t10_s):g} s", "give it in seconds, as 1.2")  # type: ignore[arg-type]
    if (t10 > 0).any() and np.median(t10[t10 > 0]) >= LONGEST_T1_S:
        raise InputError("T1 map", f"has a median of {np.median(t10[t10 > 0]):g} s", "give it in seconds")
    s0 = before.mean(axis=1)
    unusable = ~(s0 > 0) | ~(t10 > 0) | ~np.isfinite(t10)
    r10 = 1 / np.where(unusable, 1.0, t10)
    angle, tr = np.deg2rad(sequence.flip_angle), sequence.tr_ms / 1000
    e10 = np.exp(-tr * r10)
    # The share of the fully relaxed signal; (1 - x) / (1 - x cos a) inverts the equation.
    relative = signals / np.where(unusable, 1.0, s0)[:, np.newaxis]
    share = relative * ((1 - e10) / (1 - np.cos(angle) * e10))[:, np.newaxis]
    beyond = share >= 1
    e1 = (1 - np.where(beyond, 0, share)) / (1 - np.where(beyond, 0, share) * np.cos(angle))
    values = (-np.log(e1) / tr - r10[:, np.newaxis]) / sequence.relaxivity
    values[beyond] = 0
    values[unusable] = 0
    return Concentrations(values, unusable, beyond.any(axis=1) & ~unusable)


def relative_enhancement(signals: NDArray, baseline: slice) -> Concentrations:
    """(S - S0) / S0 in place of a concentration, where TR, flip angle or T1 are not known.

    It grows with the concentration, but less and less: rates from it (kep) come out too high in tissue that enhances
    strongly; amounts (Ktrans, ve, vp) are in units of enhancement per mmol/l and compare with nothing else.
    """
    signals = np.asarray(signals, np.float64)
    s0 = signals[:, baseline].mean(axis=1)
    unusable = ~(s0 > 0)
    values = signals / np.where(unusable, 1.0, s0)[:, np.newaxis] - 1
    values[unusable] = 0
    return Concentrations(values, unusable, np.zeros(len(signals), bool))
