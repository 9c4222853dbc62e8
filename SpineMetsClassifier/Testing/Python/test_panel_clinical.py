"""Clinical variables: entered, followed by points and probability at once, taken back, never another patient's."""

import json
import math
import time

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.models.package import ModelPackage, find_package, write_package
from spinemets.mrml.results import CONTRIBUTIONS, results_in
from spinemets.mrml.tables import columns_from_table_node

DEMONSTRATION = "osteoblastic-vs-osteolytic-demo"
AGE, SIGNAL = 0.05, 0.8  # coefficients on years and on 0/1, both standardised with mean 50 and 0, SD 10 and 1


@pytest.fixture
def with_age(panel, lesion, tmp_path):
    """A model with the features of the demonstration and two clinical variables, and nothing else ticked."""
    given = json.loads(json.dumps(ModelPackage.read(find_package(DEMONSTRATION)).model))
    for key, values in (("mean", (50.0, 0.0)), ("sd", (10.0, 1.0))):
        given["preprocessing"][key] += list(values)
    given["classifier"]["coefficients"] += [10 * AGE, SIGNAL]
    for holder in (given["classifier"], given["out_of_distribution"]):
        size = len(holder["covariance"]) + 2
        matrix = np.eye(size) * 0.01 if holder is given["classifier"] else np.eye(size)
        matrix[: size - 2, : size - 2] = holder["covariance"]
        holder["covariance"] = matrix.tolist()
    given["training"]["feature_ranges"]["low"] += [20.0, 0.0]
    given["training"]["feature_ranges"]["high"] += [90.0, 1.0]
    given["training"]["feature_quantiles"]["values"] += [np.linspace(20.0, 90.0, 21).tolist(), [0.0] * 11 + [1.0] * 10]
    given["features"] += ["age", "signal"]
    given["variables"] = [
        {"name": "age", "description": "age", "unit": "years"},
        {"name": "signal", "description": "signal of the tumour", "values": {"uniform": 0, "uneven": 1}},
    ]
    given["name"] = "with-age"
    path = tmp_path / "with-age.spinemets"
    write_package(given, {}, path)
    model = panel.widget.library.install(path)
    panel.widget.modelsChosen([str(model.path)])
    panel.process_events()
    return given


def logit(document) -> float:
    return math.log(document["probability"] / (1 - document["probability"]))


def enter(panel, age="61", signal="uneven") -> None:
    panel.type("clinical_age", age)
    panel.choose("clinical_signal", signal)


def test_a_model_without_clinical_variables_has_no_form(panel, lesion):
    assert not panel.widget.ui.clinicalCollapsibleButton.visible


def test_what_is_not_entered_yet_is_named(panel, with_age):
    assert panel.widget.ui.clinicalCollapsibleButton.visible
    assert not panel.ui("applyButton").enabled
    assert "age, signal of the tumour" in panel.ui("applyButton").toolTip
    panel.type("clinical_age", "sixty")
    assert "sixty is no number" in panel.widget.ui.statusLabel.text
    enter(panel)
    assert panel.ui("applyButton").enabled


def test_points_and_probability_follow_within_a_moment(panel, with_age, classify, monkeypatch):
    enter(panel, "50", "uniform")
    (result,) = classify()
    before = result.document
    assert before["provenance"]["clinical"] == {"age": 50.0, "signal": 0.0}
    monkeypatch.setattr(panel.widget.standby, "job", lambda *_: pytest.fail("asked again"))
    # The processor's time, which other programs do not stretch: on a machine that does nothing else, it is the wait.
    begin = time.process_time()
    panel.widget.clinicalValuesChosen({"age": 61.0, "signal": "uneven"})
    panel.process_events()  # figures are drawn
    assert time.process_time() - begin < 0.1
    (result,) = results_in(slicer.mrmlScene)
    after = result.document
    assert logit(after) - logit(before) == pytest.approx(11 * AGE + SIGNAL, abs=1e-9)
    assert f"{after['probability']:.2f}" in panel.widget.ui.answerLabel.text
    columns = columns_from_table_node(result.part(CONTRIBUTIONS))
    contributions = dict(zip(columns["feature"], columns["contribution"]))
    assert contributions["age"] == pytest.approx(11 * AGE)
    assert contributions["signal"] == pytest.approx(SIGNAL)
    assert {entry["feature"]: entry.get("word") for entry in after["contributions"]}["signal"] == "uneven"
    assert after["features"] == before["features"] | {"age": 61.0, "signal": 1.0}


def test_the_same_values_give_the_same_answer_in_the_child_process(panel, with_age, classify):
    enter(panel, "50", "uniform")
    classify()
    enter(panel, "61", "uneven")
    (quick,) = results_in(slicer.mrmlScene)
    for result in results_in(slicer.mrmlScene):
        slicer.mrmlScene.RemoveNode(result.node)
    panel.widget.refresh()
    (slow,) = classify()
    for key in ("probability", "interval", "contributions", "nomogram", "warnings", "features", "distance"):
        assert quick.document[key] == slow.document[key]


def test_entries_are_taken_back_and_entered_again(panel, with_age, classify):
    enter(panel, "50", "uniform")
    (result,) = classify()
    probability = result.document["probability"]
    panel.type("clinical_age", "80")
    assert results_in(slicer.mrmlScene)[0].document["probability"] > probability
    panel.click("undoClinicalButton")
    assert panel.ui("clinical_age").text == "50"
    assert results_in(slicer.mrmlScene)[0].document["probability"] == probability
    panel.click("redoClinicalButton")
    assert panel.ui("clinical_age").text == "80"
    assert results_in(slicer.mrmlScene)[0].document["probability"] > probability


def test_an_age_far_from_the_training_cases_brings_a_warning(panel, with_age, classify):
    enter(panel, "88", "uniform")
    (result,) = classify()
    assert not any("age" in warning for warning in result.document["warnings"])
    panel.type("clinical_age", "100")
    assert "Age is 100, outside the 20 to 90" in panel.widget.ui.noticeLabel.text


def test_values_of_one_lesion_are_never_another_one_s(panel, case, with_age, simulated_study):
    from spinemets.mrml.lesions import Content, add_lesion, ensure_part
    from spinemets.mrml.segmentations import replace_segment

    enter(panel)
    identity = add_lesion(case, "L5", case.volumes()["t2"])
    part = ensure_part(case, identity, Content.LESIONS, case.volumes()["t2"])
    replace_segment(part.node, part.segment_id, simulated_study.truth("lesion_t2"))
    panel.widget.refresh()
    panel.choose("lesionComboBox", "L5")
    assert panel.ui("clinical_age").text == ""
    assert not panel.ui("applyButton").enabled
    assert not panel.ui("undoClinicalButton").enabled
    panel.choose("lesionComboBox", "L3")
    assert panel.ui("clinical_age").text == "61"


def test_what_was_measured_and_what_was_chosen_are_both_kept(panel, with_age, classify, lesion, simulated_study):
    from spinemets.features.signal_scores import signal_spread
    from spinemets.mrml.volumes import image_from_volume_node

    image = image_from_volume_node(panel.widget.parameters.volumeFsT2)
    expected = signal_spread(image, simulated_study.truth("lesion_dce"))
    hint = panel.ui("suggestion_signal")
    assert f"<b>{expected.word}</b>" in hint.text
    assert f"{100 * expected.share:.0f} %" in hint.text
    other = {"uniform": "uneven", "uneven": "uniform"}[expected.word]
    enter(panel, "61", other)
    assert hint.text.startswith("<small>⚠")
    (result,) = classify()
    record = result.document["provenance"]
    assert record["clinical"]["signal"] == {"uniform": 0, "uneven": 1}[other]
    assert record["clinical_suggested"]["signal"]["word"] == expected.word
    hint._qt.linkActivated.emit(expected.word)
    panel.process_events()
    assert panel.ui("clinical_signal").currentText == expected.word
    assert "⚠" not in hint.text


def test_a_signal_against_the_cord_asks_for_the_cord_and_takes_it_for_no_lesion(panel, case, lesion, simulated_study):
    from SpineMetsClassifierLib.Suggestions import Suggestions

    from spinemets.mrml.segmentations import segmentation_node_from_mask
    from spinemets.mrml.volumes import image_from_volume_node
    from spinemets.phantom.spine import SpinePhantom
    from spinemets.phantom.tissues import Tissue

    logic, parameters = panel.widget.logic, panel.widget.parameters
    variables = {"t2_signal": {"values": {"low": 0, "iso": 1, "high": 2}}, "age": {}}
    segment = (parameters.lesionSegmentation, parameters.lesionSegmentID)

    def found():
        return Suggestions(logic._digests).of(variables, logic.volumes(parameters), segment, case)

    assert list(found()) == ["t2_signal"]
    assert "cord" in found()["t2_signal"].text
    t2 = image_from_volume_node(parameters.volumeT2)
    cord = SpinePhantom(seed=1, lesion="osteolytic").tissue_map(t2) == int(Tissue.CORD)
    lesions = len(logic.lesions(parameters))
    segmentation_node_from_mask(cord, slicer.mrmlScene, "anatomy", "Spinal cord", reference_node=parameters.volumeT2)
    assert len(logic.lesions(parameters)) == lesions
    values, inside = sitk.GetArrayFromImage(t2), sitk.GetArrayFromImage(simulated_study.truth("lesion_t2")) > 0
    ratio = values[inside].mean() / values[sitk.GetArrayFromImage(cord) > 0].mean()
    assert float(found()["t2_signal"].text.split()[0]) == pytest.approx(ratio, rel=0.1)
    assert found()["t2_signal"].word == ("low" if ratio < 0.8 else "high" if ratio > 1.2 else "iso")
