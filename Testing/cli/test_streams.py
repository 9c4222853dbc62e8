"""What is printed reaches any terminal, file or pipe whole, and brings no commands of a hostile header along."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.command_line import ROOT, block, noise, spinemets, write_image

HOSTILE = "\x1b[2J\x1b]0;owned\x07<script>[red]T1\x9b31m"


def shell(command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which $SPINEMETS is the command."""
    own = {"SPINEMETS": f"{sys.executable} -m spinemets", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **own, **environment},
        timeout=120,
        check=False,
    )


@pytest.fixture
def umlauts(tmp_path: Path) -> Path:
    folder = tmp_path / "Wirbelsäule 3°"
    folder.mkdir()
    write_image(noise(), folder / "t1_sagittal_für_später.nii.gz")
    return folder


@pytest.fixture(scope="module")
def hostile_study(a_study, tmp_path_factory) -> Path:
    import pydicom

    copy = tmp_path_factory.mktemp("hostile") / "study"
    shutil.copytree(next(path for path in sorted((a_study / "dicom").iterdir()) if "T1" in path.name), copy)
    for file in copy.glob("*.dcm"):
        dataset = pydicom.dcmread(file)
        dataset.SeriesDescription = dataset.StudyDescription = dataset.PatientID = HOSTILE
        dataset.save_as(file)
    return copy


@pytest.mark.parametrize("options", ["", "--json"])
def test_terminal_that_knows_only_ascii(umlauts, tmp_path, options):
    settings = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    done = shell(f"$SPINEMETS inspect Wirbel* {options}", tmp_path, **settings)
    assert done.returncode == 0, done.stderr
    if options:
        told = json.loads(done.stdout)["series"][0]["description"]
        assert told.encode("utf-8", "surrogateescape").decode() == "t1_sagittal_für_später"


def test_name_that_is_no_text(tmp_path):
    """From a disk of the nineties: the name is Latin-1, and SimpleITK would end the process."""
    image = write_image(noise(), tmp_path / "t1.nii.gz")
    named = os.fsencode(tmp_path) + b"/t1_r\xfccken.nii.gz"
    try:
        shutil.copy(image, named)
    except OSError:
        pytest.skip("the file system takes no such names")
    mask = write_image(block(), tmp_path / "mask.nrrd")
    for command in (
        "inspect .",
        f"features t1_r*.nii.gz {mask} --out o.csv",
        f"carry {mask} {image} --out $'\\xfc.nii'",
    ):
        done = shell(f"$SPINEMETS {command}", tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert "UTF-8; rename it" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_reader_of_the_output_leaves(umlauts, tmp_path):
    for reader in ("head -c 1 >/dev/null", "true"):
        done = shell(f"$SPINEMETS inspect Wirbel* --json | {reader}; exit ${{PIPESTATUS[0]}}", tmp_path)
        assert (done.returncode, done.stderr) == (0, "")


def test_streams_that_are_closed(umlauts, tmp_path):
    assert shell("$SPINEMETS inspect Wirbel* >&-", tmp_path).returncode == 0
    assert shell("$SPINEMETS inspect nowhere 2>&-", tmp_path).returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("options", ["", "--json"])
def test_full_disk_behind_the_output(umlauts, tmp_path, options):
    done = shell(f"$SPINEMETS inspect Wirbel* {options} >/dev/full", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("spinemets: ")
    assert len(done.stderr.splitlines()) == 1
    assert "No space left" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="the system has no such limits")
def test_limit_on_the_size_of_files(a_study, tmp_path):
    """A quota that is used up while a file is written, at 64 kB."""
    folder = tmp_path / "quota"
    folder.mkdir()
    truth = a_study / "truth"
    commands = [
        f"carry {truth / 'lesion_t2.nrrd'} {truth / 'lesion_dce.nrrd'} --out out.nii",
        "phantom study --progress none",
    ]
    for command in commands:
        done = shell(f"ulimit -f 64; $SPINEMETS {command}", folder)
        assert (done.returncode, done.stdout) == (1, "")
        last = done.stderr.splitlines()[-1]
        assert "cannot be written (" in last
        assert last.startswith(("spinemets: out.nii:", "spinemets: study"))
        assert list(folder.iterdir()) == []


def test_working_folder_that_is_gone(tmp_path):
    image, mask = write_image(noise(), tmp_path / "image.nii.gz"), write_image(block(), tmp_path / "mask.nii.gz")
    commands = ("phantom study", f"features {image} {mask} --out out.csv", f"carry {mask} {image} --out out.nrrd")
    for number, command in enumerate(commands):
        done = shell(f"mkdir gone{number}; cd gone{number}; rmdir ../gone{number}; $SPINEMETS {command}", tmp_path)
        assert done.returncode == 1
        lines = [line for line in done.stderr.splitlines() if line.startswith("spinemets: ")]
        assert len(lines) == 1
        assert "internal error" not in lines[0]


def test_hostile_descriptions_stay_text(hostile_study, tmp_path):
    table = spinemets("inspect", hostile_study)
    assert table.returncode == 0, table.stderr
    assert not {"\x1b", "\x9b", "\x07"} & set(table.stdout)
    assert "<script>[red]T1" in table.stdout
    assert json.loads(spinemets("inspect", hostile_study, "--json").stdout)["series"]
    refused = spinemets(
        "classify",
        hostile_study,
        "--model",
        "osteoblastic-vs-osteolytic-demo",
        "--mask",
        write_image(block(), tmp_path / "m.nii.gz"),
        "--out",
        tmp_path / "out",
    )
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    assert "\x1b" not in refused.stderr
