"""The features of Lang 2019: against pairs counted one by one, and against the field's where definitions meet."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.features.discretization import discretize
from spinemets.features.extraction import extract_features
from spinemets.features.kernels import DIRECTIONS, Lattice, texture_matrices
from spinemets.features.lang_2019 import Conventions, haralick_features

# Ours -> pyradiomics' feature of the same definition.
SAME = {
    "Autocorrelation": "Autocorrelation",
    "ClusterProminence": "ClusterProminence",
    "ClusterShade": "ClusterShade",
    "Contrast": "Contrast",
    "Correlation1": "Correlation",
    "Correlation2": "Correlation",
    "Dissimilarity": "DifferenceAverage",
    "Energy": "JointEnergy",
    "Entropy": "JointEntropy",
    "Homogeneity1": "Id",
    "Homogeneity2": "Idm",
    "MaximumProbability": "MaximumProbability",
    "SumAverage": "SumAverage",
    "InformationMeasureOfEntropy": "SumSquares",
    "SumVariance": "ClusterTendency",
    "SumEntropy": "SumEntropy",
    "DifferenceVariance": "DifferenceVariance",
    "DifferenceEntropy": "DifferenceEntropy",
    "InformationMeasureOfCorrelation1": "Imc1",
    "InformationMeasureOfCorrelation2": "Imc2",
}


def test_where_definitions_meet(lesion):
    found = extract_features(*lesion, feature_set="lang-2019")
    classic = extract_features(*lesion, bin_count=32)
    assert len(found) == 33
    for ours, theirs in SAME.items():
        assert found[f"original_haralick_{ours}"] == pytest.approx(classic[f"original_glcm_{theirs}"], rel=1e-8), ours
    for name in ("10Percentile", "90Percentile", "Mean", "Kurtosis", "Skewness"):
        assert found[f"original_histogram_{name}"] == pytest.approx(classic[f"original_firstorder_{name}"], rel=1e-12)
    assert found["original_histogram_50Percentile"] == classic["original_firstorder_Median"]


def test_pairs_counted_one_by_one():
    """One way only, natural logarithm, one direction: what a loop over voxels gives."""
    rng = np.random.default_rng(3)
    image = rng.integers(0, 5, (3, 6, 7)).astype(float)
    inside = rng.random(image.shape) < 0.7
    step = (0, 1, -1)
    assert step in DIRECTIONS
    edges = np.linspace(image[inside].min(), image[inside].max(), 5)
    level = np.where(inside, np.minimum(np.digitize(image, edges), 4), 0)
    p = np.zeros((5, 5))
    for z, y, x in np.argwhere(inside):
        a, b = y + step[1], x + step[2]
        if 0 <= a < 6 and 0 <= b < 7 and inside[z, a, b]:
            p[level[z, y, x], level[z, a, b]] += 1
    p /= p.sum()
    i = np.arange(5.0)
    levels = discretize(image[inside], bin_count=4)
    pairs = texture_matrices(Lattice(inside, (step,)), levels).pairs
    found = haralick_features(pairs, levels.values, Conventions(symmetric=False, log_base=np.e))
    mx, my = p.sum(1) @ i, p.sum(0) @ i
    assert found["Entropy"] == pytest.approx(-(p[p > 0] * np.log(p[p > 0])).sum())
    assert found["ClusterShade"] == pytest.approx((((i[:, None] + i) - mx - my) ** 3 * p).sum())
    assert found["SumAverage"] == pytest.approx(mx + my)
    assert found["Correlation1"] == pytest.approx(found["Correlation2"], rel=1e-9)


def test_flat_map(lesion):
    image, mask = lesion
    found = extract_features(sitk.Image(image) * 0 + 4, mask, feature_set="lang-2019")
    assert found["original_histogram_StandardDeviation"] == 0
    assert found["original_haralick_Correlation1"] == 1
    assert all(np.isfinite(list(found.values())))
