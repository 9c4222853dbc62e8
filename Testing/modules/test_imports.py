"""What Slicer loads imports little at file scope: more would slow its start, or fail where it is not installed."""

import ast
import sys
from pathlib import Path

import pytest

from Testing.modules.conftest import MODULES, ROOT

LIBRARY = ROOT / "spinemets"
EVERYWHERE = {"numpy", "scipy", "SimpleITK", "spinemets"} | set(sys.stdlib_module_names)
LIBRARY_FILES = sorted(LIBRARY.rglob("*.py"))
MODULE_FILES = sorted(path for module in MODULES for path in module.rglob("*.py") if "Testing" not in path.parts)
SHARED_WIDGETS = sorted((ROOT / "SpineMetsWidgets").rglob("*.py"))
# Of the modules' files, those that are the window: the panel with its sections and their parts, the effect with what it
# shows, and a button in another module.
WINDOW_FILES = ("Widget.py", "SegmentEditorEffect.py", "SampleStudy.py")
SECTIONS = ("Section.py", "Part.py")


def file_scope(body):
    """Statements that run on import, also inside `if`, `try` and `with`; not those of TYPE_CHECKING."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
            continue
        for block in ("body", "orelse", "finalbody"):
            if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield from file_scope(getattr(statement, block, []))
        for handler in getattr(statement, "handlers", []):
            yield from file_scope(handler.body)


def imported(path: Path) -> set[str]:
    names = set()
    for statement in file_scope(ast.parse(path.read_text(encoding="utf-8")).body):
        if isinstance(statement, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom) and statement.level == 0:
            names.add(statement.module.partition(".")[0])
    return names


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_rule_sees_imports_inside_try_and_if_but_not_inside_functions(tmp_path):
    path = tmp_path / "example.py"
    path.write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas\n"
        "try:\n    import numba\nexcept ImportError:\n    import yaml\ndef f():\n    import torch\n"
        "class C:\n    import rich\n"
    )
    assert imported(path) == {"typing", "numba", "yaml", "rich"}


@pytest.mark.parametrize("path", LIBRARY_FILES, ids=short)
def test_library_imports_only_what_slicer_has(path):
    allowed = set(EVERYWHERE)
    room = path.relative_to(LIBRARY).parts[0]
    if room == "mrml":
        allowed |= {"slicer", "vtk"}
    if room == "cli":
        allowed |= {"typer"}
    if room == "learning":  # runs in processes of its own, and is an estimator's class by inheritance
        allowed |= {"sklearn"}
    assert imported(path) <= allowed


@pytest.mark.parametrize("path", MODULE_FILES, ids=short)
def test_modules_import_only_what_slicer_has_and_qt_only_in_widgets(path):
    allowed = EVERYWHERE | {"slicer", "vtk"} | {path.name.removesuffix(".py") + "Lib"}
    if path.name in WINDOW_FILES or path.name.endswith(SECTIONS):
        allowed |= {"qt", "ctk", "SpineMetsWidgets", "SegmentEditorEffects"}
    assert imported(path) <= allowed


@pytest.mark.parametrize("path", SHARED_WIDGETS, ids=short)
def test_shared_widgets_load_no_library_when_slicer_starts(path):
    assert imported(path) <= {"slicer", "vtk", "qt", "ctk"} | set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", [path for path in MODULE_FILES if path.parent in MODULES], ids=short)
def test_module_file_does_not_load_the_library_when_slicer_starts(path):
    """Slicer imports every module's file at start-up; the library's turn is when the panel is opened."""
    lib = path.parent / f"{path.stem}Lib"
    for file in [path, *(lib / name for name in ("Library.py", "SelfTest.py", *WINDOW_FILES) if (lib / name).exists())]:
        assert not imported(file) & {"spinemets", "numpy", "scipy", "SimpleITK"}


DECLARATIONS = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef, ast.Assign, ast.AnnAssign)


@pytest.mark.parametrize("path", MODULE_FILES + SHARED_WIDGETS, ids=short)
def test_no_code_runs_when_a_module_is_imported(path):
    body = ast.parse(path.read_text(encoding="utf-8")).body
    statements = [s for s in body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    assert all(isinstance(statement, DECLARATIONS) for statement in statements)
    assigned = [s.value for s in statements if isinstance(s, (ast.Assign, ast.AnnAssign))]
    assert not [node for value in assigned for node in ast.walk(value) if isinstance(node, ast.Call)]


def test_rooms_use_only_rooms_before_them():
    """The order of architecture.md; `mrml` and `cli` are the doors and may use all."""
    order = ["geometry", "phantom", "studies", "dce", "segmentation", "features", "statistics", "models", "learning"]
    order += ["networks", "reading", "report"]
    wrong = []
    for path in LIBRARY_FILES:
        room = path.relative_to(LIBRARY).parts[0]
        if room not in order:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            module = node.module if isinstance(node, ast.ImportFrom) and node.level == 0 else None
            used = module.split(".")[1] if module and module.startswith("spinemets.") else None
            if (used in order and order.index(used) > order.index(room)) or used in ("mrml", "cli"):
                wrong.append(f"{short(path)} uses {used}")
    assert not wrong
