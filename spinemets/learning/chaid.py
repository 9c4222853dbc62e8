"""CHAID: a decision tree by chi-square tests.

Kass, An exploratory technique for investigating large quantities of categorical data, Applied Statistics 29 (1980) 119:
each variable's categories are merged while they do not differ in the classes' shares; the variable whose merged
categories differ most surely, after Bonferroni's adjustment for all the ways of merging them, splits the node. Numbers
are first binned into categories of as equal size as ties allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, factorial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from spinemets.models.decision_tree import Branch, DecisionTree, Node


@dataclass(frozen=True)
class MergedVariable:
    """A variable after merging: `groups` of its categories (indices), and the adjusted p of their table."""

    groups: tuple[tuple[int, ...], ...]
    p: float
    adjusted_p: float


def chi_square_p(table: ArrayLike) -> float:
    """p of Pearson's chi-square of a table (category, class) of counts; 1 where nothing can differ."""
    counts = np.asarray(table, np.float64)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if min(counts.shape) < 2:
        return 1.0
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    statistic = float(((counts - expected) ** 2 / expected).sum())
    return float(chi2.sf(statistic, (counts.shape[0] - 1) * (counts.shape[1] - 1)))


def bonferroni_multiplier(categories: int, groups: int, ordered: bool) -> float:
    """The number of ways to merge so many categories into so many groups (Kass 1980, eq. 3.1 and 3.2).

    Ordered categories merge with their neighbours only.
    """
    if ordered:
        return float(comb(categories - 1, groups - 1))
    ways = sum((-1) ** i * (groups - i) ** categories / (factorial(i) * factorial(groups - i)) for i in range(groups))
    return float(round(ways))


def merge_categories(table: ArrayLike, ordered: bool, alpha_merge: float = 0.05) -> MergedVariable:
    """Merge the categories of a table (category, class) of counts that differ least, until all pairs differ.

    Of equal p the first pair is merged. Groups that were merged are not split again.
    """
    counts = np.asarray(table, np.float64)
    groups: list[tuple[int, ...]] = [(n,) for n in range(len(counts))]
    rows = [counts[n] for n in range(len(counts))]
    while len(groups) > 1:
        pairs = (
            [(n, n + 1) for n in range(len(groups) - 1)]
            if ordered
            else [(a, b) for a in range(len(groups)) for b in range(a + 1, len(groups))]
        )
        ps = [chi_square_p(np.stack([rows[a], rows[b]])) for a, b in pairs]
        best = int(np.argmax(ps))
        if ps[best] <= alpha_merge:
            break
        a, b = pairs[best]
        groups[a], rows[a] = tuple(sorted(groups[a] + groups[b])), rows[a] + rows[b]
        del groups[b], rows[b]
    p = chi_square_p(np.stack(rows))
    adjusted = min(1.0, p * bonferroni_multiplier(len(counts), len(groups), ordered))
    return MergedVariable(tuple(groups), p, adjusted)


def bin_bounds(values: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    """Upper bounds, rising, of all but the last of at most `bins` bins that hold as equal numbers as ties allow."""
    finite = np.sort(values[np.isfinite(values)])
    if not finite.size:
        return np.empty(0)
    ends = np.ceil(np.arange(1, bins) * finite.size / bins).astype(int) - 1
    bounds = np.unique(finite[np.maximum(ends, 0)])
    return np.asarray(bounds[bounds < finite[-1]])


class ChaidClassifier(ClassifierMixin, BaseEstimator):
    """A CHAID tree over numeric variables; a missing value (NaN) goes with the branch that it resembles most.

    Parameters
    ----------
    alpha_merge, alpha_split : p above which categories are merged, and adjusted p up to which a node is split.
    bins : of a continuous variable; one with no more distinct values keeps each as a category of its own.
    max_depth : splits on a way at the most.
    min_parent, min_child : cases of a node that is split, and of each branch, at the least.

    Attributes
    ----------
    tree_ : `models.decision_tree.DecisionTree` with the variables named as in `feature_names_in_`, or x0, x1, ...
    classes_ : in the order of the counts.
    """

    def __init__(
        self,
        alpha_merge: float = 0.05,
        alpha_split: float = 0.05,
        bins: int = 10,
        max_depth: int = 3,
        min_parent: int = 10,
        min_child: int = 5,
    ) -> None:
        self.alpha_merge = alpha_merge
        self.alpha_split = alpha_split
        self.bins = bins
        self.max_depth = max_depth
        self.min_parent = min_parent
        self.min_child = min_child

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike) -> ChaidClassifier:
        """Grow the tree on (case, variable) numbers and a class a case."""
        values, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        names = getattr(self, "feature_names_in_", None)
        self._names = [f"x{n}" for n in range(values.shape[1])] if names is None else [str(name) for name in names]
        root = self._grow(values, codes, self.max_depth)
        self.tree_ = DecisionTree(tuple(map(str, self.classes_)), root, "CHAID")
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """(case, class) shares of the classes in the leaf of each case."""
        check_is_fitted(self, "tree_")
        values = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
        found = np.empty((len(values), len(self.classes_)))
        for row, case in enumerate(values):
            named = {name: None if np.isnan(value) else float(value) for name, value in zip(self._names, case)}
            counts = np.array(self.tree_.decide(named).counts)
            found[row] = counts / counts.sum()
        return found

    def predict(self, X: ArrayLike) -> NDArray:
        """The most frequent class in the leaf of each case."""
        check_is_fitted(self, "tree_")
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def _grow(self, values: NDArray[np.float64], codes: NDArray[np.intp], depth: int) -> Node:
        counts = np.bincount(codes, minlength=len(self.classes_)).astype(float)
        split = self._best_split(values, codes) if depth > 0 and len(codes) >= self.min_parent else None
        if split is None:
            return Node(tuple(counts.tolist()))
        variable, bounds, merged, missing_group = split
        column = values[:, variable]
        group = _group_of(column, bounds, merged.groups, missing_group)
        branches = []
        for number, categories in enumerate(merged.groups):
            inside = group == number
            above = None if min(categories) == 0 else float(bounds[min(categories) - 1])
            up_to = None if max(categories) == len(bounds) else float(bounds[max(categories)])
            node = self._grow(values[inside], codes[inside], depth - 1)
            branches.append(Branch(node, above, up_to, takes_missing=number == missing_group))
        return Node(tuple(counts.tolist()), self._names[variable], "", tuple(branches), merged.adjusted_p)

    def _best_split(
        self, values: NDArray[np.float64], codes: NDArray[np.intp]
    ) -> tuple[int, NDArray[np.float64], MergedVariable, int] | None:
        """The variable of the smallest adjusted p, if that is small enough and no branch is."""
        best = None
        for variable in range(values.shape[1]):
            column = values[:, variable]
            known = np.isfinite(column)
            bounds = self._bounds(column)
            if not len(bounds):
                continue
            category = np.searchsorted(bounds, column[known])
            table = np.zeros((len(bounds) + 1, len(self.classes_)))
            np.add.at(table, (category, codes[known]), 1)
            merged = merge_categories(table, True, self.alpha_merge)
            if len(merged.groups) < 2 or merged.adjusted_p > self.alpha_split:
                continue
            missing = _closest_group(table, merged.groups, codes[~known])
            sizes = np.bincount(_group_of(column, bounds, merged.groups, missing), minlength=len(merged.groups))
            if sizes.min() >= self.min_child and (best is None or merged.adjusted_p < best[2].adjusted_p):
                best = variable, bounds, merged, missing
        return best

    def _bounds(self, column: NDArray[np.float64]) -> NDArray[np.float64]:
        distinct = np.unique(column[np.isfinite(column)])
        if len(distinct) <= self.bins:
            return np.asarray(distinct[:-1])
        return bin_bounds(column, self.bins)


def _group_of(
    column: NDArray[np.float64], bounds: NDArray[np.float64], groups: Sequence[tuple[int, ...]], missing: int
) -> NDArray[np.intp]:
    """Number of each case's group; of a missing value, that of `missing`."""
    by_category = np.empty(len(bounds) + 1, np.intp)
    for number, categories in enumerate(groups):
        by_category[list(categories)] = number
    category = np.searchsorted(bounds, np.where(np.isnan(column), bounds[0], column))
    return np.asarray(np.where(np.isnan(column), missing, by_category[category]))


def _closest_group(table: NDArray[np.float64], groups: Sequence[tuple[int, ...]], codes: NDArray[np.intp]) -> int:
    """The group whose classes those of the cases without a value resemble most; the largest if there are none."""
    rows = [table[list(categories)].sum(axis=0) for categories in groups]
    if not len(codes):
        return int(np.argmax([row.sum() for row in rows]))
    own = np.bincount(codes, minlength=table.shape[1]).astype(float)
    return int(np.argmax([chi_square_p(np.stack([row, own])) for row in rows]))
