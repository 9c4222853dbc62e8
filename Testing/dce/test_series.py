"""Bad series are named before anything is computed from them."""

import numpy as np
import pytest

from spinemets.dce.series import dynamic_series
from spinemets.errors import InputError


@pytest.fixture
def curves():
    rng = np.random.default_rng(0)
    return 100 + rng.normal(0, 5, (12, 3, 8, 8)) + np.arange(12)[:, None, None, None] * 10


def test_a_good_series_keeps_its_times(curves, make_series, times):
    series = dynamic_series(make_series(curves))
    assert np.array_equal(series.times, times)
    assert series.warnings == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c, t: (c[:1], t[:1]), "has 1 frame;|has 1 frame"),
        (lambda c, t: (c, None), "when its frames were taken"),
        (lambda c, t: (c, t[:-1]), "12 frames but 11 times"),
        (lambda c, t: (c, np.where(t == 24, 12, t)), "does not come after"),
        (lambda c, t: (c, t[::-1]), "does not come after"),
        (lambda c, t: (c, np.where(t == 24, np.nan, t)), "no number"),
        (lambda c, t: (c * np.concatenate([[0], np.ones(11)])[:, None, None, None], t), "before contrast"),
    ],
    ids=["one frame", "no times", "too few times", "repeated time", "reversed", "not a number", "dark baseline"],
)
def test_bad_series_are_refused(change, message, curves, make_series, times):
    changed, seconds = change(curves, times)
    with pytest.raises(InputError, match=message):
        dynamic_series(make_series(changed, None), seconds)


def test_a_three_dimensional_image_is_refused(curves, make_series):
    with pytest.raises(InputError, match="not a dynamic series"):
        dynamic_series(make_series(curves)[..., 0])


def test_a_gap_and_a_frame_exported_twice_are_named(curves, make_series, times):
    gap = np.delete(times, 5)
    series = dynamic_series(make_series(np.delete(curves, 5, axis=0), None), gap)
    assert "24 s after frame 5" in series.warnings[0]
    curves[7] = curves[6]
    assert "7 and 8" in dynamic_series(make_series(curves)).warnings[0]
