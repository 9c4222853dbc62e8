"""qMRMLSegmentEditorWidget: Slicer's own logic for undo, masking and overwriting, behind a thin panel."""

from __future__ import annotations

import slicer
import vtk
from PySide6 import QtGui, QtWidgets

from Testing.harness.qt.effect_parameters import EffectParameterModified
from Testing.harness.qt.effect_registry import qSlicerSegmentEditorEffectFactory
from Testing.harness.qt.mrml_widgets import SCENE_CHANGED, MRMLWidget, Observations
from Testing.harness.qt.segment_editor_options import EditorOptions
from Testing.harness.qt.segment_editor_panel import SegmentEditorPanel
from Testing.harness.qt.segment_editor_views import ViewObservations
from Testing.harness.qt.segment_selectors import segment_ids


class qMRMLSegmentEditorWidget(EditorOptions, MRMLWidget, QtWidgets.QWidget):
    STANDS_FOR = "qMRMLSegmentEditorWidget"
    SIGNALS = (
        SCENE_CHANGED,
        "currentSegmentIDChanged(QString)",
        "segmentationNodeChanged(vtkMRMLSegmentationNode*)",
        "sourceVolumeNodeChanged(vtkMRMLVolumeNode*)",
        "masterVolumeNodeChanged(vtkMRMLVolumeNode*)",
    )

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._logic = slicer.vtkSlicerSegmentEditorLogic()
        self._node = self._segmentation = self._volume = self._active = self._last_active = None
        self._effects: list = []
        self._order: list[str] = []
        self._shortcuts: list[QtGui.QShortcut] = []
        self._updating = False
        self._views = ViewObservations(self)
        self._of_node, self._of_segmentation = Observations(self), Observations(self)
        self._of_logic = Observations(self)
        self._of_logic.add(self._logic, self._logic.SegmentationHistoryChangedEvent, "updateUndoRedoButtonsState")
        self._panel = SegmentEditorPanel(self)
        self.updateEffectList()

    # The parameter node.
    def mrmlSegmentEditorNode(self):
        return self._node

    def setMRMLSegmentEditorNode(self, node) -> None:
        if node is self._node:
            return
        self._of_node.clear()
        self._node = node
        self._logic.SetSegmentEditorNode(node)
        if node is None:
            return
        self._of_node.add(node, vtk.vtkCommand.ModifiedEvent, "updateWidgetFromMRML")
        self._of_node.add(node, EffectParameterModified, "_update_options")
        self.initializeParameterSetNode()
        self.updateWidgetFromMRML()

    def initializeParameterSetNode(self) -> None:
        if self._node is None:
            return
        was = self._node.StartModify()
        for effect in self._effects:
            effect.setParameterSetNode(self._node)
            effect._set_defaults()
        self._node.EndModify(was)

    def segmentationNode(self):
        return self._panel.segmentations.currentNode()

    def setSegmentationNode(self, node) -> None:
        if self._logic.GetSegmentationNode() is node:
            return
        self._logic.SetSegmentationNode(node)
        self.setActiveEffect(None)

    def segmentationNodeID(self) -> str:
        return self._panel.segmentations.currentNodeID

    def setSegmentationNodeID(self, node_id: str) -> None:
        self.setSegmentationNode(self._scene.GetNodeByID(node_id))

    def sourceVolumeNode(self):
        return self._logic.GetSourceVolumeNode()

    def setSourceVolumeNode(self, node) -> None:
        self._logic.SetSourceVolumeNode(node)

    def sourceVolumeNodeID(self) -> str:
        node = self.sourceVolumeNode()
        return node.GetID() if node is not None else ""

    def setSourceVolumeNodeID(self, node_id: str) -> None:
        self.setSourceVolumeNode(self._scene.GetNodeByID(node_id))

    masterVolumeNode, setMasterVolumeNode = sourceVolumeNode, setSourceVolumeNode

    def currentSegmentID(self) -> str:
        return self._logic.GetCurrentSegmentID()

    def setCurrentSegmentID(self, segment_id: str) -> None:
        if self._node is not None:
            self._node.SetSelectedSegmentID(segment_id)

    # Effects.
    def updateEffectList(self) -> None:
        known = [effect.name for effect in self._effects]
        for registered in qSlicerSegmentEditorEffectFactory.instance().registeredEffects():
            if registered.name in known:
                continue
            effect = registered._clone()
            effect._logic, effect._select = self._logic, self.setActiveEffectByName
            if self._node is not None:
                effect.setParameterSetNode(self._node)
                effect._set_defaults()
            effect._setup_options()
            effect._frame.setVisible(False)
            self._effects.append(effect)
            self._panel.add_options(effect)
        self._panel.show_effects(self._shown_effects())

    def _shown_effects(self) -> list:
        ordered = [self.effectByName(name) for name in self._order if self.effectByName(name) is not None]
        others = [effect for effect in self._effects if effect not in ordered]
        return [None, *ordered, *(others if self.unorderedEffectsVisible else [])]

    def effectNameOrder(self) -> list[str]:
        return list(self._order)

    def setEffectNameOrder(self, names) -> None:
        self._order = list(names)
        self.updateEffectList()

    def availableEffectNames(self) -> list[str]:
        return [effect.name for effect in self._effects]

    def effectByName(self, name: str):
        return next((effect for effect in self._effects if effect.name == name), None)

    def effectCount(self) -> int:
        return len(self._shown_effects())

    def effectByIndex(self, index: int):
        shown = self._shown_effects()
        return shown[index] if 0 <= index < len(shown) else None

    def activeEffect(self):
        return self._active

    def setActiveEffect(self, effect) -> None:
        if self._node is not None:
            self._node.SetActiveEffectName(effect.name if effect is not None else "")

    def setActiveEffectByName(self, name: str) -> None:
        self.setActiveEffect(self.effectByName(name))

    # Undo.
    def undo(self, *_clicked) -> None:
        self._logic.Undo()

    def redo(self, *_clicked) -> None:
        self._logic.Redo()

    def saveStateForUndo(self, *_segment) -> None:
        self._logic.SaveStateForUndo()

    def updateUndoRedoButtonsState(self, _node=None) -> None:
        self._panel.undo.setEnabled(not self.readOnly and self._logic.CanUndo())
        self._panel.redo.setEnabled(not self.readOnly and self._logic.CanRedo())

    # Segments.
    def onAddSegment(self) -> None:
        self._logic.AddEmptySegment("", 0)

    def onRemoveSegment(self) -> None:
        self._logic.RemoveSelectedSegment()

    def selectNextSegment(self) -> None:
        self._logic.SelectNextSegment(False)

    def selectPreviousSegment(self) -> None:
        self._logic.SelectPreviousSegment(False)

    # Views.
    def setupViewObservations(self) -> None:
        self._views.observe()

    def removeViewObservations(self) -> None:
        self._views.clear()

    def _layout_changed(self) -> None:
        if self._views:
            self._views.observe()
            for effect in self._effects:
                effect._notify("layoutChanged")

    def installKeyboardShortcuts(self, parent=None) -> None:
        self.uninstallKeyboardShortcuts()
        self._shortcuts = self._panel.shortcuts(parent or slicer.app._qt._main_window)

    def uninstallKeyboardShortcuts(self) -> None:
        for shortcut in self._shortcuts:
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._shortcuts = []

    def toggleSourceVolumeIntensityMaskEnabled(self) -> None:
        self._logic.ToggleSourceVolumeIntensityMask()

    # The scene.
    def _follow(self, scene) -> None:
        self._observed.add(scene, scene.EndCloseEvent, "_scene_closed")
        self._observed.add(scene, scene.EndBatchProcessEvent, "_batch_ended")
        interaction = scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
        if interaction is not None:
            self._observed.add(interaction, vtk.vtkCommand.ModifiedEvent, "onInteractionNodeModified")

    def _scene_was_set(self, scene) -> None:
        self._panel.set_scene(scene)
        self._logic.SetMRMLApplicationLogic(slicer.app._qt._logic)
        self._logic.SetMRMLScene(scene)
        if slicer.app._qt._layout_manager is not None:
            slicer.app._qt._layout_manager._listen("layoutChanged(int)", lambda _number: self._layout_changed())
        self.updateWidgetFromMRML()

    def interactionNode(self):
        return None if self._scene is None else self._scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")

    def onInteractionNodeModified(self, _node=None) -> None:
        """An effect is switched off when points are placed, unless it decides otherwise."""
        if self._active is None:
            return
        if hasattr(getattr(self._active, "_python", None), "interactionNodeModified"):
            self._active._notify("interactionNodeModified", self.interactionNode())
        elif self.interactionNode().GetCurrentInteractionMode() != slicer.vtkMRMLInteractionNode.ViewTransform:
            self.setActiveEffect(None)

    def _scene_closed(self, _node=None) -> None:
        self.initializeParameterSetNode()
        self.updateWidgetFromMRML()

    def _batch_ended(self, _node=None) -> None:
        if self._node is not None:
            if self._node.GetSegmentationNode() is not self._panel.segmentations.currentNode():
                self.setSegmentationNode(self._panel.segmentations.currentNode())
            if self._node.GetSourceVolumeNode() is not self._panel.volumes.currentNode():
                self.setSourceVolumeNode(self._panel.volumes.currentNode())
        self.updateWidgetFromMRML()

    def updateWidgetFromMRML(self, _node=None) -> None:
        scene = self._scene
        if scene is None or scene.IsClosing() or scene.IsBatchProcessing() or self._updating:
            return
        self._updating = True
        was = self._node.StartModify() if self._node is not None else 0
        try:
            if self._node is not None:
                self._take_segmentation()
                self._take_volume()
            self._panel.update()
            if self._node is not None:
                self._take_effect()
        finally:
            self._updating = False
            if self._node is not None:
                self._node.EndModify(was)

    def _take_segmentation(self) -> None:
        node = self._logic.GetSegmentationNode()
        self._panel.select_quietly(self._panel.segmentations, node)
        if node is self._segmentation:
            return
        self._of_segmentation.clear()
        self._segmentation = node
        self._panel.table.setSegmentationNode(node)
        if node is not None:
            kinds = slicer.vtkSegmentation
            self._of_segmentation.add(node, vtk.vtkCommand.ModifiedEvent, "updateWidgetFromMRML")
            for event in (kinds.SegmentAdded, kinds.SegmentRemoved, kinds.SegmentModified):
                self._of_segmentation.add(node, event, "_segments_changed")
            role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
            self._logic.SetSourceVolumeNode(node.GetNodeReference(role))
            node.CreateDefaultDisplayNodes()
            if segment_ids(node):
                self._node.SetSelectedSegmentID(segment_ids(node)[0])
        self._emit("segmentationNodeChanged(vtkMRMLSegmentationNode*)", node)

    def _segments_changed(self, _node=None) -> None:
        self._panel.update()

    def _take_volume(self) -> None:
        node = self._logic.GetSourceVolumeNode()
        if node is self._volume or self._segmentation is None:
            return
        self._volume = node
        self._panel.select_quietly(self._panel.volumes, node)
        if node is not None and self.autoShowSourceVolumeNode:
            self._views.show_volume(node)
        self._emit("sourceVolumeNodeChanged(vtkMRMLVolumeNode*)", node)
        self._emit("masterVolumeNodeChanged(vtkMRMLVolumeNode*)", node)
        for effect in self._effects:
            effect._notify("sourceVolumeNodeChanged")
            effect._notify("masterVolumeNodeChanged")

    def _take_effect(self) -> None:
        wanted = self.effectByName(self._node.GetActiveEffectName() or "")
        if wanted is self._active:
            return
        if self._active is not None:
            self._active.deactivate()
        if wanted is not None and not self._logic.SetSourceRepresentationToBinaryLabelMap():
            wanted = None
        if wanted is not None:
            self.setupViewObservations()
            interaction = self.interactionNode()
            if interaction is not None:
                interaction.SetCurrentInteractionMode(interaction.ViewTransform)
            wanted.activate()
        else:
            self.removeViewObservations()
        self._last_active, self._active = self._active, wanted
        self._panel.show_active(wanted)

    def _update_options(self, _node=None) -> None:
        for effect in self._effects:
            effect.updateGUIFromMRML()

    def _selection_changed(self) -> None:
        """The user, or a removed segment, changed the selection in the list."""
        if self._node is None or self._updating:
            return
        chosen = (self._panel.table.selectedSegmentIDs() or [""])[0]
        if chosen == (self._node.GetSelectedSegmentID() or ""):
            return
        self._node.SetSelectedSegmentID(chosen or None)
        if not chosen and self._active is not None and self._active.perSegment:
            self.setActiveEffect(None)
        self.updateWidgetFromMRML()
        self._emit("currentSegmentIDChanged(QString)", chosen)
