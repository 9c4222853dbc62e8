"""Run-length features: runs of one grey level along the 13 directions, each feature a mean over the directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.features.size_matrices import size_matrix_sums

# Feature -> the sum that it is (`size_matrices`), with runs as elements and their lengths as sizes; pyradiomics' order.
SUMS = {
    "GrayLevelNonUniformity": "GreyNonUniformity",
    "GrayLevelNonUniformityNormalized": "GreyNonUniformityNormalized",
    "GrayLevelVariance": "GreyVariance",
    "HighGrayLevelRunEmphasis": "High",
    "LongRunEmphasis": "Large",
    "LongRunHighGrayLevelEmphasis": "LargeHigh",
    "LongRunLowGrayLevelEmphasis": "LargeLow",
    "LowGrayLevelRunEmphasis": "Low",
    "RunEntropy": "Entropy",
    "RunLengthNonUniformity": "SizeNonUniformity",
    "RunLengthNonUniformityNormalized": "SizeNonUniformityNormalized",
    "RunPercentage": "Percentage",
    "RunVariance": "SizeVariance",
    "ShortRunEmphasis": "Small",
    "ShortRunHighGrayLevelEmphasis": "SmallHigh",
    "ShortRunLowGrayLevelEmphasis": "SmallLow",
}


def glrlm_features(runs: NDArray[np.float64], grey_levels: NDArray[np.float64]) -> dict[str, float]:
    """The 16 run-length features (Galloway 1975; Chu 1990).

    Parameters
    ----------
    runs : (a, k, r) number of runs of level i with length r + 1, a matrix for each direction.
    grey_levels : (k,) grey level of each row.
    """
    longest = int(np.flatnonzero(runs.any(axis=(0, 1)))[-1]) + 1 if runs.any() else 1
    sums = size_matrix_sums(runs[:, :, :longest], grey_levels, np.arange(1.0, longest + 1))
    return {name: sums[of] for name, of in SUMS.items()}
