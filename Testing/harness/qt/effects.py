"""Effects of the Segment Editor: the C++ side that a scripted effect talks to."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import slicer
from PySide6 import QtCore, QtGui, QtWidgets

from Testing.harness.qt import errors
from Testing.harness.qt.effect_parameters import EffectParameters
from Testing.harness.qt.effect_views import EffectViews
from Testing.harness.qt.standin import StandIn, computed, qt_property
from Testing.harness.qt.wrappers import Wrapped, wrap

_Logic = slicer.vtkSlicerSegmentEditorLogic
MODES = (
    _Logic.ModificationModeSet,
    _Logic.ModificationModeAdd,
    _Logic.ModificationModeRemove,
    _Logic.ModificationModeRemoveAll,
)


class qSlicerSegmentEditorAbstractEffect(EffectParameters, EffectViews, StandIn, QtCore.QObject):
    STANDS_FOR = "qSlicerSegmentEditorAbstractEffect"
    ModificationModeSet, ModificationModeAdd, ModificationModeRemove, ModificationModeRemoveAll = 0, 1, 2, 3
    NotConfirmed, ConfirmedWithoutDialog, ConfirmedWithDialog = 0, 1, 2

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._select = None
        self._active = False
        self._frame = QtWidgets.QFrame()
        policy = QtWidgets.QSizePolicy.Policy
        self._frame.setSizePolicy(policy.Preferred, policy.MinimumExpanding)
        layout = QtWidgets.QFormLayout(self._frame)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(4)

    name = qt_property("QString", "")
    perSegment = qt_property("bool", True)
    requireSegments = qt_property("bool", True)
    showEffectCursorInSliceView = qt_property("bool", True)
    showEffectCursorInThreeDView = qt_property("bool", False)
    _title = ""

    @computed("QString")
    def title(self) -> str:
        return self._title or self.name

    @title.setter
    def title(self, title: str) -> None:
        self._title = title

    # The editor's calls; an effect in Python overrides what follows with its own methods.
    def activate(self) -> None:
        self._frame.setVisible(True)
        self._active = True
        self.updateGUIFromMRML()

    def deactivate(self) -> None:
        self._frame.setVisible(False)
        self._active = False

    def active(self) -> bool:
        return self._active

    def _setup_options(self) -> None: ...
    def updateGUIFromMRML(self) -> None: ...
    def updateMRMLFromGUI(self) -> None: ...
    def cleanup(self) -> None: ...
    def _set_defaults(self) -> None: ...
    def _notify(self, method: str, *arguments) -> None: ...

    def _interaction(self, interactor, event_id: int, view) -> bool:
        return False

    def helpText(self) -> str:
        return ""

    def _icon(self) -> QtGui.QIcon:
        return QtGui.QIcon()

    # Options.
    def optionsFrame(self):
        return self._frame

    def optionsLayout(self):
        return self._frame.layout()

    def addOptionsWidget(self, widget) -> None:
        if isinstance(widget, QtWidgets.QWidget):
            widget.setParent(self._frame)
        self._frame.layout().addRow(widget)

    def addLabeledOptionsWidget(self, label: str, widget):
        made = QtWidgets.QLabel(label)
        if isinstance(widget, QtWidgets.QWidget):
            widget.setParent(self._frame)
        self._frame.layout().addRow(made, widget)
        return made

    # Voxels.
    def modifySelectedSegmentByLabelmap(self, labelmap, mode: int, *rest) -> None:
        node = self._parameters
        self.modifySegmentByLabelmap(
            node.GetSegmentationNode(), node.GetSelectedSegmentID() or "", labelmap, mode, *rest
        )

    def modifySegmentByLabelmap(self, segmentation, segment_id: str, labelmap, mode: int, *rest) -> None:
        extent, bypass = [0, -1, 0, -1, 0, -1], False
        for value in rest:
            if isinstance(value, (list, tuple)):
                if len(value) != 6:
                    raise ValueError("extent must have 6 int values")
                extent = list(value)
            else:
                bypass = bool(value)
        self._logic.ModifySegmentByLabelmap(
            segmentation, segment_id, labelmap, MODES[mode], extent, self.perSegment, bypass
        )

    def applyImageMask(self, image, mask, fill: float, outside: bool = False) -> None:
        slicer.vtkOrientedImageDataResample.ApplyImageMask(image, mask, fill, outside)

    def defaultModifierLabelmap(self):
        return self._logic.GetModifierLabelmap() if self._logic.ResetModifierLabelmapToDefault() else None

    def modifierLabelmap(self):
        return self._logic.GetModifierLabelmap()

    def maskLabelmap(self):
        return self._updated(self._logic.GetMaskLabelmap(), self._logic.UpdateMaskLabelmap)

    def sourceVolumeImageData(self):
        return self._updated(self._logic.GetAlignedSourceVolume(), self._logic.UpdateAlignedSourceVolume)

    masterVolumeImageData = sourceVolumeImageData

    def selectedSegmentLabelmap(self):
        return self._updated(self._logic.GetSelectedSegmentLabelmap(), self._logic.UpdateSelectedSegmentLabelmap)

    def referenceGeometryImage(self):
        return self._updated(self._logic.GetReferenceGeometryImage(), self._logic.UpdateReferenceGeometryImage)

    @staticmethod
    def _updated(volume, update):
        return volume if update() else None

    def saveStateForUndo(self) -> None:
        self._logic.SaveStateForUndo()

    def selectEffect(self, name: str) -> None:
        self._select(name)

    def confirmCurrentSegmentVisible(self) -> int:
        return self.ConfirmedWithoutDialog


class qSlicerSegmentEditorScriptedEffect(qSlicerSegmentEditorAbstractEffect):
    """Hands every call of the editor to an object in Python."""

    STANDS_FOR = "qSlicerSegmentEditorScriptedEffect"

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.name = "UnnamedScriptedEffect"
        self._source, self._python = "", None

    def pythonSource(self) -> str:
        return self._source

    def setPythonSource(self, path: str) -> bool:
        """Make the effect of a file: its class is found in the package of the file's folder, or in the file."""
        source = Path(path)
        package, class_name = source.parent.name, source.stem
        class_name += "" if class_name.endswith("Effect") else "Effect"
        module = sys.modules.get(package)
        if module is None or not hasattr(module, class_name):
            spec = importlib.util.spec_from_file_location(package, source)
            module = importlib.util.module_from_spec(spec)
            sys.modules[package] = module
            spec.loader.exec_module(module)
        if not hasattr(module, class_name):
            raise RuntimeError(f"class {class_name} was not found in {path}")
        self._source = str(path)
        self._python = getattr(module, class_name)(wrap(self))
        setattr(slicer, package, self._python)
        return True

    def self(self):
        return self._python

    def _call(self, method: str, *arguments):
        """Result of the effect's method; None where it has none. What it raises is printed, as in the application."""
        function = getattr(self._python, method, None)
        if function is None:
            return None
        try:
            return function(*arguments)
        except Exception:
            errors.remember_current()
            return None

    def _clone(self) -> qSlicerSegmentEditorScriptedEffect:
        made = self._call("clone")
        assert isinstance(made, Wrapped), f"{self.name}: clone() must return the cloned effect"
        return made._qt

    def activate(self) -> None:
        super().activate()
        self._call("activate")

    def deactivate(self) -> None:
        super().deactivate()
        self._call("deactivate")

    def _setup_options(self) -> None:
        self._call("setupOptionsFrame")

    def updateGUIFromMRML(self) -> None:
        if self._active:
            self._call("updateGUIFromMRML")

    def updateMRMLFromGUI(self) -> None:
        self._call("updateMRMLFromGUI")

    def cleanup(self) -> None:
        self._call("cleanup")

    def _set_defaults(self) -> None:
        self._call("setMRMLDefaults")

    def _notify(self, method: str, *arguments) -> None:
        self._call(method, *arguments)

    def helpText(self) -> str:
        return self._call("helpText") or ""

    def _icon(self) -> QtGui.QIcon:
        icon = self._call("icon")
        return icon._qt if isinstance(icon, Wrapped) else QtGui.QIcon()

    def createCursor(self, view) -> QtGui.QCursor:
        cursor = self._call("createCursor", wrap(view))
        return cursor._qt if isinstance(cursor, Wrapped) else super().createCursor(view)

    def _interaction(self, interactor, event_id: int, view) -> bool:
        return self._call("processInteractionEvents", interactor, event_id, wrap(view)) is True

    def _view_changed(self, node, event_id: int, view) -> None:
        self._call("processViewNodeEvents", node, event_id, wrap(view))
