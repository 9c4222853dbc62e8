"""The estimates of a validation as a report shows them: which come first, what they are called, how they are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.report.validation_canvas import BLUE, QUIET, VERMILLION
from spinemets.report.wording import MINUS, estimate_in_words, fixed

if TYPE_CHECKING:
    from spinemets.learning.external import ExternalValidation
    from spinemets.learning.results import ValidationResult

Array = NDArray[np.float64]
Found = TypeVar("Found")
# Probabilities of 0 and 1 have no log odds.
LEAST = 1e-9
WORDS = {
    "nested": ("Nested", "everything that looks at a label happens inside the training folds: the honest estimate"),
    "cross_validated": ("As published", "features chosen on all cases, then cross-validated: too good"),
    "optimism_corrected": ("Optimism-corrected", "apparent, less what the whole method gains on bootstrap samples"),
    "split": ("Left-out part", "part of the patients left out once"),
    "external": ("New cases", "cases that the model was not made from"),
    "apparent": ("Apparent", "fitted and tested on the same cases: much too good"),
}
_LOOKS = {
    "nested": (BLUE, "-"),
    "external": (BLUE, "-"),
    "cross_validated": (VERMILLION, "--"),
    "apparent": (QUIET, ":"),
}


@dataclass(frozen=True)
class Sample:
    """Who is in a figure: lesions, those of the positive class, patients, (positive, negative) class, and whether they
    are simulated.
    """

    cases: int
    positive: int
    patients: int
    classes: tuple[str, str]
    simulated: bool

    @property
    def short(self) -> str:
        """For the head of a figure."""
        return f"n = {self.cases} ({self.positive} {self.classes[0]}, {self.cases - self.positive} {self.classes[1]})"

    def __str__(self) -> str:
        if self.patients == self.cases:
            return self.short.replace(" (", " patients (", 1)
        return self.short.replace(" (", f" lesions of {self.patients} patients (", 1)


@dataclass(frozen=True, eq=False)
class Curve:
    """Probabilities of cases, and what was measured of them.

    `kind` of `WORDS`. labels, probabilities : (case,). patients : (case,) names. entry : `performance` of them.
    """

    kind: str
    labels: NDArray[np.intp]
    probabilities: Array
    patients: tuple[str, ...]
    entry: dict[str, Any] = field(repr=False)

    @property
    def title(self) -> str:
        """In a legend."""
        return WORDS[self.kind][0]

    @property
    def look(self) -> dict[str, Any]:
        """Keyword arguments of a matplotlib line."""
        colour, style = _LOOKS[self.kind]
        return {"color": colour, "linestyle": style}

    @property
    def clipped(self) -> Array:
        """Probabilities that have log odds."""
        return np.clip(self.probabilities, LEAST, 1 - LEAST)

    def counts(self) -> tuple[int, int, int, int]:
        """True positive, false negative, false positive, true negative calls."""
        (found, ones), (spared, zeros) = self.entry["sensitivity"]["of"], self.entry["specificity"]["of"]
        return found, ones - found, zeros - spared, spared


def curves_of(result: ValidationResult) -> list[Curve]:
    """The honest estimate first, then what it is compared with."""
    patients = tuple(name.split("/")[0] for name in result.case_names)
    probabilities = {"nested": result.nested, "cross_validated": result.cross_validated, "apparent": result.apparent}
    return [
        Curve(kind, result.labels, np.asarray(values, np.float64), patients, result.estimates[kind])
        for kind, values in probabilities.items()
    ]


def curve_of_new_cases(result: ExternalValidation) -> Curve:
    """A model on cases that it was not made from."""
    labels = np.array(result.as_json()["labels"], np.intp)
    return Curve("external", labels, result.probabilities, tuple(result.table.patients), result.estimate)


def classes_of(result: ValidationResult) -> tuple[str, str]:
    """The positive and the negative class."""
    positive, negative = result.recipe["classes"]
    return positive, negative


def sample_of(curve: Curve, classes: tuple[str, str], simulated: bool) -> Sample:
    """The cases of a curve."""
    return Sample(len(curve.labels), int(np.sum(curve.labels == 1)), len(set(curve.patients)), classes, simulated)


def optimism_of(result: ValidationResult) -> float:
    """AUC as published less the nested AUC."""
    published, nested = (result.estimates[kind]["auc"]["estimate"] for kind in ("cross_validated", "nested"))
    return float(published - nested)


def auc_in_words(entry: dict[str, Any]) -> str:
    """`0.71 (0.60–0.81)`, or the number alone where there is no interval."""
    area = entry["auc"]
    return estimate_in_words(area) if "interval" in area else fixed(area["estimate"], 2)


def measured(function: Callable[..., Found], *given: Any, **options: Any) -> tuple[Found | None, str]:
    """What a statistic finds, or why these cases do not allow it."""
    try:
        return function(*given, **options), ""
    except InputError as error:
        return None, f"{error.what} {error.why}"


def p_in_words(p: float) -> str:
    """`p = 0.03`, never 0."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}".replace("-", MINUS)
