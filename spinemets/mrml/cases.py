"""A study in a scene: volumes by role, in one folder, with what is known of patient and series kept beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spinemets.errors import InputError
from spinemets.mrml.segmentations import reference_volume
from spinemets.mrml.sequences import sequence_nodes_from_image
from spinemets.mrml.subject_hierarchy import (
    case_folder,
    dicom_identity,
    folder_of,
    item_attributes,
    place_in_folder,
    set_item_attributes,
)
from spinemets.mrml.volumes import ATTRIBUTE_PREFIX, volume_node_from_image
from spinemets.progress import Progress, silent
from spinemets.report.identity import SeriesLine, StudyIdentity

ROLE_ATTRIBUTE = ATTRIBUTE_PREFIX + "Role"
STUDY_ATTRIBUTES = ("patient_id", "patient_name", "date", "description", "study_uid")
SERIES_ATTRIBUTES = ("plane", "number", "description", "reason")
# Series that are no input of any step; they stay on disk.
ROLES_LEFT_OUT = frozenset({"localizer", "diffusion", "other"})


@dataclass(frozen=True)
class LoadedCase:
    """A study in the scene. `volumes`: the volume node of each role; of a dynamic series, the one that shows a frame
    (where the Sequences module is absent, such a series is in `sequences` only). `problems`: why a series is not there.
    """

    folder: int
    volumes: Mapping[str, Any]
    sequences: Mapping[str, Any]
    problems: tuple[str, ...] = ()


def load_case(study: Any, scene: Any, progress: Progress = silent) -> LoadedCase:
    """Load every series of a `spinemets.studies.scanning.Study` that has a clinical role into a scene.

    Of several series of one role, `volumes` names the one that `Study.by_role` prefers; the others are loaded too.
    A series that cannot be read is left out and its fault is told in `problems`.

    Raises
    ------
    InputError : no series has a role, or none can be read.
    Cancelled : from `progress`. In both cases nothing stays in the scene.
    """
    wanted = [series for series in study.series if series.role not in ROLES_LEFT_OUT]
    if not wanted:
        raise InputError(study.source, "has no series that SpineMets can use", "choose the folder of a spine MRI study")
    name = str(study.patient_id or study.description or "study")
    volumes: dict[str, Any] = {}
    sequences: dict[str, Any] = {}
    problems: list[InputError] = []
    added: list[tuple[Any, str]] = []
    try:
        for done, series in enumerate(wanted):
            progress("load", done, len(wanted), f"{series.role}: {series.description}")
            try:
                shown, sequence, nodes = _load_series(series, scene, f"{name} {series.role}")
            except InputError as error:
                problems.append(error)
                continue
            added += [(node, series.uid if node is (shown or sequence) else "") for node in nodes]
            if study.by_role(series.role) is series:
                volumes |= {series.role: shown} if shown is not None else {}
                sequences |= {series.role: sequence} if sequence is not None else {}
        progress("load", len(wanted), len(wanted))
        if not added:
            raise problems[0]
    except BaseException:
        for node, _uid in added:
            _remove(node)
        raise
    folder = case_folder(scene, name, study.uid or str(study.source))
    set_item_attributes(scene, folder, _study_attributes(study))
    for node, uid in added:
        place_in_folder(node, folder, uid)
    return LoadedCase(folder, volumes, sequences, tuple(map(str, problems)))


def _load_series(series: Any, scene: Any, name: str) -> tuple[Any | None, Any | None, list[Any]]:
    """Volume that is shown, sequence, and all nodes made, of one series."""
    image = series.load()
    if image.GetDimension() == 4:
        nodes = sequence_nodes_from_image(image, series.times, scene, name)
        shown, sequence = nodes.shown, nodes.sequence
        made = [node for node in (nodes.sequence, nodes.browser, nodes.shown) if node is not None]
    else:
        shown, sequence = volume_node_from_image(image, scene, name), None
        made = [shown]
    # The frames too: the volume that shows a frame takes all attributes of that frame when the user steps on.
    frames = [] if sequence is None else [sequence.GetNthDataNode(n) for n in range(sequence.GetNumberOfDataNodes())]
    for node in (*made, *frames):
        node.SetAttribute(ROLE_ATTRIBUTE, series.role)
        for key in SERIES_ATTRIBUTES:
            value = getattr(series, key)
            node.SetAttribute(ATTRIBUTE_PREFIX + key, None if value is None else str(value))
    return shown, sequence, made


def _remove(node: Any) -> None:
    """Take a node out of its scene, with the display nodes that were made for it."""
    scene = node.GetScene()
    if scene is None:  # the application removed it with the sequence or browser that it belonged to
        return
    displays = [node.GetNthDisplayNode(n) for n in range(node.GetNumberOfDisplayNodes())] if _is_shown(node) else []
    scene.RemoveNode(node)
    for display in displays:
        scene.RemoveNode(display)


def _is_shown(node: Any) -> bool:
    return bool(node.IsA("vtkMRMLDisplayableNode"))


def role_of(node: Any) -> str:
    """Role of a volume that SpineMets loaded; empty for any other."""
    return node.GetAttribute(ROLE_ATTRIBUTE) or ""


def volumes_by_role(scene: Any, beside: Any | None = None) -> dict[str, Any]:
    """First volume node of each role, all of one case: the case of `beside`, else the only case in the scene.

    Empty when it is not clear which case is meant, since series of two patients must never be mixed. The case of a node
    is the folder that it lies in; of a segmentation elsewhere, that of the volume it was drawn on.
    """
    by_case: dict[int, dict[str, Any]] = {}
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")):
        node = scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode")
        if role_of(node):
            by_case.setdefault(folder_of(node), {}).setdefault(role_of(node), node)
    if beside is not None:
        drawn_on = reference_volume(beside) if beside.IsA("vtkMRMLSegmentationNode") else None
        for known in (beside, drawn_on):
            if known is not None and folder_of(known) in by_case:
                return by_case[folder_of(known)]
    return next(iter(by_case.values())) if len(by_case) == 1 else {}


def identity_of_case(volumes: Mapping[str, Any], simulated: bool = False) -> StudyIdentity:
    """Who and what the volumes are, for a report: of those that SpineMets or Slicer's DICOM module loaded."""
    lines = []
    study: dict[str, str] = {}
    for role, node in volumes.items():
        known = {key: node.GetAttribute(ATTRIBUTE_PREFIX + key) or "" for key in SERIES_ATTRIBUTES}
        known["description"] = known["description"] or node.GetName()
        lines.append(SeriesLine(role=role, used=True, **known))
        study = study or item_attributes(node.GetScene(), folder_of(node), STUDY_ATTRIBUTES) or dicom_identity(node)
    return StudyIdentity(**study, series=tuple(lines), simulated=simulated)


def _study_attributes(study: Any) -> dict[str, str]:
    values = {"study_uid": study.uid} | {key: getattr(study, key) for key in STUDY_ATTRIBUTES if key != "study_uid"}
    return {key: str(value) for key, value in values.items() if value}
