"""Pictures of masks on the image that they were made from."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

TIMES = 4
HALF_WIDTH, HALF_HEIGHT = 36, 32
LABEL_HEIGHT = 16
GREEN, RED = (80, 255, 80), (255, 70, 70)


def draw_contours(volume: np.ndarray, k: int, truth: np.ndarray, masks: dict[str, np.ndarray]) -> np.ndarray:
    """(rows, columns, 3) panels side by side: a slice with the truth in green and one mask each in red, and its name.

    Parameters
    ----------
    volume, truth, masks : [k, j, i].
    """
    j, i = (round(n) for n in np.argwhere(truth.any(axis=0)).mean(axis=0))
    part = k, slice(max(0, j - HALF_HEIGHT), j + HALF_HEIGHT), slice(max(0, i - HALF_WIDTH), i + HALF_WIDTH)
    low, high = 0.0, float(np.percentile(volume[:, part[1], part[2]][truth[:, part[1], part[2]]], 99)) * 1.3
    grey = _enlarged(np.clip((volume[part] - low) / (high - low), 0, 1) * 255)
    panels = []
    for name, mask in masks.items():
        panel = np.stack([grey] * 3, axis=-1).astype(np.uint8)
        panel[_edge(mask[part])] = RED
        panel[_edge(truth[part])] = GREEN
        panels.append(_labelled(panel, name))
    return np.concatenate(panels, axis=1)


def stack_pictures(pictures: list[np.ndarray]) -> Image.Image:
    """Pictures below each other."""
    width = max(picture.shape[1] for picture in pictures)
    return Image.fromarray(np.concatenate([np.pad(p, ((0, 4), (0, width - p.shape[1]), (0, 0))) for p in pictures]))


def _enlarged(values: np.ndarray) -> np.ndarray:
    return values.repeat(TIMES, axis=0).repeat(TIMES, axis=1)


def _edge(mask: np.ndarray) -> np.ndarray:
    large = _enlarged(mask)
    return large & ~ndimage.binary_erosion(large)


def _labelled(panel: np.ndarray, name: str) -> np.ndarray:
    strip = Image.new("RGB", (panel.shape[1], LABEL_HEIGHT))
    ImageDraw.Draw(strip).text((3, 2), name, fill=(255, 255, 255))
    return np.concatenate([np.asarray(strip), panel])
