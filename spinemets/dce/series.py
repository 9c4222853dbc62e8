"""A dynamic series with the times of its frames, checked before anything is computed from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import ArrayLike, NDArray

from spinemets.errors import InputError
from spinemets.geometry.grids import frame_times

FEWEST_FRAMES = 3
# A series outside these is possible, but rather one whose times are minutes or milliseconds.
SHORTEST_S, LONGEST_S = 20.0, 3600.0
IMPOSSIBLE_S = 6 * 3600.0
# Intervals that differ by more than this share of the usual one are named: a frame may be missing.
IRREGULAR_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class DynamicSeries:
    """A 4-D image and the seconds of its frames.

    Attributes
    ----------
    image : 4-D, LPS mm, frames in the order of time.
    times : (T,) s, rising.
    name : how errors and warnings call it.
    warnings : sentences about times that are hardly seconds, intervals that are not regular, frames that are the same.
    """

    image: sitk.Image
    times: NDArray[np.float64]
    name: str = "dynamic series"
    warnings: tuple[str, ...] = ()

    @property
    def signals(self) -> NDArray[np.generic]:
        """(T, z, y, x) view of the stored voxels, for reading only."""
        return np.asarray(sitk.GetArrayViewFromImage(self.image))

    def curve(self, voxels: NDArray[np.bool_]) -> NDArray[np.float64]:
        """(T,) mean signal over the voxels [z, y, x] that are true."""
        z, y, x = np.nonzero(voxels)  # searched once, not in every frame
        return np.asarray(self.signals[:, z, y, x].mean(axis=1, dtype=np.float64))


def dynamic_series(image: sitk.Image, times: ArrayLike | None = None, name: str = "dynamic series") -> DynamicSeries:
    """A series that can be measured.

    Parameters
    ----------
    image : 4-D; frames in the order of time.
    times : (T,) s; default: those that the image's metadata hold.

    Raises
    ------
    InputError : not 4-D, too few frames, times unknown, of another number, not rising or not in seconds, no signal at
        all before contrast.
    """
    if image.GetDimension() != 4 or image.GetNumberOfComponentsPerPixel() > 1:
        raise InputError(name, "is one image, not a dynamic series", "choose a series with several frames")
    count = image.GetSize()[3]
    if count < FEWEST_FRAMES:
        raise InputError(
            name, f"has {count} frame{'s' if count > 1 else ''}", f"choose a series of at least {FEWEST_FRAMES} frames"
        )
    seconds = _checked_times(image, times, count, name)
    signals = sitk.GetArrayViewFromImage(image)
    if not (signals[0] > 0).any():
        raise InputError(name, "has no signal in its first frame, before contrast", "check the order of the frames")
    return DynamicSeries(image, seconds, name, (*_unusual(seconds), *_irregular(seconds), *_repeated(signals)))


def _checked_times(image: sitk.Image, times: ArrayLike | None, count: int, name: str) -> NDArray[np.float64]:
    seconds = np.asarray(frame_times(image) if times is None else times, np.float64).ravel()
    if seconds.size == 0:
        raise InputError(
            name, "does not say when its frames were taken", "give a text file with the seconds of each, one a line"
        )
    if seconds.size != count:
        raise InputError(name, f"has {count} frames but {seconds.size} times", "give one time for each frame")
    if not np.isfinite(seconds).all():
        raise InputError(name, "has a time that is no number", "give the seconds of each frame")
    late = np.flatnonzero(np.diff(seconds) <= 0)
    if late.size:
        first = int(late[0])
        raise InputError(
            name,
            f"frame {first + 2} at {seconds[first + 1]:g} s does not come after frame {first + 1} at "
            f"{seconds[first]:g} s",
            "sort the frames by time, each once",
        )
    if seconds[-1] - seconds[0] > IMPOSSIBLE_S:
        raise InputError(name, f"would last {(seconds[-1] - seconds[0]) / 3600:.0f} hours", "give its times in seconds")
    return seconds


def _unusual(seconds: NDArray[np.float64]) -> list[str]:
    """Times in another unit look like a series that lasts an instant or a day."""
    lasts = float(seconds[-1] - seconds[0])
    if SHORTEST_S <= lasts <= LONGEST_S:
        return []
    return [f"the series lasts {lasts:g} s by its times; they are taken for seconds, check that they are"]


def _irregular(seconds: NDArray[np.float64]) -> list[str]:
    intervals = np.diff(seconds)
    usual = float(np.median(intervals))
    odd = np.flatnonzero(np.abs(intervals - usual) > IRREGULAR_SHARE * usual)
    if not odd.size:
        return []
    named = ", ".join(f"{intervals[n]:g} s after frame {n + 1}" for n in odd[:3])
    more = f" and {odd.size - 3} more" if odd.size > 3 else ""
    return [f"frames are usually {usual:g} s apart, but {named}{more}; a frame may be missing"]


def _repeated(signals: NDArray) -> list[str]:
    """Frames that hold exactly what the one before them holds: of a scanner with noise, one frame exported twice."""
    same = [n for n in range(1, len(signals)) if np.array_equal(signals[n], signals[n - 1])]
    if not same:
        return []
    named = ", ".join(f"{n} and {n + 1}" for n in same[:3]) + (" and others" if len(same) > 3 else "")
    return [f"frames {named} hold the same voxels; a frame may have been exported twice"]
