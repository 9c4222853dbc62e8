"""Dependence features: how many of a voxel's neighbours have its grey level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.features.size_matrices import size_matrix_sums

# Feature -> the sum that it is (`size_matrices`), with voxels as elements and 1 + dependent neighbours as sizes;
# pyradiomics' order.
SUMS = {
    "DependenceEntropy": "Entropy",
    "DependenceNonUniformity": "SizeNonUniformity",
    "DependenceNonUniformityNormalized": "SizeNonUniformityNormalized",
    "DependenceVariance": "SizeVariance",
    "GrayLevelNonUniformity": "GreyNonUniformity",
    "GrayLevelVariance": "GreyVariance",
    "HighGrayLevelEmphasis": "High",
    "LargeDependenceEmphasis": "Large",
    "LargeDependenceHighGrayLevelEmphasis": "LargeHigh",
    "LargeDependenceLowGrayLevelEmphasis": "LargeLow",
    "LowGrayLevelEmphasis": "Low",
    "SmallDependenceEmphasis": "Small",
    "SmallDependenceHighGrayLevelEmphasis": "SmallHigh",
    "SmallDependenceLowGrayLevelEmphasis": "SmallLow",
}


def gldm_features(dependence: NDArray[np.float64], grey_levels: NDArray[np.float64]) -> dict[str, float]:
    """The 14 dependence features (Sun and Wee 1983), at distance 1 and for equal levels (alpha 0).

    Parameters
    ----------
    dependence : (k, d) voxels of level i with j neighbours of the same level, j = 0 .. d - 1.
    grey_levels : (k,) grey level of each row.
    """
    sums = size_matrix_sums(dependence[None], grey_levels, np.arange(1.0, dependence.shape[1] + 1))
    return {name: sums[of] for name, of in SUMS.items()}
