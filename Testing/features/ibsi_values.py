"""Features of the Image Biomarker Standardisation Initiative by our names, and a check of them on its CT phantom.

    python Testing/features/ibsi_values.py PHANTOM_FOLDER REFERENCE_FOLDER

PHANTOM_FOLDER has `phantom.nii.gz` and `mask.nii.gz` of the CT phantom (github.com/theibsi/data_sets, CC BY-NC);
REFERENCE_FOLDER `chest_config_c.csv` and `chest_config_d.csv`, lines `value;tolerance;tag` (github.com/oncoray/mirp,
test/data/ibsi_1_reference_values). Neither is part of this project. Prints what differs.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

SHAPE = {
    "MeshVolume": "volume", "VoxelVolume": "vol_approx", "SurfaceArea": "area_mesh", "SurfaceVolumeRatio": "av",
    "Sphericity": "sphericity", "Maximum3DDiameter": "diam", "MajorAxisLength": "pca_maj_axis",
    "MinorAxisLength": "pca_min_axis", "LeastAxisLength": "pca_least_axis", "Elongation": "pca_elongation",
    "Flatness": "pca_flatness",
}  # fmt: skip
FIRST_ORDER = {
    "Mean": "stat_mean", "Variance": "stat_var", "Skewness": "stat_skew", "Kurtosis": "stat_kurt",
    "Median": "stat_median", "Minimum": "stat_min", "10Percentile": "stat_p10", "90Percentile": "stat_p90",
    "Maximum": "stat_max", "InterquartileRange": "stat_iqr", "Range": "stat_range",
    "MeanAbsoluteDeviation": "stat_mad", "RobustMeanAbsoluteDeviation": "stat_rmad", "Energy": "stat_energy",
    "RootMeanSquared": "stat_rms", "Entropy": "ih_entropy", "Uniformity": "ih_uniformity",
}  # fmt: skip
GLCM = {
    "MaximumProbability": "joint_max", "JointAverage": "joint_avg", "SumSquares": "joint_var",
    "JointEntropy": "joint_entr", "DifferenceAverage": "diff_avg", "DifferenceVariance": "diff_var",
    "DifferenceEntropy": "diff_entr", "SumAverage": "sum_avg", "SumEntropy": "sum_entr",
    "JointEnergy": "energy", "Contrast": "contrast", "Id": "inv_diff",
    "Idn": "inv_diff_norm", "Idm": "inv_diff_mom", "Idmn": "inv_diff_mom_norm", "InverseVariance": "inv_var",
    "Correlation": "corr", "Autocorrelation": "auto_corr", "ClusterTendency": "clust_tend",
    "ClusterShade": "clust_shade", "ClusterProminence": "clust_prom", "Imc1": "info_corr1", "Imc2": "info_corr2",
}  # fmt: skip
GLRLM = {
    "ShortRunEmphasis": "sre", "LongRunEmphasis": "lre", "LowGrayLevelRunEmphasis": "lgre",
    "HighGrayLevelRunEmphasis": "hgre", "ShortRunLowGrayLevelEmphasis": "srlge",
    "ShortRunHighGrayLevelEmphasis": "srhge", "LongRunLowGrayLevelEmphasis": "lrlge",
    "LongRunHighGrayLevelEmphasis": "lrhge", "GrayLevelNonUniformity": "glnu",
    "GrayLevelNonUniformityNormalized": "glnu_norm", "RunLengthNonUniformity": "rlnu",
    "RunLengthNonUniformityNormalized": "rlnu_norm", "RunPercentage": "r_perc", "GrayLevelVariance": "gl_var",
    "RunVariance": "rl_var", "RunEntropy": "rl_entr",
}  # fmt: skip
GLSZM = {
    "SmallAreaEmphasis": "sze", "LargeAreaEmphasis": "lze", "LowGrayLevelZoneEmphasis": "lgze",
    "HighGrayLevelZoneEmphasis": "hgze", "SmallAreaLowGrayLevelEmphasis": "szlge",
    "SmallAreaHighGrayLevelEmphasis": "szhge", "LargeAreaLowGrayLevelEmphasis": "lzlge",
    "LargeAreaHighGrayLevelEmphasis": "lzhge", "GrayLevelNonUniformity": "glnu",
    "GrayLevelNonUniformityNormalized": "glnu_norm", "SizeZoneNonUniformity": "zsnu",
    "SizeZoneNonUniformityNormalized": "zsnu_norm", "ZonePercentage": "z_perc", "GrayLevelVariance": "gl_var",
    "ZoneVariance": "zs_var", "ZoneEntropy": "zs_entr",
}  # fmt: skip
NGTDM = {name.capitalize(): name for name in ("coarseness", "contrast", "busyness", "complexity", "strength")}
GLDM = {
    "SmallDependenceEmphasis": "lde", "LargeDependenceEmphasis": "hde", "LowGrayLevelEmphasis": "lgce",
    "HighGrayLevelEmphasis": "hgce", "SmallDependenceLowGrayLevelEmphasis": "ldlge",
    "SmallDependenceHighGrayLevelEmphasis": "ldhge", "LargeDependenceLowGrayLevelEmphasis": "hdlge",
    "LargeDependenceHighGrayLevelEmphasis": "hdhge", "GrayLevelNonUniformity": "glnu",
    "DependenceNonUniformity": "dcnu",
    "DependenceNonUniformityNormalized": "dcnu_norm", "GrayLevelVariance": "gl_var", "DependenceVariance": "dc_var",
    "DependenceEntropy": "dc_entr",
}  # fmt: skip
# Family -> (how its tags are written, our name -> middle of the tag).
TAGS = {
    "shape": ("morph_{}", SHAPE),
    "firstorder": ("{}", FIRST_ORDER),
    "glcm": ("cm_{}_3D_avg", GLCM),
    "glrlm": ("rlm_{}_3D_avg", GLRLM),
    "glszm": ("szm_{}_3D", GLSZM),
    "ngtdm": ("ngt_{}_3D", NGTDM),
    "gldm": ("ngl_{}_3D", GLDM),
}
TAG_OF = {
    f"original_{family}_{name}": pattern.format(tag)
    for family, (pattern, names) in TAGS.items()
    for name, tag in names.items()
}
# Settings of the configurations; both resample to 2 mm.
CONFIGURATIONS = {
    "c": {"interpolator": "linear", "resegment_range": (-1000.0, 400.0), "bin_width": 25.0},
    "d": {
        "interpolator": "linear",
        "resegment_range": (-3.0, 3.0),
        "resegment_mode": "sigma",
        "bin_count": 32,
    },
}


def reference(file: Path) -> dict[str, tuple[float, float]]:
    """Tag -> value and tolerance."""
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    return {row["tag"]: (float(row["reference value"]), float(row["tolerance"])) for row in rows if row["tolerance"]}


def last_digit(value: float) -> float:
    """Half a unit of the third significant digit, to which values are published."""
    from math import floor, log10

    return 0.5 * 10.0 ** (floor(log10(abs(value))) - 2) if value else 0.0


def main() -> None:
    import SimpleITK as sitk

    sys.path.insert(0, str(Path(__file__).parents[2]))
    from spinemets.features.extraction import extract
    from spinemets.features.settings import Settings

    phantom, references = Path(sys.argv[1]), Path(sys.argv[2])
    image, mask = (sitk.ReadImage(str(phantom / f"{name}.nii.gz")) for name in ("phantom", "mask"))
    for name, options in CONFIGURATIONS.items():
        expected = reference(references / f"chest_config_{name}.csv")
        found = extract(image, mask, Settings(mode="ibsi", spacing=(2.0, 2.0, 2.0), **options))
        shared = {ours: tag for ours, tag in TAG_OF.items() if tag in expected}
        wrong = {
            tag: (found[ours], *expected[tag])
            for ours, tag in shared.items()
            if abs(found[ours] - expected[tag][0]) > expected[tag][1] + last_digit(expected[tag][0])
        }
        print(f"configuration {name}: {len(shared) - len(wrong)} of {len(shared)} agree; not: {wrong}")
        print("  no reference for", [ours for ours in TAG_OF if TAG_OF[ours] not in expected])


if __name__ == "__main__":
    main()
