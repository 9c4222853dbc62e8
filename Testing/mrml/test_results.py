"""A result must come back from a saved scene as it was shown, and never stand beside another one of its lesion."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.mrml.results import (
    CHART,
    CONTRIBUTIONS,
    OVERLAY,
    keep_result,
    remove_result,
    result_with_key,
    results_in,
)
from spinemets.mrml.subject_hierarchy import case_folder, case_folder_of, place_in_folder
from spinemets.mrml.tables import columns_from_table_node
from spinemets.mrml.volumes import image_from_volume_node, volume_node_from_image


def document(probability: float = 0.75) -> dict:
    entry = {
        "feature": "t2_original_glcm_Contrast",
        "value": 1.25,
        "standardised_value": 0.5,
        "contribution": 0.4,
        "nomogram_points": 60.0,
        "nomogram_range": [0.0, 100.0],
        "training_range": [1.0, 2.0],
    }
    return {
        "question": "a-vs-b",
        "classes": ["a", "b"],
        "positive_class": "a",
        "probability": probability,
        "interval": [0.5, 0.9],
        "class": "a",
        "threshold": 0.5,
        "abstained": False,
        "reason": "",
        "contributions": [entry],
        "nomogram": {"total_points": 60.0, "logit_per_point": 0.01, "logit_at_zero_points": -1.0},
        "warnings": ["über 10 % | <b>"],
        "lesion": {"volume_ml": 1.0, "longest_diameter_mm": 10.0, "extent_mm": [1.0, 2.0, 3.0]},
        "features": {"t2_original_glcm_Contrast": 1.25},
        "simulated": True,
        "disclaimer": "Research use only.",
        "provenance": {"model": {"name": "demo"}},
    }


@pytest.fixture
def volume(scene):
    made = volume_node_from_image(sitk.GetImageFromArray(np.ones((3, 4, 5), np.float32)), scene, "P1 t2")
    place_in_folder(made, case_folder(scene, "P1", "1.2.3"))
    return made


def overlay(value: int) -> sitk.Image:
    return sitk.GetImageFromArray(np.full((3, 4, 5), value, np.uint8))


def test_a_result_lies_in_the_case_s_folder_with_its_parts(volume):
    result = keep_result(document(), "key", ("lesion-1", "L3"), volume, overlay(1))
    for node in (result.node, result.part(CONTRIBUTIONS), result.part(CHART), result.part(OVERLAY)):
        assert case_folder_of(node) == case_folder_of(volume)
    columns = columns_from_table_node(result.part(CONTRIBUTIONS))
    assert columns["variable"] == ["T2 · texture, neighbouring pairs: Contrast between neighbours"]
    assert (columns["contribution"], columns["points"]) == ([0.4], [60.0])
    assert result.part(CHART).GetNthPlotSeriesNode(0).GetTableNode() == result.part(CONTRIBUTIONS)


def test_a_second_result_of_a_lesion_replaces_the_first_and_another_lesion_s_does_not(volume):
    scene = volume.GetScene()
    keep_result(document(0.1), "first", ("lesion-1", "L3"), volume, overlay(1))
    nodes = scene.GetNumberOfNodes()
    keep_result(document(0.2), "second", ("lesion-1", "L3"), volume, overlay(0))
    assert scene.GetNumberOfNodes() == nodes
    assert result_with_key(scene, "first") is None
    assert result_with_key(scene, "second").document["probability"] == 0.2
    keep_result(document(0.3), "third", ("lesion-2", "L4"), volume)
    assert [found.document["probability"] for found in results_in(scene)] == [0.2, 0.3]
    remove_result(result_with_key(scene, "third"))
    remove_result(result_with_key(scene, "second"))
    assert results_in(scene) == []
    assert (
        scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == scene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode") == 0
    )


def test_a_text_that_somebody_changed_is_no_result(volume):
    result = keep_result(document(), "key", ("lesion-1", "L3"), volume)
    result.node.SetText("{}")
    assert results_in(volume.GetScene()) == []
    assert result_with_key(volume.GetScene(), "") is None


def test_a_saved_scene_shows_the_same_result(volume, tmp_path):
    scene = volume.GetScene()
    keep_result(document(), "key", ("lesion-1", "L3"), volume, overlay(1))
    logic = slicer.vtkMRMLApplicationLogic()
    logic.SetMRMLScene(scene)
    assert logic.SaveSceneToSlicerDataBundleDirectory(str(tmp_path), None)
    scene.Clear(0)
    scene.SetURL(str(next(tmp_path.rglob("*.mrml"))))
    scene.Connect()
    (result,) = results_in(scene)
    assert result.document == document()
    assert (result.key, result.lesion, result.model) == ("key", "lesion-1", "demo")
    assert int(sitk.GetArrayFromImage(image_from_volume_node(result.part(OVERLAY))).min()) == 1
    assert columns_from_table_node(result.part(CONTRIBUTIONS))["value"] == [1.25]
