"""Values on their way between a module's Python and PySide6, converted as PythonQt converts them."""

from __future__ import annotations

import enum
import inspect
import math
import typing

import shiboken6
from PySide6 import QtCore

from Testing.harness.qt import enumerations

WHOLE = {"int", "uint", "qint64", "quint64", "qlonglong", "unsigned int", "long", "short"}
REAL = {"double", "float", "qreal"}


def to_qt(value):
    """What PySide6 takes in place of a wrapper, an enumeration's value, or a container of them."""
    from Testing.harness.qt.wrappers import Wrapped

    if isinstance(value, Wrapped):
        return value._qt
    if isinstance(value, enumerations.EnumValue):
        return value.member()
    if isinstance(value, (list, tuple)):
        return [to_qt(item) for item in value]
    if isinstance(value, dict):
        return {key: to_qt(item) for key, item in value.items()}
    return value


def to_python(value):
    """What PythonQt gives in place of PySide6's value: tuples for lists, whole numbers for enumerations."""
    from Testing.harness.qt.wrappers import wrap

    if isinstance(value, enum.Enum):
        return enumerations.wrapped(value)
    if isinstance(value, shiboken6.Shiboken.Object):
        return wrap(value)
    if isinstance(value, (list, tuple)):
        return tuple(to_python(item) for item in value)
    if isinstance(value, dict):
        return {key: to_python(item) for key, item in value.items()}
    return value


def converted(value, kind: str):
    """A value for a property of a C++ type; raises ValueError where PythonQt finds no conversion."""
    if kind == "bool":
        return bool(value)
    if kind in WHOLE:
        return whole(value)
    if kind in REAL:
        if isinstance(value, (str, bytes)):
            raise ValueError(value)
        return float(value)
    if kind == "QString":
        return str(value)
    if kind == "QStringList":
        if not isinstance(value, (list, tuple, str)):
            raise ValueError(value)
        return [str(item) for item in value]
    return to_qt(value)


def whole(value) -> int:
    if isinstance(value, float):
        return math.floor(value)
    if isinstance(value, (str, bytes)) or not hasattr(value, "__index__"):
        raise ValueError(value)
    return int(value)


def coerced(function, arguments: list) -> list | None:
    """Arguments as the first overload takes them after PythonQt's looser second look; None when there is none."""
    overloads = getattr(function, "__signature__", None)
    for signature in overloads if isinstance(overloads, list) else [overloads]:
        if signature is None:
            continue
        parameters = [p for p in signature.parameters.values() if p.name != "self"]
        if len(arguments) > len(parameters):
            continue
        try:
            return [_loosely(value, parameter) for value, parameter in zip(arguments, parameters)]
        except (ValueError, TypeError):
            continue
    return None


def _loosely(value, parameter: inspect.Parameter):
    kinds = typing.get_args(parameter.annotation) or (parameter.annotation,)
    for kind in kinds:
        if not isinstance(kind, type):
            continue
        if kind is int:
            return whole(value)
        if kind is float:
            return converted(value, "double")
        if kind is str:
            return str(value)
        if kind is bool:
            return bool(value)
        if issubclass(kind, enum.Enum) and isinstance(value, int):
            return kind(value)
        if isinstance(value, kind):
            return value
        if issubclass(kind, QtCore.QByteArray) and isinstance(value, (str, bytes)):
            return QtCore.QByteArray(value.encode() if isinstance(value, str) else value)
    raise ValueError(value)
