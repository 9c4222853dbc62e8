"""A folder becomes a study: files of any name, broken ones named, and the series that serves a role best."""

from __future__ import annotations

import dataclasses
import os
import shutil

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.fileset import FileSet

from spinemets.errors import InputError
from spinemets.geometry.grids import FRAME_OF_REFERENCE, SERIES_UID
from spinemets.studies.opening import open_image
from spinemets.studies.scanning import as_json, scan_study


def write_stack(write_slice, slices: int = 3, **attributes) -> None:
    for place in range(slices):
        write_slice((-4.0 * place, 0, 0), place + 1, **attributes)


@pytest.fixture
def several_series(write_slice):
    """A usual examination: sagittal T1, T2 twice, axial T2."""
    write_stack(
        write_slice,
        SeriesInstanceUID="1.1",
        SeriesNumber=2,
        RepetitionTime=600,
        EchoTime=10,
        SeriesDescription="T1 sag",
    )
    write_stack(write_slice, SeriesInstanceUID="1.2", SeriesNumber=3, SeriesDescription="T2 sag")
    write_stack(write_slice, SeriesInstanceUID="1.3", SeriesNumber=4, SeriesDescription="T2 sag repeated")
    for place in range(9):
        write_slice(
            (0, 0, 4.0 * place),
            place + 1,
            SeriesInstanceUID="1.4",
            SeriesNumber=5,
            SeriesDescription="T2 ax",
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        )


def test_series_for_a_role(several_series, study_folder):
    study = scan_study(study_folder)
    assert [(one.number, one.role, one.plane) for one in study.series] == [
        (2, "t1", "sagittal"),
        (3, "t2", "sagittal"),
        (4, "t2", "sagittal"),
        (5, "t2", "axial"),
    ]
    # The sagittal one although the axial has more slices; the repeated one because the first may have failed.
    assert study.by_role("t2").number == 4
    assert any("2 sagittal series fit t2" in warning and "series 4" in warning for warning in study.warnings)
    with pytest.raises(InputError, match=r"no series was found for dce \(roles found: t1, t2\)"):
        study.by_role("dce")


def test_loaded_image_knows_its_series_and_world(several_series, study_folder):
    image = scan_study(study_folder).by_role("t1").load()
    assert image.GetMetaData(SERIES_UID) == "1.1"
    assert image.GetMetaData(FRAME_OF_REFERENCE) == "1.2.3.99"


def test_series_in_different_frames_of_reference(write_slice, study_folder):
    write_stack(write_slice, SeriesInstanceUID="1.1", FrameOfReferenceUID="9.1", RepetitionTime=600, EchoTime=10)
    write_stack(write_slice, SeriesInstanceUID="1.2", FrameOfReferenceUID="9.2")
    assert any("2 frames of reference" in warning for warning in scan_study(study_folder).warnings)


def test_other_files_are_passed_over(several_series, study_folder, tmp_path):
    (study_folder / "README").write_text("viewer")
    directory = FileSet()
    directory.add(study_folder / "00001")
    directory.write(tmp_path / "disc")
    shutil.copy(tmp_path / "disc" / "DICOMDIR", study_folder)
    (study_folder / "deep" / "er").mkdir(parents=True)
    next(study_folder.glob("00000")).rename(study_folder / "deep" / "er" / "IMAGE.xyz")
    assert len(scan_study(study_folder).series) == 4


def test_file_cut_short_is_named(several_series, study_folder):
    path = sorted(study_folder.iterdir())[4]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=rf"{path.name}: is cut short: 40 of 60 bytes of pixel data"):
        scan_study(study_folder)


def test_nothing_to_read(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        scan_study(tmp_path / "absent")
    with pytest.raises(InputError, match="empty folder"):
        scan_study(tmp_path)
    (tmp_path / "letter.txt").write_text("Dear colleague")
    with pytest.raises(InputError, match="no MR or CT image"):
        scan_study(tmp_path)


def test_links_are_followed_and_end(several_series, study_folder, tmp_path):
    """Archives link to the folders of series; a link may also lead back, or nowhere."""
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "series").symlink_to(study_folder, target_is_directory=True)
    (linked / "back").symlink_to(linked, target_is_directory=True)
    (linked / "nowhere.dcm").symlink_to(tmp_path / "gone.dcm")
    found, expected = scan_study(linked), scan_study(study_folder)
    assert [(one.uid, len(one.files)) for one in found.series] == [(one.uid, len(one.files)) for one in expected.series]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_pipes_are_not_waited_for(several_series, study_folder):
    os.mkfifo(study_folder / "pipe.nii")
    assert len(scan_study(study_folder).series) == 4
    with pytest.raises(InputError, match="is a pipe"):
        open_image(study_folder / "pipe.nii")


def test_folder_that_cannot_be_opened(several_series, study_folder, monkeypatch):
    """Its series would be missing without a word."""

    def walk(root, onerror, followlinks):
        onerror(PermissionError(13, "Permission denied", str(study_folder / "locked")))
        return iter(())

    monkeypatch.setattr(os, "walk", walk)
    with pytest.raises(InputError, match="locked: cannot be opened"):
        scan_study(study_folder)


def test_other_modalities_only(write_slice, study_folder):
    write_stack(write_slice, Modality="US", SOPClassUID="1.2.840.10008.5.1.4.1.1.6.1")
    with pytest.raises(InputError, match="no MR or CT image"):
        scan_study(study_folder)


def test_two_patients_in_one_folder(write_slice, study_folder):
    write_stack(write_slice, StudyInstanceUID="7.1", PatientID="A", SeriesInstanceUID="7.1.1")
    write_stack(write_slice, StudyInstanceUID="7.2", PatientID="B", SeriesInstanceUID="7.2.1")
    with pytest.raises(InputError, match="holds 2 studies"):
        scan_study(study_folder)


def test_anonymised_files_with_nothing_but_a_description(write_slice, study_folder):
    bare = {"ScanningSequence": None, "RepetitionTime": None, "EchoTime": None, "SeriesNumber": None, "PatientID": None}
    write_stack(write_slice, **bare, FrameOfReferenceUID=None, StudyDate=None, SeriesDescription="STIR sag")
    (series,) = scan_study(study_folder).series
    assert series.role == "fs_t2"
    assert series.number is None
    assert series.load().GetSize() == (5, 6, 3)


def test_compressed_pixel_data(write_slice, study_folder):
    voxels = np.arange(30, dtype=np.int16).reshape(6, 5)
    write_stack(write_slice, voxels=voxels)
    for path in study_folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.compress(pydicom.uid.RLELossless)
        dataset.save_as(path)
    array = sitk.GetArrayFromImage(scan_study(study_folder).series[0].load())
    np.testing.assert_array_equal(array, [voxels] * 3)


def test_unreadable_pixel_data_name_the_file(write_slice, study_folder):
    write_stack(write_slice)
    path = sorted(study_folder.iterdir())[1]
    dataset = pydicom.dcmread(path)
    dataset.compress(pydicom.uid.RLELossless)
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.JPEG2000Lossless
    dataset.save_as(path)
    with pytest.raises(InputError, match="pixel data"):
        scan_study(study_folder).series[0].load()


def test_json(several_series, study_folder):
    import json

    content = json.loads(json.dumps(as_json(scan_study(study_folder))))
    assert content["patient_id"] == "P1"
    assert [series["role"] for series in content["series"]] == ["t1", "t2", "t2", "t2"]
    assert content["series"][0]["n_files"] == 3


def test_series_is_frozen(several_series, study_folder):
    series = scan_study(study_folder).series[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        series.role = "dce"


def test_open_image_takes_files_and_folders(several_series, study_folder, tmp_path):
    with pytest.raises(InputError, match=r"holds 4 series: series 2 \(T1 sag\) \[t1\]"):
        open_image(study_folder)
    file = next(path for path in study_folder.iterdir() if pydicom.dcmread(path).SeriesNumber == 3)
    assert open_image(file).GetMetaData(SERIES_UID) == "1.2"
    image = open_image(file)
    sitk.WriteImage(image, str(tmp_path / "t2.nrrd"))
    assert open_image(tmp_path / "t2.nrrd").GetMetaData(FRAME_OF_REFERENCE) == "1.2.3.99"
    with pytest.raises(InputError, match="does not exist"):
        open_image(tmp_path / "absent")
