"""Tissues: what they are called and what a scanner sees of them.

Relaxation times are rounded from the literature for 3 T (Stanisz 2005, de Bazelaire 2004, Smith 2008); the T2 of fat
is the apparent one under a train of refocusing pulses. Kinetic parameters are of the order of published DCE studies.
They make a plausible image, and are no reference values.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np


class Tissue(IntEnum):
    """Label of a tissue in a tissue map."""

    AIR = 0
    SKIN = 1
    FAT = 2
    MUSCLE = 3
    BOWEL = 4
    BOWEL_GAS = 5
    LIVER = 6
    KIDNEY = 7
    ARTERY = 8
    VEIN = 9
    VESSEL_WALL = 10
    LIGAMENT = 11
    CORTICAL_BONE = 12
    MARROW = 13
    NUCLEUS = 14
    NUCLEUS_DEHYDRATED = 15
    NUCLEUS_BLACK = 16
    INNER_ANNULUS = 17
    OUTER_ANNULUS = 18
    VENOUS_PLEXUS = 19
    CSF = 20
    CORD = 21
    ROOTS = 22
    NERVE = 23
    FLAVUM = 24
    INTERSPINOUS = 25
    JOINT = 26
    OEDEMA = 27
    LESION = 28
    NECROSIS = 29
    FRACTURE_LINE = 30
    SLOW_VEIN = 31


N_TISSUES = len(Tissue)
LESION_TISSUES = (Tissue.LESION, Tissue.NECROSIS, Tissue.FRACTURE_LINE)


@dataclass(frozen=True)
class Properties:
    """`pd` relative to water; `t1`, `t2` in ms; `ktrans` in 1/min; `ve`, `vp` as volume fractions; `hu` the CT number.

    `fat` is the fraction of the signal that fat saturation removes; `flow` the fraction of signal that flow leaves in
    spin echoes; `delay` the arrival of the agent after the aorta, in s.
    """

    pd: float
    t1: float
    t2: float
    ktrans: float = 0.0
    ve: float = 0.0
    vp: float = 0.0
    hu: float = 40.0
    fat: float = 0.0
    flow: float = 1.0
    delay: float = 3.0


MARROW_WATER = Properties(0.80, 1150, 50, 0.050, 0.12, 0.025, hu=250)
"""The watery half of marrow; the other half is `FAT`, mixed by the marrow's fat fraction."""

PROPERTIES: dict[Tissue, Properties] = {
    Tissue.AIR: Properties(0.0, 1000, 50, hu=-1000),
    Tissue.SKIN: Properties(0.70, 1200, 35, 0.03, 0.2, 0.02, hu=20),
    Tissue.FAT: Properties(0.95, 340, 120, 0.008, 0.05, 0.004, hu=-100, fat=1.0),
    Tissue.MUSCLE: Properties(0.74, 1420, 36, 0.026, 0.12, 0.008, hu=55),
    Tissue.BOWEL: Properties(0.85, 1500, 70, 0.120, 0.25, 0.030, hu=30),
    Tissue.BOWEL_GAS: Properties(0.02, 1000, 20, hu=-900),
    Tissue.LIVER: Properties(0.80, 810, 34, 0.35, 0.28, 0.080, hu=60, delay=8),
    Tissue.KIDNEY: Properties(0.80, 1250, 76, 0.24, 0.40, 0.100, hu=35, delay=2),
    Tissue.ARTERY: Properties(0.90, 1650, 150, 0.0, 0.0, 0.58, hu=45, flow=0.06, delay=0),
    Tissue.VEIN: Properties(0.90, 1650, 120, 0.0, 0.0, 0.58, hu=42, flow=0.14, delay=11),
    Tissue.VESSEL_WALL: Properties(0.65, 1100, 32, 0.03, 0.2, 0.05, hu=45),
    Tissue.LIGAMENT: Properties(0.35, 1000, 14, 0.008, 0.10, 0.005, hu=80),
    Tissue.CORTICAL_BONE: Properties(0.08, 700, 8, hu=950),
    Tissue.MARROW: Properties(0.86, 720, 80, 0.029, 0.085, 0.015, hu=190, fat=0.48),
    Tissue.NUCLEUS: Properties(0.92, 1500, 125, 0.004, 0.30, 0.0, hu=75),
    Tissue.NUCLEUS_DEHYDRATED: Properties(0.82, 1150, 78, 0.004, 0.30, 0.0, hu=80),
    Tissue.NUCLEUS_BLACK: Properties(0.66, 900, 42, 0.004, 0.30, 0.0, hu=85),
    Tissue.INNER_ANNULUS: Properties(0.72, 1000, 58, 0.004, 0.20, 0.0, hu=90),
    Tissue.OUTER_ANNULUS: Properties(0.50, 900, 24, 0.004, 0.15, 0.0, hu=105),
    Tissue.VENOUS_PLEXUS: Properties(0.80, 1450, 72, 0.08, 0.20, 0.15, hu=42, delay=9),
    Tissue.CSF: Properties(1.00, 4200, 1500, hu=5, flow=0.97),
    Tissue.CORD: Properties(0.78, 980, 76, 0.0015, 0.05, 0.015, hu=38),
    Tissue.ROOTS: Properties(0.85, 1300, 95, 0.002, 0.05, 0.010, hu=25),
    Tissue.NERVE: Properties(0.82, 1150, 78, 0.020, 0.15, 0.020, hu=35),
    Tissue.FLAVUM: Properties(0.58, 1000, 28, 0.010, 0.12, 0.010, hu=65),
    Tissue.INTERSPINOUS: Properties(0.72, 640, 66, 0.012, 0.09, 0.008, hu=0, fat=0.45),
    Tissue.JOINT: Properties(0.75, 1400, 80, 0.010, 0.2, 0.0, hu=60),
    Tissue.OEDEMA: Properties(0.88, 1250, 75, 0.090, 0.20, 0.035, hu=185),
    Tissue.LESION: Properties(0.88, 1250, 85, 0.280, 0.30, 0.050, hu=60),
    Tissue.NECROSIS: Properties(0.95, 2300, 210, 0.012, 0.15, 0.002, hu=20),
    Tissue.FRACTURE_LINE: Properties(0.45, 900, 22, 0.010, 0.10, 0.005, hu=420),
    Tissue.SLOW_VEIN: Properties(0.80, 1400, 80, 0.44, 0.37, 0.005, hu=42, flow=0.8, delay=9),
}

COMPONENTS: dict[Tissue, tuple[Properties, Properties]] = {
    Tissue.MARROW: (PROPERTIES[Tissue.FAT], MARROW_WATER),
    Tissue.MUSCLE: (PROPERTIES[Tissue.FAT], PROPERTIES[Tissue.MUSCLE]),
    Tissue.ROOTS: (Properties(0.82, 1100, 80, 0.002, 0.05, 0.010, hu=35), PROPERTIES[Tissue.CSF]),
    Tissue.INTERSPINOUS: (PROPERTIES[Tissue.FAT], Properties(0.5, 950, 26, 0.012, 0.12, 0.01, hu=75)),
    Tissue.OEDEMA: (PROPERTIES[Tissue.OEDEMA], PROPERTIES[Tissue.MARROW]),
    Tissue.NUCLEUS: (PROPERTIES[Tissue.NUCLEUS], PROPERTIES[Tissue.INNER_ANNULUS]),
    Tissue.NUCLEUS_DEHYDRATED: (PROPERTIES[Tissue.NUCLEUS_DEHYDRATED], PROPERTIES[Tissue.INNER_ANNULUS]),
    Tissue.INNER_ANNULUS: (PROPERTIES[Tissue.INNER_ANNULUS], PROPERTIES[Tissue.OUTER_ANNULUS]),
    # Blood that fills its vessels with a time constant of 40 s (plasma 0.58, 0.87 / 0.58 = 1.5 / min), and the loose
    # tissue between them.
    Tissue.SLOW_VEIN: (
        Properties(0.90, 1650, 120, 0.87, 0.58, 0.0, hu=42, flow=0.8, delay=9),
        Properties(0.70, 1150, 45, 0.020, 0.15, 0.010, hu=45, delay=9),
    ),
    Tissue.BOWEL: (Properties(0.9, 1900, 130, 0.02, 0.1, 0.0, hu=15), PROPERTIES[Tissue.BOWEL]),
}
"""Tissues that are a mixture of two, in a fraction (of the first) that varies smoothly through the body."""


def column(name: str) -> np.ndarray:
    """One property of all tissues, in the order of their labels."""
    return np.array([getattr(PROPERTIES[tissue], name) for tissue in Tissue], np.float64)
