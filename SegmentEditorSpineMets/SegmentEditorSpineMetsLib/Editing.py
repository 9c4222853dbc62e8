"""How a mask gets into the selected segment, under the editor's rules of masking and overwriting."""

import numpy as np
import SimpleITK as sitk
import slicer

from spinemets.errors import InputError
from spinemets.geometry.grids import same_grid
from spinemets.mrml.labelmaps import fill_labelmap, grid_of_labelmap, same_lattice
from spinemets.mrml.segmentations import mask_from_segment, replace_segment


def selection(effect):
    """Segmentation node and id of the selected segment; (None, "") when there is none."""
    editor = effect.parameterSetNode()
    node = None if editor is None else editor.GetSegmentationNode()
    segmentID = "" if node is None else editor.GetSelectedSegmentID() or ""
    if node is None or node.GetSegmentation().GetSegment(segmentID) is None:
        return None, ""
    return node, segmentID


def selectedMask(effect):
    """Mask of the selected segment on the editor's grid; None when it is empty."""
    node, segmentID = selection(effect)
    labelmap = effect.defaultModifierLabelmap()
    return None if labelmap is None else maskOfSegment(node, segmentID, grid_of_labelmap(labelmap, node))


def writeMask(effect, mask) -> bool:
    """Let the selected segment be a mask (world coordinates), as far as masking allows; one step for Undo.

    Returns
    -------
    whether the editor's grid is the mask's; otherwise the mask was carried to it.

    Raises
    ------
    InputError : the editor's grid cannot hold a mask. Nothing has changed then.
    """
    node, segmentID = selection(effect)
    modifier = effect.defaultModifierLabelmap()
    if modifier is None:
        raise InputError(node.GetName(), "has no grid to draw on", "choose a source volume in the editor")
    fill_labelmap(modifier, mask, node)
    effect.saveStateForUndo()
    _bringToEditorsGrid(node, segmentID, modifier)
    effect.modifySelectedSegmentByLabelmap(modifier, slicer.qSlicerSegmentEditorAbstractEffect.ModificationModeSet)
    return same_grid(grid_of_labelmap(modifier, node), mask)


def _bringToEditorsGrid(node, segmentID: str, modifier) -> None:
    """A segment whose voxels are counted otherwise than the editor's (an imported one, a flipped one) is not emptied
    by the editor before it sets the new voxels: carry it to the editor's grid first."""
    name = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    labelmap = node.GetSegmentation().GetSegment(segmentID).GetRepresentation(name)
    if labelmap is None or labelmap.IsEmpty() or same_lattice(labelmap, modifier):
        return
    own = maskOfSegment(node, segmentID, grid_of_labelmap(modifier, node))
    if own is not None:
        replace_segment(node, segmentID, own)


def maskOfSegment(segmentationNode, segmentID: str, grid: sitk.Image) -> sitk.Image | None:
    """A segment's mask on a grid; None when it is empty there."""
    try:
        mask = mask_from_segment(segmentationNode, segmentID, grid)
    except InputError:
        return None
    return mask if np.any(sitk.GetArrayViewFromImage(mask)) else None
