"""Asking a model in the panel: the answer, the second look, cancel, crash, and the scene afterwards."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.mrml.results import CONTRIBUTIONS, OVERLAY, results_in
from spinemets.mrml.volumes import image_from_volume_node


def test_the_lesion_of_the_segmenter_is_classified(panel, lesion, classify, simulated_study):
    assert panel.widget.ui.lesionComboBox.currentText == "L3"
    (result,) = classify()
    document = result.document
    assert document["class"] == simulated_study.facts["lesion_type"] == "osteolytic"
    assert "Osteolytic" in panel.widget.ui.answerLabel.text
    assert f"{document['probability']:.2f}" in panel.widget.ui.answerLabel.text
    assert "Simulated" in panel.widget.ui.noticeLabel.text
    assert "Research use only" in panel.widget.ui.researchLabel.text
    assert document["provenance"]["inputs"]["t2"]["series_uid"]
    assert document["provenance"]["inputs"]["t2"]["frame_of_reference_uid"]
    assert "L3" in document["provenance"]["mask"]["author"]
    overlay, truth = image_from_volume_node(result.part(OVERLAY)), simulated_study.truth("lesion_t2")
    a, b = sitk.GetArrayFromImage(overlay) > 0, sitk.GetArrayFromImage(truth) > 0
    assert 2 * np.sum(a & b) / (a.sum() + b.sum()) > 0.8


def test_the_answer_is_that_of_the_command_line(panel, lesion, classify, simulated_study, tmp_path):
    from spinemets.cli.workflow import open_study
    from spinemets.models.classification import classify_case
    from spinemets.models.package import ModelPackage
    from spinemets.studies.scanning import scan_study

    (result,) = classify()
    package = ModelPackage.read(panel.widget.parameters.modelPaths)
    mask = simulated_study.folder / "truth" / "lesion_dce.nrrd"
    opened = open_study(scan_study(simulated_study.dicom), package, mask)
    expected = classify_case(opened.images, opened.mask, package)
    assert result.document["probability"] == pytest.approx(expected.probability, abs=1e-9)
    assert result.document["features"] == pytest.approx(expected.features, rel=1e-6)


def test_the_second_look_takes_no_time_and_no_process(panel, lesion, classify, monkeypatch):
    (before,) = classify()
    monkeypatch.setattr(panel.widget.standby, "job", lambda *_: pytest.fail("asked again"))
    begin = time.perf_counter()
    panel.click("applyButton")
    assert time.perf_counter() - begin < 0.5
    (after,) = results_in(slicer.mrmlScene)
    assert after.document == before.document
    assert "before" in panel.widget.ui.statusLabel.text


def test_an_answer_never_stands_beside_a_lesion_that_was_changed(panel, case, lesion, classify, simulated_study):
    from spinemets.mrml.lesions import Content
    from spinemets.mrml.segmentations import replace_segment

    classify()
    (part,) = lesion.parts(Content.LESIONS)
    truth = simulated_study.truth("lesion_dce")
    replace_segment(part.node, part.segment_id, sitk.BinaryErode(truth, (1, 1, 0)))
    panel.widget.refresh()
    assert "Osteolytic" not in panel.widget.ui.answerLabel.text
    assert "changed" in panel.widget.ui.answerLabel.text
    replace_segment(part.node, part.segment_id, truth)
    panel.widget.refresh()
    assert "Osteolytic" in panel.widget.ui.answerLabel.text
    case.volumes()["t2"].SetSpacing(2.0, 2.0, 2.0)
    panel.widget.refresh()
    assert "Osteolytic" not in panel.widget.ui.answerLabel.text


def test_cancelled_half_way_leaves_everything_as_it_was(panel, lesion):
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    panel.click("applyButton")
    assert panel.widget.ui.applyButton.text == "Cancel"
    seen = []
    bar = panel.widget.ui.progressLabel
    panel.process_events(until=lambda: seen.append(bar.text) or any("Features" in text for text in seen), timeout_s=60)
    job = panel.widget._classifying._job
    panel.click("applyButton")
    assert (panel.widget.ui.applyButton.text, panel.widget.ui.applyButton.enabled) == ("Classify", True)
    panel.process_events(until=lambda: not job.isRunning, timeout_s=30)
    panel.process_events()
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert "as it was" in panel.widget.ui.statusLabel.text
    assert list(Path(slicer.app.temporaryPath).glob("SpineMets-result*")) == []


def test_a_crash_of_the_child_is_told_with_what_to_do(panel, lesion):
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    panel.click("applyButton")
    panel.process_events(until=lambda: "Features" in panel.widget.ui.progressLabel.text, timeout_s=60)
    os.kill(panel.widget._classifying._job._process._pid, 9)
    panel.process_events(until=lambda: not panel.widget.isWorking, timeout_s=30)
    text = panel.widget.ui.statusLabel.text
    assert "unexpectedly" in text and "try again" in text
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert panel.widget.ui.applyButton.enabled


@pytest.mark.slow
def test_the_window_never_waits_long(panel, lesion):
    longest, last = 0.0, time.perf_counter()
    panel.click("applyButton")
    while panel.widget.isWorking:
        panel.process_events()
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    assert longest < 0.6  # 0.3 s, and what a busy machine adds


def test_a_saved_scene_shows_the_answer_again(panel, lesion, classify, tmp_path):
    (before,) = classify()
    save_and_read(panel, tmp_path / "scene")
    (after,) = results_in(slicer.mrmlScene)
    assert after.document == before.document
    assert "Osteolytic" in panel.widget.ui.answerLabel.text
    assert after.part(CONTRIBUTIONS) is not None
    panel.widget.standby.job = lambda *_: pytest.fail("asked again")
    panel.click("applyButton")


def save_and_read(panel, folder):
    folder.mkdir()
    logic = slicer.app.applicationLogic()
    logic.SaveSceneToSlicerDataBundleDirectory(str(folder), None)
    slicer.mrmlScene.Clear(0)
    panel.process_events()
    slicer.mrmlScene.SetURL(str(next(folder.rglob("*.mrml"))))
    slicer.mrmlScene.Connect()
    panel.process_events()
    panel.process_events()
