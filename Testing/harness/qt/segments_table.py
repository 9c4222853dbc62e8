"""The list of segments."""

from __future__ import annotations

import slicer
from PySide6 import QtCore, QtGui, QtWidgets

from Testing.harness.qt.mrml_widgets import SCENE_CHANGED, MRMLWidget, Observations
from Testing.harness.qt.segment_selectors import segment_ids
from Testing.harness.qt.standin import computed, qt_property

VISIBLE, COLOR, NAME = range(3)


class qMRMLSegmentsTableView(MRMLWidget, QtWidgets.QWidget):
    STANDS_FOR = "qMRMLSegmentsTableView"
    SIGNALS = (SCENE_CHANGED, "selectionChanged(QItemSelection,QItemSelection)", "segmentAboutToBeModified(QString)")

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._table = QtWidgets.QTableWidget(0, 3, self)
        self._table.setObjectName("SegmentsTable")
        self._table.setHorizontalHeaderLabels(["Shown", "Color", "Name"])
        self._table.verticalHeader().hide()
        self._table.horizontalHeader().setStretchLastSection(True)
        self._table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.ExtendedSelection)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._table)
        self._node, self._hidden, self._filling = None, [], False
        self._of_node = Observations(self)
        self._table.selectionModel().selectionChanged.connect(self._selection_changed)
        self._table.itemChanged.connect(self._renamed)
        self._table.cellClicked.connect(self._clicked)

    def _show_columns(self) -> None:
        self._table.setColumnHidden(VISIBLE, not self.visibilityColumnVisible)
        self._table.setColumnHidden(COLOR, not self.colorColumnVisible)
        self._table.horizontalHeader().setVisible(self.headerVisible)

    headerVisible = qt_property("bool", True, changes=_show_columns)
    visibilityColumnVisible = qt_property("bool", True, changes=_show_columns)
    colorColumnVisible = qt_property("bool", True, changes=_show_columns)
    opacityColumnVisible = qt_property("bool", False)
    statusColumnVisible = qt_property("bool", False)
    layerColumnVisible = qt_property("bool", False)
    filterBarVisible = qt_property("bool", False)
    jumpToSelectedSegmentEnabled = qt_property("bool", False)
    readOnly = qt_property("bool", False)
    textFilter = qt_property("QString", "")

    @computed("int")
    def selectionMode(self) -> int:
        return self._table.selectionMode().value

    @selectionMode.setter
    def selectionMode(self, mode: int) -> None:
        self._table.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode(int(mode)))

    @computed("int")
    def segmentCount(self) -> int:
        return self._table.rowCount()

    def setSelectionMode(self, mode: int) -> None:
        self.selectionMode = mode

    def setReadOnly(self, locked: bool) -> None:
        self.readOnly = locked

    def setHeaderVisible(self, shown: bool) -> None:
        self.headerVisible = shown

    def setVisibilityColumnVisible(self, shown: bool) -> None:
        self.visibilityColumnVisible = shown

    def setColorColumnVisible(self, shown: bool) -> None:
        self.colorColumnVisible = shown

    def setOpacityColumnVisible(self, shown: bool) -> None:
        self.opacityColumnVisible = shown

    def tableWidget(self):
        return self._table

    def segmentationNode(self):
        return self._node

    def setSegmentationNode(self, node) -> None:
        if node is self._node:
            return
        self._of_node.clear()
        self._node = node
        if node is not None:
            kinds = slicer.vtkSegmentation
            for event in (kinds.SegmentAdded, kinds.SegmentRemoved, kinds.SegmentModified, kinds.SegmentsOrderModified):
                self._of_node.add(node, event, "_fill")
            self._of_node.add(node, slicer.vtkMRMLDisplayableNode.DisplayModifiedEvent, "_fill")
        self._fill()

    def selectedSegmentIDs(self) -> list[str]:
        rows = sorted({index.row() for index in self._table.selectionModel().selectedIndexes()})
        return [self.segmentIDForRow(row) for row in rows]

    def setSelectedSegmentIDs(self, ids) -> None:
        if self.selectedSegmentIDs() == list(ids):
            return
        model, flags = self._table.selectionModel(), QtCore.QItemSelectionModel.SelectionFlag
        selection = QtCore.QItemSelection()
        for row in filter(lambda row: row >= 0, map(self.rowForSegmentID, ids)):
            index = self._table.model().index(row, 0)
            selection.select(index, self._table.model().index(row, 2))
        model.select(selection, flags.ClearAndSelect)

    def clearSelection(self) -> None:
        self._table.clearSelection()

    def displayedSegmentIDs(self) -> list[str]:
        return [self.segmentIDForRow(row) for row in range(self._table.rowCount())]

    def rowForSegmentID(self, segment_id: str) -> int:
        shown = self.displayedSegmentIDs()
        return shown.index(segment_id) if segment_id in shown else -1

    def segmentIDForRow(self, row: int) -> str:
        return self._table.item(row, NAME).data(QtCore.Qt.ItemDataRole.UserRole)

    def setHideSegments(self, ids) -> None:
        self._hidden = list(ids)
        self._fill()

    def hideSegments(self) -> list[str]:
        return list(self._hidden)

    def _fill(self, _node=None) -> None:
        selected = self.selectedSegmentIDs() if self._table.rowCount() else []
        ids = [segment_id for segment_id in segment_ids(self._node) if segment_id not in self._hidden]
        display = self._node.GetDisplayNode() if self._node is not None else None
        self._filling = True
        was = self._table.selectionModel().blockSignals(True)
        self._table.setRowCount(len(ids))
        for row, segment_id in enumerate(ids):
            segment = self._node.GetSegmentation().GetSegment(segment_id)
            shown = display is None or display.GetSegmentVisibility(segment_id)
            color = QtGui.QColor.fromRgbF(*segment.GetColor())
            texts = ("●" if shown else "○", "", segment.GetName())
            for column, text in enumerate(texts):
                item = QtWidgets.QTableWidgetItem(text)
                item.setData(QtCore.Qt.ItemDataRole.UserRole, segment_id)
                if column == COLOR:
                    item.setBackground(color)
                if column != NAME:
                    item.setFlags(item.flags() & ~QtCore.Qt.ItemFlag.ItemIsEditable)
                self._table.setItem(row, column, item)
        self._table.resizeColumnsToContents()
        self._table.selectionModel().blockSignals(was)
        self._filling = False
        self.setSelectedSegmentIDs([segment_id for segment_id in selected if segment_id in ids])
        if selected and not self.selectedSegmentIDs():
            self._selection_changed(QtCore.QItemSelection(), QtCore.QItemSelection())

    def _selection_changed(self, selected, deselected) -> None:
        if not self._filling:
            self._emit("selectionChanged(QItemSelection,QItemSelection)", selected, deselected)

    def _renamed(self, item) -> None:
        if self._filling or item.column() != NAME or self._node is None:
            return
        segment_id = item.data(QtCore.Qt.ItemDataRole.UserRole)
        self._emit("segmentAboutToBeModified(QString)", segment_id)
        self._node.GetSegmentation().GetSegment(segment_id).SetName(item.text())

    def _clicked(self, row: int, column: int) -> None:
        if column == VISIBLE and self._node.GetDisplayNode() is not None:
            display, segment_id = self._node.GetDisplayNode(), self.segmentIDForRow(row)
            display.SetSegmentVisibility(segment_id, not display.GetSegmentVisibility(segment_id))
