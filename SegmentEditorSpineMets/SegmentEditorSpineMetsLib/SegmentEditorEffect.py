"""The effect SpineMets in the window: outline, click, strokes; preview; accept."""

from pathlib import Path

import qt
import slicer
import vtk
from SegmentEditorEffects import AbstractScriptedSegmentEditorEffect
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from SpineMetsWidgets.ApplyButton import ApplyButton
from SpineMetsWidgets.Job import Standby

# A press so near to the seed, in pixels, takes hold of the seed and draws nothing.
SEED_REACH_PIXELS = 10


class SegmentEditorEffect(AbstractScriptedSegmentEditorEffect, VTKObservationMixin):
    """Mouse and options frame of the `LesionTool`, which is made when the effect is first used: its library would slow
    down the start of the application."""

    def __init__(self, scriptedEffect) -> None:
        scriptedEffect.name = "SpineMets"  # not translated: modules find effects by name
        scriptedEffect.title = _("SpineMets lesion")
        AbstractScriptedSegmentEditorEffect.__init__(self, scriptedEffect)
        VTKObservationMixin.__init__(self)
        self.ui = None
        self.tool = None
        self._standby = Standby()
        self._applyButton = None
        self._path = None
        self._updatingGui = False

    # What the Segment Editor asks.

    def clone(self):
        import qSlicerSegmentationsEditorEffectsPythonQt as effects

        clonedEffect = effects.qSlicerSegmentEditorScriptedEffect(None)
        clonedEffect.setPythonSource(__file__.replace("\\", "/"))
        return clonedEffect

    def icon(self):
        return qt.QIcon(_resource("Icons/SegmentEditorSpineMets.png"))

    def helpText(self):
        return "<html>" + _(
            """Find a spinal lesion<br>
            <p><ul style="margin: 0">
            <li><b>Find lesion:</b> from an outline of the diseased part, drawn on any series.
            <li><b>Click</b> in a slice view: the lesion grows from there. The seed can be dragged.
            <li><b>Drag:</b> this is lesion. <b>Ctrl (or Shift) and drag:</b> this is not.
            <li><b>Strokes only:</b> on one slice a line in the lesion and a closed ring round it; then on others.
            <li><b>Accept:</b> the preview becomes the selected segment.
            </ul><p>"""
        )

    def createCursor(self, widget):
        return qt.QCursor(qt.Qt.CrossCursor)

    def setMRMLDefaults(self) -> None:
        self.scriptedEffect.setParameterDefault("Method", "ncut")
        self.scriptedEffect.setParameterDefault("SeedIsPlaced", 0)
        self.scriptedEffect.setParameterDefault("BrushRadiusMm", 1.5)
        self.scriptedEffect.setParameterDefault("SmoothingMm", 1.0)
        self.scriptedEffect.setParameterDefault("AvoidOthers", 0)

    def setupOptionsFrame(self) -> None:
        uiWidget = slicer.util.loadUI(_resource("UI/SegmentEditorSpineMetsOptions.ui"))
        self.scriptedEffect.addOptionsWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.ui.methodComboBox.addItem(_("Normalized cut, then growing"), "ncut")
        self.ui.methodComboBox.addItem(_("Normalized cut in 3-D, then growing"), "ncut-3d")
        self.ui.methodComboBox.addItem(_("Region growing only"), "grow")
        self.ui.methodComboBox.addItem(_("Strokes only"), "strokes")
        self.ui.progressLabel.visible = False
        self._applyButton = ApplyButton(self.ui.applyButton, self.onFind, self.onCancel)
        self.ui.methodComboBox.connect("currentIndexChanged(int)", self.updateMRMLFromGUI)
        self.ui.outlineSelector.connect("currentNodeChanged(vtkMRMLNode*)", self.onOutlineChanged)
        self.ui.outlineSelector.connect("currentSegmentChanged(QString)", self.onOutlineChanged)
        self.ui.radiusSlider.connect("valueChanged(double)", self.updateMRMLFromGUI)
        self.ui.smoothingSpinBox.connect("valueChanged(double)", self.updateMRMLFromGUI)
        self.ui.clearSeedButton.connect("clicked()", self.onClearSeed)
        self.ui.backButton.connect("clicked()", self.onBack)
        self.ui.discardButton.connect("clicked()", self.onDiscard)
        self.ui.acceptButton.connect("clicked()", self.onAccept)
        self.ui.interpolateButton.connect("clicked()", self.onInterpolate)
        self.ui.fillHolesButton.connect("clicked()", self.onFillHoles)
        self.ui.smoothButton.connect("clicked()", self.onSmooth)
        self.ui.boxSelector.connect("currentNodeChanged(vtkMRMLNode*)", self.onBoxChanged)
        self.ui.avoidOthersCheckBox.connect("toggled(bool)", self.updateMRMLFromGUI)
        self.ui.boxButton.connect("clicked()", self.onMakeBox)
        self.ui.limitButton.connect("clicked()", self.onLimit)

    def activate(self) -> None:
        from .LesionTool import LesionTool

        if self.tool is None:
            self.tool = LesionTool(self.scriptedEffect, self._standby, self.updateGUIFromMRML, self._showProgress)
        self.removeObservers()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        # The application tells an effect of its parameters only, not of another selected segment.
        self.addObserver(self.scriptedEffect.parameterSetNode(), vtk.vtkCommand.ModifiedEvent, self.onEditorModified)
        self.tool.resume()
        self._standby.warmUp()
        self.updateGUIFromMRML()

    def deactivate(self) -> None:
        """Stop what runs; a preview waits for the user to come back."""
        self._endPath()
        self.removeObservers()
        if self.tool is not None:
            self.tool.suspend()
        self._standby.stop()

    def cleanup(self) -> None:
        self._endPath()
        self.removeObservers()
        if self.tool is not None:
            self.tool.close()
        self._standby.stop()
        if self._applyButton is not None:
            self._applyButton.disconnect()

    def onEditorModified(self, caller, event) -> None:
        self.tool.followSelection()
        self.updateGUIFromMRML()

    def onSceneStartClose(self, caller, event) -> None:
        self._endPath()
        self.tool.close()

    def sourceVolumeNodeChanged(self) -> None:
        if self.tool is not None:
            self.tool.dropForeignSession()
        self.updateGUIFromMRML()

    def referenceGeometryChanged(self) -> None:
        self.updateGUIFromMRML()

    # The mouse.

    def processInteractionEvents(self, callerInteractor, eventId, viewWidget) -> bool:
        if self.tool is None or viewWidget.className() != "qMRMLSliceWidget":
            return False
        position = callerInteractor.GetEventPosition()
        if eventId == vtk.vtkCommand.LeftButtonPressEvent:
            return self._beginPath(callerInteractor, position, viewWidget)
        if self._path is None or self._path.viewWidget != viewWidget:
            return False
        if eventId == vtk.vtkCommand.MouseMoveEvent:
            self._path.append(position)
            self.scriptedEffect.scheduleRender(viewWidget)
            return True
        if eventId == vtk.vtkCommand.LeftButtonReleaseEvent:
            self._path.append(position)
            self._takePath(self._endPath())
            return True
        return False

    def _beginPath(self, interactor, position, viewWidget) -> bool:
        """Whether the press is ours; otherwise it does what it does without the effect."""
        from .StrokePath import StrokePath

        self._endPath()
        viewNode = self.scriptedEffect.viewNode(viewWidget)
        if self.tool.missingForEditing() or self.tool.isWorking or interactor.GetAltKey():
            return False
        if not self.scriptedEffect.segmentationDisplayableInView(viewNode) or self._isAtSeed(position, viewWidget):
            return False
        self._path = StrokePath(
            viewWidget,
            viewNode,
            inside=not (interactor.GetControlKey() or interactor.GetShiftKey()),
            radiusMm=self.scriptedEffect.doubleParameter("BrushRadiusMm"),
            toRas=lambda xy: self.xyToRas(xy, viewWidget),
        )
        self._path.append(position)
        self.scriptedEffect.addActor2D(viewWidget, self._path.actor)
        return True

    def _endPath(self):
        path, self._path = self._path, None
        if path is not None:
            self.scriptedEffect.removeActor2D(path.viewWidget, path.actor)
        return path

    def _takePath(self, path) -> None:
        """A click places the seed, or is a dab where no seed is used; anything longer is a stroke."""
        if path.isClick and path.inside and self.tool.usesOutline:
            self.tool.placeSeed(path.startLps)
        else:
            self.tool.addStroke(path.stroke())

    def _isAtSeed(self, position, viewWidget) -> bool:
        """Whether a press there takes hold of the seed: it is the point list's then, not ours."""
        seed = self.tool.seed.positionLps
        if seed is None:
            return False
        ras = (-seed[0], -seed[1], seed[2])
        x, y = self.rasToXy(ras, viewWidget)
        apart = vtk.vtkMath.Distance2BetweenPoints(self.xyToRas((x, y), viewWidget), ras) ** 0.5
        isInSlice = apart <= self.scriptedEffect.sliceSpacing(viewWidget) / 2 + 0.5
        return isInSlice and max(abs(x - position[0]), abs(y - position[1])) <= SEED_REACH_PIXELS

    # The options.

    def setOutline(self, node, segmentID: str) -> None:
        """Choose the outline from a module's panel; also before the effect is first used."""
        self.scriptedEffect.setNodeReference("Outline", node)
        self.scriptedEffect.setParameter("OutlineSegmentID", segmentID or "")
        self.updateGUIFromMRML()

    def updateGUIFromMRML(self) -> None:
        if self.ui is None or self.tool is None or self._updatingGui or not self.scriptedEffect.parameterSetNode():
            return
        self._updatingGui = True
        try:
            effect, ui = self.scriptedEffect, self.ui
            ui.methodComboBox.currentIndex = ui.methodComboBox.findData(effect.parameter("Method"))
            ui.outlineSelector.setCurrentNode(effect.nodeReference("Outline"))
            ui.outlineSelector.setCurrentSegmentID(self.tool.outlineSegmentID)
            ui.radiusSlider.value = effect.doubleParameter("BrushRadiusMm")
            ui.smoothingSpinBox.value = effect.doubleParameter("SmoothingMm")
            ui.avoidOthersCheckBox.checked = bool(effect.integerParameter("AvoidOthers"))
            self._showFinding()
            self._showPreview()
            self._showTools()
        finally:
            self._updatingGui = False

    def updateMRMLFromGUI(self, *_changed) -> None:
        if self._updatingGui or not self.scriptedEffect.parameterSetNode():
            return
        ui = self.ui
        self.scriptedEffect.setParameter("Method", ui.methodComboBox.itemData(ui.methodComboBox.currentIndex))
        self.scriptedEffect.setParameter("BrushRadiusMm", ui.radiusSlider.value)
        self.scriptedEffect.setParameter("SmoothingMm", ui.smoothingSpinBox.value)
        self.scriptedEffect.setParameter("AvoidOthers", int(ui.avoidOthersCheckBox.checked))
        self.updateGUIFromMRML()

    def onOutlineChanged(self, *_changed) -> None:
        if not self._updatingGui and self.scriptedEffect.parameterSetNode():
            self.setOutline(self.ui.outlineSelector.currentNode(), self.ui.outlineSelector.currentSegmentID())

    def _showFinding(self) -> None:
        """Outline, seed, and the button that finds or cancels."""
        ui, tool = self.ui, self.tool
        for name in (
            "outlineLabel",
            "outlineSelector",
            "seedLabel",
            "seedStateLabel",
            "clearSeedButton",
            "applyButton",
        ):
            getattr(ui, name).visible = tool.usesOutline
        ui.seedStateLabel.text = _("placed by you") if tool.isSeedPlaced else _("found by itself")
        ui.clearSeedButton.enabled = tool.isSeedPlaced and not tool.isWorking
        self._applyButton.showWorking(tool.isWorking)
        self._applyButton.showReady(tool.missingInput(), _("Find the lesion inside the outline."))
        if not tool.isWorking:
            ui.progressLabel.visible = False

    def _showPreview(self) -> None:
        ui, tool = self.ui, self.tool
        missing = tool.missingForEditing()
        nothing = "" if tool.hasPreview else _("There is no preview: find the lesion or draw strokes first.")
        ui.statusLabel.text = tool.status
        ui.acceptButton.enabled = tool.hasPreview and not missing and not tool.isWorking
        ui.acceptButton.toolTip = missing or nothing or _("The preview becomes the selected segment.")
        ui.discardButton.enabled = tool.hasPreview and not tool.isWorking
        ui.backButton.enabled = tool.canStepBack and not tool.isWorking

    def _showTools(self) -> None:
        ui, tool = self.ui, self.tool
        missing = tool.missingForEditing()
        target = _("the preview") if tool.hasPreview else _("the selected segment")
        for button, does in (
            (ui.interpolateButton, _("Fill in the slices between those that are drawn, in {target}.")),
            (ui.fillHolesButton, _("Fill holes in {target}.")),
            (ui.smoothButton, _("Smooth {target}.")),
            (ui.boxButton, _("Put a box round {target}; drag its sides to where the lesion must end.")),
            (ui.limitButton, _("Take off {target} what lies outside the box, or in other segments.")),
        ):
            button.enabled = not missing and not tool.isWorking
            button.toolTip = missing or does.format(target=target)
        box, avoidsOthers = tool.limits.box, ui.avoidOthersCheckBox.checked
        ui.boxSelector.setCurrentNode(box)
        ui.boxSelector.enabled = not missing
        tool.limits.show(True)
        if box is None and not avoidsOthers and not missing:
            ui.limitButton.enabled = False
            ui.limitButton.toolTip = _("Make or choose a box first, or tick the other segments.")

    def _showProgress(self, stage, done, total, message="") -> None:
        self.ui.progressLabel.visible = True
        self.ui.progressLabel.text = message if message and message != "done" else stage

    # The buttons.

    def onFind(self) -> None:
        self.tool.find()

    def onCancel(self) -> None:
        self.tool.cancel()

    def onClearSeed(self) -> None:
        self.tool.clearSeed()

    def onBack(self) -> None:
        self.tool.stepBack()

    def onDiscard(self) -> None:
        self.tool.discard()

    def onAccept(self) -> None:
        self.tool.accept()

    def onInterpolate(self) -> None:
        from spinemets.segmentation.interpolation import interpolate_slices

        self.tool.change(_("The slices could not be filled in."), interpolate_slices)

    def onFillHoles(self) -> None:
        from spinemets.segmentation.manual import fill_holes

        self.tool.change(_("The holes could not be filled."), fill_holes)

    def onSmooth(self) -> None:
        from spinemets.segmentation.manual import smooth

        millimetres = self.scriptedEffect.doubleParameter("SmoothingMm")
        self.tool.change(_("The lesion could not be smoothed."), lambda mask: smooth(mask, millimetres))

    def onBoxChanged(self, node) -> None:
        if not self._updatingGui and self.tool is not None:
            self.tool.limits.choose(node)
            self.updateGUIFromMRML()

    def onMakeBox(self) -> None:
        self.tool.limits.makeBox()
        self.updateGUIFromMRML()

    def onLimit(self) -> None:
        self.tool.limits.keepWithin(self.ui.avoidOthersCheckBox.checked)


def _resource(name: str) -> str:
    return str(Path(__file__).resolve().parents[1] / "Resources" / name)
