"""The 20 co-occurrence and 13 histogram features that Lang et al. 2019 measured on each kinetic map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.features.first_order import EPSILON

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Conventions:
    """What the paper leaves open; the defaults are SpineMets' choice, as are 32 grey levels between the region's
    minimum and maximum, and means over 13 directions (`Settings.bin_count`, `force_2d`).

    symmetric : pairs are counted both ways.
    log_base : of entropies.
    sum_variance_about : "average", the mean of the sums; "entropy", as Haralick 1973 prints it.
    """

    symmetric: bool = True
    log_base: float = 2.0
    sum_variance_about: str = "average"


def histogram_features(intensities: NDArray) -> dict[str, float]:
    """Deciles 1 to 9 (linear interpolation), mean, standard deviation (n - 1), kurtosis (3 for a normal distribution),
    skewness; kurtosis and skewness of a flat region are 0.

    Parameters
    ----------
    intensities : (n,) of the region's voxels.
    """
    x = intensities.astype(np.float64)
    deviation = x - x.mean()
    variance = float((deviation**2).mean())
    deciles = {f"{10 * (k + 1)}Percentile": v for k, v in enumerate(np.percentile(x, np.arange(10, 100, 10)).tolist())}
    return {
        **deciles,
        "Mean": float(x.mean()),
        "StandardDeviation": float(x.std(ddof=1)) if len(x) > 1 else 0.0,
        "Kurtosis": float((deviation**4).mean()) / variance**2 if variance > 0 else 0.0,
        "Skewness": float((deviation**3).mean()) / variance**1.5 if variance > 0 else 0.0,
    }


def haralick_features(pairs: Floats, grey_levels: Floats, conventions: Conventions | None = None) -> dict[str, float]:
    """The 20 co-occurrence features, in the paper's order; NaN where no two voxels touch.

    With p(i, j), its marginals' means m and deviations s: the paper's list has correlation twice, as a widely used
    program writes it out: Correlation1 = (sum ij p - m_x m_y) / (s_x s_y), Correlation2 = sum (i - m_x)(j - m_y) p /
    (s_x s_y), equal but for rounding, 1 in a flat region. Its "information measure of entropy" has no definition; here
    it is the variance sum (i - m_x)^2 p, which stands at its place in that program.

    Parameters
    ----------
    pairs : (a, k, k) pairs of neighbours counted one way, in each direction.
    grey_levels : (k,) the grey levels i that occur.

    Source: Lang et al., Magn Reson Imaging 2019; Haralick et al. 1973.
    """
    conventions = conventions or Conventions()
    counts = pairs + pairs.transpose(0, 2, 1) if conventions.symmetric else pairs
    kept = counts[counts.sum(axis=(1, 2)) > 0]
    rows = [_haralick_of(matrix / matrix.sum(), grey_levels, conventions) for matrix in kept]
    if not rows:
        return dict.fromkeys(_haralick_of(np.ones((1, 1)), np.ones(1), conventions), float("nan"))
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _haralick_of(p: Floats, i: Floats, conventions: Conventions) -> dict[str, float]:
    """Features of one direction's shares of pairs."""

    def entropy(q: Floats, of: Floats | None = None) -> float:
        return float(-(q * np.log((q if of is None else of) + EPSILON)).sum() / np.log(conventions.log_base))

    px, py = p.sum(axis=1), p.sum(axis=0)
    mx, my = px @ i, py @ i
    sx, sy = np.sqrt(px @ (i - mx) ** 2), np.sqrt(py @ (i - my) ** 2)
    a, b = np.meshgrid(i, i, indexing="ij")
    sums, differences = (a + b).astype(np.int64), np.abs(a - b).astype(np.int64)
    p_sum, p_difference = _summed_by(sums, p), _summed_by(differences, p)
    k_sum, k = np.arange(len(p_sum)), np.arange(len(p_difference))
    flat = sx * sy == 0
    about = entropy(p_sum) if conventions.sum_variance_about == "entropy" else p_sum @ k_sum
    product = px[:, None] * py[None, :]
    hx, hy, hxy = entropy(px), entropy(py), entropy(p)
    found = {
        "Autocorrelation": (a * b * p).sum(),
        "ClusterProminence": ((a + b - mx - my) ** 4 * p).sum(),
        "ClusterShade": ((a + b - mx - my) ** 3 * p).sum(),
        "Contrast": ((a - b) ** 2 * p).sum(),
        "Correlation1": 1.0 if flat else ((a * b * p).sum() - mx * my) / (sx * sy),
        "Dissimilarity": (np.abs(a - b) * p).sum(),
        "Energy": (p**2).sum(),
        "Entropy": hxy,
        "Homogeneity1": (p / (1 + np.abs(a - b))).sum(),
        "Homogeneity2": (p / (1 + (a - b) ** 2)).sum(),
        "MaximumProbability": p.max(),
        "SumAverage": p_sum @ k_sum,
        "InformationMeasureOfEntropy": px @ (i - mx) ** 2,
        "SumVariance": p_sum @ (k_sum - about) ** 2,
        "SumEntropy": entropy(p_sum),
        "DifferenceVariance": p_difference @ (k - p_difference @ k) ** 2,
        "Correlation2": 1.0 if flat else ((a - mx) * (b - my) * p).sum() / (sx * sy),
        "DifferenceEntropy": entropy(p_difference),
        "InformationMeasureOfCorrelation1": (hxy - entropy(p, product)) / max(hx, hy) if max(hx, hy) > 0 else 0.0,
        "InformationMeasureOfCorrelation2": np.sqrt(max(0.0, 1 - np.exp(-2 * (entropy(product) - hxy)))),
    }
    return {name: float(value) for name, value in found.items()}


def _summed_by(key: NDArray[np.int64], p: Floats) -> Floats:
    summed: Floats = np.bincount(key.ravel(), weights=p.ravel()).astype(np.float64)
    return summed
