"""Resampling as the Image Biomarker Standardisation Initiative defines it (Zwanenburg et al., reference manual,
section 2.4), for `mode="ibsi"`.

What else that mode changes is where it is done: grey levels start at the lower limit of re-segmentation, or at the
region's minimum (`discretization`); kurtosis is 0 for a normal distribution and axis lengths divide by n - 1
(`families`); shape is of the region before re-segmentation (`extraction`).
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.features.preparation import INTERPOLATORS, MOST_VOXELS, SPLINE_MARGIN, box_of, crop
from spinemets.features.settings import Settings

# Of a mask between its voxels, from here on is inside; less what rounding may take away.
INSIDE = 0.5 - 1e-6


def resample_ibsi(image: sitk.Image, mask: sitk.Image, settings: Settings) -> tuple[sitk.Image, sitk.Image]:
    """Image and mask round the region on a grid of `settings.spacing` whose centre is the old grid's centre.

    The mask is interpolated linearly and cut at 0.5. An image of whole numbers stays one, rounded to the nearest.

    Raises
    ------
    InputError : the new grid would have more voxels than memory can be expected to hold.
    """
    assert settings.spacing is not None
    old = np.array(image.GetSpacing())
    new = np.where(np.array(settings.spacing) == 0, old, settings.spacing)
    n = np.array(image.GetSize())
    ratio = new / old
    count = np.ceil(n / ratio - 1e-6).astype(np.int64)
    start = 0.5 * (n - 1 - ratio * (count - 1))
    first, size = box_of(sitk.GetArrayViewFromImage(mask))
    pad = settings.pad_distance
    low = np.maximum(np.floor((first - 1 - start) / ratio) - pad, 0).astype(np.int64)
    high = np.minimum(np.ceil((first + size - start) / ratio) + pad, count - 1).astype(np.int64)
    if float(np.prod((high - low + 1).astype(float))) > MOST_VOXELS:
        raise InputError("spacing", "gives more voxels than memory may hold", "use a coarser spacing")
    origin = image.TransformContinuousIndexToPhysicalPoint((start + low * ratio).tolist())
    grid = (high - low + 1).tolist(), origin, new.tolist(), image.GetDirection()

    part = _on_grid(sitk.Cast(mask != 0, sitk.sitkFloat64), grid, sitk.sitkLinear) >= INSIDE
    margin = int(np.ceil((pad + 2) * ratio).max()) + SPLINE_MARGIN
    near = crop(image, first, size, margin)
    values = _on_grid(sitk.Cast(near, sitk.sitkFloat64), grid, INTERPOLATORS[settings.interpolator])
    if _is_whole(near):
        values = sitk.Round(values)
    return values, part


def _is_whole(image: sitk.Image) -> bool:
    """Whether all intensities are whole numbers, of whatever type."""
    array = sitk.GetArrayViewFromImage(image)
    return array.dtype.kind in "iu" or bool((array == np.rint(array)).all())


def _on_grid(image: sitk.Image, grid: tuple, interpolator: int) -> sitk.Image:
    size, origin, spacing, direction = grid
    return sitk.Resample(image, size, sitk.Transform(), interpolator, origin, spacing, direction, 0.0, sitk.sitkFloat64)
