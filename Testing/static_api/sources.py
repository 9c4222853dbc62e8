"""The files that are checked, with their functions and classes."""

from __future__ import annotations

import ast
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from Testing.static_api.facts import ROOT


@dataclass(eq=False)
class Class:
    """A class of ours. `bases`: expressions, as written."""

    node: ast.ClassDef
    module: Module
    methods: dict[str, ast.FunctionDef] = field(default_factory=dict)

    @property
    def bases(self) -> list[ast.expr]:
        return self.node.bases


@dataclass(eq=False)
class Module:
    """A file. `name`: as it is imported in Slicer; `owner`: the folder of the extension that it lies in."""

    path: Path
    name: str
    owner: str
    tree: ast.Module
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)

    @property
    def package(self) -> str:
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]


@dataclass(eq=False)
class Panel:
    """A .ui file: class of each named object, and of the outermost one."""

    path: Path
    root: ElementTree.Element

    @property
    def name(self) -> str:
        return self.path.stem

    def kinds(self) -> dict[str, str]:
        found = {}
        for tag, default in (("widget", ""), ("layout", ""), ("action", "QAction"), ("addaction", "")):
            for element in self.root.iter(tag):
                if tag != "addaction":
                    found[element.get("name", "")] = element.get("class", default)
        return found


@dataclass(eq=False)
class Sources:
    modules: dict[str, Module]
    panels: dict[str, Panel]

    @classmethod
    def of_extension(cls, root: Path = ROOT) -> Sources:
        """Slicer modules, the widgets that they share, and the room that talks to MRML."""
        folders = sorted({path.parent for path in root.glob("*/CMakeLists.txt")} | set(root.glob("SpineMetsWidgets")))
        files = [
            (path, folder.name, _module_name(path, folder))
            for folder in folders
            for path in sorted(folder.rglob("*.py"))
            if "Testing" not in path.relative_to(folder).parts
        ]
        for path in sorted((root / "spinemets" / "mrml").glob("*.py")):
            files.append((path, "spinemets", _dotted(path, root)))
        panels = [path for folder in folders for path in sorted(folder.glob("Resources/UI/*.ui"))]
        return cls(
            {name: parsed(path, name, owner, path.read_text(encoding="utf-8")) for path, owner, name in files},
            {path.stem: Panel(path, ElementTree.parse(path).getroot()) for path in panels},
        )


def parsed(path: Path, name: str, owner: str, text: str) -> Module:
    """A module of its text."""
    module = Module(path, name, owner, ast.parse(text, str(path)))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            known = Class(node, module)
            known.methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
            module.classes[node.name] = known
    module.functions = {node.name: node for node in module.tree.body if isinstance(node, ast.FunctionDef)}
    return module


def nodes_of_scope(scope: ast.AST) -> Iterator[ast.AST]:
    """Nodes that belong to a module, class or function itself, not to a function or class inside it. Decorators,
    defaults and bases of inner ones belong here; so do comprehensions and the bodies of lambdas."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            waiting += [*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)]
        elif isinstance(node, ast.ClassDef):
            waiting += [*node.decorator_list, *node.bases]
        else:
            waiting += list(ast.iter_child_nodes(node))


def names_in(root: Path) -> set[str]:
    """Every name that the library or the modules define: functions, classes, attributes, fields, arguments."""
    found: set[str] = set()
    paths = [path for top in (root / "spinemets", *root.glob("S*Mets*")) for path in top.rglob("*.py")]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
                found.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                # `self.x = ...` defines x; on anything else it is a use that is itself to be checked.
                if isinstance(node.value, ast.Name) and node.value.id == "self":
                    found.add(node.attr)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif isinstance(node, ast.keyword) and node.arg:
                found.add(node.arg)
    return found


def _module_name(path: Path, folder: Path) -> str:
    # Module folders are on the application's path; the shared package is a package beside them.
    return _dotted(path, folder.parent if (folder / "__init__.py").is_file() else folder)


def _dotted(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
