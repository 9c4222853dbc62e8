"""Loading while the window lives: the child does the reading, and Cancel at any moment leaves the scene as it was."""

import subprocess
import sys
from pathlib import Path

import pytest
import slicer

ROOT = Path(__file__).parents[3]


class EventLoop:
    """Calls what was put off, one after the other."""

    def __init__(self) -> None:
        self.waiting = []

    def later(self, function) -> None:
        self.waiting.append(function)

    def turn(self) -> bool:
        if not self.waiting:
            return False
        self.waiting.pop(0)()
        return True


class Child:
    """A child process that runs the real command when the test lets it."""

    def __init__(self) -> None:
        self.arguments = None
        self.isCancelled = False

    def startJob(self, arguments, onProgress, onFinished, onFailed, onEnded):
        self.arguments = arguments
        self.onFinished, self.onFailed, self.onEnded = onFinished, onFailed, onEnded
        return self

    def run(self) -> None:
        command = [sys.executable, "-m", "spinemets", *self.arguments, "--progress", "none"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            self.onFailed(done.stderr.strip())
        else:
            self.onFinished(None)
        self.onEnded()

    def cancel(self) -> None:
        self.isCancelled = True
        self.onEnded()


class Loading:
    """A loading with its child, its event loop and what it told."""

    def __init__(self) -> None:
        from SpineMetsWidgets.StudyLoading import StudyLoading

        self.child, self.loop = Child(), EventLoop()
        self.loaded, self.faults, self.steps = [], [], []
        self.work = StudyLoading(
            slicer.mrmlScene,
            self.child.startJob,
            self.loop.later,
            lambda *step: self.steps.append(step),
            self.loaded.append,
            self.faults.append,
        )


@pytest.fixture
def loading(app):
    return Loading()


def volumes() -> int:
    return slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")


def test_series_appear_one_by_one_and_files_of_the_child_do_not_stay(loading, simulated_study):
    loading.work.start(simulated_study.dicom)
    folder = Path(loading.child.arguments[3])
    loading.child.run()
    assert loading.work.isRunning
    counts = []
    while loading.loop.turn():
        counts.append(volumes())
    assert counts == [0, 1, 2, 3, 4, 4]
    assert set(loading.loaded[0].volumes) == {"t1", "t2", "fs_t2", "dce"}
    assert not loading.work.isRunning
    assert not folder.exists()
    assert loading.faults == []


def test_the_same_study_twice_adds_nothing_and_keeps_the_roles_that_the_user_chose(loading, app, simulated_study):
    from spinemets.mrml.cases import cases_in

    for again in (loading, Loading()):
        again.work.start(simulated_study.dicom)
        again.child.run()
        while again.loop.turn():
            pass
        (case,) = cases_in(slicer.mrmlScene)
        case.set_role(case.series_of(case.volumes()["t1"] if again is loading else case.volumes()["ct"]).key, "ct")
    assert volumes() == 4
    assert set(again.loaded[0].volumes) == {"t2", "fs_t2", "dce", "ct"}


@pytest.mark.parametrize("moment", ["while the child reads", "before the first series", "between series"])
def test_cancel_leaves_the_scene_as_it_was(loading, simulated_study, moment):
    loading.work.start(simulated_study.dicom)
    folder = Path(loading.child.arguments[3])
    if moment != "while the child reads":
        loading.child.run()
    if moment == "between series":
        for _turn in range(3):
            loading.loop.turn()
        assert volumes() == 2
    loading.work.cancel()
    while loading.loop.turn():
        pass
    assert volumes() == 0
    assert not folder.exists()
    assert loading.loaded == loading.faults == []
    assert loading.child.isCancelled == (moment == "while the child reads")


def test_a_folder_without_images_is_told_as_on_the_command_line(loading, tmp_path):
    loading.work.start(str(tmp_path))
    loading.child.run()
    assert "is an empty folder" in loading.faults[0]
    assert not loading.work.isRunning


def test_a_child_that_cannot_be_started_is_a_sentence(loading, simulated_study):
    from spinemets.errors import InputError

    def refuse(*_arguments):
        raise InputError("typer", "is not installed", "let it be installed")

    loading.work._startJob = refuse
    loading.work.start(simulated_study.dicom)
    assert loading.faults == ["typer: is not installed; let it be installed"]
    assert not loading.work.isRunning


def test_only_the_series_that_are_asked_for_are_loaded(loading, simulated_study):
    from spinemets.mrml.cases import cases_in

    loading.work.start(simulated_study.dicom)
    loading.child.run()
    while loading.loop.turn():
        pass
    (case,) = cases_in(slicer.mrmlScene)
    t1 = case.series_of(case.volumes()["t1"])
    slicer.mrmlScene.RemoveNode(t1.volume)
    assert "t1" not in case.volumes()
    again = Loading()
    again.work.start(case.source, [t1.key])
    again.child.run()
    while again.loop.turn():
        pass
    assert set(again.loaded[0].volumes) == {"t1", "t2", "fs_t2", "dce"}
    assert volumes() == 4
