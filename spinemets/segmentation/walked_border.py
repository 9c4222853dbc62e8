"""The border of a grown lesion drawn again by the random walk that follows strokes.

A region that is right but for its border says, like strokes, what is plainly lesion and what is plainly not: what lies
deep inside it and what lies clear of it. The walk between the two goes by whole time courses and by edges, where the
growing went by two numbers a voxel.
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
    delineate,
)
from spinemets.segmentation.morphology import box_round
from spinemets.segmentation.parameters import SegmentationParameters
from spinemets.segmentation.scene import Index, Scene

Mask = NDArray[np.bool_]

# The look of so much round the region stands for what is not lesion.
MARGIN_MM = 6.0
# Edges place the border rather than looks, which round a lesion with oedema take part of that in. Dead parts are inside
# already.
WALK = StrokeParameters(strength=0.002, dead_rounds=0)
# However coarse the image is, the voxels on either side of the border are open.
OPEN_VOXELS = 1.05


def with_walked_border(scene: Scene, region: Mask, seed: Index, parameters: SegmentationParameters) -> Mask:
    """The region with its border where a random walk puts it.

    What lies deeper inside than `border_inside_mm` stays, and so does the seed; what lies farther out than
    `border_outside_mm` stays out, and so do vessels. A region that is nowhere so deep stays as it is.

    Parameters
    ----------
    region : (z, y, x), at least one voxel, with the seed.
    """
    box = box_round(region, [int(np.ceil(MARGIN_MM / step)) for step in scene.spacing])
    inside, voxels = region[box], scene.voxels[(..., *box)]
    marks = _marks(inside, scene, parameters)
    if not (marks == LESION).any() or not (marks == OTHER).any() or voxels.max() == voxels.min():
        return region
    marks[tuple(i - part.start for i, part in zip(seed, box))] = LESION
    marks[scene.channels.vessels[box] & ~inside] = OTHER
    a, b, c = (slice(0, count) for count in inside.shape)
    place = Surroundings.of(voxels, (a, b, c), scene.spacing, scene.across, WALK)
    walked = np.zeros_like(region)
    walked[box] = delineate(place, marks, WALK)
    return walked


def _marks(region: Mask, scene: Scene, parameters: SegmentationParameters) -> Marks:
    marks = np.full(region.shape, UNMARKED, np.int8)
    if region.all():
        return marks
    open_mm = OPEN_VOXELS * max(step for axis, step in enumerate(scene.spacing) if axis != scene.across)
    depth = ndimage.distance_transform_edt(region, sampling=scene.spacing)
    marks[depth > max(parameters.border_inside_mm, open_mm)] = LESION
    away = ndimage.distance_transform_edt(~region, sampling=scene.spacing)
    marks[away > max(parameters.border_outside_mm, open_mm)] = OTHER
    return marks
