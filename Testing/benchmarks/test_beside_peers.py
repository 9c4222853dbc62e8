"""Strokes never do worse than Slicer's Grow from seeds with the same strokes, however they come."""

from __future__ import annotations

import pytest
import SimpleITK as sitk

from benchmarks.segmentation_peers import grow_from_seeds, late_enhancement, seeds_of_strokes
from spinemets.phantom.difficulty import DIFFICULTIES, difficult_case
from spinemets.phantom.reader import simulated_strokes
from spinemets.segmentation.overlap import dice
from spinemets.segmentation.stroke_segmenter import StrokeSegmenter
from spinemets.segmentation.strokes import Stroke


def check(level: str, seed: int, slices: int) -> None:
    case = difficult_case(level, seed)
    strokes = [Stroke(*drawn) for drawn in simulated_strokes(case, slices=slices)]
    grown = grow_from_seeds(
        late_enhancement(case.image), seeds_of_strokes(strokes, case.truth), case.truth.GetSpacing()
    )
    peer = sitk.GetImageFromArray(grown.astype("uint8"))
    peer.CopyInformation(case.truth)
    least = dice(peer, case.truth)
    assert least > 0.3  # the seeds reached it on the right grid
    one_by_one = StrokeSegmenter(case.image)
    for stroke in strokes:
        one_by_one.add(stroke)
    assert dice(one_by_one.mask, case.truth) >= least
    assert dice(StrokeSegmenter(case.image).add_all(strokes), case.truth) >= least


@pytest.mark.parametrize(("level", "seed"), [*((level, 704) for level in DIFFICULTIES), ("easy", 1001)])
def test_strokes_of_a_patient(level: str, seed: int) -> None:
    pytest.importorskip("slicer")
    check(level, seed, 3)


@pytest.mark.slow
@pytest.mark.parametrize("slices", [1, 2, 3])
@pytest.mark.parametrize("seed", range(705, 709))
@pytest.mark.parametrize("level", DIFFICULTIES)
def test_strokes_of_other_patients(level: str, seed: int, slices: int) -> None:
    pytest.importorskip("slicer")
    check(level, seed, slices)
