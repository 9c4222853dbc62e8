"""Engorged veins that run along the border of a lesion and touch it, as they drain it or are pushed aside by it.

They lie beside the lesion and take nothing away from it: the lesion's own voxels are the same with and without them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from spinemets.errors import InputError
from spinemets.phantom import signals
from spinemets.phantom.tissues import COMPONENTS, LESION_TISSUES, Properties, Tissue

FILLINGS = ("fast", "slow")
# What a vein can push aside; never the lesion, nerves in the canal, discs or other vessels.
GIVES_WAY = np.zeros(256, bool)
GIVES_WAY[
    [
        Tissue.FAT,
        Tissue.MUSCLE,
        Tissue.LIGAMENT,
        Tissue.CORTICAL_BONE,
        Tissue.MARROW,
        Tissue.VENOUS_PLEXUS,
        Tissue.NERVE,
        Tissue.FLAVUM,
        Tissue.INTERSPINOUS,
        Tissue.JOINT,
        Tissue.OEDEMA,
    ]
] = True
IS_LESION = np.zeros(256, bool)
IS_LESION[list(LESION_TISSUES)] = True
PRESSED_MM = 0.8
TAIL_DEGREES = 35.0
STEP_DEGREES = 1.0
RAY_STEP_MM = 0.4
LATE_SECONDS = 114.0


@dataclass(frozen=True)
class TouchingVeins:
    """Veins to add along the lesion's border.

    `number` of them, every other one on the side of the vertebral body's middle, the rest on the far side; radii drawn
    from `radius_mm`. `filling` is `fast` for blood with its first pass, or `slow` for a plexus of slow veins in loose
    tissue that fills with a time constant of 40 s and shows no first pass; of these the late concentration of agent is
    `uptake` (drawn from low to high) times that of the lesion.
    """

    number: int = 3
    radius_mm: tuple[float, float] = (1.5, 3.0)
    filling: str = "fast"
    uptake: tuple[float, float] = (1.2, 2.0)

    def __post_init__(self) -> None:
        if self.filling not in FILLINGS:
            raise InputError(f"filling {self.filling!r}", "no such choice", f"choose one of {', '.join(FILLINGS)}")
        if self.number < 0 or min(*self.radius_mm, *self.uptake) <= 0:
            raise InputError("touching veins", "need radii and uptakes above 0", "give positive numbers")


class Veins:
    """Tubes along great arcs of the lesion's border that leave it at both ends.

    Parameters
    ----------
    rng : source of chance.
    options : how many, how thick, how they fill.
    centre : LPS mm of the lesion's middle; `reach` mm from it that the lesion may extend.
    body : LPS mm of the middle of the vertebral body.
    tissue_at : labels (N,) of world points without the veins.
    lesion : what the lesion's watery part is made of.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        options: TouchingVeins,
        centre: np.ndarray,
        reach: float,
        body: np.ndarray,
        tissue_at: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
        lesion: Properties,
    ) -> None:
        self._tissue = Tissue.SLOW_VEIN if options.filling == "slow" else Tissue.VEIN
        self.paths: list[np.ndarray] = []
        self.radii: list[float] = []
        self._blood: list[float] = []
        sideways = np.arctan2(*(np.asarray(body) - centre)[1::-1])
        for number in range(options.number):
            radius = float(rng.uniform(*options.radius_mm))
            turn = np.deg2rad(rng.uniform(-45, 45)) + (np.pi if number % 2 else 0.0)
            path = _path(rng, np.asarray(centre), reach, sideways + turn, radius, tissue_at)
            self.paths.append(path)
            self.radii.append(radius)
            self._blood.append(_blood_share(lesion, float(rng.uniform(*options.uptake))))
        self._trees = [cKDTree(path, balanced_tree=False) for path in self.paths]
        points = np.concatenate(self.paths) if self.paths else np.zeros((1, 3))
        margin = max(self.radii, default=0.0) + 0.1
        self._low, self._high = points.min(axis=0) - margin, points.max(axis=0) + margin

    def near(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Indices of the points (N,) that a vein could touch."""
        inside = np.full(x.shape, bool(self.paths))
        for w, low, high in zip((x, y, z), self._low, self._high):
            inside &= (w > low) & (w < high)
        return np.flatnonzero(inside)

    def paint(self, label: np.ndarray, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> None:
        """Put the veins into labels (N,), beside the lesion."""
        soft = np.flatnonzero(GIVES_WAY[label])
        points = np.stack([x[soft], y[soft], z[soft]], axis=-1)
        for path, tree, radius in zip(self.paths, self._trees, self.radii):
            near = np.flatnonzero(
                ((points > path.min(axis=0) - radius) & (points < path.max(axis=0) + radius)).all(axis=1)
            )
            found = np.isfinite(tree.query(points[near], distance_upper_bound=radius)[0])
            label[soft[near[found]]] = self._tissue

    def blood_at(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Volume share (N,) of slow blood in the vein that a point belongs to: the first whose wall holds it, or
        else the nearest."""
        points = np.stack([x, y, z], axis=-1)
        beyond = [tree.query(points)[0] - radius for tree, radius in zip(self._trees, self.radii)]
        return np.asarray(self._blood)[np.argmin(beyond, axis=0)]


def _path(
    rng: np.random.Generator,
    centre: np.ndarray,
    reach: float,
    azimuth: float,
    radius: float,
    tissue_at: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """(n, 3) LPS mm along the axis of a vein whose middle part is pressed against the lesion."""
    tilt = np.deg2rad(rng.uniform(-35, 35))
    height = rng.uniform(-0.2, 0.2) * reach
    half = rng.uniform(35, 60)
    outward = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
    along = np.cos(tilt) * np.array([-outward[1], outward[0], 0.0]) + np.sin(tilt) * np.array([0.0, 0.0, 1.0])
    angle = np.arange(-half - TAIL_DEGREES, half + TAIL_DEGREES + STEP_DEGREES / 2, STEP_DEGREES)
    turned = np.deg2rad(angle)[:, None]
    directions = np.cos(turned) * outward + np.sin(turned) * along
    start = centre + np.array([0.0, 0.0, height])
    border = _border(start, directions, reach, tissue_at)
    axis = np.maximum(ndimage.gaussian_filter1d(border, 6.0, mode="nearest"), border) + radius - PRESSED_MM
    axis += np.maximum(np.abs(angle) - half, 0) * np.deg2rad(0.8) * border.mean()
    axis = ndimage.gaussian_filter1d(axis, 2.0, mode="nearest")
    knots = start + axis[:, None] * directions
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1))])
    at = np.arange(0, length[-1], 0.3)
    return np.stack([np.interp(at, length, knots[:, n]) for n in range(3)], axis=-1)


def _border(
    start: np.ndarray,
    directions: np.ndarray,
    reach: float,
    tissue_at: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """mm from `start` (n,) to the end of the lesion in each direction (n, 3)."""
    far = np.arange(0, reach, RAY_STEP_MM)
    points = (start + far[None, :, None] * directions[:, None, :]).reshape(-1, 3).astype(np.float32)
    inside = IS_LESION[tissue_at(*points.T)].reshape(len(directions), far.size)
    return np.where(inside, far[None, :], 0.0).max(axis=1)


def _blood_share(lesion: Properties, uptake: float) -> float:
    """Share of slow blood that gives a vein `uptake` times the lesion's late concentration, at most 1."""
    blood, tissue = COMPONENTS[Tissue.SLOW_VEIN]
    seconds = np.arange(0.0, LATE_SECONDS + 0.25, 0.5)
    plasma = signals.parker_blood(seconds) / (1 - signals.HAEMATOCRIT)
    ktrans, ve, vp = (np.array([getattr(p, w) for p in (lesion, blood, tissue)]) for w in ("ktrans", "ve", "vp"))
    wanted, full, none = signals.extended_tofts(seconds, plasma, ktrans, ve, vp)[:, -1] * (uptake, 1, 1)
    return float(np.clip((wanted - none) / (full - none), 0, 1))
