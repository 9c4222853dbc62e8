"""The border of a region drawn again where voxels are half lesion by volume.

What lies deep inside a region and what lies clear of it say what lesion and surroundings look like nearby. How far a
voxel of the border is on the way from the one to the other is the share of lesion in it, once the blur of the image is
taken back; a random walk between the two, with that share as its prior, puts the border at the half. Local levels
matter: half-way to the lesion is what many other tissues look like, and the mean of all of them draws every border too
far in; and the first and last slice of a lesion, thick as they are, lie beside other tissue than the slices next to
them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.segmentation.delineation import (
    LESION,
    OTHER,
    UNMARKED,
    Marks,
    StrokeParameters,
    Surroundings,
    connected,
)
from spinemets.segmentation.morphology import box_round
from spinemets.segmentation.parameters import SegmentationParameters
from spinemets.segmentation.random_walker import RandomWalker
from spinemets.segmentation.region_growing import filled_slices
from spinemets.segmentation.scene import Index, Scene
from spinemets.segmentation.smoothing import broad_gaussian, gaussian

Mask = NDArray[np.bool_]
Field = NDArray[np.float32]
Distance = NDArray[np.float64]
Steps = tuple[float, float, float]

# The look of so much round the region stands for what is not lesion.
MARGIN_MM = 6.0
BESIDE_MM = 1.0
# However coarse the image is, the voxels on either side of the border are open; and so are the slices on either side,
# which count as no farther than this share of what is open.
OPEN_VOXELS = 1.05
NEXT_SLICE = 0.95
# What the lesion looks like is measured so much deeper than it is sure, where it is so deep: the outermost of what is
# sure may hold other tissue.
CORE_MM = 0.5
# SD of the Gaussian by which the lesion nearby is averaged, and the weight of all of it where nothing of it is near.
NEARBY_MM, ANYWHERE = 1.0, 1e-3
# SDs of the Gaussians by which the surroundings are averaged in each slice, and the weight of the broad one, and of all
# surroundings against it, where little of them is near.
BESIDE_IT_MM, IN_THE_SLICE_MM = 1.3, 8.0
BROADER, ALL_OF_THEM = 0.01, 0.1
# SD of the blur in the slices that is taken back; the image's own (about 0.7 mm) and that of the channels (0.6 mm) make
# 0.9.
BLUR_MM, DEBLURRING_ROUNDS = 0.8, 5
# What is left of noise beyond a share of nothing or all.
LEAST_SHARE, LARGEST_SHARE = -0.3, 1.3
# Somewhat less than the half: the level of the surroundings is measured a little away from the border; and the phantom
# on which it was chosen calls a voxel lesion from 4 of 8 samples on, which is a share of 7/16.
HALF = 0.44
# Log-odds of lesion for each SD of noise by which a voxel is off the half; at most so much; its weight in the walk.
ODDS_A_SD, LARGEST_ODDS = 0.5, 4.0
STRENGTH = 0.01
# Border voxels are far from the half as a rule: their probability need not be known better.
TOLERANCE = 2e-3


def with_walked_border(scene: Scene, region: Mask, seed: Index, parameters: SegmentationParameters) -> Mask:
    """A region grown in a scene, with its border walked (`walk_border`); the seed stays in, and vessels stay out.

    Parameters
    ----------
    region : (z, y, x), at least one voxel, with the seed.
    """
    box = box_round(region, [int(np.ceil(MARGIN_MM / step)) for step in scene.spacing])
    inside, voxels = region[box], scene.voxels[(..., *box)]
    if voxels.max() == voxels.min():
        return region
    marks = np.full(inside.shape, UNMARKED, np.int8)
    marks[scene.channels.vessels[box] & ~inside] = OTHER
    marks[tuple(i - part.start for i, part in zip(seed, box))] = LESION
    a, b, c = (slice(0, count) for count in inside.shape)
    place = Surroundings.of(voxels, (a, b, c), scene.spacing, scene.across, StrokeParameters())
    walked = np.zeros_like(region)
    walked[box] = walk_border(place, inside, marks, parameters.border_inside_mm, parameters.border_outside_mm)
    return walked


def walk_border(place: Surroundings, region: Mask, marks: Marks, inside_mm: float, outside_mm: float) -> Mask:
    """The region with its border where voxels are half lesion.

    What lies deeper inside than `inside_mm` stays, and what lies farther out than `outside_mm` stays out. A region that
    is nowhere so deep stays as it is.

    Parameters
    ----------
    place : what the box round the region looks like.
    region : (z, y, x), at least one voxel.
    marks : (z, y, x) `LESION` or `OTHER` where that is known, else `UNMARKED`; parts of the result that hold no
        `LESION` are left out.
    """
    box = box_round(region, place.reach(MARGIN_MM))
    part = place.part(box)
    open_mm = OPEN_VOXELS * max(step for axis, step in enumerate(place.spacing) if axis != place.across)
    inside_mm, outside_mm = max(inside_mm, open_mm), max(outside_mm, open_mm)
    # The slices are drawn together so that those next to the region's ends are open.
    a, b, c = (
        min(step, NEXT_SLICE * inside_mm) if axis == place.across else step for axis, step in enumerate(place.spacing)
    )
    depth, away = _depth(region[box], (a, b, c))
    deep, far = depth > inside_mm, away > outside_mm
    if not deep.any() or not far.any():
        return region
    core = depth > inside_mm + CORE_MM
    share, contrast = _share_of_lesion(part, core if core.any() else deep, far, (a, b, c))
    # All that is farther out is known.
    near = box_round(~far, place.reach(BESIDE_MM))
    walked = np.zeros_like(region)
    walked[box][near] = _walked(part.part(near), share[near], contrast[near], deep[near], far[near], marks[box][near])
    return walked


def _walked(place: Surroundings, share: Field, contrast: Field, deep: Mask, far: Mask, marks: Marks) -> Mask:
    """The lesion of a random walk between what is sure, with the odds that the share of lesion gives as its prior."""
    odds = np.clip((share - np.float32(HALF)) * contrast * np.float32(ODDS_A_SD), -LARGEST_ODDS, LARGEST_ODDS)
    prior = (1 / (1 + np.exp(-odds))).astype(np.float32)
    marked = marks != UNMARKED
    given = np.where(marked, marks == LESION, deep).astype(np.float32)
    walker = RandomWalker(place.joints, place.spacing)
    probability = walker.solve(prior, STRENGTH, deep | far | marked, given, tolerance=TOLERANCE)
    found = connected((probability >= 0.5) & (marks != OTHER), marks == LESION)
    return filled_slices(found, place.across) & (marks != OTHER)


def _depth(region: Mask, steps: Steps) -> tuple[Distance, Distance]:
    """How deep voxels lie in the region, and how far out, in mm; nothing is either where there is no border. `steps` in
    mm along z, y, x."""
    if region.all():
        return np.zeros(region.shape), np.zeros(region.shape)
    depth = ndimage.distance_transform_edt(region, sampling=steps)
    away = ndimage.distance_transform_edt(~region, sampling=steps)
    return np.asarray(depth), np.asarray(away)


def _share_of_lesion(place: Surroundings, core: Mask, far: Mask, steps: Steps) -> tuple[Field, Field]:
    """How far each voxel is on the way from its surroundings (0) to the lesion (1), without the blur; and how far these
    two lie apart there, in SDs of noise."""
    lesion = _look_of_lesion(place.channels, core, [NEARBY_MM / step for step in steps])
    other = _look_of_surroundings(place, far)
    step = lesion - other
    squared = (step * step).sum(axis=0)
    share = ((place.channels - other) * step).sum(axis=0) / np.maximum(squared, np.float32(1e-6))
    return _deblurred(share, place), np.sqrt(squared)


def _look_of_lesion(channels: Field, core: Mask, sigma: list[float]) -> Field:
    """Mean (channel, z, y, x) of the core round each voxel."""
    weight = gaussian(core.astype(np.float32), sigma, 3.0) + np.float32(ANYWHERE)
    look = np.empty_like(channels)
    for channel, mean in zip(channels, look):
        offset, anywhere = _offset(channel, core)
        mean[...] = gaussian(offset, sigma, 3.0) / weight + anywhere
    return look


def _look_of_surroundings(place: Surroundings, far: Mask) -> Field:
    """Mean (channel, z, y, x) of the surroundings round each voxel.

    A voxel of a thick slice is mixed with what lies beside the lesion in that slice; the next slice may be of the disc.
    So the next ones count no more than what is near in the slice itself, and where nothing is, as over the middle of
    the lesion's last slice, what is farther out in it does.
    """
    beside, in_the_slice = _in_slices(place, BESIDE_IT_MM), _in_slices(place, IN_THE_SLICE_MM)
    known = far.astype(np.float32)
    near, broad = gaussian(known, beside, 3.0), broad_gaussian(known, in_the_slice) + np.float32(ALL_OF_THEM)
    next_to_it = _neighbours(near, place.across)
    share_of_next = np.minimum(np.float32(1), near / np.maximum(next_to_it, np.float32(1e-9)))
    weight = near + share_of_next * next_to_it + np.float32(BROADER)
    look = np.empty_like(place.channels)
    for channel, mean in zip(place.channels, look):
        offset, anywhere = _offset(channel, far)
        close = gaussian(offset, beside, 3.0)
        close += share_of_next * _neighbours(close, place.across)
        close += np.float32(BROADER) * broad_gaussian(offset, in_the_slice) / broad
        mean[...] = close / weight + anywhere
    return look


def _offset(channel: Field, where: Mask) -> tuple[Field, np.float32]:
    """What the voxels `where` differ by from their mean, 0 elsewhere; and the mean."""
    anywhere = np.float32(channel[where].mean(dtype=np.float64))
    return np.where(where, channel - anywhere, np.float32(0)), anywhere


def _neighbours(values: Field, axis: int) -> Field:
    """The sum of the voxels before and behind each one along an axis."""
    first, last = (slice(None),) * axis + (slice(None, -1),), (slice(None),) * axis + (slice(1, None),)
    both = np.zeros_like(values)
    both[last] += values[first]
    both[first] += values[last]
    return both


def _in_slices(place: Surroundings, mm: float) -> list[float]:
    """SDs in voxels along z, y, x of a Gaussian within the slices."""
    return [0.0 if axis == place.across else mm / step for axis, step in enumerate(place.spacing)]


def _deblurred(share: Field, place: Surroundings) -> Field:
    """Van Cittert's iteration, held to what a share can be (Jansson 1970)."""
    sigma = _in_slices(place, BLUR_MM)
    blurred = np.clip(share, LEAST_SHARE, LARGEST_SHARE)
    sharp = blurred
    for _ in range(DEBLURRING_ROUNDS):
        sharp = np.clip(sharp + blurred - gaussian(sharp, sigma, 3.0), LEAST_SHARE, LARGEST_SHARE)
    return np.asarray(sharp)
