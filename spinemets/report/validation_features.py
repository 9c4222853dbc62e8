"""Figures of what a method chose: LASSO path, coefficients and stability, correlations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spinemets.report.validation_canvas import (
    BLUE,
    COLUMN_MM,
    FAINT,
    INK,
    QUIET,
    SERIES_COLOURS,
    SMALL_POINTS,
    VERMILLION,
    Chart,
    points_for,
    sheet,
    svg_of,
)
from spinemets.report.validation_estimates import Sample, measured
from spinemets.report.wording import fixed
from spinemets.statistics.association import correlation

if TYPE_CHECKING:
    from spinemets.learning.feature_table import FeatureTable
    from spinemets.learning.results import ValidationResult

MOST_FEATURES, MOST_IN_KEY, MOST_IN_HEATMAP = 24, 6, 20
ROW_MM = 7.5
SIGNS = "Blue speaks for the positive class, orange against it. "
NO_SIGNS = "The model is not linear and has no coefficients. "
KEY_MM = 3.6
# Beside the names: the legend's lines and margins, the key's numbers and margins.
LEGEND_LINE_MM, KEY_NUMBER_MM = 13.0, 12.0
NAME_MARGINS_MM = 4.0
# Share of the axis that the name of a penalty takes.
LINE_NAME = 0.14


def lasso_chart(result: ValidationResult, sample: Sample) -> Chart | None:
    """Coefficients over the penalty, and the cross-validated error that chose it."""
    found = result.method.get("lasso")
    if not found or not found["columns"]:
        return None
    x, paths = np.log(found["penalties"]), np.asarray(found["coefficients"])
    error, spread = np.asarray(found["error"]), np.asarray(found["error_sd"])
    names = path_names(result)
    with sheet(118 + KEY_MM * min(len([n for n in names if n]), MOST_IN_KEY)) as figure:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.25, 1))
        _paths(above, x, paths, names)
        _numbers_on_top(above, x, paths)
        below.errorbar(
            x, error, spread, fmt="o", color=VERMILLION, ecolor=FAINT, markersize=1.6, elinewidth=0.6, linewidth=0
        )
        lowest = float((error + spread).max() - (error - spread).min())
        below.set_ylim((error - spread).min() - 0.05 * lowest, (error + spread).max() + 0.22 * lowest)
        for axes in (above, below):
            for position, style in ((found["minimum"], "--"), (found["one_se"], ":")):
                axes.axvline(x[position], color=INK, linewidth=0.7, linestyle=style)
        _penalty_names(below, x[found["minimum"]], x[found["one_se"]])
        above.set(ylabel="Coefficient (log odds per SD)")
        below.set(xlabel="log \N{GREEK SMALL LETTER LAMDA}", ylabel="Deviance a case (mean ± SE)")
        if any(names):
            handles, told = above.get_legend_handles_labels()
            size = points_for(told, COLUMN_MM - LEGEND_LINE_MM)
            figure.legend(handles, told, loc="outside lower left", ncols=1, fontsize=size)
        svg = svg_of(figure, sample.short, sample.simulated)
    columns: dict[str, Any] = {"lambda": found["penalties"], "error": error, "error_se": spread}
    columns["features"] = (paths != 0).sum(axis=1)
    for number, name in enumerate(names):
        columns[name or f"column {found['columns'][number]}"] = paths[:, number]
    at = [int(np.count_nonzero(paths[found[key]])) for key in ("minimum", "one_se")]
    caption = (
        f"LASSO path on all cases. Dashed: \N{GREEK SMALL LETTER LAMDA} of the least cross-validated error ({at[0]} "
        f"features); dotted: the largest within one standard error of it ({at[1]}). {sample}."
    )
    return Chart("lasso-path", "LASSO path", caption, svg, columns)


def path_names(result: ValidationResult) -> list[str]:
    """Names of the path's columns, where the coefficients at a chosen penalty tell which is which, else empty.

    The path numbers columns as the LASSO saw them, in the order of the table; so the chosen ones stand in the order of
    the chosen features, and their signs are the same.
    """
    found = result.method["lasso"]
    paths = np.asarray(found["coefficients"])
    forms = [*result.method.get("scores", {}).values(), result.method.get("linear")]
    names = [""] * paths.shape[1]
    for form in forms:
        for key in ("minimum", "one_se"):
            chosen = np.flatnonzero(paths[found[key]])
            told = form["features"] if form else ()
            signs = np.sign([entry["coefficient"] for entry in told])
            if len(chosen) and np.array_equal(np.sign(paths[found[key]][chosen]), signs):
                for column, entry in zip(chosen, told):
                    names[column] = entry["name"]
                return names
    return names


def _paths(axes: Any, x: NDArray[np.float64], paths: NDArray[np.float64], names: Sequence[str]) -> None:
    """The strongest named ones in colours of their own; those never chosen stay grey."""
    strong = sorted((n for n in range(len(names)) if names[n]), key=lambda n: -float(np.abs(paths[:, n]).max()))
    colours = dict(zip(strong[:MOST_IN_KEY], SERIES_COLOURS))
    for number in range(paths.shape[1]):
        if number not in colours:
            colour = QUIET if names[number] else FAINT
            axes.plot(x, paths[:, number], color=colour, linewidth=0.7)
    for number, colour in colours.items():
        axes.plot(x, paths[:, number], color=colour, label=names[number])
    axes.axhline(0, color=INK, linewidth=0.5)


def _numbers_on_top(axes: Any, x: NDArray[np.float64], paths: NDArray[np.float64]) -> None:
    """How many features are in, as glmnet writes it over its plot."""
    top = axes.secondary_xaxis("top")
    places = np.linspace(x.min(), x.max(), 6)
    inside = [int(np.count_nonzero(paths[int(np.argmin(np.abs(x - place)))])) for place in places]
    top.set_xticks(places, [str(number) for number in inside])
    top.set_xlabel("Features in the model (number)", fontsize=SMALL_POINTS)
    top.spines["top"].set_visible(False)
    top.tick_params(length=0)


def _penalty_names(axes: Any, minimum: float, one_se: float) -> None:
    """Names at the vertical lines, each on the side where the other is not; that of the lowest error on the right too
    where the axis is near."""
    height = 0.99
    transform = axes.get_xaxis_transform()
    lam = "\N{GREEK SMALL LETTER LAMDA}"
    low, high = axes.get_xlim()
    gap = 0.01 * (high - low)
    inside = minimum - low > LINE_NAME * (high - low) or one_se - minimum < LINE_NAME * (high - low)
    place, side = (minimum - gap, "right") if inside else (minimum + gap, "left")
    axes.text(place, height, f"{lam} min", transform=transform, ha=side, va="top", fontsize=SMALL_POINTS)
    axes.text(one_se + gap, height, f"{lam} 1 SE", transform=transform, ha="left", va="top", fontsize=SMALL_POINTS)


def chosen_features(result: ValidationResult) -> list[dict[str, Any]]:
    """Features of the model, then others that folds chose, each with coefficient, the same a SD, and share of folds."""
    share = result.stability["share_of_folds"]
    form = {entry["name"]: entry for entry in result.method.get("linear", {}).get("features", ())}
    own = sorted(result.method["features"], key=lambda name: (-share.get(name, 0.0), name))
    others = [name for name in share if name not in result.method["features"]]
    return [
        {
            "name": name,
            "chosen": name in result.method["features"],
            "coefficient": form.get(name, {}).get("coefficient"),
            "standardised_coefficient": form.get(name, {}).get("standardised_coefficient"),
            "share_of_folds": share.get(name, 0.0),
        }
        for name in [*own, *others]
    ]


def features_chart(result: ValidationResult, sample: Sample) -> Chart:
    """Coefficients a SD, and how often the folds chose each feature."""
    entries = chosen_features(result)
    shown = entries[:MOST_FEATURES]
    places = np.arange(len(shown))[::-1].astype(float)
    has_form = any(entry["standardised_coefficient"] is not None for entry in shown)
    with sheet(24 + ROW_MM * len(shown)) as figure:
        grid = figure.subplots(1, 2 if has_form else 1, sharey=True, squeeze=False)[0]
        share = 100 * np.array([entry["share_of_folds"] for entry in shown])
        colours = [BLUE if entry["chosen"] else FAINT for entry in shown]
        grid[-1].barh(places, share, 0.34, color=colours)
        for place, one in zip(places, share):
            inside = one > 85
            axes, colour = grid[-1], "white" if inside else QUIET
            side = "right" if inside else "left"
            axes.text(
                one + (-2 if inside else 2), place, f"{one:.0f}", ha=side, va="center", fontsize=5.5, color=colour
            )
        grid[-1].set(xlabel="Folds that chose it (%)", xlim=(0, 100))
        if has_form:
            slope = np.array([entry["standardised_coefficient"] or 0.0 for entry in shown])
            grid[0].barh(places, slope, 0.34, color=[BLUE if one > 0 else VERMILLION for one in slope])
            grid[0].vlines(np.zeros(len(shown)), places - 0.25, places + 0.25, color=INK, linewidth=0.6)
            grid[0].set(xlabel="Coefficient (log odds per SD)")
            grid[0].locator_params(axis="x", nbins=4)
        size = points_for((entry["name"] for entry in shown), COLUMN_MM - NAME_MARGINS_MM)
        for axes in grid:
            axes.xaxis.label.set_fontsize(SMALL_POINTS)
            axes.patch.set_visible(False)
            axes.set(yticks=[], ylim=(-0.5, len(shown) - 0.25))
            axes.spines["left"].set_visible(False)
        for place, entry in zip(places, shown):
            # A name may reach over both panels, which keep their widths.
            name = grid[0].text(
                0, place + 0.26, entry["name"], transform=grid[0].get_yaxis_transform(), fontsize=size,
                va="bottom", color=INK if entry["chosen"] else QUIET,
            )  # fmt: skip
            name.set_in_layout(False)
        svg = svg_of(figure, sample.short, sample.simulated)
    columns = {key: [entry[key] for entry in entries] for key in entries[0]} if entries else {}
    left_out = f" {len(entries) - len(shown)} more in the table." if len(entries) > len(shown) else ""
    index = result.stability["nogueira"]
    told = "not defined" if index is None else fixed(index, 2)
    caption = (
        f"Features of the model (dark) and others that folds chose (grey).{left_out} "
        f"{SIGNS if has_form else NO_SIGNS}"
        f"Nogueira's stability {told} (1: always the same choice; 0: as by chance), "
        f"{fixed(result.stability['mean_features'], 1)} features a fold on average, {len(result.records)} folds."
        f" {sample}."
    )
    return Chart("features", "Selected features", caption, svg, columns)


def correlation_chart(
    result: ValidationResult,
    table: FeatureTable,
    references: Mapping[str, NDArray[np.float64]],
    sample: Sample,
) -> Chart | None:
    """Pearson correlations of the chosen features with each other and with measurements such as the MVR.

    `references` : (case,) by name; nan where a case has none, and those cases are left out of its correlations.
    """
    chosen = [entry["name"] for entry in chosen_features(result) if entry["chosen"]][
        : MOST_IN_HEATMAP - len(references)
    ]
    values = {name: table.values[:, table.names.index(name)] for name in chosen} | dict(references)
    names = list(values)
    if len(names) < 2:
        return None
    columns: dict[str, list[Any]] = {"a": [], "b": [], "r": [], "low": [], "high": [], "p": [], "n": []}
    grid = np.eye(len(names))
    for row, first in enumerate(names):
        for column, second in enumerate(names[:row]):
            there = np.isfinite(values[first]) & np.isfinite(values[second])
            found, _ = measured(correlation, values[first][there], values[second][there])
            grid[row, column] = grid[column, row] = np.nan if found is None else found.estimate
            if found is not None:
                entries = (first, second, found.estimate, *found.interval, found.p, found.cases)
                for key, entry in zip(columns, entries):
                    columns[key].append(entry)
    with sheet(76 + KEY_MM * len(names)) as figure:
        upper, lower = figure.subplots(2, 1, height_ratios=(70, KEY_MM * len(names)))
        _heatmap(figure, upper, grid, len(chosen))
        lower.axis("off")
        lower.set(xlim=(0, 1), ylim=(len(names), 0))
        size = points_for(names, COLUMN_MM - KEY_NUMBER_MM)
        for number, name in enumerate(names, 1):
            # Left out of the layout, which would make the map small for a long name.
            for x, text, side in ((0.05, str(number), "right"), (0.07, name, "left")):
                lower.text(x, number - 0.5, text, ha=side, va="center", fontsize=size).set_in_layout(False)
        svg = svg_of(figure, sample.short, sample.simulated)
    beside = f" with each other and with {', '.join(references)}" if references else ""
    caption = f"Pearson correlations of the model's features{beside}; intervals and p are in the CSV file. {sample}."
    return Chart("correlations", "Correlations", caption, svg, columns)


def _heatmap(figure: Any, axes: Any, grid: NDArray[np.float64], features: int) -> None:
    count = len(grid)
    image = axes.imshow(grid, cmap="RdBu_r", vmin=-1, vmax=1)
    axes.set(xticks=range(count), yticks=range(count))
    numbers = [str(number) for number in range(1, count + 1)]
    size = SMALL_POINTS if count <= 12 else 5.5
    axes.set_xticklabels(numbers, fontsize=size)
    axes.set_yticklabels(numbers, fontsize=size)
    axes.tick_params(length=0)
    if count <= 8:
        for row in range(count):
            for column in range(count):
                value = grid[row, column]
                text = "" if np.isnan(value) else fixed(value, 2)
                colour = "white" if abs(value) > 0.6 else INK
                axes.text(column, row, text, ha="center", va="center", fontsize=5.5 if count > 6 else 6.5, color=colour)
    if features < count:
        for line in (axes.axhline, axes.axvline):
            line(features - 0.5, color=INK, linewidth=1)
    figure.colorbar(image, ax=axes, label="Pearson's r", shrink=0.9)
