"""The stroke under the mouse: where it has been, and the line that is seen in the view meanwhile."""

import numpy as np
import vtk

LESION_COLOUR, OTHER_COLOUR = (0.2, 1.0, 0.4), (1.0, 0.35, 0.25)
# Less than this between press and release, in pixels, is a click.
CLICK_PIXELS = 4


class StrokePath:
    """One stroke in one slice view, from press to release.

    Parameters
    ----------
    viewWidget, sliceNode : the slice view.
    inside : whether the stroke says lesion.
    radiusMm : of the brush.
    toRas : gives RAS mm of a position (x, y) in the view.
    """

    def __init__(self, viewWidget, sliceNode, inside: bool, radiusMm: float, toRas) -> None:
        self.viewWidget = viewWidget
        self.inside = inside
        self.radiusMm = radiusMm
        self._sliceNode = sliceNode
        self._toRas = toRas
        self._positions = []
        self._ras = []
        self._points, self._lines = vtk.vtkPoints(), vtk.vtkCellArray()
        self._shown = vtk.vtkPolyData()
        self._shown.SetPoints(self._points)
        self._shown.SetLines(self._lines)
        mapper = vtk.vtkPolyDataMapper2D()
        mapper.SetInputData(self._shown)
        self.actor = vtk.vtkActor2D()
        self.actor.SetMapper(mapper)
        look = self.actor.GetProperty()
        look.SetColor(*(LESION_COLOUR if inside else OTHER_COLOUR))
        look.SetOpacity(0.6)
        look.SetLineWidth(max(2.0, 2 * radiusMm / self._millimetresPerPixel()))

    def append(self, position) -> None:
        """The mouse has come to (x, y)."""
        position = (int(position[0]), int(position[1]))
        if self._positions and self._positions[-1] == position:
            return
        self._positions.append(position)
        self._ras.append(self._toRas(position))
        last = self._points.InsertNextPoint(*position, 0)
        if last > 0:
            self._lines.InsertNextCell(2, (last - 1, last))
        self._points.Modified()
        self._shown.Modified()

    @property
    def isClick(self) -> bool:
        apart = np.ptp(np.array(self._positions), axis=0)
        return bool(apart.max() < CLICK_PIXELS)

    @property
    def startLps(self) -> tuple[float, float, float]:
        """Where it began, LPS mm."""
        right, anterior, superior = self._ras[0]
        return -right, -anterior, superior

    def stroke(self):
        """What was drawn, as the library takes it: a disc's way in the slice that is shown."""
        from spinemets.segmentation.strokes import Stroke

        points = np.array(self._ras) * (-1, -1, 1)
        matrix = self._sliceNode.GetSliceToRAS()
        normal = (-matrix.GetElement(0, 2), -matrix.GetElement(1, 2), matrix.GetElement(2, 2))
        return Stroke(points, self.radiusMm, self.inside, normal)

    def _millimetresPerPixel(self) -> float:
        matrix = self._sliceNode.GetXYToRAS()
        return float(np.linalg.norm([matrix.GetElement(row, 0) for row in range(3)]))
