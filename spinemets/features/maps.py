"""Feature maps: a first-order or texture feature in a window that moves over the region, as an image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.features.discretization import GreyLevels, discretize
from spinemets.features.extraction import prepared_region, region_mask
from spinemets.features.families import bin_anchor, directions_of, families_of_levels, feature_names
from spinemets.features.image_types import derived_values
from spinemets.features.kernels import Engine, Lattice
from spinemets.features.preparation import Region, resegmented
from spinemets.features.settings import Settings
from spinemets.progress import Progress, silent

# Half a window that is a whole number of voxels but for rounding is that number.
WHOLE = 1e-6
# Voxels between two calls of the progress callback.
STEP = 200
# Image type -> how its columns begin; of two that fit, the longer one comes first.
COLUMN_STARTS = {
    "Original": "original", "Wavelet": "wavelet", "LoG": "log-sigma-", "SquareRoot": "squareroot", "Square": "square",
    "Logarithm": "logarithm", "Exponential": "exponential", "Gradient": "gradient", "LBP2D": "lbp-2D",
}  # fmt: skip


def feature_map(
    image: sitk.Image,
    mask: sitk.Image,
    feature: str,
    settings: Settings | None = None,
    radius: int = 1,
    outside: float = 0.0,
    engine: Engine = "auto",
    progress: Progress = silent,
    window_mm: float | None = None,
) -> sitk.Image:
    """The feature of each voxel's surroundings: those voxels of the region that are at most `radius` away along each
    axis.

    Grey levels are those of the whole region, so that windows can be compared; as pyradiomics' voxel-based extraction
    has it with a masked kernel. Values equal its own, but for GLCM's MCC, which it leaves 0 there.

    Parameters
    ----------
    feature : a column's name, such as `original_glcm_Contrast` or `wavelet-LLH_firstorder_Entropy`; not of shape.
    settings : how the image is prepared; image types it does not name are added.
    radius : in voxels. With `force_2d`, the window is flat too.
    window_mm : width of the window, instead: along each axis voxels count whose centre is at most half of it away.
    outside : value of voxels outside of the region, and where the feature is not defined in a window.

    Returns
    -------
    float64 image on the image's grid; after resampling, on the new grid round the region.

    Raises
    ------
    InputError : no such feature; a window smaller than three voxels along every axis; see `extraction.extract`.
    """
    column, family, name = _parts(feature)
    settings = _of_one_image_type(settings or Settings(), column)
    region = prepared_region(image, region_mask(image, mask, settings), settings)
    region = resegmented(region, settings)
    own, values = _values(region, settings, column)
    levels = discretize(values, own.bin_width, own.bin_count, bin_anchor(values, own))
    reach = _reach(region.spacing, own, radius, window_mm)
    result = _windows(region, values, levels, own, family, name, reach, engine, progress)
    array = np.full(sitk.GetArrayViewFromImage(region.image).shape, float(outside))
    array[region.box][region.inside] = np.where(np.isfinite(result), result, outside)
    made = sitk.GetImageFromArray(array)
    made.CopyInformation(region.image)
    return made


def _parts(feature: str) -> tuple[str, str, str]:
    parts = feature.split("_")
    if len(parts) != 3:
        raise InputError(f"feature {feature!r}", "is not a column's name", "write one such as original_glcm_Contrast")
    column, family, name = parts
    if family.startswith("shape"):
        raise InputError(f"feature {feature!r}", "has no map: shape is of the whole region", "choose another")
    try:
        known = feature_names(family)
    except InputError as error:
        raise InputError(f"feature {feature!r}", error.why, error.remedy) from error
    if name not in known:
        raise InputError(f"feature {feature!r}", "is not known", f"of {family} there are {', '.join(known)}")
    return column, family, name


def _of_one_image_type(settings: Settings, column: str) -> Settings:
    """The settings with that image type only that the column is of."""
    kind = next((name for name, start in COLUMN_STARTS.items() if column.startswith(start)), None)
    if kind is None:
        raise InputError(f"image {column!r}", "is not known", f"it begins with {', '.join(COLUMN_STARTS.values())}")
    own = dict(settings.image_types.get(kind, {}))
    if kind == "LoG":
        text = column.removeprefix("log-sigma-").removesuffix("-mm-3D").replace("-", ".")
        try:
            own["sigmas"] = (float(text) if "." in text else int(text),)
        except ValueError as error:
            raise InputError(f"image {column!r}", "has no width in mm", "write log-sigma-2-0-mm-3D") from error
    return replace(settings, image_types={kind: own})


def _values(region: Region, settings: Settings, column: str) -> tuple[Settings, NDArray]:
    """Settings and values (n,) of the derived image that has the column's name."""
    for name, found, values in derived_values(region, settings):
        if name == column:
            return found, values
    raise InputError(f"image {column!r}", "is not known", "write it as it stands in column names")


def _reach(spacing: tuple[float, float, float], settings: Settings, radius: int, window_mm: float | None) -> list[int]:
    """Voxels along z, y, x on either side of a window's centre."""
    if window_mm is None:
        reach = [radius] * 3
    else:
        reach = [int(window_mm / 2 / mm + WHOLE) for mm in spacing]
    if settings.force_2d:
        reach[settings.force_2d_dimension] = 0
    if window_mm is not None and not any(reach):
        raise InputError(f"window {window_mm:g} mm", "is of one voxel only", f"use at least {2 * min(spacing):.3g} mm")
    return reach


def _windows(
    region: Region,
    values: NDArray,
    levels: GreyLevels,
    settings: Settings,
    family: str,
    name: str,
    reach: list[int],
    engine: Engine,
    progress: Progress,
) -> NDArray[np.float64]:
    """The feature in the window of each of the region's voxels (n,), which reaches so many voxels along z, y, x."""
    inside = np.pad(region.inside, [(r, r) for r in reach])
    place = np.full(inside.shape, -1)
    place[inside] = np.arange(len(values))
    directions = directions_of(settings)
    settings = replace(settings, image_types={}, families={family: (name,)})
    result = np.empty(len(values))
    for number, (z, y, x) in enumerate(np.argwhere(region.inside)):
        window = (
            slice(z, z + 2 * reach[0] + 1),
            slice(y, y + 2 * reach[1] + 1),
            slice(x, x + 2 * reach[2] + 1),
        )
        part = inside[window]
        chosen = place[window][part]
        present, index = np.unique(levels.index[chosen], return_inverse=True)
        local = GreyLevels(index.astype(np.int32), levels.values[present], levels.highest)
        lattice = Lattice(part, directions)
        found = families_of_levels(values[chosen], local, lattice, region.spacing, settings, (family,), engine)
        result[number] = found[family].get(name, np.nan)
        if number % STEP == 0:
            progress("feature map", number, len(result), name)
    return result
