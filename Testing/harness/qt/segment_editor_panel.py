"""The widgets of a Segment Editor, named as in the application, and its keyboard shortcuts."""

from __future__ import annotations

import slicer
from PySide6 import QtCore, QtGui, QtWidgets

from Testing.harness.qt.ctk_numbers import ctkRangeWidget
from Testing.harness.qt.node_selectors import qMRMLNodeComboBox
from Testing.harness.qt.segment_selectors import segment_ids
from Testing.harness.qt.segments_table import qMRMLSegmentsTableView

Nodes = slicer.vtkMRMLSegmentationNode
MASK_MODES = (
    ("Everywhere", Nodes.EditAllowedEverywhere),
    ("Inside all segments", Nodes.EditAllowedInsideAllSegments),
    ("Inside all visible segments", Nodes.EditAllowedInsideVisibleSegments),
    ("Outside all segments", Nodes.EditAllowedOutsideAllSegments),
    ("Outside all visible segments", Nodes.EditAllowedOutsideVisibleSegments),
)
OVERWRITE_MODES = (
    ("Overwrite all", slicer.vtkMRMLSegmentEditorNode.OverwriteAllSegments),
    ("Overwrite visible", slicer.vtkMRMLSegmentEditorNode.OverwriteVisibleSegments),
    ("Allow overlap", slicer.vtkMRMLSegmentEditorNode.OverwriteNone),
)


class SegmentEditorPanel:
    def __init__(self, editor) -> None:
        self.editor = editor
        self.style = QtCore.Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        self._buttons: dict[str, QtWidgets.QToolButton] = {}
        self._make_selectors()
        self._make_effects()
        self._make_masking()
        rows = QtWidgets.QVBoxLayout(editor)
        rows.setContentsMargins(0, 0, 0, 0)
        selectors = QtWidgets.QFormLayout()
        selectors.addRow(self._segmentation_label, self.segmentations)
        selectors.addRow(self._volume_label, self.volumes)
        rows.addLayout(selectors)
        buttons = QtWidgets.QHBoxLayout()
        for button in (self.add, self.remove, self.show_3d):
            buttons.addWidget(button)
        rows.addLayout(buttons)
        for widget in (self.table, self.effects_box, self._undo_box, self.options_box, self.masking_box):
            rows.addWidget(widget)

    def _named(self, widget, name: str):
        widget.setObjectName(name)
        return widget

    def _make_selectors(self) -> None:
        editor = self.editor
        self.segmentations = self._named(qMRMLNodeComboBox(editor), "SegmentationNodeComboBox")
        self.segmentations.nodeTypes = ["vtkMRMLSegmentationNode"]
        self.volumes = self._named(qMRMLNodeComboBox(editor), "SourceVolumeNodeComboBox")
        self.volumes.nodeTypes = ["vtkMRMLScalarVolumeNode"]
        self.volumes.addEnabled = self.volumes.removeEnabled = False
        self._segmentation_label = QtWidgets.QLabel("Segmentation:")
        self._volume_label = QtWidgets.QLabel("Source volume:")
        for combo, change in (
            (self.segmentations, editor.setSegmentationNode),
            (self.volumes, editor.setSourceVolumeNode),
        ):
            combo.sizeAdjustPolicy = QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            combo._listen("currentNodeChanged(vtkMRMLNode*)", self._unless_batch(change))
        self.add = self._named(QtWidgets.QPushButton("Add"), "AddSegmentButton")
        self.remove = self._named(QtWidgets.QPushButton("Remove"), "RemoveSegmentButton")
        self.show_3d = self._named(QtWidgets.QPushButton("Show 3D"), "Show3DButton")
        self.add.clicked.connect(lambda: editor.onAddSegment())
        self.remove.clicked.connect(lambda: editor.onRemoveSegment())
        self.table = self._named(qMRMLSegmentsTableView(editor), "SegmentsTableView")
        self.table.selectionMode = QtWidgets.QAbstractItemView.SelectionMode.SingleSelection.value
        self.table._listen(
            "selectionChanged(QItemSelection,QItemSelection)", lambda *_changed: editor._selection_changed()
        )
        self.table._listen("segmentAboutToBeModified(QString)", editor.saveStateForUndo)

    def _unless_batch(self, change):
        def changed(node) -> None:
            scene = self.editor._scene
            if scene is not None and not scene.IsBatchProcessing():
                change(node)

        return changed

    def _make_effects(self) -> None:
        editor = self.editor
        self.effects_box = self._named(QtWidgets.QGroupBox("Effects", editor), "EffectsGroupBox")
        QtWidgets.QGridLayout(self.effects_box)
        self._undo_box = self._named(QtWidgets.QGroupBox(editor), "UndoRedoGroupBox")
        both = QtWidgets.QHBoxLayout(self._undo_box)
        self.undo = self._named(QtWidgets.QToolButton(), "UndoButton")
        self.redo = self._named(QtWidgets.QToolButton(), "RedoButton")
        for button, text, act in ((self.undo, "Undo", editor.undo), (self.redo, "Redo", editor.redo)):
            button.setText(text)
            button.setEnabled(False)
            button.clicked.connect(act)
            both.addWidget(button)
        self.options_box = self._named(QtWidgets.QGroupBox(editor), "OptionsGroupBox")
        inside = QtWidgets.QVBoxLayout(self.options_box)
        self._help = QtWidgets.QLabel()
        self._help.setWordWrap(True)
        self._help.setObjectName("EffectHelpBrowser")
        self._options = self._named(QtWidgets.QFrame(), "EffectsOptionsFrame")
        QtWidgets.QVBoxLayout(self._options).setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self._help)
        inside.addWidget(self._options)
        self.options_box.hide()

    def _make_masking(self) -> None:
        editor = self.editor
        self.masking_box = self._named(QtWidgets.QGroupBox("Masking", editor), "MaskingGroupBox")
        form = QtWidgets.QFormLayout(self.masking_box)
        self._mask_mode = self._named(QtWidgets.QComboBox(), "MaskModeComboBox")
        self._overwrite = self._named(QtWidgets.QComboBox(), "OverwriteModeComboBox")
        self._intensity = QtWidgets.QCheckBox("Editable intensity range")
        self._intensity.setObjectName("SourceVolumeIntensityMaskCheckBox")
        self._range = self._named(ctkRangeWidget(), "SourceVolumeIntensityMaskRangeWidget")
        for combo, modes in ((self._mask_mode, MASK_MODES), (self._overwrite, OVERWRITE_MODES)):
            for text, mode in modes:
                combo.addItem(text, mode)
            combo.setMinimumWidth(60)
            combo.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        form.addRow("Editable area:", self._mask_mode)
        form.addRow(self._intensity)
        form.addRow(self._range)
        form.addRow("Modify other segments:", self._overwrite)
        self._mask_mode.currentIndexChanged.connect(self._mask_chosen)
        self._overwrite.currentIndexChanged.connect(
            lambda index: editor._node and editor._node.SetOverwriteMode(self._overwrite.itemData(index))
        )
        self._intensity.toggled.connect(lambda on: editor._node and editor._node.SetSourceVolumeIntensityMask(on))
        self._range._listen(
            "valuesChanged(double,double)",
            lambda low, high: editor._node and editor._node.SetSourceVolumeIntensityMaskRange(low, high),
        )
        self.masking_box.hide()

    def _mask_chosen(self, index: int) -> None:
        node, data = self.editor._node, self._mask_mode.itemData(index)
        if node is None or data is None:
            return
        if isinstance(data, str):
            node.SetMaskSegmentID(data)
            node.SetMaskMode(Nodes.EditAllowedInsideSingleSegment)
        else:
            node.SetMaskMode(data)

    # Called by the editor.
    def set_scene(self, scene) -> None:
        for combo in (self.segmentations, self.volumes):
            was = combo.blockSignals(True)
            combo.setMRMLScene(scene)
            combo.blockSignals(was)
        self.table.setMRMLScene(scene)

    def lay_out(self) -> None:
        editor = self.editor
        for widgets, shown in (
            ((self._segmentation_label, self.segmentations), editor.segmentationNodeSelectorVisible),
            ((self._volume_label, self.volumes), editor.sourceVolumeNodeSelectorVisible),
            ((self.add, self.remove), editor.addRemoveSegmentButtonsVisible),
            ((self.show_3d,), editor.show3DButtonVisible),
            ((self._undo_box,), editor.undoEnabled),
            ((self.masking_box,), editor.maskingSectionVisible and editor._active is not None),
        ):
            for widget in widgets:
                widget.setVisible(shown)

    def select_quietly(self, combo, node) -> None:
        was = combo.blockSignals(True)
        combo.setCurrentNode(node)
        combo.blockSignals(was)

    def add_options(self, effect) -> None:
        self._options.layout().addWidget(effect._frame)

    def show_effects(self, effects: list) -> None:
        """A button for each effect, the first for none."""
        grid = self.effects_box.layout()
        while grid.count():
            grid.takeAt(0)
        for button in self._buttons.values():
            button.hide()
        columns = max(1, self.editor.effectColumnCount)
        for place, effect in enumerate(effects):
            name = effect.name if effect is not None else "NULL"
            if name not in self._buttons:
                self._buttons[name] = self._effect_button(effect, name)
            button = self._buttons[name]
            button.setToolButtonStyle(self.style)
            grid.addWidget(button, place // columns, place % columns)
            button.show()

    def _effect_button(self, effect, name: str) -> QtWidgets.QToolButton:
        button = QtWidgets.QToolButton(self.effects_box)
        button.setObjectName(name)
        button.setCheckable(True)
        button.setAutoExclusive(False)
        button.setText(effect.title if effect is not None else "None")
        button.setToolTip(effect.title if effect is not None else "No editing")
        if effect is not None:
            button.setIcon(effect._icon())
        policy = QtWidgets.QSizePolicy.Policy
        button.setSizePolicy(policy.Minimum, policy.Preferred)
        button.clicked.connect(lambda: self.editor.setActiveEffect(effect))
        button.clicked.connect(lambda: self._check(self.editor._active))
        return button

    def _check(self, effect) -> None:
        for name, button in self._buttons.items():
            button.setChecked(name == (effect.name if effect is not None else "NULL"))

    def show_active(self, effect) -> None:
        self._check(effect)
        self.options_box.setVisible(effect is not None)
        self.options_box.setTitle(effect.title if effect is not None else "")
        self._help.setText(effect.helpText() if effect is not None else "")
        self.masking_box.setVisible(effect is not None and self.editor.maskingSectionVisible)

    def update(self) -> None:
        """What may be used, and what is chosen."""
        editor, node = self.editor, self.editor._node
        segmentation = editor._segmentation
        self.segmentations.setEnabled(node is not None)
        for widget in (self.volumes, self.effects_box, self.masking_box, self._options):
            widget.setEnabled(node is not None and segmentation is not None)
        if node is None:
            return
        selected = node.GetSelectedSegmentID() or ""
        ids = segment_ids(segmentation)
        selected = selected if selected in ids else ""
        self.add.setEnabled(editor._logic.CanAddSegments())
        self.remove.setEnabled(bool(selected) and not editor.readOnly)
        self.table.setSelectedSegmentIDs([selected] if selected else [])
        usable = node.GetSourceVolumeNode() is not None and not editor.readOnly
        self.effects_box.setEnabled(usable)
        self.options_box.setEnabled(usable)
        for effect in editor._effects:
            if effect.name in self._buttons:
                needs = effect.requireSegments
                allowed = not needs or (bool(ids) and (bool(selected) or not effect.perSegment))
                self._buttons[effect.name].setEnabled(allowed)
        editor.updateUndoRedoButtonsState()
        self._update_masking(node, segmentation, ids)

    def _update_masking(self, node, segmentation, ids: list[str]) -> None:
        widgets = (self._mask_mode, self._overwrite, self._intensity, self._range)
        before = [widget.blockSignals(True) for widget in widgets]
        while self._mask_mode.count() > len(MASK_MODES):
            self._mask_mode.removeItem(self._mask_mode.count() - 1)
        for segment_id in ids:
            name = segmentation.GetSegmentation().GetSegment(segment_id).GetName()
            self._mask_mode.addItem(f"Inside {name}", segment_id)
        single = node.GetMaskMode() == Nodes.EditAllowedInsideSingleSegment
        shown = node.GetMaskSegmentID() if single else node.GetMaskMode()
        self._mask_mode.setCurrentIndex(self._mask_mode.findData(shown))
        self._overwrite.setCurrentIndex(self._overwrite.findData(node.GetOverwriteMode()))
        self._intensity.setChecked(bool(node.GetSourceVolumeIntensityMask()))
        self._range.setVisible(bool(node.GetSourceVolumeIntensityMask()))
        volume = node.GetSourceVolumeNode()
        if volume is not None and volume.GetImageData() is not None:
            self._range.setRange(*volume.GetImageData().GetScalarRange())
            self._range.setValues(*node.GetSourceVolumeIntensityMaskRange())
        for widget, was in zip(widgets, before):
            widget.blockSignals(was)

    def shortcuts(self, parent) -> list[QtGui.QShortcut]:
        """Those of the application: 1 to 0 effects, Esc none, Space the last, Z and Y, Q and W segments, I the mask."""
        editor = self.editor

        def toggle(effect) -> None:
            if not editor.readOnly:
                editor.setActiveEffect(None if effect is editor._active else effect)

        acts = [(str(i % 10), lambda i=i: toggle(editor.effectByIndex(i))) for i in range(1, 11)]
        acts += [(f"Shift+{i % 10}", lambda i=i: toggle(editor.effectByIndex(i + 10))) for i in range(1, 11)]
        acts.append(("Esc", lambda: editor.setActiveEffect(None)))
        acts.append(("Space", lambda: editor.setActiveEffect(editor._last_active)))
        acts += [(keys, editor.undo) for keys in ("Z", "Ctrl+Z")]
        acts += [(keys, editor.redo) for keys in ("Y", "Ctrl+Shift+Z")]
        acts += [(keys, editor.selectPreviousSegment) for keys in ("Q", "/", ",", ">")]
        acts += [(keys, editor.selectNextSegment) for keys in ("W", "*", ".", "<")]
        acts.append(("I", editor.toggleSourceVolumeIntensityMaskEnabled))
        made = []
        for keys, act in acts:
            shortcut = QtGui.QShortcut(QtGui.QKeySequence(keys), parent)
            shortcut.activated.connect(act)
            made.append(shortcut)
        return made
