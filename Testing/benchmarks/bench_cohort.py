"""`spinemets extract` on a cohort of 50 with one and two processes, interleaved: does it scale with the cores?

    python Testing/benchmarks/bench_cohort.py [--rounds 2] [--workers 2] [--cases 50] [--cohort cohort.csv]

The cohort, three series a case as for metastasis-vs-primary, is simulated once and kept in build/ (2 minutes for 50
cases). Prints of each run its seconds, those until the first case was done (loading, which no second core shortens) and
those of CPU in all its processes; then the ratios. On a shared machine wall-clock seconds mean little; CPU seconds say
what more processes cost, which bounds what they gain.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).parents[2]
SPINEMETS = [sys.executable, "-m", "spinemets"]


def simulated_cohort(cases: int) -> Path:
    """Table of the cohort, made where it is not there yet."""
    folder = ROOT / "build" / f"cohort-{cases}"
    if not folder.exists():
        options = ["--cases", str(cases), "--question", "metastasis-vs-primary", "--format", "nifti"]
        subprocess.run([*SPINEMETS, "phantom", str(folder), *options, "--progress", "none"], cwd=ROOT, check=True)
    return folder / "cohort.csv"


class Run(NamedTuple):
    """Seconds of a command, until its first case was done, and of CPU in all processes under it."""

    wall: float
    first: float
    cpu: float


def run_of(command: list[str]) -> Run:
    """Time a command that reports progress as JSON; CPU as seen every 20 ms."""
    cpu: dict[int, float] = {}
    start = time.perf_counter()
    first: list[float] = []
    process = psutil.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def listen() -> None:
        for line in process.stdout:
            if not first and line.startswith("{") and json.loads(line)["done"] > 0:
                first.append(time.perf_counter() - start)

    listener = threading.Thread(target=listen)
    listener.start()
    while process.poll() is None:
        try:
            for each in [process, *process.children(recursive=True)]:
                times = each.cpu_times()
                cpu[each.pid] = times.user + times.system
        except psutil.NoSuchProcess:
            pass
        time.sleep(0.02)
    wall = time.perf_counter() - start
    listener.join()
    assert process.returncode == 0
    return Run(wall, first[0], sum(cpu.values()))


def extraction(cohort: Path, out: Path, feature_set: str, workers: int) -> list[str]:
    options = ["--set", feature_set, "--workers", str(workers), "--out", str(out), "--overwrite", "--progress", "json"]
    return [*SPINEMETS, "extract", str(cohort), *options]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--cohort", type=Path)
    parser.add_argument("--set", default="1409", dest="feature_set")
    arguments = parser.parse_args()
    cohort = arguments.cohort or simulated_cohort(arguments.cases)
    more = arguments.workers
    taken: dict[int, list[Run]] = {1: [], more: []}
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "features.csv"
        for _ in range(arguments.rounds):
            for workers, runs in taken.items():
                shutil.rmtree(f"{out}.cases", ignore_errors=True)
                runs.append(run_of(extraction(cohort, out, arguments.feature_set, workers)))
                last = runs[-1]
                told = f"{last.wall:.1f} s, {last.first:.1f} s until the first case, CPU {last.cpu:.1f} s"
                print(f"{workers} workers: {told}", flush=True)
    one, many = (Run(*map(statistics.median, zip(*runs, strict=True))) for runs in taken.values())
    print(f"cohort: {one.wall:.1f} s with 1 worker, {many.wall:.1f} s with {more}: {one.wall / many.wall:.2f}x")
    print(f"after the first case: {(one.wall - one.first) / (many.wall - many.first):.2f}x")
    print(f"bound by CPU: {more * one.cpu / many.cpu:.2f}x")


if __name__ == "__main__":
    main()
