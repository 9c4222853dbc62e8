"""The hot spot lies in living, avid tissue: not in a vessel, not in necrosis, not in blood that is bright before."""

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.dce.hot_spot import find_hot_spot, hot_spot_at, hot_spot_of_region
from spinemets.dce.series import dynamic_series
from spinemets.errors import InputError

T = np.arange(12) * 12.0
TISSUE = 100 * (1 + 1.0 * (1 - np.exp(-np.clip(T - 14, 0, None) / 20)))
AVID = 100 * (1 + 1.6 * (1 - np.exp(-np.clip(T - 14, 0, None) / 15)))
VESSEL = 100 * (1 + np.where(T < 14, 0, 6 * np.exp(-np.clip(T - 24, 0, None) / 25) + 1.5))
DEAD = np.full(12, 100.0)
BLEEDING = np.full(12, 320.0) * (1 + 1.7 * (T > 14))


@pytest.fixture
def lesion(make_series, make_mask):
    curves = np.full((12, 5, 24, 24), 60.0)
    curves[:, 1:4, 4:20, 4:20] = TISSUE[:, None, None, None]
    curves[:, 1:4, 12:18, 12:18] = AVID[:, None, None, None]
    curves[:, 1:4, 5:8, 5:8] = VESSEL[:, None, None, None]
    curves[:, 1:4, 5:11, 13:18] = DEAD[:, None, None, None]
    curves[:, 1:4, 14:19, 5:9] = BLEEDING[:, None, None, None]
    rng = np.random.default_rng(0)
    image = make_series(curves + rng.normal(0, 0.5, curves.shape))
    inside = np.zeros(curves.shape[1:], bool)
    inside[1:4, 4:20, 4:20] = True
    return dynamic_series(image), make_mask(image, inside)


def test_the_most_avid_living_tissue_is_found(lesion):
    series, mask = lesion
    spot = find_hot_spot(series, mask)
    where = np.argwhere(sitk.GetArrayFromImage(spot.region))
    assert (where[:, 1:] >= 12).all()
    assert (where[:, 1:] < 18).all()
    assert spot.course.max_se == pytest.approx(1.6, rel=0.02)
    assert all(spot.excluded[name] > 0 for name in ("vessel", "necrosis", "haemorrhage"))
    assert spot.warnings == ()


def test_its_centre_is_in_world_coordinates(lesion):
    series, mask = lesion
    spot = find_hot_spot(series, mask)
    index = mask.TransformPhysicalPointToIndex(spot.centre)
    assert 12 <= index[0] < 18
    assert 12 <= index[1] < 18
    assert sitk.GetArrayFromImage(spot.region)[index[2], index[1], index[0]] == 1


def test_a_region_that_is_drawn_is_taken_as_it_is(lesion, make_mask):
    series, _ = lesion
    drawn = np.zeros((5, 24, 24), bool)
    drawn[2, 8:10, 9:12] = True
    spot = hot_spot_of_region(series, make_mask(series.image, drawn))
    assert spot.course.max_se == pytest.approx(1.0, abs=0.02)
    assert np.array_equal(sitk.GetArrayFromImage(spot.region) > 0, drawn)


def test_a_lesion_of_vessels_only_comes_with_a_warning(lesion, make_mask):
    series, _ = lesion
    vessel = np.zeros((5, 24, 24), bool)
    vessel[1:4, 5:8, 5:8] = True
    assert "vessel" in find_hot_spot(series, make_mask(series.image, vessel)).warnings[0]


def test_empty_and_foreign_masks_are_named(lesion, make_mask):
    series, mask = lesion
    with pytest.raises(InputError, match="no voxel"):
        find_hot_spot(series, make_mask(series.image, np.zeros((5, 24, 24), bool)))
    with pytest.raises(InputError, match="voxels where"):
        find_hot_spot(series, mask[1:, :, :])


def test_where_a_reader_puts_it_the_curve_of_that_place_is_measured(lesion):
    """Voxels are 1.5 x 1.5 x 4 mm: the ball of 4 mm reaches 2 voxels in the slice and the middles of its neighbours."""
    series, mask = lesion
    i, j, k = 14, 9, 2
    place = np.add(mask.TransformIndexToPhysicalPoint((i, j, k)), (0.7, -0.7, 1.9))  # not quite half a voxel away
    spot = hot_spot_at(series, place.tolist(), mask)
    z, y, x = np.indices((5, 24, 24))
    ball = (1.5 * (x - i)) ** 2 + (1.5 * (y - j)) ** 2 + (4 * (z - k)) ** 2 <= 16
    inside = ball & (sitk.GetArrayFromImage(mask) > 0)
    assert np.array_equal(sitk.GetArrayFromImage(spot.region) > 0, inside)
    assert np.allclose(spot.course.signal, sitk.GetArrayFromImage(series.image)[:, inside].mean(axis=1))
    assert spot.warnings == ()


def test_a_place_outside_the_lesion_is_told_and_one_outside_the_series_refused(lesion):
    series, mask = lesion
    spot = hot_spot_at(series, mask.TransformIndexToPhysicalPoint((1, 1, 2)), mask)
    assert spot.course.max_se == pytest.approx(0, abs=0.05)
    assert "outside of the lesion" in spot.warnings[0]
    with pytest.raises(InputError, match="outside of the dynamic series"):
        hot_spot_at(series, mask.TransformContinuousIndexToPhysicalPoint((-0.6, 3.0, 2.0)), mask)
    with pytest.raises(InputError, match="outside of the dynamic series"):
        hot_spot_at(series, mask.TransformContinuousIndexToPhysicalPoint((3.0, 3.0, 4.6)))
