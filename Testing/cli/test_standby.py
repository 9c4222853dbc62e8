"""A process that waits for its command line: the panels' child, and its end with the parent."""

import json
import os
import subprocess
import sys
import time

import pytest

from Testing.modules.conftest import ROOT


@pytest.fixture
def child():
    process = subprocess.Popen(
        [sys.executable, "-m", "spinemets", "standby"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.hello = json.loads(process.stdout.readline())
    yield process
    process.kill()
    process.wait()
    process.stdout.close()
    process.stderr.close()


def ask(child, *argv):
    child.stdin.write(json.dumps({"argv": list(argv)}) + "\n")
    child.stdin.flush()


def test_it_says_who_it_is_and_runs_what_it_is_sent(child):
    assert child.hello == {"standby": child.pid}
    if hasattr(os, "getpgid"):
        assert os.getpgid(child.pid) == child.pid  # so that it can be ended with all that it starts
    ask(child, "schema", "result")
    assert json.loads(child.stdout.read())["title"]
    assert child.wait(20) == 0


def test_a_fault_has_the_command_line_s_words_and_status(child):
    ask(child, "features", "no.nrrd", "no.nrrd", "--out", "no.csv")
    assert child.wait(20) == 1
    assert child.stderr.read().startswith("spinemets: no.nrrd: ")


@pytest.mark.parametrize("line", ["hello", "[]", '{"argv": "segment"}', '{"argv": [1]}'])
def test_other_lines_are_refused(child, line):
    child.stdin.write(line + "\n")
    child.stdin.flush()
    assert child.wait(20) == 2
    assert "argv" in child.stderr.read()


def test_it_leaves_with_its_parent_while_it_waits(child):
    child.stdin.close()
    assert child.wait(20) == 0


def test_work_that_nobody_waits_for_any_more_is_cancelled_and_leaves_nothing(child, tmp_path):
    ask(child, "phantom", str(tmp_path / "study"), "--cases", "20", "--progress", "json")
    assert "stage" in json.loads(child.stdout.readline())
    begin = time.monotonic()
    child.stdin.close()
    assert child.wait(20) == 130
    assert time.monotonic() - begin < 20
    assert list(tmp_path.iterdir()) == []
