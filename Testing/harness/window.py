"""Modules in a window: opened, clicked, typed into, looked at.

The window is real Qt 6, drawn without a screen unless QT_QPA_PLATFORM names one; the scene is Slicer's own.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import slicer

from Testing.harness import application

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import shiboken6
from PySide6 import QtCore, QtGui, QtTest, QtWidgets

from Testing.harness.qt import dialogs, effect_registry, errors, modules, namespaces
from Testing.harness.qt.layout_manager import qSlicerLayoutManager
from Testing.harness.qt.main_window import qSlicerApplication, qSlicerMainWindow
from Testing.harness.qt.mrml_widgets import Observations
from Testing.harness.qt.wrappers import Wrapped, alive, wrap

_qt_application = None
_main_windows: list[qSlicerMainWindow] = []


def start_application() -> Wrapped:
    """`slicer.app` of an application with a main window, and an empty scene."""
    global _qt_application
    if _qt_application is None:
        _qt_application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["Slicer"])
        _qt_application.setStyle("Fusion")
        _qt_application.setQuitOnLastWindowClosed(False)
        dialogs.replace_modal()
        QtCore.qInstallMessageHandler(errors.remember_message)
    sys.excepthook = errors.remember
    sys.modules["qt"].behind = namespaces.Namespace("qt", "Q")
    sys.modules["ctk"].behind = namespaces.Namespace("ctk", "ctk")
    slicer.__getattr__ = namespaces.slicer_widget
    effect_registry.provide_modules()
    close_windows()
    app = qSlicerApplication()
    slicer.app = wrap(app)
    app._open_scene()
    window = qSlicerMainWindow(app)
    _main_windows.append(window)
    app._main_window = window
    app._layout_manager = qSlicerLayoutManager(window._views, app)
    app._layout_manager.setMRMLScene(slicer.mrmlScene)
    return slicer.app


def close_windows() -> None:
    """Clean up the modules' widgets and close the main window."""
    for window in _main_windows:
        window._selector.selectModule("")
        modules.forget_widgets()
        effect_registry.qSlicerSegmentEditorEffectFactory._forget()
        for observations in list(Observations.all):
            observations.clear()
        window.close()
        window.deleteLater()
        window._application._close_scene()
        _end_processes()
        window._application.deleteLater()
    _main_windows.clear()
    dialogs.shown.clear()
    dialogs.answers.clear()
    QtWidgets.QApplication.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete)


def _end_processes() -> None:
    """A child process that outlives its module would work on for nobody; a test must not pass over it."""
    for process in alive(QtCore.QProcess):
        if shiboken6.isValid(process) and process.state() != QtCore.QProcess.ProcessState.NotRunning:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(5000)
            errors.collected.append(AssertionError(f"left running: {process.program()} {process.arguments()}"))


def open_module(
    name: str, size: tuple[int, int] = (1280, 800), palette: str = "light", as_home: bool = False
) -> ModuleWindow:
    """Start the application anew, load all modules of the extension, and show one of them; as the user's home module it
    is shown before the application says that it has started."""
    application.start(window=True)
    _qt_application.setPalette(_palette(palette))
    for known in application.MODULES:
        application.load_module(known)
    window = _main_windows[-1]
    window.resize(*size)
    window.show()
    opened = ModuleWindow(window, name)
    if as_home:
        opened.select_module(name)
    slicer.app._qt._emit("startupCompleted()")
    errors.raise_collected()
    opened.select_module(name)
    return opened


def _palette(name: str) -> QtGui.QPalette:
    if name == "light":
        return QtWidgets.QApplication.style().standardPalette()
    if name != "dark":
        raise ValueError(f"palette {name!r}: there are light and dark")
    made, role, group = QtGui.QPalette(), QtGui.QPalette.ColorRole, QtGui.QPalette.ColorGroup
    for dark, shade in (("Window", 50), ("Base", 35), ("AlternateBase", 45), ("Button", 60), ("ToolTipBase", 70)):
        made.setColor(getattr(role, dark), QtGui.QColor(shade, shade, shade))
    for bright in ("WindowText", "Text", "ButtonText", "ToolTipText"):
        made.setColor(getattr(role, bright), QtGui.QColor(235, 235, 235))
        made.setColor(group.Disabled, getattr(role, bright), QtGui.QColor(130, 130, 130))
    made.setColor(role.PlaceholderText, QtGui.QColor(150, 150, 150))
    made.setColor(role.Highlight, QtGui.QColor(50, 110, 190))
    made.setColor(role.HighlightedText, QtGui.QColor(255, 255, 255))
    made.setColor(role.Link, QtGui.QColor(110, 170, 255))
    return made


class ModuleWindow:
    """What a user sees and does."""

    def __init__(self, window: qSlicerMainWindow, name: str) -> None:
        self._window, self.name = window, name

    @property
    def widget(self):
        """The module's own Python widget."""
        return modules.module_widget(self.name)._python

    @property
    def dialogs(self) -> list[dialogs.Dialog]:
        """Dialogs that were shown, and answered at once."""
        return dialogs.shown

    def answer_dialogs(self, *answers) -> None:
        """Answers for the next modal dialogs: a button, or what was typed or chosen."""
        dialogs.answers.extend(answers)

    def ui(self, name: str) -> Wrapped:
        """A widget of the panel, or else of the window, by its name."""
        return wrap(self._find(name))

    def _find(self, name):
        if isinstance(name, Wrapped):
            return name._qt
        if isinstance(name, QtCore.QObject):
            return name
        for top in (modules.module_widget(self.name), self._window):
            found = top.findChild(QtCore.QObject, name)
            if found is not None:
                return found
        raise KeyError(f"no widget {name} in the window")

    def _usable(self, name) -> QtWidgets.QWidget:
        """A widget that a user could reach with the mouse."""
        widget = self._find(name)
        self._window._panel.ensureWidgetVisible(widget) if self._window._panel.isAncestorOf(widget) else None
        assert widget.isVisible(), f"{widget.objectName()} is not visible"
        assert widget.isEnabled(), f"{widget.objectName()} is not enabled: {widget.toolTip()}"
        return widget

    def click(self, name, modifiers: str = "") -> None:
        """Press and release the left button in the middle of a widget; raises what its slots raise."""
        widget = self._usable(name)
        place = widget.rect().center()
        if isinstance(widget, QtWidgets.QCheckBox | QtWidgets.QRadioButton):
            place = QtCore.QPoint(8, widget.height() // 2)
        elif widget.inherits("ctkCollapsibleButton"):
            place = QtCore.QPoint(10, 8)
        QtTest.QTest.mouseClick(widget, QtCore.Qt.MouseButton.LeftButton, keyboard_modifiers(modifiers), place)
        self.process_events()

    def type(self, name, text: str, clear: bool = True) -> None:
        """Write into a line, a box for numbers or an editable list, and press Enter."""
        widget = self._usable(name)
        line = widget if isinstance(widget, QtWidgets.QLineEdit) else widget.findChild(QtWidgets.QLineEdit) or widget
        if clear and hasattr(line, "selectAll"):
            line.selectAll()
            if not text:
                QtTest.QTest.keyClick(line, QtCore.Qt.Key.Key_Delete)
        QtTest.QTest.keyClicks(line, text)
        QtTest.QTest.keyClick(line, QtCore.Qt.Key.Key_Return)
        self.process_events()

    def press(self, sequence: str, name=None) -> None:
        """Press a key or a combination ("Ctrl+Z"), in a widget or wherever the focus is."""
        self._window.activateWindow()
        QtWidgets.QApplication.processEvents()
        target = self._usable(name) if name is not None else QtWidgets.QApplication.focusWidget() or self._window
        combination = QtGui.QKeySequence(sequence)[0]
        QtTest.QTest.keyClick(target, combination.key(), combination.keyboardModifiers())
        self.process_events()

    def choose(self, name, text: str) -> None:
        """Choose an entry of a list by its text, as with the mouse."""
        widget = self._usable(name)
        combo = widget if isinstance(widget, QtWidgets.QComboBox) else widget.findChild(QtWidgets.QComboBox)
        index = combo.findText(text)
        assert index >= 0, f"{text!r} is not offered: {[combo.itemText(i) for i in range(combo.count())]}"
        combo.setCurrentIndex(index)
        combo.activated.emit(index)
        self.process_events()

    def select_module(self, name: str) -> None:
        """Leave the module that is shown, and enter another."""
        self._window._selector.selectModule(name)
        self.process_events()

    # Slice views; a place is (r, a, s) in mm, or (x, y) in pixels from the lower left corner of the view.
    def slice_view(self, view: str) -> QtWidgets.QWidget:
        """The image of a slice view by its layout name: "Red", or a column of ours."""
        found = slicer.app._qt._layout_manager.sliceWidget(view)
        assert found is not None, f"no slice view {view}: {slicer.app._qt._layout_manager.sliceViewNames()}"
        assert found.isVisible(), f"slice view {view} is not in the layout"
        return found._view

    def slice_place(self, view: str, place) -> QtCore.QPoint:
        """A place in Qt's pixels of a view."""
        widget = self.slice_view(view)
        x, y = widget.convertRASToXYZ(place)[:2] if len(place) == 3 else place
        found = QtCore.QPoint(round(x), widget.height() - 1 - round(y))
        assert widget.rect().contains(found), f"{place} is outside of what view {view} shows"
        return found

    def move_in_slice(self, view: str, place, modifiers: str = "") -> None:
        self._mouse(view, "MouseMove", place, modifiers, pressed=False)
        self.process_events()

    def click_in_slice(self, view: str, place, modifiers: str = "", button: str = "Left") -> None:
        self.drag_in_slice(view, [place], modifiers, button)

    def drag_in_slice(self, view: str, places, modifiers: str = "", button: str = "Left") -> None:
        """Press at the first place, move through all, release at the last."""
        self._mouse(view, "MouseMove", places[0], modifiers, pressed=False)
        self._mouse(view, "MouseButtonPress", places[0], modifiers, button=button)
        for place in places[1:]:
            self._mouse(view, "MouseMove", place, modifiers, button=button)
        self._mouse(view, "MouseButtonRelease", places[-1], modifiers, button=button)
        self.process_events()

    def scroll_slice(self, view: str, steps: int, modifiers: str = "") -> None:
        """Turn the wheel over the middle of a view, forward when positive."""
        widget = self.slice_view(view)
        middle = QtCore.QPointF(widget.rect().center())
        for _step in range(abs(steps)):
            turned = QtCore.QPoint(0, 120 if steps > 0 else -120)
            event = QtGui.QWheelEvent(
                middle,
                QtCore.QPointF(widget.mapToGlobal(middle.toPoint())),
                QtCore.QPoint(),
                turned,
                QtCore.Qt.MouseButton.NoButton,
                keyboard_modifiers(modifiers),
                QtCore.Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            QtWidgets.QApplication.sendEvent(widget, event)
        self.process_events()

    def _mouse(self, view: str, kind: str, place, modifiers: str, pressed: bool = True, button: str = "Left") -> None:
        widget, none = self.slice_view(view), QtCore.Qt.MouseButton.NoButton
        which = getattr(QtCore.Qt.MouseButton, f"{button}Button")
        at = QtCore.QPointF(self.slice_place(view, place))
        event = QtGui.QMouseEvent(
            getattr(QtCore.QEvent.Type, kind),
            at,
            QtCore.QPointF(widget.mapToGlobal(at.toPoint())),
            none if kind == "MouseMove" else which,
            which if pressed and kind != "MouseButtonRelease" else none,
            keyboard_modifiers(modifiers),
        )
        QtWidgets.QApplication.sendEvent(widget, event)

    def resize(self, width: int, height: int) -> None:
        self._window.resize(width, height)
        self.process_events()

    def process_events(self, until=None, timeout_s: float = 30.0) -> None:
        """Let the application work: once, or until a condition holds; raises what callbacks raised."""
        end = time.monotonic() + timeout_s
        while True:
            QtWidgets.QApplication.sendPostedEvents()
            QtWidgets.QApplication.processEvents(QtCore.QEventLoop.ProcessEventsFlag.AllEvents, 20)
            errors.raise_collected()
            if until is None or until():
                return
            if time.monotonic() > end:
                raise TimeoutError(f"waited {timeout_s} s for {getattr(until, '__name__', until)}")
            time.sleep(0.005)

    def grab(self, path: str | Path, name=None) -> None:
        """Save a picture of the window, or of one widget."""
        self.process_events()
        target = self._window if name is None else self._find(name)
        assert target.grab().save(str(path)), f"{path} could not be written"

    def close(self) -> None:
        """Clean up, and raise what is left of errors."""
        close_windows()
        errors.raise_collected()


def keyboard_modifiers(text: str) -> QtCore.Qt.KeyboardModifier:
    """Of "Ctrl+Shift" and the like."""
    found = QtCore.Qt.KeyboardModifier.NoModifier
    for word in filter(None, text.split("+")):
        found |= {
            "Ctrl": QtCore.Qt.KeyboardModifier.ControlModifier,
            "Shift": QtCore.Qt.KeyboardModifier.ShiftModifier,
            "Alt": QtCore.Qt.KeyboardModifier.AltModifier,
        }[word]
    return found
