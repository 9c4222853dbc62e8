"""Every module of the extension opens, is left and entered again, and survives the scene being closed."""

import time

import pytest
import slicer

from Testing.harness import application

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

PANELS = [
    name for name in application.MODULES if (application.ROOT / name / "Resources" / "UI" / f"{name}.ui").exists()
]


@pytest.mark.parametrize("palette", ["light", "dark"])
@pytest.mark.parametrize("name", PANELS)
def test_a_module_opens_and_can_be_photographed(open_module, tmp_path, name, palette):
    window = open_module(name, palette=palette)
    window.grab(tmp_path / "window.png")
    assert (tmp_path / "window.png").stat().st_size > 5000


@pytest.mark.parametrize("name", PANELS)
def test_a_module_is_left_entered_again_and_follows_a_closed_scene(open_module, name):
    window = open_module(name)
    assert window.widget.parent.isEntered
    window.select_module("Welcome")
    assert not window.widget.parent.isEntered
    window.select_module(name)
    slicer.mrmlScene.Clear(0)
    window.process_events()


@pytest.mark.parametrize("name", PANELS)
def test_a_module_is_reloaded_while_it_is_shown(open_module, name):
    window = open_module(name)
    before, opened = window.widget, time.monotonic()
    window.process_events(until=lambda: time.monotonic() - opened > 1.5)  # what the module does later, it has done
    window.widget.onReload()
    window.process_events()
    assert window.widget is not before
    assert window.widget.parent.isEntered


def test_with_and_without_a_window_in_one_process(open_module):
    from Testing.harness.no_qt import QtUsedWithoutApplication

    open_module(PANELS[0])
    import qt

    assert qt.QLabel("x").text == "x"
    application.start()
    with pytest.raises(QtUsedWithoutApplication):
        qt.QLabel  # noqa: B018
    assert not hasattr(slicer, "qMRMLNodeComboBox")
    open_module(PANELS[0])
    assert qt.QLabel("x").text == "x"


def test_modal_dialogs_are_answered_and_remembered(open_module):
    window = open_module(PANELS[0])
    slicer.util.errorDisplay("The study could not be loaded.")
    assert [(dialog.kind, dialog.text) for dialog in window.dialogs] == [("message", "The study could not be loaded.")]
    assert slicer.util.confirmYesNoDisplay("Delete?")
    import qt

    window.answer_dialogs(qt.QMessageBox.No)
    assert not slicer.util.confirmYesNoDisplay("Delete?")
    assert slicer.util.mainWindow().statusBar() is not None


def test_modules_are_found_by_name_as_in_the_application(open_module):
    window = open_module("SpineMetsSegmenter")
    assert slicer.util.getModuleWidget("SpineMetsSegmenter") is window.widget
    slicer.util.selectModule("SpineMetsClassifier")
    assert slicer.util.selectedModule() == "SpineMetsClassifier"
    assert not window.widget.parent.isEntered
    assert slicer.util.getModuleWidget("SpineMetsClassifier").parent.isEntered
    assert slicer.util.getModule("Segmentations").logic().IsA("vtkSlicerSegmentationsModuleLogic")


def test_a_timer_used_from_another_thread_is_an_error(open_module):
    import threading

    import qt

    from Testing.harness.qt.errors import ErrorsInCallbacks

    window = open_module("SpineMetsClassifier")
    timer = qt.QTimer()
    worker = threading.Thread(target=lambda: timer.start(10))
    worker.start()
    worker.join()
    with pytest.raises(ErrorsInCallbacks, match="thread"):
        window.process_events()


def test_a_process_that_outlives_its_module_is_an_error(open_module):
    import sys

    import qt

    from Testing.harness.qt.errors import ErrorsInCallbacks

    window = open_module("SpineMetsClassifier")
    process = qt.QProcess()
    process.start(sys.executable, ["-c", "import time; time.sleep(60)"])
    assert process.waitForStarted(10000)
    with pytest.raises(ErrorsInCallbacks, match="left running"):
        window.close()
    assert process.state() == qt.QProcess.NotRunning


def test_a_hidden_or_disabled_button_cannot_be_clicked(open_module):
    window = open_module("SpineMetsClassifier")
    assert not window.ui("applyButton").enabled
    with pytest.raises(AssertionError, match="not enabled"):
        window.click("applyButton")
    window.ui("applyButton").visible = False
    with pytest.raises(AssertionError, match="not visible"):
        window.click("applyButton")
