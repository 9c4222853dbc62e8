"""A small cohort on disk, for tests of extraction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from spinemets.studies.cohort import Cohort


def make_cohort(folder: Path, cases: int, seed: int = 0) -> Path:
    """Two roles a case, the mask on the first one's grid; the second has other voxels. Returns the table."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["case,lesion,t1,t2,mask,label,age"]
    z, y, x = np.indices((12, 26, 26))
    for number in range(cases):
        inside = (z - 6) ** 2 / 9 + (y - 13) ** 2 / 60 + (x - 12) ** 2 / (50 + number) < 1
        for role, spacing, shape in (("t1", (1.0, 1.0, 3.0), z.shape), ("t2", (0.8, 0.9, 3.0), (12, 29, 33))):
            image = sitk.GetImageFromArray(rng.normal(500, 90, shape).astype(np.int16))
            image.SetSpacing(spacing)
            sitk.WriteImage(image, str(folder / f"{role}_{number}.nrrd"))
        mask = sitk.GetImageFromArray(inside.astype(np.uint8))
        mask.SetSpacing((1.0, 1.0, 3.0))
        sitk.WriteImage(mask, str(folder / f"mask_{number}.nrrd"))
        rows.append(f"p{number:02d},1,t1_{number}.nrrd,t2_{number}.nrrd,mask_{number}.nrrd,{number % 2},{40 + number}")
    table = folder / "cohort.csv"
    table.write_text("\n".join(rows) + "\n")
    assert len(Cohort.read(table).cases) == cases
    return table
