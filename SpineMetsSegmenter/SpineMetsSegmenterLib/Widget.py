"""The panel of the module SpineMetsSegmenter."""

import qt
import slicer
from slicer.i18n import tr as _

from SpineMetsWidgets.Job import Standby
from SpineMetsWidgets.Panel import Panel
from SpineMetsWidgets.Shortcuts import Shortcuts

# Strokes and moves come in bursts: sizes are measured, and the file is saved, when the hand rests.
REST_MILLISECONDS = 400
# The panel is shown first; then a child process is started for the work to come.
WARM_UP_MILLISECONDS = 1000


class SpineMetsSegmenterWidget(Panel):
    """Widget -> parameter node -> logic; nothing is computed here. Each section of the panel has a class of its own."""

    def __init__(self, parent=None) -> None:
        self.studySection = None
        self.lesionSection = None
        self.editorSection = None
        self.viewsSection = None
        self.kineticsSection = None
        self.saving = None
        self.standby = Standby()
        self.shortcuts = Shortcuts()
        self._observed = []
        super().__init__(parent)

    def makeLogic(self):
        # Imported when the panel is first opened: the library would slow down the start of the application.
        from .Logic import SpineMetsSegmenterLogic

        return SpineMetsSegmenterLogic()

    def setup(self) -> None:
        super().setup()
        from .EditorSection import EditorSection
        from .KineticsSection import KineticsSection
        from .LesionSection import LesionSection
        from .SavingSection import SavingSection
        from .StudySection import StudySection
        from .ViewsSection import ViewsSection

        self._refreshTimer = self._timer(0, self.refresh)
        self._restTimer = self._timer(REST_MILLISECONDS, self._handRests)
        self._warmUpTimer = self._timer(WARM_UP_MILLISECONDS, self._warmUp)
        self.studySection = StudySection(self)
        self.lesionSection = LesionSection(self)
        self.editorSection = EditorSection(self)
        self.viewsSection = ViewsSection(self)
        self.kineticsSection = KineticsSection(self)
        self.saving = SavingSection(self)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.NodeAddedEvent, self._onNodesChanged)
        self.addObserver(scene, scene.NodeRemovedEvent, self._onNodesChanged)
        self._prepareShortcuts()
        self.showStatus("")
        self.initializeParameterNode()

    def _timer(self, milliseconds: int, slot):
        timer = qt.QTimer(self.parent)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.connect("timeout()", slot)
        return timer

    def _prepareShortcuts(self) -> None:
        for key, text, slot in (
            ("Ctrl+Shift+L", _("add a lesion"), self.ui.addLesionButton.click),
            ("Ctrl+Shift+O", _("outline the lesion"), self.ui.outlineButton.click),
            ("Ctrl+Shift+F", _("find the lesion"), self.ui.findButton.click),
            ("Ctrl+Shift+G", _("go to the lesion"), self.ui.goToLesionButton.click),
            ("Ctrl+Shift+B", _("series side by side"), self.ui.layoutButton.click),
            ("Ctrl+Shift+D", _("time course on or off"), self.ui.timeCourseCheckBox.click),
            ("Ctrl+Shift+K", _("find the hot spot"), self.ui.findHotSpotButton.click),
            ("Ctrl+Shift+U", _("undo moving the hot spot"), self.ui.undoHotSpotButton.click),
            ("Ctrl+Shift+M", _("maps of the kinetics"), self.ui.mapsButton.click),
        ):
            self.shortcuts.add(key, text, slot)
        editorKeys = (
            ("1 – 8", _("choose a tool")),
            ("Esc", _("no tool")),
            (_("Space"), _("last tool")),
            ("Z", _("undo")),
            ("Y", _("redo")),
        )
        rows = [*self.shortcuts.describe(), *editorKeys]
        cells = "".join(f"<tr><td><b>{key}</b>&nbsp;&nbsp;</td><td>{text}</td></tr>" for key, text in rows)
        self.ui.shortcutsLabel.text = f"<table>{cells}</table>"

    # What Slicer calls.

    @property
    def parameters(self):
        """What the user chose; None while no parameter node is followed."""
        return self._parameterNode

    def enter(self) -> None:
        super().enter()
        self.editorSection.enter()
        self.shortcuts.install()
        self._warmUpTimer.start()

    def exit(self) -> None:
        self._warmUpTimer.stop()
        self.shortcuts.remove()
        self.editorSection.exit()
        super().exit()

    def cleanup(self) -> None:
        # A timer that goes off later would start work for a panel that is gone, as after a reload.
        for timer in (self._warmUpTimer, self._refreshTimer, self._restTimer):
            timer.stop()
        self.shortcuts.remove()
        self.studySection.clear()
        self.kineticsSection.clear()
        self.viewsSection.unlink()
        self.standby.stop()
        self.saving.saveChanges()
        self.saving.finish()
        self._observe(())
        super().cleanup()

    def _warmUp(self) -> None:
        if self.parent.isEntered:
            self.standby.warmUp()

    def prepareParameterNode(self, parameterNode) -> None:
        self.logic.settle(parameterNode)

    def initializeParameterNode(self) -> None:
        if self.editorSection is not None:
            self.editorSection.followScene()
        super().initializeParameterNode()
        if self.saving is not None:
            self.viewsSection.linkAgain()
            self.kineticsSection.sceneRead()
            if not self.ui.statusLabel.text:
                self.showSizes()

    def sceneClosing(self) -> None:
        self._observe(())
        self.studySection.clear()
        self.kineticsSection.clear()
        self.editorSection.sceneClosing()
        self.viewsSection.unlink()
        self.lesionSection.clear()
        self.showStatus("")

    # What happens in the scene.

    def _onNodesChanged(self, caller, event) -> None:
        self.refreshSoon()

    def refreshSoon(self) -> None:
        """Follow the scene when all that happens now is over."""
        if self._parameterNode and self.saving is not None:
            self._refreshTimer.start()

    def _onDrawn(self, caller, event) -> None:
        """A segment was drawn on, added, removed or renamed."""
        self.saving.noteChange(caller)
        self._restTimer.start()

    def _handRests(self) -> None:
        self.saving.saveChanges()
        self.refresh()
        if self._parameterNode:
            self.viewsSection.updateRegion()
            self.kineticsSection.measureAgain()
            self.lesionSection.lookForLevel()
            self.showSizes()

    def refresh(self) -> None:
        """Follow what was added to the scene or removed from it."""
        if not self._parameterNode or slicer.mrmlScene.IsBatchProcessing():
            return
        self.logic.settle(self._parameterNode)
        self.updatePanel()

    def updateFromParameterNode(self) -> None:
        from spinemets.mrml.cases import cases_in

        if self.viewsSection is None or self.saving is None:  # the panel is still being set up
            return
        case = self.logic.currentCase(self._parameterNode)
        self.studySection.update(self._parameterNode, case, cases_in(slicer.mrmlScene))
        self.lesionSection.update(self._parameterNode, case)
        self.editorSection.update(self._parameterNode, case)
        self.viewsSection.update(self._parameterNode, case)
        self.kineticsSection.update(self._parameterNode, case)
        self.saving.update(case)
        self._observe(self.logic.segmentations(case))

    def _observe(self, nodes) -> None:
        """Follow what is drawn in these segmentations, and in no others."""
        if [node.GetID() for node in nodes] == [node.GetID() for node in self._observed]:
            return
        events = (
            slicer.vtkSegmentation.SegmentAdded,
            slicer.vtkSegmentation.SegmentRemoved,
            slicer.vtkSegmentation.SegmentModified,
            slicer.vtkSegmentation.SourceRepresentationModified,
        )
        for node in self._observed:
            for event in events:
                self.removeObserver(node, event, self._onDrawn)
        self._observed = list(nodes)
        for node in self._observed:
            for event in events:
                self.addObserver(node, event, self._onDrawn)
        if self._observed:  # it may hold something that was drawn before
            self._restTimer.start()

    # What the sections call.

    def startJob(self, arguments, onProgress, onFinished, onFailed, onEnded):
        """Run a command of the library in a child process."""
        return self.standby.job(arguments, onProgress, onFinished, onFailed, onEnded)

    def studyLoaded(self, loaded) -> None:
        """Work on the study that was loaded, and hang it."""
        if not self._parameterNode:  # the user has gone to another module meanwhile
            return
        case = self.logic.caseOfFolder(loaded.folder)
        with slicer.util.NodeModify(self._parameterNode):
            self._parameterNode.caseUid = case.uid
            self.logic.settle(self._parameterNode)
        self.updatePanel()
        self.viewsSection.hang()
        self.showStatus("\n".join([_("Study loaded."), *case.warnings, *loaded.problems]))

    def studiesAdopted(self, cases) -> None:
        """Work on the first of the studies that were made of volumes in the scene, and hang it."""
        if not cases or not self._parameterNode:
            return
        self.caseChosen(cases[0].uid)
        self.viewsSection.hang()
        count = sum(len(case.series()) for case in cases)
        text = _("{count} series are in the list. Check their roles: what has none is not shown side by side.")
        self.showStatus(text.format(count=count))

    def caseChosen(self, uid: str) -> None:
        """Work on another study of the scene."""
        with slicer.util.NodeModify(self._parameterNode):
            self._parameterNode.caseUid = uid
            self.logic.settle(self._parameterNode)
        self.editorSection.editor.setActiveEffect(None)
        self.updatePanel()
        self.viewsSection.hangAgain()

    def roleChosen(self, key: str, role: str) -> None:
        """Give a series another role; one that was left on disk is loaded then."""
        from spinemets.mrml.cases import ROLES_LEFT_OUT

        case = self.logic.currentCase(self._parameterNode)
        if case is None:
            return
        case.set_role(key, role)
        series = next(entry for entry in case.series() if entry.key == key)
        self.refresh()
        if series.volume is None and role not in ROLES_LEFT_OUT:
            self.studySection.opener.loadSeries(case, [key])
        else:
            self.viewsSection.hangAgain()

    def lesionChosen(self, identity: str) -> None:
        """Work on another lesion of the list."""
        self._parameterNode.lesionId = identity
        self.editorSection.followLesion(self.logic.currentLesion(self._parameterNode))
        self.updatePanel()
        self.viewsSection.updateRegion()
        self.showSizes()

    def lesionsChanged(self) -> None:
        """The list has one more or one less."""
        self.logic.settle(self._parameterNode)
        self.editorSection.followLesion(self.logic.currentLesion(self._parameterNode))
        self.updatePanel()

    def rememberForUndo(self) -> None:
        self.editorSection.rememberForUndo()

    def showViews(self) -> None:
        self.viewsSection.ensureShown()

    def jump(self, point, extentMm) -> None:
        self.viewsSection.jump(point, extentMm)

    def showSizes(self) -> None:
        """Say how large the lesion is that is worked on."""
        sizes = self.logic.describeSizes(self._parameterNode) if self._parameterNode else ""
        if sizes:
            self.showStatus(sizes)
