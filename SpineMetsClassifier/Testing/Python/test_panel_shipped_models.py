"""Each model that comes with the extension, the whole way as a user goes it: study opened, lesion outlined with the
mouse and found, classified, work cancelled and crashed, a clinical value changed, everything exported, scene saved and
read again."""

import json
import os
import time
from html import escape

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.models.package import SHIPPED_FOLDER, SUFFIX, ModelPackage
from spinemets.mrml.cases import cases_in
from spinemets.mrml.lesions import Content, lesions_of
from spinemets.mrml.results import results_in
from spinemets.mrml.segmentations import mask_from_segment
from spinemets.report.wording import probability_in_words

PACKAGES = sorted(SHIPPED_FOLDER.glob(f"*{SUFFIX}"))
SEED = 11
# Series on which the reader outlines, and in which the lesion is found.
OUTLINED, SEARCHED = "t2", "dce"
BRUSH_MM = 12.0


@pytest.fixture(autouse=True)
def shipped():
    """All models, as they come; other tests see one."""
    return SHIPPED_FOLDER


@pytest.fixture(scope="session")
def study_for(tmp_path_factory):
    """`study_for(package)`: a simulated patient of the model's question, as DICOM with truth, and clinical values."""
    from spinemets.phantom.cohort import draw_case
    from spinemets.phantom.study import write_study

    known = {}

    def write(package):
        roles = tuple(dict.fromkeys((*package.roles, OUTLINED, SEARCHED)))
        if (package.question, roles) not in known:
            folder = tmp_path_factory.mktemp(package.question) / "study"
            phantom, clinical = draw_case(package.question, 1, SEED)
            write_study(phantom, folder, roles=roles)
            known[package.question, roles] = (folder, clinical)
        return known[package.question, roles]

    return write


def wait(panel, seconds=300):
    panel.process_events(until=lambda: not panel.widget.isWorking, timeout_s=seconds)
    panel.process_events()


def go_to(panel, module: str) -> None:
    panel.select_module(module)
    panel.name = module


def segment(panel, folder, level: str) -> None:
    """In the Segmenter: load the study, outline the diseased vertebra with the brush, find the lesion, accept it."""
    panel.type("studyPathEdit", str(folder / "dicom"))
    panel.click("loadStudyButton")
    wait(panel)
    (case,) = cases_in(slicer.mrmlScene)
    panel.type("levelComboBox", level)
    panel.click("addLesionButton")
    panel.click("outlineButton")
    editor = panel.widget.editorSection.editor
    editor.setActiveEffectByName("Paint")
    editor.activeEffect().setCommonParameter("BrushAbsoluteDiameter", BRUSH_MM)
    paint(panel, sitk.ReadImage(str(folder / "truth" / f"outline_{OUTLINED}.nrrd"), sitk.sitkUInt8))
    rest(panel)
    panel.click("findButton")
    tool = editor.activeEffect().self().tool
    panel.process_events(until=lambda: not tool.isWorking, timeout_s=120)
    panel.click("acceptButton")
    rest(panel)
    (lesion,) = lesions_of(case)
    (mask,) = lesion.parts(Content.LESIONS)
    truth = sitk.ReadImage(str(folder / "truth" / f"lesion_{SEARCHED}.nrrd"), sitk.sitkUInt8)
    found = sitk.GetArrayFromImage(mask_from_segment(mask.node, mask.segment_id, truth)) > 0
    real = sitk.GetArrayFromImage(truth) > 0
    assert 2 * np.sum(found & real) / (found.sum() + real.sum()) >= 0.8


def rest(panel) -> None:
    """Wait until the Segmenter has noticed what was drawn."""
    panel.process_events()
    panel.process_events(until=lambda: not panel.widget._restTimer.isActive())


def paint(panel, shape: sitk.Image) -> None:
    """Fill a shape, slice by slice, with the brush, as a hand that stays inside of it."""
    view = f"SpineMets_{OUTLINED}"
    node = slicer.app.layoutManager().sliceWidget(view).mrmlSliceNode()
    x, y, z = shape.GetSpacing()
    for k, inside in enumerate(sitk.GetArrayFromImage(shape)):
        if not inside.any():
            continue
        depth = sitk.SignedMaurerDistanceMap(
            sitk.GetImageFromArray(inside), insideIsPositive=True, squaredDistance=False, useImageSpacing=False
        )
        stroke = []
        for j, i in np.argwhere(sitk.GetArrayFromImage(depth) * x >= 0.4 * BRUSH_MM):
            if all(np.hypot((i - a) * x, (j - b) * y) >= 0.6 * BRUSH_MM for a, b in stroke):
                stroke.append((i, j))
        if not stroke:
            continue
        places = [shape.TransformIndexToPhysicalPoint((int(i), int(j), k)) for i, j in stroke]
        places = [(-left, -posterior, superior) for left, posterior, superior in places]
        scroll_to(panel, view, node, places[0], z)
        panel.drag_in_slice(view, places)


def scroll_to(panel, view: str, node, place, spacing: float) -> None:
    """Turn the wheel over a view until it shows a place."""

    def away() -> float:
        plane = slicer.util.arrayFromVTKMatrix(node.GetSliceToRAS())
        return float(plane[:3, 2] @ (np.array(place) - plane[:3, 3]))

    for _turn in range(100):
        before = away()
        if abs(before) <= 0.51 * spacing:
            return
        panel.scroll_slice(view, 1 if before > 0 else -1)
    raise AssertionError(f"{away():.1f} mm away from {place} after many turns of the wheel")


def tick(panel, name: str) -> None:
    import qt

    table = panel.widget.ui.modelTable
    (item,) = (table.item(row, 0) for row in range(table.rowCount) if table.item(row, 0).text() == name)
    item.setCheckState(qt.Qt.Checked)
    panel.process_events()


def enter(panel, package, values) -> None:
    """Fill the form; what the simulator does not tell gets its first word, or a number from the middle."""
    for name, about in package.variables.items():
        if "values" in about:
            words = list(about["values"])
            panel.choose(f"clinical_{name}", str(values[name]) if str(values.get(name)) in words else words[0])
        else:
            place = package.features.index(name)
            ranges = package.model["training"]["feature_ranges"]
            panel.type(f"clinical_{name}", f"{(ranges['low'][place] + ranges['high'][place]) / 2:.0f}")


def begin(panel) -> object:
    """Click Classify and wait until the child process measures."""
    panel.click("applyButton")
    panel.process_events(
        until=lambda: panel.widget._classifying is None or panel.widget._classifying._job is not None, timeout_s=120
    )
    panel.process_events(until=lambda: panel.widget._classifying._job._process._pid is not None, timeout_s=120)
    return panel.widget._classifying._job


@pytest.mark.slow
@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: path.stem)
def test_the_whole_way(panel, path, study_for, tmp_path):
    package = ModelPackage.read(path)
    folder, clinical = study_for(package)
    go_to(panel, "SpineMetsSegmenter")
    panel.widget.saving.root = tmp_path / "autosave"
    segment(panel, folder, clinical["level"])
    go_to(panel, "SpineMetsClassifier")
    assert panel.ui("lesionComboBox").currentText == clinical["level"]
    assert not panel.ui("applyButton").enabled and "Tick the model" in panel.ui("applyButton").toolTip
    tick(panel, package.name)
    if package.variables:
        assert not panel.ui("applyButton").enabled
        enter(panel, package, clinical)
    assert panel.ui("applyButton").enabled, panel.ui("applyButton").toolTip
    before = slicer.mrmlScene.GetNumberOfNodes()
    job = begin(panel)
    panel.click("applyButton")
    assert panel.widget.ui.statusLabel.text == "Cancelled. Everything is as it was before."
    assert slicer.mrmlScene.GetNumberOfNodes() == before and panel.ui("applyButton").text == "Classify"
    panel.process_events(until=lambda: not job.isRunning, timeout_s=60)
    job = begin(panel)
    os.kill(job._process._pid, 9)
    wait(panel)
    assert "try again" in panel.widget.ui.statusLabel.text
    assert slicer.mrmlScene.GetNumberOfNodes() == before and results_in(slicer.mrmlScene) == []
    panel.click("applyButton")
    wait(panel)
    (result,) = results_in(slicer.mrmlScene)
    check_answer(panel, package, result.document)
    if package.variables:
        change_a_value(panel, package, result.document)
    export(panel, package, tmp_path)
    (result,) = results_in(slicer.mrmlScene)
    read_again(panel, result.document, tmp_path)


def check_answer(panel, package, document) -> None:
    ui = panel.widget.ui
    assert document["question"] == package.question
    assert document["provenance"]["model"]["sha256"] == package.sha256
    # A simulated patient on a model of patients may be far from all that it knows; a simulated model must answer.
    assert not (package.simulated and document["abstained"]), document["reason"]
    assert ("Simulated" in ui.noticeLabel.text) == package.simulated
    assert ui.resultResearchLabel.visible
    assert ("hot_spot" in document) == ui.courseFrame.visible == ("dce" in package.roles)
    assert ("decision_path" in document) == ui.pathText.visible
    if not document["abstained"]:
        assert f"<b>{escape(probability_in_words(document['probability']))}</b>" in ui.answerLabel.text
        low, high = document["interval"]
        assert 0 <= low <= document["probability"] <= high <= 1


def change_a_value(panel, package, document) -> None:
    """The answer follows at once, as the library gives it for these values."""
    from spinemets.models.classification import with_clinical_values

    name = next(iter(package.variables))
    values = panel.widget.logic.clinicalValues(panel.widget.parameters)
    words = list(package.variables[name].get("values", ()))
    other = next((word for word in words if word != values[name]), None) or values[name] + 5
    started = time.process_time()
    panel.widget.clinicalValuesChosen(values | {name: other})
    panel.process_events()
    assert time.process_time() - started < 0.1
    (result,) = results_in(slicer.mrmlScene)
    expected = with_clinical_values(document, package, values | {name: other})
    assert result.document["probability"] == expected["probability"]
    assert result.document["nomogram"] == expected["nomogram"]
    assert result.document["probability"] != document["probability"]


def export(panel, package, folder) -> None:
    panel.click("exportCollapsibleButton")
    for name, kind in (("saveReportButton", "html"), ("saveReportButton", "pdf"), ("saveTableButton", "csv")):
        target = folder / f"export.{kind}"
        panel.answer_dialogs(str(target))
        panel.click(name)
        wait(panel)
        assert target.stat().st_size > 200, panel.widget.ui.exportLabel.text
    (folder / "figures").mkdir()
    panel.answer_dialogs(str(folder / "figures"))
    panel.click("saveFiguresButton")
    wait(panel)
    names = [path.name for path in (folder / "figures").iterdir()]
    assert any("contributions" in name for name in names), panel.widget.ui.exportLabel.text
    panel.answer_dialogs(str(folder / "lesion.seg.nrrd"))
    panel.click("saveLesionButton")
    assert np.any(sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "lesion.seg.nrrd"))))
    panel.click("copyButton")
    assert package.sha256 in slicer.app.clipboard().text()


def read_again(panel, document, folder) -> None:
    """The scene saved, closed and opened: the same answer, and nothing is asked again."""
    (folder / "scene").mkdir()
    slicer.app.applicationLogic().SaveSceneToSlicerDataBundleDirectory(str(folder / "scene"), None)
    slicer.mrmlScene.Clear(0)
    panel.process_events()
    assert results_in(slicer.mrmlScene) == []
    slicer.mrmlScene.SetURL(str(next((folder / "scene").rglob("*.mrml"))))
    slicer.mrmlScene.Connect()
    panel.process_events()
    panel.process_events()
    (result,) = results_in(slicer.mrmlScene)
    assert json.dumps(result.document, sort_keys=True) == json.dumps(document, sort_keys=True)
    assert panel.widget.documents() == [document]
