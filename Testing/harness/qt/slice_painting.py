"""What a slice view shows, painted without a graphics card: Slicer's own slice image, overlays cut from the nodes."""

from __future__ import annotations

import numpy as np
import slicer
import slicer.util
import vtk
from PySide6 import QtCore, QtGui
from vtk.util.numpy_support import vtk_to_numpy

# Control points are shown within so much of the slice, mm.
NEAR_MM = 3.0
CROSSHAIR_PIXELS = 12


def paint_slice(painter: QtGui.QPainter, size: QtCore.QSize, logic, renderer) -> None:
    """Paint image, segments, points, actors and cross hair of a view."""
    painter.fillRect(QtCore.QRect(QtCore.QPoint(0, 0), size), QtCore.Qt.GlobalColor.black)
    picture = slice_image(logic)
    if picture is not None:
        painter.drawImage(0, size.height() - picture.height(), picture)
    node = logic.GetSliceNode()
    for segmentation in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
        _paint_segmentation(painter, size, node, segmentation)
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    for markups in slicer.util.getNodesByClass("vtkMRMLMarkupsNode"):
        _paint_markups(painter, size, node, markups)
    _paint_crosshair(painter, size, node)
    _paint_actors(painter, size, renderer)


def slice_image(logic) -> QtGui.QImage | None:
    """The blended layers as Slicer's own pipeline makes them; None when the view shows no volume."""
    composite = logic.GetSliceCompositeNode()
    shown = (composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID(), composite.GetLabelVolumeID())
    if not any(shown):
        return None
    logic.UpdatePipeline()
    connection = logic.GetImageDataConnection()
    if connection is None:
        return None
    producer = connection.GetProducer()
    producer.Update()
    image = producer.GetOutputDataObject(connection.GetIndex())
    width, height, _depth = image.GetDimensions()
    components = image.GetNumberOfScalarComponents()
    if image.GetPointData().GetScalars() is None or components not in (3, 4):
        return None
    pixels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(-1, height, width, components)[0, ::-1, :, :3]
    pixels = np.ascontiguousarray(pixels, np.uint8)
    return QtGui.QImage(pixels.data, width, height, 3 * width, QtGui.QImage.Format.Format_RGB888).copy()


def matrix_of(vtk_matrix) -> np.ndarray:
    return np.array([[vtk_matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def ras_to_xy(node, points) -> np.ndarray:
    """(n, 3) x, y in pixels from the lower left corner of the view, and mm out of the slice."""
    points = np.atleast_2d(points)
    to_xy = np.linalg.inv(matrix_of(node.GetXYToRAS()))
    found = np.column_stack([points, np.ones(len(points))]) @ to_xy.T
    normal, origin = matrix_of(node.GetSliceToRAS())[:3, 2], matrix_of(node.GetSliceToRAS())[:3, 3]
    return np.column_stack([found[:, :2], (points - origin) @ normal])


def _paint_segmentation(painter, size, node, segmentation) -> None:
    display = segmentation.GetDisplayNode()
    if display is None or not display.GetVisibility() or not display.GetVisibility2D():
        return
    if not display.IsDisplayableInView(node.GetID()):
        return
    for segment_id in segmentation.GetSegmentation().GetSegmentIDs():
        if not display.GetSegmentVisibility(segment_id):
            continue
        inside = segment_on_screen(size, node, segmentation, segment_id)
        if inside is None or not inside.any():
            continue
        color = [255 * value for value in segmentation.GetSegmentation().GetSegment(segment_id).GetColor()]
        fill = display.GetOpacity2DFill() * display.GetSegmentOpacity2DFill(segment_id)
        line = display.GetOpacity2DOutline() * display.GetSegmentOpacity2DOutline(segment_id)
        core = inside.copy()
        for axis in (0, 1):
            for shift in (1, -1):
                core &= np.roll(inside, shift, axis)
        pixels = np.zeros((*inside.shape, 4), np.uint8)
        pixels[..., :3] = color
        pixels[core, 3] = 255 * fill * display.GetVisibility2DFill()
        pixels[inside & ~core, 3] = 255 * line * display.GetVisibility2DOutline()
        height, width = inside.shape
        picture = QtGui.QImage(pixels.data, width, height, 4 * width, QtGui.QImage.Format.Format_RGBA8888)
        painter.drawImage(0, 0, picture)


def segment_on_screen(size, node, segmentation, segment_id) -> np.ndarray | None:
    """(height, width) of booleans, top row first: pixels of a view that a segment covers."""
    segment = segmentation.GetSegmentation().GetSegment(segment_id)
    image = segment.GetRepresentation("Binary labelmap")
    if image is None or image.GetPointData().GetScalars() is None:
        return None
    low = np.array(image.GetExtent())[::2]
    shape = (np.array(image.GetExtent())[1::2] - low + 1)[::-1]
    voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(shape) == segment.GetLabelValue()
    image_to_local, local_to_world = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(image_to_local)
    if segmentation.GetParentTransformNode() is not None:
        segmentation.GetParentTransformNode().GetMatrixTransformToWorld(local_to_world)
    to_index = np.linalg.inv(matrix_of(local_to_world) @ matrix_of(image_to_local)) @ matrix_of(node.GetXYToRAS())
    x, y = np.meshgrid(np.arange(size.width()), np.arange(size.height())[::-1])
    index = [
        np.floor(row[0] * x + row[1] * y + row[3] + 0.5).astype(int) - low[i] for i, row in enumerate(to_index[:3])
    ]
    known = np.ones(x.shape, bool)
    for axis in range(3):
        known &= (index[axis] >= 0) & (index[axis] < shape[2 - axis])
    found = np.zeros(x.shape, bool)
    found[known] = voxels[index[2][known], index[1][known], index[0][known]]
    return found


def _paint_markups(painter, size, node, markups) -> None:
    display = markups.GetDisplayNode()
    if display is None or not display.GetVisibility() or not display.GetVisibility2D():
        return
    painter.setPen(QtGui.QPen(QtGui.QColor.fromRgbF(*display.GetSelectedColor()), 2))
    for number in range(markups.GetNumberOfControlPoints()):
        if not markups.GetNthControlPointVisibility(number):
            continue
        x, y, away = ras_to_xy(node, markups.GetNthControlPointPositionWorld(number))[0]
        if abs(away) <= NEAR_MM:
            place = QtCore.QPointF(x, size.height() - 1 - y)
            painter.drawEllipse(place, 5, 5)
            painter.drawText(place + QtCore.QPointF(8, -4), markups.GetNthControlPointLabel(number) or "")


def _paint_crosshair(painter, size, node) -> None:
    crosshair = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    if crosshair is None or crosshair.GetCrosshairMode() == slicer.vtkMRMLCrosshairNode.NoCrosshair:
        return
    x, y, _away = ras_to_xy(node, crosshair.GetCrosshairRAS())[0]
    y = size.height() - 1 - y
    painter.setPen(QtGui.QPen(QtGui.QColor(255, 204, 26), 1))
    for dx, dy in ((1, 0), (0, 1)):
        for sign in (-1, 1):
            near, far = sign * 3, sign * CROSSHAIR_PIXELS
            painter.drawLine(QtCore.QPointF(x + dx * near, y + dy * near), QtCore.QPointF(x + dx * far, y + dy * far))


def _paint_actors(painter, size, renderer) -> None:
    """Lines and points of two-dimensional actors, which effects draw in the pixels of the view."""
    actors = renderer.GetViewProps()
    for number in range(actors.GetNumberOfItems()):
        actor = actors.GetItemAsObject(number)
        if not actor.IsA("vtkActor2D") or not actor.GetVisibility() or actor.GetMapper() is None:
            continue
        mapper = actor.GetMapper()
        if not mapper.IsA("vtkPolyDataMapper2D"):
            continue
        mapper.Update()
        data, prop = mapper.GetInput(), actor.GetProperty()
        if data is None or data.GetNumberOfPoints() == 0:
            continue
        color = QtGui.QColor.fromRgbF(*prop.GetColor(), prop.GetOpacity())
        painter.setPen(QtGui.QPen(color, max(1.0, prop.GetLineWidth())))
        dx, dy = actor.GetPosition()
        points = vtk_to_numpy(data.GetPoints().GetData())[:, :2] + (dx, dy)
        screen = [QtCore.QPointF(x, size.height() - 1 - y) for x, y in points.tolist()]
        for cells, draw in ((data.GetLines(), painter.drawPolyline), (data.GetPolys(), painter.drawPolygon)):
            ids = vtk.vtkIdList()
            cells.InitTraversal()
            while cells.GetNextCell(ids):
                draw([screen[ids.GetId(i)] for i in range(ids.GetNumberOfIds())])
        ids = vtk.vtkIdList()
        data.GetVerts().InitTraversal()
        while data.GetVerts().GetNextCell(ids):
            for i in range(ids.GetNumberOfIds()):
                painter.drawEllipse(screen[ids.GetId(i)], prop.GetPointSize() / 2, prop.GetPointSize() / 2)
