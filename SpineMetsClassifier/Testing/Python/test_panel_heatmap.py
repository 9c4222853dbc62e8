"""The heatmap over the slices: of the right variable, in the lesion, and the views go to its maximum."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.mrml.cases import MAP_ATTRIBUTE
from spinemets.mrml.results import HEATMAP, results_in
from spinemets.mrml.volumes import image_from_volume_node


@pytest.fixture
def mapped(panel, classify):
    panel.click("mapCollapsibleButton")
    assert "Classify" in panel.ui("showMapButton").toolTip
    classify()
    panel.click("showMapButton")
    panel.process_events(until=lambda: not panel.widget.isWorking, timeout_s=120)
    panel.process_events()
    (result,) = results_in(slicer.mrmlScene)
    return result


def test_the_strongest_variable_is_mapped_inside_the_lesion(panel, mapped, case, simulated_study):
    node = mapped.part(HEATMAP)
    strongest = mapped.document["contributions"][0]["feature"]
    assert node.GetAttribute(MAP_ATTRIBUTE) == strongest
    role = strongest.partition("_original")[0]
    image = image_from_volume_node(node)
    inside = sitk.GetArrayFromImage(image) > sitk.GetArrayFromImage(image).min()
    overlay = sitk.Resample(simulated_study.truth(f"lesion_{role}"), image, sitk.Transform(), sitk.sitkNearestNeighbor)
    lesion = sitk.GetArrayFromImage(overlay) > 0
    assert 2 * np.sum(inside & lesion) / (inside.sum() + lesion.sum()) > 0.8
    shown = [
        slicer.mrmlScene.GetNthNodeByClass(number, "vtkMRMLSliceCompositeNode")
        for number in range(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode"))
    ]
    assert {view.GetForegroundVolumeID() for view in shown} == {node.GetID()}
    display = panel.widget.parameters.lesionSegmentation.GetDisplayNode()
    segment = panel.widget.parameters.lesionSegmentID
    assert display.GetSegmentOpacity2DFill(segment) == 0  # a tint would change the colours of the map
    panel.widget.ui.mapOpacitySlider.value = 0
    assert {view.GetForegroundVolumeID() for view in shown} == {None}
    assert display.GetSegmentOpacity2DFill(segment) == 1
    assert {view.GetBackgroundVolumeID() for view in shown} == {case.volumes()[role].GetID()}
    k, j, i = np.unravel_index(np.argmax(sitk.GetArrayFromImage(image)), inside.shape)
    x, y, z = image.TransformIndexToPhysicalPoint((int(i), int(j), int(k)))
    for name in ("Red", "Green", "Yellow"):
        view = slicer.app.layoutManager().sliceWidget(name).mrmlSliceNode()
        to_slice = np.linalg.inv(slicer.util.arrayFromVTKMatrix(view.GetSliceToRAS()))
        assert abs((to_slice @ [-x, -y, z, 1])[2]) < 2.1  # in the slice: series have slices of 4 mm


def test_a_map_goes_with_its_answer(panel, case, mapped):
    """Beside another question's answer, the colours of the first one would be taken for the second one's."""
    node = mapped.part(HEATMAP)
    view = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    assert view.GetForegroundVolumeID() == node.GetID()
    chosen = panel.widget.parameters.modelPaths
    panel.widget.modelsChosen([])
    panel.process_events()
    assert view.GetForegroundVolumeID() is None
    display = panel.widget.parameters.lesionSegmentation.GetDisplayNode()
    assert display.GetSegmentOpacity2DFill(panel.widget.parameters.lesionSegmentID) == 1
    panel.widget.modelsChosen([chosen])
    panel.process_events()
    assert view.GetForegroundVolumeID() == node.GetID()


@pytest.mark.slow
def test_opacity_threshold_and_colours_are_followed(panel, mapped):
    node = mapped.part(HEATMAP)
    display = node.GetDisplayNode()
    low, high = display.GetLowerThreshold(), display.GetUpperThreshold()
    panel.widget.ui.mapThresholdSlider.value = 50
    assert display.GetLowerThreshold() == pytest.approx((low + high) / 2)
    panel.widget.ui.mapOpacitySlider.value = 0.3
    composite = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    assert composite.GetForegroundOpacity() == pytest.approx(0.3)
    panel.choose("mapColourComboBox", "Ocean")
    assert display.GetColorNode().GetName() == "SpineMets Ocean"


@pytest.mark.slow
def test_a_cancelled_map_leaves_the_answer(panel, classify):
    panel.click("mapCollapsibleButton")
    (result,) = classify()
    panel.click("showMapButton")
    panel.click("applyButton")
    assert results_in(slicer.mrmlScene)[0].document == result.document
    assert result.part(HEATMAP) is None
    assert "Osteolytic" in panel.widget.ui.answerLabel.text
    panel.widget.standby.stop()
