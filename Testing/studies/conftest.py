"""What the tests of studies share: small DICOM files written with pydicom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

MR_STORAGE = "1.2.840.10008.5.1.4.1.1.4"
EXPLICIT = "1.2.840.10008.1.2.1"


def make_slice(position=(0.0, 0.0, 0.0), number: int = 1, voxels: np.ndarray | None = None, **attributes: Any):
    """A data set of one sagittal T2 slice of 6 x 5 pixels; attributes replace or, when None, remove its own."""
    import pydicom
    from pydicom.dataset import FileMetaDataset

    voxels = np.full((6, 5), number, np.int16) if voxels is None else voxels
    dataset = pydicom.Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = MR_STORAGE
    dataset.file_meta.TransferSyntaxUID = EXPLICIT
    values = {
        "SOPClassUID": MR_STORAGE,
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.1",
        "FrameOfReferenceUID": "1.2.3.99",
        "Modality": "MR",
        "PatientID": "P1",
        "PatientName": "Nobody",
        "StudyDate": "20260102",
        "StudyTime": "090000",
        "StudyID": "1",
        "AccessionNumber": "1",
        "SeriesNumber": 1,
        "SeriesDescription": "T2 TSE SAG",
        "ScanningSequence": "SE",
        "RepetitionTime": 3500.0,
        "EchoTime": 100.0,
        "InstanceNumber": number,
        "ImagePositionPatient": [float(value) for value in position],
        "ImageOrientationPatient": [0, 1, 0, 0, 0, -1],
        "PixelSpacing": [0.8, 0.7],
        "SliceThickness": 4.0,
        "Rows": voxels.shape[0],
        "Columns": voxels.shape[1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
    }
    values.update(attributes)
    for keyword, value in values.items():
        if value is not None:
            setattr(dataset, keyword, value)
    uid = f"{values['SeriesInstanceUID']}.{number}"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    dataset.PixelData = voxels.astype("<i2").tobytes()
    return dataset


@pytest.fixture
def write_slice(tmp_path) -> Callable[..., Path]:
    """Writes one slice into `tmp_path/study`, under a name that tells nothing; gives its path."""

    def write(*arguments, name: str | None = None, **attributes) -> Path:
        dataset = make_slice(*arguments, **attributes)
        folder = tmp_path / "study"
        folder.mkdir(exist_ok=True)
        path = folder / (name or f"{len(list(folder.iterdir())):05d}")
        dataset.save_as(path, enforce_file_format=True)
        return path

    return write


@pytest.fixture
def study_folder(tmp_path) -> Path:
    """Where `write_slice` writes to."""
    return tmp_path / "study"
