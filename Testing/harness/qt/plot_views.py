"""Plot views, painted from the chart's nodes."""

from __future__ import annotations

import math

import numpy as np
import slicer
from PySide6 import QtCore, QtGui, QtWidgets

from Testing.harness.qt.mrml_widgets import SCENE_CHANGED, MRMLWidget
from Testing.harness.qt.slice_views import View
from Testing.harness.qt.standin import computed


class qMRMLPlotView(View, QtWidgets.QWidget):
    STANDS_FOR = "qMRMLPlotView"
    SIGNALS = ("dataSelected(vtkStringArray*,vtkCollection*)", SCENE_CHANGED)

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._make_window()
        self._node = None
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Expanding)
        self.setMinimumSize(30, 30)

    @computed("QString")
    def title(self) -> str:
        chart = self._chart()
        return chart.GetTitle() or "" if chart is not None else ""

    @title.setter
    def title(self, text: str) -> None:
        if self._chart() is not None:
            self._chart().SetTitle(text)

    def setMRMLPlotViewNode(self, node) -> None:
        self._node = node
        self.update()

    def fitToContent(self) -> None:
        self.update()

    def _chart(self):
        found = self._node.GetPlotChartNodeID() if self._node is not None else None
        return slicer.mrmlScene.GetNodeByID(found) if found else None

    def _curves(self) -> list[tuple]:
        """Name, colour, x and y of each series of the chart."""
        chart, curves = self._chart(), []
        for number in range(chart.GetNumberOfPlotSeriesNodes() if chart is not None else 0):
            series = chart.GetNthPlotSeriesNode(number)
            table = series.GetTableNode().GetTable() if series is not None and series.GetTableNode() else None
            y = table.GetColumnByName(series.GetYColumnName() or "") if table is not None else None
            if y is None:
                continue
            x = table.GetColumnByName(series.GetXColumnName() or "")
            values = np.array([y.GetTuple1(row) for row in range(y.GetNumberOfTuples())])
            places = np.arange(len(values), dtype=float)
            if x is not None:
                places = np.array([x.GetTuple1(row) for row in range(x.GetNumberOfTuples())])
            curves.append((series.GetName(), series.GetColor(), places, values))
        return curves

    def paintEvent(self, _event) -> None:
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QtCore.Qt.GlobalColor.white)
        chart = self._chart()
        if chart is not None:
            self._paint(painter, chart, self._curves())
        painter.end()

    def _paint(self, painter, chart, curves) -> None:
        frame = QtCore.QRectF(52, 26, max(10, self.width() - 66), max(10, self.height() - 76))
        painter.setPen(QtGui.QColor("black"))
        painter.drawRect(frame)
        middle = QtCore.Qt.AlignmentFlag.AlignCenter
        painter.drawText(QtCore.QRectF(0, 2, self.width(), 20), middle, chart.GetTitle() or "")
        painter.drawText(QtCore.QRectF(0, self.height() - 20, self.width(), 18), middle, chart.GetXAxisTitle() or "")
        painter.save()
        painter.translate(12, frame.center().y())
        painter.rotate(-90)
        painter.drawText(QtCore.QRectF(-200, -10, 400, 18), middle, chart.GetYAxisTitle() or "")
        painter.restore()
        finite = [(x[np.isfinite(y)], y[np.isfinite(y)]) for _name, _color, x, y in curves]
        finite = [pair for pair in finite if len(pair[0])]
        if not finite:
            return
        xs, ys = np.concatenate([x for x, _ in finite]), np.concatenate([y for _, y in finite])
        (x0, x1), (y0, y1) = _span(xs), _span(ys)

        def place(x: float, y: float) -> QtCore.QPointF:
            return QtCore.QPointF(
                frame.left() + (x - x0) / (x1 - x0) * frame.width(),
                frame.bottom() - (y - y0) / (y1 - y0) * frame.height(),
            )

        for value in np.linspace(x0, x1, 4):
            painter.drawText(
                QtCore.QRectF(place(value, y0).x() - 30, frame.bottom() + 3, 60, 15), middle, f"{value:.4g}"
            )
        for value in np.linspace(y0, y1, 5):
            painter.drawText(QtCore.QRectF(16, place(x0, value).y() - 8, 34, 16), middle, f"{value:.3g}")
        for row, (name, color, x, y) in enumerate(curves):
            painter.setPen(QtGui.QPen(QtGui.QColor.fromRgbF(*color), 2))
            painter.drawPolyline([place(a, b) for a, b in zip(x, y) if math.isfinite(b)])
            painter.drawText(QtCore.QPointF(frame.left() + 6, frame.top() + 14 + 14 * row), name or "")


def _span(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


class qMRMLPlotWidget(MRMLWidget, QtWidgets.QWidget):
    STANDS_FOR = "qMRMLPlotWidget"
    SIGNALS = (SCENE_CHANGED,)

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._view = qMRMLPlotView(self)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)

    def plotView(self):
        return self._view

    viewWidget = plotView

    def mrmlPlotViewNode(self):
        return self._view._node

    mrmlAbstractViewNode = mrmlPlotViewNode

    def setMRMLPlotViewNode(self, node) -> None:
        self._view.setMRMLPlotViewNode(node)
