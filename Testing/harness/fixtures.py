"""Fixtures for tests with a window."""

from __future__ import annotations

import pytest
import slicer


def require_qt() -> None:
    """Skip where Qt cannot start, and on a slicer-core that lacks the logic of the Segment Editor (before 5.12)."""
    reason = "PySide6, or what it needs of the system, is missing"
    pytest.importorskip("PySide6.QtWidgets", reason=reason, exc_type=ImportError)
    if not hasattr(slicer, "vtkSlicerSegmentEditorLogic"):
        pytest.skip("this slicer-core has no vtkSlicerSegmentEditorLogic")


@pytest.fixture
def open_module():
    """`open_module(name, size=..., palette=..., as_home=...)` opens a module in a new application; its ModuleWindow.

    After the test everything is cleaned up, and what slots and observers raised fails the test.
    """
    require_qt()
    from Testing.harness import window

    yield window.open_module
    window.close_windows()
    window.errors.raise_collected()
