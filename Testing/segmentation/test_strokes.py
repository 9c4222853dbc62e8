"""What a brush paints, on any grid, and strokes to and from JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.segmentation.strokes import Stroke, as_json, painted_voxels, strokes_from_json


def painted(stroke: Stroke, grid: sitk.Image) -> np.ndarray:
    found = np.zeros(grid.GetSize()[::-1], bool)
    found[tuple(painted_voxels(stroke, grid).T)] = True
    return found


def to_segment(points: np.ndarray, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """mm from points (..., 3) to the straight way between two points."""
    along = stop - start
    t = np.clip((points - start) @ along / (along @ along), 0, 1)
    return np.linalg.norm(points - start - t[..., None] * along, axis=-1)


@pytest.mark.parametrize("flip", [(1, 1, 1), (-1, 1, 1), (1, -1, -1)])
@pytest.mark.parametrize("degrees", [0, 25])
def test_a_brush_paints_what_it_covers_and_what_its_middle_runs_through(synthetic, flip, degrees):
    direction = synthetic.rotation(2, degrees) @ synthetic.rotation(0, degrees / 2) @ np.diag(np.array(flip, float))
    grid = synthetic.grid((30, 28, 12), (1.1, 1.3, 3.0), (4.0, -2.0, 10.0), direction)
    start, stop = np.array([-4.0, -5.0, 7.0]), np.array([9.0, 3.0, 14.0])
    away = to_segment(synthetic.voxel_points(grid), start, stop)
    found = painted(Stroke(np.array([start, stop]), 3.0, True), grid)
    # The brush is set down in steps, of which a voxel at its very edge may see too little.
    assert found[away <= 2.9].all()
    assert not found[away > 3.0 + 1.7].any()
    for t in np.linspace(0, 1, 50):
        assert found[grid.TransformPhysicalPointToIndex((start + t * (stop - start)).tolist())[::-1]]
    thin = painted(Stroke(np.array([start, stop]), 0.0, True), grid)
    assert thin.sum() < found.sum() / 3
    assert not thin[away > 2.0].any()


def test_a_disc_paints_the_one_slice_of_its_plane(synthetic):
    grid = synthetic.grid((30, 30, 20), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    middle = np.array([[0.5, 0.5, 0.5]])
    ball = painted(Stroke(middle, 5.0, True), grid)
    disc = painted(Stroke(middle, 5.0, True, (0.0, 2.0, 0.0)), grid)
    assert len(np.unique(np.argwhere(disc)[:, 1])) == 1
    row = np.argwhere(disc)[0, 1]
    assert np.array_equal(disc[:, row], ball[:, row])


def test_of_a_stroke_that_leaves_the_grid_only_the_part_inside_is_painted(synthetic):
    grid = synthetic.grid((10, 10, 4), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0))
    crossing = Stroke(np.array([[0.0, 0.0, 0.0], [400.0, 0.0, 0.0]]), 1.0, True)
    found = np.argwhere(painted(crossing, grid))
    assert found[:, 2].max() == 9 and found[:, 2].min() >= 3
    assert len(painted_voxels(Stroke(np.array([[300.0, 0.0, 0.0]]), 2.0, True), grid)) == 0


def test_strokes_come_back_from_json():
    strokes = [
        Stroke(np.array([[1.0, 2.0, 3.0], [0.1, -2.5, 3.0]]), 1.5, True),
        Stroke(np.array([[1.0, 2.0, 3.0]]), 0.0, False, (0.0, 0.0, 1.0)),
    ]
    back = strokes_from_json(json.loads(json.dumps(as_json(strokes))))
    for one, other in zip(strokes, back, strict=True):
        assert np.array_equal(one.points, other.points)
        assert (one.radius_mm, one.inside, one.normal) == (other.radius_mm, other.inside, other.normal)


@pytest.mark.parametrize(
    ("points", "radius", "normal", "why"),
    [
        ([], 1.0, None, "no list of points"),
        ([[1.0, 2.0]], 1.0, None, "no list of points"),
        ([[1.0, 2.0, np.nan]], 1.0, None, "not finite"),
        ([["a", 2.0, 3.0]], 1.0, None, "no number"),
        ([[1.0, 2.0, 3.0]], -1.0, None, "brush of -1 mm"),
        ([[1.0, 2.0, 3.0]], 1e6, None, "brush of 1e"),
        ([[1.0, 2.0, 3.0]], 1.0, (0.0, 0.0, 0.0), "no direction"),
    ],
)
def test_no_stroke(points, radius, normal, why):
    with pytest.raises(InputError, match=why):
        Stroke(points, radius, True, normal)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda data: data.pop("strokes"), "no object with a list"),
        (lambda data: data.update(schema="other/1"), "schema 'other/1'"),
        (lambda data: data.update(coordinates="RAS mm"), "'RAS mm'"),
        (lambda data: data["strokes"][1].pop("inside"), "stroke 2: lacks inside"),
        (lambda data: data["strokes"][0].update(inside=1), "neither true nor false"),
        (lambda data: data["strokes"][0].update(colour="red"), "unknown entry 'colour'"),
        (lambda data: data["strokes"][1].update(radius_mm=-1), "stroke 2"),
    ],
)
def test_json_at_fault_is_told_by_the_stroke(change, why):
    data = as_json([Stroke(np.zeros((1, 3)), 1.0, True), Stroke(np.ones((2, 3)), 1.0, False)])
    change(data)
    with pytest.raises(InputError, match=why):
        strokes_from_json(data)
