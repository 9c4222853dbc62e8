"""The heatmap: where in the lesion a variable of the model is high or low, over the slices."""

import slicer
from slicer.i18n import tr as _

from SpineMetsWidgets.ApplyButton import ApplyButton

from .CaseSection import composites, fill, shownVolumes

# Colour tables that every Slicer has, by what makes one (vtkMRMLColorTableNode).
COLOURS = {"Iron": "SetTypeToIron", "Rainbow": "SetTypeToRainbow", "Ocean": "SetTypeToOcean", "Grey": "SetTypeToGrey"}
COLOUR_ATTRIBUTE = "SpineMets.HeatmapColours"


class HeatmapSection:
    """Lets a map be computed, and shows it.

    Parameters
    ----------
    panel : the module's widget; its `withMap(feature, then)` is called.
    """

    def __init__(self, panel) -> None:
        self._panel = panel
        self.ui = panel.ui
        self._inputs = None
        self._laid = None  # the map that lies over the slices
        fill(self.ui.mapColourComboBox, [(name, name) for name in COLOURS], "Iron")
        self.button = ApplyButton(self.ui.showMapButton, self.compute, panel.cancel)
        self.ui.jumpToMaximumButton.connect("clicked()", self.jumpToMaximum)
        self.ui.mapColourComboBox.connect("activated(int)", lambda _index: self.show())
        self.ui.mapOpacitySlider.connect("valueChanged(double)", lambda _value: self.show())
        self.ui.mapThresholdSlider.connect("valueChanged(double)", lambda _value: self.show())

    def update(self, documents, inputs) -> None:
        """Offer the variables of the answer that is shown.

        Parameters
        ----------
        documents : content of result.json by model. inputs : what the model that is shown was asked; None: no answer.
        """
        from spinemets.models.heatmap import mapped_features
        from spinemets.report.wording import feature_in_words

        self._inputs = inputs
        features = []
        if inputs is not None:
            contributions = documents[inputs.package.name]["contributions"]
            features = mapped_features(contributions, inputs.package.roles)
        entries = [(", ".join(filter(None, feature_in_words(feature))), feature) for feature in features]
        chosen = self.ui.mapComboBox.currentData
        fill(self.ui.mapComboBox, entries, chosen if chosen in features else next(iter(features), ""))
        missing = "" if features else _("Classify the lesion first.")
        if inputs is not None and not features:
            missing = _("This model has no variable with a map.")
        if self._panel.isWorking:
            missing = _("Wait until the work is done.")
        self.button.showReady(missing, _("Compute the map of this variable and lay it over the slices."))
        node = self._node()
        self.ui.jumpToMaximumButton.enabled = node is not None
        self.ui.jumpToMaximumButton.toolTip = (
            _("Show the place of the highest value in all views.") if node is not None else _("Show the map first.")
        )
        if node is None:
            self._tell(_("Where in the lesion a variable of the model is high or low."))
        else:
            self._describe(node)
        if node is not self._laid:  # another answer is shown, or none: its map goes with it
            self._takeOff()
            if node is not None:
                self._lay(node)

    def clear(self) -> None:
        """The scene is closed."""
        self._inputs = self._laid = None

    # What the user does.

    def compute(self) -> None:
        """Compute the map in a child process; the answer stays as it is."""
        feature = self.ui.mapComboBox.currentData
        self._panel.withMap(feature, lambda folder, _document: self._computed(folder / "heatmap.nii.gz", feature))

    def _computed(self, path, feature: str) -> None:
        import SimpleITK as sitk

        from spinemets.mrml.results import keep_heatmap

        result = self._panel.logic.knownResult(self._inputs)
        if result is None:  # the lesion was changed meanwhile
            return
        keep_heatmap(result, sitk.ReadImage(str(path)), feature)
        self._panel.updatePanel()
        self._showSeries()
        self.show()
        self.jumpToMaximum()

    def show(self) -> None:
        """Lay the map over the slices, with the chosen colours, threshold and opacity."""
        node = self._node()
        if node is not None and not self._panel.isUpdatingGui:
            self._lay(node)

    def _lay(self, node) -> None:
        from spinemets.mrml.kinetic_maps import fill_lesions, show_over

        self._laid = node

        low, high = self._range(node)
        display = node.GetDisplayNode()
        display.SetAndObserveColorNodeID(self._colours().GetID())
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(low, high)
        share = self.ui.mapThresholdSlider.value / 100
        display.AutoThresholdOff()
        display.SetThreshold(low + share * (high - low), high)
        display.ApplyThresholdOn()
        display.SetInterpolate(False)
        # Over every series of the case, in whatever plane it is shown; the lesion is a contour then, since a tint would
        # change the colours.
        opacity = self.ui.mapOpacitySlider.value
        logic, parameters = self._panel.logic, self._panel.parameters
        for volume in {self._series(), *logic.volumes(parameters).values()}:
            show_over(volume, node if opacity > 0 else None, opacity)
        case = logic.currentCase(parameters)
        if case is not None:
            fill_lesions(case, opacity == 0)

    def _takeOff(self) -> None:
        """Let the slices show the series alone again."""
        from spinemets.mrml.kinetic_maps import fill_lesions

        laid, self._laid = self._laid, None
        if laid is None:
            return
        for view in composites():
            if view.GetForegroundVolumeID() == laid.GetID():
                view.SetForegroundVolumeID(None)
        case = self._panel.logic.currentCase(self._panel.parameters)
        if case is not None:
            fill_lesions(case, True)

    def jumpToMaximum(self) -> None:
        """Show the place of the highest value in all views."""
        import numpy as np
        import SimpleITK as sitk

        from spinemets.mrml.volumes import image_from_volume_node

        node = self._node()
        if node is None:
            return
        image = image_from_volume_node(node)
        values = sitk.GetArrayViewFromImage(image)
        k, j, i = np.unravel_index(int(np.argmax(values)), values.shape)
        x, y, z = image.TransformIndexToPhysicalPoint((int(i), int(j), int(k)))
        slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, -x, -y, z)

    # Parts.

    def _node(self):
        from spinemets.errors import InputError
        from spinemets.mrml.results import HEATMAP

        try:
            result = None if self._inputs is None else self._panel.logic.knownResult(self._inputs)
        except InputError:
            return None
        return None if result is None else result.part(HEATMAP)

    def _series(self):
        """The series that the map was made from."""
        from spinemets.models.package import split_feature
        from spinemets.mrml.cases import MAP_ATTRIBUTE

        role, _name = split_feature(self._node().GetAttribute(MAP_ATTRIBUTE), self._inputs.package.roles)
        return self._inputs.volumes[role]

    def _showSeries(self) -> None:
        """Show that series where no view shows it."""
        series = self._series()
        if series.GetID() not in shownVolumes():
            slicer.util.setSliceViewerLayers(background=series, fit=True)

    def _range(self, node) -> tuple[float, float]:
        """Lowest and highest value inside the lesion; outside it is lower."""
        import numpy as np

        values = slicer.util.arrayFromVolume(node)
        inside = values[values > values.min()]
        return (float(inside.min()), float(np.max(inside))) if inside.size else (float(values.min()),) * 2

    def _describe(self, node) -> None:
        from spinemets.mrml.cases import MAP_ATTRIBUTE
        from spinemets.report.wording import feature_in_words, number

        low, high = self._range(node)
        name = ", ".join(filter(None, feature_in_words(node.GetAttribute(MAP_ATTRIBUTE))))
        self._tell(
            _("{name}: {low} to {high} in windows of 3 voxels.").format(name=name, low=number(low), high=number(high))
        )

    def _tell(self, text: str) -> None:
        self.ui.mapLabel.text = text

    def _colours(self):
        """The scene's colour table of this name; made where there is none."""
        name, scene = self.ui.mapColourComboBox.currentData, slicer.mrmlScene
        for number in range(scene.GetNumberOfNodesByClass("vtkMRMLColorTableNode")):
            node = scene.GetNthNodeByClass(number, "vtkMRMLColorTableNode")
            if node.GetAttribute(COLOUR_ATTRIBUTE) == name:
                return node
        node = slicer.vtkMRMLColorTableNode()
        getattr(node, COLOURS[name])()
        node.SetName(f"SpineMets {name}")
        node.SetAttribute(COLOUR_ATTRIBUTE, name)
        return scene.AddNode(node)
