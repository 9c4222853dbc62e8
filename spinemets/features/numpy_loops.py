"""The counts of `compiled_loops` without a compiler, for Pythons that have no numba (3D Slicer's)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Positions = NDArray[np.int64]
Floats = NDArray[np.float64]


def count_neighbours(
    grid: Ints,
    voxels: Positions,
    steps: Positions,
    values: Floats,
    pairs: Positions,
    dependence: Positions,
    neighbourhoods: Positions,
    differences: Floats,
) -> None:
    """Fill pairs (a, k, k), dependence (k, 2a + 1), neighbourhoods (k,) and differences (k,)."""
    kinds = len(values)
    level = grid[voxels]
    padded_values = np.append(values, 0.0)  # position -1, outside the region, counts as nothing
    alike = np.zeros(len(voxels), np.int64)
    count = np.zeros(len(voxels), np.int64)
    total = np.zeros(len(voxels))
    for a, step in enumerate(steps):
        ahead = grid[voxels + step]
        inside = ahead >= 0
        code = level[inside].astype(np.int64) * kinds + ahead[inside]
        pairs[a] = np.bincount(code, minlength=kinds * kinds).reshape(kinds, kinds)
        for neighbour in (ahead, grid[voxels - step]):
            alike += neighbour == level
            count += neighbour >= 0
            total += padded_values[neighbour]
    dependence += np.bincount(level * dependence.shape[1] + alike, minlength=dependence.size).reshape(dependence.shape)
    neighbourhoods += np.bincount(level, minlength=kinds)
    apart = np.abs(values[level] - total / np.maximum(count, 1))
    differences += np.bincount(level, weights=np.where(count > 0, apart, 0.0), minlength=kinds)


def count_runs(grid: Ints, voxels: Positions, steps: Positions, runs: Positions) -> None:
    """Fill runs (a, k, longest): all runs advance together, one voxel a turn, until none goes on."""
    for a, step in enumerate(steps):
        going = voxels[grid[voxels - step] != grid[voxels]]
        level = grid[going]
        position = going
        for length in range(runs.shape[2]):
            position = position + step
            on = grid[position] == level
            runs[a, :, length] = np.bincount(level[~on], minlength=runs.shape[1])
            position, level = position[on], level[on]
            if not len(level):
                break


def find_zones(grid: Ints, voxels: Positions, steps: Positions, levels: Ints, sizes: Ints) -> int:
    """Fill level and size of each connected zone of one level; returns how many there are."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    number = np.full(len(grid), -1, np.int32)
    number[voxels] = np.arange(len(voxels), dtype=np.int32)
    level = grid[voxels]
    links = [(number[voxels[on]], number[voxels[on] + step]) for step in steps for on in [grid[voxels + step] == level]]
    start = np.concatenate([link[0] for link in links])
    end = np.concatenate([link[1] for link in links])
    graph = coo_array((np.ones(len(start), np.int8), (start, end)), shape=(len(voxels), len(voxels)))
    zones, zone_of = connected_components(graph, directed=False)
    sizes[:zones] = np.bincount(zone_of, minlength=zones)
    levels[zone_of] = level
    return int(zones)


def longest_within_groups(points: Floats, bounds: Positions) -> float:
    """Longest squared distance between two points (n, d) of one group; groups with the longest diagonals go first."""
    starts = bounds[:-1]
    extent = np.maximum.reduceat(points, starts) - np.minimum.reduceat(points, starts)
    diagonals = (extent**2).sum(axis=1)
    longest = 0.0
    for group in np.argsort(-diagonals):
        if diagonals[group] <= longest:
            break
        some = points[bounds[group] : bounds[group + 1]]
        for first in range(0, len(some), 512):
            apart = some[first : first + 512, None, :] - some[None, : first + 512, :]
            longest = max(longest, float(np.einsum("ijd,ijd->ij", apart, apart).max()))
    return longest
