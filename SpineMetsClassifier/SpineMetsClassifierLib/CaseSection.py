"""The upper part of the panel: study, lesion, and the series of each role."""

import qt
import slicer
from slicer.i18n import tr as _

from SpineMetsWidgets.StudyOpener import StudyOpener

from .Logic import VOLUME_FIELDS

# Across the shorter side of a view: so many times the lesion, and not less than a vertebra with its neighbours.
SIGHT, SMALLEST_SIGHT_MM = 3.0, 90.0


class CaseSection:
    """Shows what is asked about.

    Parameters
    ----------
    panel : the module's widget; its `studyLoaded`, `caseChosen` and `lesionChosen` are called.
    """

    def __init__(self, panel) -> None:
        self._panel = panel
        self.ui = panel.ui
        self.opener = StudyOpener(panel, panel.standby.job, panel.studyLoaded)
        self.ui.caseComboBox.connect("activated(int)", self._onCaseActivated)
        self.ui.lesionComboBox.connect("activated(int)", self._onLesionActivated)
        self.ui.showLesionButton.connect("clicked()", self.showLesion)
        self.ui.segmenterButton.connect("clicked()", self._openSegmenter)

    def update(self, parameters, models) -> None:
        """Show the studies and lesions to choose from, and the roles that the models need or the case has."""
        from spinemets.mrml.cases import cases_in

        logic = self._panel.logic
        self.opener.update(parameters)
        cases = cases_in(slicer.mrmlScene)
        self.ui.caseRow.visible = len(cases) > 1
        case = logic.currentCase(parameters)
        fill(self.ui.caseComboBox, [(one.name, one.uid) for one in cases], "" if case is None else case.uid)
        self._choices = logic.lesions(parameters)
        lesion = logic.currentLesion(parameters)
        entries = [(choice.name, choice.identity) for choice in self._choices]
        if lesion is not None and lesion.identity not in [identity for _name, identity in entries]:
            entries.append((lesion.name, lesion.identity))
            self._choices.append(lesion)
        fill(self.ui.lesionComboBox, entries, "" if lesion is None else lesion.identity)
        self.ui.lesionComboBox.enabled = bool(entries) and not self._panel.isWorking
        self.ui.showLesionButton.enabled = lesion is not None
        self.ui.showLesionButton.toolTip = (
            _("Show the middle of the lesion in all views.") if lesion is not None else _("Choose a lesion first.")
        )
        needed = {role for model in models if model.package is not None for role in model.package.roles}
        known = logic.volumes(parameters)
        for role, field in VOLUME_FIELDS.items():
            isShown = role in needed or role in known
            label, selector = getattr(self.ui, f"{field}Label"), getattr(self.ui, f"{field}Selector")
            label.visible = selector.visible = isShown
            selector.enabled = not self._panel.isWorking
            text = label.text.removeprefix("⚠ ")
            isWrong = role not in known or (
                logic.otherRole(role, known[role]) or logic.otherStudy(parameters, known[role])
            )
            label.text = f"⚠ {text}" if role in needed and isWrong else text
            label.toolTip = _("A chosen model needs this series.") if role in needed else _("No chosen model needs it.")

    def _onCaseActivated(self, index) -> None:
        self._panel.caseChosen(self.ui.caseComboBox.itemData(index))

    def _onLesionActivated(self, index) -> None:
        identity = self.ui.lesionComboBox.itemData(index)
        choice = next((one for one in self._choices if one.identity == identity), None)
        if choice is not None:
            self._panel.lesionChosen(choice)

    def showLesion(self) -> None:
        """Show the lesion and what is round it in all views; on a series of the case where none is shown."""
        from spinemets.geometry.sizes import extent_mm
        from spinemets.mrml.lesions import Content, Drawn, centre_ras
        from spinemets.mrml.segmentations import mask_from_segment
        from spinemets.mrml.slice_views import show_around

        logic, parameters = self._panel.logic, self._panel.parameters
        lesion, volumes = logic.currentLesion(parameters), logic.volumes(parameters)
        if lesion is None:
            return
        with self._panel.quickly(_("The lesion cannot be shown.")):
            centre = centre_ras(Drawn(lesion.node, lesion.segmentID, Content.LESIONS))
            shown = shownVolumes()
            if volumes and not any(volume.GetID() in shown for volume in volumes.values()):
                slicer.util.setSliceViewerLayers(background=next(iter(volumes.values())), fit=True)
            slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *centre)
            extent = max(extent_mm(mask_from_segment(lesion.node, lesion.segmentID)))
            known = {volume.GetID() for volume in volumes.values()}
            for view in viewsOf(known):
                show_around(view, centre, max(SMALLEST_SIGHT_MM, SIGHT * extent))

    def hang(self, case) -> None:
        """Show the series of a study side by side, each in its acquired plane."""
        from spinemets.mrml.layouts import fit_columns, show_case

        manager = slicer.app.layoutManager()
        volumes = case.volumes()
        if manager is None or not volumes:  # the application runs without its main window
            return
        with self._panel.quickly(_("The series cannot be shown side by side.")):
            hanging = show_case(slicer.mrmlScene, manager.layoutLogic().GetLayoutNode(), volumes)
            # The windows get their size a moment later.
            qt.QTimer.singleShot(0, lambda: fit_columns(hanging) if isInScene(hanging) else None)

    def _openSegmenter(self) -> None:
        slicer.util.selectModule("SpineMetsSegmenter")


def isInScene(hanging) -> bool:
    """Whether the series are still there."""
    return all(node.GetScene() is not None for node in (*hanging.views.values(), *hanging.volumes.values()))


def shownVolumes() -> set[str]:
    """Volumes that a slice view shows, by their identity."""
    return {composite.GetBackgroundVolumeID() for composite in composites()}


def composites() -> list:
    """What each slice view shows: vtkMRMLSliceCompositeNode."""
    scene = slicer.mrmlScene
    count = scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")
    return [scene.GetNthNodeByClass(number, "vtkMRMLSliceCompositeNode") for number in range(count)]


def viewsOf(volumeIDs) -> list:
    """Slice nodes of the views that show one of these volumes."""
    names = {one.GetLayoutName() for one in composites() if one.GetBackgroundVolumeID() in volumeIDs}
    scene = slicer.mrmlScene
    count = scene.GetNumberOfNodesByClass("vtkMRMLSliceNode")
    views = [scene.GetNthNodeByClass(number, "vtkMRMLSliceNode") for number in range(count)]
    return [view for view in views if view.GetLayoutName() in names]


def fill(box, entries, chosen) -> None:
    """Let a list offer these (text, data), if it does not yet: an open list must not close."""
    if entries != [(box.itemText(row), box.itemData(row)) for row in range(box.count)]:
        box.clear()
        for text, data in entries:
            box.addItem(text, data)
    box.currentIndex = box.findData(chosen) if chosen else -1
