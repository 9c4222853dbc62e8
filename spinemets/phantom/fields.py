"""Smooth random fields defined at every world point."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

LATTICE = 48


class SmoothField:
    """A periodic, zero-mean, unit-variance random field over world mm, the same for every grid that samples it.

    Parameters
    ----------
    rng : source of chance.
    correlation : mm over which the field changes; three numbers (x, y, z) for an anisotropic field.
    """

    def __init__(self, rng: np.random.Generator, correlation: float | tuple[float, float, float]) -> None:
        lattice = ndimage.gaussian_filter(rng.standard_normal((LATTICE,) * 3), 1.2, mode="wrap")
        self._lattice = ((lattice - lattice.mean()) / lattice.std()).astype(np.float32)
        self._scale = 2.0 / np.broadcast_to(np.asarray(correlation, np.float64), (3,))

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Values at world points; x, y, z are float arrays of one shape (N,), in mm."""
        coordinates = np.stack([x * self._scale[0], y * self._scale[1], z * self._scale[2]])
        values: np.ndarray = ndimage.map_coordinates(self._lattice, coordinates, order=1, mode="grid-wrap")
        return values


class LowOrderField:
    """A polynomial of order 2 with random coefficients, of zero mean and about unit size within `reach` mm of `centre`."""

    def __init__(self, rng: np.random.Generator, centre: np.ndarray, reach: float) -> None:
        self._coefficients = rng.standard_normal(9) * np.array([1, 1, 1, 0.7, 0.7, 0.7, 0.5, 0.5, 0.5])
        self._centre = np.asarray(centre, np.float64)
        self._reach = reach

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Values at world points, (N,) each, in mm."""
        p, q, r = ((w - c) / self._reach for w, c in zip((x, y, z), self._centre))
        terms = (p, q, r, p * q, q * r, p * r, p * p - 1 / 3, q * q - 1 / 3, r * r - 1 / 3)
        total = np.zeros(np.shape(x), np.float32)
        for coefficient, term in zip(self._coefficients, terms):
            total += np.float32(coefficient) * term.astype(np.float32)
        return total
