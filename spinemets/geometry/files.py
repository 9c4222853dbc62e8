"""Images and masks from files and back, refused with a reason when they cannot be trusted."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.geometry import metaimage, nifti
from spinemets.geometry.grids import FRAME_OF_REFERENCE, SERIES_UID, join_frames, size_of
from spinemets.geometry.segmentation_objects import is_dicom, read_segmentation_object
from spinemets.outputs import replacing_file

__all__ = ["FRAME_OF_REFERENCE", "SERIES_UID", "WRITABLE", "has_image_name", "read_image", "read_mask", "write_image"]

WRITABLE = (".nii", ".nii.gz", ".nrrd", ".mha")
READABLE = (*WRITABLE, ".mhd", ".nhdr", ".hdr", ".img", ".img.gz")
# Bytes that are left free for a file's header.
LONGEST_HEADER = 65536
CHOOSE_IMAGE = "choose a NIfTI, NRRD or MHA file"


def has_image_name(path: Path) -> bool:
    """Whether the name is that of a 3-D image file."""
    return path.name.lower().endswith(READABLE)


def name_for_simpleitk(path: Path) -> str:
    """The file's name as SimpleITK takes it; a name that is no UTF-8 would end the whole process there.

    Raises
    ------
    InputError : the name is written in another encoding.
    """
    try:
        return os.fsencode(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(path, "has a name that is not written in UTF-8", "rename it") from error


def read_image(path: Path | str) -> sitk.Image:
    """Read a 3-D image, or a 4-D one whose last axis is time, from NIfTI, NRRD, MHA or what else SimpleITK reads.

    NRRD and MHA keep metadata such as the frame of reference. NRRD files whose frames are a list, as 3D Slicer saves
    sequences, become 4-D.

    Raises
    ------
    InputError : the file is missing, unreadable or cut short; the image is 2-D, of colours or vectors, or holds values
        that are no numbers; its axes are sheared.
    """
    path = Path(path)
    image = _read_numbers(path)
    _check_finite(image, path)
    return image


def read_mask(path: Path | str, label: int | None = None) -> sitk.Image:
    """Read a mask: uint8 image of 0 and 1.

    Takes label maps of any number type, 3D Slicer's .seg.nrrd, and DICOM segmentation objects.

    Parameters
    ----------
    label : the only value that counts; of a DICOM segmentation object the segment's number. Default: all but 0.

    Raises
    ------
    InputError : as `read_image`; the mask is 4-D, has no voxels, or has none of this label.
    """
    path = Path(path)
    _check_file(path)
    if is_dicom(path):
        return read_segmentation_object(path, label)
    image = _read_numbers(path, layers_as_label=label)
    if image.GetDimension() != 3:
        raise InputError(path, "is 4-D, but a mask is 3-D", "choose the mask of one frame")
    values = sitk.GetArrayViewFromImage(image)
    _check_finite(image, path)
    inside = values != 0 if label is None else values == label
    if not inside.any():
        raise _empty_mask(path, values, label)
    mask = sitk.GetImageFromArray(inside.astype(np.uint8))
    mask.CopyInformation(image)
    for key in (FRAME_OF_REFERENCE, SERIES_UID):
        if image.HasMetaDataKey(key):
            mask.SetMetaData(key, image.GetMetaData(key))
    return mask


def _empty_mask(path: Path, values: NDArray[np.generic], label: int | None) -> InputError:
    labels = np.unique(values[values != 0])
    if label is None or not len(labels):
        return InputError(path, "is a mask without voxels", "draw or choose another mask")
    found = ", ".join(f"{value:g}" for value in labels[:10]) + (", ..." if len(labels) > 10 else "")
    return InputError(path, f"has no voxel of label {label} (it has {found})", "choose one of its labels")


def check_image_name(path: Path) -> None:
    """Refuse at once a name whose ending is of no image format that can be written."""
    if not path.name.lower().endswith(WRITABLE):
        raise InputError(path, "has no ending of an image format", f"name it with one of {', '.join(WRITABLE)}")


def write_image(image: sitk.Image, path: Path | str, overwrite: bool = False, compression: int = -1) -> None:
    """Write a 3-D or 4-D image with its metadata where the format keeps any (NRRD, MHA).

    The file is whole or absent.

    Parameters
    ----------
    compression : 1 (fast) to 9 (small); -1 is the format's own; 0 none.

    Raises
    ------
    InputError : the name has no known ending, the file exists and `overwrite` is false, or it cannot be written.
        The disk must have room for the image as if it were not compressed.
    """
    path = Path(path)
    check_image_name(path)
    with replacing_file(path, overwrite) as partial:
        name = name_for_simpleitk(partial)
        _check_room(image, partial)
        try:
            sitk.WriteImage(image, name, useCompression=compression != 0, compressionLevel=compression)
        except RuntimeError as error:
            raise InputError(
                path, f"cannot be written ({_last_line(error)})", "choose another file or format"
            ) from error
        _check_written(partial)


def _check_room(image: sitk.Image, path: Path) -> None:
    """SimpleITK does not notice that a disk is full: it leaves half a file, and prints lines of its own."""
    needed = image.GetNumberOfPixels() * image.GetNumberOfComponentsPerPixel() * image.GetSizeOfPixelComponent()
    if shutil.disk_usage(path.parent).free < needed + LONGEST_HEADER:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _check_written(path: Path) -> None:
    """Read the file again, since a full disk or a quota cuts it short without a word."""
    try:
        if path.name.lower().endswith(nifti.SUFFIXES):
            nifti.whole_content(path)
        else:
            _check_file(path)
            if path.name.lower().endswith(metaimage.SUFFIX):
                metaimage.check_whole(path)
            _read_quietly(path)
    except InputError as error:
        raise OSError(errno.ENOSPC, "what was written is cut short, as when the disk is full") from error


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise InputError(path, "is a folder", CHOOSE_IMAGE)
    if not path.exists():
        raise InputError(path, "does not exist", "check the name")
    if not path.is_file():
        raise InputError(path, "is a pipe or device", CHOOSE_IMAGE)
    try:
        with path.open("rb") as stream:
            empty = not stream.read(1)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check its permissions") from error
    if empty:
        raise InputError(path, "is an empty file", "copy or download it again")


def _read_numbers(path: Path, layers_as_label: int | None = None) -> sitk.Image:
    """A 3-D or 4-D image of one number a voxel."""
    _check_file(path)
    if is_dicom(path):
        raise InputError(path, "is a DICOM file", "give the folder of its series instead")
    if path.name.lower().endswith(metaimage.SUFFIX):
        metaimage.check_whole(path)
    if path.name.lower().endswith(nifti.SUFFIXES):
        image = nifti.read_nifti(path, _read_quietly)
    else:
        image = _read_quietly(path)
    if image.GetNumberOfComponentsPerPixel() > 1:
        image = _list_of_images(image, path, layers_as_label)
    if image.GetDimension() == 4 and image.GetSize()[3] == 1:
        image = _without_time(image)
    if image.GetDimension() not in (3, 4):
        raise InputError(path, f"is a {image.GetDimension()}-D image", "choose a 3-D image, or a 4-D dynamic series")
    if image.GetPixelID() in (sitk.sitkComplexFloat32, sitk.sitkComplexFloat64):
        raise InputError(path, "holds complex numbers", "choose the magnitude image")
    return image


def _read_quietly(path: Path) -> sitk.Image:
    """SimpleITK's image, without ITK's warnings on standard error."""
    name = name_for_simpleitk(path)
    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        return sitk.ReadImage(name)
    except RuntimeError as error:
        known = has_image_name(path)
        why = f"cannot be read ({_last_line(error)})" if known else "is not an image that can be read"
        raise InputError(path, why, "copy or save it again" if known else CHOOSE_IMAGE) from error
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)


def _last_line(error: RuntimeError) -> str:
    """The part of SimpleITK's message that says what happened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = [line.split("ITK ERROR:", 1)[1].strip() for line in lines if "ITK ERROR:" in line]
    return said[-1] if said and said[-1] else (lines[-1] if lines else "no reason given")


def _list_of_images(image: sitk.Image, path: Path, label: int | None) -> sitk.Image:
    """A NRRD whose voxels are lists: frames of a sequence become 4-D, layers of a segmentation their union."""
    # NRRD_kinds[pixel], or NRRD_kinds[0] in older versions.
    kinds = [image.GetMetaData(key) for key in image.GetMetaDataKeys() if key.startswith("NRRD_kinds")]
    if "list" not in kinds or image.GetDimension() != 3:
        raise InputError(path, "is an image of colours or vectors", "choose an image with one number a voxel")
    components = [
        sitk.VectorIndexSelectionCast(image, number) for number in range(image.GetNumberOfComponentsPerPixel())
    ]
    if not path.name.lower().endswith(".seg.nrrd"):
        return join_frames(components)
    if label is not None:
        raise InputError(path, "has overlapping segments in several layers", "export the segment as a file of its own")
    union = components[0] != 0
    for component in components[1:]:
        union = union | (component != 0)
    return union


def _without_time(image: sitk.Image) -> sitk.Image:
    frame = sitk.Extract(image, [*size_of(image), 0], [0, 0, 0, 0])
    for key in image.GetMetaDataKeys():
        frame.SetMetaData(key, image.GetMetaData(key))
    return frame


def _check_finite(image: sitk.Image, path: Path) -> None:
    values = sitk.GetArrayViewFromImage(image)
    if values.dtype.kind != "f" or np.isfinite(values).all():
        return
    bad = np.argwhere(~np.isfinite(values))
    raise nifti.not_finite(path, len(bad), [int(n) for n in bad[0][::-1]])
