"""A lesion outlined in one plane covers the same tissue in another: voxel for voxel as a brute-force look-up says."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.geometry.carrying import carry_array, carry_mask
from spinemets.geometry.files import read_image, read_mask
from spinemets.geometry.grids import index_to_world, same_grid
from spinemets.geometry.sizes import volume_ml


def brute_force(mask: np.ndarray, mask_affine: np.ndarray, shape: tuple[int, ...], affine: np.ndarray) -> np.ndarray:
    """Every reference voxel looked up one after the other; written without any of the library's code."""
    carried = np.zeros(shape, np.uint8)
    count = mask.shape[::-1]
    for k in range(shape[0]):
        for j in range(shape[1]):
            for i in range(shape[2]):
                world = affine @ np.array([i, j, k, 1.0])
                x = np.linalg.solve(mask_affine, world)[:3]
                if any(x[a] < -0.5 or x[a] > count[a] - 0.5 for a in range(3)):
                    continue
                value = 0.0
                low = [int(np.floor(min(max(x[a], 0.0), count[a] - 1.0))) for a in range(3)]
                part = [min(max(x[a], 0.0), count[a] - 1.0) - low[a] for a in range(3)]
                for corner in range(8):
                    bits = [(corner >> a) & 1 for a in range(3)]
                    weight = np.prod([part[a] if bits[a] else 1 - part[a] for a in range(3)])
                    at = [min(low[a] + bits[a], count[a] - 1) for a in range(3)]
                    value += weight * (mask[at[2], at[1], at[0]] != 0)
                carried[k, j, i] = value >= 0.5
    return carried


def brute_force_at_once(mask: sitk.Image, reference: sitk.Image) -> np.ndarray:
    """The same for real sizes: all reference voxels through their world points, no boxes, no cropping."""
    x, y, z = reference.GetSize()[:3]
    k, j, i = np.meshgrid(np.arange(z), np.arange(y), np.arange(x), indexing="ij")
    direction = np.array(reference.GetDirection()).reshape(reference.GetDimension(), -1)[:3, :3]
    index = np.stack([i, j, k], axis=-1).reshape(-1, 3)
    world = (index * np.array(reference.GetSpacing()[:3])) @ direction.T + np.array(reference.GetOrigin()[:3])
    own = np.array(mask.GetDirection()).reshape(3, 3)
    at = ((world - np.array(mask.GetOrigin())) @ own) / np.array(mask.GetSpacing())
    array = (sitk.GetArrayFromImage(mask) != 0).astype(float)
    count = np.array(mask.GetSize())
    inside = np.all((at >= -0.5) & (at <= count - 0.5), axis=1)
    at = np.clip(at, 0, count - 1)
    low = np.floor(at).astype(int)
    part = at - low
    value = np.zeros(len(at))
    for corner in np.ndindex(2, 2, 2):
        corner_index = np.minimum(low + corner, count - 1)
        weight = np.where(corner, part, 1 - part).prod(axis=1)
        value += weight * array[corner_index[:, 2], corner_index[:, 1], corner_index[:, 0]]
    return ((value >= 0.5) & inside).reshape(z, y, x).astype(np.uint8)


def grid_through(point: np.ndarray, size: tuple[int, int, int], axes: np.ndarray) -> np.ndarray:
    """Affine with these axis vectors whose middle lies at the point."""
    affine = np.eye(4)
    affine[:3, :3] = axes
    affine[:3, 3] = point - axes @ ((np.array(size) - 1) / 2)
    return affine


@pytest.mark.parametrize("seed", range(12))
def test_equals_brute_force_on_random_pairs_of_grids(seed, random_direction):
    """Oblique, flipped and anisotropic; some masks one slice thick, some touching every border of their grid."""
    rng = np.random.default_rng(seed)
    mask_size = (int(rng.integers(4, 9)), int(rng.integers(4, 9)), 1 if seed % 4 == 0 else int(rng.integers(3, 7)))
    mask = (rng.random(mask_size[::-1]) > 0.55).astype(np.uint8)
    size = tuple(int(n) for n in rng.integers(8, 13, size=3))
    place = rng.normal(scale=50, size=3)
    mask_affine = grid_through(place, mask_size, random_direction(rng) * rng.uniform(0.7, 3.0, size=3))
    affine = grid_through(place + rng.normal(size=3), size, random_direction(rng) * rng.uniform(0.4, 2.0, size=3))
    expected = brute_force(mask, mask_affine, size[::-1], affine)
    assert expected.any()
    np.testing.assert_array_equal(carry_array(mask, mask_affine, size[::-1], affine), expected)


@pytest.mark.parametrize("seed", range(6))
def test_equals_brute_force_for_sheared_affines(seed):
    """As a transform above a volume makes them."""
    rng = np.random.default_rng(100 + seed)
    mask = (rng.random((4, 6, 7)) > 0.5).astype(np.uint8)
    mask_affine = grid_through(
        np.zeros(3), (7, 6, 4), np.diag([1.1, 0.9, 3.0]) @ (np.eye(3) + 0.3 * rng.normal(size=(3, 3)))
    )
    affine = grid_through(rng.normal(size=3), (10, 9, 8), 0.8 * (np.diag([1, -1, 1]) + 0.3 * rng.normal(size=(3, 3))))
    expected = brute_force(mask, mask_affine, (8, 9, 10), affine)
    assert expected.any()
    np.testing.assert_array_equal(carry_array(mask, mask_affine, (8, 9, 10), affine), expected)


@pytest.mark.parametrize("interpolation", ["linear", "nearest"])
def test_same_grid_gives_the_same_mask(interpolation, image_of, left_handed_oblique):
    rng = np.random.default_rng(3)
    array = (rng.random((5, 6, 7)) > 0.5).astype(np.uint8)
    mask = image_of(array, (0.7, 0.9, 3.3), (5, -80, 12), left_handed_oblique)
    carried = carry_mask(mask, mask, interpolation=interpolation)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(carried), array)
    assert same_grid(carried, mask)


def test_flipping_either_grid_changes_nothing_in_the_world(image_of):
    """Where grids meet at exactly half a voxel, no axis direction is favoured."""
    array = np.zeros((4, 4, 4), np.uint8)
    array[:, 1:3, :] = 1
    mask = image_of(array, (2, 2, 2), (0, 0, 0))
    reference = image_of(np.zeros((10, 10, 10), np.uint8), (1, 1, 1), (-1, -1, -1))
    straight = sitk.GetArrayFromImage(carry_mask(mask, reference))
    flipped_mask = image_of(array[::-1, ::-1, ::-1], (2, 2, 2), (6, 6, 6), -np.eye(3))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(carry_mask(flipped_mask, reference)), straight)
    flipped_reference = image_of(np.zeros((10, 10, 10), np.uint8), (1, 1, 1), (8, 8, 8), -np.eye(3))
    back = sitk.GetArrayFromImage(carry_mask(mask, flipped_reference))[::-1, ::-1, ::-1]
    np.testing.assert_array_equal(back, straight)


def test_one_thick_slice_fills_its_whole_thickness(image_of):
    """A sagittal outline on one 4 mm slice covers 4 mm of an axial grid, not a plane and not everything."""
    mask = image_of(np.ones((1, 6, 6), np.uint8), (1, 1, 4), (0, 0, 0))
    reference = image_of(np.zeros((40, 6, 6), np.uint8), (1, 1, 0.5), (0, 0, -9.75))
    carried = carry_mask(mask, reference)
    assert volume_ml(carried) == pytest.approx(volume_ml(mask))
    slices = np.flatnonzero(sitk.GetArrayFromImage(carried).any(axis=(1, 2)))
    heights = -9.75 + 0.5 * slices
    assert heights.min() == -1.75
    assert heights.max() == 1.75


def test_mask_outside_the_reference_gives_an_empty_mask(image_of):
    mask = image_of(np.ones((3, 3, 3), np.uint8), origin=(500, 0, 0))
    reference = image_of(np.zeros((4, 4, 4), np.uint8))
    assert not sitk.GetArrayFromImage(carry_mask(mask, reference)).any()


def test_four_dimensional_reference_and_its_frame_of_reference(image_of):
    frames = sitk.JoinSeries([image_of(np.zeros((3, 4, 5), np.int16), (1, 1, 2))] * 3)
    frames.SetMetaData("FrameOfReferenceUID", "1.2.3")
    carried = carry_mask(image_of(np.ones((3, 4, 5), np.uint8), (1, 1, 2)), frames)
    assert carried.GetSize() == (5, 4, 3)
    assert carried.GetMetaData("FrameOfReferenceUID") == "1.2.3"
    assert sitk.GetArrayFromImage(carried).all()


def ball(image: sitk.Image, centre: np.ndarray, radius: float) -> sitk.Image:
    """A mask of all voxels of the image's grid within a radius (mm) of a point of the world."""
    k, j, i = np.indices(image.GetSize()[::-1])
    affine = index_to_world(image)
    world = np.stack([i, j, k], axis=-1) @ affine[:3, :3].T + affine[:3, 3]
    mask = sitk.GetImageFromArray((np.linalg.norm(world - centre, axis=-1) <= radius).astype(np.uint8))
    mask.CopyInformation(image)
    return mask


@pytest.mark.real_data
def test_lesion_painted_in_sagittal_t2_on_the_oblique_axial_series(shared_data):
    """A healthy volunteer's cervical spine: sagittal T2 and axial MT, 4.6 degrees oblique, 17 mm slices."""
    pair = shared_data / "sct_spine_sag_axial_pair"
    sagittal, axial = read_image(pair / "t2" / "t2.nii.gz"), read_image(pair / "mt" / "mt0.nii.gz")
    # The middle of the axial stack, so that lesion and slices meet.
    centre = (index_to_world(axial) @ [95.5, 95.5, 2.0, 1.0])[:3]
    lesion = ball(sagittal, centre, 18.0)
    carried = carry_mask(lesion, axial)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(carried), brute_force_at_once(lesion, axial))
    # The same ball painted directly on the axial grid: 17 mm slices cut it at the same heights.
    direct = sitk.GetArrayFromImage(ball(axial, centre, 18.0))
    both = 2 * np.logical_and(direct, sitk.GetArrayFromImage(carried)).sum()
    assert both / (direct.sum() + sitk.GetArrayFromImage(carried).sum()) > 0.97


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("mask_file", "label"),
    [
        ("totalseg_mr_small/example_seg_mr.nii.gz", None),
        ("tptbox_mri_vertebra/sub-mri_seg-vert_label-6_msk.nii.gz", None),
        ("tptbox_mri_vertebra/sub-mri_seg-subreg_label-6_msk.nii.gz", 49),
    ],
)
def test_real_masks_on_an_oblique_finer_grid(shared_data, mask_file, label, random_direction):
    mask = read_mask(shared_data / mask_file, label)
    middle = (index_to_world(mask) @ [*((np.array(mask.GetSize()) - 1) / 2), 1.0])[:3]
    direction = random_direction(np.random.default_rng(1))
    size, spacing = (70, 60, 50), np.array([1.1, 1.3, 1.7])
    reference = sitk.Image(size, sitk.sitkUInt8)
    reference.SetSpacing(spacing.tolist())
    reference.SetDirection(direction.ravel().tolist())
    reference.SetOrigin((middle - direction @ (spacing * (np.array(size) - 1) / 2)).tolist())
    carried = sitk.GetArrayFromImage(carry_mask(mask, reference))
    assert carried.any()
    np.testing.assert_array_equal(carried, brute_force_at_once(mask, reference))


def test_nearest_is_not_ragged_where_voxels_meet_half_way(image_of, left_handed_oblique):
    """Every look-up falls between two voxels: rounding noise must not choose one here and the other there."""
    voxels = np.zeros((9, 10, 11), np.uint8)
    voxels[2:6, 3:7, 4:8] = 1
    mask = image_of(voxels, (0.7, 1.1, 3.3), (17.3, -41.9, 88.8), left_handed_oblique)
    reference = image_of(
        voxels, (0.7, 1.1, 3.3), mask.TransformContinuousIndexToPhysicalPoint((0.5,) * 3), left_handed_oblique
    )
    carried = sitk.GetArrayFromImage(carry_mask(mask, reference, interpolation="nearest"))
    assert np.array_equal(carried, np.roll(voxels, (-1, -1, -1), axis=(0, 1, 2)))
