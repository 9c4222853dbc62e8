"""Properties: attributes that hide the method of their name, typed, and refused where the real one is read-only."""

from __future__ import annotations

import functools

from PySide6 import QtCore

from Testing.harness.qt import conversion, facts
from Testing.harness.qt.standin import Property


class PropertyOfQt:
    """A property in a wrapper's class."""

    def __init__(self, name: str, kind: str, writable: bool) -> None:
        self.name, self.kind, self.writable = name, kind, writable
        self.static = None  # a static function of the same name, as QTimer.singleShot

    def __get__(self, owner, kind=None):
        if owner is None:
            return self if self.static is None else self.static
        return conversion.to_python(read_property(owner._qt, self.name))

    def __set__(self, owner, value) -> None:
        write_property(owner, self, value)


def qt_base(kind: type) -> type | None:
    """The class of PySide6 that a class is, or is derived from.

    Its `staticMetaObject` is asked, never `metaObject()` of an object: PySide6 may have deleted what that one leads to
    when the object's class is written in Python.
    """
    return next((base for base in kind.__mro__ if base.__module__.startswith("PySide6.")), None)


@functools.cache
def properties_of_qt(kind: type) -> dict[str, tuple[str, bool]]:
    """C++ type and writability of the properties that Qt itself gives to a class."""
    meta = getattr(qt_base(kind), "staticMetaObject", None)
    if meta is None:
        return {}
    found = [meta.property(index) for index in range(meta.propertyCount())]
    return {prop.name(): (prop.typeName(), prop.isWritable()) for prop in found}


def properties_of(kind: type, class_name: str) -> dict[str, PropertyOfQt]:
    """Properties of a class: those of the real class that are here too."""
    here = {name: value for base in reversed(kind.__mro__) for name, value in vars(base).items()}
    own = {name: value for name, value in here.items() if isinstance(value, Property)}
    qt = properties_of_qt(kind)
    real = facts.properties(class_name)
    if not real:
        real = dict(qt)
        real |= {name: (value.kind, value.fset is not None) for name, value in own.items()}
    found = {name: PropertyOfQt(name, *how) for name, how in real.items() if name in own or name in qt}
    if issubclass(kind, QtCore.QObject):
        found["objectName"] = PropertyOfQt("objectName", "QString", True)
        found.setdefault("name", found["objectName"])
    return found


def read_property(inner, name: str):
    own = _own(inner, name)
    if own is not None:
        return own.__get__(inner)
    try:
        return inner.property(name)
    except RuntimeError:  # PySide6 has no converter for some enumerations
        return getattr(inner, name)()


def write_property(owner, prop: PropertyOfQt, value) -> None:
    """Set as PythonQt sets: converted to the property's type, or refused."""
    inner = owner._qt
    refused = (
        f"Property '{prop.name}' of type '{prop.kind}' does not accept an object of type {type(value).__name__}"
        f" ({value!r})"
    )
    if not prop.writable:
        raise AttributeError(f"Property '{prop.name}' of {owner._class_name} object is not writable")
    try:
        plain = conversion.converted(value, prop.kind)
    except (TypeError, ValueError) as error:
        raise AttributeError(refused) from error
    own = _own(inner, prop.name)
    if own is not None:
        own.__set__(inner, plain)
        return
    setter = getattr(inner, "set" + prop.name[0].upper() + prop.name[1:], None)
    try:
        if setter is not None:
            setter(plain)
            return
    except TypeError:
        pass
    if not inner.setProperty(prop.name, plain if not isinstance(value, int) else int(value)):
        raise AttributeError(refused)


def _own(inner, name: str) -> Property | None:
    found = getattr(type(inner), name, None)
    return found if isinstance(found, Property) else None
