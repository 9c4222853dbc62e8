"""Several regions that could be the lesion, each grown from the seed under another assumption.

No single rule of growing fits all lesions: an even lesion beside a slow vein wants a tight one, an uneven lesion a wide
one, and a dead core that reaches the border has to be bridged. All are tried; `compactness` chooses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.segmentation.kinetics import View
from spinemets.segmentation.morphology import (
    Box,
    Lines,
    bays_closed,
    box_round,
    dilated,
    eroded,
    lines_of_ball,
    opened,
    stepped,
)
from spinemets.segmentation.parameters import SegmentationParameters
from spinemets.segmentation.region_growing import NEIGHBOUR_STEPS, filled_slices
from spinemets.segmentation.scene import Index, Scene
from spinemets.segmentation.smoothing import broad_gaussian, felt_round

# A voxel's spread of amount and lead is at least this: what noise and a lesion's texture make at least.
LEAST_SPREAD = (0.1, 2.0)
CORE_MM = 1.0
# Regions that differ by less than this share of their voxels lead to the same lesion.
SAME = 0.02
GROWING_ROUNDS = 6
TIGHTER = 0.82
STEPS = 3
LEVELS_MM = 4.0
SHELL_MM = (1.5, 6.0)
# Faster than the lesion by less than this, in SDs of the noise, is not told from it.
FASTER = 3.0
BLOOD_NEAR_MM = 5.0
BLOOD_AMOUNT = 0.6
VEIN_RADIUS_MM = 3.5


@dataclass(frozen=True)
class Field:
    """The part of a scene round the seed in which regions are grown; arrays (z, y, x).

    Attributes
    ----------
    scene : for spacing and slices; its arrays are those of the whole box. where : the part of it.
    clear : no vessel. allowed : no vessel, and within reach of the outline. seed : index in the part.
    """

    scene: Scene
    where: tuple[slice, slice, slice]
    view: View
    clear: NDArray[np.bool_]
    allowed: NDArray[np.bool_]
    outline: NDArray[np.bool_]
    seed: Index
    connectivity: int

    def part(self, box: Box) -> Field:
        """A part of the field with the seed, on the same memory."""
        a, b, c = (slice(whole.start + side.start, whole.start + side.stop) for whole, side in zip(self.where, box))
        z, y, x = (i - side.start for i, side in zip(self.seed, box))
        clear, allowed, outline = self.clear[box], self.allowed[box], self.outline[box]
        view, scene, connectivity = self.view.part(box), self.scene, self.connectivity
        return Field(scene, (a, b, c), view, clear, allowed, outline, (z, y, x), connectivity)

    def in_scene(self, region: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """A region of the field in the whole scene."""
        whole = np.zeros(self.scene.outline.shape, bool)
        whole[self.where] = region
        return whole

    def disc(self, radius_mm: float) -> Lines:
        """Voxels of one slice within a radius."""
        return lines_of_ball(radius_mm, self.scene.spacing, self.scene.across)

    def ball(self, radius_mm: float) -> Lines:
        """Voxels within a radius."""
        return lines_of_ball(radius_mm, self.scene.spacing)

    @property
    def structure(self) -> NDArray[np.bool_]:
        return ndimage.generate_binary_structure(3, NEIGHBOUR_STEPS[self.connectivity])

    def own_part(self, accepted: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """What hangs together with the seed."""
        accepted[self.seed] = True
        box = box_round(accepted)
        z, y, x = (i - side.start for i, side in zip(self.seed, box))
        labels, _ = ndimage.label(accepted[box], self.structure)
        own = np.zeros(accepted.shape, bool)
        own[box] = labels == labels[z, y, x]
        return own

    def bays_closed(self, region: NDArray[np.bool_], width_mm: float) -> NDArray[np.bool_]:
        """The region with what it surrounds on most sides."""
        return bays_closed(region, width_mm, self.scene.spacing, self.scene.across)

    def filled(self, region: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Without the holes of any slice, which hold all holes in space: necrosis belongs to the lesion."""
        return filled_slices(region, self.scene.across)

    def core(self, region: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The region without its border, or all of it where it is thin."""
        inner = eroded(region, self.disc(CORE_MM))
        return inner if np.count_nonzero(inner) >= 20 else region

    def without_necks(self, region: NDArray[np.bool_], width_mm: float) -> NDArray[np.bool_]:
        """The region without what hangs on it by a bridge thinner than `width_mm` within the slice."""
        if width_mm <= 0:
            return region
        around = self.disc(width_mm / 2)
        box = box_round(region, (1, 1, 1))
        part = region[box]
        z, y, x = (i - side.start for i, side in zip(self.seed, box))
        thick, _ = ndimage.label(eroded(part, around), self.structure)
        if not thick[z, y, x]:
            return region
        out = np.zeros_like(region)
        # Opening rounds corners off and takes the thin slices at either end: two steps give them back.
        out[box] = stepped(dilated(thick == thick[z, y, x], around), part, 2)
        return out


def hypotheses(
    field: Field, start: NDArray[np.bool_], kept: Iterable[NDArray[np.bool_]], parameters: SegmentationParameters
) -> Iterator[NDArray[np.bool_]]:
    """Regions grown from the seed, one at a time; each also with its bays closed where that changes it.

    Parameters
    ----------
    start : what is lesion for certain, round the seed.
    kept : where else the lesion may be confined to, as the kept clusters of a cut: a region grows in each.
    """
    factor = parameters.growing_sd
    for _ in range(STEPS):
        yield from _with_bays_closed(field, _statistical(field, start, factor, parameters), parameters)
        factor *= TIGHTER
    half_way = _half_way(field, field.allowed, parameters)
    yield from _with_bays_closed(field, half_way, parameters)
    for part in (~_slow_blood(field, half_way), *kept):
        if np.count_nonzero(half_way & ~part) > SAME * np.count_nonzero(half_way):
            yield from _with_bays_closed(field, _half_way(field, field.allowed & part, parameters), parameters)


def _with_bays_closed(
    field: Field, region: NDArray[np.bool_], parameters: SegmentationParameters
) -> Iterator[NDArray[np.bool_]]:
    yield region
    if parameters.closing_mm > 0:
        bridged = field.filled(region | (field.bays_closed(region, parameters.closing_mm) & field.allowed))
        if np.count_nonzero(bridged) > 1.02 * np.count_nonzero(region):
            yield bridged


def _statistical(
    field: Field, start: NDArray[np.bool_], factor: float, parameters: SegmentationParameters
) -> NDArray[np.bool_]:
    """Growing by what lies within `factor` SD of the region in amount and lead, at least half-way to the lesion."""
    view = field.view
    used = [values for values in (view.amount, view.lead) if values is not None]
    allowed = [values[field.allowed] for values in used]
    least = np.array(LEAST_SPREAD[: len(used)])
    region = start.copy()
    for _ in range(GROWING_ROUNDS):
        samples = np.stack([values[field.core(region)] for values in used]).astype(np.float64)
        middle = np.median(samples, axis=1)
        away = samples - middle[:, np.newaxis]
        floor = least * np.array([abs(middle[0]), 1.0])[: len(used)]
        spread = np.maximum(1.4826 * np.median(np.abs(away), axis=1), floor)
        usual = (np.abs(away) < 3 * spread[:, np.newaxis]).all(axis=0)
        covariance = np.atleast_2d(np.cov(away[:, usual])) if np.count_nonzero(usual) > 20 else np.diag(spread**2)
        inverse = np.linalg.inv(covariance + np.diag((floor / 2) ** 2)).astype(np.float32)
        offsets = [values - np.float32(m) for values, m in zip(allowed, middle)]
        distance = sum(inverse[a, b] * offsets[a] * offsets[b] for a in range(len(used)) for b in range(len(used)))
        half_way = view.background + parameters.edge_fraction * (float(middle[0]) - view.background)
        above = allowed[0] > half_way if middle[0] > view.background else allowed[0] < half_way
        accepted = np.zeros(region.shape, bool)
        accepted[field.allowed] = (distance < factor**2) & above
        reached = field.own_part(accepted)
        reached = field.without_necks(reached, parameters.neck_mm)
        if np.array_equal(reached, region):
            break
        region = reached
    return field.filled(region)


def _half_way(field: Field, allowed: NDArray[np.bool_], parameters: SegmentationParameters) -> NDArray[np.bool_]:
    """Growing by what is at least half-way from its surroundings to the lesion, both as they are nearby."""
    view, scene = field.view, field.scene
    threshold: NDArray[np.float32] | float = view.background + parameters.edge_fraction * (1 - view.background)
    region = None
    for last in (False, False, False, True):
        above = view.amount > threshold if view.brighter else view.amount < threshold
        # Filled first: the rim of a dead core may be thin, the lesion is not.
        reached = field.without_necks(field.filled(field.own_part(allowed & above)), parameters.neck_mm)
        if region is not None and np.array_equal(reached, region):
            break
        region = reached
        if last:
            break
        near = dilated(region, field.disc(SHELL_MM[0]))
        shell = dilated(region, field.disc(SHELL_MM[1])) & ~near & field.clear
        inside = local_level(view.amount, field.core(region), scene.spacing, LEVELS_MM)
        outside = local_level(view.amount, shell, scene.spacing, LEVELS_MM) if shell.any() else view.background
        threshold = outside + np.float32(parameters.edge_fraction) * (inside - outside)
    return field.filled(region) if region is not None else field.own_part(np.zeros(allowed.shape, bool))


def local_level(
    values: NDArray[np.float32], where: NDArray[np.bool_], spacing: tuple[float, ...], width_mm: float
) -> NDArray[np.float32]:
    """Gaussian mean of the values in `where`, within about `width_mm`; far from it, their median."""
    sigma = [width_mm / step for step in spacing]
    typical, faint = np.float32(np.median(values[where])), np.float32(0.02)
    box = felt_round(where, sigma)
    weight = broad_gaussian(where[box].astype(np.float32), sigma)
    mean = broad_gaussian(np.where(where[box], values[box], np.float32(0)), sigma)
    level = np.full(where.shape, faint * typical / faint, np.float32)
    level[box] = (mean + faint * typical) / (weight + faint)
    return level


def _slow_blood(field: Field, region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Thin parts of and beside a region that enhance faster than the rest: veins without a clear first pass.

    Two Gaussians of amount and lead are fitted to what enhances; the faster one is blood where it is a tube: a
    lesion is thicker.
    """
    view = field.view
    none = np.zeros(region.shape, bool)
    if view.lead is None:
        return none
    near = dilated(region, field.disc(BLOOD_NEAR_MM)) & field.allowed & (view.amount > BLOOD_AMOUNT)
    samples = np.stack([view.amount[near], view.lead[near]]).astype(np.float64)
    share = two_gaussians(samples, samples[1] > otsu(samples[1]))
    if share is None:
        return none
    faster = np.average(samples[1], weights=share) - np.average(samples[1], weights=1 - share)
    if abs(faster) < FASTER:
        return none
    found = none.copy()
    found[near] = share > 0.5 if faster > 0 else share < 0.5
    return found & ~opened(found, field.disc(VEIN_RADIUS_MM))


def otsu(values: NDArray[np.float64], bins: int = 64) -> float:
    """The threshold that splits values into the two classes of least variance (Otsu 1979)."""
    counts, edges = np.histogram(values, bins, tuple(np.percentile(values, (0.5, 99.5))))
    centres = (edges[1:] + edges[:-1]) / 2
    below, sums = np.cumsum(counts), np.cumsum(counts * centres)
    between = (sums[-1] * below / below[-1] - sums) ** 2 / np.maximum(below * (below[-1] - below), 1)
    return float(centres[int(between[:-1].argmax())])


def two_gaussians(
    samples: NDArray[np.float64], first: NDArray[np.bool_], rounds: int = 20
) -> NDArray[np.float64] | None:
    """Share (n,) of the first of two Gaussians in each sample (features, n), fitted from a first guess by expectation
    maximisation; None when one of them vanishes.

    Sums of `einsum`: those of BLAS depend on the number of threads.
    """
    share = first.astype(np.float64)
    least = np.diag([0.03**2, 1.0])
    for _ in range(rounds):
        if min(share.sum(), (1 - share).sum()) < 20:
            return None
        logs = []
        for weight in (share, 1 - share):
            mean = np.einsum("in,n->i", samples, weight) / weight.sum()
            away = samples - mean[:, np.newaxis]
            covariance = np.einsum("in,jn->ij", away * weight, away) / weight.sum() + least
            distance = np.einsum("in,ij,jn->n", away, np.linalg.inv(covariance), away)
            logs.append(np.log(weight.sum()) - distance / 2 - np.log(np.linalg.det(covariance)) / 2)
        share = 1 / (1 + np.exp(np.clip(logs[1] - logs[0], -50, 50)))
    return share
