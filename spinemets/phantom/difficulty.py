"""Four levels of difficulty for the segmentation of a lesion, each defined by physical facts alone.

The levels follow no method's strengths. The contrast-to-noise ratio (CNR) is that of the last dynamic frame minus the
first: mean enhancement of the lesion's living part minus that of the marrow of its vertebra, over the SD of the noise
of that difference (`DifficultCase.contrast_to_noise`). The ceiling is the mean Dice of an oracle: the best threshold of
the noise-free enhancement near the lesion, with vessels left out and holes filled, all chosen with the truth at hand
(`DifficultCase.ceiling`). Both are means of ten seeds.

========  ===  =======  =====  =======  =============  ========  ======================================================
level     CNR  ceiling  noise  shading  heterogeneity  necrosis  uptake; veins that touch the lesion, beside the anatomy
========  ===  =======  =====  =======  =============  ========  ======================================================
easy      17   0.989    1 x    half     0.10           none      usual; none
medium    11   0.977    1.5 x  usual    0.20           0.20      usual; one vein with its first pass
hard      8    0.950    1.8 x  1.8 x    0.30           0.30      0.7 of the usual; three veins with their first pass,
                                                                 brighter than the lesion, so that the most enhancing
                                                                 voxel of the outline tends to be theirs
vessels   8    0.970    1.5 x  usual    0.17           0.15      0.45 of the usual; five thick slow veins without a
                                                                 first pass that end with 1 to 1.8 times the agent of
                                                                 the lesion: they enhance as a lesion does
========  ===  =======  =====  =======  =============  ========  ======================================================

Noise and shading are factors on those of the usual phantom, heterogeneity and necrosis are as in
`lesion.LesionDescription`. Every lesion is osteolytic, without oedema, since how much of that is lesion is a convention
and no fact to be found; level, size, shape and age vary with the seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from spinemets.errors import InputError
from spinemets.phantom import acquisition
from spinemets.phantom.acquisition import PROTOCOLS
from spinemets.phantom.lesion import describe
from spinemets.phantom.sampling import Grid
from spinemets.phantom.spine import SpinePhantom
from spinemets.phantom.tissues import Tissue
from spinemets.phantom.veins import TouchingVeins

DIFFICULTIES = ("easy", "medium", "hard", "vessels")
CROP = (160, 112, 26)
OUTLINE_CROP = (96, 96, 13)
NEAR_VOXELS = 3
VESSELS = (Tissue.ARTERY, Tissue.VEIN, Tissue.VENOUS_PLEXUS, Tissue.SLOW_VEIN)


@dataclass(frozen=True)
class Level:
    """Factors on the usual noise, shading and uptake; what the lesion is like, as in `lesion.LesionDescription`; veins
    that touch it."""

    noise: float
    shading: float
    uptake: float
    heterogeneity: float
    necrosis: float
    roughness: float
    veins: TouchingVeins | None


LEVELS: dict[str, Level] = {
    "easy": Level(1.0, 0.5, 1.0, 0.10, 0.0, 0.7, None),
    "medium": Level(1.5, 1.0, 1.0, 0.20, 0.20, 1.0, TouchingVeins(1, (1.5, 3.0), "fast")),
    "hard": Level(1.8, 1.8, 0.7, 0.30, 0.30, 1.0, TouchingVeins(3, (1.5, 3.0), "fast")),
    "vessels": Level(1.5, 1.0, 0.45, 0.17, 0.15, 0.7, TouchingVeins(5, (2.0, 4.0), "slow", (1.0, 1.8))),
}


def difficult_phantom(difficulty: str, seed: int, lesion: str = "osteolytic") -> SpinePhantom:
    """The patient of a level; the same seed and level give the same patient.

    Raises
    ------
    InputError : unknown level, or kind of lesion.
    """
    if difficulty not in LEVELS:
        raise InputError(f"difficulty {difficulty!r}", "no such level", f"choose one of {', '.join(DIFFICULTIES)}")
    level, usual = LEVELS[difficulty], describe(lesion)
    strength = float(np.exp(np.random.default_rng([seed, 11]).normal(0, 0.08)))
    return SpinePhantom(
        seed,
        lesion,
        noise=level.noise,
        bias=level.shading,
        touching_veins=level.veins,
        heterogeneity=level.heterogeneity,
        necrosis=level.necrosis,
        oedema=0.0,
        roughness=level.roughness,
        ktrans=usual.ktrans * level.uptake * strength,
        vp=usual.vp * level.uptake,
    )


@dataclass(frozen=True, eq=False)
class DifficultCase:
    """A case of a level, with its truth.

    Attributes
    ----------
    image : int16 4-D dynamic series, axial, frames in the order of time.
    outline : uint8 on the sagittal T2's grid, or the part of it round the lesion: what a reader would draw.
    truth : uint8 on the frames' 3-D grid: voxels of which at least half is lesion, dead parts included.
    vessels : uint8 on the same grid: voxels of which at least half is artery, vein or venous plexus.
    """

    difficulty: str
    seed: int
    phantom: SpinePhantom
    grid: Grid
    image: sitk.Image
    outline: sitk.Image
    truth: sitk.Image
    vessels: sitk.Image

    def kinetic_map(self, name: str) -> sitk.Image:
        """float32 truth of `ktrans`, `kep` (1/min), `ve` or `vp` on the frames' grid."""
        return self.phantom.kinetic_map(name, self.grid)

    def still(self, role: str = "ce_t1_ax") -> sitk.Image:
        """A still series of the same patient, whole, on its usual grid."""
        return self.phantom.acquire(role)

    @cached_property
    def noise_sd(self) -> float:
        """SD of the noise of one frame, in stored values."""
        return PROTOCOLS["dce"].noise * self.phantom.noise

    @cached_property
    def enhancement(self) -> np.ndarray:
        """[k, j, i] last frame minus first, without noise, in stored values."""
        phantom, scene = self.phantom, self.phantom.scene(self.grid)
        protocol = PROTOCOLS["dce"]
        seconds = phantom.times[[0, -1]] - acquisition.ARRIVAL_SECONDS
        first, last = scene.frames(protocol, protocol.fat_saturation, seconds)
        values = (last - first) * scene.coil ** np.float32(phantom.bias) * np.float32(protocol.gain)
        return acquisition.blur(values.reshape(self.grid.size[::-1]), phantom.blur)

    @cached_property
    def dead(self) -> np.ndarray:
        """[k, j, i] voxels of which at least half is necrosis."""
        share = self.phantom.scene(self.grid).sampling.fraction((int(Tissue.NECROSIS),))
        return (share >= 0.5).reshape(self.grid.size[::-1])

    def of(self, *tissues: Tissue) -> np.ndarray:
        """[k, j, i] voxels that hold nothing but these tissues."""
        share = self.phantom.scene(self.grid).sampling.fraction(tuple(int(t) for t in tissues))
        return (share > 0.999).reshape(self.grid.size[::-1])

    @cached_property
    def contrast_to_noise(self) -> float:
        """Mean enhancement of the living lesion minus that of its vertebra's marrow, over the SD of the difference of
        two frames' noise."""
        marrow = self.of(Tissue.MARROW)
        body = self.phantom.anatomy.body_distance(*self.phantom.scene(self.grid).coordinates, self.phantom.level)
        marrow &= (body < 0).reshape(marrow.shape)
        contrast = self.enhancement[self.of(Tissue.LESION)].mean() - self.enhancement[marrow].mean()
        return float(contrast / (np.sqrt(2) * self.noise_sd))

    @cached_property
    def ceiling(self) -> float:
        """Dice of the best threshold of the noise-free enhancement within `NEAR_VOXELS` of the lesion, with vessels
        left out and holes filled slice by slice."""
        truth = sitk.GetArrayViewFromImage(self.truth) != 0
        near = ndimage.binary_dilation(truth, iterations=NEAR_VOXELS) & (sitk.GetArrayViewFromImage(self.vessels) == 0)
        best = 0.0
        for threshold in np.linspace(0, float(self.enhancement[truth].mean()), 50)[1:]:
            found = (self.enhancement > threshold) & near
            found = np.stack([ndimage.binary_fill_holes(plane) for plane in found])
            best = max(best, 2 * np.count_nonzero(found & truth) / (np.count_nonzero(found) + np.count_nonzero(truth)))
        return best


def difficult_case(difficulty: str, seed: int, crop: bool = True) -> DifficultCase:
    """Simulate a case: a dynamic series with a lesion, the outline a reader drew, and the truth.

    Parameters
    ----------
    difficulty : one of `DIFFICULTIES`.
    crop : only the part of the series and of the outline's grid that lies round the lesion (`CROP` and `OUTLINE_CROP`
        voxels), on the same voxels and with the same values but for the noise.

    Raises
    ------
    InputError : unknown level.
    """
    phantom = difficult_phantom(difficulty, seed)
    grid = phantom.grid("dce", CROP if crop else None)
    sagittal = phantom.grid("t2", OUTLINE_CROP if crop else None)
    image = phantom.acquire("dce", grid)
    share = phantom.scene(grid).sampling.fraction(tuple(int(t) for t in VESSELS))
    vessels = grid.image((share >= 0.5).astype(np.uint8))
    return DifficultCase(
        difficulty=difficulty,
        seed=seed,
        phantom=phantom,
        grid=grid,
        image=image,
        outline=phantom.outline(sagittal),
        truth=phantom.lesion_mask(grid),
        vessels=vessels,
    )
