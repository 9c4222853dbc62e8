"""Words in series descriptions and file names, as scanners of several vendors and languages write them.

A description is typed by people and says what was planned, not what was measured: it is the last hint, after the
attributes. Every pattern is matched against the text that `normalized` gives.
"""

from __future__ import annotations

import re

# Ranges of vertebral levels, such as T1-T12, whose letters are no weighting.
LEVELS = re.compile(r"\b[ctl]h?\d{1,2}\s*(?:-|–|to|bis)\s*[ctls]h?\d{1,2}\b")

PATTERNS = {
    "t1": r"t1(?!\d)(?!\s*map)",
    "t2": r"t2(?!\d)(?!\s*(?:map|star|\*))",
    "t2_star": r"t2w?\s?\*|t2w?\s?star|\bt2s\b|\bmedic\b|\bmerge\b|\bmffe\b|\bswi\b",
    "proton_density": r"\bpdw?\b|\bpd(?=tse|fse|fs)|proton|\brho\b",
    "inversion": r"stir|tirm|\btir\b|irfse|\bir\s?(?:tse|fse)\b|\*tir|turbo inversion",
    "flair": r"flair|dark\s?fluid",
    "fat_suppressed": (
        r"\b[a-z]?fs\b|fat\s?-?sat|fat\s?-?sup|fsat|fettges|fettunt|\bfettsat|spair|\bspir\b|\bchess\b|\bsfs\b|"
        r"\bwater\b|\bwfs\b|\bdixon\s?w\b|\bdixon.*\bw\b|\bideal\b|\bflex\b|\bwe\b|sat\s?(?:graisse|grasa)|\bsg\b|fs\b"
    ),
    "fat_image": r"\bfat only\b|\bfat\s?(?:image|only)?$|\bdixon.*\bf\b|\bopp\b|out\s?phase|opposed",
    "contrast": (
        r"\+\s?c\b|\bc\s?\+|\+\s?gd|\+\s?km|\+\s?k\b|\bpost\b|\bgd\b|\bgad|\bgado|\bkm\b|kontrast|\bce\b|\bcet1|contrast|"
        r"\bmdc\b|\bkontr\b|\binj\b|\binject|dotarem|magnevist|gadovist|prohance|\bce(?=[\s_]?t1)|enhanced"
    ),
    "before_contrast": (
        r"\bpre\b|\bpre\s?(?:contrast|gd|km)|nativ|without|w/o|\bohne\b|\bvor\b|\bsans\b|\bsin\b|unenhanced|\bnon\s?contrast"
    ),
    "dynamic": r"\bdce|dynam|\bdyn\b|_dyn|\bperf|\btwist\b|\btricks\b|time\s?resolved|\bdisco\b|grasp|\b4d\s?thrive",
    "diffusion": (
        r"\bdwi|\bdw\b|diff|\badc\b|\bdti\b|\bdmri\b|trace|ep2d|\bep_b|\bb\s?=?\s?\d{2,4}\b|\bresolve\b|zoomit|\bivim\b|dwibs|"
        r"tensor"
    ),
    "localizer": (
        r"locali[sz]|\bloc\b(?!\s*ref)|scout|survey|topogram|scanogram|surview|\bpilot|3\s?-?\s?(?:plane|plan|pl)\b|planung|"
        r"\bplan\s?scan|übersicht|ubersicht|uebersicht|rep[eé]rage|calibration|\bcalib|\bref\s?scan|smartbrain|\baaspine"
    ),
    "derived": (
        r"\bsub\b|subtr|\bmip\b|t[12]\s?map|\bmaps?\b|colou?r|ktrans|\bkep\b|wash\s?-?(?:in|out)|\bttp\b|\bauc\b|fraction|"
        r"screen\s?save|key\s?image|report|\bmosaic\b"
    ),
    "balanced": r"trufi|\bfiesta|\bciss\b|b-?ffe|bssfp|true\s?fisp",
    "other": (
        r"myelo|\bmrcp\b|\btof\b|angio|\bmra\b|\bmrv\b|spectro|\bsvs\b|flow|fmri|\bbold\b|\belasto|\bmt[r012]?\b"
    ),
}
COMPILED = {name: re.compile(pattern) for name, pattern in PATTERNS.items()}


def normalized(text: str) -> str:
    """Lower case, with the marks that join words turned to spaces and ranges of vertebral levels taken out."""
    spaced = re.sub(r"[_/\\^.,;:()\[\]|]+", " ", text.lower())
    return LEVELS.sub(" ", spaced).strip()


def words_in(text: str) -> frozenset[str]:
    """Which entries of the vocabulary a description holds."""
    spaced = normalized(text)
    found = {name for name, pattern in COMPILED.items() if pattern.search(spaced)}
    # "Pre contrast" and "ohne KM" name the agent to say that it is absent; "pre + post" names both.
    if "before_contrast" in found and not re.search(r"\bpost\b|\+", spaced):
        found.discard("contrast")
    elif "contrast" in found:
        found.discard("before_contrast")
    return frozenset(found)
