"""The outline carried to the image's grid, and the box round it in which the lesion is looked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.geometry.carrying import carry_mask
from spinemets.geometry.grids import bounding_box, check_overlap
from spinemets.segmentation.parameters import SegmentationParameters
from spinemets.segmentation.patient_axes import PatientAxes


@dataclass(frozen=True)
class SearchBox:
    """A box of voxels of the image: `start` and `size` in the image's own index order (i, j, k)."""

    start: tuple[int, int, int]
    size: tuple[int, int, int]

    @property
    def array_slices(self) -> tuple[slice, slice, slice]:
        """Cuts the box out of an array [k, j, i]."""
        return tuple(slice(s, s + n) for s, n in zip(self.start[::-1], self.size[::-1]))  # type: ignore[return-value]

    def contains(self, index: tuple[int, int, int]) -> bool:
        """Whether the voxel (i, j, k) lies in the box."""
        return all(s <= i < s + n for i, s, n in zip(index, self.start, self.size))

    def including(self, index: tuple[int, int, int]) -> SearchBox:
        """The smallest box that holds this one and the voxel (i, j, k)."""
        low = [min(s, i) for s, i in zip(self.start, index)]
        high = [max(s + n, i + 1) for s, n, i in zip(self.start, self.size, index)]
        return _box(low, high)


@dataclass(frozen=True)
class CarriedOutline:
    """The outline on the image's grid: `voxels` [k, j, i] of `box`, which fits it tightly.

    sideways : unit vector, LPS: the axis of the outline's own grid that runs most nearly to the left, across the slices
        of a sagittal one.
    """

    voxels: np.ndarray
    box: SearchBox
    sideways: np.ndarray

    def within(self, box: SearchBox) -> np.ndarray:
        """The outline's voxels [k, j, i] in another box that holds this one."""
        padding = [
            (s - b, (b + n) - (s + m))
            for s, m, b, n in zip(self.box.start[::-1], self.box.size[::-1], box.start[::-1], box.size[::-1])
        ]
        return np.pad(self.voxels, padding)


def carry_outline(outline: sitk.Image, grid: sitk.Image, threshold: float) -> CarriedOutline:
    """Carry the outline to the image's grid by inverse look-up.

    Raises
    ------
    InputError : the outline has no voxel, or none that falls on the grid.
    """
    if not (sitk.GetArrayViewFromImage(outline) != 0).any():
        raise InputError("outline", "has no voxel", "outline the diseased segment first")
    check_overlap(grid, outline, "image", "outline")
    carried = carry_mask(outline, grid, threshold=threshold)
    voxels = sitk.GetArrayViewFromImage(carried) != 0
    if not voxels.any():
        raise InputError(
            "outline", "fills no voxel of the image", "draw it thicker or on more slices, or lower carry_threshold"
        )
    box = SearchBox(*bounding_box(carried))
    return CarriedOutline(voxels[box.array_slices], box, PatientAxes.of(outline).directions(outline)[0])


def search_box(
    carried: CarriedOutline, grid: sitk.Image, axes: PatientAxes, parameters: SegmentationParameters
) -> SearchBox:
    """The carried outline's box, widened to the left and right (Lang 2019, Fig. 3d), as far as the image reaches."""
    low = [float(s) for s in carried.box.start]
    high = [float(s + n) for s, n in zip(carried.box.start, carried.box.size)]
    for patient_axis, axis in enumerate(axes.order):
        spacing, middle = axes.spacing[patient_axis], (low[axis] + high[axis]) / 2
        width = high[axis] - low[axis]
        if patient_axis == 0:
            width = max(width * parameters.left_right_factor, min(parameters.minimum_width_mm / spacing, 1e6))
        else:
            width += 2 * parameters.margin_mm / spacing
        low[axis], high[axis] = middle - width / 2, middle + width / 2
    size = grid.GetSize()
    return _box(
        [max(0, int(np.floor(a + 1e-6))) for a in low],
        [min(n, int(np.ceil(b - 1e-6))) for b, n in zip(high, size)],
    )


def _box(low: list[int], high: list[int]) -> SearchBox:
    start = tuple(int(a) for a in low)
    size = tuple(int(b - a) for a, b in zip(low, high))
    return SearchBox(start, size)  # type: ignore[arg-type]
