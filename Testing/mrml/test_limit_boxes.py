"""A lesion's box: the library keeps what Slicer itself says lies in it, wherever box and images are turned."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.errors import InputError
from spinemets.mrml.affines import ijk_to_ras_of_image
from spinemets.mrml.limit_boxes import choose_limit_box, limit_box_of, limits_of, put_limit_box
from spinemets.segmentation.manual import limit
from Testing.mrml.conftest import rotation


def places_ras(mask):
    k, j, i = np.nonzero(sitk.GetArrayViewFromImage(mask))
    points = np.stack([i, j, k, np.ones_like(i)], axis=1)
    return np.argwhere(sitk.GetArrayViewFromImage(mask)), (points @ ijk_to_ras_of_image(mask).T)[:, :3]


def inside_for_slicer(node, mask):
    kept = np.zeros(sitk.GetArrayViewFromImage(mask).shape, bool)
    for index, place in zip(*places_ras(mask)):
        kept[tuple(index)] = node.IsPointInROIWorld(place.tolist())
    return kept


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("moved", [False, True])
def test_what_lies_in_the_box_is_what_slicer_says(scene, oblique_mask, turned, moved):
    node = put_limit_box(scene, "lesion", "L3", oblique_mask)
    node.SetSize(7.3, 9.1, 6.7)
    if turned:
        matrix = np.eye(4)
        matrix[:3, :3] = rotation("x", 31.0) @ rotation("z", 12.0)
        matrix[:3, 3] = node.GetCenterWorld()
        node.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(matrix))
    if moved:
        transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        matrix = np.eye(4)
        matrix[:3, :3] = rotation("y", 20.0)
        matrix[:3, 3] = np.array(node.GetCenterWorld()) - matrix[:3, :3] @ np.array(node.GetCenterWorld()) + 1.5
        transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
        node.SetAndObserveTransformNodeID(transform.GetID())
    kept = sitk.GetArrayFromImage(limit(oblique_mask, limits_of(node))) != 0
    expected = inside_for_slicer(node, oblique_mask)
    assert 0 < expected.sum() < sitk.GetArrayViewFromImage(oblique_mask).sum()
    assert np.array_equal(kept, expected)


def test_a_new_box_holds_the_whole_lesion_and_little_more(scene, oblique_mask):
    node = put_limit_box(scene, "lesion", "L3", oblique_mask)
    whole = sitk.GetArrayFromImage(oblique_mask) != 0
    assert np.array_equal(sitk.GetArrayFromImage(limit(oblique_mask, limits_of(node))) != 0, whole)
    _indices, places = places_ras(oblique_mask)
    matrix = np.eye(4)
    matrix[:3, :3] = rotation("x", 31.0)
    node.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(matrix))
    assert put_limit_box(scene, "lesion", "L3", oblique_mask) is node
    assert np.array_equal(sitk.GetArrayFromImage(limit(oblique_mask, limits_of(node))) != 0, whole)
    assert np.all(np.array(node.GetSize()) < np.ptp(places, axis=0) + 10 + 2 * 3.3)


def test_each_lesion_has_its_own_box_and_it_is_saved_with_the_scene(scene, oblique_mask):
    first = put_limit_box(scene, "one", "L2", oblique_mask)
    second = put_limit_box(scene, "two", "L3", oblique_mask)
    assert (limit_box_of(scene, "one"), limit_box_of(scene, "two")) == (first, second)
    choose_limit_box(scene, "one", second)
    assert (limit_box_of(scene, "one"), limit_box_of(scene, "two")) == (second, None)
    choose_limit_box(scene, "one", None)
    assert limit_box_of(scene, "one") is None
    assert limit_box_of(scene, "") is None
    choose_limit_box(scene, "one", first)
    scene.SetSaveToXMLString(1)
    scene.Commit()
    again = slicer.vtkMRMLScene()
    again.SetLoadFromXMLString(1)
    again.SetSceneXMLString(scene.GetSceneXMLString())
    again.Import()
    assert limit_box_of(again, "one").GetName() == "L2 limits"
    again.Clear(1)


def test_no_box_limits_nothing_and_a_box_that_is_none_is_told(scene, oblique_mask):
    whole = sitk.GetArrayFromImage(oblique_mask)
    assert np.array_equal(sitk.GetArrayFromImage(limit(oblique_mask, limits_of(None))), whole)
    empty = scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "drawn by nobody")
    with pytest.raises(InputError, match="no box yet"):
        limits_of(empty)
    with pytest.raises(InputError, match="is empty"):
        put_limit_box(scene, "one", "L2", oblique_mask * 0)
