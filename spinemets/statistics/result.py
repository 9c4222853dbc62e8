"""What every statistic returns, and the checks that all share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.errors import InputError

# Longer lists are counted only.
MOST_TOLD = 4


class Result:
    """Base of the results: prints its numbers, and gives them as plain data."""

    def as_json(self) -> dict[str, Any]:
        """Every field by name; a number that is not finite is None or the words inf and -inf, which JSON can hold."""
        assert is_dataclass(self)
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self._known())

    def lines(self) -> list[str]:
        """The same, one fact a line."""
        if type(self).__str__ is not Result.__str__:
            return str(self).split("; ")
        return [f"{name.replace('_', ' ')}: {value}" for name, value in self._known()]

    def _known(self) -> list[tuple[str, str]]:
        return [(name, _told(value)) for name, value in self.as_json().items() if value is not None and value != []]


def plain(value: Any) -> Any:
    """Arrays, numpy numbers and results as what JSON can hold."""
    if isinstance(value, Result):
        return value.as_json()
    if isinstance(value, np.ndarray):
        return [plain(each) for each in value.tolist()]
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value


def _told(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return f"({', '.join(f'{name} {_told(each)}' for name, each in value.items())})"
    if isinstance(value, list) and len(value) > MOST_TOLD:
        return f"of {len(value)} values"
    if isinstance(value, list):
        return f"({', '.join(_told(each) for each in value)})"
    return str(value)


def labels_and_scores(labels: ArrayLike, *scores: ArrayLike) -> tuple[NDArray[np.bool_], list[NDArray[np.float64]]]:
    """Labels as truth values and scores as floats, checked.

    Raises
    ------
    InputError : labels are other than 0 and 1, one class is missing, lengths differ, a score is no number.
    """
    truth = np.asarray(labels)
    wrong = [n for n, value in enumerate(truth.tolist()) if value not in (0, 1)]
    if wrong:
        raise InputError("label", f"of case {wrong[0] + 1} is {truth[wrong[0]]!r}", "give 0 or 1")
    positive = truth.astype(bool)
    if positive.all() or not positive.any():
        raise InputError("label", f"is {int(positive.any())} for all {len(truth)} cases", "give cases of both classes")
    return positive, [_numbers(score, len(positive), f"score {n}") for n, score in enumerate(scores, start=1)]


def labels_and_variables(
    labels: ArrayLike, variables: ArrayLike, names: Sequence[str] | None = None
) -> tuple[NDArray[np.bool_], NDArray[np.float64], tuple[str, ...]]:
    """Labels as truth values, variables (case, variable) as floats and their names, x1, x2, ... by default, checked.

    Raises
    ------
    InputError : as `labels_and_scores`; no variable, or not one name for each.
    """
    columns = np.asarray(variables)
    columns = columns[:, np.newaxis] if columns.ndim == 1 else columns
    if columns.ndim != 2 or not columns.shape[1]:
        raise InputError("variables", f"have the shape {columns.shape}", "give a row a case and a column a variable")
    told = tuple(f"x{n}" for n in range(1, columns.shape[1] + 1)) if names is None else tuple(map(str, names))
    if len(told) != columns.shape[1]:
        raise InputError("variables", f"are {columns.shape[1]} with {len(told)} names", "give one name for each")
    positive, _ = labels_and_scores(labels)
    if columns.dtype.kind in "fiub" and len(columns) == len(positive) and np.isfinite(columns).all():
        return positive, np.asarray(columns, np.float64), told
    return positive, np.stack([_numbers(c, len(positive), n) for c, n in zip(columns.T, told)], axis=1), told


def _numbers(score: ArrayLike, count: int, name: str) -> NDArray[np.float64]:
    try:
        values = np.asarray(score, np.float64)
    except (TypeError, ValueError):
        values = np.array([_number(each) for each in np.ravel(np.asarray(score, object))])
    if values.shape != (count,):
        raise InputError(name, f"has {values.size} values for {count} labels", "give one for each case")
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise InputError(name, f"of case {bad[0] + 1} is not a number", "leave the case out, or repair it")
    return values


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan
