"""The ROC curve: AUC with DeLong's and bootstrap intervals, and tests between curves.

DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837; computed from midranks after Sun and Xu, IEEE Signal
Process Lett 21 (2014) 1389. Same numbers as R's pROC with direction "<".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, rankdata, t

from spinemets.errors import InputError
from spinemets.statistics.result import Result, labels_and_scores


@dataclass(frozen=True)
class AreaUnderCurve(Result):
    """An AUC with its interval; `method` is delong or bootstrap."""

    estimate: float
    interval: tuple[float, float]
    standard_error: float
    level: float
    method: str
    positives: int
    negatives: int


@dataclass(frozen=True)
class CurveComparison(Result):
    """A test that two AUCs are equal: z of paired curves, t with `df` of unpaired ones (pROC)."""

    estimate: tuple[float, float]
    difference: float
    interval: tuple[float, float]
    statistic: float
    df: float | None
    p: float


@dataclass(frozen=True)
class OperatingPoint(Result):
    """What a threshold does: a case is positive when its score is at least `threshold`."""

    threshold: float
    sensitivity: float
    specificity: float


@dataclass(frozen=True, eq=False)
class RocCurve(Result):
    """The curve from (1, 0) to (0, 1) in (sensitivity, specificity), one point a threshold between distinct scores."""

    thresholds: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    specificity: NDArray[np.float64]

    def youden(self) -> OperatingPoint:
        """The point of highest sensitivity + specificity; of several, that of the highest threshold."""
        total = self.sensitivity + self.specificity
        best = int(np.flatnonzero(total >= total.max() - 1e-12)[-1])
        return OperatingPoint(
            float(self.thresholds[best]), float(self.sensitivity[best]), float(self.specificity[best])
        )

    def as_json(self) -> dict[str, Any]:
        """The fields and Youden's point."""
        return super().as_json() | {"youden": self.youden().as_json()}


def roc_curve(labels: ArrayLike, scores: ArrayLike) -> RocCurve:
    """Thresholds half-way between neighbouring distinct scores, from -inf to inf, as pROC has them."""
    positive, (values,) = labels_and_scores(labels, scores)
    distinct = np.unique(values)
    thresholds = np.concatenate([[-np.inf], (distinct[:-1] + distinct[1:]) / 2, [np.inf]])
    sick, well = np.sort(values[positive]), np.sort(values[~positive])
    sensitivity = 1 - np.searchsorted(sick, thresholds, "left") / len(sick)
    specificity = np.searchsorted(well, thresholds, "left") / len(well)
    return RocCurve(thresholds, sensitivity, specificity)


def auc(labels: ArrayLike, scores: ArrayLike, level: float = 0.95) -> AreaUnderCurve:
    """AUC with DeLong's interval, cut at 0 and 1; that of an AUC of 1 is 1 to 1, however few the cases."""
    positive, (values,) = labels_and_scores(labels, scores)
    area, first, second = _placements(positive, values)
    error = float(np.sqrt(_covariance([first], [second])[0, 0]))
    reach = norm.ppf(0.5 + level / 2) * error
    interval = (max(0.0, area - reach), min(1.0, area + reach))
    return AreaUnderCurve(area, interval, error, level, "delong", len(first), len(second))


def bootstrap_auc(
    labels: ArrayLike, scores: ArrayLike, repetitions: int = 2000, seed: int = 0, level: float = 0.95
) -> AreaUnderCurve:
    """AUC with the percentile interval of stratified bootstrap samples."""
    positive, (values,) = labels_and_scores(labels, scores)
    area, first, second = _placements(positive, values)
    rng = np.random.default_rng(seed)
    sick, well = values[positive], values[~positive]
    # 1, 1/2 or 0 for each pair; a sample's AUC is the mean over the pairs that it draws.
    wins = (sick[:, np.newaxis] > well) + 0.5 * (sick[:, np.newaxis] == well)
    areas = np.empty(repetitions)
    for n in range(repetitions):
        drawn_sick = np.bincount(rng.integers(0, len(sick), len(sick)), minlength=len(sick))
        drawn_well = np.bincount(rng.integers(0, len(well), len(well)), minlength=len(well))
        areas[n] = drawn_sick @ wins @ drawn_well / (len(sick) * len(well))
    low, high = np.quantile(areas, [0.5 - level / 2, 0.5 + level / 2])
    return AreaUnderCurve(
        area, (float(low), float(high)), float(areas.std(ddof=1)), level, "bootstrap", len(first), len(second)
    )


def delong_test(labels: ArrayLike, first: ArrayLike, second: ArrayLike, level: float = 0.95) -> CurveComparison:
    """Two scores of the same cases."""
    positive, (a, b) = labels_and_scores(labels, first, second)
    area_a, sick_a, well_a = _placements(positive, a)
    area_b, sick_b, well_b = _placements(positive, b)
    covariance = _covariance([sick_a, sick_b], [well_a, well_b])
    error = float(np.sqrt(max(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1], 0.0)))
    difference = area_a - area_b
    reach = norm.ppf(0.5 + level / 2) * error
    # Scores that rank all cases alike have no difference to test.
    statistic = difference / error if error > 0 else 0.0
    p = float(2 * norm.sf(abs(statistic)))
    return CurveComparison((area_a, area_b), difference, (difference - reach, difference + reach), statistic, None, p)


def unpaired_delong_test(
    first_labels: ArrayLike, first: ArrayLike, second_labels: ArrayLike, second: ArrayLike, level: float = 0.95
) -> CurveComparison:
    """Two scores of different cases, by Welch's t with DeLong's variances (pROC)."""
    positive_a, (a,) = labels_and_scores(first_labels, first)
    positive_b, (b,) = labels_and_scores(second_labels, second)
    area_a, sick_a, well_a = _placements(positive_a, a)
    area_b, sick_b, well_b = _placements(positive_b, b)
    variance_a, variance_b = (
        float(_covariance([sick], [well])[0, 0]) for sick, well in ((sick_a, well_a), (sick_b, well_b))
    )
    total = variance_a + variance_b
    if total == 0:
        raise InputError("scores", "separate the classes without fault in both sets", "there is nothing to test")
    n_a, n_b = len(a), len(b)
    df = total**2 / (variance_a**2 / (n_a - 1) + variance_b**2 / (n_b - 1))
    difference, error = area_a - area_b, float(np.sqrt(total))
    reach = float(t.ppf(0.5 + level / 2, df)) * error
    p = float(2 * t.sf(abs(difference / error), df))
    return CurveComparison(
        (area_a, area_b), difference, (difference - reach, difference + reach), difference / error, df, p
    )


def _placements(
    positive: NDArray[np.bool_], values: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """AUC, and each positive's and each negative's share of the other class on its right side."""
    sick, well = values[positive], values[~positive]
    m, n = len(sick), len(well)
    both = rankdata(np.concatenate([sick, well]))
    first = (both[:m] - rankdata(sick)) / n
    second = 1 - (both[m:] - rankdata(well)) / m
    return float(first.mean()), first, second


def _covariance(first: list[NDArray[np.float64]], second: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Covariance matrix of the AUCs from their placements."""
    sick, well = np.stack(first), np.stack(second)
    if sick.shape[1] < 2 or well.shape[1] < 2:
        raise InputError("label", "has one case of a class only", "give at least two cases of both classes")
    return np.atleast_2d(np.cov(sick)) / sick.shape[1] + np.atleast_2d(np.cov(well)) / well.shape[1]
