"""A model package on new cases: discrimination, calibration, what decisions with it are worth."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from spinemets.errors import InputError
from spinemets.learning.feature_table import FeatureTable, read_columns
from spinemets.learning.performance import performance
from spinemets.models.formulas import log_odds
from spinemets.models.package import ModelPackage
from spinemets.models.prediction import predict
from spinemets.outputs import replacing_folder
from spinemets.statistics.calibration import calibration, calibration_curve, hosmer_lemeshow
from spinemets.statistics.decision_curve import decision_curve
from spinemets.statistics.result import plain
from spinemets.statistics.roc import auc, roc_curve

LEAST = 1e-9
PREDICTION_COLUMNS = ("case", "lesion", "label", "probability", "class", "abstained")


@dataclass(frozen=True, eq=False)
class ExternalValidation:
    """What a model is worth on cases that it was not made from.

    Attributes
    ----------
    model : name and SHA-256 of the package. table : the cases. probabilities : (case,), also of cases that the model
        would abstain from, marked in `abstained` (case,). estimate : `performance` of all cases at its threshold.
    statistics : `roc`, `auc` (DeLong), `calibration`, `calibration_curve`, `hosmer_lemeshow`, `decision_curve`; of
        those that these cases do not allow, why.
    """

    model: dict[str, str]
    threshold: float
    classes: tuple[str, str]
    table: FeatureTable
    probabilities: NDArray[np.float64]
    abstained: NDArray[np.bool_]
    estimate: dict[str, Any]
    statistics: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """All numbers by name."""
        return {
            "schema_version": 1,
            "model": self.model,
            "threshold": self.threshold,
            "classes": list(self.classes),
            "cases": self.table.case_names(),
            "labels": self.table.labels.tolist(),
            "probabilities": self.probabilities.tolist(),
            "abstained": self.abstained.tolist(),
            "estimates": {"external": self.estimate},
            "statistics": self.statistics,
        }

    def describe(self) -> str:
        """The result in one line."""
        low, high = self.estimate["auc"]["interval"]
        share = self.estimate["accuracy"]
        return (
            f"AUC {self.estimate['auc']['estimate']:.3f} ({low:.3f} to {high:.3f}), "
            f"accuracy {share['of'][0]}/{share['of'][1]}, {int(self.abstained.sum())} cases unlike the training cohort"
        )


def validate_package(package: ModelPackage, path: Path | str) -> ExternalValidation:
    """Apply a package to the feature table at `path`.

    Raises
    ------
    InputError : naming row and column of what is missing or no number; labels of one class only.
    """
    table = read_columns(path, package.features, package.model["classes"], package.variables)
    # Classes may stand in any order in a package; 1 is always the positive one.
    labels = table.labels if package.model["classes"][0] == package.positive_class else 1 - table.labels
    found = [predict(package, dict(zip(package.features, row))) for row in table.values]
    odds = np.array([log_odds(package.model, row) for row in table.values])
    p = np.asarray(expit(odds))
    estimate = performance(labels, p, p >= package.threshold, f"{len(p)} cases that the model was not made from")
    return ExternalValidation(
        model={"name": package.name, "sha256": package.sha256},
        threshold=package.threshold,
        classes=(package.positive_class, package.negative_class),
        table=table,
        probabilities=p,
        abstained=np.array([one.abstained for one in found]),
        estimate=estimate,
        statistics=_statistics(labels, np.clip(p, LEAST, 1 - LEAST)),
    )


def write_validation(result: ExternalValidation, folder: Path, overwrite: bool = False) -> None:
    """Write validation.json and predictions.csv, which `spinemets compare` reads."""
    with replacing_folder(folder, overwrite) as partial:
        (partial / "validation.json").write_text(json.dumps(result.as_json(), indent=1, allow_nan=False), "utf-8")
        with (partial / "predictions.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(PREDICTION_COLUMNS)
            positive, negative = result.classes
            table = result.table
            for patient, lesion, label, p, out in zip(
                table.patients, table.lesions, table.labels, result.probabilities, result.abstained
            ):
                told = positive if p >= result.threshold else negative
                writer.writerow([patient, lesion, label, repr(float(p)), told, str(bool(out)).lower()])


def _statistics(labels: NDArray[np.intp], p: NDArray[np.float64]) -> dict[str, Any]:
    wanted: Mapping[str, Any] = {
        "roc": roc_curve,
        "auc": auc,
        "calibration": calibration,
        "calibration_curve": calibration_curve,
        "hosmer_lemeshow": hosmer_lemeshow,
        "decision_curve": decision_curve,
    }
    found: dict[str, Any] = {}
    for name, statistic in wanted.items():
        try:
            found[name] = plain(statistic(labels, p))
        except InputError as error:  # such as separated classes: the others still stand
            found[name] = {"not_available": str(error)}
    return found
