"""Texture matrices of a region: compiled with numba where it is installed, else with numpy; the counts are the same."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.features import compiled_loops, numpy_loops
from spinemets.features.discretization import GreyLevels, discretize

Engine = Literal["auto", "numba", "numpy"]

# Half of the 26 neighbours as (z, y, x) steps, one for each of the 13 directions.
DIRECTIONS = tuple(
    (z, y, x) for z in (0, 1) for y in (-1, 0, 1) for x in (-1, 0, 1) if (z, y, x) > (0, 0, 0)
)  # fmt: skip
# Half of the 8 neighbours within a slice.
IN_PLANE_DIRECTIONS = tuple(step for step in DIRECTIONS if step[0] == 0)


@dataclass(frozen=True)
class TextureMatrices:
    """Counts behind the texture features; k grey levels that occur, a directions.

    levels : the grey levels of the rows.
    pairs : (a, k, k) voxels of level i whose neighbour in the direction has level j; directions that the region's box
        has no room for are left out.
    runs : (a, k, r) runs of r + 1 voxels of level i in the direction; directions in which no two voxels share a line
        are left out.
    zone_levels, zone_sizes : (z,) level index and voxels of each connected zone.
    dependence : (k, 2a + 1) voxels of level i that have j neighbours of the same level.
    neighbourhoods : (k,) voxels of level i.
    differences : (k,) sum over voxels of level i of |i - mean of the neighbours' levels|.
    """

    levels: GreyLevels
    pairs: NDArray[np.float64]
    runs: NDArray[np.float64]
    zone_levels: NDArray[np.int32]
    zone_sizes: NDArray[np.int32]
    dependence: NDArray[np.float64]
    neighbourhoods: NDArray[np.float64]
    differences: NDArray[np.float64]


@functools.cache
def _loops(engine: Engine) -> Any:
    """The module of loops to use.

    Compiled ones are kept on disk by numba: compiling costs 2.6 s of CPU once a machine, loading numba and what it kept
    0.7 s once a process.
    """
    if engine == "numpy":
        return numpy_loops
    try:
        import numba
    except ImportError:  # not installed, or not for this numpy
        if engine == "auto":
            return numpy_loops
        raise
    compile_loop: Callable[..., Any] = numba.njit(cache=True, nogil=True)
    names = ("count_neighbours", "count_runs", "find_zones", "longest_within_groups")
    return SimpleNamespace(**{name: compile_loop(getattr(compiled_loops, name)) for name in names})


def load() -> None:
    """Load the loops, and compile them where nobody has yet, so that processes copied from this one need not."""
    region = np.ones((2, 2, 2), bool)
    texture_matrices(Lattice(region), discretize(np.arange(8.0)))
    longest_within_groups(np.zeros((2, 3)), np.array([0, 2]))


def longest_within_groups(points: NDArray[np.float64], bounds: NDArray[np.int64], engine: Engine = "auto") -> float:
    """Longest distance between two points (n, d) of one group; group g is points[bounds[g] : bounds[g + 1]]."""
    return float(np.sqrt(_loops(engine).longest_within_groups(points, bounds)))


class Lattice:
    """Where a region's voxels lie among each other, worked out once for all images of the region.

    region : (z, y, x) the region in its box.
    directions : (z, y, x) steps to half of a voxel's neighbours, at distance 1.
    """

    def __init__(self, region: NDArray[np.bool_], directions: tuple[tuple[int, int, int], ...] = DIRECTIONS) -> None:
        self.region = region
        self.directions = directions
        padded = np.pad(region, 1)
        self.shape = padded.shape
        self.voxels = np.flatnonzero(padded)
        strides = np.array([padded.shape[1] * padded.shape[2], padded.shape[2], 1])
        self.steps = np.array(directions) @ strides

    @functools.cached_property
    def possible(self) -> list[int]:
        """Directions in which the region's box is more than one voxel wide."""
        size = self.region.shape
        return [
            a for a, step in enumerate(self.directions) if all(size[axis] > 1 for axis in range(3) if step[axis] != 0)
        ]

    @functools.cached_property
    def used(self) -> list[int]:
        """Directions in which two voxels share a line."""
        flat = np.zeros(int(np.prod(self.shape)), bool)
        flat[self.voxels] = True
        return [
            a
            for a, step in enumerate(self.steps)
            if flat[self.voxels + step].any() or _share_a_line(self.region, self.directions[a])
        ]

    def grid(self, index: NDArray[np.int32]) -> NDArray[np.int32]:
        """Flat grid of level indices with a border of one voxel, -1 outside of the region."""
        grid = np.full(int(np.prod(self.shape)), -1, np.int32)
        grid[self.voxels] = index
        return grid


def _share_a_line(region: NDArray[np.bool_], direction: tuple[int, int, int]) -> bool:
    """Whether two voxels of the region lie on one line along the direction, however far apart."""
    coordinates = np.argwhere(region)
    axis = next(axis for axis in range(3) if direction[axis] != 0)
    along = coordinates[:, axis] * direction[axis]
    feet = coordinates - along[:, None] * np.array(direction)
    return len(np.unique(feet, axis=0)) < len(feet)


def texture_matrices(
    lattice: Lattice, levels: GreyLevels, engine: Engine = "auto", runs_and_zones: bool = True
) -> TextureMatrices:
    """Count all matrices of a region.

    Parameters
    ----------
    lattice : of the region.
    levels : of the region's voxels in C order.
    engine : "numba", "numpy", or "auto" for the fastest that is installed.
    runs_and_zones : count these too; without them they are empty.

    Raises
    ------
    InputError : the region is one voxel wide in each direction that counts.
    """
    if not lattice.possible:
        raise InputError(
            "mask", "has no two voxels in one plane, within which texture is measured", "measure in 3-D (force2D false)"
        )
    loops = _loops(engine)
    kinds = len(levels.values)
    grid, voxels, steps = lattice.grid(levels.index), lattice.voxels, lattice.steps

    pairs = np.zeros((len(steps), kinds, kinds), np.int64)
    dependence = np.zeros((kinds, 2 * len(steps) + 1), np.int64)
    neighbourhoods = np.zeros(kinds, np.int64)
    differences = np.zeros(kinds)
    loops.count_neighbours(grid, voxels, steps, levels.values, pairs, dependence, neighbourhoods, differences)

    runs = np.zeros((len(lattice.used) if runs_and_zones else 0, kinds, max(lattice.region.shape)), np.int64)
    zone_levels = np.empty(len(voxels), np.int32)
    zone_sizes = np.empty(len(voxels), np.int32)
    zones = 0
    if runs_and_zones:
        loops.count_runs(grid, voxels, steps[lattice.used], runs)
        zones = loops.find_zones(grid, voxels, steps, zone_levels, zone_sizes)
    return TextureMatrices(
        levels=levels,
        pairs=pairs[lattice.possible].astype(np.float64),
        runs=runs.astype(np.float64),
        zone_levels=zone_levels[:zones],
        zone_sizes=zone_sizes[:zones],
        dependence=dependence.astype(np.float64),
        neighbourhoods=neighbourhoods.astype(np.float64),
        differences=differences,
    )
