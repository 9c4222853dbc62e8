"""The panels' `.ui` files: a wrong name in them is a line in a log that no one reads, and a widget without effect."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

from Testing.static_api.facts import QtFacts, normalised
from Testing.static_api.rules import Finding
from Testing.static_api.sources import Panel, Sources

# Set by name on any widget, and read by Slicer.
DYNAMIC = {"SlicerParameterName", "SlicerParameterPackName", "SlicerPackParameterNamesPrefix"}
CPP_TYPES = {
    "bool": {"bool"},
    "number": {"int", "uint", "double", "float", "qlonglong"},
    "double": {"double", "float"},
    "string": {"QString", "QKeySequence", "QVariant", "QUrl", "QByteArray", "QChar"},
    "stringlist": {"QStringList"},
}


def findings(sources: Sources, facts: QtFacts) -> list[Finding]:
    """Everything that is wrong in the panels."""
    return sorted({found for panel in sources.panels.values() for found in _Panel(panel, facts).run()})


class _Panel:
    def __init__(self, panel: Panel, facts: QtFacts) -> None:
        self._panel, self._facts = panel, facts
        self._text = panel.path.read_text(encoding="utf-8").splitlines()

    def run(self) -> Iterator[Finding]:
        for tag in ("widget", "layout", "spacer", "action"):
            for element in self._panel.root.iter(tag):
                kind = element.get("class", {"spacer": "QSpacerItem", "action": "QAction"}.get(tag, ""))
                if tag == "spacer":
                    continue
                if not self._facts.has_class(kind):
                    yield self._say(kind, f"there is no class {kind}")
                    continue
                for prop in element.findall("property"):
                    yield from self._check_property(kind, prop)
        for connection in self._panel.root.iter("connection"):
            yield from self._check_connection(connection)

    def _say(self, near: str, message: str) -> Finding:
        line = next((number for number, text in enumerate(self._text, 1) if near and near in text), 1)
        return Finding(self._panel.path, line, message)

    def _check_property(self, kind: str, prop: ElementTree.Element) -> Iterator[Finding]:
        name, value = prop.get("name", ""), next(iter(prop))
        if name in DYNAMIC:
            if prop.get("stdset") != "0":
                yield self._say(f'"{name}"', f'{name} is no property of {kind}: it needs stdset="0"')
            return
        if self._facts.is_a(kind, "QLayout") and re.fullmatch(r"(left|top|right|bottom)Margin|margin", name):
            return  # the form's reader makes contentsMargins of them
        if kind == "QGridLayout" and name in ("horizontalSpacing", "verticalSpacing"):
            return
        known = self._facts.property_of(kind, name)
        if known is None:
            if not (kind == "QWidget" and name == "currentIndex"):
                yield self._say(f'"{name}"', f"{kind} has no property {name!r}")
            return
        cpp_type, can_be_set = known
        if not can_be_set:
            yield self._say(f'"{name}"', f"{kind}.{name} cannot be set")
        if value.tag in CPP_TYPES and cpp_type not in CPP_TYPES[value.tag] and _is_plain(cpp_type):
            yield self._say(f'"{name}"', f"{kind}.{name} is a {cpp_type}, not a {value.tag}")
        for enumerator in (value.text or "").split("|") if value.tag in ("enum", "set") else ():
            owner, _, bare = enumerator.rpartition("::")
            if owner and self._facts.has_class(owner) and not self._facts.enumerator(owner, bare):
                yield self._say(enumerator, f"{owner} has no value {bare!r}")

    def _check_connection(self, connection: ElementTree.Element) -> Iterator[Finding]:
        kinds = self._panel.kinds()
        for role, member in (("sender", "signal"), ("receiver", "slot")):
            name, signature = connection.findtext(role, ""), connection.findtext(member, "")
            kind = kinds.get(name, "")
            if not kind:
                yield self._say(f">{name}<", f"there is no widget {name!r} to connect")
            elif not self._facts.has_class(kind):
                continue
            elif member == "signal" and normalised(signature) not in self._facts.signals(
                kind, signature.partition("(")[0]
            ):
                yield self._say(signature, f"{kind} has no signal {signature!r}")
            elif member == "slot" and not self._has_slot(kind, signature):
                yield self._say(signature, f"{kind} has no slot {signature!r}")

    def _has_slot(self, kind: str, signature: str) -> bool:
        counts = self._facts.counts(kind, signature.partition("(")[0])
        if counts is None:
            return self._facts.has_method(kind, signature.partition("(")[0])
        inside = signature.partition("(")[2].rpartition(")")[0]
        given = len([part for part in inside.split(",") if part])
        return any(least <= given <= most for least, most in counts)


def _is_plain(cpp_type: str) -> bool:
    return any(cpp_type in types for types in CPP_TYPES.values())
