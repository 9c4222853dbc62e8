"""A fitted pipeline as one linear formula over its columns, where it is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from spinemets.learning.classifiers import (
    BalancedClassifier,
    Combination,
    LassoClassifier,
    LogisticClassifier,
    SupportVectorClassifier,
)


@dataclass(frozen=True, eq=False)
class LinearForm:
    """Log odds = intercept + X @ coefficients (feature,)."""

    intercept: float
    coefficients: NDArray[np.float64]


def linear_form(method: Any) -> LinearForm | None:
    """The formula, or None where the log odds are not linear in the columns."""
    if isinstance(method, BalancedClassifier):
        return linear_form(method.estimator_)
    if not isinstance(method, Pipeline):
        return _of_classifier(method)
    found = _of_classifier(method.steps[-1][1])
    for _, step in reversed(method.steps[:-1]):
        if found is not None:
            found = _before(step, found)
    return found


def _of_classifier(classifier: Any) -> LinearForm | None:
    if isinstance(classifier, (LogisticClassifier, LassoClassifier)):
        return LinearForm(float(classifier.intercept_), np.asarray(classifier.coefficients_))
    if isinstance(classifier, SupportVectorClassifier) and classifier.kernel == "linear":
        machine = classifier.machine_
        intercept = classifier.slope_ * float(machine.intercept_[0]) + classifier.offset_
        return LinearForm(intercept, classifier.slope_ * np.asarray(machine.coef_[0]))
    return None


def _before(step: Any, form: LinearForm) -> LinearForm | None:
    """The same formula over the columns that a step takes, given that over those that it gives."""
    if isinstance(step, StandardScaler):
        coefficients = form.coefficients / step.scale_
        return LinearForm(form.intercept - float(coefficients @ step.mean_), coefficients)
    if isinstance(step, SelectorMixin):
        coefficients = np.zeros(step.n_features_in_)
        coefficients[step.get_support()] = form.coefficients
        return LinearForm(form.intercept, coefficients)
    if isinstance(step, Combination):
        return _before_parts(step, form)
    return None


def _before_parts(step: Combination, form: LinearForm) -> LinearForm | None:
    coefficients, intercept, column = np.zeros(step.n_features_in_), form.intercept, 0
    for _, columns, fitted in step.parts_:
        if fitted is None:
            coefficients[columns] += form.coefficients[column : column + len(columns)]
            column += len(columns)
            continue
        inner = linear_form(fitted)
        if inner is None:
            return None
        coefficients[columns] += form.coefficients[column] * inner.coefficients
        intercept += form.coefficients[column] * inner.intercept
        column += 1
    return LinearForm(intercept, coefficients)
