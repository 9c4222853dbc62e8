"""Effects that Slicer itself brings. Paint and Erase work, with a disc in the slice; the others can only be chosen."""

from __future__ import annotations

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from Testing.harness.qt.effects import qSlicerSegmentEditorAbstractEffect

NAMES = (
    "Threshold",
    "Paint",
    "Draw",
    "Erase",
    "Level tracing",
    "Grow from seeds",
    "Fill between slices",
    "Margin",
    "Hollow",
    "Smoothing",
    "Scissors",
    "Islands",
    "Logical operators",
    "Mask volume",
)


class BuiltInEffect(qSlicerSegmentEditorAbstractEffect):
    STANDS_FOR = "qSlicerSegmentEditorAbstractEffect"

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def _clone(self) -> BuiltInEffect:
        return type(self)(self.name)


class BrushEffect(BuiltInEffect):
    """Paint or Erase while the left button is down; one state to undo for each stroke."""

    RADIUS_MM = 3.0

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._painting = False

    def _set_defaults(self) -> None:
        self.setCommonParameterDefault("BrushAbsoluteDiameter", 2 * self.RADIUS_MM)

    def _interaction(self, interactor, event_id: int, view) -> bool:
        name = vtk.vtkCommand.GetStringFromEventId(event_id)
        modified = interactor.GetShiftKey() or interactor.GetControlKey() or interactor.GetAltKey()
        if name == "LeftButtonPressEvent" and not modified:
            self._painting = True
            self.saveStateForUndo()
            self._stamp(interactor.GetEventPosition(), view)
        elif name == "MouseMoveEvent" and self._painting:
            self._stamp(interactor.GetEventPosition(), view)
        elif name == "LeftButtonReleaseEvent" and self._painting:
            self._painting = False
        else:
            return False
        return True

    def _stamp(self, xy, view) -> None:
        node = view.mrmlSliceNode()
        center = np.array(node.GetXYToRAS().MultiplyPoint((*xy, 0.0, 1.0)))[:3]
        normal = np.array([node.GetSliceToRAS().GetElement(row, 2) for row in range(3)])
        image = self.defaultModifierLabelmap()
        extent = np.array(image.GetExtent()).reshape(3, 2)
        k, j, i = (np.arange(low, high + 1) for low, high in extent[::-1])
        grid = np.stack([*np.meshgrid(k, j, i, indexing="ij")[::-1], np.ones((len(k), len(j), len(i)))], axis=-1)
        matrix = vtk.vtkMatrix4x4()
        image.GetImageToWorldMatrix(matrix)
        to_world = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(3)])
        away = grid @ to_world.T - center
        height = away @ normal
        thickness = np.abs(normal @ to_world[:, :3]).max() / 2
        flat = np.linalg.norm(away - height[..., None] * normal, axis=-1)
        stamp = (np.abs(height) <= thickness) & (flat <= self.doubleParameter("BrushAbsoluteDiameter") / 2)
        scalars = image.GetPointData().GetScalars()
        kind = vtk_to_numpy(scalars).dtype
        image.GetPointData().SetScalars(numpy_to_vtk(stamp.ravel().astype(kind), deep=True))
        mode = self.ModificationModeRemove if self.name == "Erase" else self.ModificationModeAdd
        self.modifySelectedSegmentByLabelmap(image, mode)


def built_in_effects() -> list[BuiltInEffect]:
    return [BrushEffect(name) if name in ("Paint", "Erase") else BuiltInEffect(name) for name in NAMES]
