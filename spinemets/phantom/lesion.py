"""The lesion: its irregular shape in world millimetres, and what it is made of from place to place."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from spinemets.errors import InputError
from spinemets.phantom.fields import SmoothField
from spinemets.phantom.tissues import Tissue


@dataclass(frozen=True)
class LesionDescription:
    """What a lesion is like.

    Its watery part has `pd`, `t1` and `t2` (ms), `ktrans` (1/min), `ve`, `vp`, CT number `hu`, all of which vary
    through it by a relative standard deviation `heterogeneity`; `rim` multiplies ktrans near the border. `fat` and
    `bone` are mean volume fractions of fat and of mineralised bone; `struts` puts the bone into vertical columns.
    `necrosis` is about the fraction of the core that is dead. `size` is the mean diameter in the bone (mm),
    `roughness` how irregular its border is (mm), `extension` from 0 (kept in by the cortex) to 1 (grows through it),
    `mass` the size over that of a second lobe outside the bone, `oedema` the width of the watery zone around it (mm),
    `front_loss` and `middle_loss` the fractions of body height lost, `line` the thickness of a fracture line under
    the upper end plate (mm).
    """

    pd: float = 0.88
    t1: float = 1250.0
    t2: float = 84.0
    ktrans: float = 0.24
    ve: float = 0.32
    vp: float = 0.035
    hu: float = 55.0
    heterogeneity: float = 0.17
    rim: float = 1.25
    fat: float = 0.02
    bone: float = 0.0
    struts: bool = False
    necrosis: float = 0.06
    size: float = 25.0
    roughness: float = 1.3
    extension: float = 0.55
    mass: float = 0.0
    oedema: float = 3.0
    front_loss: float = 0.0
    middle_loss: float = 0.0
    line: float = 0.0


DESCRIPTIONS: dict[str, LesionDescription] = {
    "osteolytic": LesionDescription(),
    "osteoblastic": LesionDescription(
        pd=0.72, t1=1150, t2=58, ktrans=0.16, ve=0.24, vp=0.03, hu=300, rim=1.7, bone=0.48, necrosis=0,
        size=23, extension=0.1, oedema=2,
    ),
    "fracture": LesionDescription(
        pd=0.86, t1=1250, t2=72, ktrans=0.13, ve=0.26, vp=0.03, hu=160, heterogeneity=0.10, rim=1, fat=0.12, necrosis=0,
        size=40, roughness=1, extension=0, oedema=7, front_loss=0.36, middle_loss=0.22, line=1.2,
    ),
    "soft_tissue_mass": LesionDescription(
        t1=1300, t2=90, ktrans=0.28, ve=0.36, vp=0.04, necrosis=0.16, size=23, roughness=1.8, extension=1, mass=1,
    ),
    "vascular": LesionDescription(
        pd=0.92, t1=1050, t2=125, ktrans=0.34, ve=0.40, vp=0.12, hu=90, heterogeneity=0.09, rim=1, fat=0.50, bone=0.10,
        struts=True, necrosis=0, size=24, roughness=0.7, extension=0.1, oedema=0,
    ),
}  # fmt: skip


def describe(kind: str, **changes: object) -> LesionDescription:
    """The usual lesion of a kind, with some of its fields changed.

    Raises
    ------
    InputError : no such kind, or no such field.
    """
    if kind not in DESCRIPTIONS:
        raise InputError(f"lesion {kind!r}", "no such kind", f"choose one of {', '.join(DESCRIPTIONS)}")
    known = {field.name for field in fields(LesionDescription)}
    for name in changes:
        if name not in known:
            raise InputError(
                f"option {name!r}", "the phantom has no such option", f"choose among {', '.join(sorted(known))}"
            )
    return replace(DESCRIPTIONS[kind], **changes)  # type: ignore[arg-type]


# What a lesion can take the place of: bone, then soft tissue when it breaks through.
IN_BONE = np.array([Tissue.MARROW, Tissue.CORTICAL_BONE, Tissue.OEDEMA], np.uint8)
OUT_OF_BONE = np.array(
    [
        Tissue.FAT,
        Tissue.MUSCLE,
        Tissue.LIGAMENT,
        Tissue.INTERSPINOUS,
        Tissue.FLAVUM,
        Tissue.NERVE,
        Tissue.JOINT,
        Tissue.VENOUS_PLEXUS,
        Tissue.CSF,
        Tissue.ROOTS,
    ],
    np.uint8,
)
_IS_BONE = np.zeros(256, bool)
_IS_BONE[IN_BONE] = True
_IS_SOFT = np.zeros(256, bool)
_IS_SOFT[OUT_OF_BONE] = True
HELD_BACK_MM = 6.0
INFILTRATED_FAT = 0.18
INFILTRATION_MM = 1.4


class Lobe:
    """An ellipsoid whose radius varies with direction by a random polynomial of order 3 in the direction's cosines."""

    def __init__(
        self, rng: np.random.Generator, centre: np.ndarray, radii: tuple[float, float, float], amount: float = 0.14
    ) -> None:
        self.centre = np.asarray(centre, np.float64)
        self.radii = np.asarray(radii, np.float64)
        self._weights = (amount * rng.standard_normal(10)).astype(np.float32)
        self._mean = float(np.cbrt(np.prod(self.radii)))

    @property
    def reach(self) -> float:
        return float(self.radii.max() * 1.7 + 4)

    def signed(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """About the signed distance to the surface, mm, negative inside."""
        p, q, r = (((w - c) / a).astype(np.float32) for w, c, a in zip((x, y, z), self.centre, self.radii))
        length = np.sqrt(p * p + q * q + r * r)
        inverse = 1 / np.maximum(length, 1e-3)
        p, q, r = p * inverse, q * inverse, r * inverse
        k = self._weights
        wave = 0.6 * (k[0] * p + k[1] * q + k[2] * r) + 1.5 * (k[3] * p * q + k[4] * q * r + k[5] * p * r)
        wave += (
            k[6] * (p * p - q * q)
            + 3 * k[7] * p * q * r
            + 1.5 * (k[8] * q * (p * p - r * r) + k[9] * r * (p * p - q * q))
        )
        wave *= np.clip(length * 2, 0, 1)
        distance: np.ndarray = (length - np.clip(1 + wave, 0.6, 1.5)) * np.float32(self._mean)
        return distance


class Lesion:
    """A lesion in one vertebra: where it is, and what it does to the tissues there.

    Parameters
    ----------
    rng : source of chance for shape and texture.
    description : what it is like.
    lobes : its parts, in world mm; the first lies in the body.
    level : number of the vertebra (index + 1) in which it may destroy bone.
    """

    def __init__(
        self, rng: np.random.Generator, description: LesionDescription, lobes: list[Lobe], level: int, body_only: bool
    ) -> None:
        self.description, self.lobes, self.level, self._body_only = description, lobes, level, body_only
        self._rough = SmoothField(rng, 5.5)
        self._fine, self._coarse = SmoothField(rng, 4.0), SmoothField(rng, 9.0)
        self._perfusion, self._patches = SmoothField(rng, 6.5), SmoothField(rng, 7.0)
        self._columns = SmoothField(rng, (3.4, 3.4, 60.0))
        self.centre = lobes[0].centre
        self.reach = max(float(np.linalg.norm(lobe.centre - self.centre)) + lobe.reach for lobe in lobes)
        self.reach += description.oedema

    def signed(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """About the signed distance to the border before anatomy holds it back, mm."""
        distance = self.lobes[0].signed(x, y, z)
        for lobe in self.lobes[1:]:
            other = lobe.signed(x, y, z)
            blend = np.maximum(4.0 - np.abs(distance - other), 0) / 4.0
            distance = np.minimum(distance, other) - blend * blend
        return distance + self.description.roughness * self._rough(x, y, z)

    def near(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Indices of the points that it could touch."""
        cx, cy, cz = self.centre
        return np.flatnonzero(
            (np.abs(x - cx) < self.reach) & (np.abs(y - cy) < self.reach) & (np.abs(z - cz) < self.reach)
        )

    def paint(self, label: np.ndarray, level_of: np.ndarray, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> None:
        """Replace what lies within the lesion. All arrays (N,), near the lesion."""
        distance = self.signed(x, y, z)
        here = level_of == self.level
        watery = (label == Tissue.MARROW) & here & (distance < self.description.oedema)
        bone = _IS_BONE[label] & here & (distance < 0)
        held = HELD_BACK_MM * (1 - self.description.extension)
        soft = _IS_SOFT[label] & (distance < -held) & (level_of == 0) & (not self._body_only)
        soft |= _IS_SOFT[label] & here & (distance < 0)
        label[watery] = Tissue.OEDEMA
        label[bone | soft] = Tissue.LESION
        if self.description.line > 0:
            cx, cy, cz = self.centre
            above = z - cz - 0.10 * (y - cy) + 0.06 * (x - cx) - 1.5 * self._coarse(x, y, z)
            label[bone & (np.abs(above - 2.0) < self.description.line / 2)] = Tissue.FRACTURE_LINE
        if self.description.necrosis > 0:
            depth = -distance - 3.0
            dead = (bone | soft) & (depth > 0)
            dead &= self._patches(x, y, z) + 0.06 * np.minimum(depth, 8) > 1.9 - 4.2 * self.description.necrosis
            label[dead] = Tissue.NECROSIS

    def oedema_at(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Fraction of oedema, from 1 at the border to 0 at its outer end."""
        width = max(self.description.oedema, 1e-3)
        return np.clip(1 - self.signed(x, y, z) / width, 0, 1)

    def properties(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> dict[str, np.ndarray]:
        """pd, t1, t2, ktrans, ve, vp, hu of the watery part, and the fractions fat and bone, at (N,) world points."""
        d, h = self.description, self.description.heterogeneity
        fine, coarse, perfusion = (f(x, y, z) for f in (self._fine, self._coarse, self._perfusion))
        water = 0.75 * coarse + 0.65 * fine
        depth = np.minimum(self.signed(x, y, z), 0)
        border = np.exp(-np.square(depth / 3.0))
        # At its edge a lesion grows between what is left of the fatty marrow.
        mixed = np.float32(INFILTRATED_FAT) * np.exp(-np.square(depth / INFILTRATION_MM)) * (d.roughness / 1.3)
        leak = np.exp(1.4 * h * perfusion) * (1 + (d.rim - 1) * border)
        pattern = self._columns(x, y, z) if d.struts else 0.7 * coarse + 0.7 * self._patches(x, y, z)
        spread = 1.0 if d.struts else 0.45
        bone = np.clip(d.bone * (1 + spread * pattern), 0, 0.92)
        fat = np.clip(d.fat * (1 + 2.2 * h * self._patches(x, y, z)) + mixed, 0, 1 - bone)
        return {
            "pd": np.clip(d.pd * (1 + 0.25 * h * fine), 0, 1),
            "t1": d.t1 * np.exp(0.5 * h * water),
            "t2": d.t2 * np.exp(h * water),
            "ktrans": d.ktrans * leak,
            "ve": np.clip(d.ve * np.exp(0.6 * h * coarse), 0.02, 0.8),
            "vp": np.clip(d.vp * np.exp(1.2 * h * perfusion), 0, 0.4),
            "hu": d.hu + 25 * fine,
            "fat": fat,
            "bone": bone,
        }
