"""Whose study a report is about, and which series were used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SeriesLine:
    """One series as the report's table shows it."""

    role: str
    plane: str
    number: str
    description: str
    reason: str
    used: bool


@dataclass(frozen=True)
class StudyIdentity:
    """What stands at the head of a report. `simulated`: the images come from the phantom."""

    patient_id: str = ""
    patient_name: str = ""
    date: str = ""
    description: str = ""
    study_uid: str = ""
    series: tuple[SeriesLine, ...] = ()
    simulated: bool = False


def identity_of(study: Any, used_roles: tuple[str, ...] = (), simulated: bool = False) -> StudyIdentity:
    """Identity of a `spinemets.studies.scanning.Study`; series with one of `used_roles` are marked and come first."""
    lines = [
        SeriesLine(
            role=str(series.role),
            plane=str(series.plane),
            number="" if series.number is None else str(series.number),
            description=str(series.description),
            reason=str(series.reason),
            used=series.role in used_roles,
        )
        for series in study.series
    ]
    return StudyIdentity(
        patient_id=str(study.patient_id or ""),
        patient_name=str(study.patient_name or ""),
        date=str(study.date or ""),
        description=str(study.description or ""),
        study_uid=str(study.uid or ""),
        series=tuple(sorted(lines, key=lambda line: not line.used)),
        simulated=simulated,
    )
