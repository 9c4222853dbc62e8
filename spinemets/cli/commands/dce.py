"""`spinemets dce`: kinetics of a dynamic contrast-enhanced series."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from spinemets.cli.options import AsJson, OutFolder, Overwrite, ProgressStyle, ShowProgress
from spinemets.cli.parsing import typer

if TYPE_CHECKING:
    import SimpleITK as sitk

    from spinemets.dce.concentration import SpoiledGradientEcho
    from spinemets.dce.input_functions import InputFunction
    from spinemets.dce.series import DynamicSeries


class Model(str, Enum):
    """Pharmacokinetic models."""

    tofts = "tofts"
    etofts = "etofts"
    patlak = "patlak"
    twocxm = "2cxm"


class Frames(str, Enum):
    """Between which frames a voxel's maps are computed."""

    hot_spot = "hot-spot"
    own = "own"


def dce(
    series: Annotated[Path, typer.Argument(metavar="IMG4D", help="Dynamic series: a 4-D file or a DICOM folder.")],
    out: OutFolder,
    times: Annotated[
        Path | None, typer.Option(help="Seconds of the frames, one a line; default: as DICOM says.")
    ] = None,
    mask: Annotated[Path | None, typer.Option(help="Lesion, on the series' grid.")] = None,
    roi: Annotated[Path | None, typer.Option(help="Hot spot, on the series' grid; default: found in the mask.")] = None,
    frames: Annotated[
        Frames, typer.Option(help="Measure each voxel between the hot spot's frames (as published) or its own.")
    ] = Frames.hot_spot,
    baseline_frames: Annotated[int, typer.Option(min=1, help="Frames before contrast whose mean is S0.")] = 1,
    injection: Annotated[float, typer.Option(help="Second of the injection on the clock of the times.")] = 0.0,
    register: Annotated[bool, typer.Option("--register", help="Move frames back that moved by over 0.5 mm.")] = False,
    pharmacokinetic: Annotated[Model | None, typer.Option(help="Also fit this model.")] = None,
    aif: Annotated[
        str,
        typer.Option(metavar="NAME|FILE", help="parker, weinmann, image, or a CSV of seconds and mmol/l in plasma."),
    ] = "parker",
    artery: Annotated[
        Path | None, typer.Option(help="Artery for --aif image, on the series' grid; default: found.")
    ] = None,
    tr: Annotated[float | None, typer.Option(metavar="MS", help="Repetition time.")] = None,
    flip_angle: Annotated[float | None, typer.Option(metavar="DEG", help="Flip angle.")] = None,
    t10: Annotated[str, typer.Option(metavar="S|IMAGE", help="T1 before contrast, or a map of it, in s.")] = "1.2",
    relaxivity: Annotated[float, typer.Option(help="Of the agent, l/(mmol s).")] = 4.5,
    delay: Annotated[
        float | None, typer.Option(metavar="S", help="Of the tissue behind the input function; default: fitted.")
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    progress: ShowProgress = ProgressStyle.bar,
) -> None:
    """Measure the kinetics of a dynamic series: hot spot, the maps, Ktrans.

    Writes wash_in.nii.gz and max_se.nii.gz (ratios to the signal before contrast), wash_out.nii.gz (%), hotspot.json;
    with --pharmacokinetic also ktrans, kep (1/min), ve, vp, fit_error and pharmacokinetics.json. Without --tr and
    --flip-angle relative enhancement stands for the concentration, and the result says so. Movement between the frames
    (of the mask and 25 mm around it, where one is given) is always measured and told.
    """
    from spinemets.cli.reporting import print_json, print_line, showing_progress
    from spinemets.dce.hot_spot import find_hot_spot, hot_spot_of_region
    from spinemets.dce.maps import parametric_maps
    from spinemets.dce.motion import motion_of, registered
    from spinemets.dce.time_course import TimeCourseRules
    from spinemets.geometry.files import write_image
    from spinemets.outputs import check_writable_folder, replacing_folder

    if (tr is None) != (flip_angle is None):
        raise typer.BadParameter("--tr and --flip-angle belong together")
    check_writable_folder(out, overwrite)
    dynamic = _opened(series, times)
    lesion = _region(mask, dynamic, series)
    sequence, t1 = _sequence(tr, flip_angle, relaxivity), _t10(t10)  # refused now, not after minutes
    rules = TimeCourseRules(baseline_frames=baseline_frames, injection_s=injection)
    warnings = list(dynamic.warnings)
    with showing_progress(progress) as report, replacing_folder(out, overwrite) as folder:
        motion = motion_of(dynamic, lesion, progress=report)
        warnings += motion.warnings
        if register:
            dynamic = registered(dynamic, motion, report)
        elif motion.moved.any():
            warnings.append("the frames were left where they are; --register moves them back")
        report("hot spot", 0, 3, "hot spot")
        if roi is not None:
            spot = hot_spot_of_region(dynamic, _region(roi, dynamic, series), rules, str(roi))
        else:
            if lesion is None:
                warnings.append("without a mask the hot spot is looked for everywhere; look at where it lies")
            spot = find_hot_spot(dynamic, lesion or _everywhere(dynamic), course_rules=rules)
        report("maps", 1, 3, "maps")
        found = parametric_maps(dynamic, spot.course if frames is Frames.hot_spot else None, rules)
        if found.undefined:
            warnings.append(f"{found.undefined} voxels have no signal to divide by and are 0 in the maps")
        images = dict(found.maps)
        done = {**motion.as_json(), "registered": bool(register and motion.moved.any())}
        facts: dict[str, object] = {**spot.as_json(), "motion": done, "warnings": [*spot.warnings, *warnings]}
        _write_json(facts, folder / "hotspot.json")
        if pharmacokinetic is not None:
            from spinemets.dce.rates import RateSettings, rate_maps

            function = _function(aif, artery, dynamic, sequence)
            settings = RateSettings(pharmacokinetic.value, function, sequence, t1, delay_s=delay)
            rates = rate_maps(dynamic, settings, lesion, report)
            images |= rates.maps
            facts["pharmacokinetics"] = rates.as_json()
            warnings += rates.warnings
            _write_json(rates.as_json(), folder / "pharmacokinetics.json")
        write_image(spot.region, folder / "hotspot.nii.gz")
        for number, (name, image) in enumerate(images.items()):
            report("write", number, len(images), name)
            write_image(image, folder / f"{name}.nii.gz")
    if as_json:
        print_json({"out": str(out), **facts}, progress)
        return
    for warning in (*spot.warnings, *warnings):
        print_line(f"warning: {warning}")
    course = spot.course
    print_line(
        f"{out}: wash-in {course.wash_in:.0%}, maximum {course.max_se:.0%}, "
        f"wash-out slope {course.wash_out:+.1f} % ({course.curve_type}); {len(images)} maps"
    )


def _opened(series: Path, times: Path | None) -> DynamicSeries:
    from spinemets.dce.series import dynamic_series
    from spinemets.studies.named_files import read_times_file
    from spinemets.studies.opening import open_image

    image = open_image(series)
    if times is None:
        return dynamic_series(image, name=str(series))
    frames = image.GetSize()[3] if image.GetDimension() == 4 else 1
    return dynamic_series(image, read_times_file(times, frames), str(series))


def _region(path: Path | None, dynamic: DynamicSeries, series: Path) -> sitk.Image | None:
    from spinemets.geometry.files import read_mask
    from spinemets.geometry.grids import check_frame_of_reference, check_same_grid

    if path is None:
        return None
    region = read_mask(path)
    check_frame_of_reference(dynamic.image, region, str(series), str(path))
    check_same_grid(dynamic.image, region, str(series), str(path))
    return region


def _everywhere(dynamic: DynamicSeries) -> sitk.Image:
    from spinemets.geometry.grids import first_frame

    return first_frame(dynamic.image) > 0


def _sequence(tr: float | None, flip_angle: float | None, relaxivity: float) -> SpoiledGradientEcho | None:
    from spinemets.dce.concentration import SpoiledGradientEcho

    return None if tr is None or flip_angle is None else SpoiledGradientEcho(tr, flip_angle, relaxivity)


def _t10(text: str) -> float | sitk.Image:
    from spinemets.geometry.files import read_image

    try:
        return float(text)
    except ValueError:
        return read_image(Path(text))


def _function(
    name: str, artery: Path | None, dynamic: DynamicSeries, sequence: SpoiledGradientEcho | None
) -> Callable[[float, float], InputFunction]:
    """What makes the input function once the bolus' arrival is known."""
    from spinemets.dce.arrival import arrival_curve, frames_before_contrast
    from spinemets.dce.arteries import find_artery, input_function_of
    from spinemets.dce.input_functions import parker, read_input_function, weinmann
    from spinemets.errors import InputError

    if name in ("parker", "weinmann"):
        return {"parker": parker, "weinmann": weinmann}[name]
    if name == "image":
        if sequence is None:
            raise InputError("--aif image", "needs the concentration in blood", "give --tr and --flip-angle")
        before = frames_before_contrast(arrival_curve(dynamic))
        where = _region(artery, dynamic, Path(dynamic.name)) or find_artery(dynamic, before)
        own = input_function_of(dynamic, where, sequence, slice(0, before))
    else:
        own = read_input_function(Path(name))
    return lambda arrival_s, until_s: own


def _write_json(content: object, path: Path) -> None:
    import json

    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
