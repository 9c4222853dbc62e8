"""Real examinations of four vendors get the series, roles and geometry that a reader of their headers gives them."""

from __future__ import annotations

import copy
import datetime

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.geometry.carrying import carry_mask
from spinemets.geometry.files import read_image
from spinemets.geometry.grids import index_to_world, plane_of
from spinemets.phantom.dicom import SeriesHeader, write_dicom_series
from spinemets.studies.opening import open_image
from spinemets.studies.scanning import scan_studies, scan_study

pytestmark = pytest.mark.real_data


def ball(image: sitk.Image, centre: np.ndarray, radius: float) -> sitk.Image:
    """A mask of all voxels of the image's grid within a radius (mm) of a point of the world."""
    k, j, i = np.indices(image.GetSize()[::-1])
    affine = index_to_world(image)
    world = np.stack([i, j, k], axis=-1) @ affine[:3, :3].T + affine[:3, 3]
    mask = sitk.GetImageFromArray((np.linalg.norm(world - centre, axis=-1) < radius).astype(np.uint8))
    mask.CopyInformation(image)
    return mask


def by_series_reader(series) -> np.ndarray:
    """The same files through SimpleITK's own series reader."""
    return sitk.GetArrayFromImage(sitk.ReadImage([str(path) for path in series.files]))


def test_philips_cervical_spine(shared_data):
    studies = scan_studies(shared_data / "dicom_cspine_single_slice")
    assert [study.description for study in studies] == ["C-SPINE", "ABDOMEN"]
    (spine,), (abdomen,) = (study.series for study in studies)
    assert (spine.role, spine.plane) == ("t2", "sagittal")
    assert spine.obliquity == pytest.approx(2.25, abs=0.05)
    assert "TR 3000 ms, TE 130 ms" in spine.reason
    assert spine.confidence > 0.9
    assert (abdomen.role, abdomen.plane) == ("t2", "coronal")
    with pytest.raises(InputError, match="holds 2 studies"):
        scan_study(shared_data / "dicom_cspine_single_slice")
    image = open_image(shared_data / "dicom_cspine_single_slice" / "Spine1.dcm")
    expected = sitk.ReadImage(str(shared_data / "dicom_cspine_single_slice" / "Spine1.dcm"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(expected))
    np.testing.assert_allclose(index_to_world(image), index_to_world(expected), atol=1e-5)
    assert image.GetSpacing()[2] == 5.5


def test_ge_localizer_of_three_planes(shared_data):
    study = scan_study(shared_data / "dicom_localizer_3plane_axial")
    localizers = [series for series in study.series if series.role == "localizer"]
    assert sorted(series.plane for series in localizers) == ["axial", "coronal", "sagittal"]
    for series in localizers:
        assert series.size == (256, 256, 7)
        image = series.load()
        assert plane_of(image)[0] == series.plane
        assert image.GetSpacing()[2] == pytest.approx(15.0)
        # Every file's own position is that of its slice.
        for k, path in enumerate(series.files):
            position = pydicom.dcmread(path, stop_before_pixels=True).ImagePositionPatient
            np.testing.assert_allclose(image.TransformIndexToPhysicalPoint((0, 0, k)), position, atol=1e-4)
    assert study.warnings == ()


def test_ge_functional_series_is_no_dynamic_contrast_series(shared_data):
    """50 files, 5 points in time, 10 slices; the trigger time differs from slice to slice."""
    study = scan_study(shared_data / "dicom_localizer_3plane_axial")
    (series,) = (one for one in study.series if one.role != "localizer")
    assert (series.role, series.n_frames, series.size) == ("other", 5, (64, 64, 10))
    assert "echo-planar" in series.reason
    assert series.times == pytest.approx((0, 1, 2, 3, 4))
    numbers = [pydicom.dcmread(path, stop_before_pixels=True).TemporalPositionIdentifier for path in series.files]
    assert [int(number) for number in numbers] == sorted([1, 2, 3, 4, 5] * 10)
    assert series.load().GetSize() == (64, 64, 10, 5)


def test_mask_from_a_sagittal_localizer_on_the_axial_series(shared_data):
    """Two planes of one frame of reference: a ball at a world point arrives at that point."""
    study = scan_study(shared_data / "dicom_localizer_3plane_axial")
    assert len({series.frame_of_reference for series in study.series}) == 1
    sagittal = next(one for one in study.series if one.plane == "sagittal").load()
    axial = next(one for one in study.series if one.n_frames == 5).load()
    centre = np.array([10.0, -5.0, 8.0])
    carried = carry_mask(ball(sagittal, centre, 30.0), axial)
    k, j, i = np.nonzero(sitk.GetArrayFromImage(carried))
    arrived = np.stack([i, j, k], axis=1) @ index_to_world(axial)[:3, :3].T + index_to_world(axial)[:3, 3]
    np.testing.assert_allclose(arrived.mean(axis=0)[:2], centre[:2], atol=6.0)


def test_enhanced_multiframe_knee(shared_data):
    (series,) = scan_study(shared_data / "dicom_multiframe_time_knee").series
    assert (series.role, series.plane, series.n_frames, series.size) == ("other", "sagittal", 19, (256, 256, 1))
    # Frames 1 to 3 were taken at 12:09, 12:13 and 12:15.
    assert series.times[:3] == (0.0, 240.0, 360.0)
    image = series.load()
    dataset = pydicom.dcmread(shared_data / "dicom_multiframe_time_knee" / "MOVEKNEE.dcm")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image)[:, 0], dataset.pixel_array)
    assert image.GetSpacing()[:3] == pytest.approx((0.625, 0.625, 6.0))
    assert image.GetOrigin()[:3] == pytest.approx((-3.0, -80.0, 80.0))


def test_big_endian_dynamic_reference_object(shared_data):
    study = scan_study(shared_data / "dce_qiba_v9_dicom_series")
    (series,) = study.series
    assert (series.role, series.n_frames, series.size) == ("dce", 61, (50, 80, 1))
    np.testing.assert_allclose(series.times, 6.0 * np.arange(61))
    assert study.by_role("dce") is series
    np.testing.assert_array_equal(sitk.GetArrayFromImage(series.load())[:, 0], by_series_reader(series))
    assert [path.name[-7:-4] for path in series.files] == [f"{number:03d}" for number in range(1, 62)]


def test_ge_diffusion_map(shared_data):
    (series,) = scan_study(shared_data / "dicom_mr_with_seg_qin_prostate").series
    assert (series.role, series.plane, series.size) == ("diffusion", "axial", (256, 256, 20))
    image = series.load()
    expected = sitk.ReadImage([str(path) for path in series.files])
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(expected))
    np.testing.assert_allclose(index_to_world(image), index_to_world(expected), atol=1e-3)


def test_sarcoma_study_with_pet_and_structure_sets(shared_data):
    """Only the MR counts; the attributes do not tell its weighting, the description does."""
    study = scan_study(shared_data / "ibsi_sts_dicom_rtstruct")
    (series,) = study.series
    assert (series.role, series.plane, series.size) == ("t1", "axial", (115, 90, 35))
    assert series.confidence < 0.7
    assert "description only" in series.reason
    np.testing.assert_array_equal(sitk.GetArrayFromImage(series.load()), by_series_reader(series))
    with pytest.raises(InputError, match="roles found: t1"):
        study.by_role("t2")


def test_ct_single_and_multiframe(shared_data):
    folder = shared_data / "dicom_seg_sr_dcmqi" / "segmentations"
    (ct,) = scan_study(folder / "ct-3slice").series
    assert (ct.role, ct.size) == ("ct", (512, 512, 3))
    array = sitk.GetArrayFromImage(ct.load())
    # Air and soft tissue in HU.
    assert array.min() <= -1000
    assert 0 < np.median(array[array > -200]) < 100
    single = open_image(folder / "24x38x3" / "image")
    multi = open_image(folder / "24x38x3" / "multiframe")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(single), sitk.GetArrayFromImage(multi))
    np.testing.assert_allclose(index_to_world(single), index_to_world(multi), atol=1e-6)


def test_derived_slice(shared_data):
    (series,) = scan_study(shared_data / "dicom_seg_sr_dcmqi" / "paramaps").series
    assert series.role == "diffusion"


def test_real_named_files(shared_data):
    study = scan_study(shared_data / "sct_spine_sag_axial_pair")
    roles = {series.description: (series.role, series.plane) for series in study.series}
    assert roles["t2"] == ("t2", "sagittal")
    assert roles["dmri"] == ("diffusion", "axial")
    assert roles["mt0"] == ("other", "axial")
    contrasts = scan_study(shared_data / "spinegeneric_unf01_3contrasts")
    assert sorted(series.role for series in contrasts.series) == ["other", "t1", "t2"]
    assert "TR 1500 ms, TE 120 ms" in contrasts.by_role("t2").reason


def test_enhanced_frames_are_rescaled(shared_data, tmp_path):
    """Each frame has its own slope; SimpleITK takes the first frame's for all."""
    dataset = pydicom.dcmread(shared_data / "dicom_multiframe_time_knee" / "MOVEKNEE.dcm")
    (shared,) = dataset.SharedFunctionalGroupsSequence
    transformation = shared.PixelValueTransformationSequence
    del shared.PixelValueTransformationSequence
    for number, groups in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        own = copy.deepcopy(transformation)
        own[0].RescaleSlope = 1.0 + number
        groups.PixelValueTransformationSequence = own
    dataset.save_as(tmp_path / "scaled.dcm")
    array = sitk.GetArrayFromImage(open_image(tmp_path / "scaled.dcm"))[:, 0]
    np.testing.assert_allclose(array, dataset.pixel_array * np.arange(1.0, 20.0)[:, None, None], rtol=1e-6)


def test_real_spine_written_as_dicom(shared_data, tmp_path):
    """A left-handed sagittal T2 and an oblique axial series of one volunteer: voxels and a lesion keep their places."""
    pair = shared_data / "sct_spine_sag_axial_pair"
    originals = {"Sag T2 TSE": read_image(pair / "t2" / "t2.nii.gz"), "Ax MT": read_image(pair / "mt" / "mt0.nii.gz")}
    assert np.linalg.det(index_to_world(originals["Sag T2 TSE"])[:3, :3]) < 0
    for number, (name, image) in enumerate(originals.items()):
        header = SeriesHeader(
            uid=f"2.25.{number + 5}",
            study_uid="2.25.3",
            frame_of_reference="2.25.4",
            modality="MR",
            number=number + 1,
            description=name,
            started=datetime.datetime(2026, 1, 2, 9, 0),
        )
        write_dicom_series(image, tmp_path / str(number), header)
    study = scan_study(tmp_path)
    assert [(series.role, series.plane) for series in study.series] == [("t2", "sagittal"), ("other", "axial")]
    rng = np.random.default_rng(0)
    for series in study.series:
        image, original = series.load(), originals[series.description]
        assert np.linalg.det(index_to_world(image)[:3, :3]) > 0
        for index in rng.integers(0, original.GetSize(), size=(300, 3)).tolist():
            there = image.TransformPhysicalPointToIndex(original.TransformIndexToPhysicalPoint(index))
            assert image.GetPixel(there) == pytest.approx(original.GetPixel(index), rel=1e-4, abs=0.02)
    sagittal, axial = (series.load() for series in study.series)
    centre = (index_to_world(axial) @ [95.5, 95.5, 2.0, 1.0])[:3]
    carried = carry_mask(ball(sagittal, centre, 18.0), axial)
    directly = carry_mask(ball(originals["Sag T2 TSE"], centre, 18.0), originals["Ax MT"])
    onto = sitk.GetArrayFromImage(carry_mask(directly, axial, interpolation="nearest"))
    # DICOM holds positions in 16 characters: voxels at the very edge of the threshold may fall to the other side.
    assert np.count_nonzero(onto != sitk.GetArrayFromImage(carried)) <= 2
    assert onto.sum() > 1500
