"""Neighbourhood grey-tone difference features: a voxel against the mean of its neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# pyradiomics' answer for a region in which no voxel differs from its neighbours.
FLAT_COARSENESS = 1e6


def ngtdm_features(
    neighbourhoods: NDArray[np.float64], differences: NDArray[np.float64], grey_levels: NDArray[np.float64]
) -> dict[str, float]:
    """The 5 features of Amadasun and King (1989), in pyradiomics' order.

    With n_i the voxels of level i, N their sum, p_i = n_i / N, s_i the summed difference to the neighbours' mean and G
    the number of levels:

    - Busyness = sum p_i s_i / sum_ij |i p_i - j p_j|
    - Coarseness = 1 / sum p_i s_i, 10^6 where that sum is 0
    - Complexity = sum_ij |i - j| (p_i s_i + p_j s_j) / (p_i + p_j) / N
    - Contrast = sum_ij p_i p_j (i - j)^2 / (G (G - 1)) x sum s_i / N
    - Strength = sum_ij (p_i + p_j)(i - j)^2 / sum s_i

    Where another denominator is 0, the feature is 0.

    Parameters
    ----------
    neighbourhoods : (k,) n_i, all above 0.
    differences : (k,) s_i.
    grey_levels : (k,) the grey levels i.
    """
    total = neighbourhoods.sum()
    p, s, i = neighbourhoods / total, differences, grey_levels
    kinds = len(i)
    weighted = p * s
    apart = i[:, None] - i[None, :]
    tone_difference = np.abs((i * p)[:, None] - (i * p)[None, :]).sum()
    pair_p = p[:, None] + p[None, :]
    contrast = (p[:, None] * p[None, :] * apart**2).sum() * s.sum() / total
    features = {
        "Busyness": weighted.sum() / tone_difference if tone_difference != 0 else 0.0,
        "Coarseness": 1 / weighted.sum() if weighted.sum() != 0 else FLAT_COARSENESS,
        "Complexity": (np.abs(apart) * (weighted[:, None] + weighted[None, :]) / pair_p).sum() / total,
        "Contrast": contrast / (kinds * (kinds - 1)) if kinds > 1 else 0.0,
        "Strength": (pair_p * apart**2).sum() / s.sum() if s.sum() != 0 else 0.0,
    }
    return {name: float(value) for name, value in features.items()}
