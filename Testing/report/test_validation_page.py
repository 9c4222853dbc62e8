"""The report of a validation: its figures hold the result's own numbers, and say what they are of."""

from __future__ import annotations

import copy
import csv
import dataclasses
import html
import re
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from scipy.special import logit

from learning.cohorts import for_recipe
from spinemets.errors import InputError
from spinemets.learning.external import ExternalValidation
from spinemets.learning.feature_table import FeatureTable, read_columns
from spinemets.learning.recipes import find_recipe
from spinemets.learning.results import ValidationResult
from spinemets.learning.validation import validate
from spinemets.report.validation_canvas import COLUMN_MM, Chart
from spinemets.report.validation_checklists import NOT_ANSWERED, Run, checklists
from spinemets.report.validation_estimates import Curve, Sample, curves_of, sample_of
from spinemets.report.validation_features import path_names
from spinemets.report.validation_nomogram import final_variables, nomogram_chart, nomogram_of
from spinemets.report.validation_page import (
    reference_measurements,
    validation_charts,
    write_external_report,
    write_validation_report,
)
from spinemets.report.validation_performance import alike_together, first_repeat_area, roc_band
from spinemets.statistics.learning_curve import learning_curve
from spinemets.statistics.nomogram import nomogram

NOMOGRAM, FOREST = "metastasis-vs-primary/nomogram", "myeloma-vs-metastasis/radiomics"
SIGNATURE = "metastasis-vs-primary/signature"
EVERY_FIGURE = {
    "flow", "roc", "calibration", "decision-curve", "confusion", "permutation", "lasso-path", "features",
    "correlations", "nomogram", "learning-curve",
}  # fmt: skip


@lru_cache
def run(
    name: str = NOMOGRAM, permutations: int = 0, ending: str = "", features: int = 16
) -> tuple[FeatureTable, ValidationResult]:
    """A recipe on a simulated cohort, with what only costs time made small; features' names have an ending."""
    content = copy.deepcopy(find_recipe(name).with_profile("practical").content)
    content["validation"] = {"folds": 4, "repeats": 2 if permutations else 1}
    for step in content["steps"]:
        if "trees" in step:
            step["trees"] = 20
    table = for_recipe(content, 3, 1.0, features=features, positive=24, negative=36)
    names = (f"{one}{ending}" if of else one for one, of in zip(table.names, table.of_image))
    table = dataclasses.replace(table, names=tuple(names))
    return table, validate(table, content, 5, permutations=permutations)[1]


@lru_cache
def charts(name: str = NOMOGRAM) -> dict[str, Chart]:
    table, result = run(name)
    return {chart.name: chart for chart in validation_charts(result, table, simulated=True)}


def test_every_figure_is_there_and_the_same_twice_and_needs_nothing_else(tmp_path: Path):
    table, result = run(permutations=3)
    more = {
        "simulated": True,
        "references": {"MVR": np.where(np.arange(60) < 5, np.nan, table.values[:, 0])},
        "learning_curve": learning_curve(result.labels, table.values[:, :2], repetitions=5),
    }
    for folder in ("first", "second"):
        page = write_validation_report(result, tmp_path / folder, table, **more)
    names = {path.name for path in (tmp_path / "first").iterdir()}
    assert names == {"report.html"} | {f"{name}.{end}" for name in EVERY_FIGURE for end in ("svg", "csv")}
    for name in names:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name
    text = page.read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(?!data:)', text) and "<script" not in text
    assert text.count("<figure") == len(EVERY_FIGURE)
    with pytest.raises(InputError, match="not empty"):
        write_validation_report(result, tmp_path / "first", table)


def test_first_lines_tell_the_optimism():
    from spinemets.report.validation_page import _first_lines

    _, result = run()
    estimates = copy.deepcopy(result.estimates)
    estimates["cross_validated"]["auc"] |= {"estimate": 0.91, "interval": [0.8, 0.97]}
    estimates["nested"]["auc"] |= {"estimate": 0.56, "interval": [0.42, 0.69]}
    told = re.sub("<[^>]+>", "", _first_lines(dataclasses.replace(result, estimates=estimates)))
    assert told.startswith(
        "Nested AUC 0.56 (0.42–0.69). The procedure as published gives 0.91 (0.80–0.97): optimism +0.35"
    )
    assert "includes 0.5: an effect is not shown" in told


def test_simulated_cases_are_named_in_every_figure_and_only_there():
    table, result = run()
    plain = validation_charts(result, table)
    assert all("<!-- simulated cases -->" in chart.svg for chart in charts().values())
    assert not any("simulated" in chart.svg for chart in plain)
    assert all("<!-- n = 60 (24 metastasis, 36 primary) -->" in chart.svg for chart in plain)


def test_figures_have_the_width_of_a_column():
    for chart in charts().values():
        width = float(re.search(r'width="([\d.]+)pt"', chart.svg).group(1)) / 72 * 25.4
        assert width == pytest.approx(180 if chart.is_wide else COLUMN_MM, abs=0.01)


@pytest.mark.parametrize("name", [NOMOGRAM, FOREST, SIGNATURE, "osteoblastic-vs-osteolytic/radiomics"])
def test_no_text_of_a_figure_is_cut_off_or_lies_on_another(name: str, monkeypatch: pytest.MonkeyPatch):
    """With twenty names as long as those of filtered images are."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.text import Text

    table, result = run(name, ending="_RunLengthNonUniformityNormalized", features=40)
    drawn, texts, draw = [], set(), Text.draw
    # Labels of ticks beyond an axis are there, but not drawn.
    monkeypatch.setattr(Text, "draw", lambda text, *given: (texts.add(text), draw(text, *given))[1])
    monkeypatch.setattr(FigureCanvasSVG, "print_svg", lambda canvas, *_, **__: drawn.append(canvas.figure))
    mvr = {f"reference {n}": table.values[:, n] for n in range(6)}
    found = validation_charts(result, table, simulated=True, references=mvr)
    assert len(drawn) == len(found)
    for chart, figure in zip(found, drawn, strict=True):
        canvas = FigureCanvasAgg(figure)
        texts.clear()
        canvas.draw()
        boxes = {text: text.get_window_extent(canvas.get_renderer()) for text in texts if text.get_text().strip()}
        for text, box in boxes.items():
            what = f"{chart.name}: {text.get_text()!r}"
            assert box.x0 >= 0 and box.x1 <= figure.bbox.width + 0.5 and box.y0 >= 0, what
            if chart.name == "nomogram" and text.get_position()[0] < -0.3:
                assert box.x1 < figure.axes[0].transData.transform((0, 0))[0], f"{what} on its axis"
            for other, theirs in boxes.items():
                wide = min(box.x1, theirs.x1) - max(box.x0, theirs.x0)
                high = min(box.y1, theirs.y1) - max(box.y0, theirs.y0)
                assert text is other or wide < -1 or high < 2, f"{what} on {other.get_text()!r}"


def test_cases_of_the_same_probability_are_in_one_group():
    """A tree has few probabilities; parted by the order of the table, the points would say what is not so."""
    probabilities = np.repeat([0.1, 0.9, 0.5], [13, 9, 8])
    parts = alike_together(probabilities)
    assert [sorted(probabilities[part].tolist()) for part in parts] == [[0.1] * 13, [0.5] * 8, [0.9] * 9]
    spread = [len(part) for part in alike_together(np.linspace(0.1, 0.9, 53)[::-1])]
    assert len(spread) == 5 and sum(spread) == 53 and max(spread) - min(spread) <= 1
    assert len(alike_together(np.full(7, 0.3))) == 1


def test_both_words_of_a_short_axis_are_told():
    recipe = run()[1].recipe
    found = nomogram(["signal", "age"], [0.05, 1.0], [(0, 1), (20, 90)], 0.0, levels={"signal": np.array([0.0, 1.0])})
    sample = Sample(60, 24, 60, ("metastasis", "primary"), True)
    svg = nomogram_chart(found, "metastasis", sample, recipe).svg
    assert "<!-- uniform -->" in svg and "<!-- uneven -->" in svg


def test_curves_hold_the_numbers_of_the_result():
    _, result = run()
    roc, decision = charts()["roc"].columns, charts()["decision-curve"].columns
    for kind in ("nested", "cross_validated"):
        area = np.trapezoid(roc[f"{kind} sensitivity"][::-1], roc[f"{kind} false positive rate"][::-1])
        assert area == pytest.approx(result.estimates[kind]["pooled_auc"])
    at = int(np.flatnonzero(np.isclose(decision["threshold"], 0.25))[0])
    acted = result.nested >= 0.25
    wins, losses = np.sum(acted & (result.labels == 1)), np.sum(acted & (result.labels == 0))
    assert decision["nested"][at] == pytest.approx((wins - losses / 3) / 60)
    groups = charts()["calibration"].columns
    assert sum(groups["group n"]) == 60
    assert np.dot(groups["group n"], groups["group observed"]) == pytest.approx(24)
    assert np.dot(groups["group n"], groups["group predicted"]) == pytest.approx(result.nested.sum())
    rows = list(csv.DictReader(charts()["confusion"].csv().splitlines()))
    nested = [int(row["n"]) for row in rows if row["estimate"] == "nested"]
    assert sum(nested) == 60 and sum(nested[:2]) == 24
    assert (nested[0] + nested[3]) / 60 == pytest.approx(result.estimates["nested"]["accuracy"]["estimate"])


def test_band_counts_patients_and_not_their_lesions():
    """Each lesion twice adds nothing; a band over lesions would be narrower."""
    _, result = run()
    curve = curves_of(result)[0]
    twice = Curve("nested", np.tile(curve.labels, 2), np.tile(curve.probabilities, 2), curve.patients * 2, curve.entry)
    once = roc_band(curve, 4)
    for low, other in zip(once, roc_band(twice, 4)):
        assert low == pytest.approx(other, abs=1e-12)
    assert (once[0] <= once[1]).all() and float((once[1] - once[0]).mean()) > 0.1


def test_permutations_are_compared_with_what_was_measured_alike():
    _, result = run()
    assert first_repeat_area(result) == pytest.approx(result.estimates["nested"]["auc"]["estimate"])
    _, repeated = run(permutations=3)
    found = repeated.estimates["nested"]["permutation"]
    assert found["p"] == (1 + sum(area >= first_repeat_area(repeated) for area in found["auc"])) / 4


def test_nomogram_gives_the_probabilities_of_the_model():
    table, result = run()
    values, slopes, intercept = final_variables(result, table)
    assert list(values) == ["rad_score", "age", "signal", "boundaries"]
    odds = intercept + sum(slope * one for slope, one in zip(slopes, values.values()))
    assert odds == pytest.approx(logit(result.apparent), abs=1e-6)
    drawn = nomogram_of(result, table)
    patient = {name: float(one[7]) for name, one in values.items()}
    total = sum(drawn.points(patient).values())
    assert float(drawn.probability(total)) == pytest.approx(result.apparent[7], abs=1e-6)
    sample = sample_of(curves_of(result)[0], ("metastasis", "primary"), False)
    svg = nomogram_chart(drawn, "metastasis", sample, result.recipe, patient).svg
    assert "<!-- Age (years) -->" in svg and "<!-- Rad-score -->" in svg
    assert f"<!-- {total:.0f} -->" in svg and f"<!-- {result.apparent[7]:.2f} -->" in svg


def test_path_is_labelled_with_the_features_that_it_belongs_to():
    _, result = run()
    lasso, score = result.method["lasso"], result.method["scores"]["rad_score"]
    told = {entry["name"]: entry["standardised_coefficient"] for entry in score["features"]}
    names = path_names(result)
    assert {name for name in names if name} == set(told)
    for column, name in enumerate(names):
        if name:
            assert lasso["coefficients"][lasso["minimum"]][column] == pytest.approx(told[name], rel=1e-6)


def test_method_without_coefficients_is_reported_without_them():
    found = charts(FOREST)
    assert "nomogram" not in found and "lasso-path" not in found
    assert "no coefficients" in found["features"].caption
    columns, stability = found["features"].columns, run(FOREST)[1].stability["share_of_folds"]
    for name, share in zip(columns["name"], columns["share_of_folds"]):
        assert share == stability.get(name, 0.0)
    assert set(stability) <= set(columns["name"])


def test_correlations_leave_out_cases_without_the_measurement():
    table, result = run()
    mvr = table.values[:, 3] + np.arange(60) * 0.01
    mvr[[4, 9]] = np.nan
    chart = next(c for c in validation_charts(result, table, references={"MVR": mvr}) if c.name == "correlations")
    rows = [row for row in csv.DictReader(chart.csv().splitlines()) if row["a"] == "MVR"]
    assert len(rows) == len(result.method["features"])
    there = np.isfinite(mvr)
    for row in rows:
        values = table.values[there, table.names.index(row["b"])]
        assert float(row["r"]) == pytest.approx(np.corrcoef(mvr[there], values)[0, 1]) and row["n"] == "58"


def test_mvr_is_read_from_the_cohort_table(tmp_path: Path):
    table, _ = run()
    lines = ["case,label,mvr", *(f"p{n},1,{'' if n == 2 else 0.5 + n / 100}" for n in range(60))]
    path = tmp_path / "cohort.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    found = reference_measurements(dataclasses.replace(table, path=path))["MVR"]
    assert np.isnan(found[2]) and found[30] == 0.8
    path.write_text("\n".join(lines).replace("p5,1,0.55", "p5,1,dense"), encoding="utf-8")
    with pytest.raises(InputError, match="row 7, column mvr: is 'dense'"):
        reference_measurements(dataclasses.replace(table, path=path))
    path.write_text("\n".join(line.rpartition(",")[0] for line in lines), encoding="utf-8")
    assert reference_measurements(dataclasses.replace(table, path=path)) == {}


def test_checklists_are_whole_and_claim_only_what_the_run_has():
    table, result = run()
    lists = {one.name: one for one in checklists(Run(result, table, False))}
    assert [item.number for item in lists["CLEAR"].items] == [str(n) for n in range(1, 59)]
    assert [item.number for item in lists["METRICS"].items] == [str(n) for n in range(1, 31)]
    assert len(lists["TRIPOD+AI"].items) == 52 and lists["TRIPOD+AI"].items[-1].number == "27c"
    told = {item.number: item.answer for item in lists["CLEAR"].items}
    assert told["8"] is None and told["13"] is None and told["53"] is None  # ethics, data source, sharing of images
    assert "24 of the rarer class" in told["9"] and "19 candidate features" in told["27"]
    assert told["24"] == "Images original." and told["26"] == "Classes firstorder."
    assert "Age (years)" in told["17"] and "uniform = 0" in told["17"]
    assert "one reader: none was left out" in told["31"]
    assert {item.number: item.answer for item in lists["METRICS"].items}["27"] is None  # no external cases
    simulated = checklists(Run(result, table, True))[0]
    assert simulated.items[12].answer == "Simulated cases; no patient."
    page = html.unescape(_page_of(result, table))
    assert page.count(NOT_ANSWERED) == sum(len(one.items) - one.answered for one in lists.values())


def _page_of(result: ValidationResult, table: FeatureTable) -> str:
    from spinemets.report.validation_page import _checklist

    return "".join(_checklist(one) for one in checklists(Run(result, table, False)))


def test_new_cases_get_a_page_of_their_own(tmp_path: Path):
    table, result = run()
    entry = {key: value for key, value in result.estimates["nested"].items() if key != "pooled_auc"}
    found = ExternalValidation(
        model={"name": "mine", "sha256": "0" * 64},
        threshold=0.5,
        classes=("metastasis", "primary"),
        table=table,
        probabilities=result.nested,
        abstained=np.arange(60) < 2,
        estimate=entry,
        statistics={},
    )
    page = write_external_report(found, tmp_path / "new", simulated=True).read_text(encoding="utf-8")
    assert "2 cases are unlike those of the training" in page and page.count("<figure") == 4
    assert "<!-- New cases: AUC" in (tmp_path / "new" / "roc.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(("cell", "simulated"), [("true", True), ("false", False)])
def test_simulated_new_cases_are_known_as_such(tmp_path: Path, cell: str, simulated: bool):
    path = tmp_path / "new.csv"
    path.write_text(f"case,label,simulated,t1_a\na,1,{cell},0.5\nb,0,{cell},0.7\n", encoding="utf-8")
    assert read_columns(path, ["t1_a"], ("metastasis", "primary"), {}).simulated is simulated
