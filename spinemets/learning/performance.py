"""How well probabilities separate the classes, with intervals that stay honest when few cases are separated well."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from spinemets.statistics.calibration import concordance
from spinemets.statistics.proportions import table_of_counts

NORMAL_QUANTILE_975 = 1.959963984540054


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


def auc_within(labels: NDArray[np.intp], scores: NDArray[np.float64], fold_of: NDArray[np.intp]) -> float:
    """AUC over the pairs of cases that were left out together, for all repeats (repeat, case).

    Scores of different folds come from different models. Compared across folds, a fold that holds more positive cases
    than its share got a model that saw fewer of them, and cases without any effect would seem ordered the wrong way.
    """
    right, pairs = 0.0, 0
    for row, folds in zip(scores, fold_of):
        for fold in range(int(folds.max()) + 1):
            inside = folds == fold
            positive = labels[inside] == 1
            count = int(positive.sum()) * int((~positive).sum())
            if count:
                right += concordance(positive, row[inside]) * count
                pairs += count
    return right / pairs if pairs else float("nan")


def performance(
    labels: NDArray[np.intp],
    probability: NDArray[np.float64],
    called: NDArray[np.bool_],
    method: str,
    area: float | None = None,
) -> dict[str, Any]:
    """AUC, accuracy, sensitivity, specificity, PPV, NPV with 95 % intervals and F1, as a model package holds them.

    Parameters
    ----------
    probability, called : (case,) probability, and whether the case was called positive. area : AUC, where it is not
        that of `probability`, such as one within folds; the pooled one is then given too.
    """
    positive = labels == 1
    ones, zeros = int(positive.sum()), int((~positive).sum())
    pooled = concordance(positive, probability)
    value = pooled if area is None else area
    table = table_of_counts(
        int(np.sum(called & positive)),
        int(np.sum(called & ~positive)),
        int(np.sum(~called & ~positive)),
        int(np.sum(~called & positive)),
    )
    found: dict[str, Any] = {
        "method": method,
        "auc": {"estimate": value, "interval": list(auc_interval(value, ones, zeros))},
    }
    for name in ("accuracy", "sensitivity", "specificity", "ppv", "npv"):
        share = getattr(table, name)
        if share.total:
            low, high = share.wilson
            interval = [max(0.0, low), min(1.0, high)]
            found[name] = {"estimate": share.estimate, "interval": interval, "of": [share.successes, share.total]}
    if math.isfinite(table.f1):
        found["f1"] = table.f1
    return found | ({} if area is None else {"pooled_auc": pooled})


def nogueira_stability(chosen: NDArray[np.bool_]) -> float:
    """Stability of choices (choice, feature), 1 when all are the same and about 0 when they are random.

    Nogueira, Sechidis and Brown, JMLR 18 (2018) 174, eq. 4; nan when nothing or everything was always chosen.
    """
    times, features = chosen.shape
    share = chosen.mean(axis=0)
    size = float(chosen.sum(axis=1).mean()) / features
    if times < 2 or not 0 < size < 1:
        return float("nan")
    return float(1 - (times / (times - 1) * share * (1 - share)).mean() / (size * (1 - size)))
