"""Kinetics of a lesion, without a window: the hot spot at its marker, its values as text, what rates still need."""

import html
from dataclasses import dataclass

from slicer.i18n import tr as _

from spinemets.dce.hot_spot import HotSpot, find_hot_spot, hot_spot_at
from spinemets.dce.series import DynamicSeries
from spinemets.dce.time_course import TimeCourse, TimeCourseRules
from spinemets.errors import InputError
from spinemets.models.lang_tree import lang_2019_tree
from spinemets.mrml.hot_spots import FOUND, are_near, hot_spot_of, origin_of, place_hot_spot
from spinemets.mrml.kinetic_maps import has_times, series_of_volume
from spinemets.mrml.lesions import Content
from spinemets.mrml.markups import first_point_lps
from spinemets.mrml.segmentations import mask_from_segment
from spinemets.mrml.sequences import sequence_behind
from spinemets.mrml.volumes import world_matrix

# What the tree's variables are called on screen.
TREE_WORDS = {"wash_out": "wash-out", "wash_in": "wash-in", "max_se": "maximum"}
MOMENT_LABELS = {
    "s0": "S0",
    "s1": "S1",
    "s2": "S2",
    "smax": "Smax",
    "speak": "Speak",
    "s67": "S67",
    "slast": "Slast",
}


@dataclass(frozen=True)
class Measured:
    """What stands at the marker, and what the reader should know of it."""

    spot: HotSpot
    mask: object
    origin: str
    isStale: bool

    @property
    def warnings(self) -> tuple[str, ...]:
        stale = _("the lesion was changed after its hot spot was found; find it again")
        return (*self.spot.warnings, *([stale] if self.isStale else []))


class KineticsLogic:
    """Keeps the series that was read last, since a dragged marker is measured many times."""

    def __init__(self) -> None:
        self.forget()

    # The series.

    def series(self, volume, parameters) -> DynamicSeries:
        """The dynamic series behind a volume node. Raises InputError when it cannot be measured."""
        stamp = (*_stampOf(volume), parameters.frameInterval)
        if stamp != self._stamp:
            self._series = series_of_volume(volume, parameters.frameInterval)
            self._stamp = stamp
        return self._series

    def forget(self) -> None:
        """Free the memory of the series: the scene is closed."""
        self._stamp = self._series = None
        self._maskStamp = self._mask = None
        self._measuredStamp = self._measured = None

    def rules(self, parameters) -> TimeCourseRules:
        return TimeCourseRules(baseline_frames=parameters.framesBefore, injection_s=parameters.injectionTime)

    def missing(self, volume, lesion, parameters) -> str:
        """What the user still has to do before a hot spot can be found; empty when nothing."""
        if volume is None:
            return _("The study has no dynamic series; give a series the role DCE")
        if lesion is None:
            return _("Add a lesion first")
        if not lesion.parts(Content.LESIONS):
            return _("Find or draw the lesion first; its outline alone is too coarse")
        if not has_times(volume) and not parameters.frameInterval > 0:
            return _("The dynamic series does not say when its frames were taken; type the seconds from frame to frame")
        return ""

    # The hot spot.

    def find(self, case, lesion, volume, parameters) -> None:
        """Put the marker where the rules find the hot spot. Raises InputError when there is none."""
        series = self.series(volume, parameters)
        spot = find_hot_spot(series, maskOf(lesion, volume, series), course_rules=self.rules(parameters))
        place_hot_spot(case, lesion, spot.centre, FOUND)

    def measure(self, case, lesion, volume, parameters) -> Measured | None:
        """The hot spot at the lesion's marker; None without a marker. Raises InputError when it cannot be measured."""
        node = None if case is None or lesion is None else hot_spot_of(case, lesion.id)
        if node is None or volume is None:
            return None
        series, rules = self.series(volume, parameters), self.rules(parameters)
        mask = self._maskOf(lesion, volume, series)
        place, origin = first_point_lps(node), origin_of(node)
        stamp = (self._maskStamp, place, origin, rules)
        if stamp != self._measuredStamp:
            self._measured = self._measuredAt(series, mask, place, origin, rules)
            self._measuredStamp = stamp
        return self._measured

    def _measuredAt(self, series, mask, place, origin: str, rules) -> Measured:
        if origin == FOUND and mask is not None:
            found = find_hot_spot(series, mask, course_rules=rules)
            if are_near(found.centre, place):
                return Measured(found, mask, FOUND, isStale=False)
        spot = hot_spot_at(series, place, mask, course_rules=rules)
        return Measured(spot, mask, origin, isStale=origin == FOUND)

    def _maskOf(self, lesion, volume, series):
        """The lesion on the series' grid; None while it is not drawn."""
        parts = [(part.node, part.segment_id) for part in lesion.parts(Content.LESIONS)]
        changed = [node.GetSegmentation().GetSegment(segmentID).GetMTime() for node, segmentID in parts]
        drawn = [node.GetBinaryLabelmapInternalRepresentation(segmentID) for node, segmentID in parts]
        voxels = [None if labelmap is None else labelmap.GetMTime() for labelmap in drawn]
        stamp = (self._stamp, lesion.id, tuple(segmentID for _node, segmentID in parts), (*changed, *voxels))
        if stamp != self._maskStamp:
            self._mask = maskOf(lesion, volume, series) if parts else None
            self._maskStamp = stamp
        return self._mask

    # What rates need.

    def missingForRates(self, parameters) -> list[str]:
        """What is not known that concentrations need."""
        known = (
            (parameters.repetitionTime, _("repetition time")),
            (parameters.flipAngle, _("flip angle")),
            (parameters.t1BeforeContrast, _("T1 before contrast")),
        )
        return [text for value, text in known if not value > 0]

    def rateOptions(self, parameters) -> list[str]:
        """Options of the command line for the rates."""
        options = ["--pharmacokinetic", parameters.ratesModel.value, "--aif", parameters.inputFunction.value]
        if not parameters.usesRelativeEnhancement:
            options += ["--tr", f"{parameters.repetitionTime:g}", "--flip-angle", f"{parameters.flipAngle:g}"]
            options += ["--t10", f"{parameters.t1BeforeContrast:g}"]
        return options

    def curveOptions(self, parameters) -> list[str]:
        """Options of the command line for reading a curve."""
        rules = self.rules(parameters)
        return ["--baseline-frames", str(rules.baseline_frames), f"--injection={rules.injection_s:g}"]


def maskOf(lesion, volume, series: DynamicSeries):
    """The lesion on the series' grid: as drawn on it, else carried from another series."""
    parts = lesion.parts(Content.LESIONS)
    if not parts:
        raise InputError(lesion.name, "is not drawn yet", "find or draw the lesion first")
    part = next((one for one in parts if one.volume == volume), parts[0])
    return mask_from_segment(part.node, part.segment_id, series.image)


def _stampOf(volume) -> tuple:
    """What changes when the series gets other voxels, times or another place; not when another frame is shown."""
    sequence = sequence_behind(volume)
    frames = [] if sequence is None else [sequence.GetNthDataNode(n) for n in range(sequence.GetNumberOfDataNodes())]
    voxels = [None if frame.GetImageData() is None else frame.GetImageData().GetMTime() for frame in frames]
    times = [] if sequence is None else [sequence.GetNthIndexValue(n) for n in range(len(frames))]
    unit = "" if sequence is None else sequence.GetIndexUnit()
    return volume.GetID(), tuple(voxels), tuple(times), unit, world_matrix(volume).tobytes()


# Values as text.


def momentTexts(course: TimeCourse) -> dict[str, tuple[str, str]]:
    """Signal and second of S0 ... Slast by their labels."""
    texts = {}
    for name, known in course.moments.items():
        texts[MOMENT_LABELS[name]] = ("–", "–") if known is None else (f"{known[0]:.4g}", f"{known[1]:.4g}")
    return texts


def ratioTexts(course: TimeCourse) -> dict[str, str]:
    """Wash-in, maximum, wash-out and type of the curve by their labels."""
    start = _("from 67 s") if course.late_peak else _("from peak")
    return {
        _("Wash-in"): f"{100 * course.wash_in:.0f} %",
        _("Maximum"): f"{100 * course.max_se:.0f} %",
        _("Wash-out"): f"{minus(f'{course.wash_out:+.1f}')} % {start}",
        _("Curve"): course.curve_type,
    }


def sentence(warning: str) -> str:
    """A warning of the library, as the panel says it."""
    return f"⚠ {warning[0].upper()}{warning[1:]}."


def minus(number: str) -> str:
    """A number with the sign of its own, which is not broken off at the end of a line."""
    return number.replace("-", "−")


def treeText(course: TimeCourse) -> str:
    """What the published tree says, marked as research only, as rich text."""
    case = {"wash_out": course.wash_out, "wash_in": 100 * course.wash_in, "max_se": 100 * course.max_se}
    decision, other = (lang_2019_tree(second).decide(case) for second in ("wash_in", "max_se"))
    path = ", ".join(decision.path)
    for variable, word in TREE_WORDS.items():
        path = path.replace(variable, word)
    lung, others = decision.counts
    text = _("<b>Research only, not for diagnosis:</b> tree of Lang 2019: {path} → <b>{outcome}</b>").format(
        path=html.escape(path.replace(" -", " −")), outcome=html.escape(decision.outcome)
    )
    text += " " + _("(of the paper's cases that it called so, {lung:.0f} were lung and {others:.0f} other).").format(
        lung=lung, others=others
    )
    if other.outcome != decision.outcome:
        text += " " + _("With the maximum in place of the wash-in, as its text has it: {outcome}.").format(
            outcome=html.escape(other.outcome)
        )
    return text


def plainText(title: str, course: TimeCourse, place) -> str:
    """All values, tab-separated, for a table or a report."""
    left, posterior, superior = place
    where = _("centre (LPS mm)\t{left:.1f}\t{posterior:.1f}\t{superior:.1f}").format(
        left=left, posterior=posterior, superior=superior
    )
    moments = momentTexts(course)
    lines = [
        title,
        where,
        "\t".join(["", *moments]),
        "\t".join([_("signal"), *(signal for signal, _time in moments.values())]),
        "\t".join([_("time (s)"), *(time for _signal, time in moments.values())]),
        *(f"{label}\t{text}" for label, text in ratioTexts(course).items()),
    ]
    return "\n".join(lines)
