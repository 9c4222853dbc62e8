"""The series of image files: role from the words of the name, plane from the grid, timing from a BIDS sidecar."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.geometry.files import has_image_name, name_for_simpleitk, read_image
from spinemets.geometry.grids import frame_of_reference, plane_of
from spinemets.studies.roles import IMAGE_ROLES, Facts, Finding, role_of
from spinemets.studies.study import Series, Study, warnings_of

ENDINGS = (".seg.nrrd", ".seq.nrrd", ".nii.gz", ".img.gz")
# Words in names of files and folders that hold masks, not images.
MASK_WORDS = frozenset(
    ("mask", "masks", "seg", "segmentation", "label", "labels", "msk", "lesion", "outline", "roi", "dseg")
)
MASK_FOLDERS = frozenset(("truth", "derivatives", "masks", "segmentations"))
TIMES_ENDINGS = ("_times.txt", ".times.txt", ".times")
# Parts of BIDS names that say whose image it is, not what.
BIDS_SUBJECT_PARTS = ("sub-", "ses-", "run-")


def stem_of(path: Path) -> str:
    """The file's name without the endings of image formats."""
    name = path.name
    for ending in ENDINGS:
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return path.stem


def is_mask_name(path: Path) -> bool:
    """Whether a name says that the file is a mask."""
    words = stem_of(path).lower().replace("-", "_").replace(".", "_").split("_")
    return path.name.lower().endswith(".seg.nrrd") or bool(MASK_WORDS & set(words))


def image_files(paths: Iterable[Path], root: Path) -> list[Path]:
    """The images among `paths`, without masks and without what lies in folders of masks and truths."""
    return [
        path
        for path in paths
        if has_image_name(path)
        and not is_mask_name(path)
        and not MASK_FOLDERS & {part.lower() for part in path.relative_to(root).parts[:-1]}
    ]


def studies_of_files(paths: Iterable[Path], source: Path) -> list[Study]:
    """The study of named image files, or several.

    The same role in the same plane in two folders means that each folder below `source` holds a case of its own: taken
    for one study, they would mix two patients.
    """
    series = [_series(path) for path in paths]
    folders: dict[tuple[str, str], set[Path]] = {}
    for one in series:
        if one.role in IMAGE_ROLES:
            folders.setdefault((one.role, one.plane), set()).add(one.files[0].parent)
    if all(len(places) == 1 for places in folders.values()):
        return [_study(series, source)]
    cases: dict[Path, list[Series]] = {}
    for one in series:
        cases.setdefault(_case_folder(one.files[0], source), []).append(one)
    return [_study(found, folder) for folder, found in sorted(cases.items())]


def _case_folder(path: Path, source: Path) -> Path:
    """The folder right below `source` that a file lies in; `source` itself for a file that lies there."""
    parts = path.absolute().relative_to(source.absolute()).parts
    return source / parts[0] if len(parts) > 1 else source


def _study(found: list[Series], source: Path) -> Study:
    series = tuple(found)
    study = Study("", "", "", "", source.name, series, (), source)
    untimed = [
        f"{one.name} has {one.n_frames} frames and no times; write their seconds, one a line, into "
        f"{stem_of(one.files[0])}_times.txt"
        for one in series
        if one.role == "dce" and not one.times
    ]
    return Study(**{**study.__dict__, "warnings": tuple(untimed + warnings_of(study))})


def _series(path: Path) -> Series:
    grid = _grid(path)
    n_frames = grid.GetSize()[3] if grid.GetDimension() == 4 else 1
    plane, obliquity = plane_of(grid)
    sidecar = _sidecar(path)
    finding = _role(path, plane, n_frames, sidecar)
    size, spacing = grid.GetSize(), grid.GetSpacing()
    return Series(
        uid=str(sidecar.get("SeriesInstanceUID", "")),
        number=_whole(sidecar.get("SeriesNumber")),
        description=str(sidecar.get("SeriesDescription") or stem_of(path)),
        modality="CT" if finding.role == "ct" else "MR",
        role=finding.role,
        plane=plane,
        obliquity=obliquity,
        reason=finding.reason,
        confidence=finding.confidence,
        size=(size[0], size[1], size[2]),
        spacing=(spacing[0], spacing[1], spacing[2]),
        n_frames=n_frames,
        times=read_times(path, n_frames, finding.role, grid) if n_frames > 1 else (),
        frame_of_reference=frame_of_reference(grid) or "",
        files=(path,),
        tr=_milliseconds(sidecar.get("RepetitionTime")),
        flip_angle=_number(sidecar.get("FlipAngle")),
    )


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _grid(path: Path) -> Any:
    """Something with the image's size and geometry: its header alone where SimpleITK takes it, else the image."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(name_for_simpleitk(path))
    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        reader.ReadImageInformation()
    except RuntimeError:
        return read_image(path)
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)
    if reader.GetDimension() not in (3, 4) or reader.GetNumberOfComponents() > 1:
        return read_image(path)
    return reader


def _sidecar(path: Path) -> dict[str, Any]:
    """The BIDS description beside an image; empty when there is none."""
    place = path.with_name(f"{stem_of(path)}.json")
    if not place.is_file():
        return {}
    try:
        content = json.loads(place.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise InputError(place, f"is no JSON that can be read ({error})", "repair or remove it") from error
    if not isinstance(content, dict):
        raise InputError(place, "holds no JSON object", "repair or remove it")
    return content


def _role(path: Path, plane: str, n_frames: int, sidecar: dict[str, Any]) -> Finding:
    stem = stem_of(path).lower()
    if stem in IMAGE_ROLES:
        return Finding(stem, f"the file's name is that of the role ({path.name})", 0.99)
    words = stem.replace("-", "_").split("_")
    if "ct" in words:
        return Finding("ct", f"by the file's name ({path.name})", 0.8)
    told = " ".join(word for word in stem.split("_") if not word.startswith(BIDS_SUBJECT_PARTS))
    facts = Facts(
        plane=plane,
        n_frames=n_frames,
        description=f"{told} {sidecar.get('SeriesDescription', '')}".strip(),
        sequence=_codes(sidecar.get("ScanningSequence")),
        variant=_codes(sidecar.get("SequenceVariant")),
        options=_codes(sidecar.get("ScanOptions")),
        image_type=_codes(sidecar.get("ImageType")),
        sequence_name=str(sidecar.get("SequenceName", "")),
        is_3d=sidecar.get("MRAcquisitionType") == "3D",
        tr=_milliseconds(sidecar.get("RepetitionTime")),
        te=_milliseconds(sidecar.get("EchoTime")),
        ti=_milliseconds(sidecar.get("InversionTime")),
        flip_angle=_number(sidecar.get("FlipAngle")),
        contrast_agent=str(sidecar.get("ContrastBolusAgent") or sidecar.get("ContrastBolusIngredient") or ""),
        b_value=_number(sidecar.get("DiffusionBValue")),
    )
    return role_of(facts)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _milliseconds(value: Any) -> float | None:
    """BIDS keeps seconds, the rules want milliseconds."""
    seconds = _number(value)
    return None if seconds is None else 1000.0 * seconds


def _codes(value: Any) -> frozenset[str]:
    """Codes of a DICOM attribute as converters write them: a list, or one text joined by _ or \\."""
    parts = value if isinstance(value, list) else str(value or "").replace("\\", "_").split("_")
    return frozenset(str(part).strip().upper() for part in parts if str(part).strip())


def read_times(path: Path, n_frames: int, role: str, grid: Any) -> tuple[float, ...]:
    """Seconds of a 4-D file's frames: a text file beside it, its own metadata, or its regular time step.

    Raises
    ------
    InputError : the text file does not hold as many rising numbers as there are frames.
    """
    places = times_files(path) if role == "dce" else times_files(path)[: len(TIMES_ENDINGS)]
    for place in places:
        if place.is_file():
            return read_times_file(place, n_frames)
    if grid.HasMetaDataKey("FrameTimes"):
        return tuple(float(time) for time in grid.GetMetaData("FrameTimes").split())
    step = grid.GetSpacing()[3]
    # A time step of 1 is what writers put who do not know it.
    return tuple(frame * step for frame in range(n_frames)) if step > 0 and step != 1 else ()


def times_files(path: Path) -> list[Path]:
    """Where the seconds of a 4-D file's frames may stand; the last place is a dynamic series' only."""
    names = [f"{stem_of(path)}{ending}" for ending in TIMES_ENDINGS]
    return [path.with_name(name) for name in (*names, "dce_times.txt")]


def read_times_file(place: Path, n_frames: int) -> tuple[float, ...]:
    try:
        times = tuple(float(word) for word in place.read_text(encoding="utf-8-sig").replace(",", " ").split())
    except (OSError, ValueError) as error:
        raise InputError(place, f"holds something else than seconds ({error})", "write one number a line") from error
    if len(times) != n_frames:
        raise InputError(place, f"holds {len(times)} times for {n_frames} frames", "write one number a frame")
    if any(after <= before for before, after in itertools.pairwise(times)) or not all(map(math.isfinite, times)):
        raise InputError(place, "holds times that do not rise", "write the seconds of the frames in their order")
    return times
