"""Where the lesion grows from: one control point that is shown, and that the user can drag."""

import slicer
from slicer.util import VTKObservationMixin

NAME = "SpineMets seed"
GLYPH_PERCENT = 2.0


class SeedPoint(VTKObservationMixin):
    """A point list with one point. `onMoved` is called when the user has dragged it."""

    def __init__(self, onMoved) -> None:
        VTKObservationMixin.__init__(self)
        self._onMoved = onMoved
        self._nodeID = ""

    @property
    def node(self):
        return slicer.mrmlScene.GetNodeByID(self._nodeID) if self._nodeID else None

    @property
    def positionLps(self):
        """LPS mm in the world; None when it is not placed."""
        from spinemets.mrml.markups import first_point_lps

        return None if self.node is None else first_point_lps(self.node)

    def follow(self, node) -> None:
        """Be the point of a node that a saved scene or a panel brings; None: none."""
        if node is self.node and node is not None:
            return
        self.removeObservers()
        self._nodeID = "" if node is None else node.GetID()
        if node is not None:
            self.addObserver(node, slicer.vtkMRMLMarkupsNode.PointEndInteractionEvent, self._moved)

    def place(self, positionLps):
        """Put the point there; returns its node, which is made when there is none."""
        if self.node is None:
            self.follow(self._makeNode())
        left, posterior, superior = positionLps
        node = self.node
        if node.GetNumberOfControlPoints():
            node.SetNthControlPointPositionWorld(0, -left, -posterior, superior)
        else:
            node.AddControlPointWorld([-left, -posterior, superior], "seed")
        self.show(True)
        return node

    def clear(self) -> None:
        """Take the point away."""
        if self.node is not None:
            self.node.RemoveAllControlPoints()

    def show(self, visible: bool) -> None:
        """Show the point, or hide it while another tool is used."""
        if self.node is not None and self.node.GetDisplayNode() is not None:
            self.node.GetDisplayNode().SetVisibility(visible)

    def _moved(self, caller, event) -> None:
        self._onMoved()

    def _makeNode(self):
        node = slicer.mrmlScene.AddNewNodeByClass(
            "vtkMRMLMarkupsFiducialNode", slicer.mrmlScene.GenerateUniqueName(NAME)
        )
        node.CreateDefaultDisplayNodes()
        node.SetMaximumNumberOfControlPoints(1)
        display = node.GetDisplayNode()
        display.SetGlyphScale(GLYPH_PERCENT)
        display.SetSelectedColor(1.0, 0.9, 0.1)
        display.SetPointLabelsVisibility(False)
        return node
