"""What the user chose in the module SpineMetsSegmenter; saved with the scene."""

from enum import Enum
from typing import Annotated

from slicer import vtkMRMLScalarVolumeNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper


class RatesModel(Enum):
    """Pharmacokinetic models, by their names on the command line."""

    EXTENDED_TOFTS = "etofts"
    TOFTS = "tofts"
    PATLAK = "patlak"

    def label(self) -> str:
        texts = {"etofts": _("Extended Tofts"), "tofts": _("Tofts"), "patlak": _("Patlak")}
        return texts[self.value]


class InputFunction(Enum):
    """Where the concentration in the artery comes from, by their names on the command line."""

    PARKER = "parker"
    WEINMANN = "weinmann"
    IMAGE = "image"

    def label(self) -> str:
        texts = {
            "parker": _("Parker 2006 (population)"),
            "weinmann": _("Weinmann 1984 (population)"),
            "image": _("Artery in the images"),
        }
        return texts[self.value]


@parameterNodeWrapper
class SpineMetsSegmenterParameterNode:
    """
    studyPath - Folder of the study that was loaded last.
    caseUid - Study that the panel shows, of those in the scene.
    lesionId - Lesion that is worked on.
    outlineVolume - Series on which the diseased segment is outlined.
    searchVolume - Series in which the lesion is found; a volume that shows a frame stands for its dynamic series.
    showsTimeCourse - Whether the signal under the cursor is plotted beside the images.
    kineticsSeries - Series whose repetition time and flip angle were taken over last.
    repetitionTime, flipAngle, t1BeforeContrast - ms, degrees, s; 0: not known.
    frameInterval - Seconds from frame to frame, of a series that does not tell its times; 0: not known.
    injectionTime, framesBefore - Second of the injection, and frames before contrast.
    ratesModel, inputFunction, usesRelativeEnhancement - How rates are computed.
    shownMap, mapOpacity - Map over the dynamic series, empty for none, and how much of it hides the series.
    """

    studyPath: str
    caseUid: str
    lesionId: str
    outlineVolume: vtkMRMLScalarVolumeNode
    searchVolume: vtkMRMLScalarVolumeNode
    showsTimeCourse: bool = False
    kineticsSeries: str
    repetitionTime: Annotated[float, WithinRange(0, 999)] = 0.0
    flipAngle: Annotated[float, WithinRange(0, 179)] = 0.0
    t1BeforeContrast: Annotated[float, WithinRange(0, 19)] = 0.0
    frameInterval: Annotated[float, WithinRange(0, 600)] = 0.0
    injectionTime: Annotated[float, WithinRange(-600, 3600)] = 0.0
    framesBefore: Annotated[int, WithinRange(1, 100)] = 1
    ratesModel: RatesModel = RatesModel.EXTENDED_TOFTS
    inputFunction: InputFunction = InputFunction.PARKER
    usesRelativeEnhancement: bool = False
    shownMap: str
    mapOpacity: Annotated[float, WithinRange(0, 1)] = 0.6
