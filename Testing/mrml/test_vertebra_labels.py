"""The vertebra of a lesion, from a segmentation on another grid whose segments share one label map."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.mrml.lesions import Content, Drawn
from spinemets.mrml.segmentations import add_segment, segmentation_node_from_mask, segments_of
from spinemets.mrml.vertebra_labels import level_of


@pytest.fixture(autouse=True)
def conversions(scene):
    """As the Segmentations module registers them."""
    logic = slicer.vtkSlicerSegmentationsModuleLogic()
    logic.SetMRMLScene(scene)
    yield
    logic.SetMRMLScene(None)


def box(low, high, size=(40, 40, 100), spacing=(2.0, 2.0, 2.0)):
    """Mask of a box between two places (LPS mm)."""
    array = np.zeros(size[::-1], np.uint8)
    first, last = (np.round(np.array(place) / spacing).astype(int)[::-1] for place in (low, high))
    array[tuple(slice(start, stop) for start, stop in zip(first, last))] = 1
    mask = sitk.GetImageFromArray(array)
    mask.SetSpacing(spacing)
    return mask


def spine(scene, shared):
    """L5 to L1, 24 mm each with 8 mm between them."""
    vertebrae = {f"vertebrae_L{5 - n}": box((20, 20, 32 * n), (60, 60, 32 * n + 24)) for n in range(5)}
    first = next(iter(vertebrae))
    node = segmentation_node_from_mask(vertebrae[first], scene, "spine", first)
    for name, mask in list(vertebrae.items())[1:]:
        add_segment(node, mask, name)
    if shared:
        node.GetSegmentation().CollapseBinaryLabelmaps(True)
        assert node.GetSegmentation().GetNumberOfLayers() == 1
    return node


def lesion(scene, low, high):
    node = segmentation_node_from_mask(box(low, high, (81, 81, 57), (1.0, 1.0, 3.5)), scene, "lesions")
    return Drawn(node, next(iter(segments_of(node))), Content.LESIONS)


@pytest.mark.parametrize("shared", [False, True])
def test_the_vertebra_that_holds_most_of_it_else_the_nearest(scene, shared):
    node = spine(scene, shared)
    assert level_of(scene, lesion(scene, (30, 30, 66), (50, 50, 84))) == "L3"
    assert level_of(scene, lesion(scene, (30, 30, 78), (50, 50, 112))) == "L2"
    assert level_of(scene, lesion(scene, (64, 30, 35), (75, 50, 50))) == "L4"  # in the soft tissue beside it
    matrix = np.eye(4)
    matrix[2, 3] = 32.0
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    node.SetAndObserveTransformNodeID(transform.GetID())
    assert level_of(scene, lesion(scene, (30, 30, 66), (50, 50, 84))) == "L4"


def test_without_vertebrae_no_level(scene):
    assert level_of(scene, lesion(scene, (30, 30, 66), (50, 50, 84))) == ""
    other = segmentation_node_from_mask(box((20, 20, 60), (60, 60, 90)), scene, "organs", "liver")
    assert level_of(scene, lesion(scene, (30, 30, 66), (50, 50, 84))) == ""
    scene.RemoveNode(other)
    spine(scene, True)
    far = sitk.GetImageFromArray(np.ones((3, 3, 3), np.uint8))
    far.SetOrigin((0.0, 0.0, 300.0))
    node = segmentation_node_from_mask(far, scene, "far")
    assert level_of(scene, Drawn(node, next(iter(segments_of(node))), Content.LESIONS)) == ""
