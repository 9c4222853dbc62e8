"""Several lesions of one patient: their names by vertebra, their union, their distance to the spinal canal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from spinemets.errors import InputError
from spinemets.geometry.carrying import carry_mask
from spinemets.geometry.grids import check_frame_of_reference, copy_metadata, index_to_world, size_of

UNPLACED = "Lesion"
# Samples along each edge of a voxel's face.
ALONG_A_FACE = (-0.5, 0.0, 0.5)


def lesion_name(level: str | None, taken: Iterable[str] = ()) -> str:
    """A name for a new lesion: its vertebra ("L2"), with a number from the second on ("L2 lesion 2"); without a
    vertebra "Lesion 1".

    Parameters
    ----------
    level : vertebra as written by the user or a label table ("L2", "th11"); None or empty when not known.
    taken : names that are in use; letters' case does not count.
    """
    used = {" ".join(name.split()).casefold() for name in taken}
    base = _level_as_written(level) if level and level.strip() else None
    candidates = [base] if base else [f"{UNPLACED} 1"]
    number = 2
    while candidates[-1].casefold() in used:
        candidates.append(f"{base} lesion {number}" if base else f"{UNPLACED} {number}")
        number += 1
    return candidates[-1]


def _level_as_written(level: str) -> str:
    found = re.fullmatch(r"\s*(C|T|Th|L|S)\s*(\d{1,2})\s*", level, re.IGNORECASE)
    return f"{found[1][0].upper()}{int(found[2])}" if found else " ".join(level.split())


def vertebral_level(lesion: sitk.Image, vertebrae: sitk.Image, names: Mapping[int, str]) -> str | None:
    """The vertebra that holds most of a lesion, or, where none holds any of it, the one that is nearest; None when
    no named vertebra is within 20 mm.

    Parameters
    ----------
    lesion : mask; vertebrae : label map on any grid of the same patient, 0 for none.
    names : of the labels; others are passed over.

    Raises
    ------
    InputError : the lesion is empty, or they belong to different frames of reference.
    """
    check_frame_of_reference(lesion, vertebrae, "lesion", "vertebrae")
    points = _centres(lesion, sitk.GetArrayViewFromImage(lesion) != 0)
    if not len(points):
        raise InputError("lesion", "has no voxels", "draw or find it first")
    labels = _labels_at(vertebrae, points)
    counts = dict.fromkeys(names.values(), 0)
    for label, name in names.items():
        counts[name] += int(np.count_nonzero(labels == label))
    best = max(counts, key=lambda name: counts[name], default=None)
    if best is None or counts[best]:
        return best
    return _nearest_level(points, vertebrae, names)


def _nearest_level(points: NDArray[np.float64], vertebrae: sitk.Image, names: Mapping[int, str]) -> str | None:
    array = sitk.GetArrayViewFromImage(vertebrae)
    nearest, distance = None, 20.0
    tree = cKDTree(points)
    for label, name in names.items():
        region = array == label
        if not region.any():
            continue
        apart = float(tree.query(_centres(vertebrae, _border(region)))[0].min())
        if apart < distance:
            nearest, distance = name, apart
    return nearest


def union(masks: Sequence[sitk.Image]) -> sitk.Image:
    """All lesions as one mask, uint8 0/1 on the first one's grid; those on other grids are carried to it.

    Raises
    ------
    InputError : no mask, or masks of different frames of reference.
    """
    if not masks:
        raise InputError("lesions", "are none", "give at least one mask")
    first = masks[0]
    together = sitk.GetArrayFromImage(first) != 0
    for number, mask in enumerate(masks[1:], 2):
        check_frame_of_reference(first, mask, "first lesion", f"lesion {number}")
        together |= sitk.GetArrayFromImage(carry_mask(mask, first)) != 0
    result = sitk.GetImageFromArray(together.astype(np.uint8))
    result.CopyInformation(first)
    return copy_metadata(first, result)


def distance_to_canal_mm(lesion: sitk.Image, canal: sitk.Image) -> float:
    """Shortest distance in mm between the surfaces of a lesion and of the spinal canal or cord; 0 where they touch or
    overlap.

    The masks may lie on different grids. Surfaces are the outer faces of the voxels, looked at in nine points each:
    exact for masks on one grid, to a quarter of a voxel otherwise.

    Raises
    ------
    InputError : a mask is empty, or they belong to different frames of reference.
    """
    check_frame_of_reference(lesion, canal, "lesion", "canal")
    surfaces = []
    for name, mask in (("lesion", lesion), ("canal", canal)):
        inside = sitk.GetArrayViewFromImage(mask) != 0
        if not inside.any():
            raise InputError(name, "has no voxels", "draw or choose another mask")
        surfaces.append(_face_points(mask, inside))
    for mask, other in ((lesion, canal), (canal, lesion)):
        if (_labels_at(other, _centres(mask, sitk.GetArrayViewFromImage(mask) != 0)) != 0).any():
            return 0.0
    fewer, more = sorted(surfaces, key=len)
    distance = float(cKDTree(fewer).query(more)[0].min())
    return distance if distance > 1e-6 else 0.0


def _centres(image: sitk.Image, region: NDArray[np.bool_]) -> NDArray[np.float64]:
    """LPS mm (n, 3) of the centres of an image's voxels in `region` [k, j, i]."""
    affine = index_to_world(image)
    return np.asarray(np.argwhere(region)[:, ::-1] @ affine[:3, :3].T + affine[:3, 3])


def _border(region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return region & ~ndimage.binary_erosion(region)


def _labels_at(image: sitk.Image, points: NDArray[np.float64]) -> NDArray[np.generic]:
    """The image's value in the voxel that holds each point; 0 outside the image."""
    to_index = np.linalg.inv(index_to_world(image))
    index = np.floor(points @ to_index[:3, :3].T + to_index[:3, 3] + 0.5 + 1e-6).astype(int)
    within = ((index >= 0) & (index < np.array(size_of(image)))).all(axis=1)
    array = sitk.GetArrayViewFromImage(image)
    values = np.zeros(len(points), array.dtype)
    i, j, k = index[within].T
    values[within] = array[k, j, i]
    return values


def _face_points(mask: sitk.Image, inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """LPS mm (n, 3) of nine points on each face between a voxel of the mask and one that is not."""
    padded = np.pad(inside, 1)
    found = []
    for axis in range(3):
        others = [other for other in range(3) if other != axis]
        for side in (-1, 1):
            open_side = ~np.roll(padded, -side, axis)
            faces = np.argwhere(padded & open_side) - 1.0
            faces[:, axis] += side / 2
            for a in ALONG_A_FACE:
                for b in ALONG_A_FACE:
                    points = faces.copy()
                    points[:, others[0]] += a
                    points[:, others[1]] += b
                    found.append(points)
    index = np.unique(np.concatenate(found), axis=0)[:, ::-1]
    affine = index_to_world(mask)
    return np.asarray(index @ affine[:3, :3].T + affine[:3, 3])
