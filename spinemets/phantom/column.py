"""Vertebral bodies, discs and the ligaments along them, in the straightened coordinates (u left, v back, s up; mm)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemets.phantom.levels import SACRAL, Levels
from spinemets.phantom.tissues import Tissue

WAIST = 0.13
ROUNDING_MM = 1.8
END_PLATE_MM = 1.0
CORTEX_MM = 0.75
LIGAMENT_MM = 0.8
ANNULUS = 1.85
NUCLEI = np.array([Tissue.NUCLEUS, Tissue.NUCLEUS_DEHYDRATED, Tissue.NUCLEUS_BLACK], np.uint8)


@dataclass(frozen=True)
class Bodies:
    """Where points lie in the vertebral body of their level: `level` its index, `zeta` mm above its middle, `across`
    = 1 on the side wall, `radial` and `axial` mm beyond the side wall and the end plates, `distance` to the surface
    (mm, negative inside), `half_depth` of the body (mm)."""

    level: np.ndarray
    zeta: np.ndarray
    across: np.ndarray
    radial: np.ndarray
    axial: np.ndarray
    distance: np.ndarray
    half_depth: np.ndarray


def cross_section(u: np.ndarray, v: np.ndarray, half_width: np.ndarray, half_depth: np.ndarray) -> np.ndarray:
    """1 on the outline of a body seen from above: a rounded box, hollowed at the back where the canal passes."""
    q = np.square(u / half_width)
    w = v / half_depth
    w = w + 0.13 * np.maximum(w, 0) * np.maximum(1 - 2.2 * q, 0)
    w = w * w
    return np.sqrt(np.sqrt(q * q + w * w + 1.15 * q * w))


def locate(u: np.ndarray, v: np.ndarray, s: np.ndarray, levels: Levels, bend: np.ndarray) -> Bodies:
    """Signed distance to the bodies; `bend` is the axis' curvature at each level (1/mm), undone so that bodies stay
    boxes."""
    level = levels.along.level.take(levels.along.row(s))
    half, width, depth = levels.half_height.take(level), levels.half_width.take(level), levels.half_depth.take(level)
    zeta = (s - levels.s.take(level)) * np.clip(1 - 0.75 * v * bend.take(level), 0.6, 1.4)
    waist = 1 - WAIST * np.maximum(1 - np.square(zeta / half), 0)
    across = cross_section(u, v, width * waist, depth * np.where(v < 0, waist, 0.7 + 0.3 * waist))
    radial = (across - 1) * np.minimum(width, depth)
    dome = np.maximum(1 - np.square(across), 0)
    lost = (
        levels.front_loss.take(level) * (0.5 - 0.5 * np.clip(v / depth, -1, 1)) + levels.middle_loss.take(level) * dome
    )
    axial = np.maximum(zeta - (half - 1.5 * dome - lost), -zeta - (half - 1.3 * dome))
    out_r, out_a = radial + ROUNDING_MM, axial + ROUNDING_MM
    distance = np.minimum(np.maximum(out_r, out_a), 0) - ROUNDING_MM
    distance += np.sqrt(np.square(np.maximum(out_r, 0)) + np.square(np.maximum(out_a, 0)))
    return Bodies(level, zeta, across, radial, axial, distance, depth)


def paint_column(
    label: np.ndarray,
    level_of: np.ndarray,
    u: np.ndarray,
    v: np.ndarray,
    s: np.ndarray,
    levels: Levels,
    bend: np.ndarray,
) -> None:
    """Paint bodies, discs, longitudinal ligaments and segmental vessels into `label`; note the bodies' level in
    `level_of`."""
    body = locate(u, v, s, levels, bend)
    _paint_sides(label, body, v)
    between = np.flatnonzero((body.distance >= 0) & (body.axial > -0.5) & (body.radial < 4))
    if between.size:
        some = label[between]
        _paint_discs(some, body.level[between], u[between], v[between], s[between], levels)
        label[between] = some
    inside = body.distance < 0
    rim = np.where(body.axial > body.radial, np.float32(END_PLATE_MM), np.float32(CORTEX_MM))
    label[inside] = np.where(body.distance > -rim, np.uint8(Tissue.CORTICAL_BONE), np.uint8(Tissue.MARROW))[inside]
    level_of[inside] = body.level[inside] + 1
    back = v / body.half_depth - 0.18
    vein = inside & (back > 0) & (np.abs(body.zeta + 0.5) < 0.35 + 2.2 * back)
    vein &= (np.abs(u) < 1.5 + 5.5 * back) & (body.level >= SACRAL)
    label[vein] = Tissue.VENOUS_PLEXUS


def _paint_sides(label: np.ndarray, body: Bodies, v: np.ndarray) -> None:
    """Longitudinal ligaments in front and behind, and the segmental vessels that run round the waist."""
    beside = (body.radial >= 0) & (body.radial < 4) & (body.level >= SACRAL - 1)
    at = v / body.half_depth
    label[beside & (body.radial < LIGAMENT_MM) & (np.abs(at) > 0.55)] = Tissue.LIGAMENT
    ring = np.square(body.radial - 2.2) + np.square(body.zeta) < 1.3
    label[beside & ring & (at < 0.7) & (body.level > SACRAL)] = Tissue.ARTERY


def _paint_discs(
    label: np.ndarray, level: np.ndarray, u: np.ndarray, v: np.ndarray, s: np.ndarray, levels: Levels
) -> None:
    """Paint the disc between two bodies; the points lie outside the bodies already."""
    disc = np.where(s < levels.s.take(level), np.maximum(level - 1, 0), level)
    half = levels.disc_above.take(disc) / 2
    from_middle = s - levels.edges.take(disc + 1)
    width, depth = levels.half_width.take(disc), levels.half_depth.take(disc)
    edge = 1 - 0.04 * np.minimum(np.square(from_middle / half), 3)
    radial = (cross_section(u, v, width * edge, depth * edge) - 1) * depth
    bulge = levels.bulge.take(disc)
    sunk = np.maximum(levels.front_loss, levels.middle_loss)
    sunk = np.maximum(sunk.take(disc), sunk.take(np.minimum(disc + 1, len(sunk) - 1)))
    between = np.abs(from_middle) < half + 3 + sunk
    grade = levels.grade.take(disc)
    core = _core(u, v, from_middle, width, depth, half)
    cleft = (np.square(u / (0.5 * width)) + np.square(v / (0.45 * depth)) < 1) & (np.abs(from_middle) < 0.35)
    tissue = np.where(core < 1.0, NUCLEI.take(np.where(cleft, np.minimum(grade + 1, 2), grade)), Tissue.INNER_ANNULUS)
    tissue = np.where((core > ANNULUS) | (radial > -2.2), Tissue.OUTER_ANNULUS, tissue)
    here = between & (radial < 0.6 + bulge)
    label[here] = tissue[here]
    label[between & ~here & (radial < 1.4 + bulge) & (np.abs(v) > 0.6 * depth)] = Tissue.LIGAMENT


def _core(
    u: np.ndarray, v: np.ndarray, from_middle: np.ndarray, width: np.ndarray, depth: np.ndarray, half: np.ndarray
) -> np.ndarray:
    """0 in the middle of a disc, 1 at the edge of its nucleus, `ANNULUS` at that of the inner annulus."""
    across = np.square(u / (0.66 * width)) + np.square((v - 0.06 * depth) / (0.64 * depth))
    return across + np.square(from_middle / half)


def disc_core(u: np.ndarray, v: np.ndarray, s: np.ndarray, levels: Levels) -> np.ndarray:
    """0 in the middle of the nearest disc, 1 at the edge of its nucleus, `ANNULUS` at that of the inner annulus."""
    level = levels.along.level.take(levels.along.row(s))
    disc = np.where(s < levels.s.take(level), np.maximum(level - 1, 0), level)
    from_middle = s - levels.edges.take(disc + 1)
    return _core(
        u, v, from_middle, levels.half_width.take(disc), levels.half_depth.take(disc), levels.disc_above.take(disc) / 2
    )
