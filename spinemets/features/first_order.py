"""First-order features: the distribution of the region's intensities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Keeps logarithms of empty bins finite; pyradiomics uses the same number, and it shows in the tenth digit.
EPSILON = float(np.spacing(1.0))


def first_order_features(
    intensities: NDArray, probabilities: NDArray[np.float64], voxel_volume: float, shift: float = 0.0
) -> dict[str, float]:
    """The 18 first-order features of pyradiomics 3.0.1, in its order.

    With X the n intensities, m their mean, mu_r = sum (X - m)^r / n, c the shift, p the share of voxels in each level:

    - 10Percentile, 90Percentile, Median, Minimum, Maximum, Mean of X; percentiles interpolate linearly
    - Range = maximum - minimum; InterquartileRange = P75 - P25
    - Energy = sum (X + c)^2; TotalEnergy = Energy x voxel volume; RootMeanSquared = sqrt(Energy / n)
    - MeanAbsoluteDeviation = mean |X - m|
    - RobustMeanAbsoluteDeviation = the same over the X in [P10, P90] and their mean; NaN when there are none
    - Variance = mu_2; Skewness = mu_3 / mu_2^1.5; Kurtosis = mu_4 / mu_2^2, with mu_2 = 1 in a flat region. Kurtosis
      is 3 for a normal distribution; IBSI's is 3 less
    - Entropy = -sum p log2(p + eps); Uniformity = sum p^2

    Parameters
    ----------
    intensities : (n,) intensities in the region.
    probabilities : (k,) share of the voxels in each grey level.
    voxel_volume : mm^3.
    shift : c (pyradiomics' voxelArrayShift), in intensity units.
    """
    x = intensities.astype(np.float64)
    p10, p25, median, p75, p90 = np.percentile(x, [10, 25, 50, 75, 90])
    mean = x.mean()
    deviation = x - mean
    squared = deviation * deviation
    variance = squared.mean()
    scale = variance if variance != 0 else 1.0
    energy = np.sum((x + shift) ** 2)
    inner = x[(x >= p10) & (x <= p90)]
    features = {
        "10Percentile": p10,
        "90Percentile": p90,
        "Energy": energy,
        "Entropy": -np.sum(probabilities * np.log2(probabilities + EPSILON)),
        "InterquartileRange": p75 - p25,
        "Kurtosis": (squared * squared).mean() / scale**2,
        "Maximum": x.max(),
        "MeanAbsoluteDeviation": np.abs(deviation).mean(),
        "Mean": mean,
        "Median": median,
        "Minimum": x.min(),
        "Range": x.max() - x.min(),
        "RobustMeanAbsoluteDeviation": np.abs(inner - inner.mean()).mean() if len(inner) else np.nan,
        "RootMeanSquared": np.sqrt(energy / len(x)),
        "Skewness": (squared * deviation).mean() / scale**1.5,
        "TotalEnergy": energy * voxel_volume,
        "Uniformity": np.sum(probabilities**2),
        "Variance": variance,
    }
    return {name: float(value) for name, value in features.items()}
