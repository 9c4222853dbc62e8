"""Strokes of a brush, "this is lesion" or "this is not", drawn in the world on any plane of any series."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import ArrayLike, NDArray

from spinemets.errors import InputError
from spinemets.geometry.grids import index_to_world, size_of

SCHEMA = "spinemets-strokes/1"
MAXIMUM_RADIUS_MM = 200.0
# The brush is set down this many times on the length of the smallest voxel edge.
STEPS_A_VOXEL = 3
ROUNDING = 1e-9
BRUSH_VOXELS_AT_ONCE = 200_000


@dataclass(frozen=True, eq=False)
class Stroke:
    """One movement of a brush.

    Parameters
    ----------
    points : (n, 3) LPS mm, the brush's way in the order in which it went; one point is a dab.
    radius_mm : of the brush; 0 marks the voxels that the line runs through.
    inside : True where the user says lesion, False where not.
    normal : (3,) LPS, across the plane that the stroke was drawn in. The brush is then a disc that paints the one
        slice of that plane; without it, a ball.

    Raises
    ------
    InputError : no points, numbers that are not finite, or a radius that is negative or over 200 mm.
    """

    points: NDArray[np.float64]
    radius_mm: float
    inside: bool
    normal: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        points = _numbers(self.points, "points")
        if points.ndim != 2 or points.shape[1] != 3 or not len(points):
            raise InputError("stroke", "has no list of points x, y, z", "give at least one point in LPS mm")
        radius = float(_numbers(self.radius_mm, "radius_mm"))
        if not 0 <= radius <= MAXIMUM_RADIUS_MM:
            raise InputError(
                "stroke", f"has a brush of {radius:g} mm", f"give a radius from 0 to {MAXIMUM_RADIUS_MM:g} mm"
            )
        points.setflags(write=False)
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "radius_mm", radius)
        object.__setattr__(self, "inside", bool(self.inside))
        if self.normal is not None:
            normal = _numbers(self.normal, "normal")
            if normal.shape != (3,) or not np.linalg.norm(normal) > 0:
                raise InputError("stroke", "has a normal that is no direction", "give x, y, z across the drawn plane")
            normal = normal / np.linalg.norm(normal)
            object.__setattr__(self, "normal", (float(normal[0]), float(normal[1]), float(normal[2])))

    def as_json(self) -> dict[str, Any]:
        """What `strokes_from_json` reads."""
        written = {"points": self.points.tolist(), "radius_mm": self.radius_mm, "inside": self.inside}
        return written if self.normal is None else {**written, "normal": list(self.normal)}


def _numbers(values: ArrayLike, name: str) -> NDArray[np.float64]:
    try:
        numbers = np.array(values, np.float64)
    except (TypeError, ValueError):
        raise InputError("stroke", f"{name} holds what is no number", "give numbers in LPS mm") from None
    if not np.isfinite(numbers).all():
        raise InputError("stroke", f"{name} holds a number that is not finite", "give numbers in LPS mm")
    return numbers


def as_json(strokes: Sequence[Stroke]) -> dict[str, Any]:
    """Strokes in their order, for a JSON file."""
    return {
        "schema": SCHEMA,
        "coordinates": "LPS mm",
        "strokes": [stroke.as_json() for stroke in strokes],
    }


def strokes_from_json(data: object) -> list[Stroke]:
    """The strokes that `as_json` wrote.

    Raises
    ------
    InputError : says which stroke is at fault, and why.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("strokes"), list):
        raise InputError("strokes", "are no object with a list `strokes`", "write them as SpineMets does")
    if data.get("schema") != SCHEMA or data.get("coordinates") != "LPS mm":
        raise InputError(
            "strokes",
            f"are of schema {data.get('schema')!r} in {data.get('coordinates')!r}",
            f"give schema {SCHEMA!r} with coordinates 'LPS mm'",
        )
    return [_stroke_from_json(item, number) for number, item in enumerate(data["strokes"], 1)]


def _stroke_from_json(item: object, number: int) -> Stroke:
    if not isinstance(item, Mapping):
        raise InputError(f"stroke {number}", "is no object", "write strokes as SpineMets does")
    missing = [name for name in ("points", "radius_mm", "inside") if name not in item]
    unknown = sorted(set(item) - {"points", "radius_mm", "inside", "normal"})
    if missing or unknown:
        what = f"lacks {', '.join(missing)}" if missing else f"has the unknown entry {unknown[0]!r}"
        raise InputError(f"stroke {number}", what, "write strokes as SpineMets does")
    if not isinstance(item["inside"], bool):
        raise InputError(f"stroke {number}", "has an `inside` that is neither true nor false", "give true or false")
    try:
        return Stroke(item["points"], item["radius_mm"], item["inside"], item.get("normal"))
    except InputError as error:
        raise InputError(f"stroke {number}", error.why, error.remedy) from None


def painted_voxels(stroke: Stroke, grid: sitk.Image) -> NDArray[np.intp]:
    """Indices (n, 3) in array order (k, j, i) of the voxels of a grid that a stroke paints, sorted, without repeats.

    These are the voxels that the brush's way runs through, and those whose centre the brush covers. Parts of a stroke
    beyond the grid paint nothing.
    """
    to_world = index_to_world(grid)
    to_index = np.linalg.inv(to_world)
    way = _way(stroke.points, min(grid.GetSpacing()[:3]) / STEPS_A_VOXEL)
    index = (way @ to_index[:3, :3].T + to_index[:3, 3])[:, ::-1]
    offsets, reach = _brush(stroke, to_world[:3, :3])
    low = np.maximum(np.floor(index.min(axis=0)).astype(int) - reach, 0)
    high = np.minimum(np.ceil(index.max(axis=0)).astype(int) + reach + 1, size_of(grid)[::-1])
    if (low >= high).any():
        return np.empty((0, 3), np.intp)
    painted = np.zeros(high - low, bool)
    # A point on the border between two voxels belongs to the higher one, whatever rounding says.
    _mark(painted, np.floor(index + 0.5 + 1e-6).astype(np.intp) - low)
    at_once = max(1, BRUSH_VOXELS_AT_ONCE // max(1, len(offsets)))
    for first in range(0, len(index) if len(offsets) else 0, at_once):
        places = index[first : first + at_once, None]
        voxels = np.floor(places + 0.5).astype(np.intp) + offsets
        near = _covers(stroke, (voxels - places) @ to_world[:3, 2::-1].T, to_world[:3, :3])
        _mark(painted, voxels[near] - low)
    return np.argwhere(painted) + low


def _mark(painted: NDArray[np.bool_], voxels: NDArray[np.intp]) -> None:
    """Mark those of the voxels (n, 3) that lie in the array."""
    within = ((voxels >= 0) & (voxels < painted.shape)).all(axis=1)
    painted[tuple(voxels[within].T)] = True


def _way(points: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """The points and others between them, at most `step` mm apart."""
    parts = [points[:1]]
    for start, stop in itertools.pairwise(points):
        count = max(1, int(np.ceil(np.linalg.norm(stop - start) / step)))
        parts.append(start + (stop - start) * (np.arange(1, count + 1) / count)[:, None])
    return np.concatenate(parts)


def _brush(stroke: Stroke, matrix: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.int_]]:
    """Offsets (n, 3) in array order to all voxels that the brush can reach from the voxel it is in, and how far along
    each axis that is."""
    if stroke.radius_mm == 0:
        return np.empty((0, 3), np.intp), np.zeros(3, int)
    # Half a voxel more for where in its voxel the brush's middle lies.
    reach = stroke.radius_mm * np.linalg.norm(np.linalg.inv(matrix), axis=1)[::-1] + 0.5
    if stroke.normal is not None:
        reach = np.maximum(reach, _half_thickness(stroke, matrix) / np.linalg.norm(matrix, axis=0)[::-1] + 0.5)
    reach = np.ceil(reach).astype(int)
    grids = np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij")
    return np.stack(grids, axis=-1).reshape(-1, 3), reach


def _covers(stroke: Stroke, apart: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the brush covers voxel centres that are `apart` (..., 3) mm from its middle."""
    squared = (apart**2).sum(axis=-1)
    if stroke.normal is None:
        return np.asarray(squared <= stroke.radius_mm**2 + ROUNDING)
    across = apart @ np.array(stroke.normal)
    in_slice = np.abs(across - ROUNDING) <= _half_thickness(stroke, matrix)
    return np.asarray(in_slice & (squared - across**2 <= stroke.radius_mm**2 + ROUNDING))


def _half_thickness(stroke: Stroke, matrix: NDArray[np.float64]) -> float:
    """Half of a voxel's extent in mm across the plane that was drawn in."""
    return float(0.5 * np.abs(matrix.T @ np.array(stroke.normal)).sum())
