"""Figures of how well probabilities tell the classes apart and how far they can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spinemets.learning.performance import auc_within
from spinemets.report.validation_canvas import (
    BLUE,
    COLUMN_MM,
    FAINT,
    GREEN,
    INK,
    QUIET,
    SMALL_POINTS,
    VERMILLION,
    Chart,
    legend_below,
    sheet,
    svg_of,
)
from spinemets.report.validation_estimates import Curve, Sample, auc_in_words, measured, p_in_words
from spinemets.report.wording import fixed
from spinemets.statistics.calibration import calibration, calibration_curve, hosmer_lemeshow
from spinemets.statistics.decision_curve import decision_curve
from spinemets.statistics.learning_curve import LearningCurve
from spinemets.statistics.proportions import proportion
from spinemets.statistics.roc import roc_curve

if TYPE_CHECKING:
    from spinemets.learning.results import ValidationResult
    from spinemets.statistics.optimism import BootstrapValidation

Array = NDArray[np.float64]
RESAMPLES = 500
GRID = np.linspace(0, 1, 101)
GROUPS = 5
# Share of a row from which on a cell is too dark for dark type.
DARK = 0.75


def roc_chart(curves: Sequence[Curve], sample: Sample, seed: int) -> Chart:
    """ROC curves of all estimates; the first with a pointwise 95 % band over bootstrap samples of patients."""
    columns: dict[str, Any] = {}
    low, high = roc_band(curves[0], seed)
    with sheet(96) as figure:
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8, zorder=0)
        axes.fill_between(GRID, low, high, color=BLUE, alpha=0.15, linewidth=0)
        for curve in curves:
            found = roc_curve(curve.labels, curve.probabilities)
            fall_out = 1 - found.specificity
            axes.plot(
                fall_out, found.sensitivity, label=f"{curve.title}: AUC {auc_in_words(curve.entry)}", **curve.look
            )
            columns[f"{curve.kind} false positive rate"] = fall_out
            columns[f"{curve.kind} sensitivity"] = found.sensitivity
        columns |= {"band false positive rate": GRID, "band low": low, "band high": high}
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
        axes.set(xlabel="False positive rate (1 \N{MINUS SIGN} specificity)", ylabel="True positive rate (sensitivity)")
        legend_below(figure, axes)
        svg = svg_of(figure, sample.short, sample.simulated)
    pooled = curves[0].entry.get("pooled_auc")
    within = (
        f" AUCs in the key count pairs of cases that were left out together; the area under the "
        f"{curves[0].title.lower()} curve itself is {fixed(pooled, 2)}."
        if pooled is not None
        else ""
    )
    caption = (
        f"AUC with 95 % score interval. Band: pointwise 95 % of {curves[0].title.lower()} over {RESAMPLES} "
        f"bootstrap samples of patients.{within} {sample}."
    )
    return Chart("roc", "ROC curves", caption, svg, columns)


def roc_band(curve: Curve, seed: int) -> tuple[Array, Array]:
    """2.5 and 97.5 % quantiles of the sensitivity (101,) at false positive rates 0 to 1, over samples of patients."""
    _, owner = np.unique(np.asarray(curve.patients), return_inverse=True)
    rows = [np.flatnonzero(owner == one) for one in range(int(owner.max()) + 1)]
    generator = np.random.default_rng(seed)
    found: list[Array] = []
    while len(found) < RESAMPLES:
        drawn = np.concatenate([rows[one] for one in generator.integers(0, len(rows), len(rows))])
        if 0 < curve.labels[drawn].sum() < len(drawn):
            roc = roc_curve(curve.labels[drawn], curve.probabilities[drawn])
            found.append(np.interp(GRID, (1 - roc.specificity)[::-1], roc.sensitivity[::-1]))
    low, high = np.quantile(found, [0.025, 0.975], axis=0)
    return low, high


def calibration_chart(curves: Sequence[Curve], corrected: BootstrapValidation | None, sample: Sample) -> Chart:
    """Share of positive cases at each probability: smooth curves, groups of cases, bias-corrected line."""
    first = curves[0]
    columns: dict[str, Any] = {}
    with sheet(104) as figure:
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8, zorder=0)
        for curve in curves:
            if curve.kind == "cross_validated":
                continue
            smooth, _ = measured(calibration_curve, curve.labels, curve.probabilities)
            if smooth is not None:
                inside = np.isfinite(smooth.observed)
                axes.plot(
                    smooth.predicted[inside], np.clip(smooth.observed[inside], 0, 1), label=curve.title, **curve.look
                )
                columns[f"{curve.kind} predicted"] = smooth.predicted[inside]
                columns[f"{curve.kind} observed"] = smooth.observed[inside]
        if corrected is not None:
            label = "Bias-corrected: apparent, refitted to bootstrap samples"
            axes.plot(corrected.predicted, np.clip(corrected.corrected, 0, 1), color=GREEN, linestyle="-.", label=label)
            columns |= {"bias-corrected predicted": corrected.predicted, "bias-corrected": corrected.corrected}
        columns |= _groups(axes, first)
        _rugs(axes, first)
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.09, 1.09), aspect="equal", yticks=np.arange(0, 1.1, 0.2))
        axes.set(xlabel="Predicted probability", ylabel="Observed share of positive cases")
        legend_below(figure, axes)
        svg = svg_of(figure, sample.short, sample.simulated)
    return Chart("calibration", "Calibration", _calibration_caption(first, corrected, sample), svg, columns)


def _groups(axes: Any, curve: Curve) -> dict[str, Any]:
    """Cases in groups of rising probability, their share of positive ones with Wilson's interval."""
    parts = alike_together(curve.probabilities)
    mean = np.array([curve.probabilities[part].mean() for part in parts])
    shares = [proportion(int(curve.labels[part].sum()), len(part)) for part in parts]
    share = np.array([one.estimate for one in shares])
    low, high = np.array([one.wilson for one in shares]).T
    sizes = [len(part) for part in parts]
    kind = "fifths" if len(parts) == GROUPS and max(sizes) - min(sizes) <= 1 else "groups"
    axes.errorbar(
        mean, share, yerr=[np.maximum(share - low, 0), np.maximum(high - share, 0)], fmt="o", color=BLUE, markersize=3,
        linewidth=0.7, capsize=1.5, label=f"{curve.title}, {kind} of the cases with 95 % interval",
    )  # fmt: skip
    counts = [one.total for one in shares]
    return {"group predicted": mean, "group observed": share, "group low": low, "group high": high, "group n": counts}


def alike_together(probabilities: Array) -> list[NDArray[np.intp]]:
    """Cases in groups of about a fifth by rising probability; those of the same one, as of a tree's leaf, are not
    parted, since which of them came first would be the table's order."""
    order = np.argsort(probabilities, kind="stable")
    ranked = probabilities[order]
    size = len(order) / GROUPS
    # Each case goes where the middle of those like it stands.
    first, last = np.searchsorted(ranked, ranked, "left"), np.searchsorted(ranked, ranked, "right")
    group = np.minimum((first + last) / 2 // size, GROUPS - 1)
    return [order[group == number] for number in np.unique(group)]


def _rugs(axes: Any, curve: Curve) -> None:
    """Where the cases are: positive above, negative below."""
    for code, place in ((1, 1.05), (0, -0.05)):
        values = curve.probabilities[curve.labels == code]
        axes.plot(values, np.full(len(values), place), "|", color=INK, markersize=4, markeredgewidth=0.5)


def _calibration_caption(curve: Curve, corrected: BootstrapValidation | None, sample: Sample) -> str:
    found, why = measured(calibration, curve.labels, curve.clipped)
    if found is None:
        told = f"Slope and intercept: {why}."
    else:
        told = (
            f"{curve.title}: slope {fixed(found.slope, 2)} (1 is right, less is too extreme), intercept "
            f"{fixed(found.intercept, 2)}, Brier score {fixed(found.brier, 3)}."
        )
    fit, _ = measured(hosmer_lemeshow, curve.labels, curve.clipped)
    test = "" if fit is None else f" Hosmer-Lemeshow {p_in_words(fit.p)}."
    more = (
        ""
        if corrected is None
        else f" Bias-corrected: the final model's variables as chosen, {corrected.repetitions} bootstrap samples"
        f" ({corrected.refused} without a fit); what the choice itself adds is in the nested line only."
    )
    return f"{told}{test}{more} Ticks: positive cases above, negative below. {sample}."


def decision_chart(curves: Sequence[Curve], sample: Sample) -> Chart:
    """Net benefit of acting on the probabilities, against acting on all or none."""
    found = {curve.kind: decision_curve(curve.labels, curve.probabilities) for curve in curves}
    first = found[curves[0].kind]
    columns: dict[str, Any] = {"threshold": first.thresholds}
    with sheet(84) as figure:
        axes = figure.add_subplot()
        for curve in curves:
            axes.plot(100 * first.thresholds, found[curve.kind].model, label=curve.title, **curve.look)
            columns[curve.kind] = found[curve.kind].model
        axes.plot(100 * first.thresholds, first.all, color=INK, linewidth=0.7, label="Act on all")
        axes.axhline(0, color=INK, linewidth=0.7, dashes=(6, 3), label="Act on none")
        columns["act on all"] = first.all
        top = max(float(one.model.max()) for one in found.values())
        axes.set(xlim=(0, 100), ylim=(-0.15 * max(top, 0.1), 1.1 * max(top, first.prevalence)))
        axes.set(xlabel="Threshold probability (%)", ylabel="Net benefit (true positives a case)")
        legend_below(figure, axes, 2)
        svg = svg_of(figure, sample.short, sample.simulated)
    caption = f"{curves[0].title}: {first}. {sample}."
    return Chart("decision-curve", "Decision curve", caption, svg, columns)


def confusion_chart(curves: Sequence[Curve], classes: tuple[str, str], sample: Sample) -> Chart:
    """Calls against the reference for each estimate."""
    columns: dict[str, list[Any]] = {"estimate": [], "reference": [], "called": [], "n": []}
    with sheet(24 + 34 * ((len(curves) + 1) // 2)) as figure:
        across = min(2, len(curves))
        grid = figure.subplots(-(-len(curves) // across), across, squeeze=False).ravel()
        for number, (axes, curve) in enumerate(zip(grid, curves)):
            tp, fn, fp, tn = curve.counts()
            counts = np.array([[tp, fn], [fp, tn]])
            axes.imshow(counts / counts.sum(axis=1, keepdims=True), cmap="Blues", vmin=0, vmax=1.4, aspect="auto")
            for row in range(2):
                for column in range(2):
                    text, share = (
                        f"{counts[row, column]} of {counts[row].sum()}",
                        counts[row, column] / counts[row].sum(),
                    )
                    colour = "white" if share > DARK else INK
                    axes.text(column, row, text, ha="center", va="center", fontsize=SMALL_POINTS, color=colour)
                    columns["estimate"].append(curve.kind)
                    columns["reference"].append(classes[row])
                    columns["called"].append(classes[column])
                    columns["n"].append(counts[row, column])
            axes.set(xticks=(0, 1), yticks=(0, 1), xticklabels=classes, title=curve.title)
            axes.set_yticklabels(classes if number % across == 0 else ("", ""), rotation=90, va="center")
            axes.tick_params(length=0)
        for axes in grid[len(curves) :]:
            axes.set_visible(False)
        figure.supxlabel("Called", fontsize=8)
        figure.supylabel("Reference", fontsize=8)
        svg = svg_of(figure, sample.short, sample.simulated)
    caption = f"Calls at the threshold of each fit against the reference; shade: share of the row. {sample}."
    return Chart("confusion", "Confusion tables", caption, svg, columns)


def permutation_chart(result: ValidationResult, sample: Sample) -> Chart | None:
    """Nested AUCs of shuffled labels, and that of the true ones over the same folds."""
    found = result.estimates["nested"].get("permutation")
    if not found:
        return None
    areas, own = np.asarray(found["auc"]), first_repeat_area(result)
    with sheet(66) as figure:
        axes = figure.add_subplot()
        edges = np.arange(np.floor(20 * min(areas.min(), own)) / 20, max(areas.max(), own) + 0.05, 0.025)
        axes.hist(areas, edges, color=FAINT, edgecolor="white", linewidth=0.4, label="Shuffled labels")
        axes.axvline(own, color=BLUE, label=f"True labels: {fixed(own, 2)}, {p_in_words(found['p'])}")
        axes.axvline(0.5, color=QUIET, linewidth=0.7, linestyle=":", label="0.5, no effect")
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.set(xlabel="Nested AUC (one repeat of the folds)", ylabel="Permutations (number)")
        legend_below(figure, axes)
        svg = svg_of(figure, sample.short, sample.simulated)
    fewest = 1 / (1 + len(areas))
    caption = (
        f"Nested AUC under {len(areas)} permutations of the labels by patient; the smallest p that so many can give is "
        f"{fewest:.3g}. {sample}."
    )
    return Chart("permutation", "Permutation test", caption, svg, {"auc of shuffled labels": areas, "own auc": [own]})


def first_repeat_area(result: ValidationResult) -> float:
    """AUC over pairs within the folds of the first repeat, as the permuted ones are measured."""
    scores = np.full((1, len(result.labels)), np.nan)
    for record in result.records:
        if record.repeat == 0:
            scores[0, result.folds[0] == record.fold] = record.probabilities
    return auc_within(result.labels, scores, result.folds[:1])


def learning_curve_chart(found: LearningCurve, sample: Sample) -> Chart:
    """AUC on unseen cases for growing cohorts."""
    with sheet(66, COLUMN_MM) as figure:
        axes = figure.add_subplot()
        axes.errorbar(
            found.sizes, found.estimate, found.standard_deviation, fmt="o", color=BLUE, markersize=3, linewidth=0.7,
            capsize=1.5, label=f"Mean and SD of {found.repetitions} repetitions",
        )  # fmt: skip
        if np.isfinite(found.limit):
            reach = np.linspace(found.sizes[0], 2 * found.sizes[-1], 100)
            axes.plot(reach, found.expected(reach), color=VERMILLION, linestyle="--", label="Inverse power law")
        axes.set(xlabel="Cases to learn from (number)", ylabel="AUC on the cases left out")
        legend_below(figure, axes)
        svg = svg_of(figure, sample.short, sample.simulated)
    columns = {"cases": found.sizes, "auc": found.estimate, "sd": found.standard_deviation, "fits": found.fits}
    return Chart("learning-curve", "Learning curve", f"{found}. {sample}.", svg, columns)
