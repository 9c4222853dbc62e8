"""What Qt's, CTK's and Slicer's widget classes have, as Python sees them in Slicer."""

from __future__ import annotations

import difflib
import functools
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ALL_FACTS = ROOT.parent / "shared" / "api" / "slicer_qt_api.json"
SHORT_LIST = Path(__file__).with_name("facts_in_use.json")

# PythonQt gives these to every object that it wraps.
OF_EVERY_OBJECT = frozenset(
    (
        "name",
        "connect",
        "disconnect",
        "inherits",
        "className",
        "help",
        "delete",
        "metaObject",
        "setProperty",
        "property",
    )
)
Counts = list[tuple[int, int]]

# What the table has nothing of though the class's header declares it.
SUPPLEMENT: dict[str, dict[str, Any]] = {
    "qSlicerAbstractCoreModule": {
        "b": ["QObject"],
        "p": {
            **{name: ["QString", 0] for name in ("name", "title", "helpText", "acknowledgementText", "path")},
            **{name: ["QString", 0] for name in ("slicerWikiUrl", "defaultDocumentationLink")},
            **{
                name: ["QStringList", 0]
                for name in ("categories", "contributors", "dependencies", "associatedNodeTypes")
            },
            **{name: ["bool", 0] for name in ("hidden", "isInstalled", "isBuiltIn")},
            "index": ["int", 0],
            "widgetRepresentationCreationEnabled": ["bool", 1],
        },
        "m": {
            "logic()": "vtkMRMLAbstractLogic*",
            "mrmlScene()": "vtkMRMLScene*",
            "setMRMLScene(vtkMRMLScene*)": "void",
        },
    },
}


class QtFacts:
    """Looked up in a table of classes; what was found is recorded, so that a short list can be made of it.

    An entry of the table: `b` bases, `p` properties {name: [C++ type, writable]}, `m` methods {signature: return type,
    or [return type, number of optional arguments]}, `n` names of methods and enumeration values, `s` signals, `e`
    enumerations {name: values}, `cpp` methods that exist in C++ only, `a` counts of arguments {method: [[least, most]]}
    and `r` types that methods return, of the classes whose `n` has names only.
    """

    def __init__(self, table: dict[str, dict[str, Any]]) -> None:
        self._table = table
        self._used: dict[str, dict[str, Any]] = {}
        self._used_anywhere: set[str] = set()

    @classmethod
    def load(cls) -> QtFacts:
        """All facts when they lie beside the checkout, else the short list."""
        if not ALL_FACTS.is_file():
            return cls.of_short_list()
        facts = json.loads(ALL_FACTS.read_text(encoding="utf-8"))
        table = {**facts["qt"], **facts["widgets"]}
        return cls(table | {name: {**table.get(name, {}), **entry} for name, entry in SUPPLEMENT.items()})

    @classmethod
    def of_short_list(cls) -> QtFacts:
        kept = json.loads(SHORT_LIST.read_text(encoding="utf-8"))
        facts = cls(kept["classes"])
        facts._anywhere = frozenset(kept["names"])  # type: ignore[misc]
        return facts

    def short_list(self) -> dict[str, Any]:
        """What was found so far, as `of_short_list` reads it."""
        classes = {name: {key: kept[key] for key in sorted(kept)} for name, kept in sorted(self._used.items())}
        return {"classes": classes, "names": sorted(self._used_anywhere)}

    def has_class(self, name: str) -> bool:
        if name in self._table:
            self._use(name)
        return name in self._table

    def lineage(self, name: str) -> list[str]:
        """A class and its bases, nearest first."""
        return list(dict.fromkeys(self._walk(name)))

    def descendants(self, name: str) -> list[str]:
        """Classes that have this one among their bases."""
        return self._descendants().get(name, [])

    def is_a(self, name: str, base: str) -> bool:
        return base in self.lineage(name)

    def property_of(self, name: str, attribute: str) -> tuple[str, bool] | None:
        """C++ type of a property and whether it can be set; the first that a class or a base has."""
        for known in self.lineage(name):
            found = self._table[known].get("p", {}).get(attribute)
            if found is not None:
                self._use(name, known).setdefault("p", {})[attribute] = found
                return found[0], bool(found[1])
        return ("QString", True) if attribute == "name" and self.is_a(name, "QObject") else None

    def has_method(self, name: str, attribute: str) -> bool:
        """Whether Python can call it: a slot, an invokable or wrapped method, PythonQt's own."""
        return bool(self._classes_with(name, attribute)) or attribute in OF_EVERY_OBJECT

    def is_complete(self, name: str) -> bool:
        """Whether all bases of a class are known."""
        return all(base in self._table for known in self.lineage(name) for base in self._table[known].get("b") or ())

    def counts(self, name: str, method: str) -> Counts | None:
        """Least and most arguments of each overload, of the class and its bases; None: not known of one of them."""
        found: Counts = []
        for known in self._classes_with(name, method):
            declared = list(_declared(self._table[known], method))
            if declared:
                found += [(len(arguments) - optional, len(arguments)) for arguments, _returned, optional in declared]
                continue
            counts = self._of_qt(name, method)[0]
            if not counts:
                return None
            found += counts
        return found or None

    def returned(self, name: str, method: str) -> set[str]:
        """C++ types that a method returns, as far as known."""
        found: set[str] = set()
        for known in self._classes_with(name, method):
            declared = {returned for _arguments, returned, _optional in _declared(self._table[known], method)}
            found |= declared or self._of_qt(name, method)[1]
        return found

    def _of_qt(self, name: str, method: str) -> tuple[Counts, set[str]]:
        """Counts and returned types of a method of which the table has the name only, of a class and all its bases."""
        counts: Counts = []
        returned: set[str] = set()
        for known in self.lineage(name):
            if known in self._of_pyside and method in self._of_pyside[known]:
                found = self._of_pyside[known][method]
                self._use(name, known).setdefault("a", {})[method] = [list(count) for count in found[0]]
                self._use(name, known).setdefault("r", {})[method] = sorted(found[1])
            else:
                entry = self._table[known]
                found = (
                    [(least, most) for least, most in entry.get("a", {}).get(method, ())],
                    entry.get("r", {}).get(method, ()),
                )
            counts += found[0]
            returned |= set(found[1])
        return counts, returned

    def signals(self, name: str, signal: str) -> list[str]:
        """Signatures of the signals of a name."""
        found = []
        for known in self.lineage(name):
            for signature in self._table[known].get("s", ()):
                if signature.partition("(")[0] == signal:
                    kept = self._use(name, known).setdefault("s", [])
                    if signature not in kept:
                        kept.append(signature)
                        kept.sort()
                    found.append(signature)
        return found

    def enumerator(self, name: str, value: str) -> bool:
        """Whether an enumeration, or one of its values, is an attribute of the class."""
        for known in self.lineage(name):
            entry = self._table[known]
            for enumeration, values in entry.get("e", {}).items():
                if value == enumeration or value in values:
                    kept = self._use(name, known).setdefault("e", {}).setdefault(enumeration, [])
                    kept[:] = sorted({*kept, value} - {enumeration})
                    return True
            if value in entry.get("n", ()):
                self._use_name(name, known, value)
                return True
        return False

    def is_only_in_cpp(self, name: str, method: str) -> bool:
        return any(method in self._table[known].get("cpp", ()) for known in self.lineage(name))

    def is_anywhere(self, attribute: str) -> bool:
        """Whether any class at all has something of this name."""
        attribute = attribute.removesuffix("_")
        found = attribute in self._anywhere or attribute in OF_EVERY_OBJECT
        if found:
            self._used_anywhere.add(attribute)
        return found

    def is_signal_anywhere(self, signature: str) -> bool:
        if signature in self._all_signals:
            self._used_anywhere.add(signature)
            return True
        return signature in self._anywhere

    def properties_named_like(self, name: str, attribute: str) -> str:
        """The property that a C++ setter or getter belongs to; empty when there is none."""
        bare = attribute[3:4].lower() + attribute[4:] if attribute.startswith("set") else attribute
        return bare if any(bare in self._table[known].get("p", {}) for known in self.lineage(name)) else ""

    def close_to(self, name: str, attribute: str) -> list[str]:
        """Names of the class that the writer may have meant."""
        return difflib.get_close_matches(attribute, sorted(self._names_of(name)), n=2, cutoff=0.75)

    def _names_of(self, name: str) -> set[str]:
        return {known for each in self.lineage(name) for known in _names(self._table[each])}

    def _classes_with(self, name: str, method: str) -> list[str]:
        """Classes of a lineage that declare a method, or a signal, for Python; PythonQt drops a trailing _."""
        found = []
        for known in self.lineage(name):
            entry = self._table[known]
            for spelled in dict.fromkeys((method, method.removesuffix("_"))):
                signatures = [signature for signature in entry.get("m", {}) if signature.partition("(")[0] == spelled]
                if signatures:
                    kept = self._use(name, known).setdefault("m", {})
                    kept.update({signature: entry["m"][signature] for signature in signatures})
                    found.append(known)
                elif spelled in entry.get("n", ()):
                    self._use_name(name, known, spelled)
                    found.append(known)
        return found

    def _use_name(self, name: str, known: str, value: str) -> None:
        names = self._use(name, known).setdefault("n", [])
        if value not in names:
            names.append(value)
            names.sort()

    def _use(self, name: str, known: str = "") -> dict[str, Any]:
        """The recorded entry of a class, after recording how another one comes to it."""
        for each in self.lineage(name):
            entry = self._used.setdefault(each, {})
            if self._table[each].get("b"):
                entry["b"] = list(self._table[each]["b"])
        return self._used[known or name]

    def _walk(self, name: str) -> Iterator[str]:
        if name in self._table:
            yield name
            for base in self._table[name].get("b") or ():
                yield from self._walk(base)

    @functools.lru_cache(maxsize=1)  # noqa: B019 - one object a run
    def _descendants(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self._table:
            for base in self.lineage(name)[1:]:
                found.setdefault(base, []).append(name)
        return found

    @functools.cached_property
    def _anywhere(self) -> frozenset[str]:
        return frozenset(name for entry in self._table.values() for name in _names(entry))

    @functools.cached_property
    def _all_signals(self) -> frozenset[str]:
        return frozenset(signature for entry in self._table.values() for signature in entry.get("s", ()))

    @functools.cached_property
    def _of_pyside(self) -> _PySide:
        return _PySide()


class _PySide:
    """Counts of arguments and returned types of Qt's own methods, asked of the installed Qt; empty where it is not."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, tuple[Counts, set[str]]]] = {}
        self._modules: list[Any] = []
        try:
            from PySide6 import QtCore, QtGui, QtWidgets
            from shibokensupport.signature import get_signature
        except ImportError:
            return
        self._modules, self._signature = [QtCore, QtGui, QtWidgets], get_signature

    def __contains__(self, name: str) -> bool:
        return any(hasattr(module, name) for module in self._modules)

    def __getitem__(self, name: str) -> _PySideClass:
        owner = next(getattr(module, name) for module in self._modules if hasattr(module, name))
        return _PySideClass(owner, self._signature)


class _PySideClass:
    def __init__(self, owner: Any, signature: Any) -> None:
        self._owner, self._signature = owner, signature

    def __contains__(self, method: str) -> bool:
        return bool(self._signatures(method))

    def __getitem__(self, method: str) -> tuple[Counts, set[str]]:
        counts, returned = [], set()
        for signature in self._signatures(method):
            given = [p for p in signature.parameters.values() if p.name != "self"]
            least = sum(p.default is p.empty and p.kind != p.VAR_POSITIONAL for p in given)
            most = 99 if any(p.kind == p.VAR_POSITIONAL for p in given) else len(given)
            counts.append((least, most))
            name = getattr(signature.return_annotation, "__name__", "")
            if name.startswith("Q"):
                returned.add(name)
        return sorted(set(counts)), returned

    def _signatures(self, method: str) -> list[Any]:
        found = getattr(self._owner, method, None)
        signatures = None if found is None else self._signature(found)
        return [] if signatures is None else signatures if isinstance(signatures, list) else [signatures]


def _names(entry: dict[str, Any]) -> Iterable[str]:
    yield from entry.get("p", {})
    yield from entry.get("n", ())
    for signature in (*entry.get("m", {}), *entry.get("s", ())):
        yield signature.partition("(")[0]
    for enumeration, values in entry.get("e", {}).items():
        yield enumeration
        yield from values


def _declared(entry: dict[str, Any], method: str) -> Iterator[tuple[list[str], str, int]]:
    """Argument types, returned type and number of optional arguments of each overload that an entry declares."""
    for signature, returned in entry.get("m", {}).items():
        if signature.partition("(")[0] in (method, method.removesuffix("_")):
            kind, optional = returned if isinstance(returned, list) else (returned, 0)
            yield arguments_of(signature), kind, optional


def arguments_of(signature: str) -> list[str]:
    """Types of a signature's arguments: a comma inside <> separates none."""
    inside = signature.partition("(")[2].rpartition(")")[0]
    depth, parts = 0, [""]
    for letter in inside:
        depth += {"<": 1, ">": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def normalised(signature: str) -> str:
    """A signature as Qt compares it: no blanks, no const &."""
    signature = re.sub(r"\s+", " ", signature).strip()
    signature = re.sub(r"\bconst (\S+?) ?&", r"\1", signature)
    return re.sub(r"\s*([(),*&<>])\s*", r"\1", signature)


def class_of(cpp_type: str) -> str:
    """Class that a C++ type is a value, pointer or reference of."""
    return re.sub(r"\bconst\b|[*&\s]", "", cpp_type)
