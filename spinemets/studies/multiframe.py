"""Enhanced multi-frame objects: one header for each frame, as if it were a file of its own (DICOM PS3.3, C.7.6.16)."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from spinemets.studies.headers import Header, values_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

ENHANCED = frozenset(
    (
        "1.2.840.10008.5.1.4.1.1.4.1",  # Enhanced MR
        "1.2.840.10008.5.1.4.1.1.4.4",  # Legacy Converted Enhanced MR
        "1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT
        "1.2.840.10008.5.1.4.1.1.2.2",  # Legacy Converted Enhanced CT
    )
)
# Attribute of a functional group -> attribute of a classic image that says the same.
CLASSIC = (
    ("MRTimingAndRelatedParametersSequence", "RepetitionTime", "RepetitionTime"),
    ("MRTimingAndRelatedParametersSequence", "FlipAngle", "FlipAngle"),
    ("MRTimingAndRelatedParametersSequence", "EchoTrainLength", "EchoTrainLength"),
    ("MREchoSequence", "EffectiveEchoTime", "EchoTime"),
    ("MRModifierSequence", "InversionTimes", "InversionTime"),
    ("MRDiffusionSequence", "DiffusionBValue", "DiffusionBValue"),
    ("MRImageFrameTypeSequence", "FrameType", "ImageType"),
    ("CTImageFrameTypeSequence", "FrameType", "ImageType"),
    ("PlanePositionSequence", "ImagePositionPatient", "ImagePositionPatient"),
    ("PlaneOrientationSequence", "ImageOrientationPatient", "ImageOrientationPatient"),
    ("PixelMeasuresSequence", "PixelSpacing", "PixelSpacing"),
    ("PixelMeasuresSequence", "SliceThickness", "SliceThickness"),
    ("PixelMeasuresSequence", "SpacingBetweenSlices", "SpacingBetweenSlices"),
    ("PixelValueTransformationSequence", "RescaleSlope", "RescaleSlope"),
    ("PixelValueTransformationSequence", "RescaleIntercept", "RescaleIntercept"),
    ("FrameContentSequence", "FrameAcquisitionDateTime", "AcquisitionDateTime"),
    ("FrameContentSequence", "TemporalPositionIndex", "TemporalPositionIdentifier"),
    ("ContrastBolusUsageSequence", "ContrastBolusAgentAdministered", "ContrastBolusAgent"),
)
INVERSION, SPECTRAL = "InversionRecovery", "SpectrallySelectedSuppression"


def frame_headers(header: Header) -> list[Header]:
    """The headers of an enhanced object's frames; of any other object, the header itself."""
    if header.values.get("SOPClassUID") not in ENHANCED or header.fault:
        return [header]
    import pydicom

    with warnings.catch_warnings():
        # pydicom warns of every attribute that is written in an unusual way.
        warnings.simplefilter("ignore")
        return _frames(header, pydicom.dcmread(header.path, stop_before_pixels=True))


def _frames(header: Header, dataset: Dataset) -> list[Header]:
    common = {**header.values, **values_of(dataset), **_sequence_attributes(dataset)}
    # The object's own times are those of the whole acquisition, the same for each frame.
    for keyword in ("AcquisitionDateTime", "AcquisitionTime", "ContentTime", "InstanceNumber", "AcquisitionNumber"):
        common.pop(keyword, None)
    shared = next(iter(dataset.get("SharedFunctionalGroupsSequence", [])), None)
    headers = []
    for number, own in enumerate(dataset.get("PerFrameFunctionalGroupsSequence", [])):
        values = {**common, "InstanceNumber": float(number + 1)}
        for groups in (shared, own):
            if groups is not None:
                values.update(_classic_values(groups))
        headers.append(Header(header.path, values, frame=number))
    return headers


def _sequence_attributes(dataset: Dataset) -> dict[str, Any]:
    """What classic images say in ScanningSequence, from the flags of an enhanced one."""
    pulse, echo = str(dataset.get("EchoPulseSequence", "")), str(dataset.get("EchoPlanarPulseSequence", ""))
    kinds = [name for word, name in (("SPIN", "SE"), ("GRADIENT", "GR"), ("BOTH", "SE")) if word in pulse]
    kinds += ["EP"] if echo == "YES" else []
    variants = ["SP"] if str(dataset.get("Spoiling", "NONE")) not in ("NONE", "") else []
    variants += ["SS"] if str(dataset.get("SteadyStatePulseSequence", "NONE")) not in ("NONE", "") else []
    values: dict[str, Any] = {}
    if kinds:
        values["ScanningSequence"] = tuple(kinds)
    if variants:
        values["SequenceVariant"] = tuple(variants)
    agents = dataset.get("ContrastBolusAgentSequence", [])
    if agents:
        values["ContrastBolusAgent"] = str(agents[0].get("ContrastBolusAgent") or agents[0].get("CodeMeaning", "agent"))
    return values


def _classic_values(groups: Dataset) -> dict[str, Any]:
    """Attributes of one item of functional groups under their classic names."""
    values: dict[str, Any] = {}
    for group, keyword, classic in CLASSIC:
        item = next(iter(groups.get(group, [])), None)
        if item is None or item.get(keyword) in (None, ""):
            continue
        renamed = type(item)()
        value = item.get(keyword)
        if classic == "InversionTime":
            value = value[0] if hasattr(value, "__iter__") else value
        if classic == "ContrastBolusAgent":
            if str(value) != "YES":
                continue
            value = "administered"
        setattr(renamed, classic, value)
        values.update(values_of(renamed))
    modifier = next(iter(groups.get("MRModifierSequence", [])), None)
    if modifier is not None:
        if str(modifier.get(INVERSION, "")) == "YES":
            values["InversionRecovery"] = "YES"
        if str(modifier.get(SPECTRAL, "NONE")) in ("FAT", "FAT_AND_WATER"):
            values["ScanOptions"] = ("FS",)
    return values
