"""Out of the scene: report, table, figures, lesion, and the result as text."""

import csv
import shutil
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from SpineMetsWidgets.PdfPages import PdfPages

from .ResultSection import answerText, noticeText, sizeText

PLANES = ("sagittal", "coronal", "axial")


class ExportSection:
    """Saves what the panel shows.

    Parameters
    ----------
    panel : the module's widget. Its `withFiles(name, then)` calls `then(folder, document)` with the report and figures
        of a model's answer, and makes them first where they are not at hand.
    """

    def __init__(self, panel) -> None:
        self._panel = panel
        self.ui = panel.ui
        # Places for DICOM-SEG and SR are beside these.
        for button, slot in (
            (self.ui.showReportButton, self.showReport),
            (self.ui.saveReportButton, self.saveReport),
            (self.ui.saveTableButton, self.saveTable),
            (self.ui.saveFiguresButton, self.saveFigures),
            (self.ui.saveLesionButton, self.saveLesion),
            (self.ui.copyButton, self.copy),
        ):
            button.connect("clicked()", slot)
        self._tell("")

    def update(self, hasAnswer: bool, hasLesion: bool) -> None:
        """Say what can be saved."""
        isFree = not self._panel.isWorking
        classifyFirst = _("Classify the lesion first.")
        for button, tip in (
            (self.ui.showReportButton, _("Open the report in the browser.")),
            (self.ui.saveReportButton, _("Save the report as HTML or PDF.")),
            (self.ui.saveTableButton, _("Save answers and features of all models as a table (CSV), one row a model.")),
            (self.ui.saveFiguresButton, _("Save each figure of the report as SVG in a folder.")),
            (self.ui.copyButton, _("Put the result on the clipboard as text.")),
        ):
            button.enabled = hasAnswer and isFree
            button.toolTip = tip if hasAnswer else classifyFirst
        self.ui.saveLesionButton.enabled = hasLesion and isFree
        self.ui.saveLesionButton.toolTip = (
            _("Save the lesion as a segmentation (.seg.nrrd).") if hasLesion else _("Choose a lesion first.")
        )

    # What the user does.

    def showReport(self) -> None:
        """Open the report in the browser."""

        def openReport(folder, document):
            path = folder / "report.html"
            if qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(path))):
                self._tell(_("The report was opened in the browser."))
            else:
                self._tell(_("No browser was found. The report is in {path}").format(path=path))

        self._panel.withFiles(openReport)

    def saveReport(self) -> None:
        """Save the report as HTML or PDF, by the file's ending."""
        path = self._askFile(_("Save the report"), ".html", _("Web page (*.html);;PDF (*.pdf)"))
        if path is None:
            return

        def save(folder, document):
            if path.suffix.lower() == ".pdf":
                self._save(path, lambda draft: writePdf(draft, document, self._panel.caseName(), folder / "figures"))
            else:
                self._save(path, lambda draft: shutil.copyfile(folder / "report.html", draft))

        self._panel.withFiles(save)

    def saveTable(self) -> None:
        """Save one row a model: answer, sizes and features."""
        from spinemets.report.plain import result_row

        path = self._askFile(_("Save the table"), ".csv", _("Table (*.csv)"))
        if path is None:
            return
        case, lesion = self._panel.caseName(), self._panel.lesionName()
        rows = [result_row(document, case, lesion) for document in self._panel.documents()]
        self._save(path, lambda draft: writeRows(rows, draft))

    def saveFigures(self) -> None:
        """Save each figure in a folder."""
        chosen = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), _("Save figures in a folder"))
        if not chosen:
            return

        def save(folder, document):
            from spinemets.report.drawing import with_note

            for figure in sorted((folder / "figures").glob("*.svg")):
                target = Path(chosen) / f"{self._fileName()} {figure.name}"
                drawn = with_note(figure.read_text(encoding="utf-8"), document["disclaimer"])
                self._save(target, lambda draft, drawn=drawn: Path(draft).write_text(drawn, encoding="utf-8"))

        self._panel.withFiles(save)

    def saveLesion(self) -> None:
        """Save the lesion as it was drawn."""
        path = self._askFile(_("Save the lesion"), ".seg.nrrd", _("Segmentation (*.seg.nrrd)"))
        if path is None:
            return
        with self._panel.quickly(_("The lesion could not be saved.")):
            self._panel.logic.saveLesion(self._panel.parameters, path)
            self._tell(_("Saved: {path}").format(path=path))

    def copy(self) -> None:
        """Put the result on the clipboard as text."""
        from spinemets.report.plain import result_text

        case, lesion = self._panel.caseName(), self._panel.lesionName()
        texts = [result_text(document, case, lesion) for document in self._panel.documents()]
        slicer.app.clipboard().setText("\n".join(texts))
        self._tell(_("The result is on the clipboard."))

    # Parts.

    def _fileName(self) -> str:
        name = " ".join(filter(None, (self._panel.caseName(), self._panel.lesionName(), "SpineMets")))
        return "".join("_" if letter in '<>:"/\\|?*' else letter for letter in name)

    def _askFile(self, title: str, suffix: str, kinds: str):
        chosen = qt.QFileDialog.getSaveFileName(slicer.util.mainWindow(), title, self._fileName() + suffix, kinds)
        if isinstance(chosen, tuple):
            chosen = chosen[0]
        if not chosen:
            return None
        return Path(chosen if Path(chosen).suffix else chosen + suffix)

    def _save(self, path, write) -> None:
        """Let `write(draft)` fill a draft that is put into its place when it is whole; a fault is told in the panel."""
        from spinemets.errors import InputError
        from spinemets.outputs import replacing_file

        try:
            with replacing_file(path, overwrite=True) as draft:
                write(str(draft))
        except InputError as fault:
            self._tell("⚠ " + _("Not saved. {why}").format(why=fault))
        else:
            self._tell(_("Saved: {path}").format(path=path))

    def _tell(self, text: str) -> None:
        self.ui.exportLabel.text = text
        self.ui.exportLabel.visible = bool(text)


def writeRows(rows, path: str) -> None:
    """Write rows (dictionaries) as a CSV table with all of their columns."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with Path(path).open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def writePdf(path: str, document, case: str, figures: Path) -> None:
    """The report on paper: the same figures and words as the page, without its model card.

    Raises OSError when the file cannot be written.
    """
    from html import escape

    from spinemets.report.drawing import LIGHT
    from spinemets.report.wording import question_in_words

    pages = PdfPages(path, f"SpineMets {case}")
    question, note = question_in_words(document["question"]), document["disclaimer"]
    pages.text(f"<b>{escape(note)}</b><h2>{escape(question)}</h2><p>{escape(case)}</p>")
    for text in (noticeText(document), answerText(document, LIGHT)):
        if text:
            pages.text(f"<p>{text}</p>")
    drawn = {path.stem: path.read_text(encoding="utf-8") for path in figures.glob("*.svg")}
    if document["probability"] is not None:
        pages.figures([drawn["probability"]], 0.7 * pages.width)
    pages.text(f"<p>{sizeText(document)}</p>")
    pictures = [drawn[f"{plane}-lesion"] for plane in PLANES if f"{plane}-lesion" in drawn]
    pages.figures(pictures, (pages.width - 20) / 3)
    pages.text(_("<h3>What drove the answer</h3>"))
    pages.figures([drawn["contributions"]], 0.8 * pages.width)
    pages.text(_("<h3>Nomogram</h3>"))
    pages.figures([drawn["nomogram"]], pages.width)
    record = document["provenance"]
    lines = [f"{record['model']['name']}, SHA-256 {record['model']['sha256']}", f"{record['start']}", note]
    lines += [f"{role}: {entry['series_uid']}" for role, entry in record["inputs"].items()]
    pages.text("<p><small>" + "<br>".join(map(escape, lines)) + "</small></p>")
    pages.finish()
