"""A lesion with its images as plain files: what a program that has them in memory hands over to `classify`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.geometry.files import write_image
from spinemets.outputs import replacing_file

CASE_FILE = "case.json"
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class CaseFile:
    """The content of a case.json; paths are absolute.

    identity : of patient and study (`patient_id`, `patient_name`, `date`, `description`, `study_uid`), and `series`, a
    list of role, plane, number, description, reason and used. images, views : by role; views are only looked at.
    mask : the lesion on any grid of the same world; role_masks : where it was drawn on a series itself. origins : the
    files behind each image. reader : who or what made the mask. clinical : values by name. hot_spot : of the dynamic
    series, `hot_spot` (where a reader placed it: text "x y z", mm, LPS), `injection_s` and `baseline_frames`, as in a
    cohort table.
    """

    identity: Mapping[str, Any]
    images: Mapping[str, Path]
    mask: Path
    views: Mapping[str, Path] = field(default_factory=dict)
    role_masks: Mapping[str, Path] = field(default_factory=dict)
    origins: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reader: str = ""
    clinical: Mapping[str, Any] = field(default_factory=dict)
    hot_spot: Mapping[str, Any] = field(default_factory=dict)


def write_case_file(
    folder: Path,
    images: Mapping[str, sitk.Image],
    mask: sitk.Image,
    *,
    views: Mapping[str, sitk.Image] | None = None,
    role_masks: Mapping[str, sitk.Image] | None = None,
    **values: Any,
) -> Path:
    """Write the images, uncompressed, into `folder` and beside them case.json; returns its path. `values`: the other
    fields of `CaseFile`.

    Raises
    ------
    InputError : the folder cannot be written to.
    """
    written: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "mask": "mask.nrrd", **values}
    write_image(mask, folder / "mask.nrrd", overwrite=True, compression=0)
    for name, group in (("images", images), ("views", views or {}), ("role_masks", role_masks or {})):
        written[name] = {role: f"{name}-{role}.nrrd" for role in group}
        for role, image in group.items():
            write_image(image, folder / written[name][role], overwrite=True, compression=0)
    with replacing_file(folder / CASE_FILE, overwrite=True) as partial:
        partial.write_text(json.dumps(written, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    return folder / CASE_FILE


def read_case_file(path: Path) -> CaseFile:
    """Read a case.json.

    Raises
    ------
    InputError : the file is missing, or is none.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"schema_version is {told['schema_version']!r}")
        return CaseFile(
            identity=dict(told.get("identity", {})),
            images=_paths(path.parent, told["images"]),
            mask=path.parent / told["mask"],
            views=_paths(path.parent, told.get("views", {})),
            role_masks=_paths(path.parent, told.get("role_masks", {})),
            origins=dict(told.get("origins", {})),
            reader=str(told.get("reader", "")),
            clinical=dict(told.get("clinical", {})),
            hot_spot=dict(told.get("hot_spot", {})),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(path, f"is no description of a case ({error})", "give a study or a cohort table") from error


def _paths(folder: Path, names: Mapping[str, str]) -> dict[str, Path]:
    return {role: folder / name for role, name in names.items()}
