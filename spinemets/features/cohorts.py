"""Features of a cohort, case by case: resumable, on all cores or a Dask cluster, with a status of each case.

A finished case is a file of its own, named by a hash of its images, masks and settings; it is written by the process
that collects, whole or not at all. So work that is stopped goes on where it was, a changed image or setting is computed
again, and a case that two workers finished counts once.
"""

from __future__ import annotations

import csv
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import SimpleITK as sitk

import spinemets
from spinemets.dce.wanted import DYNAMIC_ROLE, HOT_SPOT_VALUES, HotSpotInput, Kinetics
from spinemets.errors import InputError
from spinemets.features.extraction import extract
from spinemets.features.perturbations import perturbed, random_perturbations
from spinemets.features.settings import Settings, settings_as_dict
from spinemets.geometry.files import read_mask
from spinemets.geometry.grids import check_frame_of_reference, check_overlap, crop_to_mask, same_grid
from spinemets.outputs import replacing_file
from spinemets.progress import Progress, silent
from spinemets.studies.cohort import Case, Cohort
from spinemets.studies.named_files import times_files
from spinemets.studies.opening import open_dynamic, open_image

if TYPE_CHECKING:
    from spinemets.features.dynamic import KineticFindings

# What a record looks like; with another number old records are computed again.
RECORD_VERSION = 1
STATUS_COLUMNS = ("row", "case", "lesion", "reader", "status", "reason", "seconds")


@dataclass(frozen=True)
class Extraction:
    """What is measured in each case.

    roles : images that are measured; columns begin with their names. The mask is carried to each.
    settings : of the features; None: there are none but the hot spot's values.
    crop_margin_mm : normalisation sees only the lesion and so much round it; None: all.
    perturbations : versions of each case that are measured too (`perturbations.random_perturbations`), from `seed`.
    kinetics : what is measured of the dynamic series; None: nothing.
    """

    roles: tuple[str, ...]
    settings: Settings | None
    crop_margin_mm: float | None = None
    perturbations: int = 0
    seed: int = 0
    kinetics: Kinetics | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a case: `status` "done", "reused" (found finished) or "failed" with its reason; the reason of a
    case that was measured is what a reader should know of it, such as frames at irregular times.

    index : of the case in the cohort. key : hash of files and settings, "" where a file could not be read.
    perturbed : features of each perturbed version.
    """

    index: int
    status: str
    key: str = ""
    reason: str = ""
    features: dict[str, float] | None = None
    perturbed: tuple[dict[str, float], ...] = ()
    seconds: float = 0.0


# A task for a worker: index, case, extraction, keys of the cases that are finished.
Task = tuple[int, Case, Extraction, frozenset[str]]
Runner = Callable[[Sequence[Task]], Iterator[Outcome]]


def case_key(case: Case, extraction: Extraction) -> str:
    """SHA-256 of all that a case's features depend on: image and mask files, settings, version of SpineMets."""
    told = {
        "record": RECORD_VERSION,
        "version": spinemets.__version__,
        "settings": settings_as_dict(extraction.settings) if extraction.settings else None,
        "crop_margin_mm": extraction.crop_margin_mm,
        "perturbations": [extraction.perturbations, extraction.seed if extraction.perturbations else None],
        "files": {role: [_file_hash(case.images[role]), _file_hash(_mask_of(case, role))] for role in extraction.roles},
    }
    if extraction.kinetics is not None:
        told["kinetics"] = [extraction.kinetics.as_dict(), asdict(HotSpotInput.of_columns(case.clinical))]
        told["times"] = [_file_hash(place) for place in _times_of(case) if place.is_file()]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def _file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, or of the names and bytes of a folder's files."""
    digest = hashlib.sha256()
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    for file in files:
        digest.update(f"{file.relative_to(path).as_posix() if path.is_dir() else ''}\0".encode(errors="replace"))
        with file.open("rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                digest.update(block)
    return digest.hexdigest()


def _times_of(case: Case) -> list[Path]:
    """Files that may say when the dynamic series' frames were taken."""
    if case.times is not None:
        return [case.times]
    place = case.images[DYNAMIC_ROLE]
    return [] if place.is_dir() else times_files(place)


def _mask_of(case: Case, role: str) -> Path:
    path = case.masks.get(role) or case.mask_for((role,))
    if path is None:
        raise InputError(case.name, "names no mask", "fill the column `mask`")
    return path


@dataclass(frozen=True)
class CaseFeatures:
    """Features of a case and of its perturbed versions, and what a reader should know of them."""

    features: dict[str, float]
    perturbed: tuple[dict[str, float], ...] = ()
    warnings: tuple[str, ...] = ()


def case_features(case: Case, extraction: Extraction) -> CaseFeatures:
    """Features of each role's image under the case's mask, named `ROLE_name`; and of its perturbed versions.

    Of the dynamic series, what `extraction.kinetics` says.

    Raises
    ------
    InputError : an image or mask is missing, cannot be read, or cannot be measured; the role is named.
    """
    found: dict[str, float] = {}
    changes = random_perturbations(extraction.perturbations, extraction.seed)
    versions: tuple[dict[str, float], ...] = tuple({} for _ in changes)
    warnings: tuple[str, ...] = ()
    for role in extraction.roles:
        try:
            if role == DYNAMIC_ROLE and extraction.kinetics is not None:
                findings = _kinetics(case, extraction, extraction.kinetics)
                found, warnings = found | findings.features, warnings + findings.warnings
                continue
            if extraction.settings is None:
                continue
            image, mask = _opened(case, role, extraction.crop_margin_mm)
            found |= _named(role, extract(image, mask, extraction.settings))
            for version, change in zip(versions, changes, strict=True):
                version |= _named(role, extract(*perturbed(image, mask, change), extraction.settings))
        except InputError as error:
            raise InputError(f"{role}: {error.what}", error.why, error.remedy) from error
    return CaseFeatures(found, versions, warnings)


def _kinetics(case: Case, extraction: Extraction, kinetics: Kinetics) -> KineticFindings:
    """The hot spot and the maps' features of the case's dynamic series, the mask carried to its frames."""
    # Loaded where needed: scipy.ndimage, under it, is a third of a worker's start.
    from spinemets.features.dynamic import kinetic_findings

    image = open_dynamic(case.images[DYNAMIC_ROLE], case.times)
    mask = _mask_on(image, case, DYNAMIC_ROLE)
    given = HotSpotInput.of_columns(case.clinical)
    return kinetic_findings(image, mask, kinetics, extraction.settings, extraction.crop_margin_mm, given)


def _named(role: str, values: dict[str, float]) -> dict[str, float]:
    return {f"{role}_{name}": value for name, value in values.items()}


def _opened(case: Case, role: str, crop_margin_mm: float | None) -> tuple[sitk.Image, sitk.Image]:
    """Image of the role and the mask on its grid."""
    image = open_image(case.images[role])
    if image.GetDimension() != 3:
        raise InputError(case.images[role], "has a time axis", "choose one frame of the dynamic series")
    mask = _mask_on(image, case, role)
    if crop_margin_mm is not None:
        image, mask = crop_to_mask(image, mask, crop_margin_mm), crop_to_mask(mask, mask, crop_margin_mm)
    return image, mask


def _mask_on(image: sitk.Image, case: Case, role: str) -> sitk.Image:
    """The role's mask on the image's grid."""
    mask = read_mask(_mask_of(case, role))
    check_frame_of_reference(image, mask, "image", "mask")
    check_overlap(image, mask, "image", "mask")
    if same_grid(image, mask):
        return mask
    from spinemets.geometry.carrying import carry_mask

    return carry_mask(mask, image)


def run_task(task: Task) -> Outcome:
    """What a worker does with a case; whatever goes wrong with it becomes its reason."""
    index, case, extraction, finished = task
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    start = time.perf_counter()
    key = ""
    try:
        missing = [role for role in extraction.roles if role not in case.images]
        if missing:
            raise InputError(case.name, f"has no image in column {missing[0]}", "add it, or leave the role out")
        key = case_key(case, extraction)
        if key in finished:
            return Outcome(index, "reused", key)
        found = case_features(case, extraction)
    except InputError as error:
        return Outcome(index, "failed", key, str(error), seconds=time.perf_counter() - start)
    except Exception as error:  # one case must not end the others
        reason = f"{type(error).__name__}: {' '.join(str(error).split()) or 'no message'}"
        return Outcome(index, "failed", key, reason, seconds=time.perf_counter() - start)
    seconds = time.perf_counter() - start
    return Outcome(index, "done", key, "; ".join(found.warnings), found.features, found.perturbed, seconds)


def extract_cohort(
    cohort: Cohort, extraction: Extraction, records: Path, runner: Runner, progress: Progress = silent
) -> list[Outcome]:
    """Outcome of every case, in the cohort's order; features of reused cases are read from their records.

    Parameters
    ----------
    records : folder of finished cases, made where it is absent.
    runner : gives the outcomes of tasks as they come (`spinemets.features.runners`).

    Raises
    ------
    InputError : the table has a column that is measured.
    """
    _check_columns(cohort, extraction)
    records.mkdir(parents=True, exist_ok=True)
    finished = frozenset(file.stem for file in records.glob("*.json"))
    tasks = [(index, case, extraction, finished) for index, case in enumerate(cohort.cases)]
    outcomes: dict[int, Outcome] = {}
    progress("cases", 0, len(tasks))
    for outcome in runner(tasks):
        if outcome.index in outcomes:
            continue
        outcomes[outcome.index] = _kept(outcome, tasks[outcome.index], records)
        progress("cases", len(outcomes), len(tasks), f"{cohort.cases[outcome.index].name} {outcome.status}")
    return [outcomes[index] for index in range(len(tasks))]


def _check_columns(cohort: Cohort, extraction: Extraction) -> None:
    """A table with two columns of a name could not be read again."""
    measured = HOT_SPOT_VALUES if extraction.kinetics is not None and extraction.kinetics.hot_spot else ()
    for name in measured:
        if any(name in case.clinical for case in cohort.cases):
            raise InputError(
                cohort.path or "cohort",
                f"has a column {name}, which is measured",
                "take it out, or give it another name",
            )


def _kept(outcome: Outcome, task: Task, records: Path) -> Outcome:
    """Write what is done, read what is reused; a record that cannot be read is computed again."""
    file = records / f"{outcome.key}.json"
    if outcome.status == "reused":
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            versions = tuple(_numbers(each) for each in content["perturbed"])
            reason = str(content["reason"])
            return replace(outcome, reason=reason, features=_numbers(content["features"]), perturbed=versions)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            outcome = run_task((task[0], task[1], task[2], frozenset()))
    if outcome.status == "done":
        with replacing_file(file, overwrite=True) as partial:
            partial.write_text(json.dumps(asdict(outcome)), encoding="utf-8")
    return outcome


def _numbers(content: dict[str, Any]) -> dict[str, float]:
    return {str(name): float(value) for name, value in content.items()}


def write_features(cohort: Cohort, outcomes: Sequence[Outcome], path: Path, overwrite: bool = False) -> None:
    """Table of the cases that have features: identity, label, clinical values, features with all their digits."""
    from spinemets.studies.cohort import IDENTITY

    kept = [(case, outcome.features) for case, outcome in zip(cohort.cases, outcomes, strict=True) if outcome.features]
    names = list(dict.fromkeys(name for _, found in kept for name in found))
    clinical = list(dict.fromkeys(name for case in cohort.cases for name in case.clinical))
    with replacing_file(path, overwrite) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([*IDENTITY, "label", *clinical, *names])
        for case, found in kept:
            known: list[Any] = [case.case, case.lesion, case.reader, case.label]
            known += [case.clinical.get(name) for name in clinical]
            table.writerow(["" if value is None else value for value in known] + [repr(found[name]) for name in names])


def write_status(cohort: Cohort, outcomes: Sequence[Outcome], path: Path) -> None:
    """Table of what became of each case, with the reason where it failed, and what to know of it where it did not."""
    with replacing_file(path, overwrite=True) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(STATUS_COLUMNS)
        for case, each in zip(cohort.cases, outcomes, strict=True):
            identity = (case.row, case.case, case.lesion, case.reader)
            table.writerow([*identity, each.status, each.reason, f"{each.seconds:.2f}"])
