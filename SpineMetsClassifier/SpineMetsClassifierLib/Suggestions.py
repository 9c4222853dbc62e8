"""What can be measured of a clinical variable that a reader scores: a suggestion beside the reader's choice."""

import re
from dataclasses import dataclass

import slicer
from slicer.i18n import tr as _

from spinemets.errors import InputError
from spinemets.features.signal_scores import HIGH, ISO, LOW, UNEVEN, UNIFORM, signal_against_cord, signal_spread
from spinemets.mrml.cases import case_of
from spinemets.mrml.segmentations import has_voxels, segments_of
from spinemets.mrml.volumes import image_from_volume_node
from spinemets.report.wording import fixed, role_in_words

from .Inputs import maskOf

# Series on which a reader looks at how even a tumour is, best first.
SPREAD_ROLES = ("fs_t2", "t2", "t1", "ce_t1_sag")
SIGNAL_SUFFIX = "_signal"
CORD_NAME = r"\b(spinal )?cord\b"


@dataclass(frozen=True)
class Suggestion:
    """`word`: the value that was measured, empty when it could not be; `text`: the measurement, or what is missing."""

    word: str
    text: str


class Suggestions:
    """Measures what can be measured, once for each state of series and segments.

    Parameters
    ----------
    digests : `Inputs.Digests` of the logic.
    """

    def __init__(self, digests) -> None:
        self._digests = digests
        self._known = {}

    def of(self, variables, volumes, segment, case) -> dict:
        """Suggestion of each variable that can be measured, by name.

        Parameters
        ----------
        variables : by name, as in a model's card. volumes : volume node by role. segment : node and segment of the
        lesion. case : the study, whose segment named "cord" is the spinal cord; None: of any study.
        """
        found = {}
        for name, variable in variables.items():
            role = measuredRole(name, variable, volumes)
            if role:
                found[name] = self._remembered(name, role, volumes[role], segment, cordIn(case))
        return found

    def _remembered(self, name, role, volume, segment, cord) -> Suggestion:
        try:
            ofCord = None if cord is None else self._digests.ofSegment(*cord)
            state = (role, self._digests.ofVolume(volume), self._digests.ofSegment(*segment), ofCord)
        except InputError as error:
            return Suggestion("", str(error))
        known = self._known.get(name)
        if known is None or known[0] != state:
            self._known[name] = (state, measure(name, role, volume, segment, cord))
        return self._known[name][1]


def measuredRole(name: str, variable, volumes) -> str:
    """Role of the series on which a variable is measured; empty when it is none that can be."""
    words = set(variable.get("values", ()))
    if {UNIFORM, UNEVEN} <= words:
        return next((role for role in SPREAD_ROLES if role in volumes), "")
    role = name.removesuffix(SIGNAL_SUFFIX)
    return role if {LOW, ISO, HIGH} <= words and role != name and role in volumes else ""


def measure(name: str, role: str, volume, segment, cord) -> Suggestion:
    """Measure one variable."""
    try:
        image, lesion = image_from_volume_node(volume), maskOf(*segment)
        if not name.endswith(SIGNAL_SUFFIX):
            spread = signal_spread(image, lesion)
            text = _("the signal on {role} spreads by {share} % of its mean")
            return Suggestion(spread.word, text.format(role=role_in_words(role), share=fixed(100 * spread.share, 0)))
        if cord is None:
            return Suggestion("", _('draw the spinal cord as a segment named "cord" to have this measured'))
        ratio = signal_against_cord(image, lesion, maskOf(*cord))
        text = _("{ratio} times the cord's signal on {role}")
        return Suggestion(ratio.word, text.format(ratio=fixed(ratio.ratio, 2), role=role_in_words(role)))
    except InputError as error:
        return Suggestion("", str(error))


def isCord(name: str) -> bool:
    """Whether a segment of this name is the spinal cord, by its name."""
    return re.search(CORD_NAME, name, re.IGNORECASE) is not None


def cordIn(case):
    """Segmentation node and segment of the spinal cord in a study; None when nobody drew it."""
    scene = slicer.mrmlScene
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")):
        node = scene.GetNthNodeByClass(index, "vtkMRMLSegmentationNode")
        if case is not None and case_of(node) not in (None, case):
            continue
        for segmentID, name in segments_of(node).items():
            if isCord(name) and has_voxels(node, segmentID):
                return node, segmentID
    return None
