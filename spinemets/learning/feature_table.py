"""The table that a model learns from: a cohort table whose other columns are numbers.

Columns: `case` (the patient), `lesion`, `reader`, `label`, and a column a feature: ROLE_image-type_class_feature of
images, as `t1_original_firstorder_Mean`, and clinical variables that a recipe names. A reader's `t1_signal` or a
`t1_remark` begins as a feature of the series T1 does, but has no class of features in it: it is left out, and said. A
label is the name of a class, or 1 for the positive class and 0 for the other. Where several readers measured the same
lesions, the first reader's rows are learned from, and all are compared.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.features.settings import FAMILIES
from spinemets.studies.cohort import Case, Cohort

FEWEST_COPIES = 5
MOST_LISTED = 5
POSITIVE_WORDS, NEGATIVE_WORDS = ("1", "1.0"), ("0", "0.0")
# A number with a decimal comma, in a table whose cells are parted by commas.
COMMA = re.compile(r"[+-]?\d*,\d+")
# After the role: type of image (of maps, which map before it), class, feature.
MEASURED = re.compile(rf"([^_].*)_({'|'.join(FAMILIES)})_[^_].*")


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Cases, labels and numbers.

    Attributes
    ----------
    path : of the table. rows : (case,) row of each case, as a spreadsheet counts. patients, lesions : (case,) names.
    labels : (case,) 1 for the positive class. names : of the features. values : (case, feature).
    of_image : (feature,) whether a feature was measured on an image.
    ratings : (lesion, reader, feature) of lesions that several readers measured, or None.
    warnings : what was left out. simulated : whether the column `simulated` says so of any case.
    """

    path: Path
    rows: tuple[int, ...]
    patients: tuple[str, ...]
    lesions: tuple[str, ...]
    labels: NDArray[np.intp]
    names: tuple[str, ...]
    values: NDArray[np.float64] = field(repr=False)
    of_image: NDArray[np.bool_] = field(repr=False)
    ratings: NDArray[np.float64] | None = field(default=None, repr=False)
    warnings: tuple[str, ...] = ()
    simulated: bool = False

    def case_names(self) -> list[str]:
        """`patient` or `patient/lesion` of each case."""
        return [f"{a}/{b}" if b else a for a, b in zip(self.patients, self.lesions)]


def is_measured(name: str, roles: Iterable[str]) -> bool:
    """Whether a column's name is that of a feature measured on an image of one of the roles."""
    return image_and_class(name, roles) is not None


def image_and_class(name: str, roles: Iterable[str]) -> tuple[str, str] | None:
    """`t1_wavelet-LLH_glcm_Contrast` -> (`wavelet-LLH`, `glcm`); None of a column that is no feature of the roles."""
    for role in roles:
        found = MEASURED.fullmatch(name[len(role) + 1 :]) if name.startswith(f"{role}_") else None
        if found is not None:
            return found[1], found[2]
    return None


def read_feature_table(path: Path | str, recipe: Mapping[str, Any], leave_out_constant: bool = False) -> FeatureTable:
    """The cases and features of a table that a recipe uses.

    Parameters
    ----------
    recipe : content of a recipe: `classes`, `roles`, `extraction`, `variables`, `left_out`.
    leave_out_constant : go on without columns that are the same in all cases.

    Raises
    ------
    InputError : naming row and column: no label or an unknown one, one class only, a column that is missing or
        constant, a cell that is empty or no number, two patients with the same values.
    """
    cohort = Cohort.read(path)
    cases, others = _by_reader(cohort.cases)
    labels = _labels(cohort, cases, list(recipe["classes"]))
    names, of_image, unlike = _columns(cohort, recipe)
    variables = {entry["name"]: entry for entry in recipe.get("variables", ())}
    values = numbers(cohort.path, cases, names, variables)
    varies = np.ptp(values, axis=0) > 0
    warnings = [f"left out, named unlike a feature measured on an image: {_listed(unlike)}"] if unlike else []
    if not varies.all():
        constant = [name for name, kept in zip(names, varies) if not kept]
        if not leave_out_constant or not varies.any():
            more = f" and {len(constant) - 1} more" if len(constant) > 1 else ""
            raise InputError(
                f"{path}, column {constant[0]}{more}",
                f"is {values[0, names.index(constant[0])]:g} in all {len(cases)} rows",
                "take it out of the table, or add --leave-out-constant",
            )
        warnings.append(f"left out, the same in all cases: {_listed(constant)}")
    _check_copies(cohort, cases, values[:, varies & of_image])
    kept = [name for name, use in zip(names, varies) if use]
    ratings = _ratings(cohort, cases, others, kept, variables)
    return FeatureTable(
        Path(path),
        tuple(case.row for case in cases),
        tuple(case.case for case in cases),
        tuple(case.lesion for case in cases),
        labels,
        tuple(kept),
        values[:, varies],
        of_image[varies],
        ratings,
        tuple(warnings),
        _simulated(cases),
    )


def read_columns(
    path: Path | str, names: Sequence[str], classes: Sequence[str], variables: Mapping[str, Mapping[str, Any]]
) -> FeatureTable:
    """The columns that a finished model needs, of the first reader's rows.

    Raises
    ------
    InputError : naming row and column: a column that is missing, a cell that is empty or no number, an unknown label,
        one class only.
    """
    cohort = Cohort.read(path)
    cases, _ = _by_reader(cohort.cases)
    there = {name for case in cohort.cases for name in case.clinical}
    missing = [name for name in names if name not in there]
    if missing:
        more = f" and {len(missing) - 1} more that the model needs" if len(missing) > 1 else ", which the model needs"
        raise InputError(path, f"has no column {missing[0]}{more}", "make the features with the model's own recipe")
    return FeatureTable(
        Path(path),
        tuple(case.row for case in cases),
        tuple(case.case for case in cases),
        tuple(case.lesion for case in cases),
        _labels(cohort, cases, list(classes)),
        tuple(names),
        numbers(cohort.path, cases, names, variables),
        np.array([name not in variables for name in names], bool),
        simulated=_simulated(cases),
    )


def _listed(names: Sequence[str]) -> str:
    """The first names and how many more; those that were used stand in the result."""
    more = len(names) - MOST_LISTED
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:MOST_LISTED])} and {more} more"


def _simulated(cases: Sequence[Case]) -> bool:
    return any(str(case.clinical.get("simulated", "")).lower() in ("true", "1") for case in cases)


def numbers(
    path: Path | None, cases: Sequence[Case], names: Sequence[str], variables: Mapping[str, Mapping[str, Any]]
) -> NDArray[np.float64]:
    """Values (case, name) of columns; words become the numbers that `variables` gives them.

    Raises
    ------
    InputError : naming row and column of a cell that is empty or no number.
    """
    found = np.empty((len(cases), len(names)))
    for column, name in enumerate(names):
        words = variables.get(name, {}).get("values", {})
        for number, case in enumerate(cases):
            cell = case.clinical.get(name)
            value = words.get(str(cell), cell)
            if isinstance(value, str) or value is None or not math.isfinite(value):
                known = f"one of {', '.join(words)}, or a number" if words else "a number"
                why = "is empty" if cell is None else f"is {cell!r}, which is not {known}"
                what = f"{path}, row {case.row} ({case.case}), column {name}"
                told = f"write {value.replace(',', '.')}" if COMMA.fullmatch(str(value)) else f"give {known}"
                raise InputError(what, why, f"{told}, or leave the case out")
            found[number, column] = value
    return found


def _by_reader(cases: Sequence[Case]) -> tuple[list[Case], dict[str, dict[tuple[str, str], Case]]]:
    """The rows of the first reader of each lesion, and all rows by reader and lesion."""
    first: dict[tuple[str, str], Case] = {}
    readers: dict[str, dict[tuple[str, str], Case]] = {}
    for case in cases:
        first.setdefault((case.case, case.lesion), case)
        readers.setdefault(case.reader, {})[(case.case, case.lesion)] = case
    return list(first.values()), readers


def _labels(cohort: Cohort, cases: Sequence[Case], classes: list[str]) -> NDArray[np.intp]:
    if all(case.label is None for case in cases):
        raise InputError(
            cohort.path, "has no column label with an entry", f"name each case {classes[0]} or {classes[1]}"
        )
    labels = np.empty(len(cases), np.intp)
    words = dict.fromkeys((classes[0].lower(), *POSITIVE_WORDS), 1)
    words |= dict.fromkeys((classes[1].lower(), *NEGATIVE_WORDS), 0)
    for number, case in enumerate(cases):
        what = f"{cohort.path}, row {case.row} ({case.case}), column label"
        if case.label is None:
            raise InputError(what, "is empty", f"give {classes[0]} or {classes[1]}")
        found = words.get(case.label.strip().lower())
        if found is None:
            remedy = f"write {classes[0]} (or 1) or {classes[1]} (or 0)"
            raise InputError(what, f"is {case.label!r}, which is no class of this recipe", remedy)
        labels[number] = found
    for code, name in ((1, classes[0]), (0, classes[1])):
        if not (labels == code).any():
            raise InputError(f"{cohort.path}, column label", f"has no {name}", "add cases of both classes")
    return labels


def _columns(cohort: Cohort, recipe: Mapping[str, Any]) -> tuple[list[str], NDArray[np.bool_], list[str]]:
    """Names of the columns that the recipe uses, in the table's order, and whether each belongs to an image; then those
    that begin with a role, but are neither its features nor variables of the recipe."""
    there = list(dict.fromkeys(name for case in cohort.cases for name in case.clinical))
    wanted = [entry["name"] for entry in recipe.get("variables", ())]
    for name in wanted:
        if name not in there:
            raise InputError(f"{cohort.path}", f"has no column {name}", "add it; the recipe needs it")
    roles = list(recipe["roles"]) if recipe["extraction"] is not None else []
    others = [name for name in there if name not in wanted and any(name.startswith(f"{role}_") for role in roles)]
    images = [name for name in others if is_measured(name, roles)]
    unlike = [name for name in others if name not in images]
    used = [name for name in images if not any(part in name for part in recipe.get("left_out", ()))]
    for role in roles:
        if not any(is_measured(name, [role]) for name in used):
            why = f"has no feature of {role}, a column named as {role}_original_firstorder_Mean"
            raise InputError(f"{cohort.path}", why, "make the features with `spinemets extract`")
    names = [name for name in there if name in used or name in wanted]
    return names, np.array([name in used for name in names], bool), unlike


def _check_copies(cohort: Cohort, cases: Sequence[Case], values: NDArray[np.float64]) -> None:
    """A case under two names would be learned from and tested on."""
    if values.shape[1] < FEWEST_COPIES:
        return
    seen: dict[bytes, Case] = {}
    for case, row in zip(cases, values):
        other = seen.setdefault(row.tobytes(), case)
        if other is not case:
            raise InputError(
                f"{cohort.path}, row {case.row} ({case.case})",
                f"has the same image features as row {other.row} ({other.case})",
                "leave one out: a copy in training and test makes every estimate too good",
            )


def _ratings(
    cohort: Cohort,
    cases: Sequence[Case],
    readers: dict[str, dict[tuple[str, str], Case]],
    names: Sequence[str],
    variables: Mapping[str, Mapping[str, Any]],
) -> NDArray[np.float64] | None:
    """Lesions that all readers measured (lesion, reader, feature)."""
    shared = [
        key for key in ((case.case, case.lesion) for case in cases) if all(key in own for own in readers.values())
    ]
    if len(readers) < 2 or len(shared) < 2:
        return None
    read = [numbers(cohort.path, [own[key] for key in shared], names, variables) for own in readers.values()]
    return np.stack(read, axis=1)
