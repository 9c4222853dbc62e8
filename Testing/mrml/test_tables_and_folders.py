"""Tables must hold what the classifier said to the last digit; two cases must not share a folder."""

import math

from spinemets.mrml.subject_hierarchy import case_folder, nodes_in_folder, place_beside, place_in_folder
from spinemets.mrml.tables import columns_from_table_node, fill_table_node, table_node_from_columns


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
