"""The views beside the panel: one column a sequence, linked, and the time course of what is under the cursor."""

import dataclasses
from collections.abc import MutableMapping

import qt
import slicer
from slicer.i18n import tr as _

# Across the shorter side of a view: so many times the lesion, and not less than a vertebra with its neighbours.
SIGHT, SMALLEST_SIGHT_MM = 3.0, 90.0


class ApplicationSettings(MutableMapping):
    """Text by key in the user's settings; nothing is listed, since the settings of others are not ours to walk."""

    def __getitem__(self, key: str) -> str:
        settings = slicer.app.userSettings()
        if not settings.contains(key):
            raise KeyError(key)
        return str(settings.value(key))

    def __setitem__(self, key: str, value: str) -> None:
        slicer.app.userSettings().setValue(key, value)

    def __delitem__(self, key: str) -> None:
        slicer.app.userSettings().remove(key)

    def __iter__(self):
        return iter(())

    def __len__(self) -> int:
        return 0


class ViewsSection:
    """Hangs the case that is worked on, and plots the dynamic series.

    Parameters
    ----------
    panel : the module's widget.
    """

    def __init__(self, panel) -> None:
        from spinemets.mrml.layouts import register_layouts
        from spinemets.mrml.time_courses import ENHANCEMENT, SIGNAL

        self._panel = panel
        self.ui = panel.ui
        self._settings = ApplicationSettings()
        self._hanging = None
        self._linked = None
        self._memory = None
        self._plot = None
        self._isHangWaiting = False
        layoutNode = self._layoutNode()
        if layoutNode is not None:
            register_layouts(layoutNode)
        self.ui.quantityComboBox.addItem(_("Enhancement"), ENHANCEMENT)
        self.ui.quantityComboBox.addItem(_("Signal"), SIGNAL)
        self.ui.quantityComboBox.connect("activated(int)", self._onQuantityActivated)
        self.ui.layoutButton.connect("clicked()", self.hang)

    # The hanging.

    def hang(self) -> None:
        """Show the case in columns."""
        case = self._panel.logic.currentCase(self._panel.parameters) if self._panel.parameters else None
        layoutNode = self._layoutNode()
        volumes = {} if case is None else case.volumes()
        if layoutNode is None or not volumes:
            return
        from spinemets.mrml.layouts import show_case
        from spinemets.mrml.window_levels import apply

        self.unlink()
        withPlot = self._panel.parameters.showsTimeCourse and self.dynamicVolume() is not None
        for role, volume in volumes.items():
            apply(role, volume, self._settings)
        with self._panel.quickly(_("The series cannot be shown side by side.")):
            self._link(show_case(slicer.mrmlScene, layoutNode, volumes, withPlot))

    def linkAgain(self) -> None:
        """After a scene was read that shows its case in columns: they stay as they were saved."""
        from spinemets.mrml.layouts import HANGING_LAYOUT_WITH_PLOT, PLOT_VIEW_TAG, TAG_PREFIX, Hanging, composite_of

        layoutNode = self._layoutNode()
        case = self._panel.logic.currentCase(self._panel.parameters)
        volumes = {} if case is None else case.volumes()
        if self._hanging is not None or layoutNode is None or not volumes or not self._isShown():
            return
        scene = slicer.mrmlScene
        views = {role: scene.GetSingletonNode(TAG_PREFIX + role, "vtkMRMLSliceNode") for role in volumes}
        for role, view in views.items():
            if view is None or composite_of(view).GetBackgroundVolumeID() != volumes[role].GetID():
                return
        withPlot = layoutNode.GetViewArrangement() == HANGING_LAYOUT_WITH_PLOT
        plotView = scene.GetSingletonNode(PLOT_VIEW_TAG, "vtkMRMLPlotViewNode") if withPlot else None
        self._link(Hanging(views, volumes, plotView))

    def _link(self, hanging) -> None:
        """Keep the columns together, and remember the windows that the user chooses in them."""
        from spinemets.mrml.linked_views import LinkedViews
        from spinemets.mrml.window_levels import WindowLevelMemory

        self._hanging = hanging
        self._linked = LinkedViews(hanging, later=lambda function: qt.QTimer.singleShot(0, function))
        self._memory = WindowLevelMemory(hanging.volumes, self._settings)
        self._watchClicks()
        self._showPlot()
        self._panel.kineticsSection.maps.hungAgain()

    def _isShown(self) -> bool:
        from spinemets.mrml.layouts import is_shown

        layoutNode = self._layoutNode()
        return layoutNode is not None and is_shown(layoutNode)

    def hangAgain(self) -> None:
        """Follow a change of roles or of the case, where columns are shown."""
        self._isHangWaiting = False
        if self._isShown() or self._hanging is not None:
            self.hang()

    def ensureShown(self) -> None:
        """Show the case in columns, unless they are shown already."""
        if self._hanging is None or not self._isShown():
            self.hang()

    def update(self, parameters, case) -> None:
        """Hang the case again when other series serve its roles than those that are shown."""
        isReady = case is not None and bool(case.volumes())
        self.ui.layoutButton.enabled = isReady and not self._panel.isWorking
        dynamic = self.dynamicVolume()
        self.ui.timeCourseCheckBox.enabled = dynamic is not None
        self.ui.timeCourseCheckBox.toolTip = (
            _("Plot the signal under the cursor and in the lesion against time, beside the images.")
            if dynamic is not None
            else _("The study has no dynamic series.")
        )
        self.ui.quantityComboBox.enabled = dynamic is not None and parameters.showsTimeCourse
        if self._hanging is not None:
            shown = {role: volume.GetID() for role, volume in self._hanging.volumes.items() if volume.GetScene()}
            wanted = {} if case is None else {role: volume.GetID() for role, volume in case.volumes().items()}
            if not wanted:
                self.unlink()
            elif shown != wanted:
                self._hangSoon()
            elif (parameters.showsTimeCourse and dynamic is not None) != (self._hanging.plot_view is not None):
                self._showOrHidePlot()

    def _hangSoon(self) -> None:
        """Once, when all that happens now is over."""
        if not self._isHangWaiting:
            self._isHangWaiting = True
            qt.QTimer.singleShot(0, self.hangAgain)

    def jump(self, point, extentMm) -> None:
        """Show a place (RAS mm) in all views, and so much round it that what is there can be judged.

        Parameters
        ----------
        extentMm : of what is looked at.
        """
        if self._linked is None:
            slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *point)
            return
        self._linked.show_around(point, max(SMALLEST_SIGHT_MM, SIGHT * extentMm))

    def unlink(self) -> None:
        """Let the views go: the scene is closed, or the module is left for good."""
        for part in (self._linked, self._memory):
            if part is not None:
                part.stop()
        if self._plot is not None:
            self._plot.stop_following()
        self._hanging = self._linked = self._memory = self._plot = None

    def _layoutNode(self):
        manager = slicer.app.layoutManager()
        return None if manager is None else manager.layoutLogic().GetLayoutNode()

    def _watchClicks(self) -> None:
        manager = slicer.app.layoutManager()
        for view in self._hanging.views.values():
            widget = manager.sliceWidget(view.GetLayoutName())
            if widget is not None:
                self._linked.watch_clicks(view, widget.sliceView().interactorStyle().GetInteractor())

    # The time course.

    def dynamicVolume(self):
        """Volume that shows a frame of the case's dynamic series."""
        from spinemets.mrml.sequences import sequence_behind

        parameters = self._panel.parameters
        case = self._panel.logic.currentCase(parameters) if parameters else None
        volumes = {} if case is None else case.volumes()
        candidates = [parameters.searchVolume if parameters else None, volumes.get("dce")]
        return next((one for one in candidates if one is not None and sequence_behind(one) is not None), None)

    def _showOrHidePlot(self) -> None:
        """Put the plot beside the columns or take it away; the columns show what they showed."""
        from spinemets.mrml.layouts import HANGING_LAYOUT, HANGING_LAYOUT_WITH_PLOT, plot_view_node

        isWanted = self._hanging.plot_view is None
        view = plot_view_node(slicer.mrmlScene) if isWanted else None
        self._hanging = dataclasses.replace(self._hanging, plot_view=view)
        self._layoutNode().SetViewArrangement(HANGING_LAYOUT_WITH_PLOT if isWanted else HANGING_LAYOUT)
        if self._plot is not None:
            self._plot.stop_following()
            self._plot = None
        self._showPlot()

    def _showPlot(self) -> None:
        from spinemets.mrml.time_courses import TimeCoursePlot

        volume = self.dynamicVolume()
        if self._hanging is None or self._hanging.plot_view is None or volume is None:
            return
        with self._panel.quickly(_("The time course cannot be plotted.")):
            self._plot = TimeCoursePlot(slicer.mrmlScene)
            self._plot.set_series(volume)
            self._plot.quantity = self.ui.quantityComboBox.currentData
            self._plot.show_in(self._hanging.plot_view)
            self._plot.follow_cursor()
        self.updateRegion()
        self._panel.kineticsSection.showCurve()

    def updateRegion(self) -> None:
        """Plot the mean of the lesion as it is now."""
        from spinemets.errors import InputError
        from spinemets.mrml.lesions import Content, lesion_with_id
        from spinemets.mrml.segmentations import mask_from_segment

        if self._plot is None or not self._panel.parameters:
            return
        case = self._panel.logic.currentCase(self._panel.parameters)
        lesion = None if case is None else lesion_with_id(case, self._panel.parameters.lesionId)
        parts = [] if lesion is None else lesion.parts(Content.LESIONS)
        try:
            mask = mask_from_segment(parts[0].node, parts[0].segment_id) if parts else None
            self._plot.show_region(mask, lesion.name if lesion is not None else "")
        except InputError:  # drawn where the dynamic series does not reach
            self._plot.show_region(None)

    def showHotSpot(self, signal) -> None:
        """Plot the curve (T,) that was measured in the hot spot; of None, none."""
        if self._plot is not None:
            self._plot.show_hot_spot(signal)

    def _onQuantityActivated(self, index) -> None:
        if self._plot is not None:
            self._plot.quantity = self.ui.quantityComboBox.itemData(index)
