"""Probability on its scale, and what each variable contributed, as SVG."""

from __future__ import annotations

from typing import Any

from spinemets.report.drawing import (
    PLAIN,
    Style,
    circle,
    line,
    rectangle,
    shortened,
    shortened_name,
    svg,
    text,
    text_width,
)
from spinemets.report.wording import (
    capitalized,
    feature_in_words,
    fixed,
    number,
    probability_in_words,
    signed,
)

SCALE_HEIGHT = 104.0
CHART_ROW = 52.0
CHART_HEAD = 26.0
# As on every list of series; where a narrow chart has no room for the words.
ABBREVIATIONS = {"Fat-suppressed": "FS", "Contrast-enhanced": "CE"}


def negative_class(result: dict[str, Any]) -> str:
    """The class whose probability is not given."""
    return str(next(name for name in result["classes"] if name != result["positive_class"]))


def probability_scale_svg(result: dict[str, Any], style: Style = PLAIN, width: float = 640.0) -> str:
    """The probability of the positive class between 0 and 1, with its 95 % interval and the threshold.

    Of a result without answer only the scale is drawn.
    """
    palette, left, length = style.palette, 12.0, width - 24.0

    def at(probability: float) -> float:
        return left + length * probability

    threshold = float(result["threshold"])
    parts = [
        rectangle(at(0), 40, length, 16, palette.positive_soft, "positive-side", radius=8),
        rectangle(at(0), 40, length * threshold, 16, palette.negative_soft, "negative-side", radius=8),
        line(at(threshold), at(threshold), 34, 62, palette.quiet, "threshold", 2),
    ]
    words = f"threshold {fixed(threshold, 2)}"
    half = text_width(words, 12) / 2
    place = min(max(at(threshold), half + 14), width - half - 14)
    parts.append(text(place, 75, words, palette.quiet, 12, "tick", "middle"))
    for end, label, anchor in ((0.0, "0", "start"), (1.0, "1", "end")):
        if abs(at(end) - place) > half + 16:
            parts.append(text(at(end), 75, label, palette.quiet, 12, "tick", anchor))
    room = length / 2 - 6
    for end, name, colour, kind, anchor in (
        (0.0, negative_class(result), palette.negative, "negative", "start"),
        (1.0, result["positive_class"], palette.positive, "positive", "end"),
    ):
        parts.append(text(at(end), 95, shortened(name, room, 13, True), colour, 13, kind, anchor, True))
    if result["probability"] is not None:
        low, high = result["interval"]
        point = at(result["probability"])
        parts.append(rectangle(at(low), 46, at(high) - at(low), 4, palette.ink, "interval"))
        parts += [line(at(end), at(end), 42, 54, palette.ink, "interval-end", 2) for end in (low, high)]
        parts.append(circle(point, 48, 8, palette.ink, palette.paper, "point"))
        value = probability_in_words(result["probability"])
        half = text_width(value, 18, True) / 2
        middle = min(max(point, half + 2), width - half - 2)
        parts.append(text(middle, 24, value, palette.ink, 18, "value", "middle", True))
    label = f"Probability of {result['positive_class']} on a scale from 0 to 1"
    return svg("scale", label, (width, SCALE_HEIGHT), parts, style)


def contributions_svg(result: dict[str, Any], style: Style = PLAIN, width: float = 400.0) -> str:
    """Sorted bars: how far each variable moved the answer and to which side, with its value, the range of the training
    cases and its points.
    """
    palette, middle = style.palette, width / 2
    entries = result["contributions"]
    largest = max((abs(entry["contribution"]) for entry in entries), default=0.0)
    has_points = result["nomogram"]["logit_per_point"] > 0
    negative = shortened(f"← {negative_class(result)}", middle - 8, 12)
    positive = shortened(f"{result['positive_class']} →", middle - 8, 12)
    parts = [
        text(middle - 6, 14, negative, palette.negative, 12, "negative", "end", True),
        text(middle + 6, 14, positive, palette.positive, 12, "positive", "start", True),
    ]
    for row, entry in enumerate(entries):
        parts.append(_contribution(entry, largest, CHART_HEAD + CHART_ROW * row, width, has_points, style))
    height = CHART_HEAD + CHART_ROW * len(entries) + 2
    return svg("contributions-chart", "What each variable contributed to the answer", (width, height), parts, style)


def _contribution(
    entry: dict[str, Any], largest: float, top: float, width: float, has_points: bool, style: Style
) -> str:
    palette, middle = style.palette, width / 2
    plain, where = feature_in_words(entry["feature"])
    plain, value = capitalized(plain), entry.get("word") or number(entry["value"])
    training = "" if "word" in entry else " to ".join(map(number, entry["training_range"]))
    points = f"{fixed(entry['nomogram_points'], 0)} points" if has_points else ""
    room = width - text_width(points, 12, True) - 10
    role, _, family = where.partition(" · ")
    rank = "–" if entry.get("percentile") is None else fixed(entry["percentile"], 0)
    # Words have neither a range nor a rank.
    percentile = f"percentile {rank}" if training else ""
    detail = _detail(capitalized(role), value, training, family, width - text_width(percentile, 11) - 10)
    share = abs(entry["contribution"]) / largest if largest > 0 else 0.0
    length = share * (middle - 48)
    is_positive = entry["contribution"] >= 0
    colour, kind = (palette.positive, "positive") if is_positive else (palette.negative, "negative")
    start = middle if is_positive else middle - length
    label = signed(entry["contribution"], 2)
    beside = (start + length + 5, "start") if is_positive else (start - 5, "end")
    size = 12.5 if text_width(plain, 12.5, bold=True) <= room else 11.0
    return (
        text(0, top + 10, shortened_name(plain, room, size), palette.ink, size, "axis-label", bold=True)
        + text(width, top + 10, points, palette.ink, 12, "points", "end")
        + text(0, top + 24, detail, palette.quiet, 11, "axis-note")
        + text(width, top + 24, percentile, palette.quiet, 11, "axis-note", "end")
        + line(middle, middle, top + 27, top + 41, palette.quiet, "axis", 1)
        + rectangle(start, top + 29, length, 10, colour, kind)
        + text(beside[0], top + 38, label, colour, 11, kind, beside[1], True)
    )


def _detail(role: str, value: str, training: str, family: str, room: float) -> str:
    """Series, value and training range in as many words as fit."""
    if not training:
        return value if not role else f"{role}: {value}"
    short = role
    for long, letters in ABBREVIATIONS.items():
        short = short.replace(long, letters)
    wanted = [f"{role}: {value}, training {training} · {family}"] if family else []
    wanted += [
        f"{name}: {value}{range_}"
        for range_ in (f", training {training}", f" ({training})")
        for name in (role, short, short.partition(",")[0])
    ]
    if not role:
        wanted = [f"{value}, training {training}", f"{value} ({training})"]
    return next((words for words in wanted if text_width(words, 11) <= room), shortened(wanted[-1], room, 11))
