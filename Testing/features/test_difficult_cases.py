"""What measuring has trouble with: each value is pyradiomics 3.0.1's answer, and where that ends with an error so does
ours, with a sentence. What differs on purpose (`extraction.extract` lists it) is named here.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from spinemets.errors import InputError
from spinemets.features.extraction import extract
from spinemets.features.parameter_file import settings_from

HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("difficult_cases", HERE / "difficult_cases.py")
difficult = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = difficult  # its dataclass looks itself up there
_spec.loader.exec_module(difficult)

CASES = difficult.cases()
ANSWERS = json.loads(gzip.decompress((HERE / "difficult_reference.json.gz").read_bytes()))
# Case -> what our error says, where pyradiomics has an error too ...
REFUSED = {
    "one voxel": "1 x 1 x 1 voxels",
    "one voxel, one dimension asked for": "1 x 1 x 1 voxels",
    "one row": "7 x 1 x 1 voxels",
    "one slice, three dimensions asked for": "two voxels in three directions",
    "column along z in plane": "no two voxels in one plane",
    "too few voxels": "has 60 voxels; draw more than 60",
    "thin after resampling": "resampled to 2 mm, is only 1 x 1 x 4",
    "normalised flat image": "cannot be normalised",
    "not a number elsewhere, resampled": "outside of the mask",
    "image of zeros, Square": "only zeros, so that its square image",
    "image of zeros, Logarithm": "only zeros, so that its logarithm image",
    "image of zeros, Exponential": "only zeros, so that its exponential image",
    "plane under a 3-D mask": "is 2-D and its mask is not",
    "plane of one row": "6 x 1 x 1 voxels",
    "mask moved": "another grid",
    "mask far away": "another grid",
    "mask far away, carried": "has no voxel",
    "mask smaller": "voxels where image has",
    "mask without a voxel": "has no voxel",
    "label that the mask lacks": "no voxel of label 3",
}
# ... and where it has values: a voxel that is not a number counts there as a grey level, or spreads.
REFUSED_BY_US = {
    "not a number in the region": "infinite in the mask",
    "not a number elsewhere, filtered": "outside of the mask, which filters",
}
# Both give the rounding error of a 0 (a row has no width), or a rounding error decides whether a voxel lies within a
# percentile (an image of two voxels along an axis, whose wavelets are equal but for it).
ROUNDING = {
    ("two voxels far apart", "original_shape_Elongation"): 1e-7,
    ("two voxels far apart", "original_shape_MinorAxisLength"): 1e-7,
    ("image of 2 x 2 x 1 voxels", "wavelet-HLH_firstorder_Skewness"): 1e-3,
    ("image of 2 x 2 x 2 voxels", "wavelet-HLH_firstorder_RobustMeanAbsoluteDeviation"): 5.0,
}


def test_every_case_has_an_answer():
    assert list(ANSWERS) == list(CASES)
    ended = {name for name, answer in ANSWERS.items() if "error" in answer}
    assert ended == {*REFUSED, "whole image"}


@pytest.mark.parametrize("name", [name for name, answer in ANSWERS.items() if "features" in answer])
def test_values(name, engine):
    if name in REFUSED_BY_US:
        pytest.skip("refused")
    case = CASES[name]
    found = extract(case.image, case.mask, settings_from(case.parameters), engine)
    expected = {column: float(value) for column, value in ANSWERS[name]["features"].items()}
    left_out = [column for column in found if column not in expected]
    assert set(expected) <= set(found)
    assert all(column.startswith("log-sigma-") and np.isnan(found[column]) for column in left_out)
    wrong = {
        column: (found[column], value)
        for column, value in expected.items()
        if not np.isclose(found[column], value, rtol=1e-9, atol=ROUNDING.get((name, column), 1e-12), equal_nan=True)
    }
    assert not wrong, f"{len(wrong)} features differ: {dict(list(wrong.items())[:20])}"


@pytest.mark.parametrize(("name", "said"), [*REFUSED.items(), *REFUSED_BY_US.items()])
def test_refused(name, said):
    case = CASES[name]
    with pytest.raises(InputError, match=said):
        extract(case.image, case.mask, settings_from(case.parameters))


def test_mask_without_background():
    """pyradiomics takes it for an empty one."""
    case = CASES["whole image"]
    found = extract(case.image, case.mask, settings_from(case.parameters))
    assert len(found) == 107
    assert np.isfinite(list(found.values())).all()


def test_plane_forced_to_2d():
    """pyradiomics would measure rows only."""
    case = CASES["plane"]
    forced = {**case.parameters, "setting": {"force2D": True}}
    found, expected = (extract(case.image, case.mask, settings_from(each)) for each in (forced, case.parameters))
    assert found == expected
