"""Pharmacokinetic maps of a series: which voxels, which input function, which delay, and what became of each voxel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from spinemets.dce.arrival import arrival_curve, fit_delay, frames_before_contrast
from spinemets.dce.concentration import Concentrations, SpoiledGradientEcho, concentrations, relative_enhancement
from spinemets.dce.input_functions import InputFunction
from spinemets.dce.pharmacokinetics import Bounds, fit_model
from spinemets.dce.series import DynamicSeries
from spinemets.errors import InputError
from spinemets.geometry.grids import check_same_grid, copy_metadata, first_frame
from spinemets.progress import Progress, silent

UNITS = {"ktrans": "1/min", "kep": "1/min", "ve": "", "vp": "", "fp": "1/min", "ps": "1/min", "fit_error": "mmol/l"}
RELATIVE_UNITS = {"ktrans": "relative", "ve": "relative", "vp": "relative", "fit_error": "ratio"}
DELAY_STEP_S = 1.0
MOST_DELAYS = 90


@dataclass(frozen=True, eq=False)
class RateSettings:
    """How the rates are computed.

    Attributes
    ----------
    model : tofts, etofts, patlak or 2cxm.
    function : given the second at which the bolus arrives and the last second of the series, the input function.
    sequence : None where TR, flip angle or T1 are not known: relative enhancement stands for the concentration.
    t10_s : T1 before contrast, s: one number, or a 3-D image on the series' grid.
    baseline : frames before contrast; None: told from the curve of the voxels that rise most.
    delay_s : of the tissue behind the input function; None: fitted, one for all voxels.
    """

    model: str
    function: Callable[[float, float], InputFunction]
    sequence: SpoiledGradientEcho | None = None
    t10_s: float | sitk.Image = 1.2
    baseline: slice | None = None
    delay_s: float | None = None
    bounds: Bounds = field(default_factory=Bounds)

    def __post_init__(self) -> None:
        if self.delay_s is not None and not np.isfinite(self.delay_s):
            raise InputError("delay", "is no number", "give it in seconds, or leave it out to have it fitted")


@dataclass(frozen=True, eq=False)
class RateMaps:
    """Maps (float32 on the series' 3-D grid, 0 where nothing was fitted) and how they came about.

    Attributes
    ----------
    maps : the model's parameters, and `fit_error`.
    units : of each map; `relative` marks amounts that compare with nothing outside this series.
    summary : median of each map in the voxels that were fitted, and their number.
    """

    maps: Mapping[str, sitk.Image]
    units: Mapping[str, str]
    model: str
    input_function: str
    delay_s: float
    baseline_frames: int
    summary: dict[str, float]
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Everything but the maps."""
        return {
            "model": self.model,
            "input_function": self.input_function,
            "delay_s": self.delay_s,
            "baseline_frames": self.baseline_frames,
            "units": dict(self.units),
            "median": dict(self.summary),
            "warnings": list(self.warnings),
        }


def rate_maps(
    series: DynamicSeries, settings: RateSettings, mask: sitk.Image | None = None, progress: Progress = silent
) -> RateMaps:
    """Fit the model to every voxel of a mask, or of the series.

    Raises
    ------
    InputError : another grid, no voxel that can be fitted, an unknown model, or an input function that misses the
        series.
    """
    voxels = _voxels(series, mask)
    signals = np.ascontiguousarray(series.signals[:, voxels].T, np.float64)
    # From the whole series, since a lesion may enhance late or hardly at all.
    arrival = frames_before_contrast(arrival_curve(series))
    baseline = settings.baseline or slice(0, arrival)
    known = _concentrations(series, signals, settings, baseline, voxels)
    usable = ~known.unusable & ~known.saturated
    if not usable.any():
        raise InputError(series.name, "has no voxel whose signal gives a concentration", "check TR, flip angle and T1")
    interval = float(np.median(np.diff(series.times)))
    function = settings.function(float(series.times[arrival - 1]), float(series.times[-1]) + interval)
    delay = settings.delay_s
    if delay is None:
        progress("delay", 0, 1, "fitting the delay")
        step = max(DELAY_STEP_S, 3 * interval / MOST_DELAYS)
        tried = np.arange(-interval, 2 * interval + step / 2, step)
        delay = fit_delay(known.values[usable], series.times, function, settings.model, tried, settings.bounds)
    fit = fit_model(
        known.values[usable], series.times, function.delayed(delay), settings.model, settings.bounds, progress
    )
    fitted = voxels.copy()
    fitted[voxels] = usable
    values = {**fit.parameters, "fit_error": fit.fit_error}
    units = {name: (UNITS | (RELATIVE_UNITS if settings.sequence is None else {}))[name] for name in values}
    return RateMaps(
        maps={name: _image(each, fitted, series.image) for name, each in values.items()},
        units=units,
        model=settings.model,
        input_function=function.name,
        delay_s=float(delay),
        baseline_frames=len(range(*baseline.indices(len(series.times)))),
        summary={name: float(np.median(each)) for name, each in values.items()} | {"voxels": float(usable.sum())},
        warnings=_warnings(known, fit.at_bound, settings),
    )


def _voxels(series: DynamicSeries, mask: sitk.Image | None) -> NDArray[np.bool_]:
    if mask is None:
        return np.asarray((series.signals[0] > 0).copy())
    check_same_grid(series.image, mask, series.name, "mask")
    voxels = np.asarray(sitk.GetArrayViewFromImage(mask) != 0)
    if not voxels.any():
        raise InputError("mask", "has no voxel", "segment the lesion first")
    return voxels


def _concentrations(
    series: DynamicSeries,
    signals: NDArray[np.float64],
    settings: RateSettings,
    baseline: slice,
    voxels: NDArray[np.bool_],
) -> Concentrations:
    if settings.sequence is None:
        return relative_enhancement(signals, baseline)
    if isinstance(settings.t10_s, sitk.Image):
        check_same_grid(series.image, settings.t10_s, series.name, "T1 map")
        t10 = sitk.GetArrayViewFromImage(settings.t10_s)[voxels].astype(np.float64)
        return concentrations(signals, settings.sequence, t10, baseline)
    return concentrations(signals, settings.sequence, settings.t10_s, baseline)


def _warnings(known: Concentrations, at_bound: NDArray[np.bool_], settings: RateSettings) -> tuple[str, ...]:
    counts = (
        (known.unusable, "have no signal or no T1 before contrast and were left out"),
        (known.saturated, "have a signal that no concentration explains (saturated) and were left out"),
        (at_bound, "ended at a bound of the model, so their values are not determined"),
    )
    found = [f"{int(which.sum())} of {len(which)} voxels {what}" for which, what in counts if which.any()]
    if settings.sequence is None:
        found.insert(
            0,
            "relative enhancement stands for the concentration: amounts are relative, kep is too high",
        )
    return tuple(found)


def _image(values: NDArray[np.float64], where: NDArray[np.bool_], like: sitk.Image) -> sitk.Image:
    array = np.zeros(where.shape, np.float32)
    array[where] = values
    image = sitk.GetImageFromArray(array)
    image.CopyInformation(first_frame(like))
    return copy_metadata(like, image)
