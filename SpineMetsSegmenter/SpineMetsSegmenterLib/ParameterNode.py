"""What the user chose in the module SpineMetsSegmenter; saved with the scene."""

from slicer import vtkMRMLScalarVolumeNode
from slicer.parameterNodeWrapper import parameterNodeWrapper


@parameterNodeWrapper
class SpineMetsSegmenterParameterNode:
    """
    studyPath - Folder of the study that was loaded last.
    caseUid - Study that the panel shows, of those in the scene.
    lesionId - Lesion that is worked on.
    outlineVolume - Series on which the diseased segment is outlined.
    searchVolume - Series in which the lesion is found; a volume that shows a frame stands for its dynamic series.
    showsTimeCourse - Whether the signal under the cursor is plotted beside the images.
    """

    studyPath: str
    caseUid: str
    lesionId: str
    outlineVolume: vtkMRMLScalarVolumeNode
    searchVolume: vtkMRMLScalarVolumeNode
    showsTimeCourse: bool = False
