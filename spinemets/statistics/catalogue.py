"""Statistics by name, each from a table of a fixed form."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.progress import Progress, silent
from spinemets.statistics import agreement, association, calibration, lasso, logistic, optimism, proportions, roc
from spinemets.statistics import sample_size as planning
from spinemets.statistics.decision_curve import decision_curve
from spinemets.statistics.forest_importance import TREES, forest_importance
from spinemets.statistics.learning_curve import REPETITIONS, learning_curve
from spinemets.statistics.nomogram import Nomogram, nomogram
from spinemets.statistics.result import Result
from spinemets.statistics.tables import LABEL, Table, number

GROUP, SET, INTERCEPT = "group", "set", "intercept"
BOOTSTRAPS = 1000
FOLDS = 10
GROUPS = 10


@dataclass(frozen=True)
class Choices:
    """What a user may choose; None where nothing was said."""

    form: str | None = None
    weights: str | None = None
    threshold: float | None = None
    groups: int | None = None
    folds: int | None = None
    repetitions: int | None = None
    seed: int = 0
    progress: Progress = field(default=silent)


@dataclass(frozen=True)
class Statistic:
    """One entry: the table that it reads, in words, the choices that it has, and what it does."""

    table: str
    compute: Callable[[Table, Choices], Result]
    choices: tuple[str, ...] = ()


def compute(name: str, path: Path, choices: Choices) -> Result:
    """A statistic of a CSV file.

    Raises
    ------
    InputError : an unknown name, a choice that the statistic does not have, or a fault of the file, told by row and
        column where it is one cell's.
    """
    if name not in CATALOGUE:
        raise InputError(name, "is no statistic", f"choose one of {', '.join(CATALOGUE)}")
    entry = CATALOGUE[name]
    for choice in ("form", "weights", "threshold", "groups", "folds", "repetitions"):
        if getattr(choices, choice) is not None and choice not in entry.choices:
            raise InputError(f"--{choice}", f"has no meaning for {name}", "leave it out")
    table = Table(path)
    try:
        return entry.compute(table, choices)
    except InputError as error:
        raise _about_the_file(error, table) from error


def _about_the_file(error: InputError, table: Table) -> InputError:
    """The same fault, with the file's name, and its row where it spoke of a case."""

    def row(found: re.Match[str]) -> str:
        return f"in row {table.rows[int(found[1]) - 1]}"

    what = error.what if error.what.startswith((str(table.path), "--")) else f"{table.path}: {error.what}"
    return InputError(what, re.sub(r"of (?:case|subject) (\d+)", row, error.why), error.remedy)


def _score(table: Table) -> tuple[NDArray[np.int_], NDArray[np.float64]]:
    table.need(LABEL)
    (name,) = table.exactly(1, "scores", [LABEL])
    return table.labels(), table.numbers(name)


def _probability(table: Table) -> tuple[NDArray[np.int_], NDArray[np.float64]]:
    table.need(LABEL)
    (name,) = table.exactly(1, "probabilities", [LABEL])
    return table.labels(), table.probabilities(name)


def _variables(table: Table) -> tuple[NDArray[np.int_], NDArray[np.float64], list[str]]:
    table.need(LABEL)
    names = table.measurements([LABEL])
    return table.labels(), table.matrix(names), names


def _auc(table: Table, choices: Choices) -> Result:
    if choices.repetitions is None:
        return roc.auc(*_score(table))
    return roc.bootstrap_auc(*_score(table), choices.repetitions, choices.seed)


def _delong(table: Table, _choices: Choices) -> Result:
    table.need(LABEL)
    first, second = table.exactly(2, "scores", [LABEL])
    return roc.delong_test(table.labels(), table.numbers(first), table.numbers(second))


def _unpaired_delong(table: Table, _choices: Choices) -> Result:
    table.need(SET, LABEL)
    (name,) = table.exactly(1, "scores", [SET, LABEL])
    labels, scores, sets = table.labels(), table.numbers(name), np.array(table.words(SET))
    values = sorted(set(sets))
    if len(values) != 2:
        raise InputError(SET, f"has {len(values)} values", "give the rows of two sets")
    one, other = (sets == value for value in values)
    return roc.unpaired_delong_test(labels[one], scores[one], labels[other], scores[other])


def _diagnostic(table: Table, choices: Choices) -> Result:
    if choices.threshold is None:
        raise InputError("--threshold", "is missing", "say from which score up a case is positive")
    return proportions.diagnostic_table(*_score(table), choices.threshold)


def _proportion(table: Table, _choices: Choices) -> Result:
    successes, total = (_count(table, name) for name in ("successes", "total"))
    return proportions.proportion(successes, total)


def _count(table: Table, name: str) -> int:
    value = _only(table, name)
    if value != round(value):
        raise table.fault(0, name, f"is {value:g}", "give a whole number")
    return int(value)


def _only(table: Table, name: str) -> float:
    if len(table) != 1:
        raise InputError(table.path, f"has {len(table)} rows", "give one")
    return float(table.numbers(name)[0])


def _icc(table: Table, choices: Choices) -> Result:
    form = choices.form or "2,1"
    if form not in agreement.ICC_FORMS:
        raise InputError("--form", f"is {form!r}", f"choose one of {' '.join(agreement.ICC_FORMS)}")
    return agreement.icc(table.matrix(table.measurements()), form)


def _kappa(table: Table, choices: Choices) -> Result:
    names = table.measurements()
    cells = [table.words(name) for name in names]
    # Numbers are put in order as numbers: 10 after 9.
    if all(number(cell) is not None for column in cells for cell in column):
        ratings: list[Any] = [table.numbers(name) for name in names]
    else:
        ratings = [np.array(column) for column in cells]
    if choices.weights not in (None, "none", *agreement.POWERS):
        raise InputError("--weights", f"are {choices.weights!r}", "choose none, linear or quadratic")
    if len(names) == 2:
        return agreement.cohen_kappa(ratings[0], ratings[1], choices.weights or "none")
    if choices.weights:
        raise InputError("--weights", f"has no meaning for {len(names)} raters", "leave it out, or give two raters")
    return agreement.fleiss_kappa(np.column_stack(ratings))


def _of_counts(test: Callable[[NDArray[np.float64]], Result]) -> Callable[[Table, Choices], Result]:
    """A test of a contingency table; a first column of words names its rows."""

    def compute(table: Table, _choices: Choices) -> Result:
        names = table.measurements()
        if not any(number(cell) is not None for cell in table.words(names[0])):
            names = names[1:]
        if not names:
            raise InputError(table.path, "has no column of counts", "give a table of counts")
        return test(table.matrix(names))

    return compute


def _of_groups(test: Callable[..., Result], count: int | None = None) -> Callable[[Table, Choices], Result]:
    """A test of the values of groups, in the order in which these come up first."""

    def compute(table: Table, _choices: Choices) -> Result:
        table.need(GROUP)
        (name,) = table.exactly(1, "values", [GROUP])
        groups, values = np.array(table.words(GROUP)), table.numbers(name)
        known = list(dict.fromkeys(groups.tolist()))
        if count is not None and len(known) != count:
            raise InputError(GROUP, f"has {len(known)} values ({', '.join(known[:8])})", f"give {count} groups")
        return test(*(values[groups == each] for each in known))

    return compute


def _correlation(method: str) -> Callable[[Table, Choices], Result]:
    def compute(table: Table, _choices: Choices) -> Result:
        first, second = table.exactly(2, "values")
        return association.correlation(table.numbers(first), table.numbers(second), method)

    return compute


def _logistic(table: Table, _choices: Choices) -> Result:
    return logistic.logistic_regression(*_variables(table), profile=True)


def _lasso(table: Table, choices: Choices) -> Result:
    labels, variables, names = _variables(table)
    folds = _folds(labels, table.patients(), choices.folds or FOLDS, choices.seed)
    return lasso.cross_validated_lasso(labels, variables, folds, names, progress=choices.progress)


def _folds(labels: NDArray[np.int_], patients: list[str], count: int, seed: int) -> NDArray[np.int_]:
    """A fold for each row: all rows of a patient in one, the classes spread evenly."""
    known, owner = np.unique(patients, return_inverse=True)
    sick = np.zeros(len(known), bool)
    np.logical_or.at(sick, owner, labels == 1)
    for stratum in (sick, ~sick):
        if stratum.sum() < 2:
            raise InputError(LABEL, f"has {stratum.sum()} patients of a class", "give at least two of both")
    if not 3 <= count <= len(known):
        raise InputError(
            "--folds", f"is {count} for {len(known)} patients", "choose 3 or more, and no more than patients"
        )
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(np.flatnonzero(stratum)) for stratum in (sick, ~sick)])
    fold = np.empty(len(known), int)
    fold[order] = np.arange(len(known)) % count
    return np.asarray(fold[owner])


def _validation(table: Table, choices: Choices) -> Result:
    repetitions = choices.repetitions or BOOTSTRAPS
    return optimism.bootstrap_validation(
        *_variables(table), repetitions=repetitions, seed=choices.seed, progress=choices.progress
    )


def _nomogram(table: Table, _choices: Choices) -> Nomogram:
    table.need("variable", "coefficient", "low", "high")
    names, slopes = table.words("variable"), table.numbers("coefficient")
    intercept, ranges, kept = 0.0, [], []
    for index, name in enumerate(names):
        if name.lower() in (INTERCEPT, "(intercept)"):
            intercept = float(slopes[index])
        else:
            kept.append(index)
            ranges.append([table.number_at(index, end) for end in ("low", "high")])
    if not kept:
        raise InputError(table.path, "has no variable", "give a row for each")
    return nomogram([names[k] for k in kept], slopes[kept], ranges, intercept)


def _forest(table: Table, choices: Choices) -> Result:
    trees = choices.repetitions or TREES
    return forest_importance(*_variables(table), trees=trees, seed=choices.seed, progress=choices.progress)


def _learning_curve(table: Table, choices: Choices) -> Result:
    labels, variables, _ = _variables(table)
    repetitions = choices.repetitions or REPETITIONS
    return learning_curve(
        labels, variables, None, table.patients(), repetitions=repetitions, seed=choices.seed, progress=choices.progress
    )


def _events(table: Table, _choices: Choices) -> Result:
    labels, _, names = _variables(table)
    return planning.events_per_variable(labels, len(names))


def _sample_size(table: Table, _choices: Choices) -> Result:
    expected = {name: _only(table, name) for name in ("r2", "auc", "shrinkage") if name in table.names}
    return planning.sample_size(_count(table, "parameters"), _only(table, "prevalence"), **expected)


ONE_SCORE = "label (0 or 1) and one score column"
ONE_PROBABILITY = "label (0 or 1) and one column of probabilities"
VARIABLES = "label (0 or 1) and a column for each variable"
COUNTS = "a contingency table of counts; a first column of words names the rows"
VALUES = "group and one column of values"
PAIRS = "two columns of values"

CATALOGUE: dict[str, Statistic] = {
    "auc": Statistic(ONE_SCORE, _auc, ("repetitions",)),
    "roc": Statistic(ONE_SCORE, lambda table, _: roc.roc_curve(*_score(table))),
    "diagnostic": Statistic(ONE_SCORE, _diagnostic, ("threshold",)),
    "delong": Statistic("label (0 or 1) and two score columns", _delong),
    "delong-unpaired": Statistic("set (two values), label (0 or 1) and one score column", _unpaired_delong),
    "proportion": Statistic("successes and total, one row", _proportion),
    "mcnemar": Statistic("a 2 x 2 table of counts", _of_counts(proportions.mcnemar)),
    "icc": Statistic("one column a rater, one row a subject", _icc, ("form",)),
    "kappa": Statistic("one column a rater, one row a subject", _kappa, ("weights",)),
    "chi-square": Statistic(COUNTS, _of_counts(association.chi_square)),
    "likelihood-ratio": Statistic(COUNTS, _of_counts(association.likelihood_ratio)),
    "fisher": Statistic(COUNTS, _of_counts(association.fisher_exact)),
    "t": Statistic(VALUES, _of_groups(lambda a, b: association.t_test(a, b, equal_variances=True), 2)),
    "welch": Statistic(VALUES, _of_groups(association.t_test, 2)),
    "mann-whitney": Statistic(VALUES, _of_groups(association.mann_whitney, 2)),
    "anova": Statistic(VALUES, _of_groups(association.anova)),
    "kruskal": Statistic(VALUES, _of_groups(association.kruskal)),
    "pearson": Statistic(PAIRS, _correlation("pearson")),
    "spearman": Statistic(PAIRS, _correlation("spearman")),
    "logistic": Statistic(VARIABLES, _logistic),
    "lasso-path": Statistic(VARIABLES, lambda table, _: lasso.lasso_path(*_variables(table))),
    "lasso": Statistic(VARIABLES, _lasso, ("folds",)),
    "calibration": Statistic(ONE_PROBABILITY, lambda table, _: calibration.calibration(*_probability(table))),
    "calibration-curve": Statistic(
        ONE_PROBABILITY, lambda table, _: calibration.calibration_curve(*_probability(table))
    ),
    "hosmer-lemeshow": Statistic(
        ONE_PROBABILITY,
        lambda table, choices: calibration.hosmer_lemeshow(*_probability(table), choices.groups or GROUPS),
        ("groups",),
    ),
    "decision-curve": Statistic(ONE_PROBABILITY, lambda table, _: decision_curve(*_probability(table))),
    "validation": Statistic(VARIABLES, _validation, ("repetitions",)),
    "nomogram": Statistic("variable, coefficient, low, high; a row may be the intercept", _nomogram),
    "forest-importance": Statistic(VARIABLES, _forest, ("repetitions",)),
    "learning-curve": Statistic(VARIABLES, _learning_curve, ("repetitions",)),
    "events-per-variable": Statistic(VARIABLES, _events),
    "sample-size": Statistic("parameters, prevalence, and r2 or auc, one row", _sample_size),
}
