"""One image from whatever the user names: an image file, a DICOM file, or the folder of a DICOM series."""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.geometry.files import read_image
from spinemets.geometry.grids import set_frame_times
from spinemets.geometry.segmentation_objects import is_dicom
from spinemets.studies.named_files import read_times_file, studies_of_files
from spinemets.studies.scanning import scan_studies
from spinemets.studies.study import Series


def open_image(path: Path | str) -> sitk.Image:
    """The 3-D or 4-D image; 4-D ones carry their frames' times when these are known.

    Parameters
    ----------
    path : an image file; a DICOM file, which stands for the whole series in its folder; or a folder with one series.

    Raises
    ------
    InputError : missing or unreadable, or the folder holds several series.
    """
    path = Path(path)
    if path.is_dir():
        return _only_series(path).load()
    if not path.exists():
        raise InputError(path, "does not exist", "check the name")
    if is_dicom(path):
        return _series_of_file(path).load()
    image = read_image(path)
    return studies_of_files([path], path)[0].series[0].load() if image.GetDimension() == 4 else image


def open_dynamic(path: Path | str, times: Path | None = None) -> sitk.Image:
    """The image, as `open_image` gives it, with the seconds of its frames from the text file `times`, if there is one.

    Raises
    ------
    InputError : as `open_image`, or the file does not hold one rising number a frame.
    """
    return with_times(open_image(path), times)


def with_times(image: sitk.Image, times: Path | None) -> sitk.Image:
    """The image, a 4-D one with the seconds of its frames from the text file `times`, if there is one.

    Raises
    ------
    InputError : the file does not hold one rising number a frame.
    """
    if times is not None and image.GetDimension() == 4:
        set_frame_times(image, read_times_file(times, image.GetSize()[3]))
    return image


def _only_series(folder: Path) -> Series:
    series = [one for study in scan_studies(folder) for one in study.series]
    if len(series) == 1:
        return series[0]
    if not series:
        raise InputError(folder, "holds no image with a position in space", "choose another folder")
    told = "; ".join(f"{one.name} [{one.role}]" for one in series[:6]) + ("; ..." if len(series) > 6 else "")
    raise InputError(folder, f"holds {len(series)} series: {told}", "give the folder or a file of one of them")


def _series_of_file(path: Path) -> Series:
    own = path.absolute()
    siblings = sorted(one for one in own.parent.iterdir() if one.is_file())
    for study in scan_studies(siblings):
        for series in study.series:
            if own in series.files:
                return series
    raise InputError(path, "is a DICOM file, but no MR or CT image with a position in space", "choose an image")
