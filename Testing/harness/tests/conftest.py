"""Fixtures for the tests of the harness itself."""

import pytest

from Testing.harness.fixtures import open_module, require_qt
from Testing.harness.simulated import app

__all__ = ["app", "open_module", "qt_application"]


@pytest.fixture
def qt_application():
    """`slicer.app` with a main window, no module shown."""
    require_qt()
    from Testing.harness import application, window

    yield application.start(window=True)
    window.close_windows()
    window.errors.raise_collected()
