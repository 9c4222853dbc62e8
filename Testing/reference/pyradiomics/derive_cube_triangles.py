"""Where the triangles of `spinemets/features/surface_mesh.py` come from; prints them.

    python derive_cube_triangles.py        (with a Python that has pyradiomics 3.0.1 and numpy)

For each way in which the 8 corners of a cube can be inside or outside, the surface cuts off the corners inside one by
one on every face; the cuts join to loops round the cube, and each loop is filled with a fan of triangles. Only the
vertex from which a loop is fanned is free: it is chosen so that area and volume equal, in three voxel sizes, what
pyradiomics gives for an array that is just this cube. Exits with an error when a case cannot be matched.
"""

from __future__ import annotations

import itertools

import numpy as np
from radiomics import cShape

CORNERS = np.array([[corner >> 2 & 1, corner >> 1 & 1, corner & 1] for corner in range(8)], dtype=float)
EDGES = [(a, b) for a in range(8) for b in range(a + 1, 8) if bin(a ^ b).count("1") == 1]
NUMBER = {frozenset(edge): number for number, edge in enumerate(EDGES)}
MIDDLES = np.array([(CORNERS[a] + CORNERS[b]) / 2 for a, b in EDGES])
TURNED = 64
SPACINGS = np.random.default_rng(0).uniform(0.5, 3, (3, 3))


def faces() -> list[list[int]]:
    """Corners of each face, counter-clockwise seen from outside."""
    found = []
    for axis, side in itertools.product(range(3), (0, 1)):
        bit = 4 >> axis
        one, other = (step for step in (4, 2, 1) if step != bit)
        base = bit * side
        corners = [base, base | one, base | one | other, base | other]
        a, b, c = CORNERS[corners[:3]]
        outward = 1 if side else -1
        found.append(corners if np.cross(b - a, c - b)[axis] * outward > 0 else corners[::-1])
    return found


def loops(case: int) -> list[list[int]]:
    """Edges round each piece of surface in the cube, so that the triangles' normals point outward."""
    inside = [bool(case >> corner & 1) for corner in range(8)]
    before = {}
    for face in faces():
        for k in range(4):
            here, after = face[k], face[(k + 1) % 4]
            if inside[here] and not inside[after]:
                entry = k
                while inside[face[entry - 1]]:
                    entry -= 1
                cut = NUMBER[frozenset((face[entry - 1], face[entry]))]
                before[cut] = NUMBER[frozenset((here, after))]
    found = []
    while before:
        start = min(before)
        loop = [start]
        while (following := before.pop(loop[-1])) != start:
            loop.append(following)
        found.append(loop)
    return found


def fan(loop: list[int], first: int) -> list[tuple[int, int, int]]:
    turned = loop[first:] + loop[:first]
    return [(turned[0], turned[k], turned[k + 1]) for k in range(1, len(turned) - 1)]


def area_and_volume(triangles: list[tuple[int, int, int]], spacing: np.ndarray) -> tuple[float, float]:
    a, b, c = np.moveaxis(MIDDLES[np.array(triangles)] * spacing, 1, 0)
    area = np.linalg.norm(np.cross(a - c, b - c), axis=1).sum() / 2
    return area, np.einsum("td,td->", np.cross(a, b), c) / 6


def triangles_of(case: int) -> list[tuple[int, int, int]]:
    region = np.array([bool(case >> corner & 1) for corner in range(8)]).reshape(2, 2, 2)
    wanted = np.array([cShape.calculate_coefficients(region, spacing)[:2] for spacing in SPACINGS])
    for fans in itertools.product(*([fan(loop, first) for first in range(len(loop))] for loop in loops(case))):
        triangles = [triangle for piece in fans for triangle in piece]
        if np.allclose([area_and_volume(triangles, spacing) for spacing in SPACINGS], wanted, rtol=1e-12, atol=1e-13):
            return triangles
    raise SystemExit(f"case {case} cannot be matched")


def main() -> None:
    cases = [case for case in range(1, 256) if not case & TURNED]
    print(" ".join("".join(f"{edge:x}" for triangle in triangles_of(case) for edge in triangle) for case in cases))


if __name__ == "__main__":
    main()
