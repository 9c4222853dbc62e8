"""Perturbations change what they say they change, by as much, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.features.extraction import extract_features
from spinemets.features.perturbations import Perturbation, noise_level, perturbed, random_perturbations


def voxels(mask: sitk.Image) -> int:
    return int(np.count_nonzero(sitk.GetArrayViewFromImage(mask)))


def centre(mask: sitk.Image) -> np.ndarray:
    index = np.argwhere(sitk.GetArrayViewFromImage(mask)).mean(axis=0)[::-1]
    return np.array(mask.TransformContinuousIndexToPhysicalPoint(index.tolist()))


def test_nothing_asked_for_changes_no_feature(lesion, assert_same_features):
    assert_same_features(extract_features(*perturbed(*lesion, Perturbation())), extract_features(*lesion))


@pytest.mark.parametrize("share", [-0.2, 0.1, 0.3])
def test_volume_changes_by_the_share_asked_for(lesion, share):
    image, mask = lesion
    changed = perturbed(image, mask, Perturbation(volume_change=share))[1]
    assert voxels(changed) == round(voxels(mask) * (1 + share))


def test_turned_about_its_own_centre(lesion):
    """Turned by 90 degrees and back, and by the right sense: what was along x lies along y."""
    image, mask = lesion
    array = sitk.GetArrayFromImage(mask) * 0
    array[3:6, 18:23, 10:31] = 1
    bar = sitk.GetImageFromArray(array)
    bar.CopyInformation(mask)
    turned = perturbed(image, bar, Perturbation(rotation_deg=90))[1]
    there = np.argwhere(sitk.GetArrayViewFromImage(turned))
    assert tuple(np.ptp(there, axis=0)) == (2, 20, 4)
    assert centre(turned) == pytest.approx(centre(bar), abs=0.4)
    small = perturbed(image, mask, Perturbation(rotation_deg=5))[1]
    assert voxels(small) == pytest.approx(voxels(mask), rel=0.02)


def test_image_and_mask_move_together(lesion):
    """A bright block that is the mask: after any turn and shift the mask still lies on what is bright."""
    mask = lesion[1]
    bright = sitk.Cast(sitk.Cast(mask, sitk.sitkFloat32) * 500.0, sitk.sitkFloat32)
    moved, region = perturbed(bright, mask, Perturbation(rotation_deg=8, translation=(0.4, -0.3, 0.5)))
    values = sitk.GetArrayFromImage(moved)
    inside = sitk.GetArrayFromImage(region) != 0
    assert np.count_nonzero(inside & (values < 200)) < 0.03 * inside.sum()
    assert np.count_nonzero(~inside & (values > 300)) < 0.03 * inside.sum()


def test_shifted_by_part_of_a_voxel():
    z, y, x = np.indices((14, 30, 30)).astype(float)
    ramp = sitk.GetImageFromArray(10 * x + 3 * y - 4 * z)
    mask = sitk.GetImageFromArray((((x - 15) ** 2 + (y - 15) ** 2 < 40) & (abs(z - 7) < 4)).astype(np.uint8))
    moved, _ = perturbed(ramp, mask, Perturbation(translation=(0.25, 0.0, 0.0)))
    assert moved[15, 15, 7] == pytest.approx(10 * 15.25 + 3 * 15 - 4 * 7, abs=1e-3)


def test_noise_is_measured_and_added():
    rng = np.random.default_rng(2)
    _, y, x = np.indices((12, 60, 60))
    clean = 400 + 60 * np.sin(x / 9) + 40 * np.cos(y / 7)
    image = sitk.GetImageFromArray(clean + rng.normal(0, 8, clean.shape))
    assert noise_level(image) == pytest.approx(8, rel=0.05)
    mask = sitk.GetImageFromArray(((x > 25) & (x < 35) & (y > 20) & (y < 40)).astype(np.uint8))
    noisy, region = perturbed(image, mask, Perturbation(noise=1.0, seed=5))
    difference = sitk.GetArrayFromImage(noisy) - sitk.GetArrayFromImage(
        sitk.RegionOfInterest(image, noisy.GetSize(), [6, 1, 0])
    )
    assert difference.std() == pytest.approx(8, rel=0.1)
    assert voxels(region) == voxels(mask)


def test_contour_moves_both_ways(lesion):
    image, mask = lesion
    near, region = perturbed(image, mask, Perturbation(contour_voxels=1.0, seed=3))
    before = sitk.Resample(mask, near, sitk.Transform(), sitk.sitkNearestNeighbor)
    a, b = (sitk.GetArrayFromImage(each) != 0 for each in (before, region))
    assert voxels(region) == voxels(mask)
    lost, gained = np.count_nonzero(a & ~b), np.count_nonzero(b & ~a)
    assert min(lost, gained) > 0.02 * voxels(mask)


def test_same_seed_same_version(lesion):
    first, second = random_perturbations(3, seed=4), random_perturbations(3, seed=4)
    assert first == second
    assert len({change.rotation_deg for change in first}) == 3
    one, other = (extract_features(*perturbed(*lesion, each[0])) for each in (first, second))
    assert one == other
    assert one != extract_features(*lesion)
