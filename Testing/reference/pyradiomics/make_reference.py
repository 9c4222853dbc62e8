"""Feature values of pyradiomics 3.0.1 on small images, kept beside this script so that tests need no pyradiomics.

Run with a Python that has pyradiomics 3.0.1, SimpleITK and numpy:

    python make_reference.py

writes the images (`*.nrrd`, made here from fixed seeds; `phantom_*` come from `make_phantom_crops.py`) and
`features.json`. Values of real images and of the IBSI digital phantom (../shared/data beside the project) go into
`real_features.json`, without the images.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import radiomics
import SimpleITK as sitk
from radiomics.featureextractor import RadiomicsFeatureExtractor

HERE = Path(__file__).parent
DATA = Path(__file__).parents[3].parent / "shared" / "data"

# SpineMets' options -> pyradiomics' settings that mean the same.
SETTINGS = {
    "bin_width": lambda width: {"binWidth": width},
    "bin_count": lambda count: {"binCount": count},
    "spacing": lambda spacing: {"resampledPixelSpacing": [spacing] * 3},
    "normalize": lambda scope: {"normalize": scope == "image"},
    "normalize_scale": lambda scale: {"normalizeScale": scale},
}
VARIANTS = {
    "native": {},
    "1 mm": {"spacing": 1.0},
    "32 bins": {"bin_count": 32},
    "normalized": {"normalize": "image", "normalize_scale": 100.0, "bin_width": 5.0},
    "normalized, 1 mm, 25 wide": {"normalize": "image", "normalize_scale": 100.0, "spacing": 1.0},
}


def pyradiomics_features(image: sitk.Image, mask: sitk.Image, options: dict) -> dict[str, float]:
    settings = {"additionalInfo": False}
    for name, value in options.items():
        settings.update(SETTINGS[name](value))
    features = RadiomicsFeatureExtractor(**settings).execute(image, mask)
    return {name: float(value) for name, value in features.items()}


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int, int], passes: int) -> np.ndarray:
    noise = rng.normal(size=shape)
    for _ in range(passes):
        for axis in range(3):
            noise = (np.roll(noise, 1, axis) + 2 * noise + np.roll(noise, -1, axis)) / 4
    return noise / noise.std()


def rotation(degrees: float, axis: int) -> np.ndarray:
    angle = np.deg2rad(degrees)
    matrix = np.eye(3)
    i, j = [other for other in range(3) if other != axis]
    matrix[i, i] = matrix[j, j] = np.cos(angle)
    matrix[i, j], matrix[j, i] = -np.sin(angle), np.sin(angle)
    return matrix


def lesion(seed: int, size: tuple[int, int, int], spacing: tuple[float, float, float], mirrored: bool):
    """A textured, lobed lesion in a graded background, on an oblique grid; intensities like those of MRI."""
    rng = np.random.default_rng(seed)
    z, y, x = np.indices(size[::-1]).astype(float)
    coordinates = [(axis - (n - 1) / 2) * step for axis, n, step in zip((x, y, z), size, spacing)]
    radius = sum((c / r) ** 2 for c, r in zip(coordinates, (11.0, 9.0, 10.0)))
    shape = size[::-1]
    inside = radius + 0.25 * smooth_noise(rng, shape, 6) < 1
    values = 420 + 3 * coordinates[0] + 60 * smooth_noise(rng, shape, 3) + 25 * rng.normal(size=shape)
    values[inside] += 180 + 70 * smooth_noise(rng, shape, 2)[inside]
    image = sitk.GetImageFromArray(np.clip(np.rint(values), 0, 4095).astype(np.int16))
    mask = sitk.GetImageFromArray(inside.astype(np.uint8))
    direction = rotation(12, 0) @ rotation(-8, 1) @ np.diag([1, 1, -1 if mirrored else 1])
    for made in (image, mask):
        made.SetSpacing(spacing)
        made.SetOrigin((-31.5, 12.25, 88.0))
        made.SetDirection(direction.ravel().tolist())
    return image, mask


def speckle(seed: int, share: float, thin: bool = False):
    """A mask of scattered voxels: every case of the surface mesh, many separate parts; one slice only when thin."""
    rng = np.random.default_rng(seed)
    shape = (9, 11, 10)
    inside = rng.random(shape) < share
    if thin:
        inside[:4] = inside[5:] = False
    image = sitk.GetImageFromArray(rng.integers(0, 300, shape).astype(np.int16))
    mask = sitk.GetImageFromArray(inside.astype(np.uint8))
    for made in (image, mask):
        made.SetSpacing((0.8, 1.3, 2.1))
    return image, mask


def stored(image: sitk.Image, name: str) -> sitk.Image:
    """The image as it is read from the file that it is written to."""
    file = str(HERE / f"{name}.nrrd")
    if not name.startswith("phantom"):
        sitk.WriteImage(image, file, useCompression=True)
    return sitk.ReadImage(file)


def flat():
    """A region of one intensity."""
    image, mask = lesion(5, (20, 18, 8), (1.5, 1.5, 3.0), False)
    return image * 0 + 100, mask


def far_voxels():
    """Voxels that touch nothing, two of them on one diagonal: runs without pairs."""
    image, mask = speckle(3, 0.0)
    for x, y, z in ((2, 3, 2), (5, 6, 5), (2, 9, 7), (8, 1, 6), (7, 9, 1)):
        mask[x, y, z] = 1
    return image, mask


def main() -> None:
    radiomics.logger.setLevel(logging.CRITICAL)
    made = {
        "sagittal": (*lesion(1, (40, 40, 9), (0.7, 0.7, 4.0), True), VARIANTS),
        "axial": (*lesion(2, (36, 30, 14), (0.9, 0.9, 2.5), False), VARIANTS),
        "meeting": (*lesion(4, (30, 28, 10), (1.0, 1.0, 3.0), False), {"1 mm": {"spacing": 1.0}}),
        "speckle_sparse": (*speckle(11, 0.25), {"native": {}, "8 bins": {"bin_count": 8}}),
        "speckle_half": (*speckle(12, 0.5), {"native": {}}),
        "speckle_dense": (*speckle(13, 0.8), {"native": {}, "1 mm": {"spacing": 1.0}}),
        "one_slice": (*speckle(14, 0.7, thin=True), {"native": {}, "1 mm": {"spacing": 1.0}}),
        "flat": (*flat(), {"native": {}, "32 bins": {"bin_count": 32}, "1 mm": {"spacing": 1.0}}),
        "far_voxels": (*far_voxels(), {"native": {}}),
    }
    for role in ("t1", "t2", "fs_t2"):
        name = f"phantom_{role}"
        files = (str(HERE / f"{name}_{kind}.nrrd") for kind in ("image", "mask"))
        made[name] = (*map(sitk.ReadImage, files), VARIANTS)
    kept = []
    for name, (image, mask, variants) in made.items():
        # Read again: the file rounds directions, and ties between voxels (3.5 mm is 5 voxels of 0.7) feel the last bit.
        image, mask = stored(image, f"{name}_image"), stored(mask, f"{name}_mask")
        for variant, options in variants.items():
            features = pyradiomics_features(image, mask, options)
            kept.append({"case": name, "variant": variant, "options": options, "features": features})
    (HERE / "features.json").write_text(json.dumps(kept, indent=1) + "\n")
    (HERE / "real_features.json").write_text(json.dumps(real_features(), indent=1) + "\n")


def real_features() -> list[dict]:
    """Values of the images in ../shared/data."""
    real = []
    phantom = DATA / "ibsi1_digital_phantom" / "nifti"
    files = {"ibsi1_digital_phantom": (phantom / "image" / "phantom.nii.gz", phantom / "mask" / "mask.nii.gz")}
    for folder in sorted((DATA / "ibsi_sts_mr_nifti").glob("STS_*")):
        files[folder.name] = (folder / "MR_T1_image.nii.gz", folder / "MR_T1_mask.nii.gz")
    for name in ("brain1", "breast1"):
        baseline = DATA / "pyradiomics_baseline"
        files[name] = (baseline / f"{name}_image.nrrd", baseline / f"{name}_label.nrrd")
    for name, (image_file, mask_file) in files.items():
        image, mask = sitk.ReadImage(str(image_file)), sitk.ReadImage(str(mask_file))
        variants = {"native": {}, "32 bins": {"bin_count": 32}, "1 mm": {"spacing": 1.0}}
        for variant, options in ({"bin width 1": {"bin_width": 1.0}} if "ibsi1" in name else variants).items():
            real.append(
                {
                    "case": name,
                    "variant": variant,
                    "image": str(image_file.relative_to(DATA)),
                    "mask": str(mask_file.relative_to(DATA)),
                    "options": options,
                    "features": pyradiomics_features(image, mask, options),
                }
            )
    return real


if __name__ == "__main__":
    main()
