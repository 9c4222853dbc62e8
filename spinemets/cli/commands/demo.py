"""`spinemets demo`: the main job on a simulated study, from DICOM to report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from spinemets.cli.options import Overwrite, ProgressStyle, Seed, ShowProgress
from spinemets.cli.parsing import typer

DEMO_MODEL = "osteoblastic-vs-osteolytic-demo"


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write to.")] = Path("spinemets-demo"),
    seed: Seed = 0,
    overwrite: Overwrite = False,
    progress: ShowProgress = ProgressStyle.bar,
) -> None:
    """Go the whole way on a simulated study, from DICOM to report.

    Series find their roles, an outline becomes a lesion, its features a probability; each is set beside the truth, and
    the last line is the report's path.
    """
    from spinemets.cli.demonstration import run_demonstration
    from spinemets.cli.reporting import print_line, showing_progress
    from spinemets.outputs import check_writable_folder, replacing_folder

    check_writable_folder(out, overwrite)
    with replacing_folder(out, overwrite) as partial, showing_progress(progress) as report:
        shown = run_demonstration(partial, DEMO_MODEL, seed, report)
    for line in shown.lines():
        print_line(line)
    print_line(str((out / shown.report).resolve()))
