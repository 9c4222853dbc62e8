"""Markups and points."""

from __future__ import annotations

from typing import Any

import slicer


def first_point_lps(node: Any) -> tuple[float, float, float] | None:
    """World position (LPS mm) of the first point that is placed, transforms above the node included; None without."""
    placed = slicer.vtkMRMLMarkupsNode.PositionDefined
    for index in range(node.GetNumberOfControlPoints()):
        if node.GetNthControlPointPositionStatus(index) == placed:
            position = [0.0, 0.0, 0.0]
            node.GetNthControlPointPositionWorld(index, position)
            return (-position[0], -position[1], position[2])
    return None
