"""`SpinePhantom`: one simulated patient, whose images and truth can be had on any grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from spinemets.errors import InputError
from spinemets.geometry.grids import FRAME_OF_REFERENCE, SERIES_UID, join_frames
from spinemets.phantom import acquisition
from spinemets.phantom.acquisition import PROTOCOLS, Protocol, Scene
from spinemets.phantom.anatomy import SpineAnatomy
from spinemets.phantom.dicom import make_uid
from spinemets.phantom.fields import SmoothField
from spinemets.phantom.grids import crop, plan, within
from spinemets.phantom.lesion import describe
from spinemets.phantom.levels import LESION_LEVELS, NAMES
from spinemets.phantom.sampling import Grid, LabelSampling
from spinemets.phantom.tissues import COMPONENTS, LESION_TISSUES, PROPERTIES, Tissue, column
from spinemets.phantom.veins import TouchingVeins

KINDS = ("osteolytic", "osteoblastic", "fracture", "soft_tissue_mass", "vascular")
ROLES = tuple(PROTOCOLS)
STUDY_ROLES = tuple(role for role in ROLES if role != "ct")
KINETIC = ("ktrans", "kep", "ve", "vp")
ENHANCEMENT = {"clear": 1.0, "weak": 0.45}
OUTLINE_LOOSENESS_MM = 1.2
OUTLINE_JITTER_MM = 1.0
OUTLINE_MIN_AREA_MM2 = 30.0
KEPT_SCENES = 5


def patient_sex(seed: int) -> str:
    """F or M."""
    return "F" if np.random.default_rng([seed, 10]).random() < 0.5 else "M"


class SpinePhantom:
    """A simulated patient with one spinal lesion.

    Parameters
    ----------
    seed : the patient. The same seed and options give the same study, bit by bit.
    lesion : osteolytic, osteoblastic, fracture, soft_tissue_mass or vascular.
    level : vertebra of the lesion, as `L2`; drawn from the seed when None.
    age : years; older marrow is fattier; drawn when None.
    noise : factor on the noise (0: none). bias : strength of the coil's shading (0: none).
    blur : width of the in-plane point spread that limited k-space gives (0: none).
    motion : mm that the patient moves: ghosts in still images, shifts between dynamic frames (0: none).
    enhancement : `clear`, or `weak` for a lesion that takes up less than half as much contrast agent.
    touching_veins : engorged veins that run along the lesion's border and touch it (none when None).
    label : what a cohort's question says of this case; `truth.json` gives it.
    changes : fields of `lesion.LesionDescription` that differ from the usual (size, t1, ktrans, ...).

    Raises
    ------
    InputError : unknown kind of lesion, level, enhancement or option.
    """

    def __init__(
        self,
        seed: int = 0,
        lesion: str = "osteolytic",
        *,
        level: str | None = None,
        age: float | None = None,
        noise: float = 1.0,
        bias: float = 1.0,
        motion: float = 0.0,
        blur: float = 1.0,
        enhancement: str = "clear",
        touching_veins: TouchingVeins | None = None,
        label: int | None = None,
        **changes: object,
    ) -> None:
        description = describe(lesion, **changes)
        if enhancement not in ENHANCEMENT:
            raise InputError(
                f"enhancement {enhancement!r}", "no such choice", f"choose one of {', '.join(ENHANCEMENT)}"
            )
        if level is not None and level not in LESION_LEVELS:
            raise InputError(
                f"level {level!r}", "no lesion can be put there", f"choose one of {', '.join(LESION_LEVELS)}"
            )
        rng = np.random.default_rng([seed, 0])
        drawn_level, drawn_age = str(rng.choice(LESION_LEVELS)), float(np.clip(rng.normal(62, 11), 30, 88))
        size, strength = (
            float(np.exp(rng.normal(0, 0.10))),
            float(np.exp(rng.normal(0, 0.08))),
        )
        if "size" not in changes:
            description = replace(description, size=description.size * size)
        if "ktrans" not in changes:
            description = replace(description, ktrans=description.ktrans * strength)
        taken_up = ENHANCEMENT[enhancement]
        description = replace(description, ktrans=description.ktrans * taken_up, vp=description.vp * taken_up)
        self.seed, self.kind, self.label = seed, lesion, label
        self.level, self.age = level or drawn_level, drawn_age if age is None else age
        self.noise, self.bias, self.motion, self.enhancement = noise, bias, motion, enhancement
        self.blur, self.description = blur, description
        self.anatomy = SpineAnatomy(seed, lesion, description, self.level, self.age, touching_veins)
        self.grids = plan(self.anatomy, seed)
        self._identity: tuple[object, ...] = (
            "spinemets-phantom",
            seed,
            lesion,
            self.level,
            self.age,
            repr(description),
            noise,
            bias,
            motion,
            blur,
        )
        if touching_veins is not None:
            self._identity += (repr(touching_veins),)
        self.study_uid = make_uid(*self._identity, "study")
        self.frame_of_reference = make_uid(*self._identity, "frame of reference")
        self._scenes: dict[Grid, Scene] = {}

    @property
    def times(self) -> np.ndarray:
        """(T,) seconds of the dynamic frames after the start of the first."""
        return acquisition.frame_times()

    @property
    def lesion_centre(self) -> np.ndarray:
        """LPS mm of the middle of the lesion's part in the bone."""
        return self.anatomy.lesion.centre

    def series_uid(self, role: str) -> str:
        """UID of the series of a role."""
        return make_uid(*self._identity, "series", role)

    def grid(self, role: str, size: tuple[int, int, int] | None = None) -> Grid:
        """The grid on which a role is acquired; with `size`, the part of it of so many voxels around the lesion."""
        grid = self.grids[self._protocol(role).grid]
        return grid if size is None else crop(grid, self.lesion_centre, size)

    def scene(self, grid: Grid) -> Scene:
        """The patient on a grid, kept for the next series on the same one."""
        if grid not in self._scenes:
            while len(self._scenes) >= KEPT_SCENES:
                self._scenes.pop(next(iter(self._scenes)))
            self._scenes[grid] = Scene(self.anatomy, grid, self.seed)
        return self._scenes[grid]

    def acquire(self, role: str, grid: Grid | sitk.Image | None = None) -> sitk.Image:
        """Image of a role (t1, t2, fs_t2, ce_t1_sag, ce_t1_cor, ce_t1_ax, dce, ct), int16, on its usual grid or a
        given one.

        `dce` is 4-D and holds the seconds of its frames (`geometry.grids.frame_times`).

        Raises
        ------
        InputError : unknown role.
        """
        protocol = self._protocol(role)
        scene = self.scene(self._grid(grid, role))
        rng = np.random.default_rng([self.seed, 6, ROLES.index(role)])
        if protocol.sequence == "ct":
            image = self._tomogram(protocol, scene, rng)
        elif protocol.dynamic:
            image = self._dynamic(protocol, scene, rng)
        else:
            image = scene.grid.image(_stored(self._still(protocol, scene, rng)))
        return self._with_identity(image, self.series_uid(role))

    def _still(self, protocol: Protocol, scene: Scene, rng: np.random.Generator) -> np.ndarray:
        seconds = None if protocol.contrast is None else np.array([protocol.contrast])
        values = scene.frames(protocol, 0.0, seconds)[0]
        if protocol.fat_saturation > 0:
            water = scene.frames(protocol, 1.0, seconds)[0]
            values = water + (values - water) * (1 - np.float32(protocol.fat_saturation) * scene.suppression)
        if protocol.saturated_front:
            values = values * scene.front_band
        values = (values * np.float32(protocol.gain) * scene.coil ** np.float32(self.bias)).reshape(
            scene.grid.size[::-1]
        )
        values = acquisition.blur(values, self.blur)
        if self.motion > 0:
            values = acquisition.move_during_readout(
                values, self.motion / scene.grid.spacing[1], float(rng.uniform(6, 14))
            )
        return acquisition.add_rician_noise(values, protocol.noise * self.noise, rng)

    def _dynamic(self, protocol: Protocol, scene: Scene, rng: np.random.Generator) -> sitk.Image:
        frames = scene.frames(protocol, protocol.fat_saturation, self.times - acquisition.ARRIVAL_SECONDS)
        coil = scene.coil ** np.float32(self.bias) * np.float32(protocol.gain)
        drift = self.motion * np.cumsum(rng.normal(0, 0.4, (len(frames), 3)), axis=0)
        drift -= drift[0]
        images = []
        for values, moved in zip(frames, drift):
            array = acquisition.blur((values * coil).reshape(scene.grid.size[::-1]), self.blur)
            if self.motion > 0:
                steps = np.linalg.solve(scene.grid.steps, moved)
                array = ndimage.shift(array, steps[::-1], order=1, mode="nearest")
            noisy = acquisition.add_rician_noise(array, protocol.noise * self.noise, rng)
            images.append(scene.grid.image(_stored(noisy)))
        return join_frames(images, self.times - self.times[0])

    def _tomogram(self, protocol: Protocol, scene: Scene, rng: np.random.Generator) -> sitk.Image:
        values = scene.tomogram().reshape(scene.grid.size[::-1])
        values = ndimage.gaussian_filter(values, (0, 0.5, 0.5))
        values = values + protocol.noise * self.noise * rng.standard_normal(values.shape, np.float32)
        return scene.grid.image(np.clip(np.rint(values), *acquisition.CT_CUT).astype(np.int16))

    def lesion_mask(self, reference: sitk.Image | Grid | str) -> sitk.Image:
        """uint8 mask of the voxels of which at least half is lesion, on an image's grid or the usual grid of a role."""
        scene = self.scene(self._grid(reference))
        inside = scene.sampling.fraction(tuple(int(t) for t in LESION_TISSUES)) >= 0.5
        return self._with_identity(scene.grid.image(inside.astype(np.uint8)))

    def tissue_map(self, reference: sitk.Image | Grid | str) -> sitk.Image:
        """uint8 map of the tissue (`tissues.Tissue`) that fills most of each voxel."""
        scene = self.scene(self._grid(reference))
        return self._with_identity(scene.grid.image(scene.sampling.majority()))

    def kinetic_map(self, name: str, reference: sitk.Image | Grid | str) -> sitk.Image:
        """float32 map of `ktrans` or `kep` (1/min), `ve` or `vp`: mean over each voxel's tissues, in the lesion that
        of its watery part; kep is the voxel's ktrans over its ve.

        Raises
        ------
        InputError : unknown name.
        """
        if name not in KINETIC:
            raise InputError(f"kinetic map {name!r}", "no such map", f"choose one of {', '.join(KINETIC)}")
        scene = self.scene(self._grid(reference))
        if name == "kep":
            ktrans, ve = self._kinetic(scene, "ktrans"), self._kinetic(scene, "ve")
            values = np.divide(ktrans, ve, out=np.zeros_like(ktrans), where=ve > 1e-4)
        else:
            values = self._kinetic(scene, name)
        return self._with_identity(scene.grid.image(values))

    def _kinetic(self, scene: Scene, name: str) -> np.ndarray:
        values = scene.sampling.blend(column(name))
        for tissue, (first, second) in COMPONENTS.items():
            voxels, share, part = scene.mixtures[tissue]
            mixed = part * getattr(first, name) + (1 - part) * getattr(second, name)
            values[voxels] += share * (mixed - getattr(PROPERTIES[tissue], name))
        here = scene.lesion[name] - getattr(PROPERTIES[Tissue.LESION], name)
        values[scene.lesion_voxels] += scene.lesion_fraction * here
        return np.maximum(values, 0)

    def vertebra_mask(self, reference: sitk.Image | Grid | str, level: str) -> sitk.Image:
        """uint8 mask of the voxels of which more than half is a vertebra (body, arch, lesion in them), named as `L3`.

        Raises
        ------
        InputError : unknown level.
        """
        if level not in NAMES:
            raise InputError(f"level {level!r}", "no such vertebra", f"choose one of {', '.join(NAMES)}")
        grid = self._grid(reference)
        sampling = LabelSampling(grid, lambda x, y, z: self.anatomy.tissue_at(x, y, z)[1], len(NAMES) + 1)
        inside = sampling.fraction((NAMES.index(level) + 1,)) > 0.5
        return self._with_identity(grid.image(inside.astype(np.uint8)))

    def outline(self, reference: sitk.Image | Grid | str = "t2") -> sitk.Image:
        """uint8 mask of what a reader would draw on the sagittal T2: the diseased segment - the body at the lesion's
        level and the lesion where it leaves it - loosely, with an unsteady hand, on the slices that show the
        lesion."""
        whole = self._grid(reference)
        near = self.anatomy.lesion.reach + 25
        box = np.ceil(2 * near * np.abs(np.linalg.inv(whole.steps)).sum(axis=1)).astype(int) + 2
        grid = crop(whole, self.lesion_centre, (int(box[0]), int(box[1]), int(box[2])))
        sampling = LabelSampling(grid, lambda x, y, z: self.anatomy.tissue_at(x, y, z)[0])
        x, y, z = grid.points(np.arange(grid.count))
        cx, cy, cz = self.lesion_centre.astype(np.float32)
        where = np.flatnonzero((np.abs(x - cx) < near) & (np.abs(y - cy) < near) & (np.abs(z - cz) < near))
        x, y, z = x[where], y[where], z[where]
        share = sampling.fraction(tuple(int(t) for t in LESION_TISSUES))
        body = self.anatomy.body_distance(x, y, z, self.level)
        lesion = np.where(share[where] >= 0.5, -OUTLINE_LOOSENESS_MM, 99.0)
        rng = np.random.default_rng([self.seed, 7])
        hand = OUTLINE_JITTER_MM * SmoothField(rng, (3.0, 9.0, 9.0))(x, y, z)
        mask = np.zeros(grid.count, np.uint8)
        mask[where] = np.minimum(body, lesion) < OUTLINE_LOOSENESS_MM + hand
        array = mask.reshape(grid.size[::-1])
        area = (share >= 0.5).reshape(array.shape).sum(axis=(1, 2)) * grid.spacing[0] * grid.spacing[1]
        array[area < min(OUTLINE_MIN_AREA_MM2, area.max())] = 0
        return self._with_identity(whole.image(within(grid, whole, array)))

    def _protocol(self, role: str) -> Protocol:
        if role not in PROTOCOLS:
            raise InputError(f"role {role!r}", "the phantom has no such series", f"choose among {', '.join(ROLES)}")
        return PROTOCOLS[role]

    def _grid(self, reference: sitk.Image | Grid | str | None, role: str = "t2") -> Grid:
        if reference is None:
            return self.grid(role)
        if isinstance(reference, str):
            return self.grid(reference)
        return reference if isinstance(reference, Grid) else Grid.of(reference)

    def _with_identity(self, image: sitk.Image, series_uid: str | None = None) -> sitk.Image:
        image.SetMetaData(FRAME_OF_REFERENCE, self.frame_of_reference)
        if series_uid is not None:
            image.SetMetaData(SERIES_UID, series_uid)
        return image


def _stored(values: np.ndarray) -> np.ndarray:
    """Magnitudes as a scanner stores them."""
    return np.clip(np.rint(values), 0, np.iinfo(np.int16).max).astype(np.int16)
