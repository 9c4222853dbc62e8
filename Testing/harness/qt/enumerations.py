"""Enumerations as PythonQt gives them: whole numbers that know their Qt type, and can be combined."""

from __future__ import annotations

import enum
import functools
import types


class EnumValue(int):
    """A value of a Qt enumeration."""

    kind: type[enum.Enum]

    def __new__(cls, value: int, kind: type[enum.Enum]):
        made = super().__new__(cls, value)
        made.kind = kind
        return made

    def __or__(self, other):
        return EnumValue(int(self) | int(other), self.kind)

    __ror__ = __or__

    def __and__(self, other):
        return EnumValue(int(self) & int(other), self.kind)

    def __xor__(self, other):
        return EnumValue(int(self) ^ int(other), self.kind)

    def __invert__(self):
        return EnumValue(~int(self), self.kind)

    def __repr__(self) -> str:
        return f"{self.kind.__name__}({int(self)})"

    def member(self) -> enum.Enum:
        """What PySide6 wants in calls."""
        return self.kind(int(self))


def number(member: enum.Enum) -> int:
    return member.value if isinstance(member.value, int) else hash(member)


def wrapped(member: enum.Enum) -> EnumValue:
    return EnumValue(number(member), type(member))


@functools.cache
def wrapped_type(kind: type[enum.Enum]):
    """`QEvent.Type` and the like: called with a number, holding the values as attributes."""
    values = {name: wrapped(member) for name, member in kind.__members__.items()}

    def make(_cls, value=0):
        return EnumValue(value, kind)

    return type(kind.__name__, (types.SimpleNamespace,), {**values, "__new__": make, "qt_kind": kind})
