"""Sizes that a report states agree with shapes whose sizes are known."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.geometry.sizes import extent_mm, longest_diameter_mm, volume_ml


def test_box(image_of):
    array = np.zeros((10, 12, 14), np.uint8)
    array[2:5, 3:9, 4:12] = 1
    mask = image_of(array, (0.5, 2.0, 4.0))
    assert volume_ml(mask) == pytest.approx(3 * 6 * 8 * 4.0 / 1000)
    assert extent_mm(mask) == pytest.approx((8 * 0.5, 6 * 2.0, 3 * 4.0))
    assert longest_diameter_mm(mask) == pytest.approx(np.sqrt((7 * 0.5) ** 2 + (5 * 2.0) ** 2 + (2 * 4.0) ** 2))


def test_extent_follows_the_patient_not_the_grid(image_of):
    """A sagittal grid's first axis runs from front to back."""
    sagittal = np.array([[0, 0, -1], [1, 0, 0], [0, -1, 0]])
    mask = image_of(np.ones((2, 3, 4), np.uint8), (1, 1, 5), direction=sagittal)
    assert extent_mm(mask) == pytest.approx((10.0, 4.0, 3.0))


def test_ball_on_an_oblique_left_handed_grid(image_of, left_handed_oblique):
    k, j, i = np.indices((41, 41, 41))
    array = ((i - 20) ** 2 + (j - 20) ** 2 + (k - 20) ** 2 <= 15.0**2).astype(np.uint8)
    mask = image_of(array, direction=left_handed_oblique)
    assert volume_ml(mask) == pytest.approx(4 / 3 * np.pi * 15**3 / 1000, rel=0.01)
    assert longest_diameter_mm(mask) == pytest.approx(30.0)
    assert extent_mm(mask) == pytest.approx((30.0, 30.0, 30.0), abs=2.0)


@pytest.mark.parametrize(
    ("shape", "expected"), [((1, 1, 1), 0.0), ((1, 1, 9), 8.0), ((1, 4, 5), 5.0), ((3, 1, 5), np.hypot(2, 4))]
)
def test_flat_and_thin_masks(image_of, shape, expected):
    assert longest_diameter_mm(image_of(np.ones(shape, np.uint8))) == pytest.approx(expected)


def test_empty_mask(image_of):
    mask = image_of(np.zeros((3, 3, 3), np.uint8))
    assert volume_ml(mask) == 0
    with pytest.raises(InputError):
        longest_diameter_mm(mask)


def test_farthest_pair_is_found_among_all(image_of):
    array = (np.random.default_rng(4).random((9, 10, 11)) > 0.8).astype(np.uint8)
    mask = image_of(array, (1.0, 1.2, 3.0))
    k, j, i = np.nonzero(sitk.GetArrayFromImage(mask))
    points = np.stack([i * 1.0, j * 1.2, k * 3.0], axis=1)
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1).max()
    assert longest_diameter_mm(mask) == pytest.approx(apart)
