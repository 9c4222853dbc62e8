"""Area and volume of a region's surface: a triangle mesh by marching cubes, without building the mesh.

A cube of 8 neighbouring voxel centres moves over the region. Which of its corners are inside decides the triangles in
it, with vertices half-way along the cube's edges. So the area is a sum over the 256 cases of how often each occurs; the
volume, a sum of signed tetrahedra with the origin as apex, is linear in the cube's position. Both need only counts and
summed positions of each case.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Corner 4 z + 2 y + x of a cube; edges join corners that differ in one bit, numbered in ascending order of their
# corners.
CORNERS = np.array([[corner >> 2 & 1, corner >> 1 & 1, corner & 1] for corner in range(8)], dtype=np.float64)
EDGES = [(a, b) for a in range(8) for b in range(a + 1, 8) if (a ^ b).bit_count() == 1]
# Cases that contain this corner are their complement turned inside out.
TURNED = 64
# Triangles of each case 1 .. 191 without the corner above: three edges (hexadecimal) each, outward. How they follow: on
# each face the corners inside are cut off one by one, also where two of them are diagonal; the cuts close to loops
# round the cube; each loop is a fan of triangles. From which vertex loops of five and more are fanned changes the area:
# taken so that each case has the area and volume that pyradiomics 3.0.1 gives it alone
# (Testing/reference/pyradiomics/derive_cube_triangles.py).
TRIANGLES = """
021 034 134142 165 026065 034165 653634642 357 021357 057074 742721715 167173 267273230 674640601 267274 289 089091
034289 348389391 165289 896865850 034165289 348389396365 289357 089091357 057074289 574548589591 167173289
967973930908 674640601289 489496467 4a8 0214a8 03a0a8 13a1a8182 1654a8 0260654a8 03a0a8165 53a5a8582526 3574a8
0213574a8 57a5a8580 15717a1a8182 1671734a8 2672732304a8 16717a1a8180 26727a2a8 24a2a9 a91a10a04 3a9392320 13a1a9
16524a2a9 4a9496465450 3a9392320165 3a9396365 24a2a9357 a91a10a04357 7a9792720705 15717a1a9 16717324a2a9
04a0a9096067073 01606707a0a9092 67a6a9 7ba 0217ba 0347ba 1341427ba 1657ba 0260657ba 0341657ba 6536346427ba 35b3ba
02135b3ba 05b0ba0a4 15b1ba1a4142 16b1ba1a3 02606b0ba0a3 01606b0ba0a4 6ba6a4642 2897ba 0890917ba 0342897ba 3483893917ba
1652897ba 8968658507ba 0341652897ba 3483893963657ba 28935b3ba 08909135b3ba 05b0ba0a4289 48949141545b4ba 16b1ba1a3289
6ba6a3630608689 01606b0ba0a4289 48949646b4ba 47b4b8 02147b4b8 03707b0b8 7b8782721713 16547b4b8 02606547b4b8
03707b0b8165 37b3b8382326365 5b8584543 0215b8584543 05b0b8 5b8582521 6b8684643631 30232636b3b8384 01606b0b8 26b2b8
24727b2b9 04707b0b9091 03707b0b9092 37b3b9391 16524727b2b9 96595090494797b 03707b0b9092165 37b3b9396365 35b3b9392324
43545b4b9491410 05b0b9092 15b1b9 b92b24b43b31b16 0436b9 01606b0b9092 6b9
"""


@functools.cache
def _triangles() -> tuple[NDArray[np.int64], Floats, Floats]:
    """Of all triangles: case (t,), corners (t, 3, 3) in voxels, sign (t,), -1 where the case is turned inside out."""
    middles = np.array([(CORNERS[a] + CORNERS[b]) / 2 for a, b in EDGES])
    cases = [case for case in range(1, 256) if not case & TURNED]
    case_of, corners = [], []
    for case, text in zip(cases, TRIANGLES.split(), strict=True):
        edges = np.array([int(edge, 16) for edge in text]).reshape(-1, 3)
        case_of += [case] * len(edges)
        corners.append(middles[edges])
    upright = np.array(case_of)
    all_corners = np.concatenate(corners)
    sign = np.repeat([1.0, -1.0], len(upright))
    return np.concatenate([upright, 255 - upright]), np.concatenate([all_corners, all_corners]), sign


def cube_cases(region: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Case of every cube of the region, which must have a border of one empty voxel: (z - 1, y - 1, x - 1)."""
    inside = region.view(np.uint8)
    in_x = inside[:, :, :-1] | inside[:, :, 1:] << 1
    in_y = in_x[:, :-1] | in_x[:, 1:] << 2
    return (in_y[:-1] | in_y[1:] << 4).astype(np.uint8, copy=False)


def area_and_volume(region: NDArray[np.bool_], spacing: NDArray[np.float64]) -> tuple[float, float]:
    """Surface area in mm^2 and enclosed volume in mm^3.

    Parameters
    ----------
    region : (z, y, x) with a border of one empty voxel on all sides.
    spacing : (3,) mm along z, y, x.

    Sources: Lorensen and Cline 1987; the choice of triangles is that of pyradiomics 3.0.1.
    """
    cases = cube_cases(region)
    position = np.nonzero((cases != 0) & (cases != 255))
    case = cases[position]
    count = np.bincount(case, minlength=256)
    summed = np.stack([np.bincount(case, weights=along, minlength=256) for along in position], axis=1) * spacing

    case_of, corners, sign = _triangles()
    a, b, c = np.moveaxis(corners * spacing, 1, 0)
    areas = np.linalg.norm(np.cross(a - c, b - c), axis=1) / 2
    # det(a + p, b + p, c + p) = det(a, b, c) + p . (a x b + b x c + c x a)
    at_origin = np.einsum("td,td->t", np.cross(a, b), c)
    along_position = np.cross(a, b) + np.cross(b, c) + np.cross(c, a)
    volumes = count[case_of] * at_origin + np.einsum("td,td->t", summed[case_of], along_position)
    return float(count[case_of] @ areas), float(sign @ volumes / 6)
