"""The result of a validation, as plain data: all that a report draws its figures and tables from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.learning.chaid import ChaidClassifier
from spinemets.learning.classifiers import Combination, LassoClassifier
from spinemets.learning.forward_selection import ForwardSelection
from spinemets.learning.linear_form import linear_form
from spinemets.learning.methods import chosen_columns, find_step
from spinemets.learning.selectors import AgreementFilter, ForestRanking, LassoSelector, UnivariateSelector
from spinemets.statistics.result import plain

RESULT_VERSION = 1


@dataclass(frozen=True)
class FoldRecord:
    """One fit of the nested validation: which repeat and fold was left out, the features that it chose, its threshold,
    and the probabilities of the left-out cases, in the order of the table.
    """

    repeat: int
    fold: int
    features: tuple[str, ...]
    threshold: float
    probabilities: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class ValidationResult:
    """A method's estimates and what they come from.

    Attributes
    ----------
    recipe : content, with the profile applied. seed : of everything random.
    case_names, labels : (case,), 1 the positive class. features : names of all columns that the method could choose.
    estimates : `performance` by name: apparent, cross_validated, nested, and optimism_corrected, split, external where
        asked for; `nested` holds the permutation test too. Of the cross-validated ones `auc` is that of pairs within
        folds and `pooled_auc` that of the mean probabilities, which a ROC curve of `nested` shows.
    apparent, cross_validated, nested : (case,) probabilities; the last two of fits without the case, mean of repeats.
    folds : (repeat, case) fold that each case was left out with. records : a `FoldRecord` a fold, in that order.
    stability : Nogueira's index, mean number of features, share of the folds that chose each feature.
    method : what the fit on all cases chose, see `describe_method`. threshold : its probability for a positive call.
    """

    recipe: Mapping[str, Any]
    seed: int
    case_names: tuple[str, ...]
    labels: NDArray[np.intp]
    features: tuple[str, ...]
    estimates: dict[str, dict[str, Any]]
    apparent: NDArray[np.float64]
    cross_validated: NDArray[np.float64]
    nested: NDArray[np.float64]
    folds: NDArray[np.intp]
    records: tuple[FoldRecord, ...]
    stability: dict[str, Any]
    method: dict[str, Any]
    threshold: float
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Every field by name, numbers at full precision."""
        found = plain({name: getattr(self, name) for name in self.__dataclass_fields__ if name != "records"})
        found["records"] = [plain(vars(record)) for record in self.records]
        return {"schema_version": RESULT_VERSION, **found}

    def describe(self) -> str:
        """The estimates in one line."""
        told = []
        for name, entry in self.estimates.items():
            auc = entry["auc"]
            interval = f" ({auc['interval'][0]:.3f} to {auc['interval'][1]:.3f})" if "interval" in auc else ""
            test = entry.get("permutation")
            chance = f", p {test['p']:.3g} of {test['permutations']} permutations" if test else ""
            told.append(f"{name.replace('_', '-')} AUC {auc['estimate']:.3f}{interval}{chance}")
        return "; ".join(told)


def describe_method(method: Any, names: Sequence[str], values: NDArray[np.float64]) -> dict[str, Any]:
    """What a fitted method chose.

    Keys, where the method has them: `features`; `linear`: intercept and, for each feature, coefficient, the same for a
    standard deviation, mean, SD, low, high; `scores`: the same of a score inside, such as the Rad-score; `lasso`: path
    and its cross-validation; `forward_selection`: rounds; `importance`, `icc`, `p`: by feature; `tree`.
    """
    found: dict[str, Any] = {"features": [names[n] for n in chosen_columns(method)]}
    form = linear_form(method)
    if form is not None:
        found["linear"] = _told_form(form.intercept, form.coefficients, names, values)
    combination = find_step(method, Combination)
    if combination is not None:
        found["scores"] = {}
        for name, columns, fitted in combination.parts_:
            inner = linear_form(fitted) if fitted else None
            if inner is not None:
                whole = np.zeros(len(names))
                whole[columns] = inner.coefficients
                found["scores"][name] = _told_form(inner.intercept, whole, names, values)
    lasso = find_step(method, LassoClassifier) or find_step(method, LassoSelector)
    if lasso is not None:
        found["lasso"] = _told_lasso(lasso)
    forward = find_step(method, ForwardSelection)
    if forward is not None:
        found["forward_selection"] = [
            {"error": one.error, "repeats_run": int(one.repeats.sum())} for one in forward.rounds_
        ]
    for key, kind, attribute in (
        ("importance", ForestRanking, "importance_"),
        ("icc", AgreementFilter, "icc_"),
        ("p", UnivariateSelector, "p_"),
    ):
        step = find_step(method, kind)
        if step is not None:
            found[key] = plain(getattr(step, attribute))
    tree = find_step(method, ChaidClassifier)
    if tree is not None:
        found["tree"] = tree.tree_.as_json()
    return found


def _told_form(
    intercept: float, coefficients: NDArray[np.float64], names: Sequence[str], values: NDArray[np.float64]
) -> dict[str, Any]:
    return {
        "intercept": intercept,
        "features": [
            {
                "name": names[n],
                "coefficient": float(coefficients[n]),
                "standardised_coefficient": float(coefficients[n] * values[:, n].std()),
                "mean": float(values[:, n].mean()),
                "sd": float(values[:, n].std()),
                "low": float(values[:, n].min()),
                "high": float(values[:, n].max()),
            }
            for n in np.flatnonzero(coefficients).tolist()
        ],
    }


def _told_lasso(step: Any) -> dict[str, Any]:
    """The path of the features that ever enter; those are numbered as the columns that the step saw."""
    choice, path = step.choice_, step.choice_.path
    entered = np.flatnonzero((path.coefficients != 0).any(axis=0))
    return {
        "penalties": plain(path.penalties),
        "error": plain(choice.error),
        "error_sd": plain(choice.error_sd),
        "minimum": choice.minimum,
        "one_se": choice.one_se,
        "columns": entered.tolist(),
        "coefficients": plain(path.coefficients[:, entered]),
    }
