"""Child processes, buttons and keys on Qt itself."""

import os
import time

import pytest

from Testing.harness.fixtures import open_module

__all__ = ["open_module"]


@pytest.fixture
def window(open_module):
    return open_module("SpineMetsClassifier")


@pytest.fixture
def standby(window):
    from SpineMetsWidgets.Job import Standby

    pool = Standby()
    yield pool
    pool.stop()


class Told(list):
    def job(self, pool, *arguments):
        return pool.job(
            arguments,
            lambda *step: self.append(("step", *step)),
            lambda result: self.append(("result", result)),
            lambda sentence: self.append(("fault", sentence)),
            lambda: self.append("end"),
        )

    def kinds(self):
        return [entry if isinstance(entry, str) else entry[0] for entry in self]


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def warm(pool, window):
    pool.warmUp()
    window.process_events(until=lambda: pool._warm.process._pid is not None, timeout_s=60)
    return pool._warm.process._pid


def test_a_warm_process_does_the_work_and_its_result_arrives(standby, window, tmp_path):
    pid, told = warm(standby, window), Told()
    job = told.job(standby, "phantom", tmp_path / "study")
    assert job._process._pid == pid
    window.process_events(until=lambda: "end" in told, timeout_s=60)
    assert told.kinds()[0] == "step"
    assert told.kinds()[-2:] == ["result", "end"]
    assert (tmp_path / "study").is_dir()


def test_a_fault_arrives_as_a_sentence(standby, window):
    told = Told()
    told.job(standby, "segment", "--outline", "no.nrrd", "--image", "no.nrrd", "--out", "no.nrrd")
    window.process_events(until=lambda: "end" in told, timeout_s=60)
    assert told == [("fault", "no.nrrd: does not exist; check the name"), "end"]


def test_cancelled_work_leaves_no_process_and_no_file(standby, window, tmp_path):
    told = Told()
    job = told.job(standby, "phantom", tmp_path / "study")
    window.process_events(until=lambda: told, timeout_s=60)
    pid = job._process._pid
    told.clear()
    job.cancel()
    window.process_events(until=lambda: "end" in told, timeout_s=60)
    assert told == ["end"]
    assert not is_alive(pid)
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_is_killed_from_outside_is_told(standby, window, tmp_path):
    told = Told()
    job = told.job(standby, "phantom", tmp_path / "study")
    window.process_events(until=lambda: told, timeout_s=60)
    os.kill(job._process._pid, 9)
    told.clear()
    window.process_events(until=lambda: "end" in told, timeout_s=60)
    assert told.kinds()[-2:] == ["fault", "end"]
    assert "unexpectedly" in told[-2][1]


def test_stop_returns_when_all_processes_are_gone(standby, window):
    pid = warm(standby, window)
    standby.stop()
    assert not is_alive(pid)


def test_a_python_that_is_not_there_is_told(window, monkeypatch):
    from SpineMetsWidgets import ChildProcess
    from SpineMetsWidgets.Job import Job

    monkeypatch.setattr(ChildProcess, "pythonProgram", lambda: "/no/such/PythonSlicer")
    faults = []
    job = Job(["segment"], print, print, faults.append)
    job.start()
    window.process_events(until=lambda: faults, timeout_s=20)
    assert "/no/such/PythonSlicer" in faults[0]
    assert not job.isRunning


def test_a_segmentation_is_put_in_its_place_by_a_child_process(window, tmp_path):
    import numpy as np
    import SimpleITK as sitk
    import slicer

    from spinemets.mrml.segmentations import segmentation_node_from_mask
    from SpineMetsWidgets.Autosave import Autosave

    mask = sitk.GetImageFromArray(np.ones((3, 4, 5), np.uint8))
    node = segmentation_node_from_mask(mask, slicer.mrmlScene, "lesions")
    faults = []
    saver = Autosave(faults.append)
    begin = time.process_time()
    saver.save(node, tmp_path / "case.seg.nrrd")
    assert saver.isSaving
    saver.finish()
    assert not saver.isSaving
    assert faults == []
    assert b"encoding: gzip" in (tmp_path / "case.seg.nrrd").read_bytes()
    assert time.process_time() - begin < 5  # hangs are found here and not by the clock of the machine


def test_apply_becomes_cancel_and_back(window):
    import qt

    from SpineMetsWidgets.ApplyButton import ApplyButton

    clicked = []
    button = qt.QPushButton("Apply")
    face = ApplyButton(button, lambda: clicked.append("apply"), lambda: clicked.append("cancel"))
    face.showReady("Choose a series", "Find it")
    assert not button.enabled
    assert button.toolTip == "Choose a series"
    face.showReady("", "Find it")
    button.click()
    face.showWorking(True)
    face.showReady("Choose a series", "Find it")  # what is missing does not lock Cancel
    assert button.enabled
    assert button.text == "Cancel"
    button.click()
    face.showWorking(False)
    face.showReady("", "Find it")
    assert (button.text, button.toolTip) == ("Apply", "Find it")
    face.disconnect()
    button.click()
    assert clicked == ["apply", "cancel"]


def test_keys_live_only_while_they_are_installed(window):
    from SpineMetsWidgets.Shortcuts import Shortcuts

    pressed = []
    keys = Shortcuts()
    keys.add("Ctrl+Shift+K", "Do it", lambda: pressed.append(1))
    window.press("Ctrl+Shift+K")
    keys.install()
    keys.install()
    window.press("Ctrl+Shift+K")
    assert pressed == [1]
    keys.remove()
    window.press("Ctrl+Shift+K")
    assert pressed == [1]
    keys.install()
    window.press("Ctrl+Shift+K")
    assert pressed == [1, 1]
    keys.remove()
    assert keys.describe() == [("Ctrl+Shift+K", "Do it")]
