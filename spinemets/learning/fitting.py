"""A small logistic signature from many features of few cases, with its honest performance.

Selection looks at labels, so it is a step of the fit: `nested` repeats it in every fold, `cross_validated` (the way of
several published studies) chooses once on all cases and only refits, and both are reported side by side.
scikit-learn is needed here, and only here: for the L1 path.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.learning.accuracy import auc, auc_interval, wilson_interval

Array = NDArray[np.float64]
MAX_NEWTON_STEPS = 100
NEWTON_TOLERANCE = 1e-10


@dataclass(frozen=True)
class FitParameters:
    """Everything that decides which model comes out, beside the data.

    candidates : features that pass the univariate filter, best separation first. max_correlation : of two features
    that correlate more, the better one passes. selected : features in the signature. l1_c : inverse strength of the L1
    penalty that chooses them. ridge : L2 penalty of the final fit, in units of one standardised case. folds, repeats :
    of the cross-validations. resamples : bootstrap samples for the covariance of the coefficients.
    """

    candidates: int = 30
    max_correlation: float = 0.85
    selected: int = 6
    l1_c: float = 0.5
    ridge: float = 2.0
    folds: int = 5
    repeats: int = 10
    resamples: int = 1000


@dataclass(frozen=True)
class Signature:
    """Chosen columns and the logistic model on their standardised values."""

    columns: NDArray[np.intp]
    mean: Array
    sd: Array
    intercept: float
    coefficients: Array

    def standardised(self, values: Array) -> Array:
        """z-scores (n, k) of `values` (n, all features)."""
        return np.asarray((values[:, self.columns] - self.mean) / self.sd)

    def probability(self, values: Array) -> Array:
        """Probability of label 1 for each row of `values` (n, all features)."""
        logit = self.intercept + self.standardised(values) @ self.coefficients
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logit)))


def fit_signature(values: Array, labels: NDArray[np.int_], parameters: FitParameters) -> Signature:
    """Choose features and fit, on `values` (n, p) and `labels` (n; 0 or 1)."""
    return _fit_columns(values, labels, _choose(values, labels, parameters), parameters)


def out_of_fold(values: Array, labels: NDArray[np.int_], parameters: FitParameters, seed: int, nested: bool) -> Array:
    """Probability of each case from models that did not see it, mean over the repeats (n).

    nested : choose the features in every fold; otherwise they are chosen once, on all cases.
    """
    generator = np.random.default_rng(seed)
    chosen = _choose(values, labels, parameters)
    total = np.zeros(len(labels))
    for _ in range(parameters.repeats):
        fold_of = _stratified_folds(labels, parameters.folds, generator)
        for fold in range(parameters.folds):
            train = fold_of != fold
            columns = _choose(values[train], labels[train], parameters) if nested else chosen
            signature = _fit_columns(values[train], labels[train], columns, parameters)
            total[~train] += signature.probability(values[~train])
    return total / parameters.repeats


def coefficient_covariance(
    values: Array, labels: NDArray[np.int_], signature: Signature, parameters: FitParameters, seed: int
) -> Array:
    """Covariance of (intercept, coefficients) over bootstrap samples of the cases (k+1, k+1).

    The features stay as chosen, so the interval of a probability leaves out the uncertainty of the choice itself.
    A sample with fewer than two cases of a class is drawn again.
    """
    generator = np.random.default_rng(seed)
    z = signature.standardised(values)
    fits = np.empty((parameters.resamples, z.shape[1] + 1))
    for index in range(parameters.resamples):
        rows = generator.integers(0, len(labels), len(labels))
        while min(np.sum(labels[rows] == 1), np.sum(labels[rows] == 0)) < 2:
            rows = generator.integers(0, len(labels), len(labels))
        fits[index] = logistic_ridge(z[rows], labels[rows], parameters.ridge)
    return np.cov(fits, rowvar=False)


def performance(labels: NDArray[np.int_], probability: Array, threshold: float, method: str) -> dict[str, Any]:
    """AUC, accuracy, sensitivity, specificity with 95 % intervals, as a model package holds them."""
    positive = probability >= threshold
    area = auc(labels, probability)
    ones, zeros = int(np.sum(labels == 1)), int(np.sum(labels == 0))

    def proportion(hits: int, of: int) -> dict[str, Any]:
        return {"estimate": hits / of, "interval": list(wilson_interval(hits, of))}

    return {
        "method": method,
        "auc": {"estimate": area, "interval": list(auc_interval(area, ones, zeros))},
        "accuracy": proportion(int(np.sum(positive == (labels == 1))), len(labels)),
        "sensitivity": proportion(int(np.sum(positive & (labels == 1))), ones),
        "specificity": proportion(int(np.sum(~positive & (labels == 0))), zeros),
    }


def logistic_ridge(z: Array, labels: NDArray[np.int_], ridge: float) -> Array:
    """(intercept, coefficients) of the logistic model with L2 penalty ridge/2 |coefficients|^2, by Newton's method."""
    design = np.column_stack([np.ones(len(z)), z])
    penalty = np.diag([0.0] + [ridge] * z.shape[1])
    beta = np.zeros(design.shape[1])
    for _ in range(MAX_NEWTON_STEPS):
        probability = 0.5 * (1.0 + np.tanh(0.5 * (design @ beta)))
        gradient = design.T @ (labels - probability) - penalty @ beta
        weights = probability * (1.0 - probability)
        step = np.linalg.solve((design.T * weights) @ design + penalty, gradient)
        beta = beta + step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(step).max() < NEWTON_TOLERANCE:
            break
    return beta


def _fit_columns(
    values: Array, labels: NDArray[np.int_], columns: NDArray[np.intp], parameters: FitParameters
) -> Signature:
    chosen = values[:, columns]
    mean, sd = chosen.mean(axis=0), chosen.std(axis=0, ddof=1)
    beta = logistic_ridge((chosen - mean) / sd, labels, parameters.ridge)
    return Signature(columns, mean, sd, float(beta[0]), beta[1:])


def _choose(values: Array, labels: NDArray[np.int_], parameters: FitParameters) -> NDArray[np.intp]:
    """Columns of the signature: separation, then redundancy, then the largest coefficients under an L1 penalty."""
    from sklearn.linear_model import LogisticRegression

    sd = values.std(axis=0, ddof=1)
    usable = np.flatnonzero(sd > 1e-9 * np.maximum(np.abs(values).max(axis=0), 1e-300))
    z = (values[:, usable] - values[:, usable].mean(axis=0)) / sd[usable]
    order = np.argsort(-np.abs(_separation(z, labels)), kind="stable")
    kept: list[int] = []
    for column in order:
        if len(kept) == parameters.candidates:
            break
        if all(abs(float(z[:, column] @ z[:, other])) / (len(z) - 1) <= parameters.max_correlation for other in kept):
            kept.append(int(column))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # releases differ in what they say of penalty; liblinear is not used
        model = LogisticRegression(
            penalty="l1", C=parameters.l1_c, solver="saga", max_iter=20000, tol=1e-5, random_state=0
        )
        model.fit(z[:, kept], labels)
    strength = np.abs(model.coef_[0])
    best = np.argsort(-strength, kind="stable")[: parameters.selected]
    best = best[strength[best] > 0] if np.any(strength > 0) else best[:1]
    return usable[np.asarray(kept)[best]]


def _separation(z: Array, labels: NDArray[np.int_]) -> Array:
    """Welch's t of each column between the classes."""
    ones, zeros = z[labels == 1], z[labels == 0]
    spread = np.sqrt(ones.var(axis=0, ddof=1) / len(ones) + zeros.var(axis=0, ddof=1) / len(zeros))
    return np.asarray((ones.mean(axis=0) - zeros.mean(axis=0)) / np.maximum(spread, 1e-12))


def _stratified_folds(labels: NDArray[np.int_], folds: int, generator: np.random.Generator) -> NDArray[np.intp]:
    """Fold of each case; each class is spread evenly."""
    fold_of = np.empty(len(labels), dtype=np.intp)
    for value in (0, 1):
        rows = generator.permutation(np.flatnonzero(labels == value))
        fold_of[rows] = np.arange(len(rows)) % folds
    return fold_of


def calibration(labels: NDArray[np.int_], probability: Array) -> dict[str, Any]:
    """Intercept and slope of label on logit(probability), and Brier score; nothing is corrected with them."""
    clipped = np.clip(probability, 1e-6, 1 - 1e-6)
    logit = np.log(clipped / (1 - clipped))[:, None]
    intercept, slope = logistic_ridge(logit, labels, 1e-3)
    return {
        "method": "of the nested out-of-fold probabilities; the model's probabilities are not corrected with it",
        "intercept": float(intercept),
        "slope": float(slope),
        "brier": float(np.mean((probability - labels) ** 2)),
    }


def shrunken_covariance(z: Array, shrinkage: float) -> Array:
    """(1 - shrinkage) covariance of `z` (n, k) + shrinkage identity."""
    return np.asarray(
        (1 - shrinkage) * np.cov(z, rowvar=False).reshape(z.shape[1], -1) + shrinkage * np.eye(z.shape[1])
    )


def left_out_distances(z: Array, shrinkage: float, distance: Callable[[Array, Array], float]) -> Array:
    """Distance of each case (n) from the cohort of the others: what a new case of the same kind would have."""
    found = np.empty(len(z))
    for index in range(len(z)):
        others = np.delete(z, index, axis=0)
        found[index] = distance(shrunken_covariance(others, shrinkage), z[index] - others.mean(axis=0))
    return found
