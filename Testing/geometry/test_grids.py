"""Planes, checks between grids, resampling and cropping: everything stays where it is in the patient."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.geometry.files import read_image
from spinemets.geometry.grids import (
    bounding_box,
    check_frame_of_reference,
    check_overlap,
    check_same_grid,
    crop_to_mask,
    first_frame,
    frame_times,
    frames_of,
    index_to_world,
    join_frames,
    plane_of,
    same_grid,
)
from spinemets.geometry.resampling import resample_to_grid, resample_to_spacing
from spinemets.geometry.sizes import volume_ml


def ramp(image: sitk.Image) -> sitk.Image:
    """An image that is linear in world space: linear interpolation is exact on it."""
    k, j, i = np.indices(image.GetSize()[::-1])
    affine = index_to_world(image)
    world = np.stack([i, j, k], axis=-1) @ affine[:3, :3].T + affine[:3, 3]
    made = sitk.GetImageFromArray((world @ [1.0, -2.0, 0.5] + 7.0).astype(np.float64))
    made.CopyInformation(image)
    return made


@pytest.fixture
def grid(image_of, left_handed_oblique) -> sitk.Image:
    return image_of(np.zeros((9, 12, 15), np.uint8), (1.1, 0.9, 3.0), (10, -20, 30), left_handed_oblique)


def test_planes_of_scanner_grids(image_of):
    stack = np.zeros((12, 64, 64), np.int16)
    sagittal = np.array([[0, 0, -1], [1, 0, 0], [0, -1, 0]])
    coronal = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
    assert plane_of(image_of(stack, (0.8, 0.8, 4), direction=sagittal)) == ("sagittal", 0.0)
    assert plane_of(image_of(stack, (0.8, 0.8, 4), direction=coronal)) == ("coronal", 0.0)
    assert plane_of(image_of(stack, (0.8, 0.8, 4))) == ("axial", 0.0)


def test_obliquity_is_the_angle_between_the_planes(image_of):
    angle = np.radians(12.0)
    tilted = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    plane, obliquity = plane_of(image_of(np.zeros((12, 64, 64), np.int16), (0.8, 0.8, 4), direction=tilted))
    assert plane == "axial"
    assert obliquity == pytest.approx(12.0)


def test_plane_does_not_depend_on_the_order_of_the_axes(image_of):
    """A sagittal stack saved with its slices along the first axis, as NIfTI files in RAS order are."""
    assert plane_of(image_of(np.zeros((64, 64, 12), np.int16), (4, 0.8, 0.8)))[0] == "sagittal"
    assert plane_of(image_of(np.zeros((201, 257, 38), np.int16), (1, 1, 1)))[0] == "sagittal"
    assert plane_of(image_of(np.zeros((64, 1, 64), np.int16), (0.8, 4, 0.8)))[0] == "coronal"


@pytest.mark.real_data
def test_planes_of_real_series(shared_data):
    pair = shared_data / "sct_spine_sag_axial_pair"
    assert plane_of(read_image(pair / "t2" / "t2.nii.gz"))[0] == "sagittal"
    for name in ("mt/mt0.nii.gz", "dmri/dmri.nii.gz"):
        plane, obliquity = plane_of(read_image(pair / name))
        assert plane == "axial"
        assert obliquity == pytest.approx(4.6, abs=0.05)


def test_same_grid_sees_shift_flip_and_size(grid, image_of):
    assert same_grid(grid, sitk.Cast(grid, sitk.sitkFloat32))
    shifted = sitk.Image(grid)
    shifted.SetOrigin([10.5, -20, 30])
    flipped = sitk.Image(grid)
    flipped.SetDirection((-np.array(grid.GetDirection())).tolist())
    for other in (shifted, flipped, image_of(np.zeros((9, 12, 14), np.uint8))):
        assert not same_grid(grid, other)
        with pytest.raises(InputError, match="outline"):
            check_same_grid(grid, other, "t2", "outline")


def test_frames_of_reference_are_compared_only_when_both_tell(grid):
    other = sitk.Image(grid)
    grid.SetMetaData("FrameOfReferenceUID", "1.2.3")
    check_frame_of_reference(grid, other, "a", "b")
    other.SetMetaData("FrameOfReferenceUID", "1.2.3")
    check_frame_of_reference(grid, other, "a", "b")
    other.SetMetaData("FrameOfReferenceUID", "1.2.4")
    with pytest.raises(InputError, match=r"frame of reference 1\.2\.3"):
        check_frame_of_reference(grid, other, "a", "b")


def test_overlap(image_of):
    image = image_of(np.zeros((5, 5, 5), np.int16))
    array = np.zeros((3, 20, 20), np.uint8)
    array[1, 10, 10] = 1
    check_overlap(image, image_of(array, origin=(-8, -8, 0)), "t2", "mask")
    # The mask's grid overlaps the image, its only voxel does not.
    with pytest.raises(InputError, match="mask: does not overlap t2"):
        check_overlap(image, image_of(array, origin=(0, 0, 0)), "t2", "mask")
    # A thick slice reaches into the image though its centre lies above it.
    thick = np.zeros((1, 5, 5), np.uint8)
    thick[0, 2, 2] = 1
    check_overlap(image, image_of(thick, (1, 1, 17), (0, 0, 11)), "t2", "mask")


def test_resampling_is_exact_for_a_linear_image(grid, image_of, random_direction):
    source = ramp(grid)
    middle = index_to_world(grid) @ [7, 5.5, 4, 1]
    reference = image_of(
        np.zeros((4, 4, 4), np.uint8), (0.8, 0.7, 1.1), middle[:3], random_direction(np.random.default_rng(2))
    )
    resampled = resample_to_grid(source, reference)
    np.testing.assert_allclose(sitk.GetArrayFromImage(resampled), sitk.GetArrayFromImage(ramp(reference)), atol=1e-9)


def test_resampling_to_spacing_keeps_extent_and_place(grid):
    isotropic = resample_to_spacing(ramp(grid), 1.0)
    assert isotropic.GetSpacing() == (1.0, 1.0, 1.0)
    for old, new in zip(np.array(grid.GetSize()) * grid.GetSpacing(), isotropic.GetSize()):
        assert abs(old - new) <= 0.5
    inner = (slice(2, -2),) * 3
    difference = sitk.GetArrayFromImage(isotropic) - sitk.GetArrayFromImage(ramp(isotropic))
    assert np.abs(difference[inner]).max() < 1e-9
    # No dark rim of voxels that the old grid does not reach.
    assert np.abs(difference).max() < 5.0


def test_resampling_a_mask_keeps_its_volume(image_of, left_handed_oblique):
    k, j, i = np.indices((13, 29, 31))
    array = ((3.0 * (k - 6)) ** 2 + (1.5 * (j - 14)) ** 2 + (1.2 * (i - 15)) ** 2 <= 15.0**2).astype(np.uint8)
    mask = image_of(array, (1.2, 1.5, 3.0), direction=left_handed_oblique)
    fine = resample_to_spacing(mask, 1.0, is_mask=True)
    assert fine.GetPixelID() == sitk.sitkUInt8
    assert volume_ml(fine) == pytest.approx(4 / 3 * np.pi * 15**3 / 1000, rel=0.03)


def test_cropping_keeps_voxels_and_their_places(grid):
    array = np.zeros((9, 12, 15), np.uint8)
    array[3:5, 4:7, 6:11] = 1
    mask = sitk.GetImageFromArray(array)
    mask.CopyInformation(grid)
    image = ramp(grid)
    assert bounding_box(mask) == ((6, 4, 3), (5, 3, 2))
    tight = crop_to_mask(image, mask, 0.0)
    assert tight.GetSize() == (5, 3, 2)
    assert crop_to_mask(image, mask, 3.0).GetSize() == (5 + 2 * 3, 3 + 2 * 4, 2 + 2 * 1)
    np.testing.assert_allclose(sitk.GetArrayFromImage(tight), sitk.GetArrayFromImage(ramp(tight)), atol=1e-9)
    frames = join_frames([image, image], times=(0.0, 12.5))
    cropped = crop_to_mask(frames, mask, 0.0)
    assert cropped.GetSize() == (5, 3, 2, 2)
    assert frame_times(cropped) == (0.0, 12.5)
    np.testing.assert_allclose(sitk.GetArrayFromImage(first_frame(cropped)), sitk.GetArrayFromImage(tight))


def test_crop_by_a_mask_of_another_grid(image_of):
    image = image_of(np.zeros((20, 20, 20), np.int16))
    mask = image_of(np.ones((1, 1, 1), np.uint8), (4, 4, 4), (10, 10, 10))
    cropped = crop_to_mask(image, mask, 0.0)
    assert cropped.GetOrigin() == (8.0, 8.0, 8.0)
    assert cropped.GetSize() == (5, 5, 5)


def test_frames_keep_their_geometry_and_metadata(grid):
    grid.SetMetaData("FrameOfReferenceUID", "1.2.3")
    frames = join_frames([grid, grid + 1, grid + 2], times=(0.0, 10.0, 24.0))
    assert frames.GetSpacing()[3] == 12.0
    parts = frames_of(frames)
    assert [part.GetPixel(0, 0, 0) for part in parts] == [0, 1, 2]
    for part in parts:
        assert same_grid(part, grid)
        assert np.linalg.det(np.reshape(part.GetDirection(), (3, 3))) == pytest.approx(-1)
        assert part.GetMetaData("FrameOfReferenceUID") == "1.2.3"
