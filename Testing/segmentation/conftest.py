"""Small synthetic dynamic series with a known lesion: shapes in world mm, sampled with partial volume on any grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk

TIMES = np.arange(12) * 12.0
LESION_CENTRE = np.array([8.0, -6.0, 31.0])
VERTEBRA_CENTRE = np.array([0.0, 0.0, 30.0])
SEEN_FROM_THE_SIDE_MM = 12.0
STRAIGHT = np.eye(3)
SAGITTAL = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


def course(arrival: float, first_pass: float, plateau: float, rise: float, fall: float) -> np.ndarray:
    """Relative enhancement over time: a bolus that passes, and an uptake that rises and slowly falls."""
    after = np.clip(TIMES - arrival, 0, None)
    bolus = first_pass * (after / 12.0) * np.exp(1 - after / 12.0)
    return bolus + plateau * (1 - np.exp(-after / rise)) * np.exp(-after / fall)


COURSES = {
    "muscle": course(20, 0.05, 0.25, 60, 5000),
    "marrow": course(20, 0.1, 0.35, 40, 3000),
    "lesion": course(16, 0.3, 1.9, 18, 600),
    "vessel": course(8, 5.0, 2.0, 10, 900),
}
BASE = {"muscle": 300.0, "marrow": 420.0, "lesion": 260.0, "vessel": 180.0}


def ellipsoid(points: np.ndarray, centre: np.ndarray, radii: tuple[float, float, float]) -> np.ndarray:
    return (((points - centre) / radii) ** 2).sum(axis=-1) <= 1


def inside_lesion(points: np.ndarray, centre: np.ndarray = LESION_CENTRE) -> np.ndarray:
    return ellipsoid(points, centre, (13.0, 9.0, 12.0))


def tissue_at(points: np.ndarray, lesions: tuple) -> np.ndarray:
    """Names as numbers, in the order of `COURSES`; later ones lie over earlier ones."""
    tissue = np.zeros(points.shape[:-1], int)
    tissue[ellipsoid(points, VERTEBRA_CENTRE, (24.0, 18.0, 18.0))] = 1
    for centre in lesions:
        tissue[inside_lesion(points, centre)] = 2
    # An upright vessel that touches the front of the lesion.
    tissue[((points[..., :2] - (10.0, -20.5)) ** 2).sum(axis=-1) <= 6.0**2] = 3
    return tissue


def grid(size, spacing, centre=(0.0, 0.0, 30.0), direction=STRAIGHT) -> sitk.Image:
    image = sitk.Image([int(n) for n in size], sitk.sitkUInt8)
    image.SetSpacing([float(s) for s in spacing])
    direction = np.asarray(direction, float)
    image.SetDirection(direction.ravel().tolist())
    half = (np.array(size) - 1) / 2 * np.array(spacing)
    image.SetOrigin((np.array(centre) - direction @ half).tolist())
    return image


def voxel_points(image: sitk.Image, shift=(0.0, 0.0, 0.0)) -> np.ndarray:
    """LPS mm (z, y, x, 3) of the points at a fractional shift from the voxel centres."""
    k, j, i = np.meshgrid(*(np.arange(n) for n in image.GetSize()[::-1]), indexing="ij")
    index = np.stack([i, j, k], axis=-1) + np.asarray(shift)
    direction = np.reshape(image.GetDirection(), (3, 3))
    return (index * image.GetSpacing()) @ direction.T + image.GetOrigin()


def shares(image: sitk.Image, lesions: tuple, samples: int = 3) -> np.ndarray:
    """Share of each tissue in each voxel (tissue, z, y, x)."""
    steps = (np.arange(samples) + 0.5) / samples - 0.5
    total = np.zeros((len(COURSES), *image.GetSize()[::-1]))
    for shift in np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3):
        tissue = tissue_at(voxel_points(image, shift), lesions)
        for number in range(len(COURSES)):
            total[number] += tissue == number
    return total / samples**3


@dataclass(frozen=True)
class Case:
    """A dynamic series, what a reader would outline on sagittal slices, and the truth on the series' grid."""

    series: sitk.Image
    outline: sitk.Image
    truth: sitk.Image
    lesions: tuple = field(default=(LESION_CENTRE,))


def like(array: np.ndarray, reference: sitk.Image) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.CopyInformation(reference)
    return image


def make_series(
    reference: sitk.Image, lesions: tuple, noise: float = 8.0, seed: int = 0
) -> tuple[sitk.Image, sitk.Image]:
    part = shares(reference, lesions)
    chance = np.random.default_rng(seed)
    frames = []
    for frame in range(len(TIMES)):
        signal = sum(part[n] * BASE[name] * (1 + COURSES[name][frame]) for n, name in enumerate(COURSES))
        noisy = np.hypot(signal + chance.normal(0, noise, signal.shape), chance.normal(0, noise, signal.shape))
        frames.append(like(noisy.astype(np.float32), reference))
    return sitk.JoinSeries(frames), like((part[2] >= 0.5).astype(np.uint8), reference)


def make_outline(lesions: tuple = (LESION_CENTRE,)) -> sitk.Image:
    """The diseased segment on sagittal slices 4 mm apart: the middle of the vertebra, and the lesions and 2 mm more."""
    sagittal = grid((70, 70, 7), (1.0, 1.0, 4.0), (2.0, 0.0, 30.0), SAGITTAL)
    points = voxel_points(sagittal)
    drawn = ellipsoid(points, VERTEBRA_CENTRE, (SEEN_FROM_THE_SIDE_MM + 2, 16.0, 14.0))
    for centre in lesions:
        drawn |= ellipsoid(points, centre, (15.0, 11.0, 14.0)) & (np.abs(points[..., 0]) <= SEEN_FROM_THE_SIDE_MM)
    return like(drawn.astype(np.uint8), sagittal)


def make_case(reference: sitk.Image | None = None, lesions: tuple = (LESION_CENTRE,), **options) -> Case:
    if reference is None:
        reference = grid((80, 64, 14), (1.4, 1.4, 4.0))
    series, truth = make_series(reference, lesions, **options)
    return Case(series, make_outline(lesions), truth, lesions)


def rotation(axis: int, degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    a, b = (other for other in range(3) if other != axis)
    matrix = np.eye(3)
    matrix[a, a] = matrix[b, b] = c
    matrix[a, b], matrix[b, a] = -s, s
    return matrix


@pytest.fixture(scope="session")
def a_case() -> Case:
    """The usual case: axial slices of 4 mm, a lesion in the left half of a vertebra, a vessel that touches it."""
    return make_case()


@pytest.fixture(scope="session")
def synthetic() -> SimpleNamespace:
    """What makes cases, for tests that need another one."""
    return SimpleNamespace(
        grid=grid,
        like=like,
        make_case=make_case,
        make_outline=make_outline,
        rotation=rotation,
        voxel_points=voxel_points,
        voxels=sitk.GetArrayFromImage,
        lesion_centre=LESION_CENTRE,
        vessel_point=(10.0, -20.5, 32.0),
    )
