"""A voxel's maps are what the reading of its curve says."""

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.dce.maps import parametric_maps
from spinemets.dce.series import dynamic_series
from spinemets.dce.time_course import TimeCourseRules, read_time_course
from spinemets.errors import InputError


@pytest.fixture
def series(make_series):
    rng = np.random.default_rng(2)
    shape = (3, 6, 5)
    peak = rng.uniform(50, 400, shape)
    rise, fall = rng.uniform(5, 60, shape), rng.uniform(60, 2000, shape)
    t = np.arange(12)[:, None, None, None] * 12.0
    since = np.clip(t - 14, 0, None)
    signal = 100 + peak * (1 - np.exp(-since / rise)) * np.exp(-since / fall)
    return dynamic_series(make_series(signal + rng.normal(0, 1, signal.shape)))


def arrays(maps):
    return {name: sitk.GetArrayFromImage(image) for name, image in maps.maps.items()}


def test_own_frames_equal_the_reading_of_every_curve(series):
    found = arrays(parametric_maps(series))
    late = 0
    for index in np.ndindex(found["wash_in"].shape):
        course = read_time_course(series.signals[(slice(None), *index)], series.times)
        late += course.late_peak
        assert found["wash_in"][index] == pytest.approx(course.wash_in, rel=1e-5, abs=1e-5)
        assert found["max_se"][index] == pytest.approx(course.max_se, rel=1e-5, abs=1e-5)
        assert found["wash_out"][index] == pytest.approx(course.wash_out, rel=1e-4, abs=1e-4)
    assert 0 < late < found["wash_in"].size  # both branches were met


def test_the_hot_spot_s_frames_are_used_for_every_voxel(series):
    spot = read_time_course(series.signals[:, 1, 2, 2], series.times)
    found = arrays(parametric_maps(series, spot))
    s = series.signals.astype(float)
    assert np.allclose(found["wash_in"], (s[spot.frames["s2"]] - s[spot.frames["s1"]]) / s[0], rtol=1e-5, atol=1e-5)
    assert np.allclose(found["max_se"], (s[spot.frames["smax"]] - s[0]) / s[0], rtol=1e-5, atol=1e-5)


def test_voxels_without_signal_are_zero_and_counted(make_series):
    signal = np.full((12, 1, 4, 4), 100.0) + np.arange(12)[:, None, None, None]
    signal[:, 0, 0, :2] = 0
    found = parametric_maps(dynamic_series(make_series(signal)))
    assert found.undefined == 2
    for array in arrays(found).values():
        assert np.isfinite(array).all()
        assert (array[0, 0, :2] == 0).all()


def test_maps_lie_where_the_series_lies(series):
    for image in parametric_maps(series).maps.values():
        assert image.GetOrigin() == series.image.GetOrigin()[:3]
        assert image.GetSpacing() == series.image.GetSpacing()[:3]


def test_a_rule_that_needs_a_time_outside_the_series_is_named(series):
    with pytest.raises(InputError, match="500"):
        parametric_maps(series, rules=TimeCourseRules(plateau_s=500, peak_before_s=10))
