"""The nomogram: points above, an axis a variable, total points, probability; this lesion's values are marked."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import Any

from spinemets.report.drawing import PLAIN, Style, circle, line, shortened_name, svg, text, text_width
from spinemets.report.wording import capitalized, feature_in_words, fixed, number, probability_in_words

RISKS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
# Letters a line that end before the lowest value's label, in the larger type of a narrow page.
NAME_LETTERS, NOTE_LETTERS, LINE_HEIGHT = 29, 33, 18.0
NARROW = 700.0


@dataclass(frozen=True)
class _Layout:
    """Where things are, in pixels: axes from `left`, `length` long, one a `row`; names beside them or above."""

    left: float
    length: float
    row: float
    baseline: float
    size: float
    names_above: bool
    style: Style

    def x(self, share: float) -> float:
        return self.left + self.length * share

    def y(self, row: int) -> float:
        return self.row * row + self.baseline

    @property
    def label_gap(self) -> float:
        """Between the middles of two labels that do not touch."""
        return 3.0 * self.size


def nomogram_svg(result: dict[str, Any], style: Style = PLAIN, width: float = 1000.0) -> str:
    """The nomogram of a result (as in result.json). On a narrow figure the names stand above their axes."""
    layout = _layout(width, style)
    rows = sorted(result["contributions"], key=lambda entry: -max(entry["nomogram_range"]))
    parts = [_points_axis(layout)]
    parts += [_feature_axis(layout, entry, index) for index, entry in enumerate(rows, start=1)]
    parts.append(_total_axes(layout, result, rows))
    height = layout.row * (len(rows) + 3) + 4
    return svg("nomogram", "Nomogram with the values of this lesion", (width, height), parts, style)


def _layout(width: float, style: Style) -> _Layout:
    if width < NARROW:
        return _Layout(14.0, width - 28.0, 58.0, 36.0, 11.0, True, style)
    return _Layout(330.0, width - 360.0, 78.0, 30.0, 12.5, False, style)


def _axis(layout: _Layout, row: int, label: str, below: str, start: float, end: float) -> str:
    """An axis with its name and a note: beside it in as many lines as they need, or in one line above."""
    y, palette = layout.y(row), layout.style.palette
    axis = line(start, end, y, y, palette.quiet)
    if layout.names_above:
        return _name_above(layout, y - 21, label, below) + axis
    lines = [("axis-label", one) for one in textwrap.wrap(label, NAME_LETTERS)]
    lines += [("axis-note", one) for one in textwrap.wrap(below, NOTE_LETTERS)]
    first = y + 5 - LINE_HEIGHT * (len(lines) - 1) / 2
    texts = [
        text(0, first + LINE_HEIGHT * place, one, palette.ink, 13.5, kind, bold=True)
        if kind == "axis-label"
        else text(0, first + LINE_HEIGHT * place, one, palette.quiet, layout.size, kind)
        for place, (kind, one) in enumerate(lines)
    ]
    return "".join(texts) + axis


def _name_above(layout: _Layout, y: float, label: str, below: str) -> str:
    """A name with as much of its note as fits; of two variables of one name, the series in the note tells which."""
    palette, whole = layout.style.palette, layout.left * 2 + layout.length
    note = next(
        (
            words
            for words in (below, below.split(" · ")[0])
            if text_width(label, layout.size + 1, bold=True) + 6 + text_width(words, layout.size) <= whole
        ),
        below.split(" · ")[0],
    )
    room = whole - 6 - text_width(note, layout.size)
    name = shortened_name(label, room, layout.size + 1)
    return text(0, y, name, palette.ink, layout.size + 1, "axis-label", bold=True) + text(
        whole, y, note, palette.quiet, layout.size, "axis-note", "end"
    )


def _tick(layout: _Layout, x: float, row: int, label: str) -> str:
    y, palette = layout.y(row), layout.style.palette
    inside = _kept_inside(layout, x, label) if layout.names_above else x
    mark = line(x, x, y - 5, y, palette.quiet)
    return mark + text(inside, y + layout.size + 3.5, label, palette.quiet, layout.size, "tick", "middle")


def _kept_inside(layout: _Layout, x: float, label: str) -> float:
    """The middle of a label that is not cut off at the figure's side."""
    half = text_width(label, layout.size + 0.5, bold=True) / 2
    return min(max(x, half + 1), layout.left * 2 + layout.length - half - 1)


def _marker(layout: _Layout, x: float, row: int, label: str) -> str:
    y, palette = layout.y(row), layout.style.palette
    inside = min(max(x, layout.left), layout.left + layout.length)
    is_inside = inside == x
    fill, stroke = (palette.positive, palette.paper) if is_inside else (palette.paper, palette.positive)
    kind = "marker" if is_inside else "marker beyond"
    place = _kept_inside(layout, inside, label) if layout.names_above else inside
    return circle(inside, y, 5 if layout.names_above else 6, fill, stroke, kind) + text(
        place, y - 9 if layout.names_above else y - 11, label, palette.positive, layout.size + 0.5, "marker-label",
        "middle", bold=True,
    )  # fmt: skip


def _points_axis(layout: _Layout) -> str:
    step = 20 if layout.names_above else 10
    ticks = "".join(_tick(layout, layout.x(points / 100), 0, str(points)) for points in range(0, 101, step))
    return _axis(layout, 0, "Points", "", layout.x(0), layout.x(1)) + ticks


def _feature_axis(layout: _Layout, entry: dict[str, Any], row: int) -> str:
    """An axis from the lowest to the highest training value, at the points that they give."""
    plain, where = feature_in_words(entry["feature"])
    (low, high), (at_low, at_high) = entry["training_range"], entry["nomogram_range"]
    first, last = layout.x(at_low / 100), layout.x(at_high / 100)
    first_words, last_words = entry.get("training_words") or (number(low), number(high))
    ends = _tick(layout, first, row, first_words)
    apart = (text_width(first_words, layout.size) + text_width(last_words, layout.size)) / 2 + layout.size
    if abs(last - first) > max(layout.label_gap, apart):
        ends += _tick(layout, last, row, last_words)
    axis = _axis(layout, row, capitalized(plain), capitalized(where), min(first, last), max(first, last))
    label = entry.get("word") or number(entry["value"])
    if layout.names_above:
        label = f"{label} → {fixed(entry['nomogram_points'], 0)} points"
    return axis + ends + _marker(layout, layout.x(entry["nomogram_points"] / 100), row, label)


def _total_axes(layout: _Layout, result: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    nomogram, row = result["nomogram"], len(rows) + 1
    most = sum(max(entry["nomogram_range"]) for entry in rows)
    if most <= 0 or nomogram["logit_per_point"] <= 0:
        return ""
    widths = (5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000)
    step = next((width for width in widths if most / width <= (6 if layout.names_above else 12)), widths[-1])
    top = step * math.ceil(most / step)
    parts = [_axis(layout, row, "Total points", "", layout.x(0), layout.x(1))]
    parts += [_tick(layout, layout.x(total / top), row, str(total)) for total in range(0, top + 1, step)]
    here = layout.x(nomogram["total_points"] / top)
    parts.append(_marker(layout, here, row, fixed(nomogram["total_points"], 0)))
    shown: list[tuple[float, str]] = []
    for risk in RISKS:
        total = (math.log(risk / (1 - risk)) - nomogram["logit_at_zero_points"]) / nomogram["logit_per_point"]
        x = layout.x(total / top)
        if 0 <= total <= top and all(abs(x - other) > layout.label_gap for other, _ in shown):
            shown.append((x, number(risk)))
    ends = (shown[0][0], shown[-1][0]) if shown else (layout.x(0), layout.x(1))
    parts.append(_axis(layout, row + 1, "Probability", f"of {result['positive_class']}", *ends))
    parts += [_tick(layout, x, row + 1, label) for x, label in shown]
    if result["probability"] is not None:
        parts.append(_marker(layout, here, row + 1, probability_in_words(result["probability"])))
    return "".join(parts)
