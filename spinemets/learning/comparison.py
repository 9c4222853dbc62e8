"""Two tables side by side: predictions of the same cases by two models, readings of the same lesions by two readers."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.learning.feature_table import numbers
from spinemets.outputs import replacing_file
from spinemets.statistics.agreement import icc
from spinemets.statistics.roc import delong_test, unpaired_delong_test
from spinemets.studies.cohort import Case, Cohort

Key = tuple[str, str]


def compare_predictions(first: Path | str, second: Path | str, paired: bool = True) -> dict[str, Any]:
    """DeLong's test of two tables with the columns case, label (0 or 1) and probability, and lesion where there is one.

    Raises
    ------
    InputError : a cell that is no number, a case that only one table has, or labels that differ.
    """
    a, b = _predictions(first), _predictions(second)
    if not paired:
        found = unpaired_delong_test(*_arrays(a.values()), *_arrays(b.values()))
        return {"test": "unpaired", "cases": [len(a), len(b)], **found.as_json()}
    _check_same(first, a, second, b)
    for key, (label, _) in a.items():
        if b[key][0] != label:
            raise InputError(
                f"{second}, case {_told(key)}", f"has another label than in {first}", "correct one of them"
            )
    labels, scores = _arrays(a.values())
    _, others = _arrays([b[key] for key in a])
    return {"test": "paired", "cases": len(a), **delong_test(labels, scores, others).as_json()}


def agreement_table(first: Path | str, second: Path | str, form: str = "2,1") -> list[dict[str, Any]]:
    """ICC with interval of each column of numbers that two tables of the same lesions share, in order of the first.

    Raises
    ------
    InputError : no lesion or column in common; a cell that is empty or no number.
    """
    tables = [Cohort.read(path) for path in (first, second)]
    cases = [{(case.case, case.lesion): case for case in table.cases} for table in tables]
    shared = [key for key in cases[0] if key in cases[1]]
    if len(shared) < 2:
        raise InputError(f"{first} and {second}", f"share {len(shared)} lesions", "give two readings of the same cases")
    names = [name for name in _number_columns(tables[0]) if name in set(_number_columns(tables[1]))]
    if not names:
        raise InputError(f"{first} and {second}", "share no column of numbers", "give two tables of features")
    read = [numbers(table.path, [own[key] for key in shared], names, {}) for table, own in zip(tables, cases)]
    found = icc(np.stack(read, axis=1), form)
    columns = (found.estimate, found.lower, found.upper, found.p)
    return [
        {"feature": name, **{key: _finite(value) for key, value in zip(("icc", "lower", "upper", "p"), row)}}
        for name, row in zip(names, np.array([np.atleast_1d(column) for column in columns]).T.tolist())
    ]


def mask_agreement(first: Path | str, second: Path | str) -> list[dict[str, Any]]:
    """Dice and HD95 (mm) of the masks of the lesions that two cohort tables share; the second is carried to the first's
    grid.

    Raises
    ------
    InputError : no lesion in common, or a mask is missing or cannot be read.
    """
    from spinemets.geometry.carrying import carry_mask
    from spinemets.geometry.files import read_mask
    from spinemets.geometry.grids import same_grid
    from spinemets.segmentation.overlap import dice, hausdorff95_mm

    tables = [{(case.case, case.lesion): case for case in Cohort.read(path).cases} for path in (first, second)]
    shared = [key for key in tables[0] if key in tables[1]]
    if not shared:
        raise InputError(f"{first} and {second}", "share no lesion", "give two readings of the same cases")
    rows = []
    for key in shared:
        mask, other = (read_mask(_mask(path, table[key])) for path, table in zip((first, second), tables))
        if not same_grid(mask, other):
            other = carry_mask(other, mask)
        rows.append(
            {"case": key[0], "lesion": key[1], "dice": dice(mask, other), "hd95_mm": hausdorff95_mm(mask, other)}
        )
    return rows


def write_rows(rows: list[dict[str, Any]], path: Path, overwrite: bool = False) -> None:
    """A CSV with the keys of the rows as header; what is not known is left empty."""
    with replacing_file(path, overwrite) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _predictions(path: Path | str) -> dict[Key, tuple[int, float]]:
    table = Cohort.read(path)
    if all("probability" not in case.clinical for case in table.cases):
        raise InputError(path, "has no column probability", "give the predictions.csv that `spinemets validate` writes")
    found = {}
    for case in table.cases:
        what = f"{path}, row {case.row} ({case.case})"
        if case.label not in ("0", "1"):
            raise InputError(f"{what}, column label", f"is {case.label!r}", "give 1 for the positive class, else 0")
        value = float(numbers(table.path, [case], ["probability"], {})[0, 0])
        found[(case.case, case.lesion)] = (int(case.label), value)
    return found


def _arrays(pairs: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    both = np.array(list(pairs), np.float64)
    return both[:, 0], both[:, 1]


def _check_same(first: Path | str, a: dict[Key, Any], second: Path | str, b: dict[Key, Any]) -> None:
    for one, own, other, theirs in ((first, a, second, b), (second, b, first, a)):
        missing = [key for key in own if key not in theirs]
        if missing:
            why = f"has no case {_told(missing[0])}, which {one} has"
            raise InputError(other, why, "give the same cases, or compare different ones with --unpaired")


def _told(key: Key) -> str:
    return "/".join(part for part in key if part)


def _number_columns(table: Cohort) -> list[str]:
    """Columns with a number in the first row; a word further down is then a fault, and not a column of words."""
    return [name for name, value in table.cases[0].clinical.items() if isinstance(value, (int, float))]


def _mask(path: Path | str, case: Case) -> Path:
    found = case.mask_for(())
    if found is None:
        raise InputError(f"{path}, row {case.row} ({case.case})", "names no mask", "fill the column mask")
    return found


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
