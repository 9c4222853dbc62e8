"""Classic MR and CT DICOM files from images of any orientation."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from spinemets.errors import InputError

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MR_STORAGE = "1.2.840.10008.5.1.4.1.1.4"
CT_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
IMPLEMENTATION_UID = "2.25.302871605487318267043317209846631150413"
SHEAR_TOLERANCE = 1e-3


@dataclass(frozen=True)
class SeriesHeader:
    """What the files of a series say beside their geometry.

    `uid`, `study_uid`, `frame_of_reference` are UIDs; the instances' UIDs are `uid` with a number after it, or follow
    `uid` under 2.25. `values` holds more attributes by keyword (RepetitionTime, ...); `started` is the time of
    acquisition; `times` the seconds of a 4-D image's frames after that.
    """

    uid: str
    study_uid: str
    frame_of_reference: str
    modality: str
    number: int
    description: str
    started: datetime.datetime
    values: dict[str, Any] = field(default_factory=dict)
    times: Sequence[float] | None = None


def write_dicom_series(images: sitk.Image | Sequence[sitk.Image], folder: Path, header: SeriesHeader) -> list[Path]:
    """Write a series as classic single-slice files, `IM0001.dcm` and on.

    Any orthogonal grid will do, oblique and left-handed ones too: the files put every voxel at its place in the
    world. A reader that orders slices by the normal of their rows and columns gives the right-handed equivalent of a
    left-handed image.

    Parameters
    ----------
    images : a 3-D or 4-D image, or a list of 3-D images on one grid (the frames of a dynamic series); int16 or
        uint16, else
        values are scaled to int16 and RescaleSlope says how.
    folder : where to; made when absent.
    header : identity and attributes.

    Raises
    ------
    InputError : sheared grid, or times that do not match the frames.
    """
    import pydicom

    frames = _frames(images)
    times = [0.0] * len(frames) if header.times is None else [float(t) for t in header.times]
    if len(times) != len(frames):
        raise InputError(header.description, f"{len(frames)} frames but {len(times)} times", "give one time a frame")
    _check_orthogonal(frames[0], header.description)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    arrays, slope, intercept = _as_stored([sitk.GetArrayViewFromImage(frame) for frame in frames])
    common = _encoded(_common(header, frames[0], arrays[0].dtype, slope, intercept))
    paths = []
    depth = frames[0].GetDepth()
    for t, (seconds, array) in enumerate(zip(times, arrays)):
        window = np.percentile(array[:: max(depth // 4, 1), ::4, ::4], [1.0, 99.5]) * slope + intercept
        for k in range(depth):
            number = t * depth + k + 1
            dataset = pydicom.Dataset(common)
            _place(dataset, frames[0], k)
            _time(dataset, header, t, seconds, len(frames))
            dataset.SOPInstanceUID = instance_uid(header.uid, number)
            dataset.file_meta = _meta(dataset)
            dataset.InstanceNumber = number
            dataset.WindowCenter = f"{(window[0] + window[1]) / 2:.6g}"
            dataset.WindowWidth = f"{max(window[1] - window[0], 1):.6g}"
            dataset.PixelData = np.ascontiguousarray(array[k], array.dtype.newbyteorder("<")).tobytes()
            path = folder / f"IM{number:04d}.dcm"
            dataset.save_as(path, enforce_file_format=True)
            paths.append(path)
    return paths


def instance_uid(series_uid: str, number: int) -> str:
    """UID of the n-th file of a series."""
    return make_uid(series_uid, number)


def make_uid(*parts: object) -> str:
    """A UID under 2.25 that follows from its parts alone."""
    digest = hashlib.sha256("/".join(str(part) for part in parts).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:15], 'big') | 1 << 119}"


def _frames(images: sitk.Image | Sequence[sitk.Image]) -> list[sitk.Image]:
    if isinstance(images, sitk.Image):
        if images.GetDimension() == 4:
            size = list(images.GetSize())
            return [sitk.Extract(images, [*size[:3], 0], [0, 0, 0, t]) for t in range(size[3])]
        return [images]
    return list(images)


def _check_orthogonal(image: sitk.Image, what: str) -> None:
    axes = np.array(image.GetDirection()).reshape(3, 3)
    if np.abs(axes.T @ axes - np.eye(3)).max() > SHEAR_TOLERANCE:
        raise InputError(what, "its grid is sheared", "resample it to an orthogonal grid")


def _as_stored(arrays: list[np.ndarray]) -> tuple[list[np.ndarray], float, float]:
    """Arrays of 16-bit integers, with the slope and intercept that give the values back."""
    if all(a.dtype in (np.int16, np.uint16) for a in arrays):
        return arrays, 1.0, 0.0
    low, high = min(float(a.min()) for a in arrays), max(float(a.max()) for a in arrays)
    slope = max(high - low, 1e-12) / 32767.0
    # DS holds 16 characters: round first, so that the files and the values agree.
    slope, low = float(f"{slope:.9g}"), float(f"{low:.9g}")
    return [np.clip(np.rint((a - low) / slope), 0, 32767).astype(np.int16) for a in arrays], slope, low


def _decimal(value: float) -> str:
    """A decimal string of at most 16 characters."""
    for digits in range(12, 4, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return text
    return f"{value:.4g}"


def _common(header: SeriesHeader, image: sitk.Image, dtype: np.dtype, slope: float, intercept: float) -> Dataset:
    """What all files of the series share."""
    from pydicom import Dataset

    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID = CT_STORAGE if header.modality == "CT" else MR_STORAGE
    ds.Modality = header.modality
    ds.StudyInstanceUID, ds.SeriesInstanceUID = header.study_uid, header.uid
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = header.frame_of_reference, ""
    ds.SeriesNumber, ds.SeriesDescription = header.number, header.description
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = header.started.strftime("%Y%m%d")
    ds.StudyTime = ds.SeriesTime = _clock(header.started)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL" if header.modality == "CT" else "OTHER"]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Columns, ds.Rows, _ = image.GetSize()
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, int(dtype.kind == "i")
    across, down, through = image.GetSpacing()
    ds.PixelSpacing = [_decimal(down), _decimal(across)]
    ds.SliceThickness = _decimal(through)
    if header.modality == "MR":
        ds.SpacingBetweenSlices = _decimal(through)
    axes = np.array(image.GetDirection()).reshape(3, 3)
    ds.ImageOrientationPatient = [_decimal(v) for v in (*axes[:, 0], *axes[:, 1])]
    for keyword, value in header.values.items():
        setattr(ds, keyword, value)
    if header.modality == "CT" or slope != 1.0 or intercept != 0.0:
        ds.RescaleSlope, ds.RescaleIntercept = _decimal(slope), _decimal(intercept)
        ds.RescaleType = "HU" if header.modality == "CT" else "US"
    else:
        ds.RescaleSlope, ds.RescaleIntercept = "1", "0"
    return ds


def _encoded(dataset: Dataset) -> Dataset:
    """The data set with its values as bytes already, so that they are not encoded again for every file."""
    from pydicom import dcmread
    from pydicom.filewriter import dcmwrite

    buffer = BytesIO()
    dcmwrite(buffer, dataset, implicit_vr=False, little_endian=True)
    buffer.seek(0)
    return dcmread(buffer, force=True)


def _place(dataset: Dataset, image: sitk.Image, k: int) -> None:
    position = image.TransformIndexToPhysicalPoint((0, 0, k))
    axes = np.array(image.GetDirection()).reshape(3, 3)
    normal = np.cross(axes[:, 0], axes[:, 1])
    dataset.ImagePositionPatient = [_decimal(v) for v in position]
    dataset.SliceLocation = _decimal(float(normal @ np.array(position)))


def _time(dataset: Dataset, header: SeriesHeader, t: int, seconds: float, n_frames: int) -> None:
    moment = header.started + datetime.timedelta(seconds=seconds)
    dataset.AcquisitionTime = dataset.ContentTime = _clock(moment)
    dataset.AcquisitionNumber = t + 1
    if header.times is not None:
        dataset.TemporalPositionIdentifier, dataset.NumberOfTemporalPositions = t + 1, n_frames
        dataset.TemporalResolution = _decimal(1000 * (header.times[1] - header.times[0]) if n_frames > 1 else 0.0)
        dataset.TriggerTime = _decimal(seconds * 1000)


def _clock(moment: datetime.datetime) -> str:
    return moment.strftime("%H%M%S.%f")


def _meta(dataset: Dataset) -> Any:
    from pydicom.dataset import FileMetaDataset

    meta: Any = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = EXPLICIT_LITTLE_ENDIAN
    meta.ImplementationClassUID = IMPLEMENTATION_UID
    return meta
