"""`spinemets extract` as a user runs it."""

from __future__ import annotations

import csv
from pathlib import Path

from cli.command_line import spinemets
from features.cohort_data import make_cohort


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_a_cohort_and_again(tmp_path: Path):
    table = make_cohort(tmp_path / "in", 3)
    settings = tmp_path / "mine.yaml"
    settings.write_text("imageType: {Original: {}, Square: {}}\nfeatureClass: {firstorder: [Mean], glcm: [Contrast]}\n")
    out = tmp_path / "out" / "features.csv"
    command = ("extract", table, "--settings", settings, "--roles", "t1", "--out", out, "--workers", 1)
    done = spinemets(*command)
    assert done.returncode == 0, done.stderr
    assert "3 cases (0 as they were), 0 failed" in done.stdout
    names = list(rows(out)[0])
    assert names[:4] == ["case", "lesion", "reader", "label"]
    assert names[5:] == [
        f"t1_{image}_{feature}" for image in ("original", "square") for feature in ("firstorder_Mean", "glcm_Contrast")
    ]
    before = out.read_bytes()
    again = spinemets(
        "extract", table, "--settings", settings, "--roles", "t1", "--out", out, "--workers", 1, "--overwrite"
    )
    assert "3 cases (3 as they were)" in again.stdout
    assert out.read_bytes() == before


def test_a_recipe_and_a_case_that_fails(tmp_path: Path):
    table = make_cohort(tmp_path / "in", 2)
    recipe = "osteoblastic-vs-osteolytic/demonstration"
    refused = spinemets("extract", table, "--recipe", recipe, "--out", tmp_path / "f.csv")
    assert refused.returncode == 1
    assert "has no image in column fs_t2" in refused.stderr
    assert not (tmp_path / "f.csv").exists()
    assert {row["status"] for row in rows(tmp_path / "f.status.csv")} == {"failed"}
    (tmp_path / "in" / "mask_0.nrrd").write_text("no image")
    part = spinemets(
        "extract", table, "--recipe", recipe, "--roles", "t1", "--out", tmp_path / "f.csv", "--progress", "json"
    )
    assert part.returncode == 0, part.stderr
    assert "1 cases (0 as they were), 1 failed" in part.stdout
    assert '{"stage": "cases", "done": 2, "total": 2' in part.stdout
    assert [row["case"] for row in rows(tmp_path / "f.csv")] == ["p01"]


def test_robust_features_are_told(tmp_path: Path):
    """Volume of lesions of different size keeps its order when they are perturbed; a minimum of noise does not."""
    table = make_cohort(tmp_path / "in", 4)
    settings = tmp_path / "mine.yaml"
    settings.write_text("featureClass: {shape: [MeshVolume], firstorder: [Mean, Minimum]}\n")
    out = tmp_path / "f.csv"
    done = spinemets(
        "extract", table, "--settings", settings, "--roles", "t1", "--perturbations", 4, "--workers", 1, "--out", out
    )
    assert done.returncode == 0, done.stderr
    told = {row["feature"]: row for row in rows(tmp_path / "f.robustness.csv")}
    assert list(told) == [f"t1_original_{n}" for n in ("shape_MeshVolume", "firstorder_Mean", "firstorder_Minimum")]
    for row in told.values():
        assert float(row["lower"]) <= float(row["icc"]) <= float(row["upper"]) <= 1


def test_options_that_contradict(tmp_path: Path):
    table = make_cohort(tmp_path / "in", 1)
    for options in (("--set", "107", "--settings", "a.yaml"), ("--workers", 2, "--scheduler", "tcp://127.0.0.1:1")):
        done = spinemets("extract", table, *options, "--out", tmp_path / "f.csv")
        assert done.returncode == 2
        assert "exclude each other" in done.stderr
    assert spinemets("extract", table, "--set", "108", "--out", tmp_path / "f.csv").returncode == 1


def test_a_recipe_without_images_is_refused(tmp_path: Path):
    table = make_cohort(tmp_path / "in", 2)
    refused = spinemets(
        "extract", table, "--recipe", "osteoblastic-vs-osteolytic/semantic", "--out", tmp_path / "f.csv"
    )
    assert refused.returncode == 1
    assert "measures no images" in refused.stderr and "`train`" in refused.stderr
