"""The panel of the module SpineMetsClassifier."""

from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from SpineMetsWidgets.Panel import Panel


class SpineMetsClassifierWidget(Panel):
    """Widget -> parameter node -> logic; nothing is computed here."""

    def __init__(self, parent=None) -> None:
        self._package = None
        self._packagePath = ""
        self._found = None
        self._foundFor = None
        super().__init__(parent)

    def makeLogic(self):
        from .Logic import SpineMetsClassifierLogic

        return SpineMetsClassifierLogic()

    def setup(self) -> None:
        super().setup()
        self.ui.contributionsTable.setColumnCount(3)
        self.ui.contributionsTable.setHorizontalHeaderLabels([_("Feature"), _("Value"), _("Contribution")])
        self.ui.contributionsTable.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        self.ui.contributionsTable.horizontalHeader().setSectionResizeMode(0, qt.QHeaderView.Stretch)
        self.ui.contributionsTable.verticalHeader().hide()
        for path in self.logic.modelPaths():
            self.ui.modelComboBox.addItem(path.stem, str(path))
        self.ui.modelComboBox.connect("currentIndexChanged(int)", self.onModelSelected)
        self.ui.modelPathEdit.connect("currentPathChanged(QString)", self.onModelPathChanged)
        self.ui.lesionSelector.connect("currentNodeChanged(vtkMRMLNode*)", self.onLesionChanged)
        self.ui.lesionSelector.connect("currentSegmentChanged(QString)", self.onLesionChanged)
        self.ui.applyButton.connect("clicked(bool)", self.onApplyButton)
        self.ui.reportButton.connect("clicked(bool)", self.onReportButton)
        self.initializeParameterNode()

    def prepareParameterNode(self, parameterNode) -> None:
        """Series and model that were not chosen yet are, where that is clear."""
        self.logic.chooseDefaults(parameterNode)

    def sceneClosing(self) -> None:
        self._showResult(None)

    def updateFromParameterNode(self) -> None:
        self.ui.lesionSelector.setCurrentNode(self._parameterNode.lesionSegmentation)
        self.ui.lesionSelector.setCurrentSegmentID(self._parameterNode.lesionSegmentID)
        self._selectModel(self._parameterNode.modelPath)
        if self._found is not None and self._foundFor != self.logic.inputsOf(self._parameterNode):
            self._showResult(None)  # an answer must not stand beside the name of another lesion
        self.ui.reportButton.enabled = self._found is not None and not self.isWorking
        missing = self.logic.missingInput(self._parameterNode, self._package)
        self.ui.applyButton.enabled = not missing and not self.isWorking
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
        if self._parameterNode and not self.isUpdatingGui and index >= 0:
            self._parameterNode.modelPath = self.ui.modelComboBox.itemData(index)

    def onModelPathChanged(self, path) -> None:
        if self._parameterNode and Path(path).is_file():
            self._parameterNode.modelPath = path

    def onLesionChanged(self, *_changed) -> None:
        if not self._parameterNode or self.isUpdatingGui:
            return
        selector = self.ui.lesionSelector
        with slicer.util.NodeModify(self._parameterNode):
            self.logic.chooseLesion(self._parameterNode, selector.currentNode(), selector.currentSegmentID() or "")

    def onApplyButton(self) -> None:
        # A result of other inputs must not stay on the screen when this one fails.
        self._showResult(None)
        with self.working(_("The lesion could not be classified.")):
            found = self.logic.apply(self._parameterNode, progress=self.showProgress)
            self._showResult(found)
            slicer.util.setSliceViewerLayers(
                background=self.logic.overlaidVolume(found), label=self._parameterNode.overlayVolume, labelOpacity=0.4
            )

    def onReportButton(self) -> None:
        with self.working(_("The report could not be written.")):
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
