"""Where a lesion enhances most avidly, and its curve there.

Lang 2019, section 2.3: a region on the strongest enhancement that excludes cystic lesions, calcification, necrosis and
haemorrhage. A radiologist places it by hand; what stands here finds a place by rules that are our own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.dce.series import DynamicSeries
from spinemets.dce.time_course import TimeCourse, TimeCourseRules, read_time_course
from spinemets.errors import InputError
from spinemets.geometry.grids import check_same_grid, copy_frame_of_reference, first_frame


@dataclass(frozen=True)
class HotSpotRules:
    """How a hot spot is found; all our own choice.

    The region is a ball of `radius_mm`, at least one voxel, inside the lesion. Its voxels hold none of

    * vessels: the enhancement before `early_share` of the frames after contrast is over exceeds `vessel_overshoot`
      times that at the end, for blood's first pass is higher than any tissue's;
    * necrosis and cysts: the maximum enhancement is below `necrosis_se`;
    * haemorrhage: the signal before contrast exceeds `haemorrhage_ratio` times the lesion's median.
    """

    radius_mm: float = 4.0
    early_share: float = 0.5
    vessel_overshoot: float = 1.4
    necrosis_se: float = 0.2
    haemorrhage_ratio: float = 2.0


@dataclass(frozen=True, eq=False)
class HotSpot:
    """A hot spot: where it is, and what its curve says.

    Attributes
    ----------
    region : uint8 mask on the series' 3-D grid.
    centre : LPS mm, mean of its voxels' centres.
    course : of the mean signal in it.
    excluded : number of the lesion's voxels that each rule kept out.
    warnings : sentences.
    """

    region: sitk.Image
    centre: tuple[float, float, float]
    course: TimeCourse
    excluded: dict[str, int]
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Everything but the region's voxels."""
        voxels = int(np.count_nonzero(sitk.GetArrayViewFromImage(self.region)))
        return {
            **self.course.as_json(),
            "centre": list(self.centre),
            "voxels": voxels,
            "excluded": dict(self.excluded),
            "warnings": list(self.warnings),
        }


def hot_spot_of_region(
    series: DynamicSeries, region: sitk.Image, rules: TimeCourseRules | None = None, name: str = "region"
) -> HotSpot:
    """The hot spot that someone has drawn: a mask on the series' grid.

    Raises
    ------
    InputError : another grid, no voxels, or a curve that cannot be read.
    """
    check_same_grid(series.image, region, series.name, name)
    inside = sitk.GetArrayViewFromImage(region) != 0
    if not inside.any():
        raise InputError(name, "has no voxel", "draw the hot spot first")
    return _hot_spot(series, inside, {}, (), rules or TimeCourseRules())


def hot_spot_at(
    series: DynamicSeries,
    place: Sequence[float],
    lesion: sitk.Image | None = None,
    rules: HotSpotRules | None = None,
    course_rules: TimeCourseRules | None = None,
) -> HotSpot:
    """The hot spot that a reader has placed: the ball round the voxel that holds a point.

    Only its size follows the rules: the reader sees what is vessel or necrosis. Of a lesion, the voxels inside it
    count; where the ball lies outside of it altogether, the whole ball is measured, with a warning.

    Parameters
    ----------
    place : LPS mm.
    lesion : mask on the series' 3-D grid.

    Raises
    ------
    InputError : the point lies outside the series, the mask on another grid, or the curve cannot be read.
    """
    rules = rules or HotSpotRules()
    grid = first_frame(series.image)
    index = np.floor(np.array(grid.TransformPhysicalPointToContinuousIndex(list(place))) + 0.5).astype(int)
    if (index < 0).any() or (index >= grid.GetSize()).any():
        raise InputError("hot spot", "lies outside of the dynamic series", "move it back into the lesion")
    ball = _ball(rules.radius_mm, grid.GetSpacing())
    inside = _placed(ball, tuple(index[::-1].tolist()), grid.GetSize()[::-1])
    warnings: tuple[str, ...] = ()
    if lesion is not None:
        check_same_grid(series.image, lesion, series.name, "lesion")
        in_lesion = inside & (sitk.GetArrayViewFromImage(lesion) != 0)
        if in_lesion.any():
            inside = in_lesion
        else:
            warnings = ("the hot spot lies outside of the lesion",)
    return _hot_spot(series, inside, {}, warnings, course_rules or TimeCourseRules())


def find_hot_spot(
    series: DynamicSeries,
    lesion: sitk.Image,
    rules: HotSpotRules | None = None,
    course_rules: TimeCourseRules | None = None,
) -> HotSpot:
    """The most avid ball inside a lesion: the highest mean of the voxels' maximum enhancement.

    Parameters
    ----------
    lesion : mask on the series' 3-D grid.

    Raises
    ------
    InputError : another grid, no voxels, no signal before contrast, or a curve that cannot be read.
    """
    rules, course_rules = rules or HotSpotRules(), course_rules or TimeCourseRules()
    check_same_grid(series.image, lesion, series.name, "lesion")
    inside = sitk.GetArrayViewFromImage(lesion) != 0
    if not inside.any():
        raise InputError("lesion", "has no voxel", "segment the lesion first")
    box = ndimage.find_objects(inside.astype(np.uint8))[0]
    within = inside[box]
    before, peak, late = _phases(series, box, course_rules.baseline_frames, rules.early_share)
    if not float(np.median(before[within])) > 0:
        raise InputError(
            "lesion", "has no signal before contrast in most of its voxels", "check the frames' order and the mask"
        )
    # Where there is almost no signal to divide by (air, cortical bone) the ratio is noise: it is damped.
    reference = before.clip(min=0.05 * float(np.median(before[within])))
    top = np.asarray(np.maximum(peak, late) / reference, np.float32)
    unfit = {
        "vessel": peak
        > np.float32(rules.vessel_overshoot) * late.clip(min=0) + np.float32(rules.necrosis_se) * reference,
        "necrosis": top < rules.necrosis_se,
        "haemorrhage": before > rules.haemorrhage_ratio * float(np.median(before[within])),
    }
    fit = within & ~np.any(list(unfit.values()), axis=0)
    excluded = {name: int(np.count_nonzero(voxels & within)) for name, voxels in unfit.items()}
    warnings: tuple[str, ...] = ()
    if not fit.any():
        warnings = ("every voxel of the lesion looks like vessel, necrosis or haemorrhage; look at the hot spot",)
        fit = within
    ball = _ball(rules.radius_mm, series.image.GetSpacing()[:3])
    centre = _most_avid(top, fit, ball)
    chosen = np.zeros(inside.shape, bool)
    chosen[box] = _placed(ball, centre, fit.shape) & fit
    return _hot_spot(series, chosen, excluded, warnings, course_rules)


def _phases(
    series: DynamicSeries, box: tuple[slice, ...], n_before: int, early_share: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Signal before contrast, highest rise above it in the early frames, and mean rise in the last quarter."""
    signals = series.signals[(slice(None), *box)].astype(np.float32)
    before = signals[:n_before].mean(axis=0)
    after = len(signals) - n_before
    early = max(1, int(np.ceil(after * early_share)))
    peak = signals[n_before : n_before + early].max(axis=0) - before
    late = signals[-max(1, after // 4) :].mean(axis=0) - before
    return before, peak, late


def _ball(radius_mm: float, spacing: tuple[float, ...]) -> NDArray[np.bool_]:
    """Voxels [z, y, x] whose centres lie within the radius of the middle one."""
    reach = [int(radius_mm / step) for step in spacing[::-1]]
    offsets = np.ogrid[tuple(slice(-n, n + 1) for n in reach)]
    return np.asarray(sum((o * s) ** 2 for o, s in zip(offsets, spacing[::-1])) <= radius_mm**2 + 1e-9)


def _most_avid(top: NDArray[np.float32], fit: NDArray[np.bool_], ball: NDArray[np.bool_]) -> tuple[int, ...]:
    """Index of the ball of highest mean; one that holds few fit voxels counts by the share of them that it holds."""
    kernel = ball.astype(np.float64)
    total = ndimage.correlate(np.where(fit, top, 0).astype(np.float64), kernel, mode="constant")
    score = np.where(fit, total / kernel.sum(), -np.inf)
    return tuple(int(n) for n in np.unravel_index(int(np.argmax(score)), top.shape))


def _placed(ball: NDArray[np.bool_], centre: tuple[int, ...], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    placed = np.zeros(shape, bool)
    reach = [n // 2 for n in ball.shape]
    lows = [c - r for c, r in zip(centre, reach)]
    target = tuple(slice(max(0, low), min(n, low + b)) for low, n, b in zip(lows, shape, ball.shape))
    source = tuple(slice(t.start - low, t.stop - low) for t, low in zip(target, lows))
    placed[target] = ball[source]
    return placed


def _hot_spot(
    series: DynamicSeries,
    inside: NDArray[np.bool_],
    excluded: dict[str, int],
    warnings: tuple[str, ...],
    rules: TimeCourseRules,
) -> HotSpot:
    region = sitk.GetImageFromArray(inside.astype(np.uint8))
    region.CopyInformation(first_frame(series.image))
    copy_frame_of_reference(series.image, region)
    middle = np.argwhere(inside).mean(axis=0)[::-1]
    centre = region.TransformContinuousIndexToPhysicalPoint(middle.tolist())
    course = read_time_course(series.curve(inside), series.times, rules)
    return HotSpot(region, centre, course, excluded, warnings)
