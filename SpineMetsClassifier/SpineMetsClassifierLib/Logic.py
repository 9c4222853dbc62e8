"""What the module SpineMetsClassifier does, without a window: from a lesion in the scene to result nodes."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from spinemets.dce.wanted import DYNAMIC_ROLE, HotSpotInput
from spinemets.errors import InputError
from spinemets.models.classification import Result, classify_case, with_clinical_values
from spinemets.models.package import ModelPackage, find_packages
from spinemets.mrml.cases import SceneCase, case_of, case_with_uid, cases_in, identity_of_case, role_of, volumes_by_role
from spinemets.mrml.hot_spots import FOUND, hot_spot_of, origin_of
from spinemets.mrml.lesions import Content, lesion_id, lesions_of
from spinemets.mrml.markups import first_point_lps
from spinemets.mrml.results import SceneResult, keep_result, result_with_key, result_with_measured_key
from spinemets.mrml.segmentations import has_voxels, segments_of
from spinemets.mrml.sequences import frames_before_contrast, injection_of, sequence_behind, times_of_sequence
from spinemets.outputs import replacing_file
from spinemets.progress import silent
from spinemets.report.page import write_report
from spinemets.report.wording import role_in_words

from .Inputs import Digests, Inputs
from .ModelLibrary import KnownModel, whyNot
from .ParameterNode import SpineMetsClassifierParameterNode
from .Suggestions import Suggestions, isCord

# Field of the parameter node by role.
VOLUME_FIELDS = {
    "t1": "volumeT1",
    "t2": "volumeT2",
    "fs_t2": "volumeFsT2",
    "ce_t1_sag": "volumeCeT1Sag",
    "ce_t1_cor": "volumeCeT1Cor",
    "ce_t1_ax": "volumeCeT1Ax",
    "dce": "volumeDce",
    "ct": "volumeCt",
}


def _rolesInOpenPlanes(used, volumes) -> list[str]:
    """Series in planes that a model's own leave open: the report shows the lesion there as it was acquired."""
    from spinemets.mrml.slice_views import plane_of
    from spinemets.report.views import roles_for_open_planes

    planes = {}
    for role, volume in volumes.items():
        with suppress(InputError):  # a bent transform above it: told when the model's own series are read
            planes[role] = plane_of(volume).lower()
    return [roles[0] for roles in roles_for_open_planes(used, planes) if roles]


@dataclass(frozen=True)
class LesionChoice:
    """A segment that can be classified. `identity` is the lesion's, shared by its masks on several series."""

    node: object
    segmentID: str
    identity: str
    name: str


@dataclass(frozen=True)
class Classification:
    """A result of work in this process, with what a report needs."""

    result: Result
    shown: SceneResult
    inputs: Inputs


class SpineMetsClassifierLogic(ScriptedLoadableModuleLogic):
    """Can be used from scripts; every method that takes long reports to `progress`, which may raise `Cancelled`."""

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        self._digests = Digests()
        self._suggestions = Suggestions(self._digests)

    def getParameterNode(self):
        return SpineMetsClassifierParameterNode(super().getParameterNode())

    # What there is to choose from.

    def currentCase(self, parameters) -> SceneCase | None:
        """The study that the user chose; else that of the lesion, else the only one in the scene."""
        chosen = case_with_uid(slicer.mrmlScene, parameters.caseUid) if parameters.caseUid else None
        if chosen is None and parameters.lesionSegmentation is not None:
            chosen = case_of(parameters.lesionSegmentation)
        cases = cases_in(slicer.mrmlScene)
        return chosen or (cases[0] if len(cases) == 1 else None)

    def lesions(self, parameters) -> list[LesionChoice]:
        """Lesions of the case as the Segmenter left them, then segments of other segmentations that are in no other
        case; empty segments are left out."""
        case = self.currentCase(parameters)
        found, outlines = [], set()
        for lesion in [] if case is None else lesions_of(case):
            outlines |= {(p.node.GetID(), p.segment_id) for p in lesion.drawn if p.content is Content.OUTLINES}
            masks = lesion.parts(Content.LESIONS)
            if masks:
                found.append(LesionChoice(masks[0].node, masks[0].segment_id, lesion.id, lesion.name))
        known = {choice.identity for choice in found}
        scene = slicer.mrmlScene
        for index in range(scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")):
            node = scene.GetNthNodeByClass(index, "vtkMRMLSegmentationNode")
            if case is not None and case_of(node) not in (None, case):
                continue
            for segmentID, name in segments_of(node).items():
                identity = lesion_id(node, segmentID)
                isOther = isCord(name) or identity in known or (node.GetID(), segmentID) in outlines
                if isOther or not has_voxels(node, segmentID):
                    continue
                found.append(LesionChoice(node, segmentID, identity, f"{name} ({node.GetName()})"))
        return found

    def currentLesion(self, parameters) -> LesionChoice | None:
        """The lesion that is asked about; None when it is gone or empty."""
        node, segmentID = parameters.lesionSegmentation, parameters.lesionSegmentID
        if node is None or segmentID not in segments_of(node) or not has_voxels(node, segmentID):
            return None
        identity = lesion_id(node, segmentID)
        listed = [choice for choice in self.lesions(parameters) if choice.identity == identity]
        name = listed[0].name if listed else segments_of(node)[segmentID]
        return LesionChoice(node, segmentID, identity, name)

    def volumes(self, parameters) -> dict:
        """Series of each role, of those that are chosen and still in the scene."""
        chosen = {role: getattr(parameters, field) for role, field in VOLUME_FIELDS.items()}
        return {role: node for role, node in chosen.items() if node is not None}

    # Choosing.

    def settle(self, parameters) -> None:
        """Choose what can be chosen without asking, in place of what is gone: study, lesion, series by role, and the
        model where there is only one: which question is asked is for the user to say.

        A model that is no longer where a saved scene says (another computer) is replaced by the one of the same file
        name.
        """
        case = self.currentCase(parameters)
        _set(parameters, "caseUid", "" if case is None else case.uid)
        if self.currentLesion(parameters) is None:
            choices = self.lesions(parameters)
            if len({choice.node.GetID() for choice in choices}) == 1 or (case is not None and choices):
                self.chooseLesion(parameters, choices[0].node, choices[0].segmentID)
        known = volumes_by_role(slicer.mrmlScene, beside=parameters.lesionSegmentation)
        if not known and case is not None:
            known = case.volumes()
        for role, field in VOLUME_FIELDS.items():
            if getattr(parameters, field) is None and role in known:
                setattr(parameters, field, known[role])
        paths = [self._pathHere(path) for path in parameters.modelPaths.splitlines()]
        if not paths:
            known = find_packages()
            paths = [str(path) for path in known] if len(known) == 1 else []
        _set(parameters, "modelPaths", "\n".join(paths))

    def chooseCase(self, parameters, uid: str) -> None:
        """Ask about another study: its series, and its first lesion."""
        case = case_with_uid(slicer.mrmlScene, uid)
        parameters.caseUid = uid
        self._takeVolumes(parameters, {} if case is None else case.volumes())
        parameters.lesionSegmentation, parameters.lesionSegmentID = None, ""
        self.settle(parameters)

    def chooseLesion(self, parameters, node, segmentID: str) -> None:
        """Ask about another lesion; one of another study brings the series of its own."""
        isOther = node != parameters.lesionSegmentation
        parameters.lesionSegmentation, parameters.lesionSegmentID = node, segmentID
        case = None if node is None or not isOther else case_of(node)
        if case is not None:
            parameters.caseUid = case.uid
            self._takeVolumes(parameters, case.volumes())

    def _takeVolumes(self, parameters, volumes) -> None:
        for role, field in VOLUME_FIELDS.items():
            setattr(parameters, field, volumes.get(role))

    def _pathHere(self, path: str) -> str:
        if Path(path).is_file():
            return path
        name = re.split(r"[\\/]", path)[-1]
        return next((str(known) for known in find_packages() if known.name == name), path)

    # Asking.

    def missingInput(self, parameters, models) -> str:
        """What is still missing before the `KnownModel`s can be asked; empty when nothing."""
        if parameters.lesionSegmentation is None:
            choose = _("Choose the lesion: find or draw it in the module SpineMets Segmenter.")
            opening = _("Open a study first: choose its folder and press Load, or press DICOM.")
            return choose if self.volumes(parameters) else f"{opening} {choose}"
        if parameters.lesionSegmentID not in segments_of(parameters.lesionSegmentation):
            return _("The segment of the lesion is gone. Choose another one.")
        if not has_voxels(parameters.lesionSegmentation, parameters.lesionSegmentID):
            return _("The lesion is empty. Draw it first.")
        if not models:
            return _("Tick the model that answers your question.")
        roles = self.volumes(parameters)
        for model in models:
            reason = whyNot(model, roles)
            if reason:
                return f"{model.name}: {reason}"
        for role in dict.fromkeys(role for model in models for role in model.package.roles):
            stranger = self.otherStudy(parameters, roles[role])
            if stranger:
                return _(
                    "The series chosen as {role} belongs to another study, {study}. Choose one of this study."
                ).format(role=role_in_words(role), study=stranger)
            other = self.otherRole(role, roles[role])
            if other:
                return _("The series chosen as {role} is {other}. Choose another one, or correct its role.").format(
                    role=role_in_words(role), other=role_in_words(other)
                )
            if role == DYNAMIC_ROLE and not hasTimes(roles[role]):
                return _(
                    "The dynamic series does not say when its frames were taken: type the seconds from frame to frame"
                    " in the module SpineMets Segmenter, under Kinetics."
                )
        entered = self.clinicalValues(parameters)
        missing = [one["description"] for name, one in self.variables(models).items() if name not in entered]
        return _("Enter the clinical variables: {names}.").format(names=", ".join(missing)) if missing else ""

    def otherRole(self, role: str, volume) -> str:
        """The role of a series when it is known and another one: a model must not take T1 for T2."""
        known = role_of(volume)
        return known if known != role else ""

    def otherStudy(self, parameters, volume) -> str:
        """Name of the study of a series when it is another one than the lesion's: two patients must never be mixed."""
        ours, theirs = self.currentCase(parameters), case_of(volume)
        return "" if ours is None or theirs is None or theirs == ours else theirs.name

    def missingRoles(self, parameters, models) -> list[str]:
        """Roles, in words, that the models need and that no series is chosen for."""
        needed = [role for model in models if model.package is not None for role in model.package.roles]
        known = self.volumes(parameters)
        return [role_in_words(role) for role in dict.fromkeys(needed) if role not in known]

    def inputs(self, parameters, package: ModelPackage) -> Inputs:
        """What one model is asked.

        Raises
        ------
        InputError : something is missing.
        """
        lesion, volumes = self.currentLesion(parameters), self.volumes(parameters)
        if lesion is None:
            raise InputError("lesion", "none is chosen, or it is empty", "find or draw it first, then choose it")
        missing = [role for role in package.roles if role not in volumes]
        if missing:
            raise InputError(missing[0], f"is missing, and {package.name} needs it", "choose the series of this role")
        used = {role: volumes[role] for role in package.roles}
        entered = self.clinicalValues(parameters)
        # A model that looks at no image: the report shows the lesion on what there is.
        shown = _rolesInOpenPlanes(used, volumes) if used else volumes
        views = {role: volumes[role] for role in shown}
        return Inputs(
            package=package,
            volumes=used,
            segment=(lesion.node, lesion.segmentID),
            lesion=(lesion.identity, lesion.name),
            views=views,
            roleSegments=self._roleSegments(parameters, lesion, used),
            hotSpot=self._hotSpot(parameters, lesion, package, used),
            suggested=self._suggested(parameters, package),
            clinical={
                name: entered[name] for name in self.variables([KnownModel(package.path, package)]) if name in entered
            },
        )

    def _suggested(self, parameters, package: ModelPackage) -> dict:
        """What was measured, for the record: word and measurement by variable."""
        found = self.suggestions(parameters, [KnownModel(package.path, package)])
        return {name: vars(one) for name, one in found.items() if one.word}

    def _hotSpot(self, parameters, lesion: LesionChoice, package: ModelPackage, volumes) -> HotSpotInput:
        """Where the reader moved the lesion's hot spot to, and what the Segmenter was told of the series; nothing for a
        model that does not measure there."""
        if package.kinetics is None:
            return HotSpotInput()
        case = self.currentCase(parameters)
        node = None if case is None else hot_spot_of(case, lesion.identity)
        place = None if node is None or origin_of(node) == FOUND else first_point_lps(node)
        series = volumes[DYNAMIC_ROLE]
        return HotSpotInput(place, injection_of(series), frames_before_contrast(series))

    def _roleSegments(self, parameters, lesion: LesionChoice, volumes) -> dict:
        """Where the lesion was also drawn on a series of the model itself."""
        case = self.currentCase(parameters)
        known = next((one for one in lesions_of(case) if one.id == lesion.identity), None) if case is not None else None
        masks = [] if known is None else known.parts(Content.LESIONS)
        return {
            role: (part.node, part.segment_id)
            for role, node in volumes.items()
            for part in masks
            if part.volume == node
        }

    def keyOf(self, inputs: Inputs) -> str:
        """Hash of all that the answer depends on. Raises InputError for a volume or segment that cannot be used."""
        return inputs.key(self._digests)

    def knownResult(self, inputs: Inputs) -> SceneResult | None:
        """The result of exactly these inputs, when the scene holds it. One that differs in clinical values alone is
        brought up to date: its measurements stay.

        Raises InputError for a volume, segment or clinical value that cannot be used.
        """
        scene = slicer.mrmlScene
        known = result_with_key(scene, self.keyOf(inputs))
        if known is not None or not inputs.clinical:
            return known
        measured = result_with_measured_key(scene, inputs.measuredKey(self._digests))
        if measured is None:
            return None
        return self.keep(inputs, with_clinical_values(measured.document, inputs.package, inputs.clinical), None)

    def keep(self, inputs: Inputs, document, overlay) -> SceneResult:
        """Put an answer into the scene, in the nodes of the last one of this lesion and model."""
        volume = inputs.volumes[inputs.overlaidRole] if inputs.volumes else inputs.segment[0]
        measured = inputs.measuredKey(self._digests)
        if inputs.suggested:
            record = {**document["provenance"], "clinical_suggested": inputs.suggested}
            document = {**document, "provenance": record}
        return keep_result(document, self.keyOf(inputs), inputs.lesion, volume, overlay, measured)

    # Clinical variables: kept a lesion, since those of one patient must never be taken for another's.

    def variables(self, models) -> dict[str, dict]:
        """Clinical variables that the models need, by name: description, unit, and the number of each word."""
        packages = [model.package for model in models if model.package is not None]
        return {one["name"]: one for package in packages for one in package.model.get("variables", ())}

    def clinicalValues(self, parameters) -> dict:
        """What was entered for the chosen lesion: words and numbers by name."""
        lesion = self.currentLesion(parameters)
        return {} if lesion is None else json.loads(parameters.clinicalValues or "{}").get(lesion.identity, {})

    def setClinicalValues(self, parameters, values) -> None:
        """Keep what was entered for the chosen lesion."""
        lesion = self.currentLesion(parameters)
        if lesion is not None:
            everything = json.loads(parameters.clinicalValues or "{}") | {lesion.identity: values}
            parameters.clinicalValues = json.dumps(everything, sort_keys=True)

    def suggestions(self, parameters, models) -> dict:
        """What was measured of the clinical variables that a reader scores: `Suggestion` by name."""
        lesion, variables = self.currentLesion(parameters), self.variables(models)
        if lesion is None or not variables:
            return {}
        segment, case = (lesion.node, lesion.segmentID), self.currentCase(parameters)
        return self._suggestions.of(variables, self.volumes(parameters), segment, case)

    def saveLesion(self, parameters, path) -> None:
        """Write the lesion that is asked about, alone, as a segmentation; replaces the file.

        Raises
        ------
        InputError : there is none, or the file cannot be written.
        """
        lesion = self.currentLesion(parameters)
        if lesion is None:
            raise InputError("lesion", "none is chosen, or it is empty", "choose a lesion")
        alone = slicer.vtkMRMLSegmentationNode()
        alone.GetSegmentation().CopySegmentFromSegmentation(lesion.node.GetSegmentation(), lesion.segmentID)
        storage = slicer.vtkMRMLSegmentationStorageNode()
        with replacing_file(Path(path), overwrite=True) as draft:
            storage.SetFileName(str(draft))
            if not storage.WriteData(alone):
                raise InputError(path, "cannot be written", "free space on its disk, or choose another folder")

    # In this process: for scripts, and where there is no window.

    def classify(self, parameters, package: ModelPackage, progress=silent) -> Classification:
        """Ask one model, and keep its answer in the scene.

        Raises
        ------
        InputError : naming the series or segment at fault.
        """
        inputs = self.inputs(parameters, package)
        result = classify_case(
            inputs.images(),
            inputs.mask(),
            package,
            role_masks=inputs.masks(),
            clinical=inputs.clinical,
            hot_spot=inputs.hotSpot,
            mask_author=inputs.author,
            progress=progress,
        )
        overlay = result.masks[inputs.overlaidRole] if inputs.volumes else None
        shown = self.keep(inputs, result.as_json(), overlay)
        return Classification(result, shown, inputs)

    def writeReport(self, found: Classification, path: str) -> Path:
        """Write the report as one self-contained HTML file; replaces the file. Raises InputError if it cannot."""
        inputs = found.inputs
        identity = identity_of_case(inputs.volumes)
        write_report(found.result, identity, inputs.images(), found.result.masks, path, overwrite=True)
        return Path(path)


def hasTimes(volume) -> bool:
    """Whether the seconds of a dynamic series' frames are known; what is no sequence, or no time, is told elsewhere."""
    sequence = sequence_behind(volume)
    try:
        return sequence is None or bool(times_of_sequence(sequence))
    except InputError:
        return True


def _set(parameters, field: str, value) -> None:
    """Set only what is different: each setting is an event."""
    if getattr(parameters, field) != value:
        setattr(parameters, field, value)
