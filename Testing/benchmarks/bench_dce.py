"""Time of the pharmacokinetic fit against scipy's curve_fit voxel by voxel, interleaved, and of the three maps.

    python Testing/benchmarks/bench_dce.py [--voxels 100000] [--peer-voxels 150] [--rounds 3]

The peer fits the same curves with the same model, table and bounds, from the usual start values; its time is that of a
sample, told a voxel. Times are of the process' CPU; absolute ones mean nothing on a shared machine, ratios of one run
do.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np  # noqa: E402
import SimpleITK as sitk  # noqa: E402
from scipy.optimize import curve_fit  # noqa: E402

from spinemets.dce.convolution import ExponentialTable  # noqa: E402
from spinemets.dce.input_functions import parker  # noqa: E402
from spinemets.dce.maps import parametric_maps  # noqa: E402
from spinemets.dce.pharmacokinetics import fit_model  # noqa: E402
from spinemets.dce.series import DynamicSeries  # noqa: E402
from spinemets.dce.time_course import read_time_course  # noqa: E402

TIMES = np.arange(60) * 5.0
FUNCTION = parker(20.0, 320.0)


def curves(voxels: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy extended Tofts curves (voxel, 60), and their Ktrans."""
    rng = np.random.default_rng(0)
    ktrans, ve, vp = rng.uniform(0.02, 0.6, voxels), rng.uniform(0.1, 0.6, voxels), rng.uniform(0, 0.1, voxels)
    table = ExponentialTable(FUNCTION, TIMES)
    clean = ktrans[:, np.newaxis] * table.at(ktrans / ve) + vp[:, np.newaxis] * FUNCTION.at(TIMES)
    return clean + rng.normal(0, 0.01, clean.shape), ktrans


def peer(sample: np.ndarray) -> np.ndarray:
    """Ktrans by curve_fit, one voxel after the other."""
    table, plasma = ExponentialTable(FUNCTION, TIMES), FUNCTION.at(TIMES)

    def model(_times: np.ndarray, ktrans: float, ve: float, vp: float) -> np.ndarray:
        return ktrans * table.at(np.array([min(max(ktrans / ve, 1e-3), 60.0)]))[0] + vp * plasma

    bounds = ([0, 0.01, 0], [5, 1, 1])
    return np.array([curve_fit(model, TIMES, curve, (0.1, 0.3, 0.05), bounds=bounds)[0][0] for curve in sample])


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--voxels", type=int, default=100_000)
    options.add_argument("--peer-voxels", type=int, default=150)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    measured, truth = curves(asked.voxels)
    sample = measured[: asked.peer_voxels]
    ours, theirs = [], []
    for _ in range(asked.rounds):
        ours.append(seconds(lambda: fit_model(measured, TIMES, FUNCTION, "etofts")))
        theirs.append(seconds(lambda: peer(sample)))
    own, other = statistics.median(ours) / asked.voxels, statistics.median(theirs) / asked.peer_voxels
    found = fit_model(sample, TIMES, FUNCTION, "etofts").parameters["ktrans"]
    apart = np.median(np.abs(found - peer(sample)) / truth[: len(sample)])
    print(f"extended Tofts, {asked.voxels} voxels x {len(TIMES)} frames: {statistics.median(ours):.2f} s CPU")
    print(f"scipy curve_fit: {other * 1e3:.2f} ms a voxel, ours {own * 1e6:.1f} us: {other / own:.0f} times faster")
    print(f"median difference of Ktrans to curve_fit: {apart:.1e} of the truth")

    rng = np.random.default_rng(1)
    frames = [sitk.GetImageFromArray(rng.uniform(90, 300, (30, 192, 256)).astype(np.int16)) for _ in range(12)]
    series = DynamicSeries(sitk.JoinSeries(frames), np.arange(12) * 12.0)
    course = read_time_course(100 + np.array([0, 1, 20, 90, 150, 160, 158, 155, 150, 148, 145, 140.0]), series.times)
    spot, own_frames = [], []
    for _ in range(asked.rounds):
        spot.append(seconds(lambda: parametric_maps(series, course)))
        own_frames.append(seconds(lambda: parametric_maps(series)))
    print(
        f"three maps of 256 x 192 x 30 x 12: {statistics.median(spot):.3f} s with the hot spot's frames, "
        f"{statistics.median(own_frames):.3f} s with each voxel's own"
    )


if __name__ == "__main__":
    main()
