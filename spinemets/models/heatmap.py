"""Where in the lesion a variable of a model is high or low: what a reader lays over the slices.

Feature maps now; what a network looked at comes through the same door.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.features.extraction import settings_of
from spinemets.features.maps import feature_map
from spinemets.geometry.grids import copy_frame_of_reference, crop_to_mask
from spinemets.models.package import ModelPackage, split_feature
from spinemets.models.structure import StructureError
from spinemets.progress import Progress, silent

STRONGEST = "strongest"
# Below the lowest value, so that a threshold takes it off the screen; of the range of values.
OUTSIDE_SHARE = 0.05


def mapped_features(contributions: Sequence[Mapping[str, Any]], roles: Sequence[str]) -> list[str]:
    """Variables of a result's contributions that have a map, strongest first: not shape, not clinical ones."""
    found = []
    for entry in sorted(contributions, key=lambda entry: -abs(entry["contribution"])):
        try:
            _role, name = split_feature(entry["feature"], roles)
        except StructureError:
            continue
        parts = name.split("_")
        if len(parts) == 3 and not parts[1].startswith("shape"):
            found.append(str(entry["feature"]))
    return found


def heatmap(
    images: Mapping[str, sitk.Image],
    masks: Mapping[str, sitk.Image],
    package: ModelPackage,
    feature: str,
    progress: Progress = silent,
) -> sitk.Image:
    """Map of one variable of a model, such as `t2_original_glcm_Contrast`, prepared as for the model itself.

    Parameters
    ----------
    images, masks : by role; the masks on the grids of the images, as in `Result.masks`.

    Returns
    -------
    float32 image; outside of the lesion it is lower than any value inside.

    Raises
    ------
    InputError : the model has no such variable, or it has no map.
    """
    try:
        role, name = split_feature(feature, package.roles)
    except StructureError as error:
        raise InputError(feature, "has no map", "choose an image feature of the model") from error
    image, mask = images[role], masks[role]
    if package.crop_margin_mm is not None:
        image, mask = (crop_to_mask(one, masks[role], package.crop_margin_mm) for one in (image, mask))
    made = feature_map(image, mask, name, settings_of(**package.extraction), outside=np.nan, progress=progress)
    values = sitk.GetArrayFromImage(made)
    inside = np.isfinite(values)
    if not inside.any():
        raise InputError(feature, "is defined nowhere in this lesion", "choose another variable")
    low, high = float(values[inside].min()), float(values[inside].max())
    values[~inside] = low - OUTSIDE_SHARE * ((high - low) or max(abs(low), 1.0))
    shown = sitk.GetImageFromArray(values.astype(np.float32))
    shown.CopyInformation(made)
    copy_frame_of_reference(image, shown)
    return shown
