"""Shape features of a plane: size and form of a region of pixels, without its intensities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.features.kernels import longest_within_groups
from spinemets.features.shape import principal_variances

Floats = NDArray[np.float64]

# Corners (y, x) of a square of four pixel centres, in the order of the case's bits; and the middles of its sides.
CORNERS = ((0, 0), (0, 1), (1, 1), (1, 0))
MIDDLES = np.array([(0.0, 0.5), (0.5, 1.0), (1.0, 0.5), (0.5, 0.0)])
# Lines from middle to middle of each case, with the region on one side; the two diagonal cases keep their pixels apart.
LINES: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 5: ((3, 0), (1, 2)), 6: ((0, 2),), 7: ((3, 2),),
    8: ((2, 3),), 9: ((2, 0),), 10: ((0, 1), (2, 3)), 11: ((2, 1),), 12: ((1, 3),), 13: ((1, 0),), 14: ((0, 3),),
}  # fmt: skip


def outline(inside: NDArray[np.bool_], spacing: tuple[float, float]) -> tuple[Floats, Floats]:
    """Lines of the outline: starts and ends (m, 2) in mm, by marching squares, half-way between pixel centres."""
    padded = np.pad(inside, 1).astype(np.int64)
    rows, columns = padded.shape
    case = sum(padded[dy : rows - 1 + dy, dx : columns - 1 + dx] << bit for bit, (dy, dx) in enumerate(CORNERS))
    starts, ends = [], []
    for number, lines in LINES.items():
        corner = np.argwhere(case == number).astype(np.float64)
        for first, second in lines:
            starts.append(corner + MIDDLES[first])
            ends.append(corner + MIDDLES[second])
    return np.concatenate(starts) * spacing, np.concatenate(ends) * spacing


def shape_2d_features(inside: NDArray[np.bool_], spacing: tuple[float, float]) -> dict[str, float]:
    """The 9 features of the form of a plane region, in pyradiomics' order.

    With P and A length and area of the outline, l1 >= l2 variances of the pixel centres along their principal axes;
    lengths in mm:

    - Elongation = sqrt(l2 / l1), MajorAxisLength = 4 sqrt(l1), MinorAxisLength = 4 sqrt(l2)
    - MaximumDiameter: longest distance of two vertices of the outline
    - MeshSurface = A, Perimeter = P, PerimeterSurfaceRatio = P / A, Sphericity = 2 sqrt(pi A) / P
    - PixelSurface = pixels x area of a pixel

    Parameters
    ----------
    inside : (rows, columns) bool.
    spacing : mm between rows, between columns.
    """
    start, end = outline(inside, spacing)
    perimeter = float(np.linalg.norm(end - start, axis=1).sum())
    area = abs(float(np.sum(start[:, 0] * end[:, 1] - start[:, 1] * end[:, 0]))) / 2
    vertices = np.unique(start, axis=0)
    minor, major = principal_variances(inside, np.asarray(spacing))
    features = {
        "Elongation": np.sqrt(minor / major) if major > 0 else np.nan,
        "MajorAxisLength": 4 * np.sqrt(major),
        "MaximumDiameter": longest_within_groups(vertices, np.array([0, len(vertices)]), "numpy"),
        "MeshSurface": area,
        "MinorAxisLength": 4 * np.sqrt(minor),
        "Perimeter": perimeter,
        "PerimeterSurfaceRatio": perimeter / area,
        "PixelSurface": np.count_nonzero(inside) * spacing[0] * spacing[1],
        "Sphericity": 2 * np.sqrt(np.pi * area) / perimeter,
    }
    return {name: float(value) for name, value in features.items()}
