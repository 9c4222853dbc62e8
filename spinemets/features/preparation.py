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
    which the mask is one voxel thick keeps its spacing; the image keeps its type, so integers are rounded; an image
    that has the spacing already is left as it is.

    Parameters
    ----------
    spacing : mm, in all three directions.
    """
    first, size = box_of(mask)
    old = np.array(mask.GetSpacing())
    new = np.where(size != 1, spacing, old)
    if np.allclose(np.array(image.GetSpacing()), new):
        return image, mask
    ratio = old / new
    low = np.maximum(np.floor((first - 0.5) * ratio - PAD_VOXELS), 0)
    high = np.minimum(np.ceil((first + size - 0.5) * ratio + PAD_VOXELS), np.ceil(np.array(mask.GetSize()) * ratio) - 1)
    origin = mask.TransformContinuousIndexToPhysicalPoint((0.5 * (new - old) / old + low / ratio).tolist())

    resampler = sitk.ResampleImageFilter()
    resampler.SetOutputSpacing(new.tolist())
    resampler.SetOutputDirection(mask.GetDirection())
    resampler.SetOutputOrigin(origin)
    resampler.SetSize((high - low + 1).astype(int).tolist())
    resampler.SetInterpolator(sitk.sitkNearestNeighbor)
    resampled_mask = resampler.Execute(mask)
    resampler.SetInterpolator(sitk.sitkBSpline)
    resampler.SetOutputPixelType(image.GetPixelID())
    margin = int(np.ceil((PAD_VOXELS + 1) / ratio).max()) + SPLINE_MARGIN
    return resampler.Execute(crop(image, first, size, margin)), resampled_mask
