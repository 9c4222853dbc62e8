"""The flow of cases: from the table's rows to the folds and the final model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spinemets.report.validation_canvas import (
    BLUE,
    COLUMN_MM,
    INK,
    QUIET,
    SMALL_POINTS,
    VERMILLION,
    Chart,
    sheet,
    svg_of,
)
from spinemets.report.validation_estimates import Sample

if TYPE_CHECKING:
    from spinemets.learning.feature_table import FeatureTable
    from spinemets.learning.results import ValidationResult

LINE_MM, PADDING_MM, GAP_MM = 3.6, 1.8, 5.0


def flow_chart(result: ValidationResult, table: FeatureTable | None, sample: Sample) -> Chart:
    """Boxes from above to below: cases, classes, features, the two ways of validation, the model."""
    steps = flow_of(result, table)
    heights = [LINE_MM * max(len(box) for box in row) + 2 * PADDING_MM for row in steps]
    total = sum(heights) + GAP_MM * (len(steps) - 1) + 2
    with sheet(total + 5) as figure:
        axes = figure.add_subplot()
        axes.axis("off")
        axes.set(xlim=(0, COLUMN_MM), ylim=(-total, 0))
        y = -1.0
        above: list[float] = []
        for row, height in zip(steps, heights):
            width = (COLUMN_MM - 3) / len(row) - (2 if len(row) > 1 else 0)
            middles = [1.5 + (COLUMN_MM - 3) * (n + 0.5) / len(row) for n in range(len(row))]
            _arrows(axes, above, middles, y)
            for middle, box in zip(middles, row):
                _box(axes, middle, y, width, height, box)
            above, y = middles, y - height - GAP_MM
        svg = svg_of(figure, sample.short, sample.simulated)
    told = {"step": [], "text": []}  # type: dict[str, list[Any]]
    for number, row in enumerate(steps, 1):
        for box in row:
            told["step"].append(number)
            told["text"].append("; ".join(box))
    return Chart("flow", "Flow of cases", f"What went into the estimates. {sample}.", svg, told)


def flow_of(result: ValidationResult, table: FeatureTable | None) -> list[list[list[str]]]:
    """Rows of boxes of lines."""
    positive, negative = result.recipe["classes"]
    patients = len({name.split("/")[0] for name in result.case_names})
    ones, cases = int(np.sum(result.labels == 1)), len(result.labels)
    scheme, folds = result.recipe["validation"], len(result.records)
    second = [candidates(result, table)]
    if result.warnings:
        second.append("columns left out: see the warnings")
    icc = result.method.get("icc")
    if table is not None and table.ratings is not None and icc is not None:
        second.append(f"{table.ratings.shape[0]} lesions read by {table.ratings.shape[1]} readers, for the ICC")
    chosen = len(result.method["features"])
    split = f"{scheme['repeats']} \N{MULTIPLICATION SIGN} {scheme['folds']} folds by patient"
    return [
        [[f"{cases} lesions of {patients} patients", "rows with a missing or doubtful cell are refused, not left out"]],
        [[f"{ones} {positive}", "(positive)"], [f"{cases - ones} {negative}", "(negative)"]],
        [second],
        [
            ["As published", "features chosen once,", "on all cases;", split],
            ["Nested", "everything chosen anew", "in each training fold;", split, f"({folds} fits)"],
        ],
        [[f"Model of all cases: {chosen} feature{'s' if chosen != 1 else ''}"]],
    ]


def candidates(result: ValidationResult, table: FeatureTable | None) -> str:
    """How many features there were to choose from, and of which kinds where there are two."""
    told = f"{len(result.features)} candidate features"
    images = 0 if table is None else int(table.of_image.sum())
    if table is None or images in (0, len(table.names)):
        return told
    return f"{told}: {images} of images, {len(table.names) - images} clinical"


def _box(axes: Any, middle: float, top: float, width: float, height: float, lines: list[str]) -> None:
    from matplotlib.patches import Rectangle

    edge = {"Nested": BLUE, "As published": VERMILLION}.get(lines[0], INK)
    axes.add_patch(
        Rectangle((middle - width / 2, top - height), width, height, fill=False, edgecolor=edge, linewidth=0.8)
    )
    first = top - height / 2 + LINE_MM * (len(lines) - 1) / 2
    for number, line in enumerate(lines):
        axes.text(
            middle, first - LINE_MM * number, line, ha="center", va="center", fontsize=SMALL_POINTS,
            color=edge if not number else QUIET,
        )  # fmt: skip


def _arrows(axes: Any, above: list[float], below: list[float], y: float) -> None:
    """Straight down, or from one box to two, or from two to one."""
    if not above:
        return
    for number in range(max(len(above), len(below))):
        start, end = above[min(number, len(above) - 1)], below[min(number, len(below) - 1)]
        x = end if len(below) >= len(above) else start
        axes.annotate(
            "", (x, y), (x, y + GAP_MM), arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 0.7, "shrinkA": 0,
            "shrinkB": 0, "mutation_scale": 6},
        )  # fmt: skip
