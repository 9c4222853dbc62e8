"""Derived images, planes and re-segmentation: every value is the one that pyradiomics 3.0.1 gives."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.features.extraction import extract
from spinemets.features.parameter_file import settings_from

HERE = Path(__file__).parent
SMALL = HERE.parent / "reference" / "pyradiomics"
SHARED = HERE.parents[1].parent / "shared" / "data"
CASES = json.loads(gzip.decompress((HERE / "filtered_reference.json.gz").read_bytes()))


def read(file: str) -> sitk.Image:
    return sitk.ReadImage(str(SMALL / file[6:] if file.startswith("small") else SHARED / file))


def case_name(case: dict) -> str:
    return f"{Path(case['image']).name.split('.')[0]}-{case['variant']}".replace(" ", "_")


@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_values(case):
    if not case["image"].startswith("small") and not (SHARED / case["image"]).exists():
        pytest.skip("../shared/data is not beside the project")
    found = extract(read(case["image"]), read(case["mask"]), settings_from(case["parameters"]))
    expected = case["features"]
    # pyradiomics orders families by its own dictionary; columns are the same.
    missing = {name for name in found if name not in expected}
    assert set(expected) <= set(found)
    assert all(name.startswith("log-") and np.isnan(found[name]) for name in missing)
    wrong = {
        name: (found[name], value)
        for name, value in expected.items()
        if not np.isclose(found[name], value, rtol=1e-9, atol=1e-12, equal_nan=True)
    }
    assert not wrong, f"{len(wrong)} features differ: {dict(list(wrong.items())[:20])}"
