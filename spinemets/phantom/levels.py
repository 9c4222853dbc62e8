"""Sizes of the vertebrae and discs, level by level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NAMES = ("S3", "S2", "S1", "L5", "L4", "L3", "L2", "L1", "T12", "T11", "T10", "T9", "T8", "T7", "T6")
ORIGIN_LEVEL = "L3"
LESION_LEVELS = ("L4", "L3", "L2", "L1", "T12")

# Height, width, depth of the body; height of the disc above; half depth and half width of the dural sac (mm).
_SIZES = {
    "S3": (19, 26, 13, 1.8, 2.0, 3.5),
    "S2": (24, 34, 20, 2.4, 4.2, 7.0),
    "S1": (29, 47, 30, 9.0, 6.2, 9.0),
    "L5": (28, 49, 34.5, 10.5, 7.3, 10.0),
    "L4": (28, 47.5, 35, 10.5, 7.7, 9.8),
    "L3": (28, 45, 34.5, 9.8, 7.8, 9.6),
    "L2": (27.5, 43, 33.5, 8.8, 7.8, 9.6),
    "L1": (26.5, 41, 32, 7.6, 7.8, 9.6),
    "T12": (25, 39, 31, 6.6, 7.6, 9.4),
    "T11": (23.5, 36, 30, 5.8, 7.4, 8.8),
    "T10": (22.5, 33, 29, 5.2, 7.2, 8.5),
    "T9": (22, 31, 28, 5.0, 7.0, 8.4),
    "T8": (21.5, 30, 27.5, 4.8, 7.0, 8.4),
    "T7": (21, 29, 27, 4.6, 7.0, 8.4),
    "T6": (20.5, 28.5, 26.5, 4.4, 7.0, 8.4),
}
SACRAL = 3
FIRST_THORACIC = NAMES.index("T12")


@dataclass(frozen=True)
class Levels:
    """Arrays with one value a level, from the sacrum up, in mm along the straightened axis.

    `s` middle of the body; `half_height`, `half_width`, `half_depth` of the body; `disc_above` height; `edges` the middles of
    the discs, one more than levels; `grade` (0 healthy, 1 dehydrated, 2 black) and `bulge` of the disc above;
    `front_loss`, `middle_loss` mm that the upper end plate has sunk; `sac_depth`, `sac_width` half axes of the dural sac.
    """

    s: np.ndarray
    half_height: np.ndarray
    half_width: np.ndarray
    half_depth: np.ndarray
    disc_above: np.ndarray
    edges: np.ndarray
    grade: np.ndarray
    bulge: np.ndarray
    front_loss: np.ndarray
    middle_loss: np.ndarray
    sac_depth: np.ndarray
    sac_width: np.ndarray

    def index(self, name: str) -> int:
        return NAMES.index(name)

    def smooth(self, values: np.ndarray, s: np.ndarray) -> np.ndarray:
        """A level's value, passed over gradually to the next level's."""
        return np.interp(s, self.s, values).astype(np.float32)

    def nearest(self, s: np.ndarray, shift: float = 0.0) -> np.ndarray:
        """Index of the level whose slab, moved down by `shift` of its height, holds `s`."""
        edges = self.edges[1:-1] - shift * (self.edges[2:] - self.edges[1:-1])
        return np.searchsorted(edges, s)


def make_levels(
    rng: np.random.Generator, fractured: str | None = None, front_loss: float = 0.0, middle_loss: float = 0.0, size: float = 1.0
) -> Levels:
    """Draw a patient's levels; `fractured` names a body whose upper end plate has sunk by the given fractions of its height."""
    table = np.array([_SIZES[name] for name in NAMES], np.float64) * size
    table *= 1 + 0.02 * rng.standard_normal(table.shape)
    height, width, depth, disc, sac_depth, sac_width = table.T.copy()
    lower = np.exp(-0.5 * ((np.arange(len(NAMES)) - 2.6) / 1.2) ** 2)
    grade = np.clip(np.floor(rng.random(len(NAMES)) * 0.9 + 1.35 * lower * rng.random(len(NAMES)) + 0.35), 0, 2)
    grade[:2] = 2
    disc *= 1 - 0.14 * grade
    front, middle = np.zeros(len(NAMES)), np.zeros(len(NAMES))
    if fractured is not None:
        k = NAMES.index(fractured)
        front[k], middle[k] = front_loss * height[k], middle_loss * height[k]
    return Levels(
        **_stack(height / 2, disc, front),
        half_height=height / 2,
        half_width=width / 2,
        half_depth=depth / 2,
        disc_above=disc,
        grade=grade.astype(np.int64),
        bulge=np.where(grade > 0, 0.4 + 1.1 * rng.random(len(NAMES)) * grade, 0.2),
        front_loss=front,
        middle_loss=middle,
        sac_depth=sac_depth,
        sac_width=sac_width,
    )


def _stack(half: np.ndarray, disc: np.ndarray, loss: np.ndarray) -> dict[str, np.ndarray]:
    """Middles of the bodies and of the discs; a sunken body brings all above it down by half the loss in front."""
    middles, edges, at = [], [-half[0] * 2.0], 0.0
    for k in range(len(half)):
        middles.append(at)
        top = at + half[k] - 0.5 * loss[k]
        edges.append(top + disc[k] / 2)
        at = top + disc[k] + (half[k + 1] if k + 1 < len(half) else 0.0)
    zero = middles[NAMES.index(ORIGIN_LEVEL)]
    return {"s": np.array(middles) - zero, "edges": np.array(edges) - zero}
