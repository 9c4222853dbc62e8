"""The lesion list of a case: found again after saving, never mixed with another case's, codes that DICOM knows."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import vtk

from spinemets.errors import InputError
from spinemets.mrml.cases import SceneCase, cases_in, mark_series
from spinemets.mrml.lesions import (
    Content,
    add_lesion,
    centre_ras,
    ensure_part,
    lesion_with_id,
    lesions_of,
    part_volume_ml,
    remove_lesion,
    rename_lesion,
)
from spinemets.mrml.segmentations import add_segment, replace_segment, segments_of
from spinemets.mrml.subject_hierarchy import case_folder, place_in_folder
from spinemets.mrml.vertebrae import LEVEL_CODES, level_in
from spinemets.mrml.volumes import volume_node_from_image
from spinemets.studies.study import Series


@pytest.fixture(autouse=True)
def conversions(scene):
    """As the Segmentations module registers them: without, not even an empty segment can be made."""
    logic = slicer.vtkSlicerSegmentationsModuleLogic()
    logic.SetMRMLScene(scene)
    yield
    logic.SetMRMLScene(None)


def a_series(role: str, key: str) -> Series:
    return Series(
        uid=key,
        number=1,
        description=f"{role} series",
        modality="MR",
        role=role,
        plane="sagittal",
        obliquity=0.0,
        reason="for a test",
        confidence=1.0,
        size=(1, 1, 1),
        spacing=(1, 1, 1),
        n_frames=1,
        times=(),
        frame_of_reference="",
        files=(),
    )


def a_case(scene, image, uid="1.2.3", name="P7") -> SceneCase:
    case = SceneCase(scene, case_folder(scene, name, uid))
    for role in ("t2", "dce"):
        node = volume_node_from_image(image, scene, f"{name} {role}")
        mark_series(node, a_series(role, f"{uid}.{role}"))
        place_in_folder(node, case.folder)
    return case


@pytest.fixture
def case(scene, left_handed_oblique_image):
    return a_case(scene, left_handed_oblique_image)


def names(case):
    return [lesion.name for lesion in lesions_of(case)]


def test_a_lesion_has_an_outline_and_a_mask_on_the_series_they_are_drawn_on(case, oblique_mask):
    volumes = case.volumes()
    identity = add_lesion(case, "L2", volumes["t2"])
    assert names(case) == ["L2"]
    lesion = lesion_with_id(case, identity)
    assert lesion.parts(Content.OUTLINES) == []
    outline = lesion.part_on(Content.OUTLINES, volumes["t2"])
    mask = ensure_part(case, identity, Content.LESIONS, volumes["dce"])
    assert ensure_part(case, identity, Content.LESIONS, volumes["dce"]) == mask
    assert outline.node.GetName() == "P7 outlines, t2"
    assert mask.node.GetName() == "P7 lesions, dce"
    replace_segment(mask.node, mask.segment_id, oblique_mask)
    found = lesion_with_id(case, identity)
    assert [part.volume for part in found.parts(Content.LESIONS)] == [volumes["dce"]]
    voxel = np.prod(oblique_mask.GetSpacing()) / 1000
    count = sitk.GetArrayFromImage(oblique_mask).sum()
    assert part_volume_ml(mask) == pytest.approx(count * voxel, rel=1e-9)
    assert part_volume_ml(outline) == 0.0


def test_going_to_a_lesion_ends_on_one_of_its_voxels(case, oblique_mask):
    """The mean of a ring or of an L lies outside it: the views would show a place without lesion."""
    identity = add_lesion(case, "L2", case.volumes()["t2"])
    part = ensure_part(case, identity, Content.OUTLINES, case.volumes()["t2"])
    replace_segment(part.node, part.segment_id, oblique_mask)
    x, y, z = centre_ras(part)
    index = oblique_mask.TransformPhysicalPointToIndex((-x, -y, z))
    assert oblique_mask[index] == 1


def test_names_are_never_double_and_a_level_is_coded(case):
    volume = case.volumes()["t2"]
    first, second = add_lesion(case, "L2", volume), add_lesion(case, "L2", volume)
    assert names(case) == ["L2", "L2 lesion 2"]
    ensure_part(case, second, Content.LESIONS, case.volumes()["dce"])
    assert rename_lesion(case, second, "Th11 left") == "Th11 left"
    assert rename_lesion(case, first, " Th11 left ") == "Th11 left lesion 2"
    tag = slicer.vtkSegment.GetTerminologyEntryTagName()
    for part in lesion_with_id(case, second).drawn:
        segment = part.node.GetSegmentation().GetSegment(part.segment_id)
        value = vtk.mutable("")
        assert segment.GetTag(tag, value)
        assert "12989004^T11 vertebra" in str(value)
        assert segment.GetName() == "Th11 left"
    with pytest.raises(InputError, match="empty"):
        rename_lesion(case, first, "  ")


def test_codes_of_the_levels_are_those_of_the_dicom_standard():
    from pydicom.sr.codedict import codes

    for level, code in LEVEL_CODES.items():
        known = getattr(codes.SCT, level if level == "Sacrum" else f"{level}Vertebra")
        assert known.value == code


@pytest.mark.parametrize(
    ("name", "level"),
    [("L2", "L2"), ("Th11", "T11"), ("t4 pedicle", "T4"), ("S1", "Sacrum"), ("L9", ""), ("T13", ""), ("mass", "")],
)
def test_the_level_is_read_from_the_name(name, level):
    assert level_in(name) == level


def test_deleting_a_lesion_takes_its_outline_and_masks_and_no_other(case, oblique_mask):
    volumes = case.volumes()
    first, second = add_lesion(case, "L2", volumes["t2"]), add_lesion(case, "L3", volumes["t2"])
    for identity in (first, second):
        part = ensure_part(case, identity, Content.LESIONS, volumes["dce"])
        replace_segment(part.node, part.segment_id, oblique_mask)
    remove_lesion(case, first)
    assert names(case) == ["L3"]
    assert len(lesion_with_id(case, second).parts(Content.LESIONS)) == 1
    with pytest.raises(InputError, match="no longer"):
        ensure_part(case, first, Content.LESIONS, volumes["dce"])
    third = add_lesion(case, "L4", volumes["t2"])
    assert [lesion.id for lesion in lesions_of(case)] == [second, third]


def test_lesions_of_two_cases_stay_apart(scene, case, left_handed_oblique_image):
    other = a_case(scene, left_handed_oblique_image, uid="1.2.4", name="P8")
    add_lesion(case, "L2", case.volumes()["t2"])
    add_lesion(other, "L2", other.volumes()["t2"])
    assert names(case) == names(other) == ["L2"]
    with pytest.raises(InputError, match="P7"):
        add_lesion(case, "L4", other.volumes()["t2"])


def test_a_segment_that_another_tool_added_is_a_lesion_and_can_be_outlined(case, oblique_mask):
    identity = add_lesion(case, "L2", case.volumes()["t2"])
    mask = ensure_part(case, identity, Content.LESIONS, case.volumes()["dce"])
    add_segment(mask.node, oblique_mask, "By hand")
    assert names(case) == ["L2", "By hand"]
    by_hand = lesions_of(case)[1]
    ensure_part(case, by_hand.id, Content.OUTLINES, case.volumes()["t2"])
    again = lesion_with_id(case, by_hand.id)
    assert {part.content for part in again.drawn} == set(Content)
    assert names(case) == ["L2", "By hand"]


def save_and_read(scene, folder):
    """By Slicer's own code, as a folder with all data beside the scene file."""
    logic = slicer.vtkMRMLApplicationLogic()
    logic.SetMRMLScene(scene)
    assert logic.SaveSceneToSlicerDataBundleDirectory(str(folder), None)
    scene.Clear(0)
    scene.SetURL(str(next(folder.rglob("*.mrml"))))
    scene.Connect()


def test_list_roles_and_parts_are_found_again_in_a_saved_scene(scene, case, oblique_mask, tmp_path):
    volumes = case.volumes()
    first, second = add_lesion(case, "L2", volumes["t2"]), add_lesion(case, "empty | 100 %", volumes["t2"])
    mask = ensure_part(case, first, Content.LESIONS, volumes["dce"])
    replace_segment(mask.node, mask.segment_id, oblique_mask)
    before = part_volume_ml(mask)
    case.set_role(case.series_of(volumes["dce"]).key, "ce_t1_ax")
    save_and_read(scene, tmp_path)
    (again,) = cases_in(scene)
    assert (again.uid, again.name) == ("1.2.3", "P7")
    assert set(again.volumes()) == {"t2", "ce_t1_ax"}
    assert [(lesion.id, lesion.name) for lesion in lesions_of(again)] == [(first, "L2"), (second, "empty | 100 %")]
    (part,) = lesion_with_id(again, first).parts(Content.LESIONS)
    assert part.volume == again.volumes()["ce_t1_ax"]
    assert part_volume_ml(part) == pytest.approx(before, rel=1e-9)
    assert len(segments_of(lesion_with_id(again, second).drawn[0].node)) == 2
