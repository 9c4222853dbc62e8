"""What SimpleITK lets pass in NIfTI files, checked before the image is trusted.

SimpleITK reads a file that was cut short without a word and leaves rubbish in the missing voxels; it puts zeros for NaN
and infinity; it takes the qform in silence where the sform has sheared axes; it refuses a sform that rounding made a
little oblique-angled; and of `name.nii.gz` it takes the header, but the voxels of `name.nii` where that lies beside it.
The header is laid out as in the NIfTI-1 standard (https://nifti.nimh.nih.gov/nifti-1) and in
NIfTI-2.
"""

from __future__ import annotations

import gzip
import struct
import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.geometry.grids import index_to_world, size_of

SUFFIXES = (".nii", ".nii.gz")
# Largest cosine between two axes that is taken for rounding and made 0; beyond it the axes are meant to be sheared.
LARGEST_ROUNDING = 1e-3
# SimpleITK itself accepts axes up to this cosine.
ACCEPTED_BY_SIMPLEITK = 1e-5
# Codes of a sform that holds scanner coordinates or another image's; higher ones are atlas spaces.
PATIENT_SPACES = (1, 2)
# NIfTI's codes of floating point numbers and numpy's.
FLOATING = {16: "f4", 64: "f8"}
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class Header:
    """What is needed of a NIfTI-1 or NIfTI-2 header; `affine` is the sform in RAS mm, 3x4, or None without one.

    `size` is that of all axes, `floating` numpy's name of the voxels' type when it is a floating point number.
    """

    size: tuple[int, ...]
    first_byte: int
    needed_bytes: int
    floating: str
    affine: NDArray[np.float64] | None
    sform_code: int
    sform_offset: int
    number_format: str


def read_nifti(path: Path, read: Callable[[Path], sitk.Image]) -> sitk.Image:
    """Read a NIfTI file with `read`, after checking that it is whole and that its axes are at right angles.

    Raises
    ------
    InputError : the file is cut short or damaged, or its axes are sheared.
    """
    content, header = whole_content(path)
    _check_finite(path, content, header)
    skew = largest_cosine(header.affine) if header.affine is not None else 0.0
    if header.affine is None or skew <= ACCEPTED_BY_SIMPLEITK:
        return _read_itself(path, content, read)
    if skew <= LARGEST_ROUNDING:
        return _read_repaired(content, header, header.affine, read)
    return _read_by_qform(path, header, header.affine, skew, lambda _: _read_itself(path, content, read))


def whole_content(path: Path) -> tuple[bytes, Header]:
    """The file's bytes, decompressed, and its header.

    Raises
    ------
    InputError : the file is cut short or damaged, or no NIfTI file.
    """
    content = _content(path)
    header = parse_header(content)
    if header is None:
        raise InputError(path, "is not a NIfTI file, whatever its name says", "choose an image file")
    if len(content) < header.needed_bytes:
        raise InputError(
            path,
            f"is cut short: {len(content)} of {header.needed_bytes} bytes",
            "copy or download the file again",
        )
    return content, header


def _content(path: Path) -> bytes:
    """The file's bytes, decompressed."""
    raw = path.read_bytes()
    if not raw.startswith(GZIP_MAGIC):
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(path, f"is cut short or damaged ({error})", "copy or download the file again") from error


def parse_header(content: bytes) -> Header | None:
    """The header at the beginning of a NIfTI file, or None when there is none."""
    for order in "<>":
        if len(content) >= 348 and struct.unpack_from(order + "i", content)[0] == 348:
            dim = struct.unpack_from(order + "8h", content, 40)
            kind, bits = struct.unpack_from(order + "2h", content, 70)
            offset = _float(content, order, 108)
            code, sform, number = struct.unpack_from(order + "h", content, 254)[0], 280, "f"
            break
        if len(content) >= 540 and struct.unpack_from(order + "i", content)[0] == 540:
            dim = struct.unpack_from(order + "8q", content, 16)
            kind, bits = struct.unpack_from(order + "2h", content, 12)
            offset = struct.unpack_from(order + "q", content, 168)[0]
            code, sform, number = struct.unpack_from(order + "i", content, 348)[0], 400, "d"
            break
    else:
        return None
    if not 1 <= dim[0] <= 7:
        return None
    size = tuple(max(1, int(n)) for n in dim[1 : dim[0] + 1])
    voxels = int(np.prod(size, dtype=np.int64))
    number_format = order + "12" + number
    affine = np.reshape(struct.unpack_from(number_format, content, sform), (3, 4)).astype(float) if code > 0 else None
    floating = order + FLOATING[kind] if kind in FLOATING else ""
    first = int(offset)
    return Header(size, first, first + voxels * bits // 8, floating, affine, code, sform, number_format)


def _check_finite(path: Path, content: bytes, header: Header) -> None:
    """Refuse NaN and infinity, which SimpleITK would replace by zeros."""
    if not header.floating:
        return
    count = int(np.prod(header.size, dtype=np.int64))
    values = np.frombuffer(content, header.floating, count, header.first_byte)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        first = np.unravel_index(bad[0], header.size, order="F")
        raise not_finite(path, len(bad), [int(index) for index in first])


def not_finite(path: Path, count: int, first: Sequence[int]) -> InputError:
    """The error for voxels that hold no numbers; `first` is the index of one."""
    where = ", ".join(map(str, first))
    why = f"holds {count} voxels that are no numbers (NaN or infinite), the first at index ({where})"
    return InputError(path, why, "repair or export the image again")


def _float(content: bytes, order: str, offset: int) -> float:
    value: float = struct.unpack_from(order + "f", content, offset)[0]
    return value if np.isfinite(value) else 0.0


def largest_cosine(affine: NDArray[np.float64]) -> float:
    """How far the axes are from right angles: the largest cosine between two of them."""
    lengths = np.linalg.norm(affine[:, :3], axis=0)
    if not np.all(np.isfinite(lengths)) or np.any(lengths == 0):
        return 0.0
    axes = affine[:, :3] / lengths
    return float(np.abs(axes.T @ axes - np.eye(3)).max())


def nearest_right_angles(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """The affine with the nearest axes at right angles, the same voxel sizes and the same origin."""
    lengths = np.linalg.norm(affine[:, :3], axis=0)
    left, _, right = np.linalg.svd(affine[:, :3] / lengths)
    return np.hstack([(left @ right) * lengths, affine[:, 3:]])


def _read_itself(path: Path, content: bytes, read: Callable[[Path], sitk.Image]) -> sitk.Image:
    """Read the file itself; or a copy of it, where SimpleITK would take the voxels of its namesake without `.gz`."""
    namesake = path.with_suffix("")
    if path.suffix.lower() == ".gz" and namesake.exists():
        return _read_copy(content, read)
    return read(path)


def _read_copy(content: bytes, read: Callable[[Path], sitk.Image]) -> sitk.Image:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.nii"
        copy.write_bytes(content)
        return read(copy)


def _read_repaired(
    content: bytes, header: Header, affine: NDArray[np.float64], read: Callable[[Path], sitk.Image]
) -> sitk.Image:
    """Read a copy of the file whose sform has its rounding taken out."""
    repaired = bytearray(content)
    struct.pack_into(header.number_format, repaired, header.sform_offset, *nearest_right_angles(affine).ravel())
    return _read_copy(bytes(repaired), read)


def _read_by_qform(
    path: Path, header: Header, affine: NDArray[np.float64], skew: float, read: Callable[[Path], sitk.Image]
) -> sitk.Image:
    """Read a file with a sheared sform by its qform, when that says the same or the sform leads to an atlas."""
    sheared = InputError(
        path,
        f"has axes that are not at right angles (sform sheared by {np.degrees(np.arcsin(min(1.0, skew))):.2f} degrees)",
        "resample it to a grid with right angles, or save it without the registration in its sform",
    )
    try:
        image = read(path)
    except InputError as error:
        raise sheared from error
    if header.sform_code not in PATIENT_SPACES:
        return image
    to_lps = np.diag([-1.0, -1.0, 1.0])
    apart = index_to_world(image)[:3] - to_lps @ affine
    corners = np.array(np.meshgrid(*((0, n - 1) for n in size_of(image)))).reshape(3, -1)
    shift = apart[:, :3] @ corners + apart[:, 3:]
    if np.linalg.norm(shift, axis=0).max() > min(image.GetSpacing()[:3]) / 2:
        raise sheared
    return image
