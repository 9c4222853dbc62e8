"""What R's packages found: tables and results of `reference`, whose README says what made them."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "reference"


def numbers(name: str) -> Any:
    """A JSON file."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def columns(name: str) -> dict[str, np.ndarray]:
    """The columns of a CSV file, packed or not."""
    path = FOLDER / f"{name}.csv"
    text = path.read_text() if path.exists() else gzip.decompress((FOLDER / f"{name}.csv.gz").read_bytes()).decode()
    head, *rows = csv.reader(io.StringIO(text))
    return {title: np.array([float(row[k]) for row in rows]) for k, title in enumerate(head) if title}


def matrix(name: str) -> np.ndarray:
    """The same as (row, column)."""
    return np.column_stack(list(columns(name).values()))


def number(value: Any) -> float:
    """R's infinite numbers are words."""
    return float(str(value).replace("Inf", "inf")) if value is not None else float("nan")
