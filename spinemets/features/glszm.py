"""Size-zone features: connected zones (26 neighbours) of one grey level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.features.size_matrices import size_matrix_sums

# Feature -> the sum that it is (`size_matrices`), with zones as elements and their voxels as sizes; pyradiomics' order.
SUMS = {
    "GrayLevelNonUniformity": "GreyNonUniformity",
    "GrayLevelNonUniformityNormalized": "GreyNonUniformityNormalized",
    "GrayLevelVariance": "GreyVariance",
    "HighGrayLevelZoneEmphasis": "High",
    "LargeAreaEmphasis": "Large",
    "LargeAreaHighGrayLevelEmphasis": "LargeHigh",
    "LargeAreaLowGrayLevelEmphasis": "LargeLow",
    "LowGrayLevelZoneEmphasis": "Low",
    "SizeZoneNonUniformity": "SizeNonUniformity",
    "SizeZoneNonUniformityNormalized": "SizeNonUniformityNormalized",
    "SmallAreaEmphasis": "Small",
    "SmallAreaHighGrayLevelEmphasis": "SmallHigh",
    "SmallAreaLowGrayLevelEmphasis": "SmallLow",
    "ZoneEntropy": "Entropy",
    "ZonePercentage": "Percentage",
    "ZoneVariance": "SizeVariance",
}


def glszm_features(
    zone_levels: NDArray[np.int32], zone_sizes: NDArray[np.int32], grey_levels: NDArray[np.float64]
) -> dict[str, float]:
    """The 16 size-zone features (Thibault 2009).

    Parameters
    ----------
    zone_levels : (z,) for each zone the position of its level in `grey_levels`.
    zone_sizes : (z,) voxels of each zone.
    grey_levels : (k,) grey levels that occur.
    """
    sizes, column = np.unique(zone_sizes, return_inverse=True)
    shape = (len(grey_levels), len(sizes))
    counts = np.bincount(zone_levels * len(sizes) + column, minlength=shape[0] * shape[1]).reshape(1, *shape)
    sums = size_matrix_sums(counts.astype(np.float64), grey_levels, sizes.astype(np.float64))
    return {name: sums[of] for name, of in SUMS.items()}
