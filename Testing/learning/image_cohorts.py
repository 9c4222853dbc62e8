"""Cohorts of simulated images cropped to the lesion: on disk as a user's own would be, in a second a case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from spinemets.phantom.cohort import READERS, draw_lesion, simulate_case
from spinemets.phantom.reading import READING_ERROR, degraded_mask
from spinemets.studies.cohort import Case, Cohort

VOXELS = (80, 80, 11)
FIRST_SEED = 4000


def write_image_cohort(
    folder: Path, question: str, roles: Sequence[str], cases: int, second_readings: int = 0, effect: float = 1.0
) -> Path:
    """cohort.csv with NRRD images and masks of `roles`, labels and clinical columns; the table's path.

    The first so many cases are outlined by a second reader too. Case n has seed `FIRST_SEED` + n and label n modulo 2.
    """
    rows, again = [], []
    for number in range(cases):
        seed, label = FIRST_SEED + number, number % 2
        clinical = draw_lesion(question, label, seed, effect)[2] | {"simulated": "true"}
        found = simulate_case(question, label, seed, roles, effect, VOXELS) if roles else {}
        images, masks = ({role: found[f"{kind}{role}"] for role in roles} for kind in ("", "mask_"))
        common = {"label": f"{label}", "images": _written(images, folder / f"{seed}"), "clinical": clinical}
        named = {"case": f"c{seed}", "reader": READERS[0] if second_readings else ""}
        rows.append(Case(**named, **common, masks=_written(masks, folder / f"{seed}" / "first")))
        if number < second_readings:
            hand = np.random.default_rng([seed, 14])
            other = {role: degraded_mask(mask, READING_ERROR, hand) for role, mask in masks.items()}
            named["reader"] = READERS[1]
            again.append(Case(**named, **common, masks=_written(other, folder / f"{seed}" / "second")))
    table = folder / "cohort.csv"
    Cohort((*rows, *again)).write(table)
    return table


def _written(images: dict[str, sitk.Image], folder: Path) -> dict[str, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for role, image in images.items():
        sitk.WriteImage(image, str(folder / f"{role}.nrrd"))
    return {role: folder / f"{role}.nrrd" for role in images}
