"""The hot spot's curve as SVG: enhancement over time, with the frames that were read marked on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinemets.report.drawing import PLAIN, Style, circle, line, rectangle, svg, text, text_width
from spinemets.report.wording import MINUS, fixed

HEIGHT = 300.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 16.0, 48.0, 52.0
LABELS = {"s0": "S0", "s1": "S1", "s2": "S2", "smax": "Smax", "speak": "Speak", "s67": "S67", "slast": "Slast"}
# Labels side by side need so many pixels.
LABEL_ROOM, LABEL_LINE = 42.0, 14.0
NOISE_SHARE = 0.05


def time_course_svg(hot_spot: dict[str, Any], style: Style = PLAIN, width: float = 640.0) -> str:
    """The curve of `hot_spot` (of result.json) in % above the signal before contrast; wash-in and wash-out are drawn
    over it as the lines that they were measured on."""
    s0 = hot_spot["moments"]["s0"]["signal"]
    times = np.array(hot_spot["times_s"])
    rise = 100 * (np.array(hot_spot["signal"]) / s0 - 1)
    marks = {name: mark for name, mark in hot_spot["moments"].items() if mark is not None}
    if hot_spot["wash_out_from"] == "peak":
        marks.pop("s67", None)
    points = {name: (mark["time_s"], 100 * (mark["signal"] / s0 - 1)) for name, mark in marks.items()}
    lowest, highest = float(rise.min()), float(rise.max())
    # A dip of the noise before contrast asks for no axis below zero.
    palette, ticks = style.palette, _ticks(lowest if lowest < -NOISE_SHARE * highest else 0.0, highest, 5)
    low, high = ticks[0], max(ticks[-1], highest)
    first, last = float(times[0]), float(times[-1])

    def x(seconds: float) -> float:
        return LEFT + (seconds - first) / (last - first) * (width - LEFT - RIGHT)

    def y(percent: float) -> float:
        return HEIGHT - BOTTOM - (percent - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [text(LEFT, 14, "Enhancement, % of the signal before contrast", palette.quiet, 12, "axis-note")]
    for tick in ticks:
        parts.append(line(LEFT, width - RIGHT, y(tick), y(tick), palette.line, "grid", 1))
        parts.append(text(LEFT - 8, y(tick) + 4, fixed(tick, 0), palette.quiet, 12, "tick", "end"))
    for tick in _ticks(first, last, 7):
        if first <= tick <= last:
            parts.append(text(x(tick), HEIGHT - BOTTOM + 18, fixed(tick, 0), palette.quiet, 12, "tick", "middle"))
    parts.append(text(width - RIGHT, HEIGHT - 8, "seconds", palette.quiet, 12, "axis-note", "end"))
    for k in range(len(times) - 1):
        ends = x(times[k]), x(times[k + 1]), y(rise[k]), y(rise[k + 1])
        parts.append(line(*ends, palette.ink, "curve", 2))
    parts += [circle(x(a), y(b), 2.5, palette.ink, palette.ink, "frame") for a, b in zip(times, rise)]
    start = "speak" if points.get("speak") else "s67"
    for one, other, colour, kind in (
        ("s1", "s2", palette.positive, "wash-in"),
        (start, "slast", palette.negative, "wash-out"),
    ):
        if one in points and other in points:
            (a, b), (c, d) = points[one], points[other]
            parts.append(line(x(a), x(c), y(b), y(d), colour, kind, 3.5))
    parts += [circle(x(a), y(b), 5, palette.paper, palette.ink, "mark") for a, b in dict.fromkeys(points.values())]
    parts += _labels({name: (x(a), y(b)) for name, (a, b) in points.items()}, width, style)
    parts += _legend(width, style)
    return svg("time-course", "Enhancement of the hot spot over time", (width, HEIGHT), parts, style)


def _ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers from at or below `low` to at or below `high`."""
    step = (high - low) / about or 1.0
    size = 10.0 ** np.floor(np.log10(step))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= step)
    return [float(n * step) for n in range(int(np.floor(low / step)), int(np.floor(high / step)) + 1)]


def _labels(places: dict[str, tuple[float, float]], width: float, style: Style) -> list[str]:
    """Names of the marks; those of one frame together, each above its mark, or higher where a neighbour's stands."""
    told: dict[tuple[float, float], list[str]] = {}
    for name, place in places.items():
        told.setdefault(place, []).append(LABELS[name])
    parts: list[str] = []
    taken: list[tuple[float, float]] = []
    for (a, b), names in sorted(told.items()):
        words = " = ".join(names)
        half = text_width(words, 12, True) / 2
        # Of the frame before the steepest rise below it, where no line passes.
        middle, base = min(max(a, half + 2), width - half - 2), b + 20 if names == ["S1"] else b - 11
        while any(abs(middle - c) < half + LABEL_ROOM / 2 and abs(base - d) < LABEL_LINE for c, d in taken):
            base -= LABEL_LINE
        taken.append((middle, base))
        parts.append(text(middle, base, words, style.palette.ink, 12, "mark-label", "middle", True))
    return parts


def _legend(width: float, style: Style) -> list[str]:
    palette, parts, at = style.palette, [], LEFT
    for words, colour, kind in (("wash-in", palette.positive, "wash-in"), ("wash-out", palette.negative, "wash-out")):
        parts.append(rectangle(at, HEIGHT - 13, 18, 4, colour, kind))
        parts.append(text(at + 24, HEIGHT - 8, words, palette.quiet, 12, "axis-note"))
        at += 44 + text_width(words, 12)
    return parts


def hot_spot_values(hot_spot: dict[str, Any]) -> list[tuple[str, str]]:
    """Wash-in, maximum and wash-out slope in words; the injection, where the clock does not start with it; the frames
    before contrast, where they are several."""
    curve = {"wash-out": "washes out", "plateau": "plateau", "persistent": "rises on"}[hot_spot["curve_type"]]
    injection, before = hot_spot["rules"]["injection_s"], hot_spot["rules"]["baseline_frames"]
    since = "the peak" if hot_spot["wash_out_from"] == "peak" else hot_spot["wash_out_from"]
    return [
        ("Steepest wash-in", f"{fixed(100 * hot_spot['wash_in'], 0)} %"),
        ("Maximum enhancement", f"{fixed(100 * hot_spot['max_se'], 0)} %"),
        (f"Wash-out slope, from {since} to the last frame", f"{fixed(hot_spot['wash_out'], 1)} % ({curve})"),
        *([("Injection, second on the clock of the frames", f"{injection:g} s")] if injection else []),
        *([("Frames before contrast", str(before))] if before > 1 else []),
    ]


def place_in_words(hot_spot: dict[str, Any]) -> str:
    """Where the hot spot is, and who placed it."""
    x, y, z = hot_spot["point_lps_mm"]
    axes = (("L", "R", x), ("P", "A", y), ("H", "F", z))
    told = ", ".join(f"{a if value >= 0 else b} {fixed(abs(value), 1)}" for a, b, value in axes)
    how = "placed by a reader" if hot_spot["found_by"] == "reader" else "found in the lesion, away from vessels"
    return f"{told} mm; {hot_spot['voxels']} voxels, {how}"


def condition_in_words(condition: str) -> str:
    """A condition with the sign of negative numbers as it is printed."""
    return condition.replace(" -", f" {MINUS}")
