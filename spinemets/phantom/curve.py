"""The curved axis of the spine, and the coordinates that straighten it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

# Lean of the axis (degrees; positive: going up leads backwards) at mm above the middle of L3. Supine, so a little
# flattened.
LEAN = (
    (-210, -62),
    (-160, -56),
    (-125, -48),
    (-95, -36),
    (-68, -17),
    (-36, -6),
    (0, 1),
    (36, 7),
    (71, 11),
    (105, 12),
    (160, 9),
    (235, 0),
    (320, -10),
)
FOLD_GUARD = 0.3
TABLE_MARGIN_MM = 12.0


class SpineCurve:
    """Maps a world point to (u, v, s): mm to the left of, behind, and up along the axis of the vertebral bodies.

    The axis lies in a sagittal plane but for a slight scoliosis. The map of (y, z) is tabulated every millimetre with
    its slopes, which is right to 0.02 mm.

    Parameters
    ----------
    origin : LPS mm of the middle of the L3 body.
    lordosis : factor on the normal curvature.
    scoliosis : mm to the side, amplitude.
    """

    def __init__(self, origin: np.ndarray, lordosis: float = 1.0, scoliosis: float = 0.0, phase: float = 0.0) -> None:
        self.origin = np.asarray(origin, np.float64)
        self._scoliosis, self._phase = scoliosis, phase
        knots, lean = np.array(LEAN, np.float64).T
        self._s = np.arange(-260.0, 380.0, 0.5)
        angle = np.deg2rad(np.interp(self._s, knots, lean * lordosis))
        self._angle = ndimage.gaussian_filter1d(angle, 24, mode="nearest")
        at_zero = np.searchsorted(self._s, 0.0)
        y = np.concatenate([[0], np.cumsum(np.sin((self._angle[1:] + self._angle[:-1]) / 2) * 0.5)])
        z = np.concatenate([[0], np.cumsum(np.cos((self._angle[1:] + self._angle[:-1]) / 2) * 0.5)])
        self._y, self._z = y - y[at_zero], z - z[at_zero]
        self._bend = np.gradient(self._angle, self._s)
        self._tabulate()

    def _tabulate(self) -> None:
        self._corner = np.array([-150.0, -260.0])
        y, z = np.meshgrid(np.arange(-150.0, 151.0), np.arange(-260.0, 301.0), indexing="ij")
        s = np.interp(z, self._z, self._s)
        for _ in range(8):
            lean = np.interp(s, self._s, self._angle)
            dy, dz = y - np.interp(s, self._s, self._y), z - np.interp(s, self._s, self._z)
            behind = dy * np.cos(lean) - dz * np.sin(lean)
            along = dy * np.sin(lean) + dz * np.cos(lean)
            slope = np.maximum(1 - behind * np.interp(s, self._s, self._bend), FOLD_GUARD)
            s = np.clip(s + np.clip(along / slope, -8, 8), self._s[0], self._s[-1])
        lean = np.interp(s, self._s, self._angle)
        dy, dz = y - np.interp(s, self._s, self._y), z - np.interp(s, self._s, self._z)
        v = dy * np.cos(lean) - dz * np.sin(lean)
        stretch = np.maximum(1 - v * np.interp(s, self._s, self._bend), FOLD_GUARD)
        slopes = (np.sin(lean) / stretch, np.cos(lean) / stretch, np.cos(lean), -np.sin(lean))
        self._rows, self._columns = s.shape
        self._table = np.stack([s, v, *slopes, self._side(s)], axis=-1).reshape(-1, 7).astype(np.float32)

    def bend(self, s: np.ndarray) -> np.ndarray:
        """Curvature of the axis, 1/mm, at `s`."""
        return np.interp(s, self._s, self._bend)

    def _side(self, s: np.ndarray) -> np.ndarray:
        return self._scoliosis * np.sin(s * (2 * np.pi / 260.0) + self._phase)

    def straighten(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(u, v, s) of world points; all (N,), mm."""
        row = y - np.float32(self.origin[1] + self._corner[0])
        column = z - np.float32(self.origin[2] + self._corner[1])
        i, j = np.clip(np.rint(row), 0, self._rows - 1), np.clip(np.rint(column), 0, self._columns - 1)
        near = self._table.take(i.astype(np.int32) * np.int32(self._columns) + j.astype(np.int32), axis=0)
        dy, dz = row - i, column - j
        s = near[:, 0] + near[:, 2] * dy + near[:, 3] * dz
        v = near[:, 1] + near[:, 4] * dy + near[:, 5] * dz
        u = x - np.float32(self.origin[0]) - near[:, 6]
        return u, v, s

    def world(self, u: float, v: float, s: float) -> np.ndarray:
        """LPS mm of the point (u, v, s)."""
        lean = np.interp(s, self._s, self._angle)
        y = np.interp(s, self._s, self._y) + v * np.cos(lean)
        z = np.interp(s, self._s, self._z) - v * np.sin(lean)
        return self.origin + np.array([u + float(self._side(np.asarray(s))), y, z])
