"""Everything around the spine: skin, fat, muscles, great vessels, organs."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.fields import SmoothField
from spinemets.phantom.levels import Levels
from spinemets.phantom.tissues import Tissue

SKIN_MM = 1.8


def _ellipse(*terms: tuple[np.ndarray, float | np.ndarray]) -> np.ndarray:
    """1 on the ellipse given as (offset, half axis) pairs."""
    total = np.square(terms[0][0] / terms[0][1])
    for offset, half in terms[1:]:
        total += np.square(offset / half)
    return np.sqrt(total)


class Torso:
    """The outline of the trunk: a patient on the back, flat on the table.

    Parameters
    ----------
    origin : LPS mm of the middle of L3.
    skin_behind : mm from there to the skin of the back.
    fat : mm of fat under the skin of the back.
    """

    def __init__(self, origin: np.ndarray, skin_behind: float, fat: float, girth: float, phase: float) -> None:
        self._x, self._back = np.float32(origin[0]), np.float32(origin[1] + skin_behind)
        self._depth, self._width = np.float32(112.0 * girth), np.float32(172.0 * girth)
        self._fat, self._phase = np.float32(fat), np.float32(phase)

    def depth_under_skin(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """mm under the skin; negative in the air."""
        q = np.square((x - self._x) / self._width)
        w = np.square((y - (self._back - self._depth)) / self._depth)
        return (1 - np.sqrt(np.sqrt(q * q + w * w + 0.9 * q * w))) * self._depth

    def paint(self, label: np.ndarray, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Paint air, skin, fat under the skin and the muscles of the wall; return mm below the fascia."""
        depth = self.depth_under_skin(x, y)
        fat = self._fat * (
            1
            + 0.10 * np.sin(z * np.float32(0.047) + self._phase) * np.sin(x * np.float32(0.031) + z * np.float32(0.019))
        )
        below: np.ndarray = depth - fat
        label[...] = Tissue.FAT
        outer = np.flatnonzero(below < 12)
        near, under, layer = depth[outer], below[outer], 0.45 * fat[outer]
        some = np.full(outer.size, Tissue.FAT, np.uint8)
        some[near < SKIN_MM] = Tissue.SKIN
        some[near < 0] = Tissue.AIR
        some[(near > layer) & (near < layer + 0.5)] = Tissue.INTERSPINOUS
        some[under > 0] = Tissue.LIGAMENT
        some[under > 0.8] = Tissue.MUSCLE
        label[outer] = some
        return below


def paint_muscles(
    label: np.ndarray, u: np.ndarray, v: np.ndarray, s: np.ndarray, below: np.ndarray, levels: Levels
) -> None:
    """Paraspinal muscles in their fascia behind the spine."""
    side = np.abs(u)
    w = v - levels.along.half_depth.take(levels.along.row(s))
    taper = np.clip((s + 95) * np.float32(1 / 45), 0.25, 1)
    erector = _ellipse((side - 40, 27.0), (w - 33, 21 * taper))
    multifidus = _ellipse((side - 14, 14.5), (w - 31, 20.0))
    inside = (below > 0.8) & (w > 7)
    label[inside & (below < 14) & (side < 70)] = Tissue.FAT
    quadratus = _ellipse((side - 66, 19.0), (w - 8, 8.0))
    label[inside & (erector < 1) | (quadratus < 1) & (below > 2)] = Tissue.MUSCLE
    label[inside & (np.abs(erector - 1) < 0.035)] = Tissue.LIGAMENT
    label[inside & (multifidus < 1.06)] = Tissue.FAT
    label[inside & (multifidus < 1)] = Tissue.MUSCLE


def paint_psoas(label: np.ndarray, u: np.ndarray, v: np.ndarray, s: np.ndarray, levels: Levels) -> None:
    """Psoas beside the lumbar bodies, crura of the diaphragm in front of the upper ones."""
    side, row = np.abs(u), levels.along.row(s)
    radius = 3 + 19 * np.sqrt(np.clip((76 - s) * np.float32(1 / 110), 0, 1))
    forward = 8 - 16 * np.clip((-s - 30) * np.float32(1 / 80), 0, 1)
    psoas = _ellipse(
        (side - levels.along.half_width.take(row) - 2 - 0.86 * radius, radius), (v - forward, 1.15 * radius)
    )
    label[(psoas < 1) & (s < 80)] = Tissue.MUSCLE
    thin = np.clip((s + 5) * np.float32(1 / 60), 0.01, 1)
    crus = _ellipse((side - 9, 10.0), (v + levels.along.half_depth.take(row) + 1.2 + 2.2 * thin, 2.6 * thin))
    label[(crus < 1) & (s > -5)] = Tissue.MUSCLE


def paint_bowel(label: np.ndarray, u: np.ndarray, v: np.ndarray, s: np.ndarray, loops: SmoothField) -> None:
    """Loops of bowel, liver: enough that an axial image is not empty in front."""
    noise = loops(u, v, s)
    noise -= np.maximum(v + 62, 0) * np.float32(0.05)
    label[noise > 0.15] = Tissue.BOWEL
    label[noise > 1.5] = Tissue.BOWEL_GAS
    liver = np.square((u + 94) / 74) + np.square((v + 50) / 66) + np.square((s - 105) / 105)
    label[liver < 1] = Tissue.LIVER


def paint_kidneys(label: np.ndarray, u: np.ndarray, v: np.ndarray, s: np.ndarray) -> None:
    """Kidneys with the fat of their sinus."""
    height = np.where(u > 0, np.float32(78), np.float32(64))
    lean = np.abs(u) - 62 - 0.18 * (height - s)
    along = s - height
    label[np.square(lean / 26) + np.square((v - 2) / 21) + np.square(along / 54) < 1] = Tissue.KIDNEY
    label[np.square((lean + 12) / 15) + np.square((v + 3) / 8) + np.square(along / 32) < 1] = Tissue.FAT


def paint_vessels(label: np.ndarray, u: np.ndarray, v: np.ndarray, s: np.ndarray, levels: Levels, split: float) -> None:
    """Aorta in front to the left, vena cava to the right, their iliac branches below `split` (mm along the axis)."""
    front = v + levels.along.half_depth.take(levels.along.row(s))
    apart = np.clip((split - s) * np.float32(1 / 60), 0, 1.4)
    sway = 2.0 * np.sin(s * np.float32(1 / 60))
    below = s < split
    cava = _ellipse((u + 15 + sway + 26 * apart, 11 - 3 * apart), (front + 11.5 - 10 * apart, 8.0))
    label[cava < 1] = Tissue.VEIN
    if below.any():
        left = _ellipse((u + 13 - 42 * apart, 7.5), (front + 11.0 - 10 * apart, 6.5))
        label[below & (left < 1)] = Tissue.VEIN
    radius = 9.4 - 3.4 * apart
    aorta = _ellipse((u - 11 - sway - 22 * apart, radius), (front + 13.5 - 3 * apart, radius))
    label[aorta < 1] = Tissue.VESSEL_WALL
    label[aorta < 0.88] = Tissue.ARTERY
    if below.any():
        right = _ellipse((u - 9 + 34 * apart, 6.0), (front + 15 - 3 * apart, 6.0))
        label[below & (right < 1)] = Tissue.VESSEL_WALL
        label[below & (right < 0.84)] = Tissue.ARTERY
