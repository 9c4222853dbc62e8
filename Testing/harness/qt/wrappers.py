"""PySide6 objects as PythonQt shows them to a module.

A property is an attribute and hides the method of its name; an attribute that does not exist can be neither read nor
set; classes have no bases in common (`isinstance(button, qt.QWidget)` is False); a Python class may derive from a Qt
class and override its virtual functions.
"""

from __future__ import annotations

import enum
import functools
import inspect
import weakref

import shiboken6
from PySide6 import QtCore

from Testing.harness.qt import conversion, enumerations, errors, facts, signals
from Testing.harness.qt.properties import PropertyOfQt, properties_of, qt_base, write_property
from Testing.harness.qt.timers import single_shot

_alive: weakref.WeakValueDictionary[int, Wrapped] = weakref.WeakValueDictionary()


class Wrapped:
    """An object of Qt in the hands of a module; `_qt` is PySide6's object."""

    _class: type
    _class_name = ""

    def __init__(self, *arguments, **keywords) -> None:
        if keywords:
            raise ValueError(f"{self._class_name}: PythonQt takes no keyword arguments ({', '.join(keywords)})")
        kind = self._class if type(self)._wraps_exactly() else _shell(type(self))
        if inspect.isabstract(kind):
            raise ValueError(f"{self._class_name} is abstract")
        self._adopt(_called(kind, self._class_name, arguments))

    @classmethod
    def _wraps_exactly(cls) -> bool:
        return "_class" in vars(cls)

    def _adopt(self, qt_object) -> None:
        object.__setattr__(self, "_qt", qt_object)
        _alive[id(qt_object)] = self
        if not self._wraps_exactly():
            qt_object._python = self  # lives as long as the C++ object

    def __getattr__(self, name: str):
        if name.startswith("__") or name == "_qt":
            raise AttributeError(name)
        if name.endswith("_") and hasattr(type(self), name[:-1]):
            return getattr(self, name[:-1])
        inner = self._qt
        if isinstance(inner, QtCore.QObject):
            if name.encode() in [bytes(known.data()) for known in inner.dynamicPropertyNames()]:
                return conversion.to_python(inner.property(name))
            for child in inner.children():
                if child.objectName() == name:
                    return wrap(child)
        raise facts.missing(self._class_name, name)

    def __setattr__(self, name: str, value) -> None:
        known = inspect.getattr_static(type(self), name, None)
        if isinstance(known, property):
            known.__set__(self, value)
        elif isinstance(known, PropertyOfQt):
            write_property(self, known, value)
        elif known is not None and self._wraps_exactly():
            raise AttributeError(f"'{name}' can not be overwritten on {self._class_name} object")
        elif isinstance(self._qt, QtCore.QObject) and name.encode() in [
            bytes(known.data()) for known in self._qt.dynamicPropertyNames()
        ]:
            self._qt.setProperty(name, conversion.to_qt(value))
        elif self._wraps_exactly():
            error = facts.missing(self._class_name, name)
            if isinstance(error, facts.HarnessLacks):
                raise error
            raise AttributeError(f"'{name}' does not exist on {self._class_name}; C++ objects take no new attributes")
        else:
            object.__setattr__(self, name, value)

    def __bool__(self) -> bool:
        return shiboken6.isValid(self._qt)

    def __eq__(self, other) -> bool:
        if not isinstance(other, Wrapped):
            return False
        if isinstance(self._qt, QtCore.QObject):
            return self._qt is other._qt
        return bool(self._qt == other._qt)

    def __hash__(self) -> int:
        return hash(shiboken6.getCppPointer(self._qt)[0])

    def __repr__(self) -> str:
        return f"{self._class_name} (wrapping {self._qt!r})"

    def className(self) -> str:
        return self._class_name

    def inherits(self, class_name: str) -> bool:
        if isinstance(self._qt, QtCore.QObject):
            return self._qt.inherits(class_name)
        return class_name in [kind.__name__ for kind in self._class.__mro__]

    def help(self) -> None:
        """Would print the class's attributes."""

    def delete(self) -> None:
        shiboken6.delete(self._qt)


for _operator in ("add", "sub", "mul", "truediv", "and", "or", "lt", "le", "gt", "ge", "getitem", "len", "bytes"):

    def _operate(self, *others, _name=f"__{_operator}__"):
        function = getattr(self._qt, _name, None)
        if function is None:
            raise TypeError(f"{self._class_name} has no operator {_name}")
        return conversion.to_python(function(*[conversion.to_qt(other) for other in others]))

    setattr(Wrapped, f"__{_operator}__", _operate)


def alive(kind: type) -> list:
    """Qt objects of a class that modules still hold."""
    return [wrapped._qt for wrapped in list(_alive.values()) if isinstance(wrapped._qt, kind)]


def wrap(qt_object) -> Wrapped | None:
    """The one wrapper of a PySide6 object."""
    if qt_object is None:
        return None
    known = _alive.get(id(qt_object))
    if known is not None:
        return known
    made = object.__new__(wrapper_class(_public_class(type(qt_object))))
    made._adopt(qt_object)
    return made


def _public_class(kind: type) -> type:
    """The nearest class that the application knows by name."""
    for base in kind.__mro__:
        if base.__module__.startswith("PySide6.") or "STANDS_FOR" in vars(base):
            return base
    raise TypeError(kind)


def class_name_of(kind: type) -> str:
    return vars(kind).get("STANDS_FOR") or kind.__name__


@functools.cache
def wrapper_class(kind: type) -> type[Wrapped]:
    """The class that a module sees for a PySide6 class or a stand-in."""
    from Testing.harness.qt.objects import QOBJECT_METHODS

    name = class_name_of(kind)
    allowed = facts.names(name)
    if allowed and "QObject" not in facts.lineage(name) and issubclass(kind, QtCore.QObject):
        # The table does not know the class of VTK's between this one and Qt's.
        allowed |= facts.names(qt_base(kind).__name__)
    content: dict = {"_class": kind, "_class_name": name, "__module__": "qt"}
    for attribute in dir(kind):
        if attribute.startswith("_"):
            continue
        value = inspect.getattr_static(kind, attribute)
        if isinstance(value, type) and issubclass(value, enum.Enum):
            for member in value.__members__:
                if not allowed or member in allowed:
                    content.setdefault(member, enumerations.wrapped(value.__members__[member]))
        if allowed and attribute not in allowed and attribute.rstrip("_") not in allowed:
            continue
        made = _member(kind, attribute, value)
        if made is not None:
            content[attribute] = made
    for attribute, prop in properties_of(kind, name).items():
        prop.static = content[attribute].__get__(None) if isinstance(content.get(attribute), _StaticOfClass) else None
        content[attribute] = prop
    if issubclass(kind, QtCore.QObject):
        content.update(QOBJECT_METHODS)
        if "destroyed" not in content:
            content["destroyed"] = _SignalOfClass("destroyed")
    if kind is QtCore.QTimer:
        content["singleShot"].static = single_shot
    for attribute in ("exec", "raise", "print", "del"):
        if attribute in content or attribute + "_" in content:
            content[attribute + "_"] = content.get(attribute) or content[attribute + "_"]
    return type(name, (Wrapped,), content)


def _member(kind: type, attribute: str, value):
    """What stands for a method, signal or nested class; None: nothing."""
    if isinstance(value, (staticmethod, classmethod)):
        return _StaticOfClass(kind, attribute)
    if type(value) is QtCore.Signal:  # isinstance() of it returns a False that is not counted, in PySide6 6.12
        return _SignalOfClass(attribute)
    if isinstance(value, type):
        return enumerations.wrapped_type(value) if issubclass(value, enum.Enum) else None
    if isinstance(value, (int, str)):
        return value
    return _method(kind, attribute) if callable(value) else None


def _method(kind: type, attribute: str):
    def method(self, *arguments, **keywords):
        if keywords:
            raise ValueError(f"{kind.__name__}.{attribute}: PythonQt takes no keyword arguments")
        # Called from an override in Python, the C++ function itself is meant and not the override again.
        overridden = not self._wraps_exactly() and getattr(type(self), attribute) is not method
        function = functools.partial(getattr(kind, attribute), self._qt) if overridden else getattr(self._qt, attribute)
        return conversion.to_python(_called(function, f"{class_name_of(kind)}.{attribute}", arguments))

    method.__name__ = attribute
    return method


class _StaticOfClass:
    """A static function, which may have overloads that are none (`QFile.exists`)."""

    def __init__(self, kind: type, name: str) -> None:
        self.kind, self.name = kind, name

    def __get__(self, owner, kind=None):
        where = self.kind if owner is None else owner._qt
        name = f"{class_name_of(self.kind)}.{self.name}"
        return lambda *arguments: conversion.to_python(_called(getattr(where, self.name), name, arguments))


def _called(function, name: str, arguments):
    """Call with PySide6's strictness, then with PythonQt's leniency; ValueError as PythonQt raises it."""
    plain = [conversion.to_qt(value) for value in arguments]
    try:
        return function(*plain)
    except TypeError as error:
        inner = function.func if isinstance(function, functools.partial) else function
        looser = conversion.coerced(inner, plain)
        if looser is None or (len(looser) == len(plain) and all(a is b for a, b in zip(looser, plain))):
            raise ValueError(f"Called {name} with wrong arguments: {arguments!r} ({error})") from error
        return function(*looser)


class _SignalOfClass:
    """`button.clicked`: connected, disconnected or sent."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, owner, kind=None):
        return self if owner is None else BoundSignal(owner, self.name)


class BoundSignal:
    def __init__(self, owner: Wrapped, name: str) -> None:
        self._owner, self._name = owner, name

    def _signature(self) -> str:
        """Of several overloads PythonQt takes the one that was declared last: here the longest."""
        found = signals.known(self._owner._qt, self._owner._class_name)
        return max((s for s in found if s.partition("(")[0] == self._name), key=len)

    def connect(self, function) -> bool:
        return signals.connect(self._owner._qt, self._owner._class_name, self._signature(), function)

    def disconnect(self, function=None) -> bool:
        return signals.disconnect(self._owner._qt, self._owner._class_name, self._signature(), function)

    def emit(self, *arguments) -> None:
        inner, plain = self._owner._qt, [conversion.to_qt(value) for value in arguments]
        if hasattr(inner, "_known_signals") and self._signature() in inner._known_signals():
            inner._emit(self._signature(), *plain)
        else:
            getattr(inner, self._name).emit(*plain)

    __call__ = emit


@functools.cache
def _shell(python_class: type[Wrapped]) -> type:
    """A PySide6 class whose virtual functions are those that a module's class overrides."""
    base = next(kind for kind in python_class.__mro__ if "_class" in vars(kind))
    content = {}
    for kind in python_class.__mro__:
        if kind is base:
            break
        for name, value in vars(kind).items():
            if inspect.isfunction(value) and not name.startswith("_") and callable(getattr(base._class, name, None)):
                content.setdefault(name, _virtual(name))
    return type(python_class.__name__, (base._class,), content)


def _virtual(name: str):
    def function(self, *arguments):
        python = getattr(self, "_python", None)
        if python is not None:  # not yet when the C++ constructor calls
            try:
                return conversion.to_qt(getattr(python, name)(*[conversion.to_python(value) for value in arguments]))
            except Exception:
                errors.remember_current()
        return getattr(super(type(self), self), name)(*arguments)

    return function
