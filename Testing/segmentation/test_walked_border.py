"""The border that a random walk draws: nearer to the truth, whatever the pixels, and never into a vessel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from spinemets.phantom.difficulty import difficult_case
from spinemets.segmentation.channels import Channels
from spinemets.segmentation.lesion import segment_lesion
from spinemets.segmentation.overlap import dice
from spinemets.segmentation.parameters import SegmentationParameters
from spinemets.segmentation.patient_axes import PatientAxes
from spinemets.segmentation.scene import Scene
from spinemets.segmentation.search_box import SearchBox
from spinemets.segmentation.walked_border import with_walked_border

SHAPE = (7, 40, 44)
SEED = (3, 20, 20)
IN_SLICE = np.array([[[0, 1, 0], [1, 1, 1], [0, 1, 0]]], bool)


def ball() -> np.ndarray:
    z, y, x = np.ogrid[tuple(slice(n) for n in SHAPE)]
    return ((z - 3) / 2.6) ** 2 + ((y - 20) / 10) ** 2 + ((x - 20) / 12) ** 2 <= 1


def scene_of(lesion: np.ndarray, pixel_mm: float, vessels: np.ndarray | None = None) -> Scene:
    """A series of six frames in which the lesion, and vessels as it does, take up contrast; slices of 3 mm."""
    alike = lesion if vessels is None else lesion | vessels
    course = np.array([0, 60, 110, 120, 125, 130.0])[:, None, None, None]
    noise = np.random.default_rng(0).normal(0, 8, (6, *SHAPE))
    voxels = (200 + course * np.where(alike, 1.0, 0.25) + noise).astype(np.float32)
    late = voxels[-1] - voxels[0]
    channels = Channels(("late",), late[np.newaxis], late, np.zeros(SHAPE, bool) if vessels is None else vessels)
    axes = PatientAxes((0, 1, 2), (False, False, False), (pixel_mm, pixel_mm, 3.0))
    box, beside = SearchBox((0, 0, 0), SHAPE[::-1]), np.zeros(SHAPE, np.float32)
    return Scene(box, axes, 0, (3.0, pixel_mm, pixel_mm), voxels, lesion, beside, channels, 0.0)


@pytest.mark.parametrize("pixel_mm", [0.5, 1.0, 1.5, 2.5])
@pytest.mark.parametrize("change", [ndimage.binary_erosion, ndimage.binary_dilation])
def test_a_region_that_is_a_pixel_too_small_or_large_becomes_the_lesion(change, pixel_mm: float):
    lesion = ball()
    region = change(lesion, IN_SLICE)
    walked = with_walked_border(scene_of(lesion, pixel_mm), region, SEED, SegmentationParameters())
    # Pixels much finer than the smoothing of the walk leave some of the border as blurred as it makes them.
    left = 0.05 if pixel_mm >= 1 else 0.25
    assert np.count_nonzero(walked ^ lesion) < left * np.count_nonzero(region ^ lesion)


def test_no_vessel_comes_in():
    lesion, vessels = ball(), np.zeros(SHAPE, bool)
    vessels[:, 8:33, 32:35] = True
    vessels &= ~lesion
    walked = with_walked_border(scene_of(lesion, 1.0, vessels), lesion, SEED, SegmentationParameters())
    assert not (walked & vessels).any()
    assert np.count_nonzero(walked & lesion) > 0.98 * np.count_nonzero(lesion)


def test_a_region_that_is_thin_or_all_there_is_stays_as_it_is():
    line = np.zeros(SHAPE, bool)
    line[3, 20, 10:30] = True
    scene = scene_of(ball(), 1.0)
    for region in (line, np.ones(SHAPE, bool)):
        assert np.array_equal(with_walked_border(scene, region, SEED, SegmentationParameters()), region)


def test_a_lesion_at_the_side_of_the_image_keeps_what_lies_there():
    lesion = np.roll(ball(), -10, axis=2)
    lesion[..., 34:] = False
    assert lesion[..., 0].any()
    walked = with_walked_border(scene_of(lesion, 1.0), lesion, (3, 20, 8), SegmentationParameters())
    assert np.array_equal(walked[..., 0], lesion[..., 0])


@pytest.mark.parametrize("level", ["hard", "vessels"])
def test_a_walk_brings_the_lesion_of_an_unseen_patient_nearer_to_the_truth(level: str):
    case = difficult_case(level, 106)
    walk = SegmentationParameters()
    found = [segment_lesion(case.outline, case.image, "grow", parameters=p).mask for p in (walk, edge_of(walk))]
    assert dice(found[0], case.truth) > dice(found[1], case.truth) + 0.005


def edge_of(parameters: SegmentationParameters) -> SegmentationParameters:
    return replace(parameters, border_rule="edge")
