"""Results as plain text, to paste into a letter, and as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spinemets.report.time_course import condition_in_words, hot_spot_values, place_in_words
from spinemets.report.wording import (
    capitalized,
    feature_in_words,
    fixed,
    in_plain_words,
    number,
    probability_in_words,
    question_in_words,
    sentence,
    signed,
)


def result_text(document: Mapping[str, Any], case: str = "", lesion: str = "") -> str:
    """A result (content of result.json) in lines of plain text; the limits of its use first."""
    document = dict(document)
    lines = [document["disclaimer"], question_in_words(document["question"])]
    if case or lesion:
        lines.append(", ".join(filter(None, (f"Case {case}" if case else "", f"lesion {lesion}" if lesion else ""))))
    if document["simulated"]:
        lines.append("The model was trained on simulated cases: its probability says nothing about a patient.")
    if document["abstained"]:
        lines.append(f"No answer. {sentence(in_plain_words(document['reason'], document))}")
    else:
        words = [probability_in_words(value) for value in (document["probability"], *document["interval"])]
        lines.append(
            f"{capitalized(document['class'])}. Probability of {document['positive_class']} {words[0]}, 95 % interval"
            f" {words[1]} to {words[2]}, threshold {fixed(document['threshold'], 2)}."
        )
    lines += [f"Warning: {sentence(in_plain_words(warning, document))}" for warning in document["warnings"]]
    size = document["lesion"]
    lines.append(
        f"Lesion {fixed(size['volume_ml'], 1)} ml, longest diameter {fixed(size['longest_diameter_mm'], 0)} mm."
    )
    lines += _kinetics(document)
    lines.append("Contributions to the logit, with the value and its nomogram points:")
    for entry in document["contributions"]:
        plain = ": ".join(filter(None, feature_in_words(entry["feature"])[::-1]))
        points = fixed(entry["nomogram_points"], 0)
        lines.append(f"  {signed(entry['contribution'], 2)}  {plain}, {number(entry['value'])}, {points} points")
    record = document["provenance"]
    model = record["model"]
    lines.append(f"Model {model['name']}, SHA-256 {model['sha256']}; SpineMets {record['software']['spinemets']}.")
    return "\n".join(lines) + "\n"


def _kinetics(document: Mapping[str, Any]) -> list[str]:
    """The hot spot's values, and the way through a decision tree."""
    lines, found = [], document.get("hot_spot")
    if found:
        told = "; ".join(f"{name}: {value}" for name, value in hot_spot_values(found))
        lines.append(f"Hot spot of the dynamic series ({place_in_words(found)}). {told}.")
    for step in document.get("decision_path") or ():
        counts = ", ".join(f"{fixed(count, 0)} {name}" for name, count in step["counts"].items())
        value, condition = (condition_in_words(f" {step[key]}").strip() for key in ("value_text", "condition"))
        lines.append(f"Tree: {step['name']} {value}, {condition}; training cases there: {counts}.")
    return lines


def result_row(document: Mapping[str, Any], case: str = "", lesion: str = "") -> dict[str, Any]:
    """A result as one row of a table; what there is not is empty. The columns of features end it."""
    low, high = document["interval"] or ("", "")
    return {
        "case": case,
        "lesion": lesion,
        "model": document["provenance"]["model"]["name"],
        "question": document["question"],
        "positive_class": document["positive_class"],
        "probability": "" if document["probability"] is None else document["probability"],
        "interval_low": low,
        "interval_high": high,
        "threshold": document["threshold"],
        "class": document["class"] or "",
        "abstained": document["abstained"],
        "reason": document["reason"],
        "warnings": "; ".join(document["warnings"]),
        "simulated": document["simulated"],
        "volume_ml": document["lesion"]["volume_ml"],
        "longest_diameter_mm": document["lesion"]["longest_diameter_mm"],
        "model_sha256": document["provenance"]["model"]["sha256"],
        "mask_sha256": document["provenance"]["mask"]["sha256"],
        "note": document["disclaimer"],
        **document["features"],
    }
