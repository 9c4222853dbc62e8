"""A study in a scene: its folder, its series and their roles, with what is known of patient and series kept there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from spinemets.mrml.segmentations import reference_volume
from spinemets.mrml.subject_hierarchy import (
    case_folder_of,
    case_folders,
    dicom_identity,
    folder_of,
    item_attributes,
    item_name,
    nodes_below,
    set_item_attributes,
    uid_of_case,
)
from spinemets.mrml.volumes import ATTRIBUTE_PREFIX
from spinemets.report.identity import SeriesLine, StudyIdentity
from spinemets.studies.roles import IMAGE_ROLES, OTHER_ROLES

ROLE_ATTRIBUTE = ATTRIBUTE_PREFIX + "Role"
KEY_ATTRIBUTE = ATTRIBUTE_PREFIX + "Key"
STUDY_ATTRIBUTES = ("patient_id", "patient_name", "date", "description", "study_uid")
SERIES_ATTRIBUTES = ("plane", "number", "description", "reason")
# Kept with a series too, where they are known: ms and degrees.
SEQUENCE_ATTRIBUTES = ("tr", "flip_angle")
# Which map a volume is, as `wash_out`; such a volume is made from a series and is none itself.
MAP_ATTRIBUTE = ATTRIBUTE_PREFIX + "Map"
# Series that are no input of any step; they stay on disk.
ROLES_LEFT_OUT = frozenset(OTHER_ROLES)
# Roles in the order in which a reader looks at them.
ROLES_IN_ORDER = (*IMAGE_ROLES, *OTHER_ROLES)
SOURCE, SERIES_LIST, WARNINGS = "source", "series", "warnings"


@dataclass(frozen=True)
class SceneSeries:
    """A series of a case, whether loaded or not.

    `key` tells it from the others of its study. `volume` shows it; None while it is not loaded. `is_chosen`: the role
    is the user's choice, not found by rules. `origin` is the file or folder it comes from.
    """

    key: str
    role: str
    plane: str = ""
    number: int | None = None
    description: str = ""
    reason: str = ""
    confidence: float = 0.0
    problem: str = ""
    origin: str = ""
    frames: int = 1
    is_chosen: bool = False
    volume: Any | None = None

    def as_json(self) -> dict[str, Any]:
        """All but the volume, which is known by its key."""
        return {name: value for name, value in vars(self).items() if name != "volume"}


@dataclass(frozen=True)
class SceneCase:
    """The folder of a study in a scene; `folder` is its item in the subject hierarchy."""

    scene: Any
    folder: int

    @property
    def uid(self) -> str:
        """Of the study; what the case is found by after a scene was saved and read."""
        return uid_of_case(self.scene, self.folder)

    @property
    def name(self) -> str:
        """As the user sees it in the Data module."""
        return item_name(self.scene, self.folder)

    @property
    def source(self) -> str:
        """Folder of files that the study was read from; empty when not known."""
        return item_attributes(self.scene, self.folder, [SOURCE]).get(SOURCE, "")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know before relying on the roles."""
        return tuple(json.loads(item_attributes(self.scene, self.folder, [WARNINGS]).get(WARNINGS, "[]")))

    def nodes(self, node_class: str) -> list[Any]:
        """The case's nodes of a class, in the folder and in folders that the user made in it."""
        return [node for node in nodes_below(self.scene, self.folder) if node.IsA(node_class)]

    def series(self) -> list[SceneSeries]:
        """All series of the study, of one role the preferred one first."""
        volumes = {key_of(node): node for node in reversed(self._volumes())}
        text = item_attributes(self.scene, self.folder, [SERIES_LIST]).get(SERIES_LIST, "[]")
        listed = [SceneSeries(**entry) for entry in json.loads(text)]
        known = [replace(entry, volume=volumes.pop(entry.key, None)) for entry in listed]
        return known + [_series_of_node(node) for _key, node in sorted(volumes.items())]

    def series_of(self, volume: Any) -> SceneSeries | None:
        """The series that a volume node shows; None for any other node."""
        return next((entry for entry in self.series() if volume is not None and entry.volume == volume), None)

    def volumes(self) -> dict[str, Any]:
        """The preferred volume node of each role, roles in their usual order."""
        found: dict[str, Any] = {}
        for entry in self.series():
            if entry.volume is not None and entry.role in IMAGE_ROLES:
                found.setdefault(entry.role, entry.volume)
        return {role: found[role] for role in IMAGE_ROLES if role in found}

    def keep_series(self, series: Sequence[SceneSeries]) -> None:
        """Replace the list of the study's series; saved with the scene."""
        text = json.dumps([entry.as_json() for entry in series], ensure_ascii=False)
        set_item_attributes(self.scene, self.folder, {SERIES_LIST: text})

    def set_role(self, key: str, role: str) -> None:
        """Give a series the role that the user chose; it becomes the preferred one of that role."""
        series = self.series()
        chosen = next(entry for entry in series if entry.key == key)
        others = [entry for entry in series if entry.key != key]
        self.keep_series([replace(chosen, role=role, is_chosen=True), *others])
        for node in (node for node in self.nodes("vtkMRMLNode") if key_of(node) == key):
            _give_role(node, role)
            if node.GetName().startswith(f"{self.name} {chosen.role}"):
                node.SetName(self.scene.GenerateUniqueName(f"{self.name} {role}"))

    def _volumes(self) -> list[Any]:
        return [
            node
            for node in self.nodes("vtkMRMLScalarVolumeNode")
            if not node.IsA("vtkMRMLLabelMapVolumeNode") and not node.GetAttribute(MAP_ATTRIBUTE)
        ]


def key_of(node: Any) -> str:
    """Key of the series that a node is of; of a volume that SpineMets did not load, the node's own identity."""
    return node.GetAttribute(KEY_ATTRIBUTE) or node.GetAttribute(ATTRIBUTE_PREFIX + "SeriesUID") or node.GetID()


def _series_of_node(node: Any) -> SceneSeries:
    """What a volume that is in no list tells of itself."""
    number = node.GetAttribute(ATTRIBUTE_PREFIX + "number") or ""
    return SceneSeries(
        key=key_of(node),
        role=role_of(node) or "other",
        plane=node.GetAttribute(ATTRIBUTE_PREFIX + "plane") or "",
        number=int(number) if number.isdigit() else None,
        description=node.GetAttribute(ATTRIBUTE_PREFIX + "description") or node.GetName(),
        reason=node.GetAttribute(ATTRIBUTE_PREFIX + "reason") or "",
        volume=node,
    )


def mark_series(node: Any, series: Any) -> None:
    """Keep with a node of a `spinemets.studies.study.Series` what it is."""
    values = {key: getattr(series, key) for key in (*SERIES_ATTRIBUTES, *SEQUENCE_ATTRIBUTES)}
    for one in _with_frames(node):
        one.SetAttribute(ROLE_ATTRIBUTE, series.role)
        one.SetAttribute(KEY_ATTRIBUTE, series.key)
        for key, value in values.items():
            one.SetAttribute(ATTRIBUTE_PREFIX + key, None if value is None else str(value))


def _give_role(node: Any, role: str) -> None:
    for one in _with_frames(node):
        one.SetAttribute(ROLE_ATTRIBUTE, role)


def _with_frames(node: Any) -> list[Any]:
    """The node, and the frames of a sequence: the volume that shows a frame takes all attributes of that frame when
    the user steps on."""
    frames = node.GetNumberOfDataNodes() if node.IsA("vtkMRMLSequenceNode") else 0
    return [node, *(node.GetNthDataNode(index) for index in range(frames))]


def cases_in(scene: Any) -> list[SceneCase]:
    """The studies in a scene, in the order in which they were loaded."""
    return [SceneCase(scene, folder) for folder in case_folders(scene)]


def case_with_uid(scene: Any, uid: str) -> SceneCase | None:
    """The case of a study; None when it is not in the scene."""
    return next((case for case in cases_in(scene) if case.uid == uid), None)


def case_of(node: Any) -> SceneCase | None:
    """The case that a node belongs to: the one whose folder it lies in; of a segmentation elsewhere, that of the volume
    it was drawn on."""
    known = [node, reference_volume(node) if node.IsA("vtkMRMLSegmentationNode") else None]
    folders = [case_folder_of(one) for one in known if one is not None]
    return next((SceneCase(node.GetScene(), folder) for folder in folders if folder), None)


def role_of(node: Any) -> str:
    """Role of a volume that SpineMets loaded; empty for any other."""
    return node.GetAttribute(ROLE_ATTRIBUTE) or ""


def volumes_by_role(scene: Any, beside: Any | None = None) -> dict[str, Any]:
    """Preferred volume node of each role, all of one case: the case of `beside`, else the only case in the scene.

    Empty when it is not clear which case is meant, since series of two patients must never be mixed.
    """
    cases = [case for case in cases_in(scene) if case.volumes()]
    of_node = None if beside is None else case_of(beside)
    if of_node is not None and of_node in cases:
        return of_node.volumes()
    return cases[0].volumes() if len(cases) == 1 else {}


def identity_of_case(volumes: Mapping[str, Any], simulated: bool = False) -> StudyIdentity:
    """Who and what the volumes are, for a report: of those that SpineMets or Slicer's DICOM module loaded."""
    lines = []
    study: dict[str, str] = {}
    for role, node in volumes.items():
        known = {key: node.GetAttribute(ATTRIBUTE_PREFIX + key) or "" for key in SERIES_ATTRIBUTES}
        known["description"] = known["description"] or node.GetName()
        lines.append(SeriesLine(role=role, used=True, **known))
        folder = case_folder_of(node) or folder_of(node)
        study = study or item_attributes(node.GetScene(), folder, STUDY_ATTRIBUTES) or dicom_identity(node)
    return StudyIdentity(**study, series=tuple(lines), simulated=simulated)


def study_attributes(study: Any) -> dict[str, str]:
    """What a case's folder keeps of its study."""
    values = {"study_uid": study.uid} | {key: getattr(study, key) for key in STUDY_ATTRIBUTES if key != "study_uid"}
    values |= {SOURCE: study.source, WARNINGS: json.dumps(list(study.warnings), ensure_ascii=False)}
    return {key: str(value) for key, value in values.items() if value}
