"""Slicer brings numpy, scipy, SimpleITK, pydicom and Pillow; in it the modules must work with these alone."""

import subprocess
import sys

import pytest

from Testing.modules.conftest import ROOT

# Of the packages that a developer's environment has, those that no Slicer has.
ABSENT = ("numba", "typer", "rich", "click", "yaml", "sklearn", "pandas", "matplotlib", "jsonschema")
SELF_TESTS = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
from Testing.harness import application, window
opened = window.open_module("SpineMetsClassifier")
for module in application.MODULES:
    getattr(sys.modules[module], module + "Test")().runTest()
window.errors.raise_collected()
"""


def test_the_application_s_own_tests_pass_with_the_packages_that_slicer_brings():
    pytest.importorskip("PySide6.QtWidgets", reason="PySide6 or a system library that it needs is missing")
    code = SELF_TESTS.format(absent=ABSENT)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
