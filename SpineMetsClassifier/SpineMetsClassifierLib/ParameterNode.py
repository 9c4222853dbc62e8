"""What the user chose in the module SpineMetsClassifier, and the nodes of the last result; saved with the scene."""

from slicer import (
    vtkMRMLLabelMapVolumeNode,
    vtkMRMLScalarVolumeNode,
    vtkMRMLSegmentationNode,
    vtkMRMLTableNode,
)
from slicer.parameterNodeWrapper import parameterNodeWrapper


@parameterNodeWrapper
class SpineMetsClassifierParameterNode:
    """
    modelPath - Model package.
    lesionSegmentation, lesionSegmentID - Segment of the lesion.
    volumeT1, volumeT2, volumeFsT2 - Series of each role.
    resultTable, contributionsTable, featuresTable, overlayVolume - Outputs; made when they are not set.
    """

    modelPath: str
    lesionSegmentation: vtkMRMLSegmentationNode
    lesionSegmentID: str
    volumeT1: vtkMRMLScalarVolumeNode
    volumeT2: vtkMRMLScalarVolumeNode
    volumeFsT2: vtkMRMLScalarVolumeNode
    resultTable: vtkMRMLTableNode
    contributionsTable: vtkMRMLTableNode
    featuresTable: vtkMRMLTableNode
    overlayVolume: vtkMRMLLabelMapVolumeNode
