"""`spinemets features`: the named features of one image under one mask, or the map of one of them."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from spinemets.cli.options import OutFile, Overwrite
from spinemets.cli.parsing import typer

if TYPE_CHECKING:
    import SimpleITK as sitk

    from spinemets.features.settings import Settings

DEFAULT_BIN_WIDTH = 25.0


class Mode(str, Enum):
    """Whose definitions the features follow."""

    pyradiomics = "pyradiomics"
    ibsi = "ibsi"


class Engine(str, Enum):
    """Who computes."""

    spinemets = "spinemets"
    pyradiomics = "pyradiomics"


def features(
    image: Annotated[Path, typer.Argument(help="Image: a file or a DICOM folder with one series.")],
    mask: Annotated[Path, typer.Argument(help="Mask on the image's grid.")],
    out: OutFile,
    feature_set: Annotated[
        str, typer.Option("--set", metavar="NAME", help="Set of features: 107, 851, 1409, 1409-log or lang-2019.")
    ] = "107",
    settings_file: Annotated[
        Path | None,
        typer.Option("--settings", metavar="YAML", help="Features and settings of one's own, as pyradiomics has them."),
    ] = None,
    mode: Annotated[Mode, typer.Option(help="Definitions to follow.")] = Mode.pyradiomics,
    bin_width: Annotated[float | None, typer.Option(help="Width of a grey-level bin (default 25).")] = None,
    bin_count: Annotated[int | None, typer.Option(min=1, help="Number of grey-level bins, instead of a width.")] = None,
    spacing: Annotated[float | None, typer.Option(help="Resample to voxels of this size, mm.")] = None,
    label: Annotated[int | None, typer.Option(help="Label to use, of a mask with several; default: all.")] = None,
    carry: Annotated[
        bool, typer.Option("--carry", help="Carry a mask from another grid by nearest neighbour, not refuse it.")
    ] = False,
    each_label: Annotated[
        bool, typer.Option("--each-label", help="A row for each label of the mask, for several lesions.")
    ] = False,
    engine: Annotated[Engine, typer.Option(help="SpineMets' own engine, or pyradiomics where it is installed.")] = (
        Engine.spinemets
    ),
    compare: Annotated[
        bool, typer.Option("--compare-engines", help="Compute with pyradiomics too, and tell what differs.")
    ] = False,
    feature: Annotated[
        str | None,
        typer.Option("--map", metavar="FEATURE", help="Write an image of this feature in a moving window instead."),
    ] = None,
    window: Annotated[float | None, typer.Option(metavar="MM", help="Width of the window (default: 3 voxels).")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Compute radiomics features and write them as a table of one row.

    With --map the output is an image on the image's grid: at each voxel of the mask, the feature of those voxels of the
    mask that are within the window round it; 0 elsewhere. FEATURE is a column's name, such as original_glcm_Contrast.
    With --each-label the table has a row for each lesion, and begins with a column `label`. With --compare-engines
    pyradiomics 3.0.1, where this Python has it, measures the same, and values that differ by more than 1e-9 are told.
    """
    from dataclasses import replace

    from spinemets.cli.reporting import print_line
    from spinemets.errors import InputError
    from spinemets.features.comparison import compare_engines, pyradiomics_features
    from spinemets.features.extraction import extract
    from spinemets.outputs import check_writable_file
    from spinemets.studies.opening import open_image

    if bin_width is not None and bin_count is not None:
        raise typer.BadParameter("--bin-width and --bin-count exclude each other")
    for name, value in (("--bin-width", bin_width), ("--spacing", spacing), ("--window", window)):
        if value is not None and not 0 < value < float("inf"):
            raise typer.BadParameter(f"{name} must be a number above 0")
    if settings_file is not None and (bin_width, bin_count, spacing, feature_set) != (None, None, None, "107"):
        raise typer.BadParameter("--settings says what --set, --bin-width, --bin-count and --spacing would")
    if feature is None and window is not None:
        raise typer.BadParameter("--window is of a --map")
    if feature is not None and (each_label or compare or feature_set != "107" or engine is Engine.pyradiomics):
        raise typer.BadParameter("--map excludes --set, --each-label, --engine and --compare-engines")
    check_writable_file(out, overwrite)
    if each_label and (label is not None or compare):
        raise typer.BadParameter("--each-label excludes --label and --compare-engines")
    settings = settings_given(settings_file, feature_set, spacing, mode, bin_width, bin_count)
    picture = open_image(image)
    if picture.GetDimension() != 3:
        raise InputError(image, "has a time axis", "choose one frame of the dynamic series")
    labels = labels_of(mask) if each_label else [settings.label if label is None else label]
    rows = {}
    for one in labels:
        region = mask_of(picture, mask, one, carry or settings.carry, str(image))
        alone = replace(settings, label=None)
        if feature is not None:
            write_map(picture, region, feature, alone, window, out, overwrite)
            return
        if compare:
            print_comparison(*compare_engines(picture, region, alone))
        measure = pyradiomics_features if engine is Engine.pyradiomics else extract
        rows[one] = measure(picture, region, alone)
    write_feature_rows(rows, out, overwrite, with_label=each_label)
    lesions = f" of each of {len(rows)} lesions" if each_label else ""
    print_line(f"{out}: {len(next(iter(rows.values())))} features{lesions}")


def settings_given(
    file: Path | None,
    feature_set: str,
    spacing: float | None,
    mode: Mode,
    bin_width: float | None,
    bin_count: int | None,
) -> Settings:
    """Settings of the file, or of the options."""
    from spinemets.features.extraction import settings_of
    from spinemets.features.parameter_file import read_settings

    if file is not None:
        return read_settings(file)
    return settings_of(
        feature_set, spacing, mode=mode.value, bin_width=bin_width or DEFAULT_BIN_WIDTH, bin_count=bin_count
    )


def mask_of(picture: sitk.Image, mask: Path, label: int | None, carry: bool, image_name: str) -> sitk.Image:
    """The mask's label, checked against the image and carried to its grid where that is asked for."""
    from spinemets.features.preparation import nearest_on_grid
    from spinemets.geometry.files import read_mask
    from spinemets.geometry.grids import check_frame_of_reference, check_overlap

    region = read_mask(mask, label)
    check_frame_of_reference(picture, region, image_name, str(mask))
    check_overlap(picture, region, image_name, str(mask))
    return nearest_on_grid(region, picture) if carry else region


def write_map(
    picture: sitk.Image,
    region: sitk.Image,
    feature: str,
    settings: Settings,
    window: float | None,
    out: Path,
    overwrite: bool,
) -> None:
    """Write the image of a feature in a moving window."""
    import SimpleITK as sitk

    from spinemets.cli.reporting import print_line
    from spinemets.features.maps import feature_map
    from spinemets.geometry.files import check_image_name, write_image

    check_image_name(out)
    found = feature_map(picture, region, feature, settings, window_mm=window)
    write_image(sitk.Cast(found, sitk.sitkFloat32), out, overwrite)
    print_line(f"{out}: {feature} in a window of {'3 voxels' if window is None else f'{window:g} mm'}")


def labels_of(mask: Path) -> list[int | None]:
    """Labels of a mask's lesions, ascending."""
    import numpy as np
    import SimpleITK as sitk

    from spinemets.errors import InputError
    from spinemets.geometry.files import read_image

    image = read_image(mask)  # kept, since the view below does not keep it
    values = np.unique(sitk.GetArrayViewFromImage(image))
    labels: list[int | None] = [int(value) for value in values if value]
    if not labels:
        raise InputError(mask, "is a mask without voxels", "draw or choose another mask")
    return labels


def print_comparison(count: int, differ: dict[str, tuple[float, float]]) -> None:
    """Tell how many features both engines have and which are not equal."""
    from spinemets.cli.reporting import print_line

    print_line(f"pyradiomics: {count} features of both engines, {len(differ)} differ by more than 1e-9")
    for name, (ours, theirs) in differ.items():
        print_line(f"{name}: {ours!r}, pyradiomics {theirs!r}")


def write_feature_rows(rows: dict[int | None, dict[str, float]], path: Path, overwrite: bool, with_label: bool) -> None:
    """Write a header and a row a lesion, every number with all its digits."""
    import csv

    from spinemets.outputs import replacing_file

    first = ["label"] if with_label else []
    with replacing_file(path, overwrite) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([*first, *next(iter(rows.values()))])
        for label, values in rows.items():
            table.writerow([*([label] if with_label else []), *(repr(float(value)) for value in values.values())])
