"""A study: its series, what each is for, and which of them serves a role best."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.geometry.grids import FRAME_OF_REFERENCE, SERIES_UID, set_frame_times
from spinemets.studies.stacks import Stack

# Which plane serves a role, when a study has several series of it.
PREFERRED_PLANE = {"t1": "sagittal", "t2": "sagittal", "fs_t2": "sagittal", "dce": "axial"}


@dataclass(frozen=True)
class Series:
    """One image of a study: what can be loaded as one 3-D or 4-D grid.

    Attributes
    ----------
    uid : SeriesInstanceUID; empty for image files that do not tell it.
    part : what tells this image from others of the same SeriesInstanceUID; empty when it is the only one.
    role, reason, confidence : see `spinemets.studies.roles`.
    plane : "sagittal", "coronal" or "axial"; obliquity in degrees from it.
    size, spacing : (x, y, z) in voxels and mm.
    times : s from the first frame, one a frame; empty when they are not known.
    frame_of_reference : its UID; empty when not known.
    tr, flip_angle : repetition time in ms and flip angle in degrees; None when not known.
    files : in the order in which they are loaded: frame after frame, in each from slice to slice. Empty when only
        the description of the series is at hand.
    origin : where the image was first read from, when `files` hold a copy of it; empty otherwise.
    problem, remedy : why it cannot be loaded and what to do; empty when it can.
    """

    uid: str
    number: int | None
    description: str
    modality: str
    role: str
    plane: str
    obliquity: float
    reason: str
    confidence: float
    size: tuple[int, int, int]
    spacing: tuple[float, float, float]
    n_frames: int
    times: tuple[float, ...]
    frame_of_reference: str
    files: tuple[Path, ...]
    part: str = ""
    problem: str = ""
    remedy: str = ""
    origin: str = ""
    tr: float | None = None
    flip_angle: float | None = None
    stack: Stack | None = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        """How messages call the series: its number and description."""
        number = "series" if self.number is None else f"series {self.number}"
        told = ", ".join(text for text in (self.description, self.part) if text)
        return f"{number} ({told or self.uid or Path(self.origin or self.files[0]).name})"

    @property
    def key(self) -> str:
        """What tells the image from all others of its study, today and when the study is read again."""
        return "/".join(filter(None, (self.uid or self.origin or str(self.files[0]), self.part)))

    def load(self) -> sitk.Image:
        """The image, 3-D or 4-D, with SeriesInstanceUID, frame of reference and frame times as metadata.

        Raises
        ------
        InputError : slices are missing or irregular, frames have no order, or the pixel data cannot be read.
        """
        if self.problem:
            raise InputError(self.name, self.problem, self.remedy)
        if not self.files:
            raise InputError(self.name, "was described but not read", "load it again")
        if self.stack is not None:
            from spinemets.studies.pixels import image_of_stack

            image = image_of_stack(self.stack, self.name)
        else:
            from spinemets.geometry.files import read_image

            image = read_image(self.files[0])
        for key, value in ((SERIES_UID, self.uid), (FRAME_OF_REFERENCE, self.frame_of_reference)):
            if value:
                image.SetMetaData(key, value)
        set_frame_times(image, self.times)
        return image

    def as_json(self) -> dict[str, Any]:
        """Everything but the files' full list, which is replaced by their count and folder."""
        return {
            "uid": self.uid,
            "number": self.number,
            "description": self.description,
            "part": self.part,
            "modality": self.modality,
            "role": self.role,
            "plane": self.plane,
            "obliquity": round(self.obliquity, 3),
            "reason": self.reason,
            "confidence": round(self.confidence, 3),
            "size": list(self.size),
            "spacing": list(self.spacing),
            "n_frames": self.n_frames,
            "times": list(self.times),
            "frame_of_reference": self.frame_of_reference,
            "n_files": len(set(self.files)),
            "path": str(self.files[0] if len(set(self.files)) == 1 else self.files[0].parent),
            "problem": self.problem,
        }


@dataclass(frozen=True)
class Study:
    """The series of one examination. `date` is YYYYMMDD as in DICOM, or empty."""

    uid: str
    patient_id: str
    patient_name: str
    date: str
    description: str
    series: tuple[Series, ...]
    warnings: tuple[str, ...]
    source: Path

    def candidates(self, role: str) -> list[Series]:
        """The series of a role, the best first.

        Best is one that can be loaded, in the role's usual plane, with the higher confidence, with more frames and
        slices; of equals the one taken last, since a series is repeated when the first one failed.
        """
        found = [series for series in self.series if series.role == role]
        return sorted(found, key=_rank, reverse=True)

    def by_role(self, role: str) -> Series:
        """The series that serves a role best.

        Raises
        ------
        InputError : no series has the role; names the roles that were found.
        """
        found = self.candidates(role)
        if not found:
            roles = ", ".join(sorted({series.role for series in self.series})) or "none"
            raise InputError(
                self.source,
                f"no series was found for {role} (roles found: {roles})",
                "check the list of `spinemets inspect`, or name the file of that role in a cohort table",
            )
        return found[0]


def _rank(series: Series) -> tuple[bool, bool, float, int, int, float]:
    plane = PREFERRED_PLANE.get(series.role)
    return (
        not series.problem,
        plane is None or series.plane == plane,
        round(series.confidence, 2),
        series.n_frames,
        series.size[2],
        series.number if series.number is not None else -1.0,
    )


def warnings_of(study: Study) -> list[str]:
    """What a user should know before relying on the roles: ambiguities, problems, different frames of reference."""
    warnings = []
    for series in study.series:
        if series.problem:
            warnings.append(f"{series.name} {series.problem}; {series.remedy}")
    for role in sorted({series.role for series in study.series} - {"localizer", "diffusion", "other"}):
        warnings += _ambiguity(role, study.candidates(role))
    return warnings + _frames_of_reference(study)


def _ambiguity(role: str, candidates: list[Series]) -> list[str]:
    best = candidates[0]
    rivals = [series for series in candidates[1:] if series.plane == best.plane and not series.problem]
    if not rivals:
        return []
    others = ", ".join(series.name for series in rivals)
    return [f"{len(rivals) + 1} {best.plane} series fit {role}: {best.name} is used, not {others}"]


def _frames_of_reference(study: Study) -> list[str]:
    used = [series for series in study.series if series.role not in ("localizer", "diffusion", "other")]
    groups: dict[str, list[Series]] = {}
    for series in used:
        if series.frame_of_reference:
            groups.setdefault(series.frame_of_reference, []).append(series)
    if len(groups) < 2:
        return []
    told = "; ".join(", ".join(f"{series.name} [{series.role}]" for series in members) for members in groups.values())
    return [f"series lie in {len(groups)} frames of reference and cannot be compared by coordinates: {told}"]
