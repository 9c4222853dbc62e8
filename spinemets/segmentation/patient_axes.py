"""The image's axes turned to the patient's, so that the way a series is stored does not change the lesion."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
import SimpleITK as sitk


def grid_of(image: sitk.Image) -> sitk.Image:
    """The three-dimensional grid of a 3-D or 4-D image: an empty uint8 image with its size and geometry."""
    dimension = image.GetDimension()
    grid = sitk.Image(image.GetSize()[:3], sitk.sitkUInt8)
    grid.SetSpacing(image.GetSpacing()[:3])
    grid.SetOrigin(image.GetOrigin()[:3])
    grid.SetDirection(np.reshape(image.GetDirection(), (dimension, dimension))[:3, :3].ravel().tolist())
    return grid


@dataclass(frozen=True)
class PatientAxes:
    """Which axis of the image runs most nearly right to left, front to back, foot to head, and which runs the other
    way.

    Attributes
    ----------
    order : for left-right, front-back, head-foot the index (0 = i, 1 = j, 2 = k) of the image's axis.
    flipped : for each of them, whether the image's axis runs to the right, the front or the feet.
    spacing : mm between voxels along each of them.
    """

    order: tuple[int, int, int]
    flipped: tuple[bool, bool, bool]
    spacing: tuple[float, float, float]

    @classmethod
    def of(cls, grid: sitk.Image) -> PatientAxes:
        """The axes of a 3-D image, oblique and left-handed ones too."""
        direction = np.reshape(grid.GetDirection(), (3, 3))
        order = max(permutations(range(3)), key=lambda axes: sum(abs(direction[p, a]) for p, a in enumerate(axes)))
        flipped = tuple(bool(direction[p, a] < 0) for p, a in enumerate(order))
        spacing = tuple(float(grid.GetSpacing()[a]) for a in order)
        return cls(order, flipped, spacing)  # type: ignore[arg-type]

    def directions(self, grid: sitk.Image) -> np.ndarray:
        """(axis, LPS): unit vectors along which voxels lie to the left, to the back and to the head of each other."""
        columns = np.reshape(grid.GetDirection(), (3, 3)).T[list(self.order)]
        return np.asarray(columns * np.where(self.flipped, -1, 1)[:, np.newaxis])

    def to_patient(self, array: np.ndarray) -> np.ndarray:
        """A view of [..., k, j, i] as [..., z, y, x], rising to the head, the back and the left."""
        lead = array.ndim - 3
        turned = np.transpose(array, (*range(lead), *(lead + 2 - self.order[p] for p in (2, 1, 0))))
        return np.flip(turned, self._flipped_axes(lead))

    def to_image(self, array: np.ndarray) -> np.ndarray:
        """The inverse of `to_patient`."""
        lead = array.ndim - 3
        unflipped = np.flip(array, self._flipped_axes(lead))
        forward = (*range(lead), *(lead + 2 - self.order[p] for p in (2, 1, 0)))
        return np.transpose(unflipped, np.argsort(forward))

    def _flipped_axes(self, lead: int) -> tuple[int, ...]:
        return tuple(lead + 2 - p for p in range(3) if self.flipped[p])

    def array_axis(self, image_axis: int) -> int:
        """Numpy axis (0 head-foot, 1 front-back, 2 left-right) of the image's axis (0 = i, 1 = j, 2 = k)."""
        return 2 - self.order.index(image_axis)
