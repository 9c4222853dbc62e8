"""Growing, leaks, holes and thin bridges on shapes drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.segmentation.channels import Channels, noise_of, scaled, vessels_of
from spinemets.segmentation.parameters import SegmentationParameters
from spinemets.segmentation.patient_axes import PatientAxes
from spinemets.segmentation.region_growing import filled_slices, grow
from spinemets.segmentation.scene import Scene
from spinemets.segmentation.search_box import SearchBox

SHAPE = (5, 40, 60)
SEED = (2, 20, 15)
AXES = PatientAxes((0, 1, 2), (False, False, False), (1.0, 1.0, 4.0))


def scene_of(brightness: np.ndarray, outline: np.ndarray) -> Scene:
    """A scene with slices along the first axis, background 0, no vessels."""
    brightness = brightness.astype(np.float32)
    channels = Channels(("brightness",), brightness[np.newaxis], brightness, np.zeros(brightness.shape, bool))
    box = SearchBox((0, 0, 0), brightness.shape[::-1])
    beside = np.zeros(outline.shape, np.float32)
    return Scene(box, AXES, 0, (4.0, 1.0, 1.0), brightness, outline, beside, channels, 0.0)


def block(start, stop) -> np.ndarray:
    inside = np.zeros(SHAPE, bool)
    inside[tuple(slice(a, b) for a, b in zip(start, stop))] = True
    return inside


LESION = block((1, 12, 8), (4, 28, 26))
EVERYWHERE = np.ones(SHAPE, bool)


def noisy(mean: np.ndarray) -> np.ndarray:
    return mean + np.random.default_rng(0).normal(0, 0.05, SHAPE)


def test_region_is_the_block_round_the_seed():
    grown = grow(scene_of(noisy(LESION), LESION), EVERYWHERE, SEED, SegmentationParameters())
    assert np.array_equal(grown.voxels, LESION)
    assert not grown.leaked
    assert grown.sd_factor == SegmentationParameters().growing_sd


def test_the_border_lies_half_way():
    mean = LESION.astype(float)
    mean[1:4, 12:28, 26] = 0.6
    mean[1:4, 12:28, 7] = 0.4
    grown = grow(scene_of(mean, LESION), EVERYWHERE, SEED, SegmentationParameters(growing_sd=50))
    assert grown.voxels[2, 20, 26]
    assert not grown.voxels[2, 20, 7]


def test_a_hole_that_is_open_to_the_next_slice_belongs_to_the_lesion():
    mean = LESION.astype(float)
    mean[2:5, 17:22, 18:23] = 0
    grown = grow(scene_of(mean, LESION), EVERYWHERE, SEED, SegmentationParameters())
    assert np.array_equal(grown.voxels, LESION)


def test_what_hangs_on_by_a_thin_bridge_is_cut_off():
    other = block((1, 10, 36), (4, 30, 58))
    bridge = block((2, 19, 26), (3, 21, 36))
    with_bridge = (LESION | other | bridge).astype(float)
    grown = grow(scene_of(with_bridge, LESION), EVERYWHERE, SEED, SegmentationParameters())
    assert not (grown.voxels & other).any()
    assert (grown.voxels & LESION).sum() == LESION.sum()
    whole = grow(scene_of(with_bridge, LESION), EVERYWHERE, SEED, SegmentationParameters(neck_mm=0))
    assert (whole.voxels & other).sum() == other.sum()


def test_a_leak_is_grown_again_more_tightly_or_told():
    tissue = block((0, 0, 8), (5, 40, 60)) & ~LESION
    mean = noisy(LESION * 1.0 + tissue * 0.62)
    parameters = SegmentationParameters(growing_sd=8.0, leak_ratio=1.0)
    grown = grow(scene_of(mean, LESION), EVERYWHERE, SEED, parameters)
    assert grown.sd_factor < 8.0
    assert not grown.leaked
    assert np.count_nonzero(grown.voxels ^ LESION) < 0.05 * LESION.sum()
    even = grow(scene_of(noisy(np.ones(SHAPE)), LESION), EVERYWHERE, SEED, parameters)
    assert even.leaked


def test_dark_lesion_of_a_given_seed():
    grown = grow(scene_of(noisy(-1.0 * LESION), LESION), EVERYWHERE, SEED, SegmentationParameters())
    assert np.array_equal(grown.voxels, LESION)


@pytest.mark.parametrize(("connectivity", "reached"), [(6, False), (18, True), (26, True)])
def test_connectivity_decides_over_a_diagonal_step(connectivity, reached):
    mean = LESION.astype(float)
    mean[2, 28, 26] = 1.0
    parameters = SegmentationParameters(connectivity=connectivity, neck_mm=0)
    assert grow(scene_of(mean, LESION), EVERYWHERE, SEED, parameters).voxels[2, 28, 26] == reached


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_holes_are_filled_in_the_slices_across_the_given_axis(axis):
    ring = np.zeros((5, 9, 9), bool)
    ring[1:4, 2:7, 2:7] = True
    ring[:, 4, 4] = False
    filled = filled_slices(np.moveaxis(ring, 0, axis), axis)
    expected = ring.copy()
    expected[1:4, 4, 4] = True
    assert np.array_equal(np.moveaxis(filled, axis, 0), expected)


def test_blood_is_told_by_its_first_pass_and_not_by_its_brightness():
    before = np.full((1, 1, 4), 100.0, np.float32)
    rises = np.array([
        [0, 0, 4.3, 3.4, 3.3, 3.0, 2.9, 2.8, 2.8, 2.7, 2.7, 2.6],
        [0, 0, 0.3, 1.9, 1.7, 1.8, 1.8, 1.8, 1.7, 1.7, 1.7, 1.7],
        [0, 0, 1.3, 2.5, 2.2, 2.2, 2.2, 2.1, 2.1, 2.1, 2.1, 2.0],
        [0, 0, 0.1, 0.5, 0.3, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4],
    ])  # fmt: skip
    series = (before + 100 * rises.T[:, None, None, :]).astype(np.float32)
    late = series[-6:].mean(axis=0)
    assert vessels_of(series, before, late, SegmentationParameters()).ravel().tolist() == [True, False, False, False]


def test_noise_is_measured_from_frames_that_drift():
    chance = np.random.default_rng(0)
    frames = chance.normal(0, 8, (6, 10, 30, 30)) + np.arange(6)[:, None, None, None]
    assert noise_of(frames.astype(np.float32)) == pytest.approx(8, rel=0.05)


def test_scale_of_a_channel_is_that_of_the_outline():
    channel = np.arange(1000, dtype=np.float32).reshape(10, 10, 10)
    outline = np.zeros((10, 10, 10), bool)
    outline[3:5] = True
    values = scaled(channel, outline)
    inside = values[outline]
    assert np.median(inside) == pytest.approx(0, abs=0.01)
    assert np.percentile(inside, 95) - np.percentile(inside, 5) == pytest.approx(1, abs=1e-4)
    assert values.max() == 3.0
    assert not scaled(np.ones((2, 2, 2), np.float32), np.ones((2, 2, 2), bool)).any()
