"""Decision curves: what acting on a model's probabilities is worth, against acting on all or on none.

Vickers and Elkin, Med Decis Making 26 (2006) 565; same numbers as R's dcurves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.errors import InputError
from spinemets.statistics.calibration import probabilities_of
from spinemets.statistics.result import Result


@dataclass(frozen=True, eq=False)
class DecisionCurve(Result):
    """Net benefit at each threshold, in true positives a case; acting on nobody is worth 0.

    Attributes
    ----------
    thresholds, model, all : (threshold,) a case is acted on when its probability is at least the threshold; `all` is
        the net benefit of acting on everybody.
    avoided : (threshold,) interventions that the model spares in 100 cases without missing more of the positive, when
        compared with acting on everybody.
    prevalence : share of positive cases.
    """

    thresholds: NDArray[np.float64]
    model: NDArray[np.float64]
    all: NDArray[np.float64]
    avoided: NDArray[np.float64]
    prevalence: float

    @property
    def useful(self) -> NDArray[np.bool_]:
        """Where the model is worth more than acting on everybody and on nobody."""
        return np.asarray(self.model > np.maximum(self.all, 0))

    def __str__(self) -> str:
        if not self.useful.any():
            return f"the model is nowhere worth more than acting on all or none; prevalence {self.prevalence:.4g}"
        low, high = self.thresholds[self.useful][[0, -1]]
        best = self.thresholds[int(np.argmax(self.model - np.maximum(self.all, 0)))]
        return (
            f"worth more than acting on all or none between {low:.3g} and {high:.3g} ({self.useful.sum()} of "
            f"{len(self.thresholds)} thresholds), most at {best:.3g}; prevalence {self.prevalence:.4g}"
        )


def decision_curve(
    labels: ArrayLike,
    probabilities: ArrayLike,
    thresholds: ArrayLike | None = None,
    prevalence: float | None = None,
) -> DecisionCurve:
    """The decision curve of probabilities.

    Parameters
    ----------
    thresholds : between 0 and 1; default: 0.01 to 0.99.
    prevalence : of the population, where the cases were chosen by their label (case-control); default: that of the
        cases.

    Raises
    ------
    InputError : probabilities outside 0 to 1, or a threshold or prevalence that is not between 0 and 1.
    """
    y, p = probabilities_of(labels, probabilities)
    at = np.arange(1, 100) / 100 if thresholds is None else np.atleast_1d(np.asarray(thresholds, np.float64))
    if not ((at > 0) & (at < 1)).all():
        raise InputError("threshold", f"is {at[~((at > 0) & (at < 1))][0]:g}", "give values between 0 and 1")
    share = float(y.mean()) if prevalence is None else prevalence
    if not 0 < share < 1:
        raise InputError("prevalence", f"is {share:g}", "give a value between 0 and 1")
    sick, well = np.sort(p[y > 0.5]), np.sort(p[y < 0.5])
    sensitivity = 1 - np.searchsorted(sick, at, "left") / len(sick)
    fall_out = 1 - np.searchsorted(well, at, "left") / len(well)
    price = at / (1 - at)
    model = sensitivity * share - fall_out * (1 - share) * price
    everybody = share - (1 - share) * price
    return DecisionCurve(at, model, everybody, 100 * (model - everybody) / price, share)
