"""The marker of a hot spot: one a lesion, known as found only where the rules found it, gone with its lesion."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.mrml.cases import MAP_ATTRIBUTE, SceneCase
from spinemets.mrml.hot_spots import (
    FOUND,
    PLACED,
    hot_spot_of,
    hot_spots_of,
    origin_of,
    place_hot_spot,
    settle_hot_spots,
)
from spinemets.mrml.kinetic_maps import maps_of, put_maps, sequence_facts, show_over
from spinemets.mrml.lesions import add_lesion, lesions_of, remove_lesion, rename_lesion
from spinemets.mrml.markups import first_point_lps
from spinemets.mrml.subject_hierarchy import case_folder, place_in_folder
from spinemets.mrml.volumes import volume_node_from_image

PLACE = (12.5, -30.25, 700.125)


@pytest.fixture(autouse=True)
def conversions(scene):
    """As the Segmentations module registers them."""
    logic = slicer.vtkSlicerSegmentationsModuleLogic()
    logic.SetMRMLScene(scene)
    yield
    logic.SetMRMLScene(None)


@pytest.fixture
def volume(scene, left_handed_oblique_image):
    node = volume_node_from_image(left_handed_oblique_image, scene, "dce")
    place_in_folder(node, case_folder(scene, "P7", "1.2.3"))
    return node


@pytest.fixture
def case(scene, volume) -> SceneCase:
    found = SceneCase(scene, case_folder(scene, "P7", "1.2.3"))
    add_lesion(found, "L3", volume)
    return found


def test_found_until_a_hand_moves_it(case):
    (lesion,) = lesions_of(case)
    node = place_hot_spot(case, lesion, PLACE)
    assert first_point_lps(node) == pytest.approx(PLACE)
    assert node.GetNthControlPointPositionWorld(0)[0] == -PLACE[0]
    assert origin_of(node) == FOUND
    node.SetNthControlPointPositionWorld(0, -PLACE[0] + 0.1, -PLACE[1], PLACE[2])
    assert origin_of(node) == PLACED
    assert place_hot_spot(case, lesion, PLACE, FOUND) is node
    assert origin_of(node) == FOUND
    place_hot_spot(case, lesion, PLACE, PLACED)
    assert origin_of(node) == PLACED


def test_one_a_lesion_named_like_it_and_gone_with_it(case, volume):
    add_lesion(case, "L4", volume)
    first, second = lesions_of(case)
    node = place_hot_spot(case, first, PLACE)
    place_hot_spot(case, second, PLACE, PLACED)
    assert set(hot_spots_of(case)) == {first.id, second.id}
    rename_lesion(case, first.id, "T12")
    assert settle_hot_spots(case) == {}
    assert (node.GetName(), node.GetNthControlPointLabel(0)) == ("T12 hot spot", "T12")
    remove_lesion(case, second.id)
    assert settle_hot_spots(case) == {second.id: (pytest.approx(PLACE), PLACED)}
    assert list(hot_spots_of(case)) == [first.id]
    node.RemoveAllControlPoints()
    assert hot_spot_of(case, first.id) is None


def test_maps_belong_to_their_lesion_and_are_no_series(case, volume, left_handed_oblique_image):
    (lesion,) = lesions_of(case)
    series = [entry.key for entry in case.series()]
    images = {name: sitk.Cast(left_handed_oblique_image, sitk.sitkFloat32) for name in ("ktrans", "wash_out")}
    maps = put_maps(case, volume, lesion, images, relative=True)
    assert list(maps) == ["wash_out", "ktrans"]
    assert maps["ktrans"].GetName() == "P7 Ktrans, relative, L3"
    assert maps["wash_out"].GetAttribute("SpineMets.Relative") is None
    assert [entry.key for entry in case.series()] == series
    again = put_maps(case, volume, lesion, {"ktrans": images["ktrans"] * 0 + 2})
    assert again["ktrans"] is maps["ktrans"]
    assert again["ktrans"].GetName() == "P7 Ktrans, L3"
    assert np.all(slicer.util.arrayFromVolume(again["ktrans"]) == 2)
    assert again["ktrans"].GetAttribute(MAP_ATTRIBUTE) == "ktrans"
    other = add_lesion(case, "L4", volume)
    assert maps_of(case, volume, next(one for one in lesions_of(case) if one.id == other)) == {}


def test_a_map_is_shown_over_its_series_only_and_the_user_s_own_overlay_stays(case, volume, scene):
    (lesion,) = lesions_of(case)
    other = volume_node_from_image(sitk.Image(3, 3, 3, sitk.sitkFloat32), scene, "other")
    views = [scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode") for _ in range(3)]
    for view, background in zip(views, (volume, other, volume)):
        view.SetBackgroundVolumeID(background.GetID())
    maps = put_maps(case, volume, lesion, {"wash_in": sitk.Image(3, 3, 3, sitk.sitkFloat32)})
    show_over(volume, maps["wash_in"], 0.4)
    assert [view.GetForegroundVolumeID() for view in views] == [maps["wash_in"].GetID(), None, maps["wash_in"].GetID()]
    assert views[0].GetForegroundOpacity() == pytest.approx(0.4)
    views[2].SetForegroundVolumeID(other.GetID())
    show_over(volume, None, 0.4)
    assert [view.GetForegroundVolumeID() for view in views] == [None, None, other.GetID()]


def test_what_a_series_tells_of_its_sequence(volume):
    assert sequence_facts(volume) == {"tr": None, "flip_angle": None}
    volume.SetAttribute("SpineMets.tr", "4.1")
    volume.SetAttribute("SpineMets.flip_angle", "twelve")
    assert sequence_facts(volume) == {"tr": 4.1, "flip_angle": None}
