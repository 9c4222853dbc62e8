"""Everything around the spine: skin, fat, muscles, great vessels, organs."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.fields import SmoothField
from spinemets.phantom.levels import Levels
from spinemets.phantom.tissues import Tissue

SKIN_MM = 1.8


def _ellipse(*terms: tuple[np.ndarray, float | np.ndarray]) -> np.ndarray:
    """1 on the ellipse given as (offset, half axis) pairs."""
    return np.sqrt(sum(np.square(offset / half) for offset, half in terms))


class Torso:
    """The outline of the trunk: a patient on the back, flat on the table.

    Parameters
    ----------
    origin : LPS mm of the middle of L3.
    skin_behind : mm from there to the skin of the back.
    fat : mm of fat under the skin of the back.
    """

    def __init__(self, origin: np.ndarray, skin_behind: float, fat: float, girth: float) -> None:
        self._x, self._back = float(origin[0]), float(origin[1] + skin_behind)
        self._depth, self._width, self._fat = 112.0 * girth, 172.0 * girth, fat

    def depth_under_skin(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """mm under the skin; negative in the air."""
        q = np.square((x - self._x) / self._width)
        w = np.square((y - (self._back - self._depth)) / self._depth)
        return (1 - np.sqrt(np.sqrt(q * q + w * w + 0.9 * q * w))) * self._depth

    def paint(self, label: np.ndarray, x: np.ndarray, y: np.ndarray, lumps: np.ndarray) -> np.ndarray:
        """Paint air, skin, fat under the skin and the muscles of the wall; return mm below the fascia."""
        depth = self.depth_under_skin(x, y)
        label[...] = Tissue.AIR
        label[depth > 0] = Tissue.SKIN
        label[depth > SKIN_MM] = Tissue.FAT
        fat = self._fat * (1 + 0.10 * lumps)
        septum = (depth > 0.45 * fat) & (depth < 0.45 * fat + 0.5)
        label[septum] = Tissue.INTERSPINOUS
        below: np.ndarray = depth - fat
        label[(below > 0) & (below < 0.8)] = Tissue.LIGAMENT
        label[(below >= 0.8) & (below < 12)] = Tissue.MUSCLE
        label[below >= 12] = Tissue.FAT
        return below


def paint_muscles(label: np.ndarray, u: np.ndarray, v: np.ndarray, s: np.ndarray, below: np.ndarray, levels: Levels) -> None:
    """Paraspinal muscles in their fascia, psoas, quadratus lumborum, crura of the diaphragm."""
    side = np.abs(u)
    wall = levels.smooth(levels.half_depth, s)
    w = v - wall
    taper = np.clip((s + 95) / 45, 0.25, 1)
    erector = _ellipse((side - 40, 27.0), (w - 33, 21 * taper))
    multifidus = _ellipse((side - 14, 14.5), (w - 31, 20.0))
    inside = (below > 0.8) & (w > 7)
    label[inside & (below < 14) & (side < 70)] = Tissue.FAT
    quadratus = _ellipse((side - 66, 19.0), (w - 8, 8.0))
    label[inside & (erector < 1) | (quadratus < 1) & (below > 2)] = Tissue.MUSCLE
    label[inside & (np.abs(erector - 1) < 0.035)] = Tissue.LIGAMENT
    label[inside & (multifidus < 1.06)] = Tissue.FAT
    label[inside & (multifidus < 1)] = Tissue.MUSCLE
    grown = np.clip((76 - s) / 110, 0, 1)
    radius = 3 + 19 * np.sqrt(grown)
    psoas_front = 8 - 16 * np.clip((-s - 30) / 80, 0, 1)
    psoas = _ellipse((side - levels.smooth(levels.half_width, s) - 2 - 0.86 * radius, radius), (v - psoas_front, 1.15 * radius))
    label[(psoas < 1) & (s < 80)] = Tissue.MUSCLE
    crus = _ellipse((side - 9, 10.0), (v + wall + 3.4, 2.6))
    label[(crus < 1) & (s > 25)] = Tissue.MUSCLE


def paint_organs(
    label: np.ndarray, u: np.ndarray, v: np.ndarray, s: np.ndarray, below: np.ndarray, loops: SmoothField
) -> None:
    """Bowel, liver and kidneys: enough that an axial image is not empty in front."""
    front = np.flatnonzero((v < -42) & (below > 12))
    if front.size:
        noise = loops(u[front], v[front], s[front])
        label[front[noise > 0.15]] = Tissue.BOWEL
        label[front[noise > 1.5]] = Tissue.BOWEL_GAS
    liver = _ellipse((u + 82, 72.0), (v + 62, 68.0), (s - 105, 105.0))
    label[(liver < 1) & (below > 12) & (v < -24)] = Tissue.LIVER
    for side, height in ((1.0, 78.0), (-1.0, 64.0)):
        lean = 62 + 0.18 * (height - s)
        kidney = _ellipse((side * u - lean, 26.0), (v - 2, 21.0), (s - height, 54.0))
        sinus = _ellipse((side * u - lean + 10, 13.0), (v + 2, 7.0), (s - height, 26.0))
        label[(kidney < 1) & (below > 12)] = Tissue.KIDNEY
        label[(sinus < 1) & (below > 12)] = Tissue.FAT


def paint_vessels(label: np.ndarray, u: np.ndarray, v: np.ndarray, s: np.ndarray, levels: Levels, split: float) -> None:
    """Aorta in front to the left, vena cava to the right, their iliac branches below `split` (mm along the axis)."""
    front = -levels.smooth(levels.half_depth, s)
    apart = np.clip((split - s) / 60, 0, 1.4)
    sway = 2.0 * np.sin(s / 60)
    near = np.abs(u) < 75
    cava = _ellipse((u + 15 + sway + 26 * apart, 11 - 3 * apart), (v - front + 11.5 - 10 * apart, 8.0))
    cava_left = _ellipse((u + 13 - 42 * apart, 7.5), (v - front + 11.0 - 10 * apart, 6.5))
    aorta = _ellipse((u - 11 - sway - 22 * apart, 9.4 - 3.4 * apart), (v - front + 13.5 - 3 * apart, 9.4 - 3.4 * apart))
    right = _ellipse((u - 9 + 34 * apart, 6.0), (v - front + 15 - 3 * apart, 6.0))
    below = s < split
    label[near & (cava < 1)] = Tissue.VEIN
    label[near & below & (cava_left < 1)] = Tissue.VEIN
    label[near & (aorta < 1)] = Tissue.VESSEL_WALL
    label[near & below & (right < 1)] = Tissue.VESSEL_WALL
    label[near & (aorta < 0.88)] = Tissue.ARTERY
    label[near & below & (right < 0.84)] = Tissue.ARTERY
