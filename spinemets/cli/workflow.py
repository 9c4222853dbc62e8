"""A case from where the user keeps it, through a model, to the files of a result: what `classify` and `demo` share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from spinemets.dce.wanted import DYNAMIC_ROLE, HotSpotInput
from spinemets.errors import InputError
from spinemets.geometry.files import read_mask, write_image
from spinemets.geometry.grids import check_frame_of_reference, check_overlap
from spinemets.models.classification import Result, classify_case
from spinemets.models.heatmap import STRONGEST, heatmap, mapped_features
from spinemets.models.package import ModelPackage
from spinemets.outputs import replacing_file
from spinemets.progress import Progress, silent
from spinemets.report.identity import SeriesLine, StudyIdentity, identity_of
from spinemets.report.page import write_report
from spinemets.report.views import roles_for_open_planes
from spinemets.studies.case_files import read_case_file
from spinemets.studies.cohort import Case, Cohort
from spinemets.studies.opening import open_dynamic, open_image, with_times
from spinemets.studies.roles import IMAGE_ROLES
from spinemets.studies.scanning import Study, scan_study

SIMULATED_PATIENT = "SIMULATED"


@dataclass(frozen=True)
class OpenedCase:
    """A lesion and the images that a model needs, loaded.

    images : by role, those of the model. views : by role, others that the report shows the lesion in.
    mask : the lesion on any grid of the same world. role_masks : where a reader drew it on a
    series itself. files : what stands behind each image. keeps_parts : whether the lesion is wanted as it was carried
    to each series, and each figure of the report. clinical : values of clinical variables. hot_spot : what is known
    of the dynamic series beside its voxels.
    """

    identity: StudyIdentity
    images: dict[str, sitk.Image]
    mask: sitk.Image
    mask_file: Path
    reader: str = ""
    files: dict[str, list[str]] = field(default_factory=dict)
    views: dict[str, sitk.Image] = field(default_factory=dict)
    role_masks: dict[str, sitk.Image] = field(default_factory=dict)
    clinical: Mapping[str, Any] = field(default_factory=dict)
    hot_spot: HotSpotInput = field(default_factory=HotSpotInput)
    keeps_parts: bool = False


def open_case(
    path: Path,
    package: ModelPackage,
    mask: Path | None = None,
    case_name: str | None = None,
    lesion: str | None = None,
    reader: str = "",
    times: Path | None = None,
    hot_spot: HotSpotInput | None = None,
) -> OpenedCase:
    """Open a study (DICOM folder, folder of named images) with its `mask`, one row of a cohort table, or a case.json.

    Parameters
    ----------
    times : text file with the seconds of the dynamic series' frames, instead of those that it holds. hot_spot : what is
        known of it, instead of what the case says.

    Raises
    ------
    InputError : a series that the model needs, or the mask, is missing or cannot be read.
    """
    if path.suffix.lower() == ".csv":
        opened = _open_row(path, _choose_row(path, case_name, lesion), package, mask, reader, times)
    elif path.suffix.lower() == ".json":
        opened = _open_case_file(path, package, mask, reader, times)
    elif mask is None:
        raise InputError(path, "comes without a lesion", "give its mask with --mask, made with `spinemets segment`")
    else:
        opened = open_study(scan_study(path), package, mask, reader, times)
    if hot_spot is None:
        return opened
    known = {name: value for name, value in vars(hot_spot).items() if value is not None}
    return replace(opened, hot_spot=replace(opened.hot_spot, **known))


def open_study(
    study: Study, package: ModelPackage, mask: Path, reader: str = "", times: Path | None = None
) -> OpenedCase:
    """Load the series that the model needs."""
    chosen = {role: study.by_role(role) for role in package.roles}
    lesion = read_mask(mask)
    return OpenedCase(
        identity=identity_of(study, package.roles, simulated=study.patient_name.startswith(SIMULATED_PATIENT)),
        images={role: with_times(series.load(), _times(role, times)) for role, series in chosen.items()},
        mask=lesion,
        mask_file=mask,
        reader=reader,
        files={role: [str(file) for file in series.files] for role, series in chosen.items()},
        views=_other_planes(study, lesion, set(chosen)),
    )


def _other_planes(study: Study, lesion: sitk.Image, shown: set[str]) -> dict[str, sitk.Image]:
    """Series in planes that the model's own leave open, so that the report shows the lesion as it was acquired.

    They are only looked at: one that cannot be read, or lies elsewhere, is left out.
    """
    planes = {role: study.candidates(role)[0].plane for role in IMAGE_ROLES if study.candidates(role)}
    views: dict[str, sitk.Image] = {}
    for roles in roles_for_open_planes(shown, planes):
        for role in roles:
            with suppress(InputError):
                image = study.by_role(role).load()
                check_frame_of_reference(lesion, image, "mask", role)
                check_overlap(image, lesion, role, "mask")
                views[role] = image
                break
    return views


def _choose_row(table: Path, case_name: str | None, lesion: str | None) -> Case:
    cases = [
        case for case in Cohort.read(table).cases if case_name in (None, case.case) and lesion in (None, case.lesion)
    ]
    wanted = f"case {case_name}" if case_name else "a single case"
    if not cases:
        raise InputError(table, f"has no row of {wanted}" + (f", lesion {lesion}" if lesion else ""), "check --case")
    if len(cases) > 1:
        names = ", ".join(f"{case.case}/{case.lesion}" for case in cases[:6])
        raise InputError(table, f"has {len(cases)} rows to choose from ({names})", "choose with --case and --lesion")
    return cases[0]


def _times(role: str, times: Path | None) -> Path | None:
    """The file of the frames' seconds, for the series that has frames."""
    return times if role == DYNAMIC_ROLE else None


def _open_row(
    table: Path, case: Case, package: ModelPackage, mask: Path | None, reader: str, times: Path | None
) -> OpenedCase:
    missing = [role for role in package.roles if role not in case.images]
    if missing:
        raise InputError(
            f"{table}, row {case.row}",
            f"has no image in column {missing[0]}, which {package.name} needs",
            "add it to the table",
        )
    mask_file = mask or case.mask_for(package.roles)
    if mask_file is None:
        raise InputError(f"{table}, row {case.row}", "names no mask", "fill the column `mask`, or give --mask")
    return OpenedCase(
        identity=StudyIdentity(
            patient_id=case.case,
            description=f"lesion {case.lesion}" if case.lesion else "",
            simulated=str(case.clinical.get("simulated", "")).lower() == "true",
        ),
        images={role: open_dynamic(case.images[role], _times(role, times or case.times)) for role in package.roles},
        mask=read_mask(mask_file),
        mask_file=mask_file,
        reader=reader or case.reader,
        files={role: [str(case.images[role])] for role in package.roles},
        clinical=case.clinical,
        hot_spot=HotSpotInput.of_columns(case.clinical if package.kinetics else {}),
        # A mask given on the command line is meant for every series.
        role_masks={} if mask else {role: read_mask(case.masks[role]) for role in package.roles if role in case.masks},
    )


def _open_case_file(
    path: Path, package: ModelPackage, mask: Path | None, reader: str, times: Path | None
) -> OpenedCase:
    told = read_case_file(path)
    missing = [role for role in package.roles if role not in told.images]
    if missing:
        raise InputError(
            path, f"has no image {missing[0]}, which {package.name} needs", "add it, or choose another model"
        )
    series = tuple(SeriesLine(**line) for line in told.identity.get("series", ()))
    return OpenedCase(
        identity=StudyIdentity(**{**told.identity, "series": series}),
        images={role: open_dynamic(told.images[role], _times(role, times)) for role in package.roles},
        mask=read_mask(mask or told.mask),
        mask_file=mask or told.mask,
        reader=reader or told.reader,
        files={role: list(told.origins.get(role, ())) for role in package.roles},
        views={role: open_image(file) for role, file in told.views.items() if role not in package.roles},
        role_masks={} if mask else {role: read_mask(file) for role, file in told.role_masks.items()},
        clinical=told.clinical,
        hot_spot=HotSpotInput.of_columns(told.hot_spot),
        keeps_parts=True,
    )


def classify_and_report(
    opened: OpenedCase,
    package: ModelPackage,
    folder: Path,
    seed: int | None = None,
    heatmap_of: str = "",
    progress: Progress = silent,
) -> Result:
    """Classify, and fill `folder` with result.json, report.html, lesion.nii.gz (on the grid of the mask); with
    `keeps_parts`, also masks/ROLE.nrrd and figures/NAME.svg; with `heatmap_of`, a variable of the model or
    "strongest", also heatmap.nii.gz."""
    result = classify_case(
        opened.images,
        opened.mask,
        package,
        role_masks=opened.role_masks,
        files=opened.files,
        clinical=opened.clinical,
        hot_spot=opened.hot_spot,
        mask_author=opened.reader,
        mask_file=str(opened.mask_file),
        seed=seed,
        progress=progress,
    )
    progress("report", 0, 1)
    with replacing_file(folder / "result.json") as partial:
        partial.write_text(
            json.dumps(result.as_json(), indent=2, allow_nan=False, ensure_ascii=False), encoding="utf-8"
        )
    write_image(opened.mask, folder / "lesion.nii.gz")
    for role, carried in result.masks.items() if opened.keeps_parts else ():
        write_image(carried, folder / "masks" / f"{role}.nrrd")
    images = {**opened.images, **opened.views}
    masks = {**result.masks, "drawn": opened.mask}
    figures = folder / "figures" if opened.keeps_parts else None
    write_report(result, opened.identity, images, masks, folder / "report.html", figures=figures)
    progress("report", 1, 1)
    if heatmap_of:
        write_image(_heatmap(result, opened, heatmap_of, progress), folder / "heatmap.nii.gz")
    return result


def _heatmap(result: Result, opened: OpenedCase, feature: str, progress: Progress) -> sitk.Image:
    package = result.package
    if feature == STRONGEST:
        known = mapped_features([entry.as_json() for entry in result.contributions], package.roles)
        if not known:
            raise InputError(package.name, "has no variable with a map", "leave out --heatmap")
        feature = known[0]
    return heatmap(opened.images, result.masks, package, feature, progress)
