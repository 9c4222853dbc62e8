"""A simulated study on disk: images as DICOM or NIfTI, and its truth beside them."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.geometry.files import write_image
from spinemets.outputs import replacing_folder
from spinemets.phantom import acquisition
from spinemets.phantom.acquisition import PROTOCOLS, Protocol
from spinemets.phantom.dicom import SeriesHeader, write_dicom_series
from spinemets.phantom.spine import KINETIC, STUDY_ROLES, SpinePhantom, patient_sex
from spinemets.phantom.tissues import LESION_TISSUES, Tissue
from spinemets.progress import Progress, silent

FORMATS = ("dicom", "nifti")
SERIES_NAMES = {
    "t1": "Sag T1 TSE",
    "t2": "Sag T2 TSE",
    "fs_t2": "Sag T2 STIR",
    "ce_t1_sag": "Sag T1 TSE FS +C",
    "ce_t1_cor": "Cor T1 TSE FS +C",
    "ce_t1_ax": "Ax T1 TSE FS +C",
    "dce": "Ax VIBE dynamic",
    "ct": "Spine 3.0 B70",
}
MINUTES = {"t1": 2, "t2": 6, "fs_t2": 11, "dce": 17, "ce_t1_sag": 24, "ce_t1_cor": 28, "ce_t1_ax": 32, "ct": 90}
FIRST_DAY = datetime.datetime(2020, 1, 6, 9, 0, 0)
FIELD_TESLA, HYDROGEN_MHZ_PER_TESLA = 3.0, 42.577
SERIES_SEPARATOR = "_"


@dataclass(frozen=True)
class StudyFiles:
    """Where a study lies: `images` a DICOM folder or NIfTI file a role; `masks` the lesion's mask a role; `outline`
    on the sagittal T2; `truth` the JSON file; `times` the file of frame times (NIfTI only)."""

    folder: Path
    images: dict[str, Path]
    masks: dict[str, Path]
    outline: Path
    truth: Path
    times: Path | None


def write_study(
    phantom: SpinePhantom,
    folder: Path,
    format: str = "dicom",  # noqa: A002 - the name of the option
    roles: Sequence[str] | None = None,
    progress: Progress = silent,
    overwrite: bool = False,
) -> StudyFiles:
    """Write a phantom's study to `folder`, whole or not at all.

    `dicom/SERIES/*.dcm` or `nifti/ROLE.nii.gz` with `nifti/dce_times.txt` (s); `truth/lesion_ROLE.nrrd`,
    `truth/outline_t2.nrrd`, `truth/tissues.nrrd` and kinetic maps on the dynamic grid, `truth/truth.json`.

    Parameters
    ----------
    roles : series to make; all MR series when None.

    Raises
    ------
    InputError : unknown format or role, or a folder that cannot be filled.
    """
    if format not in FORMATS:
        raise InputError(f"format {format!r}", "cannot be written", f"choose {' or '.join(FORMATS)}")
    roles = tuple(STUDY_ROLES if roles is None else roles)
    for role in roles:
        phantom.grid(role)
    folder = Path(folder)
    with replacing_folder(folder, overwrite) as place:
        steps = len(roles) + 1
        images: dict[str, Path] = {}
        for done, role in enumerate(roles):
            progress("phantom", done, steps, f"simulating {SERIES_NAMES[role]}")
            image = phantom.acquire(role)
            images[role] = _write_image(phantom, role, image, place, format == "nifti")
        progress("phantom", steps - 1, steps, "writing the truth")
        masks = _write_truth(phantom, place / "truth", roles)
        progress("phantom", steps, steps, "study written")
    return StudyFiles(
        folder=folder,
        images={role: folder / path.relative_to(place) for role, path in images.items()},
        masks={role: folder / path.relative_to(place) for role, path in masks.items()},
        outline=folder / "truth" / "outline_t2.nrrd",
        truth=folder / "truth" / "truth.json",
        times=folder / "nifti" / "dce_times.txt" if format == "nifti" and "dce" in roles else None,
    )


def _write_image(phantom: SpinePhantom, role: str, image: sitk.Image, place: Path, as_nifti: bool) -> Path:
    if as_nifti:
        path = place / "nifti" / f"{role}.nii.gz"
        path.parent.mkdir(exist_ok=True)
        write_image(image, path, compression=1)
        if PROTOCOLS[role].dynamic:
            (path.parent / "dce_times.txt").write_text("".join(f"{t:g}\n" for t in phantom.times))
        return path
    header = series_header(phantom, role)
    name = f"{header.number:02d}-{header.description.replace(' ', SERIES_SEPARATOR).replace('+', '')}"
    path = place / "dicom" / name
    write_dicom_series(image, path, header)
    return path


def series_header(phantom: SpinePhantom, role: str) -> SeriesHeader:
    """The DICOM header of a role's series."""
    protocol = PROTOCOLS[role]
    day = FIRST_DAY + datetime.timedelta(days=phantom.seed % 1000)
    values: dict[str, object] = {
        "PatientName": f"SIMULATED^CASE {phantom.seed:06d}",
        "PatientID": f"SIM{phantom.seed:06d}",
        "PatientBirthDate": f"{day.year - int(phantom.age)}0101",
        "PatientAge": f"{int(phantom.age):03d}Y",
        "PatientSex": patient_sex(phantom.seed),
        "PatientWeight": "75",
        "PatientPosition": "HFS",
        "PatientIdentityRemoved": "YES",
        "DeidentificationMethod": "Simulated, never a patient",
        "StudyID": f"{phantom.seed}",
        "StudyDescription": "SIMULATED spine MRI",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "Manufacturer": "SpineMets simulator",
        "ManufacturerModelName": "Phantom",
        "InstitutionName": "Simulated",
        "SoftwareVersions": "spinemets",
        "BodyPartExamined": "SPINE",
        "ImageComments": "Simulated, not a patient",
    }
    values.update(_tomography_values() if protocol.sequence == "ct" else _sequence_values(protocol))
    return SeriesHeader(
        uid=phantom.series_uid(role),
        study_uid=phantom.study_uid,
        frame_of_reference=phantom.frame_of_reference,
        modality="CT" if protocol.sequence == "ct" else "MR",
        number=1 + list(MINUTES).index(role),
        description=SERIES_NAMES[role],
        started=day + datetime.timedelta(minutes=MINUTES[role]),
        values=values,
        times=phantom.times.tolist() if protocol.dynamic else None,
    )


def _tomography_values() -> dict[str, object]:
    return {
        "KVP": "120",
        "ExposureTime": "750",
        "XRayTubeCurrent": "200",
        "ConvolutionKernel": "B70",
        "RescaleType": "HU",
    }


def _sequence_values(protocol: Protocol) -> dict[str, object]:
    saturated = protocol.fat_saturation > 0
    options = ["FS"] if saturated else []
    if protocol.saturated_front:
        options.append("SP")
    values: dict[str, object] = {
        "ScanningSequence": {"se": "SE", "ir": ["SE", "IR"], "spgr": "GR"}[protocol.sequence],
        "SequenceVariant": {"se": "SK", "ir": ["SK", "MP"], "spgr": ["SP", "OSP"]}[protocol.sequence],
        "ScanOptions": options or "",
        "MRAcquisitionType": "3D" if protocol.sequence == "spgr" else "2D",
        "SequenceName": {"se": "*tse2d1_7", "ir": "*tir2d1_15", "spgr": "*fl3d1"}[protocol.sequence],
        "ProtocolName": SERIES_NAMES[protocol.role],
        "RepetitionTime": f"{protocol.tr:g}",
        "EchoTime": f"{protocol.te:g}",
        "FlipAngle": f"{protocol.flip_angle:g}",
        "EchoTrainLength": 1 if protocol.sequence == "spgr" else 7,
        "MagneticFieldStrength": f"{FIELD_TESLA:g}",
        "ImagingFrequency": f"{FIELD_TESLA * HYDROGEN_MHZ_PER_TESLA:.6g}",
        "ImagedNucleus": "1H",
        "NumberOfAverages": "1",
        "InPlanePhaseEncodingDirection": "ROW" if protocol.grid in ("sagittal", "coronal") else "COL",
    }
    if protocol.ti is not None:
        values["InversionTime"] = f"{protocol.ti:g}"
    if protocol.contrast is not None or protocol.dynamic:
        values |= {
            "ContrastBolusAgent": "Simulated Gd-DTPA",
            "ContrastBolusRoute": "IV",
            "ContrastBolusVolume": "15",
            "ContrastBolusTotalDose": "7.5",
        }
    return values


def _write_truth(phantom: SpinePhantom, folder: Path, roles: Sequence[str]) -> dict[str, Path]:
    folder.mkdir()
    masks: dict[str, Path] = {}
    written: dict[str, sitk.Image] = {}
    for role in dict.fromkeys([*roles, "t2"]):
        grid = PROTOCOLS[role].grid
        if grid not in written:
            written[grid] = phantom.lesion_mask(role)
        masks[role] = folder / f"lesion_{role}.nrrd"
        _write(written[grid], masks[role])
    _write(phantom.outline("t2"), folder / "outline_t2.nrrd")
    if "dce" in roles:
        _write(phantom.tissue_map("dce"), folder / "tissues.nrrd")
        for name in KINETIC:
            _write(phantom.kinetic_map(name, "dce"), folder / f"{name}.nrrd")
    truth = describe_truth(phantom, masks)
    (folder / "truth.json").write_text(json.dumps(truth, indent=1) + "\n")
    return masks


def describe_truth(phantom: SpinePhantom, masks: dict[str, Path]) -> dict[str, object]:
    """What `truth.json` holds; lengths in mm (LPS), rates in 1/min, times in s."""
    d = phantom.description
    volumes = {}
    for role in masks:
        grid = phantom.grid(role)
        voxel = float(np.prod(grid.spacing)) / 1000
        share = phantom.scene(grid).sampling.fraction(tuple(int(t) for t in LESION_TISSUES))
        volumes[role] = round(float(share.sum()) * voxel, 4)
    return {
        "simulated": True,
        "seed": phantom.seed,
        "label": phantom.label,
        "lesion_type": phantom.kind,
        "level": phantom.level,
        "age": round(phantom.age, 1),
        "volume_ml": volumes,
        "lesion_centre_lps": [round(float(v), 3) for v in phantom.lesion_centre],
        "kinetics": {"ktrans": d.ktrans, "kep": d.ktrans / d.ve, "ve": d.ve, "vp": d.vp},
        "relaxation_ms": {"t1": d.t1, "t2": d.t2},
        "description": {name: getattr(d, name) for name in d.__dataclass_fields__},
        "enhancement": phantom.enhancement,
        "frame_times": phantom.times.tolist(),
        "bolus_arrival": acquisition.ARRIVAL_SECONDS,
        "study_uid": phantom.study_uid,
        "frame_of_reference": phantom.frame_of_reference,
        "series_uids": {role: phantom.series_uid(role) for role in masks},
        "tissues": {tissue.name.lower(): int(tissue) for tissue in Tissue},
    }


def _write(image: sitk.Image, path: Path) -> None:
    write_image(image, path, compression=1)
