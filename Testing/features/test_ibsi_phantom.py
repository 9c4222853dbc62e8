"""The IBSI digital phantom: every value and tolerance published of the features that there are here.

Zwanenburg et al., Radiology 2020 (Image Biomarker Standardisation Initiative, chapter 1); 3-D features averaged over
directions. Values are published to three significant digits. The CT phantom, whose licence keeps it out of here, is
checked by `ibsi_values.py`.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.features.extraction import extract, extract_features
from spinemets.features.ibsi import resample_ibsi
from spinemets.features.settings import Settings

PHANTOM = Path(__file__).parents[2].parent / "shared" / "data" / "ibsi1_digital_phantom" / "nifti"
# Feature -> value, tolerance.
PUBLISHED = {
    "shape_MeshVolume": (556, 4),
    "shape_VoxelVolume": (592, 4),
    "shape_SurfaceArea": (388, 3),
    "shape_SurfaceVolumeRatio": (0.698, 0.004),
    "shape_Sphericity": (0.843, 0.005),
    "shape_Maximum3DDiameter": (13.1, 0.1),
    "shape_MajorAxisLength": (11.4, 0.1),
    "shape_MinorAxisLength": (9.31, 0.06),
    "shape_LeastAxisLength": (8.54, 0.05),
    "shape_Elongation": (0.816, 0.005),
    "shape_Flatness": (0.749, 0.005),
    "firstorder_Mean": (2.15, 0),
    "firstorder_Variance": (3.05, 0),
    "firstorder_Skewness": (1.08, 0),
    "firstorder_Kurtosis": (-0.355, 0),
    "firstorder_Median": (1, 0),
    "firstorder_Minimum": (1, 0),
    "firstorder_10Percentile": (1, 0),
    "firstorder_90Percentile": (4, 0),
    "firstorder_Maximum": (6, 0),
    "firstorder_InterquartileRange": (3, 0),
    "firstorder_Range": (5, 0),
    "firstorder_MeanAbsoluteDeviation": (1.55, 0),
    "firstorder_RobustMeanAbsoluteDeviation": (1.11, 0),
    "firstorder_Energy": (567, 0),
    "firstorder_RootMeanSquared": (2.77, 0),
    "firstorder_Entropy": (1.27, 0),
    "firstorder_Uniformity": (0.512, 0),
    "glcm_MaximumProbability": (0.503, 0),
    "glcm_JointAverage": (2.14, 0),
    "glcm_SumSquares": (3.1, 0),
    "glcm_JointEntropy": (2.4, 0),
    "glcm_DifferenceAverage": (1.43, 0),
    "glcm_DifferenceVariance": (3.06, 0),
    "glcm_DifferenceEntropy": (1.56, 0),
    "glcm_SumAverage": (4.29, 0),
    "glcm_SumEntropy": (1.92, 0),
    "glcm_JointEnergy": (0.303, 0),
    "glcm_Contrast": (5.32, 0),
    "glcm_Id": (0.677, 0),
    "glcm_Idn": (0.851, 0),
    "glcm_Idm": (0.618, 0),
    "glcm_Idmn": (0.898, 0),
    "glcm_InverseVariance": (0.0604, 0),
    "glcm_Correlation": (0.157, 0),
    "glcm_Autocorrelation": (5.06, 0),
    "glcm_ClusterTendency": (7.07, 0),
    "glcm_ClusterShade": (16.6, 0),
    "glcm_ClusterProminence": (145, 0),
    "glcm_Imc1": (-0.157, 0),
    "glcm_Imc2": (0.52, 0),
    "glrlm_ShortRunEmphasis": (0.705, 0),
    "glrlm_LongRunEmphasis": (3.06, 0),
    "glrlm_LowGrayLevelRunEmphasis": (0.603, 0),
    "glrlm_HighGrayLevelRunEmphasis": (9.7, 0),
    "glrlm_ShortRunLowGrayLevelEmphasis": (0.352, 0),
    "glrlm_ShortRunHighGrayLevelEmphasis": (8.54, 0),
    "glrlm_LongRunLowGrayLevelEmphasis": (2.39, 0),
    "glrlm_LongRunHighGrayLevelEmphasis": (17.6, 0),
    "glrlm_GrayLevelNonUniformity": (21.8, 0),
    "glrlm_GrayLevelNonUniformityNormalized": (0.43, 0),
    "glrlm_RunLengthNonUniformity": (26.9, 0),
    "glrlm_RunLengthNonUniformityNormalized": (0.513, 0),
    "glrlm_RunPercentage": (0.68, 0),
    "glrlm_GrayLevelVariance": (3.46, 0),
    "glrlm_RunVariance": (0.574, 0),
    "glrlm_RunEntropy": (2.43, 0),
    "glszm_SmallAreaEmphasis": (0.255, 0),
    "glszm_LargeAreaEmphasis": (550, 0),
    "glszm_LowGrayLevelZoneEmphasis": (0.253, 0),
    "glszm_HighGrayLevelZoneEmphasis": (15.6, 0),
    "glszm_SmallAreaLowGrayLevelEmphasis": (0.0256, 0),
    "glszm_SmallAreaHighGrayLevelEmphasis": (2.76, 0),
    "glszm_LargeAreaLowGrayLevelEmphasis": (503, 0),
    "glszm_LargeAreaHighGrayLevelEmphasis": (1490, 0),
    "glszm_GrayLevelNonUniformity": (1.4, 0),
    "glszm_GrayLevelNonUniformityNormalized": (0.28, 0),
    "glszm_SizeZoneNonUniformity": (1, 0),
    "glszm_SizeZoneNonUniformityNormalized": (0.2, 0),
    "glszm_ZonePercentage": (0.0676, 0),
    "glszm_GrayLevelVariance": (2.64, 0),
    "glszm_ZoneVariance": (331, 0),
    "glszm_ZoneEntropy": (2.32, 0),
    "ngtdm_Coarseness": (0.0296, 0),
    "ngtdm_Contrast": (0.584, 0),
    "ngtdm_Busyness": (6.54, 0),
    "ngtdm_Complexity": (13.5, 0),
    "ngtdm_Strength": (0.763, 0),
    "gldm_SmallDependenceEmphasis": (0.045, 0),
    "gldm_LargeDependenceEmphasis": (109, 0),
    "gldm_LowGrayLevelEmphasis": (0.693, 0),
    "gldm_HighGrayLevelEmphasis": (7.66, 0),
    "gldm_SmallDependenceLowGrayLevelEmphasis": (0.00963, 0),
    "gldm_SmallDependenceHighGrayLevelEmphasis": (0.736, 0),
    "gldm_LargeDependenceLowGrayLevelEmphasis": (102, 0),
    "gldm_LargeDependenceHighGrayLevelEmphasis": (235, 0),
    "gldm_GrayLevelNonUniformity": (37.9, 0),
    "gldm_DependenceNonUniformity": (4.86, 0),
    "gldm_DependenceNonUniformityNormalized": (0.0657, 0),
    "gldm_GrayLevelVariance": (3.05, 0),
    "gldm_DependenceVariance": (22.1, 0),
    "gldm_DependenceEntropy": (4.4, 0),
}
# Where pyradiomics has another definition than IBSI.
DIFFERENT = ("firstorder_Kurtosis", "shape_MajorAxisLength", "shape_MinorAxisLength", "shape_LeastAxisLength")


def last_digit(value: float) -> float:
    """Half a unit of the third significant digit."""
    return 0.5 * 10.0 ** (math.floor(math.log10(abs(value))) - 2) if value else 1e-12


def disagreeing(found: dict[str, float]) -> dict[str, tuple[float, float, float]]:
    return {
        name: (found[f"original_{name}"], value, tolerance)
        for name, (value, tolerance) in PUBLISHED.items()
        if abs(found[f"original_{name}"] - value) > max(tolerance, last_digit(value))
    }


@pytest.fixture
def phantom():
    if not PHANTOM.exists():
        pytest.skip("../shared/data is not beside the project")
    return tuple(sitk.ReadImage(str(PHANTOM / name)) for name in ("image/phantom.nii.gz", "mask/mask.nii.gz"))


@pytest.mark.real_data
def test_published_values(phantom, engine):
    found = extract_features(*phantom, mode="ibsi", bin_width=1.0, engine=engine)
    assert len(PUBLISHED) == 102
    assert not disagreeing(found)


@pytest.mark.real_data
def test_only_four_definitions_of_pyradiomics_differ(phantom):
    found = extract_features(*phantom, bin_width=1.0)
    assert "firstorder_Kurtosis" in disagreeing(found)
    assert set(disagreeing(found)) <= set(DIFFERENT)


def test_new_grid_shares_its_centre_with_the_old_one():
    """Section 2.4: as many voxels as cover the old extent, about the same centre; a ramp is interpolated exactly."""
    z, y, x = np.indices((9, 11, 10)).astype(np.float64)
    image = sitk.GetImageFromArray(100 + 3.25 * x + 2.5 * y - 1.75 * z)
    image.SetSpacing((0.9, 1.1, 3.0))
    image.SetOrigin((5.0, -7.0, 2.0))
    mask = sitk.Cast(image > -1e9, sitk.sitkUInt8)
    settings = Settings(mode="ibsi", spacing=(2.0, 2.0, 2.0), interpolator="linear")
    values, inside = resample_ibsi(image, mask, settings)
    assert values.GetSize() == (5, 7, 14)
    for made in (values, inside):
        centre = made.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in made.GetSize()])
        old = image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()])
        assert centre == pytest.approx(old, abs=1e-9)
    point = values.TransformIndexToPhysicalPoint((2, 3, 6))
    i, j, k = image.TransformPhysicalPointToContinuousIndex(point)
    assert values[2, 3, 6] == pytest.approx(100 + 3.25 * i + 2.5 * j - 1.75 * k, abs=1e-9)


def test_whole_numbers_are_rounded_and_bins_start_at_the_limit(lesion):
    image, mask = lesion
    settings = Settings(
        mode="ibsi", spacing=(1.0, 1.0, 1.0), resegment_range=(310.0, 2000.0), bin_width=40.0, pad_distance=0
    )
    values, _ = resample_ibsi(image, mask, settings)
    array = sitk.GetArrayFromImage(values)
    assert (array == np.rint(array)).all()
    found = extract(image, mask, settings)
    kept = found["original_firstorder_Minimum"], found["original_firstorder_Maximum"]
    assert kept[0] >= 310
    # The mean level is that of bins from 310 on, not of multiples of 40.
    assert found["original_glcm_JointAverage"] == pytest.approx(
        (found["original_firstorder_Mean"] - 310) / 40 + 0.5, abs=0.3
    )
    # The region of shape is the one before re-segmentation.
    whole = extract(image, mask, Settings(mode="ibsi", spacing=(1.0, 1.0, 1.0), pad_distance=0))
    assert found["original_shape_MeshVolume"] == whole["original_shape_MeshVolume"]
