"""Mouse and keys in the slice views, handed to the active effect; what it takes is kept from others."""

from __future__ import annotations

import weakref

import shiboken6
import slicer
import vtk

EVENTS = (
    "LeftButtonPressEvent",
    "LeftButtonReleaseEvent",
    "LeftButtonDoubleClickEvent",
    "RightButtonPressEvent",
    "RightButtonReleaseEvent",
    "RightButtonDoubleClickEvent",
    "MiddleButtonPressEvent",
    "MiddleButtonReleaseEvent",
    "MiddleButtonDoubleClickEvent",
    "MouseMoveEvent",
    "MouseWheelForwardEvent",
    "MouseWheelBackwardEvent",
    "MouseWheelLeftEvent",
    "MouseWheelRightEvent",
    "KeyPressEvent",
    "KeyReleaseEvent",
    "EnterEvent",
    "LeaveEvent",
)


class ViewObservations:
    def __init__(self, editor) -> None:
        self._editor = weakref.ref(editor)
        self._tags: list[tuple] = []

    def __bool__(self) -> bool:
        return bool(self._tags)

    def clear(self) -> None:
        for caller, tag in self._tags:
            caller.RemoveObserver(tag)
        self._tags = []

    def observe(self) -> None:
        """Follow all slice views that may show the segmentation."""
        self.clear()
        editor, manager = self._editor(), slicer.app._qt._layout_manager
        if manager is None:
            return
        for view in manager._slice_widgets():
            if not editor._logic.IsSegmentationDisplayableInView(view.mrmlSliceNode()):
                continue
            interactor = view._view.interactor()
            for event in EVENTS:
                self._observe_interactor(interactor, event, view)
            node = view.mrmlSliceNode()
            self._tags.append((node, node.AddObserver("ModifiedEvent", self._node_changed(view), 1.0)))

    def _observe_interactor(self, interactor, event: str, view) -> None:
        event_id = vtk.vtkCommand.GetEventIdFromString(event)
        own_tag: list[int] = []

        def happened(caller, _event) -> None:
            editor = self._editor()
            if editor is None or not shiboken6.isValid(editor) or editor._active is None:
                return
            if editor._scene is None or editor._scene.IsClosing():
                return
            if editor._active._interaction(caller, event_id, view):
                caller.GetCommand(own_tag[0]).SetAbortFlag(1)

        own_tag.append(interactor.AddObserver(event, happened, 1.0))
        self._tags.append((interactor, own_tag[0]))

    def _node_changed(self, view):
        def changed(node, _event) -> None:
            editor = self._editor()
            if editor is not None and shiboken6.isValid(editor) and hasattr(editor._active, "_view_changed"):
                editor._active._view_changed(node, vtk.vtkCommand.ModifiedEvent, view)

        return changed

    def show_volume(self, volume) -> None:
        """Show the source volume in every slice view that does not show it yet."""
        manager = slicer.app._qt._layout_manager
        for view in manager._slice_widgets() if manager is not None else ():
            composite = view.mrmlSliceCompositeNode()
            if volume.GetID() not in (composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID()):
                composite.SetBackgroundVolumeID(volume.GetID())
                composite.SetForegroundVolumeID(None)
                composite.SetLabelVolumeID(None)
