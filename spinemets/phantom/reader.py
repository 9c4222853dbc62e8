"""What a reader would click and draw on a case of `difficulty`: told by the truth, with an unsteady hand.

Nothing here knows of a method. A reader marks what is plainly lesion and what is plainly not, and where a vessel
touches the lesion, the vessel.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from scipy.spatial import cKDTree

from spinemets.errors import InputError
from spinemets.geometry.grids import check_same_grid
from spinemets.phantom.difficulty import DifficultCase

LINE_RADIUS_MM = 1.5
THIN_RADIUS_MM = 0.5
MARGIN_MM = 0.3
HAND_MM = 0.5
CORE_MM = 2.5
RING_MM = 5.0
VESSEL_NEAR_MM = 4.0
STEP_MM = 1.0
PLANE = np.array([np.zeros((3, 3)), np.ones((3, 3)), np.zeros((3, 3))])


class DrawnStroke(NamedTuple):
    """One movement of a reader's brush: `points` (n, 3) LPS mm, `radius_mm`, `inside` the lesion or not."""

    points: np.ndarray
    radius_mm: float
    inside: bool


def one_click(case: DifficultCase) -> tuple[float, float, float]:
    """LPS mm of a click in the living lesion: the voxel deepest in what shows no dead part and touches no vessel.

    A reader clicks where the lesion is plain: on the slice on which most of it is seen.
    """
    alive = _array(case.truth) & ~_array(case.vessels) & ~case.dead
    depth = _depth(alive, case)
    k = int(np.argmax(alive.sum(axis=(1, 2))))
    j, i = np.unravel_index(int(np.argmax(depth[k])), depth[k].shape)
    x, y, z = case.truth.TransformIndexToPhysicalPoint((int(i), int(j), k))
    return x, y, z


def simulated_strokes(case: DifficultCase, seed: int = 0, slices: int = 1) -> list[DrawnStroke]:
    """Strokes on the axial slices: on each a line in the lesion, a ring round it, and a line in every vessel that
    touches it.

    The line follows the lesion's longer direction through its living part, the ring runs 5 mm outside the border and
    leaves out what is still lesion there. The first slice is the one on which most of the lesion is seen; two lie a
    quarter of its extent above and below.

    Parameters
    ----------
    seed : the hand; the same seed draws the same strokes.
    slices : 1 to 3.

    Raises
    ------
    InputError : `slices` is not 1, 2 or 3.
    """
    if slices not in (1, 2, 3):
        raise InputError(f"{slices} slices", "cannot be drawn on", "choose 1, 2 or 3")
    rng = np.random.default_rng([case.seed, seed, 12])
    truth = _array(case.truth)
    drawn: list[DrawnStroke] = []
    for k in _slices(truth, slices):
        drawn += strokes_on_slice(case, k, rng)
    return drawn


def strokes_on_slice(case: DifficultCase, k: int, rng: np.random.Generator) -> list[DrawnStroke]:
    """The line, the ring and the lines in vessels of one axial slice; nothing where the slice shows no lesion."""
    truth, vessels = _array(case.truth)[k], _array(case.vessels)[k]
    if not truth.any():
        return []
    spacing = case.truth.GetSpacing()[1], case.truth.GetSpacing()[0]
    strokes = []
    line = _middle_line(truth & ~case.dead[k] & ~vessels, truth, spacing)
    strokes += _drawn(case, k, [line], True, truth, rng)
    strokes += _drawn(case, k, _ring(truth, spacing), False, truth, rng)
    near = ndimage.distance_transform_edt(~truth, sampling=spacing) <= VESSEL_NEAR_MM
    labels, count = ndimage.label(vessels & ~truth, np.ones((3, 3)))
    for number in range(1, count + 1):
        vessel = labels == number
        if (vessel & ndimage.binary_dilation(truth)).any():
            strokes += _drawn(case, k, [_along(vessel & near, spacing)], False, truth, rng)
    return strokes


def corrective_stroke(case: DifficultCase, mask: sitk.Image, seed: int = 0) -> DrawnStroke | None:
    """A stroke along the largest patch of voxels in one axial slice that a mask has wrong; None for a perfect mask.

    Parameters
    ----------
    mask : on the frames' 3-D grid; not 0 is lesion.

    Raises
    ------
    InputError : the mask lies on another grid.
    """
    check_same_grid(case.truth, mask, "truth", "mask")
    truth = _array(case.truth)
    wrong = _array(mask) != truth
    if not wrong.any():
        return None
    patches = np.zeros(wrong.shape, np.int32)
    for inside in (True, False):
        found, _ = ndimage.label(wrong & (truth == inside), PLANE)
        patches[found > 0] = found[found > 0] + patches.max()
    patch = patches == 1 + int(np.argmax(np.bincount(patches.ravel())[1:]))
    depth = _depth(patch, case)
    k, j, i = np.unravel_index(int(np.argmax(depth)), depth.shape)
    inside = bool(truth[k, j, i])
    spacing = case.truth.GetSpacing()[1], case.truth.GetSpacing()[0]
    rng = np.random.default_rng([case.seed, seed, 13])
    strokes = _drawn(case, int(k), [_along(patch[k], spacing)], inside, truth[k], rng)
    if strokes:
        return max(strokes, key=lambda stroke: len(stroke.points))
    # A patch too thin for a brush: its deepest voxel alone.
    return DrawnStroke(np.array([case.truth.TransformIndexToPhysicalPoint((int(i), int(j), int(k)))]), 0.0, inside)


def _array(mask: sitk.Image) -> np.ndarray:
    return sitk.GetArrayViewFromImage(mask) != 0


def _depth(region: np.ndarray, case: DifficultCase) -> np.ndarray:
    """mm from each voxel to the end of the region within its slice; the image's border ends it too."""
    spacing = case.truth.GetSpacing()[1], case.truth.GetSpacing()[0]
    padded = np.pad(region, ((0, 0), (1, 1), (1, 1)))
    return np.stack([ndimage.distance_transform_edt(plane, sampling=spacing)[1:-1, 1:-1] for plane in padded])


def _slices(truth: np.ndarray, count: int) -> list[int]:
    area = truth.sum(axis=(1, 2))
    shown = np.flatnonzero(area)
    step = max(1, round(len(shown) / 4))
    middle = int(np.argmax(area))
    asked = [middle, middle - step, middle + step][:count]
    return [int(k) for k in dict.fromkeys(int(np.clip(k, shown[0], shown[-1])) for k in asked)]


def _middle_line(alive: np.ndarray, truth: np.ndarray, spacing: tuple[float, float]) -> np.ndarray:
    """(n, 2) rows and columns of a line along the lesion, deep inside its living part where there is such a part."""
    for region, depth in ((alive, CORE_MM), (alive, 0.0), (truth, 0.0)):
        inner = region & (ndimage.distance_transform_edt(np.pad(region, 1), sampling=spacing)[1:-1, 1:-1] > depth)
        if inner.any():
            return _along(inner, spacing)
    return _along(truth, spacing)


def _along(region: np.ndarray, spacing: tuple[float, float]) -> np.ndarray:
    """(n, 2) rows and columns of the line that runs along the largest part of a region, through its middle."""
    labels, _ = ndimage.label(region, np.ones((3, 3)))
    part = np.argwhere(labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:])))
    at = part * np.array(spacing)
    direction = np.linalg.svd(at - at.mean(axis=0), full_matrices=False)[2][0]
    place = (at - at.mean(axis=0)) @ direction
    bins = np.floor((place - place.min()) / max(2.0, 2 * max(spacing))).astype(int)
    # The middle of each piece across the line, on the voxel of the region next to it.
    line = []
    for number in np.unique(bins):
        piece = at[bins == number]
        line.append(part[bins == number][np.argmin(np.linalg.norm(piece - piece.mean(axis=0), axis=1))])
    return np.array(line, float)


def _ring(truth: np.ndarray, spacing: tuple[float, float]) -> list[np.ndarray]:
    """(n, 2) rows and columns of a closed line outside the lesion's largest part."""
    labels, _ = ndimage.label(truth)
    body = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    j, i = np.argwhere(body).mean(axis=0)
    angle = np.linspace(0, 2 * np.pi, 73)
    far = np.arange(0, np.hypot(*truth.shape) * min(spacing), min(spacing) / 2)
    rows = j + np.outer(np.sin(angle), far) / spacing[0]
    columns = i + np.outer(np.cos(angle), far) / spacing[1]
    inside = ndimage.map_coordinates(body.astype(np.uint8), [rows, columns], order=0, mode="constant") > 0
    border = np.where(inside, far[None, :], 0).max(axis=1)
    border = ndimage.maximum_filter1d(border, 5, mode="wrap") + RING_MM
    return [np.stack([j + np.sin(angle) * border / spacing[0], i + np.cos(angle) * border / spacing[1]], axis=-1)]


def _drawn(
    case: DifficultCase, k: int, lines: list[np.ndarray], inside: bool, truth: np.ndarray, rng: np.random.Generator
) -> list[DrawnStroke]:
    """Strokes along lines (rows, columns) of a slice, in world mm, without the points at which the brush would touch
    the other class: a careful reader does not paint across the border."""
    spacing = case.truth.GetSpacing()[1], case.truth.GetSpacing()[0]
    other = cKDTree(np.argwhere(~truth if inside else truth) * np.array(spacing))
    strokes = []
    for line in lines:
        at = _dense(line, spacing)
        at = at + _tremor(rng, at, spacing)
        room = other.query(at * np.array(spacing))[0]
        within = ((at >= -0.5) & (at <= np.array(truth.shape) - 0.5)).all(axis=1)
        radius = LINE_RADIUS_MM if np.median(room) > LINE_RADIUS_MM + MARGIN_MM else THIN_RADIUS_MM
        good = within & (room > max(radius, np.hypot(*spacing) / 2) + MARGIN_MM)
        for run in np.split(np.arange(len(at)), np.flatnonzero(np.diff(good.astype(int))) + 1):
            if good[run[0]]:
                points = [case.truth.TransformContinuousIndexToPhysicalPoint((i, j, float(k))) for j, i in at[run]]
                strokes.append(DrawnStroke(np.array(points), radius, inside))
    return strokes


def _dense(line: np.ndarray, spacing: tuple[float, float]) -> np.ndarray:
    """A line with a point every mm."""
    if len(line) < 2:
        return line
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0) * spacing, axis=1))])
    at = np.append(np.arange(0, length[-1], STEP_MM), length[-1])
    return np.stack([np.interp(at, length, line[:, n]) for n in range(2)], axis=-1)


def _tremor(rng: np.random.Generator, line: np.ndarray, spacing: tuple[float, float]) -> np.ndarray:
    """Offsets (n, 2), rows and columns, of a hand that wanders by `HAND_MM`."""
    wander = ndimage.gaussian_filter1d(rng.standard_normal((len(line), 2)), 3.0, axis=0, mode="nearest")
    return HAND_MM * wander / max(float(wander.std()), 1e-3) / np.array(spacing)
