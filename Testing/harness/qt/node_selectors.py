"""qMRMLNodeComboBox: it shows nodes of a scene, and never chooses one by itself."""

from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from Testing.harness.qt.mrml_widgets import MRMLWidget
from Testing.harness.qt.standin import computed, qt_property

ID_ROLE = QtCore.Qt.ItemDataRole.UserRole
ACTION_ROLE = QtCore.Qt.ItemDataRole.UserRole + 1


class qMRMLNodeComboBox(MRMLWidget, QtWidgets.QWidget):
    STANDS_FOR = "qMRMLNodeComboBox"
    SIGNALS = (
        "currentNodeChanged(vtkMRMLNode*)",
        "currentNodeChanged(bool)",
        "currentNodeIDChanged(QString)",
        "currentNodeRenamed(QString)",
        "nodeAboutToBeEdited(vtkMRMLNode*)",
        "nodeActivated(vtkMRMLNode*)",
        "nodeAdded(vtkMRMLNode*)",
        "nodeAboutToBeRemoved(vtkMRMLNode*)",
        "nodeAddedByUser(vtkMRMLNode*)",
        "nodeAddedByUserAction(vtkMRMLNode*)",
    )

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._combo = QtWidgets.QComboBox(self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo)
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Preferred, policy.Fixed)
        self._attributes: list[tuple[str, str, str | None]] = []
        self._labels: dict[str, str] = {}
        self._requested = ""
        self._combo.currentIndexChanged.connect(self._index_changed)
        self._combo.activated.connect(self._activated)
        self.setEnabled(False)
        self._refill()

    # Properties, and what follows from a change of one.
    def _refill(self) -> None:
        wanted = self.currentNode().GetID() if self.currentNode() else ""
        was = self._combo.blockSignals(True)
        self._combo.clear()
        if self.noneEnabled:
            self._combo.addItem(self.noneDisplay, "")
        if self._scene is not None:
            for node in _nodes(self._scene):
                if self._shows(node):
                    self._combo.addItem(node.GetName() or "", node.GetID())
        self._add_actions()
        self._combo.setCurrentIndex(self._index_of(wanted))
        self._combo.blockSignals(was)
        self._combo.setPlaceholderText(f"Select a {self.nodeTypeLabel((self.nodeTypes or [''])[0])}")
        if wanted and not self.currentNode():
            self._tell()

    nodeTypes = qt_property("QStringList", [], changes=_refill)
    noneEnabled = qt_property("bool", False, changes=_refill)
    addEnabled = qt_property("bool", True, changes=_refill)
    removeEnabled = qt_property("bool", True, changes=_refill)
    editEnabled = qt_property("bool", False, changes=_refill)
    renameEnabled = qt_property("bool", False, changes=_refill)
    showHidden = qt_property("bool", False, changes=_refill)
    showChildNodeTypes = qt_property("bool", True, changes=_refill)
    hideChildNodeTypes = qt_property("QStringList", [], changes=_refill)
    noneDisplay = qt_property("QString", "None", changes=_refill)
    baseName = qt_property("QString", "")
    selectNodeUponCreation = qt_property("bool", True)
    interactionNodeSingletonTag = qt_property("QString", "")

    @computed("QString")
    def currentNodeID(self) -> str:
        node = self.currentNode()
        return node.GetID() if node else ""

    @currentNodeID.setter
    def currentNodeID(self, node_id: str) -> None:
        self.setCurrentNodeID(node_id)

    @computed("QComboBox::SizeAdjustPolicy")
    def sizeAdjustPolicy(self):
        return self._combo.sizeAdjustPolicy()

    @sizeAdjustPolicy.setter
    def sizeAdjustPolicy(self, policy) -> None:
        self._combo.setSizeAdjustPolicy(policy)

    @staticmethod
    def _enumerated(_prop: str, text: str):
        return getattr(QtWidgets.QComboBox.SizeAdjustPolicy, text.rpartition("::")[2])

    # Nodes.
    def currentNode(self):
        node_id = self._combo.currentData(ID_ROLE)
        return self._scene.GetNodeByID(node_id) if self._scene is not None and node_id else None

    def setCurrentNode(self, node) -> None:
        if isinstance(node, str):
            raise ValueError("setCurrentNode(QString) is deprecated: use setCurrentNodeID")
        if node is not None and not node.IsA("vtkMRMLNode"):
            raise ValueError(f"Called setCurrentNode with wrong arguments: {node}")
        self.setCurrentNodeID(node.GetID() if node is not None and node.GetID() else "")

    def setCurrentNodeID(self, node_id) -> None:
        if self._scene is None:
            self._requested = node_id or ""
            return
        self._combo.setCurrentIndex(self._index_of(node_id or ""))

    def setCurrentNodeIndex(self, index: int) -> None:
        index = -1 if index >= self.nodeCount() else index
        self._combo.setCurrentIndex(index + int(self.noneEnabled))

    def nodeCount(self) -> int:
        return sum(1 for row in range(self._combo.count()) if self._combo.itemData(row, ID_ROLE))

    def nodeFromIndex(self, index: int):
        node_id = self._combo.itemData(index + int(self.noneEnabled), ID_ROLE)
        return self._scene.GetNodeByID(node_id) if node_id else None

    def addNode(self, kind: str = ""):
        kind = kind or self.nodeTypes[0]
        if self._scene is None or kind not in self.nodeTypes:
            return None
        name = self.baseName or self.nodeTypeLabel(kind)
        node = self._scene.AddNewNodeByClass(kind, self._scene.GenerateUniqueName(name))
        for node_type, attribute, value in self._attributes:
            if node_type == kind:
                node.SetAttribute(attribute, value or "")
        if self.selectNodeUponCreation:
            self.setCurrentNode(node)
        self._emit("nodeAddedByUser(vtkMRMLNode*)", node)
        return node

    def removeCurrentNode(self) -> None:
        self._scene.RemoveNode(self.currentNode())

    def editCurrentNode(self) -> None:
        self._emit("nodeAboutToBeEdited(vtkMRMLNode*)", self.currentNode())

    def addAttribute(self, node_type: str, attribute: str, value=None) -> None:
        self._attributes.append((node_type, attribute, None if value is None else str(value)))
        self._refill()

    def removeAttribute(self, node_type: str, attribute: str) -> None:
        self._attributes = [known for known in self._attributes if known[:2] != (node_type, attribute)]
        self._refill()

    def nodeTypeLabel(self, kind: str) -> str:
        if kind in self._labels:
            return self._labels[kind]
        return (self._scene.GetTypeDisplayNameByClassName(kind) if self._scene is not None and kind else "") or "node"

    def setNodeTypeLabel(self, label: str, kind: str) -> None:
        self._labels[kind] = label
        self._refill()

    # The scene.
    def _follow(self, scene) -> None:
        self._observed.add(scene, scene.NodeAddedEvent, "_on_node_added")
        self._observed.add(scene, scene.NodeRemovedEvent, "_on_node_removed")
        self._observed.add(scene, scene.EndBatchProcessEvent, "_on_batch_ended")

    def _scene_was_set(self, scene) -> None:
        self.setEnabled(scene is not None)
        self._refill()
        self.setCurrentNodeID(self._requested)
        self._requested = ""

    def _on_batch_ended(self, _node) -> None:
        self._refill()

    def _on_node_added(self, node) -> None:
        if node is None or self._scene.IsBatchProcessing() or not self._shows(node):
            return
        row = self.nodeCount() + int(self.noneEnabled)
        current = self._combo.currentIndex()
        was = self._combo.blockSignals(True)
        self._combo.insertItem(row, node.GetName() or "", node.GetID())
        self._combo.setCurrentIndex(current + int(current >= row))
        self._combo.blockSignals(was)
        self._watch_name(node)
        self._emit("nodeAdded(vtkMRMLNode*)", node)

    def _on_node_removed(self, node) -> None:
        row = self._combo.findData(node.GetID(), ID_ROLE) if node is not None else -1
        if row < 0 or self._scene.IsBatchProcessing():
            return
        self._combo.removeItem(row)

    def _watch_name(self, node) -> None:
        self._observed.add(node, "ModifiedEvent", "_on_renamed")

    def _on_renamed(self, _node) -> None:
        for row in range(self._combo.count()):
            node = self._scene.GetNodeByID(self._combo.itemData(row, ID_ROLE) or "none")
            if node is not None and self._combo.itemText(row) != node.GetName():
                self._combo.setItemText(row, node.GetName() or "")

    def _shows(self, node) -> bool:
        if node.GetHideFromEditors() and not self.showHidden:
            return False
        kinds = [kind for kind in self.nodeTypes if node.IsA(kind)]
        if not kinds or (not self.showChildNodeTypes and node.GetClassName() not in self.nodeTypes):
            return False
        if any(node.IsA(kind) for kind in self.hideChildNodeTypes):
            return False
        wanted = [known for known in self._attributes if known[0] in kinds]
        return all(_has_attribute(node, name, value) for _kind, name, value in wanted)

    # The list.
    def _add_actions(self) -> None:
        label = self.nodeTypeLabel(self.nodeTypes[0] if len(self.nodeTypes) == 1 else "")
        offered = []
        if self.editEnabled:
            offered.append((f"Edit current {label}", "EDIT"))
        if self.addEnabled:
            offered += [(f"Create new {self.nodeTypeLabel(kind)}", "CREATE/" + kind) for kind in self.nodeTypes]
        if self.removeEnabled:
            offered.append((f"Delete current {label}", "DELETE"))
        if offered and self._scene is not None:
            self._combo.insertSeparator(self._combo.count())
            for text, action in offered:
                self._combo.addItem(text)
                self._combo.setItemData(self._combo.count() - 1, action, ACTION_ROLE)

    def _index_of(self, node_id: str) -> int:
        row = self._combo.findData(node_id, ID_ROLE) if node_id else -1
        return row if row >= 0 else (0 if self.noneEnabled else -1)

    def _index_changed(self, row: int) -> None:
        node = self.currentNode()
        if node is None and row != (0 if self.noneEnabled else -1):
            # On an action, or where a removed node was: the last node is taken, as in the application.
            self._combo.setCurrentIndex(self.nodeCount() - 1 + int(self.noneEnabled))
            if self._combo.currentIndex() != row and self.currentNode() is None:
                self._tell()
            return
        self._tell()

    def _tell(self) -> None:
        node = self.currentNode()
        self._emit("currentNodeChanged(vtkMRMLNode*)", node)
        self._emit("currentNodeChanged(bool)", node is not None)
        self._emit("currentNodeIDChanged(QString)", node.GetID() if node else "")

    def _activated(self, row: int) -> None:
        action = self._combo.itemData(row, ACTION_ROLE)
        if action is None:
            self._emit("nodeActivated(vtkMRMLNode*)", self.currentNode())
        elif action.startswith("CREATE/"):
            node = self.addNode(action.partition("/")[2])
            self._emit("nodeAddedByUserAction(vtkMRMLNode*)", node)
        elif action == "DELETE":
            self.removeCurrentNode()
        else:
            self.editCurrentNode()


def _nodes(scene) -> list:
    return [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]


def _has_attribute(node, name: str, value: str | None) -> bool:
    found = node.GetAttribute(name)
    return found is not None and (value is None or found == value)
