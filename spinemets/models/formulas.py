"""The log odds that a model gives to a case, by numpy alone, for each kind of classifier that a package can hold.

* logistic: intercept + coefficients . z. LASSO signatures, linear machines and nomograms are of this kind too.
* svm: slope * (sum of dual_coefficients exp(-gamma |z - support vector|^2) + intercept) + offset (Platt).
* trees: mean of the trees' shares, or initial + rate * sum of the trees' values on the log odds.
* decision-tree: share of the positive class in the leaf; it takes values, not z.

Of the last three the interval is that of the recalibration of left-out probabilities, or of the leaf's counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.models.decision_tree import DecisionTree
from spinemets.models.structure import StructureError

Array = NDArray[np.float64]
NORMAL_QUANTILE_975 = 1.959963984540054
# Shares of 0 and 1 have no log odds.
LEAST_SHARE = 1e-6


def log_odds(model: Mapping[str, Any], values: Array) -> float:
    """Log odds of the positive class; `values` (feature,) in their own units, in the order of the model."""
    return _FORMULAS[model["classifier"]["kind"]](model, values)


def log_odds_interval(model: Mapping[str, Any], values: Array, odds: float) -> tuple[float, float]:
    """95 % interval of the log odds `odds`."""
    classifier = model["classifier"]
    if classifier["kind"] == "decision-tree":
        counts = _leaf(model, values)
        share, total = counts[0] / sum(counts), sum(counts)
        centre = (share + NORMAL_QUANTILE_975**2 / (2 * total)) / (1 + NORMAL_QUANTILE_975**2 / total)
        half = NORMAL_QUANTILE_975 * math.sqrt(share * (1 - share) / total + NORMAL_QUANTILE_975**2 / (4 * total**2))
        half /= 1 + NORMAL_QUANTILE_975**2 / total
        return logit(centre - half), logit(centre + half)
    row = standardised(model, values) if classifier["kind"] == "logistic" else np.array([odds])
    half = NORMAL_QUANTILE_975 * standard_error(np.asarray(classifier["covariance"], np.float64), row)
    return odds - half, odds + half


def contributions(model: Mapping[str, Any], values: Array) -> Array:
    """What each feature (feature,) does to the log odds: against the training mean, the other features as they are; in
    a decision tree, from the shares in the nodes before and after the splits that ask for it."""
    if model["classifier"]["kind"] == "logistic":
        return np.asarray(np.asarray(model["classifier"]["coefficients"]) * standardised(model, values))
    if model["classifier"]["kind"] == "decision-tree":
        return _along_the_way(model, values)
    whole, found = log_odds(model, values), np.empty(len(values))
    for number, mean in enumerate(model["preprocessing"]["mean"]):
        other = values.copy()
        other[number] = mean
        found[number] = whole - log_odds(model, other)
    return found


def standardised(model: Mapping[str, Any], values: Array) -> Array:
    """z = (value - training mean) / training SD."""
    return np.asarray((values - model["preprocessing"]["mean"]) / model["preprocessing"]["sd"])


def standard_error(covariance: Array, row: Array) -> float:
    """Delta method: sqrt((1, row)' C (1, row))."""
    whole = np.concatenate(([1.0], row))
    return math.sqrt(max(float(whole @ covariance @ whole), 0.0))


def logit(share: float) -> float:
    """Log odds of a share, which is kept off 0 and 1."""
    share = min(max(share, LEAST_SHARE), 1 - LEAST_SHARE)
    return math.log(share / (1 - share))


def check_classifier(model: Mapping[str, Any]) -> None:
    """What a schema cannot say: lengths, and that trees end.

    Raises
    ------
    StructureError : naming the place.
    """
    classifier, count = model["classifier"], len(model["features"])
    kind = classifier["kind"]
    if kind == "logistic":
        _check_length(classifier["coefficients"], count, "classifier.coefficients", "features")
    elif kind == "svm":
        vectors = classifier["support_vectors"]
        _check_length(classifier["dual_coefficients"], len(vectors), "classifier.dual_coefficients", "support vectors")
        for number, vector in enumerate(vectors):
            _check_length(vector, count, f"classifier.support_vectors[{number}]", "features")
    elif kind == "trees":
        for number, tree in enumerate(classifier["trees"]):
            _check_tree(tree, count, f"classifier.trees[{number}]")
    else:
        _check_decision_tree(model)


def _logistic(model: Mapping[str, Any], values: Array) -> float:
    coefficients = np.asarray(model["classifier"]["coefficients"], np.float64)
    return float(model["classifier"]["intercept"]) + float(coefficients @ standardised(model, values))


def _svm(model: Mapping[str, Any], values: Array) -> float:
    machine = model["classifier"]
    vectors = np.asarray(machine["support_vectors"], np.float64)
    kernel = np.exp(-machine["gamma"] * np.square(vectors - standardised(model, values)).sum(axis=1))
    decision = float(np.asarray(machine["dual_coefficients"]) @ kernel) + machine["intercept"]
    return float(machine["slope"] * decision + machine["offset"])


def _trees(model: Mapping[str, Any], values: Array) -> float:
    forest = model["classifier"]
    # scikit-learn's trees compare in single precision.
    z = standardised(model, values).astype(np.float32)
    found = [_value_in(tree, z) for tree in forest["trees"]]
    if forest["link"] == "mean":
        return logit(float(np.mean(found)))
    return float(forest["initial"] + forest["rate"] * sum(found))


def _value_in(tree: Mapping[str, Any], z: NDArray[np.float32]) -> float:
    node = 0
    while tree["left"][node] >= 0:
        goes_left = float(z[tree["feature"][node]]) <= tree["threshold"][node]
        node = tree["left"][node] if goes_left else tree["right"][node]
    return float(tree["value"][node])


def _decision_tree(model: Mapping[str, Any], values: Array) -> float:
    counts = _leaf(model, values)
    return logit(counts[0] / sum(counts))


def _along_the_way(model: Mapping[str, Any], values: Array) -> Array:
    """Changes of the log odds from node to node, added up for each feature (feature,)."""
    tree = DecisionTree.from_json(model["classifier"]["tree"])
    first, found = tree.classes.index(model["positive_class"]), np.zeros(len(values))
    for node, branch in tree.way(dict(zip(model["features"], values.tolist()))):
        before, after = (logit(each.counts[first] / sum(each.counts)) for each in (node, branch.node))
        found[model["features"].index(node.variable)] += after - before
    return found


def _leaf(model: Mapping[str, Any], values: Array) -> tuple[float, float]:
    """Training cases in the leaf, of the positive and of the other class."""
    tree = DecisionTree.from_json(model["classifier"]["tree"])
    counts = tree.decide(dict(zip(model["features"], values.tolist()))).counts
    first = tree.classes.index(model["positive_class"])
    return counts[first], counts[1 - first]


_FORMULAS = {"logistic": _logistic, "svm": _svm, "trees": _trees, "decision-tree": _decision_tree}


def _check_length(entries: Sequence[Any], count: int, place: str, of: str) -> None:
    if len(entries) != count:
        raise StructureError(f"{place} has {len(entries)} entries where there are {count} {of}")


def _check_tree(tree: Mapping[str, Any], features: int, place: str) -> None:
    count = len(tree["value"])
    for name in ("feature", "threshold", "left", "right"):
        _check_length(tree[name], count, f"{place}.{name}", "nodes")
    for node, (left, right) in enumerate(zip(tree["left"], tree["right"])):
        if left < 0:
            continue
        # Children after their parent: no way through the tree can go round in a circle.
        if not (node < left < count and node < right < count):
            raise StructureError(f"{place} has a node {node} whose branches lead nowhere or back")
        if tree["feature"][node] >= features or tree["feature"][node] < 0:
            raise StructureError(f"{place}.feature[{node}] is not the number of a feature")


def _check_decision_tree(model: Mapping[str, Any]) -> None:
    try:
        tree = DecisionTree.from_json(model["classifier"]["tree"])
    except InputError as error:
        raise StructureError(f"classifier.tree {error.why}") from error
    if sorted(tree.classes) != sorted(model["classes"]):
        raise StructureError("classifier.tree has other classes than the model")
    nodes = [tree.root]
    while nodes:
        node = nodes.pop()
        nodes += [branch.node for branch in node.branches]
        if node.branches and node.variable not in model["features"]:
            raise StructureError(f"classifier.tree splits {node.variable!r}, which is no feature of the model")
