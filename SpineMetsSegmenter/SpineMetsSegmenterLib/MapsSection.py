"""The maps of the lesion's kinetics: computed on demand in a child process, shown over the dynamic series."""

import html

import slicer
from slicer.i18n import tr as _

from SpineMetsWidgets.ApplyButton import ApplyButton

from .KineticsLogic import minus, sentence
from .MapsComputing import MapsComputing

# Cells of the strip that shows a map's colours.
LEGEND_CELLS = 43


class MapsSection:
    """Part of the kinetics section.

    Parameters
    ----------
    panel : the module's widget.
    kinetics : `KineticsSection`, which has measured the hot spot between whose frames maps are computed.
    """

    def __init__(self, panel, kinetics) -> None:
        self._panel, self._kinetics = panel, kinetics
        self.ui = panel.ui
        self._computing = None
        self._shown = None
        self._lesionId = ""
        self.mapsButton = ApplyButton(self.ui.mapsButton, self.computeMaps, self.cancel)
        self.ratesButton = ApplyButton(self.ui.ratesButton, self.computeRates, self.cancel)
        self.ui.mapComboBox.connect("activated(int)", self._onMapActivated)

    # Computing.

    @property
    def isComputing(self) -> bool:
        return self._computing is not None

    def computeMaps(self) -> None:
        """Wash-in, maximum and wash-out of every voxel."""
        self._start(self.mapsButton, "wash_out", [], False)

    def computeRates(self) -> None:
        """The rates of the lesion's voxels, and the three maps with them."""
        parameters = self._panel.parameters
        options = self._kinetics.logic.rateOptions(parameters)
        self._start(self.ratesButton, "ktrans", options, parameters.usesRelativeEnhancement)

    def _start(self, button, wanted: str, options, relative: bool) -> None:
        from spinemets.errors import InputError

        if self.isComputing or self._kinetics.measured is None:
            return
        parameters, logic = self._panel.parameters, self._kinetics.logic
        subject, measured = self._kinetics.subject(), self._kinetics.measured
        computing = MapsComputing(
            self._panel.startJob,
            self._showProgress,
            lambda images, result: self._finished(subject, images, result, wanted, relative),
            self._failed,
            folder=slicer.app.temporaryPath,
        )
        self._lesionId = subject[1].id
        self._say("")
        self._computing, self._button = computing, button
        button.showWorking(True)
        self._panel.workStarted()
        try:
            series = logic.series(subject[2], parameters)
            computing.start(series, measured.spot, measured.mask, [*logic.curveOptions(parameters), *options])
        except InputError as error:
            self._failed(str(error))

    def cancel(self) -> None:
        """Stop computing; the scene is as it was."""
        if self.isComputing:
            self._computing.cancel()
            self._ended()
            self._say(_("Computing the maps was cancelled; the scene is as it was."))

    def _finished(self, subject, images, result, wanted: str, relative: bool) -> None:
        from spinemets.mrml.kinetic_maps import put_maps

        case, lesion, volume = subject
        self._ended()
        if volume.GetScene() is None or not self._panel.logic.hasLesion(case, lesion.id):
            self._say(_("⚠ The maps were computed, but their lesion is gone."))
            return
        put_maps(case, volume, lesion, images, relative)
        if self._panel.parameters and self._panel.parameters.lesionId == lesion.id:
            self._panel.parameters.shownMap = wanted if wanted in images else next(iter(images), "")
        self._panel.updatePanel()
        warnings = [*result.get("warnings", []), *result.get("pharmacokinetics", {}).get("warnings", [])]
        # That amounts are relative stands above for as long as it holds.
        told = [sentence(text) for text in dict.fromkeys(warnings) if not text.startswith("relative enhancement")]
        done = _("Maps of {lesion} computed.").format(lesion=lesion.name)
        self._say("\n".join([" ".join([done, self._medians(result)]).strip(), *told]))

    def _medians(self, result) -> str:
        """The rates' medians in the lesion, with their units."""
        rates = result.get("pharmacokinetics")
        if rates is None:
            return ""
        names = {"ktrans": "Ktrans", "kep": "kep", "ve": "ve", "vp": "vp"}
        texts = [
            f"{names[name]} {value:.3g} {rates['units'].get(name, '')}".strip()
            for name, value in rates["median"].items()
            if name in names
        ]
        return _("Medians in the lesion: {values}.").format(values=", ".join(texts))

    def _failed(self, sentence: str) -> None:
        self._ended()
        self._say(_("⚠ The maps could not be computed. {why}").format(why=sentence))

    def _ended(self) -> None:
        self._computing = None
        self._button.showWorking(False)
        self._panel.workEnded()

    def _showProgress(self, stage, done, total, message="") -> None:
        self._panel.showProgressOfJob(stage, done, total, message)
        share = _(", {percent:.0f} %").format(percent=100 * done / total) if total > 1 else ""
        self._say(f"{self.ui.progressLabel.text}{share} …")

    def _say(self, text: str) -> None:
        """Below the buttons, since the panel's status may be scrolled out of sight."""
        self.ui.mapsLabel.text = text
        self.ui.mapsLabel.visible = bool(text)

    # What is shown.

    def update(self, parameters) -> None:
        """Say what is missing, list the maps there are, and show the one that was chosen."""
        measured = self._kinetics.measured
        working = _("Wait until the work is done") if self._panel.isWorking else ""
        missing = "" if measured is not None else _("Find the hot spot first")
        self.mapsButton.showReady(
            missing or working,
            _("Wash-in, maximum and wash-out of every voxel, between the frames of the hot spot's curve."),
        )
        lacking = self._kinetics.logic.missingForRates(parameters)
        isFallback = parameters.usesRelativeEnhancement
        facts = "" if isFallback or not lacking else _("Not known: {facts}").format(facts=", ".join(lacking))
        if not missing and measured.mask is None:
            missing = _("Find or draw the lesion first")
        self.ratesButton.showReady(
            missing or facts or working,
            _("Ktrans, kep, ve and vp of the lesion's voxels, by the model under Settings."),
        )
        self.ui.ratesLabel.text = self._describeRates(lacking, isFallback)
        self.ui.ratesLabel.visible = bool(self.ui.ratesLabel.text) and measured is not None
        self.ui.relativeCheckBox.visible = (bool(lacking) or isFallback) and measured is not None
        if parameters.lesionId != self._lesionId and not self.isComputing:
            self._lesionId = parameters.lesionId
            self._say("")
        self._showChoice(parameters)

    def clear(self) -> None:
        self._say("")
        self.ui.mapComboBox.clear()
        self.ui.legendLabel.text = ""
        self._shown = None

    def hungAgain(self) -> None:
        """The views were made anew, and show no map."""
        self._shown = None
        if self._panel.parameters:
            self._showChoice(self._panel.parameters)

    def _describeRates(self, lacking, isFallback: bool) -> str:
        if isFallback:
            return _(
                "⚠ Relative enhancement stands for the concentration: Ktrans, ve and vp are relative numbers that"
                " compare with no other patient, kep is too high."
            )
        if lacking:
            return _(
                "For Ktrans the {facts} must be known: type it under Settings, or let relative enhancement stand for"
                " the concentration."
            ).format(facts=_(" and ").join(lacking))
        return ""

    def _showChoice(self, parameters) -> None:
        from spinemets.mrml.kinetic_maps import fill_lesions, maps_of, show_over

        case, lesion, volume = self._kinetics.subject()
        maps = {} if None in (case, lesion, volume) else maps_of(case, volume, lesion)
        self._fill(maps, parameters.shownMap)
        shown = maps.get(parameters.shownMap)
        self.ui.mapOpacitySlider.enabled = shown is not None
        self._showLegend(parameters.shownMap, shown)
        state = (None if shown is None else shown.GetID(), parameters.mapOpacity, volume and volume.GetID())
        if volume is not None and state != self._shown:
            self._shown = state
            show_over(volume, shown, parameters.mapOpacity)
            fill_lesions(case, shown is None)

    def _fill(self, maps, chosen: str) -> None:
        from spinemets.dce.colours import map_colours
        from spinemets.mrml.colour_tables import RELATIVE_ATTRIBUTE

        entries = [(_("No map"), "")]
        for name, node in maps.items():
            colours = map_colours(name, bool(node.GetAttribute(RELATIVE_ATTRIBUTE)))
            isTold = not colours.unit or colours.unit in colours.title
            entries.append((colours.title if isTold else f"{colours.title} ({colours.unit})", name))
        box = self.ui.mapComboBox
        if entries != [(box.itemText(row), box.itemData(row)) for row in range(box.count)]:
            box.clear()
            for text, name in entries:
                box.addItem(text, name)
        box.currentIndex = max(box.findData(chosen), 0)
        box.enabled = bool(maps)

    def _showLegend(self, name: str, shown) -> None:
        """The map's colours from its lowest to its highest value."""
        from spinemets.dce.colours import map_colours
        from spinemets.mrml.colour_tables import RELATIVE_ATTRIBUTE

        self.ui.legendLabel.visible = shown is not None
        if shown is None:
            return
        colours = map_colours(name, bool(shown.GetAttribute(RELATIVE_ATTRIBUTE)))
        tones = colours.table[:: -(-len(colours.table) // LEGEND_CELLS)]
        cells = "".join(f'<td bgcolor="#{r:02x}{g:02x}{b:02x}">&nbsp;</td>' for r, g, b in tones.tolist())
        ends = (f"{value:g} {html.escape(colours.unit)}".strip() for value in (colours.low, colours.high))
        low, high = (minus(end).replace(" ", "&nbsp;") for end in ends)
        self.ui.legendLabel.text = (
            f'<table cellspacing="0" cellpadding="0"><tr><td>{low}&nbsp;</td>{cells}<td>&nbsp;{high}</td></tr></table>'
        )
        self.ui.legendLabel.toolTip = colours.legend

    def _onMapActivated(self, index) -> None:
        if self._panel.parameters and not self._panel.isUpdatingGui:
            self._panel.parameters.shownMap = self.ui.mapComboBox.itemData(index)
