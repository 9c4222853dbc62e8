"""One folder a case in the subject hierarchy, so that the lesions of two patients never stand in one list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote

import slicer
import vtk

from spinemets.mrml.volumes import ATTRIBUTE_PREFIX

CASE_UID_NAME = ATTRIBUTE_PREFIX + "Study"
SERIES_UID_NAME = "DICOM"
# What Slicer's DICOM module keeps with the patient and the study above a series that it loaded.
DICOM_ATTRIBUTES = {
    "patient_id": "DICOM.PatientID",
    "patient_name": "DICOM.PatientName",
    "date": "DICOM.StudyDate",
    "description": "DICOM.StudyDescription",
    "study_uid": "DICOM.StudyInstanceUID",
}


def case_folder(scene: Any, name: str, study_uid: str) -> int:
    """Item of the case's folder; made when the study is not in the scene yet."""
    hierarchy = _hierarchy(scene)
    item = hierarchy.GetItemByUID(CASE_UID_NAME, study_uid)
    if item == hierarchy.GetInvalidItemID():
        item = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), hierarchy.GenerateUniqueItemName(name))
        hierarchy.SetItemUID(item, CASE_UID_NAME, study_uid)
    return item


def make_case_of_item(scene: Any, item: int, study_uid: str) -> int:
    """Let an item that is there already (a study that Slicer's DICOM module loaded) be the case's folder, unless the
    study has one; returns the folder's item."""
    hierarchy = _hierarchy(scene)
    known = hierarchy.GetItemByUID(CASE_UID_NAME, study_uid)
    if known != hierarchy.GetInvalidItemID():
        return int(known)
    hierarchy.SetItemUID(item, CASE_UID_NAME, study_uid)
    return item


def study_item_of(node: Any) -> int:
    """Item of the DICOM study that a node lies in; the invalid item (0) without one."""
    hierarchy = _hierarchy(node.GetScene())
    item = hierarchy.GetItemByDataNode(node)
    while item not in (hierarchy.GetInvalidItemID(), hierarchy.GetSceneItemID()):
        if hierarchy.HasItemAttribute(item, DICOM_ATTRIBUTES["study_uid"]):
            return int(item)
        item = hierarchy.GetItemParent(item)
    return int(hierarchy.GetInvalidItemID())


def series_uid_of(node: Any) -> str:
    """SeriesInstanceUID of a node that Slicer's DICOM module loaded; empty for any other."""
    hierarchy = _hierarchy(node.GetScene())
    item = hierarchy.GetItemByDataNode(node)
    return str(hierarchy.GetItemUID(item, SERIES_UID_NAME)) if item != hierarchy.GetInvalidItemID() else ""


def place_in_folder(node: Any, folder: int, series_uid: str = "") -> None:
    """Put a node into a case's folder; with the series' UID, Slicer's DICOM functions know where it came from."""
    hierarchy = _hierarchy(node.GetScene())
    item = hierarchy.GetItemByDataNode(node)
    if item == hierarchy.GetInvalidItemID():
        item = hierarchy.CreateItem(folder, node)
    else:
        hierarchy.SetItemParent(item, folder)
    if series_uid:
        hierarchy.SetItemUID(item, SERIES_UID_NAME, series_uid)


def place_beside(node: Any, neighbour: Any) -> None:
    """Put a node into the folder in which another one lies."""
    folder = folder_of(neighbour)
    if folder != _hierarchy(node.GetScene()).GetInvalidItemID():
        place_in_folder(node, folder)


def folder_in(scene: Any, parent: int, name: str) -> int:
    """Item of the folder of this name inside another item (the invalid item: the scene); made when there is none."""
    hierarchy = _hierarchy(scene)
    parent = hierarchy.GetSceneItemID() if parent == hierarchy.GetInvalidItemID() else parent
    children = vtk.vtkIdList()
    hierarchy.GetItemChildren(parent, children, False)
    for item in _ids(children):
        if hierarchy.GetItemName(item) == name and hierarchy.GetItemDataNode(item) is None:
            return int(item)
    return int(hierarchy.CreateFolderItem(parent, name))


def case_folders(scene: Any) -> list[int]:
    """Items of all case folders, in the order in which they were made."""
    hierarchy = _hierarchy(scene)
    items = vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), items, True)
    return sorted(item for item in _ids(items) if hierarchy.GetItemUID(item, CASE_UID_NAME))


def case_folder_of(node: Any) -> int:
    """Item of the case folder that a node lies in, however deep; the invalid item (0) without one."""
    hierarchy = _hierarchy(node.GetScene())
    item = hierarchy.GetItemByDataNode(node)
    while item not in (hierarchy.GetInvalidItemID(), hierarchy.GetSceneItemID()):
        if hierarchy.GetItemUID(item, CASE_UID_NAME):
            return int(item)
        item = hierarchy.GetItemParent(item)
    return int(hierarchy.GetInvalidItemID())


def uid_of_case(scene: Any, folder: int) -> str:
    """Of the study whose folder this is; empty for any other item."""
    return str(_hierarchy(scene).GetItemUID(folder, CASE_UID_NAME))


def item_name(scene: Any, item: int) -> str:
    """As the Data module shows it."""
    return str(_hierarchy(scene).GetItemName(item))


def nodes_below(scene: Any, folder: int) -> list[Any]:
    """Nodes that lie in a folder or in any folder below it, in their order."""
    return _nodes_of_items(scene, folder, recursive=True)


def nodes_in_folder(scene: Any, folder: int) -> list[Any]:
    """Nodes that lie in a case's folder, in their order."""
    return _nodes_of_items(scene, folder, recursive=False)


def _nodes_of_items(scene: Any, folder: int, recursive: bool) -> list[Any]:
    hierarchy = _hierarchy(scene)
    children = vtk.vtkIdList()
    hierarchy.GetItemChildren(folder, children, recursive)
    nodes = [hierarchy.GetItemDataNode(item) for item in _ids(children)]
    # An item may outlive its node by a moment.
    return [node for node in nodes if node is not None and node.GetScene() is not None]


def _ids(items: Any) -> list[int]:
    return [items.GetId(index) for index in range(items.GetNumberOfIds())]


def _hierarchy(scene: Any) -> Any:
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)


def folder_of(node: Any) -> int:
    """Item of the folder in which a node lies; the invalid item (0) for a node that the hierarchy does not know."""
    hierarchy = _hierarchy(node.GetScene())
    item = hierarchy.GetItemByDataNode(node)
    return hierarchy.GetInvalidItemID() if item == hierarchy.GetInvalidItemID() else hierarchy.GetItemParent(item)


def dicom_identity(node: Any) -> dict[str, str]:
    """Patient and study of a node that Slicer's DICOM module loaded, of what is known; empty for any other node."""
    hierarchy = _hierarchy(node.GetScene())
    known: dict[str, str] = {}
    item = hierarchy.GetItemByDataNode(node)
    while item not in (hierarchy.GetInvalidItemID(), hierarchy.GetSceneItemID()):
        for key, name in DICOM_ATTRIBUTES.items():
            if key not in known and hierarchy.HasItemAttribute(item, name):
                known[key] = hierarchy.GetItemAttribute(item, name)
        item = hierarchy.GetItemParent(item)
    return known


def set_item_attributes(scene: Any, item: int, values: Mapping[str, str]) -> None:
    """Keep what is known of a case with its folder, and so in a saved scene."""
    for key, value in values.items():
        _hierarchy(scene).SetItemAttribute(item, ATTRIBUTE_PREFIX + key, _escaped(value))


def _escaped(value: str) -> str:
    """A scene file takes "|" for the end of an attribute, and cuts off the rest."""
    return value.replace("%", quote("%")).replace("|", quote("|"))


def item_attributes(scene: Any, item: int, keys: Iterable[str]) -> dict[str, str]:
    """What `set_item_attributes` kept, of these keys."""
    hierarchy = _hierarchy(scene)
    if item == hierarchy.GetInvalidItemID():
        return {}
    names = [key for key in keys if hierarchy.HasItemAttribute(item, ATTRIBUTE_PREFIX + key)]
    return {key: unquote(hierarchy.GetItemAttribute(item, ATTRIBUTE_PREFIX + key)) for key in names}
