"""The panel of the module SpineMetsClassifier."""

from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from SpineMetsWidgets.ApplyButton import ApplyButton
from SpineMetsWidgets.Job import Standby
from SpineMetsWidgets.Packages import offerFasterMaps
from SpineMetsWidgets.Panel import Panel
from SpineMetsWidgets.Scrolling import ScrollTo
from SpineMetsWidgets.Shortcuts import Shortcuts


class SpineMetsClassifierWidget(Panel):
    """Widget -> parameter node -> logic; nothing is computed here. Each section of the panel has a class of its own."""

    def __init__(self, parent=None) -> None:
        self.caseSection = self.modelSection = self.resultSection = None
        self.standby = Standby()
        self.shortcuts = Shortcuts()
        self._classifying = None
        # Of each answer that this session gave, by its key: the files beside it; and what failed, by key.
        self.files = {}
        self._faults = {}
        self._documents = {}
        self._then = None
        self._isReady = False
        super().__init__(parent)

    def makeLogic(self):
        # Imported when the panel is first opened: the library would slow down the start of the application.
        from .Logic import SpineMetsClassifierLogic

        return SpineMetsClassifierLogic()

    def setup(self) -> None:
        super().setup()
        from .CaseSection import CaseSection
        from .ClinicalSection import ClinicalSection
        from .ExportSection import ExportSection
        from .HeatmapSection import HeatmapSection
        from .ModelLibrary import ModelLibrary
        from .ModelSection import ModelSection
        from .ResultSection import ResultSection
        from .WorklistSection import WorklistSection

        self._refreshTimer = qt.QTimer(self.parent)
        self._refreshTimer.setSingleShot(True)
        self._refreshTimer.setInterval(0)
        self._refreshTimer.connect("timeout()", self.refresh)
        self._resultInSight = ScrollTo(self.ui.resultCollapsibleButton)
        self.library = ModelLibrary(Path(slicer.app.defaultScenePath) / "SpineMets models")
        self.caseSection = CaseSection(self)
        self.modelSection = ModelSection(self, self.library)
        self.clinicalSection = ClinicalSection(self)
        self.resultSection = ResultSection(self)
        self.heatmapSection = HeatmapSection(self)
        self.exportSection = ExportSection(self)
        self.worklistSection = WorklistSection(self)
        self.applyButton = ApplyButton(self.ui.applyButton, self.apply, self.cancel)
        self.ui.progressBar.visible = False
        self.showStatus("")
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.NodeAddedEvent, self._onNodesChanged)
        self.addObserver(scene, scene.NodeRemovedEvent, self._onNodesChanged)
        self._prepareShortcuts()
        self._isReady = True
        self.initializeParameterNode()

    def _prepareShortcuts(self) -> None:
        for key, text, slot in (
            ("Ctrl+Shift+C", _("classify, or cancel"), self.ui.applyButton.click),
            ("Ctrl+Shift+G", _("show the lesion"), self.ui.showLesionButton.click),
            ("Ctrl+Shift+R", _("show the report"), self.ui.showReportButton.click),
        ):
            self.shortcuts.add(key, text, slot)
        rows = self.shortcuts.describe()
        cells = "".join(f"<tr><td><b>{key}</b>&nbsp;&nbsp;</td><td>{text}</td></tr>" for key, text in rows)
        self.ui.shortcutsLabel.text = f"<table>{cells}</table>"

    # What Slicer calls.

    @property
    def parameters(self):
        """What the user chose; None while no parameter node is followed."""
        return self._parameterNode

    def enter(self) -> None:
        super().enter()
        self.shortcuts.install()
        qt.QTimer.singleShot(1000, self._warmUp)

    def exit(self) -> None:
        self.shortcuts.remove()
        super().exit()

    def cleanup(self) -> None:
        self.shortcuts.remove()
        if self._isReady:
            self.caseSection.opener.stop()
            self._stop()
        self.standby.stop()
        self._forgetFiles()
        super().cleanup()

    def _warmUp(self) -> None:
        if self.parent.isEntered:
            self.standby.warmUp()

    def prepareParameterNode(self, parameterNode) -> None:
        self.logic.settle(parameterNode)

    def sceneClosing(self) -> None:
        self.caseSection.opener.stop()
        self._stop()
        self._forgetFiles()
        self.resultSection.update({}, "", "")
        self.heatmapSection.clear()
        self.showStatus("")

    def _forgetFiles(self) -> None:
        for answer in self.files.values():
            answer.forget()
        self.files.clear()
        self._faults.clear()

    def _stop(self) -> None:
        self.worklistSection.cancel()
        if self._classifying is not None:
            self._classifying.cancel()
            self._ended()

    # What happens in the scene.

    def _onNodesChanged(self, caller, event) -> None:
        if self._parameterNode and self._isReady:
            self._refreshTimer.start()

    def refresh(self) -> None:
        """Follow what was added to the scene or removed from it."""
        if self._parameterNode and not slicer.mrmlScene.IsBatchProcessing():
            self.logic.settle(self._parameterNode)
            self.updatePanel()

    def updateFromParameterNode(self) -> None:
        if not self._isReady:  # the panel is still being set up
            return
        parameters = self._parameterNode
        models = self.modelSection.chosen(parameters)
        self.caseSection.update(parameters, models)
        self.modelSection.update(parameters, self.logic.volumes(parameters))
        suggestions = self.logic.suggestions(parameters, models)
        self.clinicalSection.update(self.logic.variables(models), self.logic.clinicalValues(parameters), suggestions)
        missing = self.logic.missingInput(parameters, models)
        self.worklistSection.update(models)
        busy = _("Wait until the worklist is done.") if self.worklistSection.isWorking else ""
        busy = _("Wait until the study is loaded.") if self.caseSection.opener.isLoading else busy
        self.applyButton.showReady(missing or busy, _("Ask the chosen models about the lesion."))
        waiting = missing or _("Not classified yet, or something has changed since: press Classify.")
        if self._classifying is not None:
            waiting = _("The answer comes here.")
        answers = {} if missing else self.answers()
        self.resultSection.update(answers, parameters.shownModel, waiting)
        self._documents = {name: told for name, told in answers.items() if not isinstance(told, str)}
        self.heatmapSection.update(self._documents, self.shownInputs())
        self.exportSection.update(bool(self._documents), self.logic.currentLesion(parameters) is not None)

    def answers(self) -> dict:
        """What each chosen model said about exactly what is chosen now, or why it could not be asked."""
        from spinemets.errors import InputError

        found = {}
        for inputs in self._questions():
            try:
                known = self.logic.knownResult(inputs)
                fault = self._faults.get(self.logic.keyOf(inputs))
            except InputError as error:
                known, fault = None, str(error)
            if known is not None:
                found[inputs.package.name] = known.document
            elif fault:
                found[inputs.package.name] = fault
        return found

    def _questions(self):
        models = self.modelSection.chosen(self._parameterNode)
        return [self.logic.inputs(self._parameterNode, model.package) for model in models]

    # What the user does.

    def apply(self) -> None:
        """Ask the chosen models; what was answered before is shown at once."""
        self.showStatus("")
        self._faults.clear()
        with self.quickly(_("The lesion cannot be classified.")):
            questions = [one for one in self._questions() if self.logic.knownResult(one) is None]
            if not questions:
                self.updatePanel()
                self.showStatus(_("Answered before: nothing has changed since."))
                return
            self._ask(questions)

    def _ask(self, questions, then=None, heatmapOf: str = "") -> None:
        from .Classifying import Classifying

        self._classifying = Classifying(
            self.standby.job,
            lambda function: qt.QTimer.singleShot(0, function),
            self.showProgressOfJob,
            self._answered,
            folder=slicer.app.temporaryPath,
        )
        self.workStarted()
        self.applyButton.showWorking(True)
        self._then = then
        self._classifying.start(questions, heatmapOf)

    def cancel(self) -> None:
        """Stop; everything stays as it was."""
        self._stop()
        self.showStatus(_("Cancelled. Everything is as it was before."))

    def _answered(self, answers) -> None:
        """All models were asked: keep what they said in the scene."""
        from .CaseSection import shownVolumes

        faults = []
        for answer in answers:
            if answer.document is not None and answer.inputs.isInScene:
                self._keep(answer, faults)
            else:
                faults.append(f"{answer.inputs.package.name}: {answer.fault}")
                self._faults[self.logic.keyOf(answer.inputs)] = answer.fault
                answer.forget()
        then, self._then = self._then, None
        self._ended()
        if not any(shownVolumes()):
            self.caseSection.showLesion()
        if faults:
            self.showFault(" ".join([_("The lesion could not be classified."), *faults]))
        elif then is not None:
            self.withFiles(then)
        else:
            self._resultInSight.soon()

    def _keep(self, answer, faults) -> None:
        from spinemets.errors import InputError

        try:
            kept = self.logic.keep(answer.inputs, answer.document, answer.overlay())
        except (InputError, RuntimeError) as error:
            faults.append(f"{answer.inputs.package.name}: {error}")
            answer.forget()
            return
        earlier = self.files.get(kept.key)
        if earlier is not None:
            earlier.forget()
        self.files[kept.key] = answer
        if not self._parameterNode.shownModel:
            self._parameterNode.shownModel = kept.model

    def _ended(self) -> None:
        self._classifying = self._then = None
        self.applyButton.showWorking(False)
        self.workEnded()

    # What the sections call.

    def chosenModels(self) -> list:
        """The models that are ticked."""
        return self.modelSection.chosen(self._parameterNode)

    def documents(self) -> list:
        """What the models said that answered."""
        return list(self._documents.values())

    def caseName(self) -> str:
        """Of the study that is worked on."""
        case = self.logic.currentCase(self._parameterNode)
        return "" if case is None else case.name

    def lesionName(self) -> str:
        lesion = self.logic.currentLesion(self._parameterNode)
        return "" if lesion is None else lesion.name

    def withFiles(self, then) -> None:
        """Call `then(folder, document)` with the report and figures of the answer that is shown. Of an answer that came
        with a saved scene they are made first: the model is asked again.
        """
        inputs = self._shownQuestion()
        answer = self.files.get(self.logic.keyOf(inputs))
        if answer is not None:
            then(answer.out, self._documents[inputs.package.name])
        else:
            self._ask([inputs], then)

    def withMap(self, feature: str, then) -> None:
        """Let the map of a variable be computed, and call `then(folder, document)` with its heatmap.nii.gz."""
        self.showStatus(offerFasterMaps(_("SpineMets Classifier")))
        self._ask([self._shownQuestion()], then, feature)

    def shownInputs(self):
        """What the answer that is shown in full was asked; None without one."""
        return self._shownQuestion() if self._documents else None

    def _shownQuestion(self):
        shown = self._parameterNode.shownModel
        name = shown if shown in self._documents else next(iter(self._documents))
        return next(one for one in self._questions() if one.package.name == name)

    def studyLoaded(self, loaded) -> None:
        """Ask about the study that was loaded, and show it."""
        from spinemets.mrml.cases import SceneCase

        if not self._parameterNode:  # the user has gone to another module meanwhile
            return
        case = SceneCase(slicer.mrmlScene, loaded.folder)
        self.caseChosen(case.uid)
        self.caseSection.hang(case)
        self.showStatus("\n".join([_("Study loaded."), *case.warnings, *loaded.problems]))

    def caseChosen(self, uid: str) -> None:
        """Ask about another study of the scene."""
        with slicer.util.NodeModify(self._parameterNode):
            self.logic.chooseCase(self._parameterNode, uid)
        self.clinicalSection.forgetSteps()
        self.showStatus("")

    def lesionChosen(self, choice) -> None:
        """Ask about another lesion."""
        with slicer.util.NodeModify(self._parameterNode):
            self.logic.chooseLesion(self._parameterNode, choice.node, choice.segmentID)
        self.clinicalSection.forgetSteps()
        self.showStatus("")

    def modelsChosen(self, paths) -> None:
        """Ask these models."""
        self._parameterNode.modelPaths = "\n".join(dict.fromkeys(paths))
        self.showStatus("")

    def clinicalValuesChosen(self, values) -> None:
        """The clinical values of the lesion are others now: points and probability follow at once."""
        self.logic.setClinicalValues(self._parameterNode, values)

    def answerChosen(self, name: str) -> None:
        """Show the answer of another model in full."""
        self._parameterNode.shownModel = name
