"""Progress and results, as a person or a program wants them.

With `--progress json` each step is one line `{"stage", "done", "total", "message"}` on standard output and the
command's own result is the last line, so that a parent process reads one stream. Faults go to standard error.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from spinemets.cli.options import ProgressStyle
from spinemets.progress import Progress, silent


def _json_progress(stage: str, done: int, total: int, message: str = "") -> None:
    step = {"stage": stage, "done": done, "total": total, "message": message}
    sys.stdout.write(json.dumps(step, ensure_ascii=_only_ascii()) + "\n")
    sys.stdout.flush()


def _only_ascii() -> bool:
    """Whether JSON must spell its characters as \\uXXXX, since standard output does not take all of them."""
    return "utf" not in (sys.stdout.encoding or "utf-8").lower()


@contextmanager
def showing_progress(style: ProgressStyle) -> Iterator[Progress]:
    """Give the progress callback for `style`; the bar is drawn on standard error, and on a terminal only."""
    if style is ProgressStyle.json:
        yield _json_progress
    elif style is ProgressStyle.bar and sys.stderr.isatty():
        with _progress_bar() as progress:
            yield progress
    else:
        yield silent


@contextmanager
def _progress_bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description:<14}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def progress(stage: str, done: int, total: int, message: str = "") -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total, note=message)
            bar.update(tasks[stage], completed=done, total=total, note=message)

        yield progress


def printable(text: str) -> str:
    """The text on one line and without what a terminal takes for commands, which names in DICOM headers may hold."""
    return "".join(
        character if unicodedata.category(character) not in ("Cc", "Zl", "Zp") else " " for character in text
    )


def print_json(value: Any, style: ProgressStyle = ProgressStyle.none) -> None:
    """Print a result as JSON; on one line when progress shares the stream. A number that is not finite is refused."""
    indent = None if style is ProgressStyle.json else 2
    sys.stdout.write(json.dumps(value, indent=indent, ensure_ascii=_only_ascii(), allow_nan=False) + "\n")


def print_line(text: str) -> None:
    """Print one line of a result on standard output, as it is."""
    sys.stdout.write(f"{printable(text)}\n")


def print_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print a table that fits the terminal; into a file or a pipe it is as wide as it needs to be."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(printable(title)) or None, title_justify="left", show_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(escape(printable(cell)) for cell in row))
    console = Console() if sys.stdout.isatty() else Console(width=200)
    console.print(table)
