"""Which clusters of the cut make up the region that the lesion grows in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.segmentation.parameters import SegmentationParameters
from spinemets.segmentation.scene import Index, Scene


def kept_region(
    scene: Scene, labels: NDArray[np.int32], seed: Index, parameters: SegmentationParameters
) -> NDArray[np.bool_]:
    """The voxels of the kept clusters.

    "literal" (Lang 2019, Fig. 3e): every cluster that holds a voxel of the outline. The outline ends where the sagittal
    slices do, so the lesion's lateral parts are lost where they are clusters of their own.

    "repaired": a cluster is judged by those of its voxels that are bright like the seed (`like_seed`) and no vessel.
    It is kept when they and the slice's such voxels in the outline overlap by `overlap_fraction` of the smaller of the
    two; so are parts beyond that hang together with kept ones, unless larger than `beyond_ratio` times all these: that
    is an organ which the lesion touches. The seed's cluster is always kept.

    Parameters
    ----------
    labels : (z, y, x), clusters numbered from 0 through all slices; none lies in two slices.
    seed : index (z, y, x).
    """
    count = int(labels.max()) + 1
    own = labels[seed]
    if parameters.cluster_rule == "literal":
        kept = np.bincount(labels.ravel(), scene.outline.ravel(), minlength=count) > 0
        kept[own] = True
        return np.asarray(kept[labels])
    alike = like_seed(scene, seed, parameters.likeness)
    started = overlap_coefficient(scene, labels, alike) >= parameters.overlap_fraction
    started[own] = True
    core = started[labels]
    parts, _ = ndimage.label(alike & ~core)
    size = np.bincount(parts.ravel())
    beyond = np.zeros(len(size), bool)
    beyond[np.unique(parts[ndimage.binary_dilation(core & alike)])] = True
    beyond &= size <= parameters.beyond_ratio * np.count_nonzero(core & alike)
    beyond[0] = False
    return np.asarray(core | beyond[parts])


def like_seed(scene: Scene, seed: Index, likeness: float) -> NDArray[np.bool_]:
    """Voxels that are no vessel and at least `likeness` of the way from the background to the seed's 3 x 3 pixels.

    Voxels as far beyond the seed are not like it either.
    """
    brightness = scene.channels.brightness
    step = float(brightness[scene.pixels_around(seed)].mean()) - scene.background
    way = (brightness - scene.background) * np.sign(step)
    return np.asarray((way >= likeness * abs(step)) & (way <= (2 - likeness) * abs(step)) & ~scene.channels.vessels)


def overlap_coefficient(scene: Scene, labels: NDArray[np.int32], alike: NDArray[np.bool_]) -> NDArray[np.float64]:
    """For each cluster |A and B| / min(|A|, |B|), A its voxels in `alike`, B those of its slice in `alike` and outline.

    Against the smaller of the two: an outline drawn on few sagittal slices covers little of the lesion in any cluster.
    """
    count = int(labels.max()) + 1
    flat = labels.ravel()
    first = np.bincount(flat, alike.ravel(), minlength=count)
    both = np.bincount(flat, (alike & scene.outline).ravel(), minlength=count)
    across = [1, 1, 1]
    across[scene.across] = -1
    slice_of = np.zeros(count, np.intp)
    slice_of[flat] = np.broadcast_to(np.arange(labels.shape[scene.across]).reshape(across), labels.shape).ravel()
    in_outline = (alike & scene.outline).sum(axis=tuple(axis for axis in range(3) if axis != scene.across))
    return np.asarray(both / np.maximum(np.minimum(first, in_outline[slice_of]), 1))
