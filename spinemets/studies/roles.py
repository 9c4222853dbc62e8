"""What a series is for, told from its attributes by rules in their order of trust.

Plane from the orientation; localizers, diffusion and derived maps set aside first; then sequence, timing, fat
suppression and contrast agent; the description last, as a hint that confirms, contradicts, or stands in for missing
attributes. Each rule is a function of the facts that returns a finding or None; the first finding counts.

Limits of TR, TE and TI are those between the usual protocols of spine MRI at 1.5 and 3 T.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from spinemets.studies.vocabulary import words_in

IMAGE_ROLES = ("t1", "t2", "fs_t2", "ce_t1_sag", "ce_t1_cor", "ce_t1_ax", "dce", "ct")
OTHER_ROLES = ("localizer", "diffusion", "other")
CONTRAST_ROLE = {"sagittal": "ce_t1_sag", "coronal": "ce_t1_cor", "axial": "ce_t1_ax"}

FEWEST_DYNAMIC_FRAMES = 4
# Spin echo, ms: T1 up to the first two, T2 from the last two; proton density between.
T1_LONGEST_TR, T1_LONGEST_TE = 1300.0, 35.0
T2_SHORTEST_TR, T2_SHORTEST_TE = 1400.0, 60.0
PROTON_DENSITY_LONGEST_TE = 45.0
# Inversion times, ms: fat is nulled at about 130-240 (1.5-3 T); T1 FLAIR uses 600-1200, T2 FLAIR 1700 and more.
FAT_NULL = (80.0, 300.0)
T1_FLAIR_LONGEST_TI = 1300.0
# Gradient echo, ms and degrees.
GRADIENT_LONGEST_TR = 400.0
T2_STAR_SHORTEST_TE = 9.0
DYNAMIC_LONGEST_TE = 10.0
# T1 in ms of marrow and muscle, about, and the part of their Ernst angle below which a flip angle is small.
TISSUE_T1 = 1000.0
SMALL_FLIP = 0.8
BALANCED_LONGEST_TR, BALANCED_SMALLEST_FLIP = 12.0, 25.0

LOCALIZER_TYPES = frozenset(("LOCALIZER", "SCOUT"))
DIFFUSION_TYPES = frozenset(("DIFFUSION", "ADC", "TRACEW", "FA", "DWI", "EADC", "TENSOR", "DIFFUSION_ANISO"))
DERIVED_TYPES = {
    "SUBTRACTION": "subtraction",
    "SUB": "subtraction",
    "MIP": "maximum intensity projection",
    "MAX_IP": "maximum intensity projection",
    "PROJECTION IMAGE": "projection",
    "T1 MAP": "T1 map",
    "T2 MAP": "T2 map",
    "T1_MAP": "T1 map",
    "T2_MAP": "T2 map",
    "SCREEN SAVE": "screen shot",
    "FAT_FRACTION": "fat fraction map",
}
PHASE_TYPES = frozenset(("P", "PHASE", "PHASE MAP", "R", "REAL", "I", "IMAGINARY"))
WATER_TYPES = frozenset(("W", "WATER"))
FAT_TYPES = frozenset(("F", "FAT"))
OUT_OF_PHASE_TYPES = frozenset(("OUT", "OP", "OUT_PHASE", "OPP_PHASE", "OPPOSED_PHASE"))
FAT_SUPPRESSION_OPTIONS = frozenset(("FS", "SFS", "FATSAT", "FAT_SAT", "SPIR", "SPAIR", "WE", "FSS"))


@dataclass(frozen=True)
class Facts:
    """What is known of a series. Times in ms, angles in degrees; None or empty when not known.

    `planes` holds the planes of all stacks of the series, `n_frames` the points in time.
    """

    modality: str = "MR"
    plane: str = ""
    planes: frozenset[str] = frozenset()
    n_frames: int = 1
    n_slices: int = 1
    description: str = ""
    sequence: frozenset[str] = frozenset()
    variant: frozenset[str] = frozenset()
    options: frozenset[str] = frozenset()
    image_type: frozenset[str] = frozenset()
    sequence_name: str = ""
    is_3d: bool = False
    tr: float | None = None
    te: float | None = None
    ti: float | None = None
    flip_angle: float | None = None
    contrast_agent: str = ""
    b_value: float | None = None
    words: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", words_in(self.description))


@dataclass(frozen=True)
class Finding:
    """A role, the reason in a sentence that a radiologist understands, and the confidence from 0 to 1."""

    role: str
    reason: str
    confidence: float


@dataclass(frozen=True)
class Weighting:
    """t1, t2 or neither ("other"), how sure, and in words; `nulls_fat` when the contrast itself suppresses fat."""

    kind: str
    phrase: str
    confidence: float
    nulls_fat: bool = False


def role_of(facts: Facts) -> Finding:
    """The role of a series, by the first rule that has a finding."""
    for rule in RULES:
        finding = rule(facts)
        if finding is not None:
            return finding
    return Finding("other", "neither its attributes nor its description tell what it is", 0.2)


def _localizer(facts: Facts) -> Finding | None:
    if facts.image_type & LOCALIZER_TYPES:
        return Finding("localizer", "its image type says localizer", 0.98)
    if len(facts.planes) > 1:
        planes = ", ".join(sorted(facts.planes))
        return Finding("localizer", f"one series with slices in several planes ({planes}): a localizer", 0.95)
    if "localizer" in facts.words:
        return Finding("localizer", f"its description says so ({facts.description.strip()})", 0.85)
    return None


def _computed_tomography(facts: Facts) -> Finding | None:
    if facts.modality != "CT":
        return None
    if "derived" in facts.words:
        return Finding("other", f"CT, derived ({facts.description.strip()})", 0.7)
    return Finding("ct", "CT", 0.95)


def _diffusion(facts: Facts) -> Finding | None:
    if facts.image_type & DIFFUSION_TYPES:
        kind = ", ".join(sorted(facts.image_type & DIFFUSION_TYPES))
        return Finding("diffusion", f"its image type says {kind}: diffusion", 0.97)
    if facts.b_value is not None and facts.b_value > 0:
        return Finding("diffusion", f"b value {facts.b_value:g} s/mm2: diffusion", 0.97)
    if "ep_b" in facts.sequence_name.lower():
        return Finding("diffusion", f"sequence {facts.sequence_name}: diffusion", 0.95)
    if "diffusion" in facts.words:
        confidence = 0.95 if "EP" in facts.sequence else 0.8
        return Finding("diffusion", f"its description says diffusion ({facts.description.strip()})", confidence)
    return None


def _derived(facts: Facts) -> Finding | None:
    for word, meaning in DERIVED_TYPES.items():
        if word in facts.image_type:
            return Finding("other", f"derived image: {meaning}", 0.95)
    if facts.image_type & PHASE_TYPES:
        return Finding("other", "phase, real or imaginary image, not the magnitude", 0.9)
    if "derived" in facts.words:
        return Finding("other", f"derived image by its description ({facts.description.strip()})", 0.8)
    return None


def _fat_or_out_of_phase(facts: Facts) -> Finding | None:
    if facts.image_type & FAT_TYPES and not facts.image_type & WATER_TYPES:
        return Finding("other", "fat image of a Dixon sequence", 0.9)
    if facts.image_type & OUT_OF_PHASE_TYPES:
        return Finding("other", "out-of-phase image of a Dixon sequence", 0.9)
    if "fat_image" in facts.words and not facts.image_type & WATER_TYPES:
        return Finding("other", f"fat or out-of-phase image by its description ({facts.description.strip()})", 0.7)
    return None


def _unused_sequence(facts: Facts) -> Finding | None:
    if "EP" in facts.sequence:
        return Finding("other", "echo-planar sequence", 0.9)
    if "balanced" in facts.words or _is_balanced(facts):
        return Finding("other", f"{_timing(facts)}balanced steady-state gradient echo", 0.8)
    if "other" in facts.words:
        return Finding("other", f"special sequence by its description ({facts.description.strip()})", 0.7)
    return None


def _is_balanced(facts: Facts) -> bool:
    if not _is_gradient_echo(facts) or "SS" not in facts.variant or "SP" in facts.variant:
        return False
    short = (
        facts.tr is not None and facts.te is not None and facts.tr <= BALANCED_LONGEST_TR and facts.te >= 0.4 * facts.tr
    )
    return short and (facts.flip_angle or 0.0) >= BALANCED_SMALLEST_FLIP


def _dynamic(facts: Facts) -> Finding | None:
    if facts.n_frames == 1:
        return None
    frames = f"{facts.n_frames} frames"
    named = "dynamic" in facts.words
    agent = bool(facts.contrast_agent) or "contrast" in facts.words
    if facts.te is None and facts.tr is None:
        if named:
            return Finding("dce", f"{frames}, dynamic by its description ({facts.description.strip()})", 0.75)
        return Finding("other", f"{frames} over time, but nothing tells that they are dynamic contrast-enhanced", 0.3)
    fits = _is_gradient_echo(facts) and (facts.te or 0.0) <= DYNAMIC_LONGEST_TE
    if fits and facts.n_frames >= FEWEST_DYNAMIC_FRAMES:
        confidence = 0.85 + 0.1 * (named or agent)
        with_agent = " with contrast agent" if agent else ""
        return Finding(
            "dce", f"{frames}, {_timing(facts)}T1-weighted gradient echo repeated in time{with_agent}", confidence
        )
    if named and facts.n_frames >= FEWEST_DYNAMIC_FRAMES:
        return Finding("dce", f"{frames}, {_timing(facts)}dynamic by its description only", 0.5)
    why = "too few to be dynamic" if facts.n_frames < FEWEST_DYNAMIC_FRAMES else "but no T1-weighted gradient echo"
    return Finding("other", f"{frames} over time, {_timing(facts)}{why}", 0.6)


def _weighted(facts: Facts) -> Finding | None:
    """T1, T2 and fat-suppressed T2, before and after contrast agent."""
    weighting = _weighting_by_timing(facts)
    hint = _weighting_by_words(facts)
    if weighting is None:
        if hint is None:
            return None
        return _finding(facts, hint, f"by its description only ({facts.description.strip()})")
    confidence = weighting.confidence
    reason = f"{_timing(facts)}{weighting.phrase}"
    if hint is not None and hint.kind == weighting.kind:
        confidence = min(0.98, confidence + 0.05)
    elif hint is not None:
        confidence = min(confidence, 0.5)
        reason += f", though its description says {hint.phrase}"
    return _finding(facts, Weighting(weighting.kind, weighting.phrase, confidence, weighting.nulls_fat), reason)


def _finding(facts: Facts, weighting: Weighting, reason: str) -> Finding:
    if weighting.kind == "other":
        return Finding("other", reason, weighting.confidence)
    suppressed = weighting.nulls_fat or _suppresses_fat(facts)
    if weighting.kind == "t2":
        if not suppressed:
            return Finding("t2", _with(reason, weighting, "T2"), weighting.confidence)
        return Finding("fs_t2", _with(reason, weighting, "fat-suppressed T2"), weighting.confidence)
    return _t1_finding(facts, weighting, reason, suppressed)


def _t1_finding(facts: Facts, weighting: Weighting, reason: str, suppressed: bool) -> Finding:
    contrast = CONTRAST_ROLE.get(facts.plane, "ce_t1_sag")
    fat = "fat-suppressed " if suppressed else ""
    before = "before_contrast" in facts.words
    if facts.contrast_agent and not before:
        return Finding(
            contrast, f"{reason}, {fat}T1 with contrast agent ({facts.contrast_agent})", weighting.confidence
        )
    if facts.contrast_agent:
        said = f"contrast agent {facts.contrast_agent} in its attributes, but not by its description"
        return Finding("t1", f"{reason}, {fat}T1; {said}", min(weighting.confidence, 0.5))
    if "contrast" in facts.words:
        return Finding(
            contrast, f"{reason}, {fat}T1 after contrast agent by its description", weighting.confidence * 0.95
        )
    if suppressed and not before:
        why = "no contrast agent is named, but fat is suppressed on T1 mostly after contrast"
        return Finding(contrast, f"{reason}, fat-suppressed T1; {why}", min(weighting.confidence, 0.45))
    return Finding("t1", _with(reason, weighting, f"{fat}T1 without contrast agent"), weighting.confidence)


def _with(reason: str, weighting: Weighting, conclusion: str) -> str:
    return reason if conclusion == weighting.phrase else f"{reason}, {conclusion}"


def _weighting_by_timing(facts: Facts) -> Weighting | None:
    if facts.te is None and facts.tr is None and not facts.ti:
        return None
    inverted = _inversion(facts)
    if inverted is not None:
        return inverted
    if facts.te is None or facts.tr is None:
        return None
    return _gradient_echo(facts) if _is_gradient_echo(facts) else _spin_echo(facts.tr, facts.te, facts.is_3d)


def _inversion(facts: Facts) -> Weighting | None:
    """Weighting of an inversion recovery; None for all other sequences."""
    named = "IR" in facts.sequence or "inversion" in facts.words or "tir" in facts.sequence_name.lower()
    if not facts.ti:
        if named and (facts.tr or 0.0) >= T2_SHORTEST_TR:
            return Weighting("t2", "inversion recovery (no TI given, taken for STIR)", 0.75, nulls_fat=True)
        return None
    if _is_gradient_echo(facts):
        return Weighting("t1", "inversion-prepared gradient echo", 0.8)
    if FAT_NULL[0] <= facts.ti <= FAT_NULL[1]:
        return Weighting("t2", "inversion recovery that nulls fat (STIR)", 0.95, nulls_fat=True)
    if FAT_NULL[1] < facts.ti <= T1_FLAIR_LONGEST_TI and (facts.te or 0.0) <= T2_SHORTEST_TE:
        return Weighting("t1", "inversion recovery with T1 contrast (T1 FLAIR)", 0.85)
    if facts.ti > T1_FLAIR_LONGEST_TI:
        return Weighting("other", "inversion recovery that nulls fluid (FLAIR)", 0.85)
    return None


def _spin_echo(tr: float, te: float, is_3d: bool) -> Weighting:
    if te <= T1_LONGEST_TE and tr <= T1_LONGEST_TR:
        return Weighting("t1", "short TR and TE spin echo", 0.92)
    # Three-dimensional turbo spin echo reaches T2 contrast with shorter TR.
    if te >= T2_SHORTEST_TE and (tr >= T2_SHORTEST_TR or is_3d):
        return Weighting("t2", "long TR and TE spin echo", 0.92)
    if tr >= T2_SHORTEST_TR and te > PROTON_DENSITY_LONGEST_TE:
        return Weighting("t2", "spin echo between proton density and T2", 0.6)
    if tr > T1_LONGEST_TR and te <= PROTON_DENSITY_LONGEST_TE:
        return Weighting("other", "long TR and short TE spin echo: proton density", 0.8)
    return Weighting("other", "spin echo of neither T1 nor T2 contrast", 0.5)


def _gradient_echo(facts: Facts) -> Weighting:
    if (facts.te or 0.0) >= T2_STAR_SHORTEST_TE:
        return Weighting("other", "gradient echo with long TE: T2*", 0.8)
    if facts.flip_angle and facts.tr and facts.flip_angle < SMALL_FLIP * _ernst_angle(facts.tr):
        return Weighting(
            "other", f"gradient echo with a flip angle of {facts.flip_angle:g} degrees: proton density", 0.7
        )
    return Weighting("t1", "gradient echo with short TE", 0.85)


def _ernst_angle(tr: float) -> float:
    """Flip angle in degrees of the largest signal; well below it, contrast is proton density, above it T1."""
    return math.degrees(math.acos(math.exp(-tr / TISSUE_T1)))


def _is_gradient_echo(facts: Facts) -> bool:
    if "SE" in facts.sequence:
        return False
    if "GR" in facts.sequence:
        return True
    return facts.tr is not None and facts.tr < GRADIENT_LONGEST_TR / 4


def _weighting_by_words(facts: Facts) -> Weighting | None:
    words = facts.words
    if words & {"t2_star"}:
        return Weighting("other", "T2*", 0.65)
    if "inversion" in words:
        return Weighting("t2", "STIR", 0.7, nulls_fat=True)
    if "t1" in words and "t2" not in words:
        return Weighting("t1", "T1", 0.65)
    if "flair" in words:
        return Weighting("other", "FLAIR", 0.6)
    if "t2" in words and "t1" not in words:
        return Weighting("t2", "T2", 0.65)
    return Weighting("other", "proton density", 0.6) if "proton_density" in words else None


def _suppresses_fat(facts: Facts) -> bool:
    return bool(
        facts.options & FAT_SUPPRESSION_OPTIONS or facts.image_type & WATER_TYPES or "fat_suppressed" in facts.words
    )


def _timing(facts: Facts) -> str:
    """`TR 4200 ms, TE 62 ms, TI 160 ms: `, as far as it is known."""
    known = [
        f"{name} {value:.3g} ms" if value < 100 else f"{name} {value:.0f} ms"
        for name, value in (("TR", facts.tr), ("TE", facts.te), ("TI", facts.ti))
        if value
    ]
    return f"{', '.join(known)}: " if known else ""


RULES: tuple[Callable[[Facts], Finding | None], ...] = (
    _localizer,
    _computed_tomography,
    _diffusion,
    _derived,
    _fat_or_out_of_phase,
    _unused_sequence,
    _dynamic,
    _weighted,
)
