"""The same tasks here, in several processes, or on a Dask cluster; each task alone decides what comes out of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

from spinemets.errors import InputError
from spinemets.progress import Progress, silent


def run_tasks(
    function: Callable[[Any, Any], Any],
    shared: Any,
    tasks: Sequence[Any],
    workers: int = 1,
    scheduler: str | None = None,
    progress: Progress = silent,
    stage: str = "validation",
) -> list[Any]:
    """`function(shared, task)` of every task, in order.

    Parameters
    ----------
    workers : processes; 0: one a core. scheduler : address of a Dask scheduler instead, such as tcp://HOST:PORT.

    Raises
    ------
    InputError : Dask is not installed or its scheduler does not answer. What the function raises is raised here.
    """
    workers = min(workers or os.cpu_count() or 1, len(tasks))
    if scheduler is not None:
        source = _on_dask(function, shared, tasks, scheduler)
    elif workers > 1:
        source = _in_processes(function, shared, tasks, workers)
    else:
        source = (one_thread(function, shared, task) for task in tasks)
    found = []
    progress(stage, 0, len(tasks))
    for result in source:
        found.append(result)
        progress(stage, len(found), len(tasks))
    return found


def one_thread(function: Callable[[Any, Any], Any], shared: Any, task: Any) -> Any:
    """With several threads, sums are taken in an order that depends on the machine."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):
        return function(shared, task)


_state: dict[str, Any] = {}


def _keep(shared: Any) -> None:
    _state["shared"] = shared


def _kept(function: Callable[[Any, Any], Any], task: Any) -> Any:
    return one_thread(function, _state["shared"], task)


def _in_processes(
    function: Callable[[Any, Any], Any], shared: Any, tasks: Sequence[Any], workers: int
) -> Iterator[Any]:
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_keep, initargs=(shared,)) as pool:
        try:
            yield from pool.map(partial(_kept, function), tasks)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _on_dask(function: Callable[[Any, Any], Any], shared: Any, tasks: Sequence[Any], scheduler: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError("--scheduler", "needs Dask", "install it: pip install 'spinemets[cluster]'") from error
    try:
        client = Client(scheduler, timeout=10)
    except (OSError, ValueError) as error:
        raise InputError(f"--scheduler {scheduler}", f"does not answer ({error})", "check its address") from error
    with client:
        there = client.scatter(shared, broadcast=True)
        futures = [client.submit(one_thread, function, there, task, pure=False) for task in tasks]
        for future in futures:
            yield future.result()
