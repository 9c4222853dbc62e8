"""What run-length, size-zone and dependence features share: a matrix of grey level by size, and 16 sums over it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.features.first_order import EPSILON

Floats = NDArray[np.float64]


def size_matrix_sums(counts: Floats, grey_levels: Floats, sizes: Floats) -> dict[str, float]:
    """The 16 sums, each a mean over the matrices.

    With P(i, j) the number of elements (runs, zones, voxels) of grey level i and size j, N their number, p = P / N:

    - Small = sum p / j^2, Large = sum p j^2, Low = sum p / i^2, High = sum p i^2, SmallLow = sum p / (i^2 j^2), ...
    - GreyNonUniformity = sum_i (sum_j P)^2 / N, SizeNonUniformity = sum_j (sum_i P)^2 / N; Normalized: over N once more
    - GreyVariance = sum p (i - sum p i)^2, SizeVariance = sum p (j - sum p j)^2
    - Percentage = N / sum P j; Entropy = -sum p log2(p + eps)

    Parameters
    ----------
    counts : (a, k, s) one matrix a direction; a = 1 where there is one matrix only. NaN results where a = 0.
    grey_levels : (k,) grey level of each row.
    sizes : (s,) size of each column.
    """
    total = counts.sum(axis=(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        p = counts / total[:, None, None]
    by_level, by_size = p.sum(axis=2), p.sum(axis=1)
    level_weights = np.stack([np.ones_like(grey_levels), grey_levels**-2.0, grey_levels**2.0])
    size_weights = np.stack([np.ones_like(sizes), sizes**-2.0, sizes**2.0])
    emphasis = level_weights @ p @ size_weights.T
    grey_mean = by_level @ grey_levels
    size_mean = by_size @ sizes
    occupied = np.where(p > 0, p, 1.0)
    sums = {
        "Small": emphasis[:, 0, 1],
        "Large": emphasis[:, 0, 2],
        "Low": emphasis[:, 1, 0],
        "High": emphasis[:, 2, 0],
        "SmallLow": emphasis[:, 1, 1],
        "SmallHigh": emphasis[:, 2, 1],
        "LargeLow": emphasis[:, 1, 2],
        "LargeHigh": emphasis[:, 2, 2],
        "GreyNonUniformity": (by_level**2).sum(axis=1) * total,
        "GreyNonUniformityNormalized": (by_level**2).sum(axis=1),
        "SizeNonUniformity": (by_size**2).sum(axis=1) * total,
        "SizeNonUniformityNormalized": (by_size**2).sum(axis=1),
        "Percentage": 1 / size_mean,
        "GreyVariance": (by_level * (grey_levels - grey_mean[:, None]) ** 2).sum(axis=1),
        "SizeVariance": (by_size * (sizes - size_mean[:, None]) ** 2).sum(axis=1),
        "Entropy": -(p * np.log2(occupied + EPSILON)).sum(axis=(1, 2)),
    }
    if not len(counts):
        return dict.fromkeys(sums, float("nan"))
    return dict(zip(sums, np.array(list(sums.values())).mean(axis=1).tolist(), strict=True))
