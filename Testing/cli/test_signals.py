"""Ctrl-C, or another program's request to stop, ends the command with status 130 and one line."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from cli.command_line import ROOT

STOP_IN_EXEC = """
import sys
import spinemets.studies.scanning
from spinemets.__main__ import main
def scan_study(path):
    exec("import os, signal; os.kill(os.getpid(), signal.{name})")
spinemets.studies.scanning.scan_study = scan_study
sys.argv = ["spinemets", "inspect", "somewhere"]
main()
"""
IGNORED = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)" + STOP_IN_EXEC


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_stopped_inside_exec(name):
    """Where dataclasses are made: there KeyboardInterrupt would end the process by the signal, not with 130."""
    if not hasattr(signal, name):
        pytest.skip("the system has no such signal")
    done = subprocess.run(
        [sys.executable, "-c", STOP_IN_EXEC.format(name=name)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 130
    assert done.stdout == ""
    assert done.stderr.startswith("spinemets: cancelled")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="the system has no such signal")
def test_work_under_nohup_goes_on_when_the_terminal_closes():
    done = subprocess.run(
        [sys.executable, "-c", IGNORED.format(name="SIGHUP")], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert "cancelled" not in done.stderr


def test_stopped_before_the_start():
    code = (
        "import spinemets.__main__ as m; m._one_blas_thread = lambda: m.signal.raise_signal(m.signal.SIGINT); m.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (130, "", 1)
