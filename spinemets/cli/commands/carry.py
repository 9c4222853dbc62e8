"""`spinemets carry`: a mask to another image's grid."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

from spinemets.cli.options import OutFile, Overwrite
from spinemets.cli.parsing import typer


class Interpolation(str, Enum):
    """How the mask is looked up between its voxels."""

    linear = "linear"
    nearest = "nearest"


def carry(
    mask: Annotated[Path, typer.Argument(help="Mask to carry: NIfTI, NRRD, MHA, or DICOM SEG.")],
    reference: Annotated[
        Path, typer.Argument(help="Image whose grid the mask is wanted on: a file or a DICOM folder.")
    ],
    out: OutFile,
    threshold: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="A voxel belongs to the mask from this value up.")
    ] = 0.5,
    interpolation: Annotated[
        Interpolation, typer.Option(help="Look-up between the mask's voxels.")
    ] = Interpolation.linear,
    label: Annotated[int | None, typer.Option(help="Label to carry, of a mask with several; default: all.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Carry a mask to another image's grid through world space.

    Every voxel of the other image is looked up in the mask, so that a finer grid has no holes.
    """
    from spinemets.cli.reporting import print_line
    from spinemets.errors import InputError
    from spinemets.geometry.carrying import carry_mask
    from spinemets.geometry.files import read_mask, write_image
    from spinemets.geometry.grids import check_frame_of_reference, check_overlap
    from spinemets.geometry.sizes import volume_ml
    from spinemets.outputs import check_writable_file
    from spinemets.studies.opening import open_image

    if threshold <= 0:
        raise typer.BadParameter("--threshold must lie above 0, else every voxel belongs to the mask")
    check_writable_file(out, overwrite)
    source = read_mask(mask, label)
    target = open_image(reference)
    check_frame_of_reference(source, target, str(mask), str(reference))
    check_overlap(target, source, str(reference), str(mask))
    carried = carry_mask(source, target, threshold=threshold, interpolation=interpolation.value)
    volume = volume_ml(carried)
    if volume == 0:
        raise InputError(mask, f"has no voxel on the grid of {reference}", "lower --threshold, or choose another image")
    write_image(carried, out, overwrite)
    print_line(f"{out}: {volume:.2f} ml (was {volume_ml(source):.2f} ml)")
