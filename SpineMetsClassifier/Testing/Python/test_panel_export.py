"""What leaves the application: report, table, figures, lesion, text."""

import csv
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.mrml.results import results_in


@pytest.fixture
def answered(panel, classify):
    panel.click("exportCollapsibleButton")
    (result,) = classify()
    return result


def test_nothing_can_be_saved_before_there_is_an_answer(panel, lesion):
    for name in ("showReportButton", "saveReportButton", "saveTableButton", "saveFiguresButton", "copyButton"):
        assert not panel.ui(name).enabled
        assert "Classify" in panel.ui(name).toolTip
    assert panel.ui("saveLesionButton").enabled


def test_report_table_figures_lesion_and_text(panel, answered, tmp_path, simulated_study):
    document = answered.document
    panel.answer_dialogs(str(tmp_path / "report.html"))
    panel.click("saveReportButton")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "SIM000001" in page and "Research use only" in page and "Sag T2 TSE" in page
    assert f"{document['probability']:.2f}" in page

    panel.answer_dialogs(str(tmp_path / "report.pdf"))
    panel.click("saveReportButton")
    content = (tmp_path / "report.pdf").read_bytes()
    assert content.startswith(b"%PDF") and len(content) > 20_000

    panel.answer_dialogs(str(tmp_path / "table"))
    panel.click("saveTableButton")
    with (tmp_path / "table.csv").open(encoding="utf-8") as stream:
        (row,) = csv.DictReader(stream)
    assert float(row["probability"]) == document["probability"]
    assert (row["lesion"], row["class"], row["simulated"]) == ("L3", "osteolytic", "True")
    for name, value in document["features"].items():
        assert float(row[name]) == value

    (tmp_path / "figures").mkdir()
    panel.answer_dialogs(str(tmp_path / "figures"))
    panel.click("saveFiguresButton")
    names = [path.name for path in (tmp_path / "figures").iterdir()]
    for path in (tmp_path / "figures").iterdir():
        figure = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        assert figure[-1].text.startswith("Research use only")  # the figure may end up on a slide, alone
        assert float(figure[-1].get("y")) < float(figure.get("viewBox").split()[3])
    for figure in ("nomogram", "contributions", "probability", "sagittal-lesion", "axial-overview"):
        assert any(name.endswith(f"{figure}.svg") for name in names), names

    panel.answer_dialogs(str(tmp_path / "lesion.seg.nrrd"))
    panel.click("saveLesionButton")
    saved = sitk.ReadImage(str(tmp_path / "lesion.seg.nrrd"))
    truth = simulated_study.truth("lesion_dce")
    on_truth = sitk.Resample(saved, truth, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
    assert np.array_equal(sitk.GetArrayFromImage(on_truth) > 0, sitk.GetArrayFromImage(truth) > 0)

    panel.click("copyButton")
    text = slicer.app.clipboard().text()
    assert text.startswith("Research use only")
    assert "Osteolytic. Probability of osteoblastic" in text and document["provenance"]["model"]["sha256"] in text


def test_a_folder_that_cannot_be_written_is_told_in_the_panel(panel, answered, tmp_path):
    (tmp_path / "file").write_text("")
    panel.answer_dialogs(str(tmp_path / "file" / "report.html"))
    panel.click("saveReportButton")
    assert "Not saved" in panel.widget.ui.exportLabel.text


@pytest.mark.parametrize("button", ["saveReportButton", "saveTableButton", "saveFiguresButton", "saveLesionButton"])
def test_a_place_that_takes_no_files_is_told_for_each_of_them(panel, answered, tmp_path, button):
    """Where nobody may write, not even root: a folder that is a file."""
    (tmp_path / "closed").write_text("")
    panel.answer_dialogs(str(tmp_path / "closed" if button == "saveFiguresButton" else tmp_path / "closed" / "out.csv"))
    panel.click(button)
    panel.process_events()
    told = panel.widget.ui.exportLabel.text + panel.widget.ui.statusLabel.text
    assert "⚠" in told and "closed" in told and "choose" in told, told


@pytest.mark.slow
def test_the_report_of_an_answer_from_a_saved_scene_is_made_again(panel, answered, tmp_path):
    for answer in panel.widget.files.values():
        answer.forget()
    panel.widget.files.clear()
    panel.answer_dialogs(str(tmp_path / "report.html"))
    panel.click("saveReportButton")
    panel.process_events(until=lambda: not panel.widget.isWorking, timeout_s=60)
    assert (tmp_path / "report.html").is_file()
    assert Path(panel.widget.files[answered.key].out / "report.html").is_file()
    assert results_in(slicer.mrmlScene)[0].document["probability"] == answered.document["probability"]


@pytest.mark.slow
def test_a_cancelled_dialog_saves_nothing(panel, answered, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("saveReportButton", "saveTableButton", "saveFiguresButton", "saveLesionButton"):
        panel.click(name)
    assert list(tmp_path.glob("*.*")) == []
