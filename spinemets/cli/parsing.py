"""What parses the command line: Typer, or argparse behind the same names where Typer is not installed."""

from __future__ import annotations

import importlib
from typing import Any

typer: Any
try:
    typer = importlib.import_module("typer")
except ImportError:
    typer = importlib.import_module("spinemets.cli.plain_parser")
