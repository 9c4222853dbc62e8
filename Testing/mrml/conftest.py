"""Images whose orientation is as awkward as a scanner can make it, and a scene as the application sets it up."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer


def rotation(axis: str, degrees: float) -> np.ndarray:
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    first, second = {"x": (1, 2), "y": (0, 2), "z": (0, 1)}[axis]
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = cosine
    matrix[first, second], matrix[second, first] = -sine, sine
    return matrix


@pytest.fixture
def scene():
    """A scene in which the Sequences module's nodes are known, as in Slicer."""
    a_scene = slicer.vtkMRMLScene()
    logic = slicer.vtkSlicerSequencesLogic()
    logic.SetMRMLScene(a_scene)
    yield a_scene
    logic.SetMRMLScene(None)
    a_scene.Clear(1)


@pytest.fixture
def left_handed_oblique_image() -> sitk.Image:
    """Doubly oblique, anisotropic, det(direction) = -1, no two sides alike; every voxel has a value of its own."""
    direction = rotation("x", 23.0) @ rotation("z", -17.0) @ np.diag([1.0, 1.0, -1.0])
    array = np.arange(9 * 13 * 17, dtype=np.float32).reshape(9, 13, 17)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((0.7, 1.1, 3.3))
    image.SetOrigin((-41.5, 12.25, 307.0))
    image.SetDirection(direction.ravel().tolist())
    assert np.linalg.det(direction) < 0
    return image


MARKERS = [(0, 0, 0), (16, 0, 0), (0, 12, 0), (0, 0, 8), (3, 11, 5), (16, 12, 8)]


@pytest.fixture
def markers() -> list[tuple[int, int, int]]:
    """Indices (i, j, k) of the left-handed image: its corners and a voxel that no symmetry maps to itself."""
    return MARKERS


@pytest.fixture
def oblique_mask(left_handed_oblique_image) -> sitk.Image:
    """An asymmetric mask on the left-handed grid, away from the border on one side and at it on another."""
    array = np.zeros((9, 13, 17), np.uint8)
    array[2:9, 1:6, 3:5] = 1
    array[4, 1:6, 3:14] = 1
    mask = sitk.GetImageFromArray(array)
    mask.CopyInformation(left_handed_oblique_image)
    return mask
