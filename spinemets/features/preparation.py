"""Before features are computed: normalising, resampling and cropping, as pyradiomics 3.0.1 does them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from spinemets.errors import InputError

Normalization = Literal["image", "roi"]

# pyradiomics' padDistance: voxels of the new grid kept round the mask. It fixes from which voxel the new grid's origin
# is computed.
PAD_VOXELS = 5
# A B-spline coefficient depends on a voxel n away by 0.27^n: beyond this many voxels, nothing is left in double
# precision.
SPLINE_MARGIN = 40
# More voxels than this round a mask are a mistyped spacing: 300 mm in each direction at 0.5 mm are 216 million.
MOST_VOXELS = 300_000_000
# A spline value this near to a whole number, relative to itself, may be that number but for rounding.
WHOLE = 1e-11


def box_of(mask: sitk.Image) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First index and size (x, y, z) of the box round the mask's non-zero voxels; size 0 when there are none."""
    part = sitk.GetArrayViewFromImage(mask)
    first, size = [], []
    for axis in (2, 1, 0):
        used = np.flatnonzero(part.any(axis=tuple(other for other in range(3) if other != axis)))
        first.append(int(used[0]) if len(used) else 0)
        size.append(int(used[-1] - used[0] + 1) if len(used) else 0)
    return np.array(first), np.array(size)


def crop(image: sitk.Image, first: NDArray[np.int64], size: NDArray[np.int64], margin: int = 0) -> sitk.Image:
    """The box and `margin` voxels round it, as far as the image goes."""
    whole = np.array(image.GetSize())
    low = np.maximum(first - margin, 0)
    high = np.minimum(first + size + margin, whole)
    return sitk.RegionOfInterest(image, (high - low).tolist(), low.tolist())


def normalize_image(image: sitk.Image, mask: sitk.Image, scope: Normalization, scale: float) -> sitk.Image:
    """Intensities shifted to mean 0 and scaled to standard deviation `scale`.

    Parameters
    ----------
    scope : "image": mean and deviation of the whole image (pyradiomics' normalize); "roi": of the voxels in the mask.
    scale : standard deviation of the result, in that scope.

    Raises
    ------
    InputError : all those voxels have one value.
    """
    if scope == "image":
        statistics = sitk.StatisticsImageFilter()
        statistics.Execute(image)
        deviation = statistics.GetSigma()
    else:
        values = sitk.GetArrayViewFromImage(image)[sitk.GetArrayViewFromImage(mask) != 0].astype(np.float64)
        deviation = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    if not deviation > 0:
        raise InputError(
            "image", f"cannot be normalised, since all voxels of the {scope} are equal", "extract without normalising"
        )
    if scope == "image":
        return sitk.Normalize(image) * scale
    return (sitk.Cast(image, sitk.sitkFloat64) - float(values.mean())) / deviation * scale


def resample(image: sitk.Image, mask: sitk.Image, spacing: float) -> tuple[sitk.Image, sitk.Image]:
    """Image (B-spline) and mask (nearest) on a grid of the given spacing round the mask.

    The rules are pyradiomics': the outer faces of the first voxels of the old and the new grid coincide; a direction in
    which the mask is one voxel thick keeps its spacing; the image keeps its type, integers being cut off towards 0; an
    image that has the spacing already is left as it is. The result is cropped to the mask. Only the neighbourhood of
    the mask is read, unless rounding errors would show (see `_is_truncation_doubtful`): then the whole image is, so
    that they are pyradiomics' own.

    Parameters
    ----------
    spacing : mm, in all three directions.

    Raises
    ------
    InputError : the new grid would have more voxels than memory can be expected to hold.
    """
    first, size = box_of(mask)
    old = np.array(mask.GetSpacing())
    new = np.where(size != 1, spacing, old)
    if np.allclose(np.array(image.GetSpacing()), new):
        return image, mask
    ratio = old / new
    low = np.maximum(np.floor((first - 0.5) * ratio - PAD_VOXELS), 0)
    high = np.minimum(np.ceil((first + size - 0.5) * ratio + PAD_VOXELS), np.ceil(np.array(mask.GetSize()) * ratio) - 1)
    count = float(np.prod(high - low + 1))
    if count > MOST_VOXELS:
        raise InputError(f"spacing {spacing:g} mm", f"gives {count:.2g} voxels round the mask", "use a coarser spacing")
    origin = mask.TransformContinuousIndexToPhysicalPoint((0.5 * (new - old) / old + low / ratio).tolist())

    grid = (high - low + 1).astype(int).tolist(), origin, new.tolist(), mask.GetDirection()
    nearest = _resampled(mask, grid, sitk.sitkNearestNeighbor, mask.GetPixelID())
    box_first, box_size = box_of(nearest)
    if not box_size.all():
        return nearest, nearest
    region = crop(nearest, box_first, box_size)
    small_grid = region.GetSize(), region.GetOrigin(), region.GetSpacing(), region.GetDirection()
    margin = int(np.ceil((PAD_VOXELS + 1) / ratio).max()) + SPLINE_MARGIN
    kind = image.GetPixelID()
    is_real = kind in (sitk.sitkFloat32, sitk.sitkFloat64)
    near = crop(image, first, size, margin)
    spline = _resampled(near, small_grid, sitk.sitkBSpline, kind if is_real else sitk.sitkFloat64)
    if not is_real and _is_truncation_doubtful(spline, region):
        return crop(_resampled(image, grid, sitk.sitkBSpline, kind), box_first, box_size), region
    if not is_real:
        spline = sitk.Cast(sitk.Clamp(spline, sitk.sitkFloat64, *_limits(image)), kind)
    return spline, region


def _resampled(image: sitk.Image, grid: tuple, interpolator: int, kind: int) -> sitk.Image:
    size, origin, spacing, direction = grid
    return sitk.Resample(image, size, sitk.Transform(), interpolator, origin, spacing, direction, 0.0, kind)


def _limits(image: sitk.Image) -> tuple[float, float]:
    """Least and greatest value of an integer image's type."""
    limits = np.iinfo(sitk.GetArrayViewFromImage(image).dtype)
    return float(limits.min), float(limits.max)


def _is_truncation_doubtful(spline: sitk.Image, region: sitk.Image) -> bool:
    """Whether some value in the region is a whole number but for rounding.

    ITK truncates splines of integer images. Where a new voxel meets an old one, or the image is flat, the spline is a
    whole number give or take the last bit, and that bit decides on one whole unit of intensity.
    """
    values = sitk.GetArrayViewFromImage(spline)[sitk.GetArrayViewFromImage(region) != 0]
    return bool((np.abs(values - np.rint(values)) < WHOLE * np.maximum(np.abs(values), 1)).any())
