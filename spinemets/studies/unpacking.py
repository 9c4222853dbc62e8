"""Series of a study as one plain image file each, with a list of what they are.

Reading hundreds of DICOM files takes seconds; the files written here are read at once. A window that must not freeze
lets another process unpack a study and reads what that left.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import fields
from pathlib import Path
from typing import Any

from spinemets.errors import InputError
from spinemets.geometry.files import write_image
from spinemets.outputs import replacing_file
from spinemets.progress import Progress, silent
from spinemets.studies.roles import IMAGE_ROLES
from spinemets.studies.study import Series, Study

LIST_NAME = "study.json"
STUDY_TEXTS = ("uid", "patient_id", "patient_name", "date", "description")
# Everything but what is written in another form: paths, and the stack that the copy stands for.
SERIES_VALUES = tuple(entry.name for entry in fields(Series) if entry.name not in ("files", "stack", "origin"))


def unpack_study(
    study: Study, folder: Path, keys: Collection[str] | None = None, progress: Progress = silent
) -> dict[str, Any]:
    """Write images of a study into `folder` as NRRD, and the list of all its series as `study.json`; return that list.

    Parameters
    ----------
    keys : of the series (`Series.key`) whose images are written; None: of all that have a clinical role. Series
        without image are in the list all the same.

    A series that cannot be read is in the list with its problem.

    Raises
    ------
    InputError : the folder cannot be written to.
    Cancelled : from `progress`; files that were written stay.
    """
    wanted = [series for series in study.series if _is_wanted(series, keys)]
    entries = []
    for series in study.series:
        entry = {name: getattr(series, name) for name in SERIES_VALUES}
        entry |= {"origin": series.origin or str(series.files[0]), "n_files": len(set(series.files)), "image": ""}
        if series in wanted:
            done = wanted.index(series)
            progress("read", done, len(wanted), f"{series.role}: {series.description}")
            entry |= _write(series, folder / f"series-{done + 1}.nrrd")
        entries.append(entry)
    progress("read", len(wanted), len(wanted))
    listed = {name: getattr(study, name) for name in STUDY_TEXTS}
    listed |= {"source": str(study.source), "warnings": list(study.warnings), "series": entries}
    with replacing_file(folder / LIST_NAME, overwrite=True) as partial:
        partial.write_text(json.dumps(listed, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    return listed


def _is_wanted(series: Series, keys: Collection[str] | None) -> bool:
    return series.role in IMAGE_ROLES if keys is None else series.key in keys


def _write(series: Series, path: Path) -> dict[str, str]:
    """What became of the series' image."""
    try:
        image = series.load()
    except InputError as error:
        return {"problem": error.why, "remedy": error.remedy}
    write_image(image, path, overwrite=True, compression=0)
    return {"image": path.name}


def read_unpacked(folder: Path) -> Study:
    """The study that `unpack_study` left in a folder; series without image there cannot be loaded.

    Raises
    ------
    InputError : the list is missing or is none.
    """
    path = Path(folder) / LIST_NAME
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
        series = tuple(_series(entry, Path(folder)) for entry in listed["series"])
        texts = {name: str(listed[name]) for name in STUDY_TEXTS}
        return Study(**texts, series=series, warnings=tuple(listed["warnings"]), source=Path(listed["source"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(path, f"is no list of a study's series ({error})", "load the study again") from error


def _series(entry: dict[str, Any], folder: Path) -> Series:
    values = {name: entry[name] for name in SERIES_VALUES}
    for name in ("size", "spacing", "times"):
        values[name] = tuple(values[name])
    files = (folder / entry["image"],) if entry["image"] else ()
    return Series(**values, files=files, origin=entry["origin"])
