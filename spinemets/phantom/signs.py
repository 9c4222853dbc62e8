"""What a reader would score by eye on a simulated lesion: told by the truth, with a reader's errors."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.acquisition import PROTOCOLS, Protocol, voxel_signal
from spinemets.phantom.lesion import LesionDescription
from spinemets.phantom.tissues import PROPERTIES, Tissue

SCORED = {"t1_signal": "t1", "t2_signal": "t2", "fs_t2_signal": "fs_t2"}
ISO_RATIO = (0.8, 1.2)
# A reader's error of the logarithm of a ratio, and how often a sign that is there or not is misread.
RATIO_SD = 0.10
MISREAD = 0.05
# From here on a lesion is drawn through the cortex far enough to be seen beside the bone.
MASS_EXTENSION = 0.45
COMPRESSED_LOSS = 0.5


def cord_ratio(description: LesionDescription, role: str) -> float:
    """Mean signal of a lesion over that of the spinal cord, without noise, shading and dead parts."""
    protocol = PROTOCOLS[role]
    water = _signal(protocol, description.pd, description.t1, description.t2)
    lesion = (1 - description.fat - description.bone) * water
    lesion += description.fat * _of(protocol, Tissue.FAT) + description.bone * _of(protocol, Tissue.CORTICAL_BONE)
    return lesion / _of(protocol, Tissue.CORD)


def scored_signs(description: LesionDescription, rng: np.random.Generator) -> dict[str, str]:
    """The five signs of Liu 2022 as one reader scores them.

    Signal against the spinal cord on T1, T2 and fat-suppressed T2 (`low`, `iso`, `high`), a soft-tissue mass, and
    compression by more than half (`no`, `yes`).
    """
    signs = {}
    for name, role in SCORED.items():
        seen = cord_ratio(description, role) * float(np.exp(rng.normal(0, RATIO_SD)))
        signs[name] = "low" if seen < ISO_RATIO[0] else "high" if seen > ISO_RATIO[1] else "iso"
    there = {
        "soft_tissue_mass": description.mass > 0 or description.extension > MASS_EXTENSION,
        "compression": max(description.front_loss, description.middle_loss) > COMPRESSED_LOSS,
    }
    for name, true in there.items():
        signs[name] = "yes" if true != (rng.random() < MISREAD) else "no"
    return signs


def _of(protocol: Protocol, tissue: Tissue) -> float:
    about = PROPERTIES[tissue]
    return _signal(protocol, about.pd, about.t1, about.t2) * (1 - protocol.fat_saturation * about.fat)


def _signal(protocol: Protocol, pd: float, t1: float, t2: float) -> float:
    values = (np.array(value) for value in (pd, t1, t2, 0.0, 1.0))
    return float(voxel_signal(protocol, *values))
