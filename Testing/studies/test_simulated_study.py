"""The simulated study: every series finds its role from the header that the simulator writes as a scanner would."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.phantom.dicom import write_dicom_series
from spinemets.phantom.spine import STUDY_ROLES, SpinePhantom
from spinemets.phantom.study import series_header
from spinemets.studies.scanning import scan_study

PLANES = {"ce_t1_cor": "coronal", "ce_t1_ax": "axial", "dce": "axial", "ct": "axial"}


@pytest.fixture(scope="module")
def phantom() -> SpinePhantom:
    return SpinePhantom(3)


@pytest.fixture(scope="module")
def study(phantom, tmp_path_factory):
    """All series with the phantom's headers and planes; small and without anatomy, which no header depends on."""
    folder = tmp_path_factory.mktemp("study")
    rng = np.random.default_rng(0)
    for role in (*STUDY_ROLES, "ct"):
        grid = phantom.grid(role)
        image = sitk.GetImageFromArray(rng.integers(0, 500, (5, 8, 10)).astype(np.int16))
        image.SetDirection(np.asarray(grid.direction).ravel().tolist())
        image.SetSpacing([2.0, 2.0, 4.0])
        header = series_header(phantom, role)
        frames = [image + t for t in range(len(header.times))] if header.times is not None else image
        write_dicom_series(frames, folder / role, header)
    return scan_study(folder)


@pytest.mark.parametrize("role", [*STUDY_ROLES, "ct"])
def test_role_and_plane(study, phantom, role):
    series = study.by_role(role)
    assert series.uid == phantom.series_uid(role)
    assert series.plane == PLANES.get(role, "sagittal")
    assert series.confidence > 0.85
    assert series.frame_of_reference == phantom.frame_of_reference


def test_no_warnings_and_no_other_series(study):
    assert study.warnings == ()
    assert sorted(series.role for series in study.series) == sorted([*STUDY_ROLES, "ct"])


def test_times_of_the_dynamic_series(study, phantom):
    assert study.by_role("dce").times == pytest.approx(phantom.times, abs=1e-3)


def test_without_attributes_the_descriptions_do(study, phantom, tmp_path):
    """As an anonymiser leaves it that removes all that is not required."""
    import pydicom

    removed = ("ScanningSequence", "SequenceVariant", "ScanOptions", "RepetitionTime", "EchoTime", "InversionTime")
    removed += ("FlipAngle", "ContrastBolusAgent", "SequenceName", "MRAcquisitionType", "ProtocolName")
    for series in study.series:
        for path in series.files:
            dataset = pydicom.dcmread(path)
            for keyword in removed:
                if keyword in dataset:
                    delattr(dataset, keyword)
            dataset.save_as(tmp_path / f"{series.role}_{path.name}")
    bare = scan_study(tmp_path)
    assert {series.uid: series.role for series in bare.series} == {series.uid: series.role for series in study.series}
