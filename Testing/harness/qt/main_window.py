"""The application's window: module panel on the left, views on the right; and `slicer.app` with it."""

from __future__ import annotations

import tempfile

import slicer
from PySide6 import QtCore, QtGui, QtWidgets

from Testing.harness.qt.modules import OtherModule, qSlicerModuleManager, qSlicerModuleSelectorToolBar
from Testing.harness.qt.standin import StandIn, computed, qt_property

PANEL_WIDTH = 420
# Modules of Slicer's own: their panels are empty here, their logic is Slicer's.
MODULE_LOGICS = {
    "Colors": "vtkMRMLColorLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Plots": "vtkSlicerPlotsLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Sequences": "vtkSlicerSequencesLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Transforms": "vtkSlicerTransformLogic",
    "Volumes": "vtkSlicerVolumesLogic",
}
MODULES_WITHOUT_LOGIC = ("Welcome", "Data", "DICOM", "SegmentEditor")
# Keys of Slicer's main window and of its tool bars (Markups, Sequences): another shortcut for one of them makes the key
# ambiguous, and Qt then does neither.
KEYS_OF_THE_APPLICATION = (
    *("Ctrl+O", "Ctrl+S", "Ctrl+W", "Ctrl+F", "Ctrl+H", "Ctrl+X", "Ctrl+C", "Ctrl+V", "Ctrl+Left", "Ctrl+Right"),
    *(f"Ctrl+{digit}" for digit in range(7)),
    *(f"Ctrl+Shift+{key}" for key in ("A", "T", "Space", "Down", "Left", "Right")),
)


class qSlicerMainWindow(StandIn, QtWidgets.QMainWindow):
    STANDS_FOR = "qSlicerMainWindow"

    def __init__(self, application) -> None:
        super().__init__()
        self._application = application
        self.setObjectName("qSlicerMainWindow")
        self._panel = QtWidgets.QScrollArea()
        self._panel.setWidgetResizable(True)
        self._panel.setFixedWidth(PANEL_WIDTH)
        self._views = QtWidgets.QWidget()
        self._views.setObjectName("CentralWidget")
        both = QtWidgets.QWidget()
        layout = QtWidgets.QHBoxLayout(both)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._panel)
        layout.addWidget(self._views, 1)
        self.setCentralWidget(both)
        self._selector = qSlicerModuleSelectorToolBar(self._panel)
        self.addToolBar(self._selector)
        self.statusBar()
        for key in KEYS_OF_THE_APPLICATION:
            QtGui.QShortcut(QtGui.QKeySequence(key), self)

    def moduleSelector(self):
        return self._selector


class qSlicerApplication(StandIn, QtCore.QObject):
    """`slicer.app`, as far as modules use it."""

    STANDS_FOR = "qSlicerApplication"
    SIGNALS = (
        "startupCompleted()",
        "renderPaused(bool)",
        "mrmlSceneChanged(vtkMRMLScene*)",
        "aboutToQuit()",
        "lastWindowClosed()",
    )

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="spinemets-harness-")
        self._settings_folder = tempfile.TemporaryDirectory(prefix="spinemets-settings-")
        self._manager = qSlicerModuleManager()
        self._layout_manager = None
        self._main_window = None
        self.temporaryPath = self._folder.name
        self.defaultScenePath = f"{self._folder.name}/Documents"
        self._paused = 0
        self._testing = False

    applicationName = qt_property("QString", "Slicer")
    applicationVersion = qt_property("QString", "5.12.0")
    majorVersion = computed("int")(lambda self: 5)
    minorVersion = computed("int")(lambda self: 12)
    revision = computed("QString")(lambda self: "0")
    slicerHome = computed("QString")(lambda self: self._folder.name)
    temporaryPath = qt_property("QString", "")
    # Where the application proposes to save scenes: the user's documents; here, nobody's.
    defaultScenePath = qt_property("QString", "")

    def testingEnabled(self) -> bool:
        return self._testing

    def mrmlScene(self):
        return slicer.mrmlScene

    def applicationLogic(self):
        return self._logic

    def moduleManager(self):
        return self._manager

    def layoutManager(self):
        return self._layout_manager

    def settings(self):
        return QtCore.QSettings(f"{self._settings_folder.name}/revision.ini", QtCore.QSettings.Format.IniFormat)

    def userSettings(self):
        return QtCore.QSettings(f"{self._settings_folder.name}/user.ini", QtCore.QSettings.Format.IniFormat)

    revisionUserSettings = settings

    def pauseRender(self) -> None:
        self._paused += 1

    def resumeRender(self) -> None:
        self._paused -= 1

    def processEvents(self, flags=None) -> None:
        QtWidgets.QApplication.processEvents(flags or QtCore.QEventLoop.ProcessEventsFlag.AllEvents)

    def topLevelWidgets(self) -> list:
        return QtWidgets.QApplication.topLevelWidgets()

    def allWidgets(self) -> list:
        return QtWidgets.QApplication.allWidgets()

    def activeWindow(self):
        return QtWidgets.QApplication.activeWindow()

    def focusWidget(self):
        return QtWidgets.QApplication.focusWidget()

    def palette(self):
        return QtWidgets.QApplication.palette()

    def font(self):
        return QtWidgets.QApplication.font()

    def style(self):
        return QtWidgets.QApplication.style()

    def clipboard(self):
        return QtWidgets.QApplication.clipboard()

    def setOverrideCursor(self, cursor) -> None:
        QtWidgets.QApplication.setOverrideCursor(QtGui.QCursor(cursor))

    def restoreOverrideCursor(self) -> None:
        QtWidgets.QApplication.restoreOverrideCursor()

    def overrideCursor(self):
        return QtWidgets.QApplication.overrideCursor()

    def keyboardModifiers(self):
        return QtWidgets.QApplication.keyboardModifiers()

    def _open_scene(self) -> None:
        """A new, empty scene with the nodes that the application makes."""
        slicer.mrmlScene = slicer.vtkMRMLScene()
        self._logic = slicer.vtkSlicerApplicationLogic()
        self._logic.SetMRMLScene(slicer.mrmlScene)
        for name, kind in MODULE_LOGICS.items():
            logic = getattr(slicer, kind)()
            logic.SetMRMLApplicationLogic(self._logic)
            logic.SetMRMLScene(slicer.mrmlScene)
            setattr(slicer.modules, name.lower(), OtherModule(name, logic))
        # Slicer's own class is there, but the node comes only with the views.
        if slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode") is None:
            slicer.mrmlScene.AddNode(slicer.vtkMRMLCrosshairNode())
        for name in MODULES_WITHOUT_LOGIC:
            setattr(slicer.modules, name.lower(), OtherModule(name))

    def _close_scene(self) -> None:
        """Take views and logics off the scene, in the order in which the application ends them."""
        if self._layout_manager is not None:
            self._layout_manager._end()
        for name in (*MODULE_LOGICS, *MODULES_WITHOUT_LOGIC):
            module = vars(slicer.modules).pop(name.lower(), None)
            if isinstance(module, OtherModule) and module.logic() is not None:
                module.logic().SetMRMLScene(None)
                module.logic().SetMRMLApplicationLogic(None)
        self._logic.SetMRMLScene(None)
