"""Each missing or wrong thing has its sentence in the panel: what is wrong, and what to do."""

import numpy as np
import pytest
import slicer

from spinemets.mrml.lesions import Content
from spinemets.mrml.results import results_in


def tip(panel) -> str:
    assert not panel.ui("applyButton").enabled
    return panel.ui("applyButton").toolTip


def ask(panel) -> str:
    """Click Apply and wait; what the panel says then."""
    panel.click("applyButton")
    panel.process_events(until=lambda: not panel.widget.isWorking, timeout_s=60)
    panel.process_events()
    return panel.widget.ui.statusLabel.text


def test_an_empty_scene(panel):
    assert "find or draw it in the module SpineMets Segmenter" in tip(panel)
    assert tip(panel) in panel.widget.ui.answerLabel.text
    panel.click("segmenterButton")
    assert slicer.util.selectedModule() == "SpineMetsSegmenter"


def test_no_model(panel, lesion):
    panel.widget.modelsChosen([])
    assert "Tick the model" in tip(panel)


def test_a_model_that_is_gone(panel, lesion):
    panel.widget.modelsChosen(["/no/such/model.spinemets"])
    assert "does not exist" in tip(panel)


def test_a_missing_series_is_named_and_marked(panel, lesion, case):
    panel.widget.parameters.volumeFsT2 = None
    panel.widget.updatePanel()
    assert "fat-suppressed T2" in tip(panel)
    assert panel.ui("volumeFsT2Label").text.startswith("⚠")
    assert not panel.ui("volumeT1Label").text.startswith("⚠")
    panel.widget.parameters.volumeFsT2 = case.volumes()["fs_t2"]
    panel.widget.updatePanel()
    assert panel.ui("applyButton").enabled
    assert not panel.ui("volumeFsT2Label").text.startswith("⚠")


def test_a_series_that_is_removed(panel, lesion, case):
    """Where the list of nodes takes the next one in its place, T1 must not be measured as T2."""
    slicer.mrmlScene.RemoveNode(case.volumes()["t2"])
    panel.widget.refresh()
    panel.process_events()
    assert "T2" in tip(panel)


def test_a_series_whose_role_was_corrected(panel, lesion, case):
    """In the Segmenter the reader finds that the series is no T2."""
    volume = case.volumes()["t2"]
    case.set_role(case.series_of(volume).key, "ce_t1_sag")
    panel.widget.refresh()
    assert "chosen as T2 is contrast-enhanced T1, sagittal" in tip(panel)
    assert panel.ui("volumeT2Label").text.startswith("⚠")
    assert "Osteo" not in panel.widget.ui.answerLabel.text


def test_a_lesion_that_is_removed_or_emptied(panel, lesion):
    (part,) = lesion.parts(Content.LESIONS)
    part.node.GetSegmentation().RemoveSegment(part.segment_id)
    panel.widget.refresh()
    assert "lesion" in tip(panel).lower()
    assert panel.widget.ui.lesionComboBox.currentIndex == -1


def test_a_mask_beside_the_image(panel, lesion, case):
    """A series of another examination lies elsewhere: told, and nothing is computed on it."""
    volume = case.volumes()["t1"]
    origin = volume.GetOrigin()
    volume.SetOrigin(origin[0] + 500, origin[1], origin[2])
    text = ask(panel)
    assert "t1" in text and "mask" in text
    assert results_in(slicer.mrmlScene) == []


@pytest.mark.slow
def test_another_frame_of_reference(panel, lesion, case):
    from spinemets.geometry.grids import FRAME_OF_REFERENCE
    from spinemets.mrml.volumes import ATTRIBUTE_PREFIX

    case.volumes()["t2"].SetAttribute(ATTRIBUTE_PREFIX + FRAME_OF_REFERENCE, "1.2.3.other")
    text = ask(panel)
    assert "frame" in text.lower() and "t2" in text
    assert results_in(slicer.mrmlScene) == []


def test_voxels_that_are_no_numbers(panel, lesion, case):
    volume = case.volumes()["t1"]
    array = slicer.util.arrayFromVolume(volume).astype(np.float32)
    array[3, 3, 3] = np.nan
    slicer.util.updateVolumeFromArray(volume, array)
    text = ask(panel)
    assert "NaN" in text or "not finite" in text or "no numbers" in text
    assert results_in(slicer.mrmlScene) == []


def test_a_dynamic_series_in_place_of_a_still_one(panel, lesion, case):
    panel.widget.parameters.volumeT2 = case.volumes()["dce"]
    assert "chosen as T2 is dynamic" in tip(panel)


def test_a_bent_transform(panel, lesion, case):
    import vtk

    bent = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
    warp = vtk.vtkThinPlateSplineTransform()
    points = vtk.vtkPoints()
    for point in ((0, 0, 0), (10, 0, 0), (0, 10, 0), (0, 0, 10), (5, 5, 5)):
        points.InsertNextPoint(point)
    moved = vtk.vtkPoints()
    for point in ((0, 0, 0), (10, 0, 0), (0, 10, 0), (0, 0, 10), (9, 2, 5)):
        moved.InsertNextPoint(point)
    warp.SetSourceLandmarks(points)
    warp.SetTargetLandmarks(moved)
    bent.SetAndObserveTransformToParent(warp)
    case.volumes()["t1"].SetAndObserveTransformNodeID(bent.GetID())
    panel.widget.refresh()
    panel.process_events()
    text = panel.widget.ui.answerLabel.text + ask(panel)
    assert "transform" in text
    assert results_in(slicer.mrmlScene) == []


@pytest.mark.slow
def test_a_full_or_forbidden_temporary_folder(panel, lesion, monkeypatch):
    slicer.app.temporaryPath = "/no/such/folder"
    text = ask(panel)
    assert "/no/such/folder" in text
    assert panel.ui("applyButton").enabled


@pytest.mark.parametrize("content", ["", "case,lesion\n", "not a table at all"])
def test_a_worklist_that_is_none(panel, lesion, tmp_path, content):
    panel.click("worklistCollapsibleButton")
    (tmp_path / "list.csv").write_text(content)
    panel.widget.ui.worklistPathEdit.currentPath = str(tmp_path / "list.csv")
    panel.process_events()
    panel.click("worklistButton")
    assert "list.csv" in panel.widget.ui.worklistLabel.text
    assert not panel.widget.isWorking
