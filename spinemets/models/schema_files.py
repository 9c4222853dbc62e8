"""The JSON schemas (draft 2020-12) of the files that users and scripts read and write."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from spinemets.errors import InputError

SCHEMA_FOLDER = Path(__file__).parent / "schemas"
SCHEMA_SUFFIX = ".schema.json"


def schema_names() -> list[str]:
    """Names of the schemas, as `read_schema` takes them."""
    return sorted(path.name[: -len(SCHEMA_SUFFIX)] for path in SCHEMA_FOLDER.glob(f"*{SCHEMA_SUFFIX}"))


@lru_cache
def _schema_text(name: str) -> str:
    if name not in schema_names():
        raise InputError(name, "is not the name of a schema", f"choose one of {', '.join(schema_names())}")
    return (SCHEMA_FOLDER / f"{name}{SCHEMA_SUFFIX}").read_text(encoding="utf-8")


def read_schema(name: str) -> dict[str, Any]:
    """The schema `name`, as a new dictionary.

    Raises
    ------
    InputError : there is no schema of that name.
    """
    schema: dict[str, Any] = json.loads(_schema_text(name))
    return schema
