"""Which clusters of the cut make up the region that the lesion grows in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.segmentation.parameters import SegmentationParameters

VESSEL_SHARE = 0.5


def kept_region(
    labels: NDArray[np.int32],
    outline: NDArray[np.bool_],
    brightness: NDArray[np.float32],
    vessels: NDArray[np.bool_],
    seed: tuple[int, int, int],
    parameters: SegmentationParameters,
) -> NDArray[np.bool_]:
    """The voxels of the kept clusters.

    "literal" (Lang 2019, Fig. 3e): every cluster that holds a voxel of the outline. The outline ends where the sagittal
    slices do, so the lesion's lateral parts are lost, and vessels and muscle that it touches are taken in.

    "repaired": clusters that are bright like the seed's (`like_seed`) and no vessels, if they lie in the outline by
    `overlap_fraction` or hang together with such a one. The seed's cluster is always kept.

    Parameters
    ----------
    labels : (z, y, x), clusters numbered from 0 through all slices.
    outline, brightness, vessels : (z, y, x).
    seed : index (z, y, x).
    """
    count = int(labels.max()) + 1
    flat = labels.ravel()
    size = np.bincount(flat, minlength=count)
    overlap = np.bincount(flat, outline.ravel(), minlength=count) / size
    own = labels[seed]
    if parameters.cluster_rule == "literal":
        kept = overlap > 0
        kept[own] = True
        return np.asarray(kept[labels])
    candidates = like_seed(labels, brightness, outline, seed, parameters.likeness)
    candidates &= np.bincount(flat, vessels.ravel(), minlength=count) / size < VESSEL_SHARE
    candidates[own] = True
    started = candidates & (overlap >= parameters.overlap_fraction)
    started[own] = True
    components, _ = ndimage.label(candidates[labels])
    return np.isin(components, np.unique(components[started[labels]]))


def like_seed(
    labels: NDArray[np.int32],
    brightness: NDArray[np.float32],
    outline: NDArray[np.bool_],
    seed: tuple[int, int, int],
    likeness: float,
) -> NDArray[np.bool_]:
    """For each cluster whether its mean brightness is at least `likeness` of the way from the surroundings to the
    seed's.

    The surroundings are the median of the box outside the outline. Clusters as far beyond the seed's are not like it
    either.
    """
    flat = labels.ravel()
    means = np.bincount(flat, brightness.ravel()) / np.bincount(flat)
    surroundings = brightness[~outline] if not outline.all() else brightness
    background = float(np.median(surroundings))
    step = means[labels[seed]] - background
    if step == 0:
        return np.asarray(means == means[labels[seed]])
    way = (means - background) / step
    return np.asarray((way >= likeness) & (way <= 2 - likeness + 1e-9))
