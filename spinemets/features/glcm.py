"""Co-occurrence features: grey levels of neighbouring voxels, each feature a mean over the 13 directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.features.first_order import EPSILON

Floats = NDArray[np.float64]

# Eigenvalues that are followed when pyradiomics' epsilon shifts them (see `_maximal_correlation`).
FOLLOWED = 8
# An eigenvalue below this is 0 but for rounding.
ROUNDING = 1e-12


def glcm_features(pairs: Floats, grey_levels: Floats, highest: int, with_mcc: bool = True) -> dict[str, float]:
    """The 24 co-occurrence features (Haralick 1973), in pyradiomics' order.

    With p(i, j) the share of neighbouring pairs that have the levels i and j (counted both ways, so p is symmetric),
    p_x its marginal, m = sum i p_x, s^2 = sum (i - m)^2 p_x, p_+(k) and p_-(k) the shares of pairs with i + j = k and
    |i - j| = k, Ng the highest level:

    - Autocorrelation = sum i j p; JointAverage = m; SumSquares = s^2; JointEnergy = sum p^2; MaximumProbability = max p
    - ClusterTendency, ClusterShade, ClusterProminence = sum (i + j - 2 m)^r p with r = 2, 3, 4
    - Contrast = sum (i - j)^2 p; Correlation = (sum (i - m)(j - m) p) / s^2, 1 where s = 0
    - DifferenceAverage d = sum k p_-; DifferenceVariance = sum (k - d)^2 p_-; SumAverage = sum k p_+
    - DifferenceEntropy, SumEntropy, JointEntropy = -sum q log2(q + eps) with q = p_-, p_+, p
    - Id = sum p_- / (1 + k); Idm = sum p_- / (1 + k^2); Idn = sum p_- / (1 + k / Ng); Idmn = sum p_- / (1 + k^2 / Ng^2)
    - InverseVariance = sum over k > 0 of p_- / k^2
    - Imc1, Imc2, MCC: see `_information_correlation` and `_maximal_correlation`

    Parameters
    ----------
    pairs : (a, k, k) pairs counted one way, in each direction that the region's box has room for. Directions without
        pairs do not count; without any pair all features are NaN but, as pyradiomics has it, of one grey level:
        InverseVariance is 0 where there is one direction, MCC 1 where there are several.
    grey_levels : (k,) the grey levels that occur.
    highest : Ng.
    with_mcc : MCC too, which takes as long as all others; otherwise it is NaN.
    """
    counts = pairs + pairs.transpose(0, 2, 1)
    totals = counts.sum(axis=(1, 2))
    counted = totals > 0 if len(totals) > 1 else np.ones(len(totals), bool)  # an only direction stays, as NaN
    with np.errstate(invalid="ignore"):
        p = counts[counted] / totals[counted][:, None, None]
    px = p.sum(axis=2)
    mean = px @ grey_levels
    centred = grey_levels - mean[:, None]
    variance = (px * centred**2).sum(axis=1)
    covariance = ((p @ centred[:, :, None])[:, :, 0] * centred).sum(axis=1)
    flat = variance == 0
    # pyradiomics divides by the product of two roots and adds epsilon; both are kept, since they show in tiny
    # variances.
    correlation = np.where(flat, 1.0, covariance / (np.sqrt(variance) * np.sqrt(variance) + EPSILON))
    p_sum, p_difference = _sum_and_difference(p, grey_levels.astype(np.int64), highest)
    k_sum = np.arange(2.0, 2 * highest + 1)
    k = np.arange(float(highest))
    cluster = k_sum - 2 * mean[:, None]
    difference_average = p_difference @ k
    joint_entropy = _entropy(p.reshape(len(p), p.shape[1] ** 2))
    imc1, imc2 = _information_correlation(p, px, joint_entropy)
    features = {
        "Autocorrelation": (p @ grey_levels) @ grey_levels,
        "ClusterProminence": (p_sum * cluster**4).sum(axis=1),
        "ClusterShade": (p_sum * cluster**3).sum(axis=1),
        "ClusterTendency": (p_sum * cluster**2).sum(axis=1),
        "Contrast": p_difference @ k**2,
        "Correlation": correlation,
        "DifferenceAverage": difference_average,
        "DifferenceEntropy": _entropy(p_difference),
        "DifferenceVariance": (p_difference * (k - difference_average[:, None]) ** 2).sum(axis=1),
        "Id": p_difference @ (1 / (1 + k)),
        "Idm": p_difference @ (1 / (1 + k**2)),
        "Idmn": p_difference @ (1 / (1 + k**2 / highest**2)),
        "Idn": p_difference @ (1 / (1 + k / highest)),
        "Imc1": imc1,
        "Imc2": imc2,
        "InverseVariance": p_difference[:, 1:] @ k[1:] ** -2.0,
        "JointAverage": mean,
        "JointEnergy": (p**2).sum(axis=(1, 2)),
        "JointEntropy": joint_entropy,
        "MCC": np.full(len(p), np.nan),
        "MaximumProbability": p.max(axis=(1, 2), initial=0.0),
        "SumAverage": p_sum @ k_sum,
        "SumEntropy": _entropy(p_sum),
        "SumSquares": variance,
    }
    means = dict(zip(features, _mean_over_directions(np.array(list(features.values()))), strict=True))
    if with_mcc:
        means["MCC"] = _maximal_correlation(p, px)
    return means


def _mean_over_directions(values: Floats) -> list[float]:
    """Of each row, the mean of the directions in which the feature has a value; NaN where there is none."""
    defined = ~np.isnan(values)
    count = defined.sum(axis=1)
    total = np.where(defined, values, 0.0).sum(axis=1)
    means: list[float] = np.where(count > 0, total / np.maximum(count, 1), np.nan).tolist()
    return means


def _entropy(q: Floats) -> Floats:
    """-sum q log2(q + eps) along the last axis; empty entries add nothing."""
    return -(q * np.log2(np.where(q > 0, q, 1.0) + EPSILON)).sum(axis=-1)


def _sum_and_difference(p: Floats, levels: NDArray[np.int64], highest: int) -> tuple[Floats, Floats]:
    """Shares of pairs by sum of levels (a, 2 Ng - 1), for 2 .. 2 Ng, and by difference (a, Ng), for 0 .. Ng - 1."""
    sums = (levels[:, None] + levels[None, :] - 2).ravel()
    differences = np.abs(levels[:, None] - levels[None, :]).ravel()
    rows = p.reshape(len(p), len(sums))
    p_sum = np.array([np.bincount(sums, weights=row, minlength=2 * highest - 1) for row in rows])
    p_difference = np.array([np.bincount(differences, weights=row, minlength=highest) for row in rows])
    return p_sum.reshape(-1, 2 * highest - 1), p_difference.reshape(-1, highest)


def _information_correlation(p: Floats, px: Floats, joint_entropy: Floats) -> tuple[Floats, Floats]:
    """Informational measures of correlation 1 and 2, a value for each direction.

    With HX the entropy of p_x, HXY of p, HXY1 = -sum p log2(p_x p_y + eps), HXY2 = -sum p_x p_y log2(p_x p_y + eps):
    Imc1 = (HXY - HXY1) / HX, 0 where HX = 0; Imc2 = sqrt(1 - exp(-2 (HXY2 - HXY))), NaN where rounding makes that
    imaginary.
    """
    product = px[:, :, None] * px[:, None, :]
    logarithm = np.log2(product + EPSILON)
    hx = _entropy(px)
    hxy1 = -(p * logarithm).sum(axis=(1, 2))
    hxy2 = -(product * logarithm).sum(axis=(1, 2))
    imc1 = np.where(hx != 0, (joint_entropy - hxy1) / np.where(hx != 0, hx, 1.0), 0.0)
    gain = 1 - np.exp(-2 * (hxy2 - joint_entropy))
    imc2 = np.where(gain >= 0, np.sqrt(np.abs(gain)), np.nan)
    return imc1, imc2


def _maximal_correlation(p: Floats, px: Floats) -> float:
    """Maximal correlation coefficient: the root of the second largest eigenvalue of
    Q(i, j) = sum_k p(i, k) p(j, k) / (p_x(i) p_y(k) + eps), a mean over directions; 1 where there is one grey level.

    Without eps, Q is similar to the square of the symmetric S(i, j) = p(i, j) / sqrt(p_x(i) p_x(j)), which is an order
    of magnitude faster to decompose and always has real eigenvalues. Epsilon moves eigenvalues of rare levels in the
    seventh digit, so Q itself is then projected on the leading eigenvectors of S, where it is a small matrix.
    """
    if not np.isfinite(p).all():
        return float("nan")
    if p.shape[1] < 2:
        return 1.0
    if not len(p):
        return float("nan")
    if p.shape[1] <= FOLLOWED:
        return _maximal_correlation_of_q(p)
    root = np.sqrt(px)
    inverse_root = np.where(px > 0, 1 / np.where(px > 0, root, 1.0), 0.0)
    symmetric = p * inverse_root[:, :, None] * inverse_root[:, None, :]
    eigenvalues, vectors = np.linalg.eigh(symmetric)
    order = np.argsort(-np.abs(eigenvalues), axis=1)[:, :FOLLOWED]
    leading = np.take_along_axis(vectors, order[:, None, :], axis=2)
    right = inverse_root[:, :, None] * leading
    left = root[:, :, None] * leading
    weighted = p / (px[:, :, None] * px[:, None, :] + EPSILON)
    projected = left.transpose(0, 2, 1) @ (weighted @ (p.transpose(0, 2, 1) @ right))
    second = np.sort(np.linalg.eigvals(projected).real, axis=1)[:, -2]
    if (second < ROUNDING).any():
        return _maximal_correlation_of_q(p)
    return float(np.sqrt(second).mean())


def _maximal_correlation_of_q(p: Floats) -> float:
    """The same from Q itself, with every sum in pyradiomics' order: where the second eigenvalue is 0, the sign of its
    rounding error decides whether pyradiomics counts the direction.
    """
    last = np.ascontiguousarray(np.moveaxis(p, 0, 2))
    rows, columns = last.sum(axis=1), last.sum(axis=0)
    q = np.zeros_like(last)
    for k in range(len(last)):
        q += last[:, None, k] * last[None, :, k] / (rows[:, None] * columns[k] + EPSILON)
    eigenvalues = np.sort(np.linalg.eigvals(np.moveaxis(q, 2, 0)))
    with np.errstate(invalid="ignore"):
        roots = np.sqrt(eigenvalues[:, -2])
    defined = roots[~np.isnan(roots)]
    return float(defined.mean().real) if len(defined) else float("nan")
