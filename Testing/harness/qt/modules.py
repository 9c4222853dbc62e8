"""Scripted modules as the application shows them: their widget in the panel, entered and left."""

from __future__ import annotations

import sys
import types

import slicer
from PySide6 import QtWidgets

from Testing.harness.qt import errors
from Testing.harness.qt.mrml_widgets import SCENE_CHANGED, SceneWidget
from Testing.harness.qt.standin import StandIn, computed
from Testing.harness.qt.wrappers import wrap


class qSlicerScriptedLoadableModuleWidget(SceneWidget, QtWidgets.QWidget):
    """The frame around a module's own widget, which is made from Python."""

    STANDS_FOR = "qSlicerScriptedLoadableModuleWidget"
    SIGNALS = (SCENE_CHANGED,)

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        QtWidgets.QVBoxLayout(self)
        self._name, self._python, self._entered = "", None, False

    @computed("QString")
    def moduleName(self) -> str:
        return self._name

    @computed("bool")
    def isEntered(self) -> bool:
        return self._entered

    def self(self):
        return self._python

    def enter(self) -> None:
        self._entered = True
        self._call("enter")

    def exit(self) -> None:
        self._entered = False
        self._call("exit")

    def reload(self) -> None:
        self._make()
        self._call("setup")

    def _open(self, name: str) -> None:
        self._name = name
        self.setObjectName(f"{name}ModuleWidget")
        self._make()
        self._call("setup")

    def _make(self) -> None:
        made = getattr(sys.modules[self._name], f"{self._name}Widget")
        self._python = made(wrap(self))
        setattr(slicer.modules, f"{self._name}Widget", self._python)

    def _call(self, method: str) -> None:
        """As the application: what the method raises is printed, and everything goes on."""
        function = getattr(self._python, method, None)
        if function is None:
            return
        try:
            function()
        except Exception:
            errors.remember_current()


class qSlicerModuleManager(StandIn, QtWidgets.QWidget):
    STANDS_FOR = "qSlicerModuleManager"
    SIGNALS = ("moduleAboutToBeUnloaded(QString)", "moduleLoaded(QString)")

    def module(self, name: str):
        return getattr(slicer.modules, name.lower(), None)

    def modulesNames(self) -> list[str]:
        return [name for name, value in vars(slicer.modules).items() if not name.endswith("Widget") and value]


class qSlicerModuleSelectorToolBar(StandIn, QtWidgets.QToolBar):
    """Chooses the module whose panel is shown."""

    STANDS_FOR = "qSlicerModuleSelectorToolBar"
    SIGNALS = ("moduleSelected(QString)",)

    def __init__(self, panel: QtWidgets.QScrollArea) -> None:
        super().__init__()
        self._panel, self._shown = panel, None
        self._label = QtWidgets.QLabel("Modules:")
        self.addWidget(self._label)

    @computed("QString")
    def selectedModule(self) -> str:
        return self._shown._name if self._shown is not None else ""

    @selectedModule.setter
    def selectedModule(self, name: str) -> None:
        self.selectModule(name)

    def selectModule(self, name: str) -> None:
        """Leave the module that is shown and show another; "" shows none."""
        if name == self.selectedModule:
            return
        if self._shown is not None:
            self._shown.exit()
            self._panel.takeWidget()
            self._shown = None
        if name:
            description = getattr(slicer.modules, name.lower(), None)
            if description is None:
                raise KeyError(f"no module {name}")
            self._shown = module_widget(name)
            self._label.setText(f"Modules:  {getattr(description, 'title', name)}")
            self._panel.setWidget(self._shown)
            self._shown.show()
            self._shown.enter()
        self._emit("moduleSelected(QString)", name)


class OtherModule:
    """A module of Slicer's own: its logic, and an empty panel to switch to."""

    def __init__(self, name: str, logic=None) -> None:
        self.name = self.title = name
        self._logic = logic

    def logic(self):
        return self._logic


_widgets: dict[str, QtWidgets.QWidget] = {}


def module_widget(name: str):
    """The one widget of a module, made when it is first asked for."""
    if name not in _widgets:
        if isinstance(getattr(slicer.modules, name.lower()), OtherModule):
            _widgets[name] = qSlicerScriptedLoadableModuleWidget()
            _widgets[name]._name = name
        else:
            made = _widgets[name] = qSlicerScriptedLoadableModuleWidget()
            made.setMRMLScene(slicer.mrmlScene)
            made._open(name)
    return _widgets[name]


def forget_widgets() -> None:
    """Clean up every module's widget, as at the end of the application."""
    for name, widget in list(_widgets.items()):
        widget._call("cleanup")
        if isinstance(slicer.modules, types.SimpleNamespace):
            vars(slicer.modules).pop(f"{name}Widget", None)
        widget.deleteLater()
    _widgets.clear()
