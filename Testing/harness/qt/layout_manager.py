"""The views beside the module panel, arranged by Slicer's own layout logic and the XML of its layout node."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import slicer
import vtk
from PySide6 import QtCore, QtGui, QtWidgets

from Testing.harness.qt.mrml_widgets import SCENE_CHANGED, MRMLWidget
from Testing.harness.qt.plot_views import qMRMLPlotWidget
from Testing.harness.qt.slice_views import RenderView, qMRMLSliceWidget
from Testing.harness.qt.standin import computed


class qMRMLThreeDView(RenderView, QtWidgets.QWidget):
    """An empty view: nothing is rendered here."""

    STANDS_FOR = "qMRMLThreeDView"

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._make_window()
        self._node = None
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Expanding)
        self.setMinimumSize(30, 30)

    def mrmlViewNode(self):
        return self._node

    def resetFocalPoint(self) -> None: ...
    def resetCamera(self, *_how) -> None: ...

    def paintEvent(self, _event) -> None:
        painter = QtGui.QPainter(self)
        painter.fillRect(self.rect(), QtGui.QColor(160, 160, 210))
        painter.end()


class qMRMLThreeDWidget(MRMLWidget, QtWidgets.QWidget):
    STANDS_FOR = "qMRMLThreeDWidget"
    SIGNALS = (SCENE_CHANGED,)

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._view = qMRMLThreeDView(self)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)

    def threeDView(self):
        return self._view

    def mrmlViewNode(self):
        return self._view._node

    mrmlAbstractViewNode = mrmlViewNode


class qSlicerLayoutManager(MRMLWidget, QtCore.QObject):
    STANDS_FOR = "qSlicerLayoutManager"
    SIGNALS = ("layoutChanged(int)", "layoutChanged()", "selectModule(QString)")

    def __init__(self, viewport: QtWidgets.QWidget, application) -> None:
        super().__init__()
        self._application = application
        self._viewport = viewport
        QtWidgets.QVBoxLayout(viewport).setContentsMargins(0, 0, 0, 0)
        self._widgets: dict[str, QtWidgets.QWidget] = {}
        self._logic = slicer.vtkMRMLLayoutLogic()
        self._slice_logics = vtk.vtkCollection()
        self._shown_description = None
        self._arranging = False

    @computed("int")
    def layout(self) -> int:
        return self._logic.GetLayoutNode().GetViewArrangement()

    @layout.setter
    def layout(self, number: int) -> None:
        self.setLayout(number)

    threeDViewCount = computed("int")(lambda self: len(self._of_class("vtkMRMLViewNode")))
    plotViewCount = computed("int")(lambda self: len(self._of_class("vtkMRMLPlotViewNode")))
    tableViewCount = computed("int")(lambda self: 0)

    def setLayout(self, number: int) -> None:
        self._logic.GetLayoutNode().SetViewArrangement(number)

    def layoutLogic(self):
        return self._logic

    def mrmlSliceLogics(self):
        return self._slice_logics

    def sliceViewNames(self) -> list[str]:
        return [widget.mrmlSliceNode().GetLayoutName() for widget in self._slice_widgets()]

    def sliceWidget(self, name: str):
        return next((w for w in self._slice_widgets() if w.mrmlSliceNode().GetLayoutName() == name), None)

    def plotWidget(self, index: int):
        found = self._of_class("vtkMRMLPlotViewNode")
        return found[index] if 0 <= index < len(found) else None

    def threeDWidget(self, which):
        found = self._of_class("vtkMRMLViewNode")
        if isinstance(which, str):
            return next((widget for widget in found if widget.mrmlViewNode().GetLayoutName() == which), None)
        return found[which] if 0 <= which < len(found) else None

    def viewWidget(self, node):
        return self._widgets.get(node.GetID())

    def viewport(self):
        return self._viewport

    def resetSliceViews(self) -> None:
        for widget in self._slice_widgets():
            widget.fitSliceToBackground()

    def resetThreeDViews(self) -> None: ...

    def pauseRender(self) -> None: ...

    def resumeRender(self) -> None: ...

    def _of_class(self, kind: str) -> list:
        nodes = [slicer.mrmlScene.GetNodeByID(node_id) for node_id in self._widgets]
        return [self._widgets[node.GetID()] for node in nodes if node is not None and node.IsA(kind)]

    def _slice_widgets(self) -> list[qMRMLSliceWidget]:
        return self._of_class("vtkMRMLSliceNode")

    # The scene and its layout node.
    def _follow(self, scene) -> None:
        self._logic.SetMRMLScene(scene)
        self._observed.add(scene, scene.NodeAddedEvent, "_on_node_added")
        self._observed.add(scene, scene.NodeRemovedEvent, "_on_node_removed")
        self._observed.add(scene, scene.EndCloseEvent, "_arrange")
        self._observed.add(scene, scene.EndBatchProcessEvent, "_arrange")
        self._observed.add(self._logic.GetLayoutNode(), vtk.vtkCommand.ModifiedEvent, "_arrange")

    def _scene_was_set(self, scene) -> None:
        for index in range(scene.GetNumberOfNodes()):
            self._on_node_added(scene.GetNthNode(index))
        self._application._logic.SetSliceLogics(self._slice_logics)
        self._logic.GetLayoutNode().SetViewArrangement(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
        self._arrange()

    def _on_node_added(self, node) -> None:
        if node is None or node.GetID() in self._widgets or not node.IsA("vtkMRMLAbstractViewNode"):
            return
        if node.IsA("vtkMRMLSliceNode"):
            made = self._new_slice_widget(node)
        elif node.IsA("vtkMRMLPlotViewNode"):
            made = qMRMLPlotWidget()
            made.setMRMLPlotViewNode(node)
        elif node.IsA("vtkMRMLViewNode"):
            made = qMRMLThreeDWidget()
            made._view._node = node
        else:
            return
        made.setObjectName(f"{type(made).__name__}{node.GetLayoutName()}")
        made.hide()
        self._widgets[node.GetID()] = made

    def _new_slice_widget(self, node) -> qMRMLSliceWidget:
        logic = slicer.vtkMRMLSliceLogic()
        logic.SetMRMLApplicationLogic(self._application._logic)
        logic.SetMRMLScene(self._scene)
        logic.SetSliceNode(node)
        self._slice_logics.AddItem(logic)
        widget = qMRMLSliceWidget()
        widget.setMRMLScene(self._scene)
        widget._adopt(logic)
        return widget

    def _on_node_removed(self, node) -> None:
        widget = self._widgets.pop(node.GetID(), None) if node is not None else None
        if widget is None:
            return
        if isinstance(widget, qMRMLSliceWidget):
            self._slice_logics.RemoveItem(widget._logic)
            widget._unfollow()
        widget.setParent(None)
        widget.deleteLater()

    def _end(self) -> None:
        """The scene is given up."""
        self._unfollow()
        self._application._logic.SetSliceLogics(None)
        for widget in self._slice_widgets():
            widget._unfollow()
            widget._logic.SetMRMLScene(None)
            widget._logic.SetMRMLApplicationLogic(None)
        self._widgets.clear()
        self._slice_logics.RemoveAllItems()
        self._logic.SetMRMLScene(None)

    def _arrange(self, _node=None) -> None:
        if self._scene is None or self._scene.IsClosing() or self._scene.IsBatchProcessing() or self._arranging:
            return
        node = self._logic.GetLayoutNode()
        description = node.GetCurrentLayoutDescription()
        state = (node.GetViewArrangement(), description)
        if not description or state == self._shown_description:
            return
        self._arranging = True
        try:
            for widget in self._widgets.values():
                widget.setParent(None)
                widget.hide()
            old = self._viewport.layout().takeAt(0)
            if old is not None and old.widget() is not None:
                old.widget().deleteLater()
            self._viewport.layout().addWidget(self._part(ElementTree.fromstring(description)))
            self._shown_description = state
        finally:
            self._arranging = False
        self._emit("layoutChanged(int)", node.GetViewArrangement())
        self._emit("layoutChanged()")

    def _part(self, element: ElementTree.Element) -> QtWidgets.QWidget:
        """A view, or a box or splitter of parts."""
        if element.tag == "view":
            return self._view_of(element)
        kind = element.get("type")
        if kind == "tab":
            made = QtWidgets.QTabWidget()
            for item in element.findall("item"):
                made.addTab(self._part(item[0]), item.get("name") or "")
            return made
        upright = kind == "vertical"
        if element.get("split") == "true":
            orientation = QtCore.Qt.Orientation
            made = QtWidgets.QSplitter(orientation.Vertical if upright else orientation.Horizontal)
            for item in element.findall("item"):
                made.addWidget(self._part(item[0]))
            made.setSizes([int(item.get("splitSize") or 500) for item in element.findall("item")])
            return made
        made = QtWidgets.QWidget()
        layout = QtWidgets.QGridLayout(made)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        for number, item in enumerate(element.findall("item")):
            row, column = (number, 0) if upright else (0, number)
            if kind == "grid":
                row, column = int(item.get("row") or 0), int(item.get("column") or 0)
            layout.addWidget(self._part(item[0]), row, column)
        return made

    def _view_of(self, element: ElementTree.Element) -> QtWidgets.QWidget:
        node = self._scene.GetSingletonNode(element.get("singletontag"), element.get("class"))
        widget = self._widgets.get(node.GetID()) if node is not None else None
        if widget is None:  # a kind of view that has no stand-in
            return QtWidgets.QLabel(f"{element.get('class')} {element.get('singletontag')}")
        widget.show()
        return widget
