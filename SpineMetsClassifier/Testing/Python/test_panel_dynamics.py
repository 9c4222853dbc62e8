"""A model that looks at the dynamic series: choosable when there is one, its curve, values and tree in the panel."""

import json

import numpy as np
import pytest
import slicer

from spinemets.models.package import ModelPackage, find_package, write_package
from spinemets.mrml.sequences import image_of

DEMONSTRATION = "osteoblastic-vs-osteolytic-demo"
# A tree on the hot spot, of no clinical meaning: its first split is published (Lang 2019, wash-out -6.6 %).
TREE = {
    "classes": ["other", "lung"],
    "source": "test",
    "root": {
        "counts": [31.0, 30.0],
        "variable": "wash_out",
        "unit": "",
        "branches": [
            {"up_to": -6.6, "node": {"counts": [6.0, 24.0]}},
            {"above": -6.6, "takes_missing": True, "node": {"counts": [25.0, 6.0]}},
        ],
    },
}


@pytest.fixture
def tree(panel, tmp_path):
    """A tree on the hot spot's three values, installed and ticked, and nothing else."""
    given = json.loads(json.dumps(ModelPackage.read(find_package(DEMONSTRATION)).model))
    names = ["wash_in", "max_se", "wash_out"]
    kinetics = {
        "hot_spot": True, "maps": False, "baseline_frames": 1, "peak_before_s": 85.0, "plateau_s": 67.0,
        "injection_s": 0.0,
    }  # fmt: skip
    given["recipe"] |= {"kinetics": kinetics, "extraction": None, "crop_margin_mm": None}
    given |= {"name": "tree", "question": "lung-vs-other", "classes": ["lung", "other"], "positive_class": "lung"}
    given |= {"inputs": [{"role": "dce", "description": "dynamic series"}], "features": names}
    given["preprocessing"] |= {"mean": [1.5, 2.0, 0.0], "sd": [1.0, 1.0, 20.0]}
    given["classifier"] = {"kind": "decision-tree", "tree": TREE}
    given["training"] |= {"class_counts": {"lung": 30, "other": 31}, "cases": 61}
    given["training"]["feature_ranges"] = {"low": [0.1, 0.1, -60.0], "high": [5.0, 5.0, 60.0]}
    given["training"].pop("feature_quantiles", None)
    given["out_of_distribution"]["covariance"] = np.eye(3).tolist()
    given.pop("variables", None)
    path = tmp_path / "tree.spinemets"
    write_package(given, {}, path)
    model = panel.widget.library.install(path)
    panel.widget.modelsChosen([str(model.path)])
    panel.process_events()
    return model


def status_of(panel, name: str) -> str:
    table = panel.widget.ui.modelTable
    return next(table.item(row, 1).text() for row in range(table.rowCount) if table.item(row, 0).text() == name)


def test_a_dynamic_model_can_be_chosen_only_with_a_dynamic_series(panel, tree, request):
    assert status_of(panel, "tree") == "no"
    request.getfixturevalue("case")
    assert status_of(panel, "tree") == "yes"
    panel.widget.parameters.volumeDce = None
    panel.process_events()
    assert "dynamic" in panel.widget.ui.applyButton.toolTip.lower() or "lesion" in panel.widget.ui.applyButton.toolTip


def test_curve_values_and_tree_are_those_of_the_library(panel, lesion, tree, classify, case):
    (result,) = classify()
    hot_spot = result.document["hot_spot"]
    image, times = image_of(case.volumes()["dce"])
    assert hot_spot["times_s"] == pytest.approx(times)
    # The curve, once more from the voxels of the series round the point that is told.
    index = image[:, :, :, 0].TransformPhysicalPointToIndex(hot_spot["point_lps_mm"])
    near = np.array([image[(*index, frame)] for frame in range(image.GetSize()[3])], float)
    told = np.array(hot_spot["signal"])
    assert np.corrcoef(near, told)[0, 1] > 0.95
    assert hot_spot["max_se"] == pytest.approx((told[1:].max() - told[0]) / told[0])
    ui = panel.widget.ui
    assert f"{100 * hot_spot['max_se']:.0f} %" in ui.courseText.text
    assert "1. Wash-out slope" in ui.pathText.text
    side = result.document["decision_path"][0]["counts"]
    assert side == ({"other": 6.0, "lung": 24.0} if hot_spot["wash_out"] <= -6.6 else {"other": 25.0, "lung": 6.0})
    assert ui.courseFrame.visible
    assert not ui.nomogramLabel.visible
    assert panel.widget.resultSection.dynamics.course.height > 100


def test_the_views_jump_to_the_hot_spot(panel, lesion, tree, classify):
    (result,) = classify()
    x, y, z = result.document["hot_spot"]["point_lps_mm"]
    panel.click("showHotSpotButton")
    for view in ("Red", "Yellow", "Green"):
        plane = slicer.util.arrayFromVTKMatrix(slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceNode{view}").GetSliceToRAS())
        assert plane[:3, 2] @ (np.array([-x, -y, z]) - plane[:3, 3]) == pytest.approx(0, abs=0.01)


def test_a_hot_spot_that_the_reader_moved_is_what_is_asked_about(panel, lesion, tree, classify, case):
    from spinemets.mrml.hot_spots import PLACED, place_hot_spot

    (found,) = classify()
    assert found.document["hot_spot"]["found_by"] == "rules"
    x, y, z = found.document["hot_spot"]["point_lps_mm"]
    place_hot_spot(case, lesion, (x + 4.0, y, z), PLACED)
    panel.widget.refresh()
    assert not panel.widget.documents()
    (moved,) = classify()
    assert moved.document["hot_spot"]["found_by"] == "reader"
    assert moved.document["hot_spot"]["signal"] != found.document["hot_spot"]["signal"]


def test_the_injection_that_the_segmenter_was_told_is_what_is_asked_about(panel, lesion, tree, classify, case):
    from spinemets.mrml.sequences import keep_injection

    logic, parameters, volume = panel.widget.logic, panel.widget.parameters, case.volumes()["dce"]
    untold = logic.keyOf(logic.inputs(parameters, tree.package))
    keep_injection(volume, 12.5)
    panel.widget.refresh()
    (told,) = classify()
    hot_spot = told.document["hot_spot"]
    assert hot_spot["rules"]["injection_s"] == 12.5
    if hot_spot["moments"]["s67"] is not None:
        assert hot_spot["moments"]["s67"]["time_s"] == pytest.approx(67 + 12.5)
    assert "Injection, second on the clock of the frames: <b>12.5 s</b>" in panel.widget.ui.courseText.text
    in_process = logic.classify(parameters, tree.package).result.as_json()
    assert in_process["hot_spot"]["rules"]["injection_s"] == 12.5
    keep_injection(volume, 0.0)
    assert logic.keyOf(logic.inputs(parameters, tree.package)) == untold
    panel.widget.refresh()
    assert not panel.widget.documents()


def test_the_frames_before_contrast_that_the_segmenter_was_told_are_what_is_asked_about(
    panel, lesion, tree, classify, case
):
    from spinemets.mrml.sequences import keep_frames_before_contrast

    (untold,) = classify()
    keep_frames_before_contrast(case.volumes()["dce"], 2)
    panel.widget.refresh()
    assert not panel.widget.documents()
    (told,) = classify()
    hot_spot = told.document["hot_spot"]
    assert hot_spot["rules"]["baseline_frames"] == 2
    # The voxels of the hot spot are the same ones or others; S0 is the mean of the first two frames in any case.
    assert hot_spot["moments"]["s0"]["signal"] == pytest.approx(np.mean(hot_spot["signal"][:2]))
    assert untold.document["hot_spot"]["moments"]["s0"]["signal"] == untold.document["hot_spot"]["signal"][0]
    assert "Frames before contrast: <b>2</b>" in panel.widget.ui.courseText.text


def test_a_series_without_times_is_asked_about_once_the_segmenter_was_told_them(panel, lesion, tree, classify, case):
    from spinemets.mrml.sequences import keep_frame_interval, sequence_behind

    volume = case.volumes()["dce"]
    sequence_behind(volume).SetIndexUnit("")
    panel.widget.refresh()
    assert not panel.ui("applyButton").enabled
    assert "seconds from frame to frame in the module SpineMets Segmenter" in panel.ui("applyButton").toolTip
    keep_frame_interval(volume, 15)
    panel.widget.refresh()
    (result,) = classify()
    assert result.document["hot_spot"]["times_s"] == [15.0 * frame for frame in range(12)]
    keep_frame_interval(volume, 9)
    panel.widget.refresh()
    assert not panel.widget.documents()


def test_other_times_of_the_frames_are_another_question(panel, lesion, tree, case):
    from spinemets.mrml.sequences import sequence_behind

    logic, parameters = panel.widget.logic, panel.widget.parameters
    first = logic.keyOf(logic.inputs(parameters, tree.package))
    assert logic.keyOf(logic.inputs(parameters, tree.package)) == first
    sequence = sequence_behind(case.volumes()["dce"])
    last = sequence.GetNumberOfDataNodes() - 1
    sequence.UpdateIndexValue(sequence.GetNthIndexValue(last), "400.0")
    assert logic.keyOf(logic.inputs(parameters, tree.package)) != first
