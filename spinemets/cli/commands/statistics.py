"""`spinemets statistics`: one statistic of a table, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from spinemets.cli.options import AsJson, ProgressStyle, Seed, ShowProgress
from spinemets.cli.parsing import typer


def statistics(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="auc, roc, diagnostic, delong, delong-unpaired, proportion, mcnemar, icc, kappa, chi-square, "
            "likelihood-ratio, fisher, t, welch, mann-whitney, anova, kruskal, pearson, spearman, logistic, "
            "lasso-path, lasso, calibration, calibration-curve, hosmer-lemeshow, decision-curve, validation, nomogram, "
            "forest-importance, learning-curve, events-per-variable or sample-size.",
        ),
    ],
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE",
            help="CSV file with a header. Columns named case, patient, subject or lesion say who a row is.",
        ),
    ],
    form: Annotated[str | None, typer.Option(help="icc: 1,1 2,1 3,1 1,k 2,k or 3,k; default: 2,1.")] = None,
    weights: Annotated[
        str | None, typer.Option(help="kappa of two raters: none, linear or quadratic; default: none.")
    ] = None,
    threshold: Annotated[float | None, typer.Option(help="diagnostic: a case is positive from this score up.")] = None,
    groups: Annotated[int | None, typer.Option(min=3, help="hosmer-lemeshow: groups of cases; default: 10.")] = None,
    folds: Annotated[int | None, typer.Option(min=3, help="lasso: folds, by patient; default: 10.")] = None,
    repetitions: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Bootstrap samples of auc (default: DeLong's interval) and validation (1000), trees of "
            "forest-importance (500), repetitions of learning-curve (50).",
        ),
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
    progress: ShowProgress = ProgressStyle.bar,
) -> None:
    """Compute one statistic of a table.

    The label column is 0 or 1, 1 the positive class; a higher score speaks for 1.
    """
    from spinemets.cli.reporting import print_json, print_line, showing_progress
    from spinemets.errors import InputError
    from spinemets.statistics.catalogue import CATALOGUE, Choices, compute

    if name not in CATALOGUE:
        raise typer.BadParameter(f"there is no statistic {name!r}; there are: {', '.join(CATALOGUE)}")
    with showing_progress(progress) as report:
        choices = Choices(form, weights, threshold, groups, folds, repetitions, seed, report)
        try:
            result = compute(name, table, choices)
        except InputError as error:
            if not error.what.startswith("--"):
                raise
            raise typer.BadParameter(f"{error.what} {error.why}; {error.remedy}") from error
    if as_json:
        print_json({"name": name, **result.as_json()}, progress)
        return
    for line in result.lines():
        print_line(line)
