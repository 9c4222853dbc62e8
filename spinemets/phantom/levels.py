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
ARCH_SHIFT = 0.28
TABLE_START_MM, TABLE_STEP_MM, TABLE_ROWS = -270.0, 0.25, 2640


class Along:
    """Quantities that change along the axis, tabulated every quarter of a millimetre: `row(s)` finds the row of a
    place.

    `half_width`, `half_depth` of the bodies, `sac_depth`, `sac_width` (mm), `thoracic` 0 to 1; `level` the index of the
    vertebra whose slab it is, `arch` of that whose arch it is, `disc` the middle (mm) of the nearest disc.
    """

    def __init__(self, s: np.ndarray, edges: np.ndarray, sizes: dict[str, np.ndarray]) -> None:
        along = TABLE_START_MM + TABLE_STEP_MM * np.arange(TABLE_ROWS)
        self.half_width, self.half_depth, self.sac_depth, self.sac_width = (
            np.interp(along, s, sizes[name]).astype(np.float32)
            for name in ("half_width", "half_depth", "sac_depth", "sac_width")
        )
        thoracic = np.clip((np.arange(len(s)) - FIRST_THORACIC + 2) / 3.0, 0, 1)
        self.thoracic = np.interp(along, s, thoracic).astype(np.float32)
        inner = edges[1:-1]
        self.level = np.searchsorted(inner, along).astype(np.int32)
        self.arch = np.searchsorted(inner - ARCH_SHIFT * (edges[2:] - inner), along).astype(np.int32)
        nearest = np.clip(np.searchsorted((inner[1:] + inner[:-1]) / 2, along), 0, len(inner) - 1)
        self.disc = inner[nearest].astype(np.float32)

    def row(self, s: np.ndarray) -> np.ndarray:
        """Row (N,) of the tables for places (N,) in mm."""
        return np.clip((s - TABLE_START_MM) * (1 / TABLE_STEP_MM) + 0.5, 0, TABLE_ROWS - 1).astype(np.int32)


@dataclass(frozen=True)
class Levels:
    """Arrays with one value a level, from the sacrum up, in mm along the straightened axis; all float32 but `grade`.

    `s` middle of the body; `half_height`, `half_width`, `half_depth` of the body; `disc_above` height; `edges` the
    middles of the discs, one more than levels; `pitch` from disc to disc; `grade` (0 healthy, 1 dehydrated, 2 black)
    and `bulge` of the disc above; `front_loss`, `middle_loss` mm that the upper end plate has sunk; `along` what
    changes gradually.
    """

    s: np.ndarray
    half_height: np.ndarray
    half_width: np.ndarray
    half_depth: np.ndarray
    disc_above: np.ndarray
    edges: np.ndarray
    pitch: np.ndarray
    grade: np.ndarray
    bulge: np.ndarray
    front_loss: np.ndarray
    middle_loss: np.ndarray
    along: Along


def make_levels(
    rng: np.random.Generator,
    fractured: str | None = None,
    front_loss: float = 0.0,
    middle_loss: float = 0.0,
    size: float = 1.0,
) -> Levels:
    """Draw a patient's levels; `fractured` names a body whose upper end plate has sunk by the given fractions of its
    height."""
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
    s, edges = _stack(height / 2, disc, front)
    sizes = {"half_width": width / 2, "half_depth": depth / 2, "sac_depth": sac_depth, "sac_width": sac_width}
    bulge = np.where(grade > 0, 0.4 + 1.1 * rng.random(len(NAMES)) * grade, 0.2)
    return Levels(
        s=s.astype(np.float32),
        half_height=(height / 2).astype(np.float32),
        half_width=(width / 2).astype(np.float32),
        half_depth=(depth / 2).astype(np.float32),
        disc_above=disc.astype(np.float32),
        edges=edges.astype(np.float32),
        pitch=(edges[1:] - edges[:-1]).astype(np.float32),
        grade=grade.astype(np.int32),
        bulge=bulge.astype(np.float32),
        front_loss=front.astype(np.float32),
        middle_loss=middle.astype(np.float32),
        along=Along(s, edges, sizes),
    )


def _stack(half: np.ndarray, disc: np.ndarray, loss: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middles of the bodies and of the discs; a sunken body brings all above it down by half the loss in front."""
    middles, edges, at = [], [-half[0] * 2.0], 0.0
    for k in range(len(half)):
        middles.append(at)
        top = at + half[k] - 0.5 * loss[k]
        edges.append(top + disc[k] / 2)
        at = top + disc[k] + (half[k + 1] if k + 1 < len(half) else 0.0)
    zero = middles[NAMES.index(ORIGIN_LEVEL)]
    return np.array(middles) - zero, np.array(edges) - zero
