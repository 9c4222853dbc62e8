"""The lower part of the panel: the embedded Segment Editor, which draws outlines and finds lesions."""

import slicer
from slicer.i18n import tr as _

EDITOR_TAG = "SpineMetsSegmenter"
EFFECT = "SpineMets"
# In three columns, after the button for no tool; the long names share a column.
EFFECTS = (EFFECT, "Draw", "Paint", "Fill between slices", "Erase", "Scissors", "Smoothing", "Islands")
EFFECT_COLUMNS = 3
UNDO_STATES = 30


class EditorSection:
    """Points the editor at one segment of the lesion that is worked on: its outline, or its mask.

    Parameters
    ----------
    panel : the module's widget.
    """

    def __init__(self, panel) -> None:
        self._panel = panel
        self.ui = panel.ui
        self._node = None
        registerLesionTools()
        # Not in the .ui file: the editor's own widgets, the effects' among them, would be taken for the panel's.
        self.editor = slicer.qMRMLSegmentEditorWidget()
        self.editor.name = "embeddedEditor"
        self.ui.editorFrame.layout().addWidget(self.editor)
        self._prepareEditor()
        # The editor may be pointed elsewhere by its own keys, by Undo, or when a scene was read.
        self.editor.connect("segmentationNodeChanged(vtkMRMLSegmentationNode*)", self._onEditorChanged)
        self.editor.connect("currentSegmentIDChanged(QString)", self._onEditorChanged)
        self.ui.outlineButton.connect("clicked()", self.outline)
        self.ui.findButton.connect("clicked()", self.find)
        for box, name in self._seriesBoxes():
            box.connect("activated(int)", lambda index, box=box, name=name: self._onSeriesActivated(box, name, index))

    def _prepareEditor(self) -> None:
        editor = self.editor
        editor.setMaximumNumberOfUndoStates(UNDO_STATES)
        editor.setEffectNameOrder(EFFECTS)
        editor.unorderedEffectsVisible = False
        editor.setEffectColumnCount(EFFECT_COLUMNS)
        # The panel chooses what is drawn on and lists the lesions; the columns show the series.
        editor.setSegmentationNodeSelectorVisible(False)
        editor.setSourceVolumeNodeSelectorVisible(False)
        editor.setSwitchToSegmentationsButtonVisible(False)
        editor.setAddRemoveSegmentButtonsVisible(False)
        editor.setShow3DButtonVisible(False)
        editor.setSpecifyGeometryButtonVisible(False)
        editor.setAutoShowSourceVolumeNode(False)
        for name in ("SegmentsTableResizableFrame", "SegmentsTableView"):
            for widget in slicer.util.findChildren(editor, name):
                widget.visible = False
        self.followScene()  # before the scene, as the editor wants it
        editor.setMRMLScene(slicer.mrmlScene)

    # The module is shown or left, the scene opened or closed.

    def followScene(self) -> None:
        """Use the scene's own node of what the user chose in this editor, not that of the module Segment Editor."""
        node = slicer.mrmlScene.GetSingletonNode(EDITOR_TAG, "vtkMRMLSegmentEditorNode")
        if node is None:
            node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
            node.UnRegister(None)
            node.SetSingletonTag(EDITOR_TAG)
            # Outlines of neighbours overlap, and a lesion found beside another takes nothing from it.
            node.SetOverwriteMode(slicer.vtkMRMLSegmentEditorNode.OverwriteNone)
            node = slicer.mrmlScene.AddNode(node)
        if self._node != node:
            self._node = node
            self.editor.setMRMLSegmentEditorNode(node)

    def enter(self) -> None:
        self.editor.installKeyboardShortcuts()
        self.followScene()
        self.editor.updateWidgetFromMRML()

    def exit(self) -> None:
        self.editor.setActiveEffect(None)
        self.editor.uninstallKeyboardShortcuts()
        self.editor.removeViewObservations()

    def sceneClosing(self) -> None:
        self._node = None
        self.editor.setSegmentationNode(None)
        self.editor.removeViewObservations()

    # What the user does.

    def outline(self) -> None:
        """Draw the outline of the lesion; without a lesion, of a new one."""
        parameters = self._panel.parameters
        with self._panel.quickly(_("The outline cannot be drawn.")):
            if not parameters.lesionId:
                self._panel.lesionSection.add()
            part = self._panel.logic.outlinePart(parameters)
            self._panel.showViews()
            self.edit(part, "Draw")

    def find(self) -> None:
        """Activate the lesion tools on the series where the lesion is to be found, with the outline set."""
        parameters = self._panel.parameters
        with self._panel.quickly(_("The lesion cannot be looked for.")):
            outline = self._panel.logic.drawnOutline(parameters)
            part = self._panel.logic.lesionPart(parameters)
            self._panel.showViews()
            self.edit(part, EFFECT)
            effect = self.editor.activeEffect()
            if effect is None:
                self._panel.showFault(_("The lesion tools are missing; install the extension SpineMets again."))
            elif outline is not None:
                effect.self().setOutline(outline.node, outline.segment_id)
                if part.is_empty:  # what was accepted before is only found anew when the user asks for it
                    effect.self().onFind()

    def edit(self, part, effectName: str) -> None:
        """Point the editor at a segment and activate an effect."""
        if self.editor.segmentationNode() != part.node:
            self.editor.setSegmentationNode(part.node)
        self.editor.setSourceVolumeNode(part.volume)
        self.editor.setCurrentSegmentID(part.segment_id)
        self.editor.setActiveEffectByName(effectName)

    def followLesion(self, lesion) -> None:
        """Another lesion was chosen: its segment is edited from now on, in the same segmentation."""
        node = self.editor.segmentationNode()
        for part in () if lesion is None else lesion.drawn:
            if part.node == node:
                self.editor.setCurrentSegmentID(part.segment_id)
                return
        self.editor.setActiveEffect(None)

    def rememberForUndo(self) -> None:
        """What is changed next can be taken back."""
        if self.editor.segmentationNode() is not None:
            self.editor.saveStateForUndo()

    # What is shown.

    def update(self, parameters, case) -> None:
        from spinemets.mrml.cases import ROLES_LEFT_OUT

        series = [] if case is None else [one for one in case.series() if one.volume is not None]
        series = [one for one in series if one.role not in ROLES_LEFT_OUT]
        for box, name in self._seriesBoxes():
            self._fill(box, series, getattr(parameters, name))
        logic = self._panel.logic
        for button, missing, tip in (
            (
                self.ui.outlineButton,
                logic.missingForOutline(parameters),
                _("Draw a loose outline of the diseased segment."),
            ),
            (self.ui.findButton, logic.missingForSearch(parameters), self._findTip(parameters)),
        ):
            button.enabled = not missing and not self._panel.isWorking
            button.toolTip = missing or tip
        self.editor.enabled = case is not None and not self._panel.isWorking

        self._showWhatIsEdited(case)

    def _showWhatIsEdited(self, case) -> None:
        """Say what the tools change; they change nothing that is no outline or lesion of this study."""
        from spinemets.mrml.cases import role_of
        from spinemets.mrml.layouts import LABELS
        from spinemets.mrml.lesions import Content, lesions_of

        node, segmentID = self.editor.segmentationNode(), self.editor.currentSegmentID()
        if node is not None and node not in self._panel.logic.segmentations(case):
            self.editor.setSegmentationNode(None)
            node = None
        lesion = self._panel.logic.currentLesion(self._panel.parameters)
        text = _("Load a study, add a lesion, outline it, then find it.")
        if lesion is not None:
            text = _("Outline or Find lesion lets the tools edit {name}.").format(name=lesion.name)
        for lesion in lesions_of(case) if node is not None else ():
            for part in lesion.drawn:
                if part.node == node and part.segment_id == segmentID:
                    role = role_of(part.volume) if part.volume is not None else ""
                    told = (
                        _("Editing the outline of {name} on {series}")
                        if part.content is Content.OUTLINES
                        else _("Editing {name} on {series}")
                    )
                    text = told.format(name=lesion.name, series=LABELS.get(role, role))
        self.ui.editingLabel.text = text

    def _onEditorChanged(self, *_changed) -> None:
        self._panel.refreshSoon()

    def _findTip(self, parameters) -> str:
        if self._panel.logic.drawnOutline(parameters) is None:
            return _("Find the lesion with strokes, or by hand. With an outline, it is found by itself.")
        return _("Find the lesion inside its outline.")

    def _seriesBoxes(self):
        return (
            (self.ui.outlineVolumeComboBox, "outlineVolume"),
            (self.ui.searchVolumeComboBox, "searchVolume"),
        )

    def _fill(self, box, series, chosen) -> None:
        from spinemets.mrml.layouts import LABELS

        entries = [
            (_("{role}, {plane}").format(role=LABELS.get(one.role, one.role), plane=one.plane), one.volume.GetID())
            for one in series
        ]
        if entries != [(box.itemText(row), box.itemData(row)) for row in range(box.count)]:
            box.clear()
            for text, identity in entries:
                box.addItem(text, identity)
        box.currentIndex = -1 if chosen is None else box.findData(chosen.GetID())
        box.enabled = bool(entries)

    def _onSeriesActivated(self, box, name: str, index: int) -> None:
        if self._panel.parameters and not self._panel.isUpdatingGui:
            setattr(self._panel.parameters, name, slicer.mrmlScene.GetNodeByID(box.itemData(index)))


def registerLesionTools() -> None:
    """Let the editor offer the lesion tools also where this panel is shown before the application has started up (as
    its home module), or where the modules were added later."""
    module = getattr(slicer.modules, "SegmentEditorSpineMetsInstance", None)
    if module is not None:
        module.registerEditorEffect()
