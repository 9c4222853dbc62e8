"""The worklist: a cohort table whose lesions are classified one after the other."""

import qt
import slicer
from slicer.i18n import tr as _

from SpineMetsWidgets.ApplyButton import ApplyButton
from SpineMetsWidgets.TableRows import fitHeight, prepareRows

from .Worklist import DONE, FAILED, TABLE_NAME, WAITING, Worklist

CASE, MODEL, STATUS = 0, 1, 2
FEWEST_ROWS, MOST_ROWS = 2, 10


class WorklistSection:
    """Shows the rows of a table and what became of them.

    Parameters
    ----------
    panel : the module's widget; its `chosenModels` are asked.
    """

    def __init__(self, panel) -> None:
        self._panel = panel
        self.ui = panel.ui
        self._out = None
        self.isWorking = False
        self.worklist = Worklist(panel.standby.job, self._showEntries, panel.showProgressOfJob, self._ended)
        table = self.ui.worklistTable
        table.setColumnCount(3)
        table.setHorizontalHeaderLabels([_("Case"), _("Model"), _("Status")])
        header = table.horizontalHeader()
        header.setSectionResizeMode(qt.QHeaderView.Stretch)
        header.setSectionResizeMode(CASE, qt.QHeaderView.ResizeToContents)
        prepareRows(table)
        self.button = ApplyButton(self.ui.worklistButton, self.start, self.cancel)
        self.ui.worklistPathEdit.connect("currentPathChanged(QString)", self._onPathChanged)
        self._showEntries()
        self._tell("")

    def update(self, models) -> None:
        """Say what is missing."""
        missing = "" if self.ui.worklistPathEdit.currentPath.strip() else _("Choose a cohort table.")
        if not [model for model in models if model.package is not None]:
            missing = missing or _("Tick a model first.")
        if self._panel.isWorking and not self.isWorking:
            missing = _("Wait until the lesion is classified.")
        self.button.showReady(missing, _("Ask the ticked models about each lesion of the table."))

    def start(self) -> None:
        """Ask where the answers go, then begin."""
        models = [model for model in self._panel.chosenModels() if model.package is not None]
        from spinemets.errors import InputError

        try:
            self.worklist.open(self.ui.worklistPathEdit.currentPath.strip(), models)
        except InputError as error:
            self._tell(f"⚠ {error}")
            return
        self._out = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), _("Folder for the answers"))
        if not self._out:
            return
        self.ui.worklistPathEdit.addCurrentPathToHistory()
        self.isWorking = True
        self._panel.showStatus("")
        self._panel.workStarted()
        self.button.showWorking(True)
        self._tell("")
        self.worklist.start(self._out)

    def cancel(self) -> None:
        """Stop; what was answered stays, and is in the table."""
        if self.worklist.isRunning:
            self.worklist.cancel()
            self._ended()

    def _ended(self) -> None:
        from spinemets.errors import InputError
        from spinemets.outputs import replacing_file

        from .ExportSection import writeRows

        self.isWorking = False
        self.button.showWorking(False)
        self._panel.workEnded()
        rows = self.worklist.rows
        if not rows:
            return
        path = f"{self._out}/{TABLE_NAME}"
        try:
            with replacing_file(path, overwrite=True) as draft:
                writeRows(rows, str(draft))
        except InputError as error:
            self._tell(f"⚠ {error}")
        else:
            done = sum(entry.status == DONE for entry in self.worklist.entries)
            text = _("{done} of {count} answered; the table is {path}")
            text = text.format(done=done, count=len(self.worklist.entries), path=path)
            if any(entry.status == FAILED for entry in self.worklist.entries):
                text += "\n" + _("Hold the mouse over a row that failed to read why.")
            self._tell(text)

    def _showEntries(self) -> None:
        table, entries = self.ui.worklistTable, self.worklist.entries
        table.visible = bool(entries)
        table.setRowCount(len(entries))
        fitHeight(table, FEWEST_ROWS, MOST_ROWS)
        words = {"working": _("working"), "done": _("done"), "failed": _("failed"), "cancelled": _("cancelled")}
        for row, entry in enumerate(entries):
            status = words.get(entry.status, _("waiting"))
            shown = entry.told if entry.told and entry.status == "done" else status
            case = " ".join(filter(None, (entry.case, entry.lesion)))
            for column, text in ((CASE, case), (MODEL, entry.model.name), (STATUS, shown)):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(text if column == MODEL else entry.told or status)
                table.setItem(row, column, item)
            if entry.status not in (WAITING,):
                table.scrollToItem(table.item(row, CASE))

    def _onPathChanged(self, path) -> None:
        if self._panel.parameters:
            self._panel.updatePanel()

    def _tell(self, text: str) -> None:
        self.ui.worklistLabel.text = text
        self.ui.worklistLabel.visible = bool(text)
