"""An input function taken from the image: the mean curve of arterial blood."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.dce.concentration import SpoiledGradientEcho, concentrations
from spinemets.dce.input_functions import USUAL_HAEMATOCRIT, InputFunction, measured
from spinemets.dce.series import DynamicSeries
from spinemets.errors import InputError
from spinemets.geometry.grids import check_same_grid, copy_frame_of_reference, first_frame

# T1 of arterial blood at 3 T in s: Lu et al., Magn Reson Med 52 (2004) 679.
BLOOD_T1_S = 1.65
# Voxels that rise at least this share of the steepest rise are candidates.
STEEP_SHARE = 0.5
FEWEST_VOXELS = 4


def find_artery(series: DynamicSeries, baseline_frames: int) -> sitk.Image:
    """uint8 mask of the voxels that look most like an artery: they rise steeply, early, and fall again.

    Of the voxels whose steepest rise is at least half of the steepest one, those that peak in the first half of the
    frames and lose part of the peak at once; the largest connected group of them.

    Raises
    ------
    InputError : no group of at least four voxels.
    """
    signals = series.signals[baseline_frames - 1 :].astype(np.float32)
    before = series.signals[:baseline_frames].mean(axis=0)
    rise = ndimage.median_filter(np.diff(signals, axis=0).max(axis=0), size=(1, 3, 3), mode="nearest")
    peak = signals.argmax(axis=0)
    late = signals[-max(1, len(signals) // 4) :].mean(axis=0)
    falls = late - before < 0.7 * (signals.max(axis=0) - before)
    candidate = (rise >= STEEP_SHARE * rise.max()) & (peak <= len(signals) // 2) & falls
    groups, count = ndimage.label(candidate)
    sizes = np.bincount(groups.ravel(), minlength=count + 1)
    sizes[0] = 0
    if count == 0 or sizes.max() < FEWEST_VOXELS:
        raise InputError(series.name, "shows no artery", "mark an artery, or choose a published input function")
    found = sitk.GetImageFromArray((groups == int(sizes.argmax())).astype(np.uint8))
    found.CopyInformation(first_frame(series.image))
    copy_frame_of_reference(series.image, found)
    return found


def input_function_of(
    series: DynamicSeries,
    artery: sitk.Image,
    sequence: SpoiledGradientEcho,
    baseline: slice,
    blood_t1_s: float = BLOOD_T1_S,
    haematocrit: float = USUAL_HAEMATOCRIT,
) -> InputFunction:
    """Plasma concentration over time in the voxels of a mask on the series' grid.

    Inflow, T2* at the bolus' peak and partial volume lower or distort it; compare it with a published one.

    Raises
    ------
    InputError : another grid, no voxels, or no concentration above 0.
    """
    check_same_grid(series.image, artery, series.name, "artery")
    inside: NDArray[np.bool_] = sitk.GetArrayViewFromImage(artery) != 0
    if not inside.any():
        raise InputError("artery", "has no voxel", "mark a part of an artery")
    blood = concentrations(series.curve(inside)[np.newaxis], sequence, blood_t1_s, baseline)
    if blood.unusable[0]:
        raise InputError("artery", "has no signal before contrast", "mark another part of it")
    return measured(series.times, blood.values[0], "image", haematocrit)
