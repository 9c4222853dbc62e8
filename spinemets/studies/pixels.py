"""The image of a stack of DICOM slices: pixel data through GDCM in our order, geometry from our own reading."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.geometry.grids import join_frames
from spinemets.studies.headers import Header
from spinemets.studies.stacks import Stack


def image_of_stack(stack: Stack, name: str) -> sitk.Image:
    """The 3-D image, or the 4-D one of a dynamic series, with rescaled values.

    Raises
    ------
    InputError : the pixel data cannot be read; `name` is the series' name in the message.
    """
    if stack.headers[0].frame is None:
        slices = _classic_slices(stack, name)
    else:
        slices = _slices_by_pydicom(stack, name)
    columns, rows, count = stack.size
    if slices.shape != (count * stack.n_frames, rows, columns):
        raise InputError(name, f"has slices of other sizes than {columns} x {rows}", "export the series again")
    volumes = slices.reshape(stack.n_frames, count, rows, columns)
    direction = np.stack([stack.row, stack.column, stack.normal], axis=1)
    frames = []
    for volume in volumes:
        frame = sitk.GetImageFromArray(volume)
        frame.SetOrigin(stack.origin)
        frame.SetSpacing(stack.spacing)
        frame.SetDirection(direction.ravel().tolist())
        frames.append(frame)
    return frames[0] if stack.n_frames == 1 else join_frames(frames, stack.times)


def _classic_slices(stack: Stack, name: str) -> NDArray[np.generic]:
    """Array [slice, row, column] of files that hold one slice each."""
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(header.path) for header in stack.headers])
    if _needs_floating_point(stack.headers):
        # The reader takes the first file's number type for all.
        reader.SetOutputPixelType(sitk.sitkFloat32)
    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    # GDCM warns of slices at uneven distances, which frames of a dynamic series in one row of files have.
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        return sitk.GetArrayFromImage(reader.Execute())
    except RuntimeError:
        # GDCM does not read every compressed or odd file that pydicom reads.
        return _slices_by_pydicom(stack, name)
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)


def _needs_floating_point(headers: tuple[Header, ...]) -> bool:
    scales = set(map(_scale, headers))
    return len(scales) > 1 or any(value != round(value) for scale in scales for value in scale)


def _scale(header: Header) -> tuple[float, float]:
    """Slope and intercept from stored values to real ones."""
    return header.number("RescaleSlope") or 1.0, header.number("RescaleIntercept") or 0.0


def _slices_by_pydicom(stack: Stack, name: str) -> NDArray[np.generic]:
    """Array [slice, row, column]: files of one slice, or frames of enhanced objects, each with its own rescaling."""
    frames: dict[Path, NDArray[np.generic]] = {}
    for header in stack.headers:
        if header.path not in frames:
            frames[header.path] = _all_frames(header.path, name)
    slices = [frames[header.path][header.frame or 0] for header in stack.headers]
    if len({plane.shape for plane in slices}) > 1:
        raise InputError(name, "has slices of different sizes", "export the series again")
    scales = list(map(_scale, stack.headers))
    if all(scale == (1.0, 0.0) for scale in scales):
        return np.stack(slices)
    return np.stack([(plane * slope + offset).astype(np.float32) for plane, (slope, offset) in zip(slices, scales)])


def _all_frames(path: Path, name: str) -> NDArray[np.generic]:
    """Stored values [frame, row, column] of a multi-frame object."""
    import pydicom

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stored: NDArray[np.generic] = pydicom.dcmread(path).pixel_array
    except Exception as error:  # pydicom raises errors of many kinds, also from its decoders
        why = " ".join(str(error).split())[:120]
        raise InputError(path, f"holds pixel data that cannot be read ({why})", f"export {name} again") from error
    return stored.reshape(-1, *stored.shape[-2:])
