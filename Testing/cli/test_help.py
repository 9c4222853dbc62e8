"""`spinemets --help` answers at once: no room, no image library is imported for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cli.command_line import ROOT, spinemets

COMMANDS = ["demo", "phantom", "inspect", "carry", "segment", "features", "classify", "recipes", "models", "schema"]


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
    done = spinemets("--show-completion", shell)
    assert done.returncode == 0, done.stderr
    assert "spinemets" in done.stdout


def test_version():
    import spinemets as package

    assert spinemets("--version").stdout.strip() == f"spinemets {package.__version__}"
