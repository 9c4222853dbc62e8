"""`spinemets dce` from the outside: files with the contract's names, values that were put in, bad input named."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from cli.command_line import spinemets
from cli.test_bad_input import assert_refused

TIMES = np.arange(12) * 12
CURVE = np.array([100, 102, 150, 260, 280, 276, 270, 262, 258, 254, 250, 245], float)


@pytest.fixture
def files(tmp_path):
    """A series, its times and its lesion; in the lesion every voxel follows one curve, times a factor."""
    factor = np.full((4, 16, 16), 0.4)
    factor[1:3, 4:12, 4:12] = 1
    quiet = 100 + 0.1 * np.arange(12)
    inside = np.zeros(factor.shape, bool)
    inside[1:3, 4:12, 4:12] = True
    signal = np.where(inside, CURVE[:, None, None, None], quiet[:, None, None, None] * factor)
    frames = [sitk.GetImageFromArray(frame.astype(np.float32)) for frame in signal]
    sitk.WriteImage(sitk.JoinSeries(frames), str(tmp_path / "dce.nii.gz"))
    (tmp_path / "times.txt").write_text("\n".join(map(str, TIMES)))
    sitk.WriteImage(sitk.GetImageFromArray(inside.astype(np.uint8)), str(tmp_path / "lesion.nii.gz"))
    return tmp_path


def run(files, *more):
    command = ("dce", files / "dce.nii.gz", "--times", files / "times.txt", "--out", files / "out")
    return spinemets(*command, "--progress", "none", *more)


def test_maps_and_hot_spot(files):
    done = run(files, "--mask", files / "lesion.nii.gz")
    assert done.returncode == 0, done.stderr
    spot = json.loads((files / "out" / "hotspot.json").read_text())
    assert (spot["s0"], spot["s1"], spot["s2"], spot["smax"], spot["speak"], spot["slast"]) == (
        100, 150, 260, 280, 280, 245,
    )  # fmt: skip
    assert spot["wash_in"] == pytest.approx(1.10)
    assert spot["max_se"] == pytest.approx(1.80)
    assert spot["wash_out"] == pytest.approx(-12.5)
    assert spot["times"] == TIMES.tolist()
    lesion = sitk.GetArrayFromImage(sitk.ReadImage(str(files / "lesion.nii.gz"))) > 0
    for name, value in (("wash_in", 1.10), ("max_se", 1.80), ("wash_out", -12.5)):
        image = sitk.ReadImage(str(files / "out" / f"{name}.nii.gz"))
        assert np.allclose(sitk.GetArrayFromImage(image)[lesion], value, rtol=1e-5)


def test_rates_are_added(files):
    sequence = ("--tr", 4.1, "--flip-angle", 10)
    done = run(files, "--mask", files / "lesion.nii.gz", "--pharmacokinetic", "etofts", *sequence, "--json")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["pharmacokinetics"]["units"]["ktrans"] == "1/min"
    for name in ("ktrans", "kep", "ve", "vp", "fit_error"):
        array = sitk.GetArrayFromImage(sitk.ReadImage(str(files / "out" / f"{name}.nii.gz")))
        assert np.isfinite(array).all()
    assert printed["pharmacokinetics"]["median"]["ktrans"] > 0.05


def test_a_measured_input_function_is_read_and_its_bad_line_is_named(files):
    table = files / "aif.csv"
    table.write_text("seconds,mmol/l\n0,0\n24,0\n30,4\n36,6\n60,2\n140,1\n")
    arguments = ("--mask", files / "lesion.nii.gz", "--pharmacokinetic", "tofts", "--aif", table)
    assert run(files, *arguments).returncode == 0
    table.write_text("seconds,mmol/l\n0,0\n24,zero\n30,4\n")
    assert_refused(run(files, *arguments, "--overwrite"), "line 3")


def test_flip_angle_without_tr_is_a_fault_of_the_command_line(files):
    assert_refused(run(files, "--flip-angle", 10), "--tr", status=2, out=files / "out")


def test_unknown_times_are_asked_for(files):
    done = spinemets("dce", files / "dce.nii.gz", "--out", files / "out", "--progress", "none")
    assert_refused(done, "frames were taken", out=files / "out")


def test_times_of_another_series(files):
    (files / "times.txt").write_text("0 12 24")
    assert_refused(run(files), "3 times for 12 frames", out=files / "out")


def test_a_still_image(files):
    sitk.WriteImage(sitk.ReadImage(str(files / "lesion.nii.gz")), str(files / "dce.nii.gz"))
    assert_refused(run(files), "frame", out=files / "out")


def test_a_mask_of_another_image(files):
    mask = sitk.ReadImage(str(files / "lesion.nii.gz"))
    sitk.WriteImage(mask[:, :, :3], str(files / "lesion.nii.gz"))
    assert_refused(run(files, "--mask", files / "lesion.nii.gz"), "lesion.nii.gz", "16 x 16 x 3", out=files / "out")


def test_times_in_another_unit(files):
    (files / "times.txt").write_text("\n".join(map(str, TIMES * 1000)))
    assert_refused(run(files), "37 hours", "seconds", out=files / "out")
    (files / "times.txt").write_text("\n".join(map(str, TIMES / 60)))
    done = run(files, "--mask", files / "lesion.nii.gz")
    assert done.returncode == 0, done.stderr
    assert "lasts 2.2 s" in done.stdout + done.stderr


def test_a_lesion_without_signal_before_contrast(files):
    series = sitk.ReadImage(str(files / "dce.nii.gz"))
    array = sitk.GetArrayFromImage(series)
    array[0, 1:3, 4:12, 4:12] = 0
    frames = [sitk.GetImageFromArray(frame) for frame in array]
    sitk.WriteImage(sitk.JoinSeries(frames), str(files / "dce.nii.gz"))
    done = run(files, "--mask", files / "lesion.nii.gz")
    assert_refused(done, "no signal before contrast", out=files / "out")


def test_frames_that_moved_are_named_and_moved_back_on_request(files):
    """Frames of random texture; from frame 8 on everything lies two voxels further to the patient's left."""
    texture = np.random.default_rng(2).normal(0, 1, (12, 48, 60))
    texture = 300 + 250 * ndimage.gaussian_filter(texture, (0.5, 2, 2)) / 0.15
    texture = np.clip(texture, 20, None)
    frames = [
        sitk.GetImageFromArray((np.roll(texture, 2, axis=2) if number >= 7 else texture).astype(np.float32))
        for number in range(12)
    ]
    sitk.WriteImage(sitk.JoinSeries(frames), str(files / "dce.nii.gz"))
    done = run(files)
    assert "moved between the frames: up to 2.0 mm (frame 8 against frame 7)" in done.stdout + done.stderr
    assert "--register" in done.stdout + done.stderr
    done = run(files, "--register", "--overwrite")
    motion = json.loads((files / "out" / "hotspot.json").read_text())["motion"]
    assert motion["registered"] and motion["frames_moved"] == [8, 9, 10, 11, 12]
    assert np.allclose(motion["shifts_mm"][7:], [2, 0, 0], atol=0.05)
    middle = (slice(2, -2), slice(8, -8), slice(8, -8))
    change = sitk.GetArrayFromImage(sitk.ReadImage(str(files / "out" / "wash_out.nii.gz")))[middle]
    assert np.abs(change).mean() < 1


def test_numbers_that_are_none_are_named(files):
    arguments = ("--mask", files / "lesion.nii.gz", "--pharmacokinetic", "tofts")
    assert_refused(run(files, *arguments, "--delay", "nan"), "delay: is no number", out=files / "out")
    assert_refused(run(files, *arguments, "--injection", "nan"), "injection: is no number", out=files / "out")
    assert_refused(run(files, *arguments, "--tr", 4.1, "--flip-angle", "nan"), "flip angle: is nan", out=files / "out")


def test_an_injection_after_the_peak(files):
    done = run(files, "--mask", files / "lesion.nii.gz", "--injection", 100)
    assert_refused(done, "injection: is 100 s", "peak at 48 s", out=files / "out")


def test_frames_that_are_missing_or_twice_there_are_told(files):
    (files / "times.txt").write_text("\n".join(map(str, [*TIMES[:6], *(TIMES[6:] + 12)])))
    series = sitk.ReadImage(str(files / "dce.nii.gz"))
    array = sitk.GetArrayFromImage(series)
    array[3] = array[2]
    sitk.WriteImage(sitk.JoinSeries([sitk.GetImageFromArray(frame) for frame in array]), str(files / "dce.nii.gz"))
    done = run(files, "--mask", files / "lesion.nii.gz", "--json")
    assert done.returncode == 0, done.stderr
    told = " ".join(json.loads(done.stdout)["warnings"])
    assert "24 s after frame 6" in told
    assert "frames 3 and 4 hold the same voxels" in told


def test_saturated_voxels_are_counted_and_left_out(files):
    series = sitk.ReadImage(str(files / "dce.nii.gz"))
    array = sitk.GetArrayFromImage(series)
    array[5, 1, 4:6, 4:8] = 1e5
    sitk.WriteImage(sitk.JoinSeries([sitk.GetImageFromArray(frame) for frame in array]), str(files / "dce.nii.gz"))
    arguments = ("--mask", files / "lesion.nii.gz", "--pharmacokinetic", "tofts", "--tr", 4.1, "--flip-angle", 10)
    done = run(files, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    rates = json.loads(done.stdout)["pharmacokinetics"]
    assert any(warning.startswith("8 of 128 voxels") and "saturated" in warning for warning in rates["warnings"])
    ktrans = sitk.GetArrayFromImage(sitk.ReadImage(str(files / "out" / "ktrans.nii.gz")))
    assert np.count_nonzero(ktrans[1, 4:6, 4:8]) == 0
    assert np.isfinite(ktrans).all()


def test_without_flip_angle_amounts_are_called_relative(files):
    done = run(files, "--mask", files / "lesion.nii.gz", "--pharmacokinetic", "tofts", "--json")
    rates = json.loads(done.stdout)["pharmacokinetics"]
    assert rates["units"]["ktrans"] == "relative"
    assert "relative enhancement" in rates["warnings"][0]


def test_a_frame_that_lies_elsewhere(a_study, tmp_path):
    """One frame of the dynamic series 20 mm further to the left, as after the table or the plan was moved."""
    import pydicom

    source = next(path for path in sorted((a_study / "dicom").iterdir()) if "dyn" in path.name.lower())
    for number, path in enumerate(sorted(source.rglob("*.dcm"))):
        dataset = pydicom.dcmread(path)
        if int(dataset.TemporalPositionIdentifier) == 4:
            x, y, z = dataset.ImagePositionPatient
            dataset.ImagePositionPatient = [float(x) + 20, y, z]
        dataset.save_as(tmp_path / f"{number}.dcm")
    done = spinemets("dce", tmp_path, "--out", tmp_path / "out", "--progress", "none")
    assert_refused(done, "series 4 (Ax VIBE dynamic)", "gap", out=tmp_path / "out")
