"""Left and right swapped is the worst error of a report: letters, markers and outline against a known truth."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image, ImageDraw

from spinemets.errors import InputError
from spinemets.report.contours import contours
from spinemets.report.views import Picture, View, lesion_view, lesion_views, letter_of, roles_for_open_planes

PLANES = ("sagittal", "coronal", "axial")
# The side on the page where a marker has to appear: index into (left, right, top, bottom).
SIDES = {"sagittal": {"A": 0, "H": 2}, "coronal": {"L": 1, "H": 2}, "axial": {"L": 1, "A": 2}}


def filled_outline(picture: Picture) -> np.ndarray:
    """The pixels whose centre lies inside the outline, by another program's polygon filling."""
    rows = picture.pixels.shape[0]
    canvas = Image.new("1", (rows, rows))
    for line in picture.outlines:
        ImageDraw.Draw(canvas).polygon([tuple(point) for point in line * rows / picture.side_mm - 0.5], fill=1)
    return np.array(canvas)


def place_of(picture: Picture, chosen: np.ndarray) -> np.ndarray:
    """Mean (right, down) of the chosen pixels, mm from the picture's corner."""
    step = picture.side_mm / picture.pixels.shape[0]
    rows, columns = np.nonzero(chosen)
    return (np.array([columns.mean(), rows.mean()]) + 0.5) * step


@pytest.fixture(params=PLANES)
def view(request: pytest.FixtureRequest, oblique_case) -> View:
    image, mask = oblique_case
    return lesion_view(request.param, "t2", image, mask)


def test_letters_say_which_side_a_marker_lies_on(view: View, oblique_case) -> None:
    """The marker to the patient's left must appear towards the letter L, and so on, in the overview of each plane."""
    image, mask = oblique_case
    lesion = place_of(view.overview, filled_outline(view.overview))
    for letter, side in SIDES[view.plane].items():
        assert view.letters[side] == letter
        brightness = {"L": 1200.0, "A": 1600.0, "H": 2000.0}[letter]
        only = sitk.Cast(sitk.Abs(image - brightness) < 1.0, sitk.sitkFloat32) * 100.0
        marked = lesion_view(view.plane, "t2", only, mask)
        away = place_of(marked.overview, marked.overview.pixels > 200) - lesion
        axis, sign = divmod(side, 2)[0], (-1, 1)[side % 2]
        assert sign * away[axis] > 15.0 and abs(away[1 - axis]) < 4.0, (view.plane, letter, away)


def test_distances_on_the_page_are_millimetres(oblique_case) -> None:
    image, mask = oblique_case
    only = sitk.Cast(sitk.Abs(image - 2000.0) < 1.0, sitk.sitkFloat32) * 100.0
    shown = lesion_view("sagittal", "t2", only, mask).overview
    lesion = place_of(shown, filled_outline(shown))
    assert np.linalg.norm(place_of(shown, shown.pixels > 200) - lesion) == pytest.approx(26.0, abs=1.0)


@pytest.mark.parametrize("part", ["overview", "detail"])
def test_the_outline_follows_the_lesion_in_the_picture(view: View, part: str, oblique_case) -> None:
    """The lesion is the darkest thing: its pixels and those inside the outline must be the same ones."""
    picture: Picture = getattr(view, part)
    _, mask = oblique_case
    dark = lesion_view(view.plane, "t2", sitk.Cast(mask, sitk.sitkFloat32), mask)
    truth = getattr(dark, part).pixels >= 128
    inside = filled_outline(picture)
    assert 2 * np.sum(inside & truth) / (inside.sum() + truth.sum()) > 0.97
    area = inside.sum() * (picture.side_mm / picture.pixels.shape[0]) ** 2
    semi = {"sagittal": (7, 12), "coronal": (9, 12), "axial": (9, 7)}[view.plane]
    assert area == pytest.approx(np.pi * semi[0] * semi[1], rel=0.06)


def test_the_detail_square_holds_the_lesion_at_its_place(view: View) -> None:
    in_overview = place_of(view.overview, filled_outline(view.overview))
    in_detail = place_of(view.detail, filled_outline(view.detail)) + np.array(view.detail_corner)
    assert in_detail == pytest.approx(in_overview, abs=0.3)
    assert in_detail == pytest.approx(np.array(view.detail_corner) + view.detail.side_mm / 2, abs=1.5)


def test_the_position_is_that_of_the_lesion(view: View) -> None:
    centre = dict(zip(PLANES, (-12.0, 25.0, -40.0)))[view.plane]
    assert view.position_mm == pytest.approx(centre, abs=2.0)


def test_each_plane_is_shown_on_the_image_acquired_in_it(oblique_case) -> None:
    image, mask = oblique_case
    axial = sitk.Image([100, 100, 30], sitk.sitkFloat32)
    axial.SetSpacing([1.0, 1.0, 3.0])
    axial.SetOrigin([-60.0, -25.0, -85.0])
    dynamic = sitk.JoinSeries([sitk.Resample(image, axial) * factor for factor in (1.0, 1.5, 2.0)])
    views = {view.plane: view for view in lesion_views({"t2": image, "dce": dynamic}, {"t2": mask})}
    assert (views["sagittal"].role, views["sagittal"].acquired) == ("t2", True)
    assert (views["axial"].role, views["axial"].acquired, views["axial"].frame) == ("dce", True, "frame 2 of 3")
    assert (views["coronal"].role, views["coronal"].acquired) == ("t2", False)


def test_without_mask_or_image_there_is_a_clear_word(oblique_case) -> None:
    image, mask = oblique_case
    with pytest.raises(InputError):
        lesion_views({}, {"t2": mask})
    with pytest.raises(InputError):
        lesion_views({"t2": image}, {})
    with pytest.raises(InputError, match="no voxel"):
        lesion_view("axial", "t2", image, mask * 0)


def test_letters_of_directions() -> None:
    axes = [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0.2, 0.3, -0.9)]
    assert "".join(letter_of(np.array(axis, float)) for axis in axes) == "LRPAHF"


def polygon_area(line: np.ndarray) -> float:
    x, y = line.T
    return 0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))


def test_a_contour_runs_half_way_between_voxel_centres() -> None:
    values = np.zeros((6, 7))
    values[2:4, 1:5] = 1.0
    (line,) = contours(values)
    assert line.min(axis=0) == pytest.approx([0.5, 1.5]) and line.max(axis=0) == pytest.approx([4.5, 3.5])
    assert polygon_area(line) == pytest.approx(4 * 2 - 4 * 0.125)  # corners are cut


def test_holes_and_islands_are_lines_of_their_own() -> None:
    values = np.zeros((9, 9))
    values[1:8, 1:6] = 1.0
    values[3:5, 3] = 0.0
    values[4, 7] = 1.0
    assert len(contours(values)) == 3


def test_a_mask_that_touches_the_border_is_closed() -> None:
    (line,) = contours(np.ones((3, 4)))
    assert polygon_area(line) > 3 * 2
    assert np.linalg.norm(np.diff(np.vstack([line, line[:1]]), axis=0), axis=1).max() < 1.5


def test_diagonal_neighbours_do_not_lose_a_line() -> None:
    assert len(contours(np.eye(4))) == 4
    assert contours(np.zeros((4, 4))) == []


def test_planes_that_a_model_leaves_open_are_shown_as_acquired():
    planes = {
        "t1": "sagittal",
        "t2": "sagittal",
        "ce_t1_cor": "coronal",
        "ce_t1_ax": "axial",
        "dce": "axial",
    }
    assert roles_for_open_planes(["dce"], planes) == [["t2", "t1"], ["ce_t1_cor"]]
    assert roles_for_open_planes(["t1", "t2"], planes) == [["ce_t1_cor"], ["ce_t1_ax", "dce"]]
    # A coronal T2 shows nothing sagittal, whatever is usual.
    assert roles_for_open_planes(["dce"], {"t2": "coronal", "dce": "axial"}) == [[], []]
