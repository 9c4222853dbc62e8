"""The lesion round a seed: the most compact of several hypotheses, its border refined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.segmentation.compactness import compactness, edge_contrast
from spinemets.segmentation.hypotheses import SAME, Field, hypotheses
from spinemets.segmentation.kinetics import View, seen_from
from spinemets.segmentation.morphology import box_round, dilated, lines_of_ball
from spinemets.segmentation.parameters import SegmentationParameters
from spinemets.segmentation.refinement import learned, with_border
from spinemets.segmentation.region_growing import NEIGHBOUR_STEPS, GrownRegion
from spinemets.segmentation.scene import Index, Scene

SEED_RADIUS_MM = 3.0
# Regions are looked for where enhancement reaches this share of the way to the lesion's, and so far round it.
FAINT = 0.3
MARGIN_MM = 10.0
# A hypothesis with less than this share of the usual volume is a piece of the lesion, however compact.
LEAST_SHARE = 0.4
# A region less compact than the first may hold vessels. The second is how much it counts to be more compact than that,
# and how clear the border is: of blobs the clearer is better.
BLOB, BEYOND = 0.125, 0.1
SIDE_MM = 8.0


@dataclass(frozen=True)
class ChosenRegion:
    """A region of a field before its border is refined, and how compact it is."""

    field: Field
    voxels: NDArray[np.bool_]
    compactness: float


def best_region(
    scene: Scene, kept: Sequence[NDArray[np.bool_]], seed: Index, parameters: SegmentationParameters
) -> ChosenRegion:
    """The most compact region that grows from the seed.

    Parameters
    ----------
    kept : (z, y, x) kept clusters; in each, one more hypothesis grows.
    seed : index (z, y, x); it is in the region.
    """
    start = round_seed(scene, seed)
    field = field_round(scene, seen_from(start, scene.channels, scene.outline), seed, parameters)
    confined = [part[field.where] for part in (scene.beside_mm <= SIDE_MM, *kept)]
    tried: list[NDArray[np.bool_]] = []
    for region in hypotheses(field, start[field.where], confined, parameters):
        if not any(np.count_nonzero(region ^ other) <= SAME * np.count_nonzero(region) for other in tried):
            tried.append(region)
    regions = [learned(field, region, 1, parameters.closing_mm) for region in tried]
    chosen = _most_compact(field, regions, parameters)
    return ChosenRegion(field, chosen, compactness(chosen, scene.spacing, scene.across))


def refined(chosen: ChosenRegion, parameters: SegmentationParameters) -> GrownRegion:
    """The chosen region in its scene, learned again from all of it, with its border placed."""
    field, scene = chosen.field, chosen.field.scene
    final = _refined(field, chosen.voxels, parameters)
    whole = field.in_scene(final)
    low, high = np.percentile(scene.channels.brightness[whole], (2, 98))
    leaks = _leaks(field, final, parameters)
    piece = np.count_nonzero(final) < LEAST_SHARE * np.count_nonzero(chosen.voxels)
    return GrownRegion(whole, float(low), float(high), parameters.growing_sd, leaks, chosen.compactness, bool(piece))


def round_seed(scene: Scene, seed: Index) -> NDArray[np.bool_]:
    """The seed and what lies near it in its slice, without vessels."""
    start = np.zeros(scene.outline.shape, bool)
    start[seed] = True
    start = dilated(start, lines_of_ball(SEED_RADIUS_MM, scene.spacing, scene.across)) & ~scene.channels.vessels
    start[seed] = True
    return start


def field_round(scene: Scene, view: View, seed: Index, parameters: SegmentationParameters) -> Field:
    """The part of the scene that a region grown from the seed could reach, and a margin."""
    clear = ~scene.channels.vessels
    clear[seed] = True
    allowed = clear & scene.within_reach(parameters.outline_margin_mm)
    allowed[seed] = True
    faint = view.background + FAINT * (1 - view.background)
    reachable = allowed & (view.amount > faint if view.brighter else view.amount < faint)
    reachable[seed] = True
    structure = ndimage.generate_binary_structure(3, NEIGHBOUR_STEPS[parameters.connectivity])
    labels, _ = ndimage.label(reachable, structure)
    where = box_round(labels == labels[seed], [int(np.ceil(MARGIN_MM / step)) for step in scene.spacing])
    z, y, x = (i - part.start for i, part in zip(seed, where))
    outline, connectivity = scene.outline[where], parameters.connectivity
    return Field(scene, where, view.part(where), clear[where], allowed[where], outline, (z, y, x), connectivity)


def _leaks(field: Field, region: NDArray[np.bool_], parameters: SegmentationParameters) -> bool:
    inside = int(np.count_nonzero(region & field.outline))
    return bool(np.count_nonzero(region) - inside > parameters.leak_ratio * max(inside, 1))


def _most_compact(
    field: Field, regions: list[NDArray[np.bool_]], parameters: SegmentationParameters
) -> NDArray[np.bool_]:
    """The region that looks most like a lesion: a blob, its border clear. Those that leak or are a piece
    stand back."""
    candidates = [region for region in regions if not _leaks(field, region, parameters)] or regions
    volumes = [int(np.count_nonzero(region)) for region in candidates]
    least = LEAST_SHARE * float(np.median(volumes))
    scores = [_blobness(field, region) if volume >= least else 0.0 for region, volume in zip(candidates, volumes)]
    return candidates[int(np.argmax(scores))]


def _blobness(field: Field, region: NDArray[np.bool_]) -> float:
    across, step = field.scene.across, abs(1 - field.view.background)
    clear = edge_contrast(region, field.view.amount, across, step)
    compact = compactness(region, field.scene.spacing, across)
    return min(compact, BLOB) * (clear * max(compact / BLOB, 1)) ** BEYOND


def _refined(field: Field, region: NDArray[np.bool_], parameters: SegmentationParameters) -> NDArray[np.bool_]:
    """The region learned with the lesion's course taken from all of it, and its border placed."""
    core = field.in_scene(field.core(region) & field.allowed)
    if core.any():
        seen = seen_from(core, field.scene.channels, field.scene.outline)
        field = replace(field, view=seen.part(field.where))
    region = learned(field, region, parameters.learning_rounds, parameters.closing_mm)
    return region if parameters.border_rule == "none" else with_border(field, region, parameters.border_fraction)
