"""Linear algebra runs on one thread, unless the user says how many: the same digits whatever the number of cores."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cli.command_line import ROOT

WORDS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@pytest.mark.parametrize(
    ("said", "expected"),
    [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3"), ({"OMP_NUM_THREADS": "4"}, "None")],
)
def test_threads_of_linear_algebra(said, expected):
    code = (
        "import os, sys; from spinemets.__main__ import main; sys.argv = ['spinemets', '--version']\n"
        "try: main()\n"
        "except SystemExit: print(os.environ.get('OPENBLAS_NUM_THREADS'), 'numpy' in sys.modules)"
    )
    environment = {name: value for name, value in os.environ.items() if name not in WORDS} | said
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment, check=True
    )
    # numpy reads the variable when it is imported: later would be too late.
    assert done.stdout.splitlines()[-1] == f"{expected} False"
