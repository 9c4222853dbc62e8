"""Slice views: the right voxels at the right pixels, and what the mouse does there."""

import numpy as np
import pytest
import slicer

QtGui = pytest.importorskip("PySide6.QtGui", exc_type=ImportError)


@pytest.fixture
def window(qt_application):
    from Testing.harness import window as windows

    main = windows._main_windows[-1]
    main.resize(1200, 800)
    main.show()
    made = windows.ModuleWindow(main, "")
    made.process_events()
    return made


@pytest.fixture
def volume(window):
    """A bright block at the patient's right (R+), front (A+); 60 x 40 x 20 mm around the origin."""
    voxels = np.zeros((20, 40, 60), np.int16)
    node = slicer.util.addVolumeFromArray(voxels)
    node.SetOrigin(-30, -20, -10)
    array = slicer.util.arrayFromVolume(node)
    array[8:12, 28:38, 45:55] = 100  # R 15..25, A 8..18, S -2..2
    slicer.util.arrayFromVolumeModified(node)
    display = node.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(0, 100)
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    return node


def brightness(window, view, ras):
    widget = window.slice_view(view)
    return widget.grab().toImage().pixelColor(window.slice_place(view, ras)).red()


def test_image_and_places_agree_in_every_plane(window, volume):
    for view in ("Red", "Green", "Yellow"):
        node = slicer.app.layoutManager().sliceWidget(view).mrmlSliceNode()
        node.JumpSlice(20, 13, 0)
        assert brightness(window, view, (20, 13, 0)) > 200
    assert brightness(window, "Red", (-20, 13, 0)) < 30
    assert brightness(window, "Red", (20, -13, 0)) < 30


def test_the_patient_s_right_is_at_the_left_and_his_front_at_the_top_of_an_axial_view(window, volume):
    right, left = window.slice_place("Red", (20, 0, 0)), window.slice_place("Red", (-20, 0, 0))
    front, back = window.slice_place("Red", (0, 13, 0)), window.slice_place("Red", (0, -13, 0))
    assert right.x() < left.x()
    assert front.y() < back.y()


def test_a_segment_is_painted_where_its_voxels_are(window, volume):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.CreateDefaultDisplayNodes()
    segment = node.GetSegmentation().AddEmptySegment("lesion", "lesion", (1.0, 0.0, 0.0))
    mask = np.zeros((20, 40, 60), np.uint8)
    mask[8:12, 5:15, 5:15] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, node, segment, volume)
    node.GetDisplayNode().SetOpacity2DFill(1.0)
    for view in ("Red", "Green", "Yellow"):
        slicer.app.layoutManager().sliceWidget(view).mrmlSliceNode().JumpSlice(-20, -10, 0)
        assert brightness(window, view, (-20, -10, 0)) > 100
    node.GetDisplayNode().SetSegmentVisibility(segment, False)
    assert brightness(window, "Red", (-20, -10, 0)) < 30


def test_the_wheel_moves_one_slice_and_stops_at_the_end(window, volume):
    logic = slicer.app.layoutManager().sliceWidget("Red").sliceLogic()
    start = logic.GetSliceOffset()
    window.scroll_slice("Red", 2)
    assert logic.GetSliceOffset() - start == pytest.approx(2)
    window.scroll_slice("Red", 40)
    assert logic.GetSliceOffset() <= 10


def test_the_cursor_is_followed_and_shift_jumps(window, volume):
    crosshair = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    told, ras = [], [0.0, 0.0, 0.0]
    crosshair.AddObserver(
        crosshair.CursorPositionModifiedEvent, lambda *_: told.append(crosshair.GetCursorPositionRAS(ras))
    )
    window.move_in_slice("Red", (10, 5, 0))
    assert told
    assert np.abs(np.array(ras) - (10, 5, 0))[:2].max() < 0.3
    window.move_in_slice("Red", (20, 13, 0), modifiers="Shift")
    yellow = slicer.app.layoutManager().sliceWidget("Yellow").sliceLogic()
    assert abs(yellow.GetSliceOffset()) == pytest.approx(20, abs=0.6)


def test_a_click_in_place_mode_places_a_point(window, volume):
    points = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "seed")
    points.CreateDefaultDisplayNodes()
    widget = slicer.qSlicerMarkupsPlaceWidget()
    widget.setMRMLScene(slicer.mrmlScene)
    widget.setCurrentNode(points)
    widget.setPlaceModeEnabled(True)
    window.click_in_slice("Red", (20, 13, 0))
    assert points.GetNumberOfControlPoints() == 1
    assert np.abs(np.array(points.GetNthControlPointPositionWorld(0)) - (20, 13, 0))[:2].max() < 0.3
    assert not widget.placeModeEnabled


def test_layouts_show_the_views_that_they_name(window, volume):
    manager, told = slicer.app.layoutManager(), []
    manager.connect("layoutChanged(int)", told.append)
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    window.process_events()
    assert told == [slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView]
    assert manager.sliceWidget("Red").visible
    assert not manager.sliceWidget("Green").visible
    described = manager.layoutLogic().GetLayoutNode()
    described.AddLayoutDescription(
        901,
        '<layout type="horizontal" split="true"><item splitSize="500">'
        '<view class="vtkMRMLSliceNode" singletontag="Own"><property name="orientation" action="default">Sagittal'
        '</property></view></item><item splitSize="500">'
        '<view class="vtkMRMLPlotViewNode" singletontag="Curve"/></item></layout>',
    )
    manager.setLayout(901)
    window.process_events()
    assert "Own" in manager.sliceViewNames()
    assert manager.sliceWidget("Own").mrmlSliceNode().GetOrientation() == "Sagittal"
    assert manager.plotViewCount == 1
    assert manager.plotWidget(0).visible
    width = window.slice_view("Own").width()
    assert manager.sliceWidget("Own").mrmlSliceNode().GetDimensions()[0] == width


def test_a_plot_shows_its_chart(window):
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
    slicer.util.updateTableFromArray(table, (np.arange(5.0), np.arange(5.0) ** 2), ["t", "s"])
    series = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", "lesion")
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetXColumnName("t")
    series.SetYColumnName("s")
    series.SetColor(1, 0, 0)
    chart = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode")
    chart.AddAndObservePlotSeriesNodeID(series.GetID())
    manager = slicer.app.layoutManager()
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalPlotView)
    view = manager.plotWidget(0).mrmlPlotViewNode()
    view.SetPlotChartNodeID(chart.GetID())
    window.process_events()
    picture = manager.plotWidget(0).plotView()._qt.grab().toImage().convertToFormat(QtGui.QImage.Format.Format_RGB888)
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), -1)
    pixels = rows[:, : 3 * picture.width()].reshape(-1, 3)
    assert (pixels == (255, 0, 0)).all(axis=1).any()
