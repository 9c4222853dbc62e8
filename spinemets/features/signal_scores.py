"""Scores of a lesion's signal that readers give by eye, measured: against the spinal cord, and how even it is.

Only a suggestion beside the reader's choice. Liu 2022 scores the signal low, iso or high against the cord on the same
slice, Li 2023 uniform or uneven; neither gives a number, so the bounds here are ours and are told with the value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.errors import InputError
from spinemets.geometry.carrying import carry_mask
from spinemets.geometry.grids import crop_to_mask

# Between these ratios the signals are taken for equal.
ISO_RATIO = (0.8, 1.2)
# An SD of up to this share of the mean is taken for even.
MOST_EVEN = 0.25
FEWEST_VOXELS = 10
LOW, ISO, HIGH = "low", "iso", "high"
UNIFORM, UNEVEN = "uniform", "uneven"


@dataclass(frozen=True)
class SignalSpread:
    """SD of the signal inside the lesion over its mean, of so many voxels."""

    share: float
    voxels: int

    @property
    def word(self) -> str:
        """`uniform` or `uneven`."""
        return UNIFORM if self.share <= MOST_EVEN else UNEVEN


@dataclass(frozen=True)
class SignalRatio:
    """Mean signal of the lesion over that of the cord, on so many slices that show both."""

    ratio: float
    slices: int

    @property
    def word(self) -> str:
        """`low`, `iso` or `high`."""
        return LOW if self.ratio < ISO_RATIO[0] else HIGH if self.ratio > ISO_RATIO[1] else ISO


def signal_spread(image: sitk.Image, lesion: sitk.Image) -> SignalSpread:
    """How uneven the signal of a lesion is.

    The outermost voxels of each slice, part lesion and part something else, are left out where enough remain.

    Parameters
    ----------
    image : 3-D. lesion : mask on any grid of the same world; what is not 0 is inside.

    Raises
    ------
    InputError : too few voxels of the image in the lesion, or a mean that is not above 0.
    """
    image, inside = _inside(image, lesion)
    inner = ndimage.binary_erosion(inside, ndimage.generate_binary_structure(2, 1)[np.newaxis])
    values = _values(image)[inner if np.count_nonzero(inner) >= FEWEST_VOXELS else inside]
    _check(values, "the lesion")
    return SignalSpread(float(values.std() / values.mean()), values.size)


def signal_against_cord(image: sitk.Image, lesion: sitk.Image, cord: sitk.Image) -> SignalRatio:
    """Signal of a lesion against the spinal cord's on the same slices.

    Each slice that shows both gives a ratio; they are averaged with the number of the lesion's voxels as weights.

    Parameters
    ----------
    image : 3-D. lesion, cord : masks on any grid of the same world; a voxel in both counts for the cord alone.

    Raises
    ------
    InputError : no slice shows both, or a mean that is not above 0.
    """
    values, both = _values(image), carry_mask(cord, image)
    of_cord = sitk.GetArrayFromImage(both) > 0
    of_lesion = (sitk.GetArrayFromImage(carry_mask(lesion, image)) > 0) & ~of_cord
    ratios, weights = [], []
    for one, other, signal in zip(of_lesion, of_cord, values):
        if np.count_nonzero(one) and np.count_nonzero(other):
            _check(signal[other], "the spinal cord", 1)
            ratios.append(float(signal[one].mean() / signal[other].mean()))
            weights.append(int(np.count_nonzero(one)))
    if not ratios:
        raise InputError("spinal cord", "is on no slice of the lesion", "draw it on a slice that shows the lesion")
    return SignalRatio(float(np.average(ratios, weights=weights)), len(ratios))


def _inside(image: sitk.Image, mask: sitk.Image) -> tuple[sitk.Image, NDArray[np.bool_]]:
    """The part of the image round the mask, and where the mask is in it."""
    part = crop_to_mask(image, mask, 2 * max(image.GetSpacing()))
    return part, sitk.GetArrayFromImage(carry_mask(mask, part)) > 0


def _values(image: sitk.Image) -> NDArray[np.float64]:
    return np.asarray(sitk.GetArrayViewFromImage(image), np.float64)


def _check(values: NDArray[np.float64], what: str, fewest: int = FEWEST_VOXELS) -> None:
    if values.size < fewest:
        raise InputError(what, f"has {values.size} voxels on this series", "choose a series that shows more of it")
    if not values.mean() > 0:
        raise InputError(what, "has no signal on this series", "choose another series")
