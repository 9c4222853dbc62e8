"""Where the lesion starts: the most enhancing voxel of the outline that is no vessel, or a point the user gives."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.errors import InputError
from spinemets.segmentation.parameters import SegmentationParameters
from spinemets.segmentation.scene import Index, Scene


def find_seed(scene: Scene, parameters: SegmentationParameters) -> tuple[Index, list[str]]:
    """The middle of the most enhancing disc inside the outline that is neither in nor next to a vessel, and warnings.

    Enhancement is the median of a disc of `seed_disc_mm` in the slice: a lesion fills it, a small vessel that the time
    course does not give away does not.

    Returns
    -------
    index (z, y, x) in the box.
    """
    vessels, outline = scene.channels.vessels, scene.outline
    around = scene.disc(parameters.seed_disc_mm / 2)
    steady = ndimage.median_filter(scene.channels.brightness, footprint=around, mode="nearest")
    beside = np.ones([1 if axis == scene.across else 3 for axis in range(3)], bool)
    clear_of_vessels = ~ndimage.binary_dilation(vessels, beside)
    within = ndimage.binary_erosion(outline, beside)
    for allowed in (within & clear_of_vessels, outline & clear_of_vessels, outline & ~vessels):
        if allowed.any():
            return _brightest(steady, allowed), []
    return _brightest(steady, outline), ["everything in the outline enhances like a vessel; check the seed point"]


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
