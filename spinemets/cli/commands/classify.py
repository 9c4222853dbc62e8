"""`spinemets classify`: a study and a lesion in, a probability and a report out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from spinemets.cli.options import AsJson, OutFolder, Overwrite, ProgressStyle, ShowProgress
from spinemets.cli.parsing import typer


def classify(
    case: Annotated[
        Path,
        typer.Argument(
            metavar="STUDY_OR_CASE", help="DICOM folder, folder of named images, cohort table, or case.json."
        ),
    ],
    model: Annotated[
        str, typer.Option(metavar="MODEL", help="Model package: a file, or a name from `spinemets models`.")
    ],
    out: OutFolder,
    mask: Annotated[
        Path | None, typer.Option(help="Lesion mask on any of the study's grids (a cohort table names its own).")
    ] = None,
    case_name: Annotated[
        str | None, typer.Option("--case", help="Which case of a cohort table; not needed when it has one row.")
    ] = None,
    lesion: Annotated[str | None, typer.Option(help="Which lesion of that case.")] = None,
    reader: Annotated[str, typer.Option(help="Who drew the mask; kept with the result.")] = "",
    times: Annotated[
        Path | None, typer.Option(help="Seconds of the dynamic series' frames, one a line; default: as it says.")
    ] = None,
    hot_spot: Annotated[
        str | None,
        typer.Option(metavar="X,Y,Z", help="Where the hot spot is, mm, LPS; default: found in the lesion."),
    ] = None,
    injection: Annotated[
        float | None, typer.Option(help="Second of the injection on the clock of the times; default: as the model's.")
    ] = None,
    baseline_frames: Annotated[
        int | None, typer.Option(min=1, help="Frames that were taken before contrast; default: as the model's.")
    ] = None,
    heatmap: Annotated[
        str, typer.Option(metavar="NAME", help="Map of this variable of the model too; `strongest`: of the strongest.")
    ] = "",
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    progress: ShowProgress = ProgressStyle.bar,
) -> None:
    """Classify a lesion: probability, contributions, report.

    Writes result.json, report.html, and the lesion mask; with --heatmap also heatmap.nii.gz.
    """
    from spinemets.cli.reporting import print_json, print_line, showing_progress
    from spinemets.cli.workflow import classify_and_report, open_case
    from spinemets.dce.wanted import HotSpotInput, parse_place
    from spinemets.models.package import ModelPackage, find_package
    from spinemets.outputs import check_writable_folder, replacing_folder

    check_writable_folder(out, overwrite)
    given = HotSpotInput(parse_place(hot_spot) if hot_spot else None, injection, baseline_frames)
    package = ModelPackage.read(find_package(model))
    with replacing_folder(out, overwrite) as partial, showing_progress(progress) as report:
        report("read", 0, 1, "images and lesion")
        opened = open_case(
            case,
            package,
            mask=mask,
            case_name=case_name,
            lesion=lesion,
            reader=reader,
            times=times,
            hot_spot=given,
        )
        result = classify_and_report(opened, package, partial, heatmap_of=heatmap, progress=report)
    if as_json:
        print_json(result.as_json(), progress)
        return
    print_line(result.describe())
    print_line(str(out / "report.html"))
