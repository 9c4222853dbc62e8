"""The effect in a Segment Editor with slice views: real drags, clicks and child processes."""

import sys

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.mrml.segmentations import (
    OUTLINE,
    add_segment,
    replace_segment,
    segmentation_node_from_mask,
    segments_of,
)
from Testing.harness import application
from Testing.harness.fixtures import open_module
from Testing.widgets.desk import make_desk

__all__ = ["open_module"]

MODULE = "SegmentEditorSpineMets"


class Editor:
    """A Segment Editor of its own beside the slice views, with the effect chosen."""

    def __init__(self, window, flipped=False) -> None:
        from SegmentEditorSpineMetsLib.SelfTest import SegmentEditorSpineMetsTest

        self.window = window
        self.desk = make_desk(slicer.mrmlScene, flipped)
        self.desk.logic.SetSegmentEditorNode(None)
        self.widget, self.desk.segmentation, self.desk.segmentID = SegmentEditorSpineMetsTest()._editorFor(
            self.desk.volume
        )
        self.widget.resize(420, 950)
        self.widget.show()
        slicer.util.setSliceViewerLayers(background=self.desk.volume, fit=True)
        slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *self.ras())
        window.process_events()
        self.widget.setActiveEffectByName("SpineMets")

    @property
    def effect(self):
        return self.widget.activeEffect().self()

    @property
    def tool(self):
        return self.effect.tool

    def ras(self, right=0.0, forward=0.0, up=0.0) -> np.ndarray:
        """RAS mm of the middle of the ball, or of a place beside it."""
        x, y, z = self.desk.place()
        return np.array([-x + right, -y + forward, z + up])

    def drag(self, view, *places, modifiers=""):
        self.window.drag_in_slice(view, [self.ras(*place) for place in places], modifiers=modifiers)

    def choose_method(self, name):
        combo = self.effect.ui.methodComboBox
        combo.currentIndex = combo.findData(name)
        self.window.process_events()

    def draw_outline(self):
        mask = sitk.BinaryDilate(self.desk.image_of(self.desk.ball), (3, 3, 1))
        outline = segmentation_node_from_mask(mask, slicer.mrmlScene, "outlines", "Outline", OUTLINE)
        self.effect.setOutline(outline, next(iter(segments_of(outline))))
        return outline

    def wait(self):
        self.window.process_events(until=lambda: not self.tool.isWorking, timeout_s=60)

    def dice(self):
        found = self.desk.mask()
        return 2 * np.sum(found & self.desk.ball) / (found.sum() + self.desk.ball.sum())


@pytest.fixture
def opened(open_module, monkeypatch):
    window = open_module("SpineMetsClassifier", size=(1280, 900))
    if MODULE not in application.MODULES:
        monkeypatch.syspath_prepend(str(application.ROOT / MODULE))
        application.load_module(MODULE).registerEditorEffect()
    return window


@pytest.fixture
def editor(opened):
    made = Editor(opened)
    yield made
    made.widget.setActiveEffectByName("")
    made.widget.close()


def test_every_segment_editor_offers_the_effect(opened):
    assert "SpineMets" in slicer.qMRMLSegmentEditorWidget().availableEffectNames()


def test_the_application_s_own_test_passes(opened):
    getattr(sys.modules[MODULE], MODULE + "Test")().runTest()


@pytest.mark.parametrize("view", ["Red", "Green", "Yellow"])
def test_a_drag_in_any_view_marks_the_lesion_and_accept_writes_it(editor, view):
    editor.choose_method("strokes")
    along = {"Red": (4, 1, 0), "Green": (4, 0, 1), "Yellow": (0, 4, 1)}[view]
    editor.drag(view, (0, 0, 0), along)
    assert editor.tool.hasPreview
    assert not editor.desk.mask().any()
    editor.window.click(editor.effect.ui.acceptButton)
    assert editor.dice() > 0.9
    editor.widget.undo()
    assert not editor.desk.mask().any()
    editor.widget.redo()
    assert editor.dice() > 0.9


def test_the_same_in_a_left_handed_volume(opened):
    editor = Editor(opened, flipped=True)
    editor.choose_method("strokes")
    editor.drag("Red", (0, 0, 0), (4, 1, 0))
    editor.window.click(editor.effect.ui.acceptButton)
    assert editor.dice() > 0.9
    editor.widget.setActiveEffectByName("")


@pytest.mark.parametrize("modifiers", ["Ctrl", "Shift"])
def test_a_drag_with_a_modifier_is_not_lesion(editor, modifiers):
    editor.choose_method("strokes")
    editor.drag("Red", (0, 0, 0), (4, 1, 0))
    editor.drag("Red", (-15, 0, 0), (-15, 4, 0), modifiers=modifiers)
    strokes = editor.tool._session._segmenter.strokes
    assert [stroke.inside for stroke in strokes] == [True, False]
    assert strokes[-1].points[0] == pytest.approx(editor.ras(-15) * (-1, -1, 1), abs=1.0)


def test_strokes_are_taken_back_one_by_one_and_discard_leaves_the_segment(editor):
    ui = editor.effect.ui
    editor.choose_method("strokes")
    assert not ui.backButton.enabled
    editor.drag("Red", (0, 0, 0), (4, 1, 0))
    editor.window.click_in_slice("Red", editor.ras(5, 5))  # without an outline to grow in, a click is a dab
    assert len(editor.tool._session._segmenter.strokes) == 2
    editor.window.click(ui.backButton)
    assert len(editor.tool._session._segmenter.strokes) == 1
    editor.window.click(ui.discardButton)
    assert not editor.tool.hasPreview
    assert not ui.acceptButton.enabled
    assert "no preview" in ui.acceptButton.toolTip
    assert not editor.desk.mask().any()


def test_what_is_missing_is_in_the_tool_tip(editor):
    ui = editor.effect.ui
    assert not ui.applyButton.enabled
    assert "outline" in ui.applyButton.toolTip
    editor.draw_outline()
    assert ui.applyButton.enabled
    editor.widget.setCurrentSegmentID("")
    editor.window.process_events()
    assert not ui.applyButton.enabled
    assert "segment" in ui.applyButton.toolTip
    editor.drag("Red", (0, 0, 0), (4, 1, 0))
    assert not editor.tool.hasPreview


def test_the_lesion_is_found_from_an_outline_while_the_window_lives(editor):
    ui, ticks = editor.effect.ui, []
    editor.draw_outline()
    import qt

    timer = qt.QTimer()
    timer.interval = 20
    timer.connect("timeout()", lambda: ticks.append(1))
    timer.start()
    editor.window.click(ui.applyButton)
    assert ui.applyButton.text == "Cancel"
    assert ui.applyButton.enabled
    assert not ui.acceptButton.enabled
    editor.wait()
    timer.stop()
    assert len(ticks) > 3
    assert ui.applyButton.text == "Find lesion"
    assert ui.seedStateLabel.text == "found by itself"
    editor.window.click(ui.acceptButton)
    assert editor.dice() > 0.85


def test_a_click_places_the_seed_and_grows_from_it(editor):
    ui = editor.effect.ui
    editor.draw_outline()
    editor.window.click_in_slice("Red", editor.ras(3, 2))
    assert editor.tool.isWorking
    assert editor.tool.seed.positionLps == pytest.approx(editor.ras(3, 2) * (-1, -1, 1), abs=1.0)
    assert ui.seedStateLabel.text == "placed by you"
    editor.wait()
    assert editor.tool.hasPreview
    # A press on the seed takes hold of it: nothing is drawn.
    steps = editor.tool._session.canStepBack
    editor.drag("Red", (3, 2, 0), (6, 2, 0))
    assert editor.tool._session._segmenter is None
    assert editor.tool._session.canStepBack == steps
    editor.wait()
    editor.window.click(ui.clearSeedButton)
    editor.wait()
    assert ui.seedStateLabel.text == "found by itself"


@pytest.mark.parametrize("method", ["ncut", "grow"])
def test_cancel_leaves_everything_as_it_was(editor, method):
    ui = editor.effect.ui
    editor.draw_outline()
    editor.choose_method(method)
    editor.window.click(ui.applyButton)
    editor.window.click(ui.applyButton)
    assert ui.applyButton.text == "Find lesion"
    assert "as it was" in ui.statusLabel.text
    editor.window.process_events(until=lambda: not any(job.isRunning for job in editor.effect._standby._jobs))
    assert not editor.tool.hasPreview
    assert editor.window.dialogs == []


def test_another_effect_stops_the_search_and_keeps_the_preview(editor):
    editor.draw_outline()
    editor.drag("Red", (0, 0, 0), (4, 1, 0))
    editor.window.click(editor.effect.ui.applyButton)
    effect = editor.effect
    editor.widget.setActiveEffectByName("Paint")
    assert not effect.tool.isWorking
    assert effect.tool.hasPreview
    editor.window.process_events()
    editor.widget.setActiveEffectByName("SpineMets")
    editor.window.click(effect.ui.acceptButton)
    assert editor.dice() > 0.9


def test_a_scene_that_is_closed_in_the_middle_of_it(editor):
    editor.draw_outline()
    editor.drag("Red", (0, 0, 0), (4, 1, 0))
    effect = editor.effect
    editor.window.click(effect.ui.applyButton)
    slicer.mrmlScene.Clear(0)
    assert not effect.tool.isWorking
    assert not effect.tool.hasPreview
    editor.window.process_events()
    assert editor.window.dialogs == []
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0


def test_tools_by_hand_change_the_segment_and_undo_takes_each_back(editor):
    from SegmentEditorSpineMetsLib.Editing import writeMask

    effect, ui, desk = editor.effect, editor.effect.ui, editor.desk
    drawn = desk.ball.copy()
    drawn[9:12] = False  # slices that the reader left out
    drawn[8, 22:26, 18:22] = False  # and a hole
    writeMask(effect.scriptedEffect, desk.image_of(drawn))
    ui.toolsCollapsibleButton.collapsed = False
    editor.window.process_events()
    assert "the selected segment" in ui.fillHolesButton.toolTip
    editor.window.click(ui.fillHolesButton)
    assert desk.mask()[8, 22:26, 18:22].all()
    editor.window.click(ui.interpolateButton)
    # Between two discs of radius 8 mm lie such discs; that the ball bulges to 10 mm there, no drawing tells: 0.89.
    assert editor.dice() > 0.86
    filled = desk.mask()
    assert filled[9:12].any(axis=(1, 2)).all()
    ui.smoothingSpinBox.value = 3.0
    editor.window.click(ui.smoothButton)
    assert (desk.mask() != filled).any()
    assert editor.dice() > 0.8
    editor.widget.undo()
    assert (desk.mask() == filled).all()
    editor.widget.undo()
    editor.widget.undo()
    assert (desk.mask() == drawn).all()


def test_tools_by_hand_change_the_preview_when_there_is_one(editor):
    ui = editor.effect.ui
    editor.choose_method("strokes")
    editor.drag("Red", (0, 0, 0), (4, 1, 0))
    before = sitk.GetArrayFromImage(editor.tool._session.mask)
    ui.toolsCollapsibleButton.collapsed = False
    editor.window.process_events()
    assert "the preview" in ui.smoothButton.toolTip
    ui.smoothingSpinBox.value = 4.0
    editor.window.click(ui.smoothButton)
    assert (sitk.GetArrayFromImage(editor.tool._session.mask) != before).any()
    assert not editor.desk.mask().any()
    editor.window.click(ui.backButton)
    assert (sitk.GetArrayFromImage(editor.tool._session.mask) == before).all()


def test_an_empty_outline_is_told_in_a_sentence(editor):
    outline = editor.draw_outline()
    outline.GetSegmentation().RemoveAllSegments()
    segment = outline.GetSegmentation().AddEmptySegment("empty", "Outline")
    editor.effect.setOutline(outline, segment)
    editor.window.click(editor.effect.ui.applyButton)
    assert "The lesion could not be found." in editor.effect.ui.statusLabel.text
    assert "empty" in editor.effect.ui.statusLabel.text
    assert editor.effect.ui.applyButton.text == "Find lesion"


def test_what_the_user_chose_is_kept_in_the_editor_s_node(editor):
    editor.choose_method("grow")
    editor.effect.ui.radiusSlider.value = 4.0
    node = editor.widget.mrmlSegmentEditorNode()
    assert node.GetAttribute("SpineMets.Method") == "grow"
    assert float(node.GetAttribute("SpineMets.BrushRadiusMm")) == 4.0
    other = add_segment(editor.desk.segmentation, editor.desk.image_of(editor.desk.ball), "other")
    editor.widget.setCurrentSegmentID(other)
    assert editor.effect.ui.radiusSlider.value == 4.0


def test_a_lesion_is_kept_within_a_box_of_its_own_and_out_of_other_segments(editor):
    """The box is dragged to the left half of the ball; another segment holds its upper part."""
    ui, desk = editor.effect.ui, editor.desk
    editor.widget.mrmlSegmentEditorNode().SetOverwriteMode(slicer.vtkMRMLSegmentEditorNode.OverwriteNone)
    replace_segment(desk.segmentation, desk.segmentID, desk.image_of(desk.ball))
    upper = desk.ball & (np.arange(20)[:, None, None] > 12)
    other = add_segment(desk.segmentation, desk.image_of(upper), "other")
    editor.widget.setCurrentSegmentID(desk.segmentID)
    ui.toolsCollapsibleButton.collapsed = False
    editor.window.process_events()
    assert not ui.limitButton.enabled
    assert "box" in ui.limitButton.toolTip
    editor.window.click(ui.boxButton)
    box = editor.tool.limits.box
    assert ui.boxSelector.currentNode() == box
    assert box.GetDisplayNode().GetVisibility()
    middle = editor.ras()
    box.SetCenterWorld(middle[0] - 50.5, *middle[1:])
    box.SetSizeWorld(100, 100, 100)
    editor.window.click(ui.limitButton)
    rows = [desk.image_of(desk.ball).TransformIndexToPhysicalPoint((int(n), 24, 10))[0] for n in range(48)]
    kept = desk.ball & (-np.array(rows) <= middle[0] - 0.5 + 1e-6)[None, None, :]
    assert np.array_equal(desk.mask(), kept)
    editor.window.click(ui.avoidOthersCheckBox)
    editor.window.click(ui.limitButton)
    assert np.array_equal(desk.mask(), kept & ~upper)
    assert np.array_equal(desk.mask(other), upper)
    editor.widget.undo()
    assert np.array_equal(desk.mask(), kept)
    # Each lesion has its own box, and no box is seen while another tool is used.
    editor.widget.setCurrentSegmentID(other)
    assert ui.boxSelector.currentNode() is None
    assert not box.GetDisplayNode().GetVisibility()
    editor.widget.setCurrentSegmentID(desk.segmentID)
    assert box.GetDisplayNode().GetVisibility()
    editor.widget.setActiveEffectByName("Paint")
    assert not box.GetDisplayNode().GetVisibility()


def test_limits_that_leave_nothing_are_told_and_the_lesion_stays(editor):
    ui, desk = editor.effect.ui, editor.desk
    ui.toolsCollapsibleButton.collapsed = False
    editor.window.process_events()
    editor.window.click(ui.boxButton)
    assert "empty" in ui.statusLabel.text
    assert editor.tool.limits.box is None
    replace_segment(desk.segmentation, desk.segmentID, desk.image_of(desk.ball))
    editor.window.click(ui.boxButton)
    editor.tool.limits.box.SetCenterWorld(500, 0, 0)
    editor.window.click(ui.limitButton)
    assert "nothing within its limits" in ui.statusLabel.text
    assert np.array_equal(desk.mask(), desk.ball)
