"""The same windows on an X server, where Qt's other platform has its own mind about focus, fonts and sizes."""

import os
import shutil
import subprocess
import sys

import pytest

from Testing.harness import application

needs_server = pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="no xvfb-run on this machine")


@pytest.mark.slow
@needs_server
def test_modules_open_on_an_x_server():
    tests = "Testing/harness/tests/test_windows.py"
    done = subprocess.run(
        ["xvfb-run", "-a", sys.executable, "-m", "pytest", tests, "-q", "-p", "no:xdist"],
        cwd=application.ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "xcb"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    if "Could not load the Qt platform plugin" in done.stderr:
        pytest.skip("Qt's plugin for X lacks libraries (libxcb-cursor0, libxcb-icccm4, libxcb-keysyms1, ...)")
    assert done.returncode == 0, done.stdout + done.stderr
