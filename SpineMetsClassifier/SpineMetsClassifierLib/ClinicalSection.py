"""Clinical variables: a form made of what the models' cards ask for, with undo."""

from html import escape

import qt
from slicer.i18n import tr as _

from .CaseSection import fill

NOT_ENTERED = "–"


class ClinicalSection:
    """Shows one field a variable; what is entered is kept with the lesion.

    Parameters
    ----------
    panel : the module's widget; its `clinicalValuesChosen` is called with all values by name.
    """

    def __init__(self, panel) -> None:
        self._panel = panel
        self.ui = panel.ui
        self._fields, self._hints = {}, {}
        self._variables = None
        self._values = {}
        self._before, self._after = [], []
        self._form = None
        self.ui.undoClinicalButton.connect("clicked()", self.undo)
        self.ui.redoClinicalButton.connect("clicked()", self.redo)

    def update(self, variables, values, suggestions) -> None:
        """Offer these variables (by name: description, unit, values) with what was entered, and beside it what was
        measured (`Suggestion` by name)."""
        self.ui.clinicalCollapsibleButton.visible = bool(variables)
        self._values = dict(values)
        if variables != self._variables:
            self._variables = variables
            self._build()
        for name, field in self._fields.items():
            value = values.get(name)
            if "values" in variables[name]:
                field.currentIndex = max(field.findData("" if value is None else str(value)), 0)
            elif not field.hasFocus():
                field.text = "" if value is None else f"{value:g}"
            field.enabled = not self._panel.isWorking
        for name, label in self._hints.items():
            self._showSuggestion(label, suggestions.get(name), values.get(name))
        self.ui.undoClinicalButton.enabled = bool(self._before) and not self._panel.isWorking
        self.ui.redoClinicalButton.enabled = bool(self._after) and not self._panel.isWorking

    def undo(self) -> None:
        """Take back the last entry."""
        if self._before:
            self._after.append(self._values)
            self._panel.clinicalValuesChosen(self._before.pop())

    def redo(self) -> None:
        """Enter again what was taken back."""
        if self._after:
            self._before.append(self._values)
            self._panel.clinicalValuesChosen(self._after.pop())

    def forgetSteps(self) -> None:
        """Another lesion was chosen: its values are its own."""
        self._before, self._after = [], []

    def _build(self) -> None:
        if self._form is not None:
            self._form.setParent(None)
            self._form.deleteLater()
        self._form = qt.QWidget()
        layout = qt.QFormLayout(self._form)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setFieldGrowthPolicy(qt.QFormLayout.AllNonFixedFieldsGrow)
        layout.setRowWrapPolicy(qt.QFormLayout.WrapLongRows)
        self._fields, self._hints = {}, {}
        for name, variable in self._variables.items():
            field = self._choice(name, variable) if "values" in variable else self._number(name)
            unit = f" ({variable['unit']})" if variable.get("unit") else ""
            description = variable["description"]
            label = qt.QLabel(f"{description[:1].upper()}{description[1:]}{unit}:")
            label.wordWrap = True
            field.name = f"clinical_{name}"
            layout.addRow(label, field)
            self._fields[name] = field
            if "values" in variable:
                layout.addRow(self._hint(name))
        self.ui.clinicalFrame.layout().addWidget(self._form)

    def _hint(self, name: str):
        """The line below a choice that tells what was measured."""
        label = qt.QLabel()
        label.name = f"suggestion_{name}"
        label.wordWrap = True
        label.visible = False
        label.connect("linkActivated(QString)", lambda word: self._enter(name, word))
        self._hints[name] = label
        return label

    def _showSuggestion(self, label, suggestion, chosen) -> None:
        label.visible = suggestion is not None
        if suggestion is None:
            return
        if not suggestion.word:
            label.text = "<small>" + _("Not measured: {text}.").format(text=escape(suggestion.text)) + "</small>"
            return
        text = _("Measured: <b>{word}</b> ({text}).").format(word=escape(suggestion.word), text=escape(suggestion.text))
        if chosen is None:
            text += f' <a href="{escape(suggestion.word)}">' + _("Take it") + "</a>"
        elif chosen != suggestion.word:
            text = "⚠ " + text
        label.text = f"<small>{text}</small>"
        label.toolTip = _("A suggestion; what counts is your choice. Both are kept with the result.")

    def _choice(self, name: str, variable):
        box = qt.QComboBox()
        fill(box, [(NOT_ENTERED, ""), *((word, word) for word in variable["values"])], "")
        box.connect("activated(int)", lambda index: self._enter(name, box.itemData(index) or None))
        return box

    def _number(self, name: str):
        line = qt.QLineEdit()
        line.placeholderText = _("a number")
        line.connect("editingFinished()", lambda: self._onNumber(name, line.text))
        return line

    def _onNumber(self, name: str, text: str) -> None:
        text = text.strip().replace(",", ".")
        try:
            value = float(text) if text else None
        except ValueError:
            self._panel.showFault(
                _("{name}: {text} is no number; enter a number.").format(
                    name=self._variables[name]["description"], text=text
                )
            )
            return
        self._enter(name, value)

    def _enter(self, name: str, value) -> None:
        if self._panel.isUpdatingGui or value == self._values.get(name):
            return
        values = {key: known for key, known in self._values.items() if key != name}
        if value is not None:
            values[name] = value
        self._before.append(self._values)
        self._after = []
        self._panel.showStatus("")
        self._panel.clinicalValuesChosen(values)
