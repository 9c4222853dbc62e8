"""What one model is asked about one lesion: nodes in; files for a child process and a key of all inputs out."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from spinemets.dce.wanted import HotSpotInput
from spinemets.geometry.grids import copy_metadata, crop_to_mask, frame_times
from spinemets.models.classification import voxel_sha256
from spinemets.models.package import ModelPackage
from spinemets.mrml.cases import identity_of_case
from spinemets.mrml.segmentations import mask_from_segment, reference_volume, segments_of
from spinemets.mrml.sequences import image_of, sequence_behind, times_of_sequence
from spinemets.mrml.volumes import image_from_volume_node, world_matrix
from spinemets.studies.case_files import write_case_file

# Positions in a saved scene are decimal digits: what differs by less lies at the same place.
DECIMALS = 4


@dataclass(frozen=True)
class Inputs:
    """One question about one lesion.

    volumes : volume node of each role that the model needs; views : others that the report shows the lesion in.
    segment : segmentation node and segment of the lesion; roleSegments : those drawn on a role's own series.
    lesion : its identity and name. clinical : values by name. hotSpot : what the reader knows of the dynamic series.
    suggested : what was measured of the clinical variables.
    """

    package: ModelPackage
    volumes: dict
    segment: tuple
    lesion: tuple[str, str]
    views: dict = field(default_factory=dict)
    roleSegments: dict = field(default_factory=dict)
    clinical: dict = field(default_factory=dict)
    hotSpot: HotSpotInput = field(default_factory=HotSpotInput)
    suggested: dict = field(default_factory=dict)

    @property
    def author(self) -> str:
        node, segmentID = self.segment
        return f"3D Slicer: {node.GetName()}, {segments_of(node)[segmentID]}"

    @property
    def overlaidRole(self) -> str:
        """The series on which the lesion is shown as the model saw it."""
        return next(role for role in ("t2", "fs_t2", "t1", *self.volumes) if role in self.volumes)

    @property
    def isInScene(self) -> bool:
        """Whether all that the question is about is still there."""
        return all(node.GetScene() is not None for node in (*self.volumes.values(), self.segment[0]))

    def images(self) -> dict[str, sitk.Image]:
        """The image of each role. Raises InputError for a volume that cannot be used."""
        return {role: image_of(node)[0] for role, node in self.volumes.items()}

    def mask(self) -> sitk.Image:
        """The lesion on its own grid. Raises InputError for an empty segment."""
        return maskOf(*self.segment)

    def masks(self) -> dict[str, sitk.Image]:
        """The lesion as drawn on series of the model. Raises InputError for an empty segment."""
        return {role: maskOf(*segment) for role, segment in self.roleSegments.items()}

    def write(self, folder: Path) -> Path:
        """Write what a child process needs into `folder`; returns its case.json.

        Raises
        ------
        InputError : a volume or the segment cannot be used, or the folder cannot be written to.
        """
        identity = identity_of_case({**self.volumes, **self.views})
        series = [vars(line) | {"used": line.role in self.volumes} for line in identity.series]
        return write_case_file(
            folder,
            self.images(),
            self.mask(),
            views={role: image_from_volume_node(node) for role, node in self.views.items()},
            role_masks=self.masks(),
            identity=vars(identity) | {"series": series},
            reader=self.author,
            clinical=self.clinical,
            hot_spot=self.hotSpot.as_columns(),
        )

    def measuredKey(self, digests: "Digests") -> str:
        """Hash of all that is measured: model, voxels and place of each series, lesion, hot spot, injection and
        frames before contrast.

        Raises InputError for a volume or segment that cannot be used.
        """
        parts = {
            "model": self.package.sha256,
            "volumes": {role: digests.ofVolume(node) for role, node in self.volumes.items()},
            "lesion": digests.ofSegment(*self.segment),
            "lesions": {role: digests.ofSegment(*segment) for role, segment in self.roleSegments.items()},
        }
        if told := self.hotSpot.as_columns():
            parts["hot_spot"] = told
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def key(self, digests: "Digests") -> str:
        """Hash of all that the answer depends on: what is measured, and the clinical values."""
        clinical = json.dumps(self.clinical, sort_keys=True)
        return hashlib.sha256(f"{self.measuredKey(digests)} {clinical}".encode()).hexdigest()


def maskOf(node, segmentID: str) -> sitk.Image:
    """The lesion on the grid that it was drawn on. Slicer keeps segments cropped, and a mask is carried a little
    differently where its grid ends: so it gets back the grid of its series, or else an empty margin.

    Raises InputError for an empty segment.
    """
    cropped = mask_from_segment(node, segmentID)
    volume = reference_volume(node)
    if volume is not None and volume.GetImageData() is not None:
        whole = image_from_volume_node(volume)
        same = (
            np.allclose(getattr(cropped, name)(), getattr(whole, name)()) for name in ("GetSpacing", "GetDirection")
        )
        if all(same):
            return mask_from_segment(node, segmentID, whole)
    return copy_metadata(cropped, sitk.ConstantPad(cropped, (1, 1, 1), (1, 1, 1), 0))


class Digests:
    """Hashes of volumes and segments, computed again only when they were changed."""

    def __init__(self) -> None:
        self._known = {}

    def ofVolume(self, node) -> str:
        """Of voxels and place. Raises InputError for an empty volume or a transform that bends."""
        sequence = sequence_behind(node)
        frames = (
            [node] if sequence is None else [sequence.GetNthDataNode(n) for n in range(sequence.GetNumberOfDataNodes())]
        )
        times = () if sequence is None else times_of_sequence(sequence)
        voxels = tuple(_stampOfVoxels(frame.GetImageData()) for frame in frames)
        stamp = (voxels, tuple(times), world_matrix(node).tobytes())
        return self._remembered(("volume", node.GetID()), stamp, lambda: _digest(image_of(node)[0]))

    def ofSegment(self, node, segmentID: str) -> str:
        """Of the voxels inside and their place. Raises InputError for an empty segment."""
        segment = node.GetSegmentation().GetSegment(segmentID)
        labelmap = None if segment is None else segment.GetRepresentation("Binary labelmap")
        stamp = (
            None if segment is None else segment.GetLabelValue(),
            None if labelmap is None else (labelmap.GetMTime(), *_stampOfVoxels(labelmap)),
            node.GetTransformNodeID(),
        )
        return self._remembered(
            ("segment", node.GetID(), segmentID), stamp, lambda: _digestOfMask(mask_from_segment(node, segmentID))
        )

    def _remembered(self, name, stamp, compute) -> str:
        known = self._known.get(name)
        isMoved = name[0] == "segment" and stamp[-1] is not None  # its transform may change without notice
        if known is None or known[0] != stamp or isMoved:
            self._known[name] = (stamp, compute())
        return self._known[name][1]


def _stampOfVoxels(image) -> tuple:
    scalars = None if image is None else image.GetPointData().GetScalars()
    return (0, 0) if scalars is None else (image.GetMTime(), scalars.GetMTime())


def _digestOfMask(mask: sitk.Image) -> str:
    """The same for the same voxels in the world, however large the grid round them is."""
    return _digest(crop_to_mask(mask, mask, 0.0))


def _digest(image: sitk.Image) -> str:
    place = np.round([*image.GetOrigin(), *image.GetSpacing(), *image.GetDirection()], DECIMALS) + 0.0
    times = frame_times(image) if image.GetDimension() == 4 else ()
    geometry = json.dumps([image.GetSize(), place.tolist(), *([list(times)] if times else [])])
    return hashlib.sha256(f"{voxel_sha256(image)} {geometry}".encode()).hexdigest()
