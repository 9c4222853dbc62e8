"""Normalized cut of slices against scikit-learn's spectral clustering of the same graph: time and summed Ncut.

    python Testing/benchmarks/bench_segmentation_ncut.py [--cases 10] [--slices 5] [--levels easy hard] [--box]

Slices of 45 x 90 pixels of the dynamic series of `spinemets.phantom.difficulty`, 12 clusters, radius 5 pixels,
interleaved slice by slice in one process on one thread. scikit-learn is handed the finished graph; our time includes
making it. `--box` adds a cut in three dimensions. Absolute times mean little on a shared machine; ratios of one run do.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
import SimpleITK as sitk  # noqa: E402
from segmentation_peers import measured, reference_affinity, spectral_clusters, summed_ncut  # noqa: E402

from spinemets.phantom.difficulty import DIFFICULTIES, difficult_case  # noqa: E402
from spinemets.segmentation.affinity import AffinityGraph  # noqa: E402
from spinemets.segmentation.normalized_cut import SliceCutter, VolumeCutter  # noqa: E402
from spinemets.segmentation.parameters import SegmentationParameters  # noqa: E402

SHAPE = (45, 90)
BOX = (8, 32, 32)
CLUSTERS = 12
RADIUS_PIXELS = 5


def channels_of(level: str, seed: int, shape: tuple[int, int]) -> tuple[np.ndarray, tuple[float, ...], list[int]]:
    """(channel, k, j, i) around the lesion, mm along k, j, i, and the slices that show the lesion.

    Channels: first frame, late frames, their difference; each with median 0 and unit 5th to 95th percentile.
    """
    case = difficult_case(level, seed)
    frames = sitk.GetArrayFromImage(case.image).astype(np.float32)
    truth = sitk.GetArrayFromImage(case.truth) != 0
    middle = np.argwhere(truth.any(axis=0)).mean(axis=0)
    rows, columns = (
        slice(start, start + n)
        for n, size, at in zip(shape, truth.shape[1:], middle)
        for start in [int(np.clip(round(at - n / 2), 0, size - n))]
    )
    late = frames[-4:].mean(axis=0)
    channels = np.stack([frames[0], late, late - frames[0]])[:, :, rows, columns]
    low, median, high = np.percentile(channels, (5, 50, 95), axis=(1, 2, 3), keepdims=True)
    shown = np.flatnonzero(truth.any(axis=(1, 2))).tolist()
    return ((channels - median) / (high - low)).astype(np.float32), case.truth.GetSpacing()[::-1], shown


def parameters_for(spacing: tuple[float, ...]) -> SegmentationParameters:
    return replace(
        SegmentationParameters(),
        radius_mm=RADIUS_PIXELS * spacing[-1] + 1e-6,
        minimum_clusters=CLUSTERS,
        maximum_clusters=CLUSTERS,
        maximum_pixels=10**6,
    )


def graph_of(shape: tuple[int, ...], spacing: tuple[float, ...], parameters: SegmentationParameters) -> AffinityGraph:
    return AffinityGraph(shape, spacing, parameters.radius_mm, parameters.channel_scale, parameters.distance_scale_mm)


def slices_of(level: str, seed: int, count: int) -> Iterator[tuple[np.ndarray, tuple[float, ...]]]:
    """Some slices through the lesion, evenly spread."""
    channels, spacing, shown = channels_of(level, seed, SHAPE)
    for k in shown[:: max(1, len(shown) // count)][:count]:
        yield np.ascontiguousarray(channels[:, k]), spacing[1:]


def check_graph(channels: np.ndarray, spacing: tuple[float, ...]) -> float:
    """Largest difference between our affinities of a slice and those of the equation, worked out pair by pair."""
    parameters = parameters_for(spacing)
    ours = graph_of(SHAPE, spacing, parameters).of(channels)
    reference = reference_affinity(
        channels, spacing, parameters.radius_mm, parameters.channel_scale, parameters.distance_scale_mm
    )
    return float(abs(ours - reference).max())


def compare_slices(level: str, cases: range, count: int) -> list[tuple[float, float, float, float]]:
    """Seconds and summed Ncut, ours and scikit-learn's, of each slice."""
    rows = []
    for seed in cases:
        cutter = None
        for channels, spacing in slices_of(level, seed, count):
            parameters = parameters_for(spacing)
            cutter = cutter or SliceCutter(SHAPE, spacing, parameters)
            matrix = graph_of(SHAPE, spacing, parameters).of(channels)
            ours = measured(lambda cutter=cutter, channels=channels: cutter.cut(channels))
            peer = measured(lambda matrix=matrix: spectral_clusters(matrix, CLUSTERS))
            cut = [summed_ncut(matrix, np.ravel(labels)) for labels in (ours.result, peer.result)]
            if not len(np.unique(ours.result)) == len(np.unique(peer.result)) == CLUSTERS:
                print(f"{level} {seed}: {len(np.unique(ours.result))} and {len(np.unique(peer.result))} clusters")
            rows.append((ours.seconds, peer.seconds, cut[0], cut[1]))
    return rows


def told(name: str, rows: list[tuple[float, float, float, float]]) -> str:
    ours, peer = (statistics.median(row[n] for row in rows) for n in (0, 1))
    ratio = statistics.median(row[1] / row[0] for row in rows)
    cut, peer_cut = (sum(row[n] for row in rows) for n in (2, 3))
    worst = max(row[2] / row[3] for row in rows)
    return (
        f"{name:8s} {len(rows):4d}   {1000 * ours:7.1f} ms {1000 * peer:8.1f} ms  {ratio:6.1f}x"
        f"   {cut / len(rows):7.4f} {peer_cut / len(rows):8.4f}   {cut / peer_cut:.4f} (worst slice {worst:.4f})"
    )


def compare_box(level: str, seed: int) -> tuple[float, float, float, float]:
    """The same in three dimensions, on one box round the lesion's middle."""
    channels, spacing, shown = channels_of(level, seed, BOX[1:])
    first = max(0, shown[len(shown) // 2] - BOX[0] // 2)
    box = np.ascontiguousarray(channels[:, first : first + BOX[0]])
    parameters = parameters_for(spacing)
    cutter = VolumeCutter(BOX, spacing, parameters)
    matrix = graph_of(BOX, spacing, parameters).of(box)
    ours = measured(lambda: cutter.cut(box))
    peer = measured(lambda: spectral_clusters(matrix, CLUSTERS))
    return (
        ours.seconds,
        peer.seconds,
        summed_ncut(matrix, np.ravel(ours.result)),
        summed_ncut(matrix, np.ravel(peer.result)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1, help="cases a level")
    parser.add_argument("--slices", type=int, default=4, help="slices a case")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--levels", nargs="+", choices=DIFFICULTIES, default=DIFFICULTIES)
    parser.add_argument("--box", action="store_true", help="also cut a box of 8 x 32 x 32 voxels of each level")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    channels, spacing = next(slices_of("easy", 0, 1))
    print(f"affinities differ from the equation by {check_graph(channels, spacing):.1e} at most")
    SliceCutter(SHAPE, spacing, parameters_for(spacing)).cut(channels)
    spectral_clusters(graph_of((12, 12), spacing, parameters_for(spacing)).of(channels[:, :12, :12]), CLUSTERS)
    print("level    slices   ours      scikit-learn    ratio   Ncut, ours and scikit-learn's, and their ratio")
    every = []
    cases = range(arguments.first_seed, arguments.first_seed + arguments.cases)
    for level in arguments.levels:
        rows = compare_slices(level, cases, arguments.slices)
        every += rows
        print(told(level, rows), flush=True)
    print(told("all", every))
    if arguments.box:
        print(told("boxes", [compare_box(level, arguments.first_seed) for level in arguments.levels]))


if __name__ == "__main__":
    main()
