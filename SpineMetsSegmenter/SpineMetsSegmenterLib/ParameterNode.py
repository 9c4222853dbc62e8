"""What the user chose in the module SpineMetsSegmenter; saved with the scene."""

import enum

from slicer import (
    vtkMRMLLabelMapVolumeNode,
    vtkMRMLMarkupsFiducialNode,
    vtkMRMLScalarVolumeNode,
    vtkMRMLSegmentationNode,
)
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import parameterNodeWrapper


class Method(enum.Enum):
    """How the lesion is found; values are the library's names."""

    NCUT = "ncut"
    GROW = "grow"

    def label(self) -> str:
        """What the user reads in the combo box."""
        return {Method.NCUT: _("Normalized cut, then growing"), Method.GROW: _("Region growing only")}[self]


@parameterNodeWrapper
class SpineMetsSegmenterParameterNode:
    """
    studyPath - Folder of the study that was loaded last.
    outlineSegmentation, outlineSegmentID - Segment that outlines the diseased segment of the spine.
    outlineLabelmap - Used instead of the segment when it is set.
    imageVolume - Series in which the lesion is found; a volume that shows a frame stands for its dynamic series.
    seedPoint - Its first placed point is where the lesion grows from; found automatically without one.
    method - How the lesion is found.
    lesionSegmentation - Receives the lesions; made when it is not set.
    """

    studyPath: str
    outlineSegmentation: vtkMRMLSegmentationNode
    outlineSegmentID: str
    outlineLabelmap: vtkMRMLLabelMapVolumeNode
    imageVolume: vtkMRMLScalarVolumeNode
    seedPoint: vtkMRMLMarkupsFiducialNode
    method: Method = Method.NCUT
    lesionSegmentation: vtkMRMLSegmentationNode
