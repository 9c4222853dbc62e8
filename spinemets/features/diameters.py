"""Longest distances between vertices of a region's surface mesh: in space, and within planes across each axis."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.features.kernels import Engine, longest_within_groups

Floats = NDArray[np.float64]


def mesh_vertices(region: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Vertices (n, 3) of the mesh: half-way between a voxel inside and a neighbour outside, in units of half a voxel.

    `region` (z, y, x) has a border of one empty voxel.
    """
    vertices = []
    for axis in range(3):
        changes = np.argwhere(np.diff(region.view(np.int8), axis=axis) != 0) * 2
        changes[:, axis] += 1
        vertices.append(changes)
    return np.concatenate(vertices)


def _extreme_on_lines(vertices: NDArray[np.int64], axis: int) -> NDArray[np.bool_]:
    """Of each vertex, whether it is first or last on the line through it along the axis."""
    along = vertices[:, axis]
    across = np.delete(vertices, axis, axis=1)
    line = across[:, 0] * (across[:, 1].max() + 1) + across[:, 1]
    first = np.full(line.max() + 1, along.max())
    last = np.zeros(line.max() + 1, np.int64)
    np.minimum.at(first, line, along)
    np.maximum.at(last, line, along)
    extreme: NDArray[np.bool_] = (along == first[line]) | (along == last[line])
    return extreme


def _longest_within_planes(vertices: NDArray[np.int64], half_spacing: Floats, axis: int, engine: Engine) -> float:
    """Longest distance between two of the vertices that have the same coordinate along the axis."""
    vertices = vertices[np.argsort(vertices[:, axis], kind="stable")]
    points = np.delete(vertices * half_spacing, axis, axis=1)
    starts = np.flatnonzero(np.diff(vertices[:, axis], prepend=-1))
    return longest_within_groups(points, np.append(starts, len(points)), engine)


def _longest(points: Floats, engine: Engine) -> float:
    """Longest distance between two of the points (n, 3)."""
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    reach = np.linalg.norm(points - centre, axis=1)
    at_least = np.linalg.norm(points - points[reach.argmax()], axis=1).max()
    # A point this near to the centre is nearer than that to every other point.
    candidates = points[reach >= (at_least - reach.max()) * (1 - 1e-9)]
    return longest_within_groups(candidates, np.array([0, len(candidates)]), engine)


def mesh_diameters(region: NDArray[np.bool_], spacing: Floats, engine: Engine = "auto") -> tuple[float, Floats]:
    """Longest distance in mm between two mesh vertices, and (3,) the longest between two with the same z, the same y,
    the same x.

    The two most distant points of a set are corners of its convex hull, so each is first or last on every line through
    it: few are.

    Parameters
    ----------
    region : (z, y, x) with a border of one empty voxel.
    spacing : (3,) mm along z, y, x.
    """
    vertices = mesh_vertices(region)
    half = spacing / 2
    extreme = np.array([_extreme_on_lines(vertices, axis) for axis in range(3)])
    within = [
        _longest_within_planes(vertices[np.delete(extreme, axis, axis=0).all(axis=0)], half, axis, engine)
        for axis in range(3)
    ]
    return _longest(vertices[extreme.all(axis=0)] * half, engine), np.array(within)
