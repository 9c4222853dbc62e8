"""How far the patient moved between the frames of a dynamic series, and the frames shifted back.

Contrast agent changes the picture as well, and a registration takes that for motion. So only tissue is looked at that
does not enhance - discs, cord, cortex, fat, most muscle - and each frame is moved onto the mean of all by steps of
least squares on its gradients (Lucas and Kanade, IJCAI 1981), with weights that let outliers go.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.segmentation.smoothing import gaussian

# Widths of the Gaussian, from coarse for large shifts to fine, in mm; steps with each; a step this small ends them.
WIDTHS_MM = (4.0, 1.5)
STEPS = 8
SETTLED_MM = 0.02
FINEST_MM = 1.2
# Tissue that rises by less than this share of its signal does not enhance.
STATIC_RISE = 0.12
LEAST_STATIC = 500
FARTHEST_MM = 20.0


@dataclass(frozen=True)
class Motion:
    """Shifts (frame, 3) in mm along z, y, x of what each frame shows against the first, all 0 for the first.

    `reliable` is False where too little tissue stayed the same or the steps did not settle; the shifts are then 0.
    """

    shifts: NDArray[np.float64]
    reliable: bool = True

    @property
    def largest_mm(self) -> float:
        """The largest distance between any two frames' places along the way from the first."""
        return float(np.linalg.norm(self.shifts, axis=1).max()) if len(self.shifts) else 0.0


def motion_of(frames: NDArray[np.float32], spacing: tuple[float, ...], enough_mm: float) -> Motion:
    """Shifts between the frames (frame, z, y, x) of a box.

    Parameters
    ----------
    spacing : mm along z, y, x.
    enough_mm : where a first look finds no shift of half of this, no second is taken.
    """
    shifts = np.zeros((len(frames), 3))
    if len(frames) < 2 or min(frames.shape[2:]) < 8:
        return Motion(shifts, False)
    thinned, steps = _thinned(frames, spacing)
    fine = _smoothed(thinned, steps, WIDTHS_MM[-1])
    try:
        first, _ = _settled(fine, steps, shifts, 1)
        if np.abs(first - first[0]).max() < enough_mm / 2:
            return Motion(first - first[0])
        shifts, _ = _settled(_smoothed(thinned, steps, WIDTHS_MM[0]), steps, shifts, STEPS)
        shifts, last = _settled(fine, steps, shifts, STEPS)
    except np.linalg.LinAlgError:
        return Motion(np.zeros((len(frames), 3)), False)
    shifts = shifts - shifts[0]
    reliable = bool(last < 10 * SETTLED_MM and np.abs(shifts).max() < FARTHEST_MM)
    return Motion(shifts if reliable else np.zeros_like(shifts), reliable)


def _thinned(
    frames: NDArray[np.float32], spacing: tuple[float, ...]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """The frames on fewer voxels, none finer than `FINEST_MM`, averaged, and their spacing."""
    factors = [
        max(int(np.ceil(FINEST_MM / step - 0.01)), 1) if n >= 24 else 1 for step, n in zip(spacing, frames.shape[1:])
    ]
    out = frames
    for axis, factor in enumerate(factors, start=1):
        if factor > 1:
            whole = out.shape[axis] // factor * factor
            cut = np.take(out, np.arange(whole), axis=axis)
            shape = (*cut.shape[:axis], whole // factor, factor, *cut.shape[axis + 1 :])
            out = cut.reshape(shape).mean(axis=axis + 1, dtype=np.float32)
    return out, np.array([step * factor for step, factor in zip(spacing, factors)])


def _smoothed(frames: NDArray[np.float32], steps: NDArray[np.float64], width: float) -> NDArray[np.float32]:
    return gaussian(frames, (0, *(min(width / step, 2.5) for step in steps)))


def _settled(
    frames: NDArray[np.float32], steps: NDArray[np.float64], start: NDArray[np.float64], most: int
) -> tuple[NDArray[np.float64], float]:
    """Shifts that bring the frames onto their mean, and the last step's length, mm."""
    shifts, last = start.copy(), np.inf
    for _ in range(most):
        moved = shifted_back(frames, shifts, steps) if shifts.any() else frames
        static = _static(moved)
        mean = moved.mean(axis=0)
        if np.count_nonzero(static) < LEAST_STATIC:
            raise np.linalg.LinAlgError
        slopes = [g[static] if n > 1 else None for g, n in zip(_gradient(mean, steps), mean.shape)]
        step = np.stack([_step(frame[static], mean[static], slopes) for frame in moved])
        step -= step.mean(axis=0)
        shifts += step
        last = float(np.abs(step).max())
        if last < SETTLED_MM:
            break
    return shifts, last


def _gradient(values: NDArray[np.float32], steps: NDArray[np.float64]) -> list[NDArray[np.float32]]:
    return [
        np.asarray(np.gradient(values, step, axis=axis)) if values.shape[axis] > 1 else np.zeros_like(values)
        for axis, step in enumerate(steps)
    ]


def _static(frames: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Voxels (z, y, x) that look late as they looked at first, away from the border of the box."""
    before, late = frames[0], frames[len(frames) // 2 :].mean(axis=0)
    still = np.abs(late - before) < STATIC_RISE * np.maximum(before, np.median(before) / 2)
    still = ndimage.binary_erosion(still, np.ones((1, 3, 3)))
    inner = np.zeros(still.shape, bool)
    ends = slice(1, -1) if len(still) > 4 else slice(None)
    inner[ends, 2:-2, 2:-2] = True
    return np.asarray(still & inner)


def _step(
    frame: NDArray[np.float32], mean: NDArray[np.float32], slopes: list[NDArray[np.float32] | None]
) -> NDArray[np.float64]:
    """mm (z, y, x) by which the frame lies off the mean, with its brightness let free."""
    known = [axis for axis, slope in enumerate(slopes) if slope is not None]
    used = [slope for slope in slopes if slope is not None]
    design = np.stack([*used, mean, np.ones_like(mean)]).astype(np.float64)
    residual = (frame - mean).astype(np.float64)
    spread = 1.4826 * float(np.median(np.abs(residual)))
    weight = 1 / (1 + np.square(residual / (2 * spread))) if spread > 0 else np.ones_like(residual)
    # Without BLAS, whose sums depend on the number of threads.
    weighted = design * weight
    normal = np.einsum("in,jn->ij", weighted, design)
    found = np.linalg.solve(normal + 1e-9 * np.diag(np.diag(normal)), np.einsum("in,n->i", weighted, residual))
    step = np.zeros(3)
    step[known] = -found[: len(known)]
    return step


def shifted_back(
    frames: NDArray[np.float32], shifts: NDArray[np.float64], spacing: tuple[float, ...] | NDArray[np.float64]
) -> NDArray[np.float32]:
    """The frames with what they show moved back by `shifts` (frame, 3) mm; linear, the border repeated."""
    out = np.empty_like(frames)
    for number, (frame, shift) in enumerate(zip(frames, shifts)):
        if np.abs(shift).max() < SETTLED_MM / 2:
            out[number] = frame
        else:
            ndimage.shift(frame, -np.asarray(shift) / spacing, out[number], order=1, mode="nearest")
    return out
