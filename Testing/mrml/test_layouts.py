"""A case must hang in its acquired planes, right side up, with left and right where Slicer has them."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import slicer.util

from spinemets.errors import InputError
from spinemets.mrml import layouts
from spinemets.mrml.slice_views import acquired_axes, fit, slice_to_ras, stack_of
from spinemets.mrml.volumes import volume_node_from_image, world_matrix
from Testing.mrml.conftest import rotation
from Testing.mrml.hangings import AXIAL, CORONAL, SAGITTAL, stack

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])


@pytest.fixture
def layout_node(scene):
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene)
    logic = slicer.vtkMRMLLayoutLogic()
    logic.SetMRMLScene(scene)
    yield logic.GetLayoutNode()
    logic.SetMRMLScene(None)


def axes_of(view):
    return slice_to_ras(view)[:3, :3]


@pytest.mark.parametrize("plane, axes", [("Sagittal", SAGITTAL), ("Coronal", CORONAL), ("Axial", AXIAL)])
def test_a_stack_along_a_body_plane_hangs_as_slicer_shows_that_plane(scene, layout_node, plane, axes):
    """Whatever way the rows, the columns and the slices run in the file."""
    for signs in ((1, 1, 1), (-1, 1, 1), (1, -1, 1), (1, 1, -1), (-1, -1, -1)):
        volume = stack(scene, plane, axes * signs)
        view = layouts.hanging_layout(scene, {"t1": volume}).views["t1"]
        assert view.GetOrientation() == plane


def test_patient_right_on_the_right_of_the_screen_is_respected(scene):
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, False)
    view = layouts.hanging_layout(scene, {"t1": stack(scene, "t1", AXIAL)}).views["t1"]
    assert view.GetOrientation() == "Axial"
    assert axes_of(view)[0, 0] == pytest.approx(1)


def test_an_oblique_stack_is_shown_slice_by_slice_and_not_cut_across(scene, layout_node):
    """Angulated to the disc L5/S1: the view must be tilted with it, by the angle that is known."""
    tilt = rotation("x", 27.0) @ rotation("z", 5.0)
    volume = stack(scene, "axial", tilt @ AXIAL)
    view = layouts.hanging_layout(scene, {"ce_t1_ax": volume}).views["ce_t1_ax"]
    normal_ras = LPS_TO_RAS @ tilt @ AXIAL[:, 2]
    assert abs(axes_of(view)[:, 2] @ normal_ras) == pytest.approx(1, abs=1e-9)
    assert axes_of(view)[2, 2] > 0  # seen from the feet
    rows_ras = LPS_TO_RAS @ tilt @ AXIAL[:, 0]
    assert abs(axes_of(view)[:, 0] @ rows_ras) == pytest.approx(1, abs=1e-9)
    assert np.linalg.det(axes_of(view)) == pytest.approx(-1)  # as Slicer's own axial views


def test_every_pixel_of_a_shown_slice_comes_from_one_acquired_slice(scene, layout_node, left_handed_oblique_image):
    """Read through the view's own matrix and the volume's own: k is the same whole number all over the view."""
    volume = volume_node_from_image(left_handed_oblique_image, scene, "oblique")
    view = layouts.hanging_layout(scene, {"t2": volume}).views["t2"]
    ras_to_ijk = np.linalg.inv(world_matrix(volume))
    corners = [(x, y, 0, 1) for x in (0, 255) for y in (0, 255)]
    found = [ras_to_ijk @ np.array(view.GetXYToRAS().MultiplyPoint(corner)) for corner in corners]
    depths = [point[2] for point in found]
    assert np.allclose(depths, round(depths[0]), atol=1e-6)
    assert 0 <= round(depths[0]) < 9


def test_a_transform_above_the_volume_turns_its_column(scene, layout_node):
    volume = stack(scene, "t2", SAGITTAL)
    before = acquired_axes(volume, layouts.hanging_layout(scene, {"t2": volume}).views["t2"])[:, 2]
    turned = np.eye(4)
    turned[:3, :3] = rotation("z", 15.0)
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(turned))
    volume.SetAndObserveTransformNodeID(transform.GetID())
    view = layouts.hanging_layout(scene, {"t2": volume}).views["t2"]
    assert axes_of(view)[:, 2] @ before == pytest.approx(np.cos(np.radians(15.0)))


def test_columns_stand_in_reading_order_and_show_their_own_series(scene, layout_node):
    volumes = {role: stack(scene, role, SAGITTAL) for role in ("dce", "fs_t2", "t1", "t2")}
    hanging = layouts.show_case(scene, layout_node, volumes)
    assert list(hanging.views) == ["t1", "t2", "fs_t2", "dce"]
    for role, view in hanging.views.items():
        assert layouts.composite_of(view).GetBackgroundVolumeID() == volumes[role].GetID()
    shown = layout_node.GetCurrentLayoutDescription()
    places = [shown.index(view.GetLayoutName() + '"') for view in hanging.views.values()]
    assert places == sorted(places)


def test_the_layout_makes_slicer_show_these_views_and_no_others(scene):
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene)
    logic = slicer.vtkMRMLLayoutLogic()
    logic.SetMRMLScene(scene)
    hanging = layouts.show_case(
        scene, logic.GetLayoutNode(), {role: stack(scene, role, SAGITTAL) for role in ("t1", "dce")}, with_plot=True
    )
    visible = logic.GetViewNodes()
    ids = {visible.GetItemAsObject(index).GetID() for index in range(visible.GetNumberOfItems())}
    assert ids == {hanging.views["t1"].GetID(), hanging.views["dce"].GetID(), hanging.plot_view.GetID()}
    assert layouts.is_shown(logic.GetLayoutNode())
    logic.SetMRMLScene(None)


def test_another_case_of_other_series_gets_its_own_columns(scene, layout_node):
    layouts.show_case(scene, layout_node, {"t1": stack(scene, "t1", SAGITTAL)})
    layouts.show_case(scene, layout_node, {"ct": stack(scene, "ct", AXIAL)})
    assert "SpineMets_ct" in layout_node.GetCurrentLayoutDescription()
    assert "SpineMets_t1" not in layout_node.GetCurrentLayoutDescription()


def test_hanging_twice_makes_no_second_view_and_leaves_slicers_own_alone(scene, layout_node):
    red = slice_to_ras(scene.GetSingletonNode("Red", "vtkMRMLSliceNode")).copy()
    volumes = {"t1": stack(scene, "t1", SAGITTAL), "dce": stack(scene, "dce", AXIAL)}
    first = layouts.show_case(scene, layout_node, volumes, with_plot=True)
    count = scene.GetNumberOfNodesByClass("vtkMRMLSliceNode"), scene.GetNumberOfNodes()
    again = layouts.show_case(scene, layout_node, volumes, with_plot=True)
    assert (scene.GetNumberOfNodesByClass("vtkMRMLSliceNode"), scene.GetNumberOfNodes()) == count
    assert [view.GetID() for view in again.views.values()] == [view.GetID() for view in first.views.values()]
    assert np.array_equal(slice_to_ras(scene.GetSingletonNode("Red", "vtkMRMLSliceNode")), red)


@pytest.mark.parametrize("count, rows", [(1, 1), (4, 1), (5, 2), (8, 2), (9, 3)])
def test_many_series_stand_in_rows_that_are_still_wide_enough_to_read(count, rows):
    description = layouts.layout_description([f"role{number}" for number in range(count)])
    assert description.count('<layout type="horizontal"') == rows
    assert description.count("<view ") == count


def test_a_role_that_xml_would_misread_does_not_break_the_layout(scene, layout_node):
    layouts.register_layouts(layout_node, ['T1 "<left & right>"'])
    layout_node.SetViewArrangement(layouts.HANGING_LAYOUT)
    assert layout_node.GetLayoutRootElement() is not None


def test_series_of_one_plane_hang_at_one_scale_and_fill_the_view(scene, layout_node):
    volumes = {
        "t1": stack(scene, "t1", SAGITTAL, size=(256, 256, 15), spacing=(1.0, 1.0, 4.0)),
        "t2": stack(scene, "t2", SAGITTAL, size=(512, 512, 15), spacing=(0.6, 0.6, 4.0)),
        "dce": stack(scene, "dce", AXIAL, size=(100, 80, 12), spacing=(1.5, 1.5, 3.0)),
    }
    views = layouts.show_case(scene, layout_node, volumes).views
    for view in views.values():
        view.SetDimensions(200, 400, 1)
    layouts.fit_columns(layouts.Hanging(views, volumes))
    assert views["t1"].GetFieldOfView()[0] == pytest.approx(512 * 0.6)  # the larger of both, across the narrow side
    assert views["t2"].GetFieldOfView() == views["t1"].GetFieldOfView()
    assert views["dce"].GetFieldOfView()[:2] == pytest.approx((150, 300))


def test_fitting_keeps_the_slice(scene, layout_node):
    volume = stack(scene, "t1", SAGITTAL)
    view = layouts.hanging_layout(scene, {"t1": volume}).views["t1"]
    offset = stack_of(volume, axes_of(view)[:, 2]).first
    view.SetSliceOffset(offset)
    fit(view, [volume])
    assert view.GetSliceOffset() == pytest.approx(offset)


def test_a_case_without_images_says_so(scene):
    with pytest.raises(InputError, match="no images"):
        layouts.hanging_layout(scene, {"t1": None, "t2": scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")})


def test_one_slice_alone_is_shown(scene, layout_node):
    image = sitk.GetImageFromArray(np.ones((1, 20, 30), np.float32))
    view = layouts.hanging_layout(scene, {"ct": volume_node_from_image(image, scene, "one")}).views["ct"]
    assert view.GetOrientation() == "Axial"
    assert view.GetSliceOffset() == pytest.approx(0)
