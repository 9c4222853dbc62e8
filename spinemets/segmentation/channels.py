"""What a search box looks like: the channels that tell tissues apart, the brightness of a lesion, and the vessels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.segmentation.parameters import SegmentationParameters
from spinemets.segmentation.smoothing import gaussian

# Signal before contrast below this share of the median is mostly noise (air, cortical bone); ratios to it are damped.
BASELINE_FLOOR = 0.25
CLIP = 3.0
FRAMES_FOR_VESSELS = 5
# The first pass at least doubles the signal of blood; the highest of a few frames is above the truth by chance.
BLOOD_RISE = 1.0
NOISE_MARGIN = 2.0


@dataclass(frozen=True)
class Channels:
    """A search box as seen by the cut and by the growing; all arrays [z, y, x] in patient axes, float32.

    Attributes
    ----------
    names : what each of `values` is.
    values : (channel, z, y, x), each with median 0 and unit spread (5th to 95th percentile) in the outline, clipped.
    brightness : what the lesion stands out by: late enhancement relative to the signal before contrast, or the
        intensity.
    vessels : bool, voxels whose time course is that of blood.
    before : signal before contrast; None for a still image, as the next.
    enhancement : (frame, z, y, x) signal after contrast minus `before`.
    noise : SD of the noise of one frame as smoothed, in units of the signal; 0 when it cannot be told.
    """

    names: tuple[str, ...]
    values: NDArray[np.float32]
    brightness: NDArray[np.float32]
    vessels: NDArray[np.bool_]
    before: NDArray[np.float32] | None = None
    enhancement: NDArray[np.float32] | None = None
    noise: float = 0.0

    @property
    def uptake(self) -> NDArray[np.float32]:
        """Late signal minus that before contrast, in units of the signal: a voxel of two tissues lies in between, which
        a ratio does not. The intensity of a still image."""
        if self.enhancement is None:
            return self.brightness
        return np.asarray(self.enhancement[-max(len(self.enhancement) // 2, 1) :].mean(axis=0))


def channels_of(
    voxels: NDArray[np.float32],
    outline: NDArray[np.bool_],
    spacing: tuple[float, ...],
    slice_axis: int,
    parameters: SegmentationParameters,
) -> Channels:
    """Channels of a box.

    Parameters
    ----------
    voxels : (z, y, x) of one image, or (frame, z, y, x) of a dynamic series with the frames in the order of time.
    outline : (z, y, x), at least one voxel.
    spacing : mm between voxels along z, y, x.
    slice_axis : which of z, y, x runs across the slices; nothing is smoothed along it.

    Raises
    ------
    InputError : a value is not finite; the box holds one value only; too few frames; no signal before contrast.
    """
    finite = np.isfinite(voxels)
    if not finite.all():
        count = int(voxels.size - np.count_nonzero(finite))
        raise InputError(
            "image", f"has {count} voxels round the outline that are not numbers (NaN or infinite)", "repair the image"
        )
    if voxels.max() == voxels.min():
        raise InputError("image", "has the same value everywhere round the outline", "choose an image with a signal")
    sigma = np.array([parameters.smoothing_mm / step for step in spacing])
    sigma[slice_axis] = 0
    if voxels.ndim == 3:
        smooth = gaussian(voxels, sigma.tolist())
        return Channels(("intensity",), scaled(smooth, outline)[np.newaxis], smooth, np.zeros(voxels.shape, bool))
    return _dynamic_channels(voxels, outline, sigma, parameters)


def _dynamic_channels(
    voxels: NDArray[np.float32],
    outline: NDArray[np.bool_],
    sigma: NDArray[np.float64],
    parameters: SegmentationParameters,
) -> Channels:
    n_frames, n_before = len(voxels), parameters.baseline_frames
    if n_frames <= n_before:
        raise InputError(
            "image",
            f"has {n_frames} frame{'s' if n_frames > 1 else ''}, of which {n_before} before contrast",
            "choose a dynamic series with frames after contrast, or one frame as a 3-D image",
        )
    series = gaussian(voxels, (0, *sigma))
    before = series[:n_before].mean(axis=0)
    typical = float(np.median(before[before > 0])) if (before > 0).any() else 0.0
    if typical <= 0:
        raise InputError("image", "has no signal before contrast round the outline", "check the order of the frames")
    floor = BASELINE_FLOOR * typical
    n_late = max(1, round((n_frames - n_before) * parameters.late_share))
    late = series[-n_late:].mean(axis=0)
    reference = np.maximum(before, floor)
    enhancement = (late - before) / reference
    rise = np.diff(series[n_before - 1 :], axis=0).max(axis=0) / reference
    values = np.stack([scaled(channel, outline) for channel in (before, late, enhancement, rise)])
    names = ("before contrast", "late", "relative enhancement", "wash-in")
    vessels = vessels_of(series, before, late, parameters)
    return Channels(names, values, enhancement, vessels, before, series[n_before:] - before, noise_of(series[-n_late:]))


def vessels_of(
    series: NDArray[np.float32],
    before: NDArray[np.float32],
    late: NDArray[np.float32],
    parameters: SegmentationParameters,
) -> NDArray[np.bool_]:
    """Voxels that hold mostly blood.

    In the first pass the agent is several times as concentrated in blood as after it has mixed and leaked, so blood's
    enhancement peaks early, well above its late level. Tissue can take the agent up only as fast as it leaks: it rises,
    and falls slowly. Early means before the frames that make the late level; amplitude plays no part, so a vessel's
    blurred edge is told by its course as well as its middle is.
    """
    n_after = len(series) - parameters.baseline_frames
    if n_after < FRAMES_FOR_VESSELS:
        return np.zeros(before.shape, bool)
    n_late = max(1, round(n_after * parameters.late_share))
    peak = series[parameters.baseline_frames : len(series) - n_late].max(axis=0) - before
    late_enhancement = late - before
    noise = noise_of(series[-n_late:])
    clear = peak > np.maximum(BLOOD_RISE * before, NOISE_MARGIN * noise)
    return np.asarray(clear & (peak - NOISE_MARGIN * noise > parameters.vessel_overshoot * late_enhancement))


def noise_of(frames: NDArray[np.float32]) -> float:
    """SD of the noise of one frame, from the differences between frames that follow each other (median, so robust)."""
    if len(frames) < 2:
        return 0.0
    return float(np.median(np.abs(np.diff(frames, axis=0))) / (0.6745 * np.sqrt(2)))


def scaled(channel: NDArray[np.float32], outline: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Median 0 and unit distance between the 5th and 95th percentile in the outline, clipped; 0 for a constant channel.

    The outline sets the scale because the contrast between the lesion and its vertebra counts, not that with a kidney.
    """
    low, middle, high = np.percentile(channel[outline], (5, 50, 95))
    spread = high - low
    if spread <= 0:
        spread = float(channel.max() - channel.min())
    if spread <= 0:
        return np.zeros(channel.shape, np.float32)
    return np.clip((channel - middle) / spread, -CLIP, CLIP).astype(np.float32)
