"""`spinemets extract` on a cohort of 50 with one and two processes, interleaved: does it scale with the cores?

    python Testing/benchmarks/bench_cohort.py [--rounds 2] [--workers 2] [--cases 50] [--cohort cohort.csv]

The cohort is simulated once and kept in build/. Prints seconds of each run, and of CPU in all its processes; their
ratio; and start-up apart: a run in which every case is found finished, and what the workers cost in addition. On a
shared machine wall-clock seconds mean little; CPU seconds say what more processes cost, which bounds what they gain.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
SPINEMETS = [sys.executable, "-m", "spinemets"]


def simulated_cohort(cases: int) -> Path:
    """Table of the cohort, made where it is not there yet."""
    folder = ROOT / "build" / f"cohort-{cases}"
    if not folder.exists():
        options = ["--cases", str(cases), "--question", "malignant-vs-osteoporotic", "--format", "nifti"]
        subprocess.run([*SPINEMETS, "phantom", str(folder), *options, "--progress", "none"], cwd=ROOT, check=True)
    return folder / "cohort.csv"


def seconds_of(command: list[str]) -> tuple[float, float]:
    """Wall-clock and CPU seconds of a command and all processes under it, as seen every 20 ms."""
    cpu: dict[int, float] = {}
    start = time.perf_counter()
    process = psutil.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            for each in [process, *process.children(recursive=True)]:
                times = each.cpu_times()
                cpu[each.pid] = times.user + times.system
        except psutil.NoSuchProcess:
            pass
        time.sleep(0.02)
    assert process.returncode == 0
    return time.perf_counter() - start, sum(cpu.values())


def extraction(cohort: Path, out: Path, feature_set: str, workers: int) -> list[str]:
    options = ["--set", feature_set, "--workers", str(workers), "--out", str(out), "--overwrite", "--progress", "none"]
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
    taken: dict[int, list[tuple[float, float]]] = {1: [], arguments.workers: []}
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "features.csv"
        for _ in range(arguments.rounds):
            for workers, runs in taken.items():
                shutil.rmtree(f"{out}.cases", ignore_errors=True)
                runs.append(seconds_of(extraction(cohort, out, arguments.feature_set, workers)))
                print(f"{workers} workers: {runs[-1][0]:.1f} s, CPU {runs[-1][1]:.1f} s", flush=True)
        again = seconds_of(extraction(cohort, out, arguments.feature_set, 1))
    wall, cpu = ({workers: statistics.median(each) for workers, each in of.items()} for of in (
        {workers: [run[part] for run in runs] for workers, runs in taken.items()} for part in (0, 1)
    ))  # fmt: skip
    more = arguments.workers
    gain = wall[1] / wall[more]
    bound = more * cpu[1] / cpu[more]
    print(f"cohort: {wall[1]:.1f} s with 1 worker, {wall[more]:.1f} s with {more}: {gain:.2f}x (by CPU {bound:.2f}x)")
    print(f"start-up: {again[1]:.1f} s of CPU for the command, {cpu[more] - cpu[1]:.1f} s for {more} workers together")


if __name__ == "__main__":
    main()
