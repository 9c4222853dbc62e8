"""Metastasis to normal vertebra ratio (MVR): how dense a lesion is on CT, and the label that follows from it.

Liu et al., Quant Imaging Med Surg 2022: mean CT number within an oval on the lesion, divided by that within an oval on
an adjacent normal vertebral body, both where the lesion is largest on a sagittal slice. The division takes out how much
mineral a patient's bones have. A lesion that is denser than the normal vertebra is osteoblastic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from spinemets.errors import InputError

OSTEOBLASTIC, OSTEOLYTIC = "osteoblastic", "osteolytic"
FEWEST_VOXELS = 10
# Air and the densest metal that CT numbers of 12 bits can hold.
LOWEST_HU, HIGHEST_HU = -1100.0, 4100.0


@dataclass(frozen=True)
class DensityRatio:
    """Mean, SD (HU) and voxels of lesion and normal vertebra, and what follows.

    `ratio` is the MVR; `label` is osteoblastic or osteolytic.
    """

    lesion_hu: float
    lesion_sd: float
    lesion_voxels: int
    normal_hu: float
    normal_sd: float
    normal_voxels: int

    @property
    def ratio(self) -> float:
        """Mean CT number of the lesion over that of the normal vertebra."""
        return self.lesion_hu / self.normal_hu

    @property
    def label(self) -> str:
        """Osteoblastic where the lesion is denser than the normal vertebra."""
        return OSTEOBLASTIC if self.lesion_hu > self.normal_hu else OSTEOLYTIC


def density_ratio(ct: sitk.Image, lesion: sitk.Image, normal: sitk.Image) -> DensityRatio:
    """The MVR of two regions on a CT.

    Parameters
    ----------
    ct : CT numbers in HU. lesion, normal : masks on its grid, such as `oval` gives; anything above 0 is inside.

    Raises
    ------
    InputError : a mask is on another grid, has too few voxels, or meets the other; values that are no HU; a normal
        vertebra without a positive mean, of which no ratio can be taken.
    """
    values = sitk.GetArrayViewFromImage(ct)
    inside = {name: _inside(ct, mask, name) for name, mask in (("lesion", lesion), ("normal vertebra", normal))}
    if (inside["lesion"] & inside["normal vertebra"]).any():
        raise InputError("regions", "of lesion and normal vertebra overlap", "draw the second on another vertebra")
    first, second = (np.asarray(values[region], np.float64) for region in inside.values())
    for name, found in zip(inside, (first, second)):
        if not np.isfinite(found).all() or found.min() < LOWEST_HU or found.max() > HIGHEST_HU:
            why = f"of the {name} reach from {found.min():g} to {found.max():g}, which are no HU"
            raise InputError("CT values", why, "give a CT with its rescale slope and intercept applied")
    if second.mean() <= 0:
        why = f"has a mean of {second.mean():.1f} HU, of which no ratio can be taken"
        raise InputError("normal vertebra", why, "draw its region on bone")
    return DensityRatio(
        float(first.mean()), float(first.std()), first.size, float(second.mean()), float(second.std()), second.size
    )


def oval(
    image: sitk.Image, centre: Sequence[float], diameters: Sequence[float], directions: NDArray[np.float64]
) -> sitk.Image:
    """A flat ellipse as a mask (uint8) on the image's grid, one slice thick.

    Parameters
    ----------
    centre : LPS, mm. diameters : of its two axes, mm.
    directions : (2, 3) unit vectors of its axes, LPS, at right angles; for a sagittal oval within the y-z plane.

    Raises
    ------
    InputError : axes that are not two unit vectors at right angles, or an oval that meets no voxel.
    """
    axes = np.asarray(directions, np.float64)
    if axes.shape != (2, 3) or not np.allclose(axes @ axes.T, np.eye(2), atol=1e-6):
        raise InputError("oval", "needs two unit vectors at right angles", "give them in LPS")
    normal = np.cross(axes[0], axes[1])
    to_world = np.asarray(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    away = np.asarray(image.GetOrigin()) - np.asarray(centre, np.float64)
    # Half the extent of a voxel along the normal: one voxel is in the plane, not two or none.
    thickness = float(np.abs(normal @ to_world).max())
    # Only the part of the grid that can hold it: a whole CT of coordinates would fill the memory.
    to_index = np.linalg.inv(to_world)
    reach = (max(diameters) / 2 + thickness) * np.linalg.norm(to_index, axis=1)
    size = np.array(image.GetSize())
    start = np.clip(np.floor(-to_index @ away - reach), 0, size).astype(int)
    stop = np.clip(np.ceil(-to_index @ away + reach) + 1, 0, size).astype(int)
    index = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(start, stop)), indexing="ij"), axis=-1)
    from_centre = index @ to_world.T + away
    across = from_centre @ axes.T / (np.asarray(diameters, np.float64) / 2)
    depth = from_centre @ normal
    inside = (np.square(across).sum(axis=-1) <= 1) & (depth > -thickness / 2) & (depth <= thickness / 2)
    if not inside.any():
        raise InputError("oval", f"at {tuple(float(one) for one in centre)} meets no voxel", "place it within the CT")
    values = np.zeros(size[::-1], np.uint8)
    values[tuple(slice(a, b) for a, b in zip(start[::-1], stop[::-1]))] = inside.transpose(2, 1, 0)
    mask = sitk.GetImageFromArray(values)
    mask.CopyInformation(image)
    return mask


def _inside(ct: sitk.Image, mask: sitk.Image, name: str) -> NDArray[np.bool_]:
    same = mask.GetSize() == ct.GetSize() and all(
        np.allclose(getattr(mask, part)(), getattr(ct, part)(), atol=1e-4)
        for part in ("GetOrigin", "GetSpacing", "GetDirection")
    )
    if not same:
        raise InputError(f"mask of the {name}", "is on another grid than the CT", "carry it to the CT's grid first")
    inside = np.asarray(sitk.GetArrayViewFromImage(mask) > 0)
    if int(inside.sum()) < FEWEST_VOXELS:
        why = f"has {int(inside.sum())} voxels, too few for a mean"
        raise InputError(f"mask of the {name}", why, f"draw at least {FEWEST_VOXELS}")
    return inside
