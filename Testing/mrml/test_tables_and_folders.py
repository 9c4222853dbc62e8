"""Tables must hold what the classifier said to the last digit; two cases must not share a folder."""

import math

import slicer

from spinemets.mrml.cases import ROLE_ATTRIBUTE, identity_of_case, volumes_by_role
from spinemets.mrml.segmentations import segmentation_node_from_mask
from spinemets.mrml.subject_hierarchy import case_folder, nodes_in_folder, place_beside, place_in_folder
from spinemets.mrml.tables import columns_from_table_node, fill_table_node, table_node_from_columns
from spinemets.mrml.volumes import volume_node_from_image


def test_numbers_keep_every_digit_and_text_stays_text(scene):
    columns = {"feature": ["original_shape_Elongation", "age"], "value": [0.1 + 0.2, 1e-300], "used": [True, None]}
    node = table_node_from_columns(columns, scene, "features")
    back = columns_from_table_node(node)
    assert back["feature"] == columns["feature"]
    assert back["value"] == columns["value"]
    assert back["used"] == ["True", ""]


def test_a_missing_number_is_not_zero(scene):
    node = table_node_from_columns({"value": [1.0, None]}, scene, "features")
    assert math.isnan(columns_from_table_node(node)["value"][1])


def test_a_second_run_replaces_rows(scene):
    node = table_node_from_columns({"value": [1.0, 2.0, 3.0]}, scene, "features")
    fill_table_node(node, {"value": [4.0]})
    assert columns_from_table_node(node) == {"value": [4.0]}


def test_two_cases_of_one_name_have_two_folders_and_one_case_has_one(scene):
    first = case_folder(scene, "patient", "1.2.3")
    second = case_folder(scene, "patient", "1.2.4")
    assert first != second
    assert case_folder(scene, "patient", "1.2.3") == first
    table = table_node_from_columns({"value": [1.0]}, scene, "features")
    other = table_node_from_columns({"value": [2.0]}, scene, "features of other")
    place_in_folder(table, second, series_uid="1.2.4.5")
    place_beside(other, table)
    assert nodes_in_folder(scene, first) == []
    assert nodes_in_folder(scene, second) == [table, other]


def volume_of(scene, image, folder, role):
    node = volume_node_from_image(image, scene, role)
    node.SetAttribute(ROLE_ATTRIBUTE, role)
    place_in_folder(node, folder)
    return node


def test_series_of_two_patients_are_never_mixed(scene, left_handed_oblique_image, oblique_mask):
    first, second = case_folder(scene, "first", "1.1"), case_folder(scene, "second", "1.2")
    t1 = volume_of(scene, left_handed_oblique_image, first, "t1")
    assert volumes_by_role(scene) == {"t1": t1}
    t2 = volume_of(scene, left_handed_oblique_image, second, "t2")
    assert volumes_by_role(scene) == {}
    drawn = segmentation_node_from_mask(oblique_mask, scene, "not in a folder", reference_node=t2)
    assert volumes_by_role(scene, beside=drawn) == {"t2": t2}
    assert volumes_by_role(scene, beside=t1) == {"t1": t1}
    unknown = segmentation_node_from_mask(oblique_mask, scene, "from a file")
    assert volumes_by_role(scene, beside=unknown) == {}


def test_a_report_names_the_patient_of_series_that_slicer_s_dicom_module_loaded(scene, left_handed_oblique_image):
    """Built as Slicer's DICOM plugins build it: patient, study, series."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    names = slicer.vtkMRMLSubjectHierarchyConstants
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "A (7)")
    hierarchy.SetItemAttribute(patient, names.GetDICOMPatientIDAttributeName(), "7")
    hierarchy.SetItemAttribute(patient, names.GetDICOMPatientNameAttributeName(), "A")
    study = hierarchy.CreateStudyItem(patient, "spine (20240102)")
    hierarchy.SetItemAttribute(study, names.GetDICOMStudyDateAttributeName(), "20240102")
    hierarchy.SetItemAttribute(study, names.GetDICOMStudyInstanceUIDAttributeName(), "1.2.3")
    volume = volume_node_from_image(left_handed_oblique_image, scene, "3: T2 sag")
    unknown = volume_node_from_image(left_handed_oblique_image, scene, "from a file")
    hierarchy.CreateItem(study, volume)
    found = identity_of_case({"t1": unknown, "t2": volume})
    assert (found.patient_id, found.patient_name, found.date, found.study_uid) == ("7", "A", "20240102", "1.2.3")
    assert identity_of_case({"t1": unknown}).patient_id == ""
