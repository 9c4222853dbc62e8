"""Grids, and the fractions of tissues in their voxels (partial volume)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from spinemets.phantom.tissues import N_TISSUES

Evaluate = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
N_SAMPLES = 8
LATTICE_STEPS = (1, 3, 5)
BATCH = 1 << 18
THICK = 2.0
PROBE = 0.4


@dataclass(frozen=True)
class Grid:
    """Where an image's voxels lie: sizes along i, j, k; spacing mm; LPS mm of the first voxel's centre; direction row
    by row."""

    size: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    direction: tuple[float, ...]

    @classmethod
    def of(cls, image: sitk.Image) -> Grid:
        """The grid of an image; of its frames when it is 4-D."""
        if image.GetDimension() == 4:
            direction = np.array(image.GetDirection()).reshape(4, 4)[:3, :3]
            return cls(
                image.GetSize()[:3], image.GetSpacing()[:3], image.GetOrigin()[:3], tuple(direction.ravel().tolist())
            )
        return cls(image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection())

    @classmethod
    def around(
        cls, centre: np.ndarray, axes: np.ndarray, size: tuple[int, int, int], spacing: tuple[float, float, float]
    ) -> Grid:
        """A grid whose middle is `centre`; the columns of `axes` (3, 3) are the directions of i, j, k."""
        half = axes @ (np.array(spacing) * (np.array(size) - 1) / 2)
        return cls(size, spacing, tuple((np.asarray(centre) - half).tolist()), tuple(axes.ravel().tolist()))

    @property
    def count(self) -> int:
        return self.size[0] * self.size[1] * self.size[2]

    @property
    def steps(self) -> np.ndarray:
        """(3, 3): the world vectors (columns) of one step along i, j, k."""
        return np.array(self.direction).reshape(3, 3) * np.array(self.spacing)

    def points(
        self, flat: np.ndarray, offset: tuple[float, float, float] = (0, 0, 0)
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """LPS mm (float32) of voxels by their flat index in the [k, j, i] array, moved by `offset` voxels along i, j,
        k."""
        at = flat.astype(np.int32)
        rest = at // np.int32(self.size[0])
        k = rest // np.int32(self.size[1])
        i, j = (
            (at - rest * np.int32(self.size[0])).astype(np.float32),
            (rest - k * np.int32(self.size[1])).astype(np.float32),
        )
        k = k.astype(np.float32)
        m = self.steps.astype(np.float32)
        o = (np.array(self.origin) + self.steps @ np.array(offset)).astype(np.float32)
        x, y, z = (o[a] + m[a, 0] * i + m[a, 1] * j + m[a, 2] * k for a in range(3))
        return x, y, z

    def image(self, array: np.ndarray) -> sitk.Image:
        """An image of this grid from a [k, j, i] array (flat will do)."""
        image = sitk.GetImageFromArray(array.reshape(self.size[::-1]))
        image.SetSpacing(self.spacing)
        image.SetOrigin(self.origin)
        image.SetDirection(self.direction)
        return image


class LabelSampling:
    """Fractions of labels in every voxel of a grid.

    Voxels whose label differs from a neighbour's are sampled on a finer lattice; the others hold one label only.

    Parameters
    ----------
    grid : where.
    evaluate : labels (uint8) of world points.
    n_labels : labels are below it.
    """

    def __init__(self, grid: Grid, evaluate: Evaluate, n_labels: int = N_TISSUES) -> None:
        self.grid, self.n_labels = grid, n_labels
        self.label = self._evaluate(evaluate, np.arange(grid.count), (0.0, 0.0, 0.0))
        self.border = self._find_border(evaluate)
        offsets = self._offsets()
        self.n_samples = len(offsets)
        self.counts = np.zeros((self.border.size, n_labels), np.uint8)
        row = np.arange(self.border.size)
        for offset in offsets:
            self.counts[row, self._evaluate(evaluate, self.border, offset)] += 1

    def _evaluate(self, evaluate: Evaluate, flat: np.ndarray, offset: tuple[float, float, float]) -> np.ndarray:
        label = np.empty(flat.size, np.uint8)
        for start in range(0, flat.size, BATCH):
            part = slice(start, start + BATCH)
            label[part] = evaluate(*self.grid.points(flat[part], offset))
        return label

    def _find_border(self, evaluate: Evaluate) -> np.ndarray:
        """Voxels that differ from a neighbour. Where only one across a thick step differs, the surface may as well
        lie beyond the voxel: two points near its ends along that step decide."""
        label = self.label.reshape(self.grid.size[::-1])
        fine = min(self.grid.spacing)
        sure = np.zeros(label.shape, bool)
        thick = [axis for axis in range(3) if self.grid.spacing[2 - axis] > THICK * fine]
        for axis in range(3):
            if axis not in thick:
                sure |= _differs(label, axis)
        for axis in thick:
            asked = np.flatnonzero(_differs(label, axis) & ~sure)
            crossed = np.zeros(asked.size, bool)
            for end in (-PROBE, PROBE):
                offset = tuple(end if 2 - axis == step else 0.0 for step in range(3))
                crossed |= self._evaluate(evaluate, asked, (offset[0], offset[1], offset[2])) != self.label[asked]
            sure.ravel()[asked[crossed]] = True
        return np.flatnonzero(sure)

    def _offsets(self) -> list[tuple[float, float, float]]:
        n = np.arange(N_SAMPLES)
        lines = [((n * step + 0.5) / N_SAMPLES) % 1.0 - 0.5 for step in LATTICE_STEPS]
        return [(float(a), float(b), float(c)) for a, b, c in zip(*lines)]

    def where(self, label: int) -> tuple[np.ndarray, np.ndarray]:
        """Flat indices of the voxels that hold a label, and its fractions there (float32)."""
        pure = self.label == label
        pure[self.border] = False
        inside = np.flatnonzero(pure)
        mixed = self.counts[:, label] > 0
        fractions = self.counts[mixed, label].astype(np.float32) / self.n_samples
        return np.concatenate([inside, self.border[mixed]]), np.concatenate(
            [np.ones(inside.size, np.float32), fractions]
        )

    def fraction(self, labels: tuple[int, ...]) -> np.ndarray:
        """Sum of the fractions of some labels, flat float32."""
        return self.blend(np.isin(np.arange(self.n_labels), labels).astype(np.float32))

    def blend(self, table: np.ndarray) -> np.ndarray:
        """The mean over each voxel of a number that each label has; flat float32."""
        table = table.astype(np.float32)
        values: np.ndarray = table[self.label]
        values[self.border] = self.counts.astype(np.float32) @ (table / np.float32(self.n_samples))
        return values

    def majority(self) -> np.ndarray:
        """The label that fills most of each voxel, flat uint8."""
        most = self.label.copy()
        most[self.border] = np.argmax(self.counts, axis=1).astype(np.uint8)
        return most


def _differs(label: np.ndarray, axis: int) -> np.ndarray:
    """Where a label differs from that of a neighbour along an axis."""
    differs = np.zeros(label.shape, bool)
    low, high = [slice(None)] * 3, [slice(None)] * 3
    low[axis], high[axis] = slice(None, -1), slice(1, None)
    change = label[tuple(low)] != label[tuple(high)]
    differs[tuple(low)] |= change
    differs[tuple(high)] |= change
    return differs
