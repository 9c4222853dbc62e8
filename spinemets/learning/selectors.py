"""Choices of features, as scikit-learn estimators: each keeps columns of (case, feature) numbers.

A choice that would keep nothing keeps the best feature, so that a fold without any effect still ends in a prediction.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2, f, rankdata
from sklearn.base import BaseEstimator
from sklearn.feature_selection import RFECV, SelectorMixin
from sklearn.svm import SVC
from sklearn.utils.validation import check_is_fitted, validate_data

from spinemets.learning.checks import TwoClasses, inner_folds, two_classes
from spinemets.learning.folds import splits
from spinemets.statistics.agreement import icc
from spinemets.statistics.association import fisher_exact
from spinemets.statistics.forest_importance import forest_importance
from spinemets.statistics.lasso import PENALTIES, cross_validated_lasso, path_deviance

Array = NDArray[np.float64]
SMALL_EXPECTED = 5.0
TESTS = ("anova", "welch", "kruskal", "chi-square")


class _Selector(SelectorMixin, BaseEstimator):
    """Base: `fit` sets `kept_`, (feature,) truth values."""

    kept_: NDArray[np.bool_]

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self, "kept_")
        return self.kept_


class AgreementFilter(_Selector):
    """Keeps features that readers measure alike: intraclass correlation above a threshold.

    Parameters
    ----------
    ratings : (lesion, reader, feature), readings of some lesions, features as in X; None: nothing is known and all are
        kept. No label is looked at. threshold : of the estimate. form : of the ICC, see `statistics.agreement`.

    Attributes
    ----------
    icc_ : (feature,) estimates, nan without ratings.
    """

    def __init__(self, ratings: Array | None = None, threshold: float = 0.75, form: str = "2,1") -> None:
        self.ratings = ratings
        self.threshold = threshold
        self.form = form

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> AgreementFilter:
        """Compare the readings; the values of X do not matter."""
        values = validate_data(self, X, dtype=np.float64)
        self.icc_ = np.full(values.shape[1], np.nan)
        if self.ratings is None:
            self.kept_ = np.ones(values.shape[1], bool)
            return self
        ratings = np.asarray(self.ratings, np.float64)
        if ratings.ndim != 3 or ratings.shape[2] != values.shape[1]:
            raise ValueError(f"ratings of {ratings.shape[-1]} features for X with {values.shape[1]}")
        self.icc_ = np.asarray(icc(ratings, self.form).estimate)
        self.kept_ = _at_least_one(self.icc_ > self.threshold, np.nan_to_num(self.icc_, nan=-1.0))
        return self


class CorrelationFilter(TwoClasses, _Selector):
    """Of two features that correlate more than the threshold, one goes.

    Parameters
    ----------
    threshold : of the absolute Pearson correlation. prefer : "first" keeps the feature that stands first; "separation"
        the one with the larger difference between the classes (Welch's t).
    """

    def __init__(self, threshold: float = 0.99, prefer: str = "first") -> None:
        self.threshold = threshold
        self.prefer = prefer

    def fit(self, X: ArrayLike, y: ArrayLike) -> CorrelationFilter:
        """Walk through the features in order of preference; keep what is not too like one kept before."""
        values, labels = validate_data(self, X, y, dtype=np.float64)
        _, codes = two_classes(labels)
        if self.prefer not in ("first", "separation"):
            raise ValueError(f"prefer is {self.prefer!r}, not first or separation")
        scaled = values - values.mean(axis=0)
        length = np.sqrt(np.square(scaled).sum(axis=0))
        scaled = scaled / np.where(length > 0, length, 1.0)
        features = values.shape[1]
        order = np.arange(features)
        if self.prefer == "separation":
            order = np.argsort(-np.abs(welch_t(values, codes)), kind="stable")
        left = np.ones(features, bool)
        self.kept_ = np.zeros(features, bool)
        for feature in order:
            if left[feature]:
                self.kept_[feature] = True
                left &= np.abs(scaled[:, feature] @ scaled) <= self.threshold
                left[feature] = False
        return self


class UnivariateSelector(TwoClasses, _Selector):
    """Keeps features by a test of each with the label.

    Parameters
    ----------
    test : "anova" (of two classes the same as Student's t), "welch", "kruskal" (as Mann-Whitney, asymptotic), or
        "chi-square" for categories (Fisher's exact test where an expected count of a 2 x 2 table is below 5).
    alpha : keeps p below this; 1: all. k : keeps at most so many, of the smallest p; None: no bound; several numbers:
        the one of the least deviance in cross-validation, in which each fold ranks its own training cases and fits a
        LASSO to the best k. folds : of that cross-validation. random_state : seed of the folds.

    Attributes
    ----------
    p_ : (feature,). k_ : the bound that was used. deviance_ : (k,) mean deviance a left-out case, of several k.
    """

    def __init__(
        self,
        test: str = "anova",
        alpha: float = 1.0,
        k: int | Sequence[int] | None = None,
        folds: int = 5,
        random_state: int = 0,
    ) -> None:
        self.test = test
        self.alpha = alpha
        self.k = k
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> UnivariateSelector:
        """Test each feature; `groups` (case,) keeps a patient's cases in one fold where k is chosen."""
        values, labels = validate_data(self, X, y, dtype=np.float64)
        _, codes = two_classes(labels)
        if self.test not in TESTS:
            raise ValueError(f"test is {self.test!r}, not one of {', '.join(TESTS)}")
        log_p, statistic = _tested(values, codes, self.test)
        self.p_ = np.exp(log_p)
        kept = (self.p_ < self.alpha) if self.alpha < 1 else np.ones(len(self.p_), bool)
        if self.k is None or isinstance(self.k, (int, np.integer)):
            self.k_ = None if self.k is None else int(self.k)
        else:
            self.k_ = self._cross_validated(values, codes, groups, sorted(set(self.k)))
        if self.k_ is not None:
            # A large effect has a p of 0, which orders nothing.
            best = np.lexsort((-statistic, np.where(kept, log_p, np.inf)))[: self.k_]
            kept &= np.isin(np.arange(len(kept)), best)
        self.kept_ = _at_least_one(kept, -log_p)
        return self

    def _cross_validated(
        self, values: Array, codes: NDArray[np.intp], groups: ArrayLike | None, bounds: list[int]
    ) -> int:
        """The bound with the least deviance, each at its best penalty; at a tie, the smaller one."""
        fold_of = inner_folds(codes, groups, self.folds, self.random_state)
        losses = np.zeros((len(bounds), PENALTIES))
        for training, test in splits(fold_of):
            log_p, statistic = _tested(values[training], codes[training], self.test)
            order = np.lexsort((-statistic, log_p))
            for row, bound in enumerate(bounds):
                losses[row] += path_deviance(codes, values[:, order[:bound]], training, test)
        self.deviance_ = losses.min(axis=1) / len(codes)
        return bounds[int(np.argmin(self.deviance_))]


class LassoSelector(TwoClasses, _Selector):
    """Keeps features with a coefficient under the L1 penalty that cross-validation chooses.

    Parameters
    ----------
    folds : of the cross-validation. choice : "minimum" of its deviance, or "one_se". max_features : keep so many of the
        largest standardised coefficients; None: all. random_state : seed of the folds.

    Attributes
    ----------
    choice_ : `statistics.lasso.LassoChoice`, the path with its cross-validation. coefficients_ : (feature,).
    """

    def __init__(
        self, folds: int = 10, choice: str = "minimum", max_features: int | None = None, random_state: int = 0
    ) -> None:
        self.folds = folds
        self.choice = choice
        self.max_features = max_features
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> LassoSelector:
        """Fit the path; `groups` (case,) keeps a patient's cases in one fold."""
        values, labels = validate_data(self, X, y, dtype=np.float64)
        _, codes = two_classes(labels)
        if self.choice not in ("minimum", "one_se"):
            raise ValueError(f"choice is {self.choice!r}, not minimum or one_se")
        # One fold less than three has no standard error.
        fold_of = inner_folds(codes, groups, max(self.folds, 3), self.random_state)
        if fold_of.max() < 2:
            fold_of = np.arange(len(codes)) % 3
        self.choice_ = cross_validated_lasso(codes, values, fold_of)
        position = getattr(self.choice_, self.choice)
        path = self.choice_.path
        # An empty model predicts nothing: the first feature that comes in, then.
        filled = np.flatnonzero((path.coefficients != 0).any(axis=1))
        position = max(position, int(filled[0])) if filled.size else position
        self.coefficients_ = path.coefficients[position]
        strength = np.abs(self.coefficients_) * values.std(axis=0)
        kept = strength > 0
        if self.max_features is not None:
            best = np.argsort(-strength, kind="stable")[: self.max_features]
            kept &= np.isin(np.arange(len(kept)), best)
        self.kept_ = _at_least_one(kept, strength)
        return self


class RecursiveElimination(TwoClasses, _Selector):
    """Drops the feature of least weight in a linear support vector machine, again and again; cross-validation says when
    to stop.

    Parameters
    ----------
    folds : of the cross-validation (accuracy) that chooses the number of features. C : of the machine.
    max_features : upper bound; None: none. random_state : seed of the folds.
    """

    def __init__(self, folds: int = 5, C: float = 1.0, max_features: int | None = None, random_state: int = 0) -> None:
        self.folds = folds
        self.C = C
        self.max_features = max_features
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> RecursiveElimination:
        """Eliminate; `groups` (case,) keeps a patient's cases in one fold."""
        values, labels = validate_data(self, X, y, dtype=np.float64)
        _, codes = two_classes(labels)
        fold_of = inner_folds(codes, groups, self.folds, self.random_state)
        if values.shape[1] == 1:
            self.kept_ = np.ones(1, bool)
            return self
        machine = SVC(kernel="linear", C=self.C)
        search = RFECV(machine, cv=list(splits(fold_of)), scoring="accuracy").fit(values, codes)
        self.kept_ = search.support_
        if self.max_features is not None and self.kept_.sum() > self.max_features:
            weight = np.zeros(values.shape[1])
            weight[self.kept_] = np.abs(search.estimator_.coef_[0])
            self.kept_ = np.isin(np.arange(len(weight)), np.argsort(-weight, kind="stable")[: self.max_features])
        return self


class ForestRanking(TwoClasses, _Selector):
    """Keeps the features whose permutation costs a random forest most accuracy on cases that its trees have not seen.

    Parameters
    ----------
    k : features to keep. trees : of the forest. sample : share of the cases a tree grows on, drawn without replacement;
        None: a bootstrap sample. random_state : seed.

    Attributes
    ----------
    importance_ : (feature,) accuracy lost.
    """

    def __init__(self, k: int = 10, trees: int = 500, sample: float | None = None, random_state: int = 0) -> None:
        self.k = k
        self.trees = trees
        self.sample = sample
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> ForestRanking:
        """Grow the forest."""
        values, labels = validate_data(self, X, y, dtype=np.float64)
        _, codes = two_classes(labels)
        found = forest_importance(codes, values, trees=self.trees, sample=self.sample, seed=self.random_state)
        self.importance_ = found.estimate
        self.kept_ = np.isin(np.arange(values.shape[1]), found.order[: self.k])
        return self


def welch_t(values: Array, codes: NDArray[np.intp]) -> Array:
    """Welch's t (feature,) of class 1 against class 0; 0 where nothing varies."""
    ones, zeros = values[codes == 1], values[codes == 0]
    if min(len(ones), len(zeros)) < 2:
        return np.zeros(values.shape[1])
    spread = np.sqrt(ones.var(axis=0, ddof=1) / len(ones) + zeros.var(axis=0, ddof=1) / len(zeros))
    return np.asarray((ones.mean(axis=0) - zeros.mean(axis=0)) / np.where(spread > 0, spread, np.inf))


def _tested(values: Array, codes: NDArray[np.intp], test: str) -> tuple[Array, Array]:
    """Logarithm of p and the statistic, each (feature,); 0 for a feature that does not vary."""
    if test == "chi-square":
        found = np.array([_category_log_p(column, codes) for column in values.T])
        return found, -found
    n = len(codes)
    if test == "kruskal":
        values = np.asarray(rankdata(values, axis=0))
    between = _sum_between(values, codes)
    total = np.square(values - values.mean(axis=0)).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        if test == "kruskal":
            statistic = (n - 1) * between / total
            log_p = chi2.logsf(statistic, 1)
        elif test == "welch":
            statistic = np.square(welch_t(values, codes))
            log_p = f.logsf(statistic, 1, _welch_df(values, codes))
        else:
            statistic = between / ((total - between) / max(n - 2, 1))
            log_p = f.logsf(statistic, 1, n - 2)
    varies = total > 1e-24 * np.maximum(np.square(values).sum(axis=0), 1e-300)
    return np.where(varies, np.nan_to_num(log_p, neginf=-np.inf), 0.0), np.where(varies, np.nan_to_num(statistic), 0.0)


def _welch_df(values: Array, codes: NDArray[np.intp]) -> Array:
    groups = [values[codes == code] for code in (0, 1)]
    parts = [group.var(axis=0, ddof=1) / len(group) for group in groups]
    rest = sum(part**2 / max(len(group) - 1, 1) for part, group in zip(parts, groups))
    return np.asarray((parts[0] + parts[1]) ** 2 / rest)


def _sum_between(values: Array, codes: NDArray[np.intp]) -> Array:
    middle = values.mean(axis=0)
    parts = (np.sum(codes == code) * np.square(values[codes == code].mean(axis=0) - middle) for code in (0, 1))
    return np.asarray(sum(parts))


def _category_log_p(column: Array, codes: NDArray[np.intp]) -> float:
    categories, group = np.unique(column, return_inverse=True)
    if len(categories) < 2:
        return 0.0
    table = np.zeros((len(categories), 2))
    np.add.at(table, (group, codes), 1)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / len(codes)
    if table.shape == (2, 2) and expected.min() < SMALL_EXPECTED:
        return float(np.log(fisher_exact(table).p))
    return float(chi2.logsf((np.square(table - expected) / expected).sum(), len(categories) - 1))


def _at_least_one(kept: NDArray[np.bool_], worth: Array) -> NDArray[np.bool_]:
    if kept.any():
        return kept
    return np.asarray(np.arange(len(kept)) == int(np.argmax(worth)))
