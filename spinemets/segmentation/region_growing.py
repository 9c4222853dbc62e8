"""How far the lesion reaches: growing from the seed by the mean and SD of what has been reached."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.segmentation.morphology import box_round, dilated, eroded, lines_of_ball
from spinemets.segmentation.parameters import SegmentationParameters
from spinemets.segmentation.scene import Index, Scene

NEIGHBOUR_STEPS = {6: 1, 18: 2, 26: 3}
TIGHTER = 0.8
TIGHTEST = 0.5
SHELL_MM = (2.5, 7.5)


@dataclass(frozen=True)
class GrownRegion:
    """A region (z, y, x) and how it was grown.

    Attributes
    ----------
    low, high : the brightness accepted last.
    sd_factor : the factor of the SD used, smaller than asked for after a leak; `leaked` when even the smallest leaks.
    compactness : as `compactness.compactness`, of the region that was chosen; 0 when it was not looked at.
    piece : whether refining left less than half of the region that was chosen: the seed does not look like it.
    """

    voxels: NDArray[np.bool_]
    low: float
    high: float
    sd_factor: float
    leaked: bool
    compactness: float = 0.0
    piece: bool = False


def grow(scene: Scene, allowed: NDArray[np.bool_], seed: Index, parameters: SegmentationParameters) -> GrownRegion:
    """Grow from the seed within `allowed`, cut thin bridges, fill holes; when that leaks, again with a smaller factor.

    Parameters
    ----------
    allowed : (z, y, x); the seed's voxel counts as allowed.
    seed : index (z, y, x).
    """
    allowed = allowed.copy()
    allowed[seed] = True
    if parameters.growing_rule == "half_maximum":
        return _half_maximum(scene, allowed, seed, parameters)
    factor = parameters.growing_sd
    while True:
        voxels, low, high = _grown(scene, allowed, scene.background, seed, factor, parameters)
        nearby = _surroundings(scene, voxels)
        if nearby is not None and scene.background < nearby < float(scene.channels.brightness[voxels].mean()):
            voxels, low, high = _grown(scene, allowed, nearby, seed, factor, parameters)
        voxels = _tidied(scene, voxels, seed, parameters)
        inside, outside = int((voxels & scene.outline).sum()), int((voxels & ~scene.outline).sum())
        leaked = outside > parameters.leak_ratio * max(inside, 1)
        if not leaked or factor * TIGHTER < min(TIGHTEST, parameters.growing_sd):
            return GrownRegion(voxels, low, high, factor, bool(leaked))
        factor *= TIGHTER


def _half_maximum(
    scene: Scene, allowed: NDArray[np.bool_], seed: Index, parameters: SegmentationParameters
) -> GrownRegion:
    """What is at least half as bright as the seed and hangs together with it."""
    brightness = scene.channels.brightness
    half = float(brightness[seed]) / 2
    accepted = allowed & (brightness >= half)
    accepted[seed] = True
    labels, _ = ndimage.label(accepted, ndimage.generate_binary_structure(3, NEIGHBOUR_STEPS[parameters.connectivity]))
    voxels = _tidied(scene, labels == labels[seed], seed, parameters)
    return GrownRegion(voxels, half, float(brightness[voxels].max()), parameters.growing_sd, False)


def _grown(
    scene: Scene,
    allowed: NDArray[np.bool_],
    background: float,
    seed: Index,
    factor: float,
    parameters: SegmentationParameters,
) -> tuple[NDArray[np.bool_], float, float]:
    """The region that no longer changes, and the range of brightness that it accepts."""
    structure = ndimage.generate_binary_structure(3, NEIGHBOUR_STEPS[parameters.connectivity])
    box = box_round(allowed)
    whole = np.zeros(allowed.shape, bool)
    around = scene.pixels_around(seed)
    whole[around] = allowed[around]
    region, allowed, brightness = whole[box].copy(), allowed[box], scene.channels.brightness[box]
    own = tuple(i - side.start for i, side in zip(seed, box))
    start = brightness[region].astype(np.float64)
    # The seed is lesion: what looks like it stays accepted, however far the region's mean moves away from it.
    low_start, high_start = float(start.mean() - start.std()), float(start.mean() + start.std())
    low, high = low_start, high_start
    for _ in range(parameters.growing_iterations):
        inside = brightness[region].astype(np.float64)
        mean = float(inside.mean())
        reach = factor * max(float(inside.std()), parameters.noise_sd_floor * abs(mean))
        half_way = background + parameters.edge_fraction * (mean - background)
        low = min(max(mean - reach, half_way) if mean > background else mean - reach, low_start)
        high = max(min(mean + reach, half_way) if mean < background else mean + reach, high_start)
        accepted = allowed & (brightness >= low) & (brightness <= high)
        accepted[own] = True
        labels, _ = ndimage.label(accepted, structure)
        reached = labels == labels[own]
        if np.array_equal(reached, region):
            break
        region = reached
    whole[box] = region
    return whole, low, high


def _surroundings(scene: Scene, region: NDArray[np.bool_]) -> float | None:
    """Median brightness of what lies round a region in its slices, beyond the blurred edge; None where nothing does.

    A lesion in marrow has its edge half-way to marrow, which enhances more than the fat and muscle of the whole box.
    """
    near, far = (dilated(region, lines_of_ball(mm, scene.spacing, scene.across)) for mm in SHELL_MM)
    shell = far & ~near & ~scene.channels.vessels
    return float(np.median(scene.channels.brightness[shell])) if shell.any() else None


def _tidied(
    scene: Scene, region: NDArray[np.bool_], seed: Index, parameters: SegmentationParameters
) -> NDArray[np.bool_]:
    """The region without holes and without what hangs on it by a thin bridge.

    Holes are filled in each slice: necrosis belongs to the lesion, also where it reaches the slice above.
    """
    structure = ndimage.generate_binary_structure(3, NEIGHBOUR_STEPS[parameters.connectivity])
    whole, box = np.zeros(region.shape, bool), box_round(region, (1, 1, 1))
    own = tuple(i - side.start for i, side in zip(seed, box))
    filled = filled_slices(region[box], scene.across)
    if parameters.neck_mm > 0:
        around = lines_of_ball(parameters.neck_mm / 2, scene.spacing, scene.across)
        thick, _ = ndimage.label(eroded(filled, around), structure)
        if thick[own]:
            middle = dilated(thick == thick[own], around)
            # Opening rounds corners off and takes the thin slices at either end: two steps give them back.
            filled = ndimage.binary_dilation(middle, structure, iterations=2, mask=filled)
    labels, _ = ndimage.label(filled, structure)
    whole[box] = labels == labels[own]
    return whole


def filled_slices(region: NDArray[np.bool_], slice_axis: int) -> NDArray[np.bool_]:
    """The region with the holes of every slice filled."""
    if not region.any():
        return np.zeros(region.shape, bool)
    in_plane = ndimage.generate_binary_structure(3, 1)
    across = [slice(None)] * 3
    for side in (0, 2):
        across[slice_axis] = slice(side, side + 1)
        in_plane[tuple(across)] = False
    # A hole of one slice is outside that cannot be reached from the slice's rim by steps within the slice; all holes
    # lie in the box round the region.
    box = box_round(region)
    rim = [0 if axis == slice_axis else 1 for axis in range(3)]
    middle = tuple(slice(n, n + part.stop - part.start) for n, part in zip(rim, box))
    free = np.ones([2 * n + part.stop - part.start for n, part in zip(rim, box)], bool)
    free[middle] = ~region[box]
    outside, _ = ndimage.label(free, in_plane)
    corner = [slice(0, 1)] * 3
    corner[slice_axis] = slice(None)
    out = np.zeros(region.shape, bool)
    out[box] = (outside != outside[tuple(corner)])[middle]
    return out
