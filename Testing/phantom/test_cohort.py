"""Cohorts: the effect is as large as stated, and absent when it is to be absent."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.geometry.files import read_mask
from spinemets.phantom.cohort import QUESTIONS, draw_lesion, simulate_case, write_cohort
from spinemets.phantom.lesion import describe
from spinemets.phantom.signs import cord_ratio
from spinemets.phantom.spine import SpinePhantom
from spinemets.phantom.tissues import Tissue


def _drawn(question: str, field: str, label: int, effect: float) -> np.ndarray:
    cases = range(400 * label, 400 * (label + 1))
    return np.array([draw_lesion(question, label, seed, effect)[1][field] for seed in cases], np.float64)


@pytest.mark.parametrize(
    ("question", "field", "direction"),
    [
        ("osteoblastic-vs-osteolytic", "bone", 1),
        ("malignant-vs-osteoporotic", "fat", -1),
        ("metastasis-vs-primary", "necrosis", -1),
        ("lung-vs-other", "ve", 1),
        ("myeloma-vs-metastasis", "rim", -1),
    ],
)
def test_effect_is_clear_but_overlapping(question: str, field: str, direction: int) -> None:
    high, low = _drawn(question, field, 1, 1.0), _drawn(question, field, 0, 1.0)
    d = (high.mean() - low.mean()) / np.sqrt((high.var() + low.var()) / 2)
    assert 1.3 < direction * d < 3.0
    assert (direction * high).min() < (direction * low).max()


@pytest.mark.parametrize("question", QUESTIONS)
def test_without_effect_the_label_changes_nothing(question: str) -> None:
    for seed in range(20):
        assert draw_lesion(question, 1, seed, 0.0) == draw_lesion(question, 0, seed, 0.0)


def test_cohort_table_and_files(tmp_path: Path) -> None:
    table = write_cohort(tmp_path / "c", 2, "malignant-vs-osteoporotic", seed=5, format="nifti")
    rows = list(csv.DictReader(table.open()))
    assert [row["case"] for row in rows] == ["case-001", "case-002"]
    assert sorted(row["label"] for row in rows) == ["0", "1"]
    for row in rows:
        assert row["simulated"] == "true"
        assert 25 <= int(row["age"]) <= 88
        for column in ("t2", "mask_t2", "outline_t2"):
            assert (table.parent / row[column]).is_file()
    assert len({row["t2"] for row in rows}) == 2


def test_a_single_case_lies_in_the_folder_itself(tmp_path: Path) -> None:
    table = write_cohort(tmp_path / "one", 1, "lung-vs-other", roles=("t2",))
    assert (tmp_path / "one" / "truth" / "truth.json").is_file()
    row = next(csv.DictReader(table.open()))
    assert len(list((table.parent / row["t2"]).glob("*.dcm"))) == 13


def test_labels_are_balanced_in_a_random_order(tmp_path: Path) -> None:
    from spinemets.phantom.cohort import _labels

    labels = _labels(40, 1)
    assert sum(labels) == 20
    assert labels != sorted(labels)
    assert labels != _labels(40, 2)
    assert labels == _labels(40, 1)


def test_case_without_files(tmp_path: Path) -> None:
    case = simulate_case("osteoblastic-vs-osteolytic", 1, 11, size=(64, 64, 9))
    assert set(case) == {"t1", "t2", "fs_t2", "mask_t1", "mask_t2", "mask_fs_t2"}
    for role in ("t1", "t2", "fs_t2"):
        assert case[role].GetSize() == case[f"mask_{role}"].GetSize() == (64, 64, 9)
        assert case[role].GetOrigin() == case[f"mask_{role}"].GetOrigin()


def test_bad_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="positive number"):
        write_cohort(tmp_path / "c", 0, "lung-vs-other")
    with pytest.raises(InputError, match="osteoblastic"):
        write_cohort(tmp_path / "c", 2, "good-vs-evil")
    assert list(tmp_path.iterdir()) == []


def test_a_second_reader_outlines_the_first_cases_again(tmp_path: Path) -> None:
    table = write_cohort(tmp_path / "c", 2, "malignant-vs-osteoporotic", seed=5, format="nifti", second_readings=1)
    rows = list(csv.DictReader(table.open()))
    assert [(row["case"], row["reader"]) for row in rows] == [
        ("case-001", "first"),
        ("case-002", "first"),
        ("case-001", "second"),
    ]
    first, second = rows[0], rows[2]
    assert {name for name in first if first[name] != second[name]} == {"reader", "mask_t2"}
    one, other = (sitk.GetArrayFromImage(read_mask(table.parent / row["mask_t2"])) > 0 for row in (first, second))
    assert 0.75 < 2 * np.sum(one & other) / (one.sum() + other.sum()) < 0.98


def test_signs_are_scored_from_the_truth() -> None:
    """Osteoblastic lesions are dark on T1 and T2 and stay in the bone; a reader errs now and then."""
    question = "osteoblastic-vs-osteolytic"
    scored = {label: [draw_lesion(question, label, seed + 500 * label)[2] for seed in range(150)] for label in (0, 1)}
    share = {
        label: {
            name: np.mean([case[name] == word for case in cases])
            for name, word in (("t1_signal", "low"), ("t2_signal", "low"), ("soft_tissue_mass", "yes"))
        }
        for label, cases in scored.items()
    }
    for name, sign in (("t1_signal", 1), ("t2_signal", 1), ("soft_tissue_mass", -1)):
        assert 0.3 < sign * (share[1][name] - share[0][name]) < 0.95, name
    compressed = np.mean([case["compression"] == "yes" for cases in scored.values() for case in cases])
    assert 0 < compressed < 0.12  # no lesion of this question is compressed by half: only misreadings
    assert "t1_signal" not in draw_lesion("malignant-vs-osteoporotic", 1, 3)[2]


def test_the_ratio_to_the_cord_is_that_of_the_images() -> None:
    about = {"heterogeneity": 0.0, "necrosis": 0.0, "oedema": 0.0, "roughness": 0.3}
    phantom = SpinePhantom(4, "osteolytic", noise=0, bias=0, blur=0, **about)  # type: ignore[arg-type]
    grid = phantom.grid("t1", (128, 128, 13))
    sampling = phantom.scene(grid).sampling
    lesion, cord = (sampling.fraction((int(tissue),)).ravel() > 0.99 for tissue in (Tissue.LESION, Tissue.CORD))
    assert lesion.sum() > 100 and cord.sum() > 20
    for role in ("t1", "t2", "fs_t2"):
        values = sitk.GetArrayFromImage(phantom.acquire(role, grid)).ravel()
        seen = np.median(values[lesion]) / np.median(values[cord])
        assert seen == pytest.approx(cord_ratio(describe("osteolytic", **about), role), rel=0.1), role
