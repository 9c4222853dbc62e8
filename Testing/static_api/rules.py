"""What must hold of every name that our code uses of Slicer, CTK, Qt and MRML."""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer.util

from Testing.static_api import vtk_facts
from Testing.static_api.connections import Connections, text_of
from Testing.static_api.containers import Type, Types
from Testing.static_api.facts import ROOT, QtFacts
from Testing.static_api.meanings import OF_THE_APPLICATION, SLICER_GLOBALS, SLICER_MODULES
from Testing.static_api.sources import Module, Sources, names_in
from Testing.static_api.types_of import TypesOf

FOREIGN = ("qt", "ctk", "vtk", "slicer")
# What the objects that our code handles come from, beside Slicer.
PACKAGES_OF_PYTHON = (
    "array",
    "ast",
    "collections",
    "concurrent.futures",
    "contextlib",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "hashlib",
    "importlib",
    "importlib.util",
    "inspect",
    "itertools",
    "json",
    "logging",
    "math",
    "os",
    "pathlib",
    "pickle",
    "platform",
    "random",
    "re",
    "shutil",
    "signal",
    "string",
    "importlib.metadata",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "traceback",
    "types",
    "typing",
    "unittest",
    "unittest.mock",
    "urllib.parse",
    "uuid",
    "warnings",
    "xml.sax.saxutils",
    "numpy",
    "numpy.linalg",
    "numpy.random",
    "scipy",
    "scipy.ndimage",
    "SimpleITK",
    "vtk.util.numpy_support",
    "slicer.util",
)


@dataclass(frozen=True, order=True)
class Finding:
    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def findings(sources: Sources, facts: QtFacts) -> list[Finding]:
    """Everything that is wrong in the sources' Python files."""
    return Check(sources, facts).run()


class Check:
    """The files of an extension, compared with the facts."""

    def __init__(self, sources: Sources, facts: QtFacts) -> None:
        self._facts = facts
        self._sources = sources
        self._types = TypesOf(sources, facts)
        self._connections = Connections(self._types, self._say)
        self._dynamic = set(_literals_of_calls(sources, "setProperty"))
        self._found: set[Finding] = set()
        self._module: Module
        self._own_names = _own_names() | {
            name for module in sources.modules.values() for name in (*module.functions, *module.classes)
        }

    def run(self) -> list[Finding]:
        """Everything that is wrong."""
        for module in self._sources.modules.values():
            self._module = module
            for scope in self._types.scopes(module):
                for node in self._types.nodes(scope):
                    self._check(node, scope)
        return sorted(self._found)

    def _check(self, node: ast.AST, scope: ast.AST) -> None:
        if isinstance(node, ast.Attribute):
            self._check_attribute(node, scope)
        elif isinstance(node, ast.ImportFrom) and node.module == "slicer" and not node.level:
            for alias in node.names:
                self._check_name_in_module(node, "slicer", alias.name)
        elif isinstance(node, ast.Call):
            self._check_call(node, scope)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._check_assignment(target, scope)
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            self._check_assignment(node.target, scope)

    def _say(self, node: Any, message: str) -> None:
        self._found.add(Finding(self._module.path, node.lineno, message))

    # Names.

    def _check_attribute(self, node: ast.Attribute, scope: ast.AST) -> None:
        owners = self._types.of(node.value, scope)
        for owner in owners:
            if owner[0] == "module":
                self._check_name_in_module(node, owner[1], node.attr)
                return
        if isinstance(node.ctx, ast.Store) or node.attr in self._dynamic or node.attr.startswith("__"):
            return
        known = [owner for owner in owners if self._is_judged(owner)]
        if not known:
            if not owners and not self._is_known_anywhere(node.attr):
                self._say(node, f"nothing has an attribute {node.attr!r}")
            return
        if len(known) == len(owners) and not any(self._has(owner, node.attr, scope) for owner in known):
            self._say(node, self._unknown(known[0], node.attr, scope))

    def _check_name_in_module(self, node: Any, module: str, name: str) -> None:
        if module == "slicer.util":
            if not hasattr(slicer.util, name):
                self._say(node, f"slicer.util has no {name!r}")
        elif module in FOREIGN and not self._is_in_module(module, name):
            self._say(node, f"{module} has no {name!r}")

    def _is_in_module(self, module: str, name: str) -> bool:
        if module == "slicer" and (name in SLICER_GLOBALS or name in SLICER_MODULES):
            return True
        if module == "vtk":
            return vtk_facts.has_class(name) or hasattr(importlib.import_module("vtk"), name)
        if name in OF_THE_APPLICATION[module]:
            return True
        prefix = {"qt": ("Q",), "ctk": ("ctk",), "slicer": ("qMRML", "qSlicer", "vtk")}[module]
        return name.startswith(prefix) and self._types.is_class(name)

    def _is_judged(self, owner: Type) -> bool:
        """Whether all attributes of a type are known."""
        if owner[0] in ("ui", "ui root"):
            return True
        if owner[0] == "own":
            # A class of ours that derives from widgets only.
            foreign = [base for base in self._types.bases_of(owner[1]) if isinstance(base, str)]
            return bool(foreign) and all(self._types.is_judged(base) for base in foreign)
        return owner[0] in ("object", "some", "class") and self._types.is_judged(owner[1])

    def _has(self, owner: Type, name: str, scope: ast.AST) -> bool:
        if owner[0] == "ui":
            panels = self._types.panels(owner[1], scope)
            return not panels or any(name in panel.kinds() for panel in panels)
        if owner[0] == "ui root":
            return self._types.has_attribute("qMRMLWidget", name)
        if owner[0] == "own":
            return self._types.is_own_attribute(owner[1], name)
        if owner[0] == "class":
            return self._types.has_attribute(owner[1], name)
        return bool(self._types.candidates(owner, name))

    def _unknown(self, owner: Type, name: str, scope: ast.AST) -> str:
        if owner[0] == "ui":
            panels = ", ".join(panel.path.name for panel in self._types.panels(owner[1], scope))
            return f"{panels} has no widget {name!r}"
        kind = "QWidget" if owner[0] == "ui root" else owner[1]
        if owner[0] == "own":
            return f"{kind.node.name} has no {name!r}"
        if kind.startswith("vtk"):
            close = vtk_facts.close_to(kind, name)
        elif self._facts.is_only_in_cpp(kind, name):
            return f"{kind}.{name}() is C++ only" + self._use_property(kind, name)
        else:
            close = self._facts.close_to(kind, name)
        return f"{kind} has no {name!r}" + (f"; it has {' and '.join(close)}" if close else "")

    def _use_property(self, kind: str, name: str) -> str:
        named = self._facts.properties_named_like(kind, name)
        return f"; use the property {named}" if named else ""

    def _is_known_anywhere(self, name: str) -> bool:
        return name in self._own_names or vtk_facts.is_anywhere(name) or self._facts.is_anywhere(name)

    # Assignments.

    def _check_assignment(self, target: ast.expr, scope: ast.AST) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for each in target.elts:
                self._check_assignment(each, scope)
        if not isinstance(target, ast.Attribute):
            return
        name = target.attr
        owners = self._types.of(target.value, scope)
        known = [owner for owner in owners if owner[0] in ("object", "some") and self._types.is_judged(owner[1])]
        if not known or len(known) < len(owners):
            if not owners and not self._is_known_anywhere(name):
                self._say(target, f"nothing has an attribute {name!r}")
            return
        if name in self._dynamic or any(self._can_set(owner, name) for owner in known):
            return
        kind = known[0][1]
        if not kind.startswith("vtk") and self._facts.property_of(kind, name) is not None:
            self._say(target, f"{kind}.{name} cannot be set")
        elif self._types.candidates(known[0], name):
            self._say(target, f"{kind}.{name} is a method: call it")
        else:
            self._say(target, self._unknown(known[0], name, scope))

    def _can_set(self, owner: Type, name: str) -> bool:
        for kind in self._types.candidates(owner, name):
            if kind.startswith("vtk"):
                # VTK's own attributes for Set methods; anything else would be lost.
                if not vtk_facts.signatures(kind, name):
                    return True
                continue
            found = self._facts.property_of(kind, name)
            if found is not None and found[1]:
                return True
        return False

    # Calls.

    def _check_call(self, node: ast.Call, scope: ast.AST) -> None:
        called = self._types.of(node.func, scope)
        self._check_constructor(node, called)
        properties = [kind for kind in called if kind[0] == "property"]
        if properties and not any(kind[0] in ("method", "unbound", "signal", "function") for kind in called):
            self._say(node, f"{properties[0][1]}.{properties[0][2]} is a property: write it without ()")
            return
        for kind in called:
            if kind[0] == "util":
                self._check_signature(node, kind[1])
        methods = [kind for kind in called if kind[0] in ("method", "unbound")]
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in ("connect", "disconnect"):
                self._connections.check_connection(node, node.func, scope)
                return
            if node.func.attr in ("AddObserver", "addObserver", "removeObserver"):
                self._connections.check_observer(node, node.func, scope)
            if not called and not self._types.of(node.func.value, scope):
                self._check_counts_anywhere(node, node.func.attr)
        if methods and len(methods) == len(called):
            self._check_counts(node, methods)

    def _check_constructor(self, node: ast.Call, called: Types) -> None:
        for kind in called:
            # Slicer's and CTK's classes are made with a parent or with nothing.
            if kind[0] == "class" and not kind[1].startswith(("Q", "vtk")) and self._facts.is_a(kind[1], "QWidget"):
                texts = [a for a in node.args if isinstance(a, ast.JoinedStr) or text_of(a) is not None]
                if texts or len(node.args) > 1 or node.keywords:
                    self._say(node, f"{kind[1]} is made with its parent only, or with nothing")

    def _check_counts(self, node: ast.Call, methods: Iterable[Type]) -> None:
        given = _given(node)
        allowed: set[tuple[int, int]] = set()
        for bound, owner, name in methods:
            if owner.startswith("vtk"):
                counts = [found[:2] for found in vtk_facts.signatures(owner, name)]
            else:
                counts = self._facts.counts(owner, name)  # type: ignore[assignment]
            if not counts or (bound == "unbound" and owner.startswith("ctk")):  # of static ones the facts know none
                return
            allowed |= set(counts)
            if bound == "unbound":  # a static method, or one that is given its object
                allowed |= {(least + 1, most + 1) for least, most in counts}
        owner, name = next((kind[1], kind[2]) for kind in methods)
        if node.keywords:
            self._say(node, f"{owner}.{name}() takes no arguments by name")
        elif given is not None and not any(least <= given <= most for least, most in allowed):
            self._say(node, f"{owner}.{name}() takes {_in_words(allowed)} arguments, not {given}")

    def _check_counts_anywhere(self, node: ast.Call, name: str) -> None:
        """Of an object of which nothing is known: a method that only MRML and VTK have fits one of them."""
        given = _given(node)
        if given is None or not name[0].isupper() or name in self._own_names or self._facts.is_anywhere(name):
            return
        allowed = {found[:2] for found in vtk_facts.signatures_anywhere(name)}
        if allowed and not any(least <= given <= most for least, most in allowed):
            self._say(node, f"no class has a method {name}() that takes {given} arguments")

    def _check_signature(self, node: ast.Call, name: str) -> None:
        function = getattr(slicer.util, name, None)
        if not inspect.isfunction(function) or _given(node) is None or any(k.arg is None for k in node.keywords):
            return
        try:
            inspect.signature(function).bind(*node.args, **{k.arg: k.value for k in node.keywords if k.arg})
        except TypeError as error:
            self._say(node, f"slicer.util.{name}(): {error}")

    # Misspelling, to try the check itself.

    def foreign_names(self) -> Iterator[tuple[Module, ast.AST, ast.Attribute | ast.Constant]]:
        """Every name that something of Slicer's, CTK's, Qt's or MRML's is asked for, and every signal's."""
        for module in self._sources.modules.values():
            for scope in self._types.scopes(module):
                signals = {
                    id(node.args[0])
                    for node in self._types.nodes(scope)
                    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
                    if node.func.attr == "connect" and text_of(node.args[0]) is not None
                }
                for node in self._types.nodes(scope):
                    if isinstance(node, ast.Attribute):
                        owners = self._types.of(node.value, scope)
                        is_foreign = any(kind[0] == "module" and kind[1] in FOREIGN for kind in owners)
                        if is_foreign or (owners and all(self._is_judged(kind) for kind in owners)):
                            yield module, scope, node
                    elif isinstance(node, ast.Constant) and id(node) in signals:
                        yield module, scope, node

    def finds_misspelt(self, module: Module, scope: ast.AST, node: Any, spelled: str) -> bool:
        """Whether the check complains when a name or a signal is written in another way."""
        place = "attr" if isinstance(node, ast.Attribute) else "value"
        original = getattr(node, place)
        self._module, self._found = module, set()
        setattr(node, place, spelled)
        try:
            for each in self._types.nodes(scope):
                if getattr(each, "lineno", 0) <= node.lineno <= (getattr(each, "end_lineno", 0) or 0):
                    self._check(each, scope)
            return bool(self._found)
        finally:
            setattr(node, place, original)


def _given(node: ast.Call) -> int | None:
    """Number of positional arguments; None when it is not known before the program runs."""
    return None if any(isinstance(argument, ast.Starred) for argument in node.args) else len(node.args)


def _in_words(counts: Iterable[tuple[int, int]]) -> str:
    ranges = sorted({f"{least}" if least == most else f"{least} to {most}" for least, most in counts})
    return " or ".join(ranges)


def _literals_of_calls(sources: Sources, method: str) -> Iterator[str]:
    for module in sources.modules.values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
                yield from (text for text in map(text_of, node.args[:1]) if text)


@functools.cache
def _own_names() -> frozenset[str]:
    """What the library defines, and what Python and its packages give to the objects that our code handles."""
    names = names_in(ROOT) | set(dir(builtins))
    for kind in vars(builtins).values():
        names |= set(dir(kind))
    for module in PACKAGES_OF_PYTHON:
        known = importlib.import_module(module)
        names |= set(dir(known))
        for kind in vars(known).values():
            if isinstance(kind, type):
                names |= set(dir(kind))
    # Python's own wrappers of Slicer, which are in no wheel.
    names |= {"connectGui", "disconnectGui", "getParameterNode", "createParameterNode", "resourcePath", "onReload"}
    names |= {"delayDisplay", "isSingletonParameterNode", "moduleName", "parameterNode", "registerTest"}
    return frozenset(names)
