"""Whether a case's images and mask are what a model needs, before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import SimpleITK as sitk

from spinemets.dce.motion import motion_of
from spinemets.dce.series import dynamic_series
from spinemets.dce.wanted import DYNAMIC_ROLE
from spinemets.errors import InputError
from spinemets.geometry.carrying import carry_mask
from spinemets.geometry.grids import check_frame_of_reference, check_overlap, frame_of_reference
from spinemets.models.package import ModelPackage


def is_dynamic(role: str, package: ModelPackage) -> bool:
    """Whether the model measures this role's image as a dynamic series."""
    return role == DYNAMIC_ROLE and package.kinetics is not None


def check_mask(mask: sitk.Image) -> None:
    """Refuse what is no 3-D mask, or has no voxel."""
    if mask.GetDimension() != 3:
        raise InputError("mask", f"has {mask.GetDimension()} dimensions, not 3", "give a 3-D mask of the lesion")
    if not np.any(sitk.GetArrayViewFromImage(mask)):
        raise InputError("mask", "has no voxel inside the lesion", "outline the lesion first")


def check_image(role: str, images: Mapping[str, sitk.Image], mask: sitk.Image, package: ModelPackage) -> None:
    """Refuse an image that the model cannot measure under the mask; the role is named."""
    if role not in images:
        found = ", ".join(sorted(images)) or "none"
        raise InputError(
            role,
            f"is missing: the model {package.name} needs {', '.join(package.roles)} and the case has {found}",
            "add this series, correct the roles, or choose another model",
        )
    image = images[role]
    if is_dynamic(role, package):
        dynamic_series(image, name=role)  # refused now, with the reason
    elif image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        why = f"is not a 3-D image of one value a voxel (it has {image.GetDimension()} dimensions)"
        raise InputError(role, why, "give the series that the model needs, not a dynamic or colour series")
    if not np.all(np.isfinite(sitk.GetArrayViewFromImage(image))):
        raise InputError(role, "holds voxels that are NaN or infinite", "export the series again without them")
    check_frame_of_reference(mask, image, "mask", role)
    check_overlap(image, mask, role, "mask")


def carried(mask: sitk.Image, image: sitk.Image, role: str) -> sitk.Image:
    """The mask on the grid of the role's image; refused where no voxel is left."""
    found = carry_mask(mask, image)
    if not np.any(sitk.GetArrayViewFromImage(found)):
        raise InputError(
            role,
            "has no voxel inside the lesion after the mask was carried to its grid",
            "check that the series covers the lesion and that its slices are not thicker than the lesion",
        )
    return found


def motion_warnings(image: sitk.Image, mask: sitk.Image) -> tuple[str, ...]:
    """Whether the patient moved between the frames of a dynamic series, near the lesion (mask on its grid): the curve
    of a place that moved is that of several places, and nothing was moved back."""
    found = motion_of(dynamic_series(image, name=DYNAMIC_ROLE), mask)
    return tuple(f"{sentence}; the curve may be wrong, look at the hot spot" for sentence in found.warnings)


def model_warnings(package: ModelPackage) -> list[str]:
    """What a reader must know of every answer of this model."""
    if "nested" in package.model["performance"]:
        return []
    return [
        "the probability is a share of the very cases that the rule was made from: on others it is lower or unknown"
    ]


def input_warnings(images: Mapping[str, sitk.Image], mask: sitk.Image, package: ModelPackage) -> list[str]:
    """What was not wrong enough to refuse but should be known."""
    unchecked = [role for role in package.roles if not frame_of_reference(images[role])]
    if not frame_of_reference(mask):
        return ["the mask states no frame of reference: that it belongs to these images was not checked"]
    if unchecked:
        return [f"{', '.join(unchecked)}: no frame of reference stated: that the mask belongs to it was not checked"]
    return []
