"""CLEAR, METRICS and TRIPOD+AI: what a validation run itself can say of each item; the rest is for the authors.

An answer holds only what the recipe, the table and the result say. It is never "yes": whether it suffices, a reader
judges.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spinemets.report.validation_estimates import LEAST, WORDS, auc_in_words, measured, optimism_of
from spinemets.report.validation_flow import candidates
from spinemets.report.wording import capitalized, fixed, number, role_in_words, signed
from spinemets.statistics.calibration import calibration
from spinemets.statistics.sample_size import events_per_variable

if TYPE_CHECKING:
    from spinemets.learning.feature_table import FeatureTable
    from spinemets.learning.results import ValidationResult

NOT_ANSWERED = "not answered by the run"
LISTS = Path(__file__).parent / "validation_checklists.json"
SELECTORS = ("agreement", "correlation", "univariate", "lasso-selection", "recursive-elimination", "forest-ranking",
             "forward-selection", "lasso")  # fmt: skip
TUNED = ("lasso", "lasso-selection", "recursive-elimination", "forward-selection")


@dataclass(frozen=True)
class Item:
    """A checklist's item, and what the run says, or None."""

    number: str
    title: str
    answer: str | None


@dataclass(frozen=True)
class Checklist:
    """A checklist with its source."""

    name: str
    source: str
    items: tuple[Item, ...]

    @property
    def answered(self) -> int:
        """How many items the run says something of."""
        return sum(item.answer is not None for item in self.items)


@dataclass(frozen=True, eq=False)
class Run:
    """What can be asked. table : None where only the result is there. simulated : no patient has been seen."""

    result: ValidationResult
    table: FeatureTable | None
    simulated: bool

    @property
    def recipe(self) -> Mapping[str, Any]:
        """The recipe's content, with the profile applied."""
        return self.result.recipe

    @property
    def extraction(self) -> Mapping[str, Any]:
        """Settings of the features of images; empty where there are none."""
        return self.recipe.get("extraction") or {}


def checklists(run: Run) -> list[Checklist]:
    """All items of the three checklists, those that the run answers with their answer."""
    told = {key: answer(run) for key, answer in ANSWERS.items()}
    lists = json.loads(LISTS.read_text(encoding="utf-8"))["lists"]
    return [
        Checklist(
            entry["name"],
            entry["source"],
            tuple(
                Item(item["item"], item["title"], told[item["answer"]] if "answer" in item else None)
                for item in entry["items"]
            ),
        )
        for entry in lists
    ]


def steps_of(recipe: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every step, those inside parts too, in order."""
    for step in recipe["steps"]:
        yield step
        for part in step.get("parts", ()):
            yield from steps_of({"steps": part.get("steps", ())})


def _step_in_words(step: Mapping[str, Any]) -> str:
    given = ", ".join(f"{key} {value}" for key, value in step.items() if key not in ("step", "parts"))
    return f"{step['step'].replace('-', ' ')}{f' ({given})' if given else ''}"


def _steps(run: Run, kinds: tuple[str, ...] | None = None) -> str | None:
    told = [_step_in_words(one) for one in steps_of(run.recipe) if kinds is None or one["step"] in kinds]
    return "; ".join(told) or None


def _sample_size(run: Run) -> str:
    found = events_per_variable(run.result.labels, max(1, len(run.result.features)))
    chosen = len(run.result.method["features"])
    kept = f", {number(found.events / chosen)} for each of the {chosen} chosen" if chosen else ""
    return (
        f"{found.cases} cases, {found.events} of the rarer class: {number(found.estimate)} for each of the "
        f"{found.variables} candidate features{kept}. No calculation was made beforehand by the run."
    )


def _split(run: Run) -> str:
    scheme, estimates = run.recipe["validation"], run.result.estimates
    more = f" Part left out once: {estimates['split']['method']}." if "split" in estimates else ""
    return (
        f"Folds by patient, stratified, {scheme['repeats']} \N{MULTIPLICATION SIGN} {scheme['folds']}, seed "
        f"{run.result.seed}; nested: everything that looks at a label is fitted in the training folds only.{more}"
    )


def _roles(run: Run) -> str | None:
    told = [f"{role_in_words(role)} ({words})" if words else role_in_words(role) for role, words in
            run.recipe["roles"].items()]  # fmt: skip
    return f"Sequences: {', '.join(told)}. Acquisition parameters are not in the table." if told else None


def _variables(run: Run) -> str | None:
    told = []
    for entry in run.recipe.get("variables", ()):
        values = ", ".join(f"{word} = {value}" for word, value in entry.get("values", {}).items())
        unit = entry.get("unit", "")
        more = "; ".join(one for one in (values, unit) if one)
        told.append(f"{entry.get('description', entry['name'])}{f' ({more})' if more else ''}")
    return f"{capitalized(', '.join(told))}." if told else None


def _classes(run: Run) -> str:
    positive, negative = run.recipe["classes"]
    return f"Column label of the table: {positive} (positive) or {negative}. How it was found is not in the table."


def _readers(run: Run) -> str | None:
    if run.table is None or run.table.ratings is None:
        return None
    lesions, readers, _ = run.table.ratings.shape
    return f"{readers} readers measured {lesions} lesions in common; the first reader's values are learned from."


def _preprocessing(run: Run) -> str | None:
    given = {key: value for key, value in run.extraction.items() if value is not None}
    told = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in given.items())
    return f"Settings of the recipe: {told}." if told else None


def _resampling(run: Run) -> str | None:
    spacing = run.extraction.get("spacing")
    return None if spacing is None else f"Isotropic voxels of {spacing:g} mm."


def _discretization(run: Run) -> str | None:
    width, count = run.extraction.get("bin_width"), run.extraction.get("bin_count")
    if width is None and count is None:
        return None
    return f"Grey levels of width {width:g}." if width is not None else f"{count} grey levels."


def _feature_set(run: Run) -> str | None:
    chosen = run.extraction.get("feature_set")
    if chosen is None:
        return None
    types, classes = (_told_of_names(run, place) for place in (0, 1))
    more = f": {types}; {classes}" if types and classes else ""
    return f"Feature set {chosen} of each sequence{more}."


def _told_of_names(run: Run, place: int) -> str | None:
    """Types of image (0) or classes of features (1) among the candidates' names."""
    from spinemets.learning.feature_table import image_and_class

    found = [image_and_class(name, run.recipe["roles"]) for name in run.result.features]
    told = list(dict.fromkeys(one[place] for one in found if one is not None))
    return f"{'classes' if place else 'images'} {', '.join(told)}" if told else None


def _only(place: int) -> Callable[[Run], str | None]:
    def answer(run: Run) -> str | None:
        told = _told_of_names(run, place)
        return None if told is None else f"{capitalized(told)}."

    return answer


def _engine(run: Run) -> str | None:
    if not run.extraction:
        return None
    mode = run.extraction.get("mode", "pyradiomics")
    return f"SpineMets, definitions of {mode}; all settings stand in the recipe, others at the program's defaults."


def _features(run: Run) -> str:
    return f"{candidates(run.result, run.table)}."


def _missing(run: Run) -> str:
    return "None: a row with an empty cell or no number is refused, nothing is filled in."


def _imbalance(run: Run) -> str:
    ones = int(np.sum(run.result.labels == 1))
    way = (
        "random cases of the rarer class repeated, inside training folds only" if run.recipe.get("balance") else "none"
    )
    return f"{ones} positive, {len(run.result.labels) - ones} negative; balancing: {way}."


def _reliability(run: Run) -> str | None:
    step = next((one for one in steps_of(run.recipe) if one["step"] == "agreement"), None)
    if step is None:
        return None
    form, least = step.get("form", "2,1"), step.get("threshold", 0.75)
    icc = [value for value in run.result.method.get("icc") or () if value is not None and np.isfinite(value)]
    if run.table is None or run.table.ratings is None or not icc:
        return f"The recipe keeps features with ICC({form}) > {least}, but the table has one reader: none was left out."
    return f"ICC({form}) > {least} kept {sum(value > least for value in icc)} of {len(icc)} features."


def _scaling(run: Run) -> str | None:
    if any(one["step"] == "standardise" for one in steps_of(run.recipe)):
        return "z-score, mean and SD of the training folds."
    return None


def _tuning(run: Run) -> str:
    inner = _steps(run, TUNED)
    return f"Seed {run.result.seed}. {f'Chosen by cross-validation in the training cases: {inner}.' if inner else ''}"


def _model_choice(run: Run) -> str:
    return f"One method, written down beforehand as a recipe: {run.recipe['title']}."


def _testing(run: Run) -> str:
    told = [f"{WORDS[kind][0].lower()} ({run.result.estimates[kind]['method']})" for kind in WORDS if kind in
            run.result.estimates and kind != "apparent"]  # fmt: skip
    return f"{capitalized('; '.join(told))}."


def _metrics(run: Run) -> str:
    return (
        "AUC, accuracy, sensitivity, specificity, PPV, NPV, F1; calibration slope, intercept and curve, Brier score; "
        "net benefit."
    )


def _uncertainty(run: Run) -> str:
    told = "95 % intervals: AUC by score (Newcombe), shares by Wilson, ROC band by bootstrap of patients."
    permutation = run.result.estimates["nested"].get("permutation")
    return told if not permutation else f"{told} Permutation test: p = {permutation['p']:.3g}."


def _calibration(run: Run) -> str:
    found, why = measured(calibration, run.result.labels, np.clip(run.result.nested, LEAST, 1 - LEAST))
    if found is None:
        return f"Curve drawn; slope and intercept: {why}."
    return (
        f"Nested probabilities: slope {fixed(found.slope, 2)}, intercept {fixed(found.intercept, 2)}, Brier score "
        f"{fixed(found.brier, 3)}; curve with groups."
    )


def _feature_statistics(run: Run) -> str:
    index = run.result.stability["nogueira"]
    told = "not defined" if index is None else fixed(index, 2)
    mean = fixed(run.result.stability["mean_features"], 1)
    return f"{len(run.result.method['features'])} chosen on all cases, {mean} a fold; Nogueira's stability {told}."


def _performance(run: Run) -> str:
    told = [f"{WORDS[kind][0].lower()} AUC {auc_in_words(run.result.estimates[kind])}" for kind in WORDS if kind in
            run.result.estimates]  # fmt: skip
    return f"{capitalized('; '.join(told))}."


def _optimism(run: Run) -> str:
    return f"AUC as published less nested: {signed(optimism_of(run.result), 2)}."


def _events(run: Run) -> str:
    ones, cases = int(np.sum(run.result.labels == 1)), len(run.result.labels)
    patients = len({name.split("/")[0] for name in run.result.case_names})
    return f"{cases} lesions of {patients} patients, {ones} positive, in every estimate (left-out cases add up to all)."


def _output(run: Run) -> str:
    rule = run.recipe["threshold"]["method"]
    return f"Probability of {run.recipe['classes'][0]}; threshold {fixed(run.result.threshold, 3)} ({rule})."


def _baseline(run: Run) -> str | None:
    if run.table is None or run.table.of_image.all():
        return None
    told = []
    for column in np.flatnonzero(~run.table.of_image):
        means = [fixed(run.table.values[run.table.labels == code, column].mean(), 2) for code in (1, 0)]
        told.append(f"{run.table.names[column]} {means[0]} and {means[1]}")
    return f"Means of the clinical variables, positive and negative class: {', '.join(told)}."


def _interpretation(run: Run) -> str | None:
    return "Coefficients and stability are on this page." if "linear" in run.result.method else None


def _external(run: Run) -> str | None:
    found = run.result.estimates.get("external")
    return None if found is None else f"AUC {auc_in_words(found)}."


ANSWERS: dict[str, Callable[[Run], str | None]] = {
    "checklists": lambda run: "CLEAR, METRICS and TRIPOD+AI: this page, as far as the run can answer.",
    "sample_size": _sample_size,
    "pipeline": lambda run: f"Steps: {_steps(run)}.",
    "simulated": lambda run: "Simulated cases; no patient." if run.simulated else None,
    "copies": lambda run: "Cases with the same image features are refused; no patient is on both sides of a fold.",
    "split": _split,
    "roles": _roles,
    "variables": _variables,
    "classes": _classes,
    "readers": _readers,
    "preprocessing": _preprocessing,
    "resampling": _resampling,
    "discretization": _discretization,
    "feature_set": _feature_set,
    "image_types": _only(0),
    "feature_classes": _only(1),
    "engine": _engine,
    "features": _features,
    "missing": _missing,
    "imbalance": _imbalance,
    "reliability": _reliability,
    "scaling": _scaling,
    "selection": lambda run: _steps(run, SELECTORS),
    "redundancy": lambda run: _steps(run, ("correlation", "lasso", "lasso-selection", "forward-selection")),
    "algorithm": lambda run: f"{run.recipe['title']}: {_steps(run)}.",
    "tuning": _tuning,
    "model_choice": _model_choice,
    "testing": _testing,
    "metrics": _metrics,
    "uncertainty": _uncertainty,
    "calibration": _calibration,
    "interpretation": _interpretation,
    "baseline": _baseline,
    "flow": lambda run: f"Figure: flow of cases. {_events(run)} What happened before the table is not in it.",
    "feature_statistics": _feature_statistics,
    "performance": _performance,
    "optimism": _optimism,
    "published": lambda run: (
        f"Source: {run.recipe['source']}. Published: {run.recipe['published']}."
        if "published" in run.recipe and "source" in run.recipe
        else None
    ),
    "settings": lambda run: "The recipe holds all settings and is stored with the model.",
    "code": lambda run: "SpineMets is open source; its version stands below.",
    "package": lambda run: "The model package holds every coefficient or tree as JSON; sharing it is for the authors.",
    "system": lambda run: "The package opens in SpineMets for 3D Slicer.",
    "no_deep_learning": lambda run: "Not applicable: features and a classical model.",
    "sequences": lambda run: (
        f"{len(run.recipe['roles'])} sequences; no comparison with fewer was made." if run.recipe["roles"] else None
    ),
    "external": _external,
    "updating": lambda run: "None: probabilities are not recalibrated.",
    "predictions": lambda run: "Nested: by fits without the case, mean of probabilities over the repeats.",
    "output": _output,
    "events": _events,
    "guard": lambda run: "Missing input is refused; a case unlike the training cohort gets a warning or no answer.",
}
