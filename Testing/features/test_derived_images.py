"""Derived images, planes and re-segmentation: every value is the one that pyradiomics 3.0.1 gives."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.features.extraction import extract
from spinemets.features.maps import feature_map
from spinemets.features.parameter_file import settings_from
from spinemets.features.settings import Settings

HERE = Path(__file__).parent
SMALL = HERE.parent / "reference" / "pyradiomics"
SHARED = HERE.parents[1].parent / "shared" / "data"
CASES = json.loads(gzip.decompress((HERE / "filtered_reference.json.gz").read_bytes()))


def read(file: str) -> sitk.Image:
    return sitk.ReadImage(str(SMALL / file[6:] if file.startswith("small") else SHARED / file))


def case_name(case: dict) -> str:
    return f"{Path(case['image']).name.split('.')[0]}-{case['variant']}".replace(" ", "_")


@pytest.mark.parametrize("case", [case for case in CASES if "features" in case], ids=case_name)
def test_values(case):
    if not case["image"].startswith("small") and not (SHARED / case["image"]).exists():
        pytest.skip("../shared/data is not beside the project")
    mask = read(case["mask"])
    if case["row"]:  # only the row along x through this voxel is left
        _, y, z = case["row"]
        array = sitk.GetArrayFromImage(mask)
        array[np.arange(len(array)) != z] = 0
        array[:, np.arange(array.shape[1]) != y] = 0
        mask = sitk.GetImageFromArray(array)
        mask.CopyInformation(read(case["mask"]))
    found = extract(read(case["image"]), mask, settings_from(case["parameters"]))
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


@pytest.mark.parametrize("case", [case for case in CASES if "maps" in case], ids=case_name)
def test_maps(case):
    """Voxel-based values at the region's voxels; outside they are what is asked for."""
    image, mask = read(case["image"]), read(case["mask"])
    inside = sitk.GetArrayFromImage(mask) != 0
    for feature, values in case["maps"].items():
        found = sitk.GetArrayFromImage(feature_map(image, mask, feature, outside=-7.0))
        expected = np.array(values)
        defined = np.isfinite(expected)
        np.testing.assert_allclose(found[inside][defined], expected[defined], rtol=1e-9, atol=1e-12, err_msg=feature)
        assert (found[~inside] == -7).all()


@pytest.mark.parametrize(
    ("feature", "said"),
    [
        ("original_shape_Elongation", "no map"),
        ("original_glcm_Contrasts", "of glcm there are Autocorrelation"),
        ("contrast", "is not a column's name"),
        ("blurred_glcm_Contrast", "is not known"),
        ("log-sigma-wide-mm-3D_glcm_Contrast", "no width"),
        ("original_texture_Contrast", "is not known"),
    ],
)
def test_maps_that_do_not_exist(lesion, feature, said):
    with pytest.raises(InputError, match=said):
        feature_map(*lesion, feature)


def test_map_lies_where_its_image_lies(lesion):
    """The mean in a window of no radius is the image itself, also on an oblique, left-handed grid and after
    resampling."""
    image, mask = lesion
    found = feature_map(image, mask, "original_firstorder_Mean", radius=0)
    assert found.GetDirection() == image.GetDirection()
    inside = sitk.GetArrayFromImage(mask) != 0
    assert (sitk.GetArrayFromImage(found)[inside] == sitk.GetArrayFromImage(image)[inside]).all()
    coarse = feature_map(image, mask, "original_firstorder_Mean", Settings(spacing=(2.0, 2.0, 4.0)), radius=0)
    lesion_centre = [float(c) for c in np.mean(np.argwhere(inside)[:, ::-1], axis=0)]
    point = image.TransformContinuousIndexToPhysicalPoint(lesion_centre)
    back = sitk.Resample(image, coarse, sitk.Transform(), sitk.sitkBSpline)
    index = coarse.TransformPhysicalPointToIndex(point)
    assert coarse[index] == pytest.approx(back[index], abs=1.5)
