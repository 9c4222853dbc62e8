"""Volumes that came into the scene by other ways (the DICOM module, files dropped on the window) as a study of ours."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spinemets.mrml.cases import MAP_ATTRIBUTE, SceneCase, mark_series
from spinemets.mrml.sequences import sequence_behind
from spinemets.mrml.slice_views import plane_of
from spinemets.mrml.subject_hierarchy import (
    case_folder,
    case_folder_of,
    dicom_identity,
    make_case_of_item,
    place_in_folder,
    series_uid_of,
    study_item_of,
)
from spinemets.studies.dicom import series_described_by
from spinemets.studies.roles import Facts, role_of

NAME = "Images"


@dataclass(frozen=True)
class _Known:
    """What is known of a volume, as `mark_series` keeps it."""

    key: str
    role: str
    reason: str
    plane: str
    number: int | None
    description: str
    tr: float | None = None
    flip_angle: float | None = None


def volumes_without_case(scene: Any) -> list[Any]:
    """Scalar volumes with voxels that are in no study of ours; of a dynamic series, the volume that shows a frame."""
    count = scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")
    volumes = [scene.GetNthNodeByClass(number, "vtkMRMLScalarVolumeNode") for number in range(count)]
    return [volume for volume in volumes if _can_be_series(volume) and not case_folder_of(volume)]


def adopt(volumes: Iterable[Any], file_of: Callable[[Any], str] = lambda volume: "") -> list[SceneCase]:
    """Make studies of volumes, and find what each series is for; the user can correct that as of any study.

    Volumes of one DICOM study are one study, files of one folder another, and volumes that tell neither a third:
    series of two patients are never mixed.

    Parameters
    ----------
    file_of : path of one DICOM file of the series that a volume node shows; empty when it is not known.
    """
    folders: dict[int, SceneCase] = {}
    for volume in volumes:
        folder = _folder_for(volume)
        sequence = sequence_behind(volume)
        known = _known(volume, sequence, file_of(volume))
        # The sequence first: a change of its frames takes off the shown volume what its frame does not have.
        nodes = [volume] if sequence is None else [sequence, volume]
        for node in nodes:
            mark_series(node, known)
            if case_folder_of(node) != folder:
                place_in_folder(node, folder)
        folders.setdefault(folder, SceneCase(volume.GetScene(), folder))
    return list(folders.values())


def _can_be_series(volume: Any) -> bool:
    image = volume.GetImageData()
    if image is None or image.GetNumberOfPoints() == 0 or image.GetNumberOfScalarComponents() != 1:
        return False
    return not (
        volume.IsA("vtkMRMLLabelMapVolumeNode") or volume.GetAttribute(MAP_ATTRIBUTE) or volume.GetHideFromEditors()
    )


def _folder_for(volume: Any) -> int:
    """Item of the study that a volume belongs to."""
    scene = volume.GetScene()
    study, uid = study_item_of(volume), dicom_identity(volume).get("study_uid", "")
    if study and uid:
        return make_case_of_item(scene, study, uid)
    file = _file_of(volume)
    return case_folder(scene, file.parent.name or NAME, str(file.parent)) if file else case_folder(scene, NAME, NAME)


def _file_of(volume: Any) -> Path | None:
    storage = volume.GetStorageNode()
    name = storage.GetFileName() if storage is not None else None
    return Path(name) if name else None


def _known(volume: Any, sequence: Any | None, path: str) -> _Known:
    n_frames = 1 if sequence is None else sequence.GetNumberOfDataNodes()
    plane, name, file = plane_of(volume).lower(), volume.GetName() or "", _file_of(volume)
    key = series_uid_of(volume) or (str(file) if file else f"{name} {uuid.uuid4().hex}")
    series = series_described_by(Path(path), n_frames) if path else None
    if series is not None:
        told = series.description or name
        return _Known(key, series.role, series.reason, plane, series.number, told, series.tr, series.flip_angle)
    finding = role_of(Facts(plane=plane, n_frames=n_frames, description=name))
    return _Known(key, finding.role, finding.reason, plane, None, name)
