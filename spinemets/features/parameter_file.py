"""Settings from a YAML file in the style of pyradiomics' parameter files; what is wrong in it is told with its line.

    imageType:
      Original: {}
      LoG: {sigma: [1.0, 3.0], binWidth: 10}
    featureClass:
      shape:
      glcm: [Contrast, Correlation]
    setting:
      binWidth: 25
      resampledPixelSpacing: [1, 1, 1]

Keys, types and defaults are pyradiomics 3.0.1's, but that a region is every value of the mask except 0 where `label`
is left out (there: 1), that 2-D shape is measured only where it is named, and that `voxelSetting` is passed over (the
window of a map is a parameter of `maps`). Of SpineMets' own: `mode: ibsi`, `biasCorrection: true` (N4) and
`normalize: roi`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from spinemets.errors import InputError
from spinemets.features.families import all_feature_names
from spinemets.features.settings import CLASSIC_FAMILIES, FAMILIES, IMAGE_TYPES, OF_AN_IMAGE_TYPE, Settings
from spinemets.yaml_files import read_yaml

SECTIONS = ("imageType", "featureClass", "setting", "voxelSetting")


class _Wrong(Exception):
    """What is wrong with a value, in a few words."""


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Wrong("is not a number")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Wrong("is not a whole number")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("is neither true nor false")
    return value


def _numbers(value: Any) -> tuple[float, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not value:
        raise _Wrong("is not a list of numbers")
    return tuple(_number(each) for each in value)


def _spacing(value: Any) -> tuple[float, ...] | None:
    numbers = _numbers(value)
    if numbers is not None and len(numbers) != 3:
        raise _Wrong("is not a list of three numbers, mm along x, y, z")
    return numbers


def _optional(kind: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else kind(value)


def _normalize(value: Any) -> str | None:
    if value not in (True, False, "image", "roi"):
        raise _Wrong("is not true, false or roi")
    return {True: "image", False: None}.get(value, value)


def _one_of(**choices: str) -> Callable[[Any], str]:
    def choose(value: Any) -> str:
        if value not in choices:
            raise _Wrong(f"is not one of {', '.join(choices)}")
        return choices[value]

    return choose


def _only(*allowed: Any) -> Callable[[Any], Any]:
    """For what this engine does in one way only."""

    def check(value: Any) -> Any:
        if value not in allowed:
            raise _Wrong(f"is not supported, only {allowed[0]}")
        return value

    return check


# pyradiomics' key -> field of Settings (None: accepted, without effect here) and how its value is read.
KEYS: dict[str, tuple[str | None, Callable[[Any], Any]]] = {
    "binWidth": ("bin_width", _number),
    "binCount": ("bin_count", _optional(_whole)),
    "normalize": ("normalize", _normalize),
    "normalizeScale": ("normalize_scale", _number),
    "removeOutliers": ("remove_outliers", _optional(_number)),
    "resampledPixelSpacing": ("spacing", _spacing),
    "interpolator": (
        "interpolator", _one_of(sitkBSpline="bspline", sitkLinear="linear", sitkNearestNeighbor="nearest")
    ),
    "padDistance": ("pad_distance", _whole),
    "preCrop": ("pre_crop", _truth),
    "correctMask": ("carry", _truth),
    "label": ("label", _whole),
    "resegmentRange": ("resegment_range", _numbers),
    "resegmentMode": ("resegment_mode", _one_of(absolute="absolute", relative="relative", sigma="sigma")),
    "resegmentShape": ("resegment_shape", _truth),
    "force2D": ("force_2d", _truth),
    "force2Ddimension": ("force_2d_dimension", _whole),
    "minimumROIDimensions": ("minimum_dimensions", _whole),
    "minimumROISize": ("minimum_size", _optional(_whole)),
    "sigma": ("sigmas", _numbers),
    "start_level": ("wavelet_start", _whole),
    "level": ("wavelet_levels", _whole),
    "wavelet": (None, _only("coif1")),
    "gradientUseSpacing": ("gradient_in_mm", _truth),
    "lbp2DRadius": ("lbp_radius", _number),
    "lbp2DSamples": ("lbp_samples", _whole),
    "lbp2DMethod": (None, _only("uniform")),
    "voxelArrayShift": ("shift", _number),
    "distances": (None, _only([1])),
    "symmetricalGLCM": (None, _only(True)),
    "weightingNorm": (None, _only(None, "no_weighting")),
    "gldm_a": (None, _only(0)),
    "geometryTolerance": (None, _optional(_number)),
    "additionalInfo": (None, _truth),
    "biasCorrection": ("bias_correction", _truth),
    "mode": ("mode", _one_of(pyradiomics="pyradiomics", ibsi="ibsi")),
}  # fmt: skip


def read_settings(path: Path) -> Settings:
    """Settings of a file.

    Raises
    ------
    InputError : it cannot be read, is not YAML, or has a key or value that means nothing: the line is named.
    """
    path = Path(path)
    content, node = read_yaml(path, "name a YAML file of settings")
    return settings_from(content, str(path), _lines(node, ()) if node is not None else {})


def _lines(node: Any, place: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    """Line, from 1, of each key; a place is the keys that lead there."""
    lines = {}
    for key, value in node.value if node.id == "mapping" else ():
        here = (*place, str(key.value))
        lines[here] = key.start_mark.line + 1
        lines |= _lines(value, here)
    return lines


def settings_from(content: Any, name: str = "settings", lines: Mapping[tuple[str, ...], int] | None = None) -> Settings:
    """Settings from what a parameter file holds.

    Parameters
    ----------
    content : `imageType`, `featureClass`, `setting`, each of which may be absent.
    name : of the file, for messages.
    lines : line of each key.
    """
    reader = _Reader(name, lines or {})
    sections = {} if content is None else reader.mapping(content, ())
    for key in sections:
        if key not in SECTIONS:
            reader.refuse((key,), "is not a section", f"use {', '.join(SECTIONS)}")
    values = reader.fields(sections.get("setting") or {}, ("setting",))
    given_types = reader.mapping(sections.get("imageType") or {"Original": {}}, ("imageType",))
    image_types = {}
    for image_type, own in given_types.items():
        place = ("imageType", str(image_type))
        if image_type not in IMAGE_TYPES:
            reader.refuse(place, "is not an image type", f"use {', '.join(IMAGE_TYPES)}")
        image_types[str(image_type)] = reader.fields(own or {}, place, OF_AN_IMAGE_TYPE)
        if image_type == "LoG" and not (image_types["LoG"].get("sigmas") or values.get("sigmas")):
            reader.refuse(place, "has no sigma", "add the widths in mm, as in LoG: {sigma: [1.0, 3.0]}")
    families = reader.families(sections.get("featureClass") or CLASSIC_FAMILIES)
    try:
        return Settings(image_types=image_types, families=families, **values)
    except InputError as error:
        raise InputError(name, f"{error.what} {error.why}", error.remedy) from error


class _Reader:
    """Reads parts of a file and says where one is wrong."""

    def __init__(self, name: str, lines: Mapping[tuple[str, ...], int]) -> None:
        self.name = name
        self.lines = lines

    def refuse(self, place: tuple[str, ...], why: str, remedy: str) -> None:
        """Raise an error about the key at the place."""
        line = self.lines.get(place)
        where = f"{'.'.join(place)} in line {line}" if line else ".".join(place) or "the file"
        raise InputError(self.name, f"{where} {why}", remedy)

    def mapping(self, value: Any, place: tuple[str, ...]) -> dict[Any, Any]:
        """The value, if it is keys with values."""
        if not isinstance(value, Mapping):
            self.refuse(place, "is not a list of keys with values", "write one `key: value` a line")
        return dict(value)

    def fields(self, value: Any, place: tuple[str, ...], allowed: tuple[str, ...] | None = None) -> dict[str, Any]:
        """Fields of `Settings` from pyradiomics' keys."""
        found = {}
        for key, given in self.mapping(value, place).items():
            here = (*place, str(key))
            if key not in KEYS:
                self.refuse(here, "is not a setting", f"use {', '.join(KEYS)}")
            name, read = KEYS[key]
            if name is not None and allowed is not None and name not in allowed:
                self.refuse(here, "cannot differ between image types", "move it to the section `setting`")
            try:
                read_value = read(given)
            except _Wrong as wrong:
                self.refuse(here, f"{wrong!s} ({given})", "correct the value")
            if name is not None:
                found[name] = read_value
        return found

    def families(self, value: Any) -> dict[str, tuple[str, ...] | None]:
        """Families and the names wanted of each."""
        found: dict[str, tuple[str, ...] | None] = {}
        known = all_feature_names()
        for family, names in self.mapping(value, ("featureClass",)).items():
            here = ("featureClass", str(family))
            if family not in FAMILIES:
                self.refuse(here, "is not a family of features", f"use {', '.join(FAMILIES)}")
            if names is not None and not isinstance(names, (list, tuple)):
                self.refuse(here, "is not a list of names", "write [Name, Name], or nothing for all")
            for name in names or ():
                if name not in known[family]:
                    self.refuse(here, f"has no feature {name!r}", f"use {', '.join(known[family])}")
            found[str(family)] = tuple(names) if names else None
        return found
