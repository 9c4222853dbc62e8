"""Types of what containers hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Type = tuple[Any, ...]
Types = frozenset[Type]
NONE: Types = frozenset()
# An element of a container of which nothing is known.
UNKNOWN: Type = ("unknown",)
# Something of Python's own library or of a package beside Slicer: not judged.
PYTHON: Type = ("python",)
PASSED_ON = ("sorted", "list", "tuple", "set", "reversed", "enumerate", "zip", "iter", "filter", "next", "max", "min")


def inside(types: Types) -> Types:
    """What a container holds."""
    held = {kind[1] for kind in types if kind[0] == "of"}
    for kind in types:
        if kind[0] == "tuple":
            held |= {each for part in kind[1] for each in part or {UNKNOWN}}
    return frozenset(held)


def element(types: Types, position: int, length: int | None) -> Types:
    """What stands at a place of a tuple (of a length, where it is known), or in a container."""
    found: set[Type] = set()
    for kind in types:
        if kind[0] == "tuple" and (
            len(kind[1]) == length or (length is None and -len(kind[1]) <= position < len(kind[1]))
        ):
            found |= kind[1][position]
        else:
            found |= inside(frozenset({kind}))
    return frozenset(found)


def passed_on(function: str, arguments: list[Types]) -> Types:
    """What a function of Python's own makes of containers."""
    if function == "enumerate":
        return frozenset({("of", ("tuple", (NONE, inside(arguments[0] if arguments else NONE))))})
    if function == "zip":
        return frozenset({("of", ("tuple", tuple(inside(each) for each in arguments)))})
    passed = union(arguments)
    if function in ("next", "max", "min"):
        return inside(passed) or passed
    held = inside(passed)
    return frozenset(("of", kind) for kind in held)


def merged(types: Types) -> Types:
    """Tuples of one length, and containers of such, made one: each element is what it is in any of them."""
    found: set[Type] = set()
    parts: dict[tuple[bool, int], list[tuple[Types, ...]]] = {}
    for kind in types:
        inner = kind[1] if kind[0] == "of" else kind
        if inner[0] == "tuple":
            parts.setdefault((kind[0] == "of", len(inner[1])), []).append(inner[1])
        else:
            found.add(kind)
    for (is_held, _length), rows in parts.items():
        row: Type = ("tuple", tuple(merged(union(column)) for column in zip(*rows)))
        found.add(("of", row) if is_held else row)
    return frozenset(found)


def union(parts: Iterable[Types]) -> Types:
    return frozenset(kind for part in parts for kind in part)


def depth(kind: Type) -> int:
    if kind[0] == "of":
        return 1 + depth(kind[1])
    if kind[0] == "tuple":
        return 1 + max((depth(each) for part in kind[1] for each in part), default=0)
    return 0
