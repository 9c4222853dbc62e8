"""What every panel of SpineMets does with its parameter node, the scene and long work."""

import sys
from contextlib import contextmanager

import qt
import slicer
import vtk
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

SHARED_PACKAGE = "SpineMetsWidgets"


class Panel(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Base of a module's widget: widget -> parameter node -> logic; nothing is computed here.

    A subclass says what its logic is (`makeLogic`), connects its widgets in `setup` and ends that with
    `initializeParameterNode()`. It may override `prepareParameterNode`, `updateFromParameterNode` and `sceneClosing`.
    The panel's .ui file has the module's name and holds the labels `progressLabel` and `statusLabel`, and
    the bar `progressBar`.
    """

    def __init__(self, parent=None) -> None:
        self.ui = None
        self.logic = None
        self.isWorking = False
        self._parameterNode = None
        self._parameterNodeGuiTag = None
        self._updatingGui = False
        # First, since without a parent the other base sets the panel up at once.
        VTKObservationMixin.__init__(self)
        ScriptedLoadableModuleWidget.__init__(self, parent)

    # What a subclass has its own of.

    def makeLogic(self):
        """The module's logic; its library is imported here, when the panel is first opened."""
        raise NotImplementedError

    def prepareParameterNode(self, parameterNode) -> None:
        """Choose what can be chosen without asking, before the panel follows the node."""

    def updateFromParameterNode(self) -> None:
        """Show what no connector of the parameter node shows, and what is still missing. Signals of widgets that this
        sets are told apart by `isUpdatingGui`."""

    def sceneClosing(self) -> None:
        """Take off the panel what belongs to the scene that is being closed; stop work on it."""

    # What Slicer calls.

    def setup(self) -> None:
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath(f"UI/{self.moduleName}.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.ui.progressLabel.visible = False
        self.logic = self.makeLogic()
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.StartImportEvent, self.onSceneStartImport)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndImport)

    def cleanup(self) -> None:
        self.setParameterNode(None)
        self.removeObservers()

    def enter(self) -> None:
        self.initializeParameterNode()

    def exit(self) -> None:
        """Do not follow the parameter node while another module is shown."""
        self.setParameterNode(None)

    def onReload(self) -> None:
        """Reload the module's package and the shared one too; Slicer itself reloads only the module's file."""
        self.setParameterNode(None)
        packages = {type(self).__module__.partition(".")[0], SHARED_PACKAGE}
        for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
            del sys.modules[name]
        super().onReload()

    # The scene.

    def onSceneStartClose(self, caller, event) -> None:
        self.setParameterNode(None)
        self.sceneClosing()

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

    # The parameter node.

    @property
    def isUpdatingGui(self) -> bool:
        """Whether a widget's signal comes from `updateFromParameterNode`, not from the user."""
        return self._updatingGui

    def initializeParameterNode(self) -> None:
        """Follow the scene's parameter node."""
        parameterNode = self.logic.getParameterNode()
        self.prepareParameterNode(parameterNode)
        self.setParameterNode(parameterNode)

    def setParameterNode(self, parameterNode) -> None:
        """Follow another parameter node; None: none."""
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            self._parameterNodeGuiTag = None
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self.updatePanel)
        self._parameterNode = parameterNode
        if self._parameterNode:
            self._parameterNodeGuiTag = self._parameterNode.connectGui(self.ui)
            self.addObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self.updatePanel)
            self.updatePanel()

    def updatePanel(self, caller=None, event=None) -> None:
        """Bring the panel up to date; does nothing while no parameter node is followed."""
        if not self._parameterNode or self._updatingGui:
            return
        self._updatingGui = True
        try:
            self.updateFromParameterNode()
        finally:
            self._updatingGui = False

    # Long work.

    def workStarted(self) -> None:
        """Work begins, here or in a child process: the panel shows which buttons must wait."""
        self.isWorking = True
        self.updatePanel()

    def workEnded(self) -> None:
        self.isWorking = False
        self.ui.progressBar.visible = False
        self.ui.progressLabel.visible = False
        slicer.util.showStatusMessage("")
        self.updatePanel()

    def showProgressOfJob(self, stage, done, total, message="") -> None:
        """Say what a child process is doing."""
        text = message if message and message != "done" else stage
        self.ui.progressLabel.text = text
        self.ui.progressLabel.visible = True
        slicer.util.showStatusMessage(text)
        bar = self.ui.progressBar
        bar.visible = True
        bar.setRange(0, total if total > 1 else 0)
        bar.setValue(done if total > 1 else 0)

    # What the panel says.

    @contextmanager
    def quickly(self, failure: str):
        """Run a block that takes no time; a fault of the input is shown in the panel, below the sentence `failure`."""
        from spinemets.errors import InputError

        try:
            yield
        except InputError as error:
            self.showFault(f"{failure} {error}")

    def showStatus(self, text: str) -> None:
        """Say how it is."""
        self.ui.statusLabel.text = text
        self.ui.statusLabel.visible = bool(text)

    def showFault(self, text: str) -> None:
        """Say what is wrong and what to do, where the user looks anyway."""
        self.showStatus(f"⚠ {text}")
