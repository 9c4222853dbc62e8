"""pyradiomics itself, where it is installed: as an engine, and to compare ours with.

It is not among the requirements: 3.0.1 is built on Python 3.11 or older only, after numpy below 2, setuptools, wheel,
cython and versioneer, by `pip install --no-build-isolation pyradiomics==3.0.1`. `make pyradiomics` does so in an
environment of its own. 3D Slicer brings it with SlicerRadiomics.
"""

from __future__ import annotations

import importlib
import logging
from typing import Any

import numpy as np
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.features.extraction import extract
from spinemets.features.parameter_file import KEYS
from spinemets.features.settings import OF_AN_IMAGE_TYPE, Settings

# What counts as equal, as in the tests; zeros come out as rounding noise on both sides.
RELATIVE, ABSOLUTE = 1e-9, 1e-12
INTERPOLATORS = {"bspline": "sitkBSpline", "linear": "sitkLinear", "nearest": "sitkNearestNeighbor"}


def pyradiomics_parameters(settings: Settings) -> dict[str, Any]:
    """The settings as pyradiomics' parameters.

    Raises
    ------
    InputError : what is asked for does not exist in pyradiomics.
    """
    if settings.mode != "pyradiomics" or settings.normalize == "roi" or settings.bias_correction:
        raise InputError(
            "pyradiomics", "has no IBSI mode, bias correction or normalising in the region", "leave it out"
        )
    key_of = {field: key for key, (field, _) in KEYS.items() if field is not None and hasattr(settings, field)}
    defaults = Settings()
    chosen = {}
    for field, key in key_of.items():
        value = getattr(settings, field)
        if value != getattr(defaults, field) and field not in ("mode", "normalize", "interpolator", "label", "sigmas"):
            chosen[key] = list(value) if isinstance(value, tuple) else value
    chosen |= {
        "normalize": settings.normalize == "image",
        "interpolator": INTERPOLATORS[settings.interpolator],
        "label": 1,
        "additionalInfo": False,
        "geometryTolerance": 1e-3,
    }
    if settings.sigmas:
        chosen["sigma"] = list(settings.sigmas)
    image_types = {
        name: {key_of[field]: list(v) if isinstance(v, tuple) else v for field, v in own.items()}
        for name, own in settings.image_types.items()
        if set(own) <= set(OF_AN_IMAGE_TYPE)
    }
    families = {name: list(names) if names else [] for name, names in settings.families.items()}
    return {"imageType": image_types, "featureClass": families, "setting": chosen}


def pyradiomics_features(image: sitk.Image, mask: sitk.Image, settings: Settings) -> dict[str, float]:
    """The features as pyradiomics computes them.

    Raises
    ------
    InputError : it is not installed, or refuses the image and mask.
    """
    try:
        radiomics = importlib.import_module("radiomics")
        extractor = importlib.import_module("radiomics.featureextractor").RadiomicsFeatureExtractor
    except ImportError as error:
        raise InputError(
            "pyradiomics",
            "is not installed in this Python",
            "use SpineMets' own engine, or install pyradiomics 3.0.1 (Slicer's extension SlicerRadiomics brings it)",
        ) from error
    radiomics.logger.setLevel(logging.CRITICAL)
    region = sitk.Cast(mask != 0 if settings.label is None else mask == settings.label, sitk.sitkUInt8)
    try:
        found = extractor(pyradiomics_parameters(settings)).execute(image, region)
    except (ValueError, RuntimeError) as error:
        raise InputError("pyradiomics", f"refuses this image and mask ({error})", "see what it says") from error
    return {name: float(value) for name, value in found.items()}


def compare_engines(
    image: sitk.Image, mask: sitk.Image, settings: Settings
) -> tuple[int, dict[str, tuple[float, float]]]:
    """How many features both engines have, and of those that differ by more than 1e-9 relative, ours and pyradiomics'.

    Raises
    ------
    InputError : pyradiomics is not installed, or one of them refuses the input.
    """
    theirs = pyradiomics_features(image, mask, settings)
    ours = extract(image, mask, settings)
    shared = [name for name in ours if name in theirs]
    differ = {
        name: (ours[name], theirs[name])
        for name in shared
        if not np.isclose(ours[name], theirs[name], rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
    }
    return len(shared), differ
