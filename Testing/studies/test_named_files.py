"""Image files without DICOM attributes: the name tells the role, the grid the plane, a sidecar the timing."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.geometry.grids import frame_times
from spinemets.studies.opening import open_image
from spinemets.studies.scanning import scan_study

SAGITTAL = [0, 0, -1, 1, 0, 0, 0, -1, 0]
AXIAL = [1, 0, 0, 0, 1, 0, 0, 0, 1]


def write(path, direction=SAGITTAL, frames: int = 1):
    image = sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 99, (4, 12, 12)).astype(np.int16))
    image.SetSpacing([1, 1, 4])
    image.SetDirection(direction)
    path.parent.mkdir(exist_ok=True, parents=True)
    sitk.WriteImage(image if frames == 1 else sitk.JoinSeries([image] * frames), str(path))
    return path


def test_names_of_roles_and_of_people(tmp_path):
    for name in ("t1", "ce_t1_cor", "sag_t2_stir", "T2w_sagittal", "patient7_T1_post-contrast_fs", "localizer"):
        write(tmp_path / f"{name}.nii.gz")
    roles = {series.description: series.role for series in scan_study(tmp_path).series}
    assert roles == {
        "t1": "t1",
        "ce_t1_cor": "ce_t1_cor",
        "sag_t2_stir": "fs_t2",
        "T2w_sagittal": "t2",
        "patient7_T1_post-contrast_fs": "ce_t1_sag",
        "localizer": "localizer",
    }


def test_plane_comes_from_the_image(tmp_path):
    write(tmp_path / "t1_post_gd.nrrd", AXIAL)
    (series,) = scan_study(tmp_path).series
    assert (series.role, series.plane) == ("ce_t1_ax", "axial")


def test_masks_and_truths_are_no_series(tmp_path):
    write(tmp_path / "t2.nii.gz")
    for name in (
        "mask_t2.nii.gz",
        "t2_mask.nii.gz",
        "lesion.nrrd",
        "t2.seg.nrrd",
        "truth/t2_tissues.nrrd",
        "outline_t2.nrrd",
    ):
        write(tmp_path / name)
    assert [series.description for series in scan_study(tmp_path).series] == ["t2"]


def test_list_of_files(tmp_path):
    files = [write(tmp_path / "a" / "t1.nii.gz"), write(tmp_path / "b" / "t2.nii.gz")]
    assert [series.role for series in scan_study(files).series] == ["t1", "t2"]


def test_bids_sidecar_in_seconds(tmp_path):
    write(tmp_path / "sub-01_acq-x_run-1.nii.gz")
    sidecar = {"RepetitionTime": 4.2, "EchoTime": 0.062, "InversionTime": 0.16, "ScanningSequence": "SE_IR"}
    (tmp_path / "sub-01_acq-x_run-1.json").write_text(json.dumps(sidecar))
    (series,) = scan_study(tmp_path).series
    assert series.role == "fs_t2"
    assert series.reason.startswith("TR 4200 ms, TE 62 ms, TI 160 ms")
    (tmp_path / "sub-01_acq-x_run-1.json").write_text("{")
    with pytest.raises(InputError, match=r"run-1\.json: is no JSON"):
        scan_study(tmp_path)


def test_dynamic_series_with_its_times(tmp_path):
    write(tmp_path / "dce.nii.gz", AXIAL, frames=4)
    study = scan_study(tmp_path)
    assert study.series[0].role == "dce"
    assert study.series[0].times == ()
    assert any("dce_times.txt" in warning for warning in study.warnings)
    (tmp_path / "dce_times.txt").write_text("0\n10.5\n22\n34\n")
    (series,) = scan_study(tmp_path).series
    assert series.times == (0.0, 10.5, 22.0, 34.0)
    assert frame_times(series.load()) == series.times
    assert frame_times(open_image(tmp_path / "dce.nii.gz")) == series.times


@pytest.mark.parametrize(
    ("text", "why"), [("0\n1\n2", "3 times for 4 frames"), ("0 5 4 9", "do not rise"), ("a b", "seconds")]
)
def test_wrong_times(tmp_path, text, why):
    write(tmp_path / "dce.nii.gz", AXIAL, frames=4)
    (tmp_path / "dce_times.txt").write_text(text)
    with pytest.raises(InputError, match=why):
        scan_study(tmp_path)


def test_four_dimensional_file_of_another_name_is_not_taken_for_dynamic(tmp_path):
    write(tmp_path / "volumes.nii.gz", AXIAL, frames=6)
    (series,) = scan_study(tmp_path).series
    assert series.role == "other"
    assert series.n_frames == 6


def test_folders_of_two_patients_are_never_one_study(tmp_path):
    """A cohort's folder opened by mistake: T1 of one patient and T2 of another must not meet."""
    for case in ("case-001", "case-002"):
        (tmp_path / case / "nifti").mkdir(parents=True)
        for role in ("t1", "t2"):
            write(tmp_path / case / "nifti" / f"{role}.nii.gz")
    with pytest.raises(InputError, match="holds 2 studies"):
        scan_study(tmp_path)
    assert {series.role for series in scan_study(tmp_path / "case-002").series} == {"t1", "t2"}


def test_one_folder_a_series_is_one_study(tmp_path):
    for role in ("t1", "t2"):
        (tmp_path / role).mkdir()
        write(tmp_path / role / f"{role}.nii.gz")
    assert {series.role for series in scan_study(tmp_path).series} == {"t1", "t2"}
