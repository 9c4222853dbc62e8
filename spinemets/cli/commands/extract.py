"""`spinemets extract`: the features of a cohort."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from spinemets.cli.options import OutFile, Overwrite, ProgressStyle, Seed, ShowProgress
from spinemets.cli.parsing import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinemets.features.cohorts import Extraction, Outcome
    from spinemets.features.settings import Settings
    from spinemets.studies.cohort import Cohort


def extract(
    table: Annotated[Path, typer.Argument(metavar="COHORT.csv", help="Table of the cohort: one row a lesion.")],
    out: OutFile,
    recipe: Annotated[
        str | None, typer.Option(metavar="R", help="Recipe, a file or a name, whose roles and extraction are used.")
    ] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", metavar="YAML", help="Features and settings of one's own, instead.")
    ] = None,
    feature_set: Annotated[
        str | None, typer.Option("--set", metavar="NAME", help="Set of features, instead: 107, 851, 1409, ...")
    ] = None,
    roles: Annotated[
        str | None, typer.Option(metavar="A,B", help="Images to measure; default: the recipe's, or all of the table.")
    ] = None,
    times: Annotated[Path | None, typer.Option(help="Seconds of the frames of all dynamic series, one a line.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes on this machine; default: cores.")] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:PORT", help="Dask cluster to run on, instead.")
    ] = None,
    perturbations: Annotated[
        int, typer.Option(min=0, help="Versions of each case, slightly changed, to tell which features are robust.")
    ] = 0,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    progress: ShowProgress = ProgressStyle.bar,
) -> None:
    """Compute the features of all cases of a cohort.

    Each case is kept as it is finished, in OUT.cases beside the table: the same command goes on where it was stopped
    and computes again only what changed. What became of each case is in OUT.status.csv; cases that failed are not in
    the table of features. Columns of features are named ROLE_image-type_class_feature. With --perturbations each case
    is also measured rotated, shifted, noisier and with another contour and volume; OUT.robustness.csv has the ICC(1,1)
    of each feature over these versions, with its 95 % interval: those of low ICC would not come out alike in another
    examination or by another reader.

    A recipe that measures a dynamic series takes the seconds of its frames from the series itself, from --times, or
    from the file that the column `times_dce` names; the columns `hot_spot` (x y z in mm, LPS), `injection_s` and
    `baseline_frames` say of a case where a reader placed the hot spot, when the injection was, and how many frames were
    taken before contrast.
    """
    from spinemets.features.processes import start_loading

    if scheduler is None:
        start_loading(workers)  # while this process loads itself

    from dataclasses import replace

    from spinemets.cli.reporting import print_line, showing_progress
    from spinemets.errors import InputError
    from spinemets.features.cohorts import extract_cohort, write_features, write_status
    from spinemets.features.runners import dask_runner, local_runner
    from spinemets.outputs import check_writable_file
    from spinemets.studies.cohort import Cohort

    if sum(each is not None for each in (recipe, settings_file, feature_set)) > 1:
        raise typer.BadParameter("--recipe, --settings and --set exclude each other")
    if workers is not None and scheduler is not None:
        raise typer.BadParameter("--workers and --scheduler exclude each other")
    if perturbations == 1:
        raise typer.BadParameter("--perturbations needs at least 2 versions, to compare them")
    check_writable_file(out, overwrite)
    cohort = Cohort.read(table)
    if times is not None:
        cohort = replace(cohort, cases=tuple(replace(case, times=case.times or times) for case in cohort.cases))
    wanted = replace(
        _extraction(cohort, recipe, settings_file, feature_set, roles), perturbations=perturbations, seed=seed
    )
    if perturbations and wanted.kinetics is not None:
        raise typer.BadParameter("--perturbations is for still images; this recipe measures a dynamic series")
    runner = dask_runner(scheduler) if scheduler is not None else local_runner(workers)
    with showing_progress(progress) as report:
        outcomes = extract_cohort(cohort, wanted, out.with_name(f"{out.name}.cases"), runner, report)
    status = out.with_name(f"{out.stem}.status.csv")
    write_status(cohort, outcomes, status)
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if len(failed) == len(outcomes):
        case = cohort.cases[failed[0].index]
        raise InputError(table, f"no case could be measured; {case.name}: {failed[0].reason}", f"see {status}")
    write_features(cohort, outcomes, out, overwrite)
    if perturbations:
        write_robustness(outcomes, out.with_name(f"{out.stem}.robustness.csv"))
    reused = sum(outcome.status == "reused" for outcome in outcomes)
    print_line(f"{out}: {len(outcomes) - len(failed)} cases ({reused} as they were), {len(failed)} failed")
    for outcome in failed:
        print_line(f"{cohort.cases[outcome.index].name}: {outcome.reason}")


def _extraction(
    cohort: Cohort, recipe: str | None, settings_file: Path | None, feature_set: str | None, roles: str | None
) -> Extraction:
    """What is measured: the recipe's, a file's or a set's."""
    from spinemets.dce.wanted import Kinetics
    from spinemets.errors import InputError
    from spinemets.features.cohorts import Extraction
    from spinemets.features.extraction import settings_of
    from spinemets.features.parameter_file import read_settings
    from spinemets.learning.recipes import find_recipe

    margin: float | None = None
    kinetics: Kinetics | None = None
    settings: Settings | None
    present = tuple(dict.fromkeys(role for case in cohort.cases for role in case.images))
    if recipe is not None:
        found = find_recipe(recipe)
        content = found.content
        kinetics = Kinetics.of_recipe(content)
        if content["extraction"] is None and kinetics is None:
            raise InputError(
                found.name, "measures no images: it learns from columns of the table", "give the table to `train`"
            )
        settings = settings_of(**content["extraction"]) if content["extraction"] else None
        margin = content.get("crop_margin_mm")
        present = tuple(content["roles"])
    elif settings_file is not None:
        settings = read_settings(settings_file)
    else:
        settings = settings_of(feature_set or "107")
    chosen = tuple(part.strip() for part in roles.split(",")) if roles else present
    if not chosen:
        raise InputError(cohort.path, "has no column with images", "name one by its role, such as t1")
    return Extraction(chosen, settings, margin, kinetics=kinetics)


def write_robustness(outcomes: Sequence[Outcome], path: Path) -> None:
    """Table of each feature's ICC(1,1) over the perturbed versions of the cases; empty where it has no value."""
    import csv

    import numpy as np

    from spinemets.errors import InputError
    from spinemets.outputs import replacing_file
    from spinemets.statistics.agreement import icc

    measured = [outcome.perturbed for outcome in outcomes if outcome.perturbed]
    if len(measured) < 2:
        raise InputError("--perturbations", "needs two cases that could be measured", "add cases")
    names = list(measured[0][0])
    values = np.array([[[version.get(name, np.nan) for name in names] for version in case] for case in measured])
    known = np.isfinite(values).all(axis=(0, 1))
    found = icc(values[:, :, known], form="1,1")
    numbers = np.full((3, len(names)), np.nan)
    numbers[:, known] = np.atleast_2d(np.array([found.estimate, found.lower, found.upper]))
    with replacing_file(path, overwrite=True) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["feature", "icc", "lower", "upper"])
        for name, row in zip(names, numbers.T.tolist(), strict=True):
            table.writerow([name, *("" if np.isnan(value) else repr(value) for value in row)])
