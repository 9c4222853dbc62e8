"""The IBSI digital phantom: values published by the Image Biomarker Standardisation Initiative (chapter 1, 2019).

Zwanenburg et al., Radiology 2020; reference values of the digital phantom, 3-D features averaged over directions. Only
features whose definition pyradiomics shares. Kurtosis differs by 3, axis lengths by the covariance's denominator (IBSI
n - 1, pyradiomics n). Published to three significant digits.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import SimpleITK as sitk

from spinemets.features.extraction import extract_features

PHANTOM = Path(__file__).parents[2].parent / "shared" / "data" / "ibsi1_digital_phantom" / "nifti"

VOXELS = 74
AXES = (VOXELS / (VOXELS - 1)) ** 0.5

PUBLISHED = {
    "shape_MeshVolume": 556,
    "shape_VoxelVolume": 592,
    "shape_SurfaceArea": 388,
    "shape_SurfaceVolumeRatio": 0.698,
    "shape_Sphericity": 0.843,
    "shape_Maximum3DDiameter": 13.1,
    "shape_MajorAxisLength": 11.4 / AXES,
    "shape_MinorAxisLength": 9.31 / AXES,
    "shape_LeastAxisLength": 8.54 / AXES,
    "shape_Elongation": 0.816,
    "shape_Flatness": 0.749,
    "firstorder_Mean": 2.15,
    "firstorder_Variance": 3.05,
    "firstorder_Skewness": 1.08,
    "firstorder_Kurtosis": -0.355 + 3,
    "firstorder_Median": 1,
    "firstorder_Minimum": 1,
    "firstorder_10Percentile": 1,
    "firstorder_90Percentile": 4,
    "firstorder_Maximum": 6,
    "firstorder_InterquartileRange": 3,
    "firstorder_Range": 5,
    "firstorder_MeanAbsoluteDeviation": 1.55,
    "firstorder_RobustMeanAbsoluteDeviation": 1.11,
    "firstorder_Energy": 567,
    "firstorder_RootMeanSquared": 2.77,
    "firstorder_Entropy": 1.27,
    "firstorder_Uniformity": 0.512,
    "glcm_MaximumProbability": 0.503,
    "glcm_JointAverage": 2.14,
    "glcm_SumSquares": 3.1,
    "glcm_JointEntropy": 2.4,
    "glcm_DifferenceAverage": 1.43,
    "glcm_DifferenceVariance": 3.06,
    "glcm_DifferenceEntropy": 1.56,
    "glcm_SumAverage": 4.29,
    "glcm_ClusterTendency": 7.07,
    "glcm_SumEntropy": 1.92,
    "glcm_JointEnergy": 0.303,
    "glcm_Contrast": 5.32,
    "glcm_Id": 0.677,
    "glcm_Idn": 0.851,
    "glcm_Idm": 0.618,
    "glcm_Idmn": 0.898,
    "glcm_InverseVariance": 0.0604,
    "glcm_Correlation": 0.157,
    "glcm_Autocorrelation": 5.06,
    "glcm_ClusterShade": 16.6,
    "glcm_ClusterProminence": 145,
    "glcm_Imc1": -0.157,
    "glcm_Imc2": 0.52,
    "glrlm_ShortRunEmphasis": 0.705,
    "glrlm_LongRunEmphasis": 3.06,
    "glrlm_LowGrayLevelRunEmphasis": 0.603,
    "glrlm_HighGrayLevelRunEmphasis": 9.7,
    "glrlm_GrayLevelNonUniformity": 21.8,
    "glrlm_GrayLevelNonUniformityNormalized": 0.43,
    "glrlm_RunLengthNonUniformity": 26.9,
    "glrlm_RunLengthNonUniformityNormalized": 0.513,
    "glrlm_RunPercentage": 0.68,
    "glrlm_GrayLevelVariance": 3.46,
    "glrlm_RunVariance": 0.574,
    "glrlm_RunEntropy": 2.43,
    "glszm_SmallAreaEmphasis": 0.255,
    "glszm_LargeAreaEmphasis": 550,
    "glszm_LowGrayLevelZoneEmphasis": 0.253,
    "glszm_HighGrayLevelZoneEmphasis": 15.6,
    "glszm_GrayLevelNonUniformity": 1.4,
    "glszm_SizeZoneNonUniformity": 1,
    "glszm_ZonePercentage": 0.0676,
    "glszm_GrayLevelVariance": 2.64,
    "glszm_ZoneVariance": 331,
    "glszm_ZoneEntropy": 2.32,
    "ngtdm_Coarseness": 0.0296,
    "ngtdm_Contrast": 0.584,
    "ngtdm_Busyness": 6.54,
    "ngtdm_Complexity": 13.5,
    "ngtdm_Strength": 0.763,
    "gldm_SmallDependenceEmphasis": 0.045,
    "gldm_LargeDependenceEmphasis": 109,
    "gldm_LowGrayLevelEmphasis": 0.693,
    "gldm_HighGrayLevelEmphasis": 7.66,
    "gldm_GrayLevelNonUniformity": 37.9,
    "gldm_DependenceNonUniformity": 4.86,
    "gldm_DependenceNonUniformityNormalized": 0.0657,
    "gldm_GrayLevelVariance": 3.05,
    "gldm_DependenceVariance": 22.1,
    "gldm_DependenceEntropy": 4.4,
}


@pytest.mark.real_data
@pytest.mark.skipif(not PHANTOM.exists(), reason="../shared/data is not beside the project")
def test_published_values():
    image = sitk.ReadImage(str(PHANTOM / "image" / "phantom.nii.gz"))
    mask = sitk.ReadImage(str(PHANTOM / "mask" / "mask.nii.gz"))
    found = extract_features(image, mask, bin_width=1.0)
    wrong = {
        name: (found[f"original_{name}"], value)
        for name, value in PUBLISHED.items()
        if found[f"original_{name}"] != pytest.approx(value, rel=5e-3)
    }
    assert not wrong
