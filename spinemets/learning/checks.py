"""What the estimators of this room share: two classes, and folds inside a training set."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import ClassifierTags
from sklearn.utils.multiclass import check_classification_targets

from spinemets.learning.folds import patient_folds


class TwoClasses:
    """Mixin: tells scikit-learn that an estimator needs labels of exactly two classes."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.target_tags.required = True
        tags.classifier_tags = tags.classifier_tags or ClassifierTags()
        tags.classifier_tags.multi_class = False
        return tags


def two_classes(labels: NDArray) -> tuple[NDArray, NDArray[np.intp]]:
    """The two classes, sorted, and 0 or 1 for each case.

    Raises
    ------
    ValueError : labels of one class, or of more than two.
    """
    check_classification_targets(labels)
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) == 1:
        raise ValueError("Classifier can't train when only one class is present.")
    if len(classes) > 2:
        raise ValueError(f"Only binary classification is supported; the target has {len(classes)} classes.")
    return classes, np.asarray(codes, np.intp)


def fewest_patients(codes: NDArray[np.intp], groups: ArrayLike | None) -> int:
    """Patients of the smaller class: no choice inside a training set can use more folds.

    Raises
    ------
    ValueError : there is one only.
    """
    patients = np.arange(len(codes)) if groups is None else np.asarray(groups)
    fewest = min(len(np.unique(patients[codes == code])) for code in (0, 1))
    if fewest < 2:
        raise ValueError("n_samples=1 in the least populated class: too few patients to choose by folds.")
    return fewest


def inner_folds(codes: NDArray[np.intp], groups: ArrayLike | None, folds: int, seed: int) -> NDArray[np.intp]:
    """Folds within a training set (case,); fewer than asked for when a class has fewer patients."""
    folds = min(folds, fewest_patients(codes, groups))
    return patient_folds(codes, groups, folds, np.random.default_rng(seed))
