"""How long work tells where it stands. A callback may raise `Cancelled` to stop the work."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with the stage's name, how much of it is done, how much there is, and a sentence for the user."""

    def __call__(self, stage: str, done: int, total: int, message: str = "") -> None: ...


def silent(stage: str, done: int, total: int, message: str = "") -> None:
    """The progress callback that says nothing."""
