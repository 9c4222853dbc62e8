"""A cohort's features: what is finished is not computed again, a failing case says why, a lost worker loses nothing."""

from __future__ import annotations

import csv
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import SimpleITK as sitk

from features.cohort_data import make_cohort
from spinemets.errors import Cancelled, InputError
from spinemets.features.cohorts import Extraction, extract_cohort, write_features, write_status
from spinemets.features.extraction import extract_features
from spinemets.features.runners import dask_runner, local_runner
from spinemets.features.settings import named_settings
from spinemets.geometry.carrying import carry_mask
from spinemets.studies.cohort import Cohort

ROOT = Path(__file__).parents[2]
BOTH = Extraction(("t1", "t2"), named_settings("107"))


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_values_are_those_of_each_image_alone(tmp_path):
    cohort = Cohort.read(make_cohort(tmp_path / "in", 2))
    outcomes = extract_cohort(cohort, BOTH, tmp_path / "records", local_runner(1))
    write_features(cohort, outcomes, tmp_path / "out.csv")
    table = rows(tmp_path / "out.csv")
    assert [row["case"] for row in table] == ["p00", "p01"]
    assert [row["age"] for row in table] == ["40", "41"]
    assert [row["label"] for row in table] == ["0", "1"]
    mask = sitk.ReadImage(str(tmp_path / "in" / "mask_1.nrrd"))
    for role in ("t1", "t2"):
        image = sitk.ReadImage(str(tmp_path / "in" / f"{role}_1.nrrd"))
        for name, value in extract_features(image, mask if role == "t1" else carry_mask(mask, image)).items():
            assert float(table[1][f"{role}_{name}"]) == value


def test_a_worker_starts_without_what_most_cases_do_not_need():
    """Each worker of a cohort pays for what the module loads."""
    asked = "import sys, spinemets.features.cohorts; print([name for name in sys.modules if name == 'scipy'])"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True).stdout == "[]\n"


def test_finished_cases_are_not_computed_again(tmp_path):
    cohort = Cohort.read(make_cohort(tmp_path / "in", 4))

    def stop_after_two(_stage, done, _total, _message=""):
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        extract_cohort(cohort, BOTH, tmp_path / "records", local_runner(1), stop_after_two)
    again = extract_cohort(cohort, BOTH, tmp_path / "records", local_runner(1))
    assert [each.status for each in again] == ["reused", "reused", "done", "done"]
    whole = extract_cohort(cohort, BOTH, tmp_path / "fresh", local_runner(1))
    assert [each.features for each in again] == [each.features for each in whole]


def test_what_changed_is_computed_again(tmp_path):
    table = make_cohort(tmp_path / "in", 3)
    cohort, records = Cohort.read(table), tmp_path / "records"
    extract_cohort(cohort, BOTH, records, local_runner(1))
    # Another mask; a record that was cut off; and in a third run, another setting.
    mask = sitk.ReadImage(str(tmp_path / "in" / "mask_0.nrrd"))
    sitk.WriteImage(sitk.BinaryErode(mask), str(tmp_path / "in" / "mask_0.nrrd"))
    first = extract_cohort(cohort, BOTH, records, local_runner(1))
    assert [each.status for each in first] == ["done", "reused", "reused"]
    (records / f"{first[2].key}.json").write_text('{"features": {"a"')
    cut = extract_cohort(cohort, BOTH, records, local_runner(1))
    assert [each.status for each in cut] == ["reused", "reused", "done"]
    assert cut[2].features == first[2].features
    other = Extraction(("t1",), named_settings("107", bin_width=20.0))
    assert {each.status for each in extract_cohort(cohort, other, records, local_runner(1))} == {"done"}


def test_a_case_that_fails_says_why_and_ends_no_other(tmp_path):
    folder = tmp_path / "in"
    cohort = Cohort.read(make_cohort(folder, 4))
    empty = sitk.ReadImage(str(folder / "mask_1.nrrd")) * 0
    sitk.WriteImage(empty, str(folder / "mask_1.nrrd"))
    (folder / "t2_2.nrrd").write_bytes((folder / "t2_2.nrrd").read_bytes()[:400])
    outcomes = extract_cohort(cohort, BOTH, tmp_path / "records", local_runner(1))
    write_status(cohort, outcomes, tmp_path / "status.csv")
    write_features(cohort, outcomes, tmp_path / "out.csv")
    told = rows(tmp_path / "status.csv")
    assert [row["status"] for row in told] == ["done", "failed", "failed", "done"]
    assert "mask_1.nrrd" in told[1]["reason"]
    assert told[2]["reason"].startswith("t2: ")
    assert "t2_2.nrrd" in told[2]["reason"]
    assert [row["case"] for row in rows(tmp_path / "out.csv")] == ["p00", "p03"]


def test_a_process_that_is_ended_loses_nothing(tmp_path):
    cohort = Cohort.read(make_cohort(tmp_path / "in", 6))
    killed = []

    def kill_one(_stage, done, _total, _message=""):
        if done == 2 and not killed:
            worker = multiprocessing.active_children()[0]
            worker.kill()
            killed.append(worker.pid)

    outcomes = extract_cohort(cohort, BOTH, tmp_path / "records", local_runner(2), kill_one)
    assert killed
    assert [each.status for each in outcomes] == ["done"] * 6
    alone = extract_cohort(cohort, BOTH, tmp_path / "fresh", local_runner(1))
    assert [each.features for each in outcomes] == [each.features for each in alone]


@pytest.mark.slow
def test_a_worker_of_a_cluster_killed_in_the_middle(tmp_path, cluster):
    """Two workers, one killed while cases are being computed: nothing lost, nothing twice."""
    import distributed

    address, workers = cluster
    with distributed.Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    cohort = Cohort.read(make_cohort(tmp_path / "in", 10))
    told = []

    def kill_one(_stage, done, _total, message=""):
        told.append(message)
        if done == 3:
            os.kill(workers[0].pid, signal.SIGKILL)

    large = Extraction(("t1", "t2"), named_settings("851"))
    outcomes = extract_cohort(cohort, large, tmp_path / "records", dask_runner(address), kill_one)
    assert workers[0].wait(10) == -signal.SIGKILL
    assert [each.status for each in outcomes] == ["done"] * 10
    assert len(told) == len(set(told)) == 11
    assert len(list((tmp_path / "records").glob("*.json"))) == 10
    alone = extract_cohort(cohort, large, tmp_path / "fresh", local_runner(1))
    assert [each.features for each in outcomes] == [each.features for each in alone]


def test_cluster_that_does_not_answer(tmp_path):
    cohort = Cohort.read(make_cohort(tmp_path / "in", 1))
    with pytest.raises(InputError, match=r"--scheduler|does not answer"):
        extract_cohort(cohort, BOTH, tmp_path / "records", dask_runner("tcp://127.0.0.1:9", timeout_s=1.0))
