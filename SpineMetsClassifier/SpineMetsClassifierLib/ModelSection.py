"""The models: a list to tick, installing and removing, and the card of each."""

from html import escape

import qt
import slicer
from slicer.i18n import tr as _

from SpineMetsWidgets.TableRows import fitHeight, prepareRows

from .CaseSection import fill
from .ModelLibrary import whyNot

NAME, STATUS = 0, 1
FEWEST_ROWS, MOST_ROWS = 1, 6
PATH = 256  # Qt.UserRole
ALL_QUESTIONS = "all"


class ModelSection:
    """Shows the library and which models are asked.

    Parameters
    ----------
    panel : the module's widget; its `modelsChosen` is called with paths.
    library : `ModelLibrary`.
    """

    def __init__(self, panel, library) -> None:
        self._panel = panel
        self.ui = panel.ui
        self.library = library
        self._models = []
        self._updating = False
        self._shown = None
        self._marked = ""  # path of the model whose row the user chose
        self._question = ALL_QUESTIONS
        table = self.ui.modelTable
        table.setColumnCount(2)
        table.setHorizontalHeaderLabels([_("Model"), _("Can be asked")])
        header = table.horizontalHeader()
        header.setSectionResizeMode(NAME, qt.QHeaderView.Stretch)
        header.setSectionResizeMode(STATUS, qt.QHeaderView.ResizeToContents)
        prepareRows(table)
        # A box to tick is filled as a table is: in dark colours it would not be seen there.
        table.viewport().setBackgroundRole(qt.QPalette.Window)
        table.connect("itemChanged(QTableWidgetItem*)", self._onItemChanged)
        table.connect("itemSelectionChanged()", self._onSelectionChanged)
        self.ui.questionComboBox.connect("activated(int)", self._onQuestionActivated)
        self.ui.installModelButton.connect("clicked()", self.install)
        self.ui.removeModelButton.connect("clicked()", self.remove)
        self.ui.cardButton.connect("clicked()", self._toggleCard)
        self.ui.cardLabel.visible = False

    # What is chosen.

    def chosen(self, parameters):
        """The models that are ticked."""
        return [self.library.model(path) for path in parameters.modelPaths.splitlines()]

    def _selected(self):
        table = self.ui.modelTable
        row = table.currentRow()
        isMarked = bool(table.selectedItems()) and 0 <= row < len(self._models)
        return self._models[row] if isMarked else None

    # What the user does.

    def install(self) -> None:
        """Copy a package into the user's folder, after checking it."""
        path = qt.QFileDialog.getOpenFileName(
            slicer.util.mainWindow(), _("Install a model package"), "", _("Model packages (*.spinemets)")
        )
        if path:
            with self._panel.quickly(_("The model could not be installed.")):
                model = self.library.install(path)
                self._panel.showStatus(_("Installed: {name}").format(name=model.name))
        self._panel.updatePanel()

    def remove(self) -> None:
        """Delete a package of the user, after asking."""
        model = self._selected()
        if model is None or not slicer.util.confirmOkCancelDisplay(
            _("Delete the model {name}? Results that it gave stay in the scene.").format(name=model.name)
        ):
            return
        with self._panel.quickly(_("The model could not be removed.")):
            self.library.remove(model)
            left = [path for path in self._panel.parameters.modelPaths.splitlines() if path != str(model.path)]
            self._panel.modelsChosen(left)
        self._panel.updatePanel()

    def _toggleCard(self) -> None:
        self.ui.cardLabel.visible = not self.ui.cardLabel.visible
        self._showCard()

    def _onItemChanged(self, item) -> None:
        if self._updating:
            return
        listed = [str(model.path) for model in self._models]
        others = [path for path in self._panel.parameters.modelPaths.splitlines() if path not in listed]
        ticked = [
            str(model.path)
            for row, model in enumerate(self._models)
            if self.ui.modelTable.item(row, NAME).checkState() == qt.Qt.Checked
        ]
        self._panel.modelsChosen([*others, *ticked])

    def _onSelectionChanged(self) -> None:
        if not self._updating:
            model = self._selected()
            self._marked = "" if model is None else str(model.path)
            self._showCard()
            self._updateButtons()

    def _onQuestionActivated(self, index) -> None:
        self._question = self.ui.questionComboBox.itemData(index)
        self._panel.updatePanel()

    # What is shown.

    def update(self, parameters, roles) -> None:
        """List the models: those that fit first; one that does not fit cannot be ticked, but unticked."""
        from spinemets.report.wording import question_in_words

        models = self.library.models()
        known = {str(model.path) for model in models}
        models += [model for model in self.chosen(parameters) if str(model.path) not in known]
        questions = sorted({model.package.question for model in models if model.package is not None})
        entries = [(_("All"), ALL_QUESTIONS), *((question_in_words(question), question) for question in questions)]
        if self._question not in [question for _text, question in entries]:
            self._question = ALL_QUESTIONS
        fill(self.ui.questionComboBox, entries, self._question)
        if self._question != ALL_QUESTIONS:
            models = [model for model in models if model.package is None or model.package.question == self._question]
        reasons = [whyNot(model, roles) for model in models]
        order = sorted(range(len(models)), key=lambda index: (bool(reasons[index]), models[index].name))
        ticked = set(parameters.modelPaths.splitlines())
        facts = [(models[i], reasons[i], str(models[i].path) in ticked, self._panel.isWorking) for i in order]
        if facts != self._shown:
            self._shown = facts
            self._models = [models[index] for index in order]
            self._fill(facts)
        self._updateButtons()
        self._showCard()

    def _fill(self, facts) -> None:
        self._updating = True
        table = self.ui.modelTable
        table.setRowCount(len(facts))
        fitHeight(table, FEWEST_ROWS, MOST_ROWS)
        for index, (model, reason, isTicked, isLocked) in enumerate(facts):
            name, status = qt.QTableWidgetItem(model.name), qt.QTableWidgetItem(_("no") if reason else _("yes"))
            name.setCheckState(qt.Qt.Checked if isTicked else qt.Qt.Unchecked)
            flags = qt.Qt.ItemIsSelectable | qt.Qt.ItemIsEnabled
            if not isLocked and (isTicked or not reason):
                flags = flags | qt.Qt.ItemIsUserCheckable
            name.setFlags(flags)
            status.setFlags(qt.Qt.ItemIsSelectable | (qt.Qt.NoItemFlags if reason else qt.Qt.ItemIsEnabled))
            for item in (name, status):
                item.setToolTip(reason or model.package.model["title"])
            table.setItem(index, NAME, name)
            table.setItem(index, STATUS, status)
        # A row that is marked without having been asked for would be taken for the model that is asked.
        ticked = next((str(model.path) for model, _reason, isTicked, _isLocked in facts if isTicked), "")
        paths = [str(model.path) for model in self._models]
        marked = next((path for path in (self._marked, ticked) if path in paths), None)
        table.clearSelection() if marked is None else table.selectRow(paths.index(marked))
        self._updating = False

    def _updateButtons(self) -> None:
        model = self._selected()
        isFree = not self._panel.isWorking
        self.ui.installModelButton.enabled = isFree
        self.ui.removeModelButton.enabled = isFree and model is not None and model.isOwn
        self.ui.removeModelButton.toolTip = (
            _("Delete this model package.")
            if model is not None and model.isOwn
            else _("Only models that you installed can be removed.")
        )
        self.ui.cardButton.enabled = model is not None or self.ui.cardLabel.visible
        self.ui.cardButton.toolTip = (
            _("What the selected model is: cohort, performance, intended use.")
            if model is not None
            else _("Select a model in the list first.")
        )
        self.ui.cardButton.text = _("Hide card") if self.ui.cardLabel.visible else _("Card")

    def _showCard(self) -> None:
        model = self._selected()
        if not self.ui.cardLabel.visible or model is None:
            return
        self.ui.cardLabel.text = escape(model.fault) if model.package is None else cardText(model.package.card)


def cardText(card) -> str:
    """A model's card as rich text: what it is for, its cohort, and how well it did, the honest estimate first."""
    from spinemets.report.wording import ESTIMATES, MEASURES, estimate_in_words, role_in_words

    lines = [f"<b>{escape(card['title'])}</b>"]
    if card["simulated"]:
        lines.append(_("<b>Trained on simulated cases: it says nothing about a patient.</b>"))
    lines.append(_("Intended use: {use}").format(use=escape(card["intended_use"])))
    counts = ", ".join(f"{count} {name}" for name, count in card["training"]["class_counts"].items())
    lines.append(
        _("Cohort: {description} {cases} cases ({counts}).").format(
            description=escape(card["training"]["description"]), cases=card["training"]["cases"], counts=escape(counts)
        )
    )
    roles = ", ".join(role_in_words(entry["role"]) for entry in card["inputs"])
    lines.append(_("Series: {roles}.").format(roles=escape(roles)))
    for key, name, note in ESTIMATES:
        told = card["performance"].get(key)
        if told is not None:
            values = ", ".join(f"{word} {estimate_in_words(told[measure])}" for measure, word in MEASURES)
            lines.append(f"<b>{name}</b> ({note}): {values}.")
    lines.append(
        _("Licence: {licence}. Package: {path}").format(licence=escape(card["licence"]), path=escape(card["path"]))
    )
    return "<br>".join(lines)
