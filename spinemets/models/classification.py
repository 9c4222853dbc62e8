"""One case from images and lesion mask to a probability, with the whole way there on record."""

from __future__ import annotations

import hashlib
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import numpy as np
import SimpleITK as sitk

import spinemets
from spinemets.dce.wanted import DYNAMIC_ROLE, HotSpotInput, Kinetics
from spinemets.errors import InputError
from spinemets.features.dynamic import KineticFindings, kinetic_findings
from spinemets.features.extraction import extract_features, settings_of
from spinemets.geometry.grids import crop_to_mask, frame_of_reference
from spinemets.geometry.sizes import extent_mm, longest_diameter_mm, volume_ml
from spinemets.models.case_checks import (
    carried,
    check_image,
    check_mask,
    input_warnings,
    is_dynamic,
    model_warnings,
    motion_warnings,
)
from spinemets.models.package import ModelPackage
from spinemets.models.prediction import Contribution, Prediction, predict
from spinemets.progress import Progress, silent

RESULT_VERSION = 1
SERIES_UID_KEY = "SeriesInstanceUID"
DISCLAIMER = "Research use only. Not a medical device; not for diagnosis or treatment."


@dataclass(frozen=True)
class LesionSizes:
    """Size of the lesion as outlined: ml, and mm along the patient's axes."""

    volume_ml: float
    longest_diameter_mm: float
    extent_mm: tuple[float, float, float]

    def as_json(self) -> dict[str, Any]:
        """As in result.json; the extent is left to right, front to back, head to foot."""
        return {
            "volume_ml": self.volume_ml,
            "longest_diameter_mm": self.longest_diameter_mm,
            "extent_mm": list(self.extent_mm),
        }


@dataclass(frozen=True)
class Result:
    """What `classify_case` found; `as_json` is the content of result.json (see the schema `result`).

    mask : the lesion as it was given. masks : carried to the grid of each role's image, uint8 0/1. stages : seconds a
    stage. kinetics : what was measured of the dynamic series, where the model needs it.
    """

    prediction: Prediction
    package: ModelPackage = field(repr=False)
    sizes: LesionSizes
    features: dict[str, float] = field(repr=False)
    mask: sitk.Image = field(repr=False)
    masks: dict[str, sitk.Image] = field(repr=False)
    stages: dict[str, float]
    warnings: tuple[str, ...]
    provenance: dict[str, Any] = field(repr=False)
    kinetics: KineticFindings | None = field(default=None, repr=False)

    @property
    def probability(self) -> float | None:
        """Of the positive class; None when the model abstained."""
        return self.prediction.probability

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the probability; None when the model abstained."""
        return self.prediction.interval

    @property
    def class_name(self) -> str | None:
        """The class on this side of the threshold; None when the model abstained."""
        return self.prediction.class_name

    @property
    def threshold(self) -> float:
        """The positive class from this probability on."""
        return self.prediction.threshold

    @property
    def abstained(self) -> bool:
        """Whether the case is too unlike the training cohort for an answer."""
        return self.prediction.abstained

    @property
    def contributions(self) -> tuple[Contribution, ...]:
        """Of each feature, largest first."""
        return self.prediction.contributions

    @property
    def simulated(self) -> bool:
        """Whether the model was trained on simulated cases."""
        return self.package.simulated

    def describe(self) -> str:
        """The result in one line."""
        if self.probability is None or self.interval is None:
            return f"no answer: {self.prediction.reason}"
        simulated = "; the model was trained on simulated cases" if self.simulated else ""
        (low, high), positive = self.interval, self.package.positive_class
        return (
            f"{self.class_name}: probability of {positive} {self.probability:.3f} "
            f"(95 % interval {low:.3f} to {high:.3f}, threshold {self.threshold:.2f}){simulated}"
        )

    def as_json(self) -> dict[str, Any]:
        """The content of result.json."""
        return {
            "schema_version": RESULT_VERSION,
            "question": self.package.question,
            "classes": list(self.package.model["classes"]),
            "positive_class": self.package.positive_class,
            **prediction_json(self.prediction),
            **({} if self.kinetics is None else {"hot_spot": self.kinetics.as_json()}),
            "warnings": list(self.warnings),
            "lesion": self.sizes.as_json(),
            "features": dict(self.features),
            "stages": dict(self.stages),
            "simulated": self.simulated,
            "disclaimer": DISCLAIMER,
            "provenance": self.provenance,
        }


def prediction_json(prediction: Prediction) -> dict[str, Any]:
    """What result.json says of the prediction itself, without the warnings."""
    return {
        "probability": prediction.probability,
        "interval": None if prediction.interval is None else list(prediction.interval),
        "class": prediction.class_name,
        "threshold": prediction.threshold,
        "abstained": prediction.abstained,
        "reason": prediction.reason,
        "contributions": [entry.as_json() for entry in prediction.contributions],
        "nomogram": {
            "total_points": prediction.total_points,
            "logit_per_point": prediction.logit_per_point,
            "logit_at_zero_points": prediction.logit_at_zero_points,
        },
        "distance": prediction.distance,
        **(
            {}
            if prediction.decision_path is None
            else {"decision_path": [step.as_json() for step in prediction.decision_path]}
        ),
    }


def with_clinical_values(
    document: Mapping[str, Any], package: ModelPackage, clinical: Mapping[str, Any]
) -> dict[str, Any]:
    """The result (content of result.json) of the same images and lesion with other clinical values; nothing is measured
    again.

    Raises
    ------
    InputError : the model needs a value that is missing or wrong, or the result is another model's.
    """
    if document["provenance"]["model"]["sha256"] != package.sha256:
        raise InputError(package.name, "did not give this result", "classify the lesion again")
    numbers = clinical_values(package, clinical)
    features = {**document["features"], **numbers}
    of_inputs = document["warnings"][len(predict(package, document["features"]).warnings) :]
    prediction = predict(package, features)
    return {
        **document,
        **prediction_json(prediction),
        "warnings": [*prediction.warnings, *of_inputs],
        "features": {name: features[name] for name in package.features},
        "provenance": {**document["provenance"], "clinical": numbers},
    }


def classify_case(
    images: Mapping[str, sitk.Image],
    mask: sitk.Image,
    package: ModelPackage,
    *,
    role_masks: Mapping[str, sitk.Image] | None = None,
    files: Mapping[str, list[str]] | None = None,
    clinical: Mapping[str, Any] | None = None,
    mask_author: str = "",
    mask_file: str = "",
    hot_spot: HotSpotInput | None = None,
    seed: int | None = None,
    progress: Progress = silent,
) -> Result:
    """Carry the mask to each image that the model needs, compute the model's features, and predict.

    Parameters
    ----------
    images : image by role, 3-D, or 4-D where the model measures the dynamic series, with the times of its frames in
        its metadata; roles that the model does not use are ignored. Metadata SeriesInstanceUID and
        FrameOfReferenceUID are recorded and compared when present.
    mask : the lesion, 0/1, 3-D, on any grid in the same world space (LPS mm).
    role_masks : the lesion as drawn on one role's own series, used there instead of `mask`.
    files : the files behind each image, by role, for the record. mask_file : that of the mask.
    clinical : clinical values by name, numbers or words that the model knows; those that it does not use are ignored.
    hot_spot : where a reader placed the hot spot in the dynamic series, the time of the injection, and the frames
        before contrast.
    mask_author : who or what made the mask. seed : the seed of the whole run, for the record.

    Raises
    ------
    InputError : naming the role, when an image is missing, is not 3-D, holds NaN or infinity, lies in another frame
        of reference than the mask, does not overlap it, or when the carried mask has no voxel on it.
    """
    started = datetime.now(timezone.utc)
    clock = _Clock()
    numbers = clinical_values(package, clinical or {})
    drawn = {role: (role_masks or {}).get(role, mask) for role in package.roles}
    for one in (mask, *drawn.values()):
        check_mask(one)
    for role in package.roles:
        check_image(role, images, drawn[role], package)
    clock.mark("check")
    masks: dict[str, sitk.Image] = {}
    features: dict[str, float] = dict(numbers)
    for index, role in enumerate(package.roles):
        progress("carry", index, len(package.roles), f"the lesion to the grid of {role}")
        masks[role] = carried(drawn[role], images[role], role)
    clock.mark("carry")
    kinetics: KineticFindings | None = None
    moved: tuple[str, ...] = ()
    for index, role in enumerate(package.roles):
        progress("features", index, len(package.roles), f"features of {role}")
        if is_dynamic(role, package):
            kinetics = role_kinetics(images[role], masks[role], package.model["recipe"], hot_spot)
            features |= kinetics.features
            moved = motion_warnings(images[role], masks[role])
            continue
        features |= role_features(images[role], masks[role], role, package.extraction, package.crop_margin_mm)
    clock.mark("features")
    prediction = predict(package, features)
    sizes = LesionSizes(volume_ml(mask), longest_diameter_mm(mask), extent_mm(mask))
    clock.mark("predict")
    progress("predict", 1, 1, "done")
    return Result(
        prediction=prediction,
        package=package,
        sizes=sizes,
        features={name: features[name] for name in package.features},
        mask=mask,
        masks=masks,
        stages=clock.stages,
        warnings=(
            *prediction.warnings,
            *(() if kinetics is None else kinetics.warnings),
            *moved,
            *input_warnings(images, mask, package),
            *model_warnings(package),
        ),
        kinetics=kinetics,
        provenance={
            "inputs": {
                role: _input_record(images[role], (files or {}).get(role, []))
                | {"mask_sha256": voxel_sha256(drawn[role])}
                for role in package.roles
            },
            "mask": {"sha256": voxel_sha256(mask), "author": mask_author, "file": mask_file},
            "clinical": numbers,
            **_run_record(package, seed, started),
            "seconds": clock.total(),
        },
    )


def role_features(
    image: sitk.Image, mask: sitk.Image, role: str, extraction: Mapping[str, Any], crop_margin_mm: float | None
) -> dict[str, float]:
    """All features of one image under the mask on its grid, named `ROLE_pyradiomics-name`.

    With a `crop_margin_mm`, normalisation sees only the lesion and so much around it, whatever the field of view is.

    Raises
    ------
    InputError : naming the role, when the features cannot be computed.
    """
    try:
        if crop_margin_mm is not None:
            image, mask = crop_to_mask(image, mask, crop_margin_mm), crop_to_mask(mask, mask, crop_margin_mm)
        found = extract_features(image, mask, **extraction)
    except InputError as error:
        raise InputError(f"{role}: {error.what}", error.why, error.remedy) from error
    return {f"{role}_{name}": float(value) for name, value in found.items()}


def role_kinetics(
    image: sitk.Image, mask: sitk.Image, recipe: Mapping[str, Any], hot_spot: HotSpotInput | None = None
) -> KineticFindings:
    """What a recipe (its content) measures of the dynamic series, under the mask on its grid.

    Raises
    ------
    InputError : naming the role, when it cannot be measured.
    """
    kinetics = Kinetics.of_recipe(recipe)
    assert kinetics is not None
    settings = settings_of(**recipe["extraction"]) if recipe["extraction"] else None
    try:
        return kinetic_findings(image, mask, kinetics, settings, recipe["crop_margin_mm"], hot_spot)
    except InputError as error:
        raise InputError(f"{DYNAMIC_ROLE}: {error.what}", error.why, error.remedy) from error


def clinical_values(package: ModelPackage, given: Mapping[str, Any]) -> dict[str, float]:
    """The clinical variables of the model as numbers.

    Raises
    ------
    InputError : naming the variable that is missing, or is neither a number nor a word that the model knows.
    """
    found = {}
    for name, about in package.variables.items():
        words = about.get("values", {})
        value = words.get(str(given.get(name)), given.get(name))
        if value is None:
            raise InputError(name, f"is missing and the model {package.name} needs it", package.how_to_give(name))
        try:
            found[name] = float(value)
        except (TypeError, ValueError) as error:
            known = f"one of {', '.join(words)}, or a number" if words else "a number"
            raise InputError(name, f"is {value!r}, which is not {known}", f"give {known}") from error
    return found


def voxel_sha256(image: sitk.Image) -> str:
    """SHA-256 of the voxels, little-endian, first index fastest: the same for the same image in any file format."""
    array = sitk.GetArrayViewFromImage(image)
    return hashlib.sha256(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()).hexdigest()


def software_versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    return {
        "spinemets": spinemets.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "SimpleITK": sitk.Version_VersionString(),
        "numba": str(getattr(sys.modules.get("numba"), "__version__", "not used")),
        "platform": platform.platform(),
    }


class _Clock:
    """Seconds of each stage."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self._begin = self._last = time.perf_counter()

    def mark(self, stage: str) -> None:
        now = time.perf_counter()
        self.stages[stage] = round(now - self._last, 4)
        self._last = now

    def total(self) -> float:
        return round(time.perf_counter() - self._begin, 4)


def _input_record(image: sitk.Image, files: list[str]) -> dict[str, Any]:
    uid = image.GetMetaData(SERIES_UID_KEY) if image.HasMetaDataKey(SERIES_UID_KEY) else ""
    return {
        "series_uid": uid,
        "frame_of_reference_uid": frame_of_reference(image) or "",
        "voxel_sha256": voxel_sha256(image),
        "size": list(image.GetSize()),
        "spacing_mm": list(image.GetSpacing()),
        "files": [str(name) for name in files],
    }


def _run_record(package: ModelPackage, seed: int | None, started: datetime) -> dict[str, Any]:
    return {
        "model": {"name": package.name, "sha256": package.sha256, "file": str(package.path or "")},
        "parameters": dict(package.model["recipe"]),
        "software": software_versions(),
        "seed": seed,
        "start": started.isoformat(timespec="seconds"),
    }
