"""What cannot be trusted is refused with a reason; what is sound is read, whatever program wrote it."""

from __future__ import annotations

import gzip
import shutil
import struct
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.geometry.files import read_image, read_mask, write_image

SROW = 280


def refusal(function, *arguments) -> str:
    with pytest.raises(InputError) as caught:
        function(*arguments)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.fixture
def image(image_of, left_handed_oblique) -> sitk.Image:
    voxels = np.random.default_rng(0).normal(size=(6, 7, 8)).astype(np.float32)
    return image_of(voxels, (1, 1.5, 4), (3, 4, 5), left_handed_oblique)


def test_missing_folder_empty_and_foreign_files(tmp_path):
    assert "does not exist" in refusal(read_image, tmp_path / "absent.nii.gz")
    assert "is a folder" in refusal(read_image, tmp_path)
    (tmp_path / "empty.nrrd").touch()
    assert "empty file" in refusal(read_image, tmp_path / "empty.nrrd")
    (tmp_path / "letter.txt").write_text("Dear colleague")
    assert "not an image" in refusal(read_image, tmp_path / "letter.txt")
    (tmp_path / "letter.nii.gz").write_text("Dear colleague")
    assert "not a NIfTI file" in refusal(read_image, tmp_path / "letter.nii.gz")


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("compressed", [True, False])
def test_file_cut_short(image, tmp_path, capfd, ending, compressed):
    """SimpleITK reads half a NIfTI file without a word; the lower half of the spine would be noise."""
    whole, cut = tmp_path / f"whole{ending}", tmp_path / f"cut{ending}"
    sitk.WriteImage(image, str(whole), useCompression=compressed)
    content = whole.read_bytes()
    cut.write_bytes(content[: int(len(content) * 0.7)])
    assert "cut" in refusal(read_image, cut)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("ending", [".nii.gz", ".nii"])
def test_namesakes_in_one_folder_are_not_mixed(image, tmp_path, ending):
    """SimpleITK puts the voxels of image.nii under the header of image.nii.gz."""
    other = ".nii" if ending == ".nii.gz" else ".nii.gz"
    write_image(image, tmp_path / f"image{ending}")
    write_image(image * 0 + 7, tmp_path / f"image{other}")
    assert np.array_equal(
        sitk.GetArrayFromImage(read_image(tmp_path / f"image{ending}")), sitk.GetArrayFromImage(image)
    )


def test_damaged_gzip(image, tmp_path):
    write_image(image, tmp_path / "image.nii.gz")
    content = bytearray((tmp_path / "image.nii.gz").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (tmp_path / "image.nii.gz").write_bytes(content)
    assert "damaged" in refusal(read_image, tmp_path / "image.nii.gz")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("kind", [sitk.sitkFloat32, sitk.sitkFloat64])
@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_values_that_are_no_numbers(image, tmp_path, bad, kind, ending):
    """SimpleITK reads them as zeros from NIfTI files."""
    image = sitk.Cast(image, kind)
    image[3, 2, 1] = bad
    image[7, 6, 5] = bad
    sitk.WriteImage(image, str(tmp_path / f"image{ending}"))
    message = refusal(read_image, tmp_path / f"image{ending}")
    assert "2 voxels" in message
    assert "(3, 2, 1)" in message


def test_flat_coloured_and_complex_images(tmp_path):
    sitk.WriteImage(sitk.Image(8, 8, sitk.sitkUInt8), str(tmp_path / "flat.png"))
    assert "2-D" in refusal(read_image, tmp_path / "flat.png")
    sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkVectorFloat32, 3), str(tmp_path / "vectors.nrrd"))
    assert "vectors" in refusal(read_image, tmp_path / "vectors.nrrd")
    sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkComplexFloat32), str(tmp_path / "complex.nrrd"))
    assert "complex" in refusal(read_image, tmp_path / "complex.nrrd")


def with_sform(path: Path, change: np.ndarray, qform: int) -> None:
    """Add to the sform of an uncompressed NIfTI file."""
    content = bytearray(path.read_bytes())
    rows = np.array(struct.unpack_from("<12f", content, SROW)).reshape(3, 4)
    struct.pack_into("<12f", content, SROW, *(rows + change).ravel())
    struct.pack_into("<h", content, 252, qform)
    path.write_bytes(content)


@pytest.mark.parametrize("qform", [0, 1])
def test_sheared_sform_is_refused(image, tmp_path, qform):
    """Whether or not there is a qform, which SimpleITK would take in silence."""
    sitk.WriteImage(image, str(tmp_path / "sheared.nii"))
    shear = np.zeros((3, 4))
    shear[0, 2] = 0.5
    with_sform(tmp_path / "sheared.nii", shear, qform)
    assert "right angles" in refusal(read_image, tmp_path / "sheared.nii")


@pytest.mark.parametrize("compressed", [False, True])
def test_sform_with_rounding_is_repaired(image, tmp_path, compressed):
    """Many real files have axes that are off by some 1e-4, which SimpleITK refuses."""
    sitk.WriteImage(image, str(tmp_path / "rounded.nii"))
    rounding = np.zeros((3, 4))
    rounding[1, 0] = 6e-4
    with_sform(tmp_path / "rounded.nii", rounding, qform=0)
    file = tmp_path / "rounded.nii"
    if compressed:
        file = tmp_path / "rounded.nii.gz"
        file.write_bytes(gzip.compress((tmp_path / "rounded.nii").read_bytes()))
    repaired = read_image(file)
    assert np.abs(np.array(repaired.GetDirection()) - image.GetDirection()).max() < 1e-3
    np.testing.assert_allclose(repaired.GetOrigin(), image.GetOrigin(), atol=1e-4)
    np.testing.assert_allclose(repaired.GetSpacing(), image.GetSpacing(), rtol=1e-3)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(repaired), sitk.GetArrayFromImage(image))


def test_four_dimensional_files(image, tmp_path):
    frames = sitk.JoinSeries([image, image * 2, image * 3])
    for ending in (".nii.gz", ".nrrd", ".mha"):
        write_image(frames, tmp_path / f"frames{ending}")
        assert read_image(tmp_path / f"frames{ending}").GetSize() == (8, 7, 6, 3)
    write_image(sitk.JoinSeries([image]), tmp_path / "one.nrrd")
    assert read_image(tmp_path / "one.nrrd").GetSize() == (8, 7, 6)
    assert "4-D" in refusal(read_mask, tmp_path / "frames.nrrd")


def test_sequence_as_3d_slicer_saves_it(tmp_path):
    """3D Slicer writes the frames of a sequence as a list in each voxel."""
    values = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)
    header = (
        "NRRD0004\ntype: short\ndimension: 4\nspace: left-posterior-superior\nsizes: 5 4 3 2\n"
        "space directions: none (0,1,0) (0,0,1) (2,0,0)\nkinds: list domain domain domain\n"
        "endian: little\nencoding: raw\nspace origin: (1,2,3)\n\n"
    )
    (tmp_path / "frames.seq.nrrd").write_bytes(header.encode() + values.tobytes())
    image = read_image(tmp_path / "frames.seq.nrrd")
    assert image.GetSize() == (4, 3, 2, 5)
    assert image.GetPixel(3, 1, 1, 4) == values[1, 1, 3, 4]
    assert image.TransformIndexToPhysicalPoint((0, 0, 1, 0))[:3] == (3.0, 2.0, 3.0)


def test_label_maps(image_of, tmp_path):
    labels = np.zeros((3, 4, 5), np.float32)
    labels[1, 1, 1:3] = 2
    labels[2, 3, 4] = 7
    write_image(image_of(labels), tmp_path / "labels.nii.gz")
    union = read_mask(tmp_path / "labels.nii.gz")
    assert union.GetPixelID() == sitk.sitkUInt8
    assert sitk.GetArrayFromImage(union).sum() == 3
    assert sitk.GetArrayFromImage(read_mask(tmp_path / "labels.nii.gz", 7)).sum() == 1
    assert "2, 7" in refusal(read_mask, tmp_path / "labels.nii.gz", 3)
    write_image(image_of(np.zeros((3, 4, 5), np.uint8)), tmp_path / "empty.nii.gz")
    assert "without voxels" in refusal(read_mask, tmp_path / "empty.nii.gz")


def test_segmentation_as_3d_slicer_saves_it(image_of, tmp_path):
    mask = image_of((np.indices((3, 4, 5))[0] == 1).astype(np.uint8), (1, 1, 3), (0, 9, 0))
    mask.SetMetaData("Segment0_ID", "Segment_1")
    mask.SetMetaData("Segment0_LabelValue", "1")
    sitk.WriteImage(mask, str(tmp_path / "lesion.seg.nrrd"))
    assert sitk.GetArrayFromImage(read_mask(tmp_path / "lesion.seg.nrrd", 1)).sum() == 20


def test_writing_is_whole_or_absent(image, tmp_path):
    assert "ending" in refusal(write_image, image, tmp_path / "image.jpg")
    write_image(image, tmp_path / "image.nrrd")
    assert "exists" in refusal(write_image, image, tmp_path / "image.nrrd")
    write_image(image * 2, tmp_path / "image.nrrd", True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image.nrrd"]


@pytest.mark.real_data
@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_full_disk(image, tmp_path, monkeypatch, capfd, ending):
    """SimpleITK says nothing of what it could not write: half a mask, or an empty file, would be the result."""
    path = tmp_path / f"image{ending}"
    write = sitk.WriteImage

    def half(image: sitk.Image, name: str, **options) -> None:
        write(image, name, **options)
        content = Path(name).read_bytes()
        Path(name).write_bytes(content[: len(content) // 2])

    monkeypatch.setattr(sitk, "WriteImage", half)
    assert f"image{ending}: cannot be written (what was written is cut short" in refusal(write_image, image, path)
    monkeypatch.undo()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    assert f"image{ending}: cannot be written (No space left on device)" in refusal(write_image, image, path)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr().err == ""


def test_dicom_file_is_sent_to_its_folder(shared_data):
    assert "folder of its series" in refusal(read_image, shared_data / "dicom_cspine_single_slice" / "Spine1.dcm")
