"""What one expression is, when the names and attributes in it are known."""

from __future__ import annotations

import ast
from typing import Any, ClassVar

from Testing.static_api import vtk_facts
from Testing.static_api.containers import (
    NONE,
    PASSED_ON,
    PYTHON,
    UNKNOWN,
    Type,
    Types,
    element,
    inside,
    merged,
    passed_on,
    union,
)
from Testing.static_api.facts import QtFacts, class_of
from Testing.static_api.meanings import (
    OF_SLICER_UTIL,
    OF_SLICERS_BASES,
    OF_THE_APPLICATION,
    SCENE_EXACT,
    SCENE_SOME,
    SLICER_GLOBALS,
    SLICER_MODULES,
)
from Testing.static_api.sources import Class, Module, Sources


class Expressions:
    """Types of expressions; `types_of.TypesOf` fills in what names, attributes and functions are."""

    def __init__(self, sources: Sources, facts: QtFacts) -> None:
        self.sources, self.facts = sources, facts
        self._variables: dict[tuple[ast.AST, str], Types] = {}
        self._attributes: dict[tuple[Class, str], Types] = {}
        self._returned: dict[ast.AST, Types] = {}
        self._scope_of: dict[ast.AST, ast.AST] = {}
        self._module_of: dict[ast.AST, Module] = {}
        self._class_of: dict[ast.AST, Class] = {}
        self._members: dict[tuple[Type, str], Types] = {}

    def of(self, node: ast.expr, scope: ast.AST) -> Types:
        """Types of an expression in a scope; empty when nothing is known."""
        handler = self._handlers.get(type(node))
        return NONE if handler is None else handler(self, node, scope)

    def attribute(self, owner: Type, name: str, scope: ast.AST) -> Types:
        """Types of an attribute of something of one type."""
        kind = owner[0]
        if kind == "module":
            return self._in_module(owner[1], name)
        if owner == PYTHON:
            return frozenset({PYTHON})
        if kind == "ui":
            panels = self.panels(owner[1], scope)
            return frozenset(("object", panel.kinds()[name]) for panel in panels if name in panel.kinds())
        if kind in ("own", "own class"):
            return self._of_own(owner[1], name, scope, bound=kind == "own")
        if kind == "class":
            return frozenset({("unbound", owner[1], name)}) if self._has_method(owner[1], name) else NONE
        if kind in ("object", "some"):
            return self._of_object(owner, name)
        if kind == "of" and name in ("values", "items", "get", "copy", "pop", "setdefault"):
            return frozenset({("container method", owner[1], name)})
        if kind == "ui root":
            return self._of_object(("some", "QWidget"), name)
        return NONE

    def panels(self, name: str, scope: ast.AST) -> list[Any]:
        """Panels that `ui` may stand for: the one of the file's own folder, else all."""
        if name != "*":
            return [self.sources.panels[name]] if name in self.sources.panels else []
        own = self.sources.panels.get(self._module_of[scope].owner)
        return [own] if own is not None else list(self.sources.panels.values())

    def bases_of(self, known: Class) -> list[Class | str]:
        """Bases of a class of ours: our own, or the names of others (`qt.QWidget` is QWidget)."""
        found: list[Class | str] = []
        for base in known.bases:
            types = self.of(base, known.module.tree)
            own = [kind[1] for kind in types if kind[0] == "own class"]
            if own:
                found += [own[0], *self.bases_of(own[0])]
            else:
                found += [kind[1] for kind in types if kind[0] == "class"] or [ast.unparse(base).rpartition(".")[2]]
        return found

    def parameters(self, node: Any, bound: bool) -> list[ast.arg]:
        arguments = [*node.args.posonlyargs, *node.args.args]
        return arguments[1:] if bound and arguments else arguments

    def callee(self, called: Type) -> tuple[Any | None, bool]:
        """The function of ours that a call of a type runs, and whether its first parameter is given already."""
        if called[0] == "function":
            return called[1], called[2]
        if called[0] == "own class":
            for known in (called[1], *(base for base in self.bases_of(called[1]) if isinstance(base, Class))):
                if "__init__" in known.methods:
                    return known.methods["__init__"], True
        return None, False

    # Expressions.

    def _of_name(self, node: ast.Name, scope: ast.AST) -> Types:
        place: ast.AST | None = scope
        while place is not None:
            if (place, node.id) in self._variables and not (isinstance(place, ast.ClassDef) and place is not scope):
                return self._variables[place, node.id]
            place = self._scope_of.get(place)
        return NONE

    def _of_attribute(self, node: ast.Attribute, scope: ast.AST) -> Types:
        return union(self.attribute(owner, node.attr, scope) for owner in self.of(node.value, scope))

    def _of_call(self, node: ast.Call, scope: ast.AST) -> Types:
        if isinstance(node.func, ast.Name) and node.func.id in PASSED_ON:
            return passed_on(node.func.id, [self.of(argument, scope) for argument in node.args])
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            owner = self._class_of.get(scope)
            return (
                frozenset({("own", base) for base in self.bases_of(owner) if isinstance(base, Class)})
                if owner
                else NONE
            )
        return union(self._result(called, node, scope) for called in self.of(node.func, scope))

    def _result(self, called: Type, node: ast.Call, scope: ast.AST) -> Types:
        kind = called[0]
        if kind == "class":
            return frozenset({("object", called[1])})
        if kind == "own class":
            return frozenset({("own", called[1])})
        if kind == "function":
            return self._returned.get(called[1], NONE)
        if kind in ("method", "unbound"):
            return self._result_of_method(called[1], called[2], node)
        if kind == "container method":
            held, method = called[1:]
            pair = ("tuple", (NONE, frozenset({held})))
            return frozenset({{"values": ("of", held), "copy": ("of", held), "items": ("of", pair)}.get(method, held)})
        if called == PYTHON:
            return frozenset({PYTHON})
        if kind == "util":
            return self._result_of_util(called[1], node, scope)
        return NONE

    def _result_of_method(self, owner: str, name: str, node: ast.Call) -> Types:
        literal = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        classes = [text for text in literal if text.startswith("vtkMRML") and vtk_facts.has_class(text)]
        if classes and name in (*SCENE_EXACT, *SCENE_SOME):
            return frozenset({("object" if name in SCENE_EXACT else "some", classes[0])})
        if name == "SafeDownCast":
            return frozenset({("some", owner)})
        if vtk_facts.has_class(owner):
            returned = {found for _least, _most, found in vtk_facts.signatures(owner, name)}
        else:
            returned = {class_of(found) for found in self.facts.returned(owner, name)}
        return frozenset(("some", found) for found in returned if self.is_class(found))

    def _result_of_util(self, name: str, node: ast.Call, scope: ast.AST) -> Types:
        if name == "loadUI":
            text = ast.unparse(node.args[0]) if node.args else ""
            known = [panel for panel in self.sources.panels if f"UI/{panel}.ui" in text]
            return frozenset({("ui root", known[0] if known else "*")})
        if name == "childWidgetVariables":
            roots = union(self.of(argument, scope) for argument in node.args)
            return frozenset({("ui", root[1]) for root in roots if root[0] == "ui root"} or {("ui", "*")})
        if name == "getModuleWidget":
            wanted = [f"{argument.value}Widget" for argument in node.args if isinstance(argument, ast.Constant)]
            known = [
                module.classes[one]
                for module in self.sources.modules.values()
                for one in wanted
                if one in module.classes
            ]
            return frozenset(("own", one) for one in known)
        found = OF_SLICER_UTIL.get(name)
        return frozenset({found}) if found else NONE

    def _of_joined(self, node: Any, scope: ast.AST) -> Types:
        parts = node.values if isinstance(node, ast.BoolOp) else (node.body, node.orelse)
        return union(self.of(part, scope) for part in parts)

    def _of_container(self, node: Any, scope: ast.AST) -> Types:
        if isinstance(node, ast.Dict):
            parts = node.values
        elif isinstance(node, ast.DictComp):
            parts = [node.value]
        else:
            parts = [node.elt] if hasattr(node, "elt") else node.elts
        if isinstance(node, ast.Tuple) and not any(isinstance(part, ast.Starred) for part in parts):
            return frozenset({("tuple", tuple(self.of(part, scope) for part in parts))})
        found: set[Type] = set()
        for part in parts:
            types = self.of(part.value if isinstance(part, ast.Starred) else part, scope)
            found |= types if isinstance(part, ast.Starred) else {("of", kind) for kind in types or {UNKNOWN}}
        return merged(frozenset(found))

    def _of_subscript(self, node: ast.Subscript, scope: ast.AST) -> Types:
        found = self.of(node.value, scope)
        if isinstance(node.slice, ast.Slice):
            return found
        index = node.slice.value if isinstance(node.slice, ast.Constant) else None
        return element(found, index, None) if isinstance(index, int) else inside(found)

    def _of_named(self, node: ast.NamedExpr, scope: ast.AST) -> Types:
        return self.of(node.value, scope)

    def _of_lambda(self, node: ast.Lambda, scope: ast.AST) -> Types:
        return frozenset({("function", node, False)})

    _handlers: ClassVar[dict[type, Any]] = {
        ast.Name: _of_name,
        ast.Attribute: _of_attribute,
        ast.Call: _of_call,
        ast.BoolOp: _of_joined,
        ast.IfExp: _of_joined,
        ast.List: _of_container,
        ast.Tuple: _of_container,
        ast.Set: _of_container,
        ast.Dict: _of_container,
        ast.ListComp: _of_container,
        ast.SetComp: _of_container,
        ast.GeneratorExp: _of_container,
        ast.DictComp: _of_container,
        ast.Subscript: _of_subscript,
        ast.NamedExpr: _of_named,
        ast.Lambda: _of_lambda,
    }

    # Members.

    def is_class(self, name: str) -> bool:
        return bool(name) and (vtk_facts.has_class(name) if name.startswith("vtk") else self.facts.has_class(name))

    def is_judged(self, name: str) -> bool:
        """Whether all that a class has is known."""
        return self.is_class(name) and (name.startswith("vtk") or self.facts.is_complete(name))

    def _in_module(self, module: str, name: str) -> Types:
        if module in ("qt", "ctk", "slicer", "vtk"):
            if module == "slicer" and name in SLICER_GLOBALS:
                return frozenset({SLICER_GLOBALS[name]})
            if module == "slicer" and name in SLICER_MODULES:
                return frozenset({("module", f"slicer.{name}")})
            if self.is_class(name):
                return frozenset({("class", name)})
            return frozenset({PYTHON}) if module == "vtk" or name in OF_THE_APPLICATION.get(module, ()) else NONE
        if module not in self.sources.modules and module not in ("slicer.modules", "slicer.util"):
            return frozenset({PYTHON})
        if module == "slicer.modules":
            return frozenset({("some", "qSlicerAbstractModule")}) if name.islower() else NONE
        if module == "slicer.util":
            return frozenset({("util", name)})
        known = self.sources.modules.get(module)
        if known is None:
            return NONE
        if name in known.functions:
            return frozenset({("function", known.functions[name], False)})
        if name in known.classes:
            return frozenset({("own class", known.classes[name])})
        return self._variables.get((known.tree, name), NONE)

    def _of_own(self, known: Class, name: str, scope: ast.AST, bound: bool) -> Types:
        found = self._attributes.get((known, name), NONE)
        if name in known.methods:
            method = known.methods[name]
            decorators = {ast.unparse(decorator) for decorator in method.decorator_list}
            if decorators & {"property", "functools.cached_property", "cached_property"}:
                return found | self._returned.get(method, NONE)
            return found | {("function", method, bound or "classmethod" in decorators)}
        for base in self.bases_of(known):
            if isinstance(base, Class):
                found |= self._attributes.get((base, name), NONE)
                if name in base.methods:
                    return found | self._of_own(base, name, scope, bound)
            elif name in OF_SLICERS_BASES.get(base, {}):
                found |= {OF_SLICERS_BASES[base][name]}
            elif self.is_class(base) and not found:
                found |= self._of_object(("object", base), name)
        return found

    def is_own_attribute(self, known: Class, name: str) -> bool:
        """Whether a class of ours, or a base of it, has an attribute."""
        if name in known.methods or (known, name) in self._attributes or name.startswith("__"):
            return True
        return any(
            self.is_own_attribute(base, name) if isinstance(base, Class) else self.has_attribute(base, name)
            for base in self.bases_of(known)
        )

    def _of_object(self, owner: Type, name: str) -> Types:
        if (owner, name) not in self._members:
            self._members[owner, name] = self._looked_up(owner, name)
        return self._members[owner, name]

    def _looked_up(self, owner: Type, name: str) -> Types:
        found: set[Type] = set()
        for candidate in self.candidates(owner, name):
            if candidate.startswith("vtk"):
                if vtk_facts.signatures(candidate, name):
                    found.add(("method", candidate, name))
                continue
            known = self.facts.property_of(candidate, name)
            if known is not None:
                found.add(("property", candidate, name))
                found |= {("some", class_of(known[0]))} if self.is_class(class_of(known[0])) else set()
            elif self.facts.signals(candidate, name):
                found.add(("signal", candidate, name))
            elif self.facts.has_method(candidate, name):
                found.add(("method", candidate, name))
        return frozenset(found)

    def candidates(self, owner: Type, name: str) -> list[str]:
        """The class of an object that has an attribute: its own, else, where it may be of another, derived ones."""
        if self.has_attribute(owner[1], name):
            return [owner[1]]
        if owner[0] != "some":
            return []
        known = vtk_facts.descendants if owner[1].startswith("vtk") else self.facts.descendants
        return [each for each in known(owner[1]) if self.has_attribute(each, name)]

    def has_attribute(self, owner: str, name: str) -> bool:
        if owner.startswith("vtk"):
            return vtk_facts.has(owner, name)
        return (
            self.facts.property_of(owner, name) is not None
            or self.facts.has_method(owner, name)
            or bool(self.facts.signals(owner, name))
            or self.facts.enumerator(owner, name)
        )

    def _has_method(self, owner: str, name: str) -> bool:
        if owner.startswith("vtk"):
            return bool(vtk_facts.signatures(owner, name))
        return self.facts.has_method(owner, name)

    def _annotated(self, annotation: ast.expr, scope: ast.AST) -> Types:
        if isinstance(annotation, ast.BinOp):
            return self._annotated(annotation.left, scope) | self._annotated(annotation.right, scope)
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            try:
                return self._annotated(ast.parse(annotation.value, mode="eval").body, scope)
            except SyntaxError:
                return NONE
        if isinstance(annotation, ast.Subscript):
            outer, inner = ast.unparse(annotation.value).rpartition(".")[2], annotation.slice
            if outer in ("Annotated", "Optional"):
                return self._annotated(inner.elts[0] if isinstance(inner, ast.Tuple) else inner, scope)
            last = inner.elts[-1] if isinstance(inner, ast.Tuple) else inner
            return frozenset(("of", kind) for kind in self._annotated(last, scope))
        made = {"class": "some", "own class": "own"}
        return frozenset((made[kind[0]], *kind[1:]) for kind in self.of(annotation, scope) if kind[0] in made)
