"""What a signal-time curve says: S0, S1, S2, Smax, Speak, S67 and Slast, and the three ratios made of them.

Lang 2019, section 2.3. The agent is injected when the first frame starts unless another time is given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.errors import InputError

CURVE_TYPES = ("persistent", "plateau", "wash-out")


@dataclass(frozen=True)
class TimeCourseRules:
    """How a curve is read.

    `baseline_frames` before contrast are averaged to S0 (Lang 2019: the first); a peak that comes less than
    `peak_before_s` after injection is taken for the wash-out, else the signal at `plateau_s`, interpolated linearly
    between frames (Lang 2019: 85 and 67 s); `injection_s` is the time of injection; a wash-out slope beyond
    +/- `plateau_percent` makes a persistent or a wash-out curve.
    """

    baseline_frames: int = 1
    peak_before_s: float = 85.0
    plateau_s: float = 67.0
    injection_s: float = 0.0
    plateau_percent: float = 10.0

    def __post_init__(self) -> None:
        if self.baseline_frames < 1:
            raise InputError("baseline frames", f"are {self.baseline_frames}", "give at least 1")
        if not np.isfinite(self.injection_s):
            raise InputError("time of injection", "is no number", "give the second on the clock of the frames")


@dataclass(frozen=True)
class TimeCourse:
    """A curve and what it says; signals as stored, times in s as given.

    Attributes
    ----------
    wash_in : (S2 - S1) / S0, S1 and S2 the adjacent frames of the largest rise.
    max_se : (Smax - S0) / S0.
    wash_out : (Slast - Speak) / Speak in %, with the signal at 67 s for Speak where `late_peak`.
    s67 : signal at 67 s; None where an early peak needs none and the series does not cover that time.
    frames : indices from 0 of s1, s2, smax; of speak where the peak is early.
    """

    times: tuple[float, ...]
    signal: tuple[float, ...]
    s0: float
    s1: float
    s2: float
    smax: float
    speak: float
    s67: float | None
    slast: float
    wash_in: float
    max_se: float
    wash_out: float
    late_peak: bool
    curve_type: str
    frames: dict[str, int] = field(hash=False)
    rules: TimeCourseRules = field(default_factory=TimeCourseRules)

    @property
    def moments(self) -> dict[str, tuple[float, float] | None]:
        """Signal and time (s) of each value by its name; Speak without one where the peak is late, S67 without one
        where the series does not cover that time."""
        last = len(self.times) - 1
        frames = {**self.frames, "slast": last}
        before = self.times[: self.rules.baseline_frames]
        found: dict[str, tuple[float, float] | None] = {"s0": (self.s0, sum(before) / len(before))}
        for name in ("s1", "s2", "smax", "speak", "slast"):
            found[name] = (getattr(self, name), self.times[frames[name]]) if name in frames else None
        found["s67"] = None if self.s67 is None else (self.s67, self.rules.injection_s + self.rules.plateau_s)
        return {name: found[name] for name in ("s0", "s1", "s2", "smax", "speak", "s67", "slast")}

    def as_json(self) -> dict[str, Any]:
        """Everything, with plain numbers."""
        known = {name: getattr(self, name) for name in ("s0", "s1", "s2", "smax", "speak", "s67", "slast")}
        return {
            **known,
            "wash_in": self.wash_in,
            "max_se": self.max_se,
            "wash_out": self.wash_out,
            "wash_out_from": "67 s" if self.late_peak else "peak",
            "curve_type": self.curve_type,
            "frames": dict(self.frames),
            "times": list(self.times),
            "signal": list(self.signal),
            "rules": dict(vars(self.rules)),
        }


def read_time_course(signal: ArrayLike, times: ArrayLike, rules: TimeCourseRules | None = None) -> TimeCourse:
    """Measure one curve.

    Parameters
    ----------
    signal, times : (T,); s, rising.

    Raises
    ------
    InputError : fewer frames than the baseline and two more, no signal before contrast, a peak before the injection, or
        a curve that ends before the time whose signal the rule needs.
    """
    rules = rules or TimeCourseRules()
    curve, seconds = np.asarray(signal, np.float64), np.asarray(times, np.float64)
    count, first = len(curve), rules.baseline_frames
    if count < first + 2:
        raise InputError("curve", f"has {count} frames, of which {first} before contrast", "choose a longer series")
    s0 = float(curve[:first].mean())
    if not s0 > 0:
        raise InputError("curve", "has no signal before contrast", "place the region where the tissue has a signal")
    steps = np.diff(curve[first - 1 :])
    rise = first - 1 + int(np.argmax(steps))
    top = first + int(np.argmax(curve[first:]))
    if seconds[top] <= rules.injection_s and curve[top] > s0:
        raise InputError(
            "time of injection",
            f"is {rules.injection_s:g} s, but the curve has its peak at {seconds[top]:g} s, before that",
            "check the time of injection, and how many frames come before it",
        )
    late = bool(seconds[top] - rules.injection_s >= rules.peak_before_s)
    plateau = plateau_signal(curve, seconds, rules) if late or _reaches(seconds, rules) else None
    start = plateau if late and plateau is not None else float(curve[top])
    wash_out = (float(curve[-1]) - start) / start * 100
    return TimeCourse(
        times=tuple(seconds.tolist()),
        signal=tuple(curve.tolist()),
        s0=s0,
        s1=float(curve[rise]),
        s2=float(curve[rise + 1]),
        smax=float(curve[top]),
        speak=start,
        s67=plateau,
        slast=float(curve[-1]),
        wash_in=(float(curve[rise + 1]) - float(curve[rise])) / s0,
        max_se=(float(curve[top]) - s0) / s0,
        wash_out=wash_out,
        late_peak=late,
        curve_type=curve_type(wash_out, rules),
        frames={"s1": rise, "s2": rise + 1, "smax": top, **({} if late else {"speak": top})},
        rules=rules,
    )


def plateau_signal(curve: NDArray[np.float64], seconds: NDArray[np.float64], rules: TimeCourseRules) -> float:
    """Signal at `plateau_s` after injection, linear between frames.

    Raises
    ------
    InputError : the series ends before, or begins after that time.
    """
    if not _reaches(seconds, rules):
        raise InputError(
            "curve",
            f"has no peak before {rules.peak_before_s:g} s and does not cover {rules.plateau_s:g} s after injection",
            "check the times of the frames and of the injection, or set another time",
        )
    return float(np.interp(rules.plateau_s + rules.injection_s, seconds, curve))


def _reaches(seconds: NDArray[np.float64], rules: TimeCourseRules) -> bool:
    return bool(seconds[0] <= rules.plateau_s + rules.injection_s <= seconds[-1])


def curve_type(wash_out: float, rules: TimeCourseRules) -> str:
    """persistent, plateau or wash-out, of a wash-out slope in %."""
    if wash_out > rules.plateau_percent:
        return "persistent"
    return "wash-out" if wash_out < -rules.plateau_percent else "plateau"
