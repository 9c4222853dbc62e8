"""Errors that speak to the user: what is at fault, why, and what to do."""

from __future__ import annotations


class InputError(Exception):
    """The input is at fault. Reads as one line: `WHAT: WHY; WHAT TO DO`.

    Parameters
    ----------
    what : the file, series, row or option at fault, as the user named it.
    why : what is wrong with it.
    remedy : what the user can do about it.
    """

    def __init__(self, what: object, why: str, remedy: str) -> None:
        self.what = str(what)
        self.why = why
        self.remedy = remedy
        super().__init__(self.what, why, remedy)

    def __str__(self) -> str:
        return " ".join(f"{self.what}: {self.why}; {self.remedy}".split())


class Cancelled(Exception):
    """The user asked the work to stop; raised from a progress callback."""
