"""Small changes of an image and its mask, as another examination or another reader would make them; features that move
with them are not to be built on (Zwanenburg et al., Sci Rep 2019).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.features.preparation import box_of, crop
from spinemets.features.wavelets import decompositions

# Voxels kept round the region: what a rotation brings in, what filters see.
MARGIN = 20
# Standard deviation of a normal distribution over its median absolute value.
SIGMA_OF_MEDIAN = 1 / 0.6745
# Length, in voxels, over which a randomised contour bulges in or out.
BULGE_VOXELS = 2.0
INSIDE = 0.5 - 1e-6


@dataclass(frozen=True)
class Perturbation:
    """One change; each part may be absent (0).

    rotation_deg : about the image's third axis through the region's centre.
    translation : of the grid, in voxels along x, y, z.
    noise : added normal noise, in units of the noise that the image has already.
    volume_change : share of voxels that the region gains (or loses) at its surface.
    contour_voxels : standard deviation by which the surface is moved in and out, smoothly over its length.
    seed : of noise and contour.
    """

    rotation_deg: float = 0.0
    translation: tuple[float, float, float] = (0.0, 0.0, 0.0)
    noise: float = 0.0
    volume_change: float = 0.0
    contour_voxels: float = 0.0
    seed: int = 0


def random_perturbations(count: int, seed: int = 0) -> tuple[Perturbation, ...]:
    """Perturbations of all kinds at once: up to 10 degrees, half a voxel, the image's own noise, 15 % of the volume."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        x, y, z = rng.uniform(-0.5, 0.5, 3).tolist()
        made.append(
            Perturbation(
                rotation_deg=float(rng.uniform(-10, 10)),
                translation=(x, y, z),
                noise=1.0,
                volume_change=float(rng.uniform(-0.15, 0.15)),
                contour_voxels=0.5,
                seed=int(rng.integers(2**31)),
            )
        )
    return tuple(made)


def noise_level(image: sitk.Image) -> float:
    """Standard deviation of the noise of an image: median absolute value of its finest diagonal wavelet image, over its
    expectation (Donoho and Johnstone 1994); of that part of the image which varies at all.
    """
    array = sitk.GetArrayViewFromImage(image)
    z, y, x = array.shape
    bands = dict(decompositions(array, (slice(0, z), slice(0, y), slice(0, x)), axes=(2, 1)))
    fine = np.abs(bands["wavelet-HH"])
    varying = fine[fine > 1e-9 * max(float(np.abs(array).max()), 1e-30)]
    return float(np.median(varying)) * SIGMA_OF_MEDIAN if len(varying) else 0.0


def perturbed(image: sitk.Image, mask: sitk.Image, change: Perturbation) -> tuple[sitk.Image, sitk.Image]:
    """Image and mask after the change, cropped to the region's surroundings; spacing and the image's type stay.

    Parameters
    ----------
    image, mask : 3-D, on one grid; voxels of the mask that are not 0 are the region.

    Raises
    ------
    InputError : the mask is empty, or the change leaves nothing of it.
    """
    first, size = box_of(sitk.GetArrayViewFromImage(mask))
    if not size.all():
        raise InputError("mask", "has no voxel", "draw the lesion first")
    rng = np.random.default_rng(change.seed)
    near, region = crop(image, first, size, MARGIN), crop(mask, first, size, MARGIN) != 0
    if change.noise:
        level = change.noise * noise_level(near)
        near = _with_array(near, sitk.GetArrayFromImage(near) + rng.normal(0, level, near.GetSize()[::-1]))
    if change.rotation_deg or any(change.translation):
        near, region = _moved(near, region, change)
    if change.volume_change or change.contour_voxels:
        region = _redrawn(region, change, rng)
    if not sitk.GetArrayViewFromImage(region).any():
        raise InputError("mask", "is too small to be perturbed", "leave the case out")
    return _as_type(near, image.GetPixelID()), region


def _with_array(like: sitk.Image, array: NDArray) -> sitk.Image:
    made = sitk.GetImageFromArray(array)
    made.CopyInformation(like)
    return made


def _as_type(image: sitk.Image, kind: int) -> sitk.Image:
    """The image in a type, whole numbers rounded and cut off at the type's limits."""
    if kind in (sitk.sitkFloat32, sitk.sitkFloat64):
        return sitk.Cast(image, kind)
    limits = np.iinfo(sitk.GetArrayViewFromImage(sitk.Image([1, 1, 1], kind)).dtype)
    array = np.clip(np.rint(sitk.GetArrayFromImage(image).astype(np.float64)), float(limits.min), float(limits.max))
    return sitk.Cast(_with_array(image, array), kind)


def _moved(image: sitk.Image, region: sitk.Image, change: Perturbation) -> tuple[sitk.Image, sitk.Image]:
    """Both on a grid that is turned and shifted; what comes from outside of the image repeats its border."""
    centre = np.argwhere(sitk.GetArrayViewFromImage(region)).mean(axis=0)[::-1]
    axis = np.reshape(image.GetDirection(), (3, 3))[:, 2]
    turn = sitk.VersorTransform(axis.tolist(), float(np.deg2rad(change.rotation_deg)))
    middle = image.TransformContinuousIndexToPhysicalPoint(centre.tolist())
    turn.SetCenter(middle)
    step = np.array(image.TransformContinuousIndexToPhysicalPoint((centre + change.translation).tolist())) - middle
    both = sitk.CompositeTransform([sitk.TranslationTransform(3, step.tolist()), turn])
    padded = sitk.ZeroFluxNeumannPad(sitk.Cast(image, sitk.sitkFloat64), [MARGIN] * 3, [MARGIN] * 3)
    moved = sitk.Resample(padded, image, both, sitk.sitkBSpline, 0.0, sitk.sitkFloat64)
    share = sitk.Resample(sitk.Cast(region, sitk.sitkFloat64), image, both, sitk.sitkLinear, 0.0, sitk.sitkFloat64)
    return moved, share >= INSIDE


def _redrawn(region: sitk.Image, change: Perturbation, rng: np.random.Generator) -> sitk.Image:
    """The region with its surface moved: as many voxels as asked for, those deepest inside first."""
    voxel = float(np.prod(region.GetSpacing())) ** (1 / 3)
    depth = sitk.GetArrayFromImage(
        sitk.SignedMaurerDistanceMap(region, insideIsPositive=True, squaredDistance=False, useImageSpacing=True)
    )
    if change.contour_voxels:
        bulges = sitk.GetImageFromArray(rng.normal(size=depth.shape))
        bulges.SetSpacing(region.GetSpacing())
        smooth = sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(bulges, BULGE_VOXELS * voxel))
        depth = depth + smooth / smooth.std() * change.contour_voxels * voxel
    voxels = int(np.count_nonzero(sitk.GetArrayViewFromImage(region)))
    kept = min(max(round(voxels * (1 + change.volume_change)), 1), depth.size)
    # Many voxels are equally deep: chance decides among them, not their order in memory.
    order = np.lexsort((rng.random(depth.size), -depth.ravel()))
    inside = np.zeros(depth.size, np.uint8)
    inside[order[:kept]] = 1
    return _with_array(region, inside.reshape(depth.shape))
