"""Slice views: a real slice logic behind them, mouse and keys handed to a VTK interactor as the application does."""

from __future__ import annotations

import slicer
import vtk
from PySide6 import QtCore, QtGui, QtWidgets

from Testing.harness.qt.mrml_widgets import SCENE_CHANGED, MRMLWidget
from Testing.harness.qt.slice_painting import paint_slice
from Testing.harness.qt.standin import StandIn, computed, qt_property

Buttons = QtCore.Qt.MouseButton
BUTTON_NAMES = {Buttons.LeftButton: "Left", Buttons.MiddleButton: "Middle", Buttons.RightButton: "Right"}


class View(StandIn):
    """Mixed into every view: a render window that is never rendered, and an interactor."""

    def _make_window(self) -> None:
        # Of VTK's windows the one that asks nothing of the system before it is rendered.
        self._window = vtk.vtkGenericOpenGLRenderWindow()
        self._renderer = vtk.vtkRenderer()
        self._window.AddRenderer(self._renderer)
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)
        self._style = vtk.vtkInteractorStyleUser()
        self._interactor.SetInteractorStyle(self._style)

    def renderWindow(self):
        return self._window


class RenderView(View):
    """Mixed into slice and 3D views."""

    def interactor(self):
        return self._interactor

    def interactorStyle(self):
        return self._style

    def forceRender(self) -> None:
        self.repaint()

    def scheduleRender(self) -> None:
        self.update()

    requestRender = scheduleRender

    def pauseRender(self) -> int:
        return 1

    def resumeRender(self) -> int:
        return 0


class qMRMLSliceView(RenderView, QtWidgets.QWidget):
    STANDS_FOR = "qMRMLSliceView"

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._make_window()
        self._logic = None
        self.setMouseTracking(True)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.WheelFocus)
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Expanding)
        self.setMinimumSize(30, 30)

    renderEnabled = qt_property("bool", True)
    backgroundColor = qt_property("QColor")

    def mrmlSliceNode(self):
        return self._logic.GetSliceNode()

    def convertDeviceToXYZ(self, xy) -> list[float]:
        return [float(xy[0]), float(self.height() - 1 - xy[1]), 0.0]

    def convertXYZToRAS(self, xyz) -> list[float]:
        return list(self.mrmlSliceNode().GetXYToRAS().MultiplyPoint((*xyz, 1.0))[:3])

    def convertRASToXYZ(self, ras) -> list[float]:
        inverse = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Invert(self.mrmlSliceNode().GetXYToRAS(), inverse)
        return list(inverse.MultiplyPoint((*ras, 1.0))[:3])

    def setDefaultViewCursor(self, cursor) -> None:
        self.setCursor(cursor)

    setViewCursor = setDefaultViewCursor

    def unsetViewCursor(self) -> None:
        self.unsetCursor()

    def paintEvent(self, _event) -> None:
        painter = QtGui.QPainter(self)
        if self._logic is not None and self._logic.GetSliceNode() is not None:
            paint_slice(painter, self.size(), self._logic, self._renderer)
        painter.end()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._interactor.SetSize(self.width(), self.height())
        self._window.SetSize(self.width(), self.height())
        if self._logic is not None and self._logic.GetSliceNode() is not None:
            self._logic.ResizeSliceNode(self.width(), self.height())

    # Mouse and keys.
    def _tell(self, event, name: str, key: str = "\0", symbol=None) -> None:
        held = event.modifiers() if hasattr(event, "modifiers") else QtWidgets.QApplication.keyboardModifiers()
        control = bool(held & QtCore.Qt.KeyboardModifier.ControlModifier)
        shift = bool(held & QtCore.Qt.KeyboardModifier.ShiftModifier)
        if hasattr(event, "position"):
            x, y = int(event.position().x()), self.height() - 1 - int(event.position().y())
        else:
            x, y = self._interactor.GetEventPosition()
        self._interactor.SetEventInformation(x, y, int(control), int(shift), key, 0, symbol)
        self._interactor.SetAltKey(int(bool(held & QtCore.Qt.KeyboardModifier.AltModifier)))
        self._interactor.InvokeEvent(name)
        self.update()

    def mousePressEvent(self, event) -> None:
        self._tell(event, f"{BUTTON_NAMES[event.button()]}ButtonPressEvent")

    def mouseReleaseEvent(self, event) -> None:
        self._tell(event, f"{BUTTON_NAMES[event.button()]}ButtonReleaseEvent")

    def mouseDoubleClickEvent(self, event) -> None:
        # Qt sends this in place of a press; the application sends both on.
        self._tell(event, f"{BUTTON_NAMES[event.button()]}ButtonPressEvent")
        self._tell(event, f"{BUTTON_NAMES[event.button()]}ButtonDoubleClickEvent")

    def mouseMoveEvent(self, event) -> None:
        self._tell(event, "MouseMoveEvent")

    def wheelEvent(self, event) -> None:
        self._tell(event, "MouseWheelForwardEvent" if event.angleDelta().y() > 0 else "MouseWheelBackwardEvent")
        event.accept()

    def keyPressEvent(self, event) -> None:
        self._tell(event, "KeyPressEvent", event.text()[:1] or "\0", _symbol(event))

    def keyReleaseEvent(self, event) -> None:
        self._tell(event, "KeyReleaseEvent", event.text()[:1] or "\0", _symbol(event))

    def enterEvent(self, event) -> None:
        self._tell(event, "EnterEvent")

    def leaveEvent(self, event) -> None:
        self._tell(event, "LeaveEvent")


def _symbol(event) -> str:
    """VTK's name of a key."""
    name = QtCore.Qt.Key(event.key()).name.removeprefix("Key_")
    return name.lower() if len(name) == 1 else name


class qMRMLSliceControllerWidget(MRMLWidget, QtWidgets.QFrame):
    """The bar above a slice view: its label and the slider of the slices."""

    STANDS_FOR = "qMRMLSliceControllerWidget"
    SIGNALS = (SCENE_CHANGED,)
    STEPS = 1000

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._logic = None
        self._label, self._slider = QtWidgets.QLabel(), QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
        self._slider.setRange(0, self.STEPS)
        self._slider.setObjectName("SliceOffsetSlider")
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(3, 1, 3, 1)
        layout.addWidget(self._label)
        layout.addWidget(self._slider, 1)
        self._slider.valueChanged.connect(self._slid)
        self.setAutoFillBackground(True)

    def sliceLogic(self):
        return self._logic

    def mrmlSliceNode(self):
        return self._logic.GetSliceNode()

    def mrmlSliceCompositeNode(self):
        return self._logic.GetSliceCompositeNode()

    def sliceOffsetSlider(self):
        return self._slider

    def fitSliceToBackground(self) -> None:
        self._logic.FitSliceToBackground()

    def setSliceOffsetValue(self, offset: float) -> None:
        move_slice(self._logic, offset)

    def _bounds(self) -> tuple[float, float]:
        bounds = [0.0] * 6
        self._logic.GetLowestVolumeSliceBounds(bounds)
        return bounds[4], bounds[5]

    def _slid(self, step: int) -> None:
        low, high = self._bounds()
        if high > low:
            move_slice(self._logic, low + step * (high - low) / self.STEPS)

    def _show(self) -> None:
        node = self._logic.GetSliceNode()
        color = QtGui.QColor.fromRgbF(*node.GetLayoutColor())
        palette = self.palette()
        palette.setColor(QtGui.QPalette.ColorRole.Window, color)
        palette.setColor(QtGui.QPalette.ColorRole.WindowText, QtGui.QColor("black"))
        self.setPalette(palette)
        self._label.setText(f"<b>{node.GetLayoutLabel() or ''}</b>")
        low, high = self._bounds()
        if high > low:
            was = self._slider.blockSignals(True)
            self._slider.setValue(round((self._logic.GetSliceOffset() - low) / (high - low) * self.STEPS))
            self._slider.blockSignals(was)


def move_slice(logic, offset: float) -> None:
    """Move as the user does, not beyond the volume: linked views may follow."""
    bounds = [0.0] * 6
    logic.GetSliceBounds(bounds)
    if bounds[4] <= offset <= bounds[5]:
        logic.StartSliceNodeInteraction(slicer.vtkMRMLSliceNode.SliceToRASFlag)
        logic.SetSliceOffset(offset)
        logic.EndSliceNodeInteraction()


class qMRMLSliceWidget(MRMLWidget, QtWidgets.QWidget):
    STANDS_FOR = "qMRMLSliceWidget"
    SIGNALS = (SCENE_CHANGED, "nodeAboutToBeEdited(vtkMRMLNode*)")

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._controller, self._view = qMRMLSliceControllerWidget(self), qMRMLSliceView(self)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._controller)
        layout.addWidget(self._view, 1)
        self._logic = None

    sliceViewName = computed("QString")(lambda self: self.mrmlSliceNode().GetLayoutName()).setter(
        lambda self, name: self.mrmlSliceNode().SetLayoutName(name)
    )
    sliceViewLabel = computed("QString")(lambda self: self.mrmlSliceNode().GetLayoutLabel()).setter(
        lambda self, text: self.mrmlSliceNode().SetLayoutLabel(text)
    )
    sliceOrientation = computed("QString")(lambda self: self.mrmlSliceNode().GetOrientation()).setter(
        lambda self, name: self.mrmlSliceNode().SetOrientation(name)
    )

    def sliceLogic(self):
        return self._logic

    logic = sliceLogic

    def mrmlSliceNode(self):
        return self._logic.GetSliceNode()

    mrmlAbstractViewNode = mrmlSliceNode

    def mrmlSliceCompositeNode(self):
        return self._logic.GetSliceCompositeNode()

    def sliceView(self):
        return self._view

    viewWidget = sliceView

    def sliceController(self):
        return self._controller

    controllerWidget = sliceController

    def interactorStyle(self):
        return self._view.interactorStyle()

    def fitSliceToBackground(self) -> None:
        self._logic.FitSliceToBackground()

    def setSliceOrientation(self, name: str) -> None:
        self.mrmlSliceNode().SetOrientation(name)

    def _adopt(self, logic) -> None:
        from Testing.harness.qt.slice_interaction import SliceInteraction

        self._logic = self._view._logic = self._controller._logic = logic
        self._interaction = SliceInteraction(self._view, logic)
        self._observed.add(logic.GetSliceNode(), vtk.vtkCommand.ModifiedEvent, "_changed")
        self._observed.add(logic, vtk.vtkCommand.ModifiedEvent, "_changed")
        self._controller._show()

    def _changed(self, _node=None) -> None:
        self._controller._show()
        self._view.update()
