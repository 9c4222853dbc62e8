"""From a lesion's segment to tables, overlay and report, on Slicer's own MRML and without Qt."""

import dataclasses
import json

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.errors import InputError


@pytest.fixture
def logic(app):
    from SpineMetsClassifierLib.Logic import SpineMetsClassifierLogic

    return SpineMetsClassifierLogic()


@pytest.fixture
def case(app, simulated_study):
    from spinemets.mrml.loading import load_case
    from spinemets.studies.scanning import scan_study

    return load_case(scan_study(simulated_study.dicom), slicer.mrmlScene)


@pytest.fixture
def parameters(logic, case, simulated_study):
    from spinemets.mrml.segmentations import segmentation_node_from_mask, segments_of

    # Drawn on the axial series, while the model looks at sagittal ones: it has to be carried.
    lesion = segmentation_node_from_mask(
        simulated_study.truth("lesion_dce"), slicer.mrmlScene, "lesion", reference_node=case.volumes["dce"]
    )
    chosen = logic.getParameterNode()
    chosen.lesionSegmentation = lesion
    chosen.lesionSegmentID = next(iter(segments_of(lesion)))
    logic.chooseDefaults(chosen)
    return chosen


def rows(table_node):
    from spinemets.mrml.tables import columns_from_table_node

    columns = columns_from_table_node(table_node)
    return dict(zip(columns["quantity"], columns["value"]))


def test_series_and_model_are_chosen_by_role(logic, parameters, case):
    assert parameters.volumeT2.GetID() == case.volumes["t2"].GetID()
    assert parameters.volumeFsT2.GetID() == case.volumes["fs_t2"].GetID()
    package, card = logic.describeModel(parameters.modelPath)
    assert package.simulated
    assert "simulated" in card
    assert logic.missingInput(parameters, package) == ""


def test_tables_say_what_the_model_said(logic, parameters, simulated_study):
    from spinemets.mrml.tables import columns_from_table_node

    found = logic.apply(parameters)
    answer = rows(parameters.resultTable)
    assert float(answer["probability"]) == found.result.probability
    assert answer["class"] == found.result.class_name
    features = columns_from_table_node(parameters.featuresTable)
    assert dict(zip(features["feature"], features["value"])) == pytest.approx(found.result.features, rel=0, abs=0)
    contributions = columns_from_table_node(parameters.contributionsTable)
    package = found.result.package
    logit = package.model["classifier"]["intercept"] + sum(contributions["contribution"])
    assert 1 / (1 + np.exp(-logit)) == pytest.approx(found.result.probability, abs=1e-9)
    assert found.result.class_name == simulated_study.facts["lesion_type"]


def test_overlay_lies_on_the_sagittal_t2_where_the_lesion_is(logic, parameters, simulated_study):
    from spinemets.mrml.volumes import image_from_volume_node

    logic.apply(parameters)
    overlay = image_from_volume_node(parameters.overlayVolume)
    truth = simulated_study.truth("lesion_t2")
    assert overlay.GetSize() == truth.GetSize()
    a, b = sitk.GetArrayFromImage(overlay) > 0, sitk.GetArrayFromImage(truth) > 0
    assert 2 * np.sum(a & b) / (a.sum() + b.sum()) > 0.8


def test_a_second_result_replaces_the_first_in_the_same_nodes(logic, parameters):
    logic.apply(parameters)
    ids = [parameters.resultTable.GetID(), parameters.overlayVolume.GetID()]
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    logic.apply(parameters)
    assert [parameters.resultTable.GetID(), parameters.overlayVolume.GetID()] == ids
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes


def test_report_names_patient_series_and_research_use(logic, parameters, tmp_path):
    found = logic.apply(parameters)
    path = logic.writeReport(found, str(tmp_path / "report.html"))
    page = path.read_text(encoding="utf-8")
    assert "SIM000001" in page
    assert "Sag T2 TSE" in page
    assert "esearch use only" in page
    json.dumps(found.result.as_json())


def test_what_is_missing_is_said(logic, parameters):
    package, _ = logic.describeModel(parameters.modelPath)
    parameters.volumeT2 = None
    assert "t2" in logic.missingInput(parameters, package)
    with pytest.raises(InputError, match="t2"):
        logic.apply(parameters)
    assert logic.missingInput(parameters, None)
    parameters.lesionSegmentID = "gone"
    assert "segment" in logic.missingInput(parameters, package)


def test_a_bad_package_is_described_by_its_fault(logic, app, tmp_path):
    path = tmp_path / "bad.spinemets"
    path.write_bytes(b"not a zip")
    package, text = logic.describeModel(str(path))
    assert package is None
    assert "bad.spinemets" in text


def test_the_application_s_own_test_passes(app):
    from SpineMetsClassifier import SpineMetsClassifierTest

    SpineMetsClassifierTest().runTest()


def test_another_lesion_brings_the_series_of_its_own_case(logic, parameters, case, simulated_study):
    from spinemets.mrml.loading import load_case
    from spinemets.mrml.segmentations import segmentation_node_from_mask
    from spinemets.studies.scanning import scan_study

    study = scan_study(simulated_study.dicom)
    other = load_case(dataclasses.replace(study, uid="1.2.3", patient_id="OTHER"), slicer.mrmlScene)
    lesion = segmentation_node_from_mask(
        simulated_study.truth("lesion_t2"), slicer.mrmlScene, "lesion", reference_node=other.volumes["t2"]
    )
    before = logic.inputsOf(parameters)
    logic.chooseLesion(parameters, lesion, "")
    assert parameters.lesionSegmentID == lesion.GetSegmentation().GetNthSegmentID(0)
    assert logic.inputsOf(parameters) != before
    assert parameters.volumeT1.GetID() == other.volumes["t1"].GetID() != case.volumes["t1"].GetID()
    assert parameters.volumeFsT2.GetID() == other.volumes["fs_t2"].GetID()


def test_the_lesion_that_was_just_found_is_chosen(logic, case, simulated_study):
    from spinemets.mrml.segmentations import OUTLINE_TAG, segmentation_node_from_mask, segments_of, set_tags

    scene = slicer.mrmlScene
    segmentation_node_from_mask(simulated_study.truth("outline_t2"), scene, "outline")
    lesions = segmentation_node_from_mask(simulated_study.truth("lesion_dce"), scene, "lesions")
    segment = next(iter(segments_of(lesions)))
    set_tags(lesions, segment, {OUTLINE_TAG: "outline"})
    chosen = logic.getParameterNode()
    logic.chooseDefaults(chosen)
    assert chosen.lesionSegmentation.GetID() == lesions.GetID()
    assert chosen.lesionSegmentID == segment


def test_a_model_of_a_scene_from_another_computer_is_found_by_its_name(logic, parameters):
    here = parameters.modelPath
    name = here.replace("\\", "/").rpartition("/")[2]
    parameters.modelPath = "C:\\Users\\somebody\\" + name
    logic.chooseDefaults(parameters)
    assert parameters.modelPath == here
    parameters.modelPath = "/elsewhere/unknown.spinemets"
    logic.chooseDefaults(parameters)
    assert "unknown.spinemets" in logic.describeModel(parameters.modelPath)[1]


def test_series_that_slicer_s_dicom_module_loaded_can_be_chosen_by_hand(logic, parameters, case):
    """They have no role of ours, and their own names and attributes."""
    from spinemets.mrml.volumes import ATTRIBUTE_PREFIX

    expected = logic.apply(parameters).result.probability
    for field in ("volumeT1", "volumeT2", "volumeFsT2"):
        node = slicer.mrmlScene.CopyNode(getattr(parameters, field))
        for name in [name for name in node.GetAttributeNames() if name.startswith(ATTRIBUTE_PREFIX)]:
            node.RemoveAttribute(name)
        node.SetAttribute("DICOM.instanceUIDs", "1.2.3.1 1.2.3.2")
        setattr(parameters, field, node)
    found = logic.apply(parameters)
    assert found.result.probability == pytest.approx(expected, abs=1e-12)
    assert logic.writeReport(found, slicer.app.temporaryPath + "/report.html").is_file()
