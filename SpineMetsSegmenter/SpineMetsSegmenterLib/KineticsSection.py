"""The kinetics part of the panel: the lesion's hot spot as a marker that can be dragged, and what is measured there."""

import qt
import slicer
from slicer.i18n import tr as _

from SpineMetsWidgets.TableRows import ROW_HEIGHT, prepareRows

from .KineticsLogic import KineticsLogic, momentTexts, plainText, ratioTexts, sentence, treeText
from .MapsSection import MapsSection

# While the marker is dragged its values follow at this pace.
FOLLOW_MILLISECONDS = 30
COPIED_MILLISECONDS = 3000
MOMENTS, RATIOS = ("S0", "S1", "S2", "Smax", "Speak", "S67", "Slast"), 4
WASH_OUT = 2
NOTHING = "–"


class KineticsSection:
    """Finds, shows and measures the hot spot of the lesion that is worked on; its maps are `MapsSection`'s.

    Parameters
    ----------
    panel : the module's widget.
    """

    def __init__(self, panel) -> None:
        self._panel = panel
        self.ui = panel.ui
        self.logic = KineticsLogic()
        self.measured = None
        self._fault = self._findingFault = ""
        self._node = None
        # Where the marker was last left, and where before that, by node: position (LPS mm) and origin.
        self._settled = {}
        self._before = {}
        # Of lesions that were deleted, in case Undo brings them back.
        self._taken = {}
        self._isDragging = False
        self._isPlacing = False
        self._followTimer = qt.QTimer(panel.parent)
        self._followTimer.setSingleShot(True)
        self._followTimer.setInterval(FOLLOW_MILLISECONDS)
        self._followTimer.connect("timeout()", self._follow)
        self._prepareTables()
        self.ui.findHotSpotButton.connect("clicked()", self.find)
        self.ui.goToHotSpotButton.connect("clicked()", self.goTo)
        self.ui.undoHotSpotButton.connect("clicked()", self.undo)
        self.ui.copyKineticsButton.connect("clicked()", self.copy)
        self.maps = MapsSection(panel, self)

    def _prepareTables(self) -> None:
        moments, ratios = self.ui.momentsTable, self.ui.ratiosTable
        moments.setColumnCount(len(MOMENTS))
        moments.setRowCount(2)
        moments.setHorizontalHeaderLabels(list(MOMENTS))
        moments.setVerticalHeaderLabels([_("a.u."), _("s")])
        ratios.setColumnCount(RATIOS)
        ratios.setRowCount(1)
        ratios.setHorizontalHeaderLabels([_("Wash-in"), _("Maximum"), _("Wash-out"), _("Curve")])
        for table in (moments, ratios):
            prepareRows(table)
            table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.Stretch)
            table.setFixedHeight((table.rowCount + 1) * ROW_HEIGHT + 2 * table.frameWidth)
        moments.verticalHeader().show()
        # A wash-out tells what it starts from.
        ratios.horizontalHeader().setSectionResizeMode(WASH_OUT, qt.QHeaderView.ResizeToContents)
        self._showValues()

    # What the user does.

    def find(self) -> None:
        """Put the marker where the lesion enhances most avidly, and show it."""
        from spinemets.errors import InputError

        before = self._position()
        self._findingFault = ""
        self._isPlacing = True
        try:
            self.logic.find(*self.subject(), self._panel.parameters)
        except InputError as error:
            self._findingFault = _("No hot spot was found. {why}").format(why=error)
        finally:
            self._isPlacing = False
        if before is not None and before != self._position():
            self._before.setdefault(self._nodeId(), []).append(before)
        self._panel.updatePanel()
        self.goTo()

    def goTo(self) -> None:
        """Show the marker in all views."""
        position = self._position()
        if position is not None:
            left, posterior, superior = position[0]
            self._panel.jump((-left, -posterior, superior), 0.0)

    def undo(self) -> None:
        """Put the marker back to where it was before it was moved or found last."""
        from spinemets.mrml.hot_spots import place_hot_spot

        case, lesion, _volume = self.subject()
        before = self._before.get(self._nodeId(), [])
        if not before or lesion is None:
            return
        place, origin = before.pop()
        self._isPlacing = True
        try:
            place_hot_spot(case, lesion, place, origin)
        finally:
            self._isPlacing = False
        self._panel.updatePanel()

    def copy(self) -> None:
        """All values into the clipboard, tab-separated."""
        _case, lesion, _volume = self.subject()
        if self.measured is not None:
            title = _("{lesion}, hot spot {origin}").format(lesion=lesion.name, origin=self._originText())
            spot = self.measured.spot
            slicer.app.clipboard().setText(plainText(title, spot.course, spot.centre))
            slicer.util.showStatusMessage(_("The values are in the clipboard."), COPIED_MILLISECONDS)

    # What is shown.

    def subject(self):
        """Case, lesion and dynamic volume that the section is about; any of them may be None."""
        panel = self._panel
        if not panel.parameters:
            return None, None, None
        case = panel.logic.currentCase(panel.parameters)
        lesion = panel.logic.currentLesion(panel.parameters)
        return case, lesion, panel.viewsSection.dynamicVolume()

    def update(self, parameters, case) -> None:
        """Follow the lesion that is worked on, its marker, and what the user chose."""
        from spinemets.mrml.hot_spots import hot_spot_of

        case, lesion, volume = self.subject()
        if case is not None:
            self._settleMarkers(case)
        self._observe(None if case is None or lesion is None else hot_spot_of(case, lesion.id))
        self._takeOverSequence(volume)
        self._measure()
        missing = _("Load a study first") if case is None else self.logic.missing(volume, lesion, parameters)
        working = self._panel.isWorking
        self.ui.findHotSpotButton.enabled = not missing and not working
        self.ui.findHotSpotButton.toolTip = missing or _(
            "Mark where the lesion enhances most avidly, away from vessels, necrosis and blood. Drag the mark to"
            " measure elsewhere."
        )
        self.ui.goToHotSpotButton.enabled = self._node is not None
        self.ui.undoHotSpotButton.enabled = bool(self._before.get(self._nodeId())) and not working
        self.ui.hotSpotLabel.text = self._describe(missing)
        self._showIntervalRow(volume)
        self.maps.update(parameters)

    def sceneRead(self) -> None:
        """A scene was read, or the module entered: the maps in it get their colours and their places back."""
        from spinemets.mrml.kinetic_maps import restore_colours

        case, _lesion, _volume = self.subject()
        if case is not None:
            restore_colours(case)
        self.maps.hungAgain()

    def measureAgain(self) -> None:
        """The lesion was drawn on, or is another one."""
        if self._panel.parameters:
            self._panel.updatePanel()

    def clear(self) -> None:
        """The scene is closed: forget what belongs to it."""
        self._followTimer.stop()
        self.maps.cancel()
        self._observe(None)
        self._before, self._settled, self._taken, self._isDragging = {}, {}, {}, False
        self.logic.forget()
        self.measured, self._fault, self._findingFault = None, "", ""
        self._showValues()
        self.ui.hotSpotLabel.text = ""
        self.maps.clear()

    def showCurve(self) -> None:
        """Draw the hot spot's curve beside the lesion's."""
        signal = None if self.measured is None else self.measured.spot.course.signal
        self._panel.viewsSection.showHotSpot(signal)

    def _describe(self, missing: str) -> str:
        fault = self._findingFault or self._fault
        if fault:
            return f"⚠ {fault}"
        if self.measured is None:
            return (missing and f"{missing}.") or _("Find the hot spot to measure the lesion's kinetics.")
        _case, lesion, _volume = self.subject()
        text = _("Hot spot of {lesion}, {origin}.").format(lesion=lesion.name, origin=self._originText())
        return "\n".join([text, *map(sentence, self.measured.warnings)])

    def _originText(self) -> str:
        from spinemets.mrml.hot_spots import FOUND

        return _("found by rule") if self.measured.origin == FOUND else _("placed by the reader")

    def _showValues(self) -> None:
        course = None if self.measured is None else self.measured.spot.course
        moments = dict.fromkeys(MOMENTS, (NOTHING, NOTHING)) if course is None else momentTexts(course)
        for column, pair in enumerate(moments.values()):
            for row, text in enumerate(pair):
                self._setCell(self.ui.momentsTable, row, column, text)
        ratios = [NOTHING] * RATIOS if course is None else list(ratioTexts(course).values())
        for column, text in enumerate(ratios):
            self._setCell(self.ui.ratiosTable, 0, column, text)
        self.ui.treeLabel.text = "" if course is None else treeText(course)
        self.ui.treeLabel.visible = course is not None
        self.ui.copyKineticsButton.enabled = course is not None

    def _setCell(self, table, row: int, column: int, text: str) -> None:
        item = table.item(row, column)
        if item is None:
            item = qt.QTableWidgetItem("")
            item.setFlags(qt.Qt.ItemIsSelectable | qt.Qt.ItemIsEnabled)
            item.setTextAlignment(qt.Qt.AlignCenter)
            table.setItem(row, column, item)
        if item.text() != text:
            item.setText(text)

    def _takeOverSequence(self, volume) -> None:
        """Of another series, use its own repetition time, flip angle, injection, frames before contrast and interval;
        what is typed of the latter three stays with it, where models find it too."""
        from spinemets.mrml import sequences
        from spinemets.mrml.cases import key_of
        from spinemets.mrml.kinetic_maps import sequence_facts

        parameters = self._panel.parameters
        if volume is None:
            return
        if parameters.kineticsSeries == key_of(volume):
            sequences.keep_injection(volume, parameters.injectionTime)
            sequences.keep_frames_before_contrast(volume, parameters.framesBefore)
            sequences.keep_frame_interval(volume, parameters.frameInterval)
            return
        facts = sequence_facts(volume)
        with slicer.util.NodeModify(parameters):
            parameters.kineticsSeries = key_of(volume)
            parameters.repetitionTime = min(facts["tr"] or 0.0, 999.0)
            parameters.flipAngle = min(facts["flip_angle"] or 0.0, 179.0)
            parameters.injectionTime = sequences.injection_of(volume) or 0.0
            parameters.framesBefore = sequences.frames_before_contrast(volume) or 1
            parameters.frameInterval = sequences.frame_interval_of(volume) or 0.0

    def _showIntervalRow(self, volume) -> None:
        from spinemets.mrml.kinetic_maps import has_times

        isAsked = volume is not None and not has_times(volume)
        for widget in (self.ui.frameIntervalLabel, self.ui.frameIntervalSpinBox):
            widget.visible = isAsked

    # The marker.

    def _settleMarkers(self, case) -> None:
        """Each lesion has its own marker, and loses it, or gets it back, together with its mask."""
        from spinemets.mrml.hot_spots import place_hot_spot, settle_hot_spots
        from spinemets.mrml.lesions import lesion_with_id

        self._taken |= settle_hot_spots(case)
        for identity in list(self._taken):
            lesion = lesion_with_id(case, identity)
            if lesion is not None:
                place_hot_spot(case, lesion, *self._taken.pop(identity))

    def _measure(self) -> None:
        from spinemets.errors import InputError

        case, lesion, volume = self.subject()
        self.measured, self._fault = None, ""
        try:
            self.measured = self.logic.measure(case, lesion, volume, self._panel.parameters)
        except InputError as error:
            self._fault = str(error)
        self._showValues()
        self.showCurve()

    def _position(self):
        """Where the marker is, LPS mm, and how it came there; None without one."""
        from spinemets.mrml.hot_spots import origin_of
        from spinemets.mrml.markups import first_point_lps

        place = None if self._node is None else first_point_lps(self._node)
        return None if place is None else (place, origin_of(self._node))

    def _nodeId(self) -> str:
        return "" if self._node is None else self._node.GetID()

    def _observe(self, node) -> None:
        if node is not self._node:
            self._findingFault = ""
            panel, markups = self._panel, slicer.vtkMRMLMarkupsNode
            slots = (
                (markups.PointModifiedEvent, self._onMoved),
                (markups.PointStartInteractionEvent, self._onDragStarted),
                (markups.PointEndInteractionEvent, self._onDragEnded),
                (markups.PointRemovedEvent, self._onRemoved),
            )
            for event, slot in slots:
                if self._node is not None:
                    panel.removeObserver(self._node, event, slot)
                if node is not None:
                    panel.addObserver(node, event, slot)
            self._node = node
            self._isDragging = False
        if not self._isDragging and node is not None:
            self._settled.setdefault(self._nodeId(), self._position())
            if not self._followTimer.isActive():
                self._settled[self._nodeId()] = self._position()

    def _onMoved(self, caller, event) -> None:
        if not self._isPlacing:
            self._followTimer.start()

    def _onDragStarted(self, caller, event) -> None:
        self._isDragging = True

    def _onDragEnded(self, caller, event) -> None:
        self._isDragging = False
        self._followTimer.stop()
        self._follow()

    def _onRemoved(self, caller, event) -> None:
        self._panel.refreshSoon()

    def _follow(self) -> None:
        """The marker was moved by hand: measure there; once it is let go, that can be undone."""
        position = self._position()
        if position is None or not self._panel.parameters:
            return
        settled = self._settled.get(self._nodeId())
        if settled is None or settled[0] != position[0]:
            self._findingFault = ""
            if not self._isDragging:
                if settled is not None:
                    self._before.setdefault(self._nodeId(), []).append(settled)
                self._settled[self._nodeId()] = self._position()
        if self._isDragging:
            self._measure()
        else:
            self._panel.updatePanel()
