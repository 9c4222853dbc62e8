"""Area under the ROC curve and proportions, with intervals that stay honest when few cases are separated perfectly."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import rankdata

NORMAL_QUANTILE_975 = 1.959963984540054


def auc(labels: NDArray[np.int_], scores: NDArray[np.float64]) -> float:
    """Area under the ROC curve: the share of (1, 0) pairs that `scores` order correctly, ties counting half."""
    ranks = rankdata(scores)
    ones = int(np.sum(labels == 1))
    zeros = len(labels) - ones
    return float((ranks[labels == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def auc_interval(area: float, ones: int, zeros: int) -> tuple[float, float]:
    """95 % score interval for an AUC: Newcombe 2006 (Stat Med 25:559), method 5.

    The variance of Hanley and McNeil is taken at the end of the interval and not at the estimate, so that an AUC of 1
    in a small cohort does not get the interval 1 to 1.
    """
    mean_size = (ones + zeros) / 2

    def excess(theta: float) -> float:
        inner = 1 + (mean_size - 1) * (1 - theta) / (2 - theta) + (mean_size - 1) * theta / (1 + theta)
        return abs(area - theta) - NORMAL_QUANTILE_975 * math.sqrt(theta * (1 - theta) * inner / (ones * zeros))

    edge = 1e-12
    low = 0.0 if area <= edge else float(brentq(excess, edge, min(area, 1 - edge)))
    high = 1.0 if area >= 1 - edge else float(brentq(excess, max(area, edge), 1 - edge))
    return low, high


def wilson_interval(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a proportion: Wilson's score interval."""
    square = NORMAL_QUANTILE_975**2
    centre = (hits + square / 2) / (of + square)
    half = NORMAL_QUANTILE_975 / (of + square) * math.sqrt(hits * (of - hits) / of + square / 4)
    return max(0.0, centre - half), min(1.0, centre + half)
