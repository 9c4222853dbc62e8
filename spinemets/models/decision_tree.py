"""Decision trees as data: which way a case takes through one, and with what counts; no learning package is needed.

A node splits one variable into groups: a number by ascending bounds, a category by lists of values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spinemets.errors import InputError


@dataclass(frozen=True)
class Branch:
    """One way out of a split: numbers above `above` (None: any) up to and with `up_to` (None: any), or `values`."""

    node: Node
    above: float | None = None
    up_to: float | None = None
    values: tuple[str, ...] = ()
    takes_missing: bool = False

    def takes(self, value: object) -> bool:
        """Whether a case with this value goes here; None is a missing value."""
        if value is None:
            return self.takes_missing
        if self.values:
            return str(value) in self.values
        number = float(value)  # type: ignore[arg-type]
        return (self.above is None or number > self.above) and (self.up_to is None or number <= self.up_to)

    def describe(self, variable: str, unit: str = "") -> str:
        """The condition as a reader says it."""
        if self.values:
            return f"{variable} is {' or '.join(self.values)}"
        end = f" {unit}" if unit else ""
        if self.above is None and self.up_to is None:
            return f"{variable} is missing"
        if self.above is None:
            return f"{variable} ≤ {self.up_to:g}{end}"
        if self.up_to is None:
            return f"{variable} > {self.above:g}{end}"
        return f"{self.above:g} < {variable} ≤ {self.up_to:g}{end}"


@dataclass(frozen=True)
class Node:
    """Cases of the training cohort by class; of a split, the variable, its unit, the branches and the adjusted p."""

    counts: tuple[float, ...]
    variable: str = ""
    unit: str = ""
    branches: tuple[Branch, ...] = ()
    adjusted_p: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The node and all below it."""
        found: dict[str, Any] = {"counts": list(self.counts)}
        if self.branches:
            found |= {"variable": self.variable, "unit": self.unit, "branches": []}
            for branch in self.branches:
                known = {"above": branch.above, "up_to": branch.up_to, "values": list(branch.values)}
                told = {name: value for name, value in known.items() if value not in (None, [])}
                missing = {"takes_missing": True} if branch.takes_missing else {}
                found["branches"].append({**told, **missing, "node": branch.node.as_json()})
        if self.adjusted_p is not None:
            found["adjusted_p"] = self.adjusted_p
        return found


@dataclass(frozen=True)
class Decision:
    """Where a case ended: its class, the share of each class among the training cases there, and the way it took."""

    outcome: str
    probabilities: dict[str, float]
    counts: tuple[float, ...]
    path: tuple[str, ...]


@dataclass(frozen=True)
class DecisionTree:
    """A tree over named variables; `classes` in the order of the counts."""

    classes: tuple[str, ...]
    root: Node
    source: str = ""

    def decide(self, case: Mapping[str, object]) -> Decision:
        """The leaf of a case given by its variables.

        Raises
        ------
        InputError : a variable that the way needs is not given, or has a value that no branch takes.
        """
        way = self.way(case)
        path = [branch.describe(node.variable, node.unit) for node, branch in way]
        node = way[-1][1].node if way else self.root
        total = sum(node.counts)
        shares = {name: count / total for name, count in zip(self.classes, node.counts)}
        # Of a tie the class that is named first.
        outcome = max(self.classes, key=lambda name: shares[name])
        return Decision(outcome, shares, node.counts, tuple(path))

    def way(self, case: Mapping[str, object]) -> list[tuple[Node, Branch]]:
        """The splits that a case meets, and the branch that takes it at each.

        Raises
        ------
        InputError : as `decide`.
        """
        node, found = self.root, []
        while node.branches:
            value = case.get(node.variable)
            branch = next((branch for branch in node.branches if branch.takes(value)), None)
            if branch is None:
                what = "is not given" if value is None else f"is {value!r}, which the tree does not know"
                raise InputError(node.variable, what, f"give it{f' in {node.unit}' if node.unit else ''}")
            found.append((node, branch))
            node = branch.node
        return found

    def as_json(self) -> dict[str, Any]:
        """The tree as plain data."""
        return {"classes": list(self.classes), "source": self.source, "root": self.root.as_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> DecisionTree:
        """The inverse of `as_json`.

        Raises
        ------
        InputError : something is missing, or a node has not one count a class.
        """
        try:
            classes = tuple(map(str, data["classes"]))
            return cls(classes, _node(data["root"], len(classes)), str(data.get("source", "")))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                "decision tree", f"is not complete ({error})", "use a tree that SpineMets wrote"
            ) from error


def _node(data: Mapping[str, Any], n_classes: int) -> Node:
    counts = tuple(float(count) for count in data["counts"])
    if len(counts) != n_classes or min(counts) < 0 or not sum(counts) > 0:
        raise ValueError(f"counts {list(counts)} for {n_classes} classes")
    branches = tuple(_branch(each, n_classes) for each in data.get("branches", ()))
    p = data.get("adjusted_p")
    variable = str(data["variable"]) if branches else ""
    return Node(counts, variable, str(data.get("unit", "")), branches, None if p is None else float(p))


def _branch(data: Mapping[str, Any], n_classes: int) -> Branch:
    above, up_to = (None if data.get(name) is None else float(data[name]) for name in ("above", "up_to"))
    values: Sequence[str] = tuple(map(str, data.get("values", ())))
    return Branch(_node(data["node"], n_classes), above, up_to, tuple(values), bool(data.get("takes_missing", False)))
