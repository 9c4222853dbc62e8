"""Sequential forward selection with a support vector machine of Gaussian kernel, fast enough to repeat as published.

A candidate's squared distances add to those of the features chosen so far, so its kernel is exp(-gamma (D_S + d_f)):
one matrix a candidate serves all repeats and folds. Racing lets a candidate go as soon as paired differences to the
leader, over the same repeats, leave no doubt that it is worse; what stays is measured on all repeats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from spinemets.learning.checks import TwoClasses, fewest_patients, two_classes
from spinemets.learning.dual_solver import fold_errors
from spinemets.learning.folds import repeated_folds

FIRST_HEAT = 8
SAME_ERROR = 1e-12


@dataclass(frozen=True)
class Round:
    """One round: the feature that came in, the mean error with it, and on how many repeats each candidate was run."""

    feature: int
    error: float
    repeats: NDArray[np.intp]


class ForwardSelection(TwoClasses, SelectorMixin, BaseEstimator):
    """Adds the feature that lowers the cross-validated error most, until none lowers it by `tolerance`.

    Same features in the same order as scikit-learn's SequentialFeatureSelector with SVC(kernel="rbf", gamma="auto") on
    the same folds; gamma is 1 / number of features of the round.

    Parameters
    ----------
    folds, repeats : of the cross-validation whose mean error decides. C : of the machine.
    tolerance : least gain for which a feature comes in. max_features : None: no bound.
    racing : drop candidates early. doubt : chance at most, over all candidates of a round, that racing drops one that
        all repeats would have preferred.
    random_state : seed of the folds.

    Attributes
    ----------
    order_ : (k,) chosen features in the order they came in. rounds_ : list of `Round`.
    fold_of_ : (repeat, case) the folds.
    """

    def __init__(
        self,
        folds: int = 10,
        repeats: int = 1000,
        C: float = 1.0,
        tolerance: float = 1e-6,
        max_features: int | None = None,
        racing: bool = False,
        doubt: float = 1e-3,
        random_state: int = 0,
    ) -> None:
        self.folds = folds
        self.repeats = repeats
        self.C = C
        self.tolerance = tolerance
        self.max_features = max_features
        self.racing = racing
        self.doubt = doubt
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> ForwardSelection:
        """Choose features of (case, feature) numbers; `groups` (case,) keeps a patient's cases in one fold."""
        values, labels = validate_data(self, X, y, dtype=np.float64)
        _, codes = two_classes(labels)
        folds = min(self.folds, fewest_patients(codes, groups))
        generator = np.random.default_rng(self.random_state)
        self.fold_of_ = repeated_folds(codes, groups, folds, self.repeats, generator)
        order = np.argsort(codes, kind="stable")
        race = _Race(values[order], codes[order], self.fold_of_[:, order], self)
        self.rounds_ = race.run()
        self.order_ = np.array([found.feature for found in self.rounds_], np.intp)
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self, "order_")
        chosen = np.zeros(self.n_features_in_, bool)
        chosen[self.order_] = True
        return chosen


class _Race:
    """Rounds of candidates on cases sorted by class."""

    def __init__(
        self, values: NDArray[np.float64], codes: NDArray[np.intp], fold_of: NDArray[np.intp], how: ForwardSelection
    ) -> None:
        self._values, self._fold_of, self._how = values, np.ascontiguousarray(fold_of), how
        self._folds = int(fold_of.max()) + 1
        self._signs = np.where(codes == 0, 1.0, -1.0)
        self._distance = np.zeros((len(values), len(values)))
        self._left = list(range(values.shape[1]))

    def run(self) -> list[Round]:
        """Rounds until no candidate is a gain."""
        rounds: list[Round] = []
        error = np.inf
        while self._left and len(rounds) < (self._how.max_features or np.inf):
            best = self._round(len(rounds) + 1)
            if error - best.error < self._how.tolerance:
                break
            error = best.error
            rounds.append(best)
            self._left.remove(best.feature)
            self._distance += self._squared(best.feature)
        return rounds

    def _round(self, size: int) -> Round:
        """The best candidate; of equals the first."""
        repeats = len(self._fold_of)
        # Mean of the fold's shares, as scikit-learn weighs them.
        errors = np.full((len(self._left), repeats), np.nan)
        alive = np.arange(len(self._left))
        done = 0
        while done < repeats:
            until = min(repeats, max(FIRST_HEAT, 2 * done)) if self._how.racing else repeats
            for candidate in alive:
                kernel = np.exp(-(self._distance + self._squared(self._left[candidate])) / size)
                found = fold_errors(kernel, self._signs, self._fold_of[done:until], self._folds, self._how.C)
                errors[candidate, done:until] = found.mean(axis=1)
            done = until
            if done < repeats:
                alive = alive[self._in_the_race(errors[alive, :done])]
        means = errors[alive].mean(axis=1)
        winner = int(alive[np.flatnonzero(means <= means.min() + SAME_ERROR)[0]])
        return Round(self._left[winner], float(errors[winner].mean()), np.isfinite(errors).sum(axis=1))

    def _in_the_race(self, errors: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether each candidate may still win: a paired t test against the leader, one-sided."""
        count = errors.shape[1]
        leader = int(np.argmin(errors.mean(axis=1)))
        behind = errors - errors[leader]
        # Errors are counts of cases: no difference is known better than half a case in one repeat tells.
        grain = 0.5 / len(self._signs)
        spread = np.sqrt((behind.var(axis=1, ddof=1) + grain**2) / count)
        limit = t.isf(self._how.doubt / len(self._left), count - 1)
        return np.asarray(behind.mean(axis=1) <= limit * spread)

    def _squared(self, feature: int) -> NDArray[np.float64]:
        column = self._values[:, feature]
        return np.square(column[:, np.newaxis] - column)
