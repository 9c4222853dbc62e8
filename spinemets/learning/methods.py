"""From the steps of a recipe to a scikit-learn pipeline, and from a fitted pipeline back to the features it uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import validate_data

from spinemets.learning.chaid import ChaidClassifier
from spinemets.learning.classifiers import (
    BalancedClassifier,
    Combination,
    LassoClassifier,
    LogisticClassifier,
    SupportVectorClassifier,
)
from spinemets.learning.forward_selection import ForwardSelection
from spinemets.learning.published_tree import PublishedTree
from spinemets.learning.selectors import (
    AgreementFilter,
    CorrelationFilter,
    ForestRanking,
    LassoSelector,
    RecursiveElimination,
    UnivariateSelector,
)

Content = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Columns:
    """What a pipeline's columns are: names, whether of an image (feature,), and several readers' values or None."""

    names: tuple[str, ...]
    of_image: NDArray[np.bool_]
    ratings: NDArray[np.float64] | None = None

    def part(self, kind: str) -> tuple[list[int], Columns]:
        """Numbers of the columns of a kind, `images` or `variables`, and what they are."""
        chosen = np.flatnonzero(self.of_image if kind == "images" else ~self.of_image)
        ratings = None if self.ratings is None else self.ratings[:, :, chosen]
        return chosen.tolist(), Columns(tuple(self.names[n] for n in chosen), self.of_image[chosen], ratings)


class FixedColumns(SelectorMixin, BaseEstimator):
    """Keeps columns that were chosen elsewhere. `kept` : (feature,) truth values."""

    def __init__(self, kept: NDArray[np.bool_] | None = None) -> None:
        self.kept = kept

    def fit(self, X: Any, y: Any = None) -> FixedColumns:
        """Nothing to choose."""
        validate_data(self, X)
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        return np.ones(self.n_features_in_, bool) if self.kept is None else np.asarray(self.kept, bool)


_BUILDERS: dict[str, Callable[..., Any]] = {
    "standardise": StandardScaler,
    "correlation": CorrelationFilter,
    "univariate": UnivariateSelector,
    "lasso-selection": LassoSelector,
    "recursive-elimination": RecursiveElimination,
    "forest-ranking": ForestRanking,
    "forward-selection": ForwardSelection,
    "logistic": LogisticClassifier,
    "lasso": LassoClassifier,
    "svm": SupportVectorClassifier,
    "chaid": ChaidClassifier,
}


def build_method(recipe: Content, columns: Columns, seed: int) -> Any:
    """The unfitted pipeline of a recipe's `steps` and `balance`, every part that draws at random with `seed`."""
    pipeline = _pipeline(recipe["steps"], columns, seed)
    return BalancedClassifier(pipeline, random_state=seed) if recipe.get("balance") else pipeline


def _pipeline(steps: Sequence[Content], columns: Columns, seed: int) -> Pipeline:
    return Pipeline([(f"{number}_{step['step']}", _step(step, columns, seed)) for number, step in enumerate(steps)])


def _step(step: Content, columns: Columns, seed: int) -> Any:
    kind = step["step"]
    given = {key: value for key, value in step.items() if key != "step"}
    if kind == "agreement":
        return AgreementFilter(columns.ratings, **given)
    if kind == "published-tree":
        return PublishedTree(columns.names, **given)
    if kind == "combine":
        parts = []
        for number, part in enumerate(given["parts"]):
            chosen, inner = columns.part(part["columns"])
            estimator = _pipeline(part["steps"], inner, seed) if part.get("steps") else None
            parts.append((part.get("score", f"score_{number + 1}"), chosen, estimator))
        return Combination(parts)
    if kind == "forest":
        shape = {"max_depth": given.get("max_depth"), "min_samples_leaf": given.get("min_leaf", 1)}
        return RandomForestClassifier(given.get("trees", 500), **shape, random_state=seed, n_jobs=1)
    if kind == "boosting":
        known = {"trees": "n_estimators", "max_depth": "max_depth", "learning_rate": "learning_rate"}
        return GradientBoostingClassifier(**{known[key]: value for key, value in given.items()}, random_state=seed)
    estimator = _BUILDERS[kind](**given)
    return estimator.set_params(random_state=seed) if "random_state" in estimator.get_params() else estimator


def chosen_columns(method: Any) -> NDArray[np.intp]:
    """Numbers of the columns that a fitted method uses, ascending."""
    if isinstance(method, BalancedClassifier):
        return chosen_columns(method.estimator_)
    if not isinstance(method, Pipeline):
        return np.arange(method.n_features_in_)
    columns = np.arange(method.n_features_in_)
    for _, step in method.steps:
        if isinstance(step, SelectorMixin):
            columns = columns[step.get_support()]
        elif isinstance(step, Combination):
            used = [
                np.asarray(own)[chosen_columns(fitted)] if fitted else np.asarray(own, np.intp)
                for _, own, fitted in step.parts_
            ]
            return np.sort(columns[np.concatenate(used)])
    last = method.steps[-1][1]
    if isinstance(last, (ChaidClassifier, PublishedTree)):
        return columns[_split_columns(last)]
    coefficients = getattr(last, "coefficients_", None)
    return columns if coefficients is None else columns[np.flatnonzero(coefficients)]


def variable_names(classifier: ChaidClassifier | PublishedTree) -> list[str]:
    """What the classifier's tree calls the columns that it was given."""
    if isinstance(classifier, PublishedTree):
        return list(classifier.names)
    return [f"x{n}" for n in range(classifier.n_features_in_)]


def _split_columns(classifier: ChaidClassifier | PublishedTree) -> list[int]:
    """Numbers of the columns that a decision tree asks for."""
    names, nodes, used = variable_names(classifier), [classifier.tree_.root], set()
    while nodes:
        node = nodes.pop()
        nodes += [branch.node for branch in node.branches]
        if node.branches:
            used.add(names.index(node.variable))
    return sorted(used)


def with_fixed_choice(method: Any) -> Any:
    """An unfitted copy that keeps the columns that `method` chose and refits the rest: cross-validated, it is the
    estimate of studies that choose on all cases.
    """
    if isinstance(method, BalancedClassifier):
        return BalancedClassifier(with_fixed_choice(method.estimator_), method.random_state)
    if not isinstance(method, Pipeline):
        return clone(method)
    steps = []
    for name, step in method.steps:
        if isinstance(step, SelectorMixin):
            steps.append((name, FixedColumns(step.get_support())))
        elif isinstance(step, Combination):
            parts = [(told, own, fitted and with_fixed_choice(fitted)) for told, own, fitted in step.parts_]
            steps.append((name, Combination(parts)))
        elif isinstance(step, LassoClassifier) and step.coefficients_.any():
            steps += [(f"{name}_kept", FixedColumns(step.coefficients_ != 0)), (name, clone(step))]
        else:
            steps.append((name, clone(step)))
    return Pipeline(steps)


def find_step(method: Any, kind: type) -> Any:
    """The first fitted step of a kind, inside parts too, or None."""
    if isinstance(method, BalancedClassifier):
        return find_step(method.estimator_, kind)
    for _, step in getattr(method, "steps", ()):
        if isinstance(step, kind):
            return step
        if isinstance(step, Combination):
            inner = (find_step(fitted, kind) for _, _, fitted in step.parts_ if fitted)
            found = next((one for one in inner if one is not None), None)
            if found is not None:
                return found
    return None
