"""Table nodes: features, probability and contributions that a user can read, plot and save in Slicer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import vtk


def table_node_from_columns(columns: Mapping[str, Sequence[object]], scene: Any, name: str) -> Any:
    """New vtkMRMLTableNode with the given columns, in their order; numbers stay numbers, anything else becomes text."""
    node = scene.AddNewNodeByClass("vtkMRMLTableNode", scene.GenerateUniqueName(name))
    fill_table_node(node, columns)
    return node


def fill_table_node(node: Any, columns: Mapping[str, Sequence[object]]) -> None:
    """Replace what a table node holds."""
    table = vtk.vtkTable()
    for title, values in columns.items():
        table.AddColumn(_column(title, values))
    node.SetAndObserveTable(table)
    node.SetUseColumnTitleAsColumnHeader(True)
    node.SetLocked(True)
    node.Modified()


def columns_from_table_node(node: Any) -> dict[str, list[Any]]:
    """Columns of a table node, in their order; missing numbers are NaN."""
    table = node.GetTable()
    columns = {}
    for index in range(table.GetNumberOfColumns()):
        column = table.GetColumn(index)
        columns[column.GetName()] = [column.GetValue(row) for row in range(column.GetNumberOfTuples())]
    return columns


def _column(title: str, values: Sequence[object]) -> Any:
    if values and all(_is_number(value) or value is None for value in values):
        column = vtk.vtkDoubleArray()
        for value in values:
            column.InsertNextValue(float("nan") if value is None else float(value))  # type: ignore[arg-type]
    else:
        column = vtk.vtkStringArray()
        for value in values:
            column.InsertNextValue("" if value is None else str(value))
    column.SetName(title)
    return column


def _is_number(value: object) -> bool:
    # Not bool: a yes or no reads better than 1.0.
    return isinstance(value, (int, float)) and not isinstance(value, bool)
