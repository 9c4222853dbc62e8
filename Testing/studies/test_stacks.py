"""Slices find their place in space and time, whatever the files' order and the attributes that a vendor fills in."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.geometry.grids import frame_times
from spinemets.studies.scanning import scan_study

SLICES, FRAMES = 4, 5
# Irregular, as a dynamic series with a pause is.
CLOCK = (0.0, 11.5, 23.0, 36.0, 50.0)


def voxel_value(frame: int, place: int) -> int:
    return 100 * frame + place + 1


def write_dynamic(write_slice, attributes_of, shuffle_seed: int = 0) -> None:
    """A dynamic series in shuffled order whose voxels hold frame and slice."""
    order = list(itertools.product(range(FRAMES), range(SLICES)))
    random.Random(shuffle_seed).shuffle(order)
    for count, (frame, place) in enumerate(order):
        given = {"InstanceNumber": None, **attributes_of(frame, place)}
        voxels = np.full((6, 5), voxel_value(frame, place), np.int16)
        # Sagittal: the normal of row (0,1,0) and column (0,0,-1) is (-1,0,0).
        write_slice(
            (-4.0 * place, 0, 0), count + 1, voxels, ScanningSequence="GR", RepetitionTime=4.0, EchoTime=1.5, **given
        )


def clock(seconds: float, start: int = 9 * 3600 + 59 * 60 + 30) -> str:
    seconds += start
    return f"{int(seconds // 3600):02d}{int(seconds % 3600 // 60):02d}{seconds % 60:09.6f}"


VENDORS = {
    "temporal position and time": lambda t, k: {
        "TemporalPositionIdentifier": t + 1,
        "AcquisitionTime": clock(CLOCK[t]),
    },
    "trigger time of each slice": lambda t, k: {"TriggerTime": 1000 * CLOCK[t] + 20 * k, "AcquisitionTime": "120000"},
    "temporal position and trigger time": lambda t, k: {
        "TemporalPositionIdentifier": t + 1,
        "TriggerTime": 1000 * CLOCK[t] + 20 * k,
    },
    "acquisition time": lambda t, k: {"AcquisitionTime": clock(CLOCK[t]), "InstanceNumber": 50 - (t * SLICES + k)},
    "date and time over midnight": lambda t, k: {
        "AcquisitionDateTime": ("20260102" if CLOCK[t] < 20 else "20260103")
        + clock(CLOCK[t], 86380 if CLOCK[t] < 20 else -20),
    },
    "date beside time over midnight": lambda t, k: {
        "AcquisitionDate": "20260102" if CLOCK[t] < 20 else "20260103",
        "AcquisitionTime": clock(CLOCK[t], 86380 if CLOCK[t] < 20 else -20),
    },
    "content time": lambda t, k: {"ContentTime": clock(CLOCK[t])},
    "instance number slice by slice": lambda t, k: {
        "InstanceNumber": k * FRAMES + t + 1,
        "AcquisitionTime": clock(CLOCK[t]),
    },
}


@pytest.mark.parametrize("vendor", VENDORS)
def test_dynamic_series_is_ordered_and_timed(write_slice, study_folder, vendor):
    write_dynamic(write_slice, VENDORS[vendor])
    (series,) = scan_study(study_folder).series
    assert series.n_frames == FRAMES
    assert series.size == (5, 6, SLICES)
    image = series.load()
    array = sitk.GetArrayFromImage(image)
    expected = [[voxel_value(t, k) for k in range(SLICES)] for t in range(FRAMES)]
    np.testing.assert_array_equal(array[:, :, 0, 0], expected)
    np.testing.assert_allclose(series.times, CLOCK, atol=0.001)
    np.testing.assert_allclose(frame_times(image), CLOCK, atol=0.001)


@pytest.mark.parametrize("by", ["AcquisitionNumber", "InstanceNumber", "TemporalPositionIdentifier"])
def test_ordered_without_a_clock(write_slice, study_folder, by):
    """The order is known, the times are not: said, not invented."""
    write_dynamic(write_slice, lambda t, k: {by: t * SLICES + k + 1 if by == "InstanceNumber" else t + 1})
    study = scan_study(study_folder)
    (series,) = study.series
    assert series.times == ()
    assert any("tells when" in warning for warning in study.warnings)
    np.testing.assert_array_equal(
        sitk.GetArrayFromImage(series.load())[:, 0, 0, 0], [voxel_value(t, 0) for t in range(FRAMES)]
    )


def test_temporal_resolution_gives_regular_times(write_slice, study_folder):
    write_dynamic(write_slice, lambda t, k: {"TemporalPositionIdentifier": t + 1, "TemporalResolution": 12500.0})
    (series,) = scan_study(study_folder).series
    assert series.times == (0.0, 12.5, 25.0, 37.5, 50.0)


def test_frames_without_any_order_are_refused(write_slice, study_folder):
    write_dynamic(write_slice, lambda t, k: {"AcquisitionTime": "100000"})
    study = scan_study(study_folder)
    with pytest.raises(InputError, match="in what order"):
        study.series[0].load()
    assert any("in what order" in warning for warning in study.warnings)


def test_dynamic_series_that_lacks_one_image(write_slice, study_folder):
    write_dynamic(write_slice, VENDORS["acquisition time"])
    next(iter(sorted(study_folder.iterdir()))).unlink()
    (series,) = scan_study(study_folder).series
    with pytest.raises(InputError, match="lacks images: 4 instead of 5"):
        series.load()


def test_slices_lie_where_their_files_say(write_slice, study_folder):
    """Doubly oblique, files in any order; the pixel spacing is row distance first in DICOM, second here."""
    row, column = np.array([0.0, 0.96, -0.28]), np.array([0.1, -0.27859, -0.955166])
    column = (column - row * (row @ column)) / np.linalg.norm(column - row * (row @ column))
    normal = np.cross(row, column)
    origin = np.array([12.0, -80.0, 45.0])
    for place in (2, 0, 3, 1):
        voxels = np.arange(30, dtype=np.int16).reshape(6, 5) + 100 * place
        write_slice(origin + 4.4 * place * normal, place + 1, voxels, ImageOrientationPatient=[*row, *column])
    image = scan_study(study_folder).series[0].load()
    assert image.GetSpacing() == pytest.approx((0.7, 0.8, 4.4))
    for i, j, k in itertools.product((0, 4), (0, 5), range(4)):
        world = origin + 0.7 * i * row + 0.8 * j * column + 4.4 * k * normal
        np.testing.assert_allclose(image.TransformIndexToPhysicalPoint((i, j, k)), world, atol=1e-6)
        assert image.GetPixel(i, j, k) == 5 * j + i + 100 * k


def test_missing_slice_is_named(write_slice, study_folder):
    for place in (0, 1, 2, 4, 5):
        write_slice((-4.0 * place, 0, 0), place + 1, name=f"IM{place}")
    study = scan_study(study_folder)
    with pytest.raises(InputError, match=r"gap of 8\.00 mm, not 4\.00 mm, between slices 3 and 4 of 5 \(IM2, IM4\)"):
        study.series[0].load()
    assert any("gap of 8.00 mm" in warning for warning in study.warnings)


def test_unequal_distances(write_slice, study_folder):
    for place, x in enumerate((0, 4, 8, 12.9, 17)):
        write_slice((-x, 0, 0), place + 1)
    with pytest.raises(InputError, match="unequal distances"):
        scan_study(study_folder).series[0].load()


def test_rounded_positions_are_no_gap(write_slice, study_folder):
    for place in range(6):
        write_slice((-round(3.33333 * place, 1), 0, 0), place + 1)
    assert scan_study(study_folder).series[0].load().GetSpacing()[2] == pytest.approx(3.34)


def test_tilted_gantry_is_refused(write_slice, study_folder):
    for place in range(5):
        write_slice((-4.0 * place, 1.5 * place, 0), place + 1)
    with pytest.raises(InputError, match="tilted gantry"):
        scan_study(study_folder).series[0].load()


def test_stacks_of_different_angles_in_one_series(write_slice, study_folder):
    """Lumbar spine: three axial slices along each disc, all in one series."""
    for disc, angle in enumerate((0.0, 12.0, 25.0)):
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        for place in range(3):
            position = np.array([0, 0, -40.0 * disc]) + 4.0 * place * np.array([0, -s, c])
            write_slice(position, 3 * disc + place + 1, ImageOrientationPatient=[1, 0, 0, 0, c, s])
    series = scan_study(study_folder).series
    assert len(series) == 3
    assert {one.role for one in series} == {"t2"}
    assert sorted(round(one.obliquity) for one in series) == [0, 12, 25]
    assert all(one.load().GetSize() == (5, 6, 3) for one in series)


def test_echoes_are_images_of_their_own(write_slice, study_folder):
    for number, (echo, place) in enumerate(itertools.product((14.0, 98.0), range(3))):
        write_slice((-4.0 * place, 0, 0), number + 1, EchoTime=echo)
    series = scan_study(study_folder).series
    assert sorted((one.role, one.n_frames) for one in series) == [("other", 1), ("t2", 1)]
    assert any("TE 98 ms" in one.name for one in series)


def test_dixon_images_of_one_series(write_slice, study_folder):
    for number, (kind, place) in enumerate(itertools.product(("W", "F", "IP", "OP"), range(3))):
        write_slice((-4.0 * place, 0, 0), number + 1, ImageType=["DERIVED", "PRIMARY", "DIXON", kind])
    roles = {one.part.split(",")[0]: one.role for one in scan_study(study_folder).series}
    assert roles == {"W": "fs_t2", "F": "other", "IP": "t2", "OP": "other"}


def test_rescaled_values(write_slice, study_folder):
    """The first file's whole-number scale must not round those of the others."""
    for place, (slope, intercept) in enumerate(((1, 0), (0.5, 0.25), (2.5, -10))):
        write_slice(
            (-4.0 * place, 0, 0),
            place + 1,
            np.full((6, 5), 7, np.int16),
            RescaleSlope=slope,
            RescaleIntercept=intercept,
        )
    image = scan_study(study_folder).series[0].load()
    np.testing.assert_allclose(sitk.GetArrayFromImage(image)[:, 0, 0], [7, 3.75, 7.5])


def test_second_copies_of_files_are_left_out(write_slice, study_folder):
    for place in range(3):
        for copy in range(2):
            write_slice((-4.0 * place, 0, 0), place + 1, name=f"IM{place}{copy}")
    (series,) = scan_study(study_folder).series
    assert series.n_frames == 1
    assert len(series.files) == 3
