"""CPU time and memory of features against pyradiomics 3.0.1, interleaved in one process, one thread.

    python Testing/benchmarks/bench_features.py [--rounds 5] [--region lesion|small|large] [--memory]
    python Testing/benchmarks/bench_features.py --image FILE --mask FILE

Prints one line a case: median CPU seconds of each engine and their ratio to pyradiomics, which is there after
`make pyradiomics`: this then runs in that environment, for both in one process. Without it only our own times are
printed. Times mean nothing on a shared machine; ratios of one run do. The regions are made here: a lesion of 5
thousand voxels as they are acquired, a small one of 2 thousand in an image of its own size, and a large one of 57
thousand. `--memory` adds the most memory that a process of its own needed with each engine.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import SimpleITK as sitk  # noqa: E402

from spinemets.features.extraction import extract_features  # noqa: E402
from spinemets.features.preparation import box_of, crop  # noqa: E402

PEER = ROOT / ".venv-pyradiomics" / "bin" / "python"
ALL_IMAGES = ("Original", "Wavelet", "Square", "SquareRoot", "Logarithm", "Exponential", "Gradient", "LBP2D")
# Name -> our options, pyradiomics' settings, image types, voxels round the mask that both get (None: the whole image).
CASES: dict[str, tuple[dict, dict, tuple[str, ...], int | None]] = {
    "107": ({}, {}, ("Original",), None),
    "107, 1 mm": ({"spacing": 1.0}, {"resampledPixelSpacing": [1, 1, 1]}, ("Original",), None),
    "107, 64 bins": ({"bin_count": 64}, {"binCount": 64}, ("Original",), None),
    "1409": ({"feature_set": "1409"}, {}, ALL_IMAGES, None),
    "1409, cropped": ({"feature_set": "1409"}, {}, ALL_IMAGES, 12),
}
ENGINES = ("auto", "numpy", "pyradiomics")


Size = tuple[int, int, int]
# Voxels of the field of view and spacing in mm, both along z, y, x, and radius of the lesion in mm.
REGIONS: dict[str, tuple[Size, tuple[float, float, float], float]] = {
    "lesion": ((24, 256, 256), (4.0, 0.9, 0.9), 16.0),
    "small": ((12, 40, 40), (4.0, 0.9, 0.9), 11.5),
    "large": ((80, 180, 180), (1.0, 1.0, 1.0), 23.9),
}


def made_case(region: str) -> tuple[sitk.Image, sitk.Image]:
    """A textured ball in the middle of a field of view."""
    size, spacing, radius = REGIONS[region]
    image = sitk.GetImageFromArray(np.random.default_rng(8).normal(500, 200, size).astype(np.float32))
    image = sitk.SmoothingRecursiveGaussian(image, 1.0) * 4.0 - 1500.0
    steps = zip(np.indices(size), size, spacing)
    inside = sum(((index - count / 2) * step) ** 2 for index, count, step in steps) < radius**2
    mask = sitk.GetImageFromArray(inside.astype(np.uint8))
    for each in (image, mask):
        each.SetSpacing(spacing[::-1])
    return sitk.Cast(image, sitk.sitkInt16), mask


def pyradiomics_extraction(settings: dict, image_types: tuple[str, ...]) -> Callable[..., object] | None:
    """pyradiomics' extraction of the same features with the same settings, or None when it is not installed."""
    try:
        import radiomics
        from radiomics.featureextractor import RadiomicsFeatureExtractor
    except ImportError:
        return None
    radiomics.logger.setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", message="Applying `local_binary_pattern`")
    extractor = RadiomicsFeatureExtractor(geometryTolerance=1e-3, **settings)
    extractor.enableImageTypes(**{name: {} for name in image_types})
    return extractor.execute


def works(case: str) -> dict[str, Callable[..., object]]:
    """What each engine does in a case."""
    options, settings, image_types, _ = CASES[case]

    def ours(engine: str) -> Callable[..., object]:
        return lambda image, mask: extract_features(image, mask, engine=engine, **options)

    peer = pyradiomics_extraction(settings, image_types)
    return {"auto": ours("auto"), "numpy": ours("numpy")} | ({"pyradiomics": peer} if peer else {})


def images(arguments: argparse.Namespace, case: str) -> tuple[sitk.Image, sitk.Image]:
    if arguments.image is None:
        image, mask = made_case(arguments.region)
    else:
        image, mask = sitk.ReadImage(arguments.image), sitk.ReadImage(arguments.mask)
        mask = sitk.Cast(mask != 0, sitk.sitkUInt8)
    margin = CASES[case][3]
    if margin is None:
        return image, mask
    box = box_of(sitk.GetArrayViewFromImage(mask))
    return crop(image, *box, margin), crop(mask, *box, margin)


def cpu_seconds(work: Callable[..., object], *given: object) -> float:
    start = time.process_time()
    work(*given)
    return time.process_time() - start


def compare(arguments: argparse.Namespace, case: str) -> None:
    image, mask = images(arguments, case)
    engines = works(case)
    times: dict[str, list[float]] = {name: [] for name in engines}
    extract_features(image, mask)  # compiles
    for _ in range(arguments.rounds):
        for name, work in engines.items():
            times[name].append(cpu_seconds(work, image, mask))
    medians = {name: statistics.median(each) for name, each in times.items()}
    line = f"{case:14s}" + "".join(f"  {name} {seconds:.4f} s" for name, seconds in medians.items())
    if "pyradiomics" in medians:
        peer = medians["pyradiomics"]
        line += f"  ({peer / medians['auto']:.1f}x auto, {peer / medians['numpy']:.1f}x numpy)"
    print(line, flush=True)


def print_memory(arguments: argparse.Namespace, case: str) -> None:
    """Memory of each engine, in a process of its own."""
    told = []
    for engine in works(case):
        command = [sys.executable, __file__, "--memory-of", engine, "--case", case]
        given = ["--image", arguments.image, "--mask", arguments.mask] if arguments.image else []
        command += ["--region", arguments.region, *given]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        told.append(f"  {engine} {done.stdout.strip()} MB")
    print(f"{case:14s}  most memory:" + "".join(told), flush=True)


def most_memory() -> float:
    """Most memory that this process has had, MB (Linux)."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def memory_of(arguments: argparse.Namespace) -> None:
    image, mask = images(arguments, arguments.case)
    tiny = sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 99, (6, 6, 6)).astype(np.int16))
    work = works(arguments.case)[arguments.memory_of]
    work(tiny, sitk.Cast(tiny > 50, sitk.sitkUInt8))  # imports and compiled code are not counted
    Path("/proc/self/clear_refs").write_text("5")  # the most so far starts again from what there is now
    before = most_memory()
    work(image, mask)
    print(round(most_memory() - before))


def go_on_beside_the_peer() -> None:
    """Run this again with the Python that has pyradiomics, if another has it."""
    if importlib.util.find_spec("radiomics") is None and PEER.exists():
        os.execv(PEER, [str(PEER), __file__, *sys.argv[1:]])


def main() -> None:
    go_on_beside_the_peer()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--region", choices=list(REGIONS), default="lesion")
    parser.add_argument("--image")
    parser.add_argument("--mask")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--case", choices=list(CASES))
    parser.add_argument("--memory-of", choices=ENGINES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if (arguments.image is None) != (arguments.mask is None):
        parser.error("--image and --mask belong together")
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    if arguments.memory_of:
        memory_of(arguments)
        return
    for case in [arguments.case] if arguments.case else CASES:
        compare(arguments, case)
        if arguments.memory:
            print_memory(arguments, case)


if __name__ == "__main__":
    main()
