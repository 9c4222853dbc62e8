"""Parameters of an effect: attributes and references of the segment editor node."""

from __future__ import annotations

import sys

import slicer

EffectParameterModified = slicer.vtkMRMLSegmentEditorNode.EffectParameterModified


class EffectParameters:
    """Mixed into an effect; `_parameters` is the node."""

    _parameters = None

    def parameterSetNode(self):
        return self._parameters

    def setParameterSetNode(self, node) -> None:
        self._parameters = node

    def scene(self):
        return None if self._parameters is None else self._parameters.GetScene()

    def parameter(self, name: str) -> str:
        node = self._parameters
        if node is None:
            return ""
        found = node.GetAttribute(f"{self.name}.{name}")
        found = node.GetAttribute(name) if found is None else found
        if found is None:
            print(f"parameter {name} cannot be found for effect {self.name}", file=sys.stderr)
            return ""
        return found

    def integerParameter(self, name: str) -> int:
        return int(self.parameter(name) or 0)

    def doubleParameter(self, name: str) -> float:
        return float(self.parameter(name) or 0.0)

    def parameterDefined(self, name: str) -> bool:
        return self.commonParameterDefined(f"{self.name}.{name}")

    def commonParameterDefined(self, name: str) -> bool:
        return self._parameters is not None and bool(self._parameters.GetAttribute(name))

    def setParameter(self, name: str, value) -> None:
        self.setCommonParameter(f"{self.name}.{name}", value)

    def setParameterDefault(self, name: str, value) -> None:
        if not self.parameterDefined(name):
            self.setParameter(name, value)

    def setCommonParameter(self, name: str, value) -> None:
        node, text = self._parameters, _number_or_text(value)
        if node is None or (node.GetAttribute(name) or "") == text:
            return
        before = node.GetDisableModifiedEvent()
        node.SetDisableModifiedEvent(1)
        node.SetAttribute(name, text)
        node.SetDisableModifiedEvent(before)
        node.InvokeCustomModifiedEvent(EffectParameterModified)

    def setCommonParameterDefault(self, name: str, value) -> None:
        if not self.commonParameterDefined(name):
            self.setCommonParameter(name, value)

    def nodeReference(self, name: str):
        node = self._parameters
        if node is None:
            return None
        return node.GetNodeReference(f"{self.name}.{name}") or node.GetNodeReference(name)

    def setNodeReference(self, name: str, node) -> None:
        self.setCommonNodeReference(f"{self.name}.{name}", node)

    def setCommonNodeReference(self, name: str, node) -> None:
        if self._parameters is None or self._parameters.GetNodeReference(name) is node:
            return
        self._parameters.SetNodeReferenceID(name, node.GetID() if node is not None else None)
        self._parameters.InvokeCustomModifiedEvent(EffectParameterModified)


def _number_or_text(value) -> str:
    """As QString::number() writes numbers: six significant digits."""
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)
