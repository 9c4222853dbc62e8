"""A study on disk is whole, says that it is simulated, and holds the truth that it claims."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from spinemets.errors import Cancelled, InputError
from spinemets.phantom.spine import SpinePhantom
from spinemets.phantom.study import StudyFiles, write_study


@pytest.fixture(scope="module")
def study(phantom: SpinePhantom, tmp_path_factory: pytest.TempPathFactory) -> StudyFiles:
    return write_study(phantom, tmp_path_factory.mktemp("study") / "s", roles=("t2", "fs_t2", "dce"))


def _headers(study: StudyFiles) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(study.folder.rglob("*.dcm"))]


def test_headers_are_those_of_one_simulated_study(study: StudyFiles) -> None:
    headers = _headers(study)
    assert len(headers) == 13 + 13 + 12 * 26
    assert {str(h.PatientName).split("^")[0] for h in headers} == {"SIMULATED"}
    assert {h.ImageComments for h in headers} == {"Simulated, not a patient"}
    assert len({h.StudyInstanceUID for h in headers}) == 1
    assert len({h.FrameOfReferenceUID for h in headers}) == 1
    assert len({h.SeriesInstanceUID for h in headers}) == 3
    assert len({h.SOPInstanceUID for h in headers}) == len(headers)
    stir = next(h for h in headers if h.SeriesDescription == "Sag T2 STIR")
    assert "IR" in stir.ScanningSequence
    assert float(stir.InversionTime) == 228
    dynamic = next(h for h in headers if "dynamic" in h.SeriesDescription)
    assert (float(dynamic.RepetitionTime), float(dynamic.EchoTime), float(dynamic.FlipAngle)) == (4.1, 1.5, 10)
    assert dynamic.ContrastBolusAgent
    assert dynamic.MRAcquisitionType == "3D"


def test_files_hold_the_images(study: StudyFiles, phantom: SpinePhantom) -> None:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(study.images["t2"])))
    read, made = reader.Execute(), phantom.acquire("t2")
    np.testing.assert_allclose(read.GetOrigin(), made.GetOrigin(), atol=1e-6)
    assert np.array_equal(sitk.GetArrayFromImage(read), sitk.GetArrayFromImage(made))


def test_truth_says_what_the_masks_show(study: StudyFiles, phantom: SpinePhantom) -> None:
    truth = json.loads(study.truth.read_text())
    assert truth["simulated"] is True
    assert truth["lesion_type"] == "osteolytic"
    assert truth["frame_of_reference"] == phantom.frame_of_reference
    for role in ("t2", "dce"):
        mask = sitk.ReadImage(str(study.masks[role]))
        assert mask.GetMetaData("FrameOfReferenceUID") == phantom.frame_of_reference
        volume = sitk.GetArrayFromImage(mask).sum() * np.prod(mask.GetSpacing()) / 1000
        assert volume == pytest.approx(truth["volume_ml"][role], rel=0.05)
    for name in ("outline_t2", "tissues", "ktrans", "kep", "ve", "vp"):
        assert (study.folder / "truth" / f"{name}.nrrd").is_file()
    kep = sitk.GetArrayFromImage(sitk.ReadImage(str(study.folder / "truth" / "kep.nrrd")))
    inside = sitk.GetArrayFromImage(sitk.ReadImage(str(study.masks["dce"]))) > 0
    assert np.median(kep[inside]) == pytest.approx(truth["kinetics"]["kep"], rel=0.35)


def _fingerprint(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_the_same_seed_gives_the_same_files(study: StudyFiles, tmp_path: Path) -> None:
    again = write_study(SpinePhantom(0), tmp_path / "again", roles=("t2",))
    first, second = _fingerprint(study.images["t2"]), _fingerprint(again.images["t2"])
    assert first == second
    assert _fingerprint(study.truth.parent)["outline_t2.nrrd"] == _fingerprint(again.truth.parent)["outline_t2.nrrd"]


def test_nifti_lies_where_the_dicom_does(study: StudyFiles, phantom: SpinePhantom, tmp_path: Path) -> None:
    files = write_study(phantom, tmp_path / "n", format="nifti", roles=("t2", "dce"))
    image, made = sitk.ReadImage(str(files.images["t2"])), phantom.acquire("t2")
    np.testing.assert_allclose(image.GetOrigin(), made.GetOrigin(), atol=1e-3)
    np.testing.assert_allclose(image.GetDirection(), made.GetDirection(), atol=1e-5)
    assert sitk.ReadImage(str(files.images["dce"])).GetSize()[3] == 12
    assert files.times is not None
    assert [float(line) for line in files.times.read_text().split()] == phantom.times.tolist()


def test_cancelled_or_refused_work_leaves_nothing(phantom: SpinePhantom, tmp_path: Path) -> None:
    def stop(stage: str, done: int, total: int, message: str = "") -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        write_study(phantom, tmp_path / "x", roles=("t2",), progress=stop)
    with pytest.raises(InputError, match="format"):
        write_study(phantom, tmp_path / "x", format="png")
    with pytest.raises(InputError, match="no such series"):
        write_study(phantom, tmp_path / "x", roles=("t9",))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep")
    with pytest.raises(InputError, match="overwrite"):
        write_study(phantom, tmp_path / "full", roles=("t2",))
