"""The search box with everything that is known of it, in patient axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.geometry.grids import slice_axis
from spinemets.segmentation.channels import Channels, channels_of
from spinemets.segmentation.morphology import dilated, lines_of_ball
from spinemets.segmentation.motion import Motion, motion_of, shifted_back
from spinemets.segmentation.parameters import SegmentationParameters
from spinemets.segmentation.patient_axes import PatientAxes
from spinemets.segmentation.search_box import CarriedOutline, SearchBox

Index = tuple[int, int, int]


@dataclass(frozen=True)
class Scene:
    """A search box in patient axes; arrays and indices are [z, y, x], rising to the head, the back and the left.

    Attributes
    ----------
    box : where in the image it lies; axes : how the image's axes run.
    across : the array axis across the slices; spacing : mm along z, y, x.
    voxels : (z, y, x) or (frame, z, y, x), the image in the box, its frames shifted back where they were.
    outline : the carried outline; channels : what the box looks like.
    beside_mm : how far a voxel lies to the left or the right of the slices that the outline was drawn on, which may be
        turned against the image's axes; 0 between these.
    background : median brightness outside the outline.
    motion : how far the frames lie apart; None for a still image, or when it was not looked at. corrected : whether
        they were shifted back.
    """

    box: SearchBox
    axes: PatientAxes
    across: int
    spacing: tuple[float, float, float]
    voxels: NDArray[np.float32]
    outline: NDArray[np.bool_]
    beside_mm: NDArray[np.float32]
    channels: Channels
    background: float
    motion: Motion | None = None
    corrected: bool = False

    @classmethod
    def of(
        cls,
        image: sitk.Image,
        grid: sitk.Image,
        axes: PatientAxes,
        carried: CarriedOutline,
        box: SearchBox,
        parameters: SegmentationParameters,
    ) -> Scene:
        """What lies in the box of a 3-D or 4-D image whose 3-D grid is `grid`; errors as `channels_of`."""
        across = axes.array_axis(slice_axis(grid))
        spacing = axes.spacing[2], axes.spacing[1], axes.spacing[0]
        stored = sitk.GetArrayViewFromImage(image)[(..., *box.array_slices)].astype(np.float32)
        voxels = np.ascontiguousarray(axes.to_patient(stored))
        outline = axes.to_patient(carried.within(box))
        motion, corrected = None, False
        if voxels.ndim == 4 and parameters.motion_rule != "off" and np.isfinite(voxels).all():
            motion = motion_of(voxels, spacing, parameters.motion_threshold_mm)
            corrected = parameters.motion_rule == "correct" and motion.largest_mm > parameters.motion_threshold_mm
            if corrected:
                voxels = shifted_back(voxels, motion.shifts, spacing)
        channels = channels_of(voxels, outline, spacing, across, parameters)
        surroundings = channels.brightness if outline.all() else channels.brightness[~outline]
        background = float(np.median(surroundings))
        beside = _beside_mm(outline, axes.directions(grid) @ carried.sideways * axes.spacing)
        return cls(box, axes, across, spacing, voxels, outline, beside, channels, background, motion, corrected)

    def within_reach(self, margin_mm: float) -> NDArray[np.bool_]:
        """Voxels at most `margin_mm` outside the outline as seen from the side.

        The outline says how far the diseased segment reaches to the front, the back, up and down; to the left and the
        right it ends with the slices it was drawn on. Beyond these the margin widens with the distance.
        """
        if not np.isfinite(margin_mm):
            return np.ones(self.outline.shape, bool)
        near = dilated(self.outline, lines_of_ball(margin_mm, self.spacing, slice_axis=2))
        shadow = ndimage.distance_transform_edt(~self.outline.any(axis=2), sampling=self.spacing[:2])
        return np.where(self.beside_mm == 0, near, shadow[..., np.newaxis] <= margin_mm + self.beside_mm)

    def index_of(self, voxel: Index) -> Index:
        """Index in the scene of the image's voxel (i, j, k)."""
        inside = [i - s for i, s in zip(voxel, self.box.start)]
        turned = [
            self.box.size[axis] - 1 - inside[axis] if flipped else inside[axis]
            for axis, flipped in zip(self.axes.order, self.axes.flipped)
        ]
        return turned[2], turned[1], turned[0]

    def voxel_of(self, index: Index) -> Index:
        """The image's voxel (i, j, k) of an index in the scene."""
        voxel = [0, 0, 0]
        for axis, flipped, i in zip(self.axes.order, self.axes.flipped, index[::-1]):
            voxel[axis] = self.box.start[axis] + (self.box.size[axis] - 1 - i if flipped else i)
        return voxel[0], voxel[1], voxel[2]

    def pixels_around(self, index: Index) -> tuple[slice, slice, slice]:
        """The 3 x 3 pixels of the slice round an index, as far as the box holds them."""
        a, b, c = (
            slice(i, i + 1) if axis == self.across else slice(max(i - 1, 0), i + 2) for axis, i in enumerate(index)
        )
        return a, b, c

    def disc(self, radius_mm: float) -> NDArray[np.bool_]:
        """Structuring element: the voxels of one slice within `radius_mm` of its middle."""
        reach = [0 if axis == self.across else int(radius_mm / step) for axis, step in enumerate(self.spacing)]
        offsets = np.ogrid[tuple(slice(-n, n + 1) for n in reach)]
        distance = sum((offset * step) ** 2 for offset, step in zip(offsets, self.spacing))
        return np.asarray(distance <= radius_mm**2 + 1e-9)


def _beside_mm(outline: NDArray[np.bool_], steps: NDArray[np.float64]) -> NDArray[np.float32]:
    """mm (z, y, x) to the left or the right of the slices that the outline was drawn on; 0 between these.

    steps : mm to the left, across these slices, from a voxel to the next along x, y, z.
    """
    x, y, z = (np.arange(n) * step for n, step in zip(outline.shape[::-1], steps))
    leftward = (z[:, np.newaxis, np.newaxis] + y[:, np.newaxis] + x).astype(np.float32)
    drawn = leftward[outline]
    # Half a voxel less on either side: where slices end between two voxels, no gap is left beside their end.
    middle = (float(drawn.max()) + float(drawn.min())) / 2
    half = max((float(drawn.max()) - float(drawn.min())) / 2 - abs(float(steps[0])) / 2, 0.0)
    return np.maximum(np.abs(leftward - np.float32(middle)) - np.float32(half), np.float32(0))
