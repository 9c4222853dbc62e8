"""Images resampled to another grid, or to other voxel sizes over the same extent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk

from spinemets.geometry.carrying import carry_mask
from spinemets.geometry.grids import (
    copy_metadata,
    first_frame,
    frame_times,
    frames_of,
    index_to_world,
    join_frames,
    size_of,
)

INTERPOLATORS = {
    "linear": sitk.sitkLinear,
    "nearest": sitk.sitkNearestNeighbor,
    "bspline": sitk.sitkBSpline,
}


def _resample(image: sitk.Image, grid: sitk.Image, interpolator: str, default: float, extend: bool) -> sitk.Image:
    frames = []
    for frame in frames_of(image):
        if interpolator != "nearest" and frame.GetPixelID() != sitk.sitkFloat64:
            frame = sitk.Cast(frame, sitk.sitkFloat32)
        resampler = sitk.ResampleImageFilter()
        resampler.SetReferenceImage(grid)
        resampler.SetInterpolator(INTERPOLATORS[interpolator])
        resampler.SetDefaultPixelValue(default)
        resampler.SetUseNearestNeighborExtrapolator(extend)
        frames.append(copy_metadata(image, resampler.Execute(frame)))
    return frames[0] if image.GetDimension() == 3 else copy_metadata(image, join_frames(frames, frame_times(image)))


def resample_to_grid(
    image: sitk.Image, reference: sitk.Image, interpolator: str = "linear", default: float = 0.0
) -> sitk.Image:
    """The image on the reference's 3-D grid; a 4-D image frame by frame.

    Parameters
    ----------
    interpolator : "linear", "nearest" or "bspline" (cubic). All but "nearest" give floating point values.
    default : value of voxels outside the image, that is more than half a voxel beyond its outermost centres.
    """
    return _resample(image, first_frame(reference), interpolator, default, extend=False)


def resample_to_spacing(
    image: sitk.Image, spacing: float | Sequence[float], is_mask: bool = False, interpolator: str = "linear"
) -> sitk.Image:
    """The image, over the same extent and with the same axes, with other voxel sizes.

    Parameters
    ----------
    spacing : mm, one number or (x, y, z).
    is_mask : the image is a mask; the result is uint8 of 0 and 1, as `carry_mask` makes it.

    The grids' centres coincide; sizes are rounded, so that the extent changes by half a voxel at most, and what then
    lies outside takes the value of the nearest voxel.
    """
    new_spacing = np.broadcast_to(np.asarray(spacing, float), (3,))
    size, old_spacing = np.array(size_of(image)), np.array(image.GetSpacing()[:3])
    new_size = np.maximum(1, np.floor(size * old_spacing / new_spacing + 0.5)).astype(int)
    affine = index_to_world(image)
    direction = affine[:3, :3] / old_spacing
    centre = affine[:3, :3] @ ((size - 1) / 2) + affine[:3, 3]
    grid = sitk.Image([int(n) for n in new_size], sitk.sitkUInt8)
    grid.SetSpacing(new_spacing.tolist())
    grid.SetDirection(direction.ravel().tolist())
    grid.SetOrigin((centre - direction @ ((new_size - 1) / 2 * new_spacing)).tolist())
    if is_mask:
        return copy_metadata(image, carry_mask(image, grid))
    return _resample(image, grid, interpolator, 0.0, extend=True)
