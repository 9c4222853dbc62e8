"""The middle part of the panel: the lesions of the study."""

from contextlib import suppress

import qt
import slicer
from slicer.i18n import tr as _

from SpineMetsWidgets.TableRows import fitHeight, prepareRows

NAME, DRAWN, VOLUME = 0, 1, 2
FEWEST_ROWS, MOST_ROWS = 2, 6
IDENTITY = 256  # Qt.UserRole


class LesionSection:
    """Shows the lesions and changes the list; what is drawn is the editor's.

    Parameters
    ----------
    panel : the module's widget; its `lesionsChanged` is called after each change of the list.
    """

    def __init__(self, panel) -> None:
        from spinemets.mrml.vertebrae import LEVELS

        self._panel = panel
        self.ui = panel.ui
        self._updating = False
        self._lesions = []
        # Lesion, and the level in which it was found to lie.
        self._offered = ("", "")
        table = self.ui.lesionTable
        table.setColumnCount(3)
        table.setHorizontalHeaderLabels([_("Lesion"), _("Drawn on"), _("Volume")])
        header = table.horizontalHeader()
        header.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(NAME, qt.QHeaderView.Stretch)
        prepareRows(table)
        fitHeight(table, FEWEST_ROWS, MOST_ROWS)
        self.ui.levelComboBox.addItems(LEVELS)
        self.ui.levelComboBox.setCurrentText("L1")
        table.connect("itemChanged(QTableWidgetItem*)", self._onItemChanged)
        table.connect("itemSelectionChanged()", self._onSelectionChanged)
        self.ui.addLesionButton.connect("clicked()", self.add)
        self.ui.renameLesionButton.connect("clicked()", self.rename)
        self.ui.goToLesionButton.connect("clicked()", self.goTo)
        self.ui.deleteLesionButton.connect("clicked()", self.delete)
        self.ui.levelButton.connect("clicked()", self.nameByLevel)

    # What the user does.

    def add(self) -> None:
        """Add a lesion with the name in the box, and work on it."""
        with self._panel.quickly(_("The lesion could not be added.")):
            self._panel.rememberForUndo()
            self._panel.logic.addLesion(self._panel.parameters, self.ui.levelComboBox.currentText)
            self._panel.lesionsChanged()

    def rename(self) -> None:
        """Let the user type another name in the list."""
        row = self._rowOf(self._panel.parameters.lesionId)
        if row >= 0:
            self.ui.lesionTable.editItem(self.ui.lesionTable.item(row, NAME))

    def goTo(self) -> None:
        """Show the middle of the lesion, or of its outline, in all views."""
        from spinemets.geometry.sizes import extent_mm
        from spinemets.mrml.lesions import Content, centre_ras
        from spinemets.mrml.segmentations import mask_from_segment

        lesion = self._selected()
        parts = [] if lesion is None else [*lesion.parts(Content.LESIONS), *lesion.parts(Content.OUTLINES)]
        if parts:
            mask = mask_from_segment(parts[0].node, parts[0].segment_id)
            self._panel.jump(centre_ras(parts[0]), max(extent_mm(mask)))

    def delete(self) -> None:
        """Remove the lesion; what holds something is asked about first."""
        lesion = self._selected()
        if lesion is None:
            return
        drawn = [part for part in lesion.drawn if not part.is_empty]
        if drawn and not slicer.util.confirmOkCancelDisplay(self._deleteQuestion(lesion.name, drawn)):
            return
        with self._panel.quickly(_("The lesion could not be deleted.")):
            self._panel.rememberForUndo()
            self._panel.logic.removeLesion(self._panel.parameters, lesion.id)
            self._panel.lesionsChanged()

    def _deleteQuestion(self, name: str, drawn) -> str:
        """The editor can take back only what it holds itself."""
        question = _("Delete the lesion {name} with its outline?").format(name=name)
        held = self._panel.editorSection.editor.segmentationNode()
        lost = sum(part.node != held for part in drawn)
        if not lost:
            return question
        if lost == len(drawn):
            return f"{question} " + _("Undo cannot bring it back.")
        return f"{question} " + _("Undo brings back only what the tools edit now; the rest is gone for good.")

    def lookForLevel(self) -> None:
        """Offer the level of the vertebra that the lesion lies in, where a segmentation of the scene tells it."""
        from spinemets.errors import InputError
        from spinemets.mrml.lesions import Content
        from spinemets.mrml.vertebra_labels import level_of

        lesion = self._selected()
        parts = [] if lesion is None else [*lesion.parts(Content.LESIONS), *lesion.parts(Content.OUTLINES)]
        self._offered = ("", "")
        with suppress(InputError):  # the lesion can do without
            self._offered = (lesion.id, level_of(slicer.mrmlScene, parts[0])) if parts else ("", "")
        self._offerLevel()

    def nameByLevel(self) -> None:
        """Call the lesion by the level that is offered."""
        identity, level = self._offered
        with self._panel.quickly(_("The name was not changed.")):
            self._panel.rememberForUndo()
            self._panel.logic.renameLesion(self._panel.parameters, identity, level)
        self._panel.updatePanel()

    # What is shown.

    def update(self, parameters, case) -> None:
        from spinemets.mrml.lesions import lesions_of

        self._lesions = [] if case is None else lesions_of(case)
        self._updating = True
        try:
            self._showLesions(parameters.lesionId)
        finally:
            self._updating = False
        lesion = self._selected()
        hasVoxels = lesion is not None and any(not part.is_empty for part in lesion.drawn)
        missing = self._panel.logic.missingForOutline(parameters)
        self.ui.levelComboBox.enabled = not missing and not self._panel.isWorking
        for button, isReady, tip in (
            (self.ui.addLesionButton, not missing, missing or _("Add a lesion with this name.")),
            (self.ui.renameLesionButton, lesion is not None, _("Change the name of the lesion.")),
            (self.ui.goToLesionButton, hasVoxels, _("Show the middle of the lesion in all views.")),
            (self.ui.deleteLesionButton, lesion is not None, _("Remove the lesion with its outline.")),
        ):
            button.enabled = isReady and not self._panel.isWorking
            button.toolTip = tip
        self._offerLevel()

    def _offerLevel(self) -> None:
        from spinemets.mrml.vertebrae import level_in

        lesion, (identity, level) = self._selected(), self._offered
        isOther = lesion is not None and lesion.id == identity and level != level_in(lesion.name)
        self.ui.levelButton.visible = bool(level) and isOther
        if isOther:
            self.ui.levelButton.text = _("{name} lies in {level}: call it {level}").format(
                name=lesion.name, level=level
            )
        self.ui.levelButton.enabled = not self._panel.isWorking

    def clear(self) -> None:
        """Take off the lesions of a scene that is closed."""
        self._lesions, self._offered = [], ("", "")
        self.ui.lesionTable.setRowCount(0)
        self.ui.levelButton.visible = False

    def _showLesions(self, current: str) -> None:
        table = self.ui.lesionTable
        if table.rowCount != len(self._lesions):
            table.setRowCount(len(self._lesions))
            fitHeight(table, FEWEST_ROWS, MOST_ROWS)
        for row, lesion in enumerate(self._lesions):
            self._showName(row, lesion)
            drawn, volume = self._describe(lesion)
            for column, text in ((DRAWN, drawn), (VOLUME, volume)):
                item = table.item(row, column) or self._newItem(row, column)
                if item.text() != text:
                    item.setText(text)
                    item.setToolTip(text)
        row = self._rowOf(current)
        if row >= 0 and table.currentRow() != row:
            table.selectRow(row)

    def _showName(self, row: int, lesion) -> None:
        item = self.ui.lesionTable.item(row, NAME) or self._newItem(row, NAME)
        if item.data(IDENTITY) != lesion.id:
            item.setData(IDENTITY, lesion.id)
        if item.text() != lesion.name:
            item.setText(lesion.name)
        item.setToolTip(lesion.name)
        part = lesion.drawn[0]
        item.setData(
            qt.Qt.DecorationRole,
            qt.QColor.fromRgbF(*part.node.GetSegmentation().GetSegment(part.segment_id).GetColor()),
        )
        state = qt.Qt.Checked if any(isVisible(one) for one in lesion.drawn) else qt.Qt.Unchecked
        if item.checkState() != state:
            item.setCheckState(state)

    def _newItem(self, row: int, column: int):
        item = qt.QTableWidgetItem("")
        flags = qt.Qt.ItemIsSelectable | qt.Qt.ItemIsEnabled
        if column == NAME:
            flags = flags | qt.Qt.ItemIsEditable | qt.Qt.ItemIsUserCheckable
            item.setCheckState(qt.Qt.Checked)
        item.setFlags(flags)
        self.ui.lesionTable.setItem(row, column, item)
        return item

    def _describe(self, lesion):
        """Where the lesion is drawn, and how large it is."""
        from spinemets.mrml.cases import role_of
        from spinemets.mrml.layouts import LABELS
        from spinemets.mrml.lesions import Content, part_volume_ml

        def labels(content):
            volumes = [part.volume for part in lesion.parts(content)]
            roles = [role_of(volume) for volume in volumes if volume is not None]
            return ", ".join(LABELS.get(role, role) for role in roles) or "–"

        masks = lesion.parts(Content.LESIONS)
        drawn = f"{labels(Content.OUTLINES)} → {labels(Content.LESIONS)}"
        return drawn, _("{volume:.1f} ml").format(volume=part_volume_ml(masks[0])) if masks else ""

    def _selected(self):
        known = self._panel.parameters.lesionId if self._panel.parameters else ""
        return next((lesion for lesion in self._lesions if lesion.id == known), None)

    def _rowOf(self, identity: str) -> int:
        return next((row for row, lesion in enumerate(self._lesions) if lesion.id == identity), -1)

    def _onItemChanged(self, item) -> None:
        if self._updating or item.column() != NAME or not self._panel.parameters:
            return
        identity = item.data(IDENTITY)
        lesion = next((one for one in self._lesions if one.id == identity), None)
        if lesion is None:
            return
        with self._panel.quickly(_("The name was not changed.")):
            shown = item.checkState() == qt.Qt.Checked
            for part in lesion.drawn:
                part.node.GetDisplayNode().SetSegmentVisibility(part.segment_id, shown)
            if item.text() != lesion.name:
                self._panel.rememberForUndo()
                self._panel.logic.renameLesion(self._panel.parameters, identity, item.text())
        self._panel.updatePanel()

    def _onSelectionChanged(self) -> None:
        row = self.ui.lesionTable.currentRow()
        if not self._updating and 0 <= row < len(self._lesions) and self._panel.parameters:
            self._panel.lesionChosen(self._lesions[row].id)


def isVisible(part) -> bool:
    display = part.node.GetDisplayNode()
    return display is not None and bool(display.GetSegmentVisibility(part.segment_id))
