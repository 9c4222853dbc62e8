"""`spinemets unpack`: a study's images as plain files, for a program that reads them at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from spinemets.cli.options import OutFolder, ProgressStyle, ShowProgress
from spinemets.cli.parsing import typer


def unpack(
    study: Annotated[list[Path], typer.Argument(help="DICOM folder, folder of named images, or image files.")],
    out: OutFolder,
    series: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="Series to write, any number; default: all with a role.")
    ] = None,
    progress: ShowProgress = ProgressStyle.bar,
) -> None:
    """Write each series of a study as one uncompressed NRRD file, with study.json, the list of what they are."""
    from spinemets.cli.reporting import print_json, showing_progress
    from spinemets.outputs import check_writable_folder
    from spinemets.studies.scanning import scan_study
    from spinemets.studies.unpacking import unpack_study

    check_writable_folder(out)
    with showing_progress(progress) as report:
        report("scan", 0, 1)
        found = scan_study(study[0] if len(study) == 1 else study)
        out.mkdir(parents=True, exist_ok=True)
        listed = unpack_study(found, out, series or None, report)
    print_json(
        {"out": str(out), "series": len(listed["series"]), "read": sum(map(_has_image, listed["series"]))}, progress
    )


def _has_image(entry: dict[str, object]) -> bool:
    return bool(entry["image"])
