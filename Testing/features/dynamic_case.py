"""A dynamic series made by hand, whose hot spot's numbers can be worked out on paper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from spinemets.geometry.files import write_image

TIMES = (0.0, 12.0, 25.0, 37.0, 50.0, 62.0, 74.0, 86.0, 98.0, 111.0, 123.0, 135.0)
# Steepest from 320 to 520 after 200 before contrast, highest 640 at 50 s, 560 at the end.
EARLY_PEAK = (200, 204, 320, 520, 640, 620, 610, 600, 590, 580, 570, 560)
EARLY_VALUES = {"wash_in": 1.0, "max_se": 2.2, "wash_out": -12.5}
# Highest 600 at 98 s, after 85 s: the wash-out begins at 67 s, where the line from 520 at 62 s to 544 at 74 s has 530.
LATE_PEAK = (200, 204, 300, 480, 500, 520, 544, 560, 600, 598, 590, 580)
LATE_VALUES = {"wash_in": 0.9, "max_se": 2.0, "wash_out": 100 * 50 / 530}
# Of the lesion round the hot spot, of what lies round the lesion, and of an artery beside it.
WEAK = (200, 200, 240, 260, 280, 282, 284, 284, 283, 282, 281, 280)
ROUND = (300, 300, 310, 320, 325, 326, 326, 327, 328, 328, 329, 330)
ARTERY = (100, 110, 900, 1400, 800, 700, 650, 600, 580, 570, 560, 550)
HOT_PLACE = np.array([16.0, -27.0, 33.0])  # LPS mm
LESION_PLACE, LESION_AXES = np.array([13.0, -24.0, 36.0]), np.array([13.0, 12.0, 15.0])
HOT_RADIUS = 8.0
OBLIQUE = np.array([[0.97, -0.2, 0.1], [0.2, 0.96, -0.15], [-0.06, 0.17, 0.98]])


def grid(axes: np.ndarray, size: tuple[int, int, int], spacing: tuple[float, float, float]) -> sitk.Image:
    """An empty image centred at the world's (10, -20, 30) mm with the columns of `axes` as its directions."""
    image = sitk.Image(size, sitk.sitkInt16)
    image.SetSpacing(spacing)
    image.SetDirection(axes.ravel().tolist())
    half = axes @ (np.array(spacing) * (np.array(size) - 1) / 2)
    image.SetOrigin((np.array([10.0, -20.0, 30.0]) - half).tolist())
    return image


def world_points(image: sitk.Image) -> np.ndarray:
    """World coordinates of all voxels, [z, y, x, 3]."""
    k, j, i = np.indices(image.GetSize()[::-1])
    steps = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    return np.stack([i, j, k], axis=-1) @ steps.T + np.array(image.GetOrigin())


def filled(empty: sitk.Image, values: np.ndarray) -> sitk.Image:
    made = sitk.GetImageFromArray(values)
    made.CopyInformation(empty)
    return made


def left_handed() -> np.ndarray:
    """Directions of an oblique grid whose slices are counted from head to foot."""
    axes = np.linalg.qr(OBLIQUE)[0]
    axes *= np.sign(np.sum(axes * OBLIQUE, axis=0))
    axes[:, 2] *= -1
    assert np.linalg.det(axes) < 0
    return axes


def hot_curve_series(curve: tuple[int, ...] = EARLY_PEAK) -> sitk.Image:
    """4-D, left-handed and oblique, without times: `curve` in a ball in the lesion, `WEAK` in the rest of it."""
    empty = grid(left_handed(), (36, 34, 16), (1.6, 1.7, 4.0))
    points = world_points(empty)
    frames = np.empty((len(curve), *points.shape[:3]), np.int16)
    inside = in_lesion(points)
    hot = inside & (np.linalg.norm(points - HOT_PLACE, axis=-1) <= HOT_RADIUS)
    artery = np.linalg.norm((points - [-8.0, -40.0, 0.0])[..., :2], axis=-1) <= 5.0
    for frame, values in enumerate(zip(ROUND, ARTERY, WEAK, curve, strict=True)):
        frames[frame] = np.select([hot, inside, artery], [values[3], values[2], values[1]], values[0])
    return sitk.JoinSeries([filled(empty, frame) for frame in frames])


def in_lesion(points: np.ndarray) -> np.ndarray:
    return np.asarray(np.sum(((points - LESION_PLACE) / LESION_AXES) ** 2, axis=-1) <= 1)


def lesion_mask() -> sitk.Image:
    """On an axial grid of other voxels than the series'."""
    empty = grid(np.eye(3), (60, 64, 40), (1.0, 0.9, 1.5))
    return filled(empty, in_lesion(world_points(empty)).astype(np.uint8))


def write_dynamic_cohort(folder: Path, curves: tuple[tuple[int, ...], ...], times: tuple[float, ...] = TIMES) -> Path:
    """A case a curve, with the times in a text file that the table names; returns the table."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "seconds.txt").write_text("\n".join(map(str, times)) + "\n")
    write_image(lesion_mask(), folder / "lesion.nrrd")
    rows = ["case,lesion,dce,mask,times_dce,label"]
    for number, curve in enumerate(curves):
        write_image(hot_curve_series(curve), folder / f"series_{number}.nrrd")
        rows.append(f"p{number},1,series_{number}.nrrd,lesion.nrrd,seconds.txt,{number % 2}")
    table = folder / "cohort.csv"
    table.write_text("\n".join(rows) + "\n")
    return table
