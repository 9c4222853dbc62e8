"""The library of models, several models on one case, and the worklist."""

import csv
import json
import shutil

import pytest
import slicer

from spinemets.models.package import ModelPackage, find_package, write_package
from spinemets.mrml.results import results_in

DEMONSTRATION = "osteoblastic-vs-osteolytic-demo"
OK = 0x00000400


def changed_package(path, **changes):
    """The demonstration model with another name and other content, as another group would share it."""
    given = ModelPackage.read(find_package(DEMONSTRATION))
    model = json.loads(json.dumps(given.model)) | {"name": path.stem} | changes
    return write_package(model, {}, path)


def listed(panel) -> dict[str, tuple[bool, str]]:
    """Name of each model: whether it can be ticked, and its tool tip."""
    import qt

    table = panel.widget.ui.modelTable
    items = [table.item(row, 0) for row in range(table.rowCount)]
    return {item.text(): (bool(int(item.flags()) & int(qt.Qt.ItemIsUserCheckable)), item.toolTip()) for item in items}


def tick(panel, name: str, isTicked: bool = True) -> None:
    import qt

    table = panel.widget.ui.modelTable
    (item,) = (table.item(row, 0) for row in range(table.rowCount) if table.item(row, 0).text() == name)
    item.setCheckState(qt.Qt.Checked if isTicked else qt.Qt.Unchecked)
    panel.process_events()


def install(panel, path) -> None:
    panel.answer_dialogs(str(path))
    panel.click("installModelButton")


def test_a_package_is_checked_copied_and_removed(panel, lesion, tmp_path):
    changed_package(tmp_path / "other-model.spinemets")
    install(panel, tmp_path / "other-model.spinemets")
    copy = panel.widget.library.folder / "other-model.spinemets"
    assert copy.read_bytes() == (tmp_path / "other-model.spinemets").read_bytes()
    assert list(listed(panel)) == [DEMONSTRATION, "other-model"]
    assert not panel.ui("removeModelButton").enabled  # that of the extension is selected
    panel.widget.ui.modelTable.selectRow(1)
    panel.process_events()
    panel.answer_dialogs(OK)
    panel.click("removeModelButton")
    assert not copy.exists()
    assert list(listed(panel)) == [DEMONSTRATION]


def test_a_damaged_package_is_refused_with_its_fault(panel, lesion, tmp_path):
    (tmp_path / "bad.spinemets").write_bytes(b"not a zip")
    install(panel, tmp_path / "bad.spinemets")
    assert "bad.spinemets: is not a readable zip" in panel.widget.ui.statusLabel.text
    assert not panel.widget.library.folder.exists()
    assert list(listed(panel)) == [DEMONSTRATION]


def test_what_does_not_fit_cannot_be_ticked_and_says_why(panel, lesion, tmp_path):
    model = json.loads(json.dumps(ModelPackage.read(find_package(DEMONSTRATION)).model))
    inputs = [{"role": "ct", "description": "CT"}, *model["inputs"]]
    changed_package(tmp_path / "with-ct.spinemets", inputs=inputs)
    install(panel, tmp_path / "with-ct.spinemets")
    (panel.widget.library.folder / "broken.spinemets").write_bytes(b"")
    panel.widget.updatePanel()
    models = listed(panel)
    assert models[DEMONSTRATION][0]
    assert models["with-ct"] == (False, "The case has no series of this role: CT. Load it, or correct the roles.")
    assert not models["broken"][0] and "broken.spinemets" in models["broken"][1]


def test_the_card_says_what_the_model_is(panel, lesion):
    panel.widget.ui.modelTable.selectRow(0)
    panel.click("cardButton")
    text = panel.widget.ui.cardLabel.text
    for words in ("simulated", "Nested cross-validation", "AUC 0.", "Intended use", "60 cases", "Licence"):
        assert words in text


def test_no_model_is_marked_that_nobody_chose(panel, lesion, shipped, tmp_path):
    """A marked row would be taken for the model that is asked."""
    panel.widget.library.install(shipped / "metastasis-vs-primary-demo.spinemets")
    panel.widget.modelsChosen([])
    panel.process_events()
    table = panel.widget.ui.modelTable
    assert [item.text() for item in table.selectedItems()] == []
    assert "Select a model" in panel.ui("cardButton").toolTip
    tick(panel, "metastasis-vs-primary-demo")
    assert table.selectedItems()[0].text() == "metastasis-vs-primary-demo"
    panel.click("cardButton")
    assert "etastasis or primary" in panel.widget.ui.cardLabel.text


def test_several_models_side_by_side(panel, lesion, classify, tmp_path):
    threshold = {"value": 0.01, "method": "chosen for the test"}
    changed_package(tmp_path / "careful.spinemets", threshold=threshold)
    install(panel, tmp_path / "careful.spinemets")
    tick(panel, "careful")
    results = classify()
    assert sorted(result.model for result in results) == ["careful", DEMONSTRATION]
    table = panel.widget.ui.resultTable
    assert table.visible
    rows = [[table.item(row, column).text() for column in range(3)] for row in range(2)]
    assert {row[0]: row[2] for row in rows} == {DEMONSTRATION: "osteolytic", "careful": "osteoblastic"}
    table.selectRow([row[0] for row in rows].index("careful"))
    panel.process_events()
    assert "Osteoblastic" in panel.widget.ui.answerLabel.text
    table.selectRow([row[0] for row in rows].index(DEMONSTRATION))
    panel.process_events()
    assert "Osteolytic" in panel.widget.ui.answerLabel.text
    tick(panel, "careful", False)
    assert not table.visible
    assert len(results_in(slicer.mrmlScene)) == 2  # it is kept, and shown when the model is ticked again


@pytest.mark.slow
def test_a_model_that_fails_does_not_take_the_others_with_it(panel, lesion, classify, tmp_path):
    model = json.loads(json.dumps(ModelPackage.read(find_package(DEMONSTRATION)).model))
    recipe = model["recipe"] | {"extraction": model["recipe"]["extraction"] | {"spacing": 90.0}}
    changed_package(tmp_path / "coarse.spinemets", recipe=recipe)
    install(panel, tmp_path / "coarse.spinemets")
    tick(panel, "coarse")
    (result,) = classify()
    assert result.model == DEMONSTRATION
    assert "coarse:" in panel.widget.ui.statusLabel.text
    table = panel.widget.ui.resultTable
    rows = {table.item(row, 0).text(): table.item(row, 2).text() for row in range(2)}
    assert rows == {DEMONSTRATION: "osteolytic", "coarse": "failed"}


@pytest.fixture
def cohort(simulated_study, unpacked_study, tmp_path):
    """Two lesions that can be classified, and one whose image is missing."""
    files = {series.role: series.files[0] for series in unpacked_study.series if series.files}
    mask = simulated_study.folder / "truth" / "lesion_dce.nrrd"
    rows = [[name, "L3", files["t1"], files["t2"], files["fs_t2"], mask] for name in ("P1", "P2", "P3")]
    shutil.copyfile(files["t1"], tmp_path / "gone.nrrd")
    rows[1][2] = tmp_path / "gone.nrrd"
    path = tmp_path / "cohort.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([["case", "lesion", "t1", "t2", "fs_t2", "mask"], *rows])
    return path


def test_a_worklist_is_worked_off_with_a_status_a_case(panel, lesion, cohort, tmp_path):
    panel.click("worklistCollapsibleButton")
    assert not panel.ui("worklistButton").enabled
    panel.widget.ui.worklistPathEdit.currentPath = str(cohort)
    panel.process_events()
    (tmp_path / "gone.nrrd").write_bytes(b"")
    (tmp_path / "out").mkdir()
    panel.answer_dialogs(str(tmp_path / "out"))
    panel.click("worklistButton")
    assert panel.ui("worklistButton").text == "Cancel"
    assert not panel.ui("applyButton").enabled
    panel.process_events(until=lambda: not panel.widget.isWorking, timeout_s=120)
    table = panel.widget.ui.worklistTable
    statuses = [table.item(row, 2).text() for row in range(3)]
    assert statuses[0].startswith("osteolytic") and statuses[2] == statuses[0]
    assert statuses[1] == "failed" and "gone.nrrd" in table.item(1, 2).toolTip()
    assert "read why" in panel.widget.ui.worklistLabel.text
    with (tmp_path / "out" / "results.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["case"] for row in rows] == ["P1", "P2", "P3"]
    assert rows[0]["probability"] == rows[2]["probability"] != "" == rows[1]["probability"]
    assert (tmp_path / "out" / DEMONSTRATION / "P1-L3" / "report.html").is_file()


@pytest.mark.slow
def test_a_cancelled_worklist_keeps_what_was_answered(panel, lesion, cohort, tmp_path):
    panel.click("worklistCollapsibleButton")
    panel.widget.ui.worklistPathEdit.currentPath = str(cohort)
    (tmp_path / "out").mkdir()
    panel.answer_dialogs(str(tmp_path / "out"))
    panel.click("worklistButton")
    entries = panel.widget.worklistSection.worklist.entries
    panel.process_events(until=lambda: entries[1].status == "working", timeout_s=60)
    panel.click("worklistButton")
    assert [entry.status for entry in entries] == ["done", "cancelled", "cancelled"]
    assert "1 of 3 answered" in panel.widget.ui.worklistLabel.text
    panel.process_events()
    assert panel.ui("applyButton").enabled
    panel.widget.standby.stop()
