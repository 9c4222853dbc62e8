"""The peers that segmentation is measured against, each called as its own users call it, and how work is measured."""

from __future__ import annotations

import ctypes
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy import ndimage, sparse
from scipy.spatial import cKDTree

from spinemets.segmentation.strokes import Stroke, painted_voxels

LESION, OTHER = 1, 2
# Slicer's Grow from seeds: the seeds' extent, wider by a fifth but by three voxels at least.
SEED_MARGIN_VOXELS, SEED_MARGIN_SHARE = 3, 0.20
CLICK_MM = 2.5
BEYOND_OUTLINE_MM = 6.0


@dataclass(frozen=True)
class Measured:
    """A result, its CPU seconds, and by how much the process's memory rose while it was made (MiB; None where the
    system does not tell)."""

    result: Any
    seconds: float
    memory: float | None


def measured(work: Callable[[], Any]) -> Measured:
    """Do some work once and measure it: CPU time of all threads, since a shared machine's clock says little."""
    before = _reset_peak()
    start = time.process_time()
    result = work()
    seconds = time.process_time() - start
    peak = _memory("VmHWM")
    return Measured(result, seconds, None if before is None or peak is None else max(0.0, peak - before))


def _memory(name: str) -> float | None:
    status = Path("/proc/self/status")
    found = re.search(rf"{name}:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found.group(1)) / 1024 if found else None


def _reset_peak() -> float | None:
    """Resident MiB now, with the peak set back to it; None where the system has no such thing (only Linux has).

    Memory that was freed but kept is given back first, or work could use it unseen.
    """
    try:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
    except (OSError, AttributeError):
        return None
    return _memory("VmRSS")


def late_enhancement(image: sitk.Image) -> np.ndarray:
    """[k, j, i] last third of the frames minus the first: the one volume that a user of a peer would choose."""
    frames = sitk.GetArrayViewFromImage(image)
    late = frames[-(len(frames) // 3) :].astype(np.float32).mean(axis=0)
    return late - frames[0].astype(np.float32)


def seeds_of_strokes(strokes: list[Stroke], grid: sitk.Image) -> np.ndarray:
    """[k, j, i] uint8: `LESION` and `OTHER` where strokes were painted, else 0; the same voxels that our own segmenter
    takes as painted."""
    seeds = np.zeros(grid.GetSize()[::-1], np.uint8)
    for stroke in strokes:
        seeds[tuple(painted_voxels(stroke, grid).T)] = LESION if stroke.inside else OTHER
    return seeds


def seeds_of_click(click: tuple[float, float, float], outline: np.ndarray, grid: sitk.Image) -> np.ndarray:
    """[k, j, i] uint8 seeds of a user who has the carried outline and one click: a ball of 2.5 mm at the click is
    lesion, what lies 6 mm or more from the outline is not."""
    spacing = grid.GetSpacing()[::-1]
    seeds = np.zeros(grid.GetSize()[::-1], np.uint8)
    seeds[ndimage.distance_transform_edt(~outline, sampling=spacing) >= BEYOND_OUTLINE_MM] = OTHER
    i, j, k = grid.TransformPhysicalPointToIndex(click)
    away = np.ones(seeds.shape, bool)
    away[k, j, i] = False
    seeds[ndimage.distance_transform_edt(away, sampling=spacing) <= CLICK_MM] = LESION
    return seeds


def seeded_box(seeds: np.ndarray) -> tuple[slice, ...]:
    """What Grow from seeds looks at: the box of the seeds, wider by its margin."""
    (box,) = ndimage.find_objects((seeds > 0).astype(np.uint8))
    out = []
    for part, size in zip(box, seeds.shape):
        margin = int(max(SEED_MARGIN_VOXELS, SEED_MARGIN_SHARE * (part.stop - 1 - part.start)))
        out.append(slice(max(0, part.start - margin), min(size, part.stop + margin)))
    return tuple(out)


def grow_from_seeds(volume: np.ndarray, seeds: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """[k, j, i] bool: Slicer's Grow from seeds (`vtkImageGrowCutSegment`, fast growcut) with its default settings.

    Parameters
    ----------
    volume, seeds : [k, j, i]; `spacing` mm along i, j, k.
    """
    import slicer

    box = seeded_box(seeds)
    segmenter = slicer.vtkImageGrowCutSegment()
    segmenter.SetIntensityVolume(_vtk_image(volume[box].astype(np.float32), spacing))
    segmenter.SetSeedLabelVolume(_vtk_image(seeds[box], spacing))
    segmenter.SetDistancePenalty(0.0)
    segmenter.Update()
    from vtkmodules.util.numpy_support import vtk_to_numpy

    labels = vtk_to_numpy(segmenter.GetOutput().GetPointData().GetScalars()).reshape(volume[box].shape)
    out = np.zeros(volume.shape, bool)
    out[box] = labels == LESION
    return out


def _vtk_image(array: np.ndarray, spacing: tuple[float, ...]) -> Any:
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData

    image = vtkImageData()
    image.SetDimensions(array.shape[::-1])
    image.SetSpacing(spacing)
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(array).ravel(), deep=True))
    return image


def random_walker(volume: np.ndarray, seeds: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """[k, j, i] bool: scikit-image's random walker with its default beta, on the box that Grow from seeds looks at."""
    from skimage.segmentation import random_walker as walk

    box = seeded_box(seeds)
    values = volume[box].astype(np.float64)
    out = np.zeros(volume.shape, bool)
    out[box] = walk(values, seeds[box].astype(np.int32), beta=130, mode="cg_j", spacing=spacing[::-1]) == LESION
    return out


def spectral_clusters(affinity: sparse.spmatrix, count: int, chance: int = 0) -> np.ndarray:
    """Cluster of each node by scikit-learn's spectral clustering (arpack, k-means) of a given graph."""
    from sklearn.cluster import SpectralClustering

    clustering = SpectralClustering(count, affinity="precomputed", assign_labels="kmeans", random_state=chance)
    return clustering.fit_predict(sparse.csr_matrix(affinity))


def reference_affinity(
    channels: np.ndarray, spacing: tuple[float, ...], radius_mm: float, channel_scale: float, distance_scale_mm: float
) -> sparse.csr_array:
    """W_ij = exp(-|f_i - f_j|^2 / (2 s^2)) exp(-d_ij^2 / (2 t^2)) of the pixels (channel, row, column) within a radius
    of each other, pair by pair, with ones on the diagonal (Shi and Malik 2000, eq. 11)."""
    at = np.indices(channels.shape[1:]).reshape(2, -1).T * np.asarray(spacing)
    pairs = cKDTree(at).query_pairs(radius_mm, output_type="ndarray")
    value = channels.reshape(len(channels), -1).T.astype(np.float64)
    difference = ((value[pairs[:, 0]] - value[pairs[:, 1]]) ** 2).sum(axis=1) / (2 * channel_scale**2)
    distance = ((at[pairs[:, 0]] - at[pairs[:, 1]]) ** 2).sum(axis=1) / (2 * distance_scale_mm**2)
    half = sparse.coo_array((np.exp(-difference - distance), (pairs[:, 0], pairs[:, 1])), shape=(len(at),) * 2)
    return sparse.csr_array(half + half.T + sparse.eye_array(len(at)))


def summed_ncut(affinity: sparse.spmatrix, labels: np.ndarray) -> float:
    """Sum over the clusters of cut / association: sum_k (1 - W_kk / d_k), Shi and Malik 2000; none for a single
    cluster."""
    count = int(labels.max()) + 1
    member = sparse.csr_array((np.ones(labels.size), (np.arange(labels.size), labels)), shape=(labels.size, count))
    joined = (member.T @ sparse.csr_array(affinity) @ member).toarray()
    degree = joined.sum(axis=1)
    return float(np.sum(1 - np.diag(joined)[degree > 0] / degree[degree > 0]))
