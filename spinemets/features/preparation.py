"""Before features are computed: normalising, resampling, cropping and re-segmenting, as pyradiomics 3.0.1 does them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.features.settings import Normalization, Settings

Ints = NDArray[np.int64]

# A B-spline coefficient depends on a voxel n away by 0.27^n: beyond this many voxels, nothing is left in double
# precision.
SPLINE_MARGIN = 40
# More voxels than this round a mask are a mistyped spacing: 300 mm in each direction at 0.5 mm are 216 million.
MOST_VOXELS = 300_000_000
# A spline value this near to a whole number, relative to itself, may be that number but for rounding.
WHOLE = 1e-11
INTERPOLATORS = {"bspline": sitk.sitkBSpline, "linear": sitk.sitkLinear, "nearest": sitk.sitkNearestNeighbor}


@dataclass(frozen=True)
class Region:
    """A region of an image, in its box.

    image : what filters may read, whole.
    box : (z, y, x) slices of the region's box in the image.
    inside : (z, y, x) bool, the region in its box.
    planar : the image was 2-D, and has become one plane.
    """

    image: sitk.Image
    box: tuple[slice, slice, slice]
    inside: NDArray[np.bool_]
    planar: bool = False

    @cached_property
    def intensities(self) -> NDArray:
        """(n,) intensities of the region's voxels, in C order and the image's type."""
        return sitk.GetArrayViewFromImage(self.image)[self.box][self.inside]

    @cached_property
    def largest_absolute(self) -> float:
        """Largest absolute intensity of the whole image."""
        array = sitk.GetArrayViewFromImage(self.image)
        return max(abs(float(array.max())), abs(float(array.min())))

    @property
    def spacing(self) -> tuple[float, float, float]:
        """mm along z, y, x."""
        x, y, z = self.image.GetSpacing()
        return z, y, x

    def neighbourhood(self, margin: Ints | int) -> tuple[sitk.Image, tuple[slice, slice, slice]]:
        """The box and `margin` voxels (x, y, z) round it as far as the image goes; and the box within that."""
        first = np.array([along.start for along in self.box[::-1]])
        size = np.array(self.inside.shape[::-1])
        low = np.minimum(first, margin)
        z, y, x = (slice(start, start + n) for start, n in zip(low[::-1].tolist(), self.inside.shape, strict=True))
        return crop(self.image, first, size, margin), (z, y, x)

    def narrowed(self, kept: NDArray[np.bool_]) -> Region:
        """The region without the voxels (n,) that are not kept, in its own smaller box."""
        inside = np.zeros_like(self.inside)
        inside[self.inside] = kept
        first, size = box_of(inside)
        part = tuple(slice(low, low + n) for low, n in zip(first[::-1].tolist(), size[::-1].tolist(), strict=True))
        z, y, x = (slice(old.start + new.start, old.start + new.stop) for old, new in zip(self.box, part, strict=True))
        return Region(self.image, (z, y, x), inside[part], self.planar)


def region_in(image: sitk.Image, mask: sitk.Image, planar: bool = False) -> Region:
    """The region of the mask's voxels that are not 0, which must exist."""
    array = sitk.GetArrayViewFromImage(mask)
    first, size = box_of(array)
    z, y, x = (slice(low, low + n) for low, n in zip(first[::-1].tolist(), size[::-1].tolist(), strict=True))
    return Region(image, (z, y, x), array[z, y, x] != 0, planar)


def box_of(mask: NDArray) -> tuple[Ints, Ints]:
    """First index and size (x, y, z) of the box round the non-zero voxels (z, y, x); size 0 when there are none."""
    first, size = [], []
    for axis in (2, 1, 0):
        used = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        first.append(int(used[0]) if len(used) else 0)
        size.append(int(used[-1] - used[0] + 1) if len(used) else 0)
    return np.array(first), np.array(size)


def crop(image: sitk.Image, first: Ints, size: Ints, margin: Ints | int = 0) -> sitk.Image:
    """The box and `margin` voxels round it, as far as the image goes."""
    whole = np.array(image.GetSize())
    low = np.maximum(first - margin, 0)
    high = np.minimum(first + size + margin, whole)
    if not low.any() and (high == whole).all():
        return image
    return sitk.RegionOfInterest(image, (high - low).tolist(), low.tolist())


def nearest_on_grid(mask: sitk.Image, image: sitk.Image) -> sitk.Image:
    """The mask on the image's grid, by nearest neighbour (pyradiomics' correctMask)."""
    return sitk.Resample(mask, image, sitk.Transform(), sitk.sitkNearestNeighbor, 0.0, mask.GetPixelID())


def normalize_image(
    image: sitk.Image, mask: sitk.Image, scope: Normalization, scale: float, outliers: float | None = None
) -> sitk.Image:
    """Intensities shifted to mean 0 and scaled to standard deviation `scale`.

    Parameters
    ----------
    scope : "image": mean and deviation of the whole image (pyradiomics' normalize); "roi": of the voxels in the mask.
    scale : standard deviation of the result, in that scope.
    outliers : values over this many standard deviations from the mean are set to that limit.

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
        normalized = sitk.Normalize(image)
    else:
        normalized = (sitk.Cast(image, sitk.sitkFloat64) - float(values.mean())) / deviation
    if outliers is not None:
        normalized = sitk.Clamp(normalized, normalized.GetPixelID(), -outliers, outliers)
    return normalized * scale


def resample(
    image: sitk.Image,
    mask: sitk.Image,
    spacing: Sequence[float],
    interpolator: str = "bspline",
    pad: int = 5,
    with_surroundings: bool = False,
) -> tuple[sitk.Image, sitk.Image]:
    """Image and mask (nearest neighbour) on a grid of the given spacing round the mask.

    The rules are pyradiomics': the outer faces of the first voxels of the old and the new grid coincide; a direction in
    which the mask is one voxel thick keeps its spacing; the image keeps its type, integers being cut off towards 0; an
    image that has the spacing already is left as it is. Only the neighbourhood of the mask is read, unless rounding
    errors would show (see `_is_truncation_doubtful`): then the whole image is, so that they are pyradiomics' own.

    Parameters
    ----------
    spacing : mm along x, y, z; 0 keeps the mask's.
    interpolator : "bspline", "linear" or "nearest", for the image.
    pad : pyradiomics' padDistance, voxels of the new grid round the mask. It fixes from which voxel the new grid's
        origin is computed.
    with_surroundings : keep those voxels; otherwise the result is cropped to the mask.

    Raises
    ------
    InputError : the new grid would have more voxels than memory can be expected to hold.
    """
    first, size = box_of(sitk.GetArrayViewFromImage(mask))
    old = np.array(mask.GetSpacing())
    wanted = np.where(np.array(spacing) == 0, old, spacing)
    new = np.where(size != 1, wanted, old)
    if np.allclose(np.array(image.GetSpacing()), new):
        margin = pad if with_surroundings else 0
        return crop(image, first, size, margin), crop(mask, first, size, margin)
    ratio = old / new
    low = np.maximum(np.floor((first - 0.5) * ratio - pad), 0)
    high = np.minimum(np.ceil((first + size - 0.5) * ratio + pad), np.ceil(np.array(mask.GetSize()) * ratio) - 1)
    count = float(np.prod(high - low + 1))
    if count > MOST_VOXELS:
        given = " x ".join(f"{mm:g}" for mm in sorted(set(new.tolist())))
        raise InputError(f"spacing {given} mm", f"gives {count:.2g} voxels round the mask", "use a coarser spacing")
    origin = mask.TransformContinuousIndexToPhysicalPoint((0.5 * (new - old) / old + low / ratio).tolist())

    grid = (high - low + 1).astype(int).tolist(), origin, new.tolist(), mask.GetDirection()
    nearest = _resampled(mask, grid, sitk.sitkNearestNeighbor, mask.GetPixelID())
    box_first, box_size = box_of(sitk.GetArrayViewFromImage(nearest))
    if not box_size.all():
        return nearest, nearest
    if with_surroundings:
        box_first, box_size = np.zeros(3, np.int64), np.array(nearest.GetSize())
    wanted_mask = crop(nearest, box_first, box_size)
    margin = int(np.ceil((pad + 1) / ratio).max()) + SPLINE_MARGIN
    near = crop(image, first, size, margin)
    wanted_image = _spline(near, wanted_mask) if interpolator == "bspline" else None
    if wanted_image is None:
        whole_grid = _resampled(image, grid, INTERPOLATORS[interpolator], image.GetPixelID())
        wanted_image = crop(whole_grid, box_first, box_size)
    return wanted_image, wanted_mask


def _spline(near: sitk.Image, target: sitk.Image) -> sitk.Image | None:
    """What is near on the target's grid, by B-splines; None where the whole image must be read for it."""
    grid = target.GetSize(), target.GetOrigin(), target.GetSpacing(), target.GetDirection()
    kind = near.GetPixelID()
    if kind in (sitk.sitkFloat32, sitk.sitkFloat64):
        return _resampled(near, grid, sitk.sitkBSpline, kind)
    spline = _resampled(near, grid, sitk.sitkBSpline, sitk.sitkFloat64)
    if _is_truncation_doubtful(spline):
        return None
    return sitk.Cast(sitk.Clamp(spline, sitk.sitkFloat64, *_limits(near)), kind)


def _resampled(image: sitk.Image, grid: tuple, interpolator: int, kind: int) -> sitk.Image:
    size, origin, spacing, direction = grid
    return sitk.Resample(image, size, sitk.Transform(), interpolator, origin, spacing, direction, 0.0, kind)


def _limits(image: sitk.Image) -> tuple[float, float]:
    """Least and greatest value of an integer image's type."""
    limits = np.iinfo(sitk.GetArrayViewFromImage(image).dtype)
    return float(limits.min), float(limits.max)


def _is_truncation_doubtful(spline: sitk.Image) -> bool:
    """Whether some value is a whole number but for rounding.

    ITK truncates splines of integer images. Where a new voxel meets an old one, or the image is flat, the spline is a
    whole number give or take the last bit, and that bit decides on one whole unit of intensity. Near 0 it does not:
    both sides are cut off to 0.
    """
    values = sitk.GetArrayViewFromImage(spline)
    nearest = np.rint(values)
    return bool(((np.abs(values - nearest) < WHOLE * np.abs(values)) & (nearest != 0)).any())


def resegmented(region: Region, settings: Settings) -> Region:
    """The region's voxels within the limits of `settings.resegment_range`.

    Raises
    ------
    InputError : one voxel or none is left.
    """
    if settings.resegment_range is None:
        return region
    values = region.intensities
    limits = sorted(settings.resegment_range)
    if settings.resegment_mode == "relative":
        limits = [float(values.max()) * part for part in limits]
    elif settings.resegment_mode == "sigma":
        mean, deviation = float(np.mean(values)), float(np.std(values))
        limits = [mean + deviation * times for times in limits]
    if values.dtype.kind == "f":  # compared in the image's own precision
        limits = np.array(limits).astype(values.dtype).tolist()
    kept = values >= limits[0]
    if len(limits) == 2:
        kept &= values <= limits[1]
    if np.count_nonzero(kept) <= 1:
        raise InputError(
            "mask", f"has {np.count_nonzero(kept)} voxels within the limits of re-segmentation", "widen the limits"
        )
    return region.narrowed(kept)
