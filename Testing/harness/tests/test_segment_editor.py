"""The embedded Segment Editor: Slicer's undo, masking and overwriting; effects in Python get the mouse first."""

import types

import numpy as np
import pytest
import slicer
import vtk

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

EFFECT = """
import slicer
import vtk
from SegmentEditorEffects import AbstractScriptedSegmentEditorEffect

calls = []

class SegmentEditorProbeEffect(AbstractScriptedSegmentEditorEffect):
    def __init__(self, scriptedEffect):
        scriptedEffect.name = "Probe"
        scriptedEffect.title = "Probe it"
        AbstractScriptedSegmentEditorEffect.__init__(self, scriptedEffect)

    def clone(self):
        import qSlicerSegmentationsEditorEffectsPythonQt as effects
        made = effects.qSlicerSegmentEditorScriptedEffect(None)
        made.setPythonSource(__file__)
        return made

    def setMRMLDefaults(self):
        self.scriptedEffect.setParameterDefault("K", 2.5)

    def setupOptionsFrame(self):
        import qt
        self.label = qt.QLabel("options")
        self.label.name = "probeOptions"
        self.scriptedEffect.addOptionsWidget(self.label)

    def updateGUIFromMRML(self):
        self.label.text = str(self.scriptedEffect.doubleParameter("K"))

    def activate(self):
        calls.append("activate")

    def deactivate(self):
        calls.append("deactivate")

    def processInteractionEvents(self, interactor, eventId, viewWidget):
        if eventId == vtk.vtkCommand.LeftButtonPressEvent:
            calls.append(self.xyToRas(interactor.GetEventPosition(), viewWidget))
            return not interactor.GetControlKey()
        if eventId == vtk.vtkCommand.MouseWheelForwardEvent:
            raise RuntimeError("wheel in the effect")
        return False
"""


@pytest.fixture
def editing(qt_application):
    """An editor with a volume and an empty segment, in a window that shows slices."""
    from Testing.harness import window

    voxels = np.zeros((20, 40, 60), np.int16)
    voxels[:, :, 30:] = 100
    volume = slicer.util.addVolumeFromArray(voxels)
    volume.SetSpacing(1, 1, 2)
    slicer.util.setSliceViewerLayers(background=volume)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lesions")
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.CreateDefaultDisplayNodes()
    node.GetSegmentation().AddEmptySegment("L1", "L1")
    main = window._main_windows[-1]
    main.resize(1200, 800)
    main.show()
    view = window.ModuleWindow(main, "")
    view.process_events()
    slicer.util.setSliceViewerLayers(fit=True)
    editor = slicer.qMRMLSegmentEditorWidget()
    editor.setMRMLScene(slicer.mrmlScene)
    editor.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    editor.setSegmentationNode(node)
    editor.setSourceVolumeNode(volume)

    def count(segment="L1"):
        return int(slicer.util.arrayFromSegmentBinaryLabelmap(node, segment, volume).sum())

    return types.SimpleNamespace(view=view, editor=editor, node=node, volume=volume, count=count)


def centre(volume):
    bounds = np.zeros(6)
    volume.GetRASBounds(bounds)
    return bounds.reshape(3, 2).mean(axis=1)


def test_painting_is_undone_and_redone_in_one_step(editing):
    editing.editor.setActiveEffectByName("Paint")
    where = centre(editing.volume)
    editing.view.drag_in_slice("Red", [where, where + np.array([6, 0, 0])])
    painted = editing.count()
    assert painted > 28  # a disc of 3 mm alone has 28 pixels of 1 mm
    editing.editor.undo()
    assert editing.count() == 0
    editing.editor.redo()
    assert editing.count() == painted


def test_what_is_painted_is_where_the_mouse_was(editing):
    editing.editor.setActiveEffectByName("Paint")
    where = centre(editing.volume) + np.array([7, -5, 0])
    editing.view.click_in_slice("Red", where)
    k, j, i = np.nonzero(slicer.util.arrayFromSegmentBinaryLabelmap(editing.node, "L1", editing.volume))
    matrix = vtk.vtkMatrix4x4()
    editing.volume.GetIJKToRASMatrix(matrix)
    found = np.array(matrix.MultiplyPoint((i.mean(), j.mean(), k.mean(), 1)))[:3]
    assert np.abs(found - where)[:2].max() < 1
    assert abs(found - where)[2] <= 1


def test_the_editor_masks_by_intensity_and_keeps_other_segments(editing):
    node = editing.editor.mrmlSegmentEditorNode()
    node.SourceVolumeIntensityMaskOn()
    node.SetSourceVolumeIntensityMaskRange(50, 200)
    editing.editor.setActiveEffectByName("Paint")
    editing.view.click_in_slice("Red", centre(editing.volume))
    columns = np.nonzero(slicer.util.arrayFromSegmentBinaryLabelmap(editing.node, "L1", editing.volume))[2]
    assert len(columns)
    assert columns.min() >= 30
    before = editing.count()
    node.SourceVolumeIntensityMaskOff()
    editing.node.GetSegmentation().AddEmptySegment("L2", "L2")
    editing.editor.setCurrentSegmentID("L2")
    editing.editor.setActiveEffectByName("Paint")
    node.SetOverwriteMode(node.OverwriteNone)
    editing.view.click_in_slice("Red", centre(editing.volume))
    assert editing.count("L1") == before
    node.SetOverwriteMode(node.OverwriteAllSegments)
    editing.view.click_in_slice("Red", centre(editing.volume))
    assert editing.count("L1") == 0


@pytest.fixture
def probe(editing, tmp_path):
    import sys

    import qSlicerSegmentationsEditorEffectsPythonQt as effects

    folder = tmp_path / "ProbeLib"
    folder.mkdir()
    path = folder / "SegmentEditorProbeEffect.py"
    path.write_text(EFFECT, encoding="utf-8")
    effect = effects.qSlicerSegmentEditorScriptedEffect(None)
    effect.setPythonSource(str(path))
    effect.self().register()
    editing.editor.updateEffectList()
    yield sys.modules["ProbeLib"]
    editing.editor.setActiveEffect(None)
    del sys.modules["ProbeLib"]


def test_an_effect_in_python_is_offered_set_up_and_activated(editing, probe):
    assert "Probe" in editing.editor.availableEffectNames()
    effect = editing.editor.effectByName("Probe")
    assert effect.title == "Probe it"
    assert effect.parameter("K") == "2.5"
    editing.editor.setActiveEffect(effect)
    assert probe.calls == ["activate"]
    assert effect.optionsFrame().probeOptions.text == "2.5"
    effect.setParameter("K", 3)
    assert effect.optionsFrame().probeOptions.text == "3.0"
    editing.editor.setActiveEffect(None)
    assert probe.calls == ["activate", "deactivate"]


def test_an_effect_gets_the_place_of_the_mouse_and_may_keep_it_from_others(editing, probe):
    editing.editor.setActiveEffectByName("Probe")
    others = []
    interactor = slicer.app.layoutManager().sliceWidget("Red").sliceView().interactor()
    interactor.AddObserver("LeftButtonPressEvent", lambda *_: others.append(1))
    where = centre(editing.volume) + np.array([3, 4, 0])
    editing.view.click_in_slice("Red", where)
    assert np.abs(np.array(probe.calls[-1]) - where)[:2].max() < 0.5
    assert others == []
    editing.view.click_in_slice("Red", where, modifiers="Ctrl")
    assert others == [1]


def test_what_an_effect_raises_reaches_the_test(editing, probe):
    from Testing.harness.qt.errors import ErrorsInCallbacks

    editing.editor.setActiveEffectByName("Probe")
    with pytest.raises(ErrorsInCallbacks, match="wheel in the effect"):
        editing.view.scroll_slice("Red", 1)


def test_an_effect_ends_when_points_are_placed_or_the_segmentation_changes(editing):
    editing.editor.setActiveEffectByName("Paint")
    interaction = slicer.mrmlScene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
    interaction.SetCurrentInteractionMode(interaction.Place)
    assert editing.editor.activeEffect() is None
    interaction.SetCurrentInteractionMode(interaction.ViewTransform)
    editing.editor.setActiveEffectByName("Paint")
    editing.editor.setSegmentationNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode"))
    assert editing.editor.activeEffect() is None


def test_effects_and_segments_are_ordered_hidden_and_selected(editing):
    editor = editing.editor
    editor.setEffectNameOrder(["Erase", "Paint"])
    editor.unorderedEffectsVisible = False
    assert editor.effectCount() == 3
    assert editor.effectByIndex(1).name == "Erase"
    editing.node.GetSegmentation().AddEmptySegment("L2", "L2")
    assert editor.currentSegmentID() == "L1"
    editor.selectNextSegment()
    assert editor.currentSegmentID() == "L2"
    editing.node.GetSegmentation().RemoveSegment("L2")
    assert editor.currentSegmentID() in ("", "L1")


def test_shortcuts_work_in_the_whole_window_until_they_are_taken_away(editing):
    editor = editing.editor
    editor.installKeyboardShortcuts()
    editor.setEffectNameOrder(["Paint"])
    editing.view.press("1")
    assert editor.activeEffect().name == "Paint"
    editing.view.click_in_slice("Red", centre(editing.volume))
    painted = editing.count()
    assert painted
    editing.view.press("Ctrl+Z")
    assert editing.count() == 0
    editing.view.press("Y")
    assert editing.count() == painted
    editing.view.press("Escape")
    assert editor.activeEffect() is None
    editor.uninstallKeyboardShortcuts()
    editing.view.press("Z")
    assert editing.count() == painted
