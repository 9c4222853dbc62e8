"""Where the lesion starts: the most enhancing thick part of the outline, or a point that the user gives."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.errors import InputError
from spinemets.segmentation.parameters import SegmentationParameters
from spinemets.segmentation.scene import Index, Scene

# A clicked place with less than the first share of the uptake nearby is dead; the second is that of the living.
DEAD, LIVING = 0.4, 0.7
WALL_MM = 5.0


def find_seed(scene: Scene, parameters: SegmentationParameters) -> tuple[Index, list[str]]:
    """Where the lesion starts when the user gives no point, and warnings; index (z, y, x) in the box.

    "thick": the middle of the most enhancing part of the outline that is thick and neither in nor next to a vessel. A
    lesion fills a disc of `seed_disc_mm` in its slice and the next; a vein does not. "brightest": the voxel.
    """
    if parameters.seed_rule == "brightest":
        return _brightest(scene.channels.brightness, scene.outline), []
    steady = thick_uptake(scene, parameters.seed_disc_mm, scene.outline)
    beside = np.ones([1 if axis == scene.across else 3 for axis in range(3)], bool)
    clear_of_vessels = ~ndimage.binary_dilation(scene.channels.vessels, beside)
    within = ndimage.binary_erosion(scene.outline, beside)
    for allowed in (
        within & clear_of_vessels,
        scene.outline & clear_of_vessels,
        scene.outline & ~scene.channels.vessels,
    ):
        if allowed.any():
            return _brightest(steady, allowed), []
    return _brightest(steady, scene.outline), ["everything in the outline enhances like a vessel; check the seed point"]


def deepest_seed(scene: Scene, first: Index) -> Index:
    """The voxel of the outline farthest inside what enhances at least half as much as the first seed and is no
    vessel."""
    uptake = scene.channels.uptake
    surroundings = float(np.median(uptake[~scene.outline if not scene.outline.all() else scene.outline]))
    own = float(uptake[scene.pixels_around(first)].mean())
    alike = (uptake - surroundings) * np.sign(own - surroundings) >= abs(own - surroundings) / 2
    return deepest_of(alike & ~scene.channels.vessels, scene)


def deepest_of(region: NDArray[np.bool_], scene: Scene) -> Index:
    """The voxel of the outline farthest inside a region."""
    depth = ndimage.distance_transform_edt(region, sampling=scene.spacing)
    return _brightest(np.asarray(depth, np.float32), scene.outline)


def thick_uptake(scene: Scene, thickness_mm: float, where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(z, y, x) the uptake that at least half of the disc round a voxel has, in its slice and in the next ones; worked
    out for the voxels `where`, the least number elsewhere."""
    disc = scene.disc(thickness_mm / 2)
    room = [1 if axis == scene.across else n // 2 for axis, n in enumerate(disc.shape)]
    found = ndimage.find_objects(where.astype(np.int8))[0]
    box = tuple(slice(max(part.start - n, 0), part.stop + n) for part, n in zip(found, room))
    in_slice = ndimage.median_filter(scene.channels.uptake[box], footprint=disc, mode="nearest")
    three = [3 if axis == scene.across else 1 for axis in range(3)]
    steady = np.minimum(in_slice, ndimage.median_filter(in_slice, size=three, mode="nearest"))
    out = np.full(where.shape, -np.inf, np.float32)
    out[box] = np.where(where[box], steady, -np.inf)
    return out


def living_seed(scene: Scene, clicked: Index, parameters: SegmentationParameters) -> tuple[Index, list[str]]:
    """Where the lesion that the user clicked starts to grow, and warnings.

    That is the clicked voxel, unless it lies in a vessel or in tissue that takes up little beside tissue that takes up
    much - a dead core: then the nearest place that does, at most `seed_reach_mm` away.
    """
    if scene.channels.enhancement is None:
        return clicked, warnings_about(clicked, scene)
    in_vessel = bool(scene.channels.vessels[clicked])
    away = sum(
        ((np.arange(n) - i).reshape([-1 if axis == a else 1 for a in range(3)]) * step) ** 2
        for axis, (n, i, step) in enumerate(zip(scene.outline.shape, clicked, scene.spacing))
    )
    near = (away <= parameters.seed_reach_mm**2) & ~scene.channels.vessels
    if not near.any():
        return clicked, warnings_about(clicked, scene)
    steady = thick_uptake(scene, min(parameters.seed_disc_mm, WALL_MM), near)
    surroundings = float(np.median(scene.channels.uptake[~scene.outline if not scene.outline.all() else scene.outline]))
    most = float(steady[near].max()) - surroundings
    own = float(scene.channels.uptake[scene.pixels_around(clicked)].mean()) - surroundings
    if not in_vessel and own >= DEAD * most:
        return clicked, warnings_about(clicked, scene)
    alive = near & (steady - surroundings >= LIVING * most)
    found = _brightest(np.asarray(-away, np.float32), alive)
    reason = "lies in a vessel" if in_vessel else "lies in tissue that hardly enhances"
    return found, [f"the seed point {reason}; the lesion was grown from the nearest tissue that does and is no vessel"]


def _brightest(values: NDArray[np.float32], allowed: NDArray[np.bool_]) -> Index:
    index = np.unravel_index(int(np.argmax(np.where(allowed, values, -np.inf))), values.shape)
    return int(index[0]), int(index[1]), int(index[2])


def voxel_at(point: tuple[float, float, float], grid: sitk.Image) -> Index:
    """The image's voxel (i, j, k) that holds a point in LPS mm.

    Raises
    ------
    InputError : the point is not three finite numbers, or lies outside the image.
    """
    name = f"seed point {', '.join(f'{value:g}' for value in point)}"
    if len(point) != 3 or not np.isfinite(point).all():
        raise InputError(name, "is not three numbers", "give x, y, z in LPS mm")
    index = grid.TransformPhysicalPointToIndex([float(value) for value in point])
    if not all(0 <= i < n for i, n in zip(index, grid.GetSize())):
        raise InputError(name, "lies outside the image", "give x, y, z in LPS mm inside the lesion")
    return index[0], index[1], index[2]


def warnings_about(seed: Index, scene: Scene) -> list[str]:
    """What is odd about a seed that the user gave, as sentences."""
    warnings = []
    if scene.channels.vessels[seed]:
        warnings.append("the seed point lies in a vessel")
    elif scene.channels.brightness[seed] <= scene.background:
        warnings.append("the seed point is no brighter than the surroundings of the outline")
    if not scene.outline[seed]:
        warnings.append("the seed point lies outside the outline")
    return warnings
