"""Gaussian means in float32, several times as fast as `scipy.ndimage.gaussian_filter` for the widths used here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def gaussian(values: Field, sigma: Sequence[float], truncate: float = 4.0) -> Field:
    """Averaged by a Gaussian; beyond the border the values are mirrored.

    Parameters
    ----------
    sigma : SD in voxels along each axis; nothing is done along an axis where it is 0. truncate : where the Gaussian
        ends, in SDs. Both as of `scipy.ndimage.gaussian_filter`.
    """
    out = np.asarray(values, np.float32)
    for axis, sd in enumerate(sigma):
        out = _along(out, axis, float(sd), int(truncate * sd + 0.5))
    return out


def _along(values: Field, axis: int, sd: float, reach: int) -> Field:
    if reach == 0:
        return values
    taps = np.exp(-0.5 * (np.arange(reach + 1) / sd) ** 2)
    taps /= taps[0] + 2 * taps[1:].sum()
    count = values.shape[axis]
    widths = [(reach, reach) if other == axis else (0, 0) for other in range(values.ndim)]
    padded = np.pad(values, widths, mode="symmetric")
    before = (slice(None),) * axis
    out = values * np.float32(taps[0])
    scratch = np.empty_like(out)
    for away in range(1, reach + 1):
        low = padded[(*before, slice(reach - away, reach - away + count))]
        high = padded[(*before, slice(reach + away, reach + away + count))]
        np.add(low, high, out=scratch)
        scratch *= np.float32(taps[away])
        out += scratch
    return np.asarray(out)
