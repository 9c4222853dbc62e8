"""Agreement of masks against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.segmentation.overlap import dice, hausdorff95_mm


def box(start, stop, shape=(20, 30, 40), spacing=(0.5, 1.0, 3.0)) -> sitk.Image:
    """Mask [z, y, x] from start to stop; spacing (x, y, z), an oblique and left-handed grid."""
    array = np.zeros(shape, np.uint8)
    array[tuple(slice(a, b) for a, b in zip(start, stop))] = 1
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing)
    c, s = np.cos(0.4), np.sin(0.4)
    image.SetDirection([c, -s, 0, s, c, 0, 0, 0, -1])
    return image


def test_dice_of_half_overlapping_boxes():
    assert dice(box((2, 2, 2), (6, 6, 6)), box((2, 2, 4), (6, 6, 8))) == pytest.approx(0.5)


def test_dice_of_a_box_in_another():
    assert dice(box((2, 2, 2), (4, 4, 4)), box((2, 2, 2), (6, 4, 4))) == pytest.approx(2 * 8 / (8 + 16))


def test_dice_of_empty_masks():
    empty = box((0, 0, 0), (0, 0, 0))
    assert dice(empty, empty) == 1.0
    assert dice(empty, box((0, 0, 0), (2, 2, 2))) == 0.0


@pytest.mark.parametrize(("axis", "step"), [(0, 3.0), (1, 1.0), (2, 0.5)])
def test_hausdorff_of_a_voxel_and_its_shift_uses_the_spacing_of_that_axis(axis, step):
    start = np.array((5, 5, 5))
    moved = start + 4 * np.eye(3, dtype=int)[axis]
    assert hausdorff95_mm(box(start, start + 1), box(moved, moved + 1)) == pytest.approx(4 * step)


def test_hausdorff_of_a_mask_with_itself():
    assert hausdorff95_mm(box((2, 2, 2), (9, 9, 9)), box((2, 2, 2), (9, 9, 9))) == 0.0


def test_hausdorff_leaves_out_the_farthest_twentieth():
    line = box((5, 5, 0), (6, 6, 40), spacing=(1, 1, 1))
    with_spike = sitk.GetArrayFromImage(line)
    with_spike[15, 5, 20] = 1
    spiked = sitk.GetImageFromArray(with_spike)
    spiked.CopyInformation(line)
    assert hausdorff95_mm(line, spiked) == 0.0


def test_other_grid_and_empty_masks_are_refused():
    with pytest.raises(InputError):
        dice(box((0, 0, 0), (2, 2, 2)), box((0, 0, 0), (2, 2, 2), spacing=(1, 1, 1)))
    with pytest.raises(InputError, match="has no voxel"):
        hausdorff95_mm(box((0, 0, 0), (2, 2, 2)), box((0, 0, 0), (0, 0, 0)))
