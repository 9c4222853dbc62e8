"""The processes that measure the cases of a cohort, and how they are started.

Loads nothing, so that they can be on their way before the command that wants them has loaded itself.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.context
import os
import sys

# Linear algebra in each worker stays on one core: the others have cases of their own.
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def worker_count(workers: int | None) -> int:
    """As many as asked for; default: cores."""
    return workers or os.cpu_count() or 1


def context() -> multiprocessing.context.BaseContext:
    """How processes are started. On Linux they are copies of one that has loaded everything, made in an instant; where
    copying a process is not safe, or not possible, each loads for itself (about 1 s of CPU).
    """
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    chosen = multiprocessing.get_context("forkserver")
    chosen.set_forkserver_preload(["spinemets.features.loaded"])
    return chosen


def start_loading(workers: int | None) -> None:
    """Let the process that workers are copied from load itself beside this one, where more than one will work."""
    if worker_count(workers) > 1 and context().get_start_method() == "forkserver":
        from multiprocessing import forkserver

        forkserver.ensure_running()
