"""Phantoms that several tests look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinemets.phantom.grids import rotation
from spinemets.phantom.sampling import Grid
from spinemets.phantom.spine import SpinePhantom

DATA = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture(scope="session")
def osipi() -> Path:
    """Curves that the Open Science Initiative for Perfusion Imaging computed."""
    folder = DATA / "dce_osipi_curves"
    if not folder.is_dir():
        pytest.skip("the folder shared/data/dce_osipi_curves is absent")
    return folder


@pytest.fixture(scope="session")
def phantom() -> SpinePhantom:
    return SpinePhantom(0)


@pytest.fixture
def oblique_left_handed() -> Grid:
    """Doubly oblique, determinant -1, three different spacings."""
    axes = rotation(14, -21, 33) @ np.diag([1.0, -1.0, 1.0])
    assert np.linalg.det(axes) < 0
    return Grid.around(np.array([7.0, -11.0, 23.0]), axes, (52, 41, 17), (0.9, 1.2, 3.1))
