"""Kinetics in the panel: the hot spot found and dragged, its values, maps on demand, what is missing told."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.mrml.hot_spots import hot_spot_of, hot_spots_of
from spinemets.mrml.kinetic_maps import maps_of
from spinemets.mrml.lesions import lesions_of
from spinemets.mrml.segmentations import replace_segment


def dynamic_signals(case) -> tuple[sitk.Image, np.ndarray]:
    from spinemets.mrml.sequences import image_of

    image, _times = image_of(case.volumes()["dce"])
    return image[..., 0], sitk.GetArrayFromImage(image)


def position(marker) -> tuple[float, float, float]:
    """RAS mm."""
    r, a, s = marker.GetNthControlPointPositionWorld(0)
    return r, a, s


def cells(table) -> list[list[str]]:
    return [[table.item(row, column).text() for column in range(table.columnCount)] for row in range(table.rowCount)]


@pytest.fixture
def lesion(panel, case, simulated_study, rest):
    """The simulator's lesion, drawn."""
    panel.type("levelComboBox", "L3")
    panel.click("addLesionButton")
    part = panel.widget.logic.lesionPart(panel.widget.parameters)
    replace_segment(part.node, part.segment_id, simulated_study.truth("lesion_dce"))
    rest()
    return lesions_of(case)[0]


@pytest.fixture
def marker(panel, case, lesion):
    panel.click("findHotSpotButton")
    panel.process_events()
    return hot_spot_of(case, lesion.id)


@pytest.fixture
def drag(panel):
    """Drag the marker through places (RAS mm) as the slice view's widget does, and let it go."""

    def drag_to(node, *places):
        node.InvokeEvent(node.PointStartInteractionEvent)
        for place in places:
            node.SetNthControlPointPositionWorld(0, *place)
            panel.process_events(until=lambda: not panel.widget.kineticsSection._followTimer.isActive())
        node.InvokeEvent(node.PointEndInteractionEvent)
        panel.process_events()

    return drag_to


def test_the_hot_spot_lies_in_the_lesion_and_its_values_are_those_of_the_images(panel, case, simulated_study, marker):
    first, signals = dynamic_signals(case)
    r, a, s = position(marker)
    index = first.TransformPhysicalPointToIndex((-r, -a, s))
    assert simulated_study.truth("lesion_dce")[index] == 1
    spot = panel.widget.kineticsSection.measured.spot
    inside = sitk.GetArrayFromImage(spot.region) > 0
    curve = signals[:, inside].mean(axis=1)
    signal_row, time_row = cells(panel.ui("momentsTable"))
    assert signal_row[0] == f"{curve[0]:.4g}"
    assert signal_row[3] == f"{curve[1:].max():.4g}"
    assert signal_row[6] == f"{curve[-1]:.4g}"
    times = panel.widget.kineticsSection.measured.spot.course.times
    assert time_row[0] == "0"
    assert time_row[5] == "67"
    assert time_row[6] == f"{times[-1]:.4g}"
    (ratios,) = cells(panel.ui("ratiosTable"))
    assert ratios[0] == f"{100 * np.diff(curve).max() / curve[0]:.0f} %"
    assert ratios[1] == f"{100 * (curve[1:].max() / curve[0] - 1):.0f} %"
    assert ratios[3] in ("persistent", "plateau", "wash-out")
    assert "found by rule" in panel.ui("hotSpotLabel").text
    assert "Research only, not for diagnosis" in panel.ui("treeLabel").text


def test_a_dragged_marker_is_measured_where_it_lies_and_undo_brings_it_back(panel, case, marker, drag):
    kinetics = panel.widget.kineticsSection
    found = position(marker)
    before = cells(panel.ui("momentsTable")), cells(panel.ui("ratiosTable"))
    assert not panel.ui("undoHotSpotButton").enabled
    first, signals = dynamic_signals(case)
    near = np.add(found, (3.0, 0.0, 0.0))
    far = np.add(found, (6.0, -4.0, 0.0))
    drag(marker, near, far)
    inside = sitk.GetArrayFromImage(kinetics.measured.spot.region) > 0
    middle = first.TransformPhysicalPointToIndex((-far[0], -far[1], far[2]))
    assert inside[middle[::-1]] or kinetics.measured.warnings
    assert np.linalg.norm(np.argwhere(inside).mean(axis=0)[::-1] - middle) < 6
    assert cells(panel.ui("momentsTable"))[0][0] == f"{signals[0, inside].mean():.4g}"
    assert "placed by the reader" in panel.ui("hotSpotLabel").text
    panel.click("undoHotSpotButton")
    # One drag is one step, through however many places it went.
    assert np.allclose(position(marker), found)
    assert (cells(panel.ui("momentsTable")), cells(panel.ui("ratiosTable"))) == before
    assert "found by rule" in panel.ui("hotSpotLabel").text
    assert not panel.ui("undoHotSpotButton").enabled


def test_values_follow_while_the_marker_is_still_held(panel, marker):
    before = cells(panel.ui("momentsTable"))
    marker.InvokeEvent(marker.PointStartInteractionEvent)
    marker.SetNthControlPointPositionWorld(0, *np.add(position(marker), (9.0, 0.0, 0.0)))
    panel.process_events(until=lambda: cells(panel.ui("momentsTable")) != before)
    marker.InvokeEvent(marker.PointEndInteractionEvent)
    panel.process_events()


def test_outside_of_lesion_and_series(panel, marker, drag):
    inside = position(marker)
    drag(marker, np.add(inside, (0.0, 45.0, 0.0)))
    assert "outside of the lesion" in panel.ui("hotSpotLabel").text
    drag(marker, np.add(inside, (0.0, 0.0, 900.0)))
    assert "outside of the dynamic series" in panel.ui("hotSpotLabel").text
    assert {text for row in cells(panel.ui("momentsTable")) for text in row} == {"–"}
    assert not panel.ui("copyKineticsButton").enabled
    assert not panel.ui("mapsButton").enabled
    panel.click("undoHotSpotButton")
    panel.click("undoHotSpotButton")
    assert np.allclose(position(marker), inside)


def test_a_lesion_that_was_changed_after_its_hot_spot_was_found_is_told(
    panel, case, lesion, marker, simulated_study, rest
):
    truth = simulated_study.truth("lesion_dce")
    where = sitk.GetArrayFromImage(panel.widget.kineticsSection.measured.spot.region)
    rest_of_it = sitk.GetImageFromArray(((sitk.GetArrayFromImage(truth) > 0) & (where == 0)).astype(np.uint8))
    rest_of_it.CopyInformation(truth)
    part = panel.widget.logic.lesionPart(panel.widget.parameters)
    place = position(marker)
    replace_segment(part.node, part.segment_id, rest_of_it)
    rest()
    assert "find it again" in panel.ui("hotSpotLabel").text
    assert np.allclose(position(marker), place)
    panel.click("findHotSpotButton")
    assert "find it again" not in panel.ui("hotSpotLabel").text
    assert not np.allclose(position(marker), place)


def test_values_are_copied_as_text(panel, marker):
    panel.click("copyKineticsButton")
    lines = slicer.app.clipboard().text().splitlines()
    assert lines[0] == "L3, hot spot found by rule"
    table = [line.split("\t") for line in lines]
    assert table[2] == ["", "S0", "S1", "S2", "Smax", "Speak", "S67", "Slast"]
    assert table[3][1:] == cells(panel.ui("momentsTable"))[0]
    assert ["Maximum", cells(panel.ui("ratiosTable"))[0][1]] in table


def test_each_lesion_has_its_own_marker_and_takes_it_along(panel, case, lesion, marker):
    panel.type("levelComboBox", "L4")
    panel.click("addLesionButton")
    assert not panel.ui("findHotSpotButton").enabled
    assert "Find or draw the lesion first" in panel.ui("hotSpotLabel").text
    panel.widget.ui.lesionTable.selectRow(0)
    panel.process_events()
    assert "Hot spot of L3" in panel.ui("hotSpotLabel").text
    panel.widget.ui.lesionTable.item(0, 0).setText("L3 left")
    panel.process_events()
    panel.process_events()
    assert marker.GetNthControlPointLabel(0) == "L3 left"
    panel.click("deleteLesionButton")
    panel.process_events()
    assert hot_spots_of(case) == {}
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLMarkupsFiducialNode") == 0


def test_undo_brings_a_deleted_lesion_back_with_its_marker(panel, case, lesion, marker, drag, rest):
    panel.click("findButton")  # the tools edit the lesion
    panel.process_events()
    placed = np.add(position(marker), (3.0, 0.0, 0.0))
    drag(marker, placed)
    panel.click("deleteLesionButton")
    panel.process_events()
    assert hot_spots_of(case) == {}
    panel.press("Z")
    rest()
    assert [one.id for one in lesions_of(case)] == [lesion.id]
    assert np.allclose(position(hot_spot_of(case, lesion.id)), placed)
    assert "placed by the reader" in panel.ui("hotSpotLabel").text


def test_a_deleted_marker_leaves_no_values(panel, marker):
    marker.RemoveAllControlPoints()
    panel.process_events()
    panel.process_events()
    assert panel.widget.kineticsSection.measured is None
    assert cells(panel.ui("ratiosTable"))[0] == ["–"] * 4
    panel.click("findHotSpotButton")
    assert panel.widget.kineticsSection.measured is not None


def test_the_hot_spot_s_curve_is_plotted_beside_the_lesion_s(panel, marker):
    panel.click("timeCourseCheckBox")
    panel.process_events()
    plot = panel.widget.viewsSection._plot
    assert np.allclose(plot.curve("hot spot"), panel.widget.kineticsSection.measured.spot.course.signal)
    assert plot.curve("region") is not None


def wait_for_maps(panel):
    panel.process_events(until=lambda: not panel.widget.isWorking, timeout_s=120)
    panel.process_events()


def composite(role="dce"):
    view = slicer.app.layoutManager().sliceWidget(f"SpineMets_{role}")
    return view.mrmlSliceCompositeNode()


def test_maps_are_computed_shown_over_the_series_and_saved_with_the_scene(panel, case, lesion, marker, tmp_path):
    from SpineMetsSegmenterLib.SelfTest import saveAndRead

    series = panel.widget.ui.seriesTable.rowCount
    panel.click("mapsButton")
    assert panel.ui("mapsButton").text == "Cancel"
    assert not panel.ui("ratesButton").enabled
    wait_for_maps(panel)
    maps = maps_of(case, case.volumes()["dce"], lesion)
    assert list(maps) == ["wash_in", "max_se", "wash_out"]
    _first, signals = dynamic_signals(case)
    course = panel.widget.kineticsSection.measured.spot.course
    expected = (signals[course.frames["smax"]] - signals[0].astype(float)) / np.where(
        signals[0] > 0, signals[0], np.inf
    )
    assert np.allclose(slicer.util.arrayFromVolume(maps["max_se"]), expected, rtol=1e-4, atol=1e-4)
    assert maps["wash_out"].GetName() == f"{case.name} Wash-out slope, L3"
    assert maps["wash_out"].GetVoxelValueUnits().GetCodeValue() == "%"
    # Shown over the dynamic series, in no other column, and no series of the study.
    assert composite().GetForegroundVolumeID() == maps["wash_out"].GetID()
    assert composite().GetForegroundOpacity() == pytest.approx(0.6)
    (part,) = lesion.drawn[1:]
    assert part.node.GetDisplayNode().GetSegmentOpacity2DFill(part.segment_id) == 0
    assert composite("t2").GetForegroundVolumeID() is None
    assert panel.widget.ui.seriesTable.rowCount == series
    panel.ui("mapOpacitySlider").value = 0.25
    panel.process_events()
    assert composite().GetForegroundOpacity() == pytest.approx(0.25)
    panel.choose("mapComboBox", "Maximum SE ratio")
    assert composite().GetForegroundVolumeID() == maps["max_se"].GetID()
    place, values = position(marker), cells(panel.ui("momentsTable"))
    saveAndRead(tmp_path / "scene")
    panel.process_events()
    panel.process_events()
    case = panel.widget.logic.currentCase(panel.widget.parameters)
    maps = maps_of(case, case.volumes()["dce"], lesion)
    assert np.allclose(slicer.util.arrayFromVolume(maps["max_se"]), expected, rtol=1e-4, atol=1e-4)
    read = hot_spot_of(case, lesion.id)
    assert np.allclose(position(read), place, atol=1e-3)
    assert cells(panel.ui("momentsTable")) == values
    assert panel.ui("mapComboBox").currentText == "Maximum SE ratio"
    for name, low, high in (("max_se", 0, 3), ("wash_out", -60, 60)):
        display = maps[name].GetDisplayNode()
        assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == (low, high)
        assert display.GetColorNode().GetLookupTable().GetRange() == (low, high)
    panel.click("layoutButton")
    panel.process_events()
    assert composite().GetForegroundVolumeID() == maps["max_se"].GetID()
    panel.choose("mapComboBox", "No map")
    assert composite().GetForegroundVolumeID() is None
    (part,) = lesions_of(case)[0].drawn[1:]
    assert part.node.GetDisplayNode().GetSegmentOpacity2DFill(part.segment_id) == 1


def test_cancelled_half_way_the_scene_is_as_it_was(panel, case, lesion, marker):
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    panel.click("mapsButton")
    panel.process_events(until=lambda: panel.ui("mapsLabel").text, timeout_s=60)
    panel.click("mapsButton")
    assert panel.ui("mapsButton").text == "Enhancement maps"
    assert "cancelled" in panel.ui("mapsLabel").text
    assert not panel.widget.isWorking
    computing = panel.widget.kineticsSection.maps
    panel.process_events(
        until=lambda: not panel.widget.standby._jobs or not panel.widget.standby._jobs[0].isRunning, timeout_s=60
    )
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert not computing.isComputing
    assert not list(Path(slicer.app.temporaryPath).glob("SpineMets-maps-*"))


def test_rates_ask_for_t1_and_are_called_relative_without(panel, case, lesion, marker):
    # Repetition time and flip angle come with the study; T1 does not.
    assert panel.widget.parameters.repetitionTime > 0
    assert panel.widget.parameters.flipAngle > 0
    assert not panel.ui("ratesButton").enabled
    assert "T1 before contrast" in panel.ui("ratesButton").toolTip
    assert "T1 before contrast must be known" in panel.ui("ratesLabel").text
    panel.click("relativeCheckBox")
    assert "relative" in panel.ui("ratesLabel").text
    panel.click("ratesButton")
    wait_for_maps(panel)
    maps = maps_of(case, case.volumes()["dce"], lesion)
    assert maps["ktrans"].GetAttribute("SpineMets.Unit") == "relative"
    assert "relative" in maps["ktrans"].GetName()
    assert maps["ktrans"].GetVoxelValueQuantity().GetCodingSchemeDesignator() == "99SPINEMETS"
    assert "relative" in panel.ui("mapComboBox").currentText
    assert "relative" in panel.ui("mapsLabel").text
    assert "Relative enhancement stands for the concentration" in panel.ui("ratesLabel").text


def test_rates_with_t1_are_near_the_simulator_s(panel, case, lesion, marker, simulated_study):
    panel.click("kineticsSettingsButton")
    panel.type("t1BeforeContrastSpinBox", "1.2")
    assert panel.ui("ratesButton").enabled
    panel.click("ratesButton")
    wait_for_maps(panel)
    maps = maps_of(case, case.volumes()["dce"], lesion)
    assert list(maps) == ["wash_in", "max_se", "wash_out", "ktrans", "kep", "ve", "vp"]
    assert maps["ktrans"].GetVoxelValueQuantity().GetCodeValue() == "126312"
    inside = sitk.GetArrayFromImage(simulated_study.truth("lesion_dce")) > 0
    ktrans = slicer.util.arrayFromVolume(maps["ktrans"])
    assert np.count_nonzero(ktrans[~inside]) == 0
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(simulated_study.folder / "truth" / "ktrans.nrrd")))
    # T1 is a guess here and the input function another, so only the order of size can be right.
    assert 0.5 < np.median(ktrans[inside]) / np.median(truth[inside]) < 2
    assert "Ktrans" in panel.ui("mapsLabel").text
    assert "1/min" in panel.ui("mapsLabel").text


def test_a_fault_of_the_child_process_is_a_sentence_in_the_panel(panel, case, lesion, marker):
    panel.click("kineticsSettingsButton")
    panel.type("t1BeforeContrastSpinBox", "1.2")
    panel.type("flipAngleSpinBox", "0.01")
    panel.widget.parameters.flipAngle = 178.99
    panel.widget.parameters.repetitionTime = 0.05
    panel.process_events()
    panel.click("ratesButton")
    wait_for_maps(panel)
    assert panel.ui("mapsLabel").text.startswith("⚠ The maps could not be computed. TR: is 0.05 ms; ")
    assert maps_of(case, case.volumes()["dce"], lesion) == {}
    assert panel.ui("ratesButton").text == "Ktrans maps"


def test_a_series_without_times_asks_for_them(panel, case, lesion):
    from spinemets.mrml.sequences import sequence_behind

    assert not panel.ui("frameIntervalSpinBox").visible
    sequence = sequence_behind(case.volumes()["dce"])
    sequence.SetIndexUnit("")
    panel.widget.updatePanel()
    assert not panel.ui("findHotSpotButton").enabled
    assert "does not say when its frames were taken" in panel.ui("hotSpotLabel").text
    panel.type("frameIntervalSpinBox", "12")
    panel.click("findHotSpotButton")
    assert cells(panel.ui("momentsTable"))[1][6] == f"{12 * (sequence.GetNumberOfDataNodes() - 1):g}"


def test_the_injection_stays_with_its_series(panel, case, lesion, marker):
    from spinemets.mrml.sequences import injection_of

    volume = case.volumes()["dce"]
    assert injection_of(volume) is None
    panel.click("kineticsSettingsButton")
    panel.type("injectionTimeSpinBox", "12.5")
    assert injection_of(volume) == 12.5
    assert float(cells(panel.ui("momentsTable"))[1][5]) == 67 + 12.5
    # Another series is worked on for a while.
    with slicer.util.NodeModify(panel.widget.parameters):
        panel.widget.parameters.kineticsSeries = "another"
        panel.widget.parameters.injectionTime = 30.0
    assert panel.widget.parameters.injectionTime == injection_of(volume) == 12.5
    panel.type("injectionTimeSpinBox", "0")
    assert injection_of(volume) is None


def test_frames_before_contrast_and_interval_stay_with_their_series(panel, case, lesion, marker):
    from spinemets.mrml.sequences import frame_interval_of, frames_before_contrast, sequence_behind

    volume = case.volumes()["dce"]
    panel.click("kineticsSettingsButton")
    panel.type("framesBeforeSpinBox", "2")
    sequence_behind(volume).SetIndexUnit("")
    panel.widget.updatePanel()
    panel.type("frameIntervalSpinBox", "12")
    assert (frames_before_contrast(volume), frame_interval_of(volume)) == (2, 12.0)
    # Another series is worked on for a while.
    with slicer.util.NodeModify(panel.widget.parameters):
        panel.widget.parameters.kineticsSeries = "another"
        panel.widget.parameters.framesBefore, panel.widget.parameters.frameInterval = 4, 3.0
    assert (panel.widget.parameters.framesBefore, panel.widget.parameters.frameInterval) == (2, 12.0)
    panel.type("framesBeforeSpinBox", "1")
    assert frames_before_contrast(volume) is None


def test_without_a_dynamic_series(panel, case, lesion):
    slicer.mrmlScene.RemoveNode(case.volumes()["dce"])
    panel.process_events()
    panel.process_events()
    assert "no dynamic series" in panel.ui("hotSpotLabel").text
    assert not panel.ui("findHotSpotButton").enabled


def test_closing_the_scene_while_maps_are_computed(panel, case, lesion, marker):
    panel.click("mapsButton")
    slicer.mrmlScene.Clear(0)
    panel.process_events()
    assert not panel.widget.isWorking
    assert panel.ui("mapsButton").text == "Enhancement maps"
    assert cells(panel.ui("ratiosTable"))[0] == ["–"] * 4


def test_a_panel_that_was_reloaded_starts_no_process(panel):
    """The old panel's timer must not start a child that nobody ends."""
    started = []
    panel.widget.standby.warmUp = lambda: started.append(1)
    panel.widget.enter()
    timer = panel.widget._warmUpTimer
    assert timer.isActive()
    panel.widget.cleanup()
    assert not timer.isActive()
    assert started == []
