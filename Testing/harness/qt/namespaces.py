"""The modules `qt` and `ctk`, and the widgets that the application adds to `slicer`."""

from __future__ import annotations

import importlib
import types

from PySide6 import QtCore, QtGui, QtPrintSupport, QtSvg, QtSvgWidgets, QtWidgets

from Testing.harness.qt import facts
from Testing.harness.qt.wrappers import wrapper_class

QT_MODULES = (QtCore, QtGui, QtWidgets, QtSvg, QtSvgWidgets, QtPrintSupport)
# Stand-ins, by the file that holds them.
STAND_INS = {
    "ui_files": ("QUiLoader",),
    "ctk_widgets": (
        "ctkCollapsibleButton",
        "ctkCollapsibleGroupBox",
        "ctkComboBox",
        "ctkMessageBox",
        "ctkPathLineEdit",
        "ctkPushButton",
        "ctkSearchBox",
    ),
    "ctk_numbers": ("ctkDoubleSlider", "ctkDoubleSpinBox", "ctkRangeWidget", "ctkSliderWidget"),
    "mrml_widgets": ("qMRMLWidget", "qSlicerWidget"),
    "node_selectors": ("qMRMLNodeComboBox",),
    "effects": (
        "qSlicerSegmentEditorAbstractEffect",
        "qSlicerSegmentEditorScriptedEffect",
    ),
    "effect_registry": ("qSlicerSegmentEditorEffectFactory",),
    "segment_editor": ("qMRMLSegmentEditorWidget",),
    "segments_table": ("qMRMLSegmentsTableView",),
    "segment_selectors": ("qMRMLSegmentSelectorWidget",),
    "layout_manager": ("qMRMLThreeDView", "qMRMLThreeDWidget", "qSlicerLayoutManager"),
    "plot_views": ("qMRMLPlotView", "qMRMLPlotWidget"),
    "slice_views": ("qMRMLSliceControllerWidget", "qMRMLSliceView", "qMRMLSliceWidget"),
    "main_window": ("qSlicerApplication", "qSlicerMainWindow"),
    "modules": ("qSlicerModuleManager", "qSlicerModuleSelectorToolBar", "qSlicerScriptedLoadableModuleWidget"),
    "markups_widgets": ("qSlicerMarkupsPlaceWidget", "qSlicerSimpleMarkupsWidget"),
}
# Of Qt 5, gone in Qt 6.
REPLACED = {"QRegExp", "QDesktopWidget", "QTextCodec", "QMatrix"}


def stand_in(name: str) -> type | None:
    """The PySide6 class that stands for a class of CTK or Slicer."""
    for file, names in STAND_INS.items():
        if name in names:
            return getattr(importlib.import_module(f"Testing.harness.qt.{file}"), name)
    return None


def find_class(name: str):
    """The wrapper of a class by its C++ name. AttributeError when there is none, HarnessLacks when it is not here."""
    kind = stand_in(name)
    if kind is None:
        kind = next(
            (getattr(module, name) for module in QT_MODULES if isinstance(getattr(module, name, None), type)), None
        )
    real = not facts.available() or facts.has_class(name) or name == "Qt"
    if kind is None and facts.has_class(name):
        raise facts.HarnessLacks(f"the application has a class {name}; the harness has no stand-in for it")
    if kind is None or not real:
        raise AttributeError(f"the application has no class {name}")
    return wrapper_class(kind)


class Namespace(types.ModuleType):
    """`qt` or `ctk`: classes are looked up when they are used."""

    def __init__(self, name: str, prefix: str) -> None:
        super().__init__(name)
        self._prefix = prefix

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        if not name.startswith(self._prefix):
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        return find_class(name)


def slicer_widget(name: str):
    """`slicer.qMRMLNodeComboBox` and the like; installed as the package's `__getattr__`."""
    if not name.startswith(("qMRML", "qSlicer")):
        raise AttributeError(f"module 'slicer' has no attribute '{name}'")
    return find_class(name)
