"""DICOM segmentation objects lie where the images lie that they were drawn on."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.geometry.files import read_mask
from spinemets.geometry.grids import frame_of_reference, index_to_world, same_grid
from spinemets.geometry.sizes import volume_ml

PROSTATE = "dicom_mr_with_seg_qin_prostate/QIN-PROSTATE-001"


@pytest.mark.real_data
def test_segmentation_of_a_prostate_lies_on_its_adc_series(shared_data):
    import pydicom

    from spinemets.studies.scanning import scan_study

    mask = read_mask(shared_data / PROSTATE / "seg" / "1-1.dcm")
    (series,) = scan_study(shared_data / PROSTATE / "ADC").series
    adc = series.load()
    assert same_grid(mask, adc)
    assert frame_of_reference(mask) == series.frame_of_reference
    # Frame by frame: the mask's slice at the frame's own position is the frame.
    dataset = pydicom.dcmread(shared_data / PROSTATE / "seg" / "1-1.dcm")
    frames = dataset.pixel_array
    union = np.zeros((20, 256, 256), np.uint8)
    for frame, groups in zip(frames, dataset.PerFrameFunctionalGroupsSequence):
        position = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, float)
        index = (np.linalg.inv(index_to_world(adc)) @ [*position, 1.0])[:3]
        assert np.abs(index[:2]).max() < 0.01
        union[round(index[2])] |= frame.astype(np.uint8)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(mask), union)


@pytest.mark.real_data
def test_one_segment_of_several(shared_data):
    import pydicom

    path = shared_data / PROSTATE / "seg" / "1-1.dcm"
    dataset = pydicom.dcmread(path)
    numbers = [
        group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        for group in dataset.PerFrameFunctionalGroupsSequence
    ]
    for segment in sorted(set(numbers)):
        count = sum(int(frame.sum()) for frame, number in zip(dataset.pixel_array, numbers) if number == segment)
        assert sitk.GetArrayFromImage(read_mask(path, int(segment))).sum() == count
    with pytest.raises(InputError, match="no segment 99"):
        read_mask(path, 99)


@pytest.mark.real_data
def test_liver_lies_on_its_ct(shared_data):
    from spinemets.studies.scanning import scan_study

    folder = shared_data / "dicom_seg_sr_dcmqi" / "segmentations"
    (series,) = scan_study(folder / "ct-3slice").series
    mask = read_mask(folder / "liver.dcm")
    assert same_grid(mask, series.load())
    assert 60 < volume_ml(mask) < 80


@pytest.mark.real_data
def test_other_dicom_objects_are_refused(shared_data):
    with pytest.raises(InputError, match="no segmentation object"):
        read_mask(shared_data / "dicom_cspine_single_slice" / "Spine1.dcm")
    with pytest.raises(InputError, match="no segmentation object"):
        read_mask(shared_data / "dicom_seg_sr_dcmqi" / "sr-example" / "sr.dcm")
