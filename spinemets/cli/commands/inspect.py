"""`spinemets inspect`: which series a study has, and what each is for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from spinemets.cli.options import AsJson
from spinemets.cli.parsing import typer


def inspect(
    path: Annotated[list[Path], typer.Argument(help="DICOM folder, folder of named images, or image files.")],
    as_json: AsJson = False,
) -> None:
    """List a study's series with role, plane, reason and confidence."""
    from spinemets.cli.reporting import print_json, print_line, print_table
    from spinemets.studies.scanning import as_json as study_as_json
    from spinemets.studies.scanning import scan_study

    study = scan_study(path[0] if len(path) == 1 else path)
    if as_json:
        print_json(study_as_json(study))
        return
    rows = [
        [
            str(series.number or ""),
            series.role,
            f"{series.plane} {series.obliquity:.0f}°" if series.obliquity >= 1 else series.plane,
            f"{series.confidence:.0%}",
            " x ".join(str(n) for n in series.size) + (f" x {series.n_frames}" if series.n_frames > 1 else ""),
            f"{series.description} {series.part}".strip(),
            series.reason,
        ]
        for series in study.series
    ]
    print_table(
        f"{study.patient_id or 'no patient identifier'}  {study.description}  {study.date}",
        ["no", "role", "plane", "sure", "size", "description", "because"],
        rows,
    )
    for warning in study.warnings:
        print_line(f"warning: {warning}")
