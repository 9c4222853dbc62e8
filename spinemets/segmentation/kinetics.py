"""How much and how early each voxel enhances, as seen from the lesion.

A voxel's signal is the sum of what its tissues give, so a voxel that is half lesion lies half-way between the two in
enhancement (late minus before), but not in relative enhancement, which divides by the signal before contrast. Blood
peaks early and is washed out; what has leaked into tissue stays. Both are told with the lesion's own course as the
yardstick: its amount in a voxel's course, and how much earlier than the lesion's the rest of the course comes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.segmentation.channels import Channels
from spinemets.segmentation.morphology import Box

# The bolus has arrived in the frame in which the lesion first shows this share of its highest enhancement.
ARRIVED = 0.5
FRAMES_FOR_A_LEAD = 4


@dataclass(frozen=True)
class View:
    """A search box as seen from a part of it that is lesion; all arrays (z, y, x), float32.

    Attributes
    ----------
    amount : 1 at the lesion's level, 0 without enhancement; of a still image, 0 at the level of the surroundings.
    lead : how much earlier than the lesion's a voxel's enhancement comes, in SDs of the noise; late is negative. None
        when there are too few frames.
    before : signal before contrast; None for a still image.
    background : median amount outside the outline.
    """

    amount: NDArray[np.float32]
    lead: NDArray[np.float32] | None
    before: NDArray[np.float32] | None
    background: float

    @property
    def features(self) -> tuple[NDArray[np.float32], ...]:
        """What tells voxels apart."""
        return tuple(values for values in (self.before, self.amount, self.lead) if values is not None)

    def part(self, box: Box) -> View:
        """A part of the box, on the same memory."""
        lead = None if self.lead is None else self.lead[box]
        before = None if self.before is None else self.before[box]
        return View(self.amount[box], lead, before, self.background)

    @property
    def brighter(self) -> bool:
        """Whether the lesion stands above its surroundings."""
        return self.background < 1.0


def seen_from(region: NDArray[np.bool_], channels: Channels, outline: NDArray[np.bool_]) -> View:
    """The box as seen from a region that is taken to be lesion.

    Parameters
    ----------
    region : (z, y, x), at least one voxel.
    """
    elsewhere = ~outline if not outline.all() else outline
    if channels.enhancement is None:
        surroundings = float(np.median(channels.brightness[elsewhere]))
        step = float(np.median(channels.brightness[region])) - surroundings
        amount = (channels.brightness - np.float32(surroundings)) / np.float32(step if step else 1.0)
        return View(np.asarray(amount, np.float32), None, None, 0.0)
    enhancement = channels.enhancement
    own = np.median(enhancement[:, region], axis=1).astype(np.float64)
    power = float(own @ own)
    if power <= 0:
        own, power = np.ones(len(own)), float(len(own))
    amount = _projected(enhancement, own / power)
    direction = early_direction(own)
    lead = None
    if direction is not None and channels.noise > 0:
        lead = _projected(enhancement, direction / channels.noise)
    return View(amount, lead, channels.before, float(np.median(amount[elsewhere])))


def _projected(courses: NDArray[np.float32], direction: NDArray[np.float64]) -> NDArray[np.float32]:
    """(z, y, x): product of each voxel's course with a direction; without BLAS, whose sums depend on the threads."""
    return np.asarray(np.einsum("tzyx,t->zyx", courses, direction.astype(np.float32)))


def early_direction(course: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """A course (frame,) of unit length that falls steadily from the bolus' arrival on and holds nothing of the given
    one; None with fewer than four frames after the arrival."""
    arrived = int(np.argmax(course >= ARRIVED * course.max()))
    frames = np.arange(len(course))
    after = frames >= arrived
    if np.count_nonzero(after) < FRAMES_FOR_A_LEAD:
        return None
    falling = np.where(after, frames[after].mean() - frames, 0.0)
    falling -= course * (falling @ course) / (course @ course)
    length = float(np.linalg.norm(falling))
    return falling / length if length > 0 else None
