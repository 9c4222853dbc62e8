"""The nomogram of a linear model as rms draws it: points, an axis a variable, total points, log odds, probability."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spinemets.report.validation_canvas import (
    INK,
    PAGE_MM,
    QUIET,
    SMALL_POINTS,
    TYPE_POINTS,
    VERMILLION,
    Chart,
    points_for,
    sheet,
    svg_of,
)
from spinemets.report.validation_estimates import Sample, measured
from spinemets.report.wording import capitalized, fixed, number
from spinemets.statistics.nomogram import Nomogram, nomogram

if TYPE_CHECKING:
    from spinemets.learning.feature_table import FeatureTable
    from spinemets.learning.results import ValidationResult

MOST_AXES, MOST_LEVELS = 20, 4
LETTER_SHARE = 0.0135
# Of a line of a name, and the room that it has before its axis and the label under that axis' end.
NAME_LETTERS, NAME_MM = 28, 39.0
ROW_MM = 9.5


def final_variables(
    result: ValidationResult, table: FeatureTable
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64], float] | None:
    """What the last logistic step adds up: variables (case,) by name, scores such as the Rad-score as one; their
    coefficients (variable,), and the intercept. None of a model that is not linear.
    """
    form = result.method.get("linear")
    if not form or not form["features"]:
        return None
    left = {entry["name"]: entry["coefficient"] for entry in form["features"]}
    values: dict[str, NDArray[np.float64]] = {}
    slopes: list[float] = []
    intercept = float(form["intercept"])
    for name, score in result.method.get("scores", {}).items():
        inside = {entry["name"]: entry["coefficient"] for entry in score["features"]}
        shared = [feature for feature in inside if feature in left]
        if not shared:
            continue
        # All coefficients of a score were multiplied by the same number, that of the score itself.
        slope = left[shared[0]] / inside[shared[0]]
        values[name] = score["intercept"] + sum(_column(table, one) * inside[one] for one in inside)
        slopes.append(slope)
        intercept -= slope * score["intercept"]
        left = {feature: value for feature, value in left.items() if feature not in inside}
    values |= {name: _column(table, name) for name in left}
    return values, np.array([*slopes, *left.values()]), intercept


def nomogram_of(result: ValidationResult, table: FeatureTable) -> Nomogram | None:
    """The nomogram of a linear model's variables; None where there are too many to draw, or none."""
    found = final_variables(result, table)
    if found is None or len(found[0]) > MOST_AXES:
        return None
    values, slopes, intercept = found
    levels = {name: np.unique(one) for name, one in values.items() if 1 < len(np.unique(one)) <= MOST_LEVELS}
    ranges = [(one.min(), one.max()) for one in values.values()]
    odds = intercept + sum(slope * one for slope, one in zip(slopes, values.values()))
    made, _ = measured(nomogram, list(values), slopes, ranges, intercept, levels=levels, linear_predictors=odds)
    return made


def nomogram_chart(
    found: Nomogram,
    positive: str,
    sample: Sample,
    recipe: Mapping[str, Any],
    patient: Mapping[str, float] | None = None,
) -> Chart:
    """The nomogram; names and words of clinical variables are those of the recipe. With `patient`, values by variable,
    their points are marked.
    """
    variables = {entry["name"]: entry for entry in recipe.get("variables", ())}
    marks = found.points(patient) if patient else {}
    top = float(found.total[-1])
    with sheet(8 + ROW_MM * (len(found.axes) + 4), PAGE_MM) as figure:
        axes = figure.add_subplot()
        axes.axis("off")
        row = 0
        _axis(axes, row, "Points", np.arange(0, 101, 10), np.arange(0, 101, 10) / 100, np.arange(0, 101, 5) / 100)
        for each in found.axes:
            row -= 1
            entry = variables.get(each.name, {})
            words = {float(value): word for word, value in entry.get("values", {}).items()}
            _axis(axes, row, _told(each.name, entry), each.values, each.points / 100, words=words)
            if each.name in marks:
                _mark(axes, row, marks[each.name] / 100, f"{fixed(marks[each.name], 0)} points")
        _axis(axes, row - 1, "Total points", found.total, found.total / top)
        _axis(axes, row - 2, "Linear predictor", found.linear_predictor, found.linear_predictor_points / top)
        _axis(axes, row - 3, f"Probability of {positive}", found.probabilities, found.probability_points / top)
        if marks:
            total = sum(marks.values())
            _mark(axes, row - 1, total / top, fixed(total, 0))
            _mark(axes, row - 3, total / top, f"{float(found.probability(total)):.2f}")
        axes.set(xlim=(-0.36, 1.03), ylim=(row - 3.6, 0.5))
        svg = svg_of(figure, sample.short, sample.simulated)
    columns: dict[str, Any] = {}
    for each in found.axes:
        columns |= {each.name: each.values, f"{each.name} points": each.points}
    columns |= {"probability": found.probabilities, "total points": found.probability_points}
    caption = (
        "Nomogram: read the points of each value on the uppermost axis, add them, and read the probability under the "
        f"total. Fitted to all cases; how far it can be believed, the nested estimate says. {sample}."
    )
    return Chart("nomogram", "Nomogram", caption, svg, columns, is_wide=True)


def _axis(axes: Any, row: int, name: str, values: Any, shares: Any, minor: Any = (), words: Any = None) -> None:
    """A name, a line from the first to the last tick, ticks, and as many of their labels as find room under it; words
    and the last value stand above it where they find none, since an axis cannot be read without them.
    """
    folded = _folded(name)
    size = points_for(folded.split("\n"), NAME_MM, SMALL_POINTS if "\n" in folded else TYPE_POINTS)
    axes.text(-0.36, row, folded, va="center", ha="left", fontsize=size, linespacing=1.05)
    if not len(shares):
        axes.text(0, row, "beyond the range of 0.05 to 0.95", va="center", color=QUIET, fontsize=SMALL_POINTS)
        return
    order = np.argsort(shares, kind="stable")
    axes.plot([shares[order[0]], shares[order[-1]]], [row, row], color=INK, linewidth=0.7)
    axes.vlines(minor, row - 0.07, row, color=INK, linewidth=0.5)
    axes.vlines(shares, row - 0.14, row, color=INK, linewidth=0.6)
    texts = {n: (words or {}).get(float(values[n]), number(float(values[n]))) for n in order}
    left = [int(n) for n in (order[0], order[-1], *order[1:-1])]  # the ends first: they say what range the axis has
    for place, side in ((row - 0.2, "top"), (row + 0.1, "bottom")):
        shown: list[int] = []
        for n in left:
            if all(abs(shares[n] - shares[m]) > _room(texts[n], texts[m]) for m in shown):
                axes.text(shares[n], place, texts[n], ha="center", va=side, fontsize=SMALL_POINTS)
                shown.append(n)
        left = [n for n in left if n not in shown and (words or n == order[-1])]


def _told(name: str, entry: Mapping[str, Any]) -> str:
    """What an axis is called: the recipe's words with the unit, or the name itself."""
    if not entry:
        return name.replace("rad_score", "Rad-score")
    told = capitalized(str(entry.get("description", name)))
    return f"{told} ({entry['unit']})" if "unit" in entry else told


def _folded(name: str) -> str:
    """In lines that end before the axis; a feature's name is parted after an underscore."""
    lines = [""]
    for part in re.findall(r"[^_ ]*[_ ]?", name):
        if len(lines[-1]) + len(part) > NAME_LETTERS and lines[-1]:
            lines.append("")
        lines[-1] += part
    return "\n".join(line.strip() for line in lines)


def _room(first: str, second: str) -> float:
    """Between the middles of two labels that do not touch."""
    return LETTER_SHARE * (len(first) + len(second) + 1) / 2


def _mark(axes: Any, row: int, share: float, text: str) -> None:
    axes.plot([share], [row], "o", color=VERMILLION, markersize=4, clip_on=False)
    axes.text(share, row + 0.14, text, ha="center", va="bottom", fontsize=SMALL_POINTS, color=VERMILLION)


def _column(table: FeatureTable, name: str) -> NDArray[np.float64]:
    return table.values[:, table.names.index(name)]
