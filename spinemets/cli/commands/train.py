"""`spinemets train`: a model and what it is worth, from a cohort and a recipe."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

from spinemets.cli.options import AsJson, OutFile, Overwrite, ProgressStyle, Seed, ShowProgress
from spinemets.cli.parsing import typer


class Profile(str, Enum):
    """How much is computed: as published, or enough to say the same."""

    paper = "paper"
    practical = "practical"


def train(
    table: Annotated[Path, typer.Argument(metavar="COHORT_OR_FEATURES.csv", help="Cohort, or its table of features.")],
    recipe: Annotated[str, typer.Option(metavar="R", help="Recipe: a name from `spinemets recipes`, or a YAML file.")],
    out: OutFile,
    profile: Annotated[Profile, typer.Option(help="As published, or quicker and steadier.")] = Profile.practical,
    seed: Seed = 1,
    permutations: Annotated[
        int, typer.Option(min=0, help="Permutations of the labels for the p of the nested AUC; each costs as much.")
    ] = 0,
    leave_out_constant: Annotated[
        bool, typer.Option("--leave-out-constant", help="Go on without columns that are the same in all cases.")
    ] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes on this machine; default: cores.")] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:PORT", help="Dask cluster to run on, instead.")
    ] = None,
    licence: Annotated[str, typer.Option(help="Licence of the model.")] = "as its maker decides",
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    progress: ShowProgress = ProgressStyle.bar,
) -> None:
    """Train a model and validate it: as published, and with everything that looks at a label inside the folds.

    Writes the model package and, beside it, NAME.validation.json and the folder NAME.validation with the report: a page
    and its figures.
    """
    import json

    from spinemets.cli.feature_tables import with_features
    from spinemets.cli.reporting import print_json, print_line, showing_progress
    from spinemets.errors import InputError
    from spinemets.learning.feature_table import read_feature_table
    from spinemets.learning.packaging import ModelNotes, build_model, model_name
    from spinemets.learning.recipes import find_recipe
    from spinemets.learning.validation import validate
    from spinemets.models.package import SUFFIX, write_package
    from spinemets.outputs import check_writable_file, check_writable_folder, replacing_file
    from spinemets.report.validation_canvas import check_matplotlib
    from spinemets.report.validation_page import reference_measurements, write_validation_report

    if workers is not None and scheduler is not None:
        raise typer.BadParameter("--workers and --scheduler exclude each other")
    if out.suffix != SUFFIX:
        raise InputError(out, f"does not end in {SUFFIX}", f"name it {out.stem}{SUFFIX}")
    told = out.with_suffix(".validation.json")
    for path in (out, told):
        check_writable_file(path, overwrite)
    folder = out.with_suffix(".validation")
    check_writable_folder(folder, overwrite)
    check_matplotlib()
    chosen = find_recipe(recipe).with_profile(profile.value)
    with showing_progress(progress) as report:
        source = with_features(table, chosen.content, out, workers, scheduler, report)
        cases = read_feature_table(source, chosen.content, leave_out_constant)
        references = reference_measurements(cases)
        method, result = validate(
            cases,
            chosen.content,
            seed,
            workers=workers or 0,
            scheduler=scheduler,
            permutations=permutations,
            progress=report,
        )
    patients = len(set(cases.patients))
    notes = ModelNotes(
        model_name(out.stem),
        chosen.name,
        f"{len(cases.labels)} lesions of {patients} patients",
        licence,
        cases.simulated,
    )
    model = build_model(method, result, cases, notes, seed)
    with replacing_file(told, overwrite) as partial:
        partial.write_text(json.dumps(result.as_json(), indent=1, allow_nan=False), "utf-8")
        package = write_package(model, {}, out, overwrite)
    page = write_validation_report(
        result, folder, cases, simulated=cases.simulated, references=references, overwrite=overwrite
    )
    if as_json:
        paths = {"model": str(out), "validation": str(told), "report": str(page)}
        print_json({**paths, "estimates": result.estimates}, progress)
        return
    for warning in result.warnings:
        print_line(f"warning: {warning}")
    print_line(f"{out}: {', '.join(package.features[:10])}{', ...' if len(package.features) > 10 else ''}")
    print_line(result.describe())
    print_line(f"report: {page}")
