"""Truths that need no reference: what features must not depend on, and values known by construction."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.features import kernels, numpy_loops
from spinemets.features.extraction import extract_features
from spinemets.features.surface_mesh import area_and_volume


def padded(image: sitk.Image, voxels: int) -> sitk.Image:
    """The same image in a larger field of view, of noise or of nothing."""
    size = [voxels] * 3
    larger = sitk.MirrorPad(image, size, size)
    return larger if image.GetPixelID() != sitk.sitkUInt8 else sitk.ConstantPad(image, size, size, 0)


@pytest.mark.parametrize("options", [{}, {"bin_count": 16}], ids=str)
def test_field_of_view_does_not_matter(lesion, options, assert_same_features):
    image, mask = lesion
    assert_same_features(
        extract_features(padded(image, 30), padded(mask, 30), **options), extract_features(image, mask, **options)
    )


def test_voxels_outside_the_mask_do_not_matter(lesion, assert_same_features):
    image, mask = lesion
    changed = sitk.Mask(image, mask, 3000)
    assert_same_features(extract_features(changed, mask), extract_features(image, mask))


def test_texture_does_not_depend_on_where_the_patient_lies(lesion):
    image, mask = lesion
    moved, moved_mask = sitk.Image(image), sitk.Image(mask)
    for made in (moved, moved_mask):
        made.SetOrigin((500.0, -300.0, 20.0))
        made.SetDirection((1, 0, 0, 0, 1, 0, 0, 0, 1))
    assert extract_features(moved, moved_mask) == extract_features(image, mask)


def test_mask_value_does_not_matter(lesion):
    image, mask = lesion
    for options in ({}, {"spacing": 1.0}, {"normalize": "roi", "normalize_scale": 100.0}):
        assert extract_features(image, mask * 3, **options) == extract_features(image, mask, **options)


def test_normalised_in_the_region(lesion):
    """normalize="roi" gives the region mean 0 and the asked standard deviation, in any intensity unit of the image."""
    image, mask = lesion
    options = {"normalize": "roi", "normalize_scale": 100.0}
    features = extract_features(image, mask, **options)
    voxels = np.count_nonzero(sitk.GetArrayViewFromImage(mask))
    assert features["original_firstorder_Mean"] == pytest.approx(0, abs=1e-9)
    assert features["original_firstorder_Variance"] == pytest.approx(100**2 * (voxels - 1) / voxels, rel=1e-12)
    other_unit = extract_features(sitk.Cast(image, sitk.sitkFloat64) * 4 + 1000, mask, **options)
    assert other_unit["original_glcm_JointEntropy"] == pytest.approx(features["original_glcm_JointEntropy"], rel=1e-9)


def test_box_has_its_own_size():
    """Half-way vertices cut the corners of a box of voxels: everything else about it is known."""
    region = np.zeros((12, 14, 16), bool)
    region[1:11, 1:13, 1:15] = True
    spacing = np.array([3.0, 1.0, 0.5])
    area, volume = area_and_volume(region, spacing)
    sides = np.array([10, 12, 14]) * spacing
    assert volume == pytest.approx(np.prod(sides), rel=0.02)
    assert area == pytest.approx(2 * (sides[0] * sides[1] + sides[1] * sides[2] + sides[0] * sides[2]), rel=0.06)
    assert volume < np.prod(sides)


def test_diameter_of_a_row_of_slabs():
    """Longest distances are known where the region is a box: between opposite faces' vertices."""
    image = sitk.GetImageFromArray(np.arange(9 * 8 * 7, dtype=np.int16).reshape(9, 8, 7))
    array = np.zeros((9, 8, 7), np.uint8)
    array[2:7, 2:6, 2:5] = 1
    mask = sitk.GetImageFromArray(array)
    for made in (image, mask):
        made.SetSpacing((1.0, 2.0, 3.0))
    found = extract_features(image, mask)
    x, y, z = 2 * 1.0, 3 * 2.0, 4 * 3.0  # between outermost voxel centres
    longest = max(np.hypot(np.hypot(x + 1, y), z), np.hypot(np.hypot(x, y + 2), z), np.hypot(np.hypot(x, y), z + 3))
    assert found["original_shape_Maximum3DDiameter"] == pytest.approx(longest, rel=1e-12)
    assert found["original_shape_Maximum2DDiameterSlice"] == pytest.approx(
        max(np.hypot(x + 1, y), np.hypot(x, y + 2)), rel=1e-12
    )


def test_python_without_numba(lesion, monkeypatch, assert_same_features):
    """3D Slicer's Python has no numba: the same values come from numpy, without being asked for."""
    with_it = extract_features(*lesion)
    monkeypatch.setitem(sys.modules, "numba", None)
    kernels._loops.cache_clear()
    try:
        assert kernels._loops("auto") is numpy_loops
        assert_same_features(extract_features(*lesion), with_it)
    finally:
        kernels._loops.cache_clear()
