"""Named features in; probability with interval, contributions and nomogram points, warnings or abstention out.

numpy alone. Log odds and their interval come from `formulas`; nomogram points are as the R package rms makes them,
distance to the training cohort is Mahalanobis'.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.models import formulas
from spinemets.models.decision_path import PathStep, decision_path
from spinemets.models.formulas import log_odds, log_odds_interval, standardised
from spinemets.models.package import ModelPackage


@dataclass(frozen=True)
class Contribution:
    """What one feature did to the logit of the probability.

    value : in the feature's own unit. standardised_value : (value - training mean) / training SD.
    contribution : coefficient times standardised value, on the logit; positive speaks for the positive class.
    points, points_range : nomogram points, and those of the ends of the training range (one end is 0).
    low, high : training range of the value. slope : logit per unit of the value.
    percentile : of the value among the training cases; None where the model does not tell.
    word : that stands for the value of a clinical variable, such as `uneven`; empty for a number.
    range_words : those that stand for `low` and `high`; None where one has none.
    """

    feature: str
    value: float
    standardised_value: float
    contribution: float
    points: float
    points_range: tuple[float, float]
    low: float
    high: float
    slope: float
    percentile: float | None = None
    word: str = ""
    range_words: tuple[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """As in result.json."""
        return {
            "feature": self.feature,
            "value": self.value,
            "standardised_value": self.standardised_value,
            "contribution": self.contribution,
            "nomogram_points": self.points,
            "nomogram_range": list(self.points_range),
            "training_range": [self.low, self.high],
            "percentile": self.percentile,
            **({"word": self.word} if self.word else {}),
            **({"training_words": list(self.range_words)} if self.range_words else {}),
        }


@dataclass(frozen=True)
class Prediction:
    """What a model says of one lesion.

    `probability`, `interval` (95 %) and `class_name` are None when the model abstains, so that nobody uses a number
    that the model has no ground for; `contributions`, sorted by absolute value, then still show what was unusual.
    The logit is `logit_at_zero_points` + `logit_per_point` * `total_points`: the nomogram's last axis.
    `distance` is the Mahalanobis distance to the training cohort in standard deviations.
    `decision_path` is the way through a decision tree; None where the model is none.
    """

    probability: float | None
    interval: tuple[float, float] | None
    class_name: str | None
    threshold: float
    contributions: tuple[Contribution, ...]
    total_points: float
    logit_per_point: float
    logit_at_zero_points: float
    distance: float
    abstained: bool
    reason: str
    warnings: tuple[str, ...]
    decision_path: tuple[PathStep, ...] | None = None


def predict(package: ModelPackage, features: Mapping[str, float]) -> Prediction:
    """Apply the model to `features`, named as in `package.features`; others are ignored.

    Raises
    ------
    InputError : a feature of the model is missing or is not a finite number.
    """
    values = _vector_of(package, features)
    z = standardised(package.model, values)
    logit = log_odds(package.model, values)
    low, high = log_odds_interval(package.model, values, logit)
    probability = sigmoid(logit)
    contributions = _contributions(package, values, z)
    distance = mahalanobis(package.vector("out_of_distribution", "covariance"), z)
    total_points = float(sum(entry.points for entry in contributions))
    per_point = _logit_per_point(contributions)
    warnings, reason = _unlike_training(package, values, distance)
    abstained = bool(reason)
    positive = probability >= package.threshold
    return Prediction(
        probability=None if abstained else probability,
        interval=None if abstained else (sigmoid(low), sigmoid(high)),
        class_name=None if abstained else package.positive_class if positive else package.negative_class,
        threshold=package.threshold,
        contributions=tuple(sorted(contributions, key=lambda entry: -abs(entry.contribution))),
        total_points=total_points,
        logit_per_point=per_point,
        logit_at_zero_points=logit - per_point * total_points,
        distance=distance,
        abstained=abstained,
        reason=reason,
        warnings=tuple(warnings),
        decision_path=decision_path(package, features),
    )


def sigmoid(logit: float) -> float:
    """1 / (1 + exp(-logit)), without overflow."""
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-logit))
    return math.exp(logit) / (1.0 + math.exp(logit))


def mahalanobis(covariance: NDArray[np.float64], z: NDArray[np.float64]) -> float:
    """sqrt(z' S^-1 z): how far standardised values z lie from the mean of the cohort with covariance S (k by k)."""
    return math.sqrt(max(float(z @ np.linalg.solve(covariance, z)), 0.0))


def percentile_of(value: float, shares: Sequence[float], quantiles: Sequence[float]) -> float:
    """Percentile (0 to 100) of a value in a distribution with these quantiles at these shares, both rising.

    Linear between quantiles; the middle of its share where a value is that of many cases, as of a score.
    """
    knots = np.asarray(quantiles, np.float64)
    first, after = int(np.searchsorted(knots, value, "left")), int(np.searchsorted(knots, value, "right"))
    if first < after:
        return 50.0 * (shares[first] + shares[after - 1])
    return 100.0 * float(np.interp(value, knots, shares))


def nomogram_points(
    values: NDArray[np.float64], slopes: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Points of `values` on axes from `low` to `high` (all of length k), as rms::nomogram assigns them.

    100 points for the largest effect |slope (high - low)| of all features; 0 at that end of each axis that speaks
    least for the positive class, so that a negative slope counts from the high end. Outside its axis a value goes
    below 0 or above its feature's share.
    """
    span = float(np.max(np.abs(slopes * (high - low))))
    if span == 0.0:
        return np.zeros_like(values)
    return np.asarray(100.0 * (slopes * values - np.minimum(slopes * low, slopes * high)) / span)


def _vector_of(package: ModelPackage, features: Mapping[str, float]) -> NDArray[np.float64]:
    missing = [name for name in package.features if name not in features]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise InputError(
            f"feature {missing[0]}{more}",
            f"is missing and the model {package.name} needs it",
            package.how_to_give(missing[0]),
        )
    values = np.array([float(features[name]) for name in package.features])
    for name, value in zip(package.features, values):
        if not math.isfinite(value):
            raise InputError(
                f"feature {name}",
                f"is {value}, not a finite number",
                "check the image and that the mask has more than a few voxels with different values",
            )
    return values


def _contributions(package: ModelPackage, values: NDArray[np.float64], z: NDArray[np.float64]) -> list[Contribution]:
    """Points stay 0 where the log odds are not a sum over the features: there is no nomogram then."""
    effects = formulas.contributions(package.model, values)
    coefficients = np.zeros(len(values))
    if package.model["classifier"]["kind"] == "logistic":
        coefficients = package.vector("classifier", "coefficients")
    low = package.vector("training", "feature_ranges", "low")
    high = package.vector("training", "feature_ranges", "high")
    slopes = coefficients / package.vector("preprocessing", "sd")
    points = nomogram_points(values, slopes, low, high)
    ends = (nomogram_points(low, slopes, low, high), nomogram_points(high, slopes, low, high))
    return [
        Contribution(
            feature=name,
            value=float(values[k]),
            standardised_value=float(z[k]),
            contribution=float(effects[k]),
            points=float(points[k]),
            points_range=(float(ends[0][k]), float(ends[1][k])),
            low=float(low[k]),
            high=float(high[k]),
            slope=float(slopes[k]),
            percentile=_percentile(package, k, float(values[k])),
            word=_word(package, name, float(values[k])),
            range_words=_range_words(package, name, float(low[k]), float(high[k])),
        )
        for k, name in enumerate(package.features)
    ]


def _range_words(package: ModelPackage, feature: str, low: float, high: float) -> tuple[str, str] | None:
    """The words of a clinical variable for the ends of its training range."""
    ends = _word(package, feature, low), _word(package, feature, high)
    return ends if all(ends) else None


def _word(package: ModelPackage, feature: str, value: float) -> str:
    """The word of a clinical variable for a number; empty where it has none."""
    words = package.variables.get(feature, {}).get("values", {})
    return next((str(word) for word, code in words.items() if code == value), "")


def _percentile(package: ModelPackage, k: int, value: float) -> float | None:
    """Of feature number k among the training cases; None where the package does not tell."""
    quantiles = package.model["training"].get("feature_quantiles")
    return None if quantiles is None else percentile_of(value, quantiles["shares"], quantiles["values"][k])


def _logit_per_point(contributions: list[Contribution]) -> float:
    """Of the feature with the longest axis, where rounding matters least; 0 when no feature has an effect."""
    longest = max(contributions, key=lambda entry: abs(entry.points_range[1] - entry.points_range[0]))
    points = longest.points_range[1] - longest.points_range[0]
    return longest.slope * (longest.high - longest.low) / points if points else 0.0


def _unlike_training(package: ModelPackage, values: NDArray[np.float64], distance: float) -> tuple[list[str], str]:
    """Warnings, and the reason to abstain or an empty text."""
    rule = package.model["out_of_distribution"]
    low = package.vector("training", "feature_ranges", "low")
    high = package.vector("training", "feature_ranges", "high")
    width = np.maximum(high - low, np.finfo(float).tiny)
    beyond = np.maximum(np.maximum(low - values, values - high), 0.0) / width
    sentences = [
        f"{name} is {values[k]:.4g}, outside the {low[k]:.4g} to {high[k]:.4g} of the training cases"
        for k, name in enumerate(package.features)
    ]
    warnings = [sentence for k, sentence in enumerate(sentences) if beyond[k] > rule["range_warn"]]
    if distance > rule["warn_distance"]:
        warnings.append(
            f"the features together are unusual: distance {distance:.2f} from the training cases, "
            f"where {rule['warn_distance']:.2f} is usual at most"
        )
    if distance > rule["abstain_distance"]:
        return warnings, (
            f"this lesion is unlike the training cases: distance {distance:.2f}, "
            f"where the model answers up to {rule['abstain_distance']:.2f}"
        )
    worst = int(np.argmax(beyond))
    if beyond[worst] > rule["range_abstain"]:
        return warnings, f"this lesion is unlike the training cases: {sentences[worst]}"
    return warnings, ""
