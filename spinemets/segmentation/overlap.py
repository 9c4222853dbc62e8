"""Agreement of two masks on one grid."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from spinemets.errors import InputError
from spinemets.geometry.grids import check_same_grid, index_to_world


def dice(a: sitk.Image, b: sitk.Image) -> float:
    """Dice coefficient 2 |A and B| / (|A| + |B|) of the voxels that are not 0; 1 for two empty masks (Dice 1945).

    Raises
    ------
    InputError : the masks lie on different grids.
    """
    check_same_grid(a, b, "first mask", "second mask")
    first, second = sitk.GetArrayViewFromImage(a) != 0, sitk.GetArrayViewFromImage(b) != 0
    total = np.count_nonzero(first) + np.count_nonzero(second)
    return float(2 * np.count_nonzero(first & second) / total) if total else 1.0


def hausdorff95_mm(a: sitk.Image, b: sitk.Image) -> float:
    """95th percentile, in mm, of the distances from each mask's surface voxels to the other's surface, both ways
    pooled.

    Surface voxels are those with a face neighbour outside the mask; distances are between voxel centres.

    Raises
    ------
    InputError : the masks lie on different grids, or one of them is empty.
    """
    check_same_grid(a, b, "first mask", "second mask")
    first, second = _surface(a, "first mask"), _surface(b, "second mask")
    there, back = cKDTree(second).query(first)[0], cKDTree(first).query(second)[0]
    return float(np.percentile(np.concatenate([there, back]), 95))


def _surface(mask: sitk.Image, name: str) -> NDArray[np.float64]:
    """LPS mm (n, 3) of the surface voxels' centres. The image's border counts as outside."""
    inside = sitk.GetArrayViewFromImage(mask) != 0
    if not inside.any():
        raise InputError(name, "has no voxel", "choose a mask that is not empty")
    index = np.argwhere(inside & ~ndimage.binary_erosion(inside))[:, ::-1]
    affine = index_to_world(mask)
    return np.asarray(index @ affine[:3, :3].T + affine[:3, 3])
