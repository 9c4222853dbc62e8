"""The main job through the command line: a DICOM study in, a lesion, its features, a probability and a report out."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from pathlib import Path

import jsonschema
import pytest
import SimpleITK as sitk

from cli.command_line import DEMO_MODEL, spinemets
from spinemets.geometry.carrying import carry_mask
from spinemets.segmentation.overlap import dice


def schema(name: str) -> dict:
    return json.loads(spinemets("schema", name).stdout)


def lesion_of(study: Path, out: Path) -> dict:
    """Segment the study's dynamic series from its simulated outline; the command's own JSON."""
    dynamic = next(folder for folder in (study / "dicom").iterdir() if "dynamic" in folder.name)
    done = spinemets(
        *("segment", "--outline", study / "truth" / "outline_t2.nrrd", "--image", dynamic, "--out", out),
        *("--json", "--progress", "json"),
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(set(line) == {"stage", "done", "total", "message"} for line in lines[:-1])
    assert len(lines) > 3
    return lines[-1]


@pytest.fixture(scope="module")
def lesion(a_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("lesion") / "lesion.nrrd"
    lesion_of(a_study, out)
    return out


def test_demo(tmp_path: Path):
    out = tmp_path / "demo"
    done = spinemets("demo", "--out", out)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    report = Path(lines[-1])
    assert report == out / "result" / "report.html"
    assert "<html" in report.read_text(encoding="utf-8")
    overlap = re.search(r"Dice +([0-9.]+) with the simulated truth", done.stdout)
    assert overlap and float(overlap[1]) >= 0.85
    result = json.loads((out / "result" / "result.json").read_text(encoding="utf-8"))
    jsonschema.validate(result, schema("result"))
    truth = json.loads((out / "study" / "truth" / "truth.json").read_text(encoding="utf-8"))
    assert result["class"] == truth["lesion_type"] == "osteolytic"
    assert result["probability"] < result["threshold"]
    assert result["simulated"] is True
    assert "simulated" in lines[0] and "research use only" in lines[0]


def test_every_series_finds_its_role(a_study: Path):
    """The folder with the truth beside it is opened, as a user would; masks are no series."""
    study = json.loads(spinemets("inspect", a_study, "--json").stdout)
    jsonschema.validate(study, schema("inspect"))
    found = {(series["role"], series["plane"]) for series in study["series"]}
    assert found == {
        ("t1", "sagittal"),
        ("t2", "sagittal"),
        ("fs_t2", "sagittal"),
        ("dce", "axial"),
        ("ce_t1_sag", "sagittal"),
        ("ce_t1_cor", "coronal"),
        ("ce_t1_ax", "axial"),
    }
    assert study["warnings"] == []


def test_segmentation_is_right_and_the_same_again(a_study: Path, lesion: Path, tmp_path: Path):
    again = lesion_of(a_study, tmp_path / "again.nrrd")
    first, second = sitk.ReadImage(str(lesion)), sitk.ReadImage(str(tmp_path / "again.nrrd"))
    assert (sitk.GetArrayFromImage(first) == sitk.GetArrayFromImage(second)).all()
    truth = sitk.ReadImage(str(a_study / "truth" / "lesion_dce.nrrd"))
    assert dice(first, carry_mask(truth, first)) >= 0.85
    assert again["volume_ml"] > 1


@pytest.mark.parametrize("drawn_on", ["dce", "t2"])
def test_classify(a_study: Path, lesion: Path, tmp_path: Path, drawn_on: str):
    """The same lesion drawn on another series gives the same answer."""
    mask = lesion if drawn_on == "dce" else a_study / "truth" / "lesion_t2.nrrd"
    out = tmp_path / "result"
    done = spinemets(
        "classify", a_study, "--model", DEMO_MODEL, "--mask", mask, "--out", out, "--reader", "A", "--json"
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    jsonschema.validate(result, schema("result"))
    assert result == json.loads((out / "result.json").read_text(encoding="utf-8"))
    truth = json.loads((a_study / "truth" / "truth.json").read_text(encoding="utf-8"))
    assert result["class"] == truth["lesion_type"]
    assert result["provenance"]["mask"]["author"] == "A"
    assert {path.name for path in out.iterdir()} == {"result.json", "report.html", "lesion.nii.gz"}


def test_overwrite_replaces_results_and_nothing_else(a_study: Path, lesion: Path, tmp_path: Path):
    out = tmp_path / "result"
    out.mkdir()
    (out / "my notes.txt").write_text("do not lose me")
    command = ("classify", a_study, "--model", DEMO_MODEL, "--mask", lesion, "--out", out)
    refused = spinemets(*command)
    assert refused.returncode == 1
    assert [path.name for path in out.iterdir()] == ["my notes.txt"]
    assert spinemets(*command, "--overwrite").returncode == 0
    assert (out / "my notes.txt").read_text() == "do not lose me"
    assert (out / "report.html").exists()


def test_cohort_table_leads_to_its_cases(tmp_path: Path):
    folder = tmp_path / "cohort"
    done = spinemets("phantom", folder, "--cases", 2, "--format", "nifti", "--seed", 5)
    assert done.returncode == 0, done.stderr
    table = Path(done.stdout.strip())
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["label"] for row in rows) == ["0", "1"]
    mixed = spinemets("inspect", folder)
    assert mixed.returncode == 1 and "2 studies" in mixed.stderr
    out = tmp_path / "result"
    done = spinemets("classify", table, "--case", rows[1]["case"], "--model", DEMO_MODEL, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "trained on simulated cases" in done.stdout
    # Each series is measured under the mask that was drawn on it.
    inputs = json.loads((out / "result.json").read_text(encoding="utf-8"))["provenance"]["inputs"]
    masks = {role: sitk.GetArrayFromImage(sitk.ReadImage(str(folder / rows[1][f"mask_{role}"]))) for role in inputs}
    for role, record in inputs.items():
        assert record["mask_sha256"] == hashlib.sha256((masks[role] > 0).astype("uint8").tobytes()).hexdigest()
