"""The hot spot's numbers and the maps' features of a cohort: the right frames, seconds and voxels, or a reason."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from features.dynamic_case import (
    EARLY_PEAK,
    EARLY_VALUES,
    HOT_PLACE,
    HOT_RADIUS,
    LATE_PEAK,
    LATE_VALUES,
    TIMES,
    hot_curve_series,
    in_lesion,
    lesion_mask,
    world_points,
    write_dynamic_cohort,
)
from spinemets.cli.app import run
from spinemets.dce.maps import parametric_maps
from spinemets.dce.series import dynamic_series
from spinemets.dce.wanted import HotSpotInput, Kinetics, parse_place
from spinemets.errors import InputError
from spinemets.features.cohorts import Extraction, Outcome, extract_cohort
from spinemets.features.dynamic import kinetic_findings
from spinemets.features.extraction import extract, settings_of
from spinemets.features.runners import local_runner
from spinemets.geometry.carrying import carry_mask
from spinemets.geometry.grids import set_frame_times
from spinemets.learning.recipes import find_recipe
from spinemets.studies.cohort import Cohort

HOT_SPOT = Extraction(("dce",), None, kinetics=Kinetics())


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def measured(table: Path, records: Path, extraction: Extraction = HOT_SPOT) -> list[Outcome]:
    return extract_cohort(Cohort.read(table), extraction, records, local_runner(1))


def timed(curve: tuple[int, ...] = EARLY_PEAK, times: tuple[float, ...] = TIMES) -> sitk.Image:
    series = hot_curve_series(curve)
    set_frame_times(series, times)
    return series


def test_extract_writes_the_numbers_worked_out_on_paper(tmp_path: Path) -> None:
    """A frame too early or late, minutes for seconds, or a mask laid on by index would each give other numbers."""
    table = write_dynamic_cohort(tmp_path / "in", (EARLY_PEAK, LATE_PEAK))
    out = tmp_path / "features.csv"
    command = ["extract", str(table), "--recipe", "lung-vs-other/hotspot-tree", "--out", str(out), "--workers", "1"]
    assert run([*command, "--progress", "none"]) == 0
    found = rows(out)
    assert list(found[0]) == ["case", "lesion", "reader", "label", "wash_in", "max_se", "wash_out"]
    for row, expected in zip(found, (EARLY_VALUES, LATE_VALUES), strict=True):
        assert {name: float(row[name]) for name in expected} == pytest.approx(expected, rel=1e-9)
    assert [row["status"] for row in rows(tmp_path / "features.status.csv")] == ["done", "done"]


def test_the_hot_spot_lies_where_it_was_put() -> None:
    series = timed()
    findings = kinetic_findings(series, carry_mask(lesion_mask(), series), Kinetics())
    assert np.linalg.norm(np.array(findings.spot.centre) - HOT_PLACE) < HOT_RADIUS
    told = findings.as_json()
    assert told["found_by"] == "rules" and told["times_s"] == list(TIMES) and told["signal"] == list(EARLY_PEAK)
    assert told["moments"]["s1"] == {"signal": 320.0, "time_s": 25.0}
    assert told["moments"]["slast"] == {"signal": 560.0, "time_s": 135.0}


def test_a_reader_s_place_and_time_of_injection_count(tmp_path: Path) -> None:
    table = write_dynamic_cohort(tmp_path / "in", (EARLY_PEAK, EARLY_PEAK))
    weak = "7 -20 42"  # in the lesion, far from the ball that enhances most
    lines = table.read_text().splitlines()
    table.write_text("\n".join([f"{lines[0]},hot_spot,injection_s", f"{lines[1]},{weak},", f"{lines[2]},,-40"]) + "\n")
    first, second = measured(table, tmp_path / "records")
    assert first.features == pytest.approx({"wash_in": 0.2, "max_se": 0.42, "wash_out": -100 * 4 / 284})
    # Injected 40 s before the first frame, the peak comes 90 s after: the wash-out begins at 27 s of the frames.
    at = 320 + 2 / 12 * 200
    assert second.features == pytest.approx({**EARLY_VALUES, "wash_out": 100 * (560 - at) / at})


def test_frames_before_contrast_count_as_told(tmp_path: Path) -> None:
    given = HotSpotInput.of_columns({"baseline_frames": 2.0})
    series = timed()
    findings = kinetic_findings(series, carry_mask(lesion_mask(), series), Kinetics(), given=given)
    before = (EARLY_PEAK[0] + EARLY_PEAK[1]) / 2
    assert findings.as_json()["moments"]["s0"]["signal"] == pytest.approx(before)
    assert findings.features["max_se"] == pytest.approx((max(EARLY_PEAK) - before) / before)
    assert HotSpotInput.of_columns(given.as_columns()) == given
    for wrong in (0, 1.5, "two"):
        with pytest.raises(InputError, match="baseline_frames"):
            HotSpotInput.of_columns({"baseline_frames": wrong})


def test_maps_between_the_hot_spot_s_frames_have_33_features_each(tmp_path: Path) -> None:
    table, out = write_dynamic_cohort(tmp_path / "in", (LATE_PEAK,)), tmp_path / "features.csv"
    command = ["extract", str(table), "--recipe", "lung-vs-other/radiomics", "--out", str(out), "--workers", "1"]
    assert run([*command, "--progress", "none"]) == 0
    found = {name: float(value) for name, value in rows(out)[0].items() if name.startswith("dce_")}
    assert len(found) == 99
    series = dynamic_series(timed(LATE_PEAK))
    lesion = carry_mask(lesion_mask(), series.image)
    course = kinetic_findings(series.image, lesion, Kinetics()).spot.course
    settings = settings_of(**find_recipe("lung-vs-other/radiomics").content["extraction"])
    for name, image in parametric_maps(series, course).maps.items():
        for feature, value in extract(image, lesion, settings).items():
            assert found[f"dce_{name}_{feature}"] == pytest.approx(value, rel=1e-12), feature
    # In the hot ball the map is 50/530, round it 100 (280 - 282.83)/282.83: both are in the lesion's deciles.
    assert found["dce_wash_out_original_histogram_90Percentile"] == pytest.approx(LATE_VALUES["wash_out"], rel=1e-5)
    at = 282 + 5 / 12 * 2
    assert found["dce_wash_out_original_histogram_10Percentile"] == pytest.approx(100 * (280 - at) / at, rel=1e-5)


def test_what_cannot_be_measured_says_why_and_ends_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    table = write_dynamic_cohort(folder, (EARLY_PEAK,) * 6)
    still = sitk.Extract(hot_curve_series(), [36, 34, 16, 0], [0, 0, 0, 0])
    sitk.WriteImage(still, str(folder / "series_1.nrrd"))
    dark = sitk.GetArrayFromImage(hot_curve_series())
    inside = in_lesion(world_points(still))
    dark[0][inside] = 0
    image = sitk.GetImageFromArray(dark, isVector=False)
    image.CopyInformation(hot_curve_series())
    sitk.WriteImage(image, str(folder / "series_2.nrrd"))
    (folder / "minutes.txt").write_text("\n".join(f"{time / 60}" for time in TIMES))
    (folder / "few.txt").write_text("0 12 24")
    lines = table.read_text().splitlines()
    lines[4] = lines[4].replace("seconds.txt", "minutes.txt")
    lines[5] = lines[5].replace("seconds.txt", "few.txt")
    lines[6] = lines[6].replace("seconds.txt", "")
    table.write_text("\n".join(lines) + "\n")
    outcomes = measured(table, tmp_path / "records")
    assert [each.status for each in outcomes] == ["done", *["failed"] * 5]
    reasons = [each.reason for each in outcomes]
    assert "is one image, not a dynamic series" in reasons[1]
    assert "no signal before contrast" in reasons[2]
    assert "lasts 2.25 s by its times" in reasons[3]
    assert "holds 3 times for 12 frames" in reasons[4]
    assert "does not say when its frames were taken" in reasons[5]


def test_other_times_or_another_place_are_measured_again(tmp_path: Path) -> None:
    table, records = write_dynamic_cohort(tmp_path / "in", (LATE_PEAK,)), tmp_path / "records"
    first = measured(table, records)[0]
    assert measured(table, records)[0].status == "reused"
    (tmp_path / "in" / "seconds.txt").write_text("\n".join(f"{1.1 * time}" for time in TIMES))
    second = measured(table, records)[0]
    assert second.status == "done" and second.features != first.features
    assert measured(table, records, replace(HOT_SPOT, kinetics=Kinetics(maps=False, hot_spot=True)))[0].features
    # A file beside the series, which is found without being named, counts as well.
    beside = tmp_path / "in" / "cohort-2.csv"
    beside.write_text("case,dce,mask\np0,series_0.nrrd,lesion.nrrd\n")
    (tmp_path / "in" / "series_0_times.txt").write_text("\n".join(map(str, TIMES)))
    assert measured(beside, records)[0].features == pytest.approx(LATE_VALUES)
    (tmp_path / "in" / "series_0_times.txt").write_text("\n".join(f"{1.1 * time}" for time in TIMES))
    assert measured(beside, records)[0].features == second.features


def test_what_a_reader_should_know_of_a_case_is_in_its_status(tmp_path: Path) -> None:
    times = (*TIMES[:6], 90.0, *(time + 28 for time in TIMES[7:]))
    table = write_dynamic_cohort(tmp_path / "in", (EARLY_PEAK,), times)
    records = tmp_path / "records"
    for status in ("done", "reused"):
        outcome = measured(table, records)[0]
        assert outcome.status == status and "a frame may be missing" in outcome.reason


def test_a_table_that_has_the_numbers_already_is_refused(tmp_path: Path) -> None:
    table = write_dynamic_cohort(tmp_path / "in", (EARLY_PEAK,))
    lines = table.read_text().splitlines()
    table.write_text(f"{lines[0]},wash_in\n{lines[1]},1.2\n")
    with pytest.raises(InputError, match="has a column wash_in, which is measured"):
        measured(table, tmp_path / "records")


@pytest.mark.parametrize("text", ["1 2", "1,2,x", "", "1 2 nan"])
def test_a_place_is_three_numbers(text: str) -> None:
    with pytest.raises(InputError, match="is not a point"):
        parse_place(text)
    assert parse_place("-1.5, 2;3") == (-1.5, 2.0, 3.0)
    assert HotSpotInput.of_columns({}) == HotSpotInput()
    for given in (HotSpotInput(), HotSpotInput((-1.5, 2.0, 3.25)), HotSpotInput(None, -4.5)):
        assert HotSpotInput.of_columns(given.as_columns()) == given
