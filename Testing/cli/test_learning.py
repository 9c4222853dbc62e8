"""`train`, `validate`, `compare` and `agreement` as a user runs them: what they write, and what they refuse."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cli.command_line import ROOT, block, spinemets, write_image
from spinemets.cli.app import run
from spinemets.learning.feature_table import read_feature_table
from spinemets.learning.recipes import find_recipe
from spinemets.models.package import ModelPackage
from spinemets.models.prediction import predict

RECIPE = """
title: Two textures
question: osteoblastic-vs-osteolytic
classes: [osteoblastic, osteolytic]
roles: {t1: sagittal T1}
extraction: {feature_set: "107", mode: pyradiomics, bin_width: 25.0, bin_count: null, spacing: 1.0, normalize: roi,
  normalize_scale: 100.0}
crop_margin_mm: null
variables:
  - {name: age, description: age, unit: years}
  - {name: mass, description: soft-tissue mass, values: {"no": 0, "yes": 1}}
steps:
  - {step: standardise}
  - {step: univariate, test: anova, k: 4}
  - {step: logistic, ridge: 1.0}
threshold: {method: youden}
validation: {folds: 4, repeats: 2, bootstrap: 3}
resamples: 20
"""
FEATURES = [f"t1_original_firstorder_F{n}" for n in range(8)]
Rows = list[dict[str, object]]


def rows_of(seed: int, cases: int = 40, effect: float = 1.5) -> Rows:
    rng = np.random.default_rng(seed)
    rows: Rows = []
    for n in range(cases):
        positive = n % 2 == 0
        values = rng.normal(size=8)
        values[2] += effect * positive
        rows.append(
            {
                "case": f"p{n}",
                "lesion": "L1",
                "label": "osteoblastic" if positive else "osteolytic",
                "age": int(rng.integers(40, 80)),
                "mass": "yes" if rng.random() < 0.5 else "no",
                **dict(zip(FEATURES, values.tolist())),
            }
        )
    return rows


def write(rows: Rows, path: Path) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


@pytest.fixture
def model(tmp_path: Path, recipe: Path) -> Path:
    table = write(rows_of(1), tmp_path / "train.csv")
    out = tmp_path / "mine.spinemets"
    assert run(["train", str(table), "--recipe", str(recipe), "--out", str(out), "--workers", "1"]) == 0
    return out


def test_a_model_is_trained_and_its_package_predicts_the_same(tmp_path: Path, model: Path, recipe: Path):
    package = ModelPackage.read(model)
    assert "t1_original_firstorder_F2" in package.features and not package.simulated
    told = json.loads((tmp_path / "mine.validation.json").read_text(encoding="utf-8"))
    assert {"apparent", "cross_validated", "nested", "optimism_corrected"} == set(told["estimates"])
    assert package.model["performance"]["nested"]["auc"] == told["estimates"]["nested"]["auc"]
    assert 0.7 < told["estimates"]["nested"]["auc"]["estimate"] < 1.0
    # No name of a case goes into the package.
    assert "p17" not in json.dumps(package.model)
    table = read_feature_table(tmp_path / "train.csv", find_recipe(recipe).content)
    columns = [table.names.index(name) for name in package.features]
    found = [predict(package, dict(zip(package.features, row))) for row in table.values[:, columns]]
    # A case that abstains has no probability; those of the training are like themselves.
    assert [one.probability for one in found] == pytest.approx(told["apparent"], abs=1e-6)


def test_a_model_is_validated_on_new_cases_and_compared(tmp_path: Path, model: Path, capsys):
    new = write(rows_of(2, effect=1.5), tmp_path / "new.csv")
    out = tmp_path / "external"
    assert run(["validate", str(model), str(new), "--out", str(out)]) == 0
    told = json.loads((out / "validation.json").read_text(encoding="utf-8"))
    assert 0.7 < told["estimates"]["external"]["auc"]["estimate"] < 1
    assert told["statistics"]["auc"]["estimate"] == pytest.approx(told["estimates"]["external"]["auc"]["estimate"])
    assert len(told["statistics"]["decision_curve"]["thresholds"]) == 99
    assert -10 < told["statistics"]["calibration"]["slope"] < 10
    first = out / "predictions.csv"
    rows = list(csv.DictReader(first.open(encoding="utf-8")))
    assert [float(row["probability"]) for row in rows] == told["probabilities"]
    for row in rows:
        row["probability"] = str(1 - float(row["probability"]))
    second = write(rows, tmp_path / "other.csv")
    assert run(["compare", str(first), str(second), "--out", str(tmp_path / "delong.json")]) == 0
    found = json.loads((tmp_path / "delong.json").read_text(encoding="utf-8"))
    assert found["estimate"][0] == pytest.approx(1 - found["estimate"][1])
    assert found["p"] < 0.01
    capsys.readouterr()
    write(rows[:-1], tmp_path / "fewer.csv")
    assert run(["compare", str(first), str(new), "--out", str(tmp_path / "no.json")]) == 1
    assert f"{new}: has no column probability; give the predictions.csv" in capsys.readouterr().err
    arguments = ["compare", str(first), str(tmp_path / "fewer.csv"), "--out", str(tmp_path / "no.json")]
    assert run(arguments) == 1
    assert "has no case p39/L1" in capsys.readouterr().err
    assert run([*arguments, "--unpaired"]) == 0


def test_agreement_of_two_readings_is_that_of_the_formula(tmp_path: Path):
    """ICC(2,1) of the first two raters of Shrout and Fleiss' table, by McGraw and Wong's formula."""
    ratings = np.array([[9, 2], [6, 1], [8, 4], [7, 1], [10, 5], [6, 2]], float)
    paths = []
    for reader in range(2):
        rows: Rows = [
            {"case": f"p{n}", "t1_a": ratings[n, reader], "t1_same": ratings[n, 0], "word": "x"} for n in range(6)
        ]
        paths.append(write(rows, tmp_path / f"{reader}.csv"))
    out = tmp_path / "icc.csv"
    assert run(["agreement", str(paths[0]), str(paths[1]), "--out", str(out)]) == 0
    rows = {row["feature"]: row for row in csv.DictReader(out.open(encoding="utf-8"))}
    between, raters, error = 2 * ratings.mean(axis=1).var(ddof=1), 6 * ratings.mean(axis=0).var(ddof=1), 0.0
    left = ratings - ratings.mean(axis=1)[:, None] - ratings.mean(axis=0) + ratings.mean()
    error = float((left**2).sum() / 5)
    by_hand = (between - error) / (between + error + 2 * (raters - error) / 6)
    assert float(rows["t1_a"]["icc"]) == pytest.approx(by_hand)
    assert float(rows["t1_a"]["lower"]) < by_hand < float(rows["t1_a"]["upper"])
    assert float(rows["t1_same"]["icc"]) == pytest.approx(1.0)
    assert set(rows) == {"t1_a", "t1_same"}


def _cell(row: int, column: str, value: object) -> Callable[[Rows], Rows]:
    def change(rows: Rows) -> Rows:
        rows[row][column] = value
        return rows

    return change


def _column(column: str, value: object) -> Callable[[Rows], Rows]:
    return lambda rows: [{**row, column: value} for row in rows]


def _without(column: str) -> Callable[[Rows], Rows]:
    return lambda rows: [{key: value for key, value in row.items() if key != column} for row in rows]


def _separated(rows: Rows) -> Rows:
    return [{**row, "age": 70 if row["label"] == "osteoblastic" else 50 + n} for n, row in enumerate(rows)]


BAD_TABLES = {
    "constant": (_column("t1_original_firstorder_F4", 3.5), "column t1_original_firstorder_F4: is 3.5 in all 40 rows"),
    "missing variable": (_without("age"), "has no column age"),
    "missing images": (
        lambda rows: [{k: v for k, v in row.items() if not k.startswith("t1")} for row in rows],
        "has no feature of t1",
    ),
    "missing value": (
        _cell(4, "t1_original_firstorder_F3", ""),
        "row 6 (p4), column t1_original_firstorder_F3: is empty",
    ),
    "text in a number": (
        _cell(7, "t1_original_firstorder_F3", "1.2.3"),
        "row 9 (p7), column t1_original_firstorder_F3: is '1.2.3'",
    ),
    "decimal comma": (_cell(7, "t1_original_firstorder_F3", "3,7"), "is '3,7', which is not a number; write 3.7, or"),
    "no column label": (
        _without("label"),
        "bad.csv: has no column label with an entry; name each case osteoblastic or",
    ),
    "no number": (
        _cell(7, "t1_original_firstorder_F3", "nan"),
        "row 9 (p7), column t1_original_firstorder_F3: is 'nan'",
    ),
    "unknown word": (_cell(2, "mass", "perhaps"), "row 4 (p2), column mass: is 'perhaps', which is not one of no, yes"),
    "one class": (_column("label", "osteolytic"), "column label: has no osteoblastic"),
    "label in words": (_cell(5, "label", "blastic"), "row 7 (p5), column label: is 'blastic'"),
    "no label": (_cell(5, "label", ""), "row 7 (p5), column label: is empty"),
    "few patients": (lambda rows: rows[:6], "column label: has 3 patients of class osteoblastic for 4 folds"),
    "twice": (lambda rows: [*rows, rows[3]], "row 42: repeats row 5"),
    "twice under two names": (
        lambda rows: [*rows, {**rows[3], "case": "q3"}],
        "row 42 (q3): has the same image features as row 5 (p3)",
    ),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_bad_table_is_named_by_row_and_column_and_nothing_is_written(tmp_path: Path, recipe: Path, name: str, capsys):
    change, message = BAD_TABLES[name]
    table = write(change(rows_of(3)), tmp_path / "bad.csv")
    before = sorted(tmp_path.iterdir())
    out = tmp_path / "no.spinemets"
    assert run(["train", str(table), "--recipe", str(recipe), "--out", str(out), "--workers", "1"]) == 1
    told = capsys.readouterr().err
    assert message in told and str(table) in told
    assert told.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_separated_classes_are_told_with_the_column(tmp_path: Path, capsys):
    path = tmp_path / "mine.yaml"
    path.write_text(RECIPE.replace("ridge: 1.0", "ridge: 0"), encoding="utf-8")
    rows = _separated(rows_of(3))
    for n, row in enumerate(rows):
        row["age"] = 40 + n % 7 + (30 if row["label"] == "osteoblastic" else 0)
    table = write(rows, tmp_path / "bad.csv")
    out = tmp_path / "no.spinemets"
    assert run(["train", str(table), "--recipe", str(path), "--out", str(out), "--workers", "1"]) == 1
    assert "column age: separates the classes without fault" in capsys.readouterr().err
    assert not out.exists() and not (tmp_path / "no.validation.json").exists()


@pytest.mark.parametrize("command", ["train", "validate"])
def test_without_matplotlib_nothing_is_begun(tmp_path: Path, monkeypatch, capsys, command: str):
    """Told before the table is even opened, not after an hour of folds."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    out = tmp_path / "out" / "m.spinemets"
    absent = str(tmp_path / "absent.csv")
    first = ["train", absent, "--recipe", "metastasis-vs-primary/clinical"] if command == "train" else [
        "validate", "absent.spinemets", absent
    ]  # fmt: skip
    assert run([*first, "--out", str(out), "--progress", "none"]) == 1
    assert "need matplotlib; install it: pip install 'spinemets[train]'" in capsys.readouterr().err
    assert not out.exists()


def test_a_constant_column_can_be_left_out(tmp_path: Path, recipe: Path, capsys):
    table = write(_column("t1_original_firstorder_F4", 3.5)(rows_of(3)), tmp_path / "constant.csv")
    arguments = ["train", str(table), "--recipe", str(recipe), "--out", str(tmp_path / "m.spinemets")]
    assert run([*arguments, "--workers", "1", "--leave-out-constant"]) == 0
    assert "left out, the same in all cases: t1_original_firstorder_F4" in capsys.readouterr().out


def test_labels_may_be_numbers_and_the_table_of_a_spreadsheet(tmp_path: Path, recipe: Path):
    rows = rows_of(1)
    for row in rows:
        row["label"] = int(row["label"] == "osteoblastic")
    table = tmp_path / "german.csv"
    lines = [";".join(rows[0])] + [
        ";".join(str(v).replace(".", ",") if isinstance(v, float) else str(v) for v in row.values()) for row in rows
    ]
    table.write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    content = find_recipe(recipe).content
    read = read_feature_table(table, content)
    plain = read_feature_table(write(rows_of(1), tmp_path / "plain.csv"), content)
    assert np.array_equal(read.values, plain.values) and np.array_equal(read.labels, plain.labels)
    assert read.labels[0] == 1


def test_second_readings_are_compared_and_not_learned_from(tmp_path: Path, recipe: Path):
    rows = [{**row, "reader": "first"} for row in rows_of(1)]
    again: Rows = [{**row, "reader": "second", "t1_original_firstorder_F1": n} for n, row in enumerate(rows[:12])]
    table = read_feature_table(write(rows + again, tmp_path / "two.csv"), find_recipe(recipe).content)
    assert len(table.labels) == 40
    assert table.ratings is not None and table.ratings.shape == (12, 2, len(table.names))
    column = table.names.index("t1_original_firstorder_F1")
    assert table.ratings[:, 1, column].tolist() == list(range(12))
    assert np.array_equal(table.ratings[:, 0], table.values[:12])


def test_the_whole_command_in_its_own_process(tmp_path: Path, recipe: Path):
    table = write(rows_of(1), tmp_path / "train.csv")
    out = tmp_path / "own.spinemets"
    done = spinemets("train", table, "--recipe", recipe, "--out", out, "--workers", 2, "--progress", "json", "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["estimates"]["nested"]["auc"]["estimate"] > 0.7
    assert any(line.get("stage") == "validation" for line in lines[:-1])
    again = spinemets("train", table, "--recipe", recipe, "--out", out)
    assert again.returncode == 1 and "exists already" in again.stderr
    wrong = spinemets("train", table, "--recipe", "lung-vs-other/none", "--out", tmp_path / "x.spinemets")
    assert wrong.returncode == 1 and "metastasis-vs-primary/nomogram" in wrong.stderr


def test_a_cohort_of_images_is_measured_first_and_validated_as_images_too(tmp_path: Path, capsys):
    """Lesions of the positive class are coarser: from images to a model that knows it."""
    path = tmp_path / "mine.yaml"
    text = (
        RECIPE.replace("spacing: 1.0", "spacing: null")
        .replace("folds: 4", "folds: 2")
        .replace("bootstrap: 3", "bootstrap: 0")
    )
    path.write_text(text.split("variables:")[0] + "steps:" + text.split("steps:")[1], encoding="utf-8")
    rng = np.random.default_rng(0)
    rows: Rows = []
    for n in range(16):
        voxels = rng.normal(400, 60, (12, 24, 24))
        if n % 2 == 0:
            voxels[:, ::2] = voxels[:, 1::2]
        image = write_image(voxels.astype(np.float32), tmp_path / f"{n}.nii.gz")
        mask = write_image(block(), tmp_path / f"mask{n}.nii.gz")
        label = "osteoblastic" if n % 2 == 0 else "osteolytic"
        # A remark of the reader's own is no feature that makes measuring needless.
        rows.append({"case": f"p{n}", "t1": image.name, "mask": mask.name, "label": label, "t1_remark": n})
    train, test = write(rows[:10], tmp_path / "train.csv"), write(rows[10:], tmp_path / "test.csv")
    out = tmp_path / "m.spinemets"
    options = ["--workers", "1", "--leave-out-constant"]
    assert run(["train", str(train), "--recipe", str(path), "--out", str(out), *options]) == 0, capsys.readouterr().err
    assert (tmp_path / "m.features.csv").exists()
    assert run(["validate", str(out), str(test), "--out", str(tmp_path / "new"), "--workers", "1"]) == 0
    told = json.loads((tmp_path / "new" / "validation.json").read_text(encoding="utf-8"))
    assert told["estimates"]["external"]["auc"]["estimate"] == 1.0
    rows[0]["mask"] = ""
    bad = write(rows, tmp_path / "bad.csv")
    assert run(["train", str(bad), "--recipe", str(path), "--out", str(tmp_path / "no.spinemets"), *options]) == 1
    assert "row 2 (p0)" in capsys.readouterr().err
    assert not (tmp_path / "no.spinemets").exists() and not (tmp_path / "no.features.csv").exists()


def test_recipes_and_their_schema_are_listed():
    done = spinemets("recipes", "--json")
    assert "metastasis-vs-primary/nomogram" in {entry["name"] for entry in json.loads(done.stdout)}
    schema = spinemets("schema", "recipe").stdout
    assert json.loads(schema)["$id"] == "urn:spinemets:schema:recipe:1"
    assert schema.count("\n") > 20, "a schema is printed to be read"
    assert (ROOT / "spinemets" / "models" / "schemas" / "recipe.schema.json").exists()
