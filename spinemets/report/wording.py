"""Features, roles and numbers in words that a radiologist reads."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from spinemets.report.kinetic_words import kinetic_feature_in_words

PAGE_FILES = Path(__file__).parent / "page_files"
ROLE_WORDS = {
    "t1": "T1",
    "t2": "T2",
    "fs_t2": "fat-suppressed T2",
    "ce_t1_sag": "contrast-enhanced T1, sagittal",
    "ce_t1_cor": "contrast-enhanced T1, coronal",
    "ce_t1_ax": "contrast-enhanced T1, axial",
    "dce": "dynamic contrast-enhanced",
    "ct": "CT",
    "localizer": "localizer",
    "diffusion": "diffusion",
    "other": "other",
}
CLASS_WORDS = {
    "shape": "shape",
    "firstorder": "intensity",
    "glcm": "texture, neighbouring pairs",
    "glrlm": "texture, runs",
    "glszm": "texture, zones",
    "gldm": "texture, dependence",
    "ngtdm": "texture, neighbourhood",
}
ESTIMATES = (
    ("nested", "Nested cross-validation", "features chosen in every fold: the honest estimate"),
    ("cross_validated", "Cross-validation", "features chosen on all cases, as often published: too good"),
    ("apparent", "On the training cases themselves", "much too good"),
)
MEASURES = (("auc", "AUC"), ("accuracy", "Accuracy"), ("sensitivity", "Sensitivity"), ("specificity", "Specificity"))
MINUS = "\N{MINUS SIGN}"


@lru_cache
def _feature_words() -> dict[str, dict[str, str]]:
    names: dict[str, dict[str, str]] = json.loads((PAGE_FILES / "feature_names.json").read_text(encoding="utf-8"))
    return names


def question_in_words(question: str) -> str:
    """`osteoblastic-vs-osteolytic` -> `Osteoblastic or osteolytic?`."""
    first, _, second = question.partition("-vs-")
    words = f"{first} or {second}?" if second else question
    return words.replace("-", " ").capitalize()


def role_in_words(role: str) -> str:
    """`fs_t2` -> `fat-suppressed T2`; an unknown role stays as it is."""
    return ROLE_WORDS.get(role, role)


def capitalized(text: str) -> str:
    """The first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


def feature_in_words(name: str) -> tuple[str, str]:
    """`t2_original_glcm_Contrast` -> (`Contrast between neighbours`, `T2 · texture, neighbouring pairs`).

    The hot spot's values and the features of its maps have words of their own; any other name stays as it is.
    """
    kinetic = kinetic_feature_in_words(name, _feature_words()["glcm"])
    if kinetic is not None:
        return kinetic
    for role in sorted(ROLE_WORDS, key=len, reverse=True):
        parts = name.removeprefix(f"{role}_").split("_")
        if name.startswith(f"{role}_") and len(parts) == 3 and parts[2] in _feature_words().get(parts[1], {}):
            image = "" if parts[0] == "original" else f" · {parts[0]}"
            return _feature_words()[parts[1]][parts[2]], f"{role_in_words(role)} · {CLASS_WORDS[parts[1]]}{image}"
    return name, ""


def in_plain_words(text: str, result: dict[str, Any]) -> str:
    """A warning that names variables of the model, with what they are in place of their names."""
    for entry in sorted(result["contributions"], key=lambda entry: -len(entry["feature"])):
        plain, where = feature_in_words(entry["feature"])
        text = text.replace(entry["feature"], f"{plain} ({where})" if where else plain)
    return text


def sentence(text: str) -> str:
    """The text with a large letter at its beginning and a full stop at its end."""
    text = text.strip()
    return capitalized(text) + ("" if text.endswith((".", "?", "!")) else ".")


def number(value: float, digits: int = 3) -> str:
    """`value` to `digits` significant figures, without an exponent where a reader can do without it."""
    if value == 0:
        return "0"
    text = f"{value:.{digits}g}"
    if "e" in text and 1e-4 <= abs(value) < 1e7:
        text = f"{value:.0f}"
    return text.replace("-", MINUS)


def fixed(value: float, decimals: int) -> str:
    """`value` with `decimals` decimals and a real minus sign."""
    text = f"{value:.{decimals}f}"
    return (text if float(text) != 0 else f"{0:.{decimals}f}").replace("-", MINUS)


def signed(value: float, decimals: int) -> str:
    """`value` with its sign."""
    text = fixed(value, decimals)
    return text if text.startswith(MINUS) or float(text) == 0 else f"+{text}"


def probability_in_words(probability: float) -> str:
    """Two decimals, but never 0.00 or 1.00: no model is certain."""
    if probability < 0.01:
        return "< 0.01"
    if probability > 0.99:
        return "> 0.99"
    return f"{probability:.2f}"


def estimate_in_words(entry: dict[str, Any]) -> str:
    """An estimate of performance with its 95 % interval."""
    low, high = entry["interval"]
    return f"{fixed(entry['estimate'], 2)} ({fixed(low, 2)}–{fixed(high, 2)})"


def date_in_words(date: str) -> str:
    """`20260131` -> `2026-01-31`; anything else stays as it is."""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if len(date) == 8 and date.isdigit() else date
