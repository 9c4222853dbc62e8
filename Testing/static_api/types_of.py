"""What an expression is: followed through assignments, attributes, calls, returns and arguments of all our files.

A type is a tuple: ("object", class) exactly of this class; ("some", class) of it or of a class derived from it;
("class", class); ("method", class, name), ("unbound", ...) when the class itself is asked; ("signal", class, name);
("property", class, name) the value of a Qt property; ("module", dotted name); ("own", class of ours);
("own class", ...); ("function", node, bound); ("ui", panel), ("ui root", panel); ("of", type) a container;
("tuple", types of each element). Assignments are joined, whatever their order: what is said of an expression with
several types holds when it holds for one of them.
"""

from __future__ import annotations

import ast
from typing import Any

from Testing.static_api.containers import NONE, Types, depth, element, inside, merged
from Testing.static_api.expressions import Expressions
from Testing.static_api.facts import QtFacts
from Testing.static_api.meanings import MEANINGS, OF_SLICERS_BASES
from Testing.static_api.sources import Class, Module, Sources, nodes_of_scope

ROUNDS = 12
# Nodes that say what a name or an attribute is.
BINDINGS = (
    ast.Assign,
    ast.AnnAssign,
    ast.For,
    ast.AsyncFor,
    ast.comprehension,
    ast.NamedExpr,
    ast.withitem,
    ast.Return,
)
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Call)


class TypesOf(Expressions):
    """Types of every expression of the sources."""

    def __init__(self, sources: Sources, facts: QtFacts) -> None:
        super().__init__(sources, facts)
        self._scopes_of: dict[Module, list[ast.AST]] = {}
        self._nodes_of: dict[ast.AST, list[ast.AST]] = {}
        self._changed = True
        for module in sources.modules.values():
            self._scopes_of[module] = []
            self._place(module.tree, module)
        for _round in range(ROUNDS):
            if not self._changed:
                break
            self._changed = False
            for module in sources.modules.values():
                for scope in self.scopes(module):
                    self._learn(scope)

    def scopes(self, module: Module) -> list[ast.AST]:
        """The module, its classes and functions."""
        return self._scopes_of[module]

    def nodes(self, scope: ast.AST) -> list[ast.AST]:
        """Nodes of a scope itself."""
        return self._nodes_of[scope]

    # Where things are.

    def _place(self, scope: ast.AST, module: Module, owner: Class | None = None) -> None:
        self._module_of[scope] = module
        self._scopes_of[module].append(scope)
        self._nodes_of[scope] = list(nodes_of_scope(scope))
        if owner is not None:
            self._class_of[scope] = owner
        for node in self._nodes_of[scope]:
            self._module_of[node] = module
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self._scope_of[node] = scope
                inner = module.classes[node.name] if isinstance(node, ast.ClassDef) else owner
                self._place(node, module, inner)

    def _learn(self, scope: ast.AST) -> None:
        if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self._learn_parameters(scope)
        for node in self._nodes_of[scope]:
            if not isinstance(node, (*BINDINGS, *DEFINITIONS)):
                continue
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self._bind(target, self.of(node.value, scope), scope, node.value)
            elif isinstance(node, ast.AnnAssign):
                types = self._annotated(node.annotation, scope)
                types |= self.of(node.value, scope) if node.value is not None else NONE
                self._bind(node.target, types, scope)
            elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
                self._bind(node.target, inside(self.of(node.iter, scope)), scope)
            elif isinstance(node, ast.NamedExpr):
                self._bind(node.target, self.of(node.value, scope), scope)
            elif isinstance(node, ast.withitem) and node.optional_vars is not None:
                self._bind(node.optional_vars, self.of(node.context_expr, scope), scope)
            elif isinstance(node, ast.Return) and node.value is not None:
                self._join(self._returned, scope, self.of(node.value, scope))
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                self._learn_import(node, scope)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._join(self._variables, (scope, node.name), frozenset({("function", node, False)}))
                if node.returns is not None:
                    self._join(self._returned, node, self._annotated(node.returns, scope))
            elif isinstance(node, ast.ClassDef):
                known = self._module_of[scope].classes[node.name]
                self._join(self._variables, (scope, node.name), frozenset({("own class", known)}))
            elif isinstance(node, ast.Call):
                self._learn_call(node, scope)

    def _learn_parameters(self, scope: Any) -> None:
        owner = self._class_of.get(scope)
        arguments = [*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs]
        is_method = owner is not None and self._scope_of.get(scope) is owner.node
        decorators = {ast.unparse(decorator) for decorator in scope.decorator_list}
        for position, argument in enumerate(arguments):
            types = self._annotated(argument.annotation, scope) if argument.annotation is not None else NONE
            if position == 0 and is_method and "staticmethod" not in decorators:
                types = frozenset({("own class" if "classmethod" in decorators else "own", owner)})
            elif argument.arg in MEANINGS:
                types |= {MEANINGS[argument.arg]}
            elif argument.arg == "parent" and is_method and scope.name == "__init__":
                assert owner is not None
                bases = [base for base in self.bases_of(owner) if isinstance(base, str)]
                types |= {
                    OF_SLICERS_BASES[base]["parent"] for base in bases if "parent" in OF_SLICERS_BASES.get(base, {})
                }
            if types:
                self._join(self._variables, (scope, argument.arg), types)

    def _learn_import(self, node: ast.Import | ast.ImportFrom, scope: ast.AST) -> None:
        module = self._module_of[scope]
        for alias in node.names:
            if isinstance(node, ast.Import):
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                self._join(self._variables, (scope, alias.asname or name), frozenset({("module", name)}))
                continue
            package = module.package.split(".")
            origin = ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])
            origin = origin if node.level else node.module or ""
            types = self._in_module(origin, alias.name)
            if not types and f"{origin}.{alias.name}" in self.sources.modules:
                types = frozenset({("module", f"{origin}.{alias.name}")})
            self._join(self._variables, (scope, alias.asname or alias.name), types)

    def _learn_call(self, node: ast.Call, scope: ast.AST) -> None:
        """Arguments of a call become types of the function's parameters."""
        for called in self.of(node.func, scope):
            if called[0] == "own class":
                self._bind_fields(called[1], node, scope)
            function, bound = self.callee(called)
            if function is None:
                continue
            parameters = self.parameters(function, bound)
            for parameter, argument in zip(parameters, node.args):
                if isinstance(argument, ast.Starred):
                    break
                self._join(self._variables, (function, parameter.arg), self.of(argument, scope))
            names = {each.arg for each in (*parameters, *function.args.kwonlyargs)}
            for keyword in node.keywords:
                if keyword.arg in names:
                    self._join(self._variables, (function, keyword.arg), self.of(keyword.value, scope))

    def _bind_fields(self, known: Class, node: ast.Call, scope: ast.AST) -> None:
        """A dataclass keeps what it is made of."""
        if not any("dataclass" in ast.unparse(decorator) for decorator in known.node.decorator_list):
            return
        fields = [
            each.target.id
            for each in known.node.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        ]
        for name, argument in [*zip(fields, node.args), *((k.arg, k.value) for k in node.keywords)]:
            if name in fields:
                self._join(self._attributes, (known, name), self.of(argument, scope))

    def _bind(self, target: ast.expr, types: Types, scope: ast.AST, value: ast.expr | None = None) -> None:
        if isinstance(target, ast.Name):
            owner = scope
            if isinstance(scope, ast.ClassDef):
                self._join(self._attributes, (self._class_of[scope], target.id), types)
            self._join(self._variables, (owner, target.id), types)
        elif isinstance(target, ast.Attribute):
            for kind in self.of(target.value, scope):
                if kind[0] in ("own", "own class"):
                    self._join(self._attributes, (kind[1], target.attr), types)
        elif isinstance(target, (ast.Tuple, ast.List)):
            values = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
            if len(values) == len(target.elts) and not any(isinstance(each, ast.Starred) for each in target.elts):
                for each, part in zip(target.elts, values):
                    self._bind(each, self.of(part, scope), scope, part)
                return
            for position, each in enumerate(target.elts):
                self._bind(each, element(types, position, len(target.elts)), scope)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, types, scope)
        elif isinstance(target, ast.Subscript):
            self._bind(target.value, frozenset(("of", kind) for kind in types), scope)

    def _join(self, table: dict[Any, Types], key: Any, types: Types) -> None:
        before = table.get(key, NONE)
        # A container of containers of ... is not followed without end.
        joined = merged(before | {kind for kind in types if depth(kind) < 4})
        if joined != before or key not in table:
            table[key] = joined
            self._changed = True
