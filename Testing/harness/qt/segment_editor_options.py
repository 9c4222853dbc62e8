"""What a Segment Editor shows and allows: its properties."""

from __future__ import annotations

from PySide6 import QtCore

from Testing.harness.qt.standin import computed, qt_property


class EditorOptions:
    """Mixed into the editor."""

    def _lay_out(self) -> None:
        self._panel.lay_out()

    segmentationNodeSelectorVisible = qt_property("bool", True, changes=_lay_out)
    sourceVolumeNodeSelectorVisible = qt_property("bool", True, changes=_lay_out)
    masterVolumeNodeSelectorVisible = sourceVolumeNodeSelectorVisible
    switchToSegmentationsButtonVisible = qt_property("bool", True, changes=_lay_out)
    addRemoveSegmentButtonsVisible = qt_property("bool", True, changes=_lay_out)
    show3DButtonVisible = qt_property("bool", True, changes=_lay_out)
    specifyGeometryButtonVisible = qt_property("bool", True, changes=_lay_out)
    maskingSectionVisible = qt_property("bool", True, changes=_lay_out)
    undoEnabled = qt_property("bool", True, changes=_lay_out)
    effectColumnCount = qt_property("int", 2, changes=lambda self: self.updateEffectList())
    unorderedEffectsVisible = qt_property("bool", True, changes=lambda self: self.updateEffectList())
    autoShowSourceVolumeNode = qt_property("bool", True)
    autoShowMasterVolumeNode = autoShowSourceVolumeNode
    jumpToSelectedSegmentEnabled = qt_property("bool", False)
    defaultTerminologyEntry = qt_property(
        "QString", "", changes=lambda self: self._logic.SetDefaultTerminologyEntry(self.defaultTerminologyEntry)
    )
    defaultTerminologyEntrySettingsKey = qt_property("QString", "")
    readOnly = qt_property(
        "bool", False, changes=lambda self: (self.setActiveEffect(None), self.updateWidgetFromMRML())
    )

    @computed("int")
    def maximumNumberOfUndoStates(self) -> int:
        return self._logic.GetMaximumNumberOfUndoStates()

    @maximumNumberOfUndoStates.setter
    def maximumNumberOfUndoStates(self, number: int) -> None:
        self._logic.SetMaximumNumberOfUndoStates(number)

    @computed("Qt::ToolButtonStyle")
    def effectButtonStyle(self):
        return self._panel.style

    @effectButtonStyle.setter
    def effectButtonStyle(self, style) -> None:
        self._panel.style = QtCore.Qt.ToolButtonStyle(int(style) if isinstance(style, int) else style)
        self.updateEffectList()

    @staticmethod
    def _enumerated(_prop: str, text: str):
        return getattr(QtCore.Qt.ToolButtonStyle, text.rpartition("::")[2])

    def setSegmentationNodeSelectorVisible(self, shown: bool) -> None:
        self.segmentationNodeSelectorVisible = shown

    def setSourceVolumeNodeSelectorVisible(self, shown: bool) -> None:
        self.sourceVolumeNodeSelectorVisible = shown

    setMasterVolumeNodeSelectorVisible = setSourceVolumeNodeSelectorVisible

    def setSwitchToSegmentationsButtonVisible(self, shown: bool) -> None:
        self.switchToSegmentationsButtonVisible = shown

    def setAddRemoveSegmentButtonsVisible(self, shown: bool) -> None:
        self.addRemoveSegmentButtonsVisible = shown

    def setShow3DButtonVisible(self, shown: bool) -> None:
        self.show3DButtonVisible = shown

    def setSpecifyGeometryButtonVisible(self, shown: bool) -> None:
        self.specifyGeometryButtonVisible = shown

    def setMaskingSectionVisible(self, shown: bool) -> None:
        self.maskingSectionVisible = shown

    def setReadOnly(self, locked: bool) -> None:
        self.readOnly = locked

    def setUndoEnabled(self, enabled: bool) -> None:
        self.undoEnabled = enabled

    def setEffectColumnCount(self, count: int) -> None:
        self.effectColumnCount = count

    def setEffectButtonStyle(self, style) -> None:
        self.effectButtonStyle = style

    def setMaximumNumberOfUndoStates(self, number: int) -> None:
        self.maximumNumberOfUndoStates = number

    def setAutoShowSourceVolumeNode(self, shown: bool) -> None:
        self.autoShowSourceVolumeNode = shown
