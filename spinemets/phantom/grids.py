"""The grids of a usual examination of a spine, planned on the patient as a radiographer would."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.anatomy import SpineAnatomy
from spinemets.phantom.sampling import Grid

# Directions of i, j, k in LPS: what a scanner sends for each plane.
SAGITTAL = np.array([[0, 0, -1], [1, 0, 0], [0, -1, 0]], np.float64)
CORONAL = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float64)
AXIAL = np.eye(3)

_SHAPES: dict[str, tuple[np.ndarray, tuple[int, int, int], tuple[float, float, float]]] = {
    "sagittal": (SAGITTAL, (384, 384, 13), (0.78, 0.78, 4.0)),
    "coronal": (CORONAL, (288, 320, 12), (1.0, 1.0, 4.0)),
    "axial": (AXIAL, (256, 208, 18), (0.90, 0.90, 4.0)),
    "dynamic": (AXIAL, (256, 192, 26), (0.9765625, 0.9765625, 3.0)),
    "tomography": (AXIAL, (256, 256, 30), (0.90, 0.90, 3.0)),
}


def rotation(about_x: float, about_y: float, about_z: float) -> np.ndarray:
    """Rotation matrix (3, 3) of angles in degrees."""
    a, b, c = np.deg2rad([about_x, about_y, about_z])
    rx = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return rz @ ry @ rx


def plan(anatomy: SpineAnatomy, seed: int) -> dict[str, Grid]:
    """Grids by name, slightly oblique, centred on the lesion's level."""
    rng = np.random.default_rng([seed, 4])
    level = anatomy.body_centre(anatomy.level)
    middle = anatomy.body_centre("L2")
    centres = {
        "sagittal": np.array([0.7 * level[0] + 0.3 * middle[0], middle[1] - 6, 0.55 * middle[2] + 0.45 * level[2]]),
        "coronal": np.array([level[0], level[1] + 8, 0.5 * middle[2] + 0.5 * level[2]]),
        "axial": np.array([level[0], level[1] - 2, level[2]]),
        "dynamic": np.array([level[0], level[1] - 4, anatomy.lesion.centre[2]]),
        "tomography": np.array([level[0], level[1] + 2, level[2]]),
    }
    grids = {}
    for name, (axes, size, spacing) in _SHAPES.items():
        tilt = rotation(*rng.normal(0, [2.0, 1.2, 1.2]))
        if name == "tomography":
            tilt = np.eye(3)
        grids[name] = Grid.around(centres[name] + rng.normal(0, 1.5, 3), tilt @ axes, size, spacing)
    return grids


def crop(grid: Grid, centre: np.ndarray, size: tuple[int, int, int]) -> Grid:
    """The part of a grid, on the same voxels, of at most `size` voxels around a world point (LPS mm)."""
    at = np.linalg.solve(grid.steps, np.asarray(centre) - np.array(grid.origin))
    keep = np.minimum(size, grid.size)
    first = np.clip(np.round(at - (keep - 1) / 2), 0, np.array(grid.size) - keep).astype(int)
    origin = np.array(grid.origin) + grid.steps @ first
    return Grid((int(keep[0]), int(keep[1]), int(keep[2])), grid.spacing, tuple(origin.tolist()), grid.direction)


def within(part: Grid, whole: Grid, array: np.ndarray) -> np.ndarray:
    """A [k, j, i] array of a part that `crop` made, on the whole grid, with 0 beyond the part."""
    first = np.linalg.solve(whole.steps, np.array(part.origin) - np.array(whole.origin)).round().astype(int)
    out = np.zeros(whole.size[::-1], array.dtype)
    out[tuple(slice(a, a + n) for a, n in zip(first[::-1], array.shape))] = array
    return out
