"""SVG elements with presentation attributes, so that a browser and Qt (SVG Tiny) draw the same figure.

A page may restyle them by their classes: a rule of CSS goes before a presentation attribute.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

# Width of a letter of a wide sans-serif type, of its size: what is thought to fit does so in any type.
LETTER_WIDTH, BOLD_LETTER_WIDTH = 0.6, 0.68
LARGEST_NOTE = 12.0
VIEW_BOX = re.compile(r'viewBox="([^"]+)"')


@dataclass(frozen=True)
class Palette:
    """Colours of a figure. `positive` and `negative` are the classes, the soft ones their side of a scale."""

    ink: str
    quiet: str
    line: str
    paper: str
    positive: str
    negative: str
    positive_soft: str
    negative_soft: str


LIGHT = Palette("#1b2226", "#5b666d", "#c9d0d2", "#ffffff", "#b4501e", "#1f6f8b", "#f6e3d8", "#dbebf0")
DARK = Palette("#e7ecee", "#a9b4ba", "#4a555b", "#232323", "#ef9467", "#62b8d4", "#55301d", "#1b404c")


@dataclass(frozen=True)
class Style:
    """How figures are drawn: colours and the family of the type; empty: that of the page."""

    palette: Palette = LIGHT
    family: str = ""


PLAIN = Style()


def svg(kind: str, label: str, size: tuple[float, float], parts: list[str], style: Style = PLAIN) -> str:
    """A whole figure of `size` (width, height) in pixels; `label` is what a screen reader says."""
    family = f' font-family="{escape(style.family)}"' if style.family else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{kind}" viewBox="0 0 {size[0]:.0f} {size[1]:.0f}"'
        f' role="img" aria-label="{escape(label)}"{family}>{"".join(parts)}</svg>'
    )


def text(
    x: float,
    y: float,
    content: str,
    colour: str,
    size: float,
    kind: str = "",
    anchor: str = "start",
    bold: bool = False,
) -> str:
    """A line of text whose base line is at y; `anchor`: start, middle or end is at x. Nothing for an empty text."""
    if not content:
        return ""
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text{_class(kind)} x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size:g}" text-anchor="{anchor}"'
        f"{weight}>{escape(content)}</text>"
    )


def line(x1: float, x2: float, y1: float, y2: float, colour: str, kind: str = "axis", width: float = 1.2) -> str:
    """A straight line."""
    return (
        f'<line{_class(kind)} x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}"'
        f' stroke="{colour}" stroke-width="{width:g}"/>'
    )


def rectangle(x: float, y: float, width: float, height: float, colour: str, kind: str = "", radius: float = 0) -> str:
    """A filled rectangle."""
    rounded = f' rx="{radius:g}"' if radius else ""
    return (
        f'<rect{_class(kind)} x="{x:.2f}" y="{y:.2f}" width="{max(width, 0):.2f}" height="{height:.2f}"'
        f'{rounded} fill="{colour}"/>'
    )


def circle(x: float, y: float, radius: float, fill: str, stroke: str, kind: str = "") -> str:
    """A filled circle with a border of 2 pixels."""
    return (
        f'<circle{_class(kind)} cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}" stroke="{stroke}"'
        ' stroke-width="2"/>'
    )


def text_width(content: str, size: float, bold: bool = False) -> float:
    """About how wide a line of text is, in pixels."""
    return len(content) * size * (BOLD_LETTER_WIDTH if bold else LETTER_WIDTH)


def with_note(figure: str, note: str) -> str:
    """A whole figure with a line of text below it; its user units may be any."""
    found = VIEW_BOX.search(figure)
    assert found is not None, "the figure has no viewBox"
    x, y, width, height = map(float, found[1].split())
    size = min(width / (LETTER_WIDTH * len(note) + 1), LARGEST_NOTE)
    below = text(x, y + height + 1.2 * size, note, LIGHT.quiet, round(size, 2), "note")
    box = f'viewBox="{x:g} {y:g} {width:g} {height + 1.8 * size:g}"'
    return VIEW_BOX.sub(box, figure, count=1).removesuffix("</svg>") + below + "</svg>"


def shortened(content: str, width: float, size: float, bold: bool = False) -> str:
    """As much of the text as fits, with an ellipsis when something is left out."""
    letters = int(width / (size * (BOLD_LETTER_WIDTH if bold else LETTER_WIDTH)))
    return content if len(content) <= letters else content[: max(letters - 1, 1)].rstrip() + "…"


def shortened_name(name: str, width: float, size: float) -> str:
    """As much of a bold name as fits; an explanation in brackets at its end goes first."""
    if text_width(name, size, bold=True) > width and name.endswith(")"):
        name = name.rpartition(" (")[0] or name
    return shortened(name, width, size, bold=True)


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
