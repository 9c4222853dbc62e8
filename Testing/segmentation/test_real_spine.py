"""A lesion painted into a real, oblique axial series is found from an outline on the real sagittal series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinemets.geometry.files import read_image
from spinemets.segmentation.lesion import segment_lesion
from spinemets.segmentation.overlap import dice

PAIR = Path(__file__).parents[2].parent / "shared" / "data" / "sct_spine_sag_axial_pair"
RADII = (16.0, 13.0, 20.0)


@pytest.mark.real_data
@pytest.mark.skipif(not PAIR.is_dir(), reason="the folder of real images, ../shared/data, is not beside the project")
@pytest.mark.parametrize("method", ["ncut", "grow"])
def test_painted_lesion_is_found_on_the_oblique_axial_series(synthetic, method):
    sagittal, axial = read_image(PAIR / "t2" / "t2.nii.gz"), read_image(PAIR / "mt" / "mt1.nii.gz")
    centre = np.array(axial.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in axial.GetSize()]))

    def inside(image, margin):
        return (((synthetic.voxel_points(image) - centre) / (np.array(RADII) + margin)) ** 2).sum(axis=-1) <= 1

    near_the_middle = np.abs(synthetic.voxel_points(sagittal)[..., 0] - centre[0]) <= 8
    outline = synthetic.like((inside(sagittal, 2.0) & near_the_middle).astype(np.uint8), sagittal)
    truth = synthetic.like(inside(axial, 0.0).astype(np.uint8), axial)
    values = synthetic.voxels(axial).astype(np.float32)
    chance = np.random.default_rng(0)
    lesion = synthetic.voxels(truth) > 0
    values[lesion] = 1.5 * np.percentile(values, 99) + chance.normal(0, 0.05 * values.std(), lesion.sum())
    found = segment_lesion(outline, synthetic.like(values, axial), method)
    assert dice(found.mask, truth) >= 0.9
