"""The panel of the module SpineMetsClassifier."""

import sys
from contextlib import contextmanager
from pathlib import Path

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin


class SpineMetsClassifierWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
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
        self._package = None
        self._packagePath = ""
        self._found = None
        self._foundFor = None

    def setup(self) -> None:
        ScriptedLoadableModuleWidget.setup(self)
        # Imported when the panel is first opened: the library would slow down the start of the application.
        from spinemets.mrml.messages import errors_shown

        from .Logic import SpineMetsClassifierLogic

        uiWidget = slicer.util.loadUI(self.resourcePath("UI/SpineMetsClassifier.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.ui.progressLabel.visible = False
        self.ui.contributionsTable.setColumnCount(3)
        self.ui.contributionsTable.setHorizontalHeaderLabels([_("Feature"), _("Value"), _("Contribution")])
        self.ui.contributionsTable.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        self.ui.contributionsTable.horizontalHeader().setSectionResizeMode(0, qt.QHeaderView.Stretch)
        self.ui.contributionsTable.verticalHeader().hide()
        self.logic = SpineMetsClassifierLogic()
        self.errorsShown = errors_shown
        for path in self.logic.modelPaths():
            self.ui.modelComboBox.addItem(path.stem, str(path))

        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartImportEvent, self.onSceneStartImport)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self.onSceneEndImport)
        self.ui.modelComboBox.connect("currentIndexChanged(int)", self.onModelSelected)
        self.ui.modelPathEdit.connect("currentPathChanged(QString)", self.onModelPathChanged)
        self.ui.lesionSelector.connect("currentNodeChanged(vtkMRMLNode*)", self.onLesionChanged)
        self.ui.lesionSelector.connect("currentSegmentChanged(QString)", self.onLesionChanged)
        self.ui.applyButton.connect("clicked(bool)", self.onApplyButton)
        self.ui.reportButton.connect("clicked(bool)", self.onReportButton)
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
        """Do not follow the parameter node while another module is shown."""
        self.setParameterNode(None)

    def onSceneStartClose(self, caller, event) -> None:
        self.setParameterNode(None)
        self._showResult(None)

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
        """Follow the scene's parameter node; series and model that were not chosen yet are, where that is clear."""
        parameterNode = self.logic.getParameterNode()
        self.logic.chooseDefaults(parameterNode)
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
            self.ui.lesionSelector.setCurrentNode(self._parameterNode.lesionSegmentation)
            self.ui.lesionSelector.setCurrentSegmentID(self._parameterNode.lesionSegmentID)
            self._selectModel(self._parameterNode.modelPath)
        finally:
            self._updatingGui = False
        if self._found is not None and self._foundFor != self.logic.inputsOf(self._parameterNode):
            self._showResult(None)  # an answer must not stand beside the name of another lesion
        self.ui.reportButton.enabled = self._found is not None and not self._isWorking
        missing = self.logic.missingInput(self._parameterNode, self._package)
        self.ui.applyButton.enabled = not missing and not self._isWorking
        self.ui.applyButton.toolTip = missing or _("Classify the lesion.")

    def _selectModel(self, path) -> None:
        """Show a model in the list, with its card; a package from elsewhere is added to the list."""
        combo = self.ui.modelComboBox
        if path and combo.findData(path) < 0:
            combo.addItem(Path(path).stem, path)
        combo.currentIndex = combo.findData(path) if path else -1
        if path != self._packagePath:
            self._packagePath = path
            self._package, self.ui.modelLabel.text = self.logic.describeModel(path)

    def onModelSelected(self, index) -> None:
        if self._parameterNode and not self._updatingGui and index >= 0:
            self._parameterNode.modelPath = self.ui.modelComboBox.itemData(index)

    def onModelPathChanged(self, path) -> None:
        if self._parameterNode and Path(path).is_file():
            self._parameterNode.modelPath = path

    def onLesionChanged(self, *_changed) -> None:
        if not self._parameterNode or self._updatingGui:
            return
        selector = self.ui.lesionSelector
        with slicer.util.NodeModify(self._parameterNode):
            self.logic.chooseLesion(self._parameterNode, selector.currentNode(), selector.currentSegmentID() or "")

    def onApplyButton(self) -> None:
        # A result of other inputs must not stay on the screen when this one fails.
        self._showResult(None)
        with self._working(_("The lesion could not be classified.")):
            found = self.logic.apply(self._parameterNode, progress=self._showProgress)
            self._showResult(found)
            slicer.util.setSliceViewerLayers(
                background=self.logic.overlaidVolume(found), label=self._parameterNode.overlayVolume, labelOpacity=0.4
            )

    def onReportButton(self) -> None:
        with self._working(_("The report could not be written.")):
            path = Path(slicer.app.temporaryPath) / "SpineMets report.html"
            self.logic.writeReport(self._found, str(path))
            if not qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(path))):
                slicer.util.infoDisplay(_("No browser was found. The report is in {path}").format(path=path))

    def _showResult(self, found) -> None:
        """Show an answer and what each feature did to it; None: nothing."""
        self._found = found
        self._foundFor = None if found is None else self.logic.inputsOf(self._parameterNode)
        self.ui.resultLabel.text = "" if found is None else self.logic.describeResult(found)
        self._showContributions(() if found is None else found.result.contributions)
        self.ui.reportButton.toolTip = (
            _("Classify a lesion first.") if found is None else _("Write the report and open it in the browser.")
        )

    def _showContributions(self, contributions) -> None:
        """List the features that the model used; the tool tip of a row says what the panel is too narrow for."""
        table = self.ui.contributionsTable
        table.setRowCount(len(contributions))
        for row, entry in enumerate(contributions):
            detail = _(
                "{feature}: {value:.6g}, {deviations:+.2f} standard deviations from the mean of the training cases"
            ).format(feature=entry.feature, value=entry.value, deviations=entry.standardised_value)
            for column, text in enumerate((entry.feature, f"{entry.value:.4g}", f"{entry.contribution:+.2f}")):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(detail)
                table.setItem(row, column, item)

    @contextmanager
    def _working(self, failure: str):
        """Run a block that may take long: faults are shown below the sentence `failure`, progress ends with it."""
        self._isWorking = True
        for button in (self.ui.applyButton, self.ui.reportButton):
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
