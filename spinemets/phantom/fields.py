"""Smooth random fields defined at every world point."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

LATTICE = 32
WRAP = np.int32(LATTICE - 1)
STRIDES = (np.int32(LATTICE * LATTICE), np.int32(LATTICE), np.int32(1))


class SmoothField:
    """A periodic, zero-mean, unit-variance random field over world mm, the same for every grid that samples it.

    Parameters
    ----------
    rng : source of chance.
    correlation : mm over which the field changes; three numbers (x, y, z) for an anisotropic field.
    """

    def __init__(self, rng: np.random.Generator, correlation: float | tuple[float, float, float]) -> None:
        lattice = ndimage.gaussian_filter(rng.standard_normal((LATTICE,) * 3), 1.2, mode="wrap")
        self._lattice = ((lattice - lattice.mean()) / lattice.std()).astype(np.float32).ravel()
        self._scale = (2.0 / np.broadcast_to(np.asarray(correlation, np.float64), (3,))).astype(np.float32)

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Values at world points; x, y, z are float arrays of one shape (N,), in mm."""
        low, high, part = [], [], []
        for axis, w in enumerate((x, y, z)):
            at = np.asarray(w, np.float32) * self._scale[axis]
            floor = np.floor(at)
            index = floor.astype(np.int32)
            part.append(at - floor)
            low.append((index & WRAP) * STRIDES[axis])
            high.append(((index + 1) & WRAP) * STRIDES[axis])
        f, g, h = part
        values = []
        for i in (low[0], high[0]):
            plane = []
            for j in (low[1], high[1]):
                a, b = self._lattice.take(i + j + low[2]), self._lattice.take(i + j + high[2])
                plane.append(a + (b - a) * h)
            values.append(plane[0] + (plane[1] - plane[0]) * g)
        return values[0] + (values[1] - values[0]) * f


class LowOrderField:
    """A polynomial of order 2 with random coefficients, of zero mean and about unit size within `reach` mm of
    `centre`."""

    def __init__(self, rng: np.random.Generator, centre: np.ndarray, reach: float) -> None:
        self._coefficients = rng.standard_normal(9) * np.array([1, 1, 1, 0.7, 0.7, 0.7, 0.5, 0.5, 0.5])
        self._centre = np.asarray(centre, np.float64)
        self._reach = reach

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Values at world points, (N,) each, in mm."""
        p, q, r = ((w - np.float32(c)) * np.float32(1 / self._reach) for w, c in zip((x, y, z), self._centre))
        k = self._coefficients.astype(np.float32)
        total: np.ndarray = (k[0] + k[3] * q + k[6] * p) * p
        total += (k[1] + k[4] * r + k[7] * q) * q
        total += (k[2] + k[5] * p + k[8] * r) * r
        return total - (k[6] + k[7] + k[8]) / 3
