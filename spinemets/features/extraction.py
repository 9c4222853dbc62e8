"""The door of the room: an image and a mask in, named features out."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.features.discretization import discretize
from spinemets.features.first_order import first_order_features
from spinemets.features.glcm import glcm_features
from spinemets.features.gldm import gldm_features
from spinemets.features.glrlm import glrlm_features
from spinemets.features.glszm import glszm_features
from spinemets.features.kernels import Engine, texture_matrices
from spinemets.features.ngtdm import ngtdm_features
from spinemets.features.preparation import Normalization, box_of, normalize_image, resample
from spinemets.features.shape import shape_features
from spinemets.geometry.grids import check_same_grid

# Name of a set -> how many features it has.
FEATURE_SETS = {"107": 107}
MODES = ("pyradiomics", "ibsi")


def extract_features(
    image: sitk.Image,
    mask: sitk.Image,
    feature_set: str = "107",
    mode: str = "pyradiomics",
    bin_width: float = 25.0,
    bin_count: int | None = None,
    spacing: float | None = None,
    normalize: bool | Normalization = False,
    normalize_scale: float = 1.0,
    *,
    engine: Engine = "auto",
) -> dict[str, float]:
    """Features of the image in the mask, named and ordered as pyradiomics 3.0.1 writes them
    (`original_shape_Elongation`, ...).

    Values equal pyradiomics' within 1e-9 relative. Time depends on the size of the mask, not of the image (except for
    `normalize="image"`, which has to read all of it).

    Parameters
    ----------
    image : 3-D, scalar.
    mask : on the image's grid; voxels that are not 0 are the region. To carry a mask from another grid is the caller's
        choice (`geometry.carrying`).
    feature_set : "107": 14 shape, 18 first-order, 24 GLCM, 14 GLDM, 16 GLRLM, 16 GLSZM, 5 NGTDM.
    mode : "pyradiomics".
    bin_width : width of a grey level, in the image's intensity units after normalising.
    bin_count : number of grey levels between the region's minimum and maximum, instead of a width.
    spacing : mm; image and mask are resampled to isotropic voxels first (B-spline and nearest).
    normalize : "image" (or True): mean 0 and standard deviation `normalize_scale` over the whole image, as pyradiomics
        does; "roi": over the mask's voxels.
    normalize_scale : standard deviation after normalising.
    engine : "numba", "numpy", or "auto" for the fastest that is installed. The values are the same.

    Raises
    ------
    InputError : an unknown set or mode; bad options; no 3-D scalar image; voxels that are not finite; a
        mask that is empty, on another grid, or less than two voxels wide in two directions (before or after
        resampling).
    """
    _check_options(feature_set, mode, bin_width, bin_count, spacing, normalize, normalize_scale)
    _check_image_and_mask(image, mask)
    if normalize:
        image = normalize_image(image, mask, "roi" if normalize == "roi" else "image", normalize_scale)
    if spacing is not None:
        image, mask = resample(image, mask, spacing)
    first, size = _check_region(mask, f"resampled to {spacing:g} mm, " if spacing is not None else "")
    box = tuple(slice(low, low + n) for low, n in zip(first[::-1], size[::-1], strict=True))
    array = sitk.GetArrayViewFromImage(image)[box]
    region = sitk.GetArrayViewFromImage(mask)[box] != 0
    return features_of_region(array, region, image.GetSpacing()[::-1], bin_width, bin_count, engine)


def features_of_region(
    image: NDArray,
    region: NDArray[np.bool_],
    spacing: tuple[float, float, float],
    bin_width: float = 25.0,
    bin_count: int | None = None,
    engine: Engine = "auto",
) -> dict[str, float]:
    """The 107 features of prepared, cropped arrays: `image` and `region` (z, y, x), `spacing` in mm along z, y, x."""
    intensities = image[region]
    levels = discretize(intensities, bin_width, bin_count)
    matrices = texture_matrices(region, levels, engine=engine)
    grey = levels.values
    families = {
        "shape": shape_features(region, spacing, engine),
        "firstorder": first_order_features(intensities, levels.probabilities, float(np.prod(spacing))),
        "glcm": glcm_features(matrices.pairs, grey, levels.highest),
        "gldm": gldm_features(matrices.dependence, grey),
        "glrlm": glrlm_features(matrices.runs, grey),
        "glszm": glszm_features(matrices.zone_levels, matrices.zone_sizes, grey),
        "ngtdm": ngtdm_features(matrices.neighbourhoods, matrices.differences, grey),
    }
    return {f"original_{family}_{name}": value for family, values in families.items() for name, value in values.items()}


def _check_options(
    feature_set: str,
    mode: str,
    bin_width: float,
    bin_count: int | None,
    spacing: float | None,
    normalize: bool | Normalization,
    normalize_scale: float,
) -> None:
    if feature_set not in FEATURE_SETS:
        raise InputError(f"feature set {feature_set!r}", "is not known", f"use one of {', '.join(FEATURE_SETS)}")
    if mode not in MODES:
        raise InputError(f"mode {mode!r}", "is not known", "use pyradiomics")
    if mode == "ibsi":
        raise InputError("mode 'ibsi'", "is not available in this version", "use pyradiomics")
    if normalize not in (False, True, "image", "roi"):
        raise InputError(f"normalize {normalize!r}", "is not known", "use image or roi")
    if bin_count is not None and bin_count < 1:
        raise InputError(f"bin count {bin_count}", "is below 1", "give a positive number of bins")
    for name, value in (("bin width", bin_width), ("spacing", spacing), ("normalize scale", normalize_scale)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise InputError(f"{name} {value:g}", "is not a positive number", "give a positive number")


def _check_image_and_mask(image: sitk.Image, mask: sitk.Image) -> None:
    for name, given in (("image", image), ("mask", mask)):
        if given.GetDimension() != 3 or given.GetNumberOfComponentsPerPixel() != 1:
            raise InputError(name, "is not a 3-D image with one value a voxel", "give one frame, one channel")
    check_same_grid(image, mask)
    voxels = sitk.GetArrayViewFromImage(image)
    # A value that is not finite makes the sum so; so may a sum of the largest finite numbers, hence the second look.
    if not np.isfinite(voxels.sum(dtype=np.float64)) and not np.isfinite(voxels).all():
        raise InputError("image", "has voxels that are not a number or infinite", "repair the image first")
    if not sitk.GetArrayViewFromImage(mask).any():
        raise InputError("mask", "has no voxel", "draw the lesion first")


def _check_region(mask: sitk.Image, when: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Box of a region that has features; pyradiomics' rule: at least two voxels wide in at least two directions."""
    first, size = box_of(mask)
    if not size.any():
        raise InputError("mask", f"{when}has no voxel left", "use a finer spacing, or features on the image's own grid")
    if np.count_nonzero(size > 1) < 2:
        x, y, z = size
        raise InputError(
            "mask",
            f"{when}is only {x} x {y} x {z} voxels large; features need two voxels in two directions",
            "draw a larger region or use a finer spacing",
        )
    return first, size
