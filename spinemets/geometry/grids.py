"""Where an image's voxels lie: affines, planes, checks between grids, resampling, cropping and frames."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from spinemets.errors import InputError

# Names of the metadata that say which world an image's coordinates belong to, and which series it came from.
FRAME_OF_REFERENCE = "FrameOfReferenceUID"
SERIES_UID = "SeriesInstanceUID"
# Seconds from the first frame of a 4-D image to each, separated by spaces.
FRAME_TIMES = "FrameTimes"

# Two grids are one when their voxel centres agree within this part of a voxel.
GRID_TOLERANCE = 1e-2
# An axis is the slice axis when its voxels are this much longer than the others.
THICK_SLICE_RATIO = 1.2
# Patient axes in LPS and the plane that is perpendicular to each.
PLANES = ("sagittal", "coronal", "axial")


def size_of(image: sitk.Image) -> tuple[int, int, int]:
    """(x, y, z) size of the image, or of one frame of a 4-D image."""
    x, y, z = image.GetSize()[:3]
    return x, y, z


def index_to_world(image: sitk.Image) -> NDArray[np.float64]:
    """4x4 affine from voxel index (i, j, k, 1) to LPS mm; of a 4-D image, that of its frames."""
    dimension = image.GetDimension()
    direction = np.reshape(image.GetDirection(), (dimension, dimension))[:3, :3]
    affine = np.eye(4)
    affine[:3, :3] = direction * image.GetSpacing()[:3]
    affine[:3, 3] = image.GetOrigin()[:3]
    return affine


def frame_of_reference(image: sitk.Image) -> str | None:
    """The DICOM frame of reference of the image's coordinates, or None when it is not known."""
    return (image.GetMetaData(FRAME_OF_REFERENCE).strip() or None) if image.HasMetaDataKey(FRAME_OF_REFERENCE) else None


def copy_frame_of_reference(source: sitk.Image, target: sitk.Image) -> None:
    """Let `target` say that its coordinates are `source`'s."""
    uid = frame_of_reference(source)
    if uid is not None:
        target.SetMetaData(FRAME_OF_REFERENCE, uid)


def copy_metadata(source: sitk.Image, target: sitk.Image) -> sitk.Image:
    """Give `target` the identity of `source`: frame of reference, series, and the times of a 4-D image; return it."""
    for key in (FRAME_OF_REFERENCE, SERIES_UID, *([FRAME_TIMES] if target.GetDimension() == 4 else [])):
        if source.HasMetaDataKey(key):
            target.SetMetaData(key, source.GetMetaData(key))
    return target


def _corners(image: sitk.Image) -> NDArray[np.float64]:
    """Indices (8, 4) of the outermost voxel centres, homogeneous."""
    return np.array([[*corner, 1.0] for corner in itertools.product(*((0.0, n - 1.0) for n in size_of(image)))])


def same_grid(a: sitk.Image, b: sitk.Image) -> bool:
    """Whether both have the same size and every voxel centre of one is that of the other, within 1 % of a voxel."""
    if size_of(a) != size_of(b):
        return False
    apart = _corners(a) @ (index_to_world(a) - index_to_world(b)).T
    return bool(np.abs(apart).max() <= GRID_TOLERANCE * min(a.GetSpacing()[:3]))


def check_same_grid(image: sitk.Image, mask: sitk.Image, image_name: str = "image", mask_name: str = "mask") -> None:
    """Refuse a mask on another grid than the image's.

    Raises
    ------
    InputError : names what differs.
    """
    if same_grid(image, mask):
        return
    if size_of(image) != size_of(mask):
        why = f"has {_times(size_of(mask))} voxels where {image_name} has {_times(size_of(image))}"
    else:
        why = f"lies on another grid than {image_name}, though it has as many voxels"
    raise InputError(mask_name, why, "carry it to the image's grid first (`spinemets carry`)")


def _times(numbers: Sequence[float]) -> str:
    return " x ".join(f"{number:g}" for number in numbers)


def check_frame_of_reference(a: sitk.Image, b: sitk.Image, name_a: str, name_b: str) -> None:
    """Refuse two images whose coordinates belong to different worlds; says nothing when one of them does not tell.

    Raises
    ------
    InputError : both carry a frame of reference, and not the same one.
    """
    uid_a, uid_b = frame_of_reference(a), frame_of_reference(b)
    if uid_a and uid_b and uid_a != uid_b:
        raise InputError(
            name_a,
            f"lies in frame of reference {uid_a}, but {name_b} in {uid_b}",
            "their coordinates cannot be compared: draw the mask on an image of the same frame, or register them first",
        )


def check_overlap(image: sitk.Image, mask: sitk.Image, image_name: str, mask_name: str) -> None:
    """Refuse a mask no part of which lies in the image's field of view.

    Raises
    ------
    InputError : says how far apart they are.
    """
    affine = index_to_world(mask)
    k, j, i = np.nonzero(sitk.GetArrayViewFromImage(mask))
    centres = np.stack([i, j, k], axis=1) @ affine[:3, :3].T + affine[:3, 3]
    if len(centres) and _any_inside(image, centres):
        return
    # Voxels of a thick slice may reach into the image though their centres do not.
    steps = itertools.product((-0.5, 0.5), repeat=3)
    if len(centres) and any(_any_inside(image, centres + affine[:3, :3] @ np.array(step)) for step in steps):
        return
    raise InputError(
        mask_name,
        f"does not overlap {image_name} anywhere{_distance(image, centres)}",
        "check that both are of one patient and one examination, and that the mask was drawn on an image of it",
    )


def _any_inside(image: sitk.Image, points: NDArray[np.float64]) -> bool:
    to_index = np.linalg.inv(index_to_world(image))
    index = points @ to_index[:3, :3].T + to_index[:3, 3]
    return bool(np.any(np.all((index >= -0.5) & (index <= np.array(size_of(image)) - 0.5), axis=1)))


def _distance(image: sitk.Image, points: NDArray[np.float64]) -> str:
    if not len(points):
        return ""
    middle = index_to_world(image) @ [*(np.array(size_of(image)) - 1) / 2, 1.0]
    return f" (their centres are {np.linalg.norm(points.mean(axis=0) - middle[:3]):.0f} mm apart)"


def slice_axis(image: sitk.Image) -> int:
    """Which index axis (0, 1, 2 for i, j, k) runs from slice to slice.

    The axis with one voxel; else the one with clearly the longest voxels; of an isotropic image the one with less than
    half of the other axes' length; else the last, as DICOM and most NIfTI files have it.
    """
    size, spacing = np.array(size_of(image)), np.array(image.GetSpacing()[:3])
    if np.count_nonzero(size == 1) == 1:
        return int(np.argmin(size))
    by_spacing = np.sort(spacing)
    if by_spacing[2] > THICK_SLICE_RATIO * by_spacing[1]:
        return int(np.argmax(spacing))
    length = size * spacing
    by_length = np.sort(length)
    return int(np.argmin(length)) if by_length[0] < by_length[1] / 2 else 2


def plane_of_normal(normal: Sequence[float] | NDArray[np.float64]) -> tuple[str, float]:
    """Name of the plane with this normal (LPS), and the angle in degrees between it and the patient's own plane."""
    cosines = np.abs(np.asarray(normal, float)) / np.linalg.norm(normal)
    axis = int(np.argmax(cosines))
    return PLANES[axis], float(np.degrees(np.arccos(min(1.0, cosines[axis]))))


def plane_of(image: sitk.Image) -> tuple[str, float]:
    """("sagittal" | "coronal" | "axial", obliquity in degrees) of the image's slices."""
    return plane_of_normal(index_to_world(image)[:3, slice_axis(image)])


def frames_of(image: sitk.Image) -> list[sitk.Image]:
    """The 3-D frames of a 4-D image in their order; a 3-D image is its own single frame."""
    if image.GetDimension() == 3:
        return [image]
    return [_frame(image, number) for number in range(image.GetSize()[3])]


def first_frame(image: sitk.Image) -> sitk.Image:
    """The first frame of a 4-D image; a 3-D image itself."""
    return image if image.GetDimension() == 3 else _frame(image, 0)


def _frame(image: sitk.Image, number: int) -> sitk.Image:
    return copy_metadata(image, sitk.Extract(image, [*image.GetSize()[:3], 0], [0, 0, 0, number]))


def join_frames(frames: Sequence[sitk.Image], times: Sequence[float] = ()) -> sitk.Image:
    """One 4-D image of 3-D frames on one grid; `times` are the frames' seconds, where they are known."""
    joined = copy_metadata(frames[0], sitk.JoinSeries(list(frames)))
    set_frame_times(joined, times)
    return joined


def frame_times(image: sitk.Image) -> tuple[float, ...]:
    """Seconds from the first frame of a 4-D image to each of its frames; empty when they are not known."""
    if not image.HasMetaDataKey(FRAME_TIMES):
        return ()
    times = tuple(float(time) for time in image.GetMetaData(FRAME_TIMES).split())
    return times if image.GetDimension() == 4 and len(times) == image.GetSize()[3] else ()


def set_frame_times(image: sitk.Image, times: Sequence[float]) -> None:
    """Keep the times with a 4-D image; its spacing along time becomes their mean step."""
    if image.GetDimension() == 4 and len(times) == image.GetSize()[3] > 1:
        image.SetMetaData(FRAME_TIMES, " ".join(f"{time:.6g}" for time in times))
        image.SetSpacing([*image.GetSpacing()[:3], (times[-1] - times[0]) / (len(times) - 1)])


def bounding_box(mask: sitk.Image) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """(start, size) in voxels (x, y, z) of the smallest box that holds every voxel of the mask that is not 0.

    Raises
    ------
    InputError : the mask is empty.
    """
    array = sitk.GetArrayViewFromImage(mask) != 0
    start, size = [], []
    for axis in (2, 1, 0):
        used = np.flatnonzero(array.any(axis=tuple(other for other in range(3) if other != axis)))
        if not len(used):
            raise InputError("mask", "has no voxels", "draw or choose another mask")
        start.append(int(used[0]))
        size.append(int(used[-1] - used[0] + 1))
    return (start[0], start[1], start[2]), (size[0], size[1], size[2])


def crop_to_mask(image: sitk.Image, mask: sitk.Image, margin_mm: float) -> sitk.Image:
    """The image, 3-D or 4-D, cut down to the mask's box and a margin in mm around it.

    The mask may lie on another grid than the image. Voxels keep their place in the world.

    Raises
    ------
    InputError : the mask is empty, or its box lies outside the image.
    """
    (start, size), affine = bounding_box(mask), index_to_world(mask)
    sides = [(low - 0.5, low + count - 0.5) for low, count in zip(start, size)]
    corners = np.array([[*corner, 1.0] for corner in itertools.product(*sides)])
    index = corners @ (np.linalg.inv(index_to_world(image)) @ affine).T
    margin = margin_mm / np.array(image.GetSpacing()[:3])
    # Every voxel counts that the box enters by more than rounding.
    low = np.maximum(np.floor(index[:, :3].min(axis=0) - margin + 0.5 + GRID_TOLERANCE).astype(int), 0)
    high = np.minimum(np.ceil(index[:, :3].max(axis=0) + margin - 0.5 - GRID_TOLERANCE).astype(int) + 1, size_of(image))
    if np.any(low >= high):
        raise InputError("mask", "lies outside the image", "choose a mask and an image of one examination")
    parts = tuple(slice(int(a), int(b)) for a, b in zip(low, high))
    return copy_metadata(image, image[parts if image.GetDimension() == 3 else (*parts, slice(None))])
