"""Who computes the cases of a cohort: this process, processes on all cores, or the workers of a Dask cluster."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from spinemets.errors import InputError
from spinemets.features.cohorts import Outcome, Runner, Task, run_task
from spinemets.features.processes import context, worker_count

# A case during which a worker ended this often is given up: it may be what ends them.
MOST_TRIES = 3
ENDED = "the process that worked on it was ended by the system, perhaps for lack of memory"


def local_runner(workers: int | None = None) -> Runner:
    """Run on this machine with as many processes (default: cores); one works in this process."""
    count = worker_count(workers)

    def run(tasks: Sequence[Task]) -> Iterator[Outcome]:
        if count == 1 or len(tasks) < 2:
            yield from map(run_task, tasks)
            return
        left = dict(enumerate(tasks))
        tries = dict.fromkeys(left, 0)
        # When a process ends, all that were being worked on are suspect: they go on one at a time.
        at_once = min(count, len(tasks))
        while left:
            for place in list(left):
                if tries[place] >= MOST_TRIES:
                    yield Outcome(left.pop(place)[0], "failed", reason=ENDED)
            for place, outcome in _pool(left, tries, at_once):
                del left[place]
                yield outcome
            at_once = 1

    return run


def _pool(left: dict[int, Task], tries: dict[int, int], workers: int) -> Iterator[tuple[int, Outcome]]:
    """Outcomes by place until all are there or a process ends."""
    waiting = iter(list(left.items()))
    with ProcessPoolExecutor(workers, mp_context=context()) as pool:
        running: dict[Future[Outcome], int] = {}
        try:
            while True:
                for place, task in waiting:
                    running[pool.submit(run_task, task)] = place
                    # With the processes few tasks wait, so that few are suspect when one ends.
                    if len(running) >= workers:
                        break
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    outcome = future.result()
                    yield running.pop(future), outcome
        except BrokenProcessPool:
            for place in running.values():
                tries[place] += 1
        except BaseException:  # stopped by the user: what has not begun shall not begin
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def dask_runner(scheduler: str, timeout_s: float = 10.0) -> Runner:
    """Run on the workers of a Dask cluster, which see the same files under the same names.

    Raises
    ------
    InputError : `distributed` is not installed, or the scheduler does not answer.
    """

    def run(tasks: Sequence[Task]) -> Iterator[Outcome]:
        try:
            distributed = importlib.import_module("distributed")
        except ImportError as error:
            raise InputError(
                "--scheduler", "needs the package distributed", "install spinemets[cluster], or use --workers"
            ) from error
        try:
            client = distributed.Client(scheduler, timeout=timeout_s, set_as_default=False)
        except (OSError, ValueError) as error:
            raise InputError(scheduler, "does not answer", "start it with `dask scheduler`, and its workers") from error
        with client:
            futures = {
                client.submit(run_task, task, pure=False, retries=MOST_TRIES, key=f"spinemets-{task[0]}-{os.getpid()}"):
                task[0] for task in tasks
            }  # fmt: skip
            for future in distributed.as_completed(list(futures), loop=client.loop, raise_errors=False):
                wrong = future.exception() if future.status == "error" else None
                yield future.result() if wrong is None else Outcome(futures[future], "failed", reason=_told(wrong))

    return run


def _told(error: BaseException) -> str:
    return ENDED if type(error).__name__ == "KilledWorker" else f"{type(error).__name__}: {error}"
