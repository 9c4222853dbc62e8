"""Plain loops over a region's voxels that count texture matrices. `kernels` compiles them with numba; nothing else
calls them.

All take the same flat grid: `grid` is the level index of every voxel of the region's box with a border of one voxel, in
C order, -1 outside the region; `voxels` are the flat positions of the region's voxels; `steps` the flat distances to
half of a voxel's neighbours (the other half lies the other way). The border makes every step legal.
"""

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
    """Fill pairs (a, k, k), dependence (k, 2a + 1), neighbourhoods (k,) and differences (k,) in one pass."""
    for v in voxels:
        level = grid[v]
        alike = 0
        count = 0
        total = 0.0
        for a in range(len(steps)):
            ahead = grid[v + steps[a]]
            if ahead >= 0:
                pairs[a, level, ahead] += 1
                count += 1
                total += values[ahead]
                if ahead == level:
                    alike += 1
            behind = grid[v - steps[a]]
            if behind >= 0:
                count += 1
                total += values[behind]
                if behind == level:
                    alike += 1
        dependence[level, alike] += 1
        neighbourhoods[level] += 1
        if count > 0:
            differences[level] += abs(values[level] - total / count)


def count_runs(grid: Ints, voxels: Positions, steps: Positions, runs: Positions) -> None:
    """Fill runs (a, k, longest): runs of one level along each step, by length - 1."""
    for a in range(len(steps)):
        step = steps[a]
        for v in voxels:
            level = grid[v]
            if grid[v - step] == level:
                continue
            length = 0
            w = v + step
            while grid[w] == level:
                length += 1
                w += step
            runs[a, level, length] += 1


def find_zones(grid: Ints, voxels: Positions, steps: Positions, levels: Ints, sizes: Ints) -> int:
    """Fill level and size of each connected zone of one level; returns how many there are. Leaves the grid emptied."""
    stack = np.empty(len(voxels), np.int64)
    zones = 0
    for v in voxels:
        level = grid[v]
        if level < 0:
            continue
        size = 0
        top = 1
        stack[0] = v
        grid[v] = -1
        while top > 0:
            top -= 1
            w = stack[top]
            size += 1
            for a in range(len(steps)):
                ahead = w + steps[a]
                if grid[ahead] == level:
                    grid[ahead] = -1
                    stack[top] = ahead
                    top += 1
                behind = w - steps[a]
                if grid[behind] == level:
                    grid[behind] = -1
                    stack[top] = behind
                    top += 1
        levels[zones] = level
        sizes[zones] = size
        zones += 1
    return zones


def longest_within_groups(points: Floats, bounds: Positions) -> float:
    """Longest squared distance between two points (n, d) of one group; group g is points[bounds[g] : bounds[g + 1]]."""
    longest = 0.0
    for g in range(len(bounds) - 1):
        for i in range(bounds[g], bounds[g + 1]):
            for j in range(bounds[g], i):
                squared = 0.0
                for d in range(points.shape[1]):
                    squared += (points[i, d] - points[j, d]) ** 2
                longest = max(longest, squared)
    return longest
