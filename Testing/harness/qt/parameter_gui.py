"""`connectGui` of a parameter node: which widget may show which type, and how."""

from __future__ import annotations

import enum
import pathlib

import slicer
import slicer.util
import vtk

PROPERTY = "SlicerParameterName"
# Widgets, by the kind of parameter that they show: property, signal.
NUMBERS = {
    "QDoubleSpinBox": ("value", "valueChanged(double)"),
    "ctkSliderWidget": ("value", "valueChanged(double)"),
    "ctkDoubleSlider": ("value", "valueChanged(double)"),
    "ctkDoubleSpinBox": ("value", "valueChanged(double)"),
    "qMRMLSliderWidget": ("value", "valueChanged(double)"),
    "qMRMLSpinBox": ("value", "valueChanged(double)"),
}
WHOLE = {"QSpinBox": ("value", "valueChanged(int)"), "QSlider": ("value", "valueChanged(int)")}
TEXTS = {"QLineEdit": ("text", "textChanged(QString)"), "QLabel": ("text", "")}
FLAGS = {
    "QCheckBox": ("checked", "stateChanged(int)"),
    "ctkCheckBox": ("checked", "stateChanged(int)"),
    "QPushButton": ("checked", "toggled(bool)"),
}
PATHS = {
    "ctkPathLineEdit": ("currentPath", "currentPathChanged(QString)"),
    "ctkDirectoryButton": ("directory", "directoryChanged(QString)"),
}
CHOICES = ("QComboBox", "ctkComboBox")


class Connector:
    """One parameter and its widget."""

    def __init__(self, widget, field) -> None:
        self.widget, self.field = widget, field
        kind, name = widget.className(), field.name
        self._values = None
        if field.is_node and kind == "qMRMLNodeComboBox":
            widget.nodeTypes = [field.kind.__name__]
            self._prop, self._signal = None, "currentNodeChanged(vtkMRMLNode*)"
        elif kind in CHOICES and _is_enum(field.kind):
            self._signal = "currentIndexChanged(int)"
            self._fill([(_label(member), member) for member in field.kind])
        elif kind in CHOICES and field.choices is not None:
            self._signal = "currentIndexChanged(int)"
            self._fill([(str(choice), choice) for choice in field.choices])
        elif kind in CHOICES:
            raise RuntimeError(f"{name}: a combo box needs the annotation Choice")
        else:
            self._prop, self._signal = self._plain(kind)

    def _plain(self, kind: str) -> tuple[str, str]:
        tables = {bool: FLAGS, int: WHOLE | NUMBERS, float: NUMBERS, str: TEXTS, pathlib.Path: PATHS}
        table = tables.get(self.field.kind, {})
        if kind not in table:
            raise RuntimeError(
                f"{self.field.name}: unable to create a connector from {self.field.kind.__name__} to {kind}"
            )
        if table is FLAGS and kind == "QPushButton":
            self.widget.checkable = True
        if self.field.kind in (int, float):
            self._set_range(kind)
        return table[kind]

    def _set_range(self, kind: str) -> None:
        low, high = self.field.bounds
        bounded = low is not None and high is not None
        if kind in ("ctkSliderWidget", "qMRMLSliderWidget", "QSlider") and not bounded:
            raise RuntimeError(f"{self.field.name}: cannot have a connection to {kind} where the number is unbounded")
        endless = 2**31 - 1 if kind in WHOLE else 1e300
        self.widget.minimum = -endless if low is None else low
        self.widget.maximum = endless if high is None else high

    def _fill(self, values) -> None:
        self._prop, self._values = None, values
        # As the application does it: what is shown is read before the list is emptied, -1 being the last.
        shown = values[self.widget.currentIndex][1] if self.widget.currentIndex < len(values) else values[-1][1]
        self.widget.clear()
        for label, _value in values:
            self.widget.addItem(label)
        self.write(shown)

    def connect(self, callback) -> None:
        self._callback = callback
        if self._signal:
            self.widget.connect(self._signal, self._changed)

    def disconnect(self) -> None:
        if self._signal:
            self.widget.disconnect(self._signal, self._changed)

    def _changed(self) -> None:
        self._callback()

    def read(self):
        if self.field.is_node:
            return self.widget.currentNode()
        if self._values is not None:
            return self._values[self.widget.currentIndex][1]
        return self.field.kind(getattr(self.widget, self._prop))

    def write(self, value) -> None:
        if self.field.is_node:
            self.widget.setCurrentNode(value)
        elif self._values is not None:
            self.widget.currentIndex = [known for _label, known in self._values].index(value)
        else:
            plain = str(value) if self.field.kind is pathlib.Path else value
            if self.widget.className() != "QLineEdit" or plain != self.widget.text:
                setattr(self.widget, self._prop, plain)


class Connections:
    """All widgets that follow one parameter node."""

    def __init__(self, parameters) -> None:
        self._parameters = parameters
        self._groups: dict[int, tuple[list[Connector], int]] = {}
        self._updating = False

    def connect(self, gui) -> int:
        if getattr(gui, "isWidgetType", lambda: False)():
            widgets = gui.findChildren("QWidget")
        else:
            widgets = list(vars(gui).values())
        named = {widget.property(PROPERTY): widget for widget in widgets if widget.property(PROPERTY)}
        return self.connect_named(named)

    def connect_named(self, named: dict) -> int:
        fields = type(self._parameters).allParameters
        unknown = [name for name in named if name not in fields]
        if unknown:
            raise ValueError(f"Cannot find a param with the given name: {unknown[0]}")
        connectors = [Connector(widget, fields[name]) for name, widget in named.items()]
        tag = len(self._groups) and max(self._groups) + 1
        for connector in connectors:
            connector.write(getattr(self._parameters, connector.field.name))
            connector.connect(lambda connector=connector: self._from_widget(connector))
        observer = self._parameters.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: self._to_widgets())
        self._groups[tag] = (connectors, observer)
        return tag

    def disconnect(self, tag) -> None:
        if tag in self._groups:
            connectors, observer = self._groups.pop(tag)
            for connector in connectors:
                connector.disconnect()
            self._parameters.RemoveObserver(observer)

    def _from_widget(self, connector: Connector) -> None:
        with slicer.util.NodeModify(self._parameters):
            if not self._updating:
                setattr(self._parameters, connector.field.name, connector.read())

    def _to_widgets(self) -> None:
        if self._updating:
            return
        self._updating = True
        try:
            with slicer.util.NodeModify(self._parameters):
                for connectors, _observer in self._groups.values():
                    for connector in connectors:
                        connector.write(getattr(self._parameters, connector.field.name))
        finally:
            self._updating = False


def _is_enum(kind) -> bool:
    return isinstance(kind, type) and issubclass(kind, enum.Enum)


def _label(member: enum.Enum) -> str:
    return member.label() if hasattr(member, "label") else member.name
