"""Gaussian means, dilation and closing against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from spinemets.segmentation.compactness import large_bays
from spinemets.segmentation.morphology import bays_closed, closed, dilated, eroded, lines_across, lines_of_ball
from spinemets.segmentation.smoothing import broad_gaussian, felt_round, gaussian

SPACING = (4.0, 1.1, 0.9)


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(7, 30, 41)).astype(np.float32)


@pytest.mark.parametrize("sigma", [(0.0, 0.5, 0.7), (0.3, 2.0, 3.5), (4.0, 0.0, 0.0)])
@pytest.mark.parametrize("truncate", [3.0, 4.0])
def test_gaussian_is_scipys(noise, sigma, truncate):
    expected = ndimage.gaussian_filter(noise.astype(np.float64), sigma, truncate=truncate)
    np.testing.assert_allclose(gaussian(noise, sigma, truncate), expected, atol=1e-5)


def test_gaussian_of_an_even_image_is_itself():
    even = np.full((3, 20, 21), 7.0, np.float32)
    np.testing.assert_allclose(gaussian(even, (1.0, 2.0, 3.0)), even, rtol=1e-6)
    np.testing.assert_allclose(broad_gaussian(even, (1.0, 4.0, 3.0)), even, rtol=1e-6)


def test_a_broad_gaussian_is_nearly_scipys_and_is_not_shifted():
    """A slope keeps its place: half a block aside would show as an offset of the slope."""
    column = np.arange(60, dtype=np.float32)
    slope = np.broadcast_to(column, (5, 40, 60)).copy()
    found = broad_gaussian(slope, (0.5, 4.0, 4.0))
    inner = found[:, :, 15:45] - slope[:, :, 15:45]
    assert abs(inner.mean()) < 1e-3
    assert np.abs(inner).max() < 1.001
    smooth = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=(5, 40, 60)), (1, 5, 5)).astype(np.float32)
    expected = ndimage.gaussian_filter(smooth, (0.5, 4.0, 4.0))
    assert np.abs(broad_gaussian(smooth, (0.5, 4.0, 4.0)) - expected).max() < 0.15 * np.ptp(expected)


def ball(radius: float, slice_axis: int | None) -> np.ndarray:
    reach = [0 if axis == slice_axis else int(radius / step) for axis, step in enumerate(SPACING)]
    offsets = np.ogrid[tuple(slice(-n, n + 1) for n in reach)]
    return sum((offset * step) ** 2 for offset, step in zip(offsets, SPACING)) <= radius**2 + 1e-9


@pytest.mark.parametrize("radius", [0.5, 2.5, 5.0])
@pytest.mark.parametrize("slice_axis", [None, 0, 1, 2])
def test_dilation_and_erosion_are_scipys(noise, radius, slice_axis):
    region = noise > 0.8
    lines = lines_of_ball(radius, SPACING, slice_axis)
    element = ball(radius, slice_axis)
    assert np.array_equal(dilated(region, lines), ndimage.binary_dilation(region, element))
    assert np.array_equal(eroded(~region, lines), ndimage.binary_erosion(~region, element, border_value=1))


@pytest.mark.parametrize("part", [np.s_[:1], np.s_[-1:, :3], np.s_[:, -2:, :2], np.s_[3:3]])
def test_a_region_at_the_border_or_none_is_dilated_eroded_and_closed_as_by_scipy(part):
    region, element, lines = np.zeros((6, 20, 24), bool), ball(3.0, None), lines_of_ball(3.0, SPACING)
    region[part] = True
    assert np.array_equal(dilated(region, lines), ndimage.binary_dilation(region, element))
    assert np.array_equal(eroded(region, lines), ndimage.binary_erosion(region, element, border_value=1) & region)
    roomy = ndimage.binary_closing(np.pad(region, 9), element)[9:-9, 9:-9, 9:-9]
    assert np.array_equal(closed(region, lines), roomy | region)


@pytest.mark.parametrize("slice_axis", [0, 1, 2])
def test_closing_across_the_slices_closes_gaps_of_less_than_twice_its_reach(slice_axis):
    row = np.array([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0], bool)
    region = np.zeros((3, 3, 12), bool)
    region[1, 1] = row
    spacing = [1.0, 1.0, 1.0]
    spacing[slice_axis] = 4.0
    found = closed(np.moveaxis(region, 2, slice_axis), lines_across(5.0, tuple(spacing), slice_axis))
    expected = region.copy()
    expected[1, 1, 3:5] = True
    assert np.array_equal(np.moveaxis(found, slice_axis, 2), expected)


def test_what_a_lesion_surrounds_on_most_sides_is_its_bays():
    """A dead part that reaches the border in two slices, with living lesion above, below and on three sides."""
    lesion = np.zeros((8, 40, 40), bool)
    lesion[2:7, 8:32, 8:32] = True
    living = lesion.copy()
    living[4:6, 12:28, 20:32] = False
    assert np.array_equal(bays_closed(living, 8.0, (4.0, 1.0, 1.0), 0), lesion)
    apart = np.zeros_like(lesion)
    apart[1, 8:32, 8:32] = apart[7, 8:32, 8:32] = True
    assert np.array_equal(bays_closed(apart, 8.0, (4.0, 1.0, 1.0), 0), apart)


def test_bays_are_large_in_all_or_in_a_slice_that_is_outlined_and_the_next_one():
    lesion = np.zeros((30, 40, 40), bool)
    lesion[2:28, 8:32, 8:32] = True
    outlined = np.isin(np.arange(30), (5, 12))
    for bay, large, large_without in (
        (np.s_[4:6, 12:28, 20:32], True, False),
        (np.s_[4:5, 12:28, 20:32], False, False),
        (np.s_[4:6, 17:22, 20:32], False, False),
        (np.s_[16:18, 12:28, 20:32], False, False),
        (np.s_[4:20, 17:22, 20:32], False, False),
        (np.s_[4:28, 15:25, 20:32], True, True),
    ):
        living = lesion.copy()
        living[bay] = False
        for axis in range(3):
            for slices, expected in ((outlined, large), (None, large_without)):
                found = large_bays(np.moveaxis(living, 0, axis), (1.0, 1.0, 1.0), axis, slices)
                found = np.moveaxis(found, axis, 0)
                assert not (found & (living | ~lesion)).any()
                filled = np.count_nonzero(found) / np.count_nonzero(lesion & ~living)
                assert filled > 0.8 if expected else filled == 0


@pytest.mark.parametrize("corner", [(0, 0, 0), (1, 13, 22), (5, 37, 50)])
@pytest.mark.parametrize("sigma", [(0.9, 3.6, 4.4), (1.0, 2.7, 2.7)])
def test_a_broad_gaussian_of_something_small_is_the_same_on_the_part_that_feels_it(corner, sigma):
    """Blocks of the part lie where those of the whole do, also where the array ends within a block."""
    where = np.zeros((9, 45, 61), bool)
    where[tuple(slice(i, i + 4) for i in corner)] = True
    values = np.where(where, np.random.default_rng(1).normal(5, 1, where.shape), 0).astype(np.float32)
    whole, part = broad_gaussian(values, sigma), felt_round(where, sigma)
    np.testing.assert_array_equal(broad_gaussian(values[part], sigma), whole[part])
    whole[part] = 0
    assert not whole.any()
