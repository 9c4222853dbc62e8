"""Panels from .ui files: Qt's own loader, with stand-ins for Slicer's widgets, and what it would skip refused."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from PySide6 import QtCore, QtUiTools

from Testing.harness.qt import facts, objects, signals
from Testing.harness.qt.namespaces import stand_in
from Testing.harness.qt.properties import properties_of_qt
from Testing.harness.qt.standin import Property, StandIn


class BadUiFile(AssertionError):
    """The application would load the panel without the widget, property or connection, and print a line."""


class _Loader(QtUiTools.QUiLoader):
    def createWidget(self, class_name, parent=None, name=""):
        if class_name.startswith("Q"):
            return super().createWidget(class_name, parent, name)
        made = stand_in(class_name)(parent)
        made.setObjectName(name)
        return made


class QUiLoader(StandIn, QtCore.QObject):
    STANDS_FOR = "QUiLoader"

    def load(self, device, parent=None):
        root = ElementTree.fromstring(bytes(device.readAll().data()))
        _check_classes(root)
        special = _take_properties_of_stand_ins(root)
        connections = _take_connections(root)
        loader = _Loader()
        buffer = QtCore.QBuffer()
        buffer.setData(QtCore.QByteArray(ElementTree.tostring(root)))
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        panel = loader.load(buffer, parent)
        named = {child.objectName(): child for child in [panel, *panel.findChildren(QtCore.QObject)]}
        for name, prop, value in special:
            widget = named[name]
            getattr(type(widget), prop).__set__(widget, _value(type(widget), prop, value))
        for connection in connections:
            _connect(named, *connection)
        return panel


def _check_classes(root) -> None:
    for widget in root.iter("widget"):
        kind = widget.get("class")
        if kind.startswith("Q") or stand_in(kind) is not None:
            continue
        if facts.has_class(kind) or not facts.available():
            raise facts.HarnessLacks(f"{widget.get('name')}: no stand-in for {kind}")
        raise BadUiFile(f"{widget.get('name')}: the application has no class {kind}")


def _take_properties_of_stand_ins(root) -> list[tuple[str, str, ElementTree.Element]]:
    """Properties that only the stand-in has, taken out of the file; those that nobody has are refused."""
    found = []
    for widget in root.iter("widget"):
        kind = stand_in(widget.get("class"))
        real = facts.properties(widget.get("class"))
        for prop in widget.findall("property"):
            name = prop.get("name")
            if real and name not in real and prop.get("stdset") != "0":
                raise BadUiFile(f"{widget.get('name')}: {widget.get('class')} has no property {name}")
            if kind is None or prop.get("stdset") == "0":
                continue
            if isinstance(getattr(kind, name, None), Property):
                found.append((widget.get("name"), name, prop[0]))
                widget.remove(prop)
            elif name not in properties_of_qt(kind):
                raise facts.HarnessLacks(f"{widget.get('class')}: the stand-in has no property {name}")
    return found


def _value(kind: type, prop: str, element: ElementTree.Element):
    """Value of a property as the file spells it."""
    if element.tag == "bool":
        return element.text == "true"
    if element.tag in ("number", "double"):
        return float(element.text) if element.tag == "double" else int(element.text)
    if element.tag == "stringlist":
        return [item.text or "" for item in element]
    if element.tag in ("enum", "set"):
        return kind._enumerated(prop, element.text)
    return element.text or ""


def _take_connections(root) -> list[tuple[str, str, str, str]]:
    section = root.find("connections")
    if section is None:
        return []
    root.remove(section)
    parts = ("sender", "signal", "receiver", "slot")
    return [tuple(connection.findtext(part) for part in parts) for connection in section]


def _connect(named, sender: str, signal: str, receiver: str, slot: str) -> None:
    from Testing.harness.qt.wrappers import wrap

    for name in (sender, receiver):
        if name not in named:
            raise BadUiFile(f"connection of {name}, which is not in the panel")
    try:
        objects.connect(wrap(named[sender]), signal, wrap(named[receiver]), slot)
    except signals.NoSuchSignal as error:
        raise BadUiFile(f"{sender} {signal} -> {receiver} {slot}: {error}") from error
