"""Sagittal T1, T2 and fat-suppressed T2 of a simulated patient, cropped round the lesion, for `make_reference.py`.

    python make_phantom_crops.py

writes `phantom_<role>_image.nrrd` (16-bit) and `phantom_<role>_mask.nrrd`. Needs SpineMets, not pyradiomics.
"""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

from spinemets.geometry.grids import crop_to_mask
from spinemets.phantom.spine import SpinePhantom

HERE = Path(__file__).parent
MARGIN = 6.0


def main() -> None:
    phantom = SpinePhantom(seed=21, lesion="osteoblastic")
    for role in ("t1", "t2", "fs_t2"):
        image = phantom.acquire(role)
        mask = phantom.lesion_mask(image)
        cropped = crop_to_mask(sitk.Cast(image, sitk.sitkInt16), mask, MARGIN)
        cropped_mask = crop_to_mask(mask, mask, MARGIN)
        for kind, made in (("image", cropped), ("mask", cropped_mask)):
            for key in made.GetMetaDataKeys():
                made.EraseMetaData(key)
            sitk.WriteImage(made, str(HERE / f"phantom_{role}_{kind}.nrrd"), useCompression=True)


if __name__ == "__main__":
    main()
