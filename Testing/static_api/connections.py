"""Signals, slots and observers: a wrong signal's name only prints, and the button does nothing."""

from __future__ import annotations

import ast
from collections.abc import Callable

from Testing.static_api import vtk_facts
from Testing.static_api.containers import Type
from Testing.static_api.expressions import Expressions
from Testing.static_api.facts import arguments_of, normalised

Say = Callable[[ast.expr, str], None]


def text_of(node: ast.expr) -> str | None:
    """A string that is written out."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


class Connections:
    """Checks calls of `connect`, `disconnect`, `AddObserver` and `addObserver`; what is wrong goes to `say`."""

    def __init__(self, types: Expressions, say: Say) -> None:
        self._types, self._facts, self._say = types, types.facts, say

    def check_connection(self, node: ast.Call, func: ast.Attribute, scope: ast.AST) -> None:
        owners = self._types.of(func.value, scope)
        signals = [kind for kind in owners if kind[0] == "signal"]
        if signals:
            signatures = self._facts.signals(signals[0][1], signals[0][2])
            self._check_slot(node, node.args[:1], max(len(arguments_of(each)) for each in signatures), scope)
            return
        signal = text_of(node.args[0]) if node.args else None
        if signal is None:
            return
        known = [kind for kind in owners if kind[0] in ("object", "some") and self._types.is_class(kind[1])]
        if known and not any(self._has_signal(kind, signal) for kind in known):
            found = self._facts.signals(known[0][1], signal.partition("(")[0])
            more = f"; it has {' and '.join(found)}" if found else ""
            self._say(node, f"{known[0][1]} has no signal {signal!r}{more}")
        elif not known and not self._facts.is_signal_anywhere(normalised(signal)):
            self._say(node, f"no class has signal {signal!r}")
        elif len(node.args) >= 3 and (slot := text_of(node.args[2])) is not None:
            self._check_slot_by_name(node, slot, scope)
        else:
            self._check_slot(node, node.args[1:2], len(arguments_of(signal)), scope)

    def check_observer(self, node: ast.Call, func: ast.Attribute, scope: ast.AST) -> None:
        """An observer is called with the object and the event's name."""
        first = 0 if func.attr == "AddObserver" else 1
        event = text_of(node.args[first]) if len(node.args) > first else None
        if event is not None and not vtk_facts.is_event(event):
            self._say(node, f"VTK has no event {event!r}")
        for slot in node.args[first + 1 : first + 2]:
            for kind in self._types.of(slot, scope):
                least, most = self._range(kind)
                if not least <= 2 <= most:
                    self._say(node, "an observer is called with two arguments: the object and the event's name")

    def _has_signal(self, owner: Type, signal: str) -> bool:
        kinds = [owner[1], *(self._facts.descendants(owner[1]) if owner[0] == "some" else ())]
        return any(normalised(signal) in self._facts.signals(kind, signal.partition("(")[0]) for kind in kinds)

    def _check_slot(self, node: ast.Call, slots: list[ast.expr], given: int, scope: ast.AST) -> None:
        """Arguments that a slot does not take are left out; one that it needs and does not get is an error."""
        for slot in slots:
            for kind in self._types.of(slot, scope):
                least, _most = self._range(kind)
                if least > given:
                    self._say(node, f"the slot needs {least} arguments, the signal has {given}")

    def _check_slot_by_name(self, node: ast.Call, slot: str, scope: ast.AST) -> None:
        name = slot.partition("(")[0]
        for kind in self._types.of(node.args[1], scope):
            is_known = kind[0] in ("object", "some") and self._types.is_judged(kind[1])
            if is_known and not any(
                self._facts.has_method(each, name) for each in self._types.candidates(kind, name) or [kind[1]]
            ):
                self._say(node, f"{kind[1]} has no slot {slot!r}")

    def _range(self, kind: Type) -> tuple[int, int]:
        """Least and most positional arguments of one of our functions; of anything else any number."""
        function, bound = self._types.callee(kind) if kind[0] == "function" else (None, False)
        if function is None:
            return 0, 99
        decorators = {ast.unparse(each) for each in getattr(function, "decorator_list", [])}
        if decorators - {"staticmethod", "classmethod"}:
            return 0, 99
        parameters = self._types.parameters(function, bound and "staticmethod" not in decorators)
        most = 99 if function.args.vararg else len(parameters)
        return max(0, len(parameters) - len(function.args.defaults)), most
