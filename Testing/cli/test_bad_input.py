"""Bad input is told in one line with what to do, exit status 1, and nothing is left behind.

Each case is what a user really has: the wrong folder, a copy that broke off, a mask from another image.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cli.command_line import DEMO_MODEL, ROOT, block, noise, spinemets, write_image


def assert_refused(done, *words: str, out: Path | None = None, status: int = 1) -> None:
    """One line, of the form WHAT: WHY; WHAT TO DO, that has these words; no output, whole or partial."""
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("spinemets: ")
    assert ": " in lines[0][len("spinemets: ") :]
    assert "; " in lines[0]
    assert "internal error" not in lines[0]
    for word in words:
        assert word in lines[0], lines[0]
    if out is not None:
        assert not out.exists()
        assert list(out.parent.glob(f".{out.name}*")) == []


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_image(noise(), tmp_path / "image.nii.gz")


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    return write_image(block(), tmp_path / "mask.nii.gz")


# ---- studies


def test_empty_folder(tmp_path):
    (tmp_path / "empty").mkdir()
    assert_refused(spinemets("inspect", tmp_path / "empty"), "empty")


def test_folder_that_does_not_exist(tmp_path):
    assert_refused(spinemets("inspect", tmp_path / "nowhere"), "nowhere")


def test_folder_without_images(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear colleague")
    assert_refused(spinemets("inspect", tmp_path), str(tmp_path))


def test_folder_without_mr(tmp_path, a_study):
    import pydicom

    source = next((a_study / "dicom").rglob("*.dcm"))
    dataset = pydicom.dcmread(source)
    dataset.Modality = "US"
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.6.1"
    (tmp_path / "ultrasound").mkdir()
    dataset.save_as(tmp_path / "ultrasound" / "1.dcm")
    assert_refused(spinemets("inspect", tmp_path / "ultrasound"), "ultrasound")


def test_truncated_dicom(tmp_path, a_study):
    folder = next(path for path in sorted((a_study / "dicom").iterdir()) if "t2" in path.name.lower())
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    broken = sorted(copy.glob("*.dcm"))[2]
    broken.write_bytes(broken.read_bytes()[:-5000])
    out = tmp_path / "carried.nii.gz"
    mask = a_study / "truth" / "lesion_t2.nrrd"
    assert_refused(spinemets("carry", mask, copy, "--out", out), broken.name, out=out)
    assert_refused(
        spinemets("classify", copy, "--model", DEMO_MODEL, "--mask", mask, "--out", out), broken.name, out=out
    )


def test_missing_slice(tmp_path, a_study):
    folder = next(path for path in sorted((a_study / "dicom").iterdir()) if "t2" in path.name.lower())
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    sorted(copy.glob("*.dcm"))[5].unlink()
    out = tmp_path / "carried.nii.gz"
    done = spinemets("carry", a_study / "truth" / "lesion_t2.nrrd", copy, "--out", out)
    assert_refused(done, "slice", out=out)


def test_missing_series(tmp_path, a_study):
    copy = tmp_path / "study"
    shutil.copytree(a_study / "dicom", copy)
    for folder in [path for path in copy.iterdir() if "stir" in path.name.lower() or "fs" in path.name.lower()]:
        shutil.rmtree(folder)
    out = tmp_path / "result"
    done = spinemets(
        "classify", copy, "--model", DEMO_MODEL, "--mask", a_study / "truth" / "lesion_t2.nrrd", "--out", out
    )
    assert_refused(done, "fs_t2", out=out)


def test_study_of_two_frames_of_reference(tmp_path, a_study):
    """The patient was taken out of the scanner in between: one mask does not fit both."""
    import pydicom

    copy = tmp_path / "study"
    shutil.copytree(a_study / "dicom", copy)
    folder = next(
        path for path in sorted(copy.iterdir()) if "t1" in path.name.lower() and "ce" not in path.name.lower()
    )
    for file in folder.glob("*.dcm"):
        dataset = pydicom.dcmread(file)
        dataset.FrameOfReferenceUID = "2.25.77"
        dataset.save_as(file)
    out = tmp_path / "result"
    done = spinemets(
        "classify", copy, "--model", DEMO_MODEL, "--mask", a_study / "truth" / "lesion_t2.nrrd", "--out", out
    )
    assert_refused(done, "frame of reference", out=out)


# ---- masks and images


def test_mask_without_voxels(tmp_path, image):
    empty = write_image(np.zeros((12, 24, 24), np.uint8), tmp_path / "empty.nii.gz")
    out = tmp_path / "out.csv"
    assert_refused(spinemets("features", image, empty, "--out", out), "empty.nii.gz", out=out)
    out = tmp_path / "out.nii.gz"
    assert_refused(spinemets("carry", empty, image, "--out", out), "empty.nii.gz", out=out)
    assert_refused(spinemets("segment", "--outline", empty, "--image", image, "--out", out), "empty.nii.gz", out=out)


def test_mask_on_another_frame_of_reference(tmp_path):
    image = write_image(noise(), tmp_path / "image.nrrd", FrameOfReferenceUID="2.25.1")
    mask = write_image(block(), tmp_path / "mask.nrrd", FrameOfReferenceUID="2.25.2")
    for command in ("carry", "features"):
        first, second = (mask, image) if command == "carry" else (image, mask)
        out = tmp_path / f"{command}.csv"
        out = out if command == "features" else out.with_suffix(".nrrd")
        assert_refused(spinemets(command, first, second, "--out", out), "frame of reference", out=out)
    out = tmp_path / "lesion.nrrd"
    done = spinemets("segment", "--outline", mask, "--image", image, "--out", out)
    assert_refused(done, "frame of reference", out=out)


def test_image_with_nan(tmp_path, mask):
    voxels = noise()
    voxels[3, 4, 5] = np.nan
    image = write_image(voxels, tmp_path / "nan.nii.gz")
    out = tmp_path / "out.csv"
    assert_refused(spinemets("features", image, mask, "--out", out), "nan.nii.gz", out=out)
    out = tmp_path / "out.nii.gz"
    assert_refused(spinemets("segment", "--outline", mask, "--image", image, "--out", out), "nan.nii.gz", out=out)


def test_mask_and_image_that_do_not_overlap(tmp_path, image):
    far = write_image(block(), tmp_path / "far.nii.gz", origin=(500.0, 0.0, 0.0))
    out = tmp_path / "out.csv"
    assert_refused(spinemets("features", image, far, "--out", out), "overlap", out=out)
    out = tmp_path / "out.nii.gz"
    assert_refused(spinemets("carry", far, image, "--out", out), "overlap", out=out)
    assert_refused(spinemets("segment", "--outline", far, "--image", image, "--out", out), "overlap", out=out)


def test_mask_on_another_grid(tmp_path, image):
    shifted = write_image(block(), tmp_path / "shifted.nii.gz", origin=(2.5, 0.0, 0.0))
    out = tmp_path / "out.csv"
    assert_refused(spinemets("features", image, shifted, "--out", out), "grid", out=out)


def test_files_that_are_not_images(tmp_path, mask, image):
    text = tmp_path / "text.nii.gz"
    text.write_text("not an image")
    cut = tmp_path / "cut.nii.gz"
    cut.write_bytes(image.read_bytes()[:2000])
    out = tmp_path / "out.csv"
    for bad in (text, cut, tmp_path / "absent.nii.gz"):
        assert_refused(spinemets("features", bad, mask, "--out", out), bad.name, out=out)
        assert_refused(spinemets("features", image, bad, "--out", out), bad.name, out=out)


def test_label_that_is_not_in_the_mask(tmp_path, image, mask):
    out = tmp_path / "out.csv"
    assert_refused(spinemets("features", image, mask, "--label", 7, "--out", out), "7", out=out)


# ---- model packages


def repacked(source: Path, target: Path, change) -> Path:
    """The shipped package with its members changed by `change(dict of name -> bytes)`."""
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target


@pytest.fixture(scope="session")
def shipped_model() -> Path:
    return ROOT / "spinemets" / "models" / "packages" / f"{DEMO_MODEL}.spinemets"


def wrong_hash(members: dict[str, bytes]) -> None:
    members["model.json"] = members["model.json"].replace(b"osteoblastic", b"Osteoblastic", 1)


def leaves_the_archive(members: dict[str, bytes]) -> None:
    members["../outside.json"] = b"{}"


def no_model(members: dict[str, bytes]) -> None:
    del members["model.json"]


@pytest.mark.parametrize("change", [wrong_hash, leaves_the_archive, no_model])
def test_hostile_or_damaged_package(tmp_path, a_study, shipped_model, change):
    package = repacked(shipped_model, tmp_path / "bad.spinemets", change)
    out = tmp_path / "result"
    mask = a_study / "truth" / "lesion_t2.nrrd"
    done = spinemets("classify", a_study, "--model", package, "--mask", mask, "--out", out)
    assert_refused(done, "bad.spinemets", out=out)
    assert not (tmp_path / "outside.json").exists()


def test_package_of_an_unknown_schema(tmp_path, a_study, shipped_model):
    import hashlib

    def newer(members: dict[str, bytes]) -> None:
        model = json.loads(members["model.json"])
        model["schema_version"] = 99
        old = hashlib.sha256(members["model.json"]).hexdigest().encode()
        members["model.json"] = json.dumps(model).encode()
        new = hashlib.sha256(members["model.json"]).hexdigest().encode()
        for name in members:
            members[name] = members[name].replace(old, new) if name != "model.json" else members[name]

    package = repacked(shipped_model, tmp_path / "newer.spinemets", newer)
    out = tmp_path / "result"
    mask = a_study / "truth" / "lesion_t2.nrrd"
    done = spinemets("classify", a_study, "--model", package, "--mask", mask, "--out", out)
    assert_refused(done, "newer.spinemets", "99", out=out)


def test_package_that_is_no_archive_or_not_there(tmp_path, a_study):
    text = tmp_path / "text.spinemets"
    text.write_text("hello")
    mask = a_study / "truth" / "lesion_t2.nrrd"
    for model in (text, tmp_path / "absent.spinemets", "no-such-model"):
        out = tmp_path / "result"
        done = spinemets("classify", a_study, "--model", model, "--mask", mask, "--out", out)
        assert_refused(done, Path(model).name, out=out)


def test_study_without_a_mask(tmp_path, a_study):
    out = tmp_path / "result"
    assert_refused(spinemets("classify", a_study / "dicom", "--model", DEMO_MODEL, "--out", out), "--mask", out=out)


# ---- outputs


def test_output_that_exists(tmp_path, image, mask):
    out = tmp_path / "mine.csv"
    out.write_text("three weeks of work")
    assert_refused(spinemets("features", image, mask, "--out", out), "--overwrite")
    assert out.read_text() == "three weeks of work"


def test_output_in_a_place_that_cannot_be_written(tmp_path, image, mask, a_study):
    blocker = tmp_path / "file"
    blocker.write_text("a file where a folder is needed")
    for out in (blocker / "out.csv", Path("/proc/spinemets/out.csv")):
        assert_refused(spinemets("features", image, mask, "--out", out), str(out))
        assert_refused(spinemets("phantom", out), str(out))
    assert blocker.read_text() == "a file where a folder is needed"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_output_without_permission(tmp_path, image, mask):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert_refused(spinemets("features", image, mask, "--out", locked / "out.csv"), "locked")


def test_output_with_a_suffix_that_is_no_image(tmp_path, image, mask):
    out = tmp_path / "carried.docx"
    assert_refused(spinemets("carry", mask, image, "--out", out), "docx", out=out)


# ---- the command line itself


@pytest.mark.parametrize(
    "arguments",
    [
        ["segmentt"],
        ["features", "a.nii.gz"],
        ["features", "a.nii.gz", "b.nii.gz", "--out", "c.csv", "--bin-width", "0"],
        ["features", "a.nii.gz", "b.nii.gz", "--out", "c.csv", "--bin-width", "5", "--bin-count", "32"],
        ["segment", "--outline", "a.nii", "--image", "b.nii", "--out", "c.nii", "--seed-point", "1,2"],
        ["segment", "--outline", "a.nii", "--image", "b.nii", "--out", "c.nii", "--method", "magic"],
        ["schema", "nothing"],
        ["phantom", "x", "--cases", "0"],
        ["carry", "a.nii", "b.nii", "--out", "c.nii", "--threshold", "0"],
    ],
)
def test_command_line_at_fault(tmp_path, arguments):
    done = spinemets(*arguments, cwd=tmp_path)
    assert_refused(done, status=2)
    assert list(tmp_path.iterdir()) == []


def test_interrupted_work_leaves_nothing(tmp_path):
    import signal
    import subprocess
    import time

    out = tmp_path / "study"
    command = [sys.executable, "-m", "spinemets", "phantom", str(out), "--progress", "json"]
    process = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=1)
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    assert set(first) == {"stage", "done", "total", "message"}
    time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.startswith("spinemets: cancelled")
    assert list(tmp_path.iterdir()) == []
