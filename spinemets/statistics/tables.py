"""Tables as users have them: CSV with a header, and faults told by file, row and column."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spinemets.errors import InputError

# Columns that say who a row is, and are no measurement.
IDENTIFIERS = ("case", "patient", "subject", "lesion")
LABEL = "label"
DELIMITERS = (",", ";", "\t")
MISSING = ("", "na", "nan", "n/a", "null", "none")


class Table:
    """Cells of a CSV file by column. Rows are counted as a spreadsheet does: the header is row 1.

    Raises
    ------
    InputError : the file cannot be read, has no header or no row, a column twice, or a row of another length.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        kept = self._records()
        if len(kept) < 2:
            raise InputError(self.path, "has no row under its header", "give a header and at least one row")
        self.names = kept[0][1]
        self.rows = [row for row, _ in kept[1:]]
        twice = [name for name in self.names if not name or self.names.count(name) > 1]
        if twice:
            why = f"has the column {twice[0]!r} twice" if twice[0] else "has a column without a name"
            raise InputError(self.path, why, "give each column a name of its own")
        for row, cells in kept[1:]:
            if len(cells) != len(self.names):
                why = f"has {len(cells)} cells, and the header {len(self.names)}"
                raise InputError(f"{self.path}, row {row}", why, "give each row a cell for each column")
        self._cells = {name: [cells[k] for _, cells in kept[1:]] for k, name in enumerate(self.names)}

    def _records(self) -> list[tuple[int, list[str]]]:
        """Each row that is not blank, with its number."""
        text = self._text()
        try:
            records = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
        except csv.Error as error:
            raise InputError(self.path, f"is no CSV ({error})", "save it as CSV in UTF-8") from error
        return [
            (row, [cell.strip() for cell in cells]) for row, cells in enumerate(records, 1) if "".join(cells).strip()
        ]

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(self.path, "is not text in UTF-8", "save it as CSV in UTF-8") from error
        except OSError as error:
            raise InputError(self.path, f"cannot be read ({error.strerror})", "give the path of a CSV file") from error

    def __len__(self) -> int:
        return len(self.rows)

    def fault(self, index: int, name: str, why: str, remedy: str) -> InputError:
        """An error about one cell; `index` counts rows without the header, from 0."""
        return InputError(f"{self.path}, row {self.rows[index]}, column {name}", why, remedy)

    def words(self, name: str) -> list[str]:
        """A column as it is; an empty cell is a fault."""
        self.need(name)
        for index, cell in enumerate(self._cells[name]):
            if cell.lower() in MISSING:
                raise self.fault(index, name, "is empty", "complete it, or leave the row out")
        return self._cells[name]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column of numbers."""
        self.words(name)
        return np.array([self.number_at(index, name) for index in range(len(self))])

    def number_at(self, index: int, name: str) -> float:
        """One cell of a column of numbers, where others may be empty."""
        cell = self._cells[name][index]
        value = number(cell)
        if value is None:
            comma = number(cell.replace(",", ".")) is not None
            remedy = "write the decimals after a point" if comma else "write a number"
            raise self.fault(index, name, f"is {cell!r}, not a number", remedy)
        return value

    def labels(self, name: str = LABEL) -> NDArray[np.int_]:
        """A column of 0 and 1."""
        found = np.empty(len(self), int)
        for index, cell in enumerate(self.words(name)):
            if number(cell) not in (0, 1):
                raise self.fault(index, name, f"is {cell!r}", "write 0 or 1, 1 for the positive class")
            found[index] = int(float(cell))
        return found

    def probabilities(self, name: str) -> NDArray[np.float64]:
        """A column of numbers from 0 to 1."""
        found = self.numbers(name)
        outside = np.flatnonzero((found < 0) | (found > 1))
        if outside.size:
            raise self.fault(int(outside[0]), name, f"is {found[outside[0]]:g}", "give probabilities from 0 to 1")
        return found

    def matrix(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Columns of numbers (row, column)."""
        return np.column_stack([self.numbers(name) for name in names])

    def measurements(self, but: Sequence[str] = ()) -> list[str]:
        """Names of the columns, at least one, that are neither identifiers nor among `but`."""
        names = [name for name in self.names if name.lower() not in IDENTIFIERS and name not in but]
        if not names:
            beside = f" beside {', '.join(but)}" if but else ""
            raise InputError(self.path, f"has no column of measurements{beside}", "add at least one")
        return names

    def patients(self) -> list[str]:
        """Who each row belongs to: the first identifier's cells, or the row itself."""
        known = [name for name in self.names if name.lower() in IDENTIFIERS]
        return self.words(known[0]) if known else [str(row) for row in self.rows]

    def need(self, *names: str) -> None:
        """Check that columns are there."""
        for name in names:
            if name not in self.names:
                has = ", ".join(self.names[:8]) + (", ..." if len(self.names) > 8 else "")
                raise InputError(self.path, f"has no column {name!r}, but {has}", f"name a column {name}")

    def exactly(self, count: int, kind: str, but: Sequence[str] = ()) -> list[str]:
        """The names of the measurements, which must be `count`."""
        names = self.measurements(but)
        if len(names) != count:
            why = f"has {len(names)} columns of {kind} ({', '.join(names[:8])})"
            raise InputError(self.path, why, f"leave exactly {count}")
        return names


def number(cell: str) -> float | None:
    """A cell as a finite number, or None."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in cell else None


def _delimiter(text: str) -> str:
    """What stands most often in the header."""
    header = text.partition("\n")[0]
    return max(DELIMITERS, key=header.count)
