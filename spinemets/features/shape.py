"""Shape features: size and form of the region, without its intensities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.features.diameters import mesh_diameters
from spinemets.features.kernels import Engine
from spinemets.features.surface_mesh import area_and_volume

Floats = NDArray[np.float64]

# Eigenvalues this little below 0 are rounding errors of a flat region.
ROUNDING = 1e-10


def principal_variances(region: NDArray[np.bool_], spacing: Floats) -> Floats:
    """(3,) variances in mm^2 of the region's voxel centres along their principal axes, ascending."""
    centres = np.argwhere(region) * spacing
    centres = (centres - centres.mean(axis=0)) / np.sqrt(len(centres))
    variances: Floats = np.linalg.eigvals(centres.T @ centres).real
    variances[(variances < 0) & (variances > -ROUNDING)] = 0
    return np.sort(variances)


def shape_features(
    region: NDArray[np.bool_], spacing: tuple[float, float, float], engine: Engine = "auto"
) -> dict[str, float]:
    """The 14 shape features, in pyradiomics' order.

    With A and V area and volume of the surface mesh, l1 >= l2 >= l3 variances of the voxel centres along their
    principal axes; lengths in mm:

    - Elongation = sqrt(l2 / l1), Flatness = sqrt(l3 / l1)
    - MajorAxisLength = 4 sqrt(l1), MinorAxisLength = 4 sqrt(l2), LeastAxisLength = 4 sqrt(l3)
    - Maximum3DDiameter: longest distance of two mesh vertices; Maximum2DDiameterSlice, Maximum2DDiameterColumn,
      Maximum2DDiameterRow: of two vertices with the same z, y, x index of the image
    - MeshVolume = V, SurfaceArea = A, SurfaceVolumeRatio = A / V, Sphericity = (36 pi V^2)^(1/3) / A
    - VoxelVolume = voxels x volume of a voxel

    Parameters
    ----------
    region : (z, y, x), any border.
    spacing : mm along z, y, x.
    """
    steps = np.asarray(spacing, np.float64)
    padded = np.pad(region, 1)
    area, volume = area_and_volume(padded, steps)
    longest, within = mesh_diameters(padded, steps, engine)
    least, minor, major = principal_variances(region, steps)
    features = {
        "Elongation": np.sqrt(minor / major),
        "Flatness": np.sqrt(least / major),
        "LeastAxisLength": 4 * np.sqrt(least),
        "MajorAxisLength": 4 * np.sqrt(major),
        "Maximum2DDiameterColumn": within[1],
        "Maximum2DDiameterRow": within[2],
        "Maximum2DDiameterSlice": within[0],
        "Maximum3DDiameter": longest,
        "MeshVolume": volume,
        "MinorAxisLength": 4 * np.sqrt(minor),
        "Sphericity": (36 * np.pi * volume**2) ** (1 / 3) / area,
        "SurfaceArea": area,
        "SurfaceVolumeRatio": area / volume,
        "VoxelVolume": np.count_nonzero(region) * float(np.prod(steps)),
    }
    return {name: float(value) for name, value in features.items()}
