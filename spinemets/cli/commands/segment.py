"""`spinemets segment`: from an outline to a lesion."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from spinemets.cli.options import AsJson, OutFile, Overwrite, ProgressStyle, ShowProgress


class Method(str, Enum):
    """How the lesion is found inside the search box."""

    ncut = "ncut"
    grow = "grow"


def parse_point(text: str | None) -> tuple[float, float, float] | None:
    """`x,y,z` in LPS mm, as on the command line."""
    if text is None:
        return None
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"--seed-point {text!r} is not x,y,z in mm") from error
    return x, y, z


def segment(
    outline: Annotated[Path, typer.Option(metavar="MASK", help="Outline of the diseased segment, on its own grid.")],
    image: Annotated[Path, typer.Option(metavar="IMAGE", help="Image or dynamic series: a file or a DICOM folder.")],
    out: OutFile,
    method: Annotated[Method, typer.Option(help="Normalized cut and region growing, or growing alone.")] = Method.ncut,
    seed_point: Annotated[
        str | None, typer.Option(metavar="X,Y,Z", help="Point inside the lesion, LPS mm; default: found.")
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    progress: ShowProgress = ProgressStyle.bar,
) -> None:
    """Segment a lesion from an outline of the diseased segment.

    The outline, on its own sagittal grid, is carried to the image; normalized cut and region growing find the lesion
    around it.
    """
    from spinemets.cli.reporting import print_json, print_line, showing_progress
    from spinemets.geometry.files import read_mask, write_image
    from spinemets.geometry.grids import check_frame_of_reference, check_overlap
    from spinemets.outputs import check_writable_file
    from spinemets.segmentation.lesion import segment_lesion
    from spinemets.studies.opening import open_image

    point = parse_point(seed_point)
    check_writable_file(out, overwrite)
    drawn = read_mask(outline)
    picture = open_image(image)
    check_frame_of_reference(drawn, picture, str(outline), str(image))
    check_overlap(picture, drawn, str(image), str(outline))
    with showing_progress(progress) as report:
        lesion = segment_lesion(drawn, picture, method=method.value, seed_point=point, progress=report)
    write_image(lesion.mask, out, overwrite)
    if as_json:
        print_json({"out": str(out), **lesion.as_json()}, progress)
        return
    for warning in lesion.warnings:
        print_line(f"warning: {warning}")
    print_line(f"{out}: {lesion.describe()}")
