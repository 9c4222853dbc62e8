"""Many lesions, one after the other: each row of a cohort table, in child processes, with its status."""

import json
from dataclasses import dataclass
from pathlib import Path

from slicer.i18n import tr as _

from spinemets.errors import InputError
from spinemets.report.plain import result_row
from spinemets.studies.cohort import Cohort

WAITING, WORKING, DONE, FAILED, CANCELLED = "waiting", "working", "done", "failed", "cancelled"
TABLE_NAME = "results.csv"


@dataclass
class Entry:
    """A row of the table that one model is asked about. `told`: its answer, or what went wrong."""

    case: str
    lesion: str
    model: object
    status: str = WAITING
    told: str = ""
    row: dict | None = None

    @property
    def folder(self) -> str:
        """Name of the folder of its files."""
        name = "-".join(filter(None, (self.case, self.lesion)))
        return "".join("_" if letter in '<>:"/\\|?* .' else letter for letter in name) or "case"


class Worklist:
    """Asks models about the lesions of a cohort table. One that fails does not stop the others.

    Parameters
    ----------
    startJob : as in `Classifying`.
    onChanged : called when an entry has another status.
    onProgress : stage, done, total, message.
    onEnded : called when all are done; not after `cancel`.
    """

    def __init__(self, startJob, onChanged, onProgress, onEnded) -> None:
        self._startJob, self._onChanged, self._onProgress, self._onEnded = startJob, onChanged, onProgress, onEnded
        self.entries = []
        self.isRunning = False
        self._table = self._out = self._job = None

    def open(self, path, models) -> None:
        """List what would be asked.

        Raises
        ------
        InputError : the table cannot be read.
        """
        self._table = Path(path)
        cases = Cohort.read(self._table).cases
        self.entries = [Entry(case.case, case.lesion, model) for model in models for case in cases]

    def start(self, out) -> None:
        """Ask about all; each answer gets a folder in `out`. Returns at once."""
        self._out = Path(out)
        self.isRunning = True
        for entry in self.entries:
            entry.status, entry.told, entry.row = WAITING, "", None
        self._next()

    def cancel(self) -> None:
        """Stop; what was answered before stays."""
        self.isRunning = False
        if self._job is not None:
            self._job.cancel()
        for entry in self.entries:
            if entry.status in (WAITING, WORKING):
                entry.status = CANCELLED
        self._onChanged()

    @property
    def rows(self) -> list[dict]:
        """Answers so far, one row a lesion and model; of those that failed what is known, and why."""
        return [
            entry.row or {"case": entry.case, "lesion": entry.lesion, "model": entry.model.name, "reason": entry.told}
            for entry in self.entries
            if entry.status in (DONE, FAILED)
        ]

    def _next(self) -> None:
        if not self.isRunning:
            return
        entry = next((one for one in self.entries if one.status == WAITING), None)
        if entry is None:
            self.isRunning = False
            self._onChanged()
            self._onEnded()
            return
        entry.status = WORKING
        self._onChanged()
        folder = self._out / entry.model.name / entry.folder
        arguments = ["classify", str(self._table), "--model", str(entry.model.path), "--case", entry.case]
        arguments += ["--lesion", entry.lesion] if entry.lesion else []
        arguments += ["--out", str(folder), "--overwrite", "--json"]
        try:
            self._job = self._startJob(
                arguments,
                lambda stage, done, total, message="": self._onProgress(
                    stage, done, total, f"{entry.case} {entry.lesion}: {message or stage}"
                ),
                lambda _result: self._answered(entry, folder),
                lambda sentence: self._failed(entry, sentence),
                self._ended,
            )
        except InputError as error:
            self._failed(entry, str(error))
            self._ended()

    def _answered(self, entry, folder) -> None:
        try:
            document = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            self._failed(entry, str(error))
            return
        entry.status, entry.row = DONE, result_row(document, entry.case, entry.lesion)
        if document["abstained"]:
            entry.told = _("no answer: {reason}").format(reason=document["reason"])
        else:
            entry.told = f"{document['class']}, {document['probability']:.2f}"

    def _failed(self, entry, sentence: str) -> None:
        entry.status, entry.told = FAILED, sentence

    def _ended(self) -> None:
        self._job = None
        if self.isRunning:
            self._onChanged()
            self._next()
