"""The attributes of one DICOM file that tell what the image is and where it lies, and whether the file is whole.

A study has hundreds of files with hundreds of attributes each, of which some forty matter here. Walking over the others
by their lengths alone (DICOM PS3.5, section 7) is several times faster than reading them, and ends where the pixel data
begins, so that their length can be compared with what the file holds.
"""

from __future__ import annotations

import contextlib
import mmap
import struct
import warnings
from collections.abc import Iterator, MutableSequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAGIC = b"DICM"
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
SEQUENCE_END_BYTES = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
PIXEL_DATA = (0x7FE00008, 0x7FE00009, 0x7FE00010)
IMPLICIT, BIG_ENDIAN, DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"
LONG_REPRESENTATIONS = frozenset(
    (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
)

# Attributes by keyword: tag, and how its value is read. "texts" and "numbers" have several values.
ATTRIBUTES: dict[str, tuple[int, str]] = {
    "MediaStorageSOPClassUID": (0x00020002, "text"),
    "TransferSyntaxUID": (0x00020010, "text"),
    "SpecificCharacterSet": (0x00080005, "texts"),
    "ImageType": (0x00080008, "texts"),
    "SOPClassUID": (0x00080016, "text"),
    "SOPInstanceUID": (0x00080018, "text"),
    "StudyDate": (0x00080020, "text"),
    "AcquisitionDate": (0x00080022, "text"),
    "AcquisitionDateTime": (0x0008002A, "text"),
    "AcquisitionTime": (0x00080032, "text"),
    "ContentTime": (0x00080033, "text"),
    "SeriesTime": (0x00080031, "text"),
    "Modality": (0x00080060, "text"),
    "Manufacturer": (0x00080070, "text"),
    "StudyDescription": (0x00081030, "text"),
    "SeriesDescription": (0x0008103E, "text"),
    "PatientName": (0x00100010, "text"),
    "PatientID": (0x00100020, "text"),
    "ContrastBolusAgent": (0x00180010, "text"),
    "ScanningSequence": (0x00180020, "texts"),
    "SequenceVariant": (0x00180021, "texts"),
    "ScanOptions": (0x00180022, "texts"),
    "MRAcquisitionType": (0x00180023, "text"),
    "SequenceName": (0x00180024, "text"),
    "SliceThickness": (0x00180050, "number"),
    "RepetitionTime": (0x00180080, "number"),
    "EchoTime": (0x00180081, "number"),
    "InversionTime": (0x00180082, "number"),
    "EchoNumbers": (0x00180086, "number"),
    "SpacingBetweenSlices": (0x00180088, "number"),
    "EchoTrainLength": (0x00180091, "number"),
    "ProtocolName": (0x00181030, "text"),
    "TriggerTime": (0x00181060, "number"),
    "FlipAngle": (0x00181314, "number"),
    "DiffusionBValue": (0x00189087, "FD"),
    "SiemensBValue": (0x0019100C, "number"),
    "StudyInstanceUID": (0x0020000D, "text"),
    "SeriesInstanceUID": (0x0020000E, "text"),
    "SeriesNumber": (0x00200011, "number"),
    "AcquisitionNumber": (0x00200012, "number"),
    "InstanceNumber": (0x00200013, "number"),
    "ImagePositionPatient": (0x00200032, "numbers"),
    "ImageOrientationPatient": (0x00200037, "numbers"),
    "FrameOfReferenceUID": (0x00200052, "text"),
    "TemporalPositionIdentifier": (0x00200100, "number"),
    "TemporalResolution": (0x00200110, "number"),
    "SamplesPerPixel": (0x00280002, "US"),
    "NumberOfFrames": (0x00280008, "number"),
    "Rows": (0x00280010, "US"),
    "Columns": (0x00280011, "US"),
    "PixelSpacing": (0x00280030, "numbers"),
    "BitsAllocated": (0x00280100, "US"),
    "RescaleIntercept": (0x00281052, "number"),
    "RescaleSlope": (0x00281053, "number"),
}
KEYWORDS = {tag: (keyword, kind) for keyword, (tag, kind) in ATTRIBUTES.items()}


@dataclass(frozen=True, slots=True)
class Header:
    """Attributes by keyword of one file, or of one frame of a multi-frame file (`frame`, from 0).

    `fault` says in what way the file is not whole; empty when it is.
    """

    path: Path
    values: dict[str, Any]
    fault: str = ""
    frame: int | None = None

    def text(self, keyword: str) -> str:
        """The attribute's text; empty when it is absent."""
        return str(self.values.get(keyword) or "")

    def texts(self, keyword: str) -> tuple[str, ...]:
        """The attribute's values in upper case."""
        return tuple(value.upper() for value in self.values.get(keyword) or ())

    def number(self, keyword: str) -> float | None:
        """The attribute's number, or None when it is absent."""
        value = self.values.get(keyword)
        return None if value is None else float(value)

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """The attribute's numbers; empty when it is absent."""
        return tuple(self.values.get(keyword) or ())


class _CutShort(Exception):
    """An attribute reaches beyond the end of the file."""


def read_header(path: Path) -> Header | None:
    """Attributes of a DICOM file, without its pixel data; None when it is no DICOM file."""
    with path.open("rb") as stream:
        start = stream.read(140)
        if start[128:132] != MAGIC and not _starts_without_preamble(start):
            return None
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _Walk(path, content).header(132 if start[128:132] == MAGIC else 0)


def _starts_without_preamble(start: bytes) -> bool:
    """Whether the file begins with an attribute of group 8 or 2, as DICOM files without a preamble do."""
    if len(start) < 16:
        return False
    group, element, length = struct.unpack_from("<HHI", start)
    if group not in (2, 8):
        return False
    explicit = start[4:6] in (b"UI", b"UL", b"CS", b"SH", b"OB", b"DA")
    return explicit or (element <= 0x18 and 0 < length <= 64 and start[8:9].isalnum())


class _Walk:
    """One pass over a file's attributes."""

    def __init__(self, path: Path, content: mmap.mmap) -> None:
        self.path = path
        self.content = content
        self.size = len(content)
        self.explicit = True
        self.order = "<"
        self.values: dict[str, Any] = {}

    def header(self, start: int) -> Header:
        fault = ""
        try:
            position = self._file_meta(start)
            syntax = self.values.get("TransferSyntaxUID", "")
            if syntax == DEFLATED:
                return _by_pydicom(self.path)
            # Without file meta information, two capital letters after the tag tell that the syntax is explicit.
            self.explicit = syntax != IMPLICIT if syntax else self.content[position + 4 : position + 6].isupper()
            self.order = ">" if syntax == BIG_ENDIAN else "<"
            fault = self._dataset(position)
        except (_CutShort, struct.error):
            fault = "is cut short within its attributes"
        self._decode_names()
        return Header(self.path, self.values, fault)

    def _file_meta(self, position: int) -> int:
        """Read group 2, always explicit and little endian; where the next group begins."""
        while position + 8 <= self.size and self.content[position : position + 2] == b"\x02\x00":
            tag, start, length = self._element(position, True, "<")
            self._keep(tag, start, length)
            position = start + length
        return position

    def _dataset(self, position: int) -> str:
        """Read up to the pixel data; what is wrong with them."""
        while position < self.size:
            tag, start, length = self._element(position, self.explicit, self.order)
            if tag in PIXEL_DATA:
                return self._pixel_fault(start, length)
            if length == UNDEFINED:
                position = self._after_sequence(start, self.explicit)
                continue
            if start + length > self.size:
                raise _CutShort
            self._keep(tag, start, length)
            position = start + length
        return "has no pixel data"

    def _pixel_fault(self, start: int, length: int) -> str:
        if length == UNDEFINED:
            # Compressed: a sequence of fragments that ends with a delimiter.
            tail = self.content[max(start, self.size - 65536) :]
            return "" if SEQUENCE_END_BYTES in tail else "is cut short within its compressed pixel data"
        count = [self.values.get(name) or 1 for name in ("Rows", "Columns", "SamplesPerPixel", "NumberOfFrames")]
        bits = int(self.values.get("BitsAllocated") or 16)
        needed = int(count[0] * count[1] * count[2] * count[3]) * bits // 8
        held = min(length, self.size - start)
        return (
            "" if held >= max(needed, length) else f"is cut short: {held} of {max(needed, length)} bytes of pixel data"
        )

    def _element(self, position: int, explicit: bool, order: str) -> tuple[int, int, int]:
        """Tag, start of the value and its length."""
        group, element = struct.unpack_from(order + "HH", self.content, position)
        tag = group << 16 | element
        if not explicit or group == 0xFFFE:
            return tag, position + 8, struct.unpack_from(order + "I", self.content, position + 4)[0]
        if self.content[position + 4 : position + 6] in LONG_REPRESENTATIONS:
            return tag, position + 12, struct.unpack_from(order + "I", self.content, position + 8)[0]
        return tag, position + 8, struct.unpack_from(order + "H", self.content, position + 6)[0]

    def _after_sequence(self, position: int, explicit: bool) -> int:
        """Where a sequence of undefined length, whose first item is at `position`, ends."""
        while True:
            tag, start, length = self._element(position, explicit, self.order)
            if tag == SEQUENCE_END:
                return start
            if tag != ITEM:
                raise _CutShort
            position = start + length if length != UNDEFINED else self._after_item(start, explicit)

    def _after_item(self, position: int, explicit: bool) -> int:
        while True:
            tag, start, length = self._element(position, explicit, self.order)
            if tag == ITEM_END:
                return start
            if length != UNDEFINED:
                position = start + length
                continue
            # A sequence of unknown representation is written implicitly (PS3.5, section 6.2.2).
            unknown = explicit and self.content[position + 4 : position + 6] == b"UN"
            position = self._after_sequence(start, explicit and not unknown)

    def _keep(self, tag: int, start: int, length: int) -> None:
        if tag not in KEYWORDS or not length:
            return
        if start + length > self.size:
            raise _CutShort
        keyword, kind = KEYWORDS[tag]
        value = _decode(self.content[start : start + length], kind, self.order)
        if value is not None:
            self.values[keyword] = value

    def _decode_names(self) -> None:
        """Give texts with other than ASCII letters their own character set."""
        names = [key for key, value in self.values.items() if isinstance(value, str) and not value.isascii()]
        if not names:
            return
        from pydicom.charset import convert_encodings, decode_bytes

        with warnings.catch_warnings(), contextlib.suppress(LookupError, UnicodeError):
            # Of an unknown character set, or one that does not fit, the letters stay as they are.
            warnings.simplefilter("ignore")
            encodings = convert_encodings(list(self.values.get("SpecificCharacterSet") or ["ISO_IR 100"]))
            for name in names:
                self.values[name] = decode_bytes(self.values[name].encode("latin-1"), encodings, set(b"\\^="))


def _decode(raw: bytes, kind: str, order: str) -> Any:
    if kind == "US":
        return struct.unpack_from(order + "H", raw)[0]
    if kind == "FD":
        return struct.unpack_from(order + "d", raw)[0] if len(raw) >= 8 else None
    text = raw.decode("latin-1").strip(" \0")
    if kind == "text":
        return text or None
    parts = [part.strip() for part in text.split("\\")]
    if kind == "texts":
        return tuple(part for part in parts if part) or None
    numbers = tuple(_numbers(parts))
    return (numbers if kind == "numbers" else numbers[0]) if numbers else None


def _numbers(parts: list[str]) -> Iterator[float]:
    for part in parts:
        try:
            yield float(part)
        except ValueError:
            # An empty or wrongly written number is treated as absent.
            continue


def values_of(dataset: Any) -> dict[str, Any]:
    """The attributes of a pydicom data set in the form that `Header` holds."""
    values: dict[str, Any] = {}
    for keyword, (_, kind) in ATTRIBUTES.items():
        value = dataset.get(keyword)
        if value is None or value == "":
            continue
        several = list(value) if isinstance(value, MutableSequence) else [value]
        if kind == "texts":
            values[keyword] = tuple(str(part) for part in several)
        elif kind == "numbers":
            values[keyword] = tuple(float(part) for part in several)
        elif kind == "text":
            values[keyword] = "\\".join(str(part) for part in several)
        elif several:
            values[keyword] = float(several[0])
    return values


def _by_pydicom(path: Path) -> Header:
    """A deflated file, which has to be inflated before it can be walked over."""
    import pydicom

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Header(path, values_of(pydicom.dcmread(path, stop_before_pixels=True)))
    except Exception as error:  # zlib's and pydicom's errors alike mean a damaged file
        return Header(path, {}, f"cannot be read ({error})")
