"""DICOM geometry as three independent readers see it: a mistake here puts every mask beside its lesion."""

from __future__ import annotations

import datetime
import importlib.util
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.phantom.dicom import SeriesHeader, make_uid, write_dicom_series
from spinemets.phantom.grids import rotation
from spinemets.phantom.sampling import Grid

MARKERS = {(5, 30, 3): 900, (37, 4, 11): 1000}


def _header(**changes: object) -> SeriesHeader:
    values: dict[str, object] = {
        "uid": make_uid("series"),
        "study_uid": make_uid("study"),
        "frame_of_reference": make_uid("frame"),
        "modality": "MR",
        "number": 3,
        "description": "Markers",
        "started": datetime.datetime(2021, 3, 4, 10, 20, 30),
        "values": {"PatientName": "SIMULATED^X", "PatientID": "X", "Manufacturer": "SIEMENS", "PatientPosition": "HFS"},
    }
    return SeriesHeader(**(values | changes))  # type: ignore[arg-type]


def _grid(handed: int, plane: np.ndarray) -> Grid:
    axes = rotation(11, -17, 23) @ plane @ np.diag([1.0, 1.0, handed * np.linalg.det(plane)])
    assert np.sign(np.linalg.det(axes)) == handed
    return Grid.around(np.array([12.0, -40.0, 77.0]), axes, (44, 36, 14), (0.7, 1.3, 3.6))


PLANES = {
    "axial": np.eye(3),
    "sagittal": np.array([[0, 0, -1], [1, 0, 0], [0, -1, 0]], float),
    "coronal": np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], float),
}


@pytest.fixture(params=[(h, p) for h in (1, -1) for p in PLANES], ids=lambda v: f"{PLANES and v[1]}{v[0]:+d}")
def marked(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[dict[int, np.ndarray], Path]:
    """World positions of two bright voxels by their value, and the folder of the series that holds them."""
    handed, plane = request.param
    grid = _grid(handed, PLANES[plane])
    array = np.zeros(grid.size[::-1], np.int16)
    for (i, j, k), value in MARKERS.items():
        array[k, j, i] = value
    image = grid.image(array)
    write_dicom_series(image, tmp_path / "series", _header())
    where = {value: np.array(image.TransformIndexToPhysicalPoint(index)) for index, value in MARKERS.items()}
    return where, tmp_path / "series"


def test_pydicom_finds_the_markers(marked: tuple[dict[int, np.ndarray], Path]) -> None:
    """By the equation of the standard, PS3.3 C.7.6.2.1.1."""
    where, folder = marked
    found = {}
    for path in folder.iterdir():
        ds = pydicom.dcmread(path)
        rows = np.array(ds.ImageOrientationPatient, float)
        for r, c in np.argwhere(ds.pixel_array > 0):
            along_row = rows[:3] * float(ds.PixelSpacing[1]) * c
            down = rows[3:] * float(ds.PixelSpacing[0]) * r
            found[int(ds.pixel_array[r, c])] = np.array(ds.ImagePositionPatient, float) + along_row + down
    assert found.keys() == where.keys()
    for value, point in where.items():
        np.testing.assert_allclose(found[value], point, atol=1e-6)


def _brightest(image: sitk.Image) -> dict[int, np.ndarray]:
    array = sitk.GetArrayFromImage(image)
    return {
        int(array[k, j, i]): np.array(image.TransformIndexToPhysicalPoint((int(i), int(j), int(k))))
        for k, j, i in np.argwhere(array > 0)
    }


def test_simpleitk_finds_the_markers(marked: tuple[dict[int, np.ndarray], Path]) -> None:
    where, folder = marked
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image = reader.Execute()
    found = _brightest(image)
    assert found.keys() == where.keys()
    for value, point in where.items():
        np.testing.assert_allclose(found[value], point, atol=1e-3)
    assert image.GetSize() == (44, 36, 14)


def test_dcm2niix_finds_the_markers(marked: tuple[dict[int, np.ndarray], Path], tmp_path: Path) -> None:
    if importlib.util.find_spec("dcm2niix") is None:
        pytest.skip("dcm2niix is not installed")
    import dcm2niix

    where, folder = marked
    out = tmp_path / "nifti"
    out.mkdir()
    subprocess.run([dcm2niix.bin, "-z", "n", "-f", "x", "-o", out, folder], check=True, capture_output=True)
    found = _brightest(sitk.ReadImage(str(next(out.glob("*.nii")))))
    assert found.keys() == where.keys()
    for value, point in where.items():
        np.testing.assert_allclose(found[value], point, atol=1e-3)


def test_dynamic_series_has_its_times_in_order(tmp_path: Path) -> None:
    grid = Grid((8, 6, 5), (1.0, 1.5, 3.0), (0.0, 0.0, 0.0), tuple(np.eye(3).ravel().tolist()))
    frames = [grid.image(np.full(grid.count, 10 * t, np.int16)) for t in range(4)]
    series = sitk.JoinSeries(frames)
    paths = write_dicom_series(series, tmp_path / "dce", _header(times=[0.0, 12.0, 24.5, 36.0]))
    assert len(paths) == 20
    seen: dict[int, set[float]] = {}
    for path in paths:
        ds = pydicom.dcmread(path)
        assert ds.NumberOfTemporalPositions == 4
        t = int(ds.TemporalPositionIdentifier)
        assert int(ds.pixel_array.max()) == 10 * (t - 1)
        clock = ds.AcquisitionTime
        seconds = int(clock[:2]) * 3600 + int(clock[2:4]) * 60 + float(clock[4:]) - (10 * 3600 + 20 * 60 + 30)
        assert seconds == pytest.approx([0, 12, 24.5, 36][t - 1])
        assert float(ds.TriggerTime) == pytest.approx(1000 * seconds)
        seen.setdefault(t, set()).add(float(ds.SliceLocation))
    assert all(len(places) == 5 for places in seen.values())
    assert len({pydicom.dcmread(path).SOPInstanceUID for path in paths}) == 20


def test_floats_come_back_through_the_rescale_slope(tmp_path: Path) -> None:
    grid = _grid(1, PLANES["axial"])
    values = np.random.default_rng(0).normal(0.3, 0.1, grid.size[::-1]).astype(np.float32)
    write_dicom_series(grid.image(values), tmp_path / "s", _header())
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(tmp_path / "s")))
    read = sitk.GetArrayFromImage(reader.Execute())
    assert np.abs(read - values).max() < 1.5 * np.ptp(values) / 32767


def test_sheared_grid_and_wrong_times_are_refused(tmp_path: Path) -> None:
    image = sitk.Image(4, 4, 4, sitk.sitkInt16)
    with pytest.raises(InputError, match="times"):
        write_dicom_series([image, image], tmp_path / "a", _header(times=[0.0]))
    tilted = Grid((4, 4, 4), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.3, 0.0, 0.954))
    # SimpleITK takes such a direction; the classic files cannot say it.
    with pytest.raises(InputError, match="sheared"):
        write_dicom_series(tilted.image(np.zeros(64, np.int16)), tmp_path / "b", _header())
    assert not list(tmp_path.rglob("*.dcm"))


@pytest.mark.parametrize("uid", [make_uid("a"), make_uid(1, 2.5, "x")])
def test_uids_are_valid(uid: str) -> None:
    assert pydicom.uid.UID(uid).is_valid
    assert uid.startswith("2.25.")
    assert int(uid[5:]) < 1 << 128
