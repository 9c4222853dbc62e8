"""From tissues to images: protocols, the scanner's imperfections, the signal of every voxel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from spinemets.phantom import signals
from spinemets.phantom.anatomy import SpineAnatomy
from spinemets.phantom.fields import LowOrderField
from spinemets.phantom.sampling import Grid, LabelSampling
from spinemets.phantom.tissues import COMPONENTS, PROPERTIES, Properties, Tissue, column

FRAME_SECONDS = 12.0
N_FRAMES = 12
ARRIVAL_SECONDS = 18.0
READ_MATRIX = 0.8
CT_CUT = (-1024, 3071)
STEP_SECONDS = 0.5
SUSCEPTIBILITY_RATE = 18.0
VEIN_DISPERSION_SECONDS = 6.0


@dataclass(frozen=True)
class Protocol:
    """A pulse sequence. `sequence` is se, ir, spgr or ct; times in ms, `flip_angle` in degrees; `fat_saturation` the
    part of the fat signal that is removed; `contrast` seconds after the bolus' arrival (None: not given); `gain`
    signal to stored value; `noise` SD of each of the two noise channels as stored value; `saturated_front` a
    saturation band on the belly."""

    role: str
    grid: str
    sequence: str
    tr: float
    te: float
    flip_angle: float
    gain: float
    noise: float
    ti: float | None = None
    fat_saturation: float = 0.0
    contrast: float | None = None
    dynamic: bool = False
    saturated_front: bool = False


PROTOCOLS: dict[str, Protocol] = {
    p.role: p
    for p in (
        Protocol("t1", "sagittal", "se", 600, 10, 90, 1300, 11, saturated_front=True),
        Protocol("t2", "sagittal", "se", 3600, 105, 90, 2000, 11, saturated_front=True),
        Protocol("fs_t2", "sagittal", "ir", 4500, 56, 90, 2000, 14, ti=228, saturated_front=True),
        Protocol(
            "ce_t1_sag",
            "sagittal",
            "se",
            620,
            11,
            90,
            1300,
            12,
            fat_saturation=0.92,
            contrast=330,
            saturated_front=True,
        ),
        Protocol("ce_t1_cor", "coronal", "se", 620, 11, 90, 1300, 13, fat_saturation=0.92, contrast=450),
        Protocol("ce_t1_ax", "axial", "se", 640, 11, 90, 1300, 13, fat_saturation=0.92, contrast=560),
        Protocol("dce", "dynamic", "spgr", 4.1, 1.5, 10, 9000, 11, fat_saturation=0.80, dynamic=True),
        Protocol("ct", "tomography", "ct", 0, 0, 0, 1, 14),
    )
}


def frame_times() -> np.ndarray:
    """Seconds of the dynamic frames after the start of the first; the bolus reaches the aorta after
    `ARRIVAL_SECONDS`."""
    return np.arange(N_FRAMES) * FRAME_SECONDS


class Contrast:
    """Concentration of the agent in tissues at given times.

    Parameters
    ----------
    seconds : (T,) times after the bolus' arrival in the aorta; negative before it.
    """

    def __init__(self, seconds: np.ndarray) -> None:
        self._at = np.asarray(seconds, np.float64)
        self.n_times = self._at.size
        self._clock = np.arange(-STEP_SECONDS, max(float(self._at.max()), 1.0) + STEP_SECONDS, STEP_SECONDS)
        self._plasma = signals.parker_blood(self._clock) / (1 - signals.HAEMATOCRIT)

    def _read(self, curves: np.ndarray, delay: float) -> np.ndarray:
        return np.stack([np.interp(self._at - delay, self._clock, curve) for curve in np.atleast_2d(curves)])

    def of(self, tissues: Sequence[Properties]) -> np.ndarray:
        """(N, T) mmol/l in tissues."""
        ktrans, ve, vp = (np.array([getattr(tissue, name) for tissue in tissues]) for name in ("ktrans", "ve", "vp"))
        curves = signals.extended_tofts(self._clock, self._plasma, ktrans, ve, vp)
        for n, tissue in enumerate(tissues):
            if tissue is PROPERTIES[Tissue.VEIN]:
                rate = np.array([60.0 / VEIN_DISPERSION_SECONDS])
                curves[n] = tissue.vp * rate * signals.residue(self._clock, self._plasma, rate)[0]
        return np.concatenate([self._read(curve, tissue.delay) for curve, tissue in zip(curves, tissues)])

    def of_voxels(self, ktrans: np.ndarray, ve: np.ndarray, vp: np.ndarray, delay: float) -> np.ndarray:
        """(N, T) mmol/l for (N,) parameters; the residue is tabulated over kep, right to 1e-4."""
        kep = ktrans / ve
        knots = np.geomspace(max(kep.min() * 0.999, 1e-4), kep.max() * 1.001 + 2e-4, 96)
        table = self._read(signals.residue(self._clock, self._plasma, knots), delay)
        at = np.interp(kep, knots, np.arange(knots.size))
        low = np.minimum(at.astype(np.int64), knots.size - 2)
        part = (at - low)[:, None]
        washed = table[low] * (1 - part) + table[low + 1] * part
        return vp[:, None] * self._read(self._plasma, delay) + ktrans[:, None] * washed


def voxel_signal(
    protocol: Protocol, pd: np.ndarray, t1: np.ndarray, t2: np.ndarray, concentration: np.ndarray, flow: np.ndarray
) -> np.ndarray:
    """Signal of tissues (broadcast against each other) in arbitrary units, before fat saturation."""
    with_agent = signals.relaxed(t1, concentration, signals.RELAXIVITY_R1)
    if protocol.sequence == "spgr":
        t2_star = 1000 / (1000 / t2 + SUSCEPTIBILITY_RATE + signals.RELAXIVITY_R2 * concentration)
        return signals.spoiled_gradient_echo(pd, with_agent, t2_star, protocol.tr, protocol.te, protocol.flip_angle)
    shortened = signals.relaxed(t2, concentration, signals.RELAXIVITY_R2)
    if protocol.sequence == "ir":
        return flow * signals.inversion_recovery(
            pd, with_agent, shortened, protocol.tr, protocol.te, protocol.ti or 0.0
        )
    return flow * signals.spin_echo(pd, with_agent, shortened, protocol.tr, protocol.te)


class Scene:
    """The patient on one grid, kept for all series of that grid: tissue fractions, mixtures, the lesion's
    properties."""

    def __init__(self, anatomy: SpineAnatomy, grid: Grid, seed: int) -> None:
        self.anatomy, self.grid = anatomy, grid
        self.sampling = LabelSampling(grid, lambda x, y, z: anatomy.tissue_at(x, y, z)[0])
        self.lesion_voxels, self.lesion_fraction = self.sampling.where(Tissue.LESION)
        rng = np.random.default_rng([seed, 5])
        self._shading = LowOrderField(rng, anatomy.curve.origin, 170.0)
        self._shimming = LowOrderField(rng, anatomy.curve.origin, 150.0)

    def _mixture(self, tissue: Tissue) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        voxels, share = self.sampling.where(tissue)
        part = self.anatomy.mixture_at(tissue, *self.grid.points(voxels)) if voxels.size else np.zeros(0)
        return voxels, share, part.astype(np.float32)

    @cached_property
    def mixtures(self) -> dict[Tissue, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Voxels, share of the voxel, and part of the first component, of each tissue that is a mixture."""
        return {tissue: self._mixture(tissue) for tissue in COMPONENTS}

    @cached_property
    def lesion(self) -> dict[str, np.ndarray]:
        """Properties of the lesion in `lesion_voxels`."""
        return self.anatomy.lesion.properties(*self.grid.points(self.lesion_voxels))

    @cached_property
    def coordinates(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """LPS mm of all voxels, flat float32."""
        return self.grid.points(np.arange(self.grid.count))

    @cached_property
    def coil(self) -> np.ndarray:
        """Sensitivity of a coil in the table: strongest at the back, uneven along the body."""
        y = self.coordinates[1]
        behind = np.maximum(np.float32(self.anatomy.curve.origin[1] + 85) - y, 0)
        return (0.68 + 0.55 * np.exp(-behind / 85)) * np.clip(1 + 0.07 * self._shading(*self.coordinates), 0.5, 1.6)

    @cached_property
    def suppression(self) -> np.ndarray:
        """How well fat saturation works from place to place: 1 where the field is even, less at its edges."""
        return np.clip(1.0 - 0.04 * np.square(self._shimming(*self.coordinates)), 0.5, 1.0)

    @cached_property
    def front_band(self) -> np.ndarray:
        """What a saturation band on the belly leaves: 1 at the spine, little in front of the great vessels."""
        _, y, z = self.coordinates
        spine = self.anatomy.curve
        top, low = (spine.world(0, -50.0, s) for s in (110.0, -60.0))
        line = np.float32(top[1]) + (z - np.float32(top[2])) * np.float32((low[1] - top[1]) / (low[2] - top[2]))
        return 0.14 + 0.86 / (1 + np.exp(np.clip((line - y) / 2.5, -30, 30)))

    def tomogram(self) -> np.ndarray:
        """CT numbers, flat float32."""
        values = self.sampling.blend(column("hu"))
        for tissue, (first, second) in COMPONENTS.items():
            voxels, share, part = self.mixtures[tissue]
            values[voxels] += share * (part * first.hu + (1 - part) * second.hu - PROPERTIES[tissue].hu)
        bone, fat = self.lesion["bone"], self.lesion["fat"]
        here = (1 - bone - fat) * self.lesion["hu"] + bone * 1000 + fat * PROPERTIES[Tissue.FAT].hu
        values[self.lesion_voxels] += self.lesion_fraction * (here - PROPERTIES[Tissue.LESION].hu)
        return values

    def frames(self, protocol: Protocol, fat_removed: float, seconds: np.ndarray | None) -> list[np.ndarray]:
        """Noise-free signal (flat float32) at each time, with `fat_removed` of the fat signal taken away."""
        contrast = Contrast(seconds) if seconds is not None else None
        pairs = [component for pair in COMPONENTS.values() for component in pair]
        known = [*(PROPERTIES[tissue] for tissue in Tissue), *pairs]
        agent = contrast.of(known) if contrast else np.zeros((len(known), 1))
        pd, t1, t2, flow, fat = (np.array([[getattr(p, w)] for p in known]) for w in ("pd", "t1", "t2", "flow", "fat"))
        table = voxel_signal(protocol, pd, t1, t2, agent, flow) * (1 - fat_removed * fat)
        mixed = {tissue: table[len(Tissue) + 2 * n :][:2] for n, tissue in enumerate(COMPONENTS)}
        here = self._lesion_signal(protocol, contrast)
        here = (
            here
            + self.lesion["fat"][:, None] * table[Tissue.FAT]
            + self.lesion["bone"][:, None] * table[Tissue.CORTICAL_BONE]
        )
        out = []
        for t in range(agent.shape[1]):
            values = self.sampling.blend(table[: len(Tissue), t])
            for tissue, (first, second) in mixed.items():
                voxels, share, part = self.mixtures[tissue]
                values[voxels] += share * (part * first[t] + (1 - part) * second[t] - table[tissue, t])
            values[self.lesion_voxels] += self.lesion_fraction * (here[:, t] - table[Tissue.LESION, t])
            out.append(values)
        return out

    def _lesion_signal(self, protocol: Protocol, contrast: Contrast | None) -> np.ndarray:
        """(N, T) signal of the watery part of the lesion's voxels."""
        p = self.lesion
        if contrast is None or not self.lesion_voxels.size:
            agent = np.zeros((self.lesion_voxels.size, 1 if contrast is None else contrast.n_times))
        else:
            agent = contrast.of_voxels(p["ktrans"], p["ve"], p["vp"], PROPERTIES[Tissue.LESION].delay)
        water = voxel_signal(protocol, p["pd"][:, None], p["t1"][:, None], p["t2"][:, None], agent, np.ones(1))
        return water * (1 - p["fat"] - p["bone"])[:, None]


def add_rician_noise(image: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Magnitude of a signal with Gaussian noise of SD `sigma` in both channels."""
    real = image + np.float32(sigma) * rng.standard_normal(image.shape, np.float32)
    imaginary = np.float32(sigma) * rng.standard_normal(image.shape, np.float32)
    return np.sqrt(real * real + imaginary * imaginary)


def blur(image: np.ndarray, width: float = 1.0) -> np.ndarray:
    """A [k, j, i] image as the part of k-space that is read shows it: softer, with a slight overshoot at edges, in
    the plane.

    `width` 1 is a matrix of 80 % of the pixels under a Hamming window; 0 leaves the image as it is.
    """
    if width <= 0:
        return image
    n = np.arange(-3, 4)
    kernel = np.sinc(READ_MATRIX / width * n) * np.hamming(9)[1:-1]
    kernel /= kernel.sum()
    along = ndimage.correlate1d(image, kernel, axis=2, mode="nearest", output=np.float32)
    return np.maximum(ndimage.correlate1d(along, kernel, axis=1, mode="nearest", output=np.float32), 0)


def move_during_readout(image: np.ndarray, voxels: float, cycles: float) -> np.ndarray:
    """A [k, j, i] image of an object that breathed along j by +/- `voxels`, `cycles` times while k-space was read:
    ghosts and blur."""
    lines = np.fft.fft(image, axis=1)
    n = image.shape[1]
    where = np.fft.fftfreq(n)
    order = np.argsort(np.argsort(where)) / n
    shift = voxels * np.sin(2 * np.pi * cycles * order)
    return np.abs(np.fft.ifft(lines * np.exp(-2j * np.pi * where * shift)[None, :, None], axis=1)).astype(np.float32)
