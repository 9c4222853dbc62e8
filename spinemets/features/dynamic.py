"""What is measured of a dynamic series in a lesion: its hot spot's curve, and the maps between that curve's frames.

Lang 2019, sections 2.3 and 2.4: wash-in, maximum enhancement and wash-out of the hot spot; 33 features of each map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk

from spinemets.dce.hot_spot import HotSpot, find_hot_spot, hot_spot_at
from spinemets.dce.maps import parametric_maps
from spinemets.dce.series import LONGEST_S, SHORTEST_S, DynamicSeries, dynamic_series
from spinemets.dce.time_course import TimeCourse, TimeCourseRules
from spinemets.dce.wanted import DYNAMIC_ROLE, HOT_SPOT_VALUES, HotSpotInput, Kinetics
from spinemets.errors import InputError
from spinemets.features.extraction import extract
from spinemets.features.settings import Settings
from spinemets.geometry.grids import crop_to_mask


@dataclass(frozen=True, eq=False)
class KineticFindings:
    """What was measured: the hot spot, and the features by name. found_by : "rules" or "reader"."""

    spot: HotSpot
    found_by: str
    features: dict[str, float]
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As `hot_spot` of result.json."""
        course = self.spot.course
        told = course.as_json()
        moments = {
            name: None if moment is None else {"signal": moment[0], "time_s": moment[1]}
            for name, moment in course.moments.items()
        }
        return {
            "role": DYNAMIC_ROLE,
            "found_by": self.found_by,
            "point_lps_mm": list(self.spot.centre),
            "voxels": int(np.count_nonzero(sitk.GetArrayViewFromImage(self.spot.region))),
            **{name: told[name] for name in (*HOT_SPOT_VALUES, "curve_type", "wash_out_from", "frames", "rules")},
            "units": dict(HOT_SPOT_VALUES),
            "times_s": told["times"],
            "signal": told["signal"],
            "moments": moments,
            "excluded": dict(self.spot.excluded),
        }


def kinetic_findings(
    image: sitk.Image,
    lesion: sitk.Image,
    kinetics: Kinetics,
    settings: Settings | None = None,
    crop_margin_mm: float | None = None,
    given: HotSpotInput | None = None,
) -> KineticFindings:
    """Measure a dynamic series in a lesion.

    Parameters
    ----------
    image : 4-D, with the seconds of its frames in its metadata (`geometry.grids.frame_times`).
    lesion : mask on the grid of its frames.
    settings : of the maps' features. crop_margin_mm : the maps are cropped to the lesion and so much round it first.

    Raises
    ------
    InputError : no dynamic series, no times or times that cannot be seconds, no signal before contrast, a curve that
        does not reach the times that the rules need, or maps that have no features.
    """
    given = given or HotSpotInput()
    series = dynamic_series(image, name="dynamic series")
    _check_seconds(series)
    rules = given.applied_to(kinetics.rules)
    if given.place is None:
        spot = find_hot_spot(series, lesion, course_rules=rules)
    else:
        spot = hot_spot_at(series, given.place, lesion, course_rules=rules)
    found: dict[str, float] = {}
    if kinetics.hot_spot:
        found |= {name: float(getattr(spot.course, name)) for name in HOT_SPOT_VALUES}
    if kinetics.maps:
        found |= map_features(series, lesion, spot.course, settings or Settings(), crop_margin_mm)
    warnings = (*series.warnings, *spot.warnings, *_without_signal(series, lesion, rules))
    return KineticFindings(spot, "rules" if given.place is None else "reader", found, warnings)


def map_features(
    series: DynamicSeries,
    lesion: sitk.Image,
    course: TimeCourse,
    settings: Settings,
    crop_margin_mm: float | None = None,
) -> dict[str, float]:
    """Features of the three maps in the lesion, named `dce_wash_in_original_glcm_Contrast`.

    Every voxel is measured between the frames of the hot spot's `course`, as published.

    Raises
    ------
    InputError : the features cannot be computed; the map is named.
    """
    found: dict[str, float] = {}
    for name, image in parametric_maps(series, course).maps.items():
        mask = lesion
        if crop_margin_mm is not None:
            image, mask = (crop_to_mask(one, lesion, crop_margin_mm) for one in (image, lesion))
        try:
            values = extract(image, mask, settings)
        except InputError as error:
            raise InputError(f"map {name}: {error.what}", error.why, error.remedy) from error
        found |= {f"{DYNAMIC_ROLE}_{name}_{feature}": float(value) for feature, value in values.items()}
    return found


def _check_seconds(series: DynamicSeries) -> None:
    """A curve timed in minutes or milliseconds would be read without complaint, and give other numbers."""
    lasts = float(series.times[-1] - series.times[0])
    if not SHORTEST_S <= lasts <= LONGEST_S:
        raise InputError(
            series.name, f"lasts {lasts:g} s by its times, which cannot be right", "give the seconds of its frames"
        )


def _without_signal(series: DynamicSeries, lesion: sitk.Image, rules: TimeCourseRules) -> tuple[str, ...]:
    """Voxels that no ratio can be made of; they are 0 in the maps."""
    z, y, x = np.nonzero(sitk.GetArrayViewFromImage(lesion))
    before = series.signals[: rules.baseline_frames, z, y, x].mean(axis=0, dtype=np.float64)
    count = int(np.count_nonzero(before <= 0))
    return (f"{count} of the lesion's {len(z)} voxels have no signal before contrast",) if count else ()
