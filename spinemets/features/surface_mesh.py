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
210 340 321342 651 250265 340651 642634653 573 210573 540574 521742572 631673 230273267 140674164 642674 892 810891
340892 391389348 651892 850865896 340651892 453465496489 892573 810891573 540574892 591589548574 631673892
830673863896 140674164892 674864896 a84 210a84 3803a8 a21a823a1 651a84 250265a84 3803a8651 6823a8638653 573a84
210573a84 5805a857a 5215825a857a 631673a84 230273267a84 1801a817a167 7827a8672 4924a9 410a914a1 3203923a9 3913a9
6514924a9 4504654964a9 3203923a9651 953965a93 4924a9573 410a914a1573 520a925a257a a915a157a 6316734924a9
730670960a904a0 920a907a0670160 7967a9 ba7 210ba7 340ba7 321342ba7 651ba7 250265ba7 340651ba7 642634653ba7 5a35ba
2105a35ba b40ba45b0 521a425a25ba a316a16ba 230ba32b326b 1401a41ba16b 6426a46ba 892ba7 810891ba7 340892ba7 391389348ba7
651892ba7 850865896ba7 340651892ba7 453465496489ba7 8925a35ba 8108915a35ba b40ba45b0892 491489541ba45b4 a316a16ba892
6306a36ba860896 1401a41ba16b892 6a46ba864896 7847b8 2107847b8 b803b037b 321b823b237b 6517847b8 2502657847b8
b803b037b651 3823b837b632653 5435845b8 2105435845b8 5805b8 5215825b8 6316436846b8 230843b836b3263 b801b016b 6826b8
7927b9472 410b914b147b 3203923b937b 3913b937b 6517927b9472 9509654907b9479 3203923b937b651 9539657937b9 4925b9459435
4104914b945b435 b20b925b0 5915b9 b31b43b24b926b1 430b96 b20b921b016b b96
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
