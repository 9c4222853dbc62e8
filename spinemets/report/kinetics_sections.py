"""The parts of the report on a dynamic series and on a decision tree; empty for models without them."""

from __future__ import annotations

from html import escape
from typing import Any

from spinemets.report.time_course import condition_in_words, hot_spot_values, place_in_words, time_course_svg
from spinemets.report.wording import capitalized, fixed, probability_in_words


def hot_spot(result: dict[str, Any]) -> str:
    """The hot spot's curve with the frames that were read, its three values, and where it lies."""
    found = result.get("hot_spot")
    if not found:
        return ""
    items = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in hot_spot_values(found)
    )
    where = f'<div class="minor"><dt>Place</dt><dd>{escape(place_in_words(found))}</dd></div>'
    return (
        '<section><h2>Dynamic series: the hot spot</h2><div class="kinetics">'
        f'<div>{time_course_svg(found)}</div><dl class="measures">{items}{where}</dl></div></section>'
    )


def decision_path(result: dict[str, Any]) -> str:
    """The way through the tree: what was asked, what this lesion has, and what became of the training cases there."""
    steps = result.get("decision_path")
    if steps is None:
        return ""
    if not steps:
        nothing = "The tree asks nothing: all lesions get one answer."
        return f"<section><h2>The way through the tree</h2><p>{nothing}</p></section>"
    rows = "".join(_step(number, step, result) for number, step in enumerate(steps, 1))
    head = "".join(f'<th class="number">{escape(capitalized(name))}</th>' for name in _classes(result))
    return (
        '<section><h2>The way through the tree</h2><p class="quiet small">Each question decides which training cases '
        "this lesion is compared with; the last row is where it ended.</p>"
        f'<table class="path"><thead><tr><th>Asked</th><th>This lesion</th><th>Branch taken</th>{head}'
        f'<th class="number">Share of {escape(result["positive_class"])}</th></tr></thead><tbody>{rows}</tbody></table>'
        "</section>"
    )


def _step(number: int, step: dict[str, Any], result: dict[str, Any]) -> str:
    counts = "".join(f'<td class="number">{fixed(step["counts"][name], 0)}</td>' for name in _classes(result))
    return (
        f"<tr><td>{number}. {escape(capitalized(step['name']))}</td>"
        f'<td class="word">{escape(condition_in_words(" " + step["value_text"]).strip())}</td>'
        f'<td class="word">{escape(condition_in_words(step["condition"]))}</td>{counts}'
        f'<td class="number">{probability_in_words(step["probability"])}</td></tr>'
    )


def _classes(result: dict[str, Any]) -> list[str]:
    """The positive class first."""
    return sorted(result["classes"], key=lambda name: name != result["positive_class"])
