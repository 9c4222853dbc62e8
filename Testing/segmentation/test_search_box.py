"""The box in the image: five times as wide to the left and right, whichever axis of the image that is."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.segmentation.parameters import SegmentationParameters
from spinemets.segmentation.patient_axes import PatientAxes
from spinemets.segmentation.search_box import carry_outline, search_box

LEFT_RIGHT_FIRST = np.eye(3)
LEFT_RIGHT_LAST = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
LEFT_HANDED = np.diag([1.0, -1.0, 1.0])


def box_of(synthetic, direction, parameters):
    grid = synthetic.grid((100, 100, 100), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), direction)
    drawn = np.zeros((100, 100, 100), np.uint8)
    points = synthetic.voxel_points(grid)
    # 8 mm to the left-right, 20 mm front-back, 12 mm head-foot, off the middle.
    drawn[np.all(np.abs(points - (6.0, -3.0, 5.0)) < (4.0, 10.0, 6.0), axis=-1)] = 1
    axes = PatientAxes.of(grid)
    carried = carry_outline(synthetic.like(drawn, grid), grid, 0.5)
    return grid, axes, search_box(carried, grid, axes, parameters)


@pytest.mark.parametrize("direction", [LEFT_RIGHT_FIRST, LEFT_RIGHT_LAST, LEFT_HANDED])
def test_box_is_widened_five_times_to_the_left_and_right_only(synthetic, direction):
    grid, axes, box = box_of(synthetic, direction, SegmentationParameters(minimum_width_mm=0, margin_mm=0))
    assert [box.size[axis] for axis in axes.order] == [40, 20, 12]
    middle = [s + (n - 1) / 2 for s, n in zip(box.start, box.size)]
    np.testing.assert_allclose(grid.TransformContinuousIndexToPhysicalPoint(middle), (6.0, -3.0, 5.0), atol=1e-9)


def test_box_has_a_least_width_and_margins_and_ends_with_the_image(synthetic):
    _, axes, box = box_of(synthetic, LEFT_RIGHT_FIRST, SegmentationParameters(minimum_width_mm=60, margin_mm=5))
    assert [box.size[axis] for axis in axes.order] == [60, 30, 22]
    _, axes, box = box_of(synthetic, LEFT_RIGHT_FIRST, SegmentationParameters(left_right_factor=50))
    assert (box.start[0], box.size[0]) == (0, 100)


def test_carried_outline_keeps_its_place_in_a_wider_box(synthetic, a_case):
    series = a_case.series
    grid = sitk.Extract(series, [*series.GetSize()[:3], 0], [0, 0, 0, 0])
    carried = carry_outline(a_case.outline, grid, 0.5)
    axes = PatientAxes.of(grid)
    box = search_box(carried, grid, axes, SegmentationParameters())
    whole = np.zeros(grid.GetSize()[::-1], bool)
    whole[box.array_slices] = carried.within(box)
    tight = np.zeros_like(whole)
    tight[carried.box.array_slices] = carried.voxels
    assert np.array_equal(whole, tight)


@pytest.mark.parametrize("degrees", [0, 20, 40])
@pytest.mark.parametrize("permutation", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, 1, -1), (1, -1, 1), (-1, -1, -1)])
def test_patient_axes_rise_to_the_left_the_back_and_the_head(synthetic, degrees, permutation, signs):
    direction = synthetic.rotation(0, degrees)[:, permutation] * signs
    grid = synthetic.grid((5, 6, 7), (1.0, 2.0, 3.0), (4.0, 5.0, 6.0), direction)
    axes = PatientAxes.of(grid)
    places = np.moveaxis(synthetic.voxel_points(grid), -1, 0)
    turned = axes.to_patient(places)
    for component, array_axis in ((0, 2), (1, 1), (2, 0)):
        steps = np.diff(turned[component], axis=array_axis)
        assert (steps > 0).all()
        mm = np.linalg.norm(np.diff(turned, axis=1 + array_axis), axis=0)
        np.testing.assert_allclose(mm, axes.spacing[component])
    assert np.array_equal(axes.to_image(turned), places)
