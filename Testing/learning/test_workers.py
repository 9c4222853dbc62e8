"""Tasks give the same results in the same order here, in processes and on a cluster."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from learning.cohorts import for_recipe
from spinemets.errors import Cancelled, InputError
from spinemets.learning.recipes import find_recipe
from spinemets.learning.validation import validate
from spinemets.learning.workers import run_tasks

ROOT = Path(__file__).parents[2]


def times(shared: int, task: int) -> int:
    if task < 0:
        raise InputError(f"task {task}", "is below 0", "give more")
    return shared * task


@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_order_and_progress_is_told(workers: int) -> None:
    steps: list[tuple[int, int]] = []
    found = run_tasks(
        times, 7, range(5), workers, progress=lambda stage, done, total, message="": steps.append((done, total))
    )
    assert found == [0, 7, 14, 21, 28]
    assert steps == [(n, 5) for n in range(6)]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_fault_of_a_task_is_the_users_message(workers: int) -> None:
    with pytest.raises(InputError, match="task -1: is below 0; give more"):
        run_tasks(times, 7, [1, -1, 2], workers)


def test_cancel_stops_the_work() -> None:
    done: list[int] = []

    def stop(stage: str, number: int, total: int, message: str = "") -> None:
        done.append(number)
        if number == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_tasks(times, 1, range(100), 1, progress=stop)
    assert done == [0, 1, 2]


class _Future:
    def __init__(self, work: Callable[[], Any]) -> None:
        self.result = work


class _Client:
    """As `distributed.Client`, in this process."""

    def __init__(self, address: str, timeout: float) -> None:
        if address != "tcp://here:1":
            raise OSError("timed out")

    def __enter__(self) -> _Client:
        return self

    def __exit__(self, *fault: object) -> None:
        pass

    def scatter(self, value: Any, broadcast: bool) -> Any:
        return value

    def submit(self, function: Callable[..., Any], *arguments: Any, pure: bool) -> _Future:
        return _Future(lambda: function(*arguments))


def test_a_cluster_gets_every_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", types.SimpleNamespace(Client=_Client))
    assert run_tasks(times, 3, range(4), scheduler="tcp://here:1") == [0, 3, 6, 9]
    with pytest.raises(InputError, match="tcp://there:1: does not answer"):
        run_tasks(times, 3, range(4), scheduler="tcp://there:1")


def test_without_dask_its_installation_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match="needs Dask; install it"):
        run_tasks(times, 3, range(4), scheduler="tcp://here:1")


@pytest.mark.slow
def test_folds_on_a_real_cluster_give_the_same_validation(cluster: tuple[str, list[subprocess.Popen]]) -> None:
    """A validation on two workers of a cluster is, to the last digit, the one that this process makes alone."""
    import distributed

    address, _ = cluster
    with distributed.Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=120)
    content = copy.deepcopy(find_recipe("metastasis-vs-primary/signature").content)
    content["validation"] = {"folds": 4, "repeats": 2, "bootstrap": 3}
    table = for_recipe(content, 5, 1.0)
    _, alone = validate(table, content, 5, workers=1)
    _, together = validate(table, content, 5, scheduler=address)
    assert json.dumps(together.as_json()) == json.dumps(alone.as_json())
    with distributed.Client(address, set_as_default=False) as client:
        done = client.run(lambda dask_worker: len(dask_worker.state.log))
    assert len(done) == 2 and min(done.values()) > 0  # both had work
