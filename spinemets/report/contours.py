"""The border of a mask on one slice as closed lines: marching squares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Edges of a cell: 0 top, 1 right, 2 bottom, 3 left. Corners count 1 upper left, 2 upper right, 4 lower right, 8 lower
# left. In the two saddles (5 and 10) the inside corners are kept apart.
SEGMENTS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),),
    2: ((0, 1),),
    3: ((3, 1),),
    4: ((1, 2),),
    5: ((3, 0), (1, 2)),
    6: ((0, 2),),
    7: ((3, 2),),
    8: ((2, 3),),
    9: ((2, 0),),
    10: ((0, 1), (2, 3)),
    11: ((2, 1),),
    12: ((1, 3),),
    13: ((1, 0),),
    14: ((0, 3),),
}
Edge = tuple[int, int, int]


def contours(values: NDArray[np.float64], level: float = 0.5) -> list[NDArray[np.float64]]:
    """Closed lines where the bilinear surface through `values` (rows, columns) crosses `level`.

    Gives one array (n, 2) of (column, row) a line, in pixels with the centre of the first pixel at (0, 0); what lies
    beyond the array counts as below the level, so every line is closed. Source: Lorensen and Cline 1987, in 2-D.
    """
    padded = np.pad(np.asarray(values, dtype=np.float64), 1, constant_values=min(level - 1.0, float(np.min(values))))
    inside = padded >= level
    case = inside[:-1, :-1] * 1 + inside[:-1, 1:] * 2 + inside[1:, 1:] * 4 + inside[1:, :-1] * 8
    links: dict[Edge, list[Edge]] = {}
    for row, column in np.argwhere((case > 0) & (case < 15)):
        edges = _cell_edges(int(row), int(column))
        for first, second in SEGMENTS[int(case[row, column])]:
            links.setdefault(edges[first], []).append(edges[second])
            links.setdefault(edges[second], []).append(edges[first])
    return [np.array([_crossing(padded, edge, level) for edge in loop]) - 1.0 for loop in _loops(links)]


def _cell_edges(row: int, column: int) -> tuple[Edge, Edge, Edge, Edge]:
    """Edges of the cell as (row, column, 0 horizontal | 1 vertical) of the edge's upper or left end."""
    return (row, column, 0), (row, column + 1, 1), (row + 1, column, 0), (row, column, 1)


def _crossing(values: NDArray[np.float64], edge: Edge, level: float) -> tuple[float, float]:
    """Where the level is crossed on an edge, (column, row)."""
    row, column, vertical = edge
    first = values[row, column]
    second = values[row + 1, column] if vertical else values[row, column + 1]
    part = float((level - first) / (second - first))
    return (column, row + part) if vertical else (column + part, row)


def _loops(links: dict[Edge, list[Edge]]) -> list[list[Edge]]:
    """Every edge point has two neighbours, so walking on always comes back to the start."""
    left = dict.fromkeys(links)
    found: list[list[Edge]] = []
    while left:
        start = next(iter(left))
        loop = [start]
        del left[start]
        while True:
            onward = [edge for edge in links[loop[-1]] if edge in left]
            if not onward:
                break
            loop.append(onward[0])
            del left[onward[0]]
        found.append(loop)
    return found
