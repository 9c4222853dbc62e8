"""What a method is worth: on its own cases, as studies publish it, and honestly.

* apparent: fitted and tested on all cases.
* cross-validated: features chosen on all cases, the rest refitted in every fold, as several studies do. What the choice
  has seen of the left-out cases makes this too good, on noise as well.
* nested: everything that looks at a label happens inside the training folds.
* optimism-corrected: apparent, less what the whole method gains by fitting bootstrap samples of patients (Harrell).
* split: as some studies do, part of the patients left out once.

Folds are by patient, stratified and drawn from one seed, every fold and sample from a number of its own, so that the
result is the same on any number of workers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from spinemets.errors import InputError
from spinemets.learning.classifiers import LogisticClassifier, SupportVectorClassifier, fit_by_patient, log_odds
from spinemets.learning.feature_table import FeatureTable
from spinemets.learning.folds import patient_sample, patient_split, repeated_folds
from spinemets.learning.methods import Columns, build_method, chosen_columns, find_step, with_fixed_choice
from spinemets.learning.performance import auc_within, nogueira_stability, performance
from spinemets.learning.results import FoldRecord, ValidationResult, describe_method
from spinemets.learning.workers import one_thread, run_tasks
from spinemets.progress import Progress, silent
from spinemets.statistics.calibration import concordance
from spinemets.statistics.roc import roc_curve

Array = NDArray[np.float64]
LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Study:
    """What every task needs: the recipe's content and the cases. `patients` are numbers."""

    recipe: Mapping[str, Any]
    columns: Columns
    values: Array
    labels: NDArray[np.intp]
    patients: NDArray[np.intp]

    @classmethod
    def of(cls, recipe: Mapping[str, Any], table: FeatureTable) -> Study:
        """Of a recipe's content and a table."""
        _, patients = np.unique(np.asarray(table.patients), return_inverse=True)
        columns = Columns(table.names, table.of_image, table.ratings)
        return cls(recipe, columns, table.values, table.labels, patients)


@dataclass(frozen=True, eq=False)
class _Task:
    """A fit: rows to learn from, rows to test, labels, its seed, and a method that chose already, or None."""

    train: NDArray[np.intp]
    test: NDArray[np.intp]
    labels: NDArray[np.intp]
    seed: int
    fixed: Any = None


@dataclass(frozen=True, eq=False)
class _Fitted:
    """Log odds of the test and training cases, threshold (log odds), and numbers of the chosen columns."""

    test: Array
    train: Array
    threshold: float
    chosen: NDArray[np.intp]


def fit(study: Study, seed: int) -> Any:
    """The method, fitted on all cases."""
    method = build_method(study.recipe, study.columns, seed)
    return fit_by_patient(method, study.values, study.labels, study.patients)


def threshold_of(recipe: Mapping[str, Any], method: Any, labels: NDArray[np.intp], odds: Array) -> float:
    """Log odds from which on a case is called positive, as the recipe says; `odds` of the training cases."""
    rule = recipe["threshold"]
    if rule["method"] == "youden":
        found = roc_curve(labels, odds).youden().threshold
        return float(np.clip(found, odds.min(), odds.max()))
    if rule["method"] == "boundary":
        return float(find_step(method, SupportVectorClassifier).offset_)
    share = float(rule.get("value", 0.5))
    return float(np.log(share / (1 - share)))


def validate(
    table: FeatureTable,
    recipe: Mapping[str, Any],
    seed: int,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    permutations: int = 0,
    progress: Progress = silent,
) -> tuple[Any, ValidationResult]:
    """The method fitted on all cases, and all estimates of what it is worth.

    Parameters
    ----------
    recipe : content of a recipe with its profile applied. permutations : of the labels, by patient, for the p of the
        nested AUC; each costs as much as the nested estimate.

    Raises
    ------
    InputError : a class has fewer patients than there are folds, a logistic regression without penalty has no end, or a
        worker cannot be reached.
    """
    study = Study.of(recipe, table)
    scheme = recipe["validation"]
    root = np.random.SeedSequence(seed)
    fold_seed, fit_seed, sample_seed, split_seed, shuffle_seed = (int(s) % LARGEST_SEED for s in root.generate_state(5))
    generator = np.random.default_rng(fold_seed)
    _check_folds(study, table, scheme["folds"])
    fold_of = repeated_folds(study.labels, study.patients, scheme["folds"], scheme["repeats"], generator)
    progress("fit", 0, 1, "all cases")
    method = one_thread(fit, study, fit_seed)
    _check_separation(method, table)
    whole = _measured(study, method, np.arange(len(study.labels)), study.labels)
    nested = _fold_tasks(study.labels, fold_of, fit_seed)
    refitted = _fold_tasks(study.labels, fold_of, fit_seed, with_fixed_choice(method))
    samples = _sample_tasks(study, scheme.get("bootstrap", 0), sample_seed, fit_seed)
    split = _split_task(study, scheme.get("split"), split_seed, fit_seed)
    shuffled = [
        task
        for labels in _shuffled_labels(study, permutations, shuffle_seed)
        for task in _fold_tasks(labels, fold_of[:1], fit_seed)
    ]
    tasks = [*refitted, *nested, *samples, *split, *shuffled]
    done = iter(run_tasks(_fit_and_test, study, tasks, workers, scheduler, progress))
    outside = [next(done) for _ in refitted]
    honest = [next(done) for _ in nested]
    drawn = [next(done) for _ in samples]
    estimates = {"apparent": _alone(study, whole.test, whole.threshold, "fitted and tested on all cases")}
    told = f"{scheme['repeats']} times {scheme['folds']}-fold, stratified, by patient"
    estimates["cross_validated"], published = _cross_validated(study, fold_of, outside, f"{told}; chosen on all cases")
    estimates["nested"], probability = _cross_validated(study, fold_of, honest, f"{told}; chosen in every fold")
    if samples:
        estimates["optimism_corrected"] = _corrected(study, whole, samples, drawn)
    for task in split:
        found = next(done)
        inside = f"{len(task.train)} cases to learn from, {len(task.test)} left out once"
        estimates["split"] = _alone(study, found.test, found.threshold, inside, task.test)
    if permutations:
        areas = [_nested_area(study, fold_of[:1], done, shuffled, n) for n in range(permutations)]
        first = honest[: scheme["folds"]]  # the permutations have one repeat, too
        own = auc_within(study.labels, _scores(fold_of[:1], first), fold_of[:1])
        share = (1 + sum(area >= own for area in areas)) / (1 + permutations)
        estimates["nested"]["permutation"] = {"p": share, "permutations": permutations, "auc": areas}
    return method, ValidationResult(
        recipe=dict(recipe),
        seed=seed,
        case_names=tuple(table.case_names()),
        labels=study.labels,
        features=table.names,
        estimates=estimates,
        apparent=np.asarray(expit(whole.test)),
        cross_validated=published,
        nested=probability,
        folds=fold_of,
        records=_records(study, fold_of, honest),
        stability=_stability(study, honest),
        method=describe_method(method, table.names, study.values),
        threshold=float(expit(whole.threshold)),
        warnings=table.warnings,
    )


def _check_folds(study: Study, table: FeatureTable, folds: int) -> None:
    """Every fold needs a patient of each class."""
    for code, name in ((1, study.recipe["classes"][0]), (0, study.recipe["classes"][1])):
        count = len(np.unique(study.patients[study.labels == code]))
        if count < folds:
            why = f"has {count} patients of class {name} for {folds} folds"
            raise InputError(f"{table.path}, column label", why, "add patients, or use fewer folds in the recipe")


def _check_separation(method: Any, table: FeatureTable) -> None:
    """In a fold a small penalty helps on; a model of all cases would have a coefficient that the penalty made."""
    step = find_step(method, LogisticClassifier)
    if step is None or step.separated_ is None:
        return
    pipeline = getattr(method, "estimator_", method)
    names = pipeline[:-1].get_feature_names_out(table.names) if len(pipeline.steps) > 1 else table.names
    name = str(names[step.separated_])
    of_table = name in table.names
    raise InputError(
        f"{table.path}, {'column' if of_table else 'score'} {name}",
        "separates the classes without fault, alone or with others, so that its odds ratio has no end",
        f"{'leave it out' if of_table else 'add cases'}, or give the logistic step of the recipe a ridge, such as 1",
    )


def _fit_and_test(study: Study, task: _Task) -> _Fitted:
    if task.fixed is None:
        method = build_method(study.recipe, study.columns, task.seed)
    else:
        method = task.fixed
    labels = task.labels[task.train]
    fit_by_patient(method, study.values[task.train], labels, study.patients[task.train])
    inside = log_odds(method, study.values[task.train])
    return _measured(study, method, task.test, labels, inside)


def _measured(
    study: Study, method: Any, test: NDArray[np.intp], labels: NDArray[np.intp], inside: Array | None = None
) -> _Fitted:
    """`labels` and log odds `inside` are those of the training cases; by default these are the test cases."""
    outside = log_odds(method, study.values[test])
    inside = outside if inside is None else inside
    return _Fitted(outside, inside, threshold_of(study.recipe, method, labels, inside), chosen_columns(method))


def _fold_tasks(labels: NDArray[np.intp], fold_of: NDArray[np.intp], seed: int, fixed: Any = None) -> list[_Task]:
    return [
        _Task(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold), labels, seed, fixed)
        for folds in fold_of
        for fold in range(int(folds.max()) + 1)
    ]


def _sample_tasks(study: Study, count: int, seed: int, fit_seed: int) -> list[_Task]:
    generator = np.random.default_rng(seed)
    tasks: list[_Task] = []
    while len(tasks) < count:
        rows = patient_sample(study.patients, len(study.labels), generator)
        # Two patients of each class are the fewest that a choice by folds can work with.
        owners = [len(np.unique(study.patients[rows][study.labels[rows] == code])) for code in (0, 1)]
        if min(owners) >= 2:
            tasks.append(_Task(rows, np.arange(len(study.labels)), study.labels, fit_seed))
    return tasks


def _split_task(study: Study, share: float | None, seed: int, fit_seed: int) -> list[_Task]:
    if share is None:
        return []
    out = patient_split(study.labels, study.patients, share, np.random.default_rng(seed))
    return [_Task(np.flatnonzero(~out), np.flatnonzero(out), study.labels, fit_seed)]


def _shuffled_labels(study: Study, count: int, seed: int) -> list[NDArray[np.intp]]:
    """Labels given to other patients with as many cases; so patients keep theirs together and folds stay stratified
    as well as they can.
    """
    generator = np.random.default_rng(seed)
    rows = [np.flatnonzero(study.patients == one) for one in range(int(study.patients.max()) + 1)]
    sizes = np.array([len(own) for own in rows])
    found = []
    for _ in range(count):
        labels = study.labels.copy()
        for size in np.unique(sizes):
            alike = np.flatnonzero(sizes == size)
            for giver, taker in zip(alike, generator.permutation(alike)):
                labels[rows[taker]] = study.labels[rows[giver]]
        found.append(labels)
    return found


def _scores(fold_of: NDArray[np.intp], fits: list[_Fitted]) -> Array:
    """Log odds (repeat, case) of cases from the fits that left them out."""
    scores = np.empty(fold_of.shape)
    for number, found in enumerate(fits):
        repeat, fold = divmod(number, int(fold_of.max()) + 1)
        scores[repeat, fold_of[repeat] == fold] = found.test
    return scores


def _cross_validated(
    study: Study, fold_of: NDArray[np.intp], fits: list[_Fitted], told: str
) -> tuple[dict[str, Any], Array]:
    scores = _scores(fold_of, fits)
    thresholds = np.empty(fold_of.shape)
    for number, found in enumerate(fits):
        repeat, fold = divmod(number, int(fold_of.max()) + 1)
        thresholds[repeat, fold_of[repeat] == fold] = found.threshold
    probability = np.asarray(expit(scores).mean(axis=0))
    called = (scores >= thresholds).mean(axis=0) >= 0.5
    area = auc_within(study.labels, scores, fold_of)
    return performance(study.labels, probability, called, told, area), probability


def _alone(
    study: Study, odds: Array, threshold: float, told: str, rows: NDArray[np.intp] | None = None
) -> dict[str, Any]:
    labels = study.labels if rows is None else study.labels[rows]
    return performance(labels, np.asarray(expit(odds)), odds >= threshold, told)


def _corrected(study: Study, whole: _Fitted, tasks: list[_Task], fits: list[_Fitted]) -> dict[str, Any]:
    optimism = [
        concordance(study.labels[task.train] == 1, found.train) - concordance(study.labels == 1, found.test)
        for task, found in zip(tasks, fits)
    ]
    apparent = concordance(study.labels == 1, whole.test)
    return {
        "method": f"{len(fits)} bootstrap samples of patients, the whole method on each",
        "auc": {"estimate": apparent - float(np.mean(optimism))},
        "optimism": {"estimate": float(np.mean(optimism)), "sd": float(np.std(optimism))},
    }


def _nested_area(study: Study, fold_of: NDArray[np.intp], done: Any, tasks: list[_Task], number: int) -> float:
    folds = int(fold_of.max()) + 1
    fits = [next(done) for _ in range(folds)]
    return auc_within(tasks[number * folds].labels, _scores(fold_of, fits), fold_of)


def _records(study: Study, fold_of: NDArray[np.intp], fits: list[_Fitted]) -> tuple[FoldRecord, ...]:
    names, folds = study.columns.names, int(fold_of.max()) + 1
    return tuple(
        FoldRecord(
            *divmod(number, folds),
            tuple(names[n] for n in found.chosen),
            float(expit(found.threshold)),
            tuple(float(p) for p in expit(found.test)),
        )
        for number, found in enumerate(fits)
    )


def _stability(study: Study, fits: list[_Fitted]) -> dict[str, Any]:
    chosen = np.zeros((len(fits), len(study.columns.names)), bool)
    for row, found in enumerate(fits):
        chosen[row, found.chosen] = True
    share = chosen.mean(axis=0)
    order = [n for n in np.argsort(-share, kind="stable") if share[n] > 0]
    index = nogueira_stability(chosen)
    return {
        "nogueira": None if np.isnan(index) else index,
        "mean_features": float(chosen.sum(axis=1).mean()),
        "share_of_folds": {study.columns.names[n]: float(share[n]) for n in order},
    }
