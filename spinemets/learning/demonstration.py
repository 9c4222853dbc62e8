"""The demo model: osteoblastic or osteolytic, trained on simulated cases, and marked so.

    python -m spinemets.learning.demonstration --overwrite

It shows how the program works from images to report; it knows nothing about patients. Every case is a simulated study
of its own seed; the lesion's mask is the true one made as wrong as a good segmentation would be, on the grid of the
dynamic series, from where it is carried to the sagittal images as for a real case.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

import spinemets
from spinemets.geometry.carrying import carry_mask
from spinemets.learning import fitting
from spinemets.learning.recipes import RECIPES_FOLDER, read_recipe
from spinemets.models.classification import role_features
from spinemets.models.package import SHIPPED_FOLDER, SUFFIX, write_package
from spinemets.models.prediction import mahalanobis
from spinemets.phantom.cohort import draw_case
from spinemets.progress import Progress, silent

RECIPE = RECIPES_FOLDER / "osteoblastic-vs-osteolytic" / "demonstration.yaml"
NAME = "osteoblastic-vs-osteolytic-demo"
# A part of each grid that holds the lesion, the margin of the crop and a little more, so that the cohort takes minutes.
IMAGE_VOXELS, MASK_VOXELS = (176, 176, 15), (112, 112, 26)
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


def simulated_cohort(
    recipe: Content, workers: int, progress: Progress = silent
) -> tuple[list[str], NDArray[np.float64], NDArray[np.int_]]:
    """Feature names (p), values (cases, p) and labels (cases) of a balanced simulated cohort."""
    cases, seed = recipe["cohort"]["cases"], recipe["cohort"]["seed"]
    labels = np.arange(cases) % 2
    seeds = [seed + index for index in range(cases)]
    rows: list[dict[str, float]] = []
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for index, row in enumerate(pool.map(partial(simulated_features, recipe), seeds, labels.tolist())):
            rows.append(row)
            progress("simulate", index + 1, cases)
    names = [name for name in rows[0] if not any(part in name for part in recipe["selection"]["left_out"])]
    return names, np.array([[row[name] for name in names] for row in rows]), labels


def fit_parameters(recipe: Content) -> fitting.FitParameters:
    """The recipe's numbers that decide which signature comes out."""
    selection, classifier = recipe["selection"], recipe["classifier"]
    return fitting.FitParameters(
        **{key: selection[key] for key in ("candidates", "max_correlation", "selected", "l1_c")},
        **{key: classifier[key] for key in ("ridge", "resamples")},
        **recipe["validation"],
    )


def build_model(
    recipe: Content,
    names: list[str],
    values: NDArray[np.float64],
    labels: NDArray[np.int_],
    parameters: fitting.FitParameters,
    seed: int,
) -> dict[str, Any]:
    """model.json of a signature fitted on `values` (n, p) and `labels` (n), with its three estimates."""
    threshold, guard = recipe["classifier"]["threshold"], recipe["out_of_distribution"]
    positive, negative = recipe["classes"]
    signature = fitting.fit_signature(values, labels, parameters)
    chosen = values[:, signature.columns]
    z = signature.standardised(values)
    nested = fitting.out_of_fold(values, labels, parameters, seed, nested=True)
    outside = fitting.out_of_fold(values, labels, parameters, seed, nested=False)
    covariance = fitting.coefficient_covariance(values, labels, signature, parameters, seed)
    apparent = signature.probability(values)
    scheme = f"{parameters.repeats} times {parameters.folds}-fold, stratified, by case"
    distances = fitting.left_out_distances(z, guard["shrinkage"], mahalanobis)
    warn = float(np.quantile(distances, guard["warn_quantile"]))
    return _description(recipe, seed) | {
        "features": [names[column] for column in signature.columns],
        "preprocessing": {"kind": "standardise", "mean": signature.mean.tolist(), "sd": signature.sd.tolist()},
        "classifier": {
            "kind": "logistic",
            "intercept": signature.intercept,
            "coefficients": signature.coefficients.tolist(),
            "covariance": ((covariance + covariance.T) / 2).tolist(),
            "covariance_method": f"{parameters.resamples} bootstrap samples of the cases, features as chosen",
        },
        "performance": {
            "apparent": fitting.performance(labels, apparent, threshold, "on the training cases"),
            "cross_validated": fitting.performance(labels, outside, threshold, f"{scheme}; chosen on all cases"),
            "nested": fitting.performance(labels, nested, threshold, f"{scheme}; features chosen in every fold"),
        },
        "calibration": fitting.calibration(labels, nested),
        "threshold": {"value": threshold, "method": "fixed beforehand; the classes are equally frequent"},
        "out_of_distribution": {
            "covariance": fitting.shrunken_covariance(z, guard["shrinkage"]).tolist(),
            "shrinkage": guard["shrinkage"],
            "warn_distance": warn,
            "abstain_distance": guard["abstain_factor"] * warn,
            "range_warn": guard["range_warn"],
            "range_abstain": guard["range_abstain"],
            "method": f"{guard['warn_quantile']} quantile of left-out training cases; "
            f"abstention at {guard['abstain_factor']} times that",
        },
        "training": {
            "description": "Simulated sagittal studies of one osteolytic or osteoblastic lesion each; no patient.",
            "cases": len(labels),
            "class_counts": {positive: int(np.sum(labels == 1)), negative: int(np.sum(labels == 0))},
            "feature_ranges": {"low": chosen.min(axis=0).tolist(), "high": chosen.max(axis=0).tolist()},
        },
    }


def _description(recipe: Content, seed: int) -> dict[str, Any]:
    """The part of model.json that does not depend on the fit."""
    import sklearn

    return {
        "schema_version": 1,
        "name": NAME,
        "title": recipe["title"],
        "question": recipe["question"],
        "recipe": {"name": "demonstration", **recipe},
        "classes": list(recipe["classes"]),
        "positive_class": recipe["classes"][0],
        "inputs": [{"role": role, "description": text} for role, text in recipe["roles"].items()],
        "software": {
            "spinemets": spinemets.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
            "SimpleITK": sitk.Version_VersionString(),
        },
        "seed": seed,
        "licence": "BSD-3-Clause",
        "intended_use": "To show the program on simulated studies. It has seen no patient and must not be used on one.",
        "simulated": True,
    }


def main(arguments: list[str] | None = None) -> None:
    """Train the demo model and write its package."""
    parser = argparse.ArgumentParser(
        prog="python -m spinemets.learning.demonstration", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--out", type=Path, default=SHIPPED_FOLDER / f"{NAME}{SUFFIX}")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--overwrite", action="store_true")
    given = parser.parse_args(arguments)
    recipe = read_recipe(RECIPE).content

    def report(stage: str, done: int, total: int, message: str = "") -> None:
        sys.stderr.write(f"\r{stage} {done}/{total} {message}")

    names, values, labels = simulated_cohort(recipe, given.workers, report)
    model = build_model(recipe, names, values, labels, fit_parameters(recipe), recipe["cohort"]["seed"])
    package = write_package(model, {}, given.out, given.overwrite)
    nested = model["performance"]["nested"]["auc"]
    sys.stdout.write(f"\n{package.path}: nested AUC {nested['estimate']:.3f}, {', '.join(package.features)}\n")


if __name__ == "__main__":
    main()
