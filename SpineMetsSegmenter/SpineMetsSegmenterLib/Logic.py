"""What the module SpineMetsSegmenter does, without a window: from a study's folder to a lesion's segment."""

from dataclasses import dataclass
from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from spinemets.errors import InputError
from spinemets.mrml.cases import LoadedCase, load_case
from spinemets.mrml.markups import first_point_lps
from spinemets.mrml.segmentations import (
    OUTLINE_TAG,
    add_segment,
    mask_from_labelmap_node,
    mask_from_segment,
    replace_segment,
    segment_or_first,
    segmentation_node_from_mask,
    segments_of,
    set_tags,
    tag_of,
)
from spinemets.mrml.sequences import image_of
from spinemets.mrml.subject_hierarchy import place_beside
from spinemets.progress import silent
from spinemets.segmentation.lesion import segment_lesion
from spinemets.studies.scanning import Study, scan_study

from .ParameterNode import SpineMetsSegmenterParameterNode


@dataclass(frozen=True)
class LesionSegment:
    """A lesion in the scene: its segment, its size, where it grew from (LPS mm), and what the user should know."""

    segmentationNode: object
    segmentID: str
    volumeMl: float
    longestDiameterMm: float
    extentMm: tuple[float, float, float]
    seedPointLps: tuple[float, float, float]
    warnings: tuple[str, ...]


class SpineMetsSegmenterLogic(ScriptedLoadableModuleLogic):
    """Can be used from scripts; every method that takes long reports to `progress`, which may raise `Cancelled`."""

    def getParameterNode(self):
        return SpineMetsSegmenterParameterNode(super().getParameterNode())

    def scanStudy(self, path: str) -> Study:
        """Series of a study's folder, with their roles. Raises InputError when there is none."""
        if not str(path).strip():
            raise InputError("study", "no folder is chosen", "choose the folder of a spine MRI study")
        return scan_study(Path(path))

    def loadStudy(self, study: Study, progress=silent) -> LoadedCase:
        """Load the series of a study that have a role: one volume node a series, named by patient and role.

        Raises InputError when a series cannot be read; nothing of the study stays in the scene then.
        """
        return load_case(study, slicer.mrmlScene, progress)

    def chooseOutline(self, parameters: SpineMetsSegmenterParameterNode, node, segmentID: str) -> None:
        """Take the outline that the user chose; of a segmentation just chosen, its first segment if none was."""
        if node != parameters.outlineSegmentation:
            segmentID = segment_or_first(node, segmentID)
        parameters.outlineSegmentation = node
        parameters.outlineSegmentID = segmentID

    def settleOutline(self, parameters: SpineMetsSegmenterParameterNode) -> None:
        """Choose another segment in place of one that was removed, as the selector on the panel does by itself."""
        known = segment_or_first(parameters.outlineSegmentation, parameters.outlineSegmentID)
        if parameters.outlineSegmentation is not None and parameters.outlineSegmentID != known:
            parameters.outlineSegmentID = known

    def missingInput(self, parameters: SpineMetsSegmenterParameterNode) -> str:
        """What the user still has to choose; empty when the lesion can be segmented."""
        if parameters.outlineLabelmap is None:
            if parameters.outlineSegmentation is None:
                return _("Draw an outline of the diseased segment in the Segment Editor and choose it")
            if parameters.outlineSegmentID not in segments_of(parameters.outlineSegmentation):
                return _("Choose the segment that outlines the diseased segment")
        if parameters.imageVolume is None:
            return _("Choose the series in which the lesion is to be found")
        return ""

    def apply(self, parameters: SpineMetsSegmenterParameterNode, progress=silent) -> LesionSegment:
        """Segment with what the user chose, and remember the segmentation that received the lesion."""
        missing = self.missingInput(parameters)
        if missing:
            raise InputError("inputs", "are not complete", missing)
        useLabelmap = parameters.outlineLabelmap is not None
        lesion = self.segment(
            parameters.outlineLabelmap if useLabelmap else parameters.outlineSegmentation,
            "" if useLabelmap else parameters.outlineSegmentID,
            parameters.imageVolume,
            method=parameters.method.value,
            seedNode=parameters.seedPoint,
            lesionNode=parameters.lesionSegmentation,
            progress=progress,
        )
        parameters.lesionSegmentation = lesion.segmentationNode
        return lesion

    def segment(
        self, outlineNode, outlineSegmentID, imageNode, method="ncut", seedNode=None, lesionNode=None, progress=silent
    ) -> LesionSegment:
        """Find the lesion inside an outline and write it as a segment.

        Parameters
        ----------
        outlineNode, outlineSegmentID : segmentation node and segment, or label map volume node and "".
        imageNode : volume node; one that shows a frame of a sequence stands for all frames.
        seedNode : point list whose first placed point lies in the lesion.
        lesionNode : segmentation node that receives the lesion; None makes one. The lesion that was found from the
            same outline before is replaced.

        Raises
        ------
        InputError : an input is empty, lies under a transform that bends, or image and outline do not meet.
        """
        if outlineNode.IsA("vtkMRMLSegmentationNode"):
            outline = mask_from_segment(outlineNode, outlineSegmentID)
        else:
            outline = mask_from_labelmap_node(outlineNode)
        image, _frameTimes = image_of(imageNode)
        seedPoint = None if seedNode is None else first_point_lps(seedNode)
        found = segment_lesion(outline, image, method=method, seed_point=seedPoint, progress=progress)
        outlineName = f"{outlineNode.GetID()}/{outlineSegmentID}"
        lesionNode, segmentID = self._write(found.mask, imageNode, lesionNode, outlineName)
        seed = " ".join(f"{value:.3f}" for value in found.seed_point)
        set_tags(lesionNode, segmentID, {OUTLINE_TAG: outlineName, "Method": method, "SeedPointLPS": seed})
        return LesionSegment(
            lesionNode,
            segmentID,
            found.volume_ml,
            found.longest_diameter_mm,
            found.extent_mm,
            found.seed_point,
            found.warnings,
        )

    def _write(self, mask, imageNode, lesionNode, outlineName):
        """Lesion's segmentation node and segment."""
        if lesionNode is None:
            name = f"{imageNode.GetName()} lesions"
            lesionNode = segmentation_node_from_mask(mask, slicer.mrmlScene, name, reference_node=imageNode)
            place_beside(lesionNode, imageNode)
            return lesionNode, next(iter(segments_of(lesionNode)))
        for segmentID in segments_of(lesionNode):
            if tag_of(lesionNode, segmentID, OUTLINE_TAG) == outlineName:
                replace_segment(lesionNode, segmentID, mask)
                return lesionNode, segmentID
        return lesionNode, add_segment(lesionNode, mask, "Lesion")
