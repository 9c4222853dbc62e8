"""Lesions of four levels of difficulty: we, Slicer's Grow from seeds and scikit-image's random walker.

    python Testing/benchmarks/bench_segmentation_lesions.py [--cases 10] [--levels easy hard] [--out FOLDER]

All methods get the same cases, clicks and strokes in one interleaved run on one thread. Prints a table a level - Dice
(mean, worst), 95th percentile of the surface distance, CPU seconds (median), memory - and writes a CSV file of all
rows, and a picture of our worst case of each level. The levels are those of `spinemets.phantom.difficulty`; nothing is
tuned on them here. CPU times mean little on a shared machine; their ratios within one run do.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
import SimpleITK as sitk  # noqa: E402
from segmentation_peers import (  # noqa: E402
    grow_from_seeds,
    late_enhancement,
    measured,
    random_walker,
    seeds_of_click,
    seeds_of_strokes,
)
from segmentation_pictures import draw_contours, stack_pictures  # noqa: E402

from spinemets.errors import InputError  # noqa: E402
from spinemets.geometry.carrying import carry_mask  # noqa: E402
from spinemets.phantom.difficulty import DIFFICULTIES, DifficultCase, difficult_case  # noqa: E402
from spinemets.phantom.reader import corrective_stroke, one_click, simulated_strokes  # noqa: E402
from spinemets.segmentation.lesion import segment_lesion  # noqa: E402
from spinemets.segmentation.overlap import dice, hausdorff95_mm  # noqa: E402
from spinemets.segmentation.parameters import SegmentationParameters  # noqa: E402
from spinemets.segmentation.stroke_segmenter import StrokeSegmenter  # noqa: E402
from spinemets.segmentation.strokes import Stroke  # noqa: E402

CORRECTIONS = 3
STROKE_SLICES = 3


@dataclass(frozen=True)
class Task:
    """A case with what a user gave: the outline (on the frames' grid too), a click, strokes on three slices."""

    case: DifficultCase
    outline: np.ndarray
    click: tuple[float, float, float]
    strokes: list[Stroke]
    volume: np.ndarray
    spacing: tuple[float, ...]

    @classmethod
    def of(cls, level: str, seed: int) -> Task:
        case = difficult_case(level, seed)
        outline = sitk.GetArrayFromImage(carry_mask(case.outline, case.truth, threshold=0.5)) != 0
        strokes = [Stroke(*drawn) for drawn in simulated_strokes(case, slices=STROKE_SLICES)]
        return cls(case, outline, one_click(case), strokes, late_enhancement(case.image), case.truth.GetSpacing())

    def mask(self, array: np.ndarray) -> sitk.Image:
        image = sitk.GetImageFromArray(array.astype(np.uint8))
        image.CopyInformation(self.case.truth)
        return image

    def empty(self) -> sitk.Image:
        return self.mask(np.zeros(self.outline.shape))


def ours(method: str, click: bool, literal: bool = False) -> Callable[[Task], sitk.Image]:
    def segment(task: Task) -> sitk.Image:
        parameters = SegmentationParameters.literal() if literal else SegmentationParameters()
        point = task.click if click else None
        return segment_lesion(task.case.outline, task.case.image, method, point, parameters).mask

    return segment


def our_strokes(task: Task) -> sitk.Image:
    return StrokeSegmenter(task.case.image).add_all(task.strokes)


def our_strokes_one_by_one(task: Task) -> sitk.Image:
    segmenter = StrokeSegmenter(task.case.image)
    for stroke in task.strokes:
        segmenter.add(stroke)
    return segmenter.mask


def corrected(task: Task) -> sitk.Image:
    """Outline, click, and then strokes where the mask is most wrong."""
    mask = ours("ncut", True)(task)
    segmenter = StrokeSegmenter(task.case.image, mask)
    for number in range(CORRECTIONS):
        stroke = corrective_stroke(task.case, mask, number)
        if stroke is not None:
            mask = segmenter.add(Stroke(*stroke))
    return mask


def peer(work: Callable[..., np.ndarray], strokes: bool) -> Callable[[Task], sitk.Image]:
    def segment(task: Task) -> sitk.Image:
        grid = task.case.truth
        seeds = seeds_of_strokes(task.strokes, grid) if strokes else seeds_of_click(task.click, task.outline, grid)
        return task.mask(work(task.volume, seeds, task.spacing))

    return segment


METHODS: dict[str, Callable[[Task], sitk.Image]] = {
    "outline: Lang 2019 taken literally": ours("ncut", False, literal=True),
    "outline: normalized cut": ours("ncut", False),
    "outline: growing": ours("grow", False),
    "outline + click: normalized cut": ours("ncut", True),
    "outline + click: growing": ours("grow", True),
    "outline + click: Grow from seeds": peer(grow_from_seeds, False),
    "outline + click: random walker": peer(random_walker, False),
    "outline + click + 3 corrections": corrected,
    "strokes: ours": our_strokes,
    "strokes: ours, one by one": our_strokes_one_by_one,
    "strokes: Grow from seeds": peer(grow_from_seeds, True),
    "strokes: random walker": peer(random_walker, True),
}
PICTURED = (
    "outline + click: normalized cut",
    "outline + click: Grow from seeds",
    "strokes: ours",
    "strokes: Grow from seeds",
    "strokes: random walker",
)


@dataclass
class Row:
    level: str
    seed: int
    method: str
    dice: float
    hd95_mm: float
    seconds: float
    memory_mib: float | None
    error: str = ""


def run(task: Task, method: str) -> tuple[Row, sitk.Image]:
    """One method on one case; a refusal counts as an empty mask and is told."""
    refused = ""

    def work() -> sitk.Image:
        nonlocal refused
        try:
            return METHODS[method](task)
        except InputError as fault:
            refused = str(fault)
            return task.empty()

    done = measured(work)
    truth = task.case.truth
    empty = not sitk.GetArrayViewFromImage(done.result).any()
    distance = float("nan") if empty else hausdorff95_mm(done.result, truth)
    row = Row(task.case.difficulty, task.case.seed, method, 0.0, distance, done.seconds, done.memory, refused)
    row.dice = 0.0 if empty else dice(done.result, truth)
    return row, done.result


def interaction(task: Task) -> Iterator[tuple[float, float]]:
    """CPU seconds of each stroke added by itself, and by how much each of three corrections raised Dice."""
    segmenter = StrokeSegmenter(task.case.image)
    for stroke in task.strokes:
        yield measured(lambda stroke=stroke: segmenter.add(stroke)).seconds, float("nan")
    mask = ours("ncut", True)(task)
    segmenter, before = StrokeSegmenter(task.case.image, mask), dice(mask, task.case.truth)
    for number in range(CORRECTIONS):
        drawn = corrective_stroke(task.case, mask, number)
        if drawn is None:
            return
        done = measured(lambda drawn=drawn: segmenter.add(Stroke(*drawn)))
        mask, after = done.result, dice(done.result, task.case.truth)
        yield done.seconds, after - before
        before = after


def table(rows: list[Row], level: str) -> str:
    width = max(map(len, METHODS))
    lines = [f"{level:{width}s}  Dice mean  worst  HD95 mm  worst   CPU s    MiB"]
    for method in METHODS:
        some = [row for row in rows if row.level == level and row.method == method]
        distances = [row.hd95_mm for row in some if not np.isnan(row.hd95_mm)] or [float("nan")]
        memory = [row.memory_mib for row in some if row.memory_mib is not None]
        refused = sum(bool(row.error) for row in some)
        lines.append(
            f"{method:{width}s}      {statistics.mean(r.dice for r in some):.3f}  {min(r.dice for r in some):.3f}"
            f"   {statistics.mean(distances):6.2f} {max(distances):6.2f}"
            f"  {statistics.median(r.seconds for r in some):6.3f}"
            f"  {f'{max(memory):5.0f}' if memory else '    -'}" + (f"  ({refused} refused)" if refused else "")
        )
    return "\n".join(lines)


def below_peer(rows: list[Row], ours: str, peer: str) -> str:
    """How often, and by how much at most, we are below a peer that was given the same."""
    scores = {(row.level, row.seed, row.method): row.dice for row in rows}
    behind = [scores[level, seed, peer] - scores[level, seed, ours] for level, seed, name in scores if name == ours]
    count, most = sum(each > 0 for each in behind), max(0.0, *behind)
    return f"{ours}: Dice below {peer} in {count} of {len(behind)} cases, by {most:.4f} at most"


def picture(task: Task, masks: dict[str, sitk.Image]) -> np.ndarray:
    """The case with its truth (green) and, panel by panel, what each method made of it (red), on the slice on which our
    mask from outline and click is most wrong."""
    truth = sitk.GetArrayFromImage(task.case.truth) != 0
    found = {name: sitk.GetArrayFromImage(masks[name]) != 0 for name in PICTURED}
    worst = int(np.argmax((found[PICTURED[0]] != truth).sum(axis=(1, 2))))
    title = f"{task.case.difficulty} {task.case.seed}, slice {worst}: the outline"
    return draw_contours(task.volume, worst, truth, {title: task.outline, **found})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1, help="cases a level")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--levels", nargs="+", choices=DIFFICULTIES, default=DIFFICULTIES)
    parser.add_argument("--out", type=Path, help="folder of the CSV file and the picture; default: a temporary one")
    arguments = parser.parse_args()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    warm = Task.of("easy", 10**6)
    for method in METHODS:
        run(warm, method)
    rows: list[Row] = []
    pictures, strokes, gains = [], [], []
    for level in arguments.levels:
        worst: tuple[float, np.ndarray] | None = None
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.cases):
            task, masks = Task.of(level, seed), {}
            for method in METHODS:
                row, masks[method] = run(task, method)
                rows.append(row)
            mine = next(r.dice for r in rows if (r.level, r.seed, r.method) == (level, seed, PICTURED[0]))
            if worst is None or mine < worst[0]:
                worst = mine, picture(task, masks)
            for seconds, gain in interaction(task):
                strokes.append(seconds)
                gains.append(gain)
        pictures.append(worst[1])
        print(table(rows, level), "\n", flush=True)
    changed = [gain for gain in gains if not np.isnan(gain)]
    print(
        f"{len(strokes)} strokes, each to its mask: {1000 * np.median(strokes):.0f} ms median,"
        f" {1000 * np.percentile(strokes, 95):.0f} ms 95th percentile\n{len(changed)} corrections:"
        f" {sum(gain < 0 for gain in changed)} lowered Dice, by {max(0.0, -min(changed, default=0.0)):.4f} at most"
    )
    for name in ("strokes: ours", "strokes: ours, one by one"):
        print(below_peer(rows, name, "strokes: Grow from seeds"))
    folder = arguments.out or Path(tempfile.mkdtemp(prefix="spinemets-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "segmentation.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(Row.__dataclass_fields__))
        writer.writeheader()
        writer.writerows(vars(row) for row in rows)
    stack_pictures(pictures).save(folder / "worst_cases.png")
    print(f"{folder / 'segmentation.csv'}\n{folder / 'worst_cases.png'}")


if __name__ == "__main__":
    main()
