"""`spinemets features`: the named features of one image under one mask."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

from spinemets.cli.options import OutFile, Overwrite
from spinemets.cli.parsing import typer


class Mode(str, Enum):
    """Whose definitions the features follow."""

    pyradiomics = "pyradiomics"
    ibsi = "ibsi"


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
    overwrite: Overwrite = False,
) -> None:
    """Compute radiomics features and write them as a table of one row."""
    from dataclasses import replace

    from spinemets.cli.reporting import print_line
    from spinemets.errors import InputError
    from spinemets.features.extraction import extract, extract_features
    from spinemets.features.parameter_file import read_settings
    from spinemets.features.preparation import nearest_on_grid
    from spinemets.geometry.files import read_mask
    from spinemets.geometry.grids import check_frame_of_reference, check_overlap
    from spinemets.outputs import check_writable_file
    from spinemets.studies.opening import open_image

    if bin_width is not None and bin_count is not None:
        raise typer.BadParameter("--bin-width and --bin-count exclude each other")
    for name, value in (("--bin-width", bin_width), ("--spacing", spacing)):
        if value is not None and not 0 < value < float("inf"):
            raise typer.BadParameter(f"{name} must be a number above 0")
    if settings_file is not None and (bin_width, bin_count, spacing, feature_set) != (None, None, None, "107"):
        raise typer.BadParameter("--settings says what --set, --bin-width, --bin-count and --spacing would")
    check_writable_file(out, overwrite)
    settings = read_settings(settings_file) if settings_file is not None else None
    picture = open_image(image)
    if picture.GetDimension() != 3:
        raise InputError(image, "has a time axis", "choose one frame of the dynamic series")
    region = read_mask(mask, label if settings is None or label is not None else settings.label)
    check_frame_of_reference(picture, region, str(image), str(mask))
    check_overlap(picture, region, str(image), str(mask))
    if carry:
        region = nearest_on_grid(region, picture)
    if settings is not None:
        values = extract(picture, region, replace(settings, label=None))
    else:
        values = extract_features(
            picture,
            region,
            feature_set=feature_set,
            mode=mode.value,
            bin_width=25.0 if bin_width is None else bin_width,
            bin_count=bin_count,
            spacing=spacing,
        )
    write_feature_row(values, out, overwrite)
    print_line(f"{out}: {len(values)} features")


def write_feature_row(values: dict[str, float], path: Path, overwrite: bool) -> None:
    """Write a header and one row, every number with all its digits."""
    import csv

    from spinemets.outputs import replacing_file

    with replacing_file(path, overwrite) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(values)
        table.writerow(repr(float(value)) for value in values.values())
