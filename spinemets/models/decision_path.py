"""The way of a case through a decision tree, told so that a reader can follow it: which value met which condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spinemets.dce.wanted import HOT_SPOT_VALUES
from spinemets.models.decision_tree import Branch, DecisionTree
from spinemets.models.package import ModelPackage

# Digits of a number in words, and how many at most, where fewer would hide on which side of a bound it lies.
DIGITS, MOST_DIGITS = 3, 9
HOT_SPOT_NAMES = {
    "wash_in": "wash-in of the hot spot",
    "max_se": "maximum enhancement of the hot spot",
    "wash_out": "wash-out slope of the hot spot",
}


@dataclass(frozen=True)
class PathStep:
    """One split on the way: what was asked, what the case has, and which branch took it.

    name : of the variable, in plain language. unit : of `value`, `above` and `up_to`. value_text, condition : as a
    reader says them, ratios in %. counts : training cases by class behind the branch. probability : share of the
    positive class among them.
    """

    variable: str
    name: str
    value: Any
    unit: str
    value_text: str
    condition: str
    above: float | None
    up_to: float | None
    counts: dict[str, float]
    probability: float

    def as_json(self) -> dict[str, Any]:
        """As in `decision_path` of result.json."""
        return dict(vars(self))


def decision_path(package: ModelPackage, features: Mapping[str, Any]) -> tuple[PathStep, ...] | None:
    """The way of a case through the tree of a model, root first; None where the model is no tree.

    Raises
    ------
    InputError : a variable that the way needs is not given, or has a value that no branch takes.
    """
    if package.model["classifier"]["kind"] != "decision-tree":
        return None
    tree = DecisionTree.from_json(package.model["classifier"]["tree"])
    described = {entry["name"]: entry for entry in package.model["recipe"].get("variables", ())}
    steps = []
    for node, branch in tree.way(features):
        name = node.variable
        about = described.get(name, {})
        unit = node.unit or str(about.get("unit") or HOT_SPOT_VALUES.get(name, ""))
        value = features.get(name)
        counts = dict(zip(tree.classes, branch.node.counts))
        steps.append(
            PathStep(
                variable=name,
                name=HOT_SPOT_NAMES.get(name) or str(about.get("description") or name),
                value=value,
                unit=unit,
                value_text=_with_unit(_number(value, unit, (branch.above, branch.up_to)), unit),
                condition=_condition(branch, unit),
                above=branch.above,
                up_to=branch.up_to,
                counts=counts,
                probability=counts[package.positive_class] / sum(counts.values()),
            )
        )
    return tuple(steps)


def _condition(branch: Branch, unit: str) -> str:
    if branch.values:
        return f"is {' or '.join(branch.values)}"
    low, high = (None if bound is None else _number(bound, unit) for bound in (branch.above, branch.up_to))
    if low is None and high is None:
        return "is missing"
    if low is None or high is None:
        return _with_unit(f"≤ {high}" if low is None else f"> {low}", unit)
    return _with_unit(f"> {low} and ≤ {high}", unit)


def _number(value: Any, unit: str, bounds: tuple[float | None, ...] = ()) -> str:
    """A value in words, with more digits where it would look the same as a bound that it differs from."""
    if value is None:
        return "not given"
    if isinstance(value, str):
        return value
    scale = 100.0 if unit == "ratio" else 1.0
    others = [bound for bound in bounds if bound is not None and bound != value]
    for digits in range(DIGITS, MOST_DIGITS):
        told = _plain(value * scale, digits)
        if all(told != _plain(bound * scale, DIGITS) for bound in others):
            break
    return told


def _plain(number: float, digits: int) -> str:
    text = f"{number:.{digits}g}"
    return f"{number:.0f}" if "e" in text and 1e-4 <= abs(number) < 1e9 else text


def _with_unit(text: str, unit: str) -> str:
    told = "%" if unit == "ratio" else unit
    return f"{text} {told}" if told and text != "not given" else text
