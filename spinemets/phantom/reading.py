"""A lesion outlined by somebody: the true mask, as wrong as a good reader or a good segmentation would have it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

# mm; Dice with the true mask is about 0.9.
READING_ERROR = {"offset_sd_mm": 0.6, "ripple_sd_mm": 1.2, "ripple_length_mm": 4.0, "shift_sd_mm": 0.6}


def degraded_mask(mask: sitk.Image, error: Mapping[str, float], generator: np.random.Generator) -> sitk.Image:
    """The mask swollen or shrunken, with a rippled border, a little shifted; uint8 0/1 on the same grid.

    Parameters
    ----------
    mask : 0/1, 3-D. error : standard deviations and the ripple's length in mm, as in `READING_ERROR`.
    """
    inside = sitk.GetArrayFromImage(mask) > 0
    spacing = np.array(mask.GetSpacing())[::-1]
    distance = ndimage.distance_transform_edt(inside, spacing) - ndimage.distance_transform_edt(~inside, spacing)
    ripple = ndimage.gaussian_filter(generator.normal(size=inside.shape), error["ripple_length_mm"] / spacing)
    ripple *= error["ripple_sd_mm"] / ripple.std()
    shift = generator.normal(0.0, error["shift_sd_mm"], 3) / spacing
    moved = ndimage.shift(distance, shift, order=1, mode="nearest")
    found = moved + ripple + generator.normal(0.0, error["offset_sd_mm"]) >= 0
    degraded = sitk.GetImageFromArray(found.astype(np.uint8))
    degraded.CopyInformation(mask)
    return degraded
