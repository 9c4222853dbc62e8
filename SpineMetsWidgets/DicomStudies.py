"""Studies of Slicer's DICOM database: what there is, and the files of one; nothing is copied or loaded by it."""

from dataclasses import dataclass

import slicer


@dataclass(frozen=True)
class DicomStudy:
    """A study of the database. `patient`: name and ID; `date` as DICOM writes it."""

    uid: str
    patient: str
    date: str
    description: str


def dicomDatabase():
    """Slicer's DICOM database (ctkDICOMDatabase); None where there is none or it is closed."""
    database = getattr(slicer, "dicomDatabase", None)  # absent where the DICOM module is switched off
    return database if database is not None and database.isOpen else None


def studiesInDatabase() -> list[DicomStudy]:
    """All studies, the latest first."""
    database = dicomDatabase()
    found = []
    for patient in [] if database is None else database.patients():
        name = (database.fieldForPatient("PatientsName", patient) or "").replace("^", " ").strip()
        identity = database.fieldForPatient("PatientID", patient) or ""
        for uid in database.studiesForPatient(patient):
            date, description = (database.fieldForStudy(key, uid) or "" for key in ("StudyDate", "StudyDescription"))
            found.append(DicomStudy(uid, " · ".join(filter(None, (name, identity))), date, description))
    return sorted(found, key=lambda study: (study.date, study.patient, study.uid), reverse=True)


def filesOfStudy(uid: str) -> list[str]:
    """Files of a study of the database, wherever they lie; empty when it is not in it."""
    database = dicomDatabase()
    series = [] if database is None or not uid else database.seriesForStudy(uid)
    return [str(path) for one in series for path in database.filesForSeries(one)]


def fileOfVolume(volume) -> str:
    """One file of the series that a volume was loaded from by the DICOM module; empty when it is not known."""
    database, instances = dicomDatabase(), (volume.GetAttribute("DICOM.instanceUIDs") or "").split()
    return str(database.fileForInstance(instances[0]) or "") if database is not None and instances else ""
