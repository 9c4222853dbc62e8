"""The lesion before it is accepted: a segmentation of its own above the one that is edited, never saved."""

import slicer

from spinemets.errors import InputError
from spinemets.mrml.segmentations import add_segment, replace_segment, segments_of

NAME = "SpineMets preview"
# Unlike the colours of lesions, and seen on grey by colour-blind readers.
COLOUR = (0.15, 1.0, 0.55)
FILL, LINE, LINE_PIXELS = 0.30, 1.0, 2


class Preview:
    """Shows one mask at a time."""

    def __init__(self) -> None:
        self._nodeID = ""

    @property
    def node(self):
        """Its segmentation node; None when nothing is shown, or the scene was closed."""
        return slicer.mrmlScene.GetNodeByID(self._nodeID) if self._nodeID else None

    def show(self, mask) -> None:
        """Show a mask (world coordinates); an empty one shows nothing."""
        node = self.node or self._makeNode()
        segments = list(segments_of(node))
        try:
            if segments:
                replace_segment(node, segments[0], mask)
            else:
                segment = add_segment(node, mask, "preview")
                node.GetSegmentation().GetSegment(segment).SetColor(*COLOUR)
        except InputError:  # the mask has no voxels
            node.GetSegmentation().RemoveAllSegments()

    def hide(self) -> None:
        """Take it off the scene."""
        node, self._nodeID = self.node, ""
        if node is not None:
            for index in reversed(range(node.GetNumberOfDisplayNodes())):
                slicer.mrmlScene.RemoveNode(node.GetNthDisplayNode(index))
            slicer.mrmlScene.RemoveNode(node)

    def _makeNode(self):
        node = slicer.vtkMRMLSegmentationNode()
        node.SetName(NAME)
        node.SetHideFromEditors(True)
        node.SetSaveWithScene(False)
        node = slicer.mrmlScene.AddNode(node)
        node.CreateDefaultDisplayNodes()
        display = node.GetDisplayNode()
        display.SetSaveWithScene(False)
        display.SetOpacity2DFill(FILL)
        display.SetOpacity2DOutline(LINE)
        display.SetSliceIntersectionThickness(LINE_PIXELS)
        self._nodeID = node.GetID()
        return node
