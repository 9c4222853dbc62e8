"""Time of the 107 features against pyradiomics 3.0.1, interleaved in one process, one thread.

    python Testing/benchmarks/bench_features.py [--rounds 7] [--image FILE --mask FILE]

Prints one line a case: median seconds of each and their ratio. pyradiomics is optional: without it only our own times
are printed. Absolute times mean nothing on a shared machine; ratios of one run do.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import SimpleITK as sitk  # noqa: E402

from spinemets.features.extraction import extract_features  # noqa: E402

REFERENCE = ROOT / "Testing" / "reference" / "pyradiomics"
CASES = {
    "native": ({}, {}),
    "1 mm": ({"spacing": 1.0}, {"resampledPixelSpacing": [1, 1, 1]}),
    "64 bins": ({"bin_count": 64}, {"binCount": 64}),
}


def pyradiomics_extraction(settings: dict) -> Callable[[sitk.Image, sitk.Image], object] | None:
    """pyradiomics' extraction of the same features with the same settings, or None when it is not installed."""
    try:
        import radiomics
        from radiomics.featureextractor import RadiomicsFeatureExtractor
    except ImportError:
        return None
    radiomics.logger.setLevel(logging.CRITICAL)
    return RadiomicsFeatureExtractor(**settings).execute


def seconds(work: Callable[..., object], *arguments: object, **options: object) -> float:
    start = time.perf_counter()
    work(*arguments, **options)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--image", default=str(REFERENCE / "axial_image.nrrd"))
    parser.add_argument("--mask", default=str(REFERENCE / "axial_mask.nrrd"))
    arguments = parser.parse_args()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    image, mask = sitk.ReadImage(arguments.image), sitk.ReadImage(arguments.mask)
    mask = sitk.Cast(mask != 0, sitk.sitkUInt8)
    for name, (options, settings) in CASES.items():
        peer = pyradiomics_extraction(settings)
        ours = {engine: [] for engine in ("auto", "numpy")}
        theirs = []
        for engine in ours:
            extract_features(image, mask, engine=engine, **options)
        for _ in range(arguments.rounds):
            for engine, times in ours.items():
                times.append(seconds(extract_features, image, mask, engine=engine, **options))
            if peer:
                theirs.append(seconds(peer, image, mask))
        line = f"{name:10s}" + "".join(f"  {engine} {statistics.median(times):.4f} s" for engine, times in ours.items())
        if theirs:
            peer_time = statistics.median(theirs)
            ratios = ", ".join(
                f"{peer_time / statistics.median(times):.1f}x {engine}" for engine, times in ours.items()
            )
            line += f"  pyradiomics {peer_time:.4f} s  ({ratios})"
        print(line)


if __name__ == "__main__":
    main()
