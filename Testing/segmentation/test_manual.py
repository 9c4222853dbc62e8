"""Tools for drawing by hand, on shapes whose right answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.segmentation.manual import Limits, fill_holes, interpolate_slices, limit, smooth
from spinemets.segmentation.overlap import dice

SPACING = (0.8, 1.0, 3.0)


def image_of(array: np.ndarray, spacing=SPACING, direction=None) -> sitk.Image:
    image = sitk.GetImageFromArray(np.asarray(array).astype(np.uint8))
    image.SetSpacing(spacing)
    image.SetOrigin((-20.0, 30.0, 100.0))
    if direction is not None:
        image.SetDirection(np.ravel(direction).tolist())
    image.SetMetaData("FrameOfReferenceUID", "1.2.3")
    return image


def voxels(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image) != 0


def cone(shape=(21, 60, 70), middle=((30, 24), (30, 48)), radii=(8.0, 16.0)) -> np.ndarray:
    """An oblique cone: on slice k a disc of radius in mm whose middle moves along x."""
    k, j, i = np.indices(shape)
    t = k / (shape[0] - 1)
    row = middle[0][0] + t * (middle[1][0] - middle[0][0])
    column = middle[0][1] + t * (middle[1][1] - middle[0][1])
    radius = radii[0] + t * (radii[1] - radii[0])
    return ((j - row) * SPACING[1]) ** 2 + ((i - column) * SPACING[0]) ** 2 <= radius**2


def only_slices(array: np.ndarray, kept, axis: int = 0) -> np.ndarray:
    drawn = np.zeros_like(array)
    index = [slice(None)] * 3
    index[axis] = list(kept)
    drawn[tuple(index)] = array[tuple(index)]
    return drawn


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_oblique_cone_drawn_on_three_slices_comes_back(axis):
    whole = np.moveaxis(cone(), 0, axis)
    spacing = list(SPACING[::-1])
    slow = spacing.pop(0)
    spacing.insert(axis, slow)
    mask = image_of(only_slices(whole, (0, 9, 20), axis), spacing[::-1])
    filled = interpolate_slices(mask)
    assert dice(filled, image_of(whole, spacing[::-1])) > 0.985
    assert np.array_equal(only_slices(voxels(filled), (0, 9, 20), axis), voxels(mask))
    assert filled.GetMetaData("FrameOfReferenceUID") == "1.2.3"


def test_nothing_grows_beyond_the_outermost_drawn_slices():
    whole = cone()
    filled = voxels(interpolate_slices(image_of(only_slices(whole, (5, 12)))))
    assert not filled[:5].any()
    assert not filled[13:].any()
    assert filled[5:13].any(axis=(1, 2)).all()


def test_equal_discs_far_apart_sideways_make_a_slanted_cylinder():
    """Shapes that do not overlap must go on in each other, not vanish half-way."""
    whole = cone(middle=((30, 12), (30, 56)), radii=(7.0, 7.0))
    filled = interpolate_slices(image_of(only_slices(whole, (0, 20))))
    assert dice(filled, image_of(whole)) > 0.97


def test_a_part_that_splits_in_two():
    drawn = np.zeros((5, 40, 40), bool)
    drawn[0, 10:30, 5:35] = True
    drawn[4, 10:30, 5:15] = drawn[4, 10:30, 25:35] = True
    filled = voxels(interpolate_slices(image_of(drawn)))
    assert filled[1, 20, 20]
    assert not filled[3, 20, 20]
    assert filled[2, 20, 8]
    assert filled[2, 20, 32]


def test_two_lesions_each_go_on_in_their_own():
    drawn = np.zeros((7, 40, 60), bool)
    for k in (0, 6):
        drawn[k, 5:15, 5 + k : 15 + k] = True
        drawn[k, 20:36, 40 - k : 55 - k] = True
    filled = voxels(interpolate_slices(image_of(drawn)))
    assert filled[3, 5:15, 8:18].mean() > 0.95
    assert filled[3, 20:36, 37:52].mean() > 0.95
    assert filled[3].sum() == pytest.approx(10 * 10 + 16 * 15, rel=0.1)


def test_a_lesion_cut_by_the_border_of_the_image_stays_cut():
    drawn = np.zeros((5, 30, 30), bool)
    drawn[0, 10:20, :12] = drawn[4, 10:20, :12] = True
    assert np.array_equal(voxels(interpolate_slices(image_of(drawn)))[2], drawn[0])


def test_nothing_to_interpolate_is_told():
    with pytest.raises(InputError, match="no voxels"):
        interpolate_slices(image_of(np.zeros((3, 4, 5))))
    with pytest.raises(InputError, match="no empty slice"):
        interpolate_slices(image_of(cone()))
    with pytest.raises(InputError, match="no empty slice"):
        interpolate_slices(image_of(only_slices(cone(), (0, 9))), axis=0)


def test_holes_of_a_slice_and_of_space_are_filled_and_open_ones_stay():
    array = np.zeros((6, 20, 20), bool)
    array[1:5, 4:16, 4:16] = True
    array[2, 8:12, 8:12] = False
    array[3:6, 6:8, 6:8] = False
    array[1:5, 10, 14:16] = False
    filled = voxels(fill_holes(image_of(array)))
    assert filled[2, 8:12, 8:12].all()
    assert filled[3:5, 6:8, 6:8].all()
    assert not filled[5].any()
    assert not filled[1:5, 10, 14:16].any()


def test_smoothing_means_millimetres_in_every_direction():
    """A ball with a rough surface: smoothing in voxels would treat the 3 mm slices like the 0.8 mm columns."""
    k, j, i = np.indices((31, 81, 91))
    radius = np.sqrt(((k - 15) * 3.0) ** 2 + (j - 40) ** 2 + ((i - 45) * 0.8) ** 2)
    ball = radius <= 20
    rough = ball ^ ((np.abs(radius - 20) < 2) & (np.random.default_rng(1).random(ball.shape) < 0.35))
    before, after = image_of(rough), smooth(image_of(rough), 2.0)
    truth = image_of(ball)
    assert dice(after, truth) > max(0.975, dice(before, truth) + 0.03)
    assert voxels(after).sum() == pytest.approx(rough.sum(), rel=0.01)
    # A spike of 3.2 mm along x goes, a slice of 9 mm thickness stays.
    spike = np.zeros((9, 40, 40), bool)
    spike[3:6, 10:30, 10:30] = True
    spike[4, 20, 30:34] = True
    smoothed = voxels(smooth(image_of(spike), 1.5))
    assert not smoothed[4, 20, 32:34].any()
    assert smoothed[3:6, 14:26, 14:26].all()


def test_smoothing_keeps_a_lesion_of_one_voxel_and_one_at_the_border():
    one = np.zeros((5, 9, 9), bool)
    one[2, 4, 4] = True
    assert np.array_equal(voxels(smooth(image_of(one), 3.0)), one)
    corner = np.zeros((6, 20, 20), bool)
    corner[:3, :10, :10] = True
    assert voxels(smooth(image_of(corner), 1.0))[0, 0, 0]
    assert np.array_equal(voxels(smooth(image_of(corner), 0)), corner)
    assert not voxels(smooth(image_of(np.zeros((3, 4, 5))), 2)).any()
    for wrong in (-1, 51, float("nan")):
        with pytest.raises(InputError, match="smoothing"):
            smooth(image_of(one), wrong)


def test_a_turned_box_keeps_what_is_in_it():
    """The box is oblique and the grid left-handed: a mix-up of axes or signs keeps other voxels."""
    c, s = np.cos(0.4), np.sin(0.4)
    direction = np.array([[c, 0, s], [0, -1, 0], [-s, 0, c]])
    mask = image_of(np.ones((20, 40, 40)), direction=direction)
    turned = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    centre = np.array(mask.TransformContinuousIndexToPhysicalPoint((18.3, 22.1, 9.7)))
    size = (9.0, 14.0, 7.0)
    kept = limit(mask, Limits(tuple(centre), size, turned))
    expected = np.zeros((20, 40, 40), bool)
    for k, j, i in np.ndindex(expected.shape):
        point = np.array(mask.TransformIndexToPhysicalPoint((i, j, k)))
        expected[k, j, i] = (np.abs((point - centre) @ turned) <= np.array(size) / 2).all()
    assert expected.sum() > 100
    assert np.array_equal(voxels(kept), expected)


def test_limits_of_a_region_and_of_other_lesions():
    mask = image_of(np.ones((6, 20, 20)))
    region, other = np.zeros((6, 20, 20)), np.zeros((6, 20, 20))
    region[1:5, 2:18, 2:18] = 1
    other[3, 8:12, 8:12] = 1
    kept = voxels(limit(mask, Limits(region=image_of(region), others=[image_of(other)])))
    assert np.array_equal(kept, (region > 0) & (other == 0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"centre": (0, 0, 0)},
        {"centre": (0, 0, 0), "size": (1, -1, 1)},
        {"centre": (0, 0, float("nan")), "size": (1, 1, 1)},
        {"axes": np.eye(3) * 2},
    ],
)
def test_limits_that_are_no_box(wrong):
    with pytest.raises(InputError, match="limits"):
        Limits(**wrong)


def test_limits_of_another_examination_are_refused():
    region = image_of(np.ones((3, 3, 3)))
    region.SetMetaData("FrameOfReferenceUID", "9.9")
    with pytest.raises(InputError, match="frame of reference"):
        limit(image_of(np.ones((3, 3, 3))), Limits(region=region))
