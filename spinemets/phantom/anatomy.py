"""A patient: which tissue lies at a point of the world (LPS mm), as an implicit function.

Nothing here knows of grids, so the same world point has the same tissue in every series.
"""

from __future__ import annotations

import numpy as np

from spinemets.phantom.arch import ROOTS_ABOVE_TIP_MM, Canal, paint_arch, paint_canal
from spinemets.phantom.background import Torso, paint_bowel, paint_kidneys, paint_muscles, paint_psoas, paint_vessels
from spinemets.phantom.column import ANNULUS, disc_core, locate, paint_column
from spinemets.phantom.curve import SpineCurve
from spinemets.phantom.fields import SmoothField
from spinemets.phantom.lesion import Lesion, LesionDescription, Lobe
from spinemets.phantom.levels import NAMES, make_levels
from spinemets.phantom.tissues import Properties, Tissue
from spinemets.phantom.veins import TouchingVeins, Veins

CHUNK = 1 << 14


class SpineAnatomy:
    """A patient with one lesion.

    Parameters
    ----------
    seed : the patient; the same seed gives the same patient.
    kind : kind of lesion.
    description : what the lesion is like.
    level : vertebra that has it, as `L2`.
    age : years; older marrow is fattier.
    touching_veins : engorged veins along the lesion's border.
    """

    def __init__(
        self,
        seed: int,
        kind: str,
        description: LesionDescription,
        level: str,
        age: float = 62.0,
        touching_veins: TouchingVeins | None = None,
    ) -> None:
        rng = np.random.default_rng([seed, 1])
        self.level = level
        fractured = level if description.front_loss > 0 or description.middle_loss > 0 else None
        self.levels = make_levels(
            rng, fractured, description.front_loss, description.middle_loss, rng.normal(1.0, 0.035)
        )
        origin = np.array([rng.normal(0, 3), rng.normal(20, 6), rng.normal(-20, 8)])
        self.curve = SpineCurve(origin, rng.normal(1.0, 0.14), rng.normal(0, 2.0), rng.uniform(0, 6.3))
        self._bend = self.curve.bend(self.levels.s).astype(np.float32)
        fat = float(np.clip(rng.normal(15, 5), 6, 28))
        self._torso = Torso(origin, rng.normal(70, 3) + fat, fat, rng.normal(1.0, 0.05), rng.uniform(0, 6.3))
        self._loops = SmoothField(rng, 26.0)
        self._cord_end = float(self.levels.s[NAMES.index("L1")] + rng.normal(-8, 9))
        self._split = float(self.levels.s[NAMES.index("L4")] + rng.normal(-6, 5))
        self._marrow_fat = float(np.clip(0.30 + 0.0032 * age + rng.normal(0, 0.05), 0.25, 0.70))
        self._muscle_fat = float(np.clip(0.02 + 0.0016 * (age - 40) + rng.normal(0, 0.02), 0.01, 0.12))
        self._marrow, self._islands = SmoothField(rng, 3.6), SmoothField(rng, 13.0)
        self._streaks, self._strands = SmoothField(rng, (3.2, 3.2, 26.0)), SmoothField(rng, (3.4, 3.4, 60.0))
        self.lesion = self._place_lesion(np.random.default_rng([seed, 2]), kind, description)
        self.veins: Veins | None = None
        if touching_veins is not None:
            d = description
            self.veins = Veins(
                np.random.default_rng([seed, 3]),
                touching_veins,
                self.lesion.centre,
                self.lesion.reach,
                self.body_centre(level),
                lambda x, y, z: self.tissue_at(x, y, z)[0],
                Properties(d.pd, d.t1, d.t2, d.ktrans, d.ve, d.vp),
            )

    def _place_lesion(self, rng: np.random.Generator, kind: str, description: LesionDescription) -> Lesion:
        k = NAMES.index(self.level)
        half, depth, width = (
            float(v[k]) for v in (self.levels.half_height, self.levels.half_depth, self.levels.half_width)
        )
        radius = description.size / 2
        side = 1.0 if rng.random() < 0.5 else -1.0
        if kind == "fracture":
            lobes = [
                Lobe(
                    rng,
                    self.curve.world(0, 0, self.levels.s[k] + 0.25 * half),
                    (width * 1.1, depth * 1.15, half * 1.0),
                    0.10,
                )
            ]
            return Lesion(rng, description, lobes, k + 1, body_only=True)
        shift = side * rng.uniform(0.1, 0.3) * width
        middle = self.curve.world(
            shift, rng.uniform(0.0, 0.3) * depth, self.levels.s[k] + rng.uniform(-0.12, 0.15) * half
        )
        radii = radius * np.exp(rng.normal(0, 0.07, 3)) * np.array([1.06, 1.0, 0.93])
        lobes = [Lobe(rng, middle, tuple(radii))]
        if description.mass > 0:
            out = self.curve.world(side * (0.8 * width + 5), 0.8 * depth, self.levels.s[k] + rng.uniform(-4, 6))
            lobes.append(
                Lobe(rng, out, tuple(description.mass * np.array([15.0, 13.0, 17.0]) * np.exp(rng.normal(0, 0.08, 3))))
            )
        return Lesion(rng, description, lobes, k + 1, body_only=False)

    def tissue_at(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tissue labels and vertebra numbers (index in `levels.NAMES` + 1; 0 outside bone), both uint8 (N,), at LPS
        mm (N,)."""
        label = np.empty(x.shape, np.uint8)
        level_of = np.zeros(x.shape, np.uint8)
        for start in range(0, x.size, CHUNK):
            part = slice(start, start + CHUNK)
            self._paint(label[part], level_of[part], x[part], y[part], z[part])
        return label, level_of

    def _paint(self, label: np.ndarray, level_of: np.ndarray, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> None:
        u, v, s = self.curve.straighten(x, y, z)
        below = self._torso.paint(label, x, y, z)
        inner = np.flatnonzero(below > 0)
        if inner.size:
            self._paint_inner(label, level_of, inner, u[inner], v[inner], s[inner], below[inner])
        near = self.lesion.near(x, y, z)
        if near.size:
            some, numbers = label[near], level_of[near]
            self.lesion.paint(some, numbers, x[near], y[near], z[near])
            label[near] = some
        if self.veins is not None:
            near = self.veins.near(x, y, z)
            if near.size:
                some = label[near]
                self.veins.paint(some, x[near], y[near], z[near])
                label[near] = some

    def _paint_inner(
        self,
        label: np.ndarray,
        level_of: np.ndarray,
        inner: np.ndarray,
        u: np.ndarray,
        v: np.ndarray,
        s: np.ndarray,
        below: np.ndarray,
    ) -> None:
        some, numbers = label[inner], level_of[inner]
        side, levels = np.abs(u), self.levels
        for where, paint in (
            ((v > 4) & (side < 90), lambda a, i: paint_muscles(a, u[i], v[i], s[i], below[i], levels)),
            ((side < 64) & (np.abs(v) < 36), lambda a, i: paint_psoas(a, u[i], v[i], s[i], levels)),
            (
                ((v < -42) | ((u < -18) & (v < 24))) & (below > 12),
                lambda a, i: paint_bowel(a, u[i], v[i], s[i], self._loops),
            ),
            ((side > 30) & (np.abs(v) < 26) & (below > 12), lambda a, i: paint_kidneys(a, u[i], v[i], s[i])),
            ((side < 75) & (v > -60) & (v < 10), lambda a, i: paint_vessels(a, u[i], v[i], s[i], levels, self._split)),
        ):
            part = np.flatnonzero(where)
            if part.size:
                found = some[part]
                paint(found, part)
                some[part] = found
        self._paint_spine(some, numbers, u, v, s)
        label[inner], level_of[inner] = some, numbers

    def _paint_spine(
        self, label: np.ndarray, level_of: np.ndarray, u: np.ndarray, v: np.ndarray, s: np.ndarray
    ) -> None:
        side = np.abs(u)
        behind = np.flatnonzero((side < 46) & (v > 4) & (v < 72))
        if behind.size:
            some, numbers, ub, sb = label[behind], level_of[behind], u[behind], s[behind]
            canal = Canal(ub, v[behind], sb, self.levels)
            paint_arch(some, numbers, ub, sb, self.levels, canal)
            label[behind], level_of[behind] = some, numbers
        column = np.flatnonzero((side < 32) & (np.abs(v) < 26))
        if column.size:
            some, numbers = label[column], level_of[column]
            paint_column(some, numbers, u[column], v[column], s[column], self.levels, self._bend)
            label[column], level_of[column] = some, numbers
        if behind.size:
            some = label[behind]
            paint_canal(some, ub, sb, self.levels, canal, self._cord_end)
            label[behind] = some

    def mixture_at(self, tissue: Tissue, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Fraction (N,) of the first of a tissue's two components (`tissues.COMPONENTS`) at LPS mm."""
        u, v, s = self.curve.straighten(x, y, z)
        if tissue == Tissue.MARROW:
            fraction = self._marrow_fat + 0.045 * self._marrow(x, y, z) + 0.05 * self._islands(x, y, z)
            body = locate(u, v, s, self.levels, self._bend)
            plate = np.exp(-np.square(np.minimum(body.axial, 0) / 3.0)) * (body.distance < 0)
            vein = np.exp(-np.square(body.zeta / 4.5) - np.square((v - self.levels.half_depth[body.level]) / 12.0))
            fraction = fraction + 0.05 * plate + 0.22 * vein * (body.distance < 0)
        elif tissue == Tissue.MUSCLE:
            low = np.clip((60 - s) / 150, 0, 1) * (v > 15)
            fraction = self._muscle_fat + (0.10 + 0.28 * low) * np.maximum(self._streaks(u, v, s) - 0.7, 0)
        elif tissue == Tissue.ROOTS:
            below = np.clip((self._cord_end + ROOTS_ABOVE_TIP_MM - s) / 26, 0, 1)
            fraction = (0.30 + 0.55 * self._strands(u, v, s)) * below
        elif tissue in (Tissue.NUCLEUS, Tissue.NUCLEUS_DEHYDRATED):
            fraction = 1.12 - 0.75 * np.square(disc_core(u, v, s, self.levels)) + 0.06 * self._marrow(x, y, z)
        elif tissue == Tissue.INNER_ANNULUS:
            fraction = (ANNULUS - disc_core(u, v, s, self.levels)) / (ANNULUS - 1)
        elif tissue == Tissue.OEDEMA:
            fraction = self.lesion.oedema_at(x, y, z)
        elif tissue == Tissue.SLOW_VEIN and self.veins is not None:
            fraction = self.veins.blood_at(x, y, z)
        else:
            fraction = 0.45 + 0.14 * self._marrow(x, y, z)
        return np.clip(fraction, 0, 1)

    def body_distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray, level: str) -> np.ndarray:
        """About the signed distance (N,) in mm to the vertebral body of `level`; negative inside."""
        u, v, s = self.curve.straighten(x, y, z)
        body = locate(u, v, s, self.levels, self._bend)
        return np.where(body.level == NAMES.index(level), body.distance, 99.0)

    def body_centre(self, level: str) -> np.ndarray:
        """LPS mm of the middle of a vertebral body."""
        return self.curve.world(0.0, 0.0, float(self.levels.s[NAMES.index(level)]))
