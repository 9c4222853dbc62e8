"""What the real classes have, from the table of API facts beside the checkout; without the table, what is here."""

from __future__ import annotations

import functools
import json
from pathlib import Path

API = Path(__file__).parents[4] / "shared" / "api" / "slicer_qt_api.json"
# PythonQt itself gives these to every object, or to every QObject.
EVERY_OBJECT = {"className", "help", "inherits", "delete"}
EVERY_QOBJECT = EVERY_OBJECT | {"name", "connect", "disconnect", "metaObject", "destroyed"}


class HarnessLacks(NotImplementedError):
    """The real class has it, the stand-in does not: extend the stand-in, or do without."""


@functools.cache
def _table() -> dict[str, dict]:
    if not API.is_file():
        return {}
    facts = json.loads(API.read_text(encoding="utf-8"))
    return {**facts["qt"], **facts["widgets"]}


def available() -> bool:
    return bool(_table())


def has_class(name: str) -> bool:
    return name in _table()


@functools.cache
def lineage(name: str) -> tuple[str, ...]:
    """A class and all its bases, derived first."""
    entry = _table().get(name)
    if entry is None:
        return ()
    found = [name]
    for base in entry.get("b") or []:
        found += [known for known in lineage(base) if known not in found]
    return tuple(found)


def _entries(name: str) -> list[dict]:
    return [_table()[known] for known in lineage(name)]


@functools.cache
def properties(name: str) -> dict[str, tuple[str, bool]]:
    """C++ type and writability of each property."""
    found: dict[str, tuple[str, bool]] = {}
    for entry in _entries(name):
        for prop, (kind, writable) in (entry.get("p") or {}).items():
            found.setdefault(prop, (kind, bool(writable)))
    return found


@functools.cache
def signals(name: str) -> frozenset[str]:
    return frozenset(signal for entry in _entries(name) for signal in entry.get("s") or [])


@functools.cache
def slots(name: str) -> frozenset[str]:
    return frozenset(slot for entry in _entries(name) for slot in entry.get("m") or {})


@functools.cache
def names(name: str) -> frozenset[str]:
    """Everything that Python may write after a dot; empty where the class is not in the table."""
    found: set[str] = set()
    for entry in _entries(name):
        found |= set(entry.get("p") or {}) | set(entry.get("n") or [])
        found |= {signature.partition("(")[0] for signature in entry.get("m") or {}}
        found |= {signature.partition("(")[0] for signature in entry.get("s") or []}
        for kind, values in (entry.get("e") or {}).items():
            found |= {kind, *values}
    if found:
        found |= EVERY_QOBJECT if "QObject" in lineage(name) else EVERY_OBJECT
    return frozenset(found)


@functools.cache
def only_in_cpp(name: str) -> frozenset[str]:
    return frozenset(method for entry in _entries(name) for method in entry.get("cpp") or [])


def missing(class_name: str, attribute: str) -> AttributeError | HarnessLacks:
    """The error for an attribute that is not there: the real class's own, or a word that the stand-in is too thin."""
    if attribute in names(class_name):
        return HarnessLacks(f"{class_name}.{attribute} exists in the application; the stand-in has no {attribute}")
    if attribute in only_in_cpp(class_name):
        return AttributeError(f"{class_name} has no attribute named '{attribute}': it exists in C++ only")
    return AttributeError(f"{class_name} has no attribute named '{attribute}'")
