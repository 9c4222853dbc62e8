"""A table that is a cohort with images or already its features: `train` and `validate` take both."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spinemets.progress import Progress


def with_features(
    table: Path, recipe: Mapping[str, Any], out: Path, workers: int | None, scheduler: str | None, report: Progress
) -> Path:
    """The table itself where it has features of the recipe's roles, else OUT.features.csv, made from its images.

    Finished cases are kept in OUT.features.csv.cases and not measured again.

    Raises
    ------
    InputError : a case cannot be measured; it is named.
    """
    from spinemets.dce.wanted import Kinetics, measured_variables
    from spinemets.errors import InputError
    from spinemets.learning.feature_table import is_measured
    from spinemets.studies.cohort import Cohort

    roles = tuple(recipe["roles"])
    kinetics = Kinetics.of_recipe(recipe)
    if not recipe["extraction"] and kinetics is None:
        return table
    cohort = Cohort.read(table)
    own = measured_variables(recipe)
    measured = any(is_measured(name, roles) or name in own for case in cohort.cases for name in case.clinical)
    if measured or not any(role in case.images for case in cohort.cases for role in roles):
        return table
    from spinemets.features.cohorts import Extraction, extract_cohort, write_features
    from spinemets.features.extraction import settings_of
    from spinemets.features.runners import dask_runner, local_runner

    settings = settings_of(**recipe["extraction"]) if recipe["extraction"] else None
    wanted = Extraction(roles, settings, recipe["crop_margin_mm"], kinetics=kinetics)
    runner = dask_runner(scheduler) if scheduler is not None else local_runner(workers)
    made = out.with_name(f"{out.stem}.features.csv")
    outcomes = extract_cohort(cohort, wanted, made.with_name(f"{made.name}.cases"), runner, report)
    for outcome in outcomes:
        if outcome.status == "failed":
            case = cohort.cases[outcome.index]
            raise InputError(f"{table}, {case.name}", outcome.reason, "repair the case or leave it out")
    write_features(cohort, outcomes, made, overwrite=True)
    return made
