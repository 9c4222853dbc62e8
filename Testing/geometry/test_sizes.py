"""Sizes that a report states agree with shapes whose sizes are known."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.geometry.sizes import (
    extent_mm,
    longest_diameter_mm,
    longest_in_plane_diameter_mm,
    sizes_of,
    volume_ml,
)


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


def test_in_plane_diameter_stays_in_a_slice(image_of):
    """The lesion leans: its longest line in space leaves the slice, the reader's does not."""
    array = np.zeros((6, 20, 20), np.uint8)
    for k in range(6):
        array[k, 2 + 2 * k : 8 + 2 * k, 5:9] = 1
    mask = image_of(array, (1.0, 1.0, 4.0))
    assert longest_in_plane_diameter_mm(mask) == pytest.approx(np.hypot(5, 3))
    assert longest_diameter_mm(mask) == pytest.approx(np.sqrt(15**2 + 3**2 + 20**2))


def test_in_plane_diameter_of_a_sagittal_series_lies_in_its_slices(image_of):
    sagittal = np.array([[0, 0, -1], [1, 0, 0], [0, -1, 0]])
    array = np.zeros((4, 30, 30), np.uint8)
    array[1:3, 4:25, 10:16] = 1
    mask = image_of(array, (0.9, 0.9, 4.0), direction=sagittal)
    sizes = sizes_of(mask)
    assert sizes.longest_in_plane_diameter == pytest.approx(0.9 * np.hypot(20, 5))
    ends = np.array(sizes.in_plane_ends)
    assert ends[0, 0] == pytest.approx(ends[1, 0])
    assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(sizes.longest_in_plane_diameter)


def test_short_axis_of_an_ellipse(image_of):
    j, i = np.indices((81, 81)) - 40.0
    turned = np.radians(30)
    along, across = i * np.cos(turned) + j * np.sin(turned), j * np.cos(turned) - i * np.sin(turned)
    mask = image_of(((along / 30) ** 2 + (across / 12) ** 2 <= 1).astype(np.uint8)[None], (0.5, 0.5, 3.0))
    sizes = sizes_of(mask)
    assert sizes.longest_in_plane_diameter == pytest.approx(30.0, abs=0.6)
    assert sizes.short_axis == pytest.approx(12.0, abs=0.6)
    assert sizes.longest_diameter == sizes.longest_in_plane_diameter


def test_all_sizes_agree_with_each_other(image_of, left_handed_oblique):
    array = (np.random.default_rng(4).random((5, 9, 11)) > 0.8).astype(np.uint8)
    mask = image_of(array, (1.0, 1.2, 3.0), direction=left_handed_oblique)
    sizes = sizes_of(mask)
    assert sizes.volume_ml == volume_ml(mask)
    assert sizes.extent == extent_mm(mask)
    assert np.subtract(sizes.box[1], sizes.box[0]) == pytest.approx(sizes.extent)
    assert (
        sizes.longest_diameter == longest_diameter_mm(mask) == pytest.approx(np.linalg.norm(np.subtract(*sizes.ends)))
    )
    assert sizes.short_axis <= sizes.longest_in_plane_diameter <= sizes.longest_diameter
    assert set(sizes.as_json()) >= {"volume_ml", "extent_mm", "longest_in_plane_diameter_mm"}


def test_one_voxel_has_no_diameter(image_of):
    sizes = sizes_of(image_of(np.ones((1, 1, 1), np.uint8), (1.0, 2.0, 3.0)))
    assert (sizes.longest_diameter, sizes.longest_in_plane_diameter, sizes.short_axis) == (0.0, 0.0, 0.0)
    assert sizes.extent == pytest.approx((1.0, 2.0, 3.0))
    with pytest.raises(InputError):
        sizes_of(image_of(np.zeros((2, 2, 2), np.uint8)))
