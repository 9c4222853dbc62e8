"""What every stand-in for a C++ widget shares: signals by their C++ signature, and typed properties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class Property(property):
    """A property of the C++ class; `kind` is its C++ type."""

    kind = ""

    def setter(self, write):
        made = type(self)(self.fget, write)
        made.kind = self.kind
        return made


def qt_property(kind: str, default=None, changed: str = "", *, changes=None):
    """A property that is only kept; `changed` is the signal that tells of it, `changes(self)` what follows from it."""

    class Kept(Property):
        def __set_name__(self, owner, name: str) -> None:
            self.key = "_property_" + name

    def read(self):
        return getattr(self, made.key, list(default) if isinstance(default, list) else default)

    def write(self, value) -> None:
        if read(self) == value:
            return
        setattr(self, made.key, value)
        if changes is not None:
            changes(self)
        if changed:
            self._emit(changed, value)

    made = Kept(read, write)
    made.kind = kind
    return made


def computed(kind: str):
    """Decorator: a property whose getter, and with `.setter` setter, are written out."""

    def make(getter):
        made = Property(getter)
        made.kind = kind
        return made

    return make


@dataclass(eq=False)
class _Listening:
    listeners: list
    function: object

    def remove(self) -> None:
        if self in self.listeners:
            self.listeners.remove(self)


class StandIn:
    """Mixed into a PySide6 class that stands for a C++ class; STANDS_FOR is that class's name.

    Names that begin with an underscore are the stand-in's own; all others must be the real class's.
    """

    SIGNALS: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def _known_signals(cls) -> set[str]:
        return {signal for kind in cls.__mro__ for signal in vars(kind).get("SIGNALS", ())}

    def _listen(self, signature: str, function) -> _Listening:
        """Call a function whenever the signal is sent."""
        listeners = self.__dict__.setdefault("_listeners", {}).setdefault(signature, [])
        listeners.append(_Listening(listeners, function))
        return listeners[-1]

    def _emit(self, signature: str, *arguments) -> None:
        assert signature in self._known_signals(), f"{type(self).__name__} declares no signal {signature}"
        if self.signalsBlocked():
            return
        for listening in list(self.__dict__.get("_listeners", {}).get(signature, ())):
            listening.function(*arguments)
