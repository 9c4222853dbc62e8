"""What the tests of geometry share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import SimpleITK as sitk


def rotation_about(axis: int, degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    a, b = [other for other in range(3) if other != axis]
    matrix = np.eye(3)
    matrix[a, a] = matrix[b, b] = c
    matrix[a, b], matrix[b, a] = -s, s
    return matrix


@pytest.fixture(scope="session")
def image_of() -> Callable[..., sitk.Image]:
    """Makes an image of an array [z, y, x] on a grid."""

    def make(array: np.ndarray, spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0), direction=None) -> sitk.Image:
        image = sitk.GetImageFromArray(array)
        image.SetSpacing([float(v) for v in spacing])
        image.SetOrigin([float(v) for v in origin])
        image.SetDirection(np.eye(3).ravel().tolist() if direction is None else np.ravel(direction).tolist())
        return image

    return make


@pytest.fixture(scope="session")
def left_handed_oblique() -> np.ndarray:
    """Direction of a doubly oblique grid whose axes are a left hand's: determinant -1."""
    return rotation_about(2, 23.0) @ rotation_about(0, -17.0) @ np.diag([1.0, -1.0, 1.0])


@pytest.fixture(scope="session")
def random_direction() -> Callable[[np.random.Generator], np.ndarray]:
    """Directions of any obliquity and either hand."""

    def make(rng: np.random.Generator) -> np.ndarray:
        orthogonal, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        return orthogonal * rng.choice([-1.0, 1.0], size=3)

    return make
