"""What goes wrong in a reader's day: odd paths, things deleted under the tools, clicks at bad moments and places."""

import shutil

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.mrml.lesions import Content, lesions_of
from spinemets.mrml.segmentations import has_voxels, mask_from_segment
from Testing.harness.reading import add, outline

OK = 0x00000400  # of QMessageBox


def names(panel) -> list[str]:
    table = panel.widget.ui.lesionTable
    return [table.item(row, 0).text() for row in range(table.rowCount)]


def tool_of(panel):
    return panel.widget.editorSection.editor.activeEffect().self().tool


def found(panel):
    tool = tool_of(panel)
    panel.process_events(until=lambda: not tool.isWorking, timeout_s=120)
    panel.process_events()
    return tool


def jobs_are_over(panel) -> None:
    effect = panel.widget.editorSection.editor.effectByName("SpineMets").self()
    panel.process_events(until=lambda: not any(job.isRunning for job in effect._standby._jobs), timeout_s=60)


@pytest.fixture
def searched(panel, case, simulated_study):
    """A lesion that is being looked for."""
    add(panel, "L3")
    outline(panel, simulated_study)
    panel.click("findButton")
    return case


@pytest.mark.parametrize("written", ["{path}", '"{path}"', "{uri}", " {path} "])
def test_a_study_in_a_folder_with_spaces_and_umlauts_however_its_path_was_pasted(
    panel, simulated_study, tmp_path, written
):
    folder = tmp_path / "Müller, Jörg (1950)" / "MRT LWS"
    shutil.copytree(simulated_study.dicom, folder)
    panel.widget.ui.studyPathEdit.currentPath = written.format(path=folder, uri=folder.as_uri())
    panel.click("loadStudyButton")
    panel.process_events(until=lambda: not panel.widget.isWorking, timeout_s=60)
    case = panel.widget.logic.currentCase(panel.widget.parameters)
    assert case is not None, panel.widget.ui.statusLabel.text
    assert set(case.volumes()) == {"t1", "t2", "fs_t2", "dce"}


def test_a_series_with_a_missing_slice_is_named_and_the_others_work(panel, load, simulated_study, tmp_path):
    import pydicom

    folder = tmp_path / "study"
    shutil.copytree(simulated_study.dicom, folder)
    t1 = [file for file in folder.rglob("*") if file.is_file() and "T1" in pydicom.dcmread(file).SeriesDescription]
    sorted(t1)[len(t1) // 2].unlink()
    case = load(folder)
    ui = panel.widget.ui
    assert set(case.volumes()) == {"t2", "fs_t2", "dce"}
    row = next(n for n in range(ui.seriesTable.rowCount) if "T1" in ui.seriesTable.item(n, 2).text())
    assert "⚠" in ui.seriesTable.item(row, 2).text()
    assert "Not loaded" in ui.seriesTable.item(row, 2).toolTip()
    assert "Sag T1 TSE" in ui.statusLabel.text
    assert panel.dialogs == []


def test_the_preview_deleted_in_the_data_module_can_still_be_accepted(panel, searched):
    tool = found(panel)
    slicer.mrmlScene.RemoveNode(tool._preview.node)
    panel.process_events()
    panel.click("acceptButton")
    assert lesions_of(searched)[0].parts(Content.LESIONS)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["while it is looked for", "while the preview is shown"])
@pytest.mark.parametrize("what", ["the series", "the lesions' segmentation", "the outline", "the lesion"])
def test_what_the_search_needs_is_deleted_under_it(panel, searched, moment, what):
    tool = tool_of(panel) if moment == "while it is looked for" else found(panel)
    logic, parameters = panel.widget.logic, panel.widget.parameters
    if what == "the lesion":
        panel.answer_dialogs(OK)
        panel.click("deleteLesionButton")
    else:
        node = {
            "the series": parameters.searchVolume,
            "the lesions' segmentation": logic.lesionPart(parameters).node,
            "the outline": logic.outlinePart(parameters).node,
        }[what]
        slicer.mrmlScene.RemoveNode(node)
    panel.process_events()
    panel.process_events(until=lambda: not tool.isWorking, timeout_s=60)
    jobs_are_over(panel)
    panel.process_events()
    assert not panel.widget.isWorking
    previews = slicer.util.getNodes("SpineMets preview*")
    assert bool(previews) == (tool.hasPreview and what == "the outline"), previews
    add(panel, "L5")
    assert "L5" in names(panel)


def test_escape_stops_the_search_and_the_lesion_tools_find_it_again(panel, searched):
    panel.press("Esc")
    assert panel.widget.editorSection.editor.activeEffect() is None
    jobs_are_over(panel)
    panel.click("findButton")
    assert found(panel).hasPreview
    panel.press("Esc")
    panel.click("findButton")
    assert found(panel).hasPreview
    panel.click("acceptButton")
    assert lesions_of(searched)[0].parts(Content.LESIONS)


def test_another_module_during_the_search_and_back(panel, searched):
    panel.select_module("Data")
    panel.process_events()
    assert not slicer.util.getNodes("SpineMets preview*")
    panel.select_module("SpineMetsSegmenter")
    panel.click("findButton")
    assert found(panel).hasPreview


def test_another_lesion_is_chosen_while_one_is_looked_for(panel, searched):
    """What was found for L3 must never be accepted into L5."""
    add(panel, "L5")
    tool = tool_of(panel) if panel.widget.editorSection.editor.activeEffect() else None
    if tool is not None:
        panel.process_events(until=lambda: not tool.isWorking, timeout_s=60)
        assert not tool.hasPreview
    jobs_are_over(panel)
    panel.process_events()
    lesion = next(one for one in lesions_of(searched) if one.name == "L5")
    assert all(part.is_empty for part in lesion.drawn)
    assert not slicer.util.getNodes("SpineMets preview*")


def test_a_preview_of_one_lesion_is_not_accepted_into_another(panel, searched):
    found(panel)
    add(panel, "L5")
    panel.click("outlineButton")
    panel.widget.ui.lesionTable.selectRow(0)
    panel.process_events()
    panel.widget.ui.lesionTable.selectRow(1)
    panel.process_events()
    panel.click("findButton")
    tool = tool_of(panel)
    assert not tool.hasPreview, tool.status


def test_a_click_beside_the_image_is_told_and_changes_nothing(panel, searched):
    tool = found(panel)
    before = sitk.GetArrayFromImage(tool._session.mask)
    view = slicer.app.layoutManager().sliceWidget("SpineMets_dce").mrmlSliceNode()
    width, height = view.GetDimensions()[:2]
    panel.click_in_slice("SpineMets_dce", (width // 2, height - 4))
    panel.process_events(until=lambda: not tool.isWorking, timeout_s=60)
    assert np.array_equal(sitk.GetArrayFromImage(tool._session.mask), before)
    assert "outside" in tool.status, tool.status
    assert panel.dialogs == []


@pytest.mark.parametrize("kind", ["linear", "bending"])
def test_a_transform_above_the_series(panel, case, simulated_study, kind):
    add(panel, "L3")
    outline(panel, simulated_study)
    if kind == "linear":
        above = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        matrix = np.eye(4)
        matrix[:3, 3] = (5, -7, 11)
        above.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    else:
        above = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLBSplineTransformNode")
        import vtk

        bending = vtk.vtkThinPlateSplineTransform()
        for points in (bending.SetSourceLandmarks, bending.SetTargetLandmarks):
            places = vtk.vtkPoints()
            for place in ((0, 0, 0), (100, 0, 0), (0, 100, 0), (0, 0, 100), (50, 50, 50)):
                moved = np.array(place) + (7 if points is bending.SetTargetLandmarks and place[0] == 50 else 0)
                places.InsertNextPoint(moved)
            points(places)
        above.SetAndObserveTransformToParent(bending)
    part = panel.widget.logic.outlinePart(panel.widget.parameters)
    nodes = {part.node, case.volumes()["dce"], case.volumes()["t2"]}
    for node in nodes:
        node.SetAndObserveTransformNodeID(above.GetID())
    panel.process_events()
    panel.click("findButton")
    if kind == "bending":
        effect = panel.widget.editorSection.editor.activeEffect()
        told = panel.widget.ui.statusLabel.text + ("" if effect is None else effect.self().tool.status)
        assert "not linear" in told
        assert panel.dialogs == []
        return
    tool = found(panel)
    assert tool.hasPreview, tool.status
    panel.click("acceptButton")
    (lesion,) = lesions_of(case)
    (mask,) = lesion.parts(Content.LESIONS)
    truth = simulated_study.truth("lesion_dce")
    truth.SetOrigin(np.add(truth.GetOrigin(), (-5, 7, 11)))
    got = sitk.GetArrayFromImage(mask_from_segment(mask.node, mask.segment_id, truth)) > 0
    inside = sitk.GetArrayFromImage(truth) > 0
    assert 2 * (got & inside).sum() / (got.sum() + inside.sum()) > 0.85


def test_a_scene_saved_with_a_preview_comes_back_without_it_and_goes_on(panel, searched, tmp_path, rest):
    from SpineMetsSegmenterLib.SelfTest import saveAndRead

    found(panel)
    saveAndRead(tmp_path / "scene")
    panel.process_events()
    panel.process_events()
    assert not slicer.util.getNodes("SpineMets preview*")
    assert names(panel) == ["L3"]
    panel.click("findButton")
    assert found(panel).hasPreview, tool_of(panel).status
    panel.click("acceptButton")
    part = panel.widget.logic.lesionPart(panel.widget.parameters)
    assert has_voxels(part.node, part.segment_id)


def test_the_scene_is_closed_while_a_lesion_is_looked_for(panel, searched, load, simulated_study):
    slicer.mrmlScene.Clear(0)
    panel.process_events()
    jobs_are_over(panel)
    assert names(panel) == []
    assert panel.dialogs == []
    load(simulated_study.dicom)
    add(panel, "L2")
    assert names(panel) == ["L2"]


def test_another_layout_is_left_for_the_columns_when_one_outlines_again(panel, case):
    add(panel, "L3")
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    panel.process_events()
    panel.click("outlineButton")
    assert slicer.app.layoutManager().sliceWidget("SpineMets_t2").visible
    panel.drag_in_slice("SpineMets_t2", [(90, 350), (130, 350)])


def test_undo_after_a_deleted_lesion_and_more_undo_than_there_is(panel, searched, rest):
    found(panel)
    panel.click("acceptButton")
    panel.answer_dialogs(OK)
    panel.click("deleteLesionButton")
    # The tools hold the lesion's own segmentation, not that of its outline.
    assert "Undo brings back only what the tools edit now" in panel.dialogs[0].text
    assert names(panel) == []
    panel.press("Z")
    rest()
    assert names(panel) == ["L3"]
    assert lesions_of(searched)[0].parts(Content.LESIONS)
    assert not lesions_of(searched)[0].parts(Content.OUTLINES)
    for key in ("Z", "Y"):
        for _n in range(4):
            panel.press(key)
    rest()
    assert len(panel.dialogs) == 1
