"""What PythonQt itself adds to every QObject."""

from __future__ import annotations

from PySide6 import QtCore

from Testing.harness.qt import conversion, facts, signals
from Testing.harness.qt.properties import properties_of_qt, qt_base, read_property
from Testing.harness.qt.standin import Property


def connect(self, signal, *rest):
    """`connect("signal(args)", function)`, or to a slot of another object: `connect(signal, receiver, slot)`."""
    from Testing.harness.qt.wrappers import Wrapped

    if isinstance(signal, Wrapped):  # QObject.connect(sender, signal, function)
        return connect(signal, *rest)
    if len(rest) == 1:
        return signals.connect(self._qt, self._class_name, signal, rest[0])
    receiver, slot = rest[0], signals.normalized(rest[1])
    _check_slot(receiver, slot)
    return signals.connect(self._qt, self._class_name, signal, slot_function(receiver, slot))


def disconnect(self, signal, *rest):
    from Testing.harness.qt.wrappers import Wrapped

    if isinstance(signal, Wrapped):
        return disconnect(signal, *rest)
    return signals.disconnect(self._qt, self._class_name, signal, *rest[:1])


def _check_slot(receiver, slot: str) -> None:
    if not facts.available() or slot in facts.slots(receiver._class_name):
        return
    if qt_base(type(receiver._qt)).staticMetaObject.indexOfMethod(slot) < 0:
        raise signals.NoSuchSignal(f"{receiver._class_name} has no slot {slot}")


def slot_function(receiver, slot: str):
    """A slot as a function that takes as many arguments as its signature has."""
    name, _, arguments = slot.partition("(")
    count = 0 if arguments == ")" else arguments.count(",") + 1

    def call(*values):
        getattr(type(receiver), name)  # a wrong name fails here and not in Qt
        receiver_method = getattr(receiver._qt, name)
        return receiver_method(*[conversion.to_qt(value) for value in values[:count]])

    return call


def parent(self):
    return conversion.to_python(self._qt.parent())


def children(self):
    return tuple(conversion.to_python(child) for child in self._qt.children())


def _matches(kind):
    from Testing.harness.qt.wrappers import Wrapped

    if isinstance(kind, str):
        return lambda child: child.inherits(kind)
    if isinstance(kind, type) and issubclass(kind, Wrapped):
        return lambda child: isinstance(child, kind._class)
    return lambda child: False


def findChildren(self, kind, name=None):
    """All children below this object, by class or class name, and by name."""
    matches = _matches(kind)

    def below(parent):
        for child in parent.children():
            if matches(child) and (name is None or child.objectName() == name):
                yield child
            yield from below(child)

    return tuple(conversion.to_python(child) for child in below(self._qt))


def findChild(self, kind, name=None):
    matches = _matches(kind)
    level = [self._qt]
    while level:
        level = [child for item in level for child in item.children()]
        for child in level:
            if matches(child) and (name is None or child.objectName() == name):
                return conversion.to_python(child)
    return None


def setProperty(self, name, value) -> bool:
    own = getattr(type(self._qt), name, None)
    if isinstance(own, Property):
        own.__set__(self._qt, conversion.converted(value, own.kind))
        return True
    return self._qt.setProperty(name, conversion.to_qt(value))


def getProperty(self, name):
    if name in properties_of_qt(type(self._qt)):
        return conversion.to_python(read_property(self._qt, name))
    own = getattr(type(self._qt), name, None)
    return conversion.to_python(own.__get__(self._qt) if isinstance(own, Property) else self._qt.property(name))


def metaObject(self):
    return self._qt.metaObject()


def dynamicPropertyNames(self):
    return tuple(QtCore.QByteArray(name).data().decode() for name in self._qt.dynamicPropertyNames())


QOBJECT_METHODS = {
    "connect": connect,
    "disconnect": disconnect,
    "parent": parent,
    "children": children,
    "findChild": findChild,
    "findChildren": findChildren,
    "setProperty": setProperty,
    "property": getProperty,
    "metaObject": metaObject,
}
