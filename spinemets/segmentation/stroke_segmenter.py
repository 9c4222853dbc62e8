"""A lesion out of strokes: each stroke changes the mask at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.errors import InputError
from spinemets.geometry.grids import check_same_grid, copy_frame_of_reference, slice_axis
from spinemets.segmentation.appearance import Mask
from spinemets.segmentation.correction import correct
from spinemets.segmentation.delineation import (
    LESION,
    OTHER,
    UNMARKED,
    Marks,
    StrokeParameters,
    Surroundings,
    connected,
    delineate,
)
from spinemets.segmentation.morphology import Box
from spinemets.segmentation.patient_axes import grid_of
from spinemets.segmentation.rings import beyond_rings, slices_told_by_new_rings
from spinemets.segmentation.strokes import Stroke, painted_voxels
from spinemets.segmentation.walked_border import walk_border

__all__ = ["StrokeParameters", "StrokeSegmenter"]

# Strokes that say "not lesion" need less room round them than the lesion does.
BESIDE_MM = 5.0
NOISE_MM = 12.0


@dataclass(frozen=True, eq=False)
class _View:
    """The box that is looked at, its part round the lesion, and what lies in it."""

    box: Box
    middle: Box
    place: Surroundings


@dataclass(frozen=True, eq=False)
class _Before:
    """What an action changes, as it was: the mask in a box, and what was looked at (box and middle)."""

    box: Box
    mask: NDArray[np.uint8]
    looked_at: tuple[Box, Box] | None


@dataclass(frozen=True)
class _Painted:
    """A stroke with its voxels (n, 3) in array order, and how many actions were before it."""

    stroke: Stroke
    voxels: NDArray[np.intp]
    action: int


class StrokeSegmenter:
    """A mask that follows strokes.

    Parameters
    ----------
    image : 3-D image or 4-D dynamic series, any grid and direction.
    lesion : mask on the image's grid to correct; without one, or with an empty one, the strokes make the mask.
    parameters : see `StrokeParameters`.

    Raises
    ------
    InputError : image or lesion is not usable, or they lie on different grids.
    """

    def __init__(
        self, image: sitk.Image, lesion: sitk.Image | None = None, parameters: StrokeParameters | None = None
    ) -> None:
        if image.GetDimension() not in (3, 4) or image.GetNumberOfComponentsPerPixel() != 1:
            raise InputError("image", "is no 3-D or 4-D image of single values", "choose another image")
        self.parameters = parameters or StrokeParameters()
        self._image = image
        self._grid = grid_of(image)
        copy_frame_of_reference(image, self._grid)
        self._across = 2 - slice_axis(self._grid)
        x, y, z = self._grid.GetSpacing()
        self._spacing = (float(z), float(y), float(x))
        self._mask = np.zeros(self._grid.GetSize()[::-1], np.uint8)
        if lesion is not None:
            check_same_grid(image, lesion, "image", "lesion")
            self._mask[sitk.GetArrayViewFromImage(lesion) != 0] = 1
        self._given = bool(self._mask.any())
        self._view: _View | None = None
        self._painted: list[_Painted] = []
        self._before: list[_Before] = []

    @property
    def strokes(self) -> tuple[Stroke, ...]:
        """Strokes so far, in their order."""
        return tuple(painted.stroke for painted in self._painted)

    @property
    def mask(self) -> sitk.Image:
        """uint8 0/1 on the image's 3-D grid; a copy."""
        mask = sitk.GetImageFromArray(self._mask)
        mask.CopyInformation(self._grid)
        copy_frame_of_reference(self._grid, mask)
        return mask

    def add(self, stroke: Stroke) -> sitk.Image:
        """The mask after one more stroke.

        Raises
        ------
        InputError : the stroke lies outside the image, or the image has no usable signal round it. The mask stays.
        """
        return self.add_all([stroke])

    def add_all(self, strokes: Iterable[Stroke]) -> sitk.Image:
        """The mask after several strokes that count as one action for `undo`; errors as `add`."""
        action = len(self._before)
        painted = [_Painted(stroke, painted_voxels(stroke, self._grid), action) for stroke in strokes]
        for each in painted:
            if not len(each.voxels):
                raise InputError("stroke", "lies outside the image", "draw on the image that is segmented")
        if not painted:
            return self.mask
        view = self._looked_at([*self._painted, *painted])
        last = None if self._view is None else (self._view.box, self._view.middle)
        self._before.append(_Before(view.box, self._mask[view.box].copy(), last))
        self._view = view
        self._painted += painted
        self._mask[view.box] = self._followed(view, painted)
        return self.mask

    def _followed(self, view: _View, painted: list[_Painted]) -> Mask:
        """The mask in the box after new strokes.

        The first strokes of both kinds outline the lesion together, and so do, with all before them, those that close a
        ring round it on a further slice; but beyond the next ringed slices nothing comes in, since of those the new
        ring tells nothing. Otherwise the mask stands, as one that was given does from the start: a stroke that agrees
        with it changes nothing, one that does not corrects what is near.
        """
        mask, marks = self._mask[view.box] != 0, self._marks(view.box, self._painted)
        earlier = self._painted[: -len(painted)]
        if not self._given:
            if len({each.stroke.inside for each in earlier}) < 2 or not mask.any():
                return self._drawn(view.place, marks)
            told = slices_told_by_new_rings(marks, self._marks(view.box, earlier))
            if told.any():
                drawn = self._drawn(view.place, marks) & (told | mask | (marks == LESION))
                return connected(drawn, marks == LESION)
        for each in painted:
            inside = each.stroke.inside
            stroke = _in_box(each, view.box) & (marks == (LESION if inside else OTHER))
            mask = correct(view.place, marks, mask, stroke, inside, self.parameters)
        return mask

    def _drawn(self, place: Surroundings, marks: Marks) -> Mask:
        """The lesion by all strokes; its border is placed when both kinds of stroke are there, and the image has time
        courses: without them oedema, half-way to the lesion, would lead astray."""
        beyond = beyond_rings(marks == LESION, marks == OTHER, self._spacing)
        mask = delineate(place, marks, self.parameters, beyond)
        if not mask.any() or not (marks == OTHER).any() or len(place.channels) < 2:
            return mask
        marks = np.where(beyond & (marks == UNMARKED), OTHER, marks).astype(np.int8)
        return walk_border(place, mask, marks, self.parameters.border_inside_mm, self.parameters.border_outside_mm)

    def undo(self) -> sitk.Image:
        """The mask before the last action; without one the mask as it is."""
        if self._before:
            before = self._before.pop()
            self._mask[before.box] = before.mask
            self._painted = [painted for painted in self._painted if painted.action < len(self._before)]
            # What is looked at is part of what is undone, or the same strokes would now give another mask.
            if before.looked_at is None:
                self._view = None
            elif self._view is None or before.looked_at != (self._view.box, self._view.middle):
                self._view = self._seen(*before.looked_at)
        return self.mask

    def _looked_at(self, painted: list[_Painted]) -> _View:
        """A box that holds all strokes and the mask, and what lies round them; the last one where that will do."""
        inside = [each.voxels for each in painted if each.stroke.inside]
        if self._mask.any():
            inside.append(np.array([[p.start for p in part] for part in ndimage.find_objects(self._mask)]))
            inside.append(np.array([[p.stop - 1 for p in part] for part in ndimage.find_objects(self._mask)]))
        outside = [each.voxels for each in painted if not each.stroke.inside]
        needed = self._box_round(inside + outside, 0.0)
        if self._view is not None and _within(needed, self._view.box):
            return self._view
        margin = self._box_round(inside or outside, self.parameters.margin_mm)
        box = _hull(margin, self._box_round(inside + outside, BESIDE_MM))
        return self._seen(box, self._box_round(inside or outside, NOISE_MM))

    def _seen(self, box: Box, middle: Box) -> _View:
        a, b, c = (slice(m.start - p.start, m.stop - p.start) for m, p in zip(middle, box))
        voxels = sitk.GetArrayViewFromImage(self._image)[(..., *box)].astype(np.float32)
        place = Surroundings.of(voxels, (a, b, c), self._spacing, self._across, self.parameters)
        return _View(box, middle, place)

    def _box_round(self, voxels: list[NDArray[np.intp]], margin_mm: float) -> Box:
        low = np.min([each.min(axis=0) for each in voxels], axis=0)
        high = np.max([each.max(axis=0) for each in voxels], axis=0) + 1
        a, b, c = (
            slice(int(max(0, start - np.ceil(margin_mm / step))), int(min(count, stop + np.ceil(margin_mm / step))))
            for start, stop, count, step in zip(low, high, self._mask.shape, self._spacing)
        )
        return a, b, c

    def _marks(self, box: Box, strokes: list[_Painted]) -> Marks:
        """What strokes say in a box; later strokes over earlier ones."""
        start = np.array([part.start for part in box])
        marks = np.full([part.stop - part.start for part in box], UNMARKED, np.int8)
        for painted in strokes:
            marks[tuple((painted.voxels - start).T)] = LESION if painted.stroke.inside else OTHER
        return marks


def _in_box(painted: _Painted, box: Box) -> Mask:
    """Voxels of a box that a stroke has painted."""
    voxels = np.zeros([part.stop - part.start for part in box], bool)
    voxels[tuple((painted.voxels - [part.start for part in box]).T)] = True
    return voxels


def _within(inner: Box, outer: Box) -> bool:
    return all(o.start <= i.start and i.stop <= o.stop for i, o in zip(inner, outer))


def _hull(first: Box, second: Box) -> Box:
    a, b, c = (slice(min(p.start, q.start), max(p.stop, q.stop)) for p, q in zip(first, second))
    return a, b, c
