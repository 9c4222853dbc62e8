"""A study from a DICOM folder, a folder of named image files, or a list of either."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from spinemets.errors import InputError
from spinemets.studies.dicom import read_headers, studies_of
from spinemets.studies.named_files import image_files, studies_of_files
from spinemets.studies.study import Series, Study

__all__ = ["Series", "Study", "as_json", "scan_studies", "scan_study"]


def scan_study(path: Path | str | Sequence[Path | str]) -> Study:
    """The study in a folder (searched through all its folders), a file, or a list of files and folders.

    DICOM files are recognised by their content, whatever their names. Only without any are image files (NIfTI, NRRD,
    MHA) taken, by their names.

    Raises
    ------
    InputError : nothing to read there, no MR or CT image, several studies, or broken files.
    """
    studies = scan_studies(path)
    if len(studies) == 1:
        return studies[0]
    told = "; ".join(f"{study.date} {study.patient_id} {study.description}".strip() for study in studies[:5])
    whole = path if isinstance(path, (str, Path)) else studies[0].source
    raise InputError(whole, f"holds {len(studies)} studies ({told})", "give the folder of one of them")


def scan_studies(path: Path | str | Sequence[Path | str]) -> list[Study]:
    """As `scan_study`, for any number of studies."""
    paths = [Path(path)] if isinstance(path, (str, Path)) else [Path(one) for one in path]
    if not paths:
        raise InputError("study", "no file or folder was given", "name the folder of the study")
    root = paths[0] if len(paths) == 1 else Path(os.path.commonpath([one.absolute() for one in paths]))
    files = _all_files(paths)
    headers = read_headers(files)
    if headers:
        return studies_of(headers, root)
    named = image_files(files, root) if len(paths) == 1 and root.is_dir() else files
    if named:
        return studies_of_files(named, root)
    remedy = "choose the folder that holds the study's DICOM or image files"
    raise InputError(root, "holds no MR or CT image" if files else "is an empty folder", remedy)


def _all_files(paths: Iterable[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(_files_below(path))
        elif path.exists():
            files.append(path)
        else:
            raise InputError(path, "does not exist", "check the name")
    return files


def _files_below(root: Path) -> list[Path]:
    """Files of a folder and its folders; links are followed, each folder once; hidden files and pipes are not taken.

    Raises
    ------
    InputError : a folder cannot be opened: series would be missing without a word.
    """

    def refuse(error: OSError) -> None:
        raise InputError(error.filename, f"cannot be opened ({error.strerror})", "check its permissions") from error

    files: list[Path] = []
    seen: set[str] = set()
    for folder, folders, names in os.walk(root, onerror=refuse, followlinks=True):
        place = os.path.realpath(folder)
        if place in seen:
            folders.clear()
            continue
        seen.add(place)
        folders.sort()
        named = [Path(folder, name) for name in names if not name.startswith(".")]
        # A link that leads nowhere is no file, and opening a pipe would wait for ever.
        files += [path for path in named if path.is_file()]
    return files


def as_json(study: Study) -> dict[str, Any]:
    """The study as plain data, for `spinemets inspect --json`."""
    return {
        "uid": study.uid,
        "patient_id": study.patient_id,
        "patient_name": study.patient_name,
        "date": study.date,
        "description": study.description,
        "source": str(study.source),
        "series": [series.as_json() for series in study.series],
        "warnings": list(study.warnings),
    }
