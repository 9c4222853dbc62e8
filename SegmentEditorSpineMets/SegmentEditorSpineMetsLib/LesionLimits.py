"""Where the selected lesion may lie: its own box, which the user drags, and other segments that it may not enter."""

import numpy as np
import SimpleITK as sitk
import slicer
from slicer.i18n import tr as _

from spinemets.errors import InputError
from spinemets.mrml.lesions import lesion_id
from spinemets.mrml.limit_boxes import choose_limit_box, limit_box_of, limit_boxes, limits_of, put_limit_box
from spinemets.mrml.segmentations import has_voxels, mask_from_segment, segments_of
from spinemets.segmentation.manual import limit

from .Editing import selection


class LesionLimits:
    """Limits of the lesion that is selected in an editor.

    Parameters
    ----------
    tool : `LesionTool`, which has the lesion and changes it.
    """

    def __init__(self, tool) -> None:
        self._tool = tool

    @property
    def box(self):
        """The lesion's region of interest; None without one."""
        return limit_box_of(slicer.mrmlScene, self._identity())

    def choose(self, node) -> None:
        """Let another region of interest be the lesion's; None: none."""
        if self._identity():
            choose_limit_box(slicer.mrmlScene, self._identity(), node)

    def makeBox(self) -> None:
        """Put the lesion's box round the lesion, as it is in the preview or in the segment."""
        node, segmentID = selection(self._tool.effect)
        with self._tool.faultsSaid(_("The box could not be made.")):
            mask = self._tool.lesionMask()
            put_limit_box(slicer.mrmlScene, self._identity(), segments_of(node)[segmentID], mask)
            self.show(True)

    def keepWithin(self, avoidOthers: bool) -> None:
        """Take off the lesion what lies outside its box, or in other segments."""
        self._tool.change(_("The lesion could not be limited."), lambda mask: self._limited(mask, avoidOthers))

    def show(self, isShown: bool) -> None:
        """Show the box of the selected lesion, and of no other; or none, while another tool is used."""
        box = self.box if isShown else None
        for node in limit_boxes(slicer.mrmlScene):
            if node.GetDisplayNode() is not None:
                node.GetDisplayNode().SetVisibility(node is box)

    def _limited(self, mask, avoidOthers: bool):
        node, selected = selection(self._tool.effect)
        others = [one for one in segments_of(node) if avoidOthers and one != selected and has_voxels(node, one)]
        kept = limit(mask, limits_of(self.box, [mask_from_segment(node, one, mask) for one in others]))
        if not np.any(sitk.GetArrayViewFromImage(kept)):
            raise InputError(segments_of(node)[selected], "has nothing within its limits", "move or enlarge the box")
        return kept

    def _identity(self) -> str:
        node, segmentID = selection(self._tool.effect)
        return "" if node is None else lesion_id(node, segmentID)
