"""From stroke, click and outline to the selected segment, under the editor's own rules."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.mrml.segmentations import OUTLINE, add_segment, segmentation_node_from_mask, segments_of
from spinemets.segmentation.strokes import Stroke
from Testing.widgets.desk import make_desk, tool_for


def dice(a, b):
    return 2 * np.sum(a & b) / (a.sum() + b.sum())


def stroke_in(desk, inside=True, start=0, stop=4):
    """Along a row through the ball's middle; voxels counted from there, its border is at 10."""
    return Stroke([desk.place(start), desk.place(stop)], 1.5, inside)


def outline_of(desk):
    """Outline on a sagittal grid of its own, a little larger than the ball, in a segmentation of its own."""
    k, j, i = np.nonzero(desk.ball)
    low, high = (
        desk.image_of(desk.ball).TransformIndexToPhysicalPoint(tuple(map(int, c)))
        for c in ((i.min(), j.min(), k.min()), (i.max(), j.max(), k.max()))
    )
    low, high = np.minimum(low, high), np.maximum(low, high)
    array = np.zeros((5, 60, 60), np.uint8)
    array[1:4, 10:50, 10:50] = 1
    outline = sitk.GetImageFromArray(array)
    outline.SetDirection((0, 0, 1, 1, 0, 0, 0, 1, 0))
    outline.SetSpacing(((high - low)[1] / 34, (high - low)[2] / 34, (high - low)[0] / 3))
    middle = (low + high) / 2
    outline.SetOrigin((0, 0, 0))
    shift = np.array(outline.TransformContinuousIndexToPhysicalPoint((29.5, 29.5, 2.0)))
    outline.SetOrigin((middle - shift).tolist())
    return segmentation_node_from_mask(outline, slicer.mrmlScene, "outlines", "Outline", OUTLINE)


MOVED = np.array([[0.96, -0.28, 0, 12], [0.28, 0.96, 0, -7], [0, 0, 1, 5], [0, 0, 0, 1.0]])


@pytest.mark.parametrize("flipped, matrix", [(False, None), (True, None), (True, MOVED)])
def test_what_strokes_find_arrives_in_the_segment_where_it_is_in_the_world(desk, processes, flipped, matrix):
    """Left-handed volumes and transforms: an index mix-up puts the mask beside the lesion, with no error."""
    other = make_desk(slicer.mrmlScene, flipped, matrix)
    tool = tool_for(other, processes)
    tool.addStroke(stroke_in(other))
    assert tool.hasPreview
    assert not other.mask().any()
    assert tool.accept()
    assert tool.status == "Accepted."
    assert dice(other.mask(), other.ball) > 0.9
    assert not tool.hasPreview
    tool.close()


def test_one_accept_is_one_step_for_undo(desk, tool):
    tool.addStroke(stroke_in(desk))
    tool.addStroke(stroke_in(desk, False, 15, 20))
    tool.accept()
    first = desk.mask()
    tool.addStroke(stroke_in(desk))
    tool.change("", lambda mask: sitk.BinaryErode(mask, (1, 1, 0)))
    tool.accept()
    assert 0 < desk.mask().sum() < first.sum()
    desk.logic.Undo()
    assert (desk.mask() == first).all()
    desk.logic.Undo()
    assert not desk.mask().any()
    desk.logic.Redo()
    assert (desk.mask() == first).all()


def test_the_first_stroke_corrects_what_the_segment_holds(desk, tool):
    whole = desk.ball.copy()
    whole[:, :, 34:44] |= desk.ball[:, :, 15:25]  # something else, drawn by hand
    add = desk.image_of(whole)
    from SegmentEditorSpineMetsLib.Editing import writeMask

    writeMask(desk.effect, add)
    tool.addStroke(stroke_in(desk, False, 17, 19))
    tool.accept()
    assert not desk.mask()[10, 24, 37:40].any()


def test_steps_back_return_to_each_mask_before(desk, tool):
    masks = [None]
    for inside, start in ((True, 0), (False, 13), (True, 4)):
        tool.addStroke(stroke_in(desk, inside, start, start + 2))
        masks.append(sitk.GetArrayFromImage(tool._session.mask))
    tool.change("", lambda mask: mask * 0)
    assert not tool.hasPreview
    for expected in reversed(masks[1:]):
        tool.stepBack()
        assert (sitk.GetArrayFromImage(tool._session.mask) == expected).all()
    while tool.canStepBack:
        tool.stepBack()
    assert not tool.hasPreview


def other_segment(desk, array, name="other"):
    segment = add_segment(desk.segmentation, desk.image_of(array), name)
    desk.editor.SetSelectedSegmentID(desk.segmentID)
    return segment


@pytest.mark.parametrize("mode", ["all", "none"])
def test_overwriting_other_segments_follows_the_editor(desk, tool, mode):
    half = desk.ball.copy()
    half[:, :, 20:] = False
    other = other_segment(desk, half)
    desk.editor.SetOverwriteMode(desk.editor.OverwriteAllSegments if mode == "all" else desk.editor.OverwriteNone)
    tool.addStroke(stroke_in(desk))
    tool.accept()
    assert dice(desk.mask(), desk.ball) > 0.9
    left = desk.mask(other)
    assert (left == half).all() if mode == "none" else left.sum() < 0.15 * half.sum()


def test_editing_only_inside_another_segment_is_respected(desk, tool):
    half = np.zeros(desk.ball.shape, bool)
    half[:, :, :20] = True
    other = other_segment(desk, half)
    desk.editor.SetMaskMode(slicer.vtkMRMLSegmentationNode.EditAllowedInsideSingleSegment)
    desk.editor.SetMaskSegmentID(other)
    desk.editor.SetOverwriteMode(desk.editor.OverwriteNone)
    tool.addStroke(stroke_in(desk))
    tool.accept()
    assert desk.mask().any()
    assert not desk.mask()[:, :, 20:].any()


def test_the_editor_s_intensity_range_is_respected(desk, tool):
    desk.editor.SourceVolumeIntensityMaskOn()
    desk.editor.SetSourceVolumeIntensityMaskRange(175, 1000)
    tool.addStroke(stroke_in(desk))
    tool.accept()
    voxels = sitk.GetArrayFromImage(desk.image)
    assert desk.mask().any()
    assert voxels[desk.mask()].min() >= 175


def test_a_hidden_segment_is_written_only_when_the_user_agrees(desk, tool):
    tool.addStroke(stroke_in(desk))
    desk.effect.answerToHidden = 0
    assert not tool.accept()
    assert not desk.mask().any()
    assert tool.hasPreview


def test_a_segment_on_another_lattice_is_replaced_and_not_added_to(desk, tool):
    """Slicer's own Set leaves the old voxels there."""
    from SegmentEditorSpineMetsLib.Editing import writeMask

    old = np.zeros(desk.ball.shape, bool)
    old[2:5, 30:40, 30:40] = True
    imported = sitk.Flip(desk.image_of(old), [True, False, True])
    segment = add_segment(desk.segmentation, imported, "imported")
    desk.editor.SetSelectedSegmentID(segment)
    writeMask(desk.effect, desk.image_of(desk.ball))
    assert (desk.mask(segment) == desk.ball).all()
    desk.logic.Undo()
    assert (desk.mask(segment) == old).all()


def test_what_is_missing_is_told_and_nothing_happens(desk, tool, processes):
    outline = outline_of(desk)
    tool.find()
    assert "outline" in tool.status
    tool.setOutline(outline, next(iter(segments_of(outline))))
    assert tool.missingInput() == ""
    tool.setOutline(desk.segmentation, desk.segmentID)
    assert "another segment" in tool.missingInput()
    desk.editor.SetSelectedSegmentID("")
    tool.addStroke(stroke_in(desk))
    assert "segment" in tool.status
    desk.editor.SetSelectedSegmentID(desk.segmentID)
    desk.editor.SetAndObserveSourceVolumeNode(None)
    tool.addStroke(stroke_in(desk))
    tool.find()
    assert "source volume" in tool.status
    assert len(processes) == 0
    assert not tool.hasPreview


def test_the_scene_s_only_outline_is_chosen(desk, tool):
    outline = outline_of(desk)
    tool.resume()
    assert tool.outline()[0].GetID() == outline.GetID()


def run_command_line(process):
    """Do what the child process would do; its request is the last line it was sent."""
    from spinemets.cli.app import run

    return run(json.loads(process.sent[-1])["argv"])


def test_an_outline_becomes_a_preview_with_its_seed(desk, tool, processes, capsys):
    outline = outline_of(desk)
    tool.setOutline(outline, next(iter(segments_of(outline))))
    tool.find()
    assert tool.isWorking
    assert run_command_line(processes[-1]) == 0
    for line in capsys.readouterr().out.splitlines():
        processes[-1].onLine(line)
    processes[-1].end(0)
    assert not tool.isWorking
    assert tool.hasPreview
    seed = desk.image_of(desk.ball).TransformPhysicalPointToIndex(tool.seed.positionLps)
    assert desk.ball[seed[::-1]]
    assert not tool.isSeedPlaced
    tool.accept()
    assert dice(desk.mask(), desk.ball) > 0.85


def test_a_dragged_seed_starts_growing_from_there(desk, tool, processes):
    outline = outline_of(desk)
    tool.setOutline(outline, next(iter(segments_of(outline))))
    tool.placeSeed(desk.place())
    first = processes[-1]
    argv = json.loads(first.sent[-1])["argv"]
    given = [float(v) for v in next(a for a in argv if a.startswith("--seed-point=")).partition("=")[2].split(",")]
    assert given == pytest.approx(desk.place(), abs=1e-3)
    node = tool.seed.node
    x, y, z = desk.place(3)
    node.SetNthControlPointPositionWorld(0, -x, -y, z)
    node.InvokeEvent(slicer.vtkMRMLMarkupsNode.PointEndInteractionEvent)
    assert first.ends == ["interrupt"]  # what grew from the old place is not waited for
    assert processes[-1] is not first
    assert f"--seed-point={x:.4f},{y:.4f},{z:.4f}" in json.loads(processes[-1].sent[-1])["argv"]


def start_find(desk, tool, processes):
    outline = outline_of(desk)
    tool.setOutline(outline, next(iter(segments_of(outline))))
    tool.find()
    return processes[-1], Path(json.loads(processes[-1].sent[-1])["argv"][2]).parent


@pytest.mark.parametrize("how", ["cancel", "suspend", "close", "other series"])
def test_whatever_ends_a_job_early_leaves_everything_as_it_was(desk, tool, processes, how):
    tool.addStroke(stroke_in(desk))
    tool.accept()
    before, nodes = desk.mask(), slicer.mrmlScene.GetNumberOfNodes()
    process, folder = start_find(desk, tool, processes)
    if how == "other series":
        desk.editor.SetAndObserveSourceVolumeNode(make_desk(slicer.mrmlScene).volume)
        nodes = slicer.mrmlScene.GetNumberOfNodes()
        tool.dropForeignSession()
    else:
        getattr(tool, how)()
    assert not tool.isWorking
    assert process.ends == ["interrupt"]
    process.onLine(json.dumps({"seed_point": [0, 0, 0], "warnings": []}))
    process.end(0)  # it was faster than the cancel
    assert not tool.hasPreview
    assert (desk.mask() == before).all()
    assert slicer.mrmlScene.GetNumberOfNodes() <= nodes + 3  # outline node with its display
    if how in ("close", "other series"):
        assert not folder.exists()


def test_a_closed_scene_leaves_no_preview_behind(desk, tool):
    tool.addStroke(stroke_in(desk))
    tool.close()
    slicer.mrmlScene.Clear(0)
    assert not tool.hasPreview
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0


def test_a_preview_is_not_saved_and_not_offered_to_editors(desk, tool):
    tool.addStroke(stroke_in(desk))
    preview = slicer.mrmlScene.GetFirstNodeByName("SpineMets preview")
    assert preview.GetHideFromEditors()
    assert not preview.GetSaveWithScene()
    assert not preview.GetDisplayNode().GetSaveWithScene()
    tool.discard()
    assert slicer.mrmlScene.GetFirstNodeByName("SpineMets preview") is None
    assert not desk.mask().any()


def test_a_lesion_of_a_dynamic_series_stays_when_the_user_steps_to_another_frame(desk, tool):
    from spinemets.mrml.sequences import sequence_nodes_from_image

    slicer.vtkSlicerSequencesLogic().SetMRMLScene(slicer.mrmlScene)
    frames = [sitk.Cast(desk.image, sitk.sitkInt16) + 10 * number for number in range(5)]
    nodes = sequence_nodes_from_image(sitk.JoinSeries(frames), [0, 10, 20, 30, 40.0], slicer.mrmlScene, "dce")
    desk.editor.SetAndObserveSourceVolumeNode(nodes.shown)
    tool.addStroke(stroke_in(desk))
    nodes.browser.SetSelectedItemNumber(3)
    tool.dropForeignSession()
    assert tool.hasPreview
    assert tool._session.image.GetDimension() == 4
    tool.accept()
    assert dice(desk.mask(), desk.ball) > 0.9


def test_a_lesion_accepted_on_another_grid_is_told(desk, tool):
    coarse = sitk.Resample(
        desk.image, [24, 24, 20], sitk.Transform(), sitk.sitkLinear, desk.image.GetOrigin(), [2, 2, 3]
    )
    from spinemets.mrml.volumes import volume_node_from_image

    node = volume_node_from_image(coarse, slicer.mrmlScene, "coarse")
    desk.segmentation.SetReferenceImageGeometryParameterFromVolumeNode(node)
    tool.addStroke(stroke_in(desk))
    assert tool.accept()
    assert "carried" in tool.status
    assert dice(desk.mask(), desk.ball) > 0.85


def test_another_frame_on_screen_is_no_other_series_but_other_voxels_are(desk, tool):
    tool.addStroke(stroke_in(desk))
    desk.volume.Modified()
    tool.dropForeignSession()
    assert tool.hasPreview
    slicer.util.arrayFromVolume(desk.volume)[:] += 1
    slicer.util.arrayFromVolumeModified(desk.volume)
    tool.dropForeignSession()
    assert not tool.hasPreview


def test_a_stroke_outside_the_series_is_told_and_changes_nothing(desk, tool):
    tool.addStroke(stroke_in(desk))
    before = sitk.GetArrayFromImage(tool._session.mask)
    tool.addStroke(Stroke([(900, 900, 900)], 1.0, True))
    assert "outside" in tool.status
    assert (sitk.GetArrayFromImage(tool._session.mask) == before).all()


def test_a_tool_without_preview_changes_the_segment_in_one_step(desk, tool):
    from SegmentEditorSpineMetsLib.Editing import writeMask

    hollow = desk.ball.copy()
    hollow[10, 24, 20] = False
    writeMask(desk.effect, desk.image_of(hollow))
    tool.change("", lambda mask: sitk.BinaryFillhole(mask))
    assert desk.mask()[10, 24, 20]
    desk.logic.Undo()
    assert (desk.mask() == hollow).all()


def test_a_tool_on_an_empty_segment_says_so(desk, tool):
    tool.change("", lambda mask: mask)
    assert "empty" in tool.status


def test_the_preview_of_one_lesion_never_goes_into_another(desk, tool):
    other = desk.segmentation.GetSegmentation().AddEmptySegment("other", "Other")
    tool.addStroke(stroke_in(desk))
    desk.editor.SetSelectedSegmentID(other)
    tool.followSelection()
    assert not tool.hasPreview
    assert tool._preview.node is None
    assert not tool.accept()
    assert not desk.mask(other).any()
    desk.editor.SetSelectedSegmentID(desk.segmentID)
    tool.followSelection()
    assert tool._preview.node is not None
    assert tool.accept()
    assert desk.mask().any()


def test_the_preview_goes_with_its_segment(desk, tool):
    tool.addStroke(stroke_in(desk))
    desk.segmentation.GetSegmentation().RemoveSegment(desk.segmentID)
    tool.dropForeignSession()
    assert tool._preview.node is None
    assert not tool.hasPreview
