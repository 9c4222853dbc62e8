"""What another process left must be the study itself: voxels, places, times, identities."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.studies.scanning import scan_study
from spinemets.studies.unpacking import LIST_NAME, read_unpacked, unpack_study


@pytest.fixture
def study(write_slice, study_folder):
    """T1, T2 and a dynamic series, whose frames come at uneven times, of voxels that all differ."""
    rng = np.random.default_rng(4)
    for number, (description, tr, te) in enumerate((("T1 sag", 600, 10), ("T2 sag", 3500, 100)), start=1):
        for place in range(3):
            write_slice(
                (-4.0 * place, 1.5, 30.25),
                place + 1,
                voxels=rng.integers(0, 999, (6, 5)),
                SeriesInstanceUID=f"1.{number}",
                SeriesNumber=number,
                SeriesDescription=description,
                RepetitionTime=tr,
                EchoTime=te,
            )
    for frame, seconds in enumerate((0, 10, 21, 30, 50)):
        for place in range(3):
            write_slice(
                (0, 0, 4.0 * place),
                1 + 3 * frame + place,
                voxels=rng.integers(0, 999, (6, 5)),
                SeriesInstanceUID="1.3",
                SeriesNumber=3,
                SeriesDescription="DCE ax",
                ScanningSequence="GR",
                RepetitionTime=5.0,
                EchoTime=2.0,
                FlipAngle=30,
                ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
                TemporalPositionIdentifier=frame + 1,
                AcquisitionTime=f"1200{seconds:02d}",
            )
    return scan_study(study_folder)


def test_unpacked_series_are_the_series(study, tmp_path):
    assert [series.role for series in study.series] == ["t1", "t2", "dce"]
    unpack_study(study, tmp_path)
    again = read_unpacked(tmp_path)
    assert (again.uid, again.patient_id, again.date) == (study.uid, study.patient_id, study.date)
    assert [series.key for series in again.series] == [series.key for series in study.series]
    for before, after in zip(study.series, again.series):
        assert (before.role, before.plane, before.reason, before.times) == (
            after.role,
            after.plane,
            after.reason,
            after.times,
        )
        if after.files:
            first, second = before.load(), after.load()
            assert np.array_equal(sitk.GetArrayViewFromImage(first), sitk.GetArrayViewFromImage(second))
            assert np.allclose(first.GetDirection(), second.GetDirection())
            assert np.allclose(first.GetOrigin(), second.GetOrigin())
            assert np.allclose(first.GetSpacing(), second.GetSpacing())
            for key in first.GetMetaDataKeys():
                assert second.GetMetaData(key) == first.GetMetaData(key)


def test_a_study_is_preferred_as_before(study, tmp_path):
    unpack_study(study, tmp_path)
    again = read_unpacked(tmp_path)
    for role in {series.role for series in study.series}:
        assert again.by_role(role).key == study.by_role(role).key


def test_only_the_series_that_are_asked_for_are_written(study, tmp_path):
    wanted = study.series[0]
    listed = unpack_study(study, tmp_path, keys=[wanted.key])
    assert [bool(entry["image"]) for entry in listed["series"]] == [True] + [False] * (len(study.series) - 1)
    assert len(list(tmp_path.glob("*.nrrd"))) == 1
    again = read_unpacked(tmp_path)
    with pytest.raises(InputError, match="not read"):
        again.series[1].load()


def test_a_series_that_cannot_be_read_is_listed_with_its_fault(study, tmp_path, monkeypatch):
    broken = study.series[1]

    def load(series):
        if series is broken:
            raise InputError(series.name, "is cut short", "copy it again")
        return sitk.Image(2, 2, 2, sitk.sitkInt16)

    monkeypatch.setattr(type(broken), "load", load)
    unpack_study(study, tmp_path)
    again = read_unpacked(tmp_path)
    assert (again.series[1].problem, again.series[1].files) == ("is cut short", ())


def test_a_list_that_is_none_is_refused(tmp_path):
    with pytest.raises(InputError, match=LIST_NAME):
        read_unpacked(tmp_path)
    (tmp_path / LIST_NAME).write_text(json.dumps({"series": [{}]}))
    with pytest.raises(InputError, match=LIST_NAME):
        read_unpacked(tmp_path)
