"""`spinemets validate`: a model on new cases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from spinemets.cli.options import AsJson, OutFolder, Overwrite, ProgressStyle, ShowProgress
from spinemets.cli.parsing import typer


def validate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Model package: a file, or a name.")],
    table: Annotated[Path, typer.Argument(metavar="COHORT_OR_FEATURES.csv", help="New cases, or their features.")],
    out: OutFolder,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that measure images; default: cores.")] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    progress: ShowProgress = ProgressStyle.bar,
) -> None:
    """Validate a model on new cases: discrimination, calibration, decision curve.

    Writes validation.json, predictions.csv (case, lesion, label, probability), which `spinemets compare` reads, and
    report.html with its figures.
    """
    from spinemets.cli.feature_tables import with_features
    from spinemets.cli.reporting import print_json, print_line, showing_progress
    from spinemets.learning.external import validate_package, write_validation
    from spinemets.models.package import ModelPackage, find_package
    from spinemets.outputs import check_writable_folder
    from spinemets.report.validation_canvas import check_matplotlib
    from spinemets.report.validation_page import write_external_report

    check_writable_folder(out, overwrite)
    check_matplotlib()
    package = ModelPackage.read(find_package(model))
    with showing_progress(progress) as report:
        content = {**package.model["recipe"], "roles": dict.fromkeys(package.roles, "")}
        source = with_features(table, content, out, workers, None, report)
    result = validate_package(package, source)
    write_validation(result, out, overwrite)
    # A model of simulated cases says nothing of patients, whatever it is tried on.
    simulated = package.simulated or result.table.simulated
    page = write_external_report(result, out, simulated=simulated, overwrite=True)
    if as_json:
        print_json({"out": str(out), "report": str(page), "estimates": {"external": result.estimate}}, progress)
        return
    print_line(result.describe())
    print_line(f"report: {page}")
