"""Which variables a random forest relies on: what permuting each costs on the cases that a tree has not seen.

Breiman, Machine Learning 45 (2001) 5: mean decrease in accuracy, unscaled, as R's randomForest has it. A tree is asked
only about the variables that it splits on - permuting any other changes nothing - and about all of them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.errors import InputError
from spinemets.progress import Progress, silent
from spinemets.statistics.result import Result, labels_and_variables

TREES = 500
LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, eq=False)
class ForestImportance(Result):
    """Importance of each variable.

    Attributes
    ----------
    estimate : (variable,) mean over the trees of the accuracy that is lost on out-of-bag cases.
    standard_error : (variable,) of that mean, over the trees.
    accuracy : share of cases that the trees which have not seen them vote for rightly.
    """

    names: tuple[str, ...]
    estimate: NDArray[np.float64]
    standard_error: NDArray[np.float64]
    accuracy: float
    trees: int

    @property
    def order(self) -> NDArray[np.intp]:
        """Numbers of the variables, the most important first."""
        return np.asarray(np.argsort(-self.estimate, kind="stable"))

    def __str__(self) -> str:
        best = ", ".join(f"{self.names[k]} {self.estimate[k]:.4g}" for k in self.order[:10])
        more = ", ..." if len(self.names) > 10 else ""
        return f"{best}{more}; out-of-bag accuracy {self.accuracy:.4g} of {self.trees} trees"


def forest_importance(
    labels: ArrayLike,
    variables: ArrayLike,
    names: Sequence[str] | None = None,
    trees: int = TREES,
    sample: float | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> ForestImportance:
    """Grow a forest and measure its variables.

    Trees are grown to the end on the square root of the number of variables a split.

    Parameters
    ----------
    variables : (case, variable).
    sample : share of the cases that a tree is grown on, drawn without replacement; default: as many as there are, with
        replacement.

    Raises
    ------
    InputError : labels other than 0 and 1, values that are no numbers, a sample that leaves no case out, or
        scikit-learn is not installed.
    """
    positive, x, told = labels_and_variables(labels, variables, names)
    cases = len(positive)
    if trees < 1 or (sample is not None and not 1 <= round(sample * cases) < cases):
        raise InputError("forest", f"has {trees} trees on {sample} of {cases} cases", "give 1 or more, and below 1")
    grow = _tree_grower(np.ascontiguousarray(x, np.float32), positive)
    rng = np.random.default_rng(seed)
    lost, votes = np.zeros((trees, x.shape[1])), np.zeros((cases, 2))
    measured = np.ones(trees, bool)
    for number in range(trees):
        if number % 50 == 0:
            progress("forest", number, trees)
        weights = _drawn(rng, cases, sample)
        left = np.flatnonzero(weights == 0)
        if not left.size or not 0 < weights @ positive < weights.sum():
            measured[number] = left.size > 0
            continue
        tree = grow(weights, int(rng.integers(LARGEST_SEED)))
        right, lost[number] = _accuracy_lost(tree, np.asarray(x[left], np.float32), positive[left], rng)
        votes[left, (right == positive[left]).astype(int)] += 1
    progress("forest", trees, trees)
    lost, seen = lost[measured], votes.sum(axis=1) > 0
    called = votes[seen, 1] > votes[seen, 0]
    error = lost.std(axis=0, ddof=1) / np.sqrt(len(lost)) if len(lost) > 1 else np.full(x.shape[1], np.nan)
    accuracy = float((called == positive[seen]).mean()) if seen.any() else float("nan")
    return ForestImportance(told, lost.mean(axis=0), error, accuracy, trees)


def _drawn(rng: np.random.Generator, cases: int, sample: float | None) -> NDArray[np.float64]:
    """How often a tree gets each case."""
    if sample is None:
        drawn = rng.integers(0, cases, cases)
    else:
        drawn = rng.permutation(cases)[: round(sample * cases)]
    return np.bincount(drawn, minlength=cases).astype(np.float64)


def _tree_grower(x: NDArray[np.float32], positive: NDArray[np.bool_]) -> Any:
    try:
        from sklearn import config_context
        from sklearn.tree import DecisionTreeClassifier
    except ImportError as error:
        raise InputError("random forest", "needs scikit-learn", "install it: pip install scikit-learn") from error
    y = positive.astype(np.float64)[:, np.newaxis]

    def grow(weights: NDArray[np.float64], seed: int) -> Any:
        tree = DecisionTreeClassifier(max_features="sqrt", random_state=seed)
        with config_context(assume_finite=True, skip_parameter_validation=True):
            return tree.fit(x, y, sample_weight=weights, check_input=False).tree_

    return grow


def _accuracy_lost(
    tree: Any, left: NDArray[np.float32], positive: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Whether the tree is right about each case, and the accuracy (variable,) that permuting each variable costs."""
    used = np.unique(tree.feature[tree.feature >= 0])
    cases = len(left)
    stack = np.tile(left, (len(used) + 1, 1))
    for number, variable in enumerate(used, start=1):
        stack[number * cases : (number + 1) * cases, variable] = left[rng.permutation(cases), variable]
    shares = tree.value[tree.apply(stack), 0]
    right = (shares[:, 1] > shares[:, 0]).reshape(-1, cases) == positive
    lost = np.zeros(left.shape[1])
    lost[used] = right[0].mean() - right[1:].mean(axis=1)
    return right[0], lost
