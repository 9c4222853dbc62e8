"""The studies of a DICOM folder: every file looked at whatever its name, series split into images, roles found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from spinemets.errors import InputError
from spinemets.geometry.grids import plane_of_normal
from spinemets.studies.headers import Header, read_header
from spinemets.studies.multiframe import ENHANCED, frame_headers
from spinemets.studies.roles import Facts, role_of
from spinemets.studies.stacks import Stack, stacks_of
from spinemets.studies.study import Series, Study, warnings_of

MODALITIES = ("MR", "CT")
IMAGE_CLASSES = ENHANCED | {"1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.2"}


def read_headers(paths: Iterable[Path]) -> list[Header]:
    """The headers of the DICOM files among `paths`; all others are passed over.

    Raises
    ------
    InputError : image files that are cut short or damaged, or cannot be opened: a series would lack slices.
    """
    headers, broken = [], []
    for path in paths:
        try:
            header = read_header(path)
        except OSError as error:
            raise InputError(path, f"cannot be read ({error.strerror})", "check its permissions") from error
        except ValueError:
            continue
        if header is None or not _may_be_image(header):
            continue
        if header.fault:
            broken.append(header)
        else:
            headers.append(header)
    if broken:
        more = f" (and {len(broken) - 1} more files are)" if len(broken) > 1 else ""
        remedy = "copy or export it again: its series would lack slices"
        raise InputError(broken[0].path, f"{broken[0].fault}{more}", remedy)
    return headers


def _may_be_image(header: Header) -> bool:
    """Whether the file is an MR or CT image, or broken before it could tell."""
    modality, kind = header.text("Modality"), header.text("SOPClassUID") or header.text("MediaStorageSOPClassUID")
    if kind and kind not in IMAGE_CLASSES:
        return False
    if not modality:
        return bool(header.fault)
    return modality in MODALITIES and (header.number("SamplesPerPixel") or 1) == 1


def studies_of(headers: Sequence[Header], source: Path) -> list[Study]:
    """The studies that the files belong to, by date."""
    by_study: dict[str, list[Header]] = defaultdict(list)
    for header in headers:
        by_study[header.text("StudyInstanceUID")].append(header)
    studies = [_study(members, source) for members in by_study.values()]
    return sorted(studies, key=lambda study: (study.date, study.uid))


def _study(headers: list[Header], source: Path) -> Study:
    by_series: dict[str, list[Header]] = defaultdict(list)
    for header in headers:
        by_series[header.text("SeriesInstanceUID")].append(header)
    series, warnings = [], []
    for members in by_series.values():
        frames = [frame for header in _without_duplicates(members) for frame in frame_headers(header)]
        stacks = stacks_of(frames)
        placed = sum(len(stack.headers) for stack in stacks)
        if placed < len(frames):
            name = members[0].text("SeriesDescription") or members[0].text("SeriesInstanceUID")
            warnings.append(f"{len(frames) - placed} images of series {name} have no position and are left out")
        planes = frozenset(plane_of_normal(stack.normal)[0] for stack in stacks)
        series += [_series(stack, planes) for stack in stacks]
    series.sort(key=lambda one: (one.number if one.number is not None else 10**9, one.uid, one.part))
    first = headers[0]
    study = Study(
        uid=first.text("StudyInstanceUID"),
        patient_id=first.text("PatientID"),
        patient_name=first.text("PatientName"),
        date=first.text("StudyDate"),
        description=first.text("StudyDescription"),
        series=tuple(series),
        warnings=(),
        source=source,
    )
    notes = [f"{one.name}: {one.stack.time_note}" for one in series if one.stack is not None and one.stack.time_note]
    return Study(**{**study.__dict__, "warnings": tuple(warnings + notes + warnings_of(study))})


def series_described_by(path: Path, n_frames: int = 1) -> Series | None:
    """What one file of a series tells of it, for images that are at hand already; None when it is no MR or CT image.

    Parameters
    ----------
    n_frames : points in time of the series, which one file cannot tell.
    """
    try:
        stacks = stacks_of(read_headers([path]))
    except InputError:
        return None
    return _series(replace(stacks[0], n_frames=n_frames), frozenset()) if stacks else None


def _without_duplicates(headers: list[Header]) -> list[Header]:
    """The files without second copies of the same instance, which exports often hold."""
    seen: dict[str, Header] = {}
    for header in headers:
        seen.setdefault(header.text("SOPInstanceUID") or str(header.path), header)
    return list(seen.values())


def _series(stack: Stack, planes: frozenset[str]) -> Series:
    header = stack.headers[0]
    plane, obliquity = plane_of_normal(stack.normal)
    finding = role_of(_facts(stack, plane, planes))
    number = header.number("SeriesNumber")
    return Series(
        uid=header.text("SeriesInstanceUID"),
        number=None if number is None else int(number),
        description=_description(header),
        modality=header.text("Modality"),
        role=finding.role,
        plane=plane,
        obliquity=obliquity,
        reason=finding.reason,
        confidence=finding.confidence,
        size=stack.size,
        spacing=stack.spacing,
        n_frames=stack.n_frames,
        times=stack.times,
        frame_of_reference=header.text("FrameOfReferenceUID"),
        files=tuple(one.path for one in stack.headers),
        part=stack.part,
        problem=stack.problem,
        remedy=stack.remedy,
        tr=header.number("RepetitionTime"),
        flip_angle=header.number("FlipAngle"),
        stack=stack,
    )


def _description(header: Header) -> str:
    """The series' own description; the protocol's name, which is often that of the whole examination, only without."""
    return header.text("SeriesDescription") or header.text("ProtocolName")


def _facts(stack: Stack, plane: str, planes: frozenset[str]) -> Facts:
    header = stack.headers[0]
    b_value = header.number("DiffusionBValue")
    sequence = set(header.texts("ScanningSequence")) | ({"IR"} if header.text("InversionRecovery") == "YES" else set())
    return Facts(
        modality=header.text("Modality"),
        plane=plane,
        planes=planes,
        n_frames=stack.n_frames,
        n_slices=stack.size[2],
        description=_description(header),
        sequence=frozenset(sequence),
        variant=frozenset(header.texts("SequenceVariant")),
        options=frozenset(header.texts("ScanOptions")),
        image_type=frozenset(header.texts("ImageType")),
        sequence_name=header.text("SequenceName"),
        is_3d=header.text("MRAcquisitionType") == "3D",
        tr=header.number("RepetitionTime"),
        te=header.number("EchoTime"),
        ti=header.number("InversionTime"),
        flip_angle=header.number("FlipAngle"),
        contrast_agent=_agent(header),
        b_value=header.number("SiemensBValue") if b_value is None else b_value,
    )


def _agent(header: Header) -> str:
    """The contrast agent; empty also when the attribute says that there was none."""
    text = header.text("ContrastBolusAgent")
    return "" if text.upper() in ("NO", "NONE", "NO CONTRAST", "N", "WITHOUT", "KEIN", "OHNE", "0") else text
