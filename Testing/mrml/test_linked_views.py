"""What the radiologist does in one column the others must follow to the same place in the patient, and no farther.

The user is Slicer's own slice logic here: it marks what it changes as the user's, as the mouse wheel, the slider and
the zooming mouse button do in the application.
"""

import numpy as np
import pytest
import slicer
import vtk

from spinemets.mrml.layouts import composite_of, hanging_layout, show_case
from spinemets.mrml.linked_views import LinkedViews
from spinemets.mrml.slice_views import slice_to_ras, stack_of
from Testing.mrml.conftest import rotation
from Testing.mrml.hangings import AXIAL, SAGITTAL, stack


class User:
    """Moves views as the mouse does."""

    def __init__(self, scene, views):
        self.logics = {}
        for role, view in views.items():
            self.logics[role] = slicer.vtkMRMLSliceLogic()
            self.logics[role].SetMRMLScene(scene)
            self.logics[role].SetSliceNode(view)

    def scroll(self, role, millimetres):
        logic = self.logics[role]
        logic.StartSliceOffsetInteraction()
        logic.SetSliceOffset(logic.GetSliceOffset() + millimetres)
        logic.EndSliceOffsetInteraction()

    def zoom_and_pan(self, role, factor, to=None):
        logic, view = self.logics[role], self.logics[role].GetSliceNode()
        logic.StartSliceNodeInteraction(slicer.vtkMRMLSliceNode.FieldOfViewFlag)
        modified = view.StartModify()
        width, height, depth = view.GetFieldOfView()
        view.SetFieldOfView(width * factor, height * factor, depth)
        if to is not None:
            view.SetSliceOrigin(*to, 0)
        view.EndModify(modified)
        logic.EndSliceNodeInteraction()


@pytest.fixture
def volumes(scene):
    return {
        "t1": stack(scene, "t1", SAGITTAL, size=(128, 128, 15), spacing=(2.0, 2.0, 4.0)),
        "t2": stack(scene, "t2", rotation("z", 4.0) @ SAGITTAL, size=(128, 128, 13), spacing=(2.0, 2.0, 4.5)),
        # Two of twenty centimetres only, as an axial dynamic series covers.
        "dce": stack(scene, "dce", rotation("x", 15.0) @ AXIAL, size=(100, 80, 15), spacing=(1.5, 1.5, 3.0)),
    }


@pytest.fixture
def hanging(scene, volumes):
    return hanging_layout(scene, volumes)


@pytest.fixture
def user(scene, hanging):
    return User(scene, hanging.views)


@pytest.fixture
def linked(hanging, user):
    links = LinkedViews(hanging)
    yield links
    links.stop()


def distance(view, point):
    """From the plane that a view shows, in mm."""
    matrix = slice_to_ras(view)
    return abs(float(matrix[:3, 2] @ (np.array(point) - matrix[:3, 3])))


def half_a_slice(hanging, role):
    return stack_of(hanging.volumes[role], slice_to_ras(hanging.views[role])[:3, 2]).spacing / 2 + 1e-6


def is_on_a_slice(hanging, role):
    view = hanging.views[role]
    shown = stack_of(hanging.volumes[role], slice_to_ras(view)[:3, 2])
    index = (view.GetSliceOffset() - shown.first) / shown.spacing
    return abs(index - round(index)) < 1e-6 and 0 <= round(index) < shown.count


def test_scrolling_one_sagittal_series_scrolls_the_other_through_the_same_places(hanging, user, linked):
    for _ in range(4):
        user.scroll("t1", 4.0)
        assert distance(hanging.views["t1"], linked.point) < 1e-6
        assert distance(hanging.views["t2"], linked.point) <= half_a_slice(hanging, "t2")
        assert is_on_a_slice(hanging, "t2")


def test_scrolling_a_sagittal_series_leaves_the_axial_one_at_its_level(hanging, user, linked):
    level = linked.point[2]
    before = hanging.views["dce"].GetSliceOffset()
    user.scroll("t1", 12.0)
    assert linked.point[2] == pytest.approx(level)
    assert hanging.views["dce"].GetSliceOffset() == pytest.approx(before)


def test_scrolling_back_comes_back_though_one_series_ended_on_the_way(hanging, user, linked):
    before = {role: view.GetSliceOffset() for role, view in hanging.views.items()}
    user.scroll("t1", 28.0)  # the last slice of T1; T2 ended at 27 mm
    assert is_on_a_slice(hanging, "t2")
    user.scroll("t1", -28.0)
    assert {role: view.GetSliceOffset() for role, view in hanging.views.items()} == pytest.approx(before)


def test_a_place_is_shown_by_every_series_that_has_it(hanging, linked):
    point = (9.0, -14.0, 11.0)
    linked.jump(point)
    for role, view in hanging.views.items():
        assert distance(view, point) <= half_a_slice(hanging, role), role
        assert is_on_a_slice(hanging, role)


def test_a_series_that_has_no_slice_at_a_place_stays_where_it_was(hanging, linked):
    before = hanging.views["dce"].GetSliceOffset()
    linked.jump((9.0, 0.0, 100.0))
    assert hanging.views["dce"].GetSliceOffset() == before
    assert distance(hanging.views["t1"], (9.0, 0.0, 100.0)) <= half_a_slice(hanging, "t1")


class Mouse(vtk.vtkGenericRenderWindowInteractor):
    def click(self, start, end=None, shift=0):
        self.SetEventInformation(*start, 0, shift, chr(0), 0, None)
        self.LeftButtonPressEvent()
        self.SetEventInformation(*(end or start), 0, shift, chr(0), 0, None)
        self.LeftButtonReleaseEvent()


def test_a_click_moves_the_other_columns_to_what_was_clicked(hanging, linked):
    view, mouse = hanging.views["t1"], Mouse()
    linked.watch_clicks(view, mouse)
    where = slice_to_ras(view).copy()
    mouse.Enable()
    mouse.click((150, 130))
    clicked = view.GetXYToRAS().MultiplyPoint((150, 130, 0, 1))[:3]
    assert linked.point == pytest.approx(clicked)
    assert distance(hanging.views["dce"], clicked) <= half_a_slice(hanging, "dce")
    assert np.array_equal(slice_to_ras(view), where)
    mouse.click((50, 60), (90, 60))  # a drag: window and level
    mouse.click((50, 60), shift=1)  # a pan
    assert linked.point == pytest.approx(clicked)


def test_a_click_that_an_effect_takes_for_itself_moves_nothing(hanging, linked):
    view, mouse, before = hanging.views["t1"], Mouse(), linked.point
    linked.watch_clicks(view, mouse)
    mouse.Enable()
    tags = {}

    def takes(_caller, event):
        mouse.GetCommand(tags[event]).SetAbortFlag(1)

    for event in ("LeftButtonPressEvent", "LeftButtonReleaseEvent"):
        tags[event] = mouse.AddObserver(event, takes, 1.0)
    mouse.click((150, 130))
    assert linked.point == before


def test_the_cross_hair_that_slicer_moves_with_shift_takes_the_columns_along(scene, hanging, linked):
    """Slicer sets the cross hair and moves the views of the view's own group: ours have a group each."""
    point = (10.0, -8.0, 9.0)
    source = hanging.views["t1"]
    cross_hair = scene.GetSingletonNode("default", "vtkMRMLCrosshairNode")
    cross_hair.SetCrosshairRAS(point)
    slicer.vtkMRMLSliceNode.JumpAllSlices(
        scene, *point, slicer.vtkMRMLSliceNode.OffsetJumpSlice, source.GetViewGroup(), source
    )
    for role in ("t2", "dce"):
        assert distance(hanging.views[role], point) <= half_a_slice(hanging, role)
        assert is_on_a_slice(hanging, role)


def test_a_user_who_switched_jumping_off_is_not_taken_along(scene, hanging, linked):
    cross_hair = scene.GetSingletonNode("default", "vtkMRMLCrosshairNode")
    cross_hair.SetCrosshairBehavior(slicer.vtkMRMLCrosshairNode.NoAction)
    before = hanging.views["dce"].GetSliceOffset()
    cross_hair.SetCrosshairRAS((10.0, -8.0, 9.0))
    assert hanging.views["dce"].GetSliceOffset() == before


def test_zooming_shows_the_same_part_at_the_same_scale_in_the_same_plane(hanging, user, linked):
    user.zoom_and_pan("t1", 0.25, to=(20.0, -30.0))
    first, second, axial = (hanging.views[role] for role in ("t1", "t2", "dce"))
    assert second.GetFieldOfView()[:2] == pytest.approx(first.GetFieldOfView()[:2])
    middle = slice_to_ras(first) @ (20.0, -30.0, 0, 1)
    across = (np.linalg.inv(slice_to_ras(second)) @ middle)[:2]
    assert second.GetXYZOrigin()[:2] == pytest.approx(across)
    # The other plane is magnified as much, about the shared place, which stays where it is on the screen.
    assert axial.GetFieldOfView()[0] == pytest.approx(0.25 * 150)


def test_views_of_other_sizes_keep_their_pixels_square(hanging, user, linked):
    for role, size in {"t1": (200, 500, 1), "t2": (300, 500, 1), "dce": (200, 200, 1)}.items():
        modified = hanging.views[role].StartModify()
        hanging.views[role].SetDimensions(*size)
        hanging.views[role].EndModify(modified)
    user.zoom_and_pan("t1", 0.5)
    for view in hanging.views.values():
        (width, height, _), (columns, rows, _) = view.GetFieldOfView(), view.GetDimensions()
        assert width / columns == pytest.approx(height / rows)
    assert hanging.views["t2"].GetFieldOfView()[0] == pytest.approx(1.5 * hanging.views["t1"].GetFieldOfView()[0])


def test_columns_fill_their_windows_until_the_user_zooms(hanging, user, linked):
    """The windows get their size after the layout was chosen, and again when the user drags a border."""
    view, logic = hanging.views["dce"], user.logics["dce"]
    logic.ResizeSliceNode(300, 600)
    assert view.GetFieldOfView()[:2] == pytest.approx((150, 300))
    user.zoom_and_pan("dce", 0.5)
    logic.ResizeSliceNode(600, 600)
    assert view.GetFieldOfView()[1] == pytest.approx(150)


def test_a_view_whose_window_changed_draws_at_the_scale_that_it_says(hanging, user):
    """Slicer does not let a view change inside its own event: what is set there takes effect in part only."""
    waiting = []
    links = LinkedViews(hanging, later=waiting.append)
    for logic in user.logics.values():
        logic.ResizeSliceNode(300, 420)
    while waiting:
        waiting.pop(0)()
    for view in hanging.views.values():
        drawn = view.GetXYToSlice().GetElement(0, 0)
        assert drawn == pytest.approx(view.GetFieldOfView()[0] / 300)
        assert view.GetFieldOfView()[1] == pytest.approx(drawn * 420)
    links.stop()


def test_a_lesion_that_a_zoomed_view_does_not_show_is_brought_into_its_middle(hanging, user, linked):
    user.zoom_and_pan("dce", 0.1)
    point = np.array((40.0, 20.0, 3.0))
    linked.jump(point)
    view = hanging.views["dce"]
    seen = np.linalg.inv(slice_to_ras(view)) @ (*point, 1)
    assert view.GetXYZOrigin()[:2] == pytest.approx(seen[:2])


def test_another_volume_chosen_for_one_column_stays_in_that_column(hanging, user, linked, volumes):
    logic = user.logics["t1"]
    logic.StartSliceCompositeNodeInteraction(slicer.vtkMRMLSliceCompositeNode.BackgroundVolumeFlag)
    composite_of(hanging.views["t1"]).SetBackgroundVolumeID(volumes["t2"].GetID())
    logic.EndSliceCompositeNodeInteraction()
    assert composite_of(hanging.views["dce"]).GetBackgroundVolumeID() == volumes["dce"].GetID()


def test_a_view_that_another_module_moved_between_two_slices_settles_on_one(scene, hanging):
    waiting = []
    links = LinkedViews(hanging, later=waiting.append)
    slicer.vtkMRMLSliceNode.JumpAllSlices(scene, 9.3, 4.1, 2.2)
    hanging.views["dce"].JumpSliceByOffsetting(0, 0, 500)
    while waiting:
        waiting.pop(0)()
    assert all(is_on_a_slice(hanging, role) for role in hanging.views)
    links.stop()


def test_a_view_that_the_user_turned_is_left_as_it_is(hanging, linked):
    view = hanging.views["t1"]
    view.SetSliceToRASByNTP(0.2, 0.3, 0.9, 1, 0, 0, 1.25, 2.5, 3.75, 0)
    turned = slice_to_ras(view)[:3, :3].copy()
    linked.jump((9.0, -14.0, 11.0))
    assert np.array_equal(slice_to_ras(view)[:3, :3], turned)
    assert distance(view, (9.0, -14.0, 11.0)) < 1e-6


def test_after_stop_nothing_follows_and_the_cross_hair_is_as_before(scene, hanging, user):
    cross_hair = scene.AddNode(slicer.vtkMRMLCrosshairNode())
    cross_hair.SetCrosshairMode(slicer.vtkMRMLCrosshairNode.NoCrosshair)
    links = LinkedViews(hanging)
    assert cross_hair.GetCrosshairMode() != slicer.vtkMRMLCrosshairNode.NoCrosshair
    links.stop()
    before = hanging.views["t2"].GetSliceOffset()
    user.scroll("t1", 8.0)
    assert hanging.views["t2"].GetSliceOffset() == before
    assert cross_hair.GetCrosshairMode() == slicer.vtkMRMLCrosshairNode.NoCrosshair


def test_a_closed_scene_does_not_bring_the_links_down(scene, volumes):
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene)
    logic = slicer.vtkMRMLLayoutLogic()
    logic.SetMRMLScene(scene)
    links = LinkedViews(show_case(scene, logic.GetLayoutNode(), volumes))
    scene.Clear(0)
    links.jump((1.0, 2.0, 3.0))
    links.stop()
    logic.SetMRMLScene(None)
