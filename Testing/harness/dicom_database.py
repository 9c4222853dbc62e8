"""Stand-in for Slicer's DICOM database: the names and answers of ctkDICOMDatabase, from files that lie anywhere."""

from pathlib import Path


class DicomDatabase:
    """What an import of these folders leaves; a patient's number is the database's own, as in the application."""

    isOpen = True

    def __init__(self, *folders) -> None:
        import pydicom

        self._series, self._fields = {}, {}
        self._studies, self._patients = {}, {}
        for path in sorted(file for folder in folders for file in Path(folder).rglob("*") if file.is_file()):
            header = pydicom.dcmread(path, stop_before_pixels=True)
            patient = self._patients.setdefault(str(header.PatientID), str(len(self._patients) + 1))
            study, series = str(header.StudyInstanceUID), str(header.SeriesInstanceUID)
            self._studies.setdefault(study, {"PatientsUID": patient, "StudyDate": str(header.get("StudyDate", ""))})
            self._studies[study]["StudyDescription"] = str(header.get("StudyDescription", ""))
            self._fields[patient] = {"PatientsName": str(header.get("PatientName", "")), "PatientID": header.PatientID}
            self._series.setdefault((study, series), []).append(str(path))

    def patients(self) -> list[str]:
        return list(self._patients.values())

    def studiesForPatient(self, patient: str) -> list[str]:
        return [uid for uid, fields in self._studies.items() if fields["PatientsUID"] == patient]

    def seriesForStudy(self, uid: str) -> list[str]:
        return [series for study, series in self._series if study == uid]

    def filesForSeries(self, uid: str, hits: int = -1) -> list[str]:
        files = next(files for (_study, series), files in self._series.items() if series == uid)
        return files if hits < 0 else files[:hits]

    def fieldForPatient(self, field: str, patient: str) -> str:
        return self._fields[patient].get(field, "")

    def fieldForStudy(self, field: str, uid: str) -> str:
        return self._studies[uid].get(field, "")

    def fileForInstance(self, uid: str) -> str:
        import pydicom

        files = [file for files in self._series.values() for file in files]
        return next(
            (file for file in files if pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID == uid), ""
        )
