"""Our walk over a file's attributes reads what pydicom reads, in every transfer syntax, and sees broken files."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from spinemets.studies.headers import Header, read_header, values_of

IMPLICIT, EXPLICIT, BIG, DEFLATED = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
)


def assert_as_pydicom(header: Header, path: Path) -> None:
    expected = values_of(pydicom.dcmread(path, force=True))
    for keyword, value in expected.items():
        read = header.values.get(keyword)
        assert read == value or str(value).strip() == str(read), keyword
    assert set(header.values) - set(expected) <= {"TransferSyntaxUID", "MediaStorageSOPClassUID", "SiemensBValue"}


def nested() -> Sequence:
    """A sequence in a sequence, of undefined lengths, whose attributes must not be taken for the image's."""
    inner, outer = Dataset(), Dataset()
    inner.SeriesDescription = "not the image's own"
    inner.EchoTime = 1.0
    outer.ReferencedImageSequence = Sequence([inner, inner])
    outer["ReferencedImageSequence"].is_undefined_length = True
    outer.is_undefined_length_sequence_item = inner.is_undefined_length_sequence_item = True
    return Sequence([outer])


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG, DEFLATED])
def test_transfer_syntaxes(write_slice, syntax):
    path = write_slice((1.5, -2.25, 3), 7, SeriesDescription="T2 sag", ImageType=["ORIGINAL", "PRIMARY", "M"])
    dataset = pydicom.dcmread(path)
    dataset.ReferencedStudySequence = nested()
    dataset["ReferencedStudySequence"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = syntax
    if syntax == BIG:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<i2").astype(">i2").tobytes()
        dataset["PixelData"].VR = "OW"
    other = path.with_name("other")
    pydicom.dcmwrite(other, dataset, implicit_vr=syntax == IMPLICIT, little_endian=syntax != BIG)
    header = read_header(other)
    assert header.fault == ""
    assert header.number("EchoTime") == 100.0
    assert_as_pydicom(header, other)


def test_file_without_preamble(write_slice):
    path = write_slice()
    dataset = pydicom.dcmread(path)
    del dataset.file_meta
    other = path.with_name("other")
    dataset.save_as(other, implicit_vr=True, little_endian=True)
    header = read_header(other)
    assert header is not None
    assert_as_pydicom(header, other)


def test_names_in_other_alphabets(write_slice):
    path = write_slice(SpecificCharacterSet="ISO_IR 192", SeriesDescription="Übersicht", PatientName="Müller^Jürgen")
    header = read_header(path)
    assert header.text("SeriesDescription") == "Übersicht"
    assert header.text("PatientName") == "Müller^Jürgen"
    path = write_slice(SpecificCharacterSet="ISO_IR 144", SeriesDescription="Позвоночник")
    assert read_header(path).text("SeriesDescription") == "Позвоночник"


def test_what_is_no_dicom_is_passed_over(tmp_path):
    for name, content in (
        ("a.txt", b"Dear colleague, " * 20),
        ("b", b""),
        ("c.png", b"\x89PNG" + bytes(200)),
        ("d", b"\x08"),
    ):
        (tmp_path / name).write_bytes(content)
        if content:
            assert read_header(tmp_path / name) is None


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9, 0.99])
def test_file_cut_short_anywhere(write_slice, kept):
    path = write_slice(voxels=np.zeros((64, 64), np.int16))
    content = path.read_bytes()
    path.write_bytes(content[: max(200, int(len(content) * kept))])
    header = read_header(path)
    assert "cut short" in header.fault or "no pixel data" in header.fault


def test_compressed_pixel_data_cut_short(write_slice):
    path = write_slice(voxels=np.arange(64 * 64, dtype=np.int16).reshape(64, 64))
    dataset = pydicom.dcmread(path)
    dataset.compress(pydicom.uid.RLELossless)
    dataset.save_as(path)
    assert read_header(path).fault == ""
    path.write_bytes(path.read_bytes()[:-300])
    assert "compressed" in read_header(path).fault


def test_damaged_deflated_file(write_slice):
    path = write_slice()
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = DEFLATED
    pydicom.dcmwrite(path, dataset, implicit_vr=False, little_endian=True)
    content = bytearray(path.read_bytes())
    content[-len(zlib.compress(b"x" * 50)) - 60 :] = b""
    path.write_bytes(content)
    header = read_header(path)
    assert header.fault or header.values["Rows"] == 6


@pytest.mark.real_data
def test_real_files_of_five_vendors(shared_data):
    """GE, Philips, Siemens, Acme; implicit, explicit, big endian; CT, MR, PET, SEG, structured reports."""
    count = 0
    for folder, _, names in os.walk(shared_data):
        for name in names:
            path = Path(folder, name)
            header = read_header(path) if path.stat().st_size else None
            if header is not None:
                count += 1
                assert_as_pydicom(header, path)
                assert header.fault in ("", "has no pixel data")
    assert count > 250
