"""Stand-in for `slicer.parameterNodeWrapper`: typed fields kept in a real vtkMRMLScriptedModuleNode.

Values are written as the application writes them (numbers and paths as text, True and False as words, an enumeration
by its name, a node as a node reference), so that what a test stores is what a saved scene would hold.
"""

import enum
import math
import pathlib
import typing

import slicer


class Default:
    def __init__(self, value) -> None:
        self.value = value


class Choice:
    def __init__(self, choices) -> None:
        self.choices = list(choices)

    def check(self, value) -> None:
        if value not in self.choices:
            raise ValueError(f"{value!r} is not one of {self.choices}")


class WithinRange:
    def __init__(self, minimum, maximum) -> None:
        self.minimum, self.maximum = minimum, maximum

    def check(self, value) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{value!r} is not within [{self.minimum}, {self.maximum}]")


class Minimum(WithinRange):
    def __init__(self, minimum) -> None:
        super().__init__(minimum, math.inf)


class Maximum(WithinRange):
    def __init__(self, maximum) -> None:
        super().__init__(-math.inf, maximum)


class _Field:
    """One typed parameter of a wrapper class."""

    def __init__(self, name: str, hint, default) -> None:
        annotated = typing.get_origin(hint) is typing.Annotated
        self.name = name
        self.kind = typing.get_args(hint)[0] if annotated else hint
        notes = typing.get_args(hint)[1:] if annotated else ()
        self.checks = [note for note in notes if hasattr(note, "check")]
        self.choices = next((note.choices for note in notes if isinstance(note, Choice)), None)
        limits = [note for note in notes if isinstance(note, WithinRange)]
        lows, highs = [note.minimum for note in limits], [note.maximum for note in limits]
        self.bounds = (
            max((low for low in lows if low > -math.inf), default=None),
            min((high for high in highs if high < math.inf), default=None),
        )
        self.is_node = isinstance(self.kind, type) and issubclass(self.kind, slicer.vtkMRMLNode)
        self.default = next((note.value for note in notes if isinstance(note, Default)), default)
        if self.default is None and not self.is_node:
            self.default = next(iter(self.kind)) if issubclass(self.kind, enum.Enum) else self.kind()
        if not self.is_node and self.kind not in (int, float, str, bool, pathlib.Path):
            assert issubclass(self.kind, enum.Enum), f"{name}: the application has no serializer for {self.kind}"

    def read(self, node):
        if self.is_node:
            return node.GetNodeReference(self.name)
        if not node.HasParameter(self.name):
            self.write(node, self.default)
        text = node.GetParameter(self.name)
        if self.kind is bool:
            return text == "True"
        return self.kind[text] if issubclass(self.kind, enum.Enum) else self.kind(text)

    def write(self, node, value) -> None:
        if self.is_node:
            if value is not None and not isinstance(value, self.kind):
                raise ValueError(f"{self.name}: {value} is no {self.kind.__name__}")
            node.SetParameter(self.name, "")
            node.SetNodeReferenceID(self.name, None if value is None else value.GetID())
            return
        allowed = (int, float) if self.kind is float else self.kind
        if not isinstance(value, allowed):
            raise ValueError(f"{self.name}: {value!r} is no {self.kind.__name__}")
        for check in self.checks:
            check.check(value)
        node.SetParameter(self.name, value.name if isinstance(value, enum.Enum) else str(value))


def parameterNodeWrapper(cls):
    hints = typing.get_type_hints(cls, include_extras=True)
    fields = {name: _Field(name, hint, getattr(cls, name, None)) for name, hint in hints.items()}

    def initialise(self, parameterNode, prefix=None) -> None:
        self.parameterNode = parameterNode
        for field in fields.values():
            if not parameterNode.HasParameter(field.name):
                field.write(parameterNode, field.default)

    for name, field in fields.items():
        setattr(
            cls,
            name,
            property(
                lambda self, field=field: field.read(self.parameterNode),
                lambda self, value, field=field: field.write(self.parameterNode, value),
            ),
        )
    cls.__init__ = initialise
    cls.allParameters = fields
    cls.connectGui = lambda self, gui: _connections(self).connect(gui)
    cls.connectParametersToGui = lambda self, mapping: _connections(self).connect_named(mapping)
    cls.disconnectGui = lambda self, tag: _connections(self).disconnect(tag)
    cls.getValue = lambda self, name: getattr(self, name)
    cls.setValue = lambda self, name, value: setattr(self, name, value)
    cls.dataType = staticmethod(lambda name: hints[name])
    cls.StartModify = lambda self: self.parameterNode.StartModify()
    cls.EndModify = lambda self, was_modified: self.parameterNode.EndModify(was_modified)
    cls.AddObserver = lambda self, event, callback, priority=0.0: self.parameterNode.AddObserver(
        event, callback, priority
    )
    cls.RemoveObserver = lambda self, tag: self.parameterNode.RemoveObserver(tag)
    cls.Modified = lambda self: self.parameterNode.Modified()
    return cls


def _connections(parameters):
    """The widgets that follow a parameter node."""
    if not hasattr(slicer.app, "moduleManager"):
        raise RuntimeError("a parameter node was connected to widgets where there is no Qt application")
    from Testing.harness.qt.parameter_gui import Connections

    if not hasattr(parameters, "_connections"):
        parameters._connections = Connections(parameters)
    return parameters._connections
