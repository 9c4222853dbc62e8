"""`QTimer.singleShot`, as PythonQt offers it; what is still to come when the application is closed never comes."""

from __future__ import annotations

import slicer
from PySide6 import QtCore

from Testing.harness.qt import errors


def single_shot(milliseconds: int, function) -> None:
    """Call a Python function once, a little later."""
    if not callable(function):
        raise ValueError(f"QTimer.singleShot: {function!r} cannot be called; PythonQt takes (msec, callable)")
    timer = QtCore.QTimer(slicer.app._qt)
    timer.setSingleShot(True)

    def call() -> None:
        timer.deleteLater()
        try:
            function()
        except Exception:
            errors.remember_current()

    timer.timeout.connect(call)
    timer.start(int(milliseconds))
