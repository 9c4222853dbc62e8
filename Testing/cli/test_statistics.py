"""`spinemets statistics`: the right columns reach the right statistic, and a fault names file, row and column."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from cli.command_line import ROOT, spinemets
from cli.test_bad_input import assert_refused
from cli.test_without_typer import bare
from spinemets.errors import InputError
from spinemets.statistics.catalogue import CATALOGUE, Choices, compute

REFERENCE = ROOT / "Testing" / "statistics" / "reference"


def rows_of(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def truth(name: str):
    return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def table(tmp_path: Path):
    """Write a table from a reference file, columns renamed, or from lines."""

    def write(source, columns=None, name="table.csv") -> Path:
        path = tmp_path / name
        lines = source
        if columns:
            rows = rows_of(source)
            lines = [",".join(columns.values()), *(",".join(row[key] for key in columns) for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def found(name: str, path: Path, **choices):
    """As the command computes it, as JSON holds it."""
    return json.loads(json.dumps(compute(name, path, Choices(**choices)).as_json(), allow_nan=False))


# ---- the command


def test_a_person_and_a_program_are_told_the_same(table):
    path = table("roc.csv", {"y": "label", "s1": "score"})
    done = spinemets("statistics", "auc", path)
    assert done.returncode == 0, done.stderr
    assert "estimate: 0.7478" in done.stdout.splitlines()
    assert "interval: (0.6284, 0.8672)" in done.stdout.splitlines()
    result = json.loads(spinemets("statistics", "auc", path, "--json").stdout)
    assert result["name"] == "auc"
    assert result["estimate"] == pytest.approx(truth("roc")["s1"]["auc"], abs=1e-12)
    assert result["interval"] == pytest.approx(truth("roc")["s1"]["ci95_delong"], abs=1e-12)


def test_the_plain_parser_gives_the_same(table):
    path = table("logistic.csv", {"y": "label", "age": "age", "rad": "rad"})
    arguments = ("statistics", "validation", path, "--repetitions", "40", "--seed", "5", "--json")
    usual, plain = spinemets(*arguments), bare(*arguments)
    assert plain.returncode == 0, plain.stderr
    # One prepares BLAS and the other may not: the last digits only.
    first, second = (json.loads(done.stdout)["measures"] for done in (usual, plain))
    assert first["slope"]["corrected"] == pytest.approx(second["slope"]["corrected"], rel=1e-9)
    wrong = bare("statistics", "magic", path)
    assert wrong.returncode == 2
    assert "hosmer-lemeshow" in wrong.stderr


def test_help_names_every_statistic_and_progress_is_json(table):
    told = "".join(spinemets("statistics", "--help").stdout.split())
    for name in CATALOGUE:
        assert name in told
    path = table("logistic.csv", {"y": "label", "age": "age", "rad": "rad"})
    done = spinemets("statistics", "forest-importance", path, "--repetitions", 60, "--json", "--progress", "json")
    *steps, result = map(json.loads, done.stdout.splitlines())
    assert steps[-1] == {"stage": "forest", "done": 60, "total": 60, "message": ""}
    assert result["names"] == ["age", "rad"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("magic", "x.csv"), "magic"),
        (("auc", "{table}", "--form", "2,1"), "--form"),
        (("diagnostic", "{table}"), "--threshold"),
        (("hosmer-lemeshow", "{table}", "--groups", "2"), "groups"),
        (("auc", "{table}", "--repetitions", "0"), "repetitions"),
        (("auc",), "table"),
    ],
)
def test_a_wrong_command_line_is_status_2(table, arguments, word):
    path = table("roc.csv", {"y": "label", "s1": "score"})
    done = spinemets("statistics", *(each.format(table=path) for each in arguments))
    assert_refused(done, status=2)
    assert word.lower() in done.stderr.lower()


def test_a_fault_of_the_file_is_status_1(table):
    path = table(["label,score", "0,1", "1,high"])
    assert_refused(spinemets("statistics", "auc", path, "--json"), "table.csv, row 3, column score", "'high'")


# ---- each statistic by its name


def test_scores(table):
    path = table("roc.csv", {"y": "label", "s1": "score"})
    reference = truth("roc")
    best = reference["s1"]["youden_best"][-1]
    assert found("roc", path)["youden"]["threshold"] == pytest.approx(best["threshold"], abs=1e-9)
    assert found("diagnostic", path, threshold=best["threshold"])["ppv"]["estimate"] == pytest.approx(best["ppv"])
    assert found("auc", path, repetitions=200)["method"] == "bootstrap"
    two = table("roc.csv", {"s1": "a", "y": "label", "s2": "b"}, "two.csv")
    pair = reference["compare"]["s1_vs_s2"]
    assert found("delong", two)["p"] == pytest.approx(pair["delong_paired"]["p"], abs=1e-9)
    rows = rows_of("roc.csv")
    lines = ["set,label,score", *(f"a,{r['y']},{r['s1']}" for r in rows), *(f"b,{r['y']},{r['s2']}" for r in rows)]
    assert found("delong-unpaired", table(lines))["p"] == pytest.approx(pair["delong_unpaired"]["p"], abs=1e-9)


def test_counts(table):
    reference = truth("tables")["b"]
    named = table(["level,blastic,lytic", *(f"level {k},{a},{b}" for k, (a, b) in enumerate(reference["table"]))])
    bare_table = table(["a,b", *(f"{a},{b}" for a, b in reference["table"])], name="bare.csv")
    for path in (named, bare_table):
        assert found("chi-square", path)["statistic"] == pytest.approx(reference["pearson"]["chi2"])
        assert found("fisher", path)["p"] == pytest.approx(reference["fisher"]["p"])
        assert found("likelihood-ratio", path)["p"] == pytest.approx(reference["G"]["p"])
    pairs = truth("proportions")
    (a, b), (c, d) = pairs["mcnemar"]["table"]
    assert found("mcnemar", table(["yes,no", f"{a},{b}", f"{c},{d}"]))["p"] == pytest.approx(
        pairs["mcnemar"]["cc"]["p"]
    )
    assert found("proportion", table(["successes,total", "19,26"]))["wilson"] == pytest.approx(pairs["19/26"]["wilson"])


def test_raters(table):
    name = "icc_n12_k3_e0.5_b0.4"
    path = table(f"{name}.csv", {"V1": "first", "V2": "second", "V3": "third"})
    assert found("icc", path, form="3,k")["estimate"] == pytest.approx(truth("icc")[name]["ICC3k"]["icc"])
    assert found("icc", path)["interval"][0] == pytest.approx(truth("icc")[name]["ICC2"]["lower"])
    kappa = truth("kappa")
    two = table("kappa.csv", {"r1": "first", "r2": "second"})
    assert found("kappa", two)["estimate"] == pytest.approx(kappa["cohen_unweighted"])
    assert found("kappa", two, weights="quadratic")["estimate"] == pytest.approx(kappa["cohen_quadratic"])
    three = table("kappa.csv", {"r1": "first", "r2": "second", "r3": "third"})
    assert found("kappa", three)["estimate"] == pytest.approx(kappa["fleiss"]["kappa"])


def test_grades_beyond_9_are_ordered_as_numbers(table):
    path = table(["a,b", "8,9", "9,10", "10,10", "8,8", "9,9", "10,8"])
    shifted = table(["a,b", "1,2", "2,3", "3,3", "1,1", "2,2", "3,1"], name="shifted.csv")
    assert found("kappa", path, weights="linear") == found("kappa", shifted, weights="linear")


def test_groups_and_pairs(table):
    path = table("groups.csv", {"g": "group", "v": "value"})
    reference = truth("groups_corr")
    for name, theirs in (("t", "t_pooled"), ("welch", "t_welch"), ("mann-whitney", "wilcox_asym_cc")):
        assert found(name, path)["p"] == pytest.approx(reference["v"][theirs]["p"])
    for name in ("anova", "kruskal"):
        assert found(name, path)["p"] == pytest.approx(reference["v"][name]["p"])
    pair = table("corr.csv", {"x": "adc", "y": "suv"})
    assert found("pearson", pair)["interval"] == pytest.approx(reference["corr_y"]["pearson"]["ci"])
    assert found("spearman", pair)["estimate"] == pytest.approx(reference["corr_y"]["spearman"]["estimate"])


def test_probabilities(table):
    path = table("valprob.csv", {"y": "label", "p": "probability"})
    reference = truth("logistic")
    assert found("calibration", path)["slope"] == pytest.approx(reference["val_prob"]["Slope"])
    assert found("decision-curve", path)["model"] == pytest.approx(reference["dca"]["model_recal"], abs=1e-9)
    assert len(found("calibration-curve", path)["observed"]) == 98
    fitted = table("logistic_pred.csv", {"i": "case", "y": "label", "p": "probability"})
    assert found("hosmer-lemeshow", fitted, groups=5)["statistic"] == pytest.approx(
        reference["hosmer_lemeshow"]["g5"]["chisq"]
    )


def test_models(table):
    columns = {"y": "label", "age": "age", "signal": "signal", "bound": "bound", "rad": "rad"}
    path = table("logistic.csv", columns)
    reference = truth("logistic")
    model = found("logistic", path)
    assert model["names"] == ["intercept", "age", "signal", "bound", "rad"]
    assert model["profile"][1] == pytest.approx(reference["glm"]["or_ci_profile"]["age"], rel=1e-3)
    assert found("validation", path, repetitions=50)["measures"]["r2"]["apparent"] == pytest.approx(
        reference["lrm"]["stats"]["R2"]
    )
    assert found("events-per-variable", path)["estimate"] == 46 / 4
    assert len(found("lasso-path", path)["penalties"]) == 100
    choice = found("lasso", path, folds=5, seed=2)
    assert choice["chosen_min"]["rad"] > 0
    assert choice == found("lasso", path, folds=5, seed=2)
    assert found("learning-curve", path, repetitions=5)["repetitions"] == 5
    slopes = list(reference["lrm"]["coef"].values())
    lines = ["variable,coefficient,low,high", f"intercept,{slopes[0]},,", f"age,{slopes[1]},14,104",
             f"rad,{slopes[4]},-2.3,2.9"]  # fmt: skip
    drawn = found("nomogram", table(lines))
    assert drawn["axes"][0]["points"] == pytest.approx(reference["nomogram"]["age"]["points"])
    assert found("sample-size", table(["parameters,prevalence,r2", "24,0.174,0.288"]))["cases"] == 662


def test_lesions_of_a_patient_are_in_one_fold():
    from spinemets.statistics.catalogue import _folds

    patients = [f"p{k // 3}" for k in range(60)]
    labels = np.array([1 if k % 7 == 0 else 0 for k in range(60)])
    folds = _folds(labels, patients, 5, 0)
    for patient in set(patients):
        assert len({fold for fold, owner in zip(folds, patients) if owner == patient}) == 1
    sick = [{p for p, y in zip(patients, labels) if y}, set()][0]
    spread = [len({p for p, f in zip(patients, folds) if f == fold and p in sick}) for fold in range(5)]
    assert max(spread) - min(spread) <= 1


# ---- tables that users really have


def test_semicolons_a_byte_order_mark_and_blank_lines(tmp_path):
    path = tmp_path / "excel.csv"
    path.write_bytes("\ufefflabel;score\r\n0;1\r\n\r\n1;2\r\n0;1.5\r\n1;3\r\n".encode())
    assert found("auc", path)["estimate"] == 1


@pytest.mark.parametrize(
    ("name", "lines", "words"),
    [
        ("auc", ["label,score", "0,1", "lung,2"], ("row 3, column label", "'lung'")),
        ("auc", ["label,score", "0,1", "2,2"], ("row 3, column label", "'2'")),
        ("auc", ["label,score", "0,1", "1,"], ("row 3, column score", "empty")),
        ("auc", ["label,score", "0,1", "", "1,NaN"], ("row 4, column score", "empty")),
        ("auc", ["label,score", "0,1", "1,inf"], ("row 3, column score", "'inf'")),
        ("auc", ["label;score", "0;1", "1;0,5"], ("row 3, column score", "point")),
        ("auc", ["label,score", "1,1", "1,2"], ("table.csv", "both classes")),
        ("auc", ["label,score", "0,1", "1,2"], ("table.csv", "two cases")),
        ("auc", ["label,score", "0,1,7", "1,2"], ("row 2", "3 cells")),
        ("auc", ["label,score,score", "0,1,2"], ("'score' twice",)),
        ("auc", ["label,a,b", "0,1,2", "1,1,2"], ("2 columns of scores", "exactly 1")),
        ("auc", ["y,score", "0,1", "1,2"], ("no column 'label'", "y, score")),
        ("auc", ["label,score"], ("no row",)),
        ("auc", [""], ("no row",)),
        ("calibration", ["label,p", "0,0.2", "1,1.2"], ("row 3, column p", "1.2")),
        ("calibration", ["label,p", *["0,0.2", "1,0.7"] * 6, "1,1"], ("in row 14", "no log odds")),
        ("logistic", ["label,a", *["0,1", "1,1"] * 9], ("a", "same in all")),
        ("logistic", ["label,a", *["0,1", "1,2"] * 9], ("a", "separates")),
        ("icc", ["a,b", "1,2", "3,"], ("row 3, column b", "empty")),
        ("icc", ["a", "1", "3"], ("1 raters",)),
        ("kappa", ["a,b", "1,1", "1,1"], ("one category",)),
        ("chi-square", ["a,b", "1,2", "3,x"], ("row 3, column b",)),
        ("chi-square", ["a,b", "1,2", "0,0"], ("row 2 holds no case",)),
        ("fisher", ["name,a,b", "x,1,2.5", "y,3,4"], ("counts",)),
        ("welch", ["group,value", "a,1", "b,2", "c,3"], ("3 values", "a, b, c")),
        ("welch", ["group,value", "a,1", "a,2", "b,3"], ("group 2", "1 values")),
        ("pearson", ["a,b", "1,1", "2,1", "3,1", "4,1"], ("same in all",)),
        ("nomogram", ["variable,coefficient,low,high", "age,1,,5"], ("row 2, column low",)),
        ("nomogram", ["variable,coefficient,low,high", "age,1,5,5"], ("age", "low below high")),
        ("nomogram", ["variable,coefficient,low", "age,1,5"], ("no column 'high'",)),
        ("sample-size", ["parameters,prevalence,r2", "5,0.1,0.9"], ("r2",)),
        ("sample-size", ["parameters,prevalence,r2", "5.5,0.1,0.1"], ("row 2, column parameters", "whole")),
        ("proportion", ["successes,total", "5,4"], ("5 of 4",)),
        ("delong-unpaired", ["set,label,score", "a,0,1", "a,1,2"], ("set", "1 values")),
        ("lasso", ["label,a", *["0,1", "1,2", "0,3", "1,1"]], ("--folds", "10 for 4")),
        ("lasso", ["case,label,a", *["p,0,1", "q,1,2", "q,0,3"]], ("patients of a class",)),
    ],
)
def test_a_fault_names_its_place(table, name, lines, words):
    path = table(lines)
    with pytest.raises(InputError) as caught:
        compute(name, path, Choices())
    for word in words:
        assert word in str(caught.value), str(caught.value)
    assert str(caught.value).startswith((str(path), "--"))


def test_files_that_are_no_tables(tmp_path):
    packed = tmp_path / "table.csv"
    packed.write_bytes(b"PK\x03\x04\xff\xfe\x00")
    for path, word in ((packed, "UTF-8"), (tmp_path / "absent.csv", "cannot be read"), (tmp_path, "cannot be read")):
        with pytest.raises(InputError, match=word):
            compute("auc", path, Choices())


def test_every_statistic_refuses_an_empty_table_in_words(table):
    for name in CATALOGUE:
        with pytest.raises(InputError):
            compute(name, table(["case", "1"]), Choices(threshold=0.5 if name == "diagnostic" else None))
