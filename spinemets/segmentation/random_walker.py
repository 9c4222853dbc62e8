"""Random walker with priors on a box of voxels: how likely a walk from each voxel ends in the lesion.

Grady, "Random walks for image segmentation", IEEE PAMI 2006, and "Multilabel random walker image segmentation using
prior models", CVPR 2005. At every voxel the walk may stop, with a chance given by `strength`, and is then taken to end
as the prior says. The result is the prior, smoothed, but not across edges.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
Joints = tuple[Field, Field, Field]

# Axes with steps up to this many times the smallest are made coarser together.
ALIKE = 1.6
SMALLEST_LEVEL = 300
RELAXATION = 0.7
COARSEST_SWEEPS = 12
# Piecewise constant corrections fall short by about this.
OVERCORRECTION = 1.6


class RandomWalker:
    """The graph of one box.

    Parameters
    ----------
    joints : three arrays of the box's shape; `joints[a]` joins each voxel with the next one along axis a. The last ones
        along the axis join nothing and are not looked at.
    spacing : mm along the axes.
    """

    def __init__(self, joints: Joints, spacing: tuple[float, float, float]) -> None:
        self._joints = tuple(np.array(joint, np.float32) for joint in joints)
        for axis, joint in enumerate(self._joints):
            joint[(slice(None),) * axis + (-1,)] = 0
        self._spacing = spacing

    def solve(
        self,
        prior: Field,
        strength: Field | float,
        known: NDArray[np.bool_],
        values: Field,
        start: Field | None = None,
        tolerance: float = 2e-4,
        iterations: int = 60,
    ) -> Field:
        """Probability (z, y, x) of lesion.

        Conjugate gradients, preconditioned by a multigrid cycle on voxels joined two by two. Sums without BLAS, so the
        same for any number of threads.

        Parameters
        ----------
        prior : probability of lesion by appearance alone; `strength`, positive, how much it counts beside the joints.
        known, values : voxels whose probability is given, and what it is there.
        start : where the iteration starts, such as the solution of nearly the same system.
        tolerance : root mean square over the voxels of what the preconditioned residual would still change.
        """
        level, drive = self._free_system(prior, strength, known, values)
        scratch = np.empty_like(drive)
        x = np.where(known, 0, prior if start is None else start).astype(np.float32).ravel()
        residual = drive - level.times(x)
        z = level.cycle(residual)
        direction, rz = z.copy(), _dot(residual, z, scratch)
        enough = tolerance**2 * float(level.diagonal.sum(dtype=np.float64))
        for _ in range(iterations):
            if rz <= enough:
                break
            product = level.times(direction)
            step = np.float32(rz / _dot(direction, product, scratch))
            np.multiply(direction, step, out=scratch)
            x += scratch
            product *= step
            residual -= product
            z = level.cycle(residual)
            last, rz = rz, _dot(residual, z, scratch)
            direction *= np.float32(rz / last)
            direction += z
        return np.where(known, values, x.reshape(known.shape)).astype(np.float32)

    def _free_system(
        self, prior: Field, strength: Field | float, known: NDArray[np.bool_], values: Field
    ) -> tuple[_Level, Field]:
        """The system of the voxels that are not known; what joins them to known ones drives them."""
        free = (~known).astype(np.float32)
        given = values * known
        drive = strength * prior * free
        own = strength * free
        joints = []
        for axis, joint in enumerate(self._joints):
            low, high = _sides(axis)
            inner = joint[low]
            cut = np.zeros_like(joint)
            np.multiply(inner, free[low], out=cut[low])
            # From the lower to a known upper voxel, and the other way.
            to_known = cut[low] * known[high]
            own[low] += to_known
            drive[low] += to_known * given[high]
            cut[low] -= to_known
            to_known = inner * free[high] * known[low]
            own[high] += to_known
            drive[high] += to_known * given[low]
            joints.append(cut)
        own[known] = 1.0
        return _Level((joints[0], joints[1], joints[2]), own, self._spacing), drive.ravel().astype(np.float32)


class _Level:
    """One grid of the multigrid: (own + joints) as a matrix, and the coarser grid below."""

    def __init__(self, joints: Joints, own: Field, spacing: tuple[float, float, float]) -> None:
        self._shape = own.shape
        self.diagonal = own.astype(np.float32).ravel()
        # In flat storage a neighbour is a fixed number of voxels away: every pass is one run over memory.
        self._flat: list[tuple[int, Field]] = []
        for axis, joint in enumerate(joints):
            away = int(np.prod(self._shape[axis + 1 :]))
            if self._shape[axis] < 2:
                continue
            flat = joint.ravel()[:-away]
            self._flat.append((away, flat))
            self.diagonal[:-away] += flat
            self.diagonal[away:] += flat
        self._relaxed = np.float32(RELAXATION) / self.diagonal
        self._scratch = np.empty_like(self.diagonal)
        self._below = self._coarser(joints, own, spacing) if own.size > SMALLEST_LEVEL else None

    def _coarser(self, joints: Joints, own: Field, spacing: tuple[float, float, float]) -> _Level | None:
        long = [axis for axis in range(3) if own.shape[axis] > 2]
        if not long:
            return None
        finest = min(spacing[axis] for axis in long)
        self._halved = tuple(axis in long and spacing[axis] <= ALIKE * finest for axis in range(3))
        coarse = []
        for axis, joint in enumerate(joints):
            if self._halved[axis]:
                # Only the joints between two coarse voxels are left along this axis.
                joint = joint[(slice(None),) * axis + (slice(1, None, 2),)]
            others = tuple(half and other != axis for other, half in enumerate(self._halved))
            coarse.append(_summed(joint, others))
        shape = tuple((count + 1) // 2 if half else count for count, half in zip(own.shape, self._halved))
        for axis, joint in enumerate(coarse):
            missing = shape[axis] - joint.shape[axis]
            if missing:
                coarse[axis] = np.pad(joint, [(0, missing if other == axis else 0) for other in range(3)])
        a, b, c = (step * 2 if half else step for step, half in zip(spacing, self._halved))
        return _Level((coarse[0], coarse[1], coarse[2]), _summed(own, self._halved), (a, b, c))

    def times(self, x: Field) -> Field:
        """The matrix times a flat vector."""
        product = self.diagonal * x
        for away, joint in self._flat:
            part = self._scratch[: joint.size]
            np.multiply(joint, x[away:], out=part)
            product[:-away] -= part
            np.multiply(joint, x[:-away], out=part)
            product[away:] -= part
        return product

    def cycle(self, residual: Field) -> Field:
        """About the inverse of the matrix times a flat vector; linear, symmetric, positive definite."""
        x = residual * self._relaxed
        if self._below is None:
            for _ in range(COARSEST_SWEEPS):
                x += self._relaxed * (residual - self.times(x))
            return x
        left = (residual - self.times(x)).reshape(self._shape)
        correction = self._below.cycle(_summed(left, self._halved).ravel()).reshape(self._below._shape)
        for axis, half in enumerate(self._halved):
            if half:
                correction = np.repeat(correction, 2, axis=axis)
        inside = tuple(slice(count) for count in self._shape)
        x += np.float32(OVERCORRECTION) * correction[inside].ravel()
        x += self._relaxed * (residual - self.times(x))
        return x


def _summed(array: Field, halved: tuple[bool, ...]) -> Field:
    """Sums of two along each halved axis; an odd last one alone."""
    for axis, half in enumerate(halved):
        if half:
            even = array[(slice(None),) * axis + (slice(0, None, 2),)].copy()
            odd = array[(slice(None),) * axis + (slice(1, None, 2),)]
            even[(slice(None),) * axis + (slice(odd.shape[axis]),)] += odd
            array = even
    return np.ascontiguousarray(array)


def _sides(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """All but the last, and all but the first, along an axis."""
    low, high = [slice(None)] * 3, [slice(None)] * 3
    low[axis], high[axis] = slice(None, -1), slice(1, None)
    return tuple(low), tuple(high)


def _dot(a: Field, b: Field, scratch: Field) -> float:
    np.multiply(a, b, out=scratch)
    return float(scratch.sum())
