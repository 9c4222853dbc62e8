"""A voxel keeps its place in the patient through every file format.

An index round trip cannot see a flipped axis: the array comes back the same while the patient's left and right have
changed places. So places are compared in the world, on a left-handed, doubly oblique grid.
"""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.geometry.files import read_image, read_mask, write_image
from spinemets.geometry.grids import index_to_world

SIZE = (11, 9, 7)
SPACING = (0.7, 1.3, 4.1)
ORIGIN = (-31.0, 17.5, 402.25)
# World points in LPS mm are computed from these voxels with a matrix written out by hand, not with SimpleITK.
MARKERS = {(0, 0, 0): 101, (10, 0, 0): 202, (0, 8, 0): 303, (0, 0, 6): 404, (3, 7, 2): 505}


def world_of(voxel: tuple[int, int, int], direction: np.ndarray) -> np.ndarray:
    return np.array(ORIGIN) + sum(direction[:, axis] * SPACING[axis] * voxel[axis] for axis in range(3))


def brightest_places(image: sitk.Image) -> dict[int, np.ndarray]:
    """World place of each marker, by SimpleITK's own transform of the voxel that holds its value."""
    array = sitk.GetArrayFromImage(image)
    places = {}
    for value in MARKERS.values():
        (k, j, i) = (int(n) for n in np.argwhere(array == value)[0])
        places[value] = np.array(image.TransformIndexToPhysicalPoint((i, j, k)))
    return places


@pytest.fixture
def marked(left_handed_oblique, image_of) -> sitk.Image:
    array = np.zeros(SIZE[::-1], np.int16)
    for (i, j, k), value in MARKERS.items():
        array[k, j, i] = value
    return image_of(array, SPACING, ORIGIN, left_handed_oblique)


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_left_handed_oblique_volume_keeps_its_world(marked, left_handed_oblique, tmp_path, ending):
    assert np.linalg.det(left_handed_oblique) == pytest.approx(-1)
    write_image(marked, tmp_path / f"marked{ending}")
    places = brightest_places(read_image(tmp_path / f"marked{ending}"))
    for voxel, value in MARKERS.items():
        np.testing.assert_allclose(places[value], world_of(voxel, left_handed_oblique), atol=1e-4)


def test_affine_puts_voxels_where_their_matrix_says(marked, left_handed_oblique):
    affine = index_to_world(marked)
    for voxel in MARKERS:
        np.testing.assert_allclose((affine @ [*voxel, 1.0])[:3], world_of(voxel, left_handed_oblique), atol=1e-9)


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
def test_frame_of_reference_travels_with_the_file(marked, tmp_path, ending):
    marked.SetMetaData("FrameOfReferenceUID", "1.2.840.99")
    write_image(marked, tmp_path / f"marked{ending}")
    assert read_image(tmp_path / f"marked{ending}").GetMetaData("FrameOfReferenceUID") == "1.2.840.99"
    assert read_mask(tmp_path / f"marked{ending}").GetMetaData("FrameOfReferenceUID") == "1.2.840.99"


@pytest.mark.real_data
def test_one_object_in_eight_orientations(shared_data):
    """The same brain saved with eight different axis orders lies at the same place."""
    files = sorted((shared_data / "orientation_6" / "nifti_space").glob("*.nii.gz"))
    assert len(files) == 8
    points = np.random.default_rng(5).uniform([-60, -60, -20], [60, 60, 60], size=(200, 3))
    sampled = []
    for file in files:
        image = read_image(file)
        to_index = np.linalg.inv(index_to_world(image))
        index = points @ to_index[:3, :3].T + to_index[:3, 3]
        array = sitk.GetArrayFromImage(image).astype(float)
        nearest = np.round(index).astype(int)
        inside = np.all((nearest >= 0) & (nearest < image.GetSize()), axis=1)
        values = np.zeros(len(points))
        values[inside] = array[nearest[inside, 2], nearest[inside, 1], nearest[inside, 0]]
        sampled.append(values)
    assert np.count_nonzero(sampled[0]) > 100
    for other in sampled[1:]:
        assert np.mean(other == sampled[0]) > 0.97
