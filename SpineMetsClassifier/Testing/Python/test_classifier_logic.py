"""From a lesion's segment to result nodes and report, on Slicer's own MRML and without Qt."""

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
def loaded(app, unpacked_study):
    from spinemets.mrml.loading import load_case

    return load_case(unpacked_study, slicer.mrmlScene)


@pytest.fixture
def parameters(logic, loaded, simulated_study):
    from spinemets.mrml.segmentations import segmentation_node_from_mask, segments_of

    # Drawn on the axial series, while the model looks at sagittal ones: it has to be carried.
    lesion = segmentation_node_from_mask(
        simulated_study.truth("lesion_dce"), slicer.mrmlScene, "lesion", reference_node=loaded.volumes["dce"]
    )
    chosen = logic.getParameterNode()
    chosen.lesionSegmentation = lesion
    chosen.lesionSegmentID = next(iter(segments_of(lesion)))
    logic.settle(chosen)
    return chosen


@pytest.fixture
def model(tmp_path):
    from SpineMetsClassifierLib.ModelLibrary import ModelLibrary

    return ModelLibrary(tmp_path / "models").models()[0]


def rows(table_node):
    from spinemets.mrml.tables import columns_from_table_node

    columns = columns_from_table_node(table_node)
    return dict(zip(columns["quantity"], columns["value"]))


def test_series_and_model_are_chosen_by_role(logic, parameters, loaded, model):
    assert parameters.volumeT2.GetID() == loaded.volumes["t2"].GetID()
    assert parameters.volumeFsT2.GetID() == loaded.volumes["fs_t2"].GetID()
    assert parameters.volumeDce.GetID() == loaded.volumes["dce"].GetID()
    assert parameters.volumeCt is None
    assert parameters.modelPaths == str(model.path)
    assert logic.missingInput(parameters, [model]) == ""


def test_tables_say_what_the_model_said(logic, parameters, simulated_study, model):
    from spinemets.mrml.results import ANSWER, CONTRIBUTIONS, FEATURES
    from spinemets.mrml.tables import columns_from_table_node

    found = logic.classify(parameters, model.package)
    answer = rows(found.shown.part(ANSWER))
    assert float(answer["probability"]) == found.result.probability
    assert answer["class"] == found.result.class_name
    features = columns_from_table_node(found.shown.part(FEATURES))
    assert dict(zip(features["feature"], features["value"])) == pytest.approx(found.result.features, rel=0, abs=0)
    contributions = columns_from_table_node(found.shown.part(CONTRIBUTIONS))
    logit = model.package.model["classifier"]["intercept"] + sum(contributions["contribution"])
    assert 1 / (1 + np.exp(-logit)) == pytest.approx(found.result.probability, abs=1e-9)
    assert found.result.class_name == simulated_study.facts["lesion_type"]


def test_a_lesion_drawn_on_a_series_of_the_model_is_measured_there_as_drawn(logic, loaded, simulated_study, model):
    from spinemets.models.classification import voxel_sha256
    from spinemets.mrml.cases import SceneCase
    from spinemets.mrml.lesions import Content, add_lesion, ensure_part
    from spinemets.mrml.segmentations import replace_segment

    case = SceneCase(slicer.mrmlScene, loaded.folder)
    identity = add_lesion(case, "L3", loaded.volumes["t2"])
    for role in ("dce", "t1"):
        part = ensure_part(case, identity, Content.LESIONS, loaded.volumes[role])
        replace_segment(part.node, part.segment_id, simulated_study.truth(f"lesion_{role}"))
    chosen = logic.getParameterNode()
    logic.settle(chosen)
    assert [lesion.name for lesion in logic.lesions(chosen)] == ["L3"]
    record = logic.classify(chosen, model.package).result.provenance["inputs"]
    assert record["t1"]["mask_sha256"] == voxel_sha256(simulated_study.truth("lesion_t1"))
    assert record["t2"]["mask_sha256"] == record["fs_t2"]["mask_sha256"] != record["t1"]["mask_sha256"]


def test_report_names_patient_series_and_research_use(logic, parameters, tmp_path, model):
    found = logic.classify(parameters, model.package)
    page = logic.writeReport(found, str(tmp_path / "report.html")).read_text(encoding="utf-8")
    assert "SIM000001" in page
    assert "Sag T2 TSE" in page
    assert "esearch use only" in page
    json.dumps(found.result.as_json())


def test_what_is_missing_is_said(logic, parameters, model):
    parameters.volumeT2 = None
    assert "T2" in logic.missingInput(parameters, [model])
    assert logic.missingRoles(parameters, [model]) == ["T2"]
    with pytest.raises(InputError, match="t2"):
        logic.classify(parameters, model.package)
    assert "model" in logic.missingInput(parameters, [])
    parameters.lesionSegmentID = "gone"
    assert "gone" in logic.missingInput(parameters, [model])
    parameters.lesionSegmentation = None
    assert "lesion" in logic.missingInput(parameters, [model])


def test_the_key_tells_every_input_apart_and_nothing_else(logic, parameters, loaded, model):
    from spinemets.mrml.segmentations import replace_segment

    def key():
        return logic.keyOf(logic.inputs(parameters, model.package))

    first = key()
    assert key() == first
    loaded.volumes["t1"].SetName("renamed")
    assert key() == first
    seen = {first}
    array = slicer.util.arrayFromVolume(loaded.volumes["t2"])
    array[0, 0, 0] += 1
    slicer.util.arrayFromVolumeModified(loaded.volumes["t2"])
    seen.add(key())
    origin = loaded.volumes["fs_t2"].GetOrigin()
    loaded.volumes["fs_t2"].SetOrigin(origin[0], origin[1] + 0.5, origin[2])
    seen.add(key())
    node, segment = parameters.lesionSegmentation, parameters.lesionSegmentID
    mask = logic.inputs(parameters, model.package).mask()
    replace_segment(node, segment, sitk.BinaryDilate(mask, (1, 1, 0)))
    seen.add(key())
    assert len(seen) == 4
    replace_segment(node, segment, mask)
    other = dataclasses.replace(model.package, sha256="0" * 64)
    seen.add(logic.keyOf(logic.inputs(parameters, other)))
    assert len(seen) == 5


def test_the_application_s_own_test_passes(app):
    from SpineMetsClassifier import SpineMetsClassifierTest

    SpineMetsClassifierTest().runTest()


def test_another_lesion_brings_the_series_of_its_own_case(logic, parameters, loaded, unpacked_study, simulated_study):
    from spinemets.mrml.loading import load_case
    from spinemets.mrml.segmentations import segmentation_node_from_mask

    other = load_case(dataclasses.replace(unpacked_study, uid="1.2.3", patient_id="OTHER"), slicer.mrmlScene)
    lesion = segmentation_node_from_mask(
        simulated_study.truth("lesion_t2"), slicer.mrmlScene, "lesion", reference_node=other.volumes["t2"]
    )
    logic.chooseLesion(parameters, lesion, lesion.GetSegmentation().GetNthSegmentID(0))
    assert parameters.volumeT1.GetID() == other.volumes["t1"].GetID() != loaded.volumes["t1"].GetID()
    assert parameters.volumeFsT2.GetID() == other.volumes["fs_t2"].GetID()
    assert logic.currentCase(parameters).uid == "1.2.3"
    logic.chooseCase(parameters, unpacked_study.uid)
    assert parameters.volumeT1.GetID() == loaded.volumes["t1"].GetID()
    assert parameters.lesionSegmentation != lesion


def test_a_model_of_a_scene_from_another_computer_is_found_by_its_name(logic, parameters):
    here = parameters.modelPaths
    parameters.modelPaths = "C:\\Users\\somebody\\" + here.replace("\\", "/").rpartition("/")[2]
    logic.settle(parameters)
    assert parameters.modelPaths == here
    parameters.modelPaths = "/elsewhere/unknown.spinemets"
    logic.settle(parameters)
    assert parameters.modelPaths == "/elsewhere/unknown.spinemets"


def test_series_that_slicer_s_dicom_module_loaded_can_be_chosen_by_hand(logic, parameters, model):
    """They have no role of ours, and their own names and attributes."""
    from spinemets.mrml.volumes import ATTRIBUTE_PREFIX

    expected = logic.classify(parameters, model.package).result.probability
    for field in ("volumeT1", "volumeT2", "volumeFsT2"):
        node = slicer.mrmlScene.CopyNode(getattr(parameters, field))
        for name in [name for name in node.GetAttributeNames() if name.startswith(ATTRIBUTE_PREFIX)]:
            node.RemoveAttribute(name)
        node.SetAttribute("DICOM.instanceUIDs", "1.2.3.1 1.2.3.2")
        setattr(parameters, field, node)
    found = logic.classify(parameters, model.package)
    assert found.result.probability == pytest.approx(expected, abs=1e-12)
    assert logic.writeReport(found, slicer.app.temporaryPath + "/report.html").is_file()
