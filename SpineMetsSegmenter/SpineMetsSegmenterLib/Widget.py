"""The panel of the module SpineMetsSegmenter."""

import sys
from contextlib import contextmanager

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

# The series in which a lesion is looked for, best first.
SERIES_PREFERENCE = ("dce", "ce_t1_ax", "ce_t1_sag", "ce_t1_cor", "fs_t2", "t2", "t1")


class SpineMetsSegmenterWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Widget -> parameter node -> logic; nothing is computed here."""

    def __init__(self, parent=None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self.errorsShown = None
        self._parameterNode = None
        self._parameterNodeGuiTag = None
        self._updatingGui = False
        self._isWorking = False

    def setup(self) -> None:
        ScriptedLoadableModuleWidget.setup(self)
        # Imported when the panel is first opened: the library would slow down the start of the application.
        from spinemets.mrml.messages import errors_shown

        from .Logic import SpineMetsSegmenterLogic

        uiWidget = slicer.util.loadUI(self.resourcePath("UI/SpineMetsSegmenter.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.ui.seedPlaceWidget.placeMultipleMarkups = slicer.qSlicerMarkupsPlaceWidget.ForcePlaceSingleMarkup
        self.ui.seriesTable.setColumnCount(3)
        self.ui.seriesTable.setHorizontalHeaderLabels([_("Role"), _("Plane"), _("Series")])
        self.ui.seriesTable.horizontalHeader().setStretchLastSection(True)
        self.ui.seriesTable.verticalHeader().hide()
        self.ui.progressLabel.visible = False
        self.logic = SpineMetsSegmenterLogic()
        self.errorsShown = errors_shown

        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartImportEvent, self.onSceneStartImport)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self.onSceneEndImport)
        self.ui.studyPathEdit.connect("currentPathChanged(QString)", self.onStudyPathChanged)
        self.ui.loadStudyButton.connect("clicked(bool)", self.onLoadStudyButton)
        self.ui.outlineSelector.connect("currentNodeChanged(vtkMRMLNode*)", self.onOutlineChanged)
        self.ui.outlineSelector.connect("currentSegmentChanged(QString)", self.onOutlineChanged)
        self.ui.applyButton.connect("clicked(bool)", self.onApplyButton)
        self.initializeParameterNode()

    def cleanup(self) -> None:
        self.removeObservers()

    def onReload(self) -> None:
        """Reload the module's package too; Slicer itself reloads only the module's file."""
        self.setParameterNode(None)
        package = __name__.partition(".")[0]
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            del sys.modules[name]
        super().onReload()

    def enter(self) -> None:
        self.initializeParameterNode()

    def exit(self) -> None:
        """Do not follow the parameter node while another module is shown, and leave no place mode behind."""
        self.setParameterNode(None)
        if self.ui.seedPlaceWidget.placeModeEnabled:
            self.ui.seedPlaceWidget.setPlaceModeEnabled(False)

    def onSceneStartClose(self, caller, event) -> None:
        self.setParameterNode(None)
        self.ui.seriesTable.setRowCount(0)
        self.ui.statusLabel.text = ""

    def onSceneEndClose(self, caller, event) -> None:
        if self.parent.isEntered:
            self.initializeParameterNode()

    def onSceneStartImport(self, caller, event) -> None:
        """While a scene is read, what the parameter node refers to may not be there yet: do not follow it."""
        self.setParameterNode(None)

    def onSceneEndImport(self, caller, event) -> None:
        """Once the selectors know the new nodes: they learn of them when the scene ends all of its changes."""
        qt.QTimer.singleShot(0, self._followAfterImport)

    def _followAfterImport(self) -> None:
        if self.parent.isEntered and self._parameterNode is None:
            self.initializeParameterNode()

    def initializeParameterNode(self) -> None:
        """Follow the scene's parameter node."""
        parameterNode = self.logic.getParameterNode()
        self.logic.settleOutline(parameterNode)
        self.setParameterNode(parameterNode)

    def setParameterNode(self, parameterNode) -> None:
        """Follow another parameter node; None: none."""
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            self._parameterNodeGuiTag = None
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self._updateFromParameterNode)
        self._parameterNode = parameterNode
        if self._parameterNode:
            self._parameterNodeGuiTag = self._parameterNode.connectGui(self.ui)
            self.addObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self._updateFromParameterNode)
            self._updateFromParameterNode()

    def _updateFromParameterNode(self, caller=None, event=None) -> None:
        """Show what no connector of the parameter node shows, and what is still missing."""
        if not self._parameterNode or self._updatingGui:
            return
        self._updatingGui = True
        try:
            if self.ui.studyPathEdit.currentPath != self._parameterNode.studyPath:
                self.ui.studyPathEdit.currentPath = self._parameterNode.studyPath
            self.ui.outlineSelector.setCurrentNode(self._parameterNode.outlineSegmentation)
            self.ui.outlineSelector.setCurrentSegmentID(self._parameterNode.outlineSegmentID)
        finally:
            self._updatingGui = False
        hasPath = bool(self._parameterNode.studyPath.strip())
        self.ui.loadStudyButton.enabled = hasPath and not self._isWorking
        self.ui.loadStudyButton.toolTip = (
            _("Load every series that has a role.") if hasPath else _("Choose the folder of a study.")
        )
        missing = self.logic.missingInput(self._parameterNode)
        self.ui.applyButton.enabled = not missing and not self._isWorking
        self.ui.applyButton.toolTip = missing or _("Find the lesion inside the outline.")

    def onStudyPathChanged(self, path) -> None:
        if self._parameterNode and not self._updatingGui:
            self._parameterNode.studyPath = path

    def onOutlineChanged(self, *_changed) -> None:
        if not self._parameterNode or self._updatingGui:
            return
        selector = self.ui.outlineSelector
        with slicer.util.NodeModify(self._parameterNode):
            self.logic.chooseOutline(self._parameterNode, selector.currentNode(), selector.currentSegmentID() or "")

    def onLoadStudyButton(self) -> None:
        self.ui.statusLabel.text = ""
        self.ui.seriesTable.setRowCount(0)
        with self._working(_("The study could not be loaded.")):
            study = self.logic.scanStudy(self._parameterNode.studyPath)
            self._showSeries(study)
            case = self.logic.loadStudy(study, progress=self._showProgress)
            self.ui.studyPathEdit.addCurrentPathToHistory()
            preferred = [case.volumes[role] for role in SERIES_PREFERENCE if role in case.volumes]
            if preferred:
                self._parameterNode.imageVolume = preferred[0]
                self._showVolume(case.volumes.get("t2", preferred[0]))
            self.ui.statusLabel.text = "\n".join([_("Study loaded."), *study.warnings, *case.problems])

    def onApplyButton(self) -> None:
        self.ui.statusLabel.text = ""
        with self._working(_("The lesion could not be found.")):
            lesion = self.logic.apply(self._parameterNode, progress=self._showProgress)
            across, deep, high = lesion.extentMm
            size = _(
                "Lesion: {volume:.1f} ml, longest diameter {diameter:.0f} mm,"
                " {across:.0f} x {deep:.0f} x {high:.0f} mm (left-right, front-back, head-foot)."
            ).format(volume=lesion.volumeMl, diameter=lesion.longestDiameterMm, across=across, deep=deep, high=high)
            self.ui.statusLabel.text = "\n".join([size, *lesion.warnings])
            left, posterior, superior = lesion.seedPointLps
            slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, -left, -posterior, superior)

    def _showVolume(self, volume) -> None:
        """Show a volume in all slice views, in the plane in which it was acquired."""
        hasViews = slicer.app.layoutManager() is not None
        slicer.util.setSliceViewerLayers(background=volume, fit=hasViews, rotateToVolumePlane=hasViews)

    def _showSeries(self, study) -> None:
        """List the series with their roles; the tool tip of a row says why."""
        table = self.ui.seriesTable
        table.setRowCount(len(study.series))
        for row, series in enumerate(study.series):
            reason = _("{reason} (confidence {confidence:.0%})").format(
                reason=series.reason, confidence=series.confidence
            )
            for column, text in enumerate((series.role, series.plane, series.description)):
                item = qt.QTableWidgetItem(str(text or ""))
                item.setToolTip(reason)
                table.setItem(row, column, item)
        table.resizeColumnsToContents()

    @contextmanager
    def _working(self, failure: str):
        """Run a block that may take long: faults are shown below the sentence `failure`, progress ends with it."""
        self._isWorking = True
        for button in (self.ui.loadStudyButton, self.ui.applyButton):
            button.enabled = False
        try:
            with self.errorsShown(failure):
                yield
        finally:
            slicer.app.processEvents()  # a second click meanwhile meets a disabled button, and starts nothing
            self._isWorking = False
            self.ui.progressLabel.visible = False
            slicer.util.showStatusMessage("")
            self._updateFromParameterNode()

    def _showProgress(self, stage, done, total, message="") -> None:
        """Say what is being done; painted at once, while clicks and keys wait."""
        text = message if message and message != "done" else stage
        self.ui.progressLabel.text = text
        self.ui.progressLabel.visible = True
        slicer.util.showStatusMessage(text)
        slicer.app.processEvents(qt.QEventLoop.ExcludeUserInputEvents)
