"""A stroke that corrects a mask: it spreads through what looks like it, as far as edges and a reach in mm let it.

The stroke only ever changes voxels to what it says, only near it, and only such as hang together with it. What is to
be kept is learnt from the mask itself, farther from the stroke.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from spinemets.segmentation.appearance import Field, Looks, Mask, evidence
from spinemets.segmentation.delineation import LESION, OTHER, Marks, StrokeParameters, Surroundings, connected
from spinemets.segmentation.morphology import Box, box_round
from spinemets.segmentation.random_walker import RandomWalker
from spinemets.segmentation.region_growing import filled_slices

# What is kept is learnt from this share of the reach on.
LEARN_FROM = 0.6
# As far round the reach is looked for what is to be kept.
LEARN_TO = 1.5
LEAST_SAMPLES = 30
LEAST_REACH_MM = 2.0
DEPTHS = 2.0
STRENGTH = 0.005
UNKNOWN = -1.0
LIKELY = 0.75
# A layer is thin when its stroke is this many voxels or less from what agrees with it, or when it is one slice thick,
# of slices up to so thick: at a lesion's ends, where voxels are half lesion and look like neither. Such a stroke takes
# at most this share of its own voxels with it: a stroke that is right then cannot make the mask worse.
THIN_VOXELS, THICKEST_MM, THIN_SHARE = 1.5, 5.0, 0.9


def correct(
    place: Surroundings, marks: Marks, mask: Mask, stroke: Mask, inside: bool, parameters: StrokeParameters
) -> Mask:
    """The mask (z, y, x) after one more stroke; the mask as it is when it already agrees with the stroke.

    Parameters
    ----------
    marks : what all strokes say, with the new one.
    mask : before the stroke. stroke : voxels of the new stroke. inside : whether it says lesion.
    """
    wrong = stroke & (mask != inside)
    if not wrong.any():
        return mask
    box = box_round(wrong, place.reach(LEARN_TO * parameters.reach_mm))
    part = _Correction(place.part(box), marks[box], mask[box], wrong[box], inside, parameters)
    result = mask.copy()
    result[box] = part.corrected()
    return result if inside else result & ~part.cut_off(mask, result, box)


class _Correction:
    """What is round a stroke."""

    def __init__(
        self, place: Surroundings, marks: Marks, mask: Mask, wrong: Mask, inside: bool, parameters: StrokeParameters
    ) -> None:
        self.place, self.marks, self.mask, self.wrong = place, marks, mask, wrong
        self.inside, self.parameters = inside, parameters
        self.distance = ndimage.distance_transform_edt(~wrong, sampling=place.spacing).astype(np.float32)
        depth = self._depth()
        # A stroke along the mask's border means a thin layer.
        self.reach = min(parameters.reach_mm, LEAST_REACH_MM + DEPTHS * depth)
        self.share = _share(depth, place.spacing)
        self.odds = self._odds()

    def corrected(self) -> Mask:
        flipped = self._flipped()
        if not self.inside:
            return self.mask & ~flipped
        before = filled_slices(self.mask, self.place.across)
        after = filled_slices(self.mask | flipped, self.place.across)
        enclosed = after & ~before & (self.marks != OTHER) & (self.distance <= self.reach)
        return self.mask | flipped | enclosed

    def _depth(self) -> float:
        """mm from the deepest voxel of the stroke to what agrees with it; infinite where nothing does."""
        agreed = self.mask == self.inside
        if not agreed.any():
            return np.inf
        return float(ndimage.distance_transform_edt(~agreed, sampling=self.place.spacing)[self.wrong].max())

    def _odds(self) -> Field:
        """Log-odds that a voxel looks like the stroke rather than like what is kept."""
        parameters, channels = self.parameters, self.place.channels
        own = Looks(channels[:, self.wrong].T, parameters.looks_inside, parameters.least_sd)
        kept = self._kept()
        likeness = own.log_density(channels)
        if np.count_nonzero(kept) < LEAST_SAMPLES:
            return evidence(likeness, np.full_like(likeness, -parameters.surprise), parameters.surprise, UNKNOWN)
        other = Looks(channels[:, kept].T, parameters.looks_outside, parameters.least_sd)
        return evidence(likeness, other.log_density(channels), parameters.surprise, UNKNOWN)

    def _kept(self) -> Mask:
        """Voxels, away from the stroke and from the mask's border, of what the stroke is not, and those marked so."""
        same = self.mask != self.inside
        deep = ndimage.binary_erosion(same, border_value=1)
        away = self.distance > LEARN_FROM * self.parameters.reach_mm
        return (deep & away & (self.marks != (LESION if self.inside else OTHER))) | (
            self.marks == (OTHER if self.inside else LESION)
        )

    def _flipped(self) -> Mask:
        """The voxels that the stroke changes."""
        opposite = OTHER if self.inside else LESION
        may = (self.mask != self.inside) & (self.marks != opposite) & (self.distance <= self.reach)
        joints = [joint.copy() for joint in self.place.joints]
        agreed = (self.mask == self.inside) & ~self.wrong
        for axis, joint in enumerate(joints):
            # What agrees with the stroke already says nothing about what does not.
            joint[agreed] = 0
            before = (slice(None),) * axis
            joint[(*before, slice(None, -1))][agreed[(*before, slice(1, None))]] = 0
        walker = RandomWalker((joints[0], joints[1], joints[2]), self.place.spacing)
        prior = (1 / (1 + np.exp(-self.odds))).astype(np.float32)
        known = self.wrong | ~may
        probability = walker.solve(prior, STRENGTH, known, self.wrong.astype(np.float32))
        flipped = (probability >= LIKELY) & may
        if np.isfinite(self.share):
            flipped &= _likeliest(probability, flipped & ~self.wrong, int(self.share * np.count_nonzero(self.wrong)))
        return connected(flipped | self.wrong, self.wrong)

    def cut_off(self, before: Mask, after: Mask, box: Box) -> Mask:
        """Parts that hung on the lesion through what a stroke has taken away, and look like that."""
        labels, count = ndimage.label(after)
        none = np.zeros(after.shape, bool)
        if count < 2:
            return none
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        removed = ndimage.binary_dilation(before & ~after)
        touched = np.unique(labels[removed])
        main = int(sizes.argmax())
        part, odds = labels[box], self.odds
        for label in touched[touched > 0]:
            own = part == label
            if label != main and own.any() and float(odds[own].mean()) > 0 and not (self.marks[own] == LESION).any():
                none |= labels == label
        return none


def _share(depth: float, spacing: tuple[float, float, float]) -> float:
    """How many times its own voxels a stroke through a layer `depth` mm deep may take with it."""
    thin = max(THIN_VOXELS * min(spacing), min(max(spacing), THICKEST_MM))
    return THIN_SHARE if depth <= thin else np.inf


def _likeliest(probability: Field, of: Mask, count: int) -> Mask:
    """The `count` likeliest voxels of a mask; of equals the first in the order of storage."""
    chosen = np.zeros(of.shape, bool)
    where = np.flatnonzero(of)
    order = np.argsort(-probability.ravel()[where], kind="stable")
    chosen.ravel()[where[order[:count]]] = True
    return chosen
