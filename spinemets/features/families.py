"""Families of features of one region: from intensities to named values."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.features.discretization import GreyLevels, discretize
from spinemets.features.first_order import first_order_features
from spinemets.features.glcm import glcm_features
from spinemets.features.gldm import gldm_features
from spinemets.features.glrlm import glrlm_features
from spinemets.features.glszm import glszm_features
from spinemets.features.kernels import DIRECTIONS, Engine, Lattice, texture_matrices
from spinemets.features.lang_2019 import haralick_features, histogram_features
from spinemets.features.ngtdm import ngtdm_features
from spinemets.features.settings import FAMILIES, Settings
from spinemets.features.shape import shape_features
from spinemets.features.shape_2d import shape_2d_features

TEXTURES = ("glcm", "gldm", "glrlm", "glszm", "ngtdm", "haralick")


# Four times a standard deviation of the voxel centres: IBSI divides by n - 1 there, pyradiomics by n.
AXIS_LENGTHS = ("MajorAxisLength", "MinorAxisLength", "LeastAxisLength")


def directions_of(settings: Settings) -> tuple[tuple[int, int, int], ...]:
    """Steps to half of a voxel's neighbours: all 13, or those within planes."""
    if not settings.force_2d:
        return DIRECTIONS
    return tuple(step for step in DIRECTIONS if step[settings.force_2d_dimension] == 0)


def intensity_features(
    values: NDArray, lattice: Lattice, spacing: tuple[float, float, float], settings: Settings, engine: Engine = "auto"
) -> dict[str, dict[str, float]]:
    """First-order and texture families that the settings name, in their order.

    Parameters
    ----------
    values : (n,) of the region's voxels in C order; all NaN gives NaN features.
    lattice : of the region.
    spacing : mm along z, y, x.
    """
    wanted = {family: names for family, names in settings.families.items() if not family.startswith("shape")}
    if not wanted:
        return {}
    if np.isnan(values).all():
        return {family: dict.fromkeys(names or feature_names(family), math.nan) for family, names in wanted.items()}
    levels = discretize(values, settings.bin_width, settings.bin_count, bin_anchor(values, settings))
    found = families_of_levels(values, levels, lattice, spacing, settings, tuple(wanted), engine)
    return {family: _chosen(found[family], names) for family, names in wanted.items()}


def families_of_levels(
    values: NDArray,
    levels: GreyLevels,
    lattice: Lattice,
    spacing: tuple[float, float, float],
    settings: Settings,
    wanted: tuple[str, ...],
    engine: Engine = "auto",
) -> dict[str, dict[str, float]]:
    """First-order and texture families of voxels that have their grey levels already."""
    grey = levels.values
    found: dict[str, dict[str, float]] = {}
    if "firstorder" in wanted:
        volume = float(np.prod(spacing))
        found["firstorder"] = first_order_features(values, levels.probabilities, volume, settings.shift)
        if settings.mode == "ibsi" and found["firstorder"]["Variance"] > 0:
            found["firstorder"]["Kurtosis"] -= 3
    if "histogram" in wanted:
        found["histogram"] = histogram_features(values)
    if any(family in wanted for family in TEXTURES):
        chosen = settings.families.get("glcm")
        with_mcc = chosen is None or "MCC" in chosen
        runs_and_zones = "glrlm" in wanted or "glszm" in wanted
        matrices = texture_matrices(lattice, levels, engine, runs_and_zones)
        makers: dict[str, Callable[[], dict[str, float]]] = {
            "glcm": lambda: glcm_features(matrices.pairs, grey, levels.highest, with_mcc),
            "haralick": lambda: haralick_features(matrices.pairs, grey),
            "gldm": lambda: gldm_features(matrices.dependence, grey),
            "glrlm": lambda: glrlm_features(matrices.runs, grey),
            "glszm": lambda: glszm_features(matrices.zone_levels, matrices.zone_sizes, grey),
            "ngtdm": lambda: ngtdm_features(matrices.neighbourhoods, matrices.differences, grey),
        }
        found |= {family: make() for family, make in makers.items() if family in wanted}
    return found


def form_features(
    inside: NDArray[np.bool_], spacing: tuple[float, float, float], settings: Settings, engine: Engine = "auto"
) -> dict[str, dict[str, float]]:
    """Shape families that the settings name. 2-D shape is of a region that is one voxel thick across the planes.

    Raises
    ------
    InputError : 2-D shape of a region with several planes, or without `force_2d`.
    """
    found = {}
    for family, names in settings.families.items():
        if family == "shape":
            form = shape_features(inside, spacing, engine)
            if settings.mode == "ibsi":
                voxels = int(np.count_nonzero(inside))
                for name in AXIS_LENGTHS:
                    form[name] *= math.sqrt(voxels / max(voxels - 1, 1))
            found[family] = _chosen(form, names)
        elif family == "shape2D":
            axis = settings.force_2d_dimension
            if not settings.force_2d or inside.shape[axis] != 1:
                raise InputError(
                    "2-D shape", "needs a region of one plane", "set force2D and force2Ddimension to the plane drawn on"
                )
            across = [mm for other, mm in enumerate(spacing) if other != axis]
            found[family] = _chosen(shape_2d_features(inside.squeeze(axis), (across[0], across[1])), names)
    return found


def bin_anchor(values: NDArray, settings: Settings) -> float | None:
    """Where the first bin starts, in IBSI's mode: at the lower limit of re-segmentation, else at the minimum."""
    if settings.mode != "ibsi":
        return None
    lowest = float(values.min())
    if settings.resegment_range is not None and settings.resegment_mode == "absolute":
        return min(lowest, *settings.resegment_range)
    return lowest


@functools.cache
def feature_names(family: str) -> tuple[str, ...]:
    """Names of a family's features, in order."""
    inside = np.ones((1, 2, 2) if family == "shape2D" else (2, 2, 2), bool)
    settings = Settings(families={family: None}, force_2d=family == "shape2D")
    found: Mapping[str, Mapping[str, float]]
    if family.startswith("shape"):
        found = form_features(inside, (1.0, 1.0, 1.0), settings, "numpy")
    else:
        lattice = Lattice(inside, DIRECTIONS)
        found = intensity_features(np.arange(8.0), lattice, (1.0, 1.0, 1.0), settings, "numpy")
    return tuple(found[family])


def all_feature_names() -> dict[str, tuple[str, ...]]:
    """Names of the features of each family."""
    return {family: feature_names(family) for family in FAMILIES}


def _chosen(found: dict[str, float], names: tuple[str, ...] | None) -> dict[str, float]:
    return found if names is None else {name: found[name] for name in names}
