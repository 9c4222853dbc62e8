"""Whether the patient moved between the frames of a dynamic series, how far, and the frames moved back.

Every frame is compared with a reference frame by local contrast (deviation from the mean nearby, over the standard
deviation nearby), so that enhancement, coil shading and scaling hardly count. The best shift in whole voxels by
cross-correlation is refined by Gauss-Newton steps on the voxels with the strongest edges, those that fit badly
(bowel, vessels, what enhances) counting less and less (Tukey's biweight). The same input gives the same result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import fft, ndimage
from scipy.spatial.transform import Rotation

from spinemets.dce.series import DynamicSeries
from spinemets.errors import InputError
from spinemets.geometry.grids import (
    bounding_box,
    check_same_grid,
    copy_metadata,
    frames_of,
    index_to_world,
    join_frames,
    size_of,
)
from spinemets.progress import Progress, silent

# A movement beyond this is worth a warning; in-plane voxels of such series are 1 to 2 mm wide.
THRESHOLD_MM = 0.5
# How far a frame is looked for.
REACH_MM = 25.0
# What surrounds a mask and is compared with it.
MARGIN_MM = 25.0
# Width of the grid on which frames are compared, and of the neighbourhood of the local contrast.
FINEST_MM, NEIGHBOURHOOD_MM = 1.5, 10.0
# Smoothing before the comparison, coarse to fine.
LEVELS_MM = (3.0, 1.5)
MOST_POINTS = 40_000
STEPS = 15
CONVERGED_MM = 0.003
# Frames that correlate less than this in local contrast show something else.
LOWEST_LIKENESS = 0.3
# Tukey's constant, and what makes a median absolute deviation a standard deviation.
BIWEIGHT, DEVIATION = 4.685, 1.4826


@dataclass(frozen=True, eq=False)
class FrameMotion:
    """Where the patient lies in each frame, as against the reference frame.

    Attributes
    ----------
    shifts_mm : (T, 3) LPS; a point x of the reference frame is seen at centre + rotation (x - centre) + shift.
    rotations : (T, 3) rotation vectors in degrees, about LPS axes through `centre`; 0 where none was looked for.
    centre : LPS mm, the middle of what was compared.
    likeness : (T,) correlation of local contrast with the reference frame after the movement was taken off; below 0.3
        they do not show the same, and the movement is told as 0.
    reference : index of the reference frame.
    threshold_mm : a frame that moved no further counts as still.
    radius_mm : half the distance from the centre to the furthest point compared: where a rotation is told in mm.
    warnings : sentences.
    """

    shifts_mm: NDArray[np.float64]
    rotations: NDArray[np.float64]
    centre: tuple[float, float, float]
    likeness: NDArray[np.float64]
    reference: int
    threshold_mm: float
    radius_mm: float
    warnings: tuple[str, ...] = ()

    @property
    def distances_mm(self) -> NDArray[np.float64]:
        """(T,) length of the shift, and of what the rotation adds at `radius_mm`."""
        turned = np.deg2rad(np.linalg.norm(self.rotations, axis=1)) * self.radius_mm
        return np.asarray(np.linalg.norm(self.shifts_mm, axis=1) + turned)

    @property
    def largest_mm(self) -> float:
        """The longest of the distances."""
        return float(self.distances_mm.max())

    @property
    def moved(self) -> NDArray[np.bool_]:
        """(T,) frames that moved beyond the threshold."""
        return np.asarray(self.distances_mm > self.threshold_mm)

    def as_json(self) -> dict[str, Any]:
        """Everything, with plain numbers."""
        return {
            "reference_frame": self.reference + 1,
            "shifts_mm": np.round(self.shifts_mm, 3).tolist(),
            "rotations_degrees": np.round(self.rotations, 3).tolist(),
            "likeness": np.round(self.likeness, 3).tolist(),
            "largest_mm": round(self.largest_mm, 3),
            "threshold_mm": self.threshold_mm,
            "frames_moved": (np.flatnonzero(self.moved) + 1).tolist(),
        }


def motion_of(
    series: DynamicSeries,
    mask: sitk.Image | None = None,
    *,
    rigid: bool = False,
    reference: int | None = None,
    threshold_mm: float = THRESHOLD_MM,
    progress: Progress = silent,
) -> FrameMotion:
    """Movement of each frame against a reference frame.

    Parameters
    ----------
    mask : on the series' grid; only it and 25 mm around it are compared. None: everything.
    rigid : look for rotations too.
    reference : index of a frame; None: the middle one.

    Raises
    ------
    InputError : a mask on another grid or without voxels, or no such frame.
    """
    count = len(series.times)
    middle = count // 2 if reference is None else reference
    if not 0 <= middle < count:
        raise InputError("reference frame", f"is {middle + 1} of {count}", f"choose one from 1 to {count}")
    frames, affine = _compared(series, mask)
    fixed = [_Template(_local_contrast(frames[middle], affine, width), affine) for width in LEVELS_MM]
    found = np.zeros((count, 6))
    likeness = np.ones(count)
    for number in range(count):
        progress("motion", number, count, f"motion of frame {number + 1}")
        if number == middle or np.array_equal(frames[number], frames[middle]):
            continue
        coarse, fine = (_local_contrast(frames[number], affine, width) for width in LEVELS_MM)
        # From where it lay as well, lest chance put it far off where little can be seen.
        starts = np.unique([np.zeros(6), [*fixed[0].whole_steps(coarse), 0, 0, 0]], axis=0)
        near = max((fixed[0].refined(coarse, start, rigid) for start in starts), key=lambda found: found[1])[0]
        found[number], likeness[number] = fixed[1].refined(fine, near, rigid)
        if likeness[number] <= fixed[1].likeness(fine, np.zeros(6)):
            found[number], likeness[number] = 0, fixed[1].likeness(fine, np.zeros(6))
        if likeness[number] < LOWEST_LIKENESS:
            found[number] = 0
    progress("motion", count, count)
    centre = affine[:3, :3] @ ((np.array(frames[0].shape[::-1]) - 1) / 2) + affine[:3, 3]
    motion = FrameMotion(
        found[:, :3],
        np.rad2deg(found[:, 3:]),
        (float(centre[0]), float(centre[1]), float(centre[2])),
        likeness,
        middle,
        threshold_mm,
        fixed[0].radius_mm,
    )
    return FrameMotion(**{**vars(motion), "warnings": _warnings(motion)})


def registered(series: DynamicSeries, motion: FrameMotion, progress: Progress = silent) -> DynamicSeries:
    """The series with the frames that moved put back onto the reference frame.

    Frames within the threshold keep their voxels; a series without any other is returned as it is. Frames that moved
    are interpolated by cubic splines, within the range of their own values, and become float32, as then all do.
    """
    if not motion.moved.any():
        return series
    frames = []
    for number, frame in enumerate(frames_of(series.image)):
        progress("register", number, len(series.times), f"moving frame {number + 1}")
        values = sitk.Cast(frame, sitk.sitkFloat32)
        if motion.moved[number]:
            turned = Rotation.from_rotvec(motion.rotations[number], degrees=True).as_matrix()
            transform = sitk.AffineTransform(turned.ravel().tolist(), motion.shifts_mm[number].tolist(), motion.centre)
            limits = sitk.MinimumMaximumImageFilter()
            limits.Execute(values)
            resampler = sitk.ResampleImageFilter()
            resampler.SetReferenceImage(values)
            resampler.SetTransform(transform)
            resampler.SetInterpolator(sitk.sitkBSpline3)
            resampler.SetUseNearestNeighborExtrapolator(True)
            values = sitk.Clamp(resampler.Execute(values), sitk.sitkFloat32, limits.GetMinimum(), limits.GetMaximum())
        frames.append(copy_metadata(frame, values))
    progress("register", len(frames), len(frames))
    joined = copy_metadata(series.image, join_frames(frames, series.times.tolist()))
    return DynamicSeries(joined, series.times, series.name, series.warnings)


def _warnings(motion: FrameMotion) -> tuple[str, ...]:
    found = []
    unlike = np.flatnonzero(motion.likeness < LOWEST_LIKENESS)
    if unlike.size:
        found.append(
            f"frame{_numbers(unlike)} cannot be compared with frame {motion.reference + 1}, so whether the patient "
            "moved there is not known"
        )
    moved = np.flatnonzero(motion.moved)
    if moved.size:
        furthest = moved[int(np.argmax(motion.distances_mm[moved]))]
        found.append(
            f"the patient moved between the frames: up to {motion.distances_mm[furthest]:.1f} mm (frame {furthest + 1} "
            f"against frame {motion.reference + 1}), by more than {motion.threshold_mm:g} mm in frame{_numbers(moved)}"
        )
    return tuple(found)


def _numbers(frames: NDArray[np.intp]) -> str:
    listed = ", ".join(str(n + 1) for n in frames[:5]) + (" and others" if len(frames) > 5 else "")
    return f" {listed}" if len(frames) == 1 else f"s {listed}"


def _compared(series: DynamicSeries, mask: sitk.Image | None) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """(T, z, y, x) of the part to compare, thinned to steps of at least 1.5 mm, and its affine to LPS mm."""
    affine, size = index_to_world(series.image), size_of(series.image)
    low, high = np.zeros(3, int), np.array(size)
    if mask is not None:
        check_same_grid(series.image, mask, series.name, "mask")
        start, extent = bounding_box(mask)
        margin = np.ceil(MARGIN_MM / np.array(series.image.GetSpacing()[:3])).astype(int)
        low, high = np.maximum(start - margin, 0), np.minimum(np.add(start, extent) + margin, size)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low[::-1], high[::-1]))
    step = np.maximum(np.round(FINEST_MM / np.array(series.image.GetSpacing()[:3])).astype(int), 1)
    step = np.minimum(step, high - low)
    blocks = [np.array(frame[box], np.float32) for frame in series.signals]
    frames = np.stack([_block_means(block, step[::-1]) for block in blocks])
    moved = affine.copy()
    moved[:3, 3] += affine[:3, :3] @ (low + (step - 1) / 2)
    moved[:3, :3] = affine[:3, :3] * step
    return frames, moved


def _block_means(array: NDArray[np.float32], step: NDArray[np.int_]) -> NDArray[np.float32]:
    for axis, width in enumerate(step):
        if width > 1:
            kept = array.shape[axis] // width * width
            array = np.take(array, range(kept), axis)
            shape = (*array.shape[:axis], kept // width, int(width), *array.shape[axis + 1 :])
            array = array.reshape(shape).mean(axis=axis + 1, dtype=np.float32)
    return array


def _local_contrast(
    frame: NDArray[np.float32], affine: NDArray[np.float64], smoothing_mm: float
) -> NDArray[np.float32]:
    """Deviation from the mean nearby over the SD nearby, which is raised where it is small against the frame's usual
    one, so that noise in air stays small."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)[::-1]
    near = [1 if n == 1 else 2 * int(np.ceil(NEIGHBOURHOOD_MM / s)) + 1 for n, s in zip(frame.shape, spacing)]
    # Thick slices are smooth enough along their normal.
    fine = [0.0 if n == 1 or s > smoothing_mm else smoothing_mm / s for n, s in zip(frame.shape, spacing)]
    smooth = ndimage.gaussian_filter(frame, fine, mode="nearest", truncate=3)
    above = smooth - ndimage.uniform_filter(smooth, near, mode="nearest")
    power = np.maximum(ndimage.uniform_filter(above * above, near, mode="nearest"), 0)
    usual = float(np.sqrt(power.mean()))
    if not usual > 0:
        return np.zeros_like(frame)
    return np.asarray(above / np.sqrt(power + np.float32(0.3 * usual) ** 2), np.float32)


class _Template:
    """The reference frame's local contrast, its strongest edges, and how they change with a movement."""

    def __init__(self, contrast: NDArray[np.float32], affine: NDArray[np.float64]) -> None:
        self.contrast, self.steps = contrast, affine[:3, :3]
        gradients = [np.gradient(contrast, axis=axis) if contrast.shape[axis] > 1 else np.zeros_like(contrast)
                     for axis in (2, 1, 0)]  # fmt: skip
        slopes = np.stack(gradients, axis=-1).reshape(-1, 3) @ np.linalg.inv(self.steps)
        strength = np.einsum("nc,nc->n", slopes, slopes)
        count = min(MOST_POINTS, strength.size // 2 + 1)
        chosen = np.sort(np.argpartition(-strength, count - 1)[:count])
        index = np.stack(np.unravel_index(chosen, contrast.shape)[::-1], axis=-1)
        middle = (np.array(contrast.shape[::-1]) - 1) / 2
        self._points = (index - middle) @ self.steps.T  # mm from the centre
        self._middle = middle
        self._values = contrast.reshape(-1)[chosen].astype(np.float64)
        self._slopes = np.hstack([slopes[chosen], np.cross(self._points, slopes[chosen])])
        self.radius_mm = float(np.linalg.norm(self._points, axis=1).max(initial=0.0)) / 2

    def whole_steps(self, moving: NDArray[np.float32]) -> NDArray[np.float64]:
        """The shift (mm) in whole voxels, within reach, at which the two correlate best."""
        spacing = np.linalg.norm(self.steps, axis=0)[::-1]
        reach = [min(int(REACH_MM / s), n // 3) for n, s in zip(self.contrast.shape, spacing)]
        shape = [fft.next_fast_len(n + r, real=True) for n, r in zip(self.contrast.shape, reach)]
        product = np.conj(fft.rfftn(self.contrast, shape)) * fft.rfftn(moving, shape)
        likeness = fft.fftshift(fft.irfftn(product, shape))
        zero = [n // 2 for n in shape]
        part = likeness[tuple(slice(z - r, z + r + 1) for z, r in zip(zero, reach))]
        best = np.unravel_index(int(np.argmax(part)), part.shape)
        if part[best] <= part[tuple(reach)]:
            return np.zeros(3)
        return np.asarray(self.steps @ [int(b) - r for b, r in zip(best, reach)][::-1], np.float64)

    def refined(
        self, moving: NDArray[np.float32], start: NDArray[np.float64], rigid: bool
    ) -> tuple[NDArray[np.float64], float]:
        """Movement (3 mm, 3 rad) by robust Gauss-Newton steps, and the correlation that it leaves."""
        used = 6 if rigid else 3
        slopes = self._slopes[:, :used]
        coefficients = _spline(moving)
        now = start.copy()
        for _ in range(STEPS):
            seen = self._seen(coefficients, now)
            rest = self._values - seen
            rest -= np.median(rest)
            scale = DEVIATION * float(np.median(np.abs(rest)))
            if not scale > 0:
                break
            weight = np.square(np.clip(1 - np.square(rest / (BIWEIGHT * scale)), 0, None))
            normal = slopes.T @ (slopes * weight[:, np.newaxis])
            step = np.linalg.pinv(normal, rcond=1e-6, hermitian=True) @ (slopes.T @ (weight * rest))
            step[:3] = np.clip(step[:3], -3, 3)
            now[:used] += step
            if np.abs(step[:3]).max() < CONVERGED_MM:
                break
        return now, _correlation(self._values, self._seen(coefficients, now))

    def likeness(self, moving: NDArray[np.float32], movement: NDArray[np.float64]) -> float:
        """Correlation of the template with a frame that made this movement (3 mm, 3 rad)."""
        return _correlation(self._values, self._seen(_spline(moving), movement))

    def _seen(self, coefficients: NDArray[np.float64], movement: NDArray[np.float64]) -> NDArray[np.float64]:
        """The moving frame where the template's points went."""
        turned = self._points @ Rotation.from_rotvec(movement[3:]).as_matrix().T + movement[:3]
        index = turned @ np.linalg.inv(self.steps).T + self._middle
        return np.asarray(
            ndimage.map_coordinates(coefficients, index.T[::-1], order=3, mode="nearest", prefilter=False)
        )


def _spline(frame: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(ndimage.spline_filter(frame, order=3, mode="nearest", output=np.float64))


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    a, b = a - a.mean(), b - b.mean()
    length = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / length if length > 0 else 0.0
