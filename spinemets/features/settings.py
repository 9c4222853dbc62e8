"""What is measured and how: the settings of an extraction, and the sets of features that have a name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from spinemets.errors import InputError

Mode = Literal["pyradiomics", "ibsi"]
Normalization = Literal["image", "roi"]
Interpolator = Literal["bspline", "linear", "nearest"]
ResegmentMode = Literal["absolute", "relative", "sigma"]

MODES = ("pyradiomics", "ibsi")
FAMILIES = ("shape", "shape2D", "firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm", "histogram", "haralick")
IMAGE_TYPES = (
    "Original", "Wavelet", "LoG", "Square", "SquareRoot", "Logarithm", "Exponential", "Gradient", "LBP2D",
)  # fmt: skip
CLASSIC_FAMILIES: dict[str, tuple[str, ...] | None] = dict.fromkeys(
    ("shape", "firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm")
)
# Those of Lang 2019 (`lang_2019`), and their grey levels.
LANG_FAMILIES: dict[str, tuple[str, ...] | None] = dict.fromkeys(("histogram", "haralick"))
LANG_LEVELS = 32


@dataclass(frozen=True)
class Settings:
    """Settings of an extraction. Defaults are those of pyradiomics 3.0.1.

    image_types : image type -> what differs from these settings in images of that type (names of this class's
        fields); in the order of the result.
    families : family -> names of the features wanted, or None for all of them; in the order of the result.
    mode : whose definitions are followed.
    label : value of the region's voxels in the mask; None: every value but 0.
    carry : take a mask on another grid to the image's by nearest neighbour (pyradiomics' correctMask), instead of
        refusing it.
    bias_correction : N4 over the whole image, before everything else.
    normalize : bring mean and standard deviation of the image, or of the region ("roi"), to 0 and `normalize_scale`.
    remove_outliers : after normalising, values further than this many standard deviations are set to that limit.
    spacing : mm along x, y, z after resampling, 0 for the image's own; None: no resampling.
    pad_distance : voxels round the region that are kept in resampling and pre-cropping, for filters to see.
    pre_crop : crop to the region and `pad_distance` before filters are applied (no effect with `spacing`).
    resegment_range : lower, or lower and upper, limit of the region's intensities; None: no re-segmentation.
    resegment_mode : limits are intensities, parts of the maximum, or standard deviations from the mean.
    resegment_shape : shape is measured after re-segmentation too.
    bin_width, bin_count : width of a grey level, or their number instead.
    force_2d, force_2d_dimension : texture within planes across that axis (0 = z, 1 = y, 2 = x) only.
    minimum_dimensions, minimum_size : directions in which a region needs two voxels; voxels that it must exceed.
    sigmas : mm, one LoG image for each.
    wavelet_start, wavelet_levels : first level of decomposition, and how many.
    gradient_in_mm : gradient per mm, not per voxel.
    lbp_radius, lbp_samples : of the local binary pattern, in pixels.
    shift : added to intensities where energy is measured (pyradiomics' voxelArrayShift).
    """

    image_types: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"Original": {}})
    families: Mapping[str, tuple[str, ...] | None] = field(default_factory=lambda: dict(CLASSIC_FAMILIES))
    mode: Mode = "pyradiomics"
    label: int | None = None
    carry: bool = False
    bias_correction: bool = False
    normalize: Normalization | None = None
    normalize_scale: float = 1.0
    remove_outliers: float | None = None
    spacing: tuple[float, float, float] | None = None
    interpolator: Interpolator = "bspline"
    pad_distance: int = 5
    pre_crop: bool = False
    resegment_range: tuple[float, ...] | None = None
    resegment_mode: ResegmentMode = "absolute"
    resegment_shape: bool = False
    bin_width: float = 25.0
    bin_count: int | None = None
    force_2d: bool = False
    force_2d_dimension: int = 0
    minimum_dimensions: int = 2
    minimum_size: int | None = None
    sigmas: tuple[float, ...] = ()
    wavelet_start: int = 0
    wavelet_levels: int = 1
    gradient_in_mm: bool = True
    lbp_radius: float = 1.0
    lbp_samples: int = 8
    shift: float = 0.0

    def __post_init__(self) -> None:
        _check_numbers(self)
        _check_names(self)

    def of_image_type(self, name: str) -> Settings:
        """These settings with what is asked for in images of the type."""
        return replace(self, **self.image_types[name])

    @property
    def filters(self) -> bool:
        """Whether an image is made that needs voxels round the region, or the whole image's maximum."""
        return any(name != "Original" for name in self.image_types)

    @property
    def reads_surroundings(self) -> bool:
        """Whether voxels outside of the region have an influence."""
        return self.filters or self.spacing is not None or self.normalize == "image" or self.bias_correction


# Fields that an image type may have for itself: those that take effect after filtering, or in its own filter.
OF_AN_IMAGE_TYPE = (
    "bin_width", "bin_count", "force_2d", "force_2d_dimension", "sigmas", "wavelet_start", "wavelet_levels",
    "gradient_in_mm", "lbp_radius", "lbp_samples", "shift",
)  # fmt: skip
# Field -> what it must exceed.
ABOVE = {
    "normalize_scale": 0.0, "remove_outliers": 0.0, "bin_width": 0.0, "lbp_radius": 0.0, "bin_count": 0,
    "lbp_samples": 0, "wavelet_levels": 0, "wavelet_start": -1, "pad_distance": -1, "minimum_size": 0,
}  # fmt: skip


def _check_numbers(settings: Settings) -> None:
    for name, limit in ABOVE.items():
        value = getattr(settings, name)
        if value is not None and not (math.isfinite(value) and value > limit):
            raise InputError(
                f"{name.replace('_', ' ')} {value:g}", "is not a positive number", f"give a number above {limit:g}"
            )
    for value in settings.spacing or ():
        if not (math.isfinite(value) and value >= 0):
            raise InputError(f"spacing {value:g}", "is not a positive number", "give mm, or 0 for the image's own")
    for value in settings.sigmas:
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"sigma {value:g}", "is not a positive number", "give mm above 0")
    if settings.resegment_range is not None and len(settings.resegment_range) not in (1, 2):
        raise InputError("re-segmentation", "needs one or two limits", "give a lower, or a lower and an upper limit")


def _check_names(settings: Settings) -> None:
    choices: dict[str, tuple[Any, ...]] = {
        "mode": MODES,
        "normalize": (None, "image", "roi"),
        "interpolator": ("bspline", "linear", "nearest"),
        "resegment_mode": ("absolute", "relative", "sigma"),
        "force_2d_dimension": (0, 1, 2),
        "minimum_dimensions": (1, 2, 3),
    }
    for name, known in choices.items():
        if getattr(settings, name) not in known:
            given = f"{name.replace('_', ' ')} {getattr(settings, name)!r}"
            raise InputError(given, "is not known", f"use one of {', '.join(str(k) for k in known if k is not None)}")
    for what, given_names, known in (
        ("image type", settings.image_types, IMAGE_TYPES),
        ("family of features", settings.families, FAMILIES),
    ):
        for name in given_names:
            if name not in known:
                raise InputError(f"{what} {name!r}", "is not known", f"use {', '.join(known)}")
    for name, own in settings.image_types.items():
        for key in own:
            if key not in OF_AN_IMAGE_TYPE:
                raise InputError(f"image type {name}", f"cannot have {key!r} of its own", "set it for all image types")
        if own:
            replace(settings, image_types={}, **own)


_WAVELET: dict[str, dict[str, Any]] = {"Original": {}, "Wavelet": {}}
# The set's name -> image types; each has all families of the set, shape once.
NAMED_IMAGE_TYPES: dict[str, dict[str, dict[str, Any]]] = {
    "107": {"Original": {}},
    "lang-2019": {"Original": {}},
    "851": _WAVELET,
    # Li 2023 counts 1409 a sequence without listing the images: this reading has 14 + 15 x 93.
    "1409": {**_WAVELET, "Square": {}, "SquareRoot": {}, "Logarithm": {}, "Exponential": {}, "Gradient": {},
             "LBP2D": {}},
    # The other reading that gives this number: Laplacian of Gaussian at six widths.
    "1409-log": {**_WAVELET, "LoG": {"sigmas": (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)}},
}  # fmt: skip
LANG = "lang-2019"
# Name of a set -> how many features it has.
FEATURE_SETS = {"107": 107, "851": 851, "1409": 1409, "1409-log": 1409, LANG: 33}


def named_settings(name: str, **changes: Any) -> Settings:
    """Settings of a set of features that has a name, with some fields changed.

    Raises
    ------
    InputError : no set has that name; a field's value is not possible.
    """
    if name not in NAMED_IMAGE_TYPES:
        raise InputError(f"feature set {name!r}", "is not known", f"use one of {', '.join(FEATURE_SETS)}")
    if name == LANG:
        changes = {"families": LANG_FAMILIES, **changes, "bin_count": changes.get("bin_count") or LANG_LEVELS}
    return Settings(image_types=NAMED_IMAGE_TYPES[name], **changes)


def settings_as_dict(settings: Settings) -> dict[str, Any]:
    """The settings as plain values, for records and hashes."""
    return {each.name: getattr(settings, each.name) for each in fields(settings)}
