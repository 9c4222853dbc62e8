"""`spinemets phantom`: simulated studies with known truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from spinemets.cli.options import Overwrite, ProgressStyle, Question, Seed, ShowProgress, StudyFormat
from spinemets.cli.parsing import typer


def phantom(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write to.")],
    cases: Annotated[int, typer.Option(min=1, help="Number of patients.")] = 1,
    question: Annotated[
        Question, typer.Option(help="Clinical question that the cases pose.")
    ] = Question.osteoblastic_vs_osteolytic,
    effect: Annotated[float, typer.Option(min=0.0, help="Size of the difference between the classes; 0: none.")] = 1.0,
    study_format: Annotated[StudyFormat, typer.Option("--format", help="Files to write.")] = StudyFormat.dicom,
    second_readings: Annotated[
        int, typer.Option(min=0, help="So many cases have masks of a second reader too, for recipes with agreement.")
    ] = 0,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    progress: ShowProgress = ProgressStyle.bar,
) -> None:
    """Simulate a spine MRI study, or a cohort, with known truth.

    The truth - masks, tissue and kinetic maps, labels - lies beside each study; cohort.csv lists the cases.
    """
    from spinemets.cli.reporting import print_line, showing_progress
    from spinemets.outputs import replacing_folder
    from spinemets.phantom.cohort import write_cohort

    with replacing_folder(folder, overwrite) as partial, showing_progress(progress) as report:
        table = write_cohort(
            partial,
            cases,
            question.value,
            effect=effect,
            seed=seed,
            format=study_format.value,
            progress=report,
            second_readings=second_readings,
        )
        name = table.name
    print_line(str(folder / name))
