"""Wash-in, maximum enhancement and wash-out of every voxel (Lang 2019, section 2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from spinemets.dce.series import DynamicSeries
from spinemets.dce.time_course import TimeCourse, TimeCourseRules
from spinemets.errors import InputError
from spinemets.geometry.grids import copy_metadata, first_frame


@dataclass(frozen=True, eq=False)
class ParametricMaps:
    """The three maps, float32 on the series' 3-D grid.

    Attributes
    ----------
    maps : `wash_in` and `max_se` as ratios to the signal before contrast, `wash_out` in %.
    undefined : number of voxels without a signal to divide by, before contrast or at the peak; they are 0 in the maps.
    """

    maps: Mapping[str, sitk.Image]
    undefined: int


def parametric_maps(
    series: DynamicSeries, course: TimeCourse | None = None, rules: TimeCourseRules | None = None
) -> ParametricMaps:
    """Maps of a series.

    Parameters
    ----------
    course : of the hot spot: every voxel is measured between the frames of its S1, S2, Smax and Speak (or at 67 s), as
        published. None: each voxel by its own frames, and by the rule of late peaks.

    Raises
    ------
    InputError : the series does not cover the time that the rule needs.
    """
    rules = (course.rules if course is not None else rules) or TimeCourseRules()
    frames = [series.signals[n] for n in range(len(series.times))]
    if rules.baseline_frames + 2 > len(frames):
        raise InputError(series.name, f"has {len(frames)} frames, too few after contrast", "choose a longer series")
    before = _mean(frames[: rules.baseline_frames])
    if course is None:
        low, high, top, start = _own_frames(frames, series.times, rules)
    else:
        low, high, top = (_float(frames[course.frames[name]]) for name in ("s1", "s2", "smax"))
        start = _at(frames, series.times, rules) if course.late_peak else _float(frames[course.frames["speak"]])
    last = _float(frames[-1])
    values = {
        "wash_in": _ratio(high - low, before),
        "max_se": _ratio(top - before, before),
        "wash_out": 100 * _ratio(last - start, start),
    }
    undefined = int(np.count_nonzero((before <= 0) | (start <= 0)))
    return ParametricMaps({name: _image(array, series.image) for name, array in values.items()}, undefined)


def _own_frames(
    frames: list[NDArray], times: NDArray[np.float64], rules: TimeCourseRules
) -> tuple[NDArray[np.float32], ...]:
    """S1, S2, Smax and the start of the wash-out of each voxel by its own curve."""
    first = rules.baseline_frames
    previous = _float(frames[first - 1])
    steepest = np.full(previous.shape, -np.inf, np.float32)
    top = np.full(previous.shape, -np.inf, np.float32)
    early = np.zeros(previous.shape, bool)
    for number in range(first, len(frames)):
        frame = _float(frames[number])
        np.maximum(steepest, frame - previous, out=steepest)
        is_early = bool(times[number] - rules.injection_s < rules.peak_before_s)
        np.copyto(early, is_early, where=frame > top)
        np.maximum(top, frame, out=top)
        previous = frame
    start = top if early.all() else np.where(early, top, _at(frames, times, rules))
    return np.zeros(top.shape, np.float32), steepest, top, start


def _at(frames: list[NDArray], times: NDArray[np.float64], rules: TimeCourseRules) -> NDArray[np.float32]:
    """Signal at `plateau_s` after injection, linear between the two frames around it."""
    wanted = rules.plateau_s + rules.injection_s
    if not times[0] <= wanted <= times[-1]:
        raise InputError(
            "dynamic series",
            f"does not cover {rules.plateau_s:g} s after injection, where curves without an early peak are measured",
            "check the times of the frames and of the injection",
        )
    after = int(np.searchsorted(times, wanted))
    if times[after] == wanted:
        return _float(frames[after])
    share = np.float32((wanted - times[after - 1]) / (times[after] - times[after - 1]))
    return (1 - share) * _float(frames[after - 1]) + share * _float(frames[after])


def _mean(frames: list[NDArray]) -> NDArray[np.float32]:
    return np.asarray(np.mean(frames, axis=0, dtype=np.float32))


def _float(frame: NDArray) -> NDArray[np.float32]:
    return np.asarray(frame, np.float32)


def _ratio(change: NDArray[np.float32], of: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.divide(change, of, out=np.zeros_like(change), where=of > 0)


def _image(array: NDArray[np.float32], like: sitk.Image) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.CopyInformation(first_frame(like))
    return copy_metadata(like, image)
