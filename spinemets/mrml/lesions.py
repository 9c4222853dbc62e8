"""The lesions of a case: each has its outline and its mask, a segment a series that they were drawn on.

A segmentation has one grid, so the case keeps one segmentation a series and kind: "P7 outlines, t2" on a sagittal
series, "P7 lesions, dce" on the series where the lesions are found. Segments of one lesion carry its identity in a tag,
and so does the file that a segmentation is saved in.
"""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer

from spinemets.errors import InputError
from spinemets.geometry.sizes import volume_ml
from spinemets.mrml.cases import SceneCase, case_of, key_of, role_of
from spinemets.mrml.segmentations import (
    LESION,
    LESION_COLOURS,
    OUTLINE,
    OUTLINE_TAG,
    has_voxels,
    mask_from_segment,
    reference_volume,
    segments_of,
    set_tags,
    tag_of,
)
from spinemets.mrml.subject_hierarchy import place_in_folder
from spinemets.mrml.vertebrae import at_level
from spinemets.mrml.volumes import ATTRIBUTE_PREFIX
from spinemets.segmentation.several import lesion_name

CONTENT_ATTRIBUTE = ATTRIBUTE_PREFIX + "Content"
LESION_TAG, CONTENT_TAG, NUMBER_TAG, SERIES_TAG = "Lesion", "Content", "Number", "Series"
# Lesions without a number of their own come after those that have one.
UNNUMBERED = 1_000_000


LESION_OPACITY = 0.25


class Content(enum.Enum):
    """What the segments of a segmentation are."""

    OUTLINES = "outlines"
    LESIONS = "lesions"


CODES = {Content.OUTLINES: OUTLINE, Content.LESIONS: LESION}


@dataclass(frozen=True)
class Drawn:
    """One segment of a lesion. `volume`: the series that it is drawn on; None when that is gone."""

    node: Any
    segment_id: str
    content: Content

    @property
    def volume(self) -> Any | None:
        return reference_volume(self.node)

    @property
    def is_empty(self) -> bool:
        return not has_voxels(self.node, self.segment_id)


@dataclass(frozen=True)
class SceneLesion:
    """A lesion in the list: its outlines and masks, one of each a series."""

    id: str
    name: str
    drawn: tuple[Drawn, ...]

    def parts(self, content: Content) -> list[Drawn]:
        """Outlines or masks that hold something."""
        return [part for part in self.drawn if part.content is content and not part.is_empty]

    def part_on(self, content: Content, volume: Any) -> Drawn | None:
        """The outline or mask on one series, empty or not; None when there is none."""
        parts = (part for part in self.drawn if part.content is content)
        return next((part for part in parts if volume is not None and part.volume == volume), None)


def lesions_of(case: SceneCase) -> list[SceneLesion]:
    """The lesions of a case in the order in which they were added.

    A segment that another tool added to one of the case's segmentations is a lesion too.
    """
    parts: dict[str, list[Drawn]] = {}
    numbers: dict[str, int] = {}
    for content in Content:
        for node in segmentations_of(case, content):
            for segment_id in segments_of(node):
                identity = lesion_id(node, segment_id)
                parts.setdefault(identity, []).append(Drawn(node, segment_id, content))
                number = tag_of(node, segment_id, NUMBER_TAG)
                numbers.setdefault(identity, int(number) if number.isdigit() else len(parts) + UNNUMBERED)
    ordered = sorted(parts, key=numbers.__getitem__)
    return [SceneLesion(identity, _name_of(parts[identity]), tuple(parts[identity])) for identity in ordered]


def lesion_with_id(case: SceneCase, identity: str) -> SceneLesion | None:
    """The lesion, or None when it is gone."""
    return next((lesion for lesion in lesions_of(case) if lesion.id == identity), None)


def lesion_id(node: Any, segment_id: str) -> str:
    """What a segment's lesion is known by."""
    return tag_of(node, segment_id, LESION_TAG) or f"{node.GetID()}/{segment_id}"


def segmentations_of(case: SceneCase, content: Content) -> list[Any]:
    """The case's segmentations of one kind."""
    count = case.scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")
    nodes = [case.scene.GetNthNodeByClass(index, "vtkMRMLSegmentationNode") for index in range(count)]
    return [node for node in nodes if content_of(node) is content and case_of(node) == case]


def content_of(node: Any) -> Content | None:
    """Kind of a segmentation; None for one that is neither. Read from a file alone, its segments still tell."""
    known = [node.GetAttribute(CONTENT_ATTRIBUTE), *(tag_of(node, one, CONTENT_TAG) for one in segments_of(node))]
    return next((content for content in Content if content.value in known), None)


def add_lesion(case: SceneCase, name: str, volume: Any) -> str:
    """Add a lesion with an empty outline on a series; returns its identity. The name, a level as a rule, gets a number
    when it is taken.

    Raises
    ------
    InputError : the volume is not of this case.
    """
    identity = uuid.uuid4().hex
    known = lesions_of(case)
    number = 1 + max((_number(part) for lesion in known for part in lesion.drawn), default=0)
    _add_part(case, identity, lesion_name(name, [lesion.name for lesion in known]), number, Content.OUTLINES, volume)
    return identity


def ensure_part(case: SceneCase, identity: str, content: Content, volume: Any) -> Drawn:
    """The outline or mask of a lesion on a series; an empty one is made when there is none.

    Raises
    ------
    InputError : the lesion is gone, or the volume is not of this case.
    """
    lesion = lesion_with_id(case, identity)
    if lesion is None:
        raise InputError("lesion", "is no longer in the scene", "choose another lesion or add one")
    known = lesion.part_on(content, volume)
    if known is not None:
        return known
    number = max(map(_number, lesion.drawn), default=0) or 1 + [one.id for one in lesions_of(case)].index(identity)
    for part in lesion.drawn:  # of a segment that another tool added
        set_tags(part.node, part.segment_id, _tags(identity, number, part.content) | _series_tag(part.volume))
    return _add_part(case, identity, lesion.name, number, content, volume)


def rename_lesion(case: SceneCase, identity: str, name: str) -> str:
    """Give a lesion another name, in all its segments; returns the name, numbered when another lesion has it.

    Raises
    ------
    InputError : the name is empty, or the lesion is gone.
    """
    lesion = lesion_with_id(case, identity)
    if lesion is None or not name.strip():
        raise InputError("name", "is empty" if lesion else "belongs to no lesion", "type the name of a lesion")
    taken = {other.name for other in lesions_of(case) if other.id != identity}
    unique = lesion_name(name, taken)
    for part in lesion.drawn:
        segment = part.node.GetSegmentation().GetSegment(part.segment_id)
        segment.SetName(unique)
        _set_code(segment, part.content, unique)
    return unique


def remove_lesion(case: SceneCase, identity: str) -> None:
    """Take all segments of a lesion out of the scene."""
    lesion = lesion_with_id(case, identity)
    for part in () if lesion is None else lesion.drawn:
        part.node.GetSegmentation().RemoveSegment(part.segment_id)


def read_segmentation(case: SceneCase, path: str) -> Any:
    """Add a segmentation of this case that was saved on its own (.seg.nrrd); returns its node.

    Raises
    ------
    InputError : the file cannot be read, or holds neither outlines nor lesions.
    """
    node = case.scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    storage = slicer.vtkMRMLSegmentationStorageNode()
    storage.SetFileName(path)
    content = content_of(node) if storage.ReadData(node) else None
    if content is None:
        case.scene.RemoveNode(node)
        raise InputError(path, "holds no outlines or lesions that can be read", "choose another file")
    key = tag_of(node, next(iter(segments_of(node))), SERIES_TAG)
    volume = next((entry.volume for entry in case.series() if entry.key == key), None)
    _prepare(case, node, content, volume)
    return node


def centre_ras(part: Drawn) -> tuple[float, float, float]:
    """Voxel of the segment that lies next to its centre, RAS mm in the world: what the views jump to.

    Raises
    ------
    InputError : the segment is empty.
    """
    mask = mask_from_segment(part.node, part.segment_id)
    k, j, i = np.nonzero(sitk.GetArrayViewFromImage(mask))
    middle = np.array([i.mean(), j.mean(), k.mean()])
    nearest = np.linalg.norm((np.stack([i, j, k], axis=1) - middle) * mask.GetSpacing(), axis=1).argmin()
    x, y, z = mask.TransformIndexToPhysicalPoint([int(i[nearest]), int(j[nearest]), int(k[nearest])])
    return -x, -y, z


def part_volume_ml(part: Drawn) -> float:
    """Volume in ml; 0 for an empty segment."""
    return 0.0 if part.is_empty else volume_ml(mask_from_segment(part.node, part.segment_id))


def _add_part(case: SceneCase, identity: str, name: str, number: int, content: Content, volume: Any) -> Drawn:
    node = _segmentation_on(case, content, volume)
    segmentation = node.GetSegmentation()
    colour = LESION_COLOURS[(number - 1) % len(LESION_COLOURS)]
    segment_id = segmentation.AddEmptySegment("", name, colour)
    segment = segmentation.GetSegment(segment_id)
    segment.SetNameAutoGenerated(False)
    segment.SetColorAutoGenerated(False)
    _set_code(segment, content, name)
    set_tags(node, segment_id, _tags(identity, number, content) | _series_tag(volume))
    return Drawn(node, segment_id, content)


def _segmentation_on(case: SceneCase, content: Content, volume: Any) -> Any:
    """The case's segmentation on the grid of a series; made when there is none."""
    if volume is None or case_of(volume) != case:
        raise InputError("series", f"is none of {case.name}", "choose a series of this study")
    for node in segmentations_of(case, content):
        if reference_volume(node) == volume:
            return node
    node = case.scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    _prepare(case, node, content, volume)
    return node


def _prepare(case: SceneCase, node: Any, content: Content, volume: Any | None) -> None:
    """Make a segmentation one of the case's, drawn on a series."""
    series = "" if volume is None else f", {role_of(volume) or volume.GetName()}"
    node.SetName(case.scene.GenerateUniqueName(f"{case.name} {content.value}{series}"))
    node.SetAttribute(CONTENT_ATTRIBUTE, content.value)
    node.CreateDefaultDisplayNodes()
    if volume is not None:
        node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    # An outline is a contour: a filled one would hide what is looked for inside it.
    node.GetDisplayNode().SetVisibility2DFill(content is not Content.OUTLINES)
    node.GetDisplayNode().SetOpacity2DFill(LESION_OPACITY)
    place_in_folder(node, case.folder)


def _tags(identity: str, number: int, content: Content) -> dict[str, str]:
    tags = {LESION_TAG: identity, NUMBER_TAG: str(number), CONTENT_TAG: content.value}
    return tags | ({OUTLINE_TAG: identity} if content is Content.LESIONS else {})


def _series_tag(volume: Any | None) -> dict[str, str]:
    return {} if volume is None else {SERIES_TAG: key_of(volume)}


def _set_code(segment: Any, content: Content, name: str) -> None:
    entry = at_level(CODES[content], name).terminology_entry
    segment.SetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), entry)


def _number(part: Drawn) -> int:
    number = tag_of(part.node, part.segment_id, NUMBER_TAG)
    return int(number) if number.isdigit() else 0


def _name_of(parts: list[Drawn]) -> str:
    """What the lesion's mask is called, else its outline."""
    part = parts[-1]
    return str(part.node.GetSegmentation().GetSegment(part.segment_id).GetName())
