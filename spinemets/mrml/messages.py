"""Faults of the input shown in Slicer as they are on the command line: a sentence, not a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import slicer.util

from spinemets.errors import Cancelled, InputError


@contextmanager
def errors_shown(failure: str) -> Iterator[None]:
    """Run a block under a wait cursor; show what is wrong with the input, and what to do, below the sentence `failure`.

    Cancelled work ends in silence. Any other exception is a fault of the program and goes the way that Slicer has for
    it: shown with details, and raised.
    """
    fault: InputError | None = None
    with slicer.util.tryWithErrorDisplay(failure, waitCursor=True):
        try:
            yield
        except InputError as error:
            fault = error
        except Cancelled:
            pass
    if fault is not None:  # after the wait cursor is gone
        slicer.util.errorDisplay(f"{failure}\n\n{fault}")
