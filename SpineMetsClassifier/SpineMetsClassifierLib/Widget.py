"""The panel of the module SpineMetsClassifier."""

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
        self._package = None
        self._packagePath = ""
        self._found = None

    def setup(self) -> None:
        ScriptedLoadableModuleWidget.setup(self)
        # Imported when the panel is first opened: the library would slow down the start of the application.
        from spinemets.mrml.messages import errors_shown

        from .Logic import SpineMetsClassifierLogic

        uiWidget = slicer.util.loadUI(self.resourcePath("UI/SpineMetsClassifier.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = SpineMetsClassifierLogic()
        self.errorsShown = errors_shown
        for path in self.logic.modelPaths():
            self.ui.modelComboBox.addItem(path.stem, str(path))

        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.ui.modelComboBox.connect("currentIndexChanged(int)", self.onModelSelected)
        self.ui.modelPathEdit.connect("currentPathChanged(QString)", self.onModelPathChanged)
        self.ui.lesionSelector.connect("currentNodeChanged(vtkMRMLNode*)", self.onLesionChanged)
        self.ui.lesionSelector.connect("currentSegmentChanged(QString)", self.onLesionChanged)
        self.ui.applyButton.connect("clicked(bool)", self.onApplyButton)
        self.ui.reportButton.connect("clicked(bool)", self.onReportButton)
        self.initializeParameterNode()

    def cleanup(self) -> None:
        self.removeObservers()

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
            self.ui.contributionsTableView.setMRMLTableNode(self._parameterNode.contributionsTable)
            self._selectModel(self._parameterNode.modelPath)
        finally:
            self._updatingGui = False
        missing = self.logic.missingInput(self._parameterNode, self._package)
        self.ui.applyButton.enabled = not missing
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
        chosen = self.ui.lesionSelector.currentNode()
        with slicer.util.NodeModify(self._parameterNode):
            isOther = chosen != self._parameterNode.lesionSegmentation
            self._parameterNode.lesionSegmentation = chosen
            self._parameterNode.lesionSegmentID = self.ui.lesionSelector.currentSegmentID() or ""
            if isOther:
                self.logic.followLesion(self._parameterNode)

    def onApplyButton(self) -> None:
        # A result of other inputs must not stay on the screen when this one fails.
        self._showResult(None)
        with self.errorsShown(_("The lesion could not be classified.")):
            found = self.logic.apply(self._parameterNode, progress=self._showProgress)
            self._showResult(found)
            slicer.util.setSliceViewerLayers(label=self._parameterNode.overlayVolume, labelOpacity=0.4)

    def onReportButton(self) -> None:
        with self.errorsShown(_("The report could not be written.")):
            path = Path(slicer.app.temporaryPath) / "SpineMets report.html"
            self.logic.writeReport(self._found, str(path))
            qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(path)))

    def _showResult(self, found) -> None:
        self._found = found
        self.ui.resultLabel.text = "" if found is None else self.logic.describeResult(found)
        self.ui.reportButton.enabled = found is not None
        self.ui.reportButton.toolTip = (
            _("Classify a lesion first.") if found is None else _("Write the report and open it in the browser.")
        )

    def _showProgress(self, stage, done, total, message="") -> None:
        slicer.util.showStatusMessage(f"{stage} {done}/{total} {message}")
