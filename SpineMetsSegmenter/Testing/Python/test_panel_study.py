"""The panel as a reader uses it: loads, corrects a role, changes the study, closes the scene at a bad moment."""

import dataclasses
from pathlib import Path

import pytest
import slicer

from spinemets.mrml.subject_hierarchy import case_folders


def volumes() -> int:
    return slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")


def rows(panel) -> list[tuple[str, str]]:
    """Role and description of each series in the table."""
    table = panel.widget.ui.seriesTable
    return [(table.cellWidget(row, 0).currentText, table.item(row, 2).text()) for row in range(table.rowCount)]


def columns() -> set[str]:
    """Roles whose columns are in sight."""
    manager = slicer.app.layoutManager()
    names = [name for name in manager.sliceViewNames() if manager.sliceWidget(name).visible]
    return {name.removeprefix("SpineMets_") for name in names}


def shown_in(column: str) -> str:
    composite = slicer.app.layoutManager().sliceWidget(column).mrmlSliceCompositeNode()
    return composite.GetBackgroundVolumeID()


def choose_role(panel, row: int, text: str) -> None:
    panel.choose(panel.widget.ui.seriesTable.cellWidget(row, 0), text)
    panel.process_events()


@pytest.fixture
def folder_without_images(tmp_path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_an_empty_panel_says_what_to_do(panel):
    ui = panel.widget.ui
    assert not ui.loadStudyButton.enabled
    assert "folder" in ui.loadStudyButton.toolTip
    assert not ui.outlineButton.enabled
    assert "study" in ui.outlineButton.toolTip
    assert not ui.caseRow.visible
    assert not ui.statusLabel.visible


def test_a_study_is_listed_with_its_roles_and_hung_a_column_a_sequence(panel, load, simulated_study):
    case = load(simulated_study.dicom)
    assert rows(panel) == [
        ("T1", "Sag T1 TSE"),
        ("T2", "Sag T2 TSE"),
        ("FS T2", "Sag T2 STIR"),
        ("DCE", "Ax VIBE dynamic"),
    ]
    tip = panel.widget.ui.seriesTable.item(1, 2).toolTip()
    assert "TR 3600 ms" in tip
    assert "confidence 97%" in tip
    assert columns() == {"t1", "t2", "fs_t2", "dce"}
    for role, volume in case.volumes().items():
        assert shown_in(f"SpineMets_{role}") == volume.GetID()
    assert panel.widget.ui.outlineVolumeComboBox.currentText == "T2, sagittal"
    assert panel.widget.ui.searchVolumeComboBox.currentText == "DCE, axial"


def test_nothing_is_wider_than_the_module_panel(panel, case):
    """Else the reader scrolls sideways, or works with half a button."""
    panel.type("levelComboBox", "a lesion with quite a long name, left pedicle")
    panel.click("addLesionButton")
    for effect in ("Draw", "SpineMets", "Smoothing"):
        panel.widget.editorSection.editor.setActiveEffectByName(effect)
        panel.process_events()
        assert panel.widget.ui.SpineMetsSegmenter.minimumSizeHint.width() <= 404, effect


def test_load_becomes_cancel_and_cancel_leaves_the_scene_as_it_was(panel, simulated_study):
    panel.type("studyPathEdit", simulated_study.dicom)
    panel.click("loadStudyButton")
    ui = panel.widget.ui
    assert ui.loadStudyButton.text == "Cancel"
    assert not ui.addLesionButton.enabled
    panel.process_events(until=lambda: volumes() > 0, timeout_s=60)
    panel.click("loadStudyButton")
    assert (volumes(), rows(panel)) == (0, [])
    assert ui.loadStudyButton.text == "Load"
    assert "cancelled" in ui.statusLabel.text
    assert not ui.progressBar.visible


def test_a_folder_without_images_is_told_in_the_panel_and_work_goes_on(panel, load, folder_without_images):
    assert load(folder_without_images) is None
    assert "is an empty folder" in panel.widget.ui.statusLabel.text
    assert panel.widget.ui.loadStudyButton.text == "Load"
    assert panel.dialogs == []


def test_the_same_study_twice_adds_nothing(panel, load, simulated_study):
    load(simulated_study.dicom)
    choose_role(panel, 0, "CT")
    load(simulated_study.dicom)
    assert volumes() == 4
    assert len(case_folders(slicer.mrmlScene)) == 1
    assert rows(panel)[0] == ("CT", "Sag T1 TSE")


def test_a_changed_role_is_followed_by_the_views_and_the_choices(panel, case):
    t2 = case.volumes()["t2"]
    choose_role(panel, 1, "CE T1 sag")
    assert columns() == {"t1", "fs_t2", "ce_t1_sag", "dce"}
    assert shown_in("SpineMets_ce_t1_sag") == t2.GetID()
    assert "your choice" in panel.widget.ui.seriesTable.item(1, 2).toolTip()
    assert panel.widget.ui.outlineVolumeComboBox.findText("CE T1 sag, sagittal") >= 0
    choose_role(panel, 1, "Not used")
    assert columns() == {"t1", "fs_t2", "dce"}


def test_a_series_that_was_left_on_disk_is_loaded_when_it_gets_a_role(panel, load, simulated_study):
    case = load(simulated_study.dicom)
    choose_role(panel, 0, "Not used")
    slicer.mrmlScene.RemoveNode(case.series()[0].volume)
    panel.process_events()
    assert volumes() == 3
    choose_role(panel, 0, "T1")
    panel.process_events(until=lambda: not panel.widget.isWorking, timeout_s=60)
    panel.process_events()
    assert volumes() == 4
    assert "t1" in columns()


def test_two_studies_in_one_scene_are_worked_on_one_at_a_time(panel, case, unpacked_study):
    panel.click("addLesionButton")
    panel.widget.logic.loadStudy(dataclasses.replace(unpacked_study, uid="1.2.3", patient_id="OTHER"))
    panel.process_events()
    ui = panel.widget.ui
    assert ui.caseRow.visible
    assert ui.lesionTable.rowCount == 1
    panel.choose("caseComboBox", "OTHER")
    assert panel.widget.parameters.caseUid == "1.2.3"
    assert ui.lesionTable.rowCount == 0
    other = panel.widget.logic.currentCase(panel.widget.parameters)
    assert shown_in("SpineMets_t2") == other.volumes()["t2"].GetID()
    panel.choose("caseComboBox", "SIM000001")
    assert ui.lesionTable.rowCount == 1


@pytest.mark.parametrize("moment", ["while the child reads", "between series", "after a lesion was added"])
def test_a_scene_that_is_closed_at_a_bad_moment_leaves_an_empty_panel(panel, load, simulated_study, moment):
    if moment == "after a lesion was added":
        load(simulated_study.dicom)
        panel.click("addLesionButton")
        panel.click("outlineButton")
    else:
        panel.type("studyPathEdit", simulated_study.dicom)
        panel.click("loadStudyButton")
    if moment == "between series":
        panel.process_events(until=lambda: volumes() > 0, timeout_s=60)
    slicer.mrmlScene.Clear(0)
    panel.process_events()
    ui = panel.widget.ui
    assert (volumes(), ui.seriesTable.rowCount, ui.lesionTable.rowCount) == (0, 0, 0)
    assert not panel.widget.isWorking
    assert ui.loadStudyButton.text == "Load"
    assert not ui.outlineButton.enabled
    load(simulated_study.dicom)
    assert volumes() == 4


def test_series_deleted_under_the_panel_leave_it(panel, case):
    panel.click("addLesionButton")
    panel.click("outlineButton")
    for volume in list(case.volumes().values()):
        slicer.mrmlScene.RemoveNode(volume)
        panel.process_events()
    ui = panel.widget.ui
    assert not ui.outlineButton.enabled
    assert not ui.layoutButton.enabled
    assert ui.outlineVolumeComboBox.count == 0


def test_keys_live_only_while_the_module_is_shown(panel, case):
    ui = panel.widget.ui
    for key in ("Ctrl+Shift+L", "Ctrl+Shift+O", "Ctrl+Shift+F"):
        assert key in ui.shortcutsLabel.text
    panel.press("Ctrl+Shift+L")
    assert ui.lesionTable.rowCount == 1
    panel.select_module("Data")
    panel.press("Ctrl+Shift+L")
    panel.select_module("SpineMetsSegmenter")
    assert ui.lesionTable.rowCount == 1
    panel.press("Ctrl+Shift+L")
    assert ui.lesionTable.rowCount == 2


def test_leaving_the_module_while_a_study_is_loaded_does_not_lose_it(panel, simulated_study):
    panel.type("studyPathEdit", simulated_study.dicom)
    panel.click("loadStudyButton")
    panel.select_module("Data")
    panel.process_events(until=lambda: not panel.widget.isWorking, timeout_s=60)
    panel.select_module("SpineMetsSegmenter")
    assert len(rows(panel)) == 4


def test_every_key_of_the_panel_does_something(panel):
    """A key that the application uses too is ambiguous: Qt then does neither."""
    keys = [key for key, _text in panel.widget.shortcuts.describe()]
    assert len(set(keys)) == len(keys) == 9
    done = []
    panel.widget.shortcuts.remove()
    panel.widget.shortcuts._entries = [
        (key, text, lambda key=key: done.append(key)) for key, text, _slot in panel.widget.shortcuts._entries
    ]
    panel.widget.shortcuts.install()
    for key in keys:
        panel.press(key)
    assert done == keys


def test_as_home_module_the_panel_is_made_before_effects_are_registered(open_module):
    window = open_module("SpineMetsSegmenter", as_home=True)
    assert "SpineMets" in window.widget.editorSection.editor.availableEffectNames()
    assert slicer.qSlicerSegmentEditorEffectFactory.instance().registeredEffects()[-1].name == "SpineMets"


def test_images_that_slicer_loaded_are_worked_on(panel, case, simulated_study):
    """As after File / Add Data: volumes that no study of ours knows."""
    from spinemets.mrml.cases import cases_in
    from spinemets.mrml.volumes import image_from_volume_node, volume_node_from_image

    ui = panel.widget.ui
    images = {role: image_from_volume_node(case.volumes()[role]) for role in ("t1", "t2")}
    slicer.mrmlScene.Clear(0)
    panel.process_events()
    assert not ui.adoptButton.visible
    for role, image in images.items():
        volume_node_from_image(image, slicer.mrmlScene, f"Sag {role.upper()} TSE")
    panel.process_events()
    assert "Sag T1 TSE, Sag T2 TSE" in ui.adoptButton.toolTip
    panel.click("adoptButton")
    assert not ui.adoptButton.visible
    assert [row[0] for row in rows(panel)] == ["T1", "T2"]
    assert columns() == {"t1", "t2"}
    assert "roles" in ui.statusLabel.text
    assert len(cases_in(slicer.mrmlScene)) == 1
    panel.click("addLesionButton")
    panel.click("outlineButton")
    assert "outline of L1 on T2" in ui.editingLabel.text
