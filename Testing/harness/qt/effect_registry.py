"""All effects there are, and what effects in Python import."""

from __future__ import annotations

import sys
import types
from typing import ClassVar

import slicer
from PySide6 import QtCore, QtGui

from Testing.harness.qt.effects import qSlicerSegmentEditorAbstractEffect, qSlicerSegmentEditorScriptedEffect
from Testing.harness.qt.standin import StandIn
from Testing.harness.qt.wrappers import wrap, wrapper_class


class qSlicerSegmentEditorEffectFactory(StandIn, QtCore.QObject):
    """All effects there are; an editor works with copies of them."""

    STANDS_FOR = "qSlicerSegmentEditorEffectFactory"
    SIGNALS = ("effectRegistered(QString)",)
    _instance: ClassVar = None

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._effects: list[qSlicerSegmentEditorAbstractEffect] = []

    @classmethod
    def instance(cls):
        if qSlicerSegmentEditorEffectFactory._instance is None:
            made = qSlicerSegmentEditorEffectFactory._instance = cls()
            from Testing.harness.qt.built_in_effects import built_in_effects

            made._effects += built_in_effects()
        return qSlicerSegmentEditorEffectFactory._instance

    def registerEffect(self, effect) -> bool:
        if effect.name in [known.name for known in self._effects]:
            return False
        self._effects.append(effect)
        self._emit("effectRegistered(QString)", effect.name)
        return True

    def registeredEffects(self) -> list:
        return list(self._effects)

    @classmethod
    def _forget(cls) -> None:
        qSlicerSegmentEditorEffectFactory._instance = None


class AbstractScriptedSegmentEditorEffect:
    """What `SegmentEditorEffects` gives to effects in Python."""

    def __init__(self, scriptedEffect) -> None:
        self.scriptedEffect = scriptedEffect

    def register(self) -> None:
        slicer.qSlicerSegmentEditorEffectFactory.instance().registerEffect(self.scriptedEffect)

    def cleanup(self) -> None:
        """Nothing to clean up."""

    def rasToXy(self, ras, viewWidget) -> list:
        point = self.scriptedEffect.rasToXy(wrap(QtGui.QVector3D(*ras)), viewWidget)
        return [point.x(), point.y()]

    def xyzToRas(self, xyz, viewWidget) -> list:
        ras = self.scriptedEffect.xyzToRas(wrap(QtGui.QVector3D(*xyz)), viewWidget)
        return [ras.x(), ras.y(), ras.z()]

    def xyToRas(self, xy, viewWidget) -> list:
        ras = self.scriptedEffect.xyToRas(wrap(QtCore.QPoint(*map(int, xy))), viewWidget)
        return [ras.x(), ras.y(), ras.z()]

    def xyzToIjk(self, xyz, viewWidget, image, parentTransformNode=None) -> list:
        ijk = self.scriptedEffect.xyzToIjk(wrap(QtGui.QVector3D(*xyz)), viewWidget, image, parentTransformNode)
        return [int(ijk.x()), int(ijk.y()), int(ijk.z())]

    def xyToIjk(self, xy, viewWidget, image, parentTransformNode=None) -> list:
        ijk = self.scriptedEffect.xyToIjk(wrap(QtCore.QPoint(*map(int, xy))), viewWidget, image, parentTransformNode)
        return [int(ijk.x()), int(ijk.y()), int(ijk.z())]


def provide_modules() -> None:
    """`import qSlicerSegmentationsEditorEffectsPythonQt` and `from SegmentEditorEffects import *`."""
    python_qt = types.ModuleType("qSlicerSegmentationsEditorEffectsPythonQt")
    for kind in (qSlicerSegmentEditorScriptedEffect, qSlicerSegmentEditorAbstractEffect):
        setattr(python_qt, kind.__name__, wrapper_class(kind))
    package = types.ModuleType("SegmentEditorEffects")
    package.AbstractScriptedSegmentEditorEffect = AbstractScriptedSegmentEditorEffect
    package.__all__ = ["AbstractScriptedSegmentEditorEffect"]
    sys.modules[python_qt.__name__], sys.modules[package.__name__] = python_qt, package
