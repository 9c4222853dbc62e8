"""Vertebral bodies, discs and the ligaments along them, in the straightened coordinates (u left, v back, s up; mm)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemets.phantom.levels import SACRAL, Levels
from spinemets.phantom.tissues import Tissue

WAIST = 0.13
ROUNDING_MM = 1.8
END_PLATE_MM = 1.15
CORTEX_MM = 0.95
LIGAMENT_MM = 1.0
NUCLEI = np.array([Tissue.NUCLEUS, Tissue.NUCLEUS_DEHYDRATED, Tissue.NUCLEUS_BLACK], np.uint8)
REACH_MM = 34.0


@dataclass(frozen=True)
class Bodies:
    """Where points lie in the vertebral body of their level: `distance` to its surface (mm, negative inside),
    `height` above its middle over its half height, `across` = 1 on the side wall, `level` index."""

    level: np.ndarray
    zeta: np.ndarray
    across: np.ndarray
    radial: np.ndarray
    axial: np.ndarray
    distance: np.ndarray


def cross_section(u: np.ndarray, v: np.ndarray, half_width: np.ndarray, half_depth: np.ndarray) -> np.ndarray:
    """1 on the outline of a body seen from above: a rounded box, hollowed at the back where the canal passes."""
    q = np.square(u / half_width)
    w = v / half_depth
    w = w + np.where(w > 0, 0.13 * w * np.maximum(1 - 2.2 * q, 0), 0)
    w = w * w
    return np.sqrt(np.sqrt(q * q + w * w + 1.15 * q * w))


def locate(u: np.ndarray, v: np.ndarray, s: np.ndarray, levels: Levels, bend: np.ndarray) -> Bodies:
    """Signed distance to the bodies; `bend` is the axis' curvature at each level (1/mm), undone so that bodies stay boxes."""
    level = levels.nearest(s)
    half, width, depth = (
        values.astype(np.float32)[level] for values in (levels.half_height, levels.half_width, levels.half_depth)
    )
    zeta = (s - levels.s.astype(np.float32)[level]) * np.clip(1 - 0.75 * v * bend.astype(np.float32)[level], 0.6, 1.4)
    waist = 1 - WAIST * np.maximum(1 - np.square(zeta / half), 0)
    across = cross_section(u, v, width * waist, depth * (0.3 * waist + 0.7 * np.where(v < 0, waist, 1)))
    radial = (across - 1) * np.minimum(width, depth)
    dome = np.maximum(1 - np.square(across), 0)
    lost = levels.front_loss.astype(np.float32)[level] * (0.5 - 0.5 * np.clip(v / depth, -1, 1))
    lost = lost + levels.middle_loss.astype(np.float32)[level] * dome
    axial = np.maximum(zeta - (half - 1.5 * dome - lost), -zeta - (half - 1.3 * dome))
    out_r, out_a = radial + ROUNDING_MM, axial + ROUNDING_MM
    distance = np.minimum(np.maximum(out_r, out_a), 0) - ROUNDING_MM
    distance = distance + np.sqrt(np.square(np.maximum(out_r, 0)) + np.square(np.maximum(out_a, 0)))
    return Bodies(level, zeta, across, radial, axial, distance)


def paint_column(
    label: np.ndarray, level_of: np.ndarray, u: np.ndarray, v: np.ndarray, s: np.ndarray, levels: Levels, bend: np.ndarray
) -> None:
    """Paint bodies, discs, longitudinal ligaments and segmental vessels into `label`; note the bodies' level in `level_of`."""
    body = locate(u, v, s, levels, bend)
    depth = levels.half_depth.astype(np.float32)[body.level]
    _paint_sides(label, body, v, depth)
    _paint_discs(label, body, u, v, s, levels)
    inside = body.distance < 0
    rim = np.where(body.axial > body.radial, END_PLATE_MM, CORTEX_MM)
    label[inside] = np.where(body.distance > -rim, Tissue.CORTICAL_BONE, Tissue.MARROW)[inside]
    level_of[inside] = body.level[inside] + 1
    back = v / depth
    vein = (body.level >= SACRAL) & (body.radial < -0.0) & (back > 0.18) & (np.abs(body.zeta + 0.5) < 0.35 + 2.2 * (back - 0.18))
    vein &= np.abs(u) < 1.5 + 5.5 * (back - 0.18)
    label[vein & inside] = Tissue.VENOUS_PLEXUS


def _paint_sides(label: np.ndarray, body: Bodies, v: np.ndarray, depth: np.ndarray) -> None:
    """Longitudinal ligaments in front and behind, and the segmental vessels that run round the waist."""
    beside = (body.radial >= 0) & (body.level >= SACRAL - 1)
    label[beside & (body.radial < LIGAMENT_MM) & (np.abs(v) > 0.55 * depth)] = Tissue.LIGAMENT
    ring = np.square(body.radial - 2.2) + np.square(body.zeta) < 1.3
    label[beside & ring & (v < 0.7 * depth) & (body.level > SACRAL)] = Tissue.ARTERY


def _paint_discs(label: np.ndarray, body: Bodies, u: np.ndarray, v: np.ndarray, s: np.ndarray, levels: Levels) -> None:
    below = s < levels.s[body.level]
    disc = np.where(below, np.maximum(body.level - 1, 0), body.level)
    half = (levels.disc_above.astype(np.float32) / 2)[disc]
    from_middle = s - levels.edges.astype(np.float32)[disc + 1]
    width, depth = levels.half_width.astype(np.float32)[disc], levels.half_depth.astype(np.float32)[disc]
    edge = 1 - 0.04 * np.square(from_middle / half)
    radial = (cross_section(u, v, width * edge, depth * edge) - 1) * depth
    bulge = levels.bulge.astype(np.float32)[disc]
    sunk = np.maximum(levels.front_loss, levels.middle_loss).astype(np.float32)[disc]
    between = (np.abs(from_middle) < half + 3 + sunk) & (body.distance >= 0) & (body.axial > -0.5)
    here = between & (radial < 0.6 + bulge)
    core = np.square(u / (0.66 * width)) + np.square((v - 0.06 * depth) / (0.64 * depth))
    core = core + np.square(from_middle / (1.02 * half))
    grade = levels.grade[disc]
    tissue = np.where(core < 1.0, NUCLEI[grade], np.where(core < 1.75, Tissue.INNER_ANNULUS, Tissue.OUTER_ANNULUS))
    cleft = (core < 0.7) & (np.abs(from_middle) < 0.55) & (grade < 2)
    tissue = np.where(cleft, Tissue.NUCLEUS_BLACK, tissue)
    tissue = np.where(radial > -2.5, Tissue.OUTER_ANNULUS, tissue)
    label[here] = tissue[here]
    label[between & ~here & (radial < 1.5 + bulge) & (np.abs(v) > 0.6 * depth)] = Tissue.LIGAMENT
