"""The door of the room: an image and a mask in, named features out."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.features.bias_correction import correct_bias
from spinemets.features.families import directions_of, form_features, intensity_features
from spinemets.features.ibsi import resample_ibsi
from spinemets.features.image_types import derived_values
from spinemets.features.kernels import Engine, Lattice
from spinemets.features.preparation import (
    Region,
    box_of,
    crop,
    nearest_on_grid,
    normalize_image,
    region_in,
    resample,
    resegmented,
)
from spinemets.features.settings import FEATURE_SETS, MODES, Mode, Normalization, Settings, named_settings
from spinemets.geometry.grids import check_same_grid
from spinemets.progress import Progress, silent

__all__ = ["FEATURE_SETS", "MODES", "extract", "extract_each", "extract_features", "settings_of"]


def extract_features(
    image: sitk.Image,
    mask: sitk.Image,
    feature_set: str = "107",
    mode: Mode = "pyradiomics",
    bin_width: float = 25.0,
    bin_count: int | None = None,
    spacing: float | None = None,
    normalize: bool | Normalization = False,
    normalize_scale: float = 1.0,
    *,
    engine: Engine = "auto",
) -> dict[str, float]:
    """Features of a set that has a name: `extract` with the settings that are asked for most often.

    Parameters
    ----------
    image, mask, engine : see `extract`.
    feature_set : "107": 14 shape, 18 first-order, 24 GLCM, 14 GLDM, 16 GLRLM, 16 GLSZM, 5 NGTDM; "851": with 8 wavelet
        images; "1409": with square, square root, logarithm, exponential, gradient and local binary pattern too;
        "1409-log": 107, wavelet and LoG of 1 to 6 mm; "lang-2019": the 33 of `lang_2019`.
    mode : "pyradiomics" or "ibsi" (see `ibsi`).
    bin_width : width of a grey level, in the image's intensity units after normalising.
    bin_count : number of grey levels between the region's minimum and maximum, instead of a width.
    spacing : mm; image and mask are resampled to isotropic voxels first (B-spline and nearest).
    normalize : "image" (or True): mean 0 and standard deviation `normalize_scale` over the whole image, as pyradiomics
        does; "roi": over the mask's voxels.
    normalize_scale : standard deviation after normalising.

    Raises
    ------
    InputError : see `extract`.
    """
    changes = {"mode": mode, "bin_width": bin_width, "bin_count": bin_count, "normalize_scale": normalize_scale}
    settings = settings_of(feature_set, spacing, normalize, **changes)
    return extract(image, mask, settings, engine)


def settings_of(
    feature_set: str = "107", spacing: float | None = None, normalize: bool | Normalization = False, **changes: Any
) -> Settings:
    """Settings from the parameters of `extract_features`, as a recipe's `extraction` holds them.

    Raises
    ------
    InputError : a name is not known, a number not possible.
    """
    if spacing is not None and not spacing > 0:
        raise InputError(f"spacing {spacing:g}", "is not a positive number", "give a positive number")
    isotropic = None if spacing is None else (spacing, spacing, spacing)
    known = {each.name for each in fields(Settings)}
    for name in changes:
        if name not in known:
            raise InputError(f"extraction parameter {name!r}", "is not known", f"use {', '.join(sorted(known))}")
    return named_settings(feature_set, spacing=isotropic, normalize=_scope(normalize), **changes)


def _scope(normalize: bool | Normalization) -> Normalization | None:
    if isinstance(normalize, bool):
        return "image" if normalize else None
    return normalize


def extract(
    image: sitk.Image,
    mask: sitk.Image,
    settings: Settings,
    engine: Engine = "auto",
    progress: Progress = silent,
) -> dict[str, float]:
    """Features of the image in the mask, named and ordered as pyradiomics 3.0.1 writes them
    (`original_shape_Elongation`, `wavelet-LLH_glcm_Contrast`, ...).

    In pyradiomics' mode values equal its own within 1e-9 relative. Time depends on the size of the mask, not of the
    image, except for what is measured over all of it: normalising, and the largest intensity that scales square, square
    root, logarithm and exponential images.

    What pyradiomics answers where a feature is not defined, this answers too: in a region of one intensity,
    correlations are 1, NGTDM coarseness 1e6, skewness and kurtosis 0; where no two voxels touch, GLCM is NaN (but
    of one grey level: InverseVariance 0 in a row of voxels, MCC 1 in other regions). It differs in five things:

    - It leaves out columns of an LoG wider than the image; here they are NaN, so that all cases have the same columns.
    - Where it ends with an error of numpy (square, logarithm, exponential of an image of zeros; texture in plane of a
      region with one voxel a plane), the error here says why.
    - It counts voxels of the region that are not a number as a grey level of their own; here they are refused. Outside
      of the region they do no harm here either, unless filters, resampling or normalising read them.
    - It refuses a mask without a single 0.
    - In a 2-D image its force2D would measure rows only; here it changes nothing.

    Parameters
    ----------
    image : 3-D, scalar; or 2-D, which has no 3-D shape: these columns are left out.
    mask : on the image's grid, unless `settings.carry`; `settings.label` says which voxels are the region.
    engine : "numba", "numpy", or "auto" for the fastest that is installed. The values are the same.
    progress : called after each derived image.

    Raises
    ------
    InputError : options that do not fit; no scalar image; voxels that are not finite; an image of zeros that a filter
        scales; a mask that is empty, lacks the label, is on another grid, or is less than two voxels wide in two
        directions (before or after resampling).
    """
    planar = image.GetDimension() == 2
    if planar:
        image, mask, settings = _as_one_plane(image, mask, settings)
    mask = region_mask(image, mask, settings)
    whole = prepared_region(image, mask, settings, planar)
    region = resegmented(whole, settings)
    if settings.resegment_range is not None:
        _check_extent(region, settings, "re-segmented, ")
    # Shape is measured before re-segmentation; pyradiomics cuts it to the box after it.
    before = whole.inside if settings.mode == "ibsi" else _cut(whole, region)
    form = region.inside if settings.resegment_shape else before
    found = {
        f"original_{family}_{name}": value
        for family, values in form_features(form, whole.spacing, settings, engine).items()
        for name, value in values.items()
    }
    lattices: dict[tuple, Lattice] = {}
    for done, (column, own, values) in enumerate(derived_values(region, settings), 1):
        directions = directions_of(own)
        if directions not in lattices:
            lattices[directions] = Lattice(region.inside, directions)
        families = intensity_features(values, lattices[directions], region.spacing, own, engine)
        found |= {f"{column}_{f}_{name}": value for f, some in families.items() for name, value in some.items()}
        progress("features", done, done, column)
    return found


def extract_each(
    image: sitk.Image, mask: sitk.Image, settings: Settings, engine: Engine = "auto"
) -> dict[int, dict[str, float]]:
    """Features of each lesion of a mask with several: label -> what `extract` gives for it, labels ascending.

    Raises
    ------
    InputError : see `extract`; the mask has no label.
    """
    labels = [int(label) for label in np.unique(sitk.GetArrayViewFromImage(mask)) if label != 0]
    if not labels:
        raise InputError("mask", "has no voxel", "draw the lesion first")
    return {label: extract(image, mask, replace(settings, label=label), engine) for label in labels}


def prepared_region(image: sitk.Image, mask: sitk.Image, settings: Settings, planar: bool = False) -> Region:
    """The region after normalising, resampling and cropping.

    Raises
    ------
    InputError : see `extract`.
    """
    if settings.bias_correction:
        image = correct_bias(image)
    if settings.normalize:
        image = normalize_image(image, mask, settings.normalize, settings.normalize_scale, settings.remove_outliers)
    when = ""
    if settings.spacing is not None:
        when = f"resampled to {' x '.join(f'{mm:g}' for mm in dict.fromkeys(settings.spacing))} mm, "
        if settings.mode == "ibsi":
            image, mask = resample_ibsi(image, mask, settings)
        else:
            image, mask = resample(
                image, mask, settings.spacing, settings.interpolator, settings.pad_distance, settings.filters
            )
    elif settings.pre_crop:
        box = box_of(sitk.GetArrayViewFromImage(mask))
        image, mask = crop(image, *box, settings.pad_distance), crop(mask, *box, settings.pad_distance)
    if not sitk.GetArrayViewFromImage(mask).any():
        raise InputError("mask", f"{when}has no voxel left", "use a finer spacing, or features on the image's own grid")
    region = region_in(image, mask, planar)
    _check_extent(region, settings, when)
    return region


def _check_extent(region: Region, settings: Settings, when: str) -> None:
    """pyradiomics' rule: at least two voxels wide in at least two directions."""
    size = region.inside.shape[::-1]
    least = max(settings.minimum_dimensions, 1)
    if sum(n > 1 for n in size) < least:
        directions = {1: "one direction", 2: "two directions", 3: "three directions"}[least]
        raise InputError(
            "mask",
            f"{when}is only {size[0]} x {size[1]} x {size[2]} voxels large; features need two voxels in {directions}",
            "draw a larger region or use a finer spacing",
        )
    if settings.minimum_size is not None and len(region.intensities) <= settings.minimum_size:
        raise InputError(
            "mask", f"{when}has {len(region.intensities)} voxels", f"draw more than {settings.minimum_size}"
        )


def _cut(whole: Region, region: Region) -> np.ndarray:
    """The whole region within the box of the smaller one."""
    part = tuple(
        slice(new.start - old.start, new.stop - old.start) for old, new in zip(whole.box, region.box, strict=True)
    )
    return whole.inside[part]


def _as_one_plane(image: sitk.Image, mask: sitk.Image, settings: Settings) -> tuple[sitk.Image, sitk.Image, Settings]:
    """A 2-D image as one plane of 3-D: texture has its neighbours in it, and 3-D shape is left out."""
    if mask.GetDimension() != 2 or image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError("image", "is 2-D and its mask is not, or it has channels", "give one channel and a 2-D mask")
    if settings.spacing is not None:
        raise InputError("image", "is 2-D and cannot be resampled", "extract on its own grid")
    families = {name: names for name, names in settings.families.items() if name != "shape"}
    settings = replace(settings, families=families, force_2d=True, force_2d_dimension=0)
    return sitk.JoinSeries(image), sitk.JoinSeries(mask), settings


def region_mask(image: sitk.Image, mask: sitk.Image, settings: Settings) -> sitk.Image:
    """The mask on the image's grid, of the label that is asked for; image and mask are checked."""
    for name, given in (("image", image), ("mask", mask)):
        if given.GetDimension() != 3 or given.GetNumberOfComponentsPerPixel() != 1:
            raise InputError(name, "is not a 3-D image with one value a voxel", "give one frame, one channel")
    if settings.carry:
        mask = nearest_on_grid(mask, image)
    check_same_grid(image, mask)
    if not sitk.GetArrayViewFromImage(mask).any():
        raise InputError("mask", "has no voxel", "draw the lesion first")
    labelled = mask if settings.label is None else mask == settings.label
    if not sitk.GetArrayViewFromImage(labelled).any():
        labels = np.unique(sitk.GetArrayViewFromImage(mask))
        known = ", ".join(f"{label:g}" for label in labels[labels != 0][:20])
        raise InputError("mask", f"has no voxel of label {settings.label}", f"use one of its labels: {known}")
    _check_finite(image, labelled, settings)
    return labelled


def _check_finite(image: sitk.Image, mask: sitk.Image, settings: Settings) -> None:
    """Where values are measured they must be numbers, and everywhere if more than the region is read."""
    voxels = sitk.GetArrayViewFromImage(image)
    # A value that is not finite makes the sum so; so may a sum of the largest finite numbers, hence the second look.
    if np.isfinite(voxels.sum(dtype=np.float64)) or np.isfinite(voxels).all():
        return
    if np.isfinite(voxels[sitk.GetArrayViewFromImage(mask) != 0]).all():
        if not settings.reads_surroundings:
            return
        where = "outside of the mask, which filters, resampling or normalising would read"
    else:
        where = "in the mask"
    raise InputError("image", f"has voxels that are not a number or infinite {where}", "repair the image first")
