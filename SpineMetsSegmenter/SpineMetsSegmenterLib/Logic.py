"""What the module SpineMetsSegmenter does, without a window: from a study's folder to a lesion's segment."""

from dataclasses import dataclass
from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from spinemets.errors import InputError
from spinemets.geometry.sizes import extent_mm, longest_diameter_mm, volume_ml
from spinemets.mrml.cases import SceneCase, case_of, case_with_uid, cases_in
from spinemets.mrml.lesions import (
    Content,
    Drawn,
    SceneLesion,
    add_lesion,
    ensure_part,
    lesion_with_id,
    lesions_of,
    remove_lesion,
    rename_lesion,
    segmentations_of,
)
from spinemets.mrml.loading import LoadedCase, load_case
from spinemets.mrml.markups import first_point_lps
from spinemets.mrml.segmentations import (
    OUTLINE_TAG,
    add_segment,
    mask_from_labelmap_node,
    mask_from_segment,
    replace_segment,
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

# The series on which the diseased segment is outlined and in which the lesion is looked for, best first.
OUTLINE_ROLES = ("t2", "fs_t2", "t1", "ce_t1_sag")
SEARCH_ROLES = ("dce", "ce_t1_ax", "ce_t1_sag", "ce_t1_cor", "fs_t2", "t2", "t1")


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

    # The study.

    def scanStudy(self, path: str) -> Study:
        """Series of a study's folder, with their roles. Raises InputError when there is none."""
        if not str(path).strip():
            raise InputError("study", "no folder is chosen", "choose the folder of a spine MRI study")
        return scan_study(Path(path))

    def loadStudy(self, study: Study, progress=silent) -> LoadedCase:
        """Load the series of a study that have a role: one volume node a series, named by patient and role. What is
        in the scene already is not loaded again.

        Raises InputError when no series can be read; nothing of the study stays in the scene then.
        """
        return load_case(study, slicer.mrmlScene, progress)

    def currentCase(self, parameters) -> SceneCase | None:
        """The study that the user chose; when that is gone, the only one in the scene."""
        chosen = case_with_uid(slicer.mrmlScene, parameters.caseUid) if parameters.caseUid else None
        cases = cases_in(slicer.mrmlScene)
        return chosen or (cases[0] if len(cases) == 1 else None)

    def caseOfFolder(self, folder: int) -> SceneCase:
        """The study of a folder in the Data module."""
        return SceneCase(slicer.mrmlScene, folder)

    def settle(self, parameters) -> SceneCase | None:
        """Choose what can be chosen without asking, in place of what is gone or belongs to another study; returns the
        case."""
        case = self.currentCase(parameters)
        uid = "" if case is None else case.uid
        if parameters.caseUid != uid:
            parameters.caseUid = uid
        volumes = {} if case is None else case.volumes()
        for name, roles in (("outlineVolume", OUTLINE_ROLES), ("searchVolume", SEARCH_ROLES)):
            node = getattr(parameters, name)
            if node is None or case is None or case_of(node) != case:
                best = next((volumes[role] for role in roles if role in volumes), None)
                if best != node:
                    setattr(parameters, name, best)
        lesions = [] if case is None else lesions_of(case)
        known = [lesion.id for lesion in lesions]
        if parameters.lesionId not in known:
            chosen = known[-1] if known else ""
            if parameters.lesionId != chosen:
                parameters.lesionId = chosen
        return case

    # The lesions.

    def addLesion(self, parameters, name: str) -> str:
        """Add a lesion, outlined on the chosen series; it is the one that is worked on then."""
        case = self._case(parameters)
        if parameters.outlineVolume is None:
            raise InputError("lesion", "no series is chosen to outline it on", "choose one under Outline on")
        identity = add_lesion(case, name, parameters.outlineVolume)
        parameters.lesionId = identity
        return identity

    def renameLesion(self, parameters, identity: str, name: str) -> str:
        return rename_lesion(self._case(parameters), identity, name)

    def removeLesion(self, parameters, identity: str) -> None:
        remove_lesion(self._case(parameters), identity)

    def hasLesion(self, case: SceneCase, identity: str) -> bool:
        """Whether a lesion is still there."""
        return lesion_with_id(case, identity) is not None

    def currentLesion(self, parameters) -> SceneLesion | None:
        """The lesion that is worked on."""
        case = self.currentCase(parameters)
        return None if case is None else lesion_with_id(case, parameters.lesionId)

    def segmentations(self, case: SceneCase | None) -> list:
        """All segmentation nodes that hold outlines or lesions of a study."""
        return [] if case is None else [node for content in Content for node in segmentations_of(case, content)]

    def describeSizes(self, parameters) -> str:
        """How large the chosen lesion is, for the status line; empty while there is none."""
        lesion = self.currentLesion(parameters)
        masks = [] if lesion is None else lesion.parts(Content.LESIONS)
        if not masks:
            return ""
        mask = mask_from_segment(masks[0].node, masks[0].segment_id)
        across, deep, high = extent_mm(mask)
        return _(
            "{name}: {volume:.1f} ml, longest diameter {diameter:.0f} mm, {across:.0f} x {deep:.0f} x {high:.0f} mm"
            " (left-right, front-back, head-foot)."
        ).format(
            name=lesion.name,
            volume=volume_ml(mask),
            diameter=longest_diameter_mm(mask),
            across=across,
            deep=deep,
            high=high,
        )

    def outlinePart(self, parameters) -> Drawn:
        """Segment of the chosen lesion's outline on the chosen series; made when there is none."""
        return self._part(parameters, Content.OUTLINES, parameters.outlineVolume)

    def lesionPart(self, parameters) -> Drawn:
        """Segment that receives the chosen lesion in the chosen series; made when there is none."""
        return self._part(parameters, Content.LESIONS, parameters.searchVolume)

    def drawnOutline(self, parameters) -> Drawn | None:
        """The outline from which the lesion is to be found: that on the chosen series, else another one."""
        lesion = self.currentLesion(parameters)
        parts = lesion.parts(Content.OUTLINES) if lesion is not None else []
        chosen = [part for part in parts if part.volume == parameters.outlineVolume]
        return next(iter(chosen or parts), None)

    def missingForOutline(self, parameters) -> str:
        """What the user still has to do before outlining; empty when nothing."""
        if self.currentCase(parameters) is None:
            return _("Load a study first")
        if parameters.outlineVolume is None:
            return _("Choose the series on which the diseased segment is outlined")
        return ""

    def missingForSearch(self, parameters) -> str:
        """What the user still has to do before the lesion can be looked for; empty when nothing."""
        if self.currentCase(parameters) is None:
            return _("Load a study first")
        if parameters.searchVolume is None:
            return _("Choose the series in which the lesion is to be found")
        if not parameters.lesionId:
            return _("Add a lesion first")
        return ""

    def _case(self, parameters) -> SceneCase:
        case = self.currentCase(parameters)
        if case is None:
            raise InputError("study", "none is loaded or chosen", "load a study first")
        return case

    def _part(self, parameters, content: Content, volume) -> Drawn:
        return ensure_part(self._case(parameters), parameters.lesionId, content, volume)

    # Without a case: any outline, any volume.

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
