"""Signals by their C++ signature, as PythonQt connects them."""

from __future__ import annotations

import functools
import types
from dataclasses import dataclass

import shiboken6
from PySide6 import QtCore

from Testing.harness.qt import conversion, errors, facts
from Testing.harness.qt.properties import qt_base

# Of Qt 5, gone in Qt 6: the signal that says the same.
RENAMED = {
    "currentIndexChanged(QString)": "currentTextChanged(QString)",
    "activated(QString)": "textActivated(QString)",
    "highlighted(QString)": "textHighlighted(QString)",
    "valueChanged(QString)": "textChanged(QString)",
    "finished(int)": "finished(int,QProcess::ExitStatus)",
    "error(QProcess::ProcessError)": "errorOccurred(QProcess::ProcessError)",
}


class NoSuchSignal(AssertionError):
    """In the application `connect` returns False and prints a line, and the button does nothing."""


@dataclass
class Connection:
    signal: str
    callable: object
    handle: object


_connections: dict[int, list[Connection]] = {}


def normalized(signal: str) -> str:
    return QtCore.QMetaObject.normalizedSignature(signal.lstrip("0123456789")).data().decode()


def known(sender, class_name: str) -> set[str]:
    """Signatures of all signals of a Qt object: the real class's, or without the table what is here."""
    if facts.has_class(class_name):
        return set(facts.signals(class_name)) | {"destroyed()", "destroyed(QObject*)"}
    found = set(_of_qt(qt_base(type(sender))))
    if hasattr(sender, "_known_signals"):
        return found | sender._known_signals()
    return found | {old for old, new in RENAMED.items() if new in found}


@functools.cache
def _of_qt(kind: type) -> frozenset[str]:
    meta = kind.staticMetaObject
    methods = [meta.method(index) for index in range(meta.methodCount())]
    return frozenset(m.methodSignature().data().decode() for m in methods if m.methodType() == m.MethodType.Signal)


def connect(sender, class_name: str, signal: str, function) -> bool:
    if not callable(function):
        raise ValueError(f"{class_name}.connect: {function!r} cannot be called")
    signature = normalized(signal)
    if signature not in known(sender, class_name):
        raise NoSuchSignal(f"{class_name} has no signal {signature}")
    listener = _listener(function)
    if hasattr(sender, "_known_signals") and signature in sender._known_signals():
        handle = sender._listen(signature, listener)
    else:
        handle = QtCore.QObject.connect(sender, "2" + _here(sender, class_name, signature), listener)
        if not handle:
            raise facts.HarnessLacks(f"{class_name}: signal {signature} exists in the application only")
    _kept(sender).append(Connection(signature, function, handle))
    return True


def disconnect(sender, class_name: str, signal: str, function=None) -> bool:
    """False when nothing was connected, as in the application."""
    signature = normalized(signal)
    if signature not in known(sender, class_name):
        raise NoSuchSignal(f"{class_name} has no signal {signature}")
    kept = _kept(sender)
    same = [item for item in kept if item.signal == signature and (function is None or item.callable == function)]
    for item in same[:1] if function is not None else same:
        kept.remove(item)
        if hasattr(item.handle, "remove"):
            item.handle.remove()
        else:
            QtCore.QObject.disconnect(item.handle)
    return bool(same)


def _here(sender, class_name: str, signature: str) -> str:
    """The signature that Qt 6 knows."""
    return signature if signature in _of_qt(qt_base(type(sender))) else RENAMED.get(signature, signature)


def _kept(sender) -> list[Connection]:
    pointer = shiboken6.getCppPointer(sender)[0]
    if pointer not in _connections:
        _connections[pointer] = []
        sender.destroyed.connect(lambda *_: _connections.pop(pointer, None))
    return _connections[pointer]


def _listener(function):
    count = argument_count(function)

    def listener(*arguments) -> None:
        try:
            function(*[conversion.to_python(value) for value in arguments[:count]])
        except Exception:
            errors.remember_current()

    return listener


def argument_count(function) -> int | None:
    """How many arguments PythonQt hands over; None: all."""
    if isinstance(function, types.MethodType) and isinstance(function.__func__, types.FunctionType):
        code, bound = function.__func__.__code__, 1
    elif isinstance(function, types.FunctionType):
        code, bound = function.__code__, 0
    else:
        return None
    return None if code.co_flags & 0x04 else code.co_argcount - bound
