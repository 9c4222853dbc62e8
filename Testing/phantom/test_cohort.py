"""Cohorts: the effect is as large as stated, and absent when it is to be absent."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from spinemets.errors import InputError
from spinemets.phantom.cohort import QUESTIONS, draw_lesion, simulate_case, write_cohort


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
