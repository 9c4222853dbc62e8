"""A lesion out of all its strokes at once: looks learnt from the strokes, edges, and what the lesion encloses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.errors import InputError
from spinemets.segmentation.appearance import Field, Looks, Mask, evidence, signal_components
from spinemets.segmentation.compactness import large_bays
from spinemets.segmentation.morphology import Box, box_round
from spinemets.segmentation.random_walker import Joints, RandomWalker
from spinemets.segmentation.region_growing import filled_slices

Marks = NDArray[np.int8]
LESION, OTHER, UNMARKED = 1, 0, -1

# Voxels at least this likely to be lesion by their look decide which part of the box is looked at.
WORTH_A_LOOK = -1.0
BESIDE_MM = 6.0
# Fewer enclosed voxels than this are noise and no dead part.
LEAST_DEAD_VOXELS = 8
FAR_MM = 1e4
ENCLOSING = (0.45, 0.35, 0.25)
# A threshold at which the living lesion is so many times larger than at the first has flowed into the neighbourhood,
# and what it encloses there is no part of it.
OVERFLOWN = 5


@dataclass(frozen=True)
class StrokeParameters:
    """How strokes become a mask; our own choice, made on simulated cases.

    `margin_mm`: how far round strokes and lesion is looked. `smoothing_mm`: SD of the Gaussian within the slice.

    Looks: a class has up to `looks_inside` or `looks_outside` of them, each as wide as its samples and `least_sd` SDs
    of noise; a look whose log density is below minus `surprise` is neither's, and has the log-odds `unknown` of lesion.

    Walk: neighbours that differ by `contrast` SDs of noise hang together about a third as much as equal ones;
    `strength` is the weight of a voxel's look beside its joints (per mm^2); lesion is what is at least `threshold`
    likely to be.

    Dead parts: what the living lesion encloses in a slice or in space belongs to it, and so does what it encloses on
    most sides where time courses tell what is alive; and, in its slices and within `dead_near_mm` of it, what looks
    like that, goes on from there, and is not marked otherwise; looked for at most `dead_rounds` times.

    Border: what lies deeper than `border_inside_mm` in the lesion, or farther than `border_outside_mm` from it, stays
    when its border is placed.

    Corrections: a stroke that corrects a mask changes it within `reach_mm` and nowhere else.
    """

    margin_mm: float = 20.0
    smoothing_mm: float = 0.6
    looks_inside: int = 4
    looks_outside: int = 10
    least_sd: float = 4.0
    surprise: float = 8.0
    unknown: float = 0.0
    contrast: float = 2.0
    strength: float = 0.006
    threshold: float = 0.5
    dead_near_mm: float = 15.0
    dead_rounds: int = 3
    border_inside_mm: float = 1.2
    border_outside_mm: float = 1.5
    reach_mm: float = 12.0

    def __post_init__(self) -> None:
        ranges = {
            "margin_mm": (1, 500),
            "smoothing_mm": (0, 20),
            "looks_inside": (1, 100),
            "looks_outside": (1, 100),
            "least_sd": (0.01, 1000),
            "surprise": (0, 1000),
            "unknown": (-100, 100),
            "contrast": (1e-3, 1e6),
            "strength": (1e-6, 1e6),
            "threshold": (0.01, 0.99),
            "dead_near_mm": (0, 500),
            "dead_rounds": (0, 100),
            "border_inside_mm": (0, 50),
            "border_outside_mm": (0, 50),
            "reach_mm": (1, 500),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
                raise InputError(name, f"is {value!r}", f"give a number from {low:g} to {high:g}")


@dataclass(frozen=True)
class Surroundings:
    """What the box round the strokes looks like; arrays [z, y, x] in the image's own order.

    Attributes
    ----------
    channels : (channel, z, y, x) as `signal_components`.
    joints : as `RandomWalker` takes them.
    spacing : mm along z, y, x; `across` : the array axis across the slices.
    """

    channels: Field
    joints: Joints
    spacing: tuple[float, float, float]
    across: int

    @classmethod
    def of(
        cls,
        voxels: Field,
        middle: Box,
        spacing: tuple[float, float, float],
        across: int,
        parameters: StrokeParameters,
    ) -> Surroundings:
        """Of an image (z, y, x) or dynamic series (frame, z, y, x) with the lesion in the `middle`.

        Raises
        ------
        InputError : as `signal_components`.
        """
        sigma = [parameters.smoothing_mm / step for step in spacing]
        sigma[across] = 0.0
        channels = signal_components(voxels, (sigma[0], sigma[1], sigma[2]), middle)
        a, b, c = (_joints(channels, axis, step, parameters.contrast) for axis, step in enumerate(spacing))
        return cls(channels, (a, b, c), spacing, across)

    def part(self, box: Box) -> Surroundings:
        """A part of the box, on the same memory."""
        a, b, c = (joint[box] for joint in self.joints)
        return Surroundings(self.channels[(slice(None), *box)], (a, b, c), self.spacing, self.across)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.channels.shape[1:]

    @property
    def within(self) -> tuple[int, ...]:
        """The array axes within the slices."""
        return tuple(axis for axis in range(3) if axis != self.across)

    def reach(self, mm: float) -> list[int]:
        """Voxels along z, y, x that `mm` are, at least one."""
        return [max(1, int(np.ceil(mm / step))) for step in self.spacing]


def _joints(channels: Field, axis: int, step: float, contrast: float) -> Field:
    """How much each voxel hangs together with the next one along an axis; 0 for the last."""
    joint = np.zeros(channels.shape[1:], np.float32)
    inner = joint[(slice(None),) * axis + (slice(None, -1),)]
    for channel in channels:
        difference = np.diff(channel, axis=axis)
        difference *= difference
        inner += difference
    inner *= np.float32(1 / contrast**2)
    inner += 1
    # (1 + d^2)^-1.5, with roots that are quicker than powers.
    inner *= np.sqrt(inner)
    np.divide(np.float32(1 / step**2), inner, out=inner)
    return joint


def delineate(place: Surroundings, marks: Marks, parameters: StrokeParameters, beyond: Mask | None = None) -> Mask:
    """The lesion (z, y, x) that strokes mark.

    Parameters
    ----------
    marks : (z, y, x) `LESION` or `OTHER` where a stroke says so, else `UNMARKED`. Nothing is lesion without a stroke
        that says so; without one that says the opposite, the border of the box is taken for not lesion.
    beyond : (z, y, x) what lies too far out to be lesion; it says nothing of what other tissue looks like.
    """
    result = marks == LESION
    if not result.any():
        return result
    other = marks == OTHER
    if not other.any():
        marks = marks.copy()
        marks[_rim(place) & ~result] = OTHER
        other = marks == OTHER
    if not other.any():
        return result
    inside = Looks(place.channels[:, result].T, parameters.looks_inside, parameters.least_sd)
    outside = Looks(place.channels[:, other].T, parameters.looks_outside, parameters.least_sd)
    against = outside.log_density(place.channels)
    odds = evidence(inside.log_density(place.channels), against, parameters.surprise, parameters.unknown)
    if beyond is not None and beyond.any():
        marks = np.where(beyond & ~result, OTHER, marks).astype(np.int8)
    box = _worth_a_look(place, odds, result)
    part = _Part(place.part(box), marks[box], odds[box], against[box], inside, parameters)
    result[box] |= part.lesion()
    return result & (marks != OTHER)


def _rim(place: Surroundings) -> Mask:
    """The outermost voxels of the box within the slices, and its first and last slice where there are more than two."""
    rim = np.ones(place.shape, bool)
    inner = [slice(1, -1) if count > 2 else slice(None) for count in place.shape]
    rim[tuple(inner)] = False
    return rim


def _worth_a_look(place: Surroundings, odds: Field, lesion: Mask) -> Box:
    """The box of what hangs together with the marked lesion and may look like it, and a margin."""
    found = connected((odds > WORTH_A_LOOK) | lesion, lesion)
    return box_round(found, place.reach(BESIDE_MM))


class _Part:
    """The part of the box that is worth a look, on the way to its lesion."""

    def __init__(
        self,
        place: Surroundings,
        marks: Marks,
        odds: Field,
        against: Field,
        inside: Looks,
        parameters: StrokeParameters,
    ) -> None:
        self.place, self.marks, self.odds, self.against = place, marks, odds, against
        self.inside, self.parameters = inside, parameters
        self.walker = RandomWalker(place.joints, place.spacing)

    def lesion(self) -> Mask:
        probability = self._walked(self.odds, self.marks, None)
        dead = np.zeros(self.marks.shape, bool)
        for _ in range(self.parameters.dead_rounds):
            enclosed = self._enclosed(probability)
            if np.count_nonzero(enclosed) < LEAST_DEAD_VOXELS or (enclosed <= dead).all():
                break
            dead |= enclosed
            probability = self._with_dead_parts(dead, probability)
        return self._filled(self._living(probability, self.parameters.threshold)) & (self.marks != OTHER)

    def _living(self, probability: Field, threshold: float) -> Mask:
        lesion = self.marks == LESION
        return connected((probability >= threshold) | lesion, lesion)

    def _enclosed(self, probability: Field) -> Mask:
        """What the living lesion encloses in its slices: the rim round a dead part may be faint, and a low threshold
        flow over, into other vertebrae too."""
        enclosed = np.zeros(self.marks.shape, bool)
        most = OVERFLOWN * np.count_nonzero(self._living(probability, ENCLOSING[0]))
        for threshold in ENCLOSING:
            living = self._living(probability, threshold)
            if np.count_nonzero(living) > most:
                break
            enclosed |= self._filled(living) & ~living
        living = self._living(probability, self.parameters.threshold)
        enclosed &= (self.marks == UNMARKED) & living.any(axis=self.place.within, keepdims=True)
        return enclosed | self._bays(probability, living | enclosed)

    def _bays(self, probability: Field, lesion: Mask) -> Mask:
        """Large bays of a lesion, of what is not likely to be alive: dead parts that reach its border.

        Without time courses nothing tells what is alive, and the canal lies in a bay too.
        """
        if len(self.place.channels) < 2:
            return np.zeros_like(lesion)
        outlined = np.logical_and(*((self.marks == kind).any(axis=self.place.within) for kind in (LESION, OTHER)))
        bays = large_bays(lesion, self.place.spacing, self.place.across, outlined)
        dead = bays & (probability < self.parameters.threshold)
        thick = ndimage.binary_opening(dead & (self.marks == UNMARKED), _in_plane(self.place.across))
        return np.asarray(thick)

    def _filled(self, region: Mask) -> Mask:
        # What is enclosed in space is enclosed in every slice too.
        filled = filled_slices(region, self.place.across)
        return connected(filled & (self.marks != OTHER), self.marks == LESION)

    def _with_dead_parts(self, dead: Mask, start: Field) -> Field:
        """Walk again, with the enclosed parts known, and with their look taken for lesion in the slices nearby."""
        looks = Looks(self.place.channels[:, dead].T, 2, self.parameters.least_sd)
        likeness = np.maximum(self.inside.log_density(self.place.channels), looks.log_density(self.place.channels))
        odds = evidence(likeness, self.against, self.parameters.surprise, self.parameters.unknown)
        # Beyond the living lesion's own slices, and far from it in them, the look of dead tissue is that of much else.
        spacing = [FAR_MM if axis == self.place.across else step for axis, step in enumerate(self.place.spacing)]
        living = self._living(start, self.parameters.threshold)
        near = ndimage.distance_transform_edt(~(living | dead), sampling=spacing) < self.parameters.dead_near_mm
        marks = self.marks.copy()
        marks[_core(dead, self.place.across)] = LESION
        probability = self._walked(np.where(near, odds, self.odds), marks, start)
        probability[dead] = 1
        return probability

    def _walked(self, odds: Field, marks: Marks, start: Field | None) -> Field:
        prior = (1 / (1 + np.exp(-odds))).astype(np.float32)
        known, values = marks != UNMARKED, (marks == LESION).astype(np.float32)
        return self.walker.solve(prior, self.parameters.strength, known, values, start)


def _core(region: Mask, across: int) -> Mask:
    """The region without its outermost pixels in each slice, or all of it where nothing would be left."""
    core = ndimage.binary_erosion(region, _in_plane(across))
    return np.asarray(core if np.count_nonzero(core) >= LEAST_DEAD_VOXELS else region)


def _in_plane(across: int) -> Mask:
    """A pixel and its four neighbours in the slice."""
    structure = ndimage.generate_binary_structure(3, 1)
    for side in (0, 2):
        structure[(slice(None),) * across + (side,)] = False
    return structure


def connected(region: Mask, seeds: Mask) -> Mask:
    """The parts of a region that hold a seed, by faces."""
    labels, count = ndimage.label(region)
    kept = np.zeros(count + 1, bool)
    kept[labels[seeds]] = True
    kept[0] = False
    return np.asarray(kept[labels])
