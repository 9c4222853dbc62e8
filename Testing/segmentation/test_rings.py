"""How far a lesion can reach on slices without strokes, by the rings on others."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from spinemets.phantom.difficulty import difficult_case
from spinemets.phantom.reader import simulated_strokes
from spinemets.phantom.spine import SpinePhantom
from spinemets.segmentation.delineation import LESION, OTHER, UNMARKED
from spinemets.segmentation.overlap import dice
from spinemets.segmentation.rings import LEASH_MM, SLOPE, beyond_rings, slices_told_by_new_rings
from spinemets.segmentation.stroke_segmenter import StrokeSegmenter
from spinemets.segmentation.strokes import Stroke

SHAPE = (9, 61, 61)
SPACING = (4.0, 1.0, 1.0)
Z, Y, X = np.indices(SHAPE)
FROM_MIDDLE = np.hypot(Y - 30, X - 30)


def strokes(numbers, radius: float = 10.0, gap: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """A spot in the middle of the slices, and a ring of the radius round it."""
    on = np.isin(Z, numbers)
    ring = (abs(FROM_MIDDLE - radius) <= 1) & on
    if gap:
        ring &= ~((X > 30) & (abs(Y - 30) < 4))
    return (FROM_MIDDLE <= 2) & on, ring


def test_reach_widens_with_the_distance_from_the_ringed_slice():
    beyond = beyond_rings(*strokes([4]), SPACING)
    for number in range(SHAPE[0]):
        reach = 11 + LEASH_MM + SLOPE * 4 * abs(number - 4)
        apart = abs(FROM_MIDDLE[number] - reach) > 1
        assert (beyond[number] == (FROM_MIDDLE[number] > reach))[apart].all()


def test_between_two_rings_the_larger_one_counts():
    small, large = strokes([2], 6.0), strokes([6], 16.0)
    beyond = beyond_rings(small[0] | large[0], small[1] | large[1], SPACING)
    assert not beyond[4][FROM_MIDDLE[4] < 16].any()
    assert beyond[0][FROM_MIDDLE[0] > 6 + 1 + LEASH_MM + SLOPE * 8 + 1].all()


def test_rings_across_any_axis_count_the_same():
    lesion, ring = strokes([4])
    beyond = beyond_rings(lesion, ring, SPACING)
    turned = beyond_rings(np.moveaxis(lesion, 0, 2), np.moveaxis(ring, 0, 2), (1.0, 1.0, 4.0))
    assert (np.moveaxis(turned, 2, 0) == beyond).all()


@pytest.mark.parametrize("drawn", ["gap", "no lesion in it", "nothing"])
def test_without_a_closed_ring_round_a_lesion_nothing_is_beyond(drawn: str):
    lesion, ring = strokes([4], gap=drawn == "gap")
    if drawn == "no lesion in it":
        lesion = np.roll(lesion, 25, axis=2)
    if drawn == "nothing":
        ring[:] = False
    assert not beyond_rings(lesion, ring, SPACING).any()


def marks(*numbers: int) -> np.ndarray:
    lesion, ring = strokes(numbers)
    return np.where(lesion, LESION, np.where(ring, OTHER, UNMARKED)).astype(np.int8)


def test_a_new_ring_tells_of_the_slices_up_to_the_next_ringed_ones():
    def told(after: np.ndarray, before: np.ndarray) -> list[int]:
        each = slices_told_by_new_rings(after, before)
        assert (each.any(axis=(1, 2)) == each.all(axis=(1, 2))).all()
        return np.flatnonzero(each.any(axis=(1, 2))).tolist()

    assert told(marks(4), marks()) == list(range(9))
    assert told(marks(4, 6), marks(4)) == [5, 6, 7, 8]
    assert told(marks(2, 4, 7), marks(2, 7)) == [3, 4, 5, 6]
    assert told(marks(1, 3, 4, 7), marks(3, 4)) == [0, 1, 2, 5, 6, 7, 8]
    assert told(marks(3, 4), marks(3, 4)) == []
    turned = [np.moveaxis(each, 0, 2) for each in (marks(4, 6), marks(4))]
    assert np.moveaxis(slices_told_by_new_rings(*turned), 2, 0).any(axis=(1, 2)).nonzero()[0].tolist() == [5, 6, 7, 8]


def test_a_ring_on_one_side_brings_nothing_in_on_the_other():
    """A ring on a lower slice took what a vessel encloses on upper ones for dead tissue: Dice .96 to .88."""
    case = difficult_case("hard", 1606)
    segmenter, best = StrokeSegmenter(case.image), 0.0
    for each in simulated_strokes(case, slices=3):
        now = dice(segmenter.add(Stroke(*each)), case.truth)
        assert now >= best - 0.01
        best = max(best, now)
    assert best >= 0.96


def test_dark_lesion_of_one_series_stays_within_reach_of_its_rings():
    """Without the rings' reach it ran over the slices between them: Dice 0.12."""
    phantom = SpinePhantom(902, "osteoblastic")
    image, truth = phantom.acquire("fs_t2"), phantom.lesion_mask("fs_t2")
    case = SimpleNamespace(truth=truth, seed=902, vessels=truth * 0, dead=np.zeros(truth.GetSize()[::-1], bool))
    drawn = [Stroke(*each) for each in simulated_strokes(case, slices=3)]
    assert dice(StrokeSegmenter(image).add_all(drawn), truth) >= 0.85
