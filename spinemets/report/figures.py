"""The report's pictures of the lesion, and the bars of its table, as SVG text."""

from __future__ import annotations

import base64
import io
from html import escape

import numpy as np
from numpy.typing import NDArray

from spinemets.report.views import Picture, View
from spinemets.report.wording import capitalized, role_in_words

SCALE_BAR_SHARE = 0.3
SCALE_BARS_MM = (5, 10, 20, 30, 50, 100)


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
    square = f'<rect class="detail-square" fill="none" stroke="#ffffff" stroke-width="0.5" {place}/>'
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
    kind = "positive" if contribution >= 0 else "negative"
    return (
        '<svg class="bar" viewBox="-104 0 208 20" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="{kind}" x="{start:.2f}" y="3" width="{length:.2f}" height="14"/>'
        '<line class="axis" x1="0" x2="0" y1="0" y2="20"/></svg>'
    )


def _framed(picture: Picture, label: str, above: str) -> str:
    side = f"{picture.side_mm:.2f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="slice" viewBox="0 0 {side} {side}"'
        f' role="img" aria-label="{escape(label)}">'
        f'<image width="{side}" height="{side}" preserveAspectRatio="none" href="{png_data_uri(picture.pixels)}"/>'
        f'<path class="outline-shade" fill="none" stroke="#000000" stroke-opacity="0.45"'
        f' stroke-width="{0.014 * picture.side_mm:.2f}" d="{outline_path(picture)}"/>'
        f'<path class="outline" fill="none" stroke="#ffd84d" stroke-width="{0.007 * picture.side_mm:.2f}"'
        f' d="{outline_path(picture)}"/>{above}</svg>'
    )


def _letters(view: View, side: float) -> str:
    left, right, top, bottom = view.letters
    size, gap, middle = 0.055 * side, 0.045 * side, side / 2
    places = [(gap, middle, left), (side - gap, middle, right), (middle, gap, top), (middle, side - gap, bottom)]
    style = f'class="letter" fill="#ffffff" text-anchor="middle" font-size="{size:.2f}"'
    return "".join(f'<text {style} x="{x:.2f}" y="{y + 0.35 * size:.2f}">{letter}</text>' for x, y, letter in places)


def _scale_bar(side: float) -> str:
    length = max((mm for mm in SCALE_BARS_MM if mm <= SCALE_BAR_SHARE * side), default=SCALE_BARS_MM[0])
    x, y, size = 0.05 * side, 0.95 * side, 0.045 * side
    line = f"M{x:.2f},{y - 0.015 * side:.2f}V{y:.2f}H{x + length:.2f}V{y - 0.015 * side:.2f}"
    style = f'class="scale-text" fill="#ffffff" text-anchor="middle" font-size="{size:.2f}"'
    bar = f'fill="none" stroke="#ffffff" stroke-width="{0.006 * side:.2f}"'
    return (
        f'<path class="scale-bar-shade" fill="none" d="{line}"/><path class="scale-bar" {bar} d="{line}"/>'
        f'<text {style} x="{x + length / 2:.2f}" y="{y - 0.03 * side:.2f}">{length} mm</text>'
    )
