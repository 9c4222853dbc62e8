"""Wash-in, maximum and wash-out of curves whose answer is worked out by hand."""

import numpy as np
import pytest

from spinemets.dce.time_course import TimeCourseRules, read_time_course
from spinemets.errors import InputError

WASH_OUT = [100, 102, 150, 260, 280, 276, 270, 262, 258, 254, 250, 245]
RISING = [100, 101, 110, 130, 150, 170, 190, 205, 220, 232, 243, 250]


def test_early_peak_gives_the_slope_from_the_peak(times):
    course = read_time_course(WASH_OUT, times)
    assert (course.s0, course.s1, course.s2, course.smax, course.slast) == (100, 150, 260, 280, 245)
    assert course.wash_in == pytest.approx(1.10)
    assert course.max_se == pytest.approx(1.80)
    assert course.wash_out == pytest.approx(100 * (245 - 280) / 280)
    assert course.frames == {"s1": 2, "s2": 3, "smax": 4, "speak": 4}
    assert not course.late_peak
    assert course.curve_type == "wash-out"


def test_late_peak_gives_the_slope_from_67_seconds(times):
    """67 s lies 7/12 of the way from frame 6 (60 s, 170) to frame 7 (72 s, 190)."""
    course = read_time_course(RISING, times)
    at_67 = 170 + 7 / 12 * 20
    assert course.late_peak
    assert course.s67 == pytest.approx(at_67)
    assert course.speak == pytest.approx(at_67)
    assert course.wash_out == pytest.approx(100 * (250 - at_67) / at_67)
    assert course.curve_type == "persistent"


def test_the_rule_counts_from_the_injection_not_from_the_first_frame(times):
    """A peak at 96 s is late, but 76 s after an injection at 20 s it is not."""
    curve = [100, 100, 100, 120, 180, 230, 260, 280, 290, 285, 280, 276]
    assert read_time_course(curve, times).late_peak
    moved = read_time_course(curve, times, TimeCourseRules(injection_s=20))
    assert not moved.late_peak
    assert moved.wash_out == pytest.approx(100 * (276 - 290) / 290)


def test_baseline_frames_are_averaged(times):
    curve = [90, 110, 150, 260, 280, 276, 270, 262, 258, 254, 250, 245]
    assert read_time_course(curve, times, TimeCourseRules(baseline_frames=2)).s0 == 100


def test_frames_before_contrast_take_no_part_in_the_maximum(times):
    spike = [100, 400, 110, 130, 150, 170, 190, 205, 220, 232, 243, 250]
    assert read_time_course(spike, times, TimeCourseRules(baseline_frames=2)).smax == 250


def test_a_series_that_ends_too_early_for_the_rule_is_named():
    short = np.arange(5) * 10.0
    with pytest.raises(InputError, match="67"):
        read_time_course([100, 120, 140, 160, 180], short, TimeCourseRules(peak_before_s=30))


@pytest.mark.parametrize("curve", [[0] * 12, [-5] * 12])
def test_no_signal_before_contrast_is_an_error_not_a_division(curve, times):
    with pytest.raises(InputError, match="before contrast"):
        read_time_course(curve, times)


def test_json_holds_plain_numbers_only(times):
    import json

    text = json.dumps(read_time_course(WASH_OUT, times).as_json(), allow_nan=False)
    assert json.loads(text)["wash_out_from"] == "peak"


@pytest.mark.parametrize("injection", [48.0, 60.0, 1000.0])
def test_an_injection_after_the_peak_is_refused(times, injection):
    """The peak is at 48 s; an agent that has not been injected cannot have made it."""
    with pytest.raises(InputError, match=f"time of injection: is {injection:g} s, but .* 48 s"):
        read_time_course(WASH_OUT, times, TimeCourseRules(injection_s=injection))
    assert read_time_course(WASH_OUT, times, TimeCourseRules(injection_s=30)).wash_out == pytest.approx(-12.5)


def test_a_time_of_injection_that_is_no_number(times):
    with pytest.raises(InputError, match="is no number"):
        TimeCourseRules(injection_s=float("nan"))


def test_each_value_with_its_time(times):
    assert read_time_course(WASH_OUT, times).moments == {
        "s0": (100, 0), "s1": (150, 24), "s2": (260, 36), "smax": (280, 48), "speak": (280, 48),
        "s67": (pytest.approx(276 - 7 / 12 * 6), 67), "slast": (245, 132),
    }  # fmt: skip
    late = read_time_course(RISING, times, TimeCourseRules(baseline_frames=2, injection_s=10)).moments
    assert late["s0"] == (100.5, 6)
    assert late["speak"] is None
    assert late["s67"][1] == 77
