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


def half_lesion(
    share: np.ndarray, blur_pixels: float = 0.7, beside: np.ndarray | None = None
) -> tuple[Scene, np.ndarray]:
    """A series whose voxels hold a share of lesion, blurred in the slices, beside tissue that takes up some of what the
    lesion does (to one side half as much, if it is not said); and the voxels that are half lesion."""
    if beside is None:
        beside = np.where(np.indices(SHAPE)[2] > 20, 0.5, 0.0)
    late = ndimage.gaussian_filter(share + (1 - share) * beside, (0, blur_pixels, blur_pixels))
    course = np.array([0, 60, 110, 120, 125, 130.0])[:, None, None, None]
    noise = np.random.default_rng(1).normal(0, 3, (6, *SHAPE))
    scene = scene_of(share >= 0.5, 1.0)
    return replace(scene, voxels=(200 + course * late + noise).astype(np.float32)), share >= 0.5


def test_a_border_is_half_way_between_the_levels_nearby():
    """Half-way to the lesion is the level of what lies to one side of it: by one level for all, that would be lesion,
    or the border on the other side would lie inside."""
    fine = np.indices((SHAPE[0] * 4, SHAPE[1] * 4, SHAPE[2] * 4))
    z, y, x = ((axis + 0.5) / 4 - 0.5 for axis in fine)
    inside = ((z - 3) / 2.8) ** 2 + ((y - 20) / 10) ** 2 + ((x - 20) / 12) ** 2 <= 1
    share = inside.reshape(SHAPE[0], 4, SHAPE[1], 4, SHAPE[2], 4).mean(axis=(1, 3, 5))
    scene, lesion = half_lesion(share)
    for region in (ndimage.binary_erosion(lesion, IN_SLICE), ndimage.binary_dilation(lesion, IN_SLICE)):
        walked = with_walked_border(scene, region, SEED, SegmentationParameters())
        assert np.count_nonzero(walked ^ lesion) < 0.055 * np.count_nonzero(lesion)
        left, right = np.s_[..., :20], np.s_[..., 21:]
        for side in (left, right):
            bias = np.count_nonzero(walked[side]) / np.count_nonzero(lesion[side])
            assert 0.94 < bias < 1.06


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_last_slice_belongs_to_the_lesion_when_half_of_it_does(share: float):
    shares = np.zeros(SHAPE)
    shares[1:5] = ((np.indices(SHAPE[1:])[0] - 20) / 10) ** 2 + ((np.indices(SHAPE[1:])[1] - 20) / 12) ** 2 <= 1
    shares[4] *= share
    scene, _ = half_lesion(shares)
    for last in (False, True):
        region = shares > 0
        region[4] &= last
        walked = with_walked_border(scene, region, SEED, SegmentationParameters())
        assert np.count_nonzero(walked[4]) / np.count_nonzero(shares[4]) == pytest.approx(float(share > 0.5), abs=0.15)
        assert not walked[5].any()


@pytest.mark.parametrize(("share", "last_of_marrow"), [(0.3, 4), (0.62, 3)])
def test_a_last_slice_is_judged_by_what_lies_beside_the_lesion_in_it(share: float, last_of_marrow: int):
    """Marrow takes up some contrast, the disc next to it none: the disc beyond the last slice would make marrow of that
    slice look like lesion, and the marrow of the slice before would hide lesion that lies beside the disc."""
    shares = np.zeros(SHAPE)
    shares[1:5] = ((np.indices(SHAPE[1:])[0] - 20) / 5) ** 2 + ((np.indices(SHAPE[1:])[1] - 20) / 6) ** 2 <= 1
    shares[4] *= share
    scene, _ = half_lesion(shares, beside=np.where(np.indices(SHAPE)[0] > last_of_marrow, -0.4, 0.3))
    walked = with_walked_border(scene, shares > 0, SEED, SegmentationParameters())
    assert np.count_nonzero(walked[4]) / np.count_nonzero(shares[4]) == pytest.approx(float(share > 0.5), abs=0.15)


@pytest.mark.parametrize("level", ["hard", "vessels"])
def test_a_walk_brings_the_lesion_of_an_unseen_patient_nearer_to_the_truth(level: str):
    case = difficult_case(level, 106)
    walk = SegmentationParameters()
    found = [segment_lesion(case.outline, case.image, "grow", parameters=p).mask for p in (walk, edge_of(walk))]
    assert dice(found[0], case.truth) > dice(found[1], case.truth) + 0.005


def edge_of(parameters: SegmentationParameters) -> SegmentationParameters:
    return replace(parameters, border_rule="edge")


def test_any_distances_that_are_allowed_will_do():
    lesion = ball()
    for inside_mm, outside_mm in ((0.0, 0.0), (0.0, 50.0), (50.0, 0.0), (1.0, 1.0)):
        parameters = SegmentationParameters(border_inside_mm=inside_mm, border_outside_mm=outside_mm)
        walked = with_walked_border(scene_of(lesion, 1.0), lesion, SEED, parameters)
        assert np.count_nonzero(walked ^ lesion) < 0.1 * np.count_nonzero(lesion)
