"""An image whose left, front and head are marked, on a left-handed oblique grid; a result to report on it."""

from __future__ import annotations

import copy
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.models.classification import LesionSizes, Result
from spinemets.models.package import ModelPackage, write_package
from spinemets.models.prediction import predict
from spinemets.report.identity import SeriesLine, StudyIdentity

MODEL: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[1] / "models" / "conftest.py"))["MODEL"]
CENTRE = np.array([-12.0, 25.0, -40.0])
SEMI_AXES = np.array([9.0, 7.0, 12.0])
LESION, TISSUE = 400.0, 800.0
# Where a marker lies from the lesion (LPS mm), and how bright it is: to the patient's left, in front, above.
MARKERS = {"L": ((24.0, 0.0, 0.0), 1200.0), "A": ((0.0, -24.0, 0.0), 1600.0), "H": ((0.0, 0.0, 26.0), 2000.0)}


def rotation(about_x: float, about_y: float, about_z: float) -> np.ndarray:
    """Rotation matrix from three angles in degrees."""
    cx, cy, cz = np.cos(np.radians([about_x, about_y, about_z]))
    sx, sy, sz = np.sin(np.radians([about_x, about_y, about_z]))
    x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return z @ y @ x


SAGITTAL = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])  # columns: to P, to F, to L: left-handed


def in_world(
    axes: np.ndarray, size: tuple[int, int, int], spacing: tuple[float, float, float]
) -> tuple[Any, np.ndarray]:
    """An empty image round the lesion, and the world points of its voxels [z, y, x, 3]."""
    image = sitk.Image(size, sitk.sitkFloat32)
    image.SetSpacing(spacing)
    image.SetDirection(axes.ravel().tolist())
    image.SetOrigin((CENTRE + 3.0 - axes @ (np.array(spacing) * (np.array(size) - 1) / 2)).tolist())
    index = np.stack(np.meshgrid(*[np.arange(n) for n in size], indexing="ij"), axis=-1).transpose(2, 1, 0, 3)
    return image, index @ (axes * np.array(spacing)).T + np.array(image.GetOrigin())


def like(image: sitk.Image, values: np.ndarray) -> sitk.Image:
    made = sitk.GetImageFromArray(values)
    made.CopyInformation(image)
    return made


def make_case(axes: np.ndarray, size: tuple[int, int, int], spacing: tuple[float, float, float]) -> tuple[Any, Any]:
    """The marked image and the lesion's mask on a grid with the given axes."""
    empty, points = in_world(axes, size, spacing)
    values = np.full(points.shape[:3], TISSUE, np.float32)
    inside = np.sum(((points - CENTRE) / SEMI_AXES) ** 2, axis=-1) <= 1
    values[inside] = LESION
    for offset, brightness in MARKERS.values():
        values[np.linalg.norm(points - CENTRE - np.array(offset), axis=-1) <= 5.0] = brightness
    return like(empty, values), like(empty, inside.astype(np.uint8))


@pytest.fixture(scope="session")
def oblique_case() -> tuple[sitk.Image, sitk.Image]:
    """Sagittal, oblique by about 20 degrees, left-handed, 1 x 1 x 2 mm."""
    axes = rotation(8.0, 14.0, -12.0) @ SAGITTAL
    assert np.linalg.det(axes) < 0
    return make_case(axes, (90, 96, 44), (1.0, 1.0, 2.0))


@pytest.fixture(scope="session")
def identity() -> StudyIdentity:
    hostile = "SAG T2 <script>alert('x')</script> \"quoted\" & <img src=http://evil/x onerror=1>"
    return StudyIdentity(
        patient_id="P-17<b>",
        patient_name="Doe^Jane",
        date="20260131",
        description="MR spine & <i>more</i>",
        study_uid="1.2.3",
        series=(
            SeriesLine("t1", "sagittal", "2", "SAG T1", "short TR and TE", True),
            SeriesLine("t2", "sagittal", "3", hostile, "long TR and TE", True),
            SeriesLine("localizer", "axial", "1", "LOC", "three planes", False),
        ),
        simulated=True,
    )


@pytest.fixture(scope="session")
def make_result(
    tmp_path_factory: pytest.TempPathFactory, oblique_case: tuple[sitk.Image, sitk.Image]
) -> Callable[..., Result]:
    """A result of the model made by hand for three feature values."""
    folder = tmp_path_factory.mktemp("models")

    def make(values: tuple[float, float, float] = (105.0, 190.0, 3.25), **changes: Any) -> Result:
        package: ModelPackage = write_package(
            copy.deepcopy(MODEL) | changes, {}, folder / "by-hand.spinemets", overwrite=True
        )
        features = dict(zip(package.features, values))
        prediction = predict(package, features)
        entry = {"series_uid": "1.2.3.4", "frame_of_reference_uid": "", "voxel_sha256": "0" * 64}
        entry |= {"size": [90, 96, 44], "spacing_mm": [1.0, 1.0, 2.0], "files": []}
        return Result(
            prediction=prediction,
            package=package,
            sizes=LesionSizes(3.17, 24.4, (18.0, 14.2, 24.1)),
            features=features,
            mask=oblique_case[1],
            masks={},
            stages={"features": 0.25},
            warnings=prediction.warnings,
            provenance={
                "inputs": {"t1": entry, "t2": entry},
                "mask": {"sha256": "1" * 64, "author": "reader <1>", "file": "m.nrrd"},
                "model": {"name": package.name, "sha256": package.sha256, "file": ""},
                "parameters": dict(package.model["recipe"]),
                "software": {"spinemets": "0.1.0", "numpy": "2"},
                "seed": 5,
                "start": "2026-01-31T10:00:00+00:00",
                "seconds": 1.5,
            },
        )

    return make
