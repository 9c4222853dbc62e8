"""`spinemets --help` answers at once: no room, no image library is imported for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cli.command_line import ROOT, spinemets

COMMANDS = [
    "demo",
    "phantom",
    "inspect",
    "carry",
    "segment",
    "dce",
    "features",
    "extract",
    "agreement",
    "train",
    "validate",
    "compare",
    "classify",
    "statistics",
    "recipes",
    "models",
    "schema",
]


def test_every_command_is_listed_and_has_help():
    top = spinemets("--help")
    assert top.returncode == 0
    for command in COMMANDS:
        assert command in top.stdout
        each = spinemets(command, "--help")
        assert each.returncode == 0, each.stderr
        assert "Usage" in each.stdout


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from spinemets.cli.app import run; run(['--help']); "
        "print([name for name in ('numpy', 'scipy', 'SimpleITK', 'pydicom', 'PIL', 'numba', 'yaml', 'vtk') "
        "if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion(shell):
    """What a shell asks when the user presses Tab after `spinemets seg`."""
    typed = "spinemets seg"
    question = {"COMP_WORDS": typed, "COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": typed}
    if shell == "fish":
        question["_TYPER_COMPLETE_FISH_ACTION"] = "get-args"
    environment = {**os.environ, **question, "_SPINEMETS_COMPLETE": f"complete_{shell}"}
    command = [sys.executable, "-m", "spinemets"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    assert "segment" in done.stdout
    assert "features" not in done.stdout
    assert done.stderr == ""


def test_version():
    import spinemets as package

    assert spinemets("--version").stdout.strip() == f"spinemets {package.__version__}"
