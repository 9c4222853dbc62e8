"""The curve must be that of the voxel under the cursor, with its own times: a wrong axis shows another place."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import slicer.util

from spinemets.errors import InputError
from spinemets.mrml.sequences import sequence_nodes_from_image
from spinemets.mrml.tables import columns_from_table_node
from spinemets.mrml.time_courses import CURSOR, ENHANCEMENT, REGION, SIGNAL, TimeCoursePlot, frames_of
from spinemets.mrml.volumes import volume_node_from_image

TIMES = [0.0, 9.5, 10.0, 100.25]
FACTORS = np.array([1.0, 1.5, 3.0, 2.0])


def to_ras(point_lps):
    return (-point_lps[0], -point_lps[1], point_lps[2])


@pytest.fixture
def image(left_handed_oblique_image):
    """Every voxel has a value of its own, and all rise alike."""
    base = sitk.Cast(left_handed_oblique_image + 1, sitk.sitkFloat32)
    return sitk.JoinSeries([base * float(factor) for factor in FACTORS])


@pytest.fixture
def nodes(image, scene):
    return sequence_nodes_from_image(image, TIMES, scene, "dce")


@pytest.fixture
def plot(scene):
    return TimeCoursePlot(scene)


def test_the_curve_is_that_of_the_voxel_at_the_place(nodes, plot, left_handed_oblique_image, markers):
    plot.set_series(nodes.shown)
    for index in markers:
        place = to_ras(left_handed_oblique_image.TransformIndexToPhysicalPoint(index))
        plot.show_point(place)
        assert plot.curve(CURSOR) == pytest.approx((left_handed_oblique_image[index] + 1) * FACTORS)


def test_the_voxel_reaches_half_way_to_its_neighbour_and_the_series_no_farther(nodes, plot, left_handed_oblique_image):
    plot.set_series(nodes.shown)
    inside = left_handed_oblique_image.TransformContinuousIndexToPhysicalPoint((3.49, -0.49, 8.49))
    plot.show_point(to_ras(inside))
    assert plot.curve(CURSOR)[0] == left_handed_oblique_image[3, 0, 8] + 1
    outside = left_handed_oblique_image.TransformContinuousIndexToPhysicalPoint((3.0, -0.51, 8.0))
    plot.show_point(to_ras(outside))
    assert plot.curve(CURSOR) is None


def test_the_curve_of_a_lesion_is_the_mean_of_its_voxels(nodes, plot, oblique_mask, left_handed_oblique_image):
    plot.show(nodes.sequence, oblique_mask)
    inside = sitk.GetArrayFromImage(oblique_mask) > 0
    mean = (sitk.GetArrayFromImage(left_handed_oblique_image)[inside] + 1).mean()
    assert plot.curve(REGION) == pytest.approx(mean * FACTORS, rel=1e-6)


def test_table_and_chart_show_enhancement_against_seconds(nodes, plot, oblique_mask):
    plot.show(nodes.shown, oblique_mask)
    columns = columns_from_table_node(plot.table)
    assert columns["time (s)"] == TIMES
    assert columns["region enhancement"] == pytest.approx([0, 50, 200, 100], abs=1e-4)
    assert plot.chart.GetNumberOfPlotSeriesNodes() == 1
    curve = plot.chart.GetPlotSeriesNode()
    assert (curve.GetXColumnName(), curve.GetYColumnName()) == ("time (s)", "region enhancement")
    assert curve.GetTableNode().GetID() == plot.table.GetID()
    assert curve.GetName() == "lesion"
    assert plot.chart.GetXAxisTitle() == "time (s)"
    plot.quantity = SIGNAL
    assert plot.chart.GetPlotSeriesNode().GetYColumnName() == "region signal"
    assert plot.chart.GetYAxisTitle() == "signal"


def test_enhancement_of_a_voxel_without_signal_is_not_drawn(scene, plot):
    values = np.zeros((3, 2, 2, 2), np.float32)
    values[1:] = 5
    image = sitk.JoinSeries([sitk.GetImageFromArray(frame) for frame in values])
    plot.show(sequence_nodes_from_image(image, [0, 1, 2], scene, "dce").shown, (0.0, 0.0, 0.0))
    assert plot.quantity == ENHANCEMENT
    assert plot.chart.GetNumberOfPlotSeriesNodes() == 0
    plot.quantity = SIGNAL
    assert plot.chart.GetNumberOfPlotSeriesNodes() == 1


def test_a_series_of_unknown_times_says_frame_not_seconds(image, scene, plot):
    plot.show(sequence_nodes_from_image(image, [], scene, "dce").shown, (0, 0, 0))
    assert plot.chart.GetXAxisTitle() == "frame"
    assert columns_from_table_node(plot.table)["frame"] == [0, 1, 2, 3]


def test_a_moved_series_is_read_where_it_lies(nodes, plot, scene, left_handed_oblique_image):
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    matrix[:3, 3] = (4, -5, 6)
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    nodes.shown.SetAndObserveTransformNodeID(transform.GetID())
    place = np.add(to_ras(left_handed_oblique_image.TransformIndexToPhysicalPoint((3, 11, 5))), (4, -5, 6))
    plot.show(nodes.shown, place.tolist())
    assert plot.curve(CURSOR)[0] == left_handed_oblique_image[3, 11, 5] + 1


def test_stepping_to_another_frame_changes_no_curve(nodes, plot, left_handed_oblique_image):
    place = to_ras(left_handed_oblique_image.TransformIndexToPhysicalPoint((3, 11, 5)))
    plot.show(nodes.shown, place)
    before = plot.curve(CURSOR)
    nodes.browser.SetSelectedItemNumber(2)
    plot.show_point(place)
    assert np.array_equal(plot.curve(CURSOR), before)


def test_the_cursor_is_followed_in_a_slice_view_and_left_when_it_leaves(nodes, plot, scene, left_handed_oblique_image):
    plot.set_series(nodes.shown)
    told = []
    plot.follow_cursor(also=told.append)
    view = scene.AddNewNodeByClass("vtkMRMLSliceNode")
    cross_hair = scene.GetSingletonNode("default", "vtkMRMLCrosshairNode")
    place = to_ras(left_handed_oblique_image.TransformIndexToPhysicalPoint((3, 11, 5)))
    view.JumpSliceByCentering(*place)
    cross_hair.SetCursorPositionXYZ((128, 128, 0), view)
    assert plot.curve(CURSOR)[0] == left_handed_oblique_image[3, 11, 5] + 1
    assert told[-1] == pytest.approx(place)
    cross_hair.SetCursorPositionInvalid()
    assert plot.curve(CURSOR) is None
    assert told[-1] is None
    plot.stop_following()
    cross_hair.SetCursorPositionXYZ((128, 128, 0), view)
    assert plot.curve(CURSOR) is None


def test_curves_of_another_series_are_taken_off(nodes, plot, image, scene, oblique_mask):
    plot.show(nodes.shown, oblique_mask)
    plot.set_series(sequence_nodes_from_image(image, TIMES, scene, "other").shown)
    assert plot.curve(REGION) is None
    assert plot.chart.GetNumberOfPlotSeriesNodes() == 0


def test_a_scene_has_one_plot_and_does_not_save_it(nodes, plot, scene, oblique_mask):
    plot.show(nodes.shown, oblique_mask)
    TimeCoursePlot(scene).show(nodes.shown, oblique_mask)
    for kind in ("Table", "PlotChart"):
        assert scene.GetNumberOfNodesByClass(f"vtkMRML{kind}Node") == 1
    assert not plot.table.GetSaveWithScene()
    view = scene.AddNewNodeByClass("vtkMRMLPlotViewNode")
    plot.show_in(view)
    assert view.GetPlotChartNode().GetID() == plot.chart.GetID()


def test_after_the_scene_was_closed_the_plot_starts_anew(image, nodes, plot, scene, oblique_mask):
    plot.show(nodes.shown, oblique_mask)
    scene.Clear(0)
    plot.set_series(None)
    plot.show(sequence_nodes_from_image(image, TIMES, scene, "dce").shown, oblique_mask)
    assert plot.chart.GetNumberOfPlotSeriesNodes() == 1
    assert plot.chart.GetPlotSeriesNode().GetTableNode() is not None


def test_a_four_dimensional_image_is_read_as_its_nodes_are(nodes, image, oblique_mask):
    of_nodes, of_image = frames_of(nodes.shown), frames_of(image)
    assert of_image.ijk_to_ras == pytest.approx(of_nodes.ijk_to_ras)
    assert of_image.within(oblique_mask) == pytest.approx(of_nodes.within(oblique_mask))


def test_what_cannot_be_plotted_is_refused(nodes, plot, scene, left_handed_oblique_image, oblique_mask):
    still = volume_node_from_image(left_handed_oblique_image, scene, "t2")
    with pytest.raises(InputError, match="several frames"):
        plot.set_series(still)
    with pytest.raises(InputError, match="several frames"):
        frames_of(left_handed_oblique_image)
    far = sitk.Image(oblique_mask)
    far.SetOrigin((1e4, 0, 0))
    plot.show(nodes.shown, oblique_mask)
    with pytest.raises(InputError, match="no voxel"):
        plot.show(nodes.shown, far)
    assert plot.curve(REGION) is not None, "the plot must stay as it was"


def test_the_curve_of_the_hot_spot_has_its_own_line_and_must_fit_the_frames(nodes, plot, oblique_mask):
    plot.show(nodes.sequence, oblique_mask)
    plot.show_hot_spot([100, 150, 300, 200])
    columns = columns_from_table_node(plot.table)
    assert columns["hot spot signal"] == [100, 150, 300, 200]
    assert columns["hot spot enhancement"] == pytest.approx([0, 50, 200, 100])
    assert plot.chart.GetNumberOfPlotSeriesNodes() == 2
    plot.show_hot_spot([100, 150, 300])  # of a series with fewer frames
    assert plot.curve("hot spot") is None
    assert plot.chart.GetNumberOfPlotSeriesNodes() == 1
