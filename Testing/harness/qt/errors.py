"""Errors in slots and observers: Qt and VTK print them and go on; the harness keeps them for the test to raise."""

from __future__ import annotations

import sys
import traceback


class ErrorsInCallbacks(AssertionError):
    """One or more callbacks raised; the first is the cause."""


collected: list[BaseException] = []


def remember(kind, error, trace) -> None:
    """As `sys.excepthook`: PySide6 and VTK end here when a callback raises."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    traceback.print_exception(kind, error, trace)
    collected.append(error)


def remember_message(_kind, _context, text: str) -> None:
    """What Qt itself prints. Objects used from a wrong thread work by chance: in a test they are an error."""
    if "propagateSizeHints" in text:  # said by the plugin that draws without a screen, of every window
        return
    print(text, file=sys.stderr)
    if "thread" in text.lower():
        collected.append(RuntimeError(text))


def remember_current() -> None:
    remember(*sys.exc_info())


def raise_collected() -> None:
    """Raise what callbacks raised since the last call."""
    if collected:
        errors, collected[:] = list(collected), []
        told = "; ".join(f"{type(error).__name__}: {error}" for error in errors)
        raise ErrorsInCallbacks(told) from errors[0]
