"""A case opened in the Classifier itself: from a folder, from the DICOM database, with what it lacks named."""

import shutil

import pytest
import slicer

from spinemets.mrml.cases import cases_in
from Testing.harness.dicom_database import DicomDatabase


def wait(panel):
    panel.process_events(until=lambda: not panel.widget.isWorking, timeout_s=120)
    panel.process_events()


@pytest.fixture
def database(monkeypatch, simulated_study):
    found = DicomDatabase(simulated_study.dicom)
    monkeypatch.setattr(slicer, "dicomDatabase", found, raising=False)
    return found


def test_a_folder_is_loaded_and_hung_and_what_is_missing_is_named(panel, simulated_study):
    ui = panel.widget.ui
    assert "folder" in ui.loadStudyButton.toolTip
    panel.type("studyPathEdit", simulated_study.dicom)
    panel.click("loadStudyButton")
    assert ui.loadStudyButton.text == "Cancel"
    assert not ui.applyButton.enabled
    wait(panel)
    (case,) = cases_in(slicer.mrmlScene)
    assert panel.widget.parameters.caseUid == case.uid
    assert ui.volumeT1Selector.currentNode().GetID() == case.volumes()["t1"].GetID()
    manager = slicer.app.layoutManager()
    shown = {name for name in manager.sliceViewNames() if manager.sliceWidget(name).visible}
    assert shown == {f"SpineMets_{role}" for role in case.volumes()}
    assert "lesion" in ui.applyButton.toolTip
    assert "Study loaded" in ui.statusLabel.text


def test_a_study_of_the_dicom_database_is_opened_where_it_lies(panel, database, simulated_study):
    ui = panel.widget.ui
    panel.click("databaseButton")
    assert ui.databaseTable.rowCount == 1
    assert "SIM000001" in ui.databaseTable.item(0, 0).text()
    panel.type("databaseSearchLine", "nobody")
    assert ui.databaseTable.rowCount == 0
    assert "fits" in ui.databaseLabel.text
    panel.type("databaseSearchLine", "sim000001")
    panel.widget.caseSection.opener.loadFromDatabase(0)
    wait(panel)
    (case,) = cases_in(slicer.mrmlScene)
    assert set(case.volumes()) == {"t1", "t2", "fs_t2", "dce"}
    assert not ui.databaseFrame.visible
    # The same study from its folder is the same case: nothing is loaded twice.
    volumes = slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")
    panel.type("studyPathEdit", simulated_study.dicom)
    panel.click("loadStudyButton")
    wait(panel)
    assert cases_in(slicer.mrmlScene) == [case]
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == volumes


def test_the_database_says_why_it_shows_nothing(panel, monkeypatch, database):
    monkeypatch.setattr(database, "isOpen", False, raising=False)
    panel.click("databaseButton")
    assert "not open" in panel.widget.ui.databaseLabel.text
    monkeypatch.setattr(slicer, "dicomDatabase", None)
    panel.click("databaseButton")
    panel.click("databaseButton")
    assert "not open" in panel.widget.ui.databaseLabel.text


def test_files_that_only_the_database_has_are_told(panel, monkeypatch, simulated_study, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(simulated_study.dicom, copy)
    monkeypatch.setattr(slicer, "dicomDatabase", DicomDatabase(copy), raising=False)
    shutil.rmtree(copy)
    panel.click("databaseButton")
    panel.widget.caseSection.opener.loadFromDatabase(0)
    wait(panel)
    assert "does not exist" in panel.widget.ui.statusLabel.text
    assert cases_in(slicer.mrmlScene) == []


def test_a_model_s_series_that_the_study_lacks_is_named(panel, simulated_study, tmp_path):
    from spinemets.studies.scanning import scan_study

    partial = tmp_path / "partial"
    partial.mkdir()
    for series in scan_study(simulated_study.dicom).series:
        for file in set(series.files) if series.role != "fs_t2" else ():
            shutil.copy(file, partial / f"{series.role}-{file.name}")
    panel.type("studyPathEdit", str(partial))
    panel.click("loadStudyButton")
    wait(panel)
    ui = panel.widget.ui
    assert ui.volumeFsT2Label.text.startswith("⚠")
    assert not ui.volumeT1Label.text.startswith("⚠")


def test_loading_is_cancelled_and_the_scene_stays_as_it_was(panel, simulated_study):
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    panel.type("studyPathEdit", simulated_study.dicom)
    panel.click("loadStudyButton")
    panel.click("loadStudyButton")
    wait(panel)
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert "cancelled" in panel.widget.ui.statusLabel.text
