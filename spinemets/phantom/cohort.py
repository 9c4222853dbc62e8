"""Cohorts of simulated cases for the five clinical questions, with a stated effect size.

A hidden variable of each case is drawn from a normal distribution of SD 1 whose mean is +/- effect x `SEPARATION` / 2
in the positive and the negative class. It places the lesion between two typical ones, one a class. With effect 1
Cohen's d of the hidden variable is `SEPARATION`; with effect 0 the classes are the same in distribution, and nothing
can be learned.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.geometry.files import read_mask, write_image
from spinemets.outputs import replacing_folder
from spinemets.phantom.lesion import LesionDescription, describe
from spinemets.phantom.reading import READING_ERROR, degraded_mask
from spinemets.phantom.signs import scored_signs
from spinemets.phantom.spine import STUDY_ROLES, SpinePhantom, patient_sex
from spinemets.phantom.study import StudyFiles, write_study
from spinemets.progress import Progress, silent

SEPARATION = 2.0
STEEPNESS = 1.6
SIGNS_QUESTION = "osteoblastic-vs-osteolytic"
READERS = ("first", "second")
INDIVIDUAL_SD = 0.10
TRAINING_CROP = (128, 128, 13)
# Fields that differ from patient to patient whatever the class, by a factor.
INDIVIDUAL = ("t1", "t2", "ktrans", "ve", "vp", "heterogeneity", "size", "roughness", "oedema")


@dataclass(frozen=True)
class Question:
    """`positive` and `negative`: the typical lesions of the classes, with the name of their kind; `roles`: the series
    its methods need."""

    positive: tuple[str, LesionDescription]
    negative: tuple[str, LesionDescription]
    roles: tuple[str, ...]


def _kind(name: str, **changes: object) -> tuple[str, LesionDescription]:
    return name, describe(name, **changes)


QUESTIONS: dict[str, Question] = {
    "osteoblastic-vs-osteolytic": Question(_kind("osteoblastic"), _kind("osteolytic"), ("t1", "t2", "fs_t2")),
    "malignant-vs-osteoporotic": Question(
        _kind("fracture", t2=90.0, heterogeneity=0.20, fat=0.02, ktrans=0.26, front_loss=0.26, line=0.1, roughness=1.8),
        _kind("fracture", t2=64.0, heterogeneity=0.08, fat=0.24, ktrans=0.12, front_loss=0.42, line=1.8, roughness=0.8),
        ("t2",),
    ),
    "metastasis-vs-primary": Question(
        _kind("soft_tissue_mass", t1=1350.0, t2=80.0, heterogeneity=0.09, necrosis=0.03, roughness=2.4, mass=0.7),
        _kind("soft_tissue_mass", t1=1150.0, t2=104.0, heterogeneity=0.24, necrosis=0.24, roughness=0.9, mass=1.1),
        ("t1", "t2", "fs_t2"),
    ),
    "lung-vs-other": Question(
        _kind("osteolytic", ktrans=0.13, ve=0.50, vp=0.015),
        _kind("osteolytic", ktrans=0.52, ve=0.22, vp=0.07),
        ("t2", "dce"),
    ),
    "myeloma-vs-metastasis": Question(
        _kind("osteolytic", t2=76.0, heterogeneity=0.06, necrosis=0.0, rim=1.0, roughness=0.7, oedema=0.5),
        _kind("osteolytic", t2=88.0, heterogeneity=0.24, necrosis=0.16, rim=1.8, roughness=2.0, oedema=5.0),
        ("t2", "ce_t1_sag", "ce_t1_cor", "ce_t1_ax"),
    ),
}


def draw_lesion(
    question: str, label: int, seed: int, effect: float = 1.0
) -> tuple[str, dict[str, object], dict[str, object]]:
    """Kind of a case's lesion, the fields of its `LesionDescription`, and the values of the case's clinical columns.

    Parameters
    ----------
    question : one of `QUESTIONS`.
    label : 1 for the positive class (the first in the question's name), 0 for the other.
    seed : the case; must differ between the cases of a cohort.
    effect : 0 for classes alike, 1 for clear but overlapping ones.

    Raises
    ------
    InputError : unknown question.
    """
    if question not in QUESTIONS:
        raise InputError(f"question {question!r}", "is not known", f"choose one of {', '.join(QUESTIONS)}")
    rng = np.random.default_rng([seed, 8])
    sign = effect * (1 if label else -1)
    hidden = sign * SEPARATION / 2 + rng.standard_normal()
    share = float(1 / (1 + np.exp(-STEEPNESS * hidden)))
    asked = QUESTIONS[question]
    changes: dict[str, object] = {}
    for field in fields(LesionDescription):
        high, low = (getattr(side[1], field.name) for side in (asked.positive, asked.negative))
        value = high if high == low or isinstance(high, bool) else share * high + (1 - share) * low
        if field.name in INDIVIDUAL:
            value *= float(np.exp(rng.normal(0, INDIVIDUAL_SD)))
        changes[field.name] = value
    kind = (asked.positive if share >= 0.5 else asked.negative)[0]
    clinical = _clinical(question, sign, seed, rng)
    if question == SIGNS_QUESTION:
        clinical |= scored_signs(LesionDescription(**changes), rng)  # type: ignore[arg-type]
    return kind, changes, clinical


def draw_case(question: str, label: int, seed: int, effect: float = 1.0) -> tuple[SpinePhantom, dict[str, object]]:
    """The patient of a case and the values of its clinical columns; parameters as in `draw_lesion`."""
    kind, changes, clinical = draw_lesion(question, label, seed, effect)
    phantom = SpinePhantom(seed, kind, label=int(label), age=float(str(clinical["age"])), **changes)  # type: ignore[arg-type]
    clinical["level"] = phantom.level
    return phantom, clinical


def _clinical(question: str, sign: float, seed: int, rng: np.random.Generator) -> dict[str, object]:
    """Plausible clinical columns; `sign` is the effect with the class's sign."""
    older = {"metastasis-vs-primary": 5.0, "malignant-vs-osteoporotic": -4.0}.get(question, 0.0)
    age = round(float(np.clip(rng.normal(61 + older * sign, 10), 25, 88)))
    clinical: dict[str, object] = {"age": age, "sex": patient_sex(seed), "level": ""}
    even, unclear, pain = rng.random(), rng.random(), rng.normal(5 + 0.5 * sign, 1.8)
    if question == "metastasis-vs-primary":
        # Shares as in the paper's training set: 30 and 18 of 49 of even signal.
        clinical["signal"] = "uniform" if even < 0.49 + 0.12 * sign else "uneven"
        clinical["boundaries"] = "unclear" if unclear < 0.50 + 0.20 * sign else "clear"
    clinical["pain"] = int(np.clip(round(pain), 0, 10))
    return clinical


def simulate_case(
    question: str,
    label: int,
    seed: int,
    roles: Sequence[str] | None = None,
    effect: float = 1.0,
    size: tuple[int, int, int] | None = TRAINING_CROP,
) -> dict[str, sitk.Image]:
    """A case without files: image `ROLE` and lesion mask `mask_ROLE` of each role, as in a cohort table.

    Parameters
    ----------
    roles : series; those of the question when None.
    size : voxels around the lesion to simulate, on the grid and with the values (but for the noise) of the whole image;
        None: the whole image.
    """
    phantom, _ = draw_case(question, label, seed, effect)
    out: dict[str, sitk.Image] = {}
    for role in roles or QUESTIONS[question].roles:
        grid = phantom.grid(role, size)
        out[role] = phantom.acquire(role, grid)
        out[f"mask_{role}"] = phantom.lesion_mask(grid)
    return out


def write_cohort(
    folder: Path,
    cases: int,
    question: str,
    effect: float = 1.0,
    seed: int = 0,
    format: str = "dicom",  # noqa: A002 - the name of the option
    roles: Sequence[str] | None = None,
    progress: Progress = silent,
    overwrite: bool = False,
    second_readings: int = 0,
) -> Path:
    """Write a cohort of simulated cases, `case-001` and on, and its table; return the table's path.

    Half of the cases are positive, in random order. A single case lies in `folder` itself, with all MR series.

    Parameters
    ----------
    roles : series of each case; those that the question's methods need when None.
    second_readings : so many of the cases, the first ones, have a second row whose masks are a second reader's: the
        true ones, which the first reader drew, as `reading.degraded_mask` makes them.

    Raises
    ------
    InputError : unknown question, format or role; no cases; a folder that cannot be filled.
    """
    if cases < 1:
        raise InputError(f"{cases} cases", "a cohort needs one at least", "give a positive number")
    folder = Path(folder)
    if question not in QUESTIONS:
        raise InputError(f"question {question!r}", "is not known", f"choose one of {', '.join(QUESTIONS)}")
    roles = tuple(roles or (STUDY_ROLES if cases == 1 else QUESTIONS[question].roles))
    labels = _labels(cases, seed)
    with replacing_folder(folder, overwrite) as place:
        rows: list[dict[str, object]] = []
        again: list[dict[str, object]] = []
        for number, label in enumerate(labels, start=1):
            progress("cohort", number - 1, cases, f"case {number} of {cases}")
            phantom, clinical = draw_case(question, label, seed * 100_003 + number - 1, effect)
            home = place if cases == 1 else place / f"case-{number:03d}"
            files = write_study(phantom, home, format, roles)
            row = _row(f"case-{number:03d}", files, place, roles, label, clinical)
            rows.append(row | {"reader": READERS[0] if second_readings else ""})
            if number <= second_readings:
                again.append(row | {"reader": READERS[1]} | _second_reading(files, place, roles, phantom.seed))
        with (place / "cohort.csv").open("w", newline="", encoding="utf-8") as table:
            writer = csv.DictWriter(table, list(rows[0]))
            writer.writeheader()
            writer.writerows([*rows, *again])
        progress("cohort", cases, cases, "cohort written")
    return folder / "cohort.csv"


def _labels(cases: int, seed: int) -> list[int]:
    """As many of each class as can be, in random order; an odd case falls to either."""
    rng = np.random.default_rng([seed, 9])
    labels = np.arange(cases) % 2
    if cases % 2:
        labels = labels if rng.random() < 0.5 else 1 - labels
    return [int(label) for label in rng.permutation(labels)]


def _row(
    case: str, files: StudyFiles, place: Path, roles: Sequence[str], label: int, clinical: dict[str, object]
) -> dict[str, object]:
    row: dict[str, object] = {"case": case, "lesion": "1", "reader": ""}
    row |= {role: files.images[role].relative_to(place).as_posix() for role in roles}
    row |= {f"mask_{role}": files.masks[role].relative_to(place).as_posix() for role in roles}
    row["outline_t2"] = files.outline.relative_to(place).as_posix()
    return row | {"label": label} | clinical | {"simulated": "true"}


def _second_reading(files: StudyFiles, place: Path, roles: Sequence[str], seed: int) -> dict[str, object]:
    """Masks of a second reader beside the true ones; one hand, so that series of one grid have the same mask."""
    found: dict[str, object] = {}
    for role in roles:
        path = files.masks[role].with_name(f"second_{role}.nrrd")
        hand = np.random.default_rng([seed, 14])
        write_image(degraded_mask(read_mask(files.masks[role]), READING_ERROR, hand), path, compression=1)
        found[f"mask_{role}"] = path.relative_to(place).as_posix()
    return found
