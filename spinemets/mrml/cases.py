"""A study in a scene: volumes by role, in one folder, with what is known of patient and series kept beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spinemets.errors import InputError
from spinemets.mrml.sequences import sequence_nodes_from_image
from spinemets.mrml.subject_hierarchy import case_folder, folder_of, item_attributes, place_in_folder, set_item_attributes
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
    (where the Sequences module is absent, such a series is in `sequences` only)."""

    folder: int
    volumes: Mapping[str, Any]
    sequences: Mapping[str, Any]


def load_case(study: Any, scene: Any, progress: Progress = silent) -> LoadedCase:
    """Load every series of a `spinemets.studies.scanning.Study` that has a clinical role into a scene.

    Of several series of one role, the one that `Study.by_role` prefers is named in `volumes`; the others are loaded too.

    Raises
    ------
    InputError : no series has a role, or one cannot be read. Nothing stays in the scene then.
    """
    wanted = [series for series in study.series if series.role not in ROLES_LEFT_OUT]
    if not wanted:
        raise InputError(study.source, "has no series that SpineMets can use", "choose the folder of a spine MRI study")
    name = str(study.patient_id or study.description or "study")
    folder = case_folder(scene, name, study.uid)
    set_item_attributes(scene, folder, _study_attributes(study))
    added: list[Any] = []
    volumes: dict[str, Any] = {}
    sequences: dict[str, Any] = {}
    try:
        for done, series in enumerate(wanted):
            progress("load", done, len(wanted), f"{series.role}: {series.description}")
            volume, sequence, nodes = _load_series(series, scene, f"{name} {series.role}")
            added += nodes
            for node in nodes:
                place_in_folder(node, folder, series.uid if node is (volume or sequence) else "")
            preferred = study.by_role(series.role).uid == series.uid
            if volume is not None and preferred:
                volumes[series.role] = volume
            if sequence is not None and preferred:
                sequences[series.role] = sequence
        progress("load", len(wanted), len(wanted))
    except BaseException:
        for node in added:
            scene.RemoveNode(node)
        raise
    return LoadedCase(folder, volumes, sequences)


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
    for node in made:
        node.SetAttribute(ROLE_ATTRIBUTE, series.role)
        for key in SERIES_ATTRIBUTES:
            value = getattr(series, key)
            node.SetAttribute(ATTRIBUTE_PREFIX + key, None if value is None else str(value))
    return shown, sequence, made


def role_of(node: Any) -> str:
    """Role of a volume that SpineMets loaded; empty for any other."""
    return node.GetAttribute(ROLE_ATTRIBUTE) or ""


def volumes_by_role(scene: Any, beside: Any | None = None) -> dict[str, Any]:
    """First volume node of each role; with `beside`, only those of the case in whose folder that node lies."""
    folder = None if beside is None else folder_of(beside)
    found: dict[str, Any] = {}
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")):
        node = scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode")
        if role_of(node) and (folder is None or folder_of(node) == folder):
            found.setdefault(role_of(node), node)
    return found


def identity_of_case(volumes: Mapping[str, Any], simulated: bool = False) -> StudyIdentity:
    """Who and what the volumes are, for a report; as far as SpineMets loaded them, and empty for others."""
    lines = []
    study: dict[str, str] = {}
    for role, node in volumes.items():
        known = {key: node.GetAttribute(ATTRIBUTE_PREFIX + key) or "" for key in SERIES_ATTRIBUTES}
        known["description"] = known["description"] or node.GetName()
        lines.append(SeriesLine(role=role, used=True, **known))
        study = study or item_attributes(node.GetScene(), folder_of(node), STUDY_ATTRIBUTES)
    return StudyIdentity(**study, series=tuple(lines), simulated=simulated)


def _study_attributes(study: Any) -> dict[str, str]:
    values = {"study_uid": study.uid} | {key: getattr(study, key) for key in STUDY_ATTRIBUTES if key != "study_uid"}
    return {key: str(value) for key, value in values.items() if value}
