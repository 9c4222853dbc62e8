"""Feature values of pyradiomics 3.0.1 on derived images, in 2-D and after re-segmentation, kept beside this script so
that tests need no pyradiomics.

Run with a Python that has pyradiomics 3.0.1, scikit-image, SimpleITK and numpy:

    python make_filtered_reference.py

writes `filtered_reference.json.gz`: for each case the files, pyradiomics' parameters and the values. Images are those
of Testing/reference/pyradiomics and of ../shared/data beside the project.
"""

from __future__ import annotations

import gzip
import json
import logging
from pathlib import Path

import radiomics
import SimpleITK as sitk
from radiomics.featureextractor import RadiomicsFeatureExtractor

HERE = Path(__file__).parent
SMALL = HERE.parent / "reference" / "pyradiomics"
DATA = HERE.parents[1].parent / "shared" / "data"

NONLINEAR = ("Square", "SquareRoot", "Logarithm", "Exponential")
ALL = {name: {} for name in ("Original", "Wavelet", *NONLINEAR, "Gradient", "LBP2D")}
LOG = {"LoG": {"sigma": [1.0, 2, 4.5]}}
TEXTURE = dict.fromkeys(("firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm"))
BRIEF = {
    "firstorder": ["Mean", "Entropy", "Kurtosis"],
    "glcm": ["Contrast", "MCC", "Imc2"],
    "glszm": ["ZoneEntropy"],
    "ngtdm": ["Busyness"],
}

SMALL_CASES = {
    "sagittal": {
        "native": {"imageType": ALL | LOG},
        "1 mm": {"imageType": ALL | LOG, "setting": {"resampledPixelSpacing": [1, 1, 1]}},
        "pre-cropped": {"imageType": ALL, "featureClass": BRIEF, "setting": {"preCrop": True}},
        "normalized": {
            "imageType": ALL,
            "featureClass": BRIEF,
            "setting": {"normalize": True, "normalizeScale": 100, "removeOutliers": 2.5, "binWidth": 10},
        },
        "in plane": {
            "imageType": {"Original": {}, "Wavelet": {}, "LBP2D": {"binWidth": 1}},
            "featureClass": {"shape": None, **TEXTURE},
            "setting": {"force2D": True, "force2Ddimension": 0, "binCount": 16},
        },
        "in y planes": {
            "imageType": {"Original": {}, "Wavelet": {"binWidth": 5}, "LBP2D": {"binWidth": 1, "lbp2DRadius": 2.0}},
            "featureClass": BRIEF,
            "setting": {"force2D": True, "force2Ddimension": 1},
        },
        "in x planes": {
            "imageType": {"LBP2D": {"binWidth": 1, "lbp2DSamples": 9}},
            "featureClass": BRIEF,
            "setting": {"force2D": True, "force2Ddimension": 2},
        },
        "levels of wavelets": {"imageType": {"Wavelet": {"level": 2, "start_level": 1}}, "featureClass": BRIEF},
        "linear": {
            "featureClass": TEXTURE,
            "setting": {"resampledPixelSpacing": [0.9, 1.1, 0], "interpolator": "sitkLinear"},
        },
        "re-segmented": {"setting": {"resegmentRange": [-1, 1.5], "resegmentMode": "sigma"}},
        "re-segmented with shape": {
            "imageType": {"Original": {}, "Square": {}},
            "setting": {"resegmentRange": [450, 700], "resegmentShape": True},
        },
        "above a part": {"featureClass": BRIEF, "setting": {"resegmentRange": [0.6], "resegmentMode": "relative"}},
        "shifted": {"featureClass": {"firstorder": None}, "setting": {"voxelArrayShift": 300}},
    },
    "phantom_fs_t2": {"native": {"imageType": ALL | LOG}},
    "phantom_t2": {"1 mm": {"imageType": ALL, "setting": {"resampledPixelSpacing": [1, 1, 1]}}},
    "one_slice": {
        "in plane": {
            "imageType": ALL,
            "featureClass": {"shape": None, "shape2D": None, **TEXTURE},
            "setting": {"force2D": True, "minimumROIDimensions": 2},
        },
    },
    "speckle_sparse": {
        "more levels than voxels": {"featureClass": TEXTURE, "setting": {"binWidth": 0.5}},
        "one row": {"row": [0, 5, 5], "featureClass": TEXTURE, "setting": {"minimumROIDimensions": 1}},
    },
    "speckle_half": {"native": {"imageType": ALL, "featureClass": BRIEF}},
    "flat": {"native": {"imageType": ALL | LOG, "featureClass": BRIEF}},
}
# Voxel-based, with pyradiomics' masked kernel of 3 x 3 x 3 voxels.
MAPPED = {
    "firstorder": ["Mean", "Entropy"],
    "glcm": ["Contrast", "Imc2", "Idn"],
    "glrlm": ["RunEntropy"],
    "glszm": ["ZonePercentage"],
    "gldm": ["DependenceEntropy"],
    "ngtdm": ["Busyness"],
}
MAP_CASES = {"speckle_sparse": {"imageType": {"Original": {}}}, "one_slice": {"imageType": {"Square": {}}}}
REAL_CASES = {
    "ibsi_sts_mr_nifti/STS_008/MR_T1_image.nii.gz": (
        "ibsi_sts_mr_nifti/STS_008/MR_T1_mask.nii.gz",
        {
            "native": {"imageType": ALL | LOG},
            "1 mm": {"imageType": ALL, "setting": {"resampledPixelSpacing": [1, 1, 1]}},
        },
    ),
    "tptbox_mri_vertebra/sub-mri_label-6_T2w.nii.gz": (
        "tptbox_mri_vertebra/sub-mri_seg-vert_label-6_msk.nii.gz",
        {"native": {"imageType": ALL, "setting": {"label": 6}}},
    ),
    "sct_testing_crops_masks/t2/t2_fake_lesion.nii.gz": (
        "sct_testing_crops_masks/t2/t2_fake_lesion_lesion_seg.nii.gz",
        {
            "native": {"imageType": ALL | LOG},
            "in plane": {"imageType": ALL, "featureClass": TEXTURE, "setting": {"force2D": True}},
        },
    ),
}


def only_row(mask: sitk.Image, voxel: list[int]) -> sitk.Image:
    array = sitk.GetArrayFromImage(mask)
    row = array[voxel[2], voxel[1]].copy()
    array[:] = 0
    array[voxel[2], voxel[1]] = row
    made = sitk.GetImageFromArray(array)
    made.CopyInformation(mask)
    return made


def features(image: sitk.Image, mask: sitk.Image, parameters: dict) -> dict[str, float]:
    setting = {"additionalInfo": False, "geometryTolerance": 1e-3, **parameters.get("setting", {})}
    found = RadiomicsFeatureExtractor({**parameters, "setting": setting}).execute(image, mask)
    return {name: float(f"{float(value):.13g}") for name, value in found.items()}


def maps(name: str, parameters: dict) -> dict:
    """Values of feature maps at the mask's voxels, in C order."""
    image, mask = (sitk.ReadImage(str(SMALL / f"{name}_{kind}.nrrd")) for kind in ("image", "mask"))
    everything = {**parameters, "featureClass": MAPPED, "setting": {"additionalInfo": False}}
    found = RadiomicsFeatureExtractor(everything).execute(image, mask, voxelBased=True)
    inside = sitk.GetArrayViewFromImage(mask) != 0
    values = {}
    for feature, volume in found.items():
        on_grid = sitk.Resample(volume, mask, sitk.Transform(), sitk.sitkNearestNeighbor, 0.0)
        values[feature] = [float(f"{value:.13g}") for value in sitk.GetArrayViewFromImage(on_grid)[inside]]
    return {"image": f"small/{name}_image.nrrd", "mask": f"small/{name}_mask.nrrd", "variant": "maps", "maps": values}


def main() -> None:
    radiomics.logger.setLevel(logging.CRITICAL)
    files = [
        (str(Path("small") / f"{name}_image.nrrd"), str(Path("small") / f"{name}_mask.nrrd"), variants)
        for name, variants in SMALL_CASES.items()
    ] + [(image, mask, variants) for image, (mask, variants) in REAL_CASES.items()]
    kept = []
    for image_file, mask_file, variants in files:
        image, mask = (
            sitk.ReadImage(str(SMALL / file[6:] if file.startswith("small") else DATA / file))
            for file in (image_file, mask_file)
        )
        for variant, parameters in variants.items():
            case = {"image": image_file, "mask": mask_file, "variant": variant, "parameters": dict(parameters)}
            # Only the row along x through this voxel (x, y, z) is left of the mask.
            row = case["parameters"].pop("row", None)
            case["row"] = row
            found = features(image, only_row(mask, row) if row else mask, case["parameters"])
            kept.append({**case, "features": found})
    kept += [maps(name, parameters) for name, parameters in MAP_CASES.items()]
    with gzip.GzipFile(HERE / "filtered_reference.json.gz", "wb", mtime=0) as file:
        file.write(json.dumps(kept).encode())


if __name__ == "__main__":
    main()
