"""The demo model: osteoblastic or osteolytic, trained on simulated cases, and marked so.

    python -m spinemets.models.demonstration --out spinemets/models/packages/osteoblastic-vs-osteolytic-demo.spinemets

It shows how the program works from images to report; it knows nothing about patients. Every case is a simulated study
of its own seed; the lesion's mask is the true one made as wrong as a good segmentation would be, on the grid of the
dynamic series, from where it is carried to the sagittal images as for a real case.
"""

from __future__ import annotations

import argparse
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

import spinemets
from spinemets.geometry.carrying import carry_mask
from spinemets.models import fitting
from spinemets.models.classification import role_features
from spinemets.models.package import SHIPPED_FOLDER, SUFFIX, write_package
from spinemets.models.prediction import mahalanobis
from spinemets.phantom.cohort import draw_case
from spinemets.progress import Progress, silent

QUESTION = "osteoblastic-vs-osteolytic"
CLASSES = ("osteolytic", "osteoblastic")
NAME = f"{QUESTION}-demo"
INPUTS = {"t1": "sagittal T1", "t2": "sagittal T2", "fs_t2": "sagittal fat-suppressed T2 or STIR"}
CASES = 60
EFFECT = 1.0
SEED = 20_260_101
# A part of each grid that holds the lesion, the margin of the crop and a little more, so that the cohort takes minutes.
IMAGE_VOXELS, MASK_VOXELS = (176, 176, 15), (112, 112, 26)
CROP_MARGIN_MM = 25.0
EXTRACTION: dict[str, Any] = {
    "feature_set": "107",
    "mode": "pyradiomics",
    "bin_width": 25.0,
    "bin_count": None,
    "spacing": 1.0,
    "normalize": True,
    "normalize_scale": 100.0,
}
MASK_ERROR = {"offset_sd_mm": 0.6, "ripple_sd_mm": 1.2, "ripple_length_mm": 4.0, "shift_sd_mm": 0.6}
# Shape would tell how the simulation draws lesions, energy how large they are: neither is what the question is about.
LEFT_OUT = ("_shape_", "_firstorder_Energy", "_firstorder_TotalEnergy")
# Chosen before any result was seen, so that accuracy, sensitivity and specificity at it are honest too.
THRESHOLD = 0.5
SHRINKAGE = 0.2
WARN_QUANTILE = 0.975
ABSTAIN_FACTOR = 2.0
# In widths of the training range: of 60 cases, each end is overstepped by one new case in 61 even without reason.
RANGE_WARN, RANGE_ABSTAIN = 0.1, 1.0


def degraded_mask(mask: sitk.Image, generator: np.random.Generator) -> sitk.Image:
    """The mask as a good segmentation would give it: swollen or shrunken, with a rippled border, a little shifted.

    `mask` uint8 0/1; sizes in MASK_ERROR, mm. The Dice coefficient with the true mask is about 0.9.
    """
    inside = sitk.GetArrayFromImage(mask) > 0
    spacing = np.array(mask.GetSpacing())[::-1]
    distance = ndimage.distance_transform_edt(inside, spacing) - ndimage.distance_transform_edt(~inside, spacing)
    ripple = ndimage.gaussian_filter(generator.normal(size=inside.shape), MASK_ERROR["ripple_length_mm"] / spacing)
    ripple *= MASK_ERROR["ripple_sd_mm"] / ripple.std()
    shift = generator.normal(0.0, MASK_ERROR["shift_sd_mm"], 3) / spacing
    moved = ndimage.shift(distance, shift, order=1, mode="nearest")
    found = moved + ripple + generator.normal(0.0, MASK_ERROR["offset_sd_mm"]) >= 0
    degraded = sitk.GetImageFromArray(found.astype(np.uint8))
    degraded.CopyInformation(mask)
    return degraded


def simulated_features(seed: int, label: int) -> dict[str, float]:
    """All features of one simulated case; label 1 is osteoblastic."""
    phantom, _ = draw_case(QUESTION, label, seed, EFFECT)
    mask = degraded_mask(phantom.lesion_mask(phantom.grid("dce", MASK_VOXELS)), np.random.default_rng([seed, 99]))
    features: dict[str, float] = {}
    for role in INPUTS:
        image = phantom.acquire(role, phantom.grid(role, IMAGE_VOXELS))
        features |= role_features(image, carry_mask(mask, image), role, EXTRACTION, CROP_MARGIN_MM)
    return features


def simulated_cohort(
    cases: int, seed: int, workers: int, progress: Progress = silent
) -> tuple[list[str], NDArray[np.float64], NDArray[np.int_]]:
    """Feature names (p), values (cases, p) and labels (cases) of a balanced simulated cohort."""
    labels = np.arange(cases) % 2
    seeds = [seed + index for index in range(cases)]
    rows: list[dict[str, float]] = []
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for index, row in enumerate(pool.map(simulated_features, seeds, labels.tolist())):
            rows.append(row)
            progress("simulate", index + 1, cases)
    names = [name for name in rows[0] if not any(part in name for part in LEFT_OUT)]
    return names, np.array([[row[name] for name in names] for row in rows]), labels


def build_model(
    names: list[str],
    values: NDArray[np.float64],
    labels: NDArray[np.int_],
    parameters: fitting.FitParameters,
    seed: int,
) -> dict[str, Any]:
    """model.json of a signature fitted on `values` (n, p) and `labels` (n), with its three estimates."""
    signature = fitting.fit_signature(values, labels, parameters)
    chosen = values[:, signature.columns]
    z = signature.standardised(values)
    nested = fitting.out_of_fold(values, labels, parameters, seed, nested=True)
    outside = fitting.out_of_fold(values, labels, parameters, seed, nested=False)
    covariance = fitting.coefficient_covariance(values, labels, signature, parameters, seed)
    apparent = signature.probability(values)
    scheme = f"{parameters.repeats} times {parameters.folds}-fold, stratified, by case"
    distances = fitting.left_out_distances(z, SHRINKAGE, mahalanobis)
    warn = float(np.quantile(distances, WARN_QUANTILE))
    return _description(parameters, labels, seed) | {
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
            "apparent": fitting.performance(labels, apparent, THRESHOLD, "on the training cases"),
            "cross_validated": fitting.performance(labels, outside, THRESHOLD, f"{scheme}; chosen on all cases"),
            "nested": fitting.performance(labels, nested, THRESHOLD, f"{scheme}; features chosen in every fold"),
        },
        "calibration": fitting.calibration(labels, nested),
        "threshold": {"value": THRESHOLD, "method": "fixed beforehand; the classes are equally frequent"},
        "out_of_distribution": {
            "covariance": fitting.shrunken_covariance(z, SHRINKAGE).tolist(),
            "shrinkage": SHRINKAGE,
            "warn_distance": warn,
            "abstain_distance": ABSTAIN_FACTOR * warn,
            "range_warn": RANGE_WARN,
            "range_abstain": RANGE_ABSTAIN,
            "method": f"{WARN_QUANTILE} quantile of left-out training cases; abstention at {ABSTAIN_FACTOR} times that",
        },
        "training": {
            "description": "Simulated sagittal studies of one osteolytic or osteoblastic lesion each; no patient.",
            "cases": len(labels),
            "class_counts": {CLASSES[1]: int(np.sum(labels == 1)), CLASSES[0]: int(np.sum(labels == 0))},
            "feature_ranges": {"low": chosen.min(axis=0).tolist(), "high": chosen.max(axis=0).tolist()},
        },
    }


def _description(parameters: fitting.FitParameters, labels: NDArray[np.int_], seed: int) -> dict[str, Any]:
    """The part of model.json that does not depend on the fit."""
    import sklearn

    return {
        "schema_version": 1,
        "name": NAME,
        "title": "Osteoblastic or osteolytic, demonstration on simulated cases",
        "question": QUESTION,
        "recipe": {
            "name": "demonstration",
            "extraction": EXTRACTION,
            "crop_margin_mm": CROP_MARGIN_MM,
            "fit": parameters.as_json(),
            "cohort": {"question": QUESTION, "effect": EFFECT, "cases": len(labels), "first_seed": seed},
            "mask_error": MASK_ERROR,
            "left_out": list(LEFT_OUT),
        },
        "classes": [CLASSES[1], CLASSES[0]],
        "positive_class": CLASSES[1],
        "inputs": [{"role": role, "description": text} for role, text in INPUTS.items()],
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
        prog="python -m spinemets.models.demonstration", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--out", type=Path, default=SHIPPED_FOLDER / f"{NAME}{SUFFIX}")
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--overwrite", action="store_true")
    given = parser.parse_args(arguments)

    def report(stage: str, done: int, total: int, message: str = "") -> None:
        sys.stderr.write(f"\r{stage} {done}/{total} {message}")

    names, values, labels = simulated_cohort(given.cases, given.seed, given.workers, report)
    model = build_model(names, values, labels, fitting.FitParameters(), given.seed)
    package = write_package(model, {}, given.out, given.overwrite)
    nested = model["performance"]["nested"]["auc"]
    sys.stdout.write(f"\n{package.path}: nested AUC {nested['estimate']:.3f}, {', '.join(package.features)}\n")


if __name__ == "__main__":
    main()
