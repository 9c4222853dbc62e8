"""Reference values of pyradiomics 3.0.1 and how close to them counts as equal."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

REFERENCE = Path(__file__).parents[1] / "reference" / "pyradiomics"
SHARED = Path(__file__).parents[2].parent / "shared" / "data"

# What counts as equal. Features that are 0 by definition come out as rounding noise on both sides.
RELATIVE, ABSOLUTE = 1e-9, 1e-12


def reference_values(file: str) -> list[dict]:
    return json.loads((REFERENCE / file).read_text())


def case_name(entry: dict) -> str:
    return f"{entry['case']}-{entry['variant']}".replace(" ", "_")


@pytest.fixture(params=["numba", "numpy"])
def engine(request):
    if request.param == "numba":
        pytest.importorskip("numba")
    return request.param


@pytest.fixture
def assert_same_features():
    def compare(found: dict[str, float], expected: dict[str, float]) -> None:
        assert list(found) == list(expected), "names or order differ"
        values, wanted = np.array(list(found.values())), np.array(list(expected.values()))
        differ = ~np.isclose(values, wanted, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
        wrong = {name: (found[name], expected[name]) for name, bad in zip(found, differ, strict=True) if bad}
        assert not wrong, f"{len(wrong)} features differ: {wrong}"

    return compare


@pytest.fixture
def lesion():
    """A lesion on an oblique, left-handed grid: image and mask."""
    return tuple(sitk.ReadImage(str(REFERENCE / f"sagittal_{kind}.nrrd")) for kind in ("image", "mask"))
