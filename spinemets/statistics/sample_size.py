"""How many patients a model of a yes-or-no outcome needs: Riley's criteria, and events per variable.

Riley et al., BMJ 368 (2020) m441; same numbers as R's pmsampsize. C to R2: Riley, Van Calster and Collins, Stat Med 40
(2021) 859.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_expit, logit
from scipy.stats import norm

from spinemets.errors import InputError
from spinemets.statistics.result import Result, labels_and_scores

SHRINKAGE = 0.9
# Apparent and true R2 shall differ by no more than this, and the mean probability be known as closely.
DIFFERENCE = 0.05
MARGIN = 0.05
NORMAL_QUANTILE = 1.96


@dataclass(frozen=True)
class SampleSize(Result):
    """Patients that a model needs.

    Attributes
    ----------
    cases, events : the largest of the three criteria, and the events among them.
    by_shrinkage : so that coefficients need shrinking by no more than asked.
    by_r2 : so that apparent and corrected Nagelkerke R2 differ by no more than 0.05.
    by_prevalence : so that the mean probability is known within 0.05.
    events_per_parameter : at `cases`.
    r2, r2_limit : expected Cox-Snell R2, and the largest that this prevalence allows.
    """

    cases: int
    events: int
    by_shrinkage: int
    by_r2: int
    by_prevalence: int
    events_per_parameter: float
    parameters: int
    prevalence: float
    shrinkage: float
    r2: float
    r2_limit: float


@dataclass(frozen=True)
class EventsPerVariable(Result):
    """Cases of the rarer class for each candidate variable."""

    estimate: float
    events: int
    variables: int
    cases: int


def sample_size(
    parameters: int,
    prevalence: float,
    r2: float | None = None,
    auc: float | None = None,
    shrinkage: float = SHRINKAGE,
) -> SampleSize:
    """Riley's three criteria for a logistic model.

    Parameters
    ----------
    parameters : candidate coefficients without the intercept, counted before any selection.
    prevalence : expected share of events.
    r2, auc : the model's expected Cox-Snell R2, or its expected AUC.

    Raises
    ------
    InputError : a value out of its range, neither or both of `r2` and `auc`, an R2 that the prevalence does not allow.
    """
    if parameters < 1:
        raise InputError("parameters", f"are {parameters}", "give at least 1")
    for name, value in (("prevalence", prevalence), ("shrinkage", shrinkage)):
        if not 0 < value < 1:
            raise InputError(name, f"is {value:g}", "give a value between 0 and 1")
    if (r2 is None) == (auc is None):
        raise InputError("sample size", "needs an expected performance", "give either r2 or auc")
    explained = r2_of_auc(auc, prevalence) if auc is not None else float(r2 or 0)
    null = 2 * (prevalence * np.log(prevalence) + (1 - prevalence) * np.log(1 - prevalence))
    limit = float(1 - np.exp(null))
    if not 0 < explained < min(limit, shrinkage):
        told = f"is {explained:g}, and must lie between 0 and {min(limit, shrinkage):.3g}"
        raise InputError("r2", told, "give the Cox-Snell R2 that can be expected at this prevalence")
    first = _cases_for(shrinkage, parameters, explained)
    second = _cases_for(explained / (explained + DIFFERENCE * limit), parameters, explained)
    third = int(np.ceil((NORMAL_QUANTILE / MARGIN) ** 2 * prevalence * (1 - prevalence)))
    cases = max(first, second, third)
    events = cases * prevalence
    return SampleSize(
        cases, int(np.ceil(events)), first, second, third, events / parameters, parameters, prevalence, shrinkage,
        explained, limit,
    )  # fmt: skip


def _cases_for(shrinkage: float, parameters: int, r2: float) -> int:
    return int(np.ceil(parameters / ((shrinkage - 1) * np.log(1 - r2 / shrinkage))))


def r2_of_auc(auc: float, prevalence: float) -> float:
    """Cox-Snell R2 of a right model whose log odds are normal in both classes, with the same variance.

    pmsampsize simulates a million cases; here the mean is integrated.

    Raises
    ------
    InputError : an AUC that is not between 0.5 and 1.
    """
    if not 0.5 < auc < 1:
        raise InputError("auc", f"is {auc:g}", "give a value between 0.5 and 1")
    apart = float(np.sqrt(2) * norm.ppf(auc))
    z, weights = np.polynomial.hermite_e.hermegauss(200)
    weights = weights / weights.sum()
    odds = logit(prevalence) + apart * (np.stack([z, z + apart]) - apart / 2)
    fitted = (1 - prevalence) * weights @ log_expit(-odds[0]) + prevalence * weights @ log_expit(odds[1])
    null = prevalence * np.log(prevalence) + (1 - prevalence) * np.log(1 - prevalence)
    return float(1 - np.exp(-2 * (fitted - null)))


def events_per_variable(labels: ArrayLike, variables: int) -> EventsPerVariable:
    """Cases of the rarer class for each of the candidate `variables`.

    Raises
    ------
    InputError : labels other than 0 and 1, or no variable.
    """
    positive, _ = labels_and_scores(labels)
    if variables < 1:
        raise InputError("variables", f"are {variables}", "give at least 1")
    events = int(min(positive.sum(), (~positive).sum()))
    return EventsPerVariable(events / variables, events, variables, len(positive))
