"""What voxels look like, and how much they look like what strokes have marked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.segmentation.smoothing import gaussian

Field = NDArray[np.float32]
Mask = NDArray[np.bool_]

COMPONENTS = 5
# The covariance of time courses is taken from every so manieth voxel along each row.
EVERY = 3
# A component with less than this share of the strongest one's variance is rounding of float32.
ROUNDING = 1e-10
K_MEANS_ROUNDS = 5
MOST_SAMPLES = 1500
LARGEST_EVIDENCE = 4.0
# The Gaussian ends at so many SDs.
SMOOTHING_ENDS = 3.0


def signal_components(
    voxels: NDArray[np.float32], sigma: tuple[float, float, float], middle: tuple[slice, slice, slice]
) -> Field:
    """(channel, z, y, x): the principal components of the time courses, smoothed, in units of their noise.

    Noise is alike in all frames, so distances between whole time courses are what noise makes of them; the leading
    components keep nearly all of the distance in a few numbers. An image without frames is its own single component.

    Parameters
    ----------
    voxels : (z, y, x) of an image or (frame, z, y, x) of a dynamic series.
    sigma : SD of the Gaussian along z, y, x in voxels.
    middle : the part of the box, round the lesion, in which noise is measured.

    Raises
    ------
    InputError : a value is not finite; every value is the same.
    """
    finite = np.isfinite(voxels)
    if not finite.all():
        count = int(voxels.size - np.count_nonzero(finite))
        raise InputError(
            "image", f"has {count} voxels round the strokes that are not numbers (NaN or infinite)", "repair the image"
        )
    if voxels.max() == voxels.min():
        raise InputError("image", "has the same value everywhere round the strokes", "choose an image with a signal")
    frames = voxels if voxels.ndim == 4 else voxels[np.newaxis]
    # What all voxels share goes first: large numbers would not stay apart in float32.
    frames = frames - frames.mean(dtype=np.float64).astype(np.float32)
    components = _rotated(_principal_axes(frames), frames)
    components = gaussian(components, (0.0, *sigma), SMOOTHING_ENDS)
    for component in components:
        component /= np.float32(_noise(component[middle]))
    return components


def _principal_axes(frames: Field) -> NDArray[np.float64]:
    """(component, frame), the strongest first; its largest entry is positive."""
    courses = frames[..., ::EVERY].reshape(len(frames), -1).astype(np.float64)
    courses -= courses.mean(axis=1, keepdims=True)
    n = len(courses)
    covariance = np.empty((n, n))
    for i in range(n):
        for j in range(i + 1):
            covariance[i, j] = covariance[j, i] = (courses[i] * courses[j]).mean()
    variances, vectors = np.linalg.eigh(covariance)
    # What is left of frames that repeat each other is rounding, which no scale may turn into a signal.
    real = variances[::-1] > ROUNDING * variances[-1]
    axes = vectors[:, ::-1].T[real][:COMPONENTS]
    return np.asarray(axes * np.sign(np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)))


def _noise(component: Field) -> float:
    """SD of the difference of two neighbours in what is even (median, so robust)."""
    step = np.abs(np.diff(component, axis=-1))
    # Of an even image with a few structures no difference is noise.
    return max(float(np.median(step)) / 0.6745, 1e-3 * float(component.std(dtype=np.float64)), 1e-12)


def _rotated(matrix: NDArray[np.float64], channels: Field) -> Field:
    """matrix @ channels, row by row and without BLAS, so that the sums are the same for any number of threads."""
    rotated = np.zeros((len(matrix), *channels.shape[1:]), np.float32)
    scratch = np.empty(channels.shape[1:], np.float32)
    for row, out in zip(matrix, rotated):
        for share, channel in zip(row, channels):
            if share:
                np.multiply(channel, np.float32(share), out=scratch)
                out += scratch
    return rotated


class Looks:
    """A class of tissue by a few typical looks: Gaussians in channel space with one covariance.

    Parameters
    ----------
    samples : (n, channel), n > 0; of very many every so manieth is looked at.
    count : of looks, at most.
    least_sd : added to the SD of the samples, in units of noise.
    """

    def __init__(self, samples: Field, count: int, least_sd: float) -> None:
        points = samples[:: 1 + len(samples) // MOST_SAMPLES].astype(np.float64)
        centres = _spread_out(points, count)
        off = points - centres[_squared_distances(points, centres).argmin(axis=1)]
        covariance = np.einsum("ni,nj->ij", off, off) / len(points) + least_sd**2 * np.eye(points.shape[1])
        self._whitening = np.linalg.inv(np.linalg.cholesky(covariance))
        self._centres = centres @ self._whitening.T
        # Relative to a look as narrow as it may be, so that densities of classes compare.
        self._peak = float(np.log(np.diag(self._whitening) * least_sd).sum())

    def log_density(self, channels: Field) -> Field:
        """Log of the density (z, y, x) of the nearest look; 0 is the middle of a look as narrow as it may be."""
        white = _rotated(self._whitening, channels)
        squares = np.zeros(channels.shape[1:], np.float32)
        scratch = np.empty_like(squares)
        for channel in white:
            np.multiply(channel, channel, out=scratch)
            squares += scratch
        best = np.full_like(squares, -np.inf)
        for centre in self._centres:
            # -|w - c|^2 / 2 = w.c - |c|^2 / 2 - |w|^2 / 2; the last is the same for all looks.
            at = np.full_like(squares, -0.5 * float((centre**2).sum()))
            for share, channel in zip(centre, white):
                np.multiply(channel, np.float32(share), out=scratch)
                at += scratch
            np.maximum(best, at, out=best)
        best -= squares * np.float32(0.5)
        best += np.float32(self._peak)
        return best


def evidence(inside: Field, outside: Field, surprise: float, unknown: float) -> Field:
    """Log-odds (z, y, x) of lesion by look, at most 4 either way.

    Parameters
    ----------
    inside, outside : log densities under the two classes.
    surprise : minus the log density below which a look is taken to be none of the class's.
    unknown : log-odds of what looks like neither.
    """
    for_it = np.maximum(inside, np.float32(unknown - surprise))
    for_it -= np.maximum(outside, np.float32(-surprise))
    return np.clip(for_it, -LARGEST_EVIDENCE, LARGEST_EVIDENCE, out=for_it)


def _squared_distances(points: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    squares = np.zeros((len(points), len(centres)))
    for along, at in zip(points.T, centres.T):
        squares += (along[:, None] - at) ** 2
    return squares


def _spread_out(points: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Up to `count` centres: the farthest points first (Gonzalez 1985), then rounds of k-means (Lloyd 1982)."""
    chosen = [points.mean(axis=0)]
    apart = ((points - chosen[0]) ** 2).sum(axis=1)
    while len(chosen) < min(count, len(points)) and apart.max() > 0:
        chosen.append(points[int(apart.argmax())])
        apart = np.minimum(apart, ((points - chosen[-1]) ** 2).sum(axis=1))
    centres = np.array(chosen)
    for _ in range(K_MEANS_ROUNDS):
        nearest = _squared_distances(points, centres).argmin(axis=1)
        for number in range(len(centres)):
            own = nearest == number
            if own.any():
                centres[number] = points[own].mean(axis=0)
    return centres
