"""The table of a cohort: one row a lesion, with its images, masks, label and clinical values.

Columns: `case` (the patient), `lesion`, `reader`, one a role with an image file or the folder of a DICOM series, `mask`
or `mask_ROLE`, `times_dce` with a text file of the seconds of the dynamic series' frames, `label`; every other column
is clinical. Paths are relative to the table. The table is CSV in UTF-8, as Excel saves it too: with a byte-order mark,
or semicolons and decimal commas.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spinemets.errors import InputError
from spinemets.outputs import replacing_file
from spinemets.studies.roles import IMAGE_ROLES

Value = str | int | float | None
# The key of a mask that stands in column `mask` and so belongs to no single role.
ANY_ROLE = ""
MASK_COLUMNS = {"mask": ANY_ROLE, **{f"mask_{role}": role for role in IMAGE_ROLES}}
IDENTITY = ("case", "lesion", "reader")
# A text file with the seconds of the dynamic series' frames, where these are not in the series itself.
TIMES_COLUMN = "times_dce"
DELIMITERS = ",;\t"
# Not 007: a number with leading zeros is a name.
NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


@dataclass(frozen=True)
class Case:
    """One row. `images` and `masks` by role hold absolute paths; the key "" of `masks` is the column `mask`; `times` is
    the file of the frames' seconds.

    `label` is as written, None where it is empty or the column is absent. `clinical` keeps the order of the columns;
    numbers are parsed, empty cells are None. `row` counts as a spreadsheet does: the header is row 1.
    """

    case: str
    lesion: str = ""
    reader: str = ""
    images: dict[str, Path] = field(default_factory=dict)
    masks: dict[str, Path] = field(default_factory=dict)
    label: str | None = None
    clinical: dict[str, Value] = field(default_factory=dict)
    row: int = 0
    times: Path | None = None

    @property
    def name(self) -> str:
        """How messages call the case: its row and identity."""
        told = "/".join(part for part in (self.case, self.lesion, self.reader) if part)
        return f"row {self.row} ({told})" if self.row else told

    def mask_for(self, roles: Sequence[str]) -> Path | None:
        """The mask to carry to all of `roles`: column `mask`, else the first of the roles that has its own."""
        keys = (ANY_ROLE, *roles, *self.masks)
        return next((self.masks[key] for key in keys if key in self.masks), None)


@dataclass(frozen=True)
class Cohort:
    """The cases of a table in its order; `path` is the table, None when it was never a file."""

    cases: tuple[Case, ...]
    path: Path | None = None

    @classmethod
    def read(cls, path: Path | str) -> Cohort:
        """Read a table and check that every file that it names exists.

        Raises
        ------
        InputError : names the row and column at fault.
        """
        path = Path(path)
        header, rows, delimiter = _read_cells(path)
        _check_header(path, header)
        cases = [_case(path, header, cells, row, delimiter) for row, cells in rows]
        if not cases:
            raise InputError(path, "has no rows under its header", "add a row a lesion")
        _check_duplicates(path, cases)
        return cls(tuple(cases), path)

    def write(self, path: Path | str, overwrite: bool = False) -> None:
        """Write the table with paths relative to it. The file is whole or absent.

        Raises
        ------
        InputError : the file exists and `overwrite` is false, or cannot be written.
        """
        path = Path(path)
        base = path.absolute().parent
        roles = [role for role in IMAGE_ROLES if any(role in case.images for case in self.cases)]
        masks = [name for name, key in MASK_COLUMNS.items() if any(key in case.masks for case in self.cases)]
        times = [TIMES_COLUMN] if any(case.times is not None for case in self.cases) else []
        clinical = list(dict.fromkeys(name for case in self.cases for name in case.clinical))
        labels = ["label"] if any(case.label is not None for case in self.cases) else []
        with replacing_file(path, overwrite) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow([*IDENTITY, *roles, *masks, *times, *labels, *clinical])
            for case in self.cases:
                places = [_relative(case.images.get(role), base) for role in roles]
                places += [_relative(case.masks.get(MASK_COLUMNS[name]), base) for name in masks]
                places += [_relative(case.times, base) for _ in times]
                values = [case.label or ""] if labels else []
                values += ["" if case.clinical.get(name) is None else str(case.clinical[name]) for name in clinical]
                writer.writerow([case.case, case.lesion, case.reader, *places, *values])


def _relative(place: Path | None, base: Path) -> str:
    if place is None:
        return ""
    try:
        return Path(os.path.relpath(Path(place).absolute(), base)).as_posix()
    except ValueError:
        # Another drive on Windows.
        return str(place)


def _read_cells(path: Path) -> tuple[list[str], list[tuple[int, list[str]]], str]:
    """Header, non-empty rows with their numbers, and the delimiter."""
    if path.is_dir():
        raise InputError(path, "is a folder", "name the table, a CSV file")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(path, "does not exist", "check the name") from error
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check its permissions") from error
    except UnicodeDecodeError as error:
        raise InputError(path, "is not written in UTF-8", "save it as CSV UTF-8") from error
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InputError(path, f"is no CSV table ({error})", "save it as CSV UTF-8") from error
    stripped = [[cell.strip() for cell in cells] for cells in lines]
    filled = [(number + 1, cells) for number, cells in enumerate(stripped) if any(cells)]
    if not filled:
        raise InputError(path, "is an empty table", "add a header and a row a lesion")
    return filled[0][1], filled[1:], delimiter


def _check_header(path: Path, header: list[str]) -> None:
    if "case" not in header:
        found = ", ".join(header[:8])
        raise InputError(path, f"has no column case (it has {found})", "name the column of the patients case")
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise InputError(path, f"has column {repeated[0]} twice", "rename or remove one of them")
    for name in header:
        if name.startswith("mask_") and name not in MASK_COLUMNS:
            remedy = f"name it mask or one of {', '.join(list(MASK_COLUMNS)[1:])}"
            raise InputError(path, f"has column {name}, and {name[5:]} is no role", remedy)


def _case(path: Path, header: list[str], cells: list[str], row: int, delimiter: str) -> Case:
    if any(cells[len(header) :]):
        why = f"has {len(cells)} cells under {len(header)} columns"
        raise InputError(f"{path}, row {row}", why, "quote cells that hold the delimiter")
    values = dict(zip(header, [*cells, *[""] * (len(header) - len(cells))]))
    if not values["case"]:
        raise InputError(f"{path}, row {row}, column case", "is empty", "name the patient of every row")
    known = {*IDENTITY, *IMAGE_ROLES, *MASK_COLUMNS, TIMES_COLUMN, "label", ""}
    times = values.get(TIMES_COLUMN)
    return Case(
        case=values["case"],
        lesion=values.get("lesion", ""),
        reader=values.get("reader", ""),
        images={role: _existing(path, row, role, values[role]) for role in IMAGE_ROLES if values.get(role)},
        masks={key: _existing(path, row, name, values[name]) for name, key in MASK_COLUMNS.items() if values.get(name)},
        label=values.get("label") or None,
        clinical={name: _parsed(value, delimiter) for name, value in values.items() if name not in known},
        row=row,
        times=_existing(path, row, TIMES_COLUMN, times) if times else None,
    )


def _existing(path: Path, row: int, column: str, cell: str) -> Path:
    place = path.absolute().parent / cell.replace("\\", "/")
    if not place.exists():
        what = f"{path}, row {row}, column {column}"
        raise InputError(what, f"{cell} does not exist", "correct the path, which starts at the table's folder")
    return place


def _parsed(cell: str, delimiter: str) -> Value:
    if not cell:
        return None
    # With semicolons between cells the comma is free to be the decimal sign.
    number = cell.replace(",", ".") if delimiter == ";" else cell
    if NUMBER.fullmatch(number) is None:
        return cell
    return int(number) if number.lstrip("+-").isdigit() else float(number)


def _check_duplicates(path: Path, cases: Iterable[Case]) -> None:
    seen: dict[tuple[str, str, str], int] = {}
    for case in cases:
        key = (case.case, case.lesion, case.reader)
        if key in seen:
            told = ", ".join(f"{name} {value}" for name, value in zip(IDENTITY, key) if value)
            raise InputError(
                f"{path}, row {case.row}",
                f"repeats row {seen[key]} ({told})",
                "give each lesion and each reader of a case its own row, told apart by lesion or reader",
            )
        seen[key] = case.row
