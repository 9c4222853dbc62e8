"""The panel as a whole: self test, keys, width, views, other studies and scenes."""

import dataclasses

import pytest
import slicer

from spinemets.mrml.results import results_in


def test_the_application_s_own_test_passes_in_a_window(panel):
    from SpineMetsClassifier import SpineMetsClassifierTest

    SpineMetsClassifierTest().runTest()
    assert "Osteolytic" in panel.widget.ui.answerLabel.text


@pytest.mark.parametrize("palette", ["light", "dark"])
def test_the_panel_never_scrolls_sideways(open_module, palette):
    window = open_module("SpineMetsClassifier", palette=palette)
    window.widget.standby.warmUp = lambda: None
    for name in ("mapCollapsibleButton", "exportCollapsibleButton", "worklistCollapsibleButton", "cardButton"):
        window.click(name)
    long = "/a/very/long/path/" + 30 * "without-a-space-in-it"
    for name in ("statusLabel", "exportLabel", "worklistLabel", "cardLabel", "progressLabel", "noticeLabel"):
        label = getattr(window.widget.ui, name)
        label.text, label.visible = long, True
    window.process_events()
    scroll = window._window._panel
    assert scroll.horizontalScrollBar().maximum() == 0
    assert scroll.widget().width() <= scroll.viewport().width()


def test_keys_live_only_while_the_module_is_shown(panel, lesion):
    panel.press("Ctrl+Shift+C")
    assert panel.widget.isWorking
    panel.press("Ctrl+Shift+C")
    assert not panel.widget.isWorking
    panel.select_module("SpineMetsSegmenter")
    panel.press("Ctrl+Shift+C")
    assert not panel.widget.isWorking
    panel.select_module("SpineMetsClassifier")
    panel.widget.standby.stop()


def test_the_lesion_is_shown_in_views_that_show_nothing(panel, case, lesion):
    from spinemets.mrml.lesions import Content, centre_ras

    panel.click("showLesionButton")
    composite = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    volumes = case.volumes()
    assert composite.GetBackgroundVolumeID() == volumes["t1"].GetID()
    (part,) = lesion.parts(Content.LESIONS)
    view = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
    assert view.GetSliceToRAS().GetElement(2, 3) == pytest.approx(centre_ras(part)[2], abs=2.0)
    assert min(view.GetFieldOfView()[:2]) == pytest.approx(3 * 31, abs=15)  # of a lesion that is 31 mm long
    slicer.util.setSliceViewerLayers(background=volumes["fs_t2"])
    panel.click("showLesionButton")  # what the reader put there stays
    assert composite.GetBackgroundVolumeID() == volumes["fs_t2"].GetID()


def test_the_answer_comes_into_sight(panel, case, lesion, classify):
    """At 1280 x 800 most of it would stay below the window's edge."""
    area = panel._window._panel

    def place(name: str) -> int:
        """Of the upper side of a widget in the part of the panel that is seen."""
        widget = panel._find(name)
        return widget.mapTo(area.viewport(), widget.rect().topLeft()).y()

    classify()
    panel.process_events(until=lambda: place("resultCollapsibleButton") == 0, timeout_s=2)
    assert 0 < place("noticeLabel") < place("scaleFrame") < place("contributionsFrame") < area.viewport().height()


def test_another_study_is_another_question(panel, case, lesion, classify, unpacked_study):
    from spinemets.mrml.loading import load_case

    classify()
    other = dataclasses.replace(unpacked_study, uid="1.2.3", patient_id="OTHER")
    load_case(other, slicer.mrmlScene)
    panel.widget.refresh()
    panel.process_events()
    assert panel.widget.ui.caseRow.visible
    assert "Osteolytic" in panel.widget.ui.answerLabel.text
    names = [panel.widget.ui.caseComboBox.itemText(row) for row in range(2)]
    panel.choose("caseComboBox", names[1])
    assert panel.widget.ui.lesionComboBox.currentIndex == -1
    assert "Osteolytic" not in panel.widget.ui.answerLabel.text
    assert not panel.ui("applyButton").enabled
    panel.choose("caseComboBox", names[0])
    assert panel.widget.ui.lesionComboBox.currentText == "L3"
    assert "Osteolytic" in panel.widget.ui.answerLabel.text


@pytest.mark.slow
def test_a_closed_scene_takes_answer_files_and_work_with_it(panel, lesion, classify):
    classify()
    (answer,) = panel.widget.files.values()
    assert answer.out.is_dir()
    panel.click("applyButton")
    slicer.mrmlScene.Clear(0)
    panel.process_events()
    assert not answer.folder.exists()
    assert results_in(slicer.mrmlScene) == []
    assert "Osteolytic" not in panel.widget.ui.answerLabel.text
    assert not panel.ui("applyButton").enabled


@pytest.mark.slow
def test_work_stops_when_the_scene_is_closed(panel, lesion):
    panel.click("applyButton")
    panel.process_events(until=lambda: panel.widget._classifying._job is not None, timeout_s=30)
    job = panel.widget._classifying._job
    slicer.mrmlScene.Clear(0)
    panel.process_events()
    assert not panel.widget.isWorking
    panel.process_events(until=lambda: not job.isRunning, timeout_s=30)
    assert results_in(slicer.mrmlScene) == []
