"""`spinemets unpack`, which the panel in Slicer runs: one stream of JSON, faults as everywhere."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from cli.command_line import spinemets


@pytest.fixture
def named_files(tmp_path):
    """A study of two sagittal series, as image files whose names tell the role."""
    folder = tmp_path / "study"
    folder.mkdir()
    for number, name in enumerate(("t1", "t2")):
        image = sitk.GetImageFromArray(np.full((3, 8, 8), number + 1, np.int16))
        image.SetDirection([0, 0, -1, 1, 0, 0, 0, -1, 0])
        sitk.WriteImage(image, str(folder / f"{name}.nrrd"))
    return folder


def test_steps_and_result_come_as_lines_of_json(named_files, tmp_path):
    done = spinemets("unpack", named_files, "--out", tmp_path / "out", "--progress", "json")
    assert done.returncode == 0, done.stderr
    *steps, result = map(json.loads, done.stdout.splitlines())
    assert [step["stage"] for step in steps] == ["scan", "read", "read", "read"]
    assert (result["series"], result["read"]) == (2, 2)
    listed = json.loads((tmp_path / "out" / "study.json").read_text(encoding="utf-8"))
    assert [entry["role"] for entry in listed["series"]] == ["t1", "t2"]


def test_one_series_is_asked_for_by_its_key(named_files, tmp_path):
    key = str(named_files / "t2.nrrd")
    done = spinemets("unpack", named_files, "--out", tmp_path / "out", "--series", key, "--progress", "json")
    assert json.loads(done.stdout.splitlines()[-1])["read"] == 1


def test_faults_are_one_line(named_files, tmp_path):
    done = spinemets("unpack", tmp_path / "absent", "--out", tmp_path / "out")
    assert (done.returncode, done.stdout) == (1, "")
    assert "does not exist" in done.stderr
    done = spinemets("unpack", named_files, "--out", named_files)
    assert done.returncode == 1
    assert "not empty" in done.stderr
