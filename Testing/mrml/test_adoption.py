"""Volumes that Slicer's own modules loaded become studies: their series told apart, two patients never mixed."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.mrml.adoption import adopt, volumes_without_case
from spinemets.mrml.cases import MAP_ATTRIBUTE, cases_in
from spinemets.mrml.sequences import image_of, sequence_nodes_from_image
from spinemets.mrml.subject_hierarchy import case_folder, place_in_folder
from spinemets.mrml.volumes import volume_node_from_image


def image(value=0, size=(6, 5, 4)):
    return sitk.GetImageFromArray(np.full(size[::-1], value, np.float32))


def hierarchy(scene):
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)


def dicom_study(scene, patient, uid):
    """As the DICOM module makes it; returns the study's item."""
    items = hierarchy(scene)
    study = items.CreateStudyItem(items.CreateSubjectItem(items.GetSceneItemID(), patient), f"Spine of {patient}")
    items.SetItemUID(study, "DICOM", uid)
    items.SetItemAttribute(study, "DICOM.StudyInstanceUID", uid)
    return study


def loaded(scene, name, study, series_uid):
    node = volume_node_from_image(image(), scene, name)
    items = hierarchy(scene)
    items.SetItemParent(items.GetItemByDataNode(node) or items.CreateItem(study, node), study)
    items.SetItemUID(items.GetItemByDataNode(node), "DICOM", series_uid)
    return node


def test_the_studies_of_two_patients_are_two_cases_and_stay_in_their_dicom_tree(scene):
    first, second = dicom_study(scene, "A", "1.1"), dicom_study(scene, "B", "1.2")
    t2 = loaded(scene, "4: Sag T2 TSE", first, "1.1.4")
    stir = loaded(scene, "5: Sag STIR", first, "1.1.5")
    other = loaded(scene, "3: Sag T1 TSE", second, "1.2.3")
    cases = adopt(volumes_without_case(scene))
    assert [(case.folder, case.uid) for case in cases] == [(first, "1.1"), (second, "1.2")]
    assert cases[0].volumes() == {"t2": t2, "fs_t2": stir}
    assert cases[1].volumes() == {"t1": other}
    assert {entry.key for entry in cases[0].series()} == {"1.1.4", "1.1.5"}
    assert volumes_without_case(scene) == []
    assert cases_in(scene) == cases


def test_a_study_that_is_there_already_gets_what_is_missing(scene):
    ours = case_folder(scene, "A", "1.1")
    node = volume_node_from_image(image(), scene, "A t1")
    place_in_folder(node, ours)
    late = loaded(scene, "4: Sag T2 TSE", dicom_study(scene, "A", "1.1"), "1.1.4")
    (case,) = adopt(volumes_without_case(scene))
    assert case.folder == ours
    assert case.volumes() == {"t2": late}
    assert len(case.series()) == 2


def test_files_of_one_folder_are_a_study_also_after_the_scene_was_saved(scene, tmp_path):
    for patient in ("Müller, 1 | 2", "B"):
        folder = tmp_path / patient
        folder.mkdir()
        sitk.WriteImage(image(), str(folder / "t2 sag.nrrd"))
        storage = scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
        storage.SetFileName(str(folder / "t2 sag.nrrd"))
        node = volume_node_from_image(image(), scene, "t2 sag")
        node.SetAndObserveStorageNodeID(storage.GetID())
    without_file = volume_node_from_image(image(), scene, "made by a module")
    cases = adopt(volumes_without_case(scene))
    assert [case.name for case in cases] == ["Müller, 1 | 2", "B", "Images"]
    assert cases[0].volumes().keys() == cases[1].volumes().keys() == {"t2"}
    assert [entry.volume for entry in cases[2].series()] == [without_file]
    assert cases[2].volumes() == {}


def test_what_is_no_series_is_left_alone(scene):
    volume_node_from_image(image(), scene, "labels", is_label=True)
    made = volume_node_from_image(image(), scene, "wash-in")
    made.SetAttribute(MAP_ATTRIBUTE, "wash_in")
    scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "colours")
    hidden = volume_node_from_image(image(), scene, "hidden")
    hidden.SetHideFromEditors(True)
    assert volumes_without_case(scene) == []


@pytest.mark.parametrize(("unit", "expected"), [("s", [0, 10, 20, 30]), ("ms", [0, 0.01, 0.02, 0.03]), ("", [])])
def test_a_sequence_that_another_module_loaded_is_dynamic_with_its_times(scene, unit, expected):
    series = sitk.JoinSeries([image(frame) for frame in range(4)])
    nodes = sequence_nodes_from_image(series, [0, 10, 20, 30], scene, "7: Ax VIBE dynamic")
    nodes.sequence.SetIndexUnit(unit)
    (case,) = adopt(volumes_without_case(scene))
    assert case.volumes() == {"dce": nodes.shown}
    nodes.browser.SetSelectedItemNumber(2)
    assert case.volumes() == {"dce": nodes.shown}
    found, times = image_of(nodes.shown)
    assert found.GetSize() == (6, 5, 4, 4)
    assert times == pytest.approx(expected)


def test_the_role_comes_from_the_dicom_header_where_there_is_one(scene, tmp_path):
    from spinemets.phantom.spine import SpinePhantom
    from spinemets.phantom.study import write_study

    write_study(SpinePhantom(seed=1), tmp_path / "s", roles=("fs_t2",))
    file = next(path for path in (tmp_path / "s" / "dicom").rglob("*") if path.is_file())
    node = volume_node_from_image(image(), scene, "a name that tells nothing")
    (case,) = adopt([node], lambda volume: str(file))
    assert case.volumes() == {"fs_t2": node}
    (entry,) = case.series()
    assert "TR" in entry.reason
    assert node.GetAttribute("SpineMets.tr")
