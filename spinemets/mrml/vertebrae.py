"""Levels of the spine and their codes, so that a lesion's segment tells in which vertebra it lies."""

from __future__ import annotations

import re
from dataclasses import replace

from spinemets.mrml.segmentations import SegmentCode

# SNOMED CT, as DICOM PS3.16 lists them.
LEVEL_CODES = {
    "C1": "14806007",
    "C2": "39976000",
    "C3": "113205007",
    "C4": "5329002",
    "C5": "36978003",
    "C6": "36054005",
    "C7": "87391001",
    "T1": "64864005",
    "T2": "53733008",
    "T3": "1626008",
    "T4": "73071006",
    "T5": "56401006",
    "T6": "45296009",
    "T7": "62487009",
    "T8": "11068009",
    "T9": "82687006",
    "T10": "7610001",
    "T11": "12989004",
    "T12": "23215003",
    "L1": "66794005",
    "L2": "14293000",
    "L3": "36470004",
    "L4": "11994002",
    "L5": "49668003",
    "Sacrum": "54735007",
}
LEVELS = tuple(LEVEL_CODES)
FIRST_LEVEL = re.compile(r"\b(?:([CTL])h?(\d{1,2})|S(?:[1-5]\b|acrum))", re.IGNORECASE)


def level_in(name: str) -> str:
    """The level that a lesion's name begins with or mentions first ("L2", "Th11 left", "S1"); empty without one."""
    found = FIRST_LEVEL.search(name)
    if found is None:
        return ""
    level = f"{found[1].upper()}{int(found[2])}" if found[1] else "Sacrum"
    return level if level in LEVEL_CODES else ""


def at_level(code: SegmentCode, name: str) -> SegmentCode:
    """The code with the region that a lesion's name tells; as it was when the name tells none."""
    level = level_in(name)
    if not level:
        return code
    return replace(code, region=(LEVEL_CODES[level], "Sacrum" if level == "Sacrum" else f"{level} vertebra"))
