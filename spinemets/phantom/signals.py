"""Signal equations of the pulse sequences, and the contrast agent's way through blood and tissue.

Times of sequences in ms, times of the agent in s, concentrations in mmol/l, relaxivities in l/(mmol s), rates Ktrans
in 1/min.
"""

from __future__ import annotations

import numpy as np

RELAXIVITY_R1 = 4.5
RELAXIVITY_R2 = 5.5
HAEMATOCRIT = 0.42

# Parker et al., Magn Reson Med 2006;56:993, table 1 (mmol min, min, min, mmol, 1/min, 1/min, min).
PARKER_AREA = (0.809, 0.330)
PARKER_CENTRE = (0.17046, 0.365)
PARKER_WIDTH = (0.0563, 0.132)
PARKER_ALPHA, PARKER_BETA, PARKER_S, PARKER_TAU = 1.050, 0.1685, 38.078, 0.483


def spin_echo(pd: np.ndarray, t1: np.ndarray, t2: np.ndarray, tr: float, te: float) -> np.ndarray:
    """Spin echo: PD (1 - 2 exp(-(TR - TE/2)/T1) + exp(-TR/T1)) exp(-TE/T2)."""
    recovered = 1 - 2 * np.exp(-(tr - te / 2) / t1) + np.exp(-tr / t1)
    return pd * recovered * np.exp(-te / t2)


def inversion_recovery(pd: np.ndarray, t1: np.ndarray, t2: np.ndarray, tr: float, te: float, ti: float) -> np.ndarray:
    """Magnitude inversion-recovery spin echo: PD |1 - 2 exp(-TI/T1) + 2 exp(-(TR - TE/2)/T1) - exp(-TR/T1)|
    exp(-TE/T2)."""
    recovered = 1 - 2 * np.exp(-ti / t1) + 2 * np.exp(-(tr - te / 2) / t1) - np.exp(-tr / t1)
    return pd * np.abs(recovered) * np.exp(-te / t2)


def spoiled_gradient_echo(
    pd: np.ndarray, t1: np.ndarray, t2_star: np.ndarray, tr: float, te: float, flip_angle: float
) -> np.ndarray:
    """Spoiled gradient echo: PD sin a (1 - E1) / (1 - cos a E1) exp(-TE/T2*), E1 = exp(-TR/T1); `flip_angle` a in
    degrees."""
    angle = np.deg2rad(flip_angle)
    e1 = np.exp(-tr / t1)
    return pd * np.sin(angle) * (1 - e1) / (1 - np.cos(angle) * e1) * np.exp(-te / t2_star)


def relaxed(t: np.ndarray, concentration: np.ndarray, relaxivity: float) -> np.ndarray:
    """Relaxation time (ms) of a tissue of relaxation time `t` (ms) that holds the agent."""
    return 1000.0 / (1000.0 / t + relaxivity * concentration)


def parker_blood(seconds: np.ndarray) -> np.ndarray:
    """Concentration in whole blood (mmol/l) by Parker 2006, `seconds` after the bolus' arrival; 0 before it."""
    t = np.maximum(np.asarray(seconds, np.float64), 0) / 60.0
    blood = PARKER_ALPHA * np.exp(-PARKER_BETA * t) / (1 + np.exp(-PARKER_S * (t - PARKER_TAU)))
    for area, centre, width in zip(PARKER_AREA, PARKER_CENTRE, PARKER_WIDTH):
        blood = blood + area / (width * np.sqrt(2 * np.pi)) * np.exp(-np.square(t - centre) / (2 * width * width))
    return np.where(np.asarray(seconds) >= 0, blood, 0.0)


def residue(seconds: np.ndarray, plasma: np.ndarray, kep: np.ndarray) -> np.ndarray:
    """Integral over time of Cp(tau) exp(-kep (t - tau)), exact where Cp is linear between its samples.

    Parameters
    ----------
    seconds : (T,) evenly spaced times, s.
    plasma : (T,) plasma concentration, mmol/l.
    kep : (N,) rates, 1/min.

    Returns
    -------
    (N, T) in mmol min/l.
    """
    z = np.maximum(np.asarray(kep, np.float64), 1e-9) * ((seconds[1] - seconds[0]) / 60.0)
    decay = np.exp(-z)
    # Weights of the two ends of a linear piece under an exponential; series for kep dt -> 0, where they cancel.
    small = z < 1e-4
    safe = np.where(small, 1.0, z)
    late = np.where(small, 0.5 - z / 6, 1 / safe - (1 - decay) / safe**2)
    early = np.where(small, 0.5 - z / 3, (1 - decay) / safe**2 - decay / safe)
    out = np.zeros((len(seconds), z.size))
    for n in range(1, len(seconds)):
        out[n] = out[n - 1] * decay + late * plasma[n] + early * plasma[n - 1]
    return out.T * ((seconds[1] - seconds[0]) / 60.0)


def extended_tofts(
    seconds: np.ndarray, plasma: np.ndarray, ktrans: np.ndarray, ve: np.ndarray, vp: np.ndarray
) -> np.ndarray:
    """Tissue concentration vp Cp + Ktrans (Cp * exp(-Ktrans/ve t)) (Tofts 1999), (N, T) mmol/l for (N,) parameters."""
    ktrans, ve, vp = (np.atleast_1d(np.asarray(value, np.float64)) for value in (ktrans, ve, vp))
    kep = ktrans / np.maximum(ve, 1e-6)
    return vp[:, None] * plasma[None, :] + ktrans[:, None] * residue(seconds, plasma, kep)
