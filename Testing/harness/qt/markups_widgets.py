"""Widgets that place points."""

from __future__ import annotations

from typing import ClassVar

from PySide6 import QtWidgets

from Testing.harness.qt.mrml_widgets import SCENE_CHANGED, Observations, SceneWidget
from Testing.harness.qt.standin import computed, qt_property


class qSlicerMarkupsPlaceWidget(SceneWidget, QtWidgets.QWidget):
    STANDS_FOR = "qSlicerMarkupsPlaceWidget"
    SIGNALS = (
        SCENE_CHANGED,
        "activeMarkupsFiducialPlaceModeChanged(bool)",
        "activeMarkupsPlaceModeChanged(bool)",
    )
    ShowPlaceMultipleMarkupsOption, HidePlaceMultipleMarkupsOption = 0, 1
    ForcePlaceSingleMarkup, ForcePlaceMultipleMarkups = 2, 3
    PlaceMultipleMarkupsType: ClassVar = None

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._place, self._delete = QtWidgets.QToolButton(self), QtWidgets.QToolButton(self)
        for button, text in ((self._place, "Place"), (self._delete, "Delete")):
            button.setText(text)
            layout.addWidget(button)
        self._place.setCheckable(True)
        self._place.toggled.connect(self.setPlaceModeEnabled)
        self._delete.clicked.connect(self.deleteLastPoint)
        self._node = None
        self._told = False
        self._of_node = Observations(self)
        self._show()

    placeMultipleMarkups = qt_property("PlaceMultipleMarkupsType", 0)
    buttonsVisible = qt_property("bool", True)
    deleteAllMarkupsOptionVisible = qt_property("bool", True)
    deleteAllControlPointsOptionVisible = qt_property("bool", True)

    @computed("bool")
    def placeModeEnabled(self) -> bool:
        interaction = self.interactionNode()
        return self.currentNodeActive and interaction.GetCurrentInteractionMode() == interaction.Place

    @placeModeEnabled.setter
    def placeModeEnabled(self, enabled: bool) -> None:
        self.setPlaceModeEnabled(enabled)

    @computed("bool")
    def placeModePersistency(self) -> bool:
        return bool(self.interactionNode() and self.interactionNode().GetPlaceModePersistence())

    @placeModePersistency.setter
    def placeModePersistency(self, persistent: bool) -> None:
        self.interactionNode().SetPlaceModePersistence(persistent)

    @computed("bool")
    def currentNodeActive(self) -> bool:
        selection = self.selectionNode()
        if self._node is None or selection is None:
            return False
        return (
            selection.GetActivePlaceNodeID() == self._node.GetID()
            and selection.GetActivePlaceNodeClassName() == self._node.GetClassName()
        )

    @currentNodeActive.setter
    def currentNodeActive(self, active: bool) -> None:
        selection = self.selectionNode()
        selection.SetActivePlaceNodeID(self._node.GetID() if active else None)
        if active:
            selection.SetReferenceActivePlaceNodeClassName(self._node.GetClassName())
        else:
            self.interactionNode().SetCurrentInteractionMode(self.interactionNode().ViewTransform)

    def currentNode(self):
        return self._node

    def currentMarkupsNode(self):
        return self._node

    def interactionNode(self):
        return None if self._scene is None else self._scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")

    def selectionNode(self):
        return None if self._scene is None else self._scene.GetNodeByID("vtkMRMLSelectionNodeSingleton")

    def setCurrentNode(self, node) -> None:
        node = node if node is not None and node.IsA("vtkMRMLMarkupsNode") else None
        if node is self._node:
            return
        self._of_node.clear()
        self._node = node
        if node is not None:
            events = (node.PointAddedEvent, node.PointRemovedEvent, node.PointPositionDefinedEvent, "ModifiedEvent")
            for event in events:
                self._of_node.add(node, event, "_show")
        self._show()

    def setPlaceModeEnabled(self, enabled: bool) -> None:
        interaction = self.interactionNode()
        if self._node is None or interaction is None:
            return
        if enabled:
            selection = self.selectionNode()
            selection.SetReferenceActivePlaceNodeClassName(self._node.GetClassName())
            selection.SetActivePlaceNodeID(self._node.GetID())
            if self.placeMultipleMarkups == self.ForcePlaceSingleMarkup:
                interaction.SetPlaceModePersistence(0)
            elif self.placeMultipleMarkups == self.ForcePlaceMultipleMarkups:
                interaction.SetPlaceModePersistence(1)
            interaction.SetCurrentInteractionMode(interaction.Place)
        else:
            interaction.SetCurrentInteractionMode(interaction.ViewTransform)
        self._show()

    def deleteLastPoint(self, *_clicked) -> None:
        if self._node is not None and self._node.GetNumberOfControlPoints():
            self._node.RemoveNthControlPoint(self._node.GetNumberOfControlPoints() - 1)

    def deleteAllPoints(self) -> None:
        if self._node is not None:
            self._node.RemoveAllControlPoints()

    def _follow(self, scene) -> None:
        for node in (self.interactionNode(), self.selectionNode()):
            if node is not None:
                self._observed.add(node, "ModifiedEvent", "_show")

    def _scene_was_set(self, scene) -> None:
        self._show()

    def _show(self, _node=None) -> None:
        usable = self._node is not None and self.interactionNode() is not None
        self._place.setEnabled(usable and not self._node.GetControlPointPlacementComplete())
        self._delete.setEnabled(usable and self._node.GetNumberOfControlPoints() > 0)
        placing = usable and self.placeModeEnabled
        was = self._place.blockSignals(True)
        self._place.setChecked(placing)
        self._place.blockSignals(was)
        if placing != self._told:
            self._told = placing
            self._emit("activeMarkupsFiducialPlaceModeChanged(bool)", placing)
            self._emit("activeMarkupsPlaceModeChanged(bool)", placing)


class qSlicerSimpleMarkupsWidget(SceneWidget, QtWidgets.QWidget):
    """A point list, its points in a table, and the button that places them."""

    STANDS_FOR = "qSlicerSimpleMarkupsWidget"
    SIGNALS = (
        SCENE_CHANGED,
        "markupsFiducialNodeChanged()",
        "markupsNodeChanged()",
    )

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        from Testing.harness.qt.node_selectors import qMRMLNodeComboBox

        self._nodes, self._placing = qMRMLNodeComboBox(self), qSlicerMarkupsPlaceWidget(self)
        self._nodes.nodeTypes = ["vtkMRMLMarkupsFiducialNode"]
        self._table = QtWidgets.QTableWidget(0, 4, self)
        layout = QtWidgets.QGridLayout(self)
        layout.addWidget(self._nodes, 0, 0)
        layout.addWidget(self._placing, 0, 1)
        layout.addWidget(self._table, 1, 0, 1, 2)
        self._of_node = Observations(self)
        self._nodes._listen("currentNodeChanged(vtkMRMLNode*)", self._changed)

    def currentNode(self):
        return self._nodes.currentNode()

    def setCurrentNode(self, node) -> None:
        self._nodes.setCurrentNode(node)

    def markupsPlaceWidget(self):
        return self._placing

    def markupsSelectorComboBox(self):
        return self._nodes

    def tableWidget(self):
        return self._table

    def _scene_was_set(self, scene) -> None:
        self._nodes.setMRMLScene(scene)
        self._placing.setMRMLScene(scene)

    def _changed(self, node) -> None:
        self._placing.setCurrentNode(node)
        self._of_node.clear()
        if node is not None:
            for event in (node.PointModifiedEvent, node.PointAddedEvent, node.PointRemovedEvent):
                self._of_node.add(node, event, "_fill")
        self._fill()
        self._emit("markupsFiducialNodeChanged()")
        self._emit("markupsNodeChanged()")

    def _fill(self, _node=None) -> None:
        node = self.currentNode()
        self._table.setRowCount(0 if node is None else node.GetNumberOfControlPoints())
        for row in range(self._table.rowCount()):
            texts = [node.GetNthControlPointLabel(row), *(f"{v:.3f}" for v in node.GetNthControlPointPosition(row))]
            for column, text in enumerate(texts):
                self._table.setItem(row, column, QtWidgets.QTableWidgetItem(text))
