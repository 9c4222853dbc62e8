"""Plain widgets that know a scene."""

from __future__ import annotations

import weakref
from typing import ClassVar

import shiboken6
import vtk
from PySide6 import QtWidgets

from Testing.harness.qt.standin import StandIn

SCENE_CHANGED = "mrmlSceneChanged(vtkMRMLScene*)"


class Observations:
    """Observers of VTK objects that end with the widget that has them."""

    all: ClassVar[weakref.WeakSet[Observations]] = weakref.WeakSet()

    def __init__(self, owner) -> None:
        self._owner = weakref.ref(owner)
        self._tags: list[tuple] = []
        Observations.all.add(self)

    def add(self, caller, event, method: str) -> None:
        """Call `owner.method(object)` at an event; the object is the node that the event is about, or None."""
        owner = self._owner

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def about_node(_caller, _event, node=None) -> None:
            alive = owner()
            if alive is not None and shiboken6.isValid(alive):
                getattr(alive, method)(node)

        def plain(_caller, _event) -> None:
            about_node(_caller, _event)

        with_node = isinstance(event, int) and method.startswith("_on_node")
        self._tags.append((caller, caller.AddObserver(event, about_node if with_node else plain)))

    def clear(self) -> None:
        for caller, tag in self._tags:
            caller.RemoveObserver(tag)
        self._tags = []


class SceneWidget(StandIn):
    """Mixed into every widget that follows a scene; `_follow` observes the new one."""

    _scene = None
    _observed: Observations | None = None

    def setMRMLScene(self, scene) -> None:
        if scene is self._scene:
            return
        self._unfollow()
        self._scene = scene
        if scene is not None:
            self._observed = Observations(self)
            self._follow(scene)
        self._scene_was_set(scene)
        if SCENE_CHANGED in self._known_signals():
            self._emit(SCENE_CHANGED, scene)

    def _follow(self, scene) -> None:
        """Observe what the widget shows; extended by each widget."""

    def _scene_was_set(self, scene) -> None:
        """Fill the widget; extended by each widget."""

    def _unfollow(self) -> None:
        if self._observed is not None:
            self._observed.clear()
            self._observed = None


class MRMLWidget(SceneWidget):
    """Of the qMRML widgets, which tell their scene; those of modules (qSlicer...) do not tell it in Python."""

    def mrmlScene(self):
        return self._scene


class qMRMLWidget(MRMLWidget, QtWidgets.QWidget):
    STANDS_FOR = "qMRMLWidget"
    SIGNALS = (SCENE_CHANGED,)


class qSlicerWidget(SceneWidget, QtWidgets.QWidget):
    STANDS_FOR = "qSlicerWidget"
    SIGNALS = (SCENE_CHANGED,)
