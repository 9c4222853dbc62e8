"""Places in views, and what an effect draws there."""

from __future__ import annotations

import vtk
from PySide6 import QtCore, QtGui


class EffectViews:
    """Mixed into an effect; `_logic` is Slicer's logic of the editor."""

    _logic = None

    def xyzToRas(self, xyz, view) -> QtGui.QVector3D:
        ras = [0.0, 0.0, 0.0]
        self._logic.XyzToRas([xyz.x(), xyz.y(), xyz.z()], ras, view.mrmlSliceNode())
        return QtGui.QVector3D(*ras)

    def xyToRas(self, xy, view) -> QtGui.QVector3D:
        return self.xyzToRas(QtGui.QVector3D(xy.x(), xy.y(), 0.0), view)

    def rasToXy(self, ras, view) -> QtCore.QPoint:
        inverse = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Invert(view.mrmlSliceNode().GetXYToRAS(), inverse)
        x, y = inverse.MultiplyPoint((ras.x(), ras.y(), ras.z(), 1.0))[:2]
        return QtCore.QPoint(int(x), int(y))

    def xyzToIjk(self, xyz, view, image, transform=None) -> QtGui.QVector3D:
        ijk = [0, 0, 0]
        self._logic.XyzToIjk([xyz.x(), xyz.y(), xyz.z()], ijk, view.mrmlSliceNode(), image, transform)
        return QtGui.QVector3D(*ijk)

    def xyToIjk(self, xy, view, image, transform=None) -> QtGui.QVector3D:
        return self.xyzToIjk(QtGui.QVector3D(xy.x(), xy.y(), 0.0), view, image, transform)

    def sliceSpacing(self, view) -> float:
        return self._logic.GetSliceSpacing(view.mrmlSliceNode())

    def viewNode(self, view):
        return view.mrmlAbstractViewNode()

    def renderWindow(self, view):
        return None if view is None else view._view.renderWindow()

    def renderer(self, view):
        window = self.renderWindow(view)
        return None if window is None else window.GetRenderers().GetItemAsObject(0)

    def addActor2D(self, view, actor) -> None:
        self.renderer(view).AddViewProp(actor)
        self.scheduleRender(view)

    def removeActor2D(self, view, actor) -> None:
        self.renderer(view).RemoveViewProp(actor)
        self.scheduleRender(view)

    addActor3D, removeActor3D = addActor2D, removeActor2D

    def scheduleRender(self, view) -> None:
        view._view.scheduleRender()

    def forceRender(self, view) -> None:
        view._view.forceRender()

    def segmentationDisplayableInView(self, view_node) -> bool:
        return self._logic.IsSegmentationDisplayableInView(view_node)

    def createCursor(self, view) -> QtGui.QCursor:
        return QtGui.QCursor(QtCore.Qt.CursorShape.ArrowCursor)

    def cursorOff(self, view) -> None:
        view._view.setCursor(QtCore.Qt.CursorShape.BlankCursor)

    def cursorOn(self, view) -> None:
        view._view.unsetCursor()
