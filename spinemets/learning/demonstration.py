"""The demo model: osteoblastic or osteolytic, trained on simulated cases, and marked so.

    python -m spinemets.learning.demonstration --overwrite

It shows how the program works from images to report; it knows nothing about patients. Every case is a simulated study
of its own seed; the lesion's mask is the true one made as wrong as a good segmentation would be, on the grid of the
dynamic series, from where it is carried to the sagittal images as for a real case.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from spinemets.geometry.carrying import carry_mask
from spinemets.learning.feature_table import FeatureTable
from spinemets.learning.packaging import ModelNotes, build_model
from spinemets.learning.recipes import RECIPES_FOLDER, Recipe, read_recipe
from spinemets.learning.validation import validate
from spinemets.models.classification import role_features
from spinemets.models.package import SHIPPED_FOLDER, SUFFIX, write_package
from spinemets.phantom.cohort import draw_case
from spinemets.progress import Progress, silent

RECIPE = RECIPES_FOLDER / "osteoblastic-vs-osteolytic" / "demonstration.yaml"
NAME = "osteoblastic-vs-osteolytic-demo"
# A part of each grid that holds the lesion, the margin of the crop and a little more, so that the cohort takes minutes.
IMAGE_VOXELS, MASK_VOXELS = (176, 176, 15), (112, 112, 26)
TRAINED_ON = "Simulated sagittal studies of one osteolytic or osteoblastic lesion each; no patient."
LICENCE = "BSD-3-Clause"
Content = Mapping[str, Any]


def degraded_mask(mask: sitk.Image, error: Mapping[str, float], generator: np.random.Generator) -> sitk.Image:
    """The mask as a good segmentation would give it: swollen or shrunken, with a rippled border, a little shifted.

    `mask` uint8 0/1; `error`: mm, the recipe's `mask_error`. Dice with the true mask is about 0.9.
    """
    inside = sitk.GetArrayFromImage(mask) > 0
    spacing = np.array(mask.GetSpacing())[::-1]
    distance = ndimage.distance_transform_edt(inside, spacing) - ndimage.distance_transform_edt(~inside, spacing)
    ripple = ndimage.gaussian_filter(generator.normal(size=inside.shape), error["ripple_length_mm"] / spacing)
    ripple *= error["ripple_sd_mm"] / ripple.std()
    shift = generator.normal(0.0, error["shift_sd_mm"], 3) / spacing
    moved = ndimage.shift(distance, shift, order=1, mode="nearest")
    found = moved + ripple + generator.normal(0.0, error["offset_sd_mm"]) >= 0
    degraded = sitk.GetImageFromArray(found.astype(np.uint8))
    degraded.CopyInformation(mask)
    return degraded


def simulated_features(recipe: Content, seed: int, label: int) -> dict[str, float]:
    """All features of one simulated case; label 1 is the positive class."""
    phantom, _ = draw_case(recipe["question"], label, seed, recipe["cohort"]["effect"])
    truth = phantom.lesion_mask(phantom.grid("dce", MASK_VOXELS))
    mask = degraded_mask(truth, recipe["cohort"]["mask_error"], np.random.default_rng([seed, 99]))
    features: dict[str, float] = {}
    for role in recipe["roles"]:
        image = phantom.acquire(role, phantom.grid(role, IMAGE_VOXELS))
        features |= role_features(image, carry_mask(mask, image), role, recipe["extraction"], recipe["crop_margin_mm"])
    return features


def simulated_cohort(recipe: Content, workers: int, progress: Progress = silent) -> FeatureTable:
    """The features of a balanced simulated cohort."""
    cases, seed = recipe["cohort"]["cases"], recipe["cohort"]["seed"]
    labels = np.arange(cases) % 2
    seeds = [seed + index for index in range(cases)]
    rows: list[dict[str, float]] = []
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for index, row in enumerate(pool.map(partial(simulated_features, recipe), seeds, labels.tolist())):
            rows.append(row)
            progress("simulate", index + 1, cases)
    names = [name for name in rows[0] if not any(part in name for part in recipe["left_out"])]
    return FeatureTable(
        path=Path("simulated.csv"),
        rows=tuple(range(2, cases + 2)),
        patients=tuple(f"{number}" for number in seeds),
        lesions=("",) * cases,
        labels=labels,
        names=tuple(names),
        values=np.array([[row[name] for name in names] for row in rows]),
        of_image=np.ones(len(names), bool),
    )


def trained(recipe: Recipe, table: FeatureTable, progress: Progress = silent) -> dict[str, Any]:
    """model.json of the demo model."""
    content, seed = recipe.with_profile("paper").content, recipe.content["cohort"]["seed"]
    method, result = validate(table, content, seed, progress=progress)
    return build_model(method, result, table, ModelNotes(NAME, "demonstration", TRAINED_ON, LICENCE, True), seed)


def main(arguments: list[str] | None = None) -> None:
    """Train the demo model and write its package."""
    parser = argparse.ArgumentParser(
        prog="python -m spinemets.learning.demonstration", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--out", type=Path, default=SHIPPED_FOLDER / f"{NAME}{SUFFIX}")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--overwrite", action="store_true")
    given = parser.parse_args(arguments)
    recipe = read_recipe(RECIPE)

    def report(stage: str, done: int, total: int, message: str = "") -> None:
        sys.stderr.write(f"\r{stage} {done}/{total} {message}")

    model = trained(recipe, simulated_cohort(recipe.content, given.workers, report), report)
    package = write_package(model, {}, given.out, given.overwrite)
    nested = model["performance"]["nested"]["auc"]
    sys.stdout.write(f"\n{package.path}: nested AUC {nested['estimate']:.3f}, {', '.join(package.features)}\n")


if __name__ == "__main__":
    main()
