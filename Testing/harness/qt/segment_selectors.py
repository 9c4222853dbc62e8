"""Choice of a segment: a segmentation and, once it has segments, one of them."""

from __future__ import annotations

import slicer
from PySide6 import QtWidgets

from Testing.harness.qt.mrml_widgets import SCENE_CHANGED, MRMLWidget, Observations
from Testing.harness.qt.node_selectors import qMRMLNodeComboBox
from Testing.harness.qt.standin import computed, qt_property

NONE = "None"


def segment_ids(node) -> list[str]:
    segmentation = node.GetSegmentation() if node is not None else None
    return list(segmentation.GetSegmentIDs()) if segmentation is not None else []


class qMRMLSegmentSelectorWidget(MRMLWidget, QtWidgets.QWidget):
    STANDS_FOR = "qMRMLSegmentSelectorWidget"
    SIGNALS = (
        SCENE_CHANGED,
        "currentNodeChanged(vtkMRMLNode*)",
        "currentNodeChanged(bool)",
        "currentSegmentChanged(QString)",
        "nodeAboutToBeEdited(vtkMRMLNode*)",
        "segmentSelectionChanged(QStringList)",
    )

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._nodes = qMRMLNodeComboBox(self)
        self._nodes.nodeTypes = ["vtkMRMLSegmentationNode"]
        for prop in ("addEnabled", "removeEnabled", "renameEnabled"):
            setattr(self._nodes, prop, False)
        self._segments = QtWidgets.QComboBox(self)
        self._message = QtWidgets.QLabel(self)
        layout = QtWidgets.QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._nodes, 0, 0)
        layout.addWidget(self._segments, 1, 0)
        layout.addWidget(self._message, 2, 0)
        self._segment_id = ""
        self._followed = None
        self._of_node = Observations(self)
        self._nodes._listen("currentNodeChanged(vtkMRMLNode*)", self._node_changed)
        self._nodes._listen("currentNodeChanged(bool)", lambda some: self._emit("currentNodeChanged(bool)", some))
        self._segments.currentIndexChanged.connect(self._segment_chosen)
        self._fill()

    @computed("bool")
    def noneEnabled(self) -> bool:
        return self._nodes.noneEnabled

    @noneEnabled.setter
    def noneEnabled(self, enabled: bool) -> None:
        self._nodes.noneEnabled = enabled
        self._fill()

    @computed("bool")
    def editEnabled(self) -> bool:
        return self._nodes.editEnabled

    @editEnabled.setter
    def editEnabled(self, enabled: bool) -> None:
        self._nodes.editEnabled = enabled

    @computed("bool")
    def segmentationNodeSelectorVisible(self) -> bool:
        return self._nodes.isVisible()

    @segmentationNodeSelectorVisible.setter
    def segmentationNodeSelectorVisible(self, visible: bool) -> None:
        self._nodes.setVisible(visible)

    multiSelection = qt_property("bool", False)
    horizontalLayout = qt_property("bool", False)

    def currentNode(self):
        return self._nodes.currentNode()

    def setCurrentNode(self, node) -> None:
        self._nodes.setCurrentNode(node)

    def currentNodeID(self) -> str:
        return self._nodes.currentNodeID

    def setCurrentNodeID(self, node_id: str) -> None:
        self._nodes.setCurrentNodeID(node_id)

    def currentSegmentID(self) -> str:
        return self._segment_id

    def setCurrentSegmentID(self, segment_id: str) -> None:
        if not segment_id and self.noneEnabled:
            self._segments.setCurrentIndex(0)
            return
        index = self._segments.findData(segment_id)
        if index >= 0:
            self._segments.setCurrentIndex(index)

    def _scene_was_set(self, scene) -> None:
        self._nodes.setMRMLScene(scene)

    def _node_changed(self, node) -> None:
        if node is not self._followed:
            self._of_node.clear()
            self._followed = node
            if node is not None:
                for event in (
                    slicer.vtkSegmentation.SegmentAdded,
                    slicer.vtkSegmentation.SegmentRemoved,
                    slicer.vtkSegmentation.SegmentModified,
                ):
                    self._of_node.add(node, event, "_fill")
            self._fill()
        self._emit("currentNodeChanged(vtkMRMLNode*)", node)

    def _fill(self, _node=None) -> None:
        ids = segment_ids(self._followed)
        was = self._segments.blockSignals(True)
        self._segments.clear()
        self._segments.setVisible(bool(ids))
        self._message.setVisible(not ids)
        self._message.setText("No segments in segmentation " if self._followed is not None else "No node is selected ")
        if ids and self.noneEnabled:
            self._segments.addItem(NONE, NONE)
        for segment_id in ids:
            self._segments.addItem(self._followed.GetSegmentation().GetSegment(segment_id).GetName(), segment_id)
        kept = (self.noneEnabled and not self._segment_id) or self._segment_id in ids
        if ids and kept:
            self.setCurrentSegmentID(self._segment_id)
        else:
            self._segments.setCurrentIndex(-1)
        self._segments.blockSignals(was)
        if ids and not kept:
            self._segments.setCurrentIndex(int(self.noneEnabled))

    def _segment_chosen(self, index: int) -> None:
        if self._followed is None:
            return
        chosen = self._segments.itemData(index) or ""
        self._segment_id = "" if chosen == NONE else chosen
        self._emit("currentSegmentChanged(QString)", self._segment_id)
