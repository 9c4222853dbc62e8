"""What the user chose in the module SpineMetsClassifier; saved with the scene."""

from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.parameterNodeWrapper import parameterNodeWrapper


@parameterNodeWrapper
class SpineMetsClassifierParameterNode:
    """
    studyPath - Folder of the study that was loaded last.
    caseUid - Study that is worked on, of those in the scene.
    lesionSegmentation, lesionSegmentID - Segment of the lesion.
    volumeT1 to volumeCt - Series of each role.
    modelPaths - Model packages that are asked, one a line.
    shownModel - Name of the model whose answer is shown in full.
    clinicalValues - Clinical variables by name, as JSON.
    """

    studyPath: str
    caseUid: str
    lesionSegmentation: vtkMRMLSegmentationNode
    lesionSegmentID: str
    volumeT1: vtkMRMLScalarVolumeNode
    volumeT2: vtkMRMLScalarVolumeNode
    volumeFsT2: vtkMRMLScalarVolumeNode
    volumeCeT1Sag: vtkMRMLScalarVolumeNode
    volumeCeT1Cor: vtkMRMLScalarVolumeNode
    volumeCeT1Ax: vtkMRMLScalarVolumeNode
    volumeDce: vtkMRMLScalarVolumeNode
    volumeCt: vtkMRMLScalarVolumeNode
    modelPaths: str
    shownModel: str
    clinicalValues: str
