"""A study into the scene: from a folder, or from Slicer's DICOM database. Shared by all panels that begin with one."""

import qt
import slicer
from slicer.i18n import tr as _

from .ApplyButton import ApplyButton
from .DicomStudies import dicomDatabase, filesOfStudy, studiesInDatabase
from .StudyLoading import StudyLoading
from .TableRows import fitHeight, prepareRows

PATIENT, DATE, STUDY = 0, 1, 2
FEWEST_ROWS, MOST_ROWS = 2, 6


class StudyOpener:
    """Gives the path line and buttons of a panel their work.

    Parameters
    ----------
    panel : the module's widget. Its ui has `studyPathEdit`, `loadStudyButton`, `databaseButton` (checkable), which
        shows `databaseFrame`, with `databaseSearchLine` and `databaseTable`; its parameter node has `studyPath`.
    startJob : as in `StudyLoading`.
    onLoaded : called with the `LoadedCase`.
    """

    def __init__(self, panel, startJob, onLoaded) -> None:
        self._panel, self._startJob, self._onLoaded = panel, startJob, onLoaded
        self.ui = panel.ui
        self._loading = None
        self._studies = []
        self.loadButton = ApplyButton(self.ui.loadStudyButton, self.load, self.cancel)
        self.ui.studyPathEdit.connect("currentPathChanged(QString)", self._onPathChanged)
        self.ui.databaseButton.connect("toggled(bool)", self._showDatabase)
        self.ui.databaseSearchLine.connect("textChanged(QString)", lambda _text: self._listStudies())
        table = self.ui.databaseTable
        table.setColumnCount(3)
        table.setHorizontalHeaderLabels([_("Patient"), _("Date"), _("Study")])
        header = table.horizontalHeader()
        header.setSectionResizeMode(qt.QHeaderView.Stretch)
        header.setSectionResizeMode(DATE, qt.QHeaderView.ResizeToContents)
        prepareRows(table)
        table.connect("cellDoubleClicked(int,int)", lambda row, _column: self.loadFromDatabase(row))
        self.ui.databaseFrame.visible = False

    @property
    def isLoading(self) -> bool:
        return self._loading is not None and self._loading.isRunning

    def update(self, parameters) -> None:
        """Show the path, and say what is missing."""
        if self.ui.studyPathEdit.currentPath != parameters.studyPath:
            self.ui.studyPathEdit.currentPath = parameters.studyPath
        missing = "" if parameters.studyPath.strip() else _("Choose the folder of a study.")
        if self._panel.isWorking and not self.isLoading:
            missing = _("Wait until the work is done.")
        self.loadButton.showReady(missing, _("Load every series that has a role."))
        self.ui.databaseButton.enabled = self.ui.databaseTable.enabled = not self._panel.isWorking

    # What the user does.

    def load(self) -> None:
        """Load the study of the chosen folder."""
        self._start(plainPath(self._panel.parameters.studyPath), ())

    def loadSeries(self, case, keys) -> None:
        """Load series of a `SceneCase` that were left on disk, since they have a role now."""
        self._start(filesOfStudy(case.uid) or case.source, keys)

    def loadFromDatabase(self, row: int) -> None:
        """Load the study in a row of the list; its files stay where they are."""
        if self.isLoading or self._panel.isWorking or not 0 <= row < len(self._studies):
            return
        study = self._studies[row]
        files = filesOfStudy(study.uid)
        if not files:
            self._panel.showFault(_("The DICOM database has no files of this study any more. Import it again."))
            return
        self.ui.databaseButton.checked = False
        self._start(files, ())

    def cancel(self) -> None:
        """Stop loading; the scene is as it was."""
        if self.isLoading:
            self.stop()
            self._panel.showStatus(_("Loading was cancelled; the scene is as it was."))

    def stop(self) -> None:
        """Stop without a word: the scene is closed, or the panel goes."""
        if self.isLoading:
            self._loading.cancel()
            self._ended()

    # Parts.

    def _start(self, paths, keys) -> None:
        if self.isLoading:
            return
        self._panel.showStatus("")
        self._loading = StudyLoading(
            slicer.mrmlScene,
            self._startJob,
            lambda function: qt.QTimer.singleShot(0, function),
            self._panel.showProgressOfJob,
            self._loaded,
            self._failed,
            folder=slicer.app.temporaryPath,
        )
        self._panel.workStarted()
        self.loadButton.showWorking(True)
        self._loading.start(paths, keys)

    def _loaded(self, loaded) -> None:
        self.ui.studyPathEdit.addCurrentPathToHistory()
        self._ended()
        self._onLoaded(loaded)

    def _failed(self, sentence: str) -> None:
        self._ended()
        self._panel.showFault(_("The study could not be loaded. {why}").format(why=sentence))

    def _ended(self) -> None:
        self._loading = None
        self.loadButton.showWorking(False)
        self._panel.workEnded()

    def _onPathChanged(self, path) -> None:
        if self._panel.parameters and not self._panel.isUpdatingGui:
            self._panel.parameters.studyPath = path

    def _showDatabase(self, isShown: bool) -> None:
        self.ui.databaseFrame.visible = isShown
        if isShown:
            self._listStudies()

    def _listStudies(self) -> None:
        """List the studies that hold every word of the search line."""
        words = self.ui.databaseSearchLine.text.lower().split()
        everything = studiesInDatabase()
        self._studies = [
            study
            for study in everything
            if all(word in f"{study.patient} {study.date} {study.description}".lower() for word in words)
        ]
        table = self.ui.databaseTable
        table.setRowCount(len(self._studies))
        fitHeight(table, FEWEST_ROWS, MOST_ROWS)
        for row, study in enumerate(self._studies):
            for column, text in ((PATIENT, study.patient), (DATE, study.date), (STUDY, study.description)):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(_("Double-click to load: {text}").format(text=text or study.uid))
                table.setItem(row, column, item)
        self.ui.databaseLabel.text = self._hint(bool(everything))

    def _hint(self, hasStudies: bool) -> str:
        if dicomDatabase() is None:
            return _("The DICOM database is not open. Open the module DICOM once, then try again.")
        if not hasStudies:
            return _("The DICOM database is empty. Import studies in the module DICOM.")
        return _("Double-click a study to load it.") if self._studies else _("No study fits the words.")


def plainPath(text: str) -> str:
    """A path as it was typed, pasted with quotation marks, or dropped as an address (file:///...)."""
    text = text.strip().strip('"').strip()
    return qt.QUrl(text).toLocalFile() if text.startswith("file:") else text
