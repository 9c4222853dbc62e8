"""The demo models, one a question, trained on simulated cases and marked so.

    python -m spinemets.learning.demonstration [--question Q] --overwrite

They show how the program works from images to report; they know nothing about patients. A question has one where its
recipes include `demonstration`. Every case is a simulated study of its own seed; the lesion's mask is the true one made
as wrong as a good segmentation would be, on the grid of one series, from where it is carried to the others as for a
real case. What is measured of a case is measured by the code that classifies one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from spinemets.dce.wanted import DYNAMIC_ROLE
from spinemets.geometry.carrying import carry_mask
from spinemets.learning.feature_table import FeatureTable, read_feature_table
from spinemets.learning.packaging import ModelNotes, build_model
from spinemets.learning.recipes import RECIPES_FOLDER, Recipe, read_recipe
from spinemets.learning.validation import validate
from spinemets.models.classification import role_features, role_kinetics
from spinemets.models.package import SHIPPED_FOLDER, SUFFIX, ModelPackage, write_package
from spinemets.phantom.cohort import draw_case
from spinemets.phantom.reading import degraded_mask
from spinemets.phantom.sampling import Grid
from spinemets.phantom.spine import SpinePhantom
from spinemets.progress import Progress, silent
from spinemets.studies.cohort import Case, Cohort

# A part of each grid that holds the lesion, the margin of the crop and a little more, so that a cohort takes minutes.
AXIAL_VOXELS, OTHER_VOXELS = (112, 112, 26), (176, 176, 15)
AXIAL_GRID = "dce"
TRAINED_ON = "Simulated studies of one lesion each, {positive} or {negative}; no patient."
LICENCE = "BSD-3-Clause"
Content = Mapping[str, Any]


def questions() -> list[str]:
    """Those that have a demo model, sorted."""
    return sorted(path.parent.name for path in RECIPES_FOLDER.glob("*/demonstration.yaml"))


def demonstration_recipe(question: str) -> Recipe:
    """The recipe of a question's demo model."""
    return read_recipe(RECIPES_FOLDER / question / "demonstration.yaml")


def model_of(question: str) -> str:
    """Name of a question's demo model."""
    return f"{question}-demo"


def cropped_grid(phantom: SpinePhantom, role: str, cohort: Content | None = None) -> Grid:
    """The part of a role's grid on which a case is simulated; `cohort` of a recipe may ask for another axial one."""
    axial = tuple((cohort or {}).get("axial_voxels", AXIAL_VOXELS))
    return phantom.grid(role, axial if role == AXIAL_GRID else OTHER_VOXELS)


def simulated_case(recipe: Content, seed: int, label: int) -> Case:
    """One simulated case with its clinical values and all features; label 1 is the positive class."""
    cohort = recipe["cohort"]
    phantom, clinical = draw_case(recipe["question"], label, seed, cohort["effect"])
    truth = phantom.lesion_mask(cropped_grid(phantom, cohort["drawn_on"], cohort))
    mask = degraded_mask(truth, cohort["mask_error"], np.random.default_rng([seed, 99]))
    measured: dict[str, float] = {}
    for role in recipe["roles"]:
        image = phantom.acquire(role, cropped_grid(phantom, role, cohort))
        carried = carry_mask(mask, image)
        if role == DYNAMIC_ROLE and recipe.get("kinetics"):
            measured |= role_kinetics(image, carried, recipe).features
        else:
            measured |= role_features(image, carried, role, recipe["extraction"], recipe["crop_margin_mm"])
    values = {name: clinical[name] for name in clinical if name in {one["name"] for one in recipe.get("variables", ())}}
    return Case(f"{seed}", label=f"{label}", clinical={**values, **measured, "simulated": "true"})  # type: ignore[dict-item]


def simulated_cohort(recipe: Content, workers: int, progress: Progress = silent) -> FeatureTable:
    """A balanced simulated cohort, read back from its table as a cohort of one's own would be."""
    count, first = recipe["cohort"]["cases"], recipe["cohort"]["seed"]
    seeds, labels = [first + index for index in range(count)], [index % 2 for index in range(count)]
    cases: list[Case] = []
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for case in pool.map(partial(simulated_case, recipe), seeds, labels):
            cases.append(case)
            progress("simulate", len(cases), count)
    with TemporaryDirectory() as folder:
        table = Path(folder) / "simulated.csv"
        Cohort(tuple(cases)).write(table)
        return read_feature_table(table, recipe)


def trained(recipe: Recipe, table: FeatureTable, progress: Progress = silent) -> dict[str, Any]:
    """model.json of the demo model."""
    content, seed = recipe.with_profile("paper").content, recipe.content["cohort"]["seed"]
    method, result = validate(table, content, seed, progress=progress)
    positive, negative = content["classes"]
    told = TRAINED_ON.format(positive=positive, negative=negative)
    notes = ModelNotes(model_of(content["question"]), recipe.name.split("/")[-1], told, LICENCE, True)
    return build_model(method, result, table, notes, seed)


def make_model(question: str, out: Path, workers: int, overwrite: bool, progress: Progress = silent) -> ModelPackage:
    """Train a question's demo model and write its package."""
    recipe = demonstration_recipe(question)
    model = trained(recipe, simulated_cohort(recipe.content, workers, progress), progress)
    return write_package(model, {}, out, overwrite)


def main(arguments: list[str] | None = None) -> None:
    """Train the demo models and write their packages."""
    parser = argparse.ArgumentParser(
        prog="python -m spinemets.learning.demonstration", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--question", choices=questions(), action="append", help="default: all, one after the other")
    parser.add_argument("--out", type=Path, default=SHIPPED_FOLDER, help="folder of the packages")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--overwrite", action="store_true")
    given = parser.parse_args(arguments)

    def report(stage: str, done: int, total: int, message: str = "") -> None:
        sys.stderr.write(f"\r{stage} {done}/{total} {message}")

    for question in given.question or questions():
        out = given.out / f"{model_of(question)}{SUFFIX}"
        package = make_model(question, out, given.workers, given.overwrite, report)
        nested = package.card["performance"]["nested"]["auc"]
        told = ", ".join(package.features[:10])
        size = out.stat().st_size / 1000
        sys.stdout.write(f"\n{out}: {size:.1f} kB, nested AUC {nested['estimate']:.3f}, {told}\n")


if __name__ == "__main__":
    main()
