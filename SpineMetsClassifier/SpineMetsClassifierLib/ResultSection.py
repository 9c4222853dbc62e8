"""The answer: warnings first, then probability on its scale, what drove it, and the nomogram."""

from html import escape

import qt
from slicer.i18n import tr as _

from SpineMetsWidgets.SvgFigure import SvgFigure, styleOf
from SpineMetsWidgets.TableRows import fitHeight, prepareRows

from .DynamicsPart import DynamicsPart

MODEL, PROBABILITY, CLASS = 0, 1, 2
FEWEST_ROWS, MOST_ROWS = 1, 5


class ResultSection:
    """Shows the answers of one or several models about one lesion; one of them in full.

    Parameters
    ----------
    panel : the module's widget; its `answerChosen` is called with the name of a model.
    """

    def __init__(self, panel) -> None:
        self._panel = panel
        self.ui = panel.ui
        self._shown = self._document = None
        self._rows = []
        self._updating = False
        table = self.ui.resultTable
        table.setColumnCount(3)
        table.setHorizontalHeaderLabels([_("Model"), _("Probability"), _("Class")])
        header = table.horizontalHeader()
        header.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(MODEL, qt.QHeaderView.Stretch)
        prepareRows(table)
        table.connect("itemSelectionChanged()", self._onSelectionChanged)
        # The words in colours of the figures are written again when the application gets other colours.
        self.scale = SvgFigure(onPaletteChanged=self._restyle)
        self.contributions, self.nomogram = SvgFigure(), SvgFigure()
        for figure, frame in (
            (self.scale, self.ui.scaleFrame),
            (self.contributions, self.ui.contributionsFrame),
            (self.nomogram, self.ui.nomogramFrame),
        ):
            frame.layout().addWidget(figure)
        self.dynamics = DynamicsPart(panel)
        self._show(None)

    def update(self, answers, shownModel: str, waiting: str) -> None:
        """Show these answers.

        Parameters
        ----------
        answers : name of each model with its document (content of result.json), or with a sentence about what failed.
        shownModel : the one that is shown in full. waiting : what is said when there is no answer.
        """
        answered = {name: told for name, told in answers.items() if not isinstance(told, str)}
        name = shownModel if shownModel in answered else next(iter(answered), "")
        document = answered.get(name)
        facts = (list(answers.items()), name, waiting)
        if facts == self._shown:
            return
        self._shown = facts
        self._fillTable(answers, name)
        self._show(document)
        if document is None:
            self.ui.answerLabel.text = escape(waiting)
            self.ui.answerLabel.visible = True

    def _fillTable(self, answers, shown: str) -> None:
        from spinemets.report.wording import probability_in_words

        self._updating = True
        table = self.ui.resultTable
        table.visible = len(answers) > 1
        self._rows = list(answers)
        table.setRowCount(len(answers))
        fitHeight(table, FEWEST_ROWS, MOST_ROWS)
        for row, (name, told) in enumerate(answers.items()):
            if isinstance(told, str):
                texts, tip = (name, "–", _("failed")), told
            elif told["abstained"]:
                texts, tip = (name, "–", _("no answer")), told["reason"]
            else:
                low, high = map(probability_in_words, told["interval"])
                probability = probability_in_words(told["probability"])
                texts = (name, f"{probability} ({low}–{high})", told["class"])
                tip = _("Probability of {name} with 95 % interval").format(name=told["positive_class"])
            for column, text in enumerate(texts):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(tip)
                table.setItem(row, column, item)
        if shown in self._rows:
            table.selectRow(self._rows.index(shown))
        self._updating = False

    def _restyle(self) -> None:
        if self._document is not None:
            self.ui.answerLabel.text = answerText(self._document, styleOf(self.ui.answerLabel).palette)

    def _onSelectionChanged(self) -> None:
        row = self.ui.resultTable.currentRow()
        if not self._updating and 0 <= row < len(self._rows):
            self._panel.answerChosen(self._rows[row])

    def _show(self, document) -> None:
        """One answer in full; None: nothing."""
        self._document = document
        parts = (self.ui.contributionsLabel, self.ui.nomogramLabel, self.ui.sizeLabel, self.ui.answerLabel)
        for widget in (*parts, self.ui.noticeLabel, self.ui.resultResearchLabel):
            widget.visible = document is not None
        self.dynamics.show(document)
        if document is None:
            for figure in (self.scale, self.contributions, self.nomogram):
                figure.setFigure(None)
            return
        from spinemets.report.charts import contributions_svg, probability_scale_svg
        from spinemets.report.nomogram import nomogram_svg

        notice = noticeText(document)
        self.ui.noticeLabel.text = notice
        self.ui.noticeLabel.visible = bool(notice)
        palette = styleOf(self.ui.answerLabel).palette
        self.ui.answerLabel.text = answerText(document, palette)
        self.ui.sizeLabel.text = sizeText(document)
        isAnswer = document["probability"] is not None
        self.scale.setFigure((lambda style, width: probability_scale_svg(document, style, width)) if isAnswer else None)
        self.contributions.setFigure(lambda style, width: contributions_svg(document, style, width))
        hasPoints = document["nomogram"]["logit_per_point"] > 0
        self.ui.nomogramLabel.visible = hasPoints
        self.nomogram.setFigure((lambda style, width: nomogram_svg(document, style, width)) if hasPoints else None)


def noticeText(document) -> str:
    """Abstention, warnings and what is simulated, as rich text; empty when there is nothing to say."""
    from spinemets.report.wording import in_plain_words, sentence

    lines = []
    if document["abstained"]:
        reason = escape(sentence(in_plain_words(document["reason"], document)))
        lines.append(_("<b>⚠ The model gives no answer.</b> {reason}").format(reason=reason))
    for warning in document["warnings"]:
        lines.append("<b>⚠</b> " + escape(sentence(in_plain_words(warning, document))))
    if document["simulated"]:
        lines.append(
            _(
                "<b>⚠ Simulated.</b> The model was trained on simulated cases: its probability says nothing about a"
                " patient."
            )
        )
    return "<br>".join(lines)


def answerText(document, palette) -> str:
    """Class and probability as rich text."""
    from spinemets.report.wording import capitalized, fixed, probability_in_words

    if document["abstained"]:
        return _("<big><b>No answer</b></big><br>What was unusual shows in the values below.")
    isPositive = document["class"] == document["positive_class"]
    probability, low, high = map(probability_in_words, (document["probability"], *document["interval"]))
    colour = palette.positive if isPositive else palette.negative
    side = _("at or above") if isPositive else _("below")
    return _(
        '<big><b><font color="{colour}">{name}</font></b></big><br>Probability of {positive} <b>{probability}</b>, 95 %'
        " interval {low} to {high}; {side} the threshold of {threshold}."
    ).format(
        colour=colour,
        name=escape(capitalized(document["class"])),
        positive=escape(document["positive_class"]),
        probability=escape(probability),
        low=escape(low),
        high=escape(high),
        side=side,
        threshold=fixed(document["threshold"], 2),
    )


def sizeText(document) -> str:
    """How large the lesion is."""
    lesion = document["lesion"]
    across, deep, high = lesion["extent_mm"]
    return _(
        "Lesion: {volume:.1f} ml, longest diameter {diameter:.0f} mm, {across:.0f} x {deep:.0f} x {high:.0f} mm"
        " (left-right, front-back, head-foot)."
    ).format(volume=lesion["volume_ml"], diameter=lesion["longest_diameter_mm"], across=across, deep=deep, high=high)
