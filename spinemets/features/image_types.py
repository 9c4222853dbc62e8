"""Images derived from an image (wavelet, LoG, ...): their values at the voxels of a region, as pyradiomics 3.0.1 has
them.

Filters read the region's box and what they need round it. Square, square root, logarithm and exponential are scaled by
the largest absolute intensity of the whole image: that one number is read from all of it, so that cropping for speed
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.features.local_binary_patterns import uniform_patterns
from spinemets.features.preparation import Region
from spinemets.features.settings import Settings
from spinemets.features.wavelets import decompositions

Floats = NDArray[np.float64]
Derived = Iterator[tuple[str, NDArray]]

# A recursive Gaussian's answer to what lies n sigma away is about exp(-1.7 n): after this many sigma nothing is left in
# double precision.
LOG_MARGIN = 24
# ITK's recursive Gaussian needs four voxels along each axis.
LOG_LEAST_SIZE = 4


def derived_values(region: Region, settings: Settings) -> Iterator[tuple[str, Settings, NDArray]]:
    """Of each image type that the settings ask for: its name in columns, its own settings, and its values at the
    region's voxels (n,), in C order.

    Raises
    ------
    InputError : an image of zeros is to be scaled by its largest intensity.
    """
    for name in settings.image_types:
        own = settings.of_image_type(name)
        for column, values in _MAKERS[name](region, own):
            yield column, own, values


def _original(region: Region, _settings: Settings) -> Derived:
    yield "original", region.intensities


def _square(x: Floats, peak: float) -> Floats:
    """(c x)^2 with c = 1 / sqrt(peak)."""
    return np.asarray((1 / np.sqrt(peak) * x) ** 2)


def _square_root(x: Floats, peak: float) -> Floats:
    """sqrt(peak x), with the sign of x."""
    return np.copysign(np.sqrt(np.abs(x) * peak), x)


def _logarithm(x: Floats, peak: float) -> Floats:
    """c log(|x| + 1), with the sign of x and c such that the peak stays the peak."""
    scale = peak / np.log(np.array([peak + 1]))[0]
    return np.copysign(np.log(np.abs(x) + 1), x) * scale


def _exponential(x: Floats, peak: float) -> Floats:
    """exp(c x) with c such that the peak stays the peak."""
    return np.asarray(np.exp(np.log(peak) / peak * x))


def _elementwise(
    column: str, function: Callable[[Floats, float], Floats], region: Region, _settings: Settings
) -> Derived:
    peak = region.largest_absolute
    if peak == 0 and function is not _square_root:
        raise InputError(
            "image",
            f"has only zeros, so that its {column} image has no scale",
            "check it, or leave that one out",
        )
    with np.errstate(all="ignore"):
        yield column, function(region.intensities.astype(np.float64), np.float64(peak))


def _gradient(region: Region, settings: Settings) -> Derived:
    near, inside = region.neighbourhood(1)
    magnitude = sitk.GradientMagnitude(near, settings.gradient_in_mm)
    yield "gradient", sitk.GetArrayViewFromImage(magnitude)[inside][region.inside]


def _laplacian_of_gaussian(region: Region, settings: Settings) -> Derived:
    """One image a sigma; NaN where the image is too small for it (pyradiomics leaves these columns out)."""
    axes = 2 if region.planar else 3
    size, spacing = np.array(region.image.GetSize())[:axes], np.array(region.image.GetSpacing())[:axes]
    for sigma in settings.sigmas:
        column = f"log-sigma-{str(sigma).replace('.', '-')}-mm-3D"
        if size.min() < LOG_LEAST_SIZE or (size < np.ceil(sigma / spacing) + 1).any():
            yield column, np.full(len(region.intensities), np.nan)
            continue
        margin = np.maximum(np.ceil(LOG_MARGIN * sigma / spacing), LOG_LEAST_SIZE).astype(np.int64)
        near, inside = region.neighbourhood(np.resize(margin, 3))
        if region.planar:
            response = sitk.JoinSeries(sitk.LaplacianRecursiveGaussian(near[:, :, 0], sigma, True))
        else:
            response = sitk.LaplacianRecursiveGaussian(near, sigma, True)
        yield column, sitk.GetArrayViewFromImage(response)[inside][region.inside]


def _wavelet(region: Region, settings: Settings) -> Derived:
    axes = tuple(axis for axis in (2, 1, 0) if not (settings.force_2d and axis == settings.force_2d_dimension))
    array = sitk.GetArrayViewFromImage(region.image)
    for column, values in decompositions(array, region.box, axes, settings.wavelet_start, settings.wavelet_levels):
        yield column, values[region.inside]


def _local_binary_pattern(region: Region, settings: Settings) -> Derived:
    array = sitk.GetArrayViewFromImage(region.image)
    voxels = tuple(index + along.start for index, along in zip(np.nonzero(region.inside), region.box, strict=True))
    patterns = uniform_patterns(array, voxels, settings.force_2d_dimension, settings.lbp_radius, settings.lbp_samples)
    yield "lbp-2D", patterns.astype(array.dtype)


_MAKERS: dict[str, Callable[[Region, Settings], Derived]] = {
    "Original": _original,
    "Wavelet": _wavelet,
    "LoG": _laplacian_of_gaussian,
    "Square": partial(_elementwise, "square", _square),
    "SquareRoot": partial(_elementwise, "squareroot", _square_root),
    "Logarithm": partial(_elementwise, "logarithm", _logarithm),
    "Exponential": partial(_elementwise, "exponential", _exponential),
    "Gradient": _gradient,
    "LBP2D": _local_binary_pattern,
}
