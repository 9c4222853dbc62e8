"""Classifiers of two classes, as scikit-learn estimators whose fitted numbers go into a model package as they are.

All have `decision_function`, larger for the class that sorts last, and `predict_proba`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, TransformerMixin, clone
from sklearn.svm import SVC
from sklearn.utils.validation import check_is_fitted, has_fit_parameter, validate_data

from spinemets.learning.checks import TwoClasses, inner_folds, two_classes
from spinemets.learning.folds import splits
from spinemets.learning.selectors import LassoSelector
from spinemets.statistics.logistic import DOUBTFUL, is_separated

Array = NDArray[np.float64]
MOST_STEPS = 100
CONVERGED = 1e-10
RIDGE_OF_SEPARATED = 1e-2


class _Binary(TwoClasses, ClassifierMixin, BaseEstimator):
    """Base: probability and class from `decision_function`, which is the logit of the probability of `classes_[1]`."""

    classes_: NDArray

    def predict_proba(self, X: ArrayLike) -> Array:
        """(case, class) probabilities."""
        positive = expit(self.decision_function(X))
        return np.column_stack([1 - positive, positive])

    def predict(self, X: ArrayLike) -> NDArray:
        """The likelier class of each case."""
        check_is_fitted(self, "classes_")
        return np.asarray(self.classes_[(self.decision_function(X) > 0).astype(int)])

    def decision_function(self, X: ArrayLike) -> Array:
        raise NotImplementedError

    def _values(self, X: ArrayLike) -> Array:
        check_is_fitted(self, "classes_")
        return np.asarray(validate_data(self, X, reset=False, dtype=np.float64))


class LogisticClassifier(_Binary):
    """Logistic regression; by maximum likelihood unless a ridge penalty is given.

    Parameters
    ----------
    ridge : penalty ridge / 2 |coefficients|^2 on standardised features; 0: none.

    Attributes
    ----------
    intercept_, coefficients_ : (feature,), for features as given. separated_ : number of the feature whose coefficient
        grows without end because the classes are separated, or None; the fit then is that with a small penalty.
    """

    def __init__(self, ridge: float = 0.0) -> None:
        self.ridge = ridge

    def fit(self, X: ArrayLike, y: ArrayLike) -> LogisticClassifier:
        """Fit (case, feature) numbers."""
        values, labels = validate_data(self, X, y, dtype=np.float64)
        self.classes_, codes = two_classes(labels)
        middle, spread = values.mean(axis=0), values.std(axis=0)
        spread = np.where(spread > 1e-12 * np.maximum(np.abs(middle), 1e-300), spread, np.inf)
        scaled = (values - middle) / spread
        beta, converged = logistic_ridge(scaled, codes, max(self.ridge, 1e-9))
        self.separated_ = None
        design = np.column_stack([np.ones(len(scaled)), scaled])
        doubtful = not converged or np.abs(design @ beta).max() > DOUBTFUL
        if self.ridge == 0 and doubtful and is_separated(design, codes.astype(float)):
            self.separated_ = int(np.argmax(np.abs(beta[1:])))
            beta, _ = logistic_ridge(scaled, codes, RIDGE_OF_SEPARATED)
        self.coefficients_ = beta[1:] / spread
        self.intercept_ = float(beta[0] - self.coefficients_ @ middle)
        return self

    def decision_function(self, X: ArrayLike) -> Array:
        """Log odds (case,)."""
        check_is_fitted(self, "coefficients_")
        return np.asarray(self.intercept_ + self._values(X) @ self.coefficients_)


class LassoClassifier(_Binary):
    """Logistic regression with an L1 penalty chosen by cross-validation: its linear combination is a Rad-score.

    Parameters and attributes as `selectors.LassoSelector`, and `intercept_`, `coefficients_`.
    """

    def __init__(self, folds: int = 10, choice: str = "minimum", random_state: int = 0) -> None:
        self.folds = folds
        self.choice = choice
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> LassoClassifier:
        """Fit (case, feature) numbers; `groups` (case,) keeps a patient's cases in one fold."""
        values, labels = validate_data(self, X, y, dtype=np.float64)
        self.classes_, codes = two_classes(labels)
        path = LassoSelector(self.folds, self.choice, None, self.random_state).fit(values, codes, groups)
        self.choice_ = path.choice_
        self.coefficients_ = path.coefficients_
        same = np.flatnonzero((self.choice_.path.coefficients == self.coefficients_).all(axis=1))
        self.intercept_ = float(self.choice_.path.intercepts[same[0]])
        return self

    def decision_function(self, X: ArrayLike) -> Array:
        """Log odds (case,)."""
        check_is_fitted(self, "coefficients_")
        return np.asarray(self.intercept_ + self._values(X) @ self.coefficients_)


class SupportVectorClassifier(_Binary):
    """Support vector machine with Platt's probabilities, fitted on left-out decision values.

    Parameters
    ----------
    kernel : "linear" or "rbf". C : cost. gamma : of the Gaussian kernel; None: 1 / number of features.
    folds : of the cross-validation that gives the decision values for Platt's sigmoid. random_state : their seed.

    Attributes
    ----------
    machine_ : the fitted `sklearn.svm.SVC`. gamma_ : as used.
    slope_, offset_ : log odds = slope * decision value + offset.
    boundary_ : probability where the decision value is 0.
    """

    def __init__(
        self, kernel: str = "rbf", C: float = 1.0, gamma: float | None = None, folds: int = 5, random_state: int = 0
    ) -> None:
        self.kernel = kernel
        self.C = C
        self.gamma = gamma
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> SupportVectorClassifier:
        """Fit (case, feature) numbers; `groups` (case,) keeps a patient's cases in one fold."""
        values, labels = validate_data(self, X, y, dtype=np.float64)
        self.classes_, codes = two_classes(labels)
        self.gamma_ = float(self.gamma or 1 / values.shape[1])
        machine = SVC(kernel=self.kernel, C=self.C, gamma=self.gamma_)
        outside = np.empty(len(codes))
        for train, test in splits(inner_folds(codes, groups, self.folds, self.random_state)):
            outside[test] = clone(machine).fit(values[train], codes[train]).decision_function(values[test])
        self.slope_, self.offset_ = platt(outside, codes)
        self.boundary_ = float(expit(self.offset_))
        self.machine_ = machine.fit(values, codes)
        return self

    def decision_function(self, X: ArrayLike) -> Array:
        """Log odds (case,)."""
        check_is_fitted(self, "machine_")
        return np.asarray(self.slope_ * self.machine_.decision_function(self._values(X)) + self.offset_)


class BalancedClassifier(MetaEstimatorMixin, _Binary):
    """Repeats random cases of the smaller class until both are equal, then fits; only training cases are repeated.

    Parameters
    ----------
    estimator : a classifier or pipeline. random_state : seed of the draw.
    """

    def __init__(self, estimator: Any = None, random_state: int = 0) -> None:
        self.estimator = estimator
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> BalancedClassifier:
        """Fit (case, feature) numbers; copies of a case count as the same patient."""
        values, labels = validate_data(self, X, y, dtype=np.float64)
        self.classes_, codes = two_classes(labels)
        patients = np.arange(len(codes)) if groups is None else np.asarray(groups)
        counts = np.bincount(codes, minlength=2)
        generator = np.random.default_rng(self.random_state)
        drawn = generator.choice(np.flatnonzero(codes == int(np.argmin(counts))), int(np.ptp(counts)))
        self.rows_ = np.concatenate([np.arange(len(codes)), drawn])
        inner = LogisticClassifier() if self.estimator is None else clone(self.estimator)
        self.estimator_ = fit_by_patient(
            inner, values[self.rows_], np.asarray(labels)[self.rows_], patients[self.rows_]
        )
        return self

    def decision_function(self, X: ArrayLike) -> Array:
        """Log odds (case,)."""
        check_is_fitted(self, "estimator_")
        return log_odds(self.estimator_, self._values(X))


class Combination(MetaEstimatorMixin, TransformerMixin, TwoClasses, BaseEstimator):
    """New columns from groups of old ones: a group as it is, or the log odds that a classifier makes of it.

    Parameters
    ----------
    parts : tuples (name, columns, estimator or None); None: all columns through a logistic regression.
    """

    def __init__(self, parts: list[tuple[str, list[int], Any]] | None = None) -> None:
        self.parts = parts

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Combination:
        """Fit the classifier of each part."""
        values, labels = validate_data(self, X, y, dtype=np.float64)
        two_classes(labels)
        parts = self.parts or [("score", list(range(values.shape[1])), LogisticClassifier())]
        self.parts_ = []
        for name, columns, estimator in parts:
            fitted = estimator and fit_by_patient(clone(estimator), values[:, columns], labels, groups)
            self.parts_.append((name, list(columns), fitted))
        return self

    def transform(self, X: ArrayLike) -> Array:
        """(case, column) numbers, part after part."""
        check_is_fitted(self, "parts_")
        values = validate_data(self, X, reset=False, dtype=np.float64)
        made = [
            values[:, columns] if fitted is None else log_odds(fitted, values[:, columns])[:, np.newaxis]
            for _, columns, fitted in self.parts_
        ]
        return np.concatenate(made, axis=1)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray:
        """Name of the score, or of the column."""
        check_is_fitted(self, "parts_")
        given = getattr(self, "feature_names_in_", None) if input_features is None else np.asarray(input_features)
        told = [f"x{n}" for n in range(self.n_features_in_)] if given is None else [str(name) for name in given]
        names = [[name] if fitted else [told[n] for n in columns] for name, columns, fitted in self.parts_]
        return np.array([name for part in names for name in part], object)


def fit_by_patient(estimator: Any, X: Array, y: NDArray, groups: ArrayLike | None) -> Any:
    """Fit, with `groups` handed to each step that can keep a patient's cases together."""
    steps = getattr(estimator, "steps", None)
    if groups is None:
        return estimator.fit(X, y)
    if steps is None:
        return estimator.fit(X, y, groups=groups) if has_fit_parameter(estimator, "groups") else estimator.fit(X, y)
    wanted = {f"{name}__groups": groups for name, step in steps if has_fit_parameter(step, "groups")}
    return estimator.fit(X, y, **wanted)


def log_odds(estimator: Any, X: ArrayLike) -> Array:
    """Log odds (case,) of the class that sorts last, whatever the classifier offers."""
    if hasattr(estimator, "decision_function"):
        return np.asarray(estimator.decision_function(X), np.float64)
    p = np.clip(estimator.predict_proba(X)[:, 1], 1e-6, 1 - 1e-6)
    return np.asarray(np.log(p / (1 - p)))


def logistic_ridge(z: Array, codes: NDArray[np.intp], ridge: float) -> tuple[Array, bool]:
    """(intercept, coefficients) with penalty ridge/2 |coefficients|^2 by Newton's method, and whether it converged."""
    design = np.column_stack([np.ones(len(z)), z])
    penalty = np.diag([0.0] + [ridge] * z.shape[1])
    beta = np.zeros(design.shape[1])
    for _ in range(MOST_STEPS):
        probability = expit(design @ beta)
        gradient = design.T @ (codes - probability) - penalty @ beta
        curvature = (design.T * (probability * (1 - probability))) @ design + penalty
        curvature[0, 0] += 1e-12
        step = np.linalg.solve(curvature, gradient)
        beta = beta + step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(step).max() < CONVERGED:
            return beta, True
    return beta, False


def platt(decisions: Array, codes: NDArray[np.intp]) -> tuple[float, float]:
    """Slope and offset of log odds on decision values, with Platt's targets, which keep the slope finite.

    Platt 1999; minimised as Lin, Lin and Weng, Machine Learning 68 (2007) 267. A slope below 0 would turn the machine
    round: it is held at a small positive value.
    """
    ones = int(codes.sum())
    high, low = (ones + 1) / (ones + 2), 1 / (len(codes) - ones + 2)
    target = np.where(codes == 1, high, low)
    beta = np.array([0.0, np.log((ones + 1) / (len(codes) - ones + 1))])
    design = np.column_stack([decisions, np.ones(len(codes))])
    for _ in range(MOST_STEPS):
        p = expit(design @ beta)
        curvature = (design.T * (p * (1 - p))) @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, design.T @ (target - p))
        beta = beta + step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(step).max() < CONVERGED:
            break
    return max(float(beta[0]), 1e-3), float(beta[1])
