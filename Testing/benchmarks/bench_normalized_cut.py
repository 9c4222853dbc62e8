"""Normalized cut on images whose regions are known, against scikit-learn's spectral clustering of the same graph.

    python Testing/benchmarks/bench_normalized_cut.py [--slices 2] [--box 19 60 130]

Beside bench_segmentation_ncut.py, which takes slices of the phantom and 12 clusters: other numbers of clusters; slices
of flat regions, where eigenvectors are at their best; how often the number of regions is found, beside the eigengap;
and a large box. Interleaved, one thread; scikit-learn is handed the finished graph, our time includes making it. CPU
time.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
from scipy import ndimage, sparse  # noqa: E402
from scipy.sparse.linalg import eigsh  # noqa: E402
from segmentation_peers import spectral_clusters  # noqa: E402

from spinemets.segmentation.affinity import AffinityGraph  # noqa: E402
from spinemets.segmentation.normalized_cut import SliceCutter, VolumeCutter, ncut_value  # noqa: E402
from spinemets.segmentation.parameters import SegmentationParameters  # noqa: E402

SHAPE, SPACING = (45, 90), (1.0, 1.0)
COUNTS = (2, 4, 8, 12)


def regions(count: int, shape: tuple[int, ...], chance: np.random.Generator, noise: float) -> np.ndarray:
    """Two channels of Voronoi regions, each at least 0.6 from any other, with white noise."""
    points = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1)
    truth = np.zeros(shape, int)
    while np.bincount(truth.ravel(), minlength=count).min() < np.prod(shape) // (3 * count):
        seeds = chance.uniform(2, np.array(shape) - 2, (count, len(shape)))
        truth = ((points[..., np.newaxis, :] - seeds) ** 2).sum(axis=-1).argmin(axis=-1)
    values = np.zeros((count, 2))
    while (np.hypot(*(values[:, np.newaxis] - values).transpose(2, 0, 1)) + np.eye(count)).min() < 0.6:
        values = chance.uniform(-2, 2, (count, 2))
    return (np.moveaxis(values[truth], -1, 0) + chance.normal(0, noise, (2, *shape))).astype(np.float32)


def shaded(shape: tuple[int, ...], chance: np.random.Generator) -> np.ndarray:
    """Two channels of soft shapes with correlated noise."""
    fields = ndimage.gaussian_filter(chance.normal(size=(2, *shape)), (0, *(5,) * len(shape)))
    noise = ndimage.gaussian_filter(chance.normal(size=(2, *shape)), (0, *(0.7,) * len(shape)))
    return (np.tanh(2 * fields / fields.std()) + 0.2 * noise / noise.std()).astype(np.float32)


def timed(work: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def parameters(least: int, most: int) -> SegmentationParameters:
    return SegmentationParameters(minimum_clusters=least, maximum_clusters=most, maximum_pixels=10**6)


def graph(shape: tuple[int, ...], spacing: tuple[float, ...]) -> AffinityGraph:
    usual = parameters(2, 2)
    return AffinityGraph(shape, spacing, usual.radius_mm, usual.channel_scale, usual.distance_scale_mm)


def compare(name: str, images: list[np.ndarray]) -> None:
    pixels = graph(SHAPE, SPACING)
    for count in COUNTS:
        cutter = SliceCutter(SHAPE, SPACING, parameters(count, count))
        seconds, cuts = np.zeros(2), np.zeros(2)
        for image in images:
            affinity = pixels.of(image)
            works = partial(cutter.cut, image), partial(spectral_clusters, affinity, count)
            for number, work in enumerate(works):
                spent, labels = timed(work)
                seconds[number] += spent
                cuts[number] += ncut_value(affinity, np.ravel(labels))
        print(
            f"{name:8s} {count:2d} clusters  {1000 * seconds[0] / len(images):6.1f} ms, "
            f"{seconds[1] / seconds[0]:5.1f}x faster; Ncut {cuts[0]:.4f}, scikit-learn's {cuts[1]:.4f}, "
            f"ratio {cuts[0] / cuts[1]:.3f}",
            flush=True,
        )


def eigengap(affinity: sparse.csr_array, least: int, most: int) -> int:
    """The number of clusters after which the eigenvalues of the whole graph drop most."""
    scale = sparse.diags_array(1 / np.sqrt(affinity.sum(axis=1)))
    start = np.random.default_rng(0).standard_normal(affinity.shape[0])
    values = np.sort(eigsh(scale @ affinity @ scale, k=most + 1, which="LA", v0=start, tol=1e-5)[0])[::-1]
    return least + int(np.argmax((values[:-1] - values[1:])[least - 1 :]))


def count_regions(slices: int) -> None:
    cutter, pixels = SliceCutter(SHAPE, SPACING, parameters(2, 12)), graph(SHAPE, SPACING)
    for noise in (0.05, 0.15, 0.25):
        chance = np.random.default_rng(0)
        truth = [count for count in (4, 5, 6, 8, 10) for _ in range(slices)]
        images = [regions(count, SHAPE, chance, noise) for count in truth]
        ours = sum(int(cutter.cut(image).max()) + 1 == count for image, count in zip(images, truth))
        theirs = sum(eigengap(pixels.of(image), 2, 12) == count for image, count in zip(images, truth))
        print(f"noise {noise:.2f}: number of regions found in {ours} of {len(truth)}, by the eigengap in {theirs}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", type=int, default=2, help="slices of a kind")
    parser.add_argument("--box", type=int, nargs=3, default=(19, 60, 130), help="slices, rows and columns")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    chance = np.random.default_rng(7)
    compare("shaded", [shaded(SHAPE, chance) for _ in range(arguments.slices)])
    noises = (0.03, 0.1, 0.2)
    flat = [regions(int(chance.integers(5, 15)), SHAPE, chance, noises[n % 3]) for n in range(arguments.slices)]
    compare("regions", flat)
    count_regions(arguments.slices)
    box, spacing = shaded(tuple(arguments.box), chance), (3.0, 1.0, 1.0)
    spent, labels = timed(lambda: VolumeCutter(box.shape[1:], spacing, parameters(8, 24)).cut(box))
    print(f"box of {labels.size} voxels, 3 x 1 x 1 mm: {spent:.2f} s, {labels.max() + 1} clusters")


if __name__ == "__main__":
    main()
