"""The benchmarks run: they are looked at rarely, and would otherwise break unseen when what they call changes."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


def run(name: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(FOLDER / name), *arguments], capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_cut_is_compared_with_scikit_learn() -> None:
    pytest.importorskip("sklearn")
    told = run("bench_segmentation_ncut.py", "--levels", "easy", "--slices", "1")
    assert "easy" in told and "all" in told
    # The peer's graph is ours, and ours is that of the equation.
    assert float(told.split("differ from the equation by")[1].split()[0]) < 1e-4


@pytest.mark.slow
def test_lesions_are_compared_with_two_peers(tmp_path: Path) -> None:
    pytest.importorskip("slicer")
    pytest.importorskip("skimage")
    told = run("bench_segmentation_lesions.py", "--levels", "easy", "--out", str(tmp_path))
    assert "strokes: Grow from seeds" in told
    with (tmp_path / "segmentation.csv").open(encoding="utf-8") as file:
        dice = {row["method"]: float(row["dice"]) for row in csv.DictReader(file)}
    # Grow from seeds finds an easy lesion: the seeds reached it on the right grid, in the right order of axes.
    assert dice["strokes: Grow from seeds"] > 0.9
    assert dice["outline + click: Grow from seeds"] > 0.9
    assert (tmp_path / "worst_cases.png").stat().st_size > 10_000
