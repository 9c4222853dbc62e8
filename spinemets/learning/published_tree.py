"""The published tree of Lang 2019 as a classifier with nothing to fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from spinemets.learning.checks import TwoClasses, two_classes
from spinemets.models.lang_tree import in_ratios, lang_2019_tree


class PublishedTree(TwoClasses, ClassifierMixin, BaseEstimator):
    """Lung (class 1) or other from wash-out slope (%) and wash-in or maximum enhancement, ratios as in a feature table.

    Parameters
    ----------
    names : of the columns of X. second : variable of the second split, "wash_in" or "max_se".
    """

    def __init__(self, names: Sequence[str] = (), second: str = "wash_in") -> None:
        self.names = names
        self.second = second

    def fit(self, X: ArrayLike, y: ArrayLike) -> PublishedTree:
        """Take note of the classes."""
        _, labels = validate_data(self, X, y, dtype=np.float64)
        self.classes_, _ = two_classes(labels)
        self.tree_ = in_ratios(lang_2019_tree(self.second))
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """(case, class) shares of the published cases in the leaf of each case."""
        check_is_fitted(self, "tree_")
        values = validate_data(self, X, reset=False, dtype=np.float64)
        lung = [
            self.tree_.decide(dict(zip(self.names, row.tolist()))).probabilities[self.tree_.classes[0]]
            for row in values
        ]
        return np.column_stack([1 - np.array(lung), lung])

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The likelier class."""
        check_is_fitted(self, "tree_")
        return np.asarray(self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)])
