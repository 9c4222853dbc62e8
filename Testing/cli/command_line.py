"""The command line as a user runs it: a process of its own, its two streams and its exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk

ROOT = Path(__file__).parents[2]
DEMO_MODEL = "osteoblastic-vs-osteolytic-demo"


def spinemets(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `python -m spinemets ARGUMENTS` in `cwd`."""
    command = [sys.executable, "-m", "spinemets", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, timeout=300, check=False)


def write_image(array: np.ndarray, path: Path, origin: tuple[float, float, float] = (0, 0, 0), **metadata: str) -> Path:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((1.0, 1.0, 2.0))
    image.SetOrigin(origin)
    for key, value in metadata.items():
        image.SetMetaData(key, value)
    sitk.WriteImage(image, str(path))
    return path


def noise(shape: tuple[int, ...] = (12, 24, 24)) -> np.ndarray:
    return np.random.default_rng(5).normal(400, 60, shape).astype(np.float32)


def block(shape: tuple[int, ...] = (12, 24, 24)) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    mask[4:8, 8:16, 8:16] = 1
    return mask
