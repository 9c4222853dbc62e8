"""The lesion of a still image: of the regions that thresholds make within the outline, the one that looks most like it.

Without time courses a lesion is told by its level alone, and is as often darker than marrow as brighter. Each level
that it could have is tried, with each threshold between it and the other levels of the outline (Otsu 1979); a region is
as good as it is compact, as its border is clear all round, in one direction, and as it keeps clear of the outline,
which is drawn round the lesion.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.segmentation.compactness import compactness
from spinemets.segmentation.morphology import Lines, dilated, eroded, lines_of_ball
from spinemets.segmentation.parameters import SegmentationParameters
from spinemets.segmentation.region_growing import NEIGHBOUR_STEPS, GrownRegion, filled_slices
from spinemets.segmentation.scene import Index, Scene

Mask = NDArray[np.bool_]

# Levels are learned so deep in the outline, where there is neither cortex nor disc; less deep where it is thin.
DEPTHS_MM = (4.0, 2.5, 0.0)
LEAST_VOXELS = 100
CLASSES = (2, 3)
BINS = 64
SEED_RADIUS_MM = 3.0
RIM_MM = 1.0
# A threshold nearer to the lesion's level than this share of the outline's range is noise.
LEAST_STEP = 0.1
# Classes nearer to each other than this share of the range are halves of one.
LEAST_APART = 0.2
# What has a border of at least this step is the lesion also where it lies in a larger region that looks like one: not
# as a speck of the outline, nor as nearly all of that region, nor where more than a little of it lies outside.
PLAIN_STEP = 0.45
LEAST_PLAIN, PART_OF, OUTSIDE = 0.05, 0.67, 0.05
# Cortex is darker than a dark lesion by more than the first number times the step to marrow; within a bright one there
# may be fluid, brighter by up to the second.
BEYOND_DARK, BEYOND_BRIGHT = 0.6, 3.0
# Parts that hang together by less than twice the first are parted; so much is then given back of what they lost.
BRIDGE_MM, GIVEN_BACK_MM = 2.0, 2.8
# What holds a larger hole than this share of itself is tissue round a lesion, not a lesion round a dead core.
LARGEST_HOLE = 0.25
# How much a clear border, and one that is not the outline's, count beside compactness.
CLARITY, FREEDOM = 0.25, 0.15
# Steps over a border, as shares of the outline's range, count no more and no less than these.
LARGEST_STEP, FAINTEST = 0.5, 1e-3
# A region that fills less than this share of the outline counts for less, but not as much where somebody clicked.
LEAST_FILL = 0.2
CLICKED_FILL = 0.6


@dataclass(frozen=True)
class _Level:
    """What the lesion could be: its level, on which side of it marrow lies, and how far from it the lesion ends."""

    level: float
    side: int
    reach: float


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A region that could be the lesion, its number of voxels, the step over its border, and how good it looks."""

    region: Mask
    size: int
    step: float
    score: float


def still_lesion(
    scene: Scene, seed: Index | None, confined: Sequence[Mask], parameters: SegmentationParameters
) -> tuple[Index, GrownRegion]:
    """The best region, and its seed.

    Parameters
    ----------
    seed : index (z, y, x) that the region must hold, or lie next to; None: anywhere in the outline.
    confined : (z, y, x) where else the lesion may be confined to, as the kept clusters of a cut.

    Returns
    -------
    the seed, which without one is the voxel deepest in the region; the region, only the seed where there is none.
    """
    values, drawn = scene.channels.brightness, scene.outline.copy()
    if seed is not None:
        drawn |= _round(scene, seed)
    # Beside the slices it was drawn on, the outline may go on as it is seen from the side.
    outline = drawn | ((scene.beside_mm > 0) & drawn.any(axis=2, keepdims=True))
    inner = _levels_learned(scene, scene.outline, values)
    spread = float(np.subtract(*np.percentile(inner, (95, 5))))
    candidates: list[_Candidate] = []
    for level in _levels(scene, values, inner, spread, seed):
        away = (values - np.float32(level.level)) * level.side
        beyond = BEYOND_DARK if level.side > 0 else BEYOND_BRIGHT
        alike = (away < level.reach) & (away > -beyond * level.reach)
        for part in (drawn, outline, *(drawn & each for each in confined)):
            region = _thick_part(scene, alike & part, seed, parameters)
            if region.any():
                step = _outward_step(region, values, scene.across, spread) * level.side
                score = _likeness(scene, region, part, step, seed is not None)
                candidates.append(_Candidate(region, int(np.count_nonzero(region)), step, score))
    found = _chosen(candidates, LEAST_PLAIN * np.count_nonzero(scene.outline))
    if found is None:
        found = np.zeros(outline.shape, bool)
        seed = seed or _deepest(outline, scene)
    seed = seed or _deepest(found, scene)
    found[seed] = True
    low, high = np.percentile(values[found], (2, 98))
    compact = compactness(found, scene.spacing, scene.across)
    return seed, GrownRegion(found, float(low), float(high), parameters.growing_sd, not candidates, compact)


def _chosen(candidates: Sequence[_Candidate], least: float) -> Mask | None:
    """The region of the best score; or the best within it that has a steep border all round and is no speck."""
    best = max(candidates, key=lambda each: each.score, default=None)
    if best is None:
        return None
    plain = [
        each
        for each in candidates
        if each.step >= PLAIN_STEP
        and least <= each.size <= PART_OF * best.size
        and np.count_nonzero(each.region & ~best.region) <= OUTSIDE * each.size
    ]
    return max(plain, key=lambda each: each.score, default=best).region


def _disc(scene: Scene, radius_mm: float) -> Lines:
    return lines_of_ball(radius_mm, scene.spacing, scene.across)


def _round(scene: Scene, seed: Index) -> Mask:
    around = np.zeros(scene.outline.shape, bool)
    around[seed] = True
    return dilated(around, _disc(scene, SEED_RADIUS_MM))


def _deepest(region: Mask, scene: Scene) -> Index:
    depth = ndimage.distance_transform_edt(np.pad(region, 1), sampling=scene.spacing)[1:-1, 1:-1, 1:-1]
    z, y, x = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return int(z), int(y), int(x)


def _levels_learned(scene: Scene, outline: Mask, values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Values deep in the outline."""
    for depth in DEPTHS_MM:
        inner = eroded(outline, _disc(scene, depth)) if depth else outline
        if np.count_nonzero(inner) >= LEAST_VOXELS:
            break
    return values[inner].astype(np.float64)


def _levels(
    scene: Scene, values: NDArray[np.float32], inner: NDArray[np.float64], spread: float, seed: Index | None
) -> Iterator[_Level]:
    if seed is not None:
        starts = [float(np.median(values[_round(scene, seed)]))]
    else:
        starts = []
        for classes in CLASSES:
            ends = [-np.inf, *thresholds(inner, classes), np.inf]
            members = [inner[(inner >= low) & (inner < high)] for low, high in pairwise(ends)]
            starts += [float(np.median(each)) for each in members if len(each)]
    for level in starts:
        for side in (1, -1):
            away = (inner - level) * side
            away = away[away > -LEAST_STEP / 2 * spread]
            if len(away) < LEAST_STEP * len(inner):
                continue
            for classes in CLASSES:
                for reach in thresholds(away, classes):
                    if reach >= LEAST_STEP * spread > 0:
                        yield _Level(level, side, reach)


def thresholds(values: NDArray[np.float64], classes: int) -> list[float]:
    """The thresholds that split values into classes of least variance (Otsu 1979), from a histogram; none between
    classes that are too alike.

    classes : 2 or 3.
    """
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return []
    counts, edges = np.histogram(values, BINS, (low, high))
    centres = (edges[1:] + edges[:-1]) / 2
    share = np.concatenate([[0.0], np.cumsum(counts / len(values))])
    sums = np.concatenate([[0.0], np.cumsum(counts * centres / len(values))])

    def between(start: NDArray[np.intp], stop: NDArray[np.intp]) -> NDArray[np.float64]:
        """What the bins from start to stop, as a class, add to the variance between classes."""
        weight = share[stop] - share[start]
        return np.where(weight > 0, (sums[stop] - sums[start]) ** 2 / np.maximum(weight, 1e-12), -np.inf)

    ends = np.arange(1, BINS)
    zero, full = np.zeros_like(ends), np.full_like(ends, BINS)
    if classes == 2:
        cuts = [int(ends[int(np.argmax(between(zero, ends) + between(ends, full)))])]
    else:
        first, second = (each + 1 for each in np.triu_indices(BINS - 1, 1))
        parts = between(np.zeros_like(first), first) + between(first, second)
        best = int(np.argmax(parts + between(second, np.full_like(first, BINS))))
        cuts = [int(first[best]), int(second[best])]
    stops = [0, *cuts, BINS]
    weights, moments = np.diff(share[stops]), np.diff(sums[stops])
    if (weights <= 0).any():
        return []
    least = LEAST_APART * float(np.subtract(*np.percentile(values, (95, 5))))
    return [float(edges[cut]) for cut, apart in zip(cuts, np.diff(moments / weights)) if apart >= least]


def _thick_part(scene: Scene, alike: Mask, seed: Index | None, parameters: SegmentationParameters) -> Mask:
    """The largest part of what is alike, or the seed's, without what hangs on it by a thin bridge, such as cortex."""
    structure = ndimage.generate_binary_structure(3, NEIGHBOUR_STEPS[parameters.connectivity])
    labels, count = ndimage.label(eroded(alike, _disc(scene, BRIDGE_MM)), structure)
    if not count:
        return np.zeros_like(alike)
    if seed is None:
        own = int(np.bincount(labels.ravel())[1:].argmax()) + 1
    else:
        own = int(labels[seed]) or _nearest_label(labels, seed, scene.spacing)
    grown = dilated(labels == own, _disc(scene, GIVEN_BACK_MM)) & alike
    filled = filled_slices(grown, scene.across)
    return filled if np.count_nonzero(filled) <= (1 + LARGEST_HOLE) * np.count_nonzero(grown) else grown


def _nearest_label(labels: NDArray[np.int32], seed: Index, spacing: tuple[float, float, float]) -> int:
    places = np.argwhere(labels)
    away = np.sum(((places - seed) * spacing) ** 2, axis=1)
    return int(labels[tuple(places[int(away.argmin())])])


def _likeness(scene: Scene, region: Mask, outline: Mask, step: float, clicked: bool) -> float:
    """How much a region looks like a lesion in its outline; `step` is that over its border, to marrow."""
    edge = region & ~eroded(region, _disc(scene, RIM_MM))
    rim = outline & ~eroded(outline, _disc(scene, RIM_MM))
    touching = float(edge[rim].sum()) / max(int(edge.sum()), 1)
    fill = min(1.0, float(region.sum()) / (LEAST_FILL * float(scene.outline.sum())))
    compact = compactness(region, scene.spacing, scene.across)
    return float(
        compact * (1 - touching) ** FREEDOM * max(step, FAINTEST) ** CLARITY * fill ** (CLICKED_FILL if clicked else 1)
    )


def _outward_step(region: Mask, values: NDArray[np.float32], across: int, spread: float) -> float:
    """Mean step of the values over the region's border within the slices, from two voxels inside to two outside, in
    units of `spread`, each no larger than `LARGEST_STEP`; positive where it is brighter outside."""
    total, count = 0.0, 0
    for axis in range(3):
        if axis == across:
            continue
        inside = np.moveaxis(np.pad(region, 2), axis, 0)
        level = np.moveaxis(np.pad(values, 2, mode="edge"), axis, 0)
        border = inside[1:-2] != inside[2:-1]
        outward = np.where(inside[1:-2], level[3:] - level[:-3], level[:-3] - level[3:])[border] / spread
        total += float(np.clip(outward, -LARGEST_STEP, LARGEST_STEP).sum())
        count += outward.size
    return total / count if count else 0.0
