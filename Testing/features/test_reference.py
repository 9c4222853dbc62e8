"""Every feature of every reference image has the value that pyradiomics 3.0.1 gives."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import SimpleITK as sitk

from spinemets.features.extraction import extract_features

_spec = importlib.util.spec_from_file_location("features_conftest", Path(__file__).with_name("conftest.py"))
support = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(support)


@pytest.mark.parametrize("entry", support.reference_values("features.json"), ids=support.case_name)
def test_small_images(entry, engine, assert_same_features):
    image = sitk.ReadImage(str(support.REFERENCE / f"{entry['case']}_image.nrrd"))
    mask = sitk.ReadImage(str(support.REFERENCE / f"{entry['case']}_mask.nrrd"))
    assert_same_features(extract_features(image, mask, engine=engine, **entry["options"]), entry["features"])


@pytest.mark.real_data
@pytest.mark.parametrize("entry", support.reference_values("real_features.json"), ids=support.case_name)
def test_real_images(entry, assert_same_features):
    if not (support.SHARED / entry["image"]).exists():
        pytest.skip("../shared/data is not beside the project")
    image = sitk.ReadImage(str(support.SHARED / entry["image"]))
    mask = sitk.ReadImage(str(support.SHARED / entry["mask"]))
    assert_same_features(extract_features(image, mask, **entry["options"]), entry["features"])
