"""The levels of difficulty are what they say in physical terms, and the simulated reader draws where a reader would."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from spinemets.errors import InputError
from spinemets.geometry.carrying import carry_mask
from spinemets.phantom.difficulty import DIFFICULTIES, LEVELS, DifficultCase, difficult_case, difficult_phantom
from spinemets.phantom.reader import corrective_stroke, one_click, simulated_strokes
from spinemets.phantom.spine import SpinePhantom
from spinemets.phantom.tissues import Tissue
from spinemets.phantom.veins import TouchingVeins

SEEDS = (0, 1)
STATED_CNR = {"easy": 17, "medium": 11, "hard": 8, "vessels": 8}
STATED_CEILING = {"easy": 0.989, "medium": 0.977, "hard": 0.950, "vessels": 0.970}


@cache
def case_of(difficulty: str, seed: int) -> DifficultCase:
    return difficult_case(difficulty, seed)


def voxels(mask: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(mask) != 0


def frames(case: DifficultCase) -> np.ndarray:
    return sitk.GetArrayFromImage(case.image).astype(np.float32)


def touched(case: DifficultCase) -> np.ndarray:
    """Vessel voxels that share a face with the lesion."""
    return ndimage.binary_dilation(voxels(case.truth)) & voxels(case.vessels) & ~voxels(case.truth)


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_contrast_to_noise_is_what_the_level_states(difficulty: str) -> None:
    stated = STATED_CNR[difficulty]
    assert np.mean([case_of(difficulty, s).contrast_to_noise for s in SEEDS]) == pytest.approx(stated, rel=0.15)


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_the_truth_can_be_told_as_well_as_the_level_states(difficulty: str) -> None:
    ceilings = [case_of(difficulty, s).ceiling for s in SEEDS]
    assert np.mean(ceilings) == pytest.approx(STATED_CEILING[difficulty], abs=0.015)


@pytest.mark.parametrize("difficulty", ["easy", "vessels"])
def test_contrast_to_noise_is_that_of_the_image(difficulty: str) -> None:
    """The stated number comes from the noise-free signal; measured on the stored frames it is the same."""
    case = case_of(difficulty, 0)
    difference = frames(case)[-1] - frames(case)[0]
    lesion, muscle = case.of(Tissue.LESION), ndimage.binary_erosion(case.of(Tissue.MUSCLE))
    # Fine structure of the muscle is the same in both frames; what is left of neighbours' differences is noise.
    noise = np.std(np.diff(difference, axis=2)[muscle[:, :, 1:] & muscle[:, :, :-1]]) / np.sqrt(2)
    assert noise == pytest.approx(np.sqrt(2) * case.noise_sd, rel=0.1)
    assert difference[lesion].mean() == pytest.approx(case.enhancement[lesion].mean(), rel=0.03)


def test_levels_get_harder() -> None:
    ratios = [np.mean([case_of(d, s).contrast_to_noise for s in SEEDS]) for d in ("easy", "medium", "hard")]
    assert ratios == sorted(ratios, reverse=True)
    spread = [np.std(case_of(d, 0).enhancement[case_of(d, 0).of(Tissue.LESION)]) for d in ("easy", "medium", "hard")]
    assert spread == sorted(spread)
    assert [LEVELS[d].noise for d in ("easy", "medium", "hard")] == [1.0, 1.5, 1.8]


@pytest.mark.parametrize("seed", SEEDS)
def test_veins_touch_the_lesion_and_take_nothing_from_it(seed: int) -> None:
    without, with_veins = case_of("easy", seed), case_of("vessels", seed)
    assert touched(without).sum() < 20
    assert touched(with_veins).sum() > 100
    # Necrosis differs between the levels but is part of the lesion.
    assert np.array_equal(voxels(without.truth), voxels(with_veins.truth))


@pytest.mark.parametrize("seed", SEEDS)
def test_slow_veins_have_the_stated_uptake_and_no_first_pass(seed: int) -> None:
    case = case_of("vessels", seed)
    series = frames(case)
    vein, lesion = case.of(Tissue.SLOW_VEIN), case.of(Tissue.LESION)
    assert vein.sum() > 50
    course = series[:, vein].mean(axis=1) - series[0, vein].mean()
    assert course[-4:].mean() > 0.9 * course.max(), "a first pass would stand out above the late level"
    # Ten to eighteen parts of agent for ten give less signal than that, for it saturates.
    assert 1.0 < case.enhancement[vein].mean() / case.enhancement[lesion].mean() < 1.8


@pytest.mark.parametrize("seed", SEEDS)
def test_fast_veins_of_the_hard_level_peak_first_and_are_brightest_in_the_outline(seed: int) -> None:
    case = case_of("hard", seed)
    series = frames(case)
    outline = voxels(carry_mask(case.outline, case.truth, threshold=0.5))
    vein = case.of(Tissue.VEIN) & ndimage.binary_dilation(voxels(case.truth), iterations=3)
    course = series[:, vein].mean(axis=1)
    assert course.argmax() < 6
    assert course.max() > 1.2 * course[-3:].mean()
    brightest = np.argmax(np.where(outline, ndimage.gaussian_filter(series[-1] - series[0], (0, 0.8, 0.8)), -np.inf))
    assert voxels(case.vessels).ravel()[brightest]


def test_a_case_is_repeatable_and_its_crop_has_the_whole_images_geometry() -> None:
    again = difficult_case("vessels", 0)
    case = case_of("vessels", 0)
    assert np.array_equal(frames(case), frames(again))
    assert np.array_equal(voxels(case.outline), voxels(again.outline))
    whole = difficult_case("vessels", 0, crop=False)
    assert whole.image.GetSize() == (256, 192, 26, 12)
    carried = carry_mask(whole.truth, case.truth, threshold=0.5)
    assert np.array_equal(voxels(carried), voxels(case.truth))
    assert voxels(whole.truth).sum() == voxels(case.truth).sum()
    assert voxels(whole.outline).sum() == voxels(case.outline).sum()
    assert case.image.GetDimension() == 4
    assert case.kinetic_map("ktrans").GetSize() == case.truth.GetSize()


def test_still_series_show_the_same_patient() -> None:
    phantom = difficult_phantom("vessels", 0)
    assert phantom.acquire("t2", phantom.grid("t2", (48, 48, 5))).GetSize() == (48, 48, 5)
    assert difficult_phantom("easy", 0).study_uid != phantom.study_uid


def test_unknown_choices_are_named() -> None:
    with pytest.raises(InputError, match="easy, medium, hard, vessels"):
        difficult_case("impossible", 0)
    with pytest.raises(InputError, match="fast, slow"):
        TouchingVeins(filling="never")
    with pytest.raises(InputError, match="above 0"):
        TouchingVeins(radius_mm=(0.0, 2.0))
    with pytest.raises(InputError, match="1, 2 or 3"):
        simulated_strokes(case_of("easy", 0), slices=4)


def test_a_patient_without_veins_is_as_before() -> None:
    """No veins asked for and none made: the same patient."""
    plain, none = SpinePhantom(2), SpinePhantom(2, touching_veins=TouchingVeins(0))
    grid = plain.grid("dce", (40, 40, 5))
    assert np.array_equal(
        sitk.GetArrayFromImage(plain.acquire("dce", grid)), sitk.GetArrayFromImage(none.acquire("dce", grid))
    )


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_click_lies_in_the_living_lesion(difficulty: str, seed: int) -> None:
    case = case_of(difficulty, seed)
    index = case.truth.TransformPhysicalPointToIndex(one_click(case))[::-1]
    assert voxels(case.truth)[index] and not case.dead[index] and not voxels(case.vessels)[index]


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
@pytest.mark.parametrize("seed", SEEDS)
def test_strokes_lie_where_they_say(difficulty: str, seed: int) -> None:
    """A voxel whose centre the brush covers, or that its middle runs through, is of the class that was drawn."""
    case = case_of(difficulty, seed)
    truth = voxels(case.truth)
    strokes = simulated_strokes(case, slices=3)
    assert {stroke.inside for stroke in strokes} == {True, False}
    for stroke in strokes:
        for point in stroke.points:
            k, j, i = case.truth.TransformPhysicalPointToIndex(point)[::-1]
            assert truth[k, j, i] == stroke.inside
            near = np.argwhere(np.ones((5, 5), bool)) - 2 + (j, i)
            for row, column in near:
                centre = case.truth.TransformIndexToPhysicalPoint((int(column), int(row), k))
                if np.linalg.norm(np.subtract(centre, point)) <= stroke.radius_mm:
                    assert truth[k, row, column] == stroke.inside


def test_strokes_mark_every_vessel_that_touches() -> None:
    case = case_of("vessels", 0)
    vessels = voxels(case.vessels)
    marked = np.zeros(vessels.shape, bool)
    for stroke in simulated_strokes(case):
        if not stroke.inside:
            for point in stroke.points:
                marked[case.truth.TransformPhysicalPointToIndex(point)[::-1]] = True
    (k,) = np.flatnonzero(marked.any(axis=(1, 2)))
    labels, _ = ndimage.label(vessels[k] & ~voxels(case.truth)[k], np.ones((3, 3)))
    areas = np.bincount(labels.ravel())
    big = [n for n in np.unique(labels[touched(case)[k]]) if n and areas[n] > 12]
    assert big
    assert all(marked[k][labels == n].any() for n in big)


def test_another_hand_draws_otherwise_and_the_same_hand_the_same() -> None:
    case = case_of("hard", 0)
    first, same, other = (simulated_strokes(case, hand) for hand in (0, 0, 1))
    assert all(np.array_equal(a.points, b.points) for a, b in zip(first, same))
    assert not np.array_equal(first[0].points, other[0].points)


def test_a_correction_marks_what_is_wrong() -> None:
    case = case_of("medium", 0)
    truth = voxels(case.truth)
    assert corrective_stroke(case, case.truth) is None
    middle = int(ndimage.center_of_mass(truth)[2])
    cut = truth.copy()
    cut[:, :, :middle] = False
    too_much = ndimage.binary_dilation(truth, np.ones((1, 15, 15)))
    for wrong, inside in ((cut, True), (too_much, False)):
        mask = sitk.GetImageFromArray(wrong.astype(np.uint8))
        mask.CopyInformation(case.truth)
        stroke = corrective_stroke(case, mask)
        assert stroke is not None and stroke.inside == inside
        at = [case.truth.TransformPhysicalPointToIndex(point)[::-1] for point in stroke.points]
        assert all(truth[p] == inside for p in at)
        assert np.mean([wrong[p] != inside for p in at]) > 0.9
