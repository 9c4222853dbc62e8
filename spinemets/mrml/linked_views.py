"""Columns of different planes kept at one place in the patient, as a radiologist expects it.

Slicer links slice views only where they have the very same orientation, and then shows what is chosen for one of them
in all. Here the views share a point in the world instead: scrolling one moves the point along that view's normal, a
click or the cross hair puts it somewhere else, and every other view shows its slice that holds the point. Views of
nearly the same plane also share what they show of it; views of another plane share the factor by which it is magnified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import slicer
import vtk

from spinemets.mrml.layouts import Hanging, composite_of, fit_columns
from spinemets.mrml.slice_views import are_parallel, set_slice_to_ras, show_around, slice_to_ras, stack_of

# A press and a release farther apart, in pixels, are a drag.
CLICK_PIXELS = 3
# A place nearer to the border of a view than this share of it is brought to the middle.
BORDER_SHARE = 0.05
# After Slicer's own observers, so that a click which places a point or paints is theirs.
LOW_PRIORITY = -1.0


class LinkedViews:
    """Keeps the columns of a hanging together until `stop`.

    Only what the user does in a view is followed by the others: they show their acquired slice that holds the shared
    place, never a mixture of two, and stay where they were when their series has no slice there.

    Parameters
    ----------
    show_cross_hair : mark the shared place in every view; what the user had set before comes back with `stop`.
    later : runs a function when the current event is over (in Slicer, `lambda f: qt.QTimer.singleShot(0, f)`). A view
        that another module moved between two slices, or out of its series, is then put right; a view cannot be moved
        from inside its own event.
    """

    def __init__(
        self,
        hanging: Hanging,
        show_cross_hair: bool = True,
        later: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        self._hanging = hanging
        self._later = later
        self._to_settle: dict[str, np.ndarray] = {}
        self._busy = False
        self._untouched = True
        self._is_fit_waiting = False
        self._observed: list[tuple[Any, int]] = []
        self._pressed: tuple[int, int] | None = None
        views = list(hanging.views.values())
        self._point = _shared_point(views)
        self._states = {view.GetID(): _state(view) for view in views}
        for view in views:
            self._observe(view, vtk.vtkCommand.ModifiedEvent, self._on_view_modified)
        self._cross_hair = _cross_hair_of(views[0].GetScene())
        self._cross_hair_mode = self._cross_hair.GetCrosshairMode()
        if show_cross_hair:
            self._cross_hair.SetCrosshairMode(slicer.vtkMRMLCrosshairNode.ShowSmallBasic)
        self._cross_hair.SetCrosshairRAS(self._point)
        self._observe(self._cross_hair, vtk.vtkCommand.ModifiedEvent, self._on_cross_hair_modified)

    @property
    def point(self) -> tuple[float, float, float]:
        """The shared place, RAS mm."""
        r, a, s = self._point.tolist()
        return r, a, s

    def stop(self) -> None:
        """Let the views go their own ways again."""
        for observed, tag in self._observed:
            observed.RemoveObserver(tag)
        self._observed.clear()
        self._cross_hair.SetCrosshairMode(self._cross_hair_mode)

    def watch_clicks(self, view: Any, interactor: Any) -> None:
        """Move the other views to where the user clicks in a view; `interactor`: the view's vtkRenderWindowInteractor.

        Clicks that an effect or a markup takes for itself never come here, drags are none.
        """

        def press(caller: Any, _event: str) -> None:
            self._pressed = caller.GetEventPosition()

        def release(caller: Any, _event: str) -> None:
            start, end = self._pressed, caller.GetEventPosition()
            self._pressed = None
            keys = caller.GetShiftKey() or caller.GetControlKey() or caller.GetAltKey()
            if start is not None and not keys and max(abs(a - b) for a, b in zip(start, end)) <= CLICK_PIXELS:
                self.jump(view.GetXYToRAS().MultiplyPoint((*end, 0, 1))[:3], source=view)

        self._observe(interactor, vtk.vtkCommand.LeftButtonPressEvent, press)
        self._observe(interactor, vtk.vtkCommand.LeftButtonReleaseEvent, release)

    def jump(self, point: Sequence[float], source: Any | None = None) -> None:
        """Show a place (RAS mm) in every view but `source`; in the middle of a view where it would be out of sight."""
        with self._quietly():
            self._point = np.asarray(point, float)
            self._cross_hair.SetCrosshairRAS(self._point)
            for view in self._hanging.views.values():
                if view is not source:
                    self._show_slice_of_point(view)
                    _bring_into_sight(view, self._point)

    def show_around(self, point: Sequence[float], size_mm: float) -> None:
        """Show a place (RAS mm) in the middle of every view, and `size_mm` across the shorter side of each."""
        self.jump(point)
        with self._quietly():
            self._untouched = False
            for view in self._hanging.views.values():
                show_around(view, point, size_mm)

    def fit(self) -> None:
        """Show each series as a whole again."""
        with self._quietly():
            fit_columns(self._hanging)
            self._untouched = True

    def _observe(self, subject: Any, event: int, callback: Any) -> None:
        self._observed.append((subject, subject.AddObserver(event, callback, LOW_PRIORITY)))

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """While views are moved here, their changes are not the user's."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
            self._states = {view.GetID(): _state(view) for view in self._hanging.views.values()}

    def _on_cross_hair_modified(self, cross_hair: Any, _event: str) -> None:
        behaviour, node = cross_hair.GetCrosshairBehavior(), slicer.vtkMRMLCrosshairNode
        point = np.array(cross_hair.GetCrosshairRAS())
        if self._busy or np.array_equal(point, self._point) or behaviour == node.NoAction:
            return
        with self._quietly():
            self._point = point
            for view in self._hanging.views.values():
                self._show_slice_of_point(view)
                if behaviour == node.CenteredJumpSlice:
                    _bring_into_sight(view, point, border=0.5)

    def _on_view_modified(self, view: Any, _event: str) -> None:
        if self._busy:
            return
        before, now = self._states[view.GetID()], _state(view)
        if all(np.array_equal(before[part], now[part]) for part in now):
            return
        by_user, node = view.GetInteractionFlags(), slicer.vtkMRMLSliceNode
        with self._quietly():
            if not np.array_equal(before["window"], now["window"]):
                if self._untouched:
                    fit_columns(self._hanging)
                    self._fit_later()
            elif by_user & (node.FieldOfViewFlag | node.XYZOriginFlag):
                self._untouched = False
                self._share_sight(view, before)
            elif _is_moved_along_normal(before, now):
                if by_user & node.SliceToRASFlag:
                    self._follow_scrolling(view)
                self._settle_later(view, before["place"])

    def _fit_later(self) -> None:
        """Once more when the event is over: the view whose window changed has taken its new scale only in part, and
        would show its image at another one."""
        if self._later is None or self._is_fit_waiting:
            return
        self._is_fit_waiting = True
        self._later(self._fit_again)

    def _fit_again(self) -> None:
        self._is_fit_waiting = False
        if self._observed and self._untouched:
            with self._quietly():
                fit_columns(self._hanging)
                for view in self._hanging.views.values():
                    view.UpdateMatrices()

    def _follow_scrolling(self, view: Any) -> None:
        matrix = slice_to_ras(view)
        normal = matrix[:3, 2]
        self._point = self._point + normal * (normal @ (matrix[:3, 3] - self._point))
        self._cross_hair.SetCrosshairRAS(self._point)
        for other in self._hanging.views.values():
            if other is not view:
                self._show_slice_of_point(other)

    def _settle_later(self, view: Any, place: np.ndarray) -> None:
        """Put a view on an acquired slice when the event is over; back to a place where there is none."""
        if self._later is None or view.GetID() in self._to_settle:
            return
        self._to_settle[view.GetID()] = place
        self._later(self._settle)

    def _settle(self) -> None:
        waiting, self._to_settle = self._to_settle, {}
        views = [view for view in self._hanging.views.values() if view.GetID() in waiting]
        if not self._observed:  # stopped meanwhile
            return
        with self._quietly():
            for view in views:
                matrix = slice_to_ras(view)
                if not self._put_on_slice(view, float(matrix[:3, 2] @ matrix[:3, 3])):
                    set_slice_to_ras(view, waiting[view.GetID()])

    def _show_slice_of_point(self, view: Any) -> None:
        self._put_on_slice(view, float(slice_to_ras(view)[:3, 2] @ self._point))

    def _put_on_slice(self, view: Any, offset: float) -> bool:
        """Show the acquired slice at a distance along the normal, or just that plane where the view cuts across the
        slices; False, and unchanged, when the series has no slice there."""
        matrix = slice_to_ras(view).copy()
        normal = matrix[:3, 2]
        volume = view.GetScene().GetNodeByID(composite_of(view).GetBackgroundVolumeID() or "")
        stack = None if volume is None else stack_of(volume, normal)
        wanted = offset if stack is None else stack.nearest(offset)
        if wanted is None:
            return False
        matrix[:3, 3] += normal * (wanted - normal @ matrix[:3, 3])
        if not np.array_equal(matrix, slice_to_ras(view)):
            set_slice_to_ras(view, matrix)
        return True

    def _share_sight(self, view: Any, before: dict[str, np.ndarray]) -> None:
        """Scale and middle of a view to those of the same plane; the change of scale to the others."""
        scale = view.GetFieldOfView()[0] / view.GetDimensions()[0]
        factor = view.GetFieldOfView()[0] / before["sight"][0]
        matrix = slice_to_ras(view)
        middle = matrix @ (*view.GetXYZOrigin(), 1)
        for other in self._hanging.views.values():
            if other is view:
                continue
            width, height = other.GetDimensions()[:2]
            others = slice_to_ras(other)
            depth = other.GetFieldOfView()[2]
            if are_parallel(matrix[:3, 2], others[:3, 2]):
                other.SetFieldOfView(scale * width, scale * height, depth)
                x, y, _z, _one = np.linalg.inv(others) @ middle
                other.SetSliceOrigin(x, y, 0)
            elif factor != 1:
                fixed = (np.linalg.inv(others) @ (*self._point, 1))[:2]
                x, y = fixed + (np.array(other.GetXYZOrigin()[:2]) - fixed) * factor
                other.SetFieldOfView(*(np.array(other.GetFieldOfView()[:2]) * factor), depth)
                other.SetSliceOrigin(x, y, 0)


def _state(view: Any) -> dict[str, np.ndarray]:
    return {
        "place": slice_to_ras(view).copy(),
        "sight": np.array([*view.GetFieldOfView(), *view.GetXYZOrigin()]),
        "window": np.array(view.GetDimensions()),
    }


def _is_moved_along_normal(before: dict[str, np.ndarray], now: dict[str, np.ndarray]) -> bool:
    if not np.allclose(before["place"][:3, :3], now["place"][:3, :3], atol=1e-9):
        return False
    return abs(float(now["place"][:3, 2] @ (now["place"][:3, 3] - before["place"][:3, 3]))) > 1e-6


def _shared_point(views: Sequence[Any]) -> np.ndarray:
    """Point (RAS mm) nearest to the planes of all views, and of those the one nearest to their middles."""
    matrices = [slice_to_ras(view) for view in views]
    normals = np.array([matrix[:3, 2] for matrix in matrices])
    middle = np.mean([matrix[:3, 3] for matrix in matrices], axis=0)
    apart = np.array([normal @ (matrix[:3, 3] - middle) for normal, matrix in zip(normals, matrices)])
    return np.asarray(middle + np.linalg.lstsq(normals, apart, rcond=1e-6)[0])


def _bring_into_sight(view: Any, point: np.ndarray, border: float = BORDER_SHARE) -> None:
    x, y = (np.linalg.inv(slice_to_ras(view)) @ (*point, 1))[:2]
    width, height = view.GetFieldOfView()[:2]
    middle = view.GetXYZOrigin()
    room = 0.5 - border
    if abs(x - middle[0]) > width * room or abs(y - middle[1]) > height * room:
        view.SetSliceOrigin(float(x), float(y), 0)


def _cross_hair_of(scene: Any) -> Any:
    known = scene.GetSingletonNode("default", "vtkMRMLCrosshairNode")
    return known if known is not None else scene.AddNode(slicer.vtkMRMLCrosshairNode())
