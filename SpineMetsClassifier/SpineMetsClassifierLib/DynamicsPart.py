"""What a model read from the dynamic series, and the way through a tree: parts of the answer that some models have."""

from html import escape

import slicer
from slicer.i18n import tr as _

from SpineMetsWidgets.SvgFigure import SvgFigure


class DynamicsPart:
    """Shows curve, values and place of the hot spot, and each split of a decision tree in words.

    Parameters
    ----------
    panel : the module's widget.
    """

    def __init__(self, panel) -> None:
        self.ui = panel.ui
        self._place = None
        self.course = SvgFigure()
        self.ui.courseFrame.layout().addWidget(self.course)
        self.ui.showHotSpotButton.connect("clicked()", self.showHotSpot)

    def show(self, document) -> None:
        """Show what an answer (content of result.json) has of this; None: nothing."""
        hotSpot = None if document is None else document.get("hot_spot")
        path = None if document is None else document.get("decision_path")
        self._place = None if hotSpot is None else hotSpot["point_lps_mm"]
        for widget in (self.ui.courseLabel, self.ui.courseFrame, self.ui.courseText, self.ui.showHotSpotButton):
            widget.visible = hotSpot is not None
        for widget in (self.ui.pathLabel, self.ui.pathText):
            widget.visible = path is not None
        if hotSpot is None:
            self.course.setFigure(None)
        else:
            from spinemets.report.time_course import time_course_svg

            self.course.setFigure(lambda style, width: time_course_svg(hotSpot, style, width))
            self.ui.courseText.text = hotSpotText(hotSpot)
        if path is not None:
            self.ui.pathText.text = pathText(document)

    def showHotSpot(self) -> None:
        """Show the place of the hot spot in all views."""
        if self._place is not None:
            left, posterior, superior = self._place
            slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, -left, -posterior, superior)


def hotSpotText(hotSpot) -> str:
    """Values with their units, and the place, as rich text."""
    from spinemets.report.time_course import hot_spot_values, place_in_words

    lines = [f"{escape(name)}: <b>{escape(value)}</b>" for name, value in hot_spot_values(hotSpot)]
    place = _("Place: {place}").format(place=escape(place_in_words(hotSpot)))
    return "<br>".join([*lines, place])


def pathText(document) -> str:
    """Each split on the way, and where it ended, as rich text."""
    from spinemets.report.time_course import condition_in_words
    from spinemets.report.wording import capitalized, fixed

    steps = document["decision_path"]
    if not steps:
        return _("The tree asks nothing: all lesions get one answer.")
    lines = []
    for number, step in enumerate(steps, 1):
        value = condition_in_words(f" {step['value_text']}").strip()
        counts = ", ".join(f"{fixed(count, 0)} {name}" for name, count in step["counts"].items())
        lines.append(
            _("{number}. {name} is <b>{value}</b>, so the branch <b>{condition}</b>: {counts} in training.").format(
                number=number,
                name=escape(capitalized(step["name"])),
                value=escape(value),
                condition=escape(condition_in_words(step["condition"])),
                counts=escape(counts),
            )
        )
    share = fixed(100 * steps[-1]["probability"], 0)
    lines.append(
        _("Of the training cases that ended there, {share} % were {name}.").format(
            share=share, name=escape(document["positive_class"])
        )
    )
    return "<br>".join(lines)
