"""Names of lesions, their union, and their distance to the canal."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.phantom.spine import SpinePhantom
from spinemets.segmentation.several import distance_to_canal_mm, lesion_name, union, vertebral_level


def image_of(array: np.ndarray, spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0), direction=None) -> sitk.Image:
    image = sitk.GetImageFromArray(np.asarray(array).astype(np.uint8))
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    if direction is not None:
        image.SetDirection(np.ravel(direction).tolist())
    return image


def block(shape, start, stop) -> np.ndarray:
    array = np.zeros(shape, np.uint8)
    array[tuple(slice(a, b) for a, b in zip(start, stop))] = 1
    return array


@pytest.mark.parametrize(
    ("level", "taken", "expected"),
    [
        ("L2", (), "L2"),
        ("th11", (), "T11"),
        (" l02 ", ("L1",), "L2"),
        ("L2", ("L2",), "L2 lesion 2"),
        ("L2", ("l2", "L2 Lesion  2"), "L2 lesion 3"),
        ("Sacrum", (), "Sacrum"),
        (None, (), "Lesion 1"),
        ("  ", ("Lesion 1",), "Lesion 2"),
        (None, ("Lesion 2",), "Lesion 1"),
    ],
)
def test_names(level, taken, expected):
    assert lesion_name(level, taken) == expected


def test_level_of_the_phantoms_lesion():
    phantom = SpinePhantom(3)
    lesion = phantom.lesion_mask(phantom.grid("dce", (80, 80, 16)))
    order = ("T11", "T12", "L1", "L2", "L3", "L4", "L5")
    near = order[max(0, order.index(phantom.level) - 1) : order.index(phantom.level) + 2]
    labels, names = None, {}
    for number, level in enumerate(near, 20):
        mask = sitk.Cast(phantom.vertebra_mask(phantom.grid("t2"), level), sitk.sitkUInt16) * number
        labels = mask if labels is None else sitk.Maximum(labels, mask)
        names[number] = level
    assert vertebral_level(lesion, labels, names) == phantom.level


def test_level_is_that_of_most_voxels_then_the_nearest():
    shape = (30, 10, 10)
    labels = np.zeros(shape)
    labels[:10], labels[18:] = 4, 5
    names = {4: "L4", 5: "L5"}
    assert vertebral_level(image_of(block(shape, (8, 2, 2), (21, 5, 5))), image_of(labels), names) == "L5"
    assert vertebral_level(image_of(block(shape, (11, 2, 2), (13, 5, 5))), image_of(labels), names) == "L4"
    far = image_of(block(shape, (2, 2, 2), (3, 3, 3)), origin=(0.0, 0.0, 200.0))
    assert vertebral_level(far, image_of(labels), names) is None
    assert vertebral_level(far, image_of(labels), {}) is None
    with pytest.raises(InputError, match="lesion"):
        vertebral_level(image_of(np.zeros(shape)), image_of(labels), names)


def test_union_carries_lesions_of_other_grids():
    first = image_of(block((20, 20, 20), (2, 2, 2), (6, 6, 6)))
    coarse = image_of(block((10, 10, 10), (5, 5, 5), (8, 8, 8)), (2.0, 2.0, 2.0), (0.5, 0.5, 0.5))
    together = sitk.GetArrayFromImage(union([first, coarse]))
    expected = block((20, 20, 20), (2, 2, 2), (6, 6, 6)) | block((20, 20, 20), (10, 10, 10), (16, 16, 16))
    # Linear look-up rounds the coarse block's edges off.
    assert together[tuple(slice(10, 16) for _ in range(3))].sum() > 0.8 * 6**3
    assert together[10:16, 12, 13].all()
    assert np.array_equal(together & expected, together)
    assert np.array_equal(together[:8], expected[:8])
    with pytest.raises(InputError):
        union([])


@pytest.mark.parametrize(("gap", "expected"), [(0, 0.0), (1, 3.0), (2, 6.0)])
def test_distance_counts_the_slices_between(gap, expected):
    """Voxels of 3 mm: a slice between is 3 mm, not the 6 mm between centres."""
    shape = (20, 12, 12)
    lesion = image_of(block(shape, (2, 3, 3), (6, 8, 8)), (0.7, 1.1, 3.0))
    canal = image_of(block(shape, (6 + gap, 3, 3), (15, 8, 8)), (0.7, 1.1, 3.0))
    assert distance_to_canal_mm(lesion, canal) == pytest.approx(expected)


def test_distance_over_a_corner_and_between_grids():
    lesion = image_of(block((10, 20, 20), (3, 2, 2), (6, 6, 6)))
    canal = image_of(block((10, 20, 20), (3, 9, 10), (6, 15, 15)))
    assert distance_to_canal_mm(lesion, canal) == pytest.approx(np.hypot(3, 4))
    # The same canal on a grid with other axes: sagittal storage, 0.5 mm pixels, the second axis running down.
    fine = block((20, 40, 40), (10, 16, 18), (15, 28, 30))
    sagittal = np.array([[0, 0, 1], [1, 0, 0], [0, -1, 0]])
    other = image_of(fine, (0.5, 0.5, 1.0), (0.0, 0.0, 12.0), sagittal)
    points = np.array([other.TransformIndexToPhysicalPoint((int(i), int(j), int(k))) for k, j, i in np.argwhere(fine)])
    half = np.array([0.5, 0.25, 0.25])
    low, high = points.min(axis=0) - half, points.max(axis=0) + half
    apart = np.maximum(0, np.maximum(low - 5.5, np.array([1.5, 1.5, 2.5]) - high))
    assert apart[0] > 1
    assert distance_to_canal_mm(lesion, other) == pytest.approx(np.linalg.norm(apart), abs=0.25)
    assert distance_to_canal_mm(other, lesion) == distance_to_canal_mm(lesion, other)


def test_a_lesion_in_the_canal_is_at_distance_0():
    inner = image_of(block((20, 20, 20), (8, 8, 8), (10, 10, 10)))
    outer = image_of(block((20, 20, 20), (2, 2, 2), (18, 18, 18)))
    assert distance_to_canal_mm(inner, outer) == 0
    assert distance_to_canal_mm(outer, inner) == 0


def test_empty_masks_are_named():
    full, empty = image_of(np.ones((2, 2, 2))), image_of(np.zeros((2, 2, 2)))
    with pytest.raises(InputError, match="canal"):
        distance_to_canal_mm(full, empty)
    with pytest.raises(InputError, match="lesion"):
        distance_to_canal_mm(empty, full)
