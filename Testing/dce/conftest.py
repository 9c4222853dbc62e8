"""Small dynamic series with curves that are known by construction."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.geometry.grids import set_frame_times

TIMES = np.arange(12) * 12.0


def series_image(curves: np.ndarray, times: np.ndarray | None = TIMES) -> sitk.Image:
    """4-D float32 image of curves (T, z, y, x), spacing 1.5 x 1.5 x 4 mm."""
    frames = []
    for frame in curves.astype(np.float32):
        image = sitk.GetImageFromArray(frame)
        image.SetSpacing((1.5, 1.5, 4.0))
        image.SetOrigin((-20.0, 30.0, -100.0))
        frames.append(image)
    joined = sitk.JoinSeries(frames)
    if times is not None:
        set_frame_times(joined, times.tolist())
    return joined


def mask_like(image: sitk.Image, inside: np.ndarray) -> sitk.Image:
    mask = sitk.GetImageFromArray(inside.astype(np.uint8))
    mask.CopyInformation(image[..., 0])
    return mask


@pytest.fixture
def make_series():
    return series_image


@pytest.fixture
def make_mask():
    return mask_like


@pytest.fixture
def times():
    return TIMES.copy()
