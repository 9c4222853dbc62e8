"""What VTK's and MRML's classes have, asked of the installed slicer-core and vtk."""

from __future__ import annotations

import difflib
import functools
import re
from typing import Any

import slicer
import vtk


def has_class(name: str) -> bool:
    return isinstance(_class(name), type)


@functools.cache
def _class(name: str) -> Any:
    # Where widgets are tested in the same process, `slicer` has stand-ins for classes of widgets too.
    return None if not name.startswith("vtk") else getattr(slicer, name, None) or getattr(vtk, name, None)


def is_a(name: str, base: str) -> bool:
    return has_class(name) and has_class(base) and issubclass(_class(name), _class(base))


def has(name: str, attribute: str) -> bool:
    return hasattr(_class(name), attribute)


@functools.cache
def descendants(name: str) -> tuple[str, ...]:
    """Classes that derive from this one."""
    if name not in _mrml_classes():
        dir(vtk)  # VTK's own modules are loaded when their names are asked for
    waiting, found = list(_class(name).__subclasses__()), {}
    while waiting:
        known = waiting.pop()
        if _class(known.__name__) is known:
            found[known.__name__] = None
        waiting += known.__subclasses__()
    return tuple(found)


def is_anywhere(attribute: str) -> bool:
    """Whether any MRML class, or any class of VTK's that they build on, has something of this name."""
    return attribute in _all_names()


@functools.cache
def signatures(name: str, method: str) -> tuple[tuple[int, int, str], ...]:
    """Least and most arguments, and the returned class ("" when it is none), of each overload; empty: not a method."""
    for owner in _class(name).__mro__:
        if method in vars(owner):
            return _parsed(method, vars(owner)[method].__doc__ or "")
    return ()


@functools.cache
def signatures_anywhere(method: str) -> frozenset[tuple[int, int, str]]:
    """Those of every MRML class that has such a method."""
    return frozenset(found for name in _mrml_classes() for found in signatures(name, method))


def close_to(name: str, attribute: str) -> list[str]:
    return difflib.get_close_matches(attribute, dir(_class(name)), n=2, cutoff=0.75)


def is_event(name: str) -> bool:
    return vtk.vtkCommand.GetEventIdFromString(name) != 0


def _parsed(method: str, text: str) -> tuple[tuple[int, int, str], ...]:
    found = []
    # Each overload in Python's words is followed by its words in C++.
    for block in re.findall(rf"(?:^|\n){re.escape(method)}\((.*?)\nC\+\+:", text, re.DOTALL):
        inside, _, returned = _flat(block).rpartition(" ->") if " ->" in _flat(block) else (_flat(block), "", "")
        arguments = [part.strip() for part in inside.strip().removesuffix(")").split(",")]
        given = [argument for argument in arguments if argument not in ("", "self")]
        optional = sum("=" in argument for argument in given)
        most = 99 if any(argument.startswith("*") for argument in given) else len(given)
        name = returned.strip()
        found.append((len(given) - optional, most, name if name and has_class(name) else ""))
    return tuple(found)


def _flat(text: str) -> str:
    """On one line, tuples and lists of arguments replaced by one letter, so that commas separate arguments only."""
    text = re.sub(r"\s+", " ", text)
    while True:
        reduced = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "T", text)
        if reduced == text:
            return text
        text = reduced


@functools.cache
def _mrml_classes() -> tuple[str, ...]:
    return tuple(name for name in dir(slicer) if name.startswith("vtk") and isinstance(getattr(slicer, name), type))


@functools.cache
def _all_names() -> frozenset[str]:
    names: set[str] = set()
    for known in (getattr(module, name) for module in (slicer, vtk) for name in dir(module)):
        if isinstance(known, type):
            names |= set(vars(known))
    return frozenset(names)
