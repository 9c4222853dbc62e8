"""The same commands where Typer is not installed, as in Slicer's Python: child processes of the panels run there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from cli.command_line import ROOT, block, noise, spinemets, write_image

COMMANDS = (
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
)
PROGRAM = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("typer", "click", "rich", "yaml"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
from spinemets.__main__ import main
main()
"""


def bare(*arguments):
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_the_same_options(command):
    usual, plain = (set(re.findall(r"--[a-z][a-z0-9-]*", run(command, "--help").stdout)) for run in (spinemets, bare))
    # An option may be named in the text of another; those that shell completion adds are Typer's own.
    assert plain >= {name for name in usual if not name.startswith("--no-")} - {"--install-completion"}


def test_a_command_runs_and_its_progress_is_read(tmp_path):
    image, mask = write_image(noise(), tmp_path / "a.nii.gz"), write_image(block(), tmp_path / "m.nii.gz")
    done = bare("carry", mask, image, "--out", tmp_path / "out.nii.gz")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.nii.gz").is_file()
    again = bare("carry", mask, image, "--out", tmp_path / "out.nii.gz")
    assert again.returncode == 1
    assert "--overwrite" in again.stderr


def test_json_is_json(tmp_path):
    (tmp_path / "images").mkdir()
    write_image(noise(), tmp_path / "images" / "t2.nii.gz")
    done = bare("inspect", tmp_path / "images", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["series"][0]["role"] == "t2"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("carry", "a"), "reference"),
        (("segment", "--image", "a", "--out", "b", "--method", "magic"), "ncut"),
        (("no-such-command",), "no-such-command"),
        (("features", "a", "b", "--out", "c", "--bin-count", "many"), "bin-count"),
        (("dce", "a", "--out", "b", "--baseline-frames", "0"), "at least 1"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_status_2(arguments, words):
    done = bare(*arguments)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert words in line


def test_version_and_help():
    assert bare("--version").stdout.startswith("spinemets ")
    assert "segment" in bare("--help").stdout
    assert bare("--help").returncode == 0
