"""The commands on real images: a healthy volunteer's spine with a lesion painted in, and soft-tissue sarcomas.

The real study is written as DICOM, as a hospital would hand it over; the axial series is oblique and left-handed.
"""

from __future__ import annotations

import csv
import datetime
import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from cli.command_line import DEMO_MODEL, spinemets
from spinemets.phantom.dicom import SeriesHeader, write_dicom_series

pytestmark = pytest.mark.real_data
LESION_CENTRE = np.array([2.0, -41.0, -22.0])
RADII_MM = np.array([9.0, 7.0, 11.0])


@dataclass
class RealStudy:
    """A DICOM study of two series, and the lesion on the sagittal grid."""

    folder: Path
    sagittal: Path
    axial: Path
    lesion: Path
    axial_nifti: Path


def world_of(image: sitk.Image) -> np.ndarray:
    """LPS mm of every voxel centre, [z, y, x, 3]; from the definition, not from the library under test."""
    direction = np.reshape(image.GetDirection(), (3, 3))
    index = np.stack(np.meshgrid(*(np.arange(n) for n in image.GetSize()), indexing="ij"), axis=-1)
    world = np.array(image.GetOrigin()) + (index * image.GetSpacing()) @ direction.T
    return world.transpose(2, 1, 0, 3)


def brute_force(mask: sitk.Image, reference: sitk.Image) -> np.ndarray:
    """Every voxel centre of the reference, looked up in the mask by weights of the eight voxels around it."""
    array = sitk.GetArrayFromImage(mask).astype(float)
    direction = np.reshape(mask.GetDirection(), (3, 3))
    index = ((world_of(reference) - mask.GetOrigin()) @ direction) / mask.GetSpacing()
    index = index[..., ::-1]
    shape = np.array(array.shape)
    within = np.all((index >= -0.5) & (index <= shape - 0.5), axis=-1)
    base = np.floor(index).astype(int)
    value = np.zeros(index.shape[:-1])
    for corner in itertools.product((0, 1), repeat=3):
        weight = np.prod(np.where(np.array(corner) == 1, index - base, 1 - (index - base)), axis=-1)
        at = np.clip(base + corner, 0, shape - 1)
        value += weight * array[at[..., 0], at[..., 1], at[..., 2]]
    return (value >= 0.5) & within


@pytest.fixture(scope="module")
def study(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> RealStudy:
    source = shared_data / "sct_spine_sag_axial_pair"
    sagittal = sitk.ReadImage(str(source / "t2" / "t2.nii.gz"))
    axial = sitk.ReadImage(str(source / "mt" / "mt0.nii.gz"))
    inside = (((world_of(sagittal) - LESION_CENTRE) / RADII_MM) ** 2).sum(-1) <= 1
    voxels = sitk.GetArrayFromImage(sagittal).astype(float)
    texture = np.random.default_rng(1).normal(0, 0.05 * voxels.max(), voxels.shape)
    voxels[inside] = 0.75 * voxels.max() + texture[inside]
    painted = sitk.GetImageFromArray(voxels.astype(np.int16))
    painted.CopyInformation(sagittal)
    folder = tmp_path_factory.mktemp("real")
    lesion = sitk.GetImageFromArray(inside.astype(np.uint8))
    lesion.CopyInformation(sagittal)
    sitk.WriteImage(lesion, str(folder / "lesion.nii.gz"))
    values = {
        "sag": {"ScanningSequence": "SE", "SequenceVariant": "SK", "RepetitionTime": 3200, "EchoTime": 110},
        "ax": {"ScanningSequence": "GR", "SequenceVariant": "SP", "RepetitionTime": 35, "EchoTime": 6, "FlipAngle": 9},
    }
    for number, (name, image) in enumerate((("sag", painted), ("ax", axial)), 1):
        header = SeriesHeader(
            uid=f"2.25.7{number}",
            study_uid="2.25.7",
            frame_of_reference="2.25.70",
            modality="MR",
            number=number,
            description=f"{name} real",
            started=datetime.datetime(2020, 1, 1, 8, number),
            values=values[name],
        )
        write_dicom_series(image, folder / "dicom" / name, header)
    return RealStudy(
        folder / "dicom",
        folder / "dicom" / "sag",
        folder / "dicom" / "ax",
        folder / "lesion.nii.gz",
        source / "mt/mt0.nii.gz",
    )


def test_series_find_their_roles(study: RealStudy):
    done = spinemets("inspect", study.folder, "--json")
    assert done.returncode == 0, done.stderr
    series = {entry["number"]: entry for entry in json.loads(done.stdout)["series"]}
    assert (series[1]["role"], series[1]["plane"]) == ("t2", "sagittal")
    assert series[2]["plane"] == "axial"
    assert 4 < series[2]["obliquity"] < 6  # the data's own description: 4.6 degrees


@pytest.mark.parametrize("reference", ["axial", "axial_nifti"])
def test_outline_carried_to_the_oblique_axial_series(study: RealStudy, tmp_path: Path, reference: str):
    out = tmp_path / "carried.nii.gz"
    done = spinemets("carry", study.lesion, getattr(study, reference), "--out", out)
    assert done.returncode == 0, done.stderr
    carried = sitk.ReadImage(str(out))
    expected = brute_force(sitk.ReadImage(str(study.lesion)), carried)
    found = sitk.GetArrayFromImage(carried) > 0
    assert expected.sum() > 100
    assert np.array_equal(found, expected)
    # And in the world, whatever the grid: the lesion's own slab of the ellipsoid that was painted.
    centre = world_of(carried)[found].mean(axis=0)
    assert np.all(np.abs(centre - LESION_CENTRE)[:2] < 1.0)


def test_painted_lesion_is_segmented_on_the_real_sagittal_series(study: RealStudy, tmp_path: Path):
    lesion = sitk.ReadImage(str(study.lesion))
    outline = sitk.BinaryDilate(lesion, [3, 3, 2])
    sitk.WriteImage(outline, str(tmp_path / "outline.nii.gz"))
    out = tmp_path / "lesion.nii.gz"
    done = spinemets(
        "segment", "--outline", tmp_path / "outline.nii.gz", "--image", study.sagittal, "--out", out, "--json"
    )
    assert done.returncode == 0, done.stderr
    found = sitk.GetArrayFromImage(sitk.ReadImage(str(out))) > 0
    on_grid = (
        sitk.GetArrayFromImage(
            sitk.Resample(lesion, sitk.ReadImage(str(out)), sitk.Transform(), sitk.sitkNearestNeighbor)
        )
        > 0
    )
    assert 2 * (found & on_grid).sum() / (found.sum() + on_grid.sum()) > 0.85
    assert json.loads(done.stdout)["volume_ml"] == pytest.approx(found.sum() / 1000, rel=0.01)


def test_study_without_the_series_that_the_model_needs(study: RealStudy, tmp_path: Path):
    done = spinemets(
        "classify", study.folder, "--model", DEMO_MODEL, "--mask", study.lesion, "--out", tmp_path / "result"
    )
    assert done.returncode == 1
    assert "t1" in done.stderr
    assert not (tmp_path / "result").exists()


@pytest.mark.parametrize("patient", ["STS_001", "STS_006", "STS_011"])
def test_features_of_real_tumours(shared_data: Path, tmp_path: Path, patient: str):
    folder = shared_data / "ibsi_sts_mr_nifti" / patient
    out = tmp_path / "features.csv"
    done = spinemets(
        "features", folder / "MR_T1_image.nii.gz", folder / "MR_T1_mask.nii.gz", "--out", out, "--bin-count", 32
    )
    assert done.returncode == 0, done.stderr
    with out.open(newline="") as file:
        header, row = list(csv.reader(file))
    values = dict(zip(header, map(float, row)))
    assert len(values) == 107
    assert all(np.isfinite(list(values.values())))
    image = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "MR_T1_image.nii.gz")))
    mask_image = sitk.ReadImage(str(folder / "MR_T1_mask.nii.gz"))
    mask = sitk.GetArrayFromImage(mask_image) > 0
    assert values["original_firstorder_Mean"] == pytest.approx(image[mask].mean(), rel=1e-6)
    assert values["original_shape_VoxelVolume"] == pytest.approx(
        mask.sum() * np.prod(mask_image.GetSpacing()), rel=1e-9
    )
