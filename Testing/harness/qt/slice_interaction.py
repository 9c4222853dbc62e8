"""What a slice view itself does with the mouse, behind all effects: cursor, scrolling, cross hair, placing points."""

from __future__ import annotations

import slicer
import vtk

from Testing.harness.qt import slice_views


class SliceInteraction:
    """Observers at the interactor; they come after those of an active effect, which may take an event for itself."""

    def __init__(self, view, logic) -> None:
        self._view, self._logic = view, logic
        interactor = view.interactor()
        for event, function in (
            ("MouseMoveEvent", self._moved),
            ("LeaveEvent", self._left),
            ("MouseWheelForwardEvent", lambda caller, _event: self._scroll(1)),
            ("MouseWheelBackwardEvent", lambda caller, _event: self._scroll(-1)),
            ("LeftButtonPressEvent", self._pressed),
        ):
            interactor.AddObserver(event, function, 0.0)

    def _ras(self, interactor) -> tuple[float, float, float]:
        x, y = interactor.GetEventPosition()
        return self._logic.GetSliceNode().GetXYToRAS().MultiplyPoint((x, y, 0, 1))[:3]

    def _crosshair(self):
        return slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")

    def _moved(self, interactor, _event) -> None:
        crosshair, node = self._crosshair(), self._logic.GetSliceNode()
        if crosshair is None:
            return
        x, y = interactor.GetEventPosition()
        crosshair.SetCursorPositionXYZ([x, y, 0], node)
        if interactor.GetShiftKey():
            crosshair.SetCrosshairRAS(self._ras(interactor))
            slicer.vtkMRMLSliceNode.JumpAllSlices(
                slicer.mrmlScene,
                *self._ras(interactor),
                crosshair.GetCrosshairBehavior() == crosshair.CenteredJumpSlice,
            )

    def _left(self, _interactor, _event) -> None:
        if self._crosshair() is not None:
            self._crosshair().SetCursorPositionInvalid()

    def _scroll(self, steps: int) -> None:
        spacing = self._logic.GetLowestVolumeSliceSpacing()[2]
        slice_views.move_slice(self._logic, self._logic.GetSliceOffset() + steps * (spacing or 1.0))

    def _pressed(self, interactor, _event) -> None:
        """In place mode a click places the next point of the active list."""
        interaction = slicer.mrmlScene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
        selection = slicer.mrmlScene.GetNodeByID("vtkMRMLSelectionNodeSingleton")
        if interaction is None or interaction.GetCurrentInteractionMode() != interaction.Place:
            return
        markups = slicer.mrmlScene.GetNodeByID(selection.GetActivePlaceNodeID() or "none")
        if markups is None:
            return
        markups.AddControlPointWorld(vtk.vtkVector3d(*self._ras(interactor)))
        if not interaction.GetPlaceModePersistence() or markups.GetControlPointPlacementComplete():
            interaction.SetCurrentInteractionMode(interaction.ViewTransform)
