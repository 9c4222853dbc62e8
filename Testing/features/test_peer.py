"""Our engine against pyradiomics 3.0.1 itself, run in the environment that `make pyradiomics` makes."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PEER = ROOT / ".venv-pyradiomics" / "bin" / "python"
COMPARE = """
import SimpleITK as sitk
from spinemets.features.comparison import compare_engines
from spinemets.features.settings import named_settings
lesion = (sitk.ReadImage(f"Testing/reference/pyradiomics/sagittal_{kind}.nrrd") for kind in ("image", "mask"))
count, differ = compare_engines(*lesion, named_settings("1409", spacing=(1.0, 1.0, 1.0)))
print(count, differ)
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PEER.exists(), reason="pyradiomics is not there; `make pyradiomics` installs it"),
]


def told_by(*arguments: str) -> str:
    done = subprocess.run([str(PEER), *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_engines_agree():
    assert told_by("-c", COMPARE).split("\n")[0] == "1409 {}"


def test_kept_answers_to_difficult_cases_are_its_own(tmp_path):
    """The facts that the fast tests hold have not been edited, and its images and ours are the same."""
    told_by("Testing/features/make_difficult_reference.py", str(tmp_path / "again.json.gz"))
    again, kept = (
        json.loads(gzip.decompress(file.read_bytes()))
        for file in (tmp_path / "again.json.gz", Path(__file__).with_name("difficult_reference.json.gz"))
    )
    assert {name: set(answer) for name, answer in again.items()} == {name: set(answer) for name, answer in kept.items()}
    for name, answer in kept.items():
        values = {column: float(value) for column, value in answer.get("features", {}).items()}
        others = {column: float(value) for column, value in again[name].get("features", {}).items()}
        assert list(values) == list(others)
        np.testing.assert_allclose(list(others.values()), list(values.values()), rtol=1e-9, atol=1e-7, err_msg=name)
