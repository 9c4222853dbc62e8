"""The report of a validation: one HTML page that needs nothing else, and each figure as SVG and CSV beside it."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import spinemets
from spinemets.errors import InputError
from spinemets.outputs import replacing_folder
from spinemets.report.validation_canvas import Chart
from spinemets.report.validation_checklists import NOT_ANSWERED, Checklist, Run, checklists
from spinemets.report.validation_estimates import (
    WORDS,
    auc_in_words,
    classes_of,
    curve_of_new_cases,
    curves_of,
    measured,
    optimism_of,
    sample_of,
)
from spinemets.report.validation_features import chosen_features, correlation_chart, features_chart, lasso_chart
from spinemets.report.validation_flow import flow_chart
from spinemets.report.validation_nomogram import final_variables, nomogram_chart, nomogram_of
from spinemets.report.validation_performance import (
    calibration_chart,
    confusion_chart,
    decision_chart,
    learning_curve_chart,
    permutation_chart,
    roc_chart,
)
from spinemets.report.wording import PAGE_FILES, estimate_in_words, feature_in_words, fixed, question_in_words, signed
from spinemets.statistics.learning_curve import LearningCurve
from spinemets.statistics.optimism import BootstrapValidation, bootstrap_validation
from spinemets.studies.cohort import Cohort

if TYPE_CHECKING:
    from spinemets.learning.external import ExternalValidation
    from spinemets.learning.feature_table import FeatureTable
    from spinemets.learning.results import ValidationResult

REPORT = "report.html"
BOOTSTRAPS = 1000
MVR = "mvr"
MEASURES = (("auc", "AUC"), ("accuracy", "Accuracy"), ("sensitivity", "Sensitivity"), ("specificity", "Specificity"),
            ("ppv", "PPV"), ("npv", "NPV"))  # fmt: skip
STYLE = """
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(340px, 1fr)); gap: 26px 30px; }
.charts figure { margin: 0; }
.charts figure.wide { grid-column: 1 / -1; }
.charts img { width: 100%; max-width: 425px; background: #ffffff; display: block; padding: 4px; border-radius: 4px; }
.charts .wide img { max-width: 900px; }
.charts figcaption { font-size: 13.5px; margin-top: 8px; color: var(--quiet); overflow-wrap: anywhere; }
.charts figcaption strong { color: var(--ink); display: block; }
.lead { font-size: 19px; line-height: 1.4; }
td.no { color: var(--quiet); }
.checklist td:first-child { width: 7%; } .checklist td:nth-child(2) { width: 33%; }
"""


def write_validation_report(
    result: ValidationResult,
    folder: str | os.PathLike[str],
    table: FeatureTable | None = None,
    *,
    simulated: bool = False,
    references: Mapping[str, NDArray[np.float64]] | None = None,
    learning_curve: LearningCurve | None = None,
    overwrite: bool = False,
) -> Path:
    """Write report.html and the figures of a validation into `folder`, and give the page's path.

    Parameters
    ----------
    table : that the method learned from; nomogram, bias-corrected calibration and correlations need it.
    simulated : the cases are simulated, which the page and every figure then say.
    references : (case,) measurements that the features are correlated with, such as `MVR`; nan where there is none.

    Raises
    ------
    InputError : matplotlib is missing, or `folder` cannot be written.
    """
    charts = validation_charts(
        result,
        table,
        simulated=simulated,
        references=references,
        learning_curve=learning_curve,
    )
    page = _page(
        f"Validation: {result.recipe['title']}",
        [
            _heading(result.recipe["title"], result.recipe["question"]),
            _simulated(simulated),
            _first_lines(result),
            _warnings(result.warnings),
            _estimates(result.estimates),
            _figures(charts),
            _features(result),
            *(_checklist(one) for one in checklists(Run(result, table, simulated))),
        ],
        f"seed {result.seed}",
    )
    return _write(page, charts, Path(folder), overwrite)


def write_external_report(
    result: ExternalValidation,
    folder: str | os.PathLike[str],
    *,
    simulated: bool = False,
    overwrite: bool = False,
) -> Path:
    """The same of a model on new cases: ROC curve, calibration, decision curve, confusion table.

    Raises
    ------
    InputError : matplotlib is missing, or `folder` cannot be written.
    """
    curve = curve_of_new_cases(result)
    sample = sample_of(curve, result.classes, simulated)
    charts = [
        roc_chart([curve], sample, 0),
        calibration_chart([curve], None, sample),
        decision_chart([curve], sample),
        confusion_chart([curve], result.classes, sample),
    ]
    name = result.model["name"]
    abstained = int(result.abstained.sum())
    lead = f"AUC on new cases {auc_in_words(result.estimate)}; {abstained} cases are unlike those of the training."
    page = _page(
        f"Validation: {name}",
        [
            _heading(f"Model {name} on new cases", f"{result.classes[0]}-vs-{result.classes[1]}"),
            _simulated(simulated),
            f'<section><p class="lead">{escape(lead)}</p><p class="small quiet">{escape(str(sample))}</p></section>',
            _estimates({"external": result.estimate}),
            _figures(charts),
        ],
        f"model {result.model['sha256'][:16]}",
    )
    return _write(page, charts, Path(folder), overwrite)


def validation_charts(
    result: ValidationResult,
    table: FeatureTable | None = None,
    *,
    simulated: bool = False,
    references: Mapping[str, NDArray[np.float64]] | None = None,
    learning_curve: LearningCurve | None = None,
) -> list[Chart]:
    """All figures that the result allows, in the page's order."""
    curves, classes = curves_of(result), classes_of(result)
    sample = sample_of(curves[0], classes, simulated)
    found: list[Chart | None] = [
        flow_chart(result, table, sample),
        roc_chart(curves, sample, result.seed),
        calibration_chart(curves, _bias_corrected(result, table), sample),
        decision_chart(curves, sample),
        confusion_chart(curves, classes, sample),
        permutation_chart(result, sample),
        lasso_chart(result, sample),
        features_chart(result, sample) if result.stability["share_of_folds"] else None,
    ]
    if table is not None:
        found.append(correlation_chart(result, table, references or {}, sample))
        drawn = nomogram_of(result, table)
        found.append(None if drawn is None else nomogram_chart(drawn, classes[0], sample, result.recipe))
    if learning_curve is not None:
        found.append(learning_curve_chart(learning_curve, sample))
    return [chart for chart in found if chart is not None]


def reference_measurements(table: FeatureTable) -> dict[str, NDArray[np.float64]]:
    """The MVR (case,) of the lesions, from the column `mvr` of the cohort table, if it has one; nan where it is empty.

    Raises
    ------
    InputError : a cell that is neither empty nor a number.
    """
    by_row = {case.row: case for case in Cohort.read(table.path).cases}
    cells = [by_row[row].clinical.get(MVR) for row in table.rows]
    for row, cell in zip(table.rows, cells):
        if isinstance(cell, str):
            raise InputError(
                f"{table.path}, row {row}, column {MVR}", f"is {cell!r}", "give a number, or leave it empty"
            )
    values = np.array([np.nan if cell is None else cell for cell in cells], np.float64)
    return {MVR.upper(): values} if np.isfinite(values).any() else {}


def _bias_corrected(result: ValidationResult, table: FeatureTable | None) -> BootstrapValidation | None:
    """As rms calibrates: of the final logistic regression without penalty, its variables as they were chosen."""
    last = result.recipe["steps"][-1]
    if table is None or last["step"] != "logistic" or last.get("ridge", 0) != 0 or result.recipe.get("balance"):
        return None
    found = final_variables(result, table)
    if found is None:
        return None
    values = np.column_stack(list(found[0].values()))
    names = list(found[0])
    fit, _ = measured(bootstrap_validation, result.labels, values, names, repetitions=BOOTSTRAPS, seed=result.seed)
    return fit


def _write(page: str, charts: Sequence[Chart], folder: Path, overwrite: bool) -> Path:
    with replacing_folder(folder, overwrite) as partial:
        (partial / REPORT).write_text(page, encoding="utf-8")
        for chart in charts:
            (partial / f"{chart.name}.svg").write_text(chart.svg, encoding="utf-8")
            (partial / f"{chart.name}.csv").write_text(chart.csv(), encoding="utf-8")
    return folder / REPORT


def _page(title: str, parts: Sequence[str], told: str) -> str:
    template = Template((PAGE_FILES / "page.html").read_text(encoding="utf-8"))
    css = (PAGE_FILES / "page.css").read_text(encoding="utf-8") + STYLE
    footer = f"SpineMets {spinemets.__version__} · {told} · Research use only."
    return template.substitute(title=escape(title), css=css, body="\n".join(parts), footer=escape(footer))


def _heading(title: str, question: str) -> str:
    return (
        f'<header><div class="above">Validation report · {escape(question_in_words(question))}</div>'
        f"<h1>{escape(title)}</h1></header>"
    )


def _simulated(simulated: bool) -> str:
    if not simulated:
        return ""
    return (
        '<section class="notice simulated"><h2>Simulated cases</h2><p>No patient is behind these numbers. They show '
        "how the method works, not what it is worth.</p></section>"
    )


def _first_lines(result: ValidationResult) -> str:
    """What is believed, what would have been published, and the difference."""
    published, nested = result.estimates["cross_validated"], result.estimates["nested"]
    optimism = optimism_of(result)
    low, high = nested["auc"]["interval"]
    doubt = " The nested interval includes 0.5: an effect is not shown." if low <= 0.5 <= high else ""
    sample = sample_of(curves_of(result)[0], classes_of(result), False)
    return (
        f'<section class="lead-section"><p class="lead"><strong>Nested AUC {escape(auc_in_words(nested))}.</strong> '
        f"The procedure as published gives {escape(auc_in_words(published))}: optimism "
        f"<strong>{escape(signed(optimism, 2))}</strong> (published minus nested).{doubt}</p>"
        f'<p class="small quiet">{escape(str(sample))}. As published: features are chosen on all cases, and '
        "only the fit is cross-validated. Nested: everything that looks at a label happens inside the training folds."
        "</p></section>"
    )


def _warnings(warnings: Sequence[str]) -> str:
    if not warnings:
        return ""
    told = "".join(f"<li>{escape(warning)}</li>" for warning in warnings)
    return f'<section class="notice warning"><h2>Warnings</h2><ul>{told}</ul></section>'


def _estimates(estimates: Mapping[str, Mapping[str, Any]]) -> str:
    head = "".join(f'<th class="number">{label}</th>' for _, label in MEASURES)
    rows = []
    for kind, (title, told) in WORDS.items():
        if kind not in estimates:
            continue
        entry = estimates[kind]
        cells = "".join(f'<td class="number">{escape(_measure(entry.get(key)))}</td>' for key, _ in MEASURES)
        rows.append(f'<tr><td>{title}<span class="quiet">{escape(told)}</span></td>{cells}</tr>')
    return (
        f"<section><h2>Estimates</h2><table><thead><tr><th>Estimate</th>{head}</tr></thead>"
        f'<tbody>{"".join(rows)}</tbody></table><p class="small quiet after">With 95 % intervals: AUC by score '
        "(Newcombe), others by Wilson.</p></section>"
    )


def _measure(entry: Mapping[str, Any] | None) -> str:
    if entry is None:
        return "–"
    return estimate_in_words(dict(entry)) if "interval" in entry else fixed(entry["estimate"], 2)


def _figures(charts: Sequence[Chart]) -> str:
    parts = []
    for chart in charts:
        source = base64.b64encode(chart.svg.encode("utf-8")).decode("ascii")
        wide = ' class="wide"' if chart.is_wide else ""
        parts.append(
            f'<figure{wide}><img alt="{escape(chart.title)}" src="data:image/svg+xml;base64,{source}">'
            f"<figcaption><strong>{escape(chart.title)}</strong> {escape(chart.caption)}</figcaption></figure>"
        )
    return f'<section><h2>Figures</h2><div class="charts">{"".join(parts)}</div></section>'


def _features(result: ValidationResult) -> str:
    rows = []
    for entry in chosen_features(result):
        plain, where = feature_in_words(entry["name"])
        words = "" if plain == entry["name"] else f'<span class="quiet">{escape(f"{plain}, {where}")}</span>'
        slope, standardised = entry["coefficient"], entry["standardised_coefficient"]
        cells = [
            "yes" if entry["chosen"] else "no",
            "–" if slope is None else f"{slope:.4g}".replace("-", "\N{MINUS SIGN}"),
            "–" if standardised is None else signed(standardised, 3),
            f"{100 * entry['share_of_folds']:.0f} %",
        ]
        told = "".join(f'<td class="number">{cell}</td>' for cell in cells)
        rows.append(f"<tr><td><code>{escape(entry['name'])}</code>{words}</td>{told}</tr>")
    head = "".join(
        f'<th class="number">{label}</th>' for label in ("In the model", "Coefficient", "per SD", "Share of folds")
    )
    return (
        f"<section><h2>Features</h2><details><summary>{len(rows)} features that the model or a fold chose</summary>"
        f"<table><thead><tr><th>Feature</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></details></section>"
    )


def _checklist(found: Checklist) -> str:
    rows = "".join(
        f"<tr><td>{escape(item.number)}</td><td>{escape(item.title)}</td>"
        f'<td class="{"told" if item.answer else "no"}">{escape(item.answer or NOT_ANSWERED)}</td></tr>'
        for item in found.items
    )
    summary = f"{found.answered} of {len(found.items)} items: what the run says"
    head = "<th>Item</th><th>Title</th><th>What the run says</th>"
    return (
        f"<section><h2>{escape(found.name)}</h2><details><summary>{summary}</summary>"
        f'<p class="small quiet">{escape(found.source)}. Whether an answer suffices, a reader judges.</p>'
        f'<table class="checklist"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></details></section>'
    )
