"""The upper part of the panel: the study's folder, its series and their roles."""

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from SpineMetsWidgets.DicomStudies import fileOfVolume
from SpineMetsWidgets.StudyOpener import StudyOpener
from SpineMetsWidgets.TableRows import fitHeight, prepareRows

ROLE, PLANE, SERIES = 0, 1, 2
FEWEST_ROWS, MOST_ROWS = 3, 8


def roleLabels():
    """Roles as a reader calls them, in reading order."""
    from spinemets.mrml.layouts import LABELS

    return {**LABELS, "localizer": _("Localizer"), "diffusion": _("Diffusion"), "other": _("Not used")}


class StudySection:
    """Loads studies and shows the series of the one that is worked on.

    Parameters
    ----------
    panel : the module's widget; its `studyLoaded`, `roleChosen` and `caseChosen` are called.
    """

    def __init__(self, panel) -> None:
        self._panel = panel
        self.ui = panel.ui
        self._shown = None
        self._roleLabels = roleLabels()
        table = self.ui.seriesTable
        table.setColumnCount(3)
        table.setHorizontalHeaderLabels([_("Role"), _("Plane"), _("Series")])
        header = table.horizontalHeader()
        header.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(ROLE, qt.QHeaderView.Fixed)
        header.setSectionResizeMode(SERIES, qt.QHeaderView.Stretch)
        header.resizeSection(ROLE, 112)
        prepareRows(table)
        self.opener = StudyOpener(panel, panel.startJob, panel.studyLoaded)
        self.ui.adoptButton.connect("clicked()", self.adopt)
        self.ui.caseComboBox.connect("activated(int)", self._onCaseActivated)

    def adopt(self) -> None:
        """Work on the volumes that the user brought into the scene by other ways."""
        from spinemets.mrml.adoption import adopt, volumes_without_case

        with self._panel.quickly(_("The images cannot be used.")):
            cases = adopt(volumes_without_case(slicer.mrmlScene), fileOfVolume)
            self._panel.studiesAdopted(cases)

    # What is shown.

    def update(self, parameters, case, cases) -> None:
        """Show the path, the studies to choose from, and the series of the case."""
        self.opener.update(parameters)
        self._offerAdoption()
        self.ui.caseRow.visible = len(cases) > 1
        combo = self.ui.caseComboBox
        entries = [(one.name, one.uid) for one in cases]
        if entries != [(combo.itemText(row), combo.itemData(row)) for row in range(combo.count)]:
            combo.clear()
            for name, uid in entries:
                combo.addItem(name, uid)
        combo.currentIndex = -1 if case is None else combo.findData(case.uid)
        series = [] if case is None else case.series()
        self._showSeries(sorted(series, key=lambda entry: (entry.number is None, entry.number or 0, entry.key)))

    def _offerAdoption(self) -> None:
        """Where volumes lie in the scene that are of no study yet."""
        from spinemets.mrml.adoption import volumes_without_case

        names = [volume.GetName() or "" for volume in volumes_without_case(slicer.mrmlScene)]
        self.ui.adoptButton.visible = bool(names)
        self.ui.adoptButton.enabled = not self._panel.isWorking
        self.ui.adoptButton.toolTip = _("Find what each series is, and work on them: {names}").format(
            names=", ".join(names)
        )

    def clear(self) -> None:
        """Take off the series of a scene that is closed; stop loading into it."""
        self.opener.stop()
        self._showSeries([])

    def _showSeries(self, series) -> None:
        """List the series, if they are not listed like that already: an open list of roles must not close."""
        facts = [entry.as_json() | {"isLoaded": entry.volume is not None} for entry in series]
        if facts == self._shown:
            return
        self._shown = facts
        table = self.ui.seriesTable
        table.setRowCount(len(series))
        fitHeight(table, FEWEST_ROWS, MOST_ROWS)
        for row, entry in enumerate(series):
            tip = self._describe(entry)
            table.setCellWidget(row, ROLE, self._roleBox(entry, tip))
            text = entry.description or entry.key
            for column, shown in ((PLANE, entry.plane), (SERIES, f"⚠ {text}" if entry.problem else text)):
                item = qt.QTableWidgetItem(shown)
                item.setToolTip(tip)
                item.setFlags(qt.Qt.ItemIsEnabled if entry.volume is not None else qt.Qt.NoItemFlags)
                table.setItem(row, column, item)

    def _describe(self, entry) -> str:
        """What the series is and why it is thought to be that."""
        number = "" if entry.number is None else _("Series {number}. ").format(number=entry.number)
        frames = _(", {count} frames").format(count=entry.frames) if entry.frames > 1 else ""
        lines = [f"{number}{entry.description}{frames}"]
        if entry.is_chosen:
            lines.append(_("The role is your choice."))
        elif entry.reason:
            sure = _(" (confidence {confidence:.0%})").format(confidence=entry.confidence) if entry.confidence else ""
            lines.append(f"{entry.reason}{sure}")
        if entry.problem:
            lines.append(_("Not loaded: {problem}.").format(problem=entry.problem))
        elif entry.volume is None:
            lines.append(_("Not loaded, since no step uses it. Give it a role to load it."))
        return "\n".join(lines)

    def _roleBox(self, entry, tip: str):
        box = ctk.ctkComboBox()
        box.scrollWheelEffect = ctk.ctkComboBox.NeverScroll  # the wheel scrolls the panel, and must not change a role
        box.toolTip = tip
        box.frame = False
        for role, text in self._roleLabels.items():
            box.addItem(text, role)
        box.currentIndex = box.findData(entry.role)
        box.enabled = not entry.problem
        key = entry.key
        box.connect("activated(int)", lambda index: self._panel.roleChosen(key, box.itemData(index)))
        return box

    def _onCaseActivated(self, index) -> None:
        self._panel.caseChosen(self.ui.caseComboBox.itemData(index))
