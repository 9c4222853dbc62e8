"""Neural arch and canal: pedicles, laminae, articular, transverse and spinous processes; dural sac, cord, roots, fat,
veins."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.levels import ARCH_SHIFT, SACRAL, Levels
from spinemets.phantom.tissues import Tissue

CORTEX_MM = 0.9
DURA_MM = 0.45
PAD_MM = 5.0
ROOTS_ABOVE_TIP_MM = 34.0


def _box(distance_a: np.ndarray, distance_b: np.ndarray, rounding: float) -> np.ndarray:
    """Signed distance of the rounded intersection of two slabs."""
    a, b = distance_a + rounding, distance_b + rounding
    outer = np.sqrt(np.square(np.maximum(a, 0)) + np.square(np.maximum(b, 0)))
    return np.minimum(np.maximum(a, b), 0) + outer - rounding


def _ellipsoid(*terms: tuple[np.ndarray, float]) -> np.ndarray:
    """About the signed distance to an ellipsoid given as (offset, half axis) pairs."""
    total = np.square(terms[0][0] * (1 / terms[0][1]))
    for offset, half in terms[1:]:
        total += np.square(offset * (1 / half))
    return (np.sqrt(total) - 1) * min(half for _, half in terms)


class Canal:
    """The spinal canal at points: `w` mm behind the bodies' back wall, `bony` and `sac` = 1 on their walls."""

    def __init__(self, u: np.ndarray, v: np.ndarray, s: np.ndarray, levels: Levels) -> None:
        self.row = levels.along.row(s)
        self.w = v - levels.along.half_depth.take(self.row)
        self.sac_depth = levels.along.sac_depth.take(self.row)
        self.sac_width = levels.along.sac_width.take(self.row)
        low = np.clip((levels.s[SACRAL] - 4 - s) * np.float32(1 / 30), 0, 1)
        self.gap = 1.0 + 4.0 * low
        self.bony_depth = self.sac_depth + 1.6 + 2.2 * low
        self.bony_width = self.sac_width + 2.2
        bony_middle = self.w - self.bony_depth - 0.2
        k = levels.along.arch.take(self.row)
        pitch = levels.pitch.take(k)
        between = np.clip(np.abs(s - levels.s.take(k) + ARCH_SHIFT * pitch) / pitch * 2 - 0.35, 0, 1)
        # Between the laminae a pad of fat fills the canal's roof.
        roof = np.where(bony_middle > 0, self.bony_depth + PAD_MM * between, self.bony_depth)
        self.bony = np.sqrt(np.square(u / self.bony_width) + np.square(bony_middle / roof))
        self.behind = bony_middle
        self.sac_middle = self.w - self.gap - self.sac_depth
        self.sac = np.sqrt(np.square(u / self.sac_width) + np.square(self.sac_middle / self.sac_depth))


def paint_arch(
    label: np.ndarray, level_of: np.ndarray, u: np.ndarray, s: np.ndarray, levels: Levels, canal: Canal
) -> None:
    """Paint the bones of the arch, their ligaments and joints."""
    side = np.abs(u)
    back_wall = 2 * canal.bony_depth
    thoracic = levels.along.thoracic.take(canal.row)
    tilt = 0.12 + 0.55 * thoracic
    sheared = s + tilt * np.maximum(canal.w - back_wall, 0)
    k = levels.along.arch.take(levels.along.row(sheared))
    pitch = levels.pitch.take(k)
    zeta = sheared - (levels.s.take(k) - ARCH_SHIFT * pitch)
    shell = (canal.bony - 1) * canal.bony_depth
    lamina = _box(np.maximum(np.abs(shell - 3.4) - 3.4, 2.5 - canal.behind), np.abs(zeta + 1) - 0.33 * pitch, 1.5)
    tip = back_wall + 33 - 6 * thoracic - np.where(k < SACRAL, np.float32(12), np.float32(0))
    thickness = 2.7 + 1.4 * np.clip((canal.w - tip + 9) / 8, 0, 1)
    reach = np.maximum(back_wall + 2 - canal.w, canal.w - tip)
    spinous = _box(np.maximum(side - thickness, reach), np.abs(zeta + 1.5) - (0.31 - 0.10 * thoracic) * pitch, 2.0)
    _paint_between(label, side, zeta, canal, shell, tip, pitch)
    low = levels.along.level.take(canal.row)
    pedicle, transverse = _pedicles(side, s, levels, canal, low, thoracic)
    facet, joint = _facets(side, s, levels, canal)
    upright = np.minimum(np.minimum(pedicle, transverse), facet)
    bone = np.minimum(np.minimum(lamina, spinous), upright)
    inside = bone < 0
    label[inside] = np.where(bone > -CORTEX_MM, Tissue.CORTICAL_BONE, Tissue.MARROW)[inside]
    level_of[inside] = np.where(upright < np.minimum(lamina, spinous), low, k)[inside] + 1
    label[inside & (joint < 1.6)] = Tissue.CORTICAL_BONE
    label[inside & (joint < 0.7)] = Tissue.JOINT


def _paint_between(
    label: np.ndarray,
    side: np.ndarray,
    zeta: np.ndarray,
    canal: Canal,
    shell: np.ndarray,
    tip: np.ndarray,
    pitch: np.ndarray,
) -> None:
    """Yellow, interspinous and supraspinous ligaments, and the fat between the muscles behind the laminae."""
    behind = canal.behind > 2
    label[behind & (shell > 0) & (shell < 8) & (side < 12)] = Tissue.FAT
    label[behind & (shell > 0) & (shell < 3.2) & (np.abs(zeta) > 0.25 * pitch) & (side > 0.7)] = Tissue.FLAVUM
    middle = (side < 3.0) & (canal.w > 2 * canal.bony_depth + 4)
    label[middle & (canal.w < tip - 1)] = Tissue.INTERSPINOUS
    label[middle & (canal.w >= tip - 1) & (canal.w < tip + 1.8)] = Tissue.LIGAMENT


def _pedicles(
    side: np.ndarray, s: np.ndarray, levels: Levels, canal: Canal, k: np.ndarray, thoracic: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    half = levels.half_height.take(k)
    zeta = s - levels.s.take(k)
    middle = canal.bony_width + 4.3 - thoracic
    along = np.maximum(-5 - canal.w, canal.w - 17)
    pedicle = np.maximum(_ellipsoid((side - middle, 4.6), (zeta - 0.34 * half, 7.4)), along)
    flat = _ellipsoid((canal.w - 11 - 0.10 * side, 4.0), (zeta - 0.18 * half, 5.0))
    transverse = np.maximum(flat, np.maximum(12 - side, side - 42 + 12 * thoracic))
    return pedicle, np.where(k < SACRAL, np.maximum(transverse, -canal.w), transverse)


def _facets(side: np.ndarray, s: np.ndarray, levels: Levels, canal: Canal) -> tuple[np.ndarray, np.ndarray]:
    """Distance to the pair of articular processes at the nearest disc, and to the joint between them."""
    along = s - levels.along.disc.take(canal.row) + 1.5
    out, back = side - canal.bony_width - 6.0, canal.w - 15.0
    facet = _ellipsoid((out, 7.0), (back, 7.5), (along, 14.0))
    joint = np.abs(0.78 * out - 0.62 * back + 0.03 * np.square(back))
    return facet, np.where(np.abs(along) < 8.5, joint, np.float32(99))


def paint_canal(label: np.ndarray, u: np.ndarray, s: np.ndarray, levels: Levels, canal: Canal, cord_end: float) -> None:
    """Paint the contents of the canal and of the foramina; `cord_end` is the tip of the conus (mm along the axis)."""
    k = levels.along.level.take(canal.row)
    zeta = s - levels.s.take(k)
    half = levels.half_height.take(k)
    side = np.abs(u)
    foramen = (side > 5) & (side < canal.bony_width + 11) & (canal.w > 0.5) & (canal.w < 14)
    soft = (label == Tissue.MUSCLE) | (label == Tissue.FAT)
    label[foramen & soft] = Tissue.FAT
    root = _ellipsoid((side - canal.bony_width - 3.5, 3.2), (canal.w - 7.0, 2.7), (zeta + 0.52 * half, 3.6))
    label[foramen & (root < 0)] = Tissue.NERVE
    vein = np.square((side - canal.bony_width - 3) / 1.6) + np.square((canal.w - 3.4) / 1.1) < 1
    label[foramen & vein & (zeta < 0)] = Tissue.VENOUS_PLEXUS
    inside = (canal.bony < 1) & (canal.w > 0.3)
    label[inside] = Tissue.FAT
    plexus = (canal.w < 2.6) & (side > 1.5) & (side < 8) & (np.abs(zeta) < 0.75 * half)
    label[inside & plexus] = Tissue.VENOUS_PLEXUS
    end = levels.s[1] - 6
    room = np.sqrt(np.clip((s - end) / 14, 0, 1))
    edge = (canal.sac / np.maximum(room, 1e-3) - 1) * canal.sac_depth
    label[edge < DURA_MM] = Tissue.LIGAMENT
    label[edge < 0] = Tissue.CSF
    _paint_nerves(label, u, s, canal, edge, cord_end)


def _paint_nerves(
    label: np.ndarray, u: np.ndarray, s: np.ndarray, canal: Canal, edge: np.ndarray, cord_end: float
) -> None:
    above = s - cord_end
    conus = np.clip(above / 26, 0, 1)
    thick = np.sqrt(conus * (2 - conus)) + 0.16 * np.exp(-np.square((above - 32) / 18))
    middle = canal.sac_middle - 0.6 - 1.2 * np.clip((cord_end + 60 - s) / 60, 0, 1)
    cord = np.square(u / np.maximum(4.9 * thick, 1e-3)) + np.square(middle / np.maximum(3.9 * thick, 1e-3))
    cauda = (edge < -0.5) & (above < ROOTS_ABOVE_TIP_MM) & (canal.sac_middle + 1.2 > 0.18 * np.abs(u))
    label[cauda] = Tissue.ROOTS
    label[(above > 0) & (cord < 1) & (edge < -0.8)] = Tissue.CORD
