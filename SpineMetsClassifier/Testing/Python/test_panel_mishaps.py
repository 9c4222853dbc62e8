"""What goes wrong between the clicks: things that vanish while the model works, two patients, odd names, damage."""

import dataclasses
import shutil

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
import slicer

from spinemets.mrml.cases import SceneCase, cases_in
from spinemets.mrml.lesions import Content, add_lesion, ensure_part
from spinemets.mrml.loading import load_case
from spinemets.mrml.results import results_in
from spinemets.mrml.segmentations import replace_segment


def tip(panel) -> str:
    assert not panel.ui("applyButton").enabled
    return panel.ui("applyButton").toolTip


def wait(panel) -> None:
    panel.process_events(until=lambda: not panel.widget.isWorking, timeout_s=120)
    panel.process_events()


def begin(panel) -> None:
    """Click Classify and wait until the child process has begun."""
    panel.click("applyButton")
    panel.process_events(until=lambda: panel.widget._classifying._job is not None, timeout_s=60)


def test_a_model_that_is_damaged_after_it_was_ticked(panel, lesion, shipped, tmp_path):
    name = "malignant-vs-osteoporotic-demo.spinemets"
    own = panel.widget.library.install(shipped / name)
    panel.widget.modelsChosen([str(own.path)])
    panel.process_events()
    assert panel.ui("applyButton").enabled
    own.path.write_bytes(own.path.read_bytes()[:2000])
    panel.widget.refresh()
    assert "malignant-vs-osteoporotic-demo" in tip(panel) and "is not a readable zip archive" in tip(panel)
    assert tip(panel) in panel.widget.ui.answerLabel.text


def test_an_emptied_lesion(panel, lesion):
    (part,) = lesion.parts(Content.LESIONS)
    labelmap = part.node.GetBinaryLabelmapInternalRepresentation(part.segment_id)
    labelmap.GetPointData().GetScalars().Fill(0)
    labelmap.Modified()
    part.node.GetSegmentation().GetSegment(part.segment_id).Modified()
    panel.widget.refresh()
    assert "lesion" in tip(panel).lower() and "raw" in tip(panel)


@pytest.mark.parametrize("what", ["segment", "segmentation", "series"])
def test_what_is_deleted_while_the_model_works(panel, case, lesion, what):
    (part,) = lesion.parts(Content.LESIONS)
    begin(panel)
    if what == "segment":
        part.node.GetSegmentation().RemoveSegment(part.segment_id)
    else:
        slicer.mrmlScene.RemoveNode(part.node if what == "segmentation" else case.volumes()["t1"])
    wait(panel)
    assert results_in(slicer.mrmlScene) == []
    assert not panel.widget.documents()
    assert "could not be classified" in panel.widget.ui.statusLabel.text
    assert tip(panel)
    assert "T1" in tip(panel) if what == "series" else "lesion" in tip(panel)


@pytest.fixture
def other(panel, case, unpacked_study):
    """Another patient's study beside the first one."""
    study = dataclasses.replace(unpacked_study, uid="1.2.3", patient_id="SIM000002")
    loaded = SceneCase(slicer.mrmlScene, load_case(study, slicer.mrmlScene).folder)
    panel.process_events()
    return loaded


def test_a_series_of_another_patient(panel, case, lesion, other):
    panel.widget.parameters.volumeT2 = other.volumes()["t2"]
    panel.process_events()
    assert "another study" in tip(panel) and "T2" in tip(panel)
    assert panel.ui("volumeT2Label").text.startswith("⚠")
    panel.widget.parameters.volumeT2 = case.volumes()["t2"]
    panel.process_events()
    assert panel.ui("applyButton").enabled


def test_two_lesions_have_two_answers(panel, case, lesion, classify, simulated_study):
    volume = case.volumes()["dce"]
    truth = simulated_study.truth("lesion_dce")
    array = sitk.GetArrayFromImage(truth)
    array[:, :, : int(np.argwhere(array).mean(axis=0)[2])] = 0  # the left half of it
    half = sitk.GetImageFromArray(array)
    half.CopyInformation(truth)
    part = ensure_part(case, add_lesion(case, "L3 left", case.volumes()["t2"]), Content.LESIONS, volume)
    replace_segment(part.node, part.segment_id, half)
    panel.widget.refresh()
    (first,) = classify()
    panel.choose("lesionComboBox", "L3 left")
    assert not panel.widget.documents()
    assert len({result.lesion for result in classify()}) == 2
    (shown,) = panel.widget.documents()
    assert shown["lesion"]["volume_ml"] < 0.7 * first.document["lesion"]["volume_ml"]
    panel.choose("lesionComboBox", "L3")
    assert panel.widget.documents() == [first.document]


@pytest.fixture
def odd_study(simulated_study, tmp_path):
    """`odd_study(name)`: the study in a folder with spaces and umlauts, of a patient of this name."""

    def write(name: str, identity: str):
        folder = tmp_path / "Fälle und Übungen" / "Müller, José"
        shutil.copytree(simulated_study.dicom, folder)
        for path in folder.rglob("*.dcm"):
            content = pydicom.dcmread(path)
            content.SpecificCharacterSet = "ISO_IR 192"
            content.PatientName, content.PatientID = name, identity
            content.save_as(path)
        return folder

    return write


@pytest.mark.slow
@pytest.mark.parametrize(("name", "identity"), [("Müller^José", "Ä-17"), ("", ""), ("山田^太郎", "患者 1")])
def test_odd_names_of_patient_and_folder(panel, odd_study, simulated_study, tmp_path, name, identity):
    folder = odd_study(name, identity)
    panel.ui("studyPathEdit").currentPath = str(folder)  # Qt's simulated keyboard has no such letters
    panel.process_events()
    panel.click("loadStudyButton")
    wait(panel)
    (case,) = cases_in(slicer.mrmlScene)
    volumes = case.volumes()
    part = ensure_part(case, add_lesion(case, "L3 (größer)", volumes["t2"]), Content.LESIONS, volumes["dce"])
    replace_segment(part.node, part.segment_id, simulated_study.truth("lesion_dce"))
    panel.widget.refresh()
    panel.click("applyButton")
    wait(panel)
    assert panel.widget.documents(), panel.widget.ui.statusLabel.text
    panel.click("exportCollapsibleButton")
    for button, file in (("saveReportButton", "Bericht ö.html"), ("saveReportButton", "Bericht ö.pdf"),
                         ("saveTableButton", "Tabelle ß.csv"), ("saveLesionButton", "Läsion.seg.nrrd")):  # fmt: skip
        panel.answer_dialogs(str(folder.parent / file))
        panel.click(button)
        wait(panel)
        assert (folder.parent / file).stat().st_size > 100, panel.widget.ui.exportLabel.text
    page = (folder.parent / "Bericht ö.html").read_text(encoding="utf-8")
    assert all(word in page for word in name.split("^"))
    assert identity in page
    assert "None" not in page
