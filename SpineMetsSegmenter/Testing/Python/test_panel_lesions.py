"""Lesions in the panel: outlined with the mouse, found, named, hidden, deleted, saved, brought back."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.mrml.lesions import Content, lesions_of
from spinemets.mrml.segmentations import has_voxels, mask_from_segment, replace_segment
from Testing.harness.reading import add, outline

OK, CANCEL = 0x00000400, 0x00400000  # of QMessageBox


def dice(first, second):
    a, b = sitk.GetArrayFromImage(first) > 0, sitk.GetArrayFromImage(second) > 0
    return 2 * np.sum(a & b) / (a.sum() + b.sum())


def table(panel) -> list[list[str]]:
    lesions = panel.widget.ui.lesionTable
    return [[lesions.item(row, column).text() for column in range(3)] for row in range(lesions.rowCount)]


def find_and_accept(panel) -> None:
    panel.click("findButton")
    tool = panel.widget.editorSection.editor.activeEffect().self().tool
    panel.process_events(until=lambda: not tool.isWorking, timeout_s=120)
    panel.process_events()
    panel.click("acceptButton")


def test_the_application_s_own_test_passes_in_a_window(panel):
    from SpineMetsSegmenter import SpineMetsSegmenterTest

    SpineMetsSegmenterTest().runTest()
    panel.process_events()
    assert table(panel)[0][:2] == ["L3", "T2 → DCE"]


def test_from_outline_to_lesion_with_sizes_in_the_panel(panel, case, simulated_study, rest):
    add(panel, "L3")
    assert table(panel) == [["L3", "– → –", ""]]
    outline(panel, simulated_study)
    rest()
    assert table(panel) == [["L3", "T2 → –", ""]]
    find_and_accept(panel)
    rest()
    (lesion,) = lesions_of(case)
    (mask,) = lesion.parts(Content.LESIONS)
    truth = simulated_study.truth("lesion_dce")
    found = mask_from_segment(mask.node, mask.segment_id, truth)
    assert dice(found, truth) >= 0.85
    volume = sitk.GetArrayFromImage(found).sum() * np.prod(truth.GetSpacing()) / 1000
    assert table(panel) == [["L3", "T2 → DCE", f"{volume:.1f} ml"]]
    assert panel.widget.ui.statusLabel.text.startswith(f"L3: {volume:.1f} ml, longest diameter")


def test_an_outline_is_drawn_with_the_mouse_on_the_sagittal_series(panel, case, rest):
    add(panel, "L3")
    panel.click("outlineButton")
    assert panel.widget.editorSection.editor.activeEffect().name == "Draw"
    assert "outline of L3 on T2" in panel.widget.ui.editingLabel.text
    panel.widget.editorSection.editor.setActiveEffectByName("Paint")
    panel.drag_in_slice("SpineMets_t2", [(90, 350), (130, 350), (130, 390), (90, 390)])
    rest()
    (lesion,) = lesions_of(case)
    (part,) = lesion.parts(Content.OUTLINES)
    assert part.volume == case.volumes()["t2"]
    assert table(panel)[0][1] == "T2 → –"


def test_outline_without_a_lesion_makes_one(panel, case):
    panel.click("outlineButton")
    assert [row[0] for row in table(panel)] == ["L1"]
    assert panel.widget.editorSection.editor.activeEffect().name == "Draw"


def test_an_accepted_lesion_is_taken_back_by_one_undo_and_done_again_by_one_redo(panel, case, simulated_study, rest):
    add(panel, "L3")
    outline(panel, simulated_study)
    find_and_accept(panel)
    part = panel.widget.logic.lesionPart(panel.widget.parameters)
    assert has_voxels(part.node, part.segment_id)
    panel.press("Z")
    rest()
    assert not has_voxels(part.node, part.segment_id)
    assert table(panel)[0][1] == "T2 → –"
    panel.press("Y")
    rest()
    assert has_voxels(part.node, part.segment_id)


def test_names_are_changed_in_the_list_and_never_double(panel, case):
    add(panel, "L2")
    add(panel, "L2")
    assert [row[0] for row in table(panel)] == ["L2", "L2 lesion 2"]
    panel.widget.ui.lesionTable.item(1, 0).setText("Th11 left")
    panel.process_events()
    assert [lesion.name for lesion in lesions_of(case)] == ["L2", "Th11 left"]
    panel.widget.ui.lesionTable.item(1, 0).setText("  ")
    panel.process_events()
    assert [row[0] for row in table(panel)] == ["L2", "Th11 left"]
    assert "empty" in panel.widget.ui.statusLabel.text


def test_choosing_a_lesion_lets_the_tools_edit_its_outline(panel, case):
    add(panel, "L2")
    add(panel, "L3")
    panel.click("outlineButton")
    editor = panel.widget.editorSection.editor
    first, second = (lesion.drawn[0].segment_id for lesion in lesions_of(case))
    assert editor.currentSegmentID() == second
    panel.widget.ui.lesionTable.selectRow(0)
    panel.process_events()
    assert editor.currentSegmentID() == first
    assert "L2" in panel.widget.ui.editingLabel.text


def test_an_unticked_lesion_is_hidden(panel, case):
    import qt

    add(panel, "L2")
    part = lesions_of(case)[0].drawn[0]
    panel.widget.ui.lesionTable.item(0, 0).setCheckState(qt.Qt.Unchecked)
    panel.process_events()
    assert not part.node.GetDisplayNode().GetSegmentVisibility(part.segment_id)


def test_deleting_asks_when_something_is_drawn(panel, case, simulated_study, rest):
    add(panel, "L2")
    add(panel, "L3")
    panel.click("deleteLesionButton")
    assert panel.dialogs == []
    assert [row[0] for row in table(panel)] == ["L2"]
    outline(panel, simulated_study)
    rest()
    panel.answer_dialogs(CANCEL)
    panel.click("deleteLesionButton")
    assert "L2" in panel.dialogs[0].text
    assert [row[0] for row in table(panel)] == ["L2"]
    panel.answer_dialogs(OK)
    panel.click("deleteLesionButton")
    assert table(panel) == []
    assert not panel.widget.ui.deleteLesionButton.enabled


def test_going_to_a_lesion_shows_it_in_every_column(panel, case, simulated_study):
    add(panel, "L3")
    outline(panel, simulated_study)
    truth = simulated_study.truth("lesion_dce")
    part = panel.widget.logic.lesionPart(panel.widget.parameters)
    replace_segment(part.node, part.segment_id, truth)
    panel.process_events()
    panel.widget.refresh()
    panel.click("goToLesionButton")
    inside = sitk.GetArrayFromImage(truth) > 0
    middle = truth.TransformContinuousIndexToPhysicalPoint([float(x) for x in np.argwhere(inside).mean(axis=0)[::-1]])
    for role in ("t2", "dce"):
        view = slicer.app.layoutManager().sliceWidget(f"SpineMets_{role}")
        node = view.mrmlSliceNode()
        width, height = node.GetDimensions()[:2]
        ras = node.GetXYToRAS().MultiplyPoint((width / 2, height / 2, 0, 1))[:3]
        assert np.linalg.norm(np.array(ras) - (-middle[0], -middle[1], middle[2])) < 8, role
        assert min(node.GetFieldOfView()[:2]) == pytest.approx(90, abs=15), role


def test_a_segmentation_of_another_module_is_never_edited(panel, case, rest):
    """After a scene was read, the editor proposes the first segmentation it finds."""
    foreign = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "of another module")
    editor = panel.widget.editorSection.editor
    editor.setSegmentationNode(foreign)
    panel.process_events()
    panel.process_events()
    assert editor.segmentationNode() is None


def test_segmentations_deleted_under_the_panel_leave_it(panel, case, simulated_study, rest):
    add(panel, "L3")
    outline(panel, simulated_study)
    rest()
    slicer.mrmlScene.RemoveNode(lesions_of(case)[0].drawn[0].node)
    panel.process_events()
    panel.process_events()
    assert table(panel) == []
    panel.click("outlineButton")
    assert [row[0] for row in table(panel)] == ["L3"]


def test_a_killed_application_loses_nothing_that_was_accepted(panel, load, case, simulated_study, rest):
    add(panel, "L3")
    outline(panel, simulated_study)
    rest()
    saving = panel.widget.saving
    panel.process_events(until=lambda: not saving.isSaving, timeout_s=60)
    files = list(saving.root.rglob("*.seg.nrrd"))
    assert len(files) == 1
    slicer.mrmlScene.Clear(0)  # nothing was saved by the user
    panel.process_events()
    assert not panel.widget.ui.restoreButton.visible
    case = load(simulated_study.dicom)
    assert panel.widget.ui.restoreButton.visible
    panel.click("restoreButton")
    rest()
    assert table(panel) == [["L3", "T2 → –", ""]]
    (lesion,) = lesions_of(case)
    (part,) = lesion.parts(Content.OUTLINES)
    truth = simulated_study.truth("outline_t2")
    assert dice(mask_from_segment(part.node, part.segment_id, truth), truth) == 1.0
    assert not panel.widget.ui.restoreButton.visible


def test_what_another_session_saved_is_put_aside_when_nobody_brought_it_back(panel, case, simulated_study, rest):
    from SpineMetsSegmenterLib.SavingSection import folderOfCase

    saving = panel.widget.saving
    folder = folderOfCase(saving.root, case)
    folder.mkdir(parents=True)
    (folder / "SIM000001 outlines, t2.seg.nrrd").write_text("of last week")
    add(panel, "L3")
    outline(panel, simulated_study)
    rest()
    panel.process_events(until=lambda: not saving.isSaving, timeout_s=60)
    (earlier,) = (folder / "earlier").iterdir()
    assert earlier.read_text() == "of last week"
    assert (folder / "SIM000001 outlines, t2.seg.nrrd").stat().st_size > 100


def test_automatic_saving_that_fails_is_told(panel, case, simulated_study, rest, tmp_path):
    (tmp_path / "a file").write_text("")
    panel.widget.saving.root = tmp_path / "a file"
    add(panel, "L3")
    outline(panel, simulated_study)
    rest()
    assert "cannot be saved automatically" in panel.widget.ui.statusLabel.text


def test_the_time_course_of_the_voxel_under_the_cursor_and_of_the_lesion(panel, case, simulated_study, rest):
    from spinemets.mrml.sequences import image_of

    assert not panel.widget.ui.quantityComboBox.enabled
    panel.click("timeCourseCheckBox")
    panel.process_events()
    views = panel.widget.viewsSection
    plot = views._plot
    assert views._hanging.plot_view is not None
    panel.move_in_slice("SpineMets_dce", (100, 370))
    dynamic, _times = image_of(case.volumes()["dce"])
    view = slicer.app.layoutManager().sliceWidget("SpineMets_dce").mrmlSliceNode()
    x, y, z = view.GetXYToRAS().MultiplyPoint((100, 370, 0, 1))[:3]
    index = dynamic[..., 0].TransformPhysicalPointToIndex((-x, -y, z))
    signal = sitk.GetArrayFromImage(dynamic)[:, index[2], index[1], index[0]]
    assert np.allclose(plot.curve("cursor"), signal)
    add(panel, "L3")
    part = panel.widget.logic.lesionPart(panel.widget.parameters)
    replace_segment(part.node, part.segment_id, simulated_study.truth("lesion_dce"))
    rest()
    inside = sitk.GetArrayFromImage(simulated_study.truth("lesion_dce")) > 0
    assert np.allclose(plot.curve("region"), sitk.GetArrayFromImage(dynamic)[:, inside].mean(axis=1), rtol=1e-6)
    panel.choose("quantityComboBox", "Signal")
    assert plot.quantity == "signal"
    panel.click("goToLesionButton")
    place = view.GetXYToRAS().MultiplyPoint((view.GetDimensions()[0] / 2, view.GetDimensions()[1] / 2, 0, 1))
    panel.click("timeCourseCheckBox")
    panel.process_events()
    assert views._hanging.plot_view is None
    # What the reader looks at stays when the plot comes or goes.
    again = view.GetXYToRAS().MultiplyPoint((view.GetDimensions()[0] / 2, view.GetDimensions()[1] / 2, 0, 1))
    assert np.allclose(place, again, atol=1.0)


def test_a_saved_scene_is_gone_on_with_where_it_was_left(panel, case, simulated_study, rest, tmp_path):
    from SpineMetsSegmenterLib.SelfTest import saveAndRead

    add(panel, "L3")
    outline(panel, simulated_study)
    case.set_role(case.series_of(case.volumes()["t1"]).key, "ce_t1_sag")
    rest()
    saveAndRead(tmp_path / "scene")
    panel.process_events()
    panel.process_events()
    assert table(panel) == [["L3", "T2 → –", ""]]
    roles = [panel.widget.ui.seriesTable.cellWidget(row, 0).currentText for row in range(4)]
    assert roles == ["CE T1 sag", "T2", "FS T2", "DCE"]
    assert panel.widget.ui.searchVolumeComboBox.currentText == "DCE, axial"
    panel.click("outlineButton")
    assert "outline of L3 on T2" in panel.widget.ui.editingLabel.text


def test_the_level_of_the_vertebra_is_offered_as_the_name(panel, case, simulated_study, rest):
    from spinemets.mrml.segmentations import add_segment, segmentation_node_from_mask

    truth = simulated_study.truth("outline_t2")
    above = sitk.GetImageFromArray(np.roll(sitk.GetArrayFromImage(truth), 30, axis=1))
    above.CopyInformation(truth)
    add(panel, "L1")
    outline(panel, simulated_study)
    rest()
    assert not panel.widget.ui.levelButton.visible
    spine = segmentation_node_from_mask(above, slicer.mrmlScene, "spine", "vertebrae_L2")
    add_segment(spine, truth, "vertebrae_L3")
    panel.widget.lesionSection.lookForLevel()
    assert panel.widget.ui.levelButton.text == "L1 lies in L3: call it L3"
    panel.click("levelButton")
    assert table(panel)[0][0] == "L3"
    assert not panel.widget.ui.levelButton.visible
