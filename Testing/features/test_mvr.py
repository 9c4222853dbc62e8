"""MVR: the ratio of CT numbers is that of the regions that were drawn, on oblique and left-handed grids too."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.features.mvr import density_ratio, oval

SAGITTAL = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
LESION_AT, NORMAL_AT = (3.0, -10.0, 20.0), (3.0, -10.0, -15.0)


def spine_ct(lesion_hu: float, normal_hu: float, left_handed: bool = False) -> sitk.Image:
    """Two vertebral bodies as boxes in world space, in soft tissue of 40 HU, on an oblique grid."""
    angle = np.deg2rad(9.0)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    if left_handed:
        turn = turn @ np.diag([1, 1, -1])
    size, spacing = (36, 56, 72), (1.5, 1.0, 1.25)
    image = sitk.Image(size, sitk.sitkInt16)
    image.SetSpacing(spacing)
    image.SetDirection(turn.ravel())
    middle = turn @ (np.array(size) / 2 * spacing)
    image.SetOrigin((np.array([3.0, -10.0, 2.0]) - middle).tolist())
    index = np.stack(np.meshgrid(*(np.arange(n) for n in size), indexing="ij"), axis=-1)
    world = index @ (turn * spacing).T + np.asarray(image.GetOrigin())
    values = np.full(size, 40.0)
    for centre, hu in ((LESION_AT, lesion_hu), (NORMAL_AT, normal_hu)):
        values[(np.abs(world - centre) < (12, 12, 11)).all(axis=-1)] = hu
    filled = sitk.GetImageFromArray(values.transpose(2, 1, 0).astype(np.int16))
    filled.CopyInformation(image)
    return filled


@pytest.mark.parametrize("left_handed", [False, True])
@pytest.mark.parametrize(("hu", "label"), [(450.0, "osteoblastic"), (60.0, "osteolytic")])
def test_ratio_and_label_are_those_of_the_drawn_vertebrae(hu: float, label: str, left_handed: bool):
    ct = spine_ct(hu, 150.0, left_handed)
    found = density_ratio(ct, oval(ct, LESION_AT, (16, 12), SAGITTAL), oval(ct, NORMAL_AT, (16, 12), SAGITTAL))
    assert (found.lesion_hu, found.normal_hu) == (hu, 150.0)
    assert found.ratio == pytest.approx(hu / 150)
    assert found.label == label


@pytest.mark.parametrize("left_handed", [False, True])
def test_oval_is_an_ellipse_of_its_diameters_in_world_space(left_handed: bool):
    ct = spine_ct(1, 1, left_handed)
    mask = oval(ct, LESION_AT, (24, 14), SAGITTAL)
    where = np.argwhere(sitk.GetArrayFromImage(mask))[:, ::-1]
    world = np.array([mask.TransformIndexToPhysicalPoint(one.tolist()) for one in where])
    extent = np.ptp(world, axis=0)
    assert extent[1] == pytest.approx(24, abs=2.0) and extent[2] == pytest.approx(14, abs=2.6)
    assert extent[0] < 3.0  # one slice, across a grid that is turned by 9 degrees
    assert world.mean(axis=0) == pytest.approx(LESION_AT, abs=0.8)
    area = len(where) * 1.0 * 1.25
    assert area == pytest.approx(np.pi * 12 * 7, rel=0.06)


def test_swapped_regions_give_the_inverse():
    ct = spine_ct(300.0, 150.0)
    lesion, normal = oval(ct, LESION_AT, (16, 12), SAGITTAL), oval(ct, NORMAL_AT, (16, 12), SAGITTAL)
    assert density_ratio(ct, normal, lesion).ratio == pytest.approx(1 / density_ratio(ct, lesion, normal).ratio)


def test_what_cannot_be_a_ratio_is_refused():
    ct = spine_ct(300.0, -20.0)
    lesion, normal = oval(ct, LESION_AT, (16, 12), SAGITTAL), oval(ct, NORMAL_AT, (16, 12), SAGITTAL)
    with pytest.raises(InputError, match="no ratio can be taken"):
        density_ratio(ct, lesion, normal)
    with pytest.raises(InputError, match="overlap"):
        density_ratio(ct, lesion, lesion)
    with pytest.raises(InputError, match="no HU"):
        density_ratio(sitk.Cast(ct, sitk.sitkFloat32) * 100, lesion, normal)
    with pytest.raises(InputError, match="too few"):
        density_ratio(ct, oval(ct, LESION_AT, (2, 2), SAGITTAL), normal)
    with pytest.raises(InputError, match="another grid"):
        density_ratio(ct[1:], lesion, normal)
    with pytest.raises(InputError, match="meets no voxel"):
        oval(ct, (500, 0, 0), (16, 12), SAGITTAL)
    with pytest.raises(InputError, match="right angles"):
        oval(ct, LESION_AT, (16, 12), np.array([[0, 1, 0], [0, 1, 0]]))
