"""A user sees what is wrong and what to do; a programming fault is not hidden."""

from contextlib import contextmanager

import pytest
import slicer.util

from spinemets.errors import Cancelled, InputError
from spinemets.mrml.messages import errors_shown


@pytest.fixture
def shown(monkeypatch):
    """Texts that were displayed; Slicer's own context manager without its cursor."""
    texts = []

    @contextmanager
    def without_cursor(message, waitCursor):
        yield
        texts.append("cursor restored")

    monkeypatch.setattr(slicer.util, "tryWithErrorDisplay", without_cursor)
    monkeypatch.setattr(slicer.util, "errorDisplay", texts.append)
    return texts


def test_a_fault_of_the_input_is_shown_once_without_traceback_and_after_the_cursor_is_restored(shown):
    with errors_shown("The study could not be loaded."):
        raise InputError("series 3", "has no slices", "export it again")
    text = "The study could not be loaded.\n\nseries 3: has no slices; export it again"
    assert shown == ["cursor restored", text]


def test_cancelled_work_shows_nothing(shown):
    with errors_shown("The study could not be loaded."):
        raise Cancelled
    assert shown == ["cursor restored"]


def test_a_fault_of_the_program_is_left_to_slicer(shown):
    with pytest.raises(ZeroDivisionError), errors_shown("The study could not be loaded."):
        raise ZeroDivisionError
