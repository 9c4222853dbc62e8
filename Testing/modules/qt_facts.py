"""Names that Slicer's widgets have, from the table of API facts beside the checkout (absent on a bare clone)."""

import json
import re

from Testing.modules.conftest import QT_API


class QtFacts:
    def __init__(self) -> None:
        facts = json.loads(QT_API.read_text(encoding="utf-8"))
        self._widgets, self._qt = facts["widgets"], facts["qt"]

    def has_class(self, name: str) -> bool:
        return name in self._widgets or name in self._qt

    def lineage(self, name: str) -> list[dict]:
        """Facts of a class and of all its bases."""
        entry = self._widgets.get(name) or self._qt.get(name)
        if entry is None:
            return []
        return [entry, *(facts for base in entry.get("b") or [] for facts in self.lineage(base))]

    def properties(self, name: str) -> set[str]:
        return {prop for facts in self.lineage(name) for prop in facts.get("p") or {}}

    def signals(self, name: str) -> set[str]:
        return {re.sub(r"\s", "", signal) for facts in self.lineage(name) for signal in facts.get("s") or []}

    def slots(self, name: str) -> set[str]:
        return {signature for facts in self.lineage(name) for signature in facts.get("m") or {}}

    def attributes(self, name: str) -> set[str]:
        """Everything that Python may write after a dot: properties, methods, signals, enumeration values."""
        found = self.properties(name) | {"name", "connect", "disconnect"}
        for facts in self.lineage(name):
            found |= {signature.partition("(")[0] for signature in facts.get("m") or {}}
            found |= {signature.partition("(")[0] for signature in facts.get("s") or []}
            found |= set(facts.get("n") or [])
            found |= {value for values in (facts.get("e") or {}).values() for value in values}
        return found

    def is_called_as_method(self, name: str, attribute: str) -> bool:
        """PythonQt: a property hides a method of its name, so calling it fails."""
        return attribute not in self.properties(name)
