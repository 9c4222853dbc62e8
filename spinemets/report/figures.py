"""The report's figures as SVG text."""

from __future__ import annotations

import base64
import io
import math
import textwrap
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.report.views import Picture, View
from spinemets.report.wording import capitalized, feature_in_words, fixed, number, probability_in_words, role_in_words

SCALE_BAR_SHARE = 0.3
SCALE_BARS_MM = (5, 10, 20, 30, 50, 100)
RISKS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
NOMOGRAM_LEFT = 330.0
NOMOGRAM_WIDTH = 640.0
NOMOGRAM_ROW = 78.0
# Letters a line that end before the lowest value's label, in the larger type of a narrow page.
NAME_LETTERS, NOTE_LETTERS, LINE_HEIGHT = 29, 33, 18.0
MIN_LABEL_GAP = 38.0


def png_data_uri(pixels: NDArray[np.uint8]) -> str:
    """Grey levels (rows, columns) as a PNG in a data URI."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def view_title(view: View) -> str:
    """Such as `Sagittal · T2`, in HTML."""
    role = capitalized(role_in_words(view.role)).removesuffix(f", {view.plane}")
    return f"{escape(view.plane.capitalize())} · {escape(role)}"


def overview_svg(view: View) -> str:
    """The overview with outline, orientation letters and the square of the detail; its user units are mm."""
    side = view.overview.side_mm
    corner_x, corner_y = view.detail_corner
    detail = view.detail.side_mm
    place = f'x="{corner_x:.2f}" y="{corner_y:.2f}" width="{detail:.2f}" height="{detail:.2f}"'
    square = f'<rect class="detail-square" {place}/>'
    label = f"{view.plane} {role_in_words(view.role)}, overview with the lesion's outline"
    return _framed(view.overview, label, _letters(view, side) + square)


def detail_svg(view: View) -> str:
    """The lesion with outline, orientation letters and a scale bar; its user units are mm."""
    side = view.detail.side_mm
    label = f"{view.plane} {role_in_words(view.role)}, the lesion with its outline"
    return _framed(view.detail, label, _letters(view, side) + _scale_bar(side))


def outline_path(picture: Picture) -> str:
    """The lesion's border as the `d` of an SVG path, mm from the picture's upper left corner."""
    parts = []
    for line in picture.outlines:
        points = " ".join(f"{x:.2f},{y:.2f}" for x, y in line)
        parts.append(f"M{points}Z")
    return "".join(parts)


def bar_svg(contribution: float, largest: float) -> str:
    """One bar of the contributions: to the right for the positive class, to the left against it."""
    length = 100.0 * abs(contribution) / largest if largest > 0 else 0.0
    start = 0.0 if contribution >= 0 else -length
    kind = "for" if contribution >= 0 else "against"
    return (
        '<svg class="bar" viewBox="-104 0 208 20" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="{kind}" x="{start:.2f}" y="3" width="{length:.2f}" height="14"/>'
        '<line class="axis" x1="0" x2="0" y1="0" y2="20"/></svg>'
    )


def nomogram_svg(result: dict[str, Any]) -> str:
    """The nomogram with this lesion's values marked: points above, an axis a feature, total points, probability."""
    rows = sorted(result["contributions"], key=lambda entry: -max(entry["nomogram_range"]))
    total_rows = len(rows) + 3
    height = NOMOGRAM_ROW * total_rows + 4
    label = "Nomogram with the values of this lesion"
    parts = [f'<svg class="nomogram" viewBox="0 0 1000 {height:.0f}" role="img" aria-label="{label}">', _points_axis(0)]
    for index, entry in enumerate(rows, start=1):
        parts.append(_feature_axis(entry, index))
    parts.append(_total_axes(result, rows, len(rows) + 1))
    parts.append("</svg>")
    return "".join(parts)


def _framed(picture: Picture, label: str, above: str) -> str:
    side = f"{picture.side_mm:.2f}"
    return (
        f'<svg class="slice" viewBox="0 0 {side} {side}" role="img" aria-label="{escape(label)}">'
        f'<image width="{side}" height="{side}" preserveAspectRatio="none" href="{png_data_uri(picture.pixels)}"/>'
        f'<path class="outline-shade" d="{outline_path(picture)}"/>'
        f'<path class="outline" d="{outline_path(picture)}"/>{above}</svg>'
    )


def _letters(view: View, side: float) -> str:
    left, right, top, bottom = view.letters
    size, gap, middle = 0.055 * side, 0.045 * side, side / 2
    places = [(gap, middle, left), (side - gap, middle, right), (middle, gap, top), (middle, side - gap, bottom)]
    style = f'class="letter" font-size="{size:.2f}" stroke-width="{0.16 * size:.2f}"'
    return "".join(f'<text {style} x="{x:.2f}" y="{y:.2f}">{letter}</text>' for x, y, letter in places)


def _scale_bar(side: float) -> str:
    length = max((mm for mm in SCALE_BARS_MM if mm <= SCALE_BAR_SHARE * side), default=SCALE_BARS_MM[0])
    x, y, size = 0.05 * side, 0.95 * side, 0.045 * side
    line = f"M{x:.2f},{y - 0.015 * side:.2f}V{y:.2f}H{x + length:.2f}V{y - 0.015 * side:.2f}"
    style = f'class="scale-text" font-size="{size:.2f}" stroke-width="{0.16 * size:.2f}"'
    return (
        f'<path class="scale-bar-shade" d="{line}"/><path class="scale-bar" d="{line}"/>'
        f'<text {style} x="{x + length / 2:.2f}" y="{y - 0.03 * side:.2f}">{length} mm</text>'
    )


def _x(points: float) -> float:
    return NOMOGRAM_LEFT + NOMOGRAM_WIDTH * points / 100.0


def _axis(row: int, label: str, below: str, start: float, end: float) -> str:
    """An axis with its name and a note in as many lines as they need, centred on it."""
    y = NOMOGRAM_ROW * row + 30
    lines = [("axis-label", line) for line in textwrap.wrap(label, NAME_LETTERS)]
    lines += [("axis-note", line) for line in textwrap.wrap(below, NOTE_LETTERS)]
    first = y + 5 - LINE_HEIGHT * (len(lines) - 1) / 2
    texts = [
        f'<text class="{kind}" x="0" y="{first + LINE_HEIGHT * place:.1f}">{escape(line)}</text>'
        for place, (kind, line) in enumerate(lines)
    ]
    return "".join(texts) + f'<line class="axis" x1="{start:.1f}" x2="{end:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _tick(x: float, row: int, label: str) -> str:
    y = NOMOGRAM_ROW * row + 30
    return (
        f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 5:.1f}" y2="{y:.1f}"/>'
        f'<text class="tick" x="{x:.1f}" y="{y + 16:.1f}">{label}</text>'
    )


def _marker(x: float, row: int, label: str) -> str:
    y = NOMOGRAM_ROW * row + 30
    inside = min(max(x, NOMOGRAM_LEFT), NOMOGRAM_LEFT + NOMOGRAM_WIDTH)
    kind = "marker" if inside == x else "marker beyond"
    return (
        f'<circle class="{kind}" cx="{inside:.1f}" cy="{y:.1f}" r="6"/>'
        f'<text class="marker-label" x="{inside:.1f}" y="{y - 11:.1f}">{label}</text>'
    )


def _points_axis(row: int) -> str:
    ticks = "".join(_tick(_x(points), row, str(points)) for points in range(0, 101, 10))
    return _axis(row, "Points", "", _x(0), _x(100)) + ticks


def _feature_axis(entry: dict[str, Any], row: int) -> str:
    """An axis from the lowest to the highest training value, at the points that they give."""
    plain, where = feature_in_words(entry["feature"])
    (low, high), (at_low, at_high) = entry["training_range"], entry["nomogram_range"]
    ends = _tick(_x(at_low), row, number(low))
    if abs(_x(at_high) - _x(at_low)) > MIN_LABEL_GAP:
        ends += _tick(_x(at_high), row, number(high))
    axis = _axis(row, plain, capitalized(where), _x(min(at_low, at_high)), _x(max(at_low, at_high)))
    return axis + ends + _marker(_x(entry["nomogram_points"]), row, number(entry["value"]))


def _total_axes(result: dict[str, Any], rows: list[dict[str, Any]], row: int) -> str:
    nomogram = result["nomogram"]
    most = sum(max(entry["nomogram_range"]) for entry in rows)
    if most <= 0 or nomogram["logit_per_point"] <= 0:
        return ""
    step = next(width for width in (5, 10, 20, 25, 50, 100, 200, 500, 1000) if most / width <= 12)
    top = step * math.ceil(most / step)

    def at(total: float) -> float:
        return NOMOGRAM_LEFT + NOMOGRAM_WIDTH * total / top

    parts = [_axis(row, "Total points", "", at(0), at(top))]
    parts += [_tick(at(total), row, str(total)) for total in range(0, top + 1, step)]
    parts.append(_marker(at(nomogram["total_points"]), row, fixed(nomogram["total_points"], 0)))
    shown: list[tuple[float, str]] = []
    for risk in RISKS:
        total = (math.log(risk / (1 - risk)) - nomogram["logit_at_zero_points"]) / nomogram["logit_per_point"]
        if 0 <= total <= top and all(abs(at(total) - x) > MIN_LABEL_GAP for x, _ in shown):
            shown.append((at(total), number(risk)))
    ends = (shown[0][0], shown[-1][0]) if shown else (at(0), at(top))
    parts.append(_axis(row + 1, "Probability", f"of {result['positive_class']}", *ends))
    parts += [_tick(x, row + 1, label) for x, label in shown]
    if result["probability"] is not None:
        parts.append(_marker(at(nomogram["total_points"]), row + 1, probability_in_words(result["probability"])))
    return "".join(parts)
