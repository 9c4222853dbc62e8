"""The stationary wavelet transform as pyradiomics 3.0.1 calls it (coif1, periodic border), in a box of an image."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

# Low-pass decomposition filter of coif1 (Daubechies 1992, coiflet with two vanishing moments) as PyWavelets has it, to
# the last bit: where an image is flat, the high-pass result is rounding noise, and its sign decides on a grey level.
LOW = np.array(
    [float.fromhex(tap) for tap in (
        "-0x1.0080e215a69a7p-6", "-0x1.29e9ade28a163p-4", "0x1.8a1a02aaa8902p-2",
        "0x1.b48451e096425p-1", "0x1.5a01d84699533p-2", "-0x1.29e9ade28a163p-4",
    )]
)  # fmt: skip
# For 32-bit images PyWavelets multiplies 32-bit numbers into its taps, and one is not the nearest to the tap above.
LOW_32 = LOW.astype(np.float32)
LOW_32[3] = float.fromhex("0x1.b48450p-1")
# From low-pass to high-pass, its quadrature mirror.
SIGNS = np.array([-1, 1, -1, 1, -1, 1])
# out[n] = sum_j filter[j] x[n + AHEAD - j]: voxels needed after and before.
AHEAD = 3
BEHIND = len(LOW) - 1 - AHEAD

Box = tuple[slice, slice, slice]


def _filtered(x: NDArray, letter: str, axis: int) -> NDArray:
    """Convolution without border: shorter by 5 along the axis. Sums in the order that PyWavelets has, in x's type."""
    low = LOW_32 if x.dtype == np.float32 else LOW
    taps = low if letter == "L" else (low[::-1] * SIGNS).astype(x.dtype)
    x = np.moveaxis(x, axis, 0)
    n = len(x) - len(taps) + 1
    last = len(taps) - 1
    out = taps[0] * x[last : last + n]
    part = np.empty_like(out)
    for j in range(1, len(taps)):
        np.multiply(x[last - j : last - j + n], taps[j], out=part)
        out += part
    return np.moveaxis(out, 0, axis)


def _with_surroundings(image: NDArray, box: Box, levels: int, axes: tuple[int, ...]) -> NDArray:
    """The box with what the filters need round it, from the image repeated periodically; an odd length is made even by
    one more voxel of the next period, as pyradiomics pads. Whole numbers become float64, as PyWavelets has it.
    """
    part = image
    for axis in range(3):
        n = image.shape[axis]
        even = n + n % 2
        margin = levels if axis in axes else 0
        places = np.arange(box[axis].start - margin * BEHIND, box[axis].stop + margin * AHEAD) % even
        places[places >= n] = 0
        part = np.take(part, places, axis=axis) if len(places) != n or places[0] else part
    return part.astype(np.float32 if part.dtype == np.float32 else np.float64, copy=False)


def decompositions(
    image: NDArray, box: Box, axes: tuple[int, ...] = (2, 1, 0), start: int = 0, levels: int = 1
) -> Iterator[tuple[str, NDArray]]:
    """Name (`wavelet-LLH`, ...) and values in the box of each decomposition, in pyradiomics' order.

    Every level filters the approximation of the level before with the same filters, as pyradiomics does (a textbook's
    stationary transform would spread them). Letters follow the axes: x first.

    Parameters
    ----------
    image : (z, y, x), the whole of it: its border wraps round.
    box : (z, y, x) slices with start and stop.
    axes : that are filtered, in this order; in 2-D, without the axis across the planes.
    start, levels : first level and how many.
    """
    smooth = _with_surroundings(image, box, start + levels, axes)
    for _ in range(start):
        smooth = _low_along(smooth, axes)
    for level in range(1, levels + 1):
        inner = levels - level
        prefix = "wavelet-" if level == 1 else f"wavelet{level}-"
        bands = _bands(smooth, axes)
        name, smooth = next(bands)
        for name, band in bands:
            yield prefix + name, _without_margin(band, inner, axes)
    yield prefix + "L" * len(axes), smooth


def _low_along(x: NDArray, axes: tuple[int, ...]) -> NDArray:
    for axis in axes:
        x = _filtered(x, "L", axis)
    return x


def _bands(x: NDArray, axes: tuple[int, ...], name: str = "") -> Iterator[tuple[str, NDArray]]:
    """All combinations of the filters, low first, each partial result computed once."""
    if not axes:
        yield name, x
        return
    for letter in "LH":
        yield from _bands(_filtered(x, letter, axes[0]), axes[1:], name + letter)


def _without_margin(x: NDArray, levels: int, axes: tuple[int, ...]) -> NDArray:
    cut = [slice(levels * BEHIND, x.shape[a] - levels * AHEAD) if a in axes else slice(None) for a in range(3)]
    return x[tuple(cut)]
