"""Partial volume and geometry: a wrong axis, sign or handedness here would put lesions where they are not."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.phantom.grids import crop, rotation
from spinemets.phantom.lesion import Lobe
from spinemets.phantom.sampling import Grid, LabelSampling
from spinemets.phantom.spine import SpinePhantom
from spinemets.phantom.tissues import Tissue


def test_points_are_simpleitk_s(oblique_left_handed: Grid) -> None:
    image = oblique_left_handed.image(np.zeros(oblique_left_handed.count, np.uint8))
    index = (31, 7, 12)
    flat = np.array([index[0] + oblique_left_handed.size[0] * (index[1] + oblique_left_handed.size[1] * index[2])])
    found = np.concatenate(oblique_left_handed.points(flat))
    np.testing.assert_allclose(found, image.TransformIndexToPhysicalPoint(index), atol=1e-4)
    shifted = np.concatenate(oblique_left_handed.points(flat, (0.25, -0.5, 0.375)))
    expected = image.TransformContinuousIndexToPhysicalPoint((31.25, 6.5, 12.375))
    np.testing.assert_allclose(shifted, expected, atol=1e-4)
    assert Grid.of(image) == oblique_left_handed


def test_volume_of_a_sphere_on_an_oblique_left_handed_grid(oblique_left_handed: Grid) -> None:
    centre, radius = np.array([7.3, -10.2, 23.6]), 12.0

    def sphere(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        inside = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2 < radius**2
        return inside.astype(np.uint8)

    sampling = LabelSampling(oblique_left_handed, sphere, 2)
    share = sampling.fraction((1,))
    volume = float(share.sum()) * float(np.prod(oblique_left_handed.spacing))
    assert volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.005)
    points = np.stack(oblique_left_handed.points(np.arange(oblique_left_handed.count)))
    middle = (points * share).sum(axis=1) / share.sum()
    np.testing.assert_allclose(middle, centre, atol=0.05)
    assert 0 < np.count_nonzero((share > 0) & (share < 1)) < oblique_left_handed.count / 3
    whole, part = sampling.where(1)
    np.testing.assert_allclose(np.bincount(whole, part, oblique_left_handed.count), share, atol=1e-6)


def test_the_same_world_point_has_the_same_tissue_on_all_grids(phantom: SpinePhantom) -> None:
    """The middle voxels of two grids lie at one point of the world, and both must see the same there."""
    turns = (rotation(0, 0, 0), rotation(20, -35, 50), rotation(-40, 10, 5) @ np.diag([1, 1, -1.0]))
    rng = np.random.default_rng(1)
    for shift in rng.uniform(-25, 25, (12, 3)):
        centre = phantom.lesion_centre + shift
        seen = set()
        for axes in turns:
            grid = Grid.around(centre, axes, (3, 3, 3), (1e-3, 1e-3, 1e-3))
            tissue = sitk.GetArrayFromImage(phantom.tissue_map(grid))
            seen.add(int(tissue[1, 1, 1]))
        assert len(seen) == 1


def test_lesion_lies_in_the_same_place_on_every_grid(phantom: SpinePhantom) -> None:
    middles, volumes = [], []
    for role in ("t2", "dce", "ce_t1_cor"):
        grid = phantom.grid(role, (60, 60, 26))
        mask = sitk.GetArrayFromImage(phantom.lesion_mask(grid)).ravel().astype(bool)
        middles.append(np.mean(grid.points(np.flatnonzero(mask)), axis=1))
        volumes.append(mask.sum() * np.prod(grid.spacing) / 1000)
    assert np.ptp(middles, axis=0).max() < 0.6
    assert np.ptp(volumes) < 0.05 * np.mean(volumes)
    assert np.linalg.norm(middles[0] - phantom.lesion_centre) < 8


def test_left_handed_reference_sees_the_same_lesion(phantom: SpinePhantom) -> None:
    right = phantom.grid("dce", (48, 48, 24))
    steps = np.array(right.direction).reshape(3, 3)
    last = np.array(right.origin) + right.steps @ np.array([0, 0, right.size[2] - 1])
    flipped = steps @ np.diag([1, 1, -1.0])
    left = Grid(right.size, right.spacing, tuple(last.tolist()), tuple(flipped.ravel().tolist()))
    a, b = (sitk.GetArrayFromImage(phantom.lesion_mask(grid)) for grid in (right, left))
    assert a.sum() > 100
    dice = 2 * np.sum(a & b[::-1]) / (a.sum() + b.sum())
    assert dice > 0.97
    assert a.sum() == pytest.approx(b.sum(), rel=0.01)


def test_crop_keeps_the_voxels(phantom: SpinePhantom) -> None:
    whole = phantom.grid("t2")
    part = crop(whole, phantom.lesion_centre, (40, 30, 5))
    first = np.linalg.solve(whole.steps, np.array(part.origin) - np.array(whole.origin))
    np.testing.assert_allclose(first, np.round(first), atol=1e-6)
    assert part.size == (40, 30, 5)
    at = np.linalg.solve(part.steps, phantom.lesion_centre - np.array(part.origin))
    assert np.all(at > 0)
    assert np.all(at < np.array(part.size))


def test_anatomy_is_in_its_order_along_the_back(phantom: SpinePhantom) -> None:
    """From front to back at a disc-free level: vena cava or aorta, body, canal with CSF, arch, skin, air."""
    centre = phantom.anatomy.body_centre("L3")
    y = centre[1] + np.arange(-60, 130, 0.5)
    label, level = phantom.anatomy.tissue_at(
        np.full(y.shape, centre[0], np.float32), y.astype(np.float32), np.full(y.shape, centre[2], np.float32)
    )

    def middle(tissue: Tissue) -> float:
        return float(y[label == tissue].mean())

    marrow_of_body = y[(label == Tissue.MARROW) & (np.abs(y - centre[1]) < 15)]
    assert marrow_of_body.size > 30
    csf = y[(label == Tissue.CSF) | (label == Tissue.ROOTS)]
    assert marrow_of_body.max() < csf.min()
    assert csf.max() < middle(Tissue.SKIN) < y[label == Tissue.AIR].min()
    assert set(level[np.abs(y - centre[1]) < 10]) == {6}


def test_aorta_is_left_and_cava_right(phantom: SpinePhantom) -> None:
    centre = phantom.anatomy.body_centre("L2")
    x = centre[0] + np.arange(-40, 40, 0.5)
    y = np.full(x.shape, centre[1] - 30)
    z = np.full(x.shape, centre[2])
    label, _ = phantom.anatomy.tissue_at(*(w.astype(np.float32) for w in (x, y, z)))
    assert x[label == Tissue.ARTERY].mean() > centre[0] > x[label == Tissue.VEIN].mean()


def test_lobe_is_near_its_size() -> None:
    lobe = Lobe(np.random.default_rng(5), np.zeros(3), (12.0, 10.0, 9.0))
    grid = Grid.around(np.zeros(3), np.eye(3), (60, 60, 60), (0.8, 0.8, 0.8))
    inside = lobe.signed(*grid.points(np.arange(grid.count))) < 0
    assert inside.sum() * 0.512 == pytest.approx(4 / 3 * np.pi * 12 * 10 * 9, rel=0.25)
