"""How the figures of a validation look: as a journal prints them, the same file every time.

A column of 85 mm or a page of 180 mm, sans type of 8 points, colours of Okabe and Ito that colour-blind readers tell
apart, lines that differ in more than colour. Type is drawn as outlines, so that a figure looks alike everywhere.
"""

from __future__ import annotations

import csv
import importlib
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from spinemets.errors import InputError

COLUMN_MM, PAGE_MM = 85.0, 180.0
MM_PER_INCH, POINTS_PER_INCH = 25.4, 72.0
# Of a feature's name in type of one point; the families here differ little.
LETTER_WIDTH = 0.6
# The line at the head of every figure, and how far it stands from the edge.
HEAD_MM, MARGIN_MM = 4.5, 1.0
TYPE_POINTS, SMALL_POINTS = 8.0, 7.0
BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY = "#0072B2", "#D55E00", "#009E73", "#AA4499", "#E69F00", "#56B4E9"
INK, QUIET, FAINT = "#1b2226", "#5b666d", "#c9d0d2"
SERIES_COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
SIMULATED = "simulated cases"
FAMILIES = ("Arial", "Helvetica", "Liberation Sans", "DejaVu Sans")


@dataclass(frozen=True)
class Chart:
    """A figure: file name without suffix, title, what it shows, SVG, and its numbers, a sequence a column."""

    name: str
    title: str
    caption: str
    svg: str = field(repr=False)
    columns: Mapping[str, Any] = field(repr=False)
    is_wide: bool = False

    def csv(self) -> str:
        """The numbers as CSV, at full precision; shorter columns end in empty cells."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.columns)
        rows = max((len(column) for column in self.columns.values()), default=0)
        for row in range(rows):
            writer.writerow([_cell(column[row]) if row < len(column) else "" for column in self.columns.values()])
        return stream.getvalue()


def check_matplotlib() -> None:
    """Refuse at once, before long work, when figures could not be drawn at its end.

    Raises
    ------
    InputError : matplotlib is missing.
    """
    try:
        importlib.import_module("matplotlib.figure")
    except ImportError as error:
        remedy = "install it: pip install 'spinemets[train]'"
        raise InputError("the figures of a validation", "need matplotlib", remedy) from error


@contextmanager
def sheet(height_mm: float, width_mm: float = COLUMN_MM) -> Iterator[Any]:
    """An empty matplotlib figure; everything drawn in the block has the journal's type and lines.

    Raises
    ------
    InputError : matplotlib is missing.
    """
    check_matplotlib()
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_settings()):
        yield Figure(figsize=(width_mm / MM_PER_INCH, height_mm / MM_PER_INCH), layout="constrained")


def svg_of(figure: Any, sample: str, simulated: bool) -> str:
    """The figure as SVG, with the number of cases at its head; of simulated ones it says so itself, as it will be seen
    without its page.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    height = MM_PER_INCH * figure.get_figheight()
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - HEAD_MM / height))
    style = {"y": 1 - MARGIN_MM / height, "va": "top", "fontsize": SMALL_POINTS}
    figure.text(0.01, s=sample, ha="left", color=QUIET, **style)
    if simulated:
        figure.text(0.99, s=SIMULATED, ha="right", color=VERMILLION, style="italic", **style)
    stream = io.StringIO()
    FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def points_for(names: Iterable[str], width_mm: float, most: float = SMALL_POINTS) -> float:
    """The size of type, at most `most` points, at which the longest of the names is no wider than `width_mm`."""
    longest = max((len(name) for name in names), default=0)
    return min(most, width_mm / MM_PER_INCH * POINTS_PER_INCH / (LETTER_WIDTH * max(longest, 1)))


def legend_below(figure: Any, axes: Any, columns: int = 1) -> None:
    """The legend under the axes, where it hides no curve."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)


@lru_cache
def _family() -> str:
    from matplotlib.font_manager import fontManager

    there = {font.name for font in fontManager.ttflist}
    return next((family for family in FAMILIES if family in there), FAMILIES[-1])


def _settings() -> dict[str, Any]:
    return {
        "font.family": "sans-serif",
        "font.sans-serif": [_family()],
        "mathtext.default": "regular",
        "font.size": TYPE_POINTS,
        "axes.labelsize": TYPE_POINTS,
        "axes.titlesize": TYPE_POINTS,
        "xtick.labelsize": SMALL_POINTS,
        "ytick.labelsize": SMALL_POINTS,
        "legend.fontsize": SMALL_POINTS,
        "legend.frameon": False,
        "legend.handlelength": 2.4,
        "axes.linewidth": 0.6,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": True,
        "lines.linewidth": 1.2,
        "svg.fonttype": "path",
        "svg.hashsalt": "spinemets",
    }


def _cell(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    return repr(value) if isinstance(value, float) else value
