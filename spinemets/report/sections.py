"""The parts of the report, each a piece of HTML. Every text from outside passes through `escape`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from typing import Any

from spinemets.report.charts import negative_class, probability_scale_svg
from spinemets.report.figures import bar_svg, detail_svg, overview_svg, view_title
from spinemets.report.identity import StudyIdentity
from spinemets.report.nomogram import nomogram_svg
from spinemets.report.views import View
from spinemets.report.wording import (
    ESTIMATES,
    MEASURES,
    capitalized,
    date_in_words,
    feature_in_words,
    fixed,
    in_plain_words,
    number,
    probability_in_words,
    question_in_words,
    role_in_words,
    sentence,
    signed,
)


def heading(identity: StudyIdentity, question: str) -> str:
    """Whose study, and what was asked."""
    fields = [
        ("Patient", identity.patient_name.replace("^", " ").strip() or "not stated"),
        ("Patient ID", identity.patient_id or "not stated"),
        ("Study date", date_in_words(identity.date) or "not stated"),
        ("Study", identity.description or "not stated"),
    ]
    items = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in fields)
    title = escape(question_in_words(question))
    return (
        f'<header><div class="above">SpineMets · spinal lesion report</div><h1>{title}</h1>'
        f'<dl class="identity">{items}</dl></header>'
    )


def notices(result: dict[str, Any], identity: StudyIdentity) -> str:
    """Abstention, warnings, and what is simulated: before anything else."""
    parts = []
    if result["abstained"]:
        parts.append(
            _notice(
                "abstained",
                "The model gives no answer",
                f"<p>{escape(sentence(in_plain_words(result['reason'], result)))}</p>",
            )
        )
    if result["warnings"]:
        items = "".join(f"<li>{escape(sentence(in_plain_words(text, result)))}</li>" for text in result["warnings"])
        parts.append(_notice("warning", "Warnings", f"<ul>{items}</ul>"))
    simulated = []
    if identity.simulated:
        simulated.append("The images come from a simulation, not from a patient.")
    if result["simulated"]:
        simulated.append("The model was trained on simulated cases: its probability says nothing about a real patient.")
    if simulated:
        parts.append(_notice("simulated", "Simulated", f"<p>{' '.join(simulated)}</p>"))
    return "".join(parts)


def answer(result: dict[str, Any]) -> str:
    """Class, probability with interval and threshold on a scale; beside it the lesion's size."""
    return f'<div class="answer">{_verdict(result)}{_sizes(result["lesion"])}</div>'


def lesion_figure(views: list[View], sequences: list[View]) -> str:
    """Overview and detail in three planes, then the model's sequences side by side."""
    figures = "".join(f"<figure>{overview_svg(view)}{detail_svg(view)}{_caption(view)}</figure>" for view in views)
    parts = [_figures("The lesion in three planes", figures)]
    if sequences:
        figures = "".join(f"<figure>{detail_svg(view)}{_caption(view)}</figure>" for view in sequences)
        parts.append(_figures("The lesion on each sequence that the model uses", figures))
    return "".join(parts)


def contributions(result: dict[str, Any]) -> str:
    """A sorted bar chart: how far each feature moved the answer, and to which side."""
    largest = max((abs(entry["contribution"]) for entry in result["contributions"]), default=0.0)
    rows = "".join(_contribution_row(entry, largest) for entry in result["contributions"])
    positive, negative = result["positive_class"], negative_class(result)
    return (
        "<section><h2>What drove the answer</h2>"
        '<table class="contributions"><colgroup><col class="name"><col class="value"><col><col class="logit">'
        '<col class="points"></colgroup><thead><tr><th>Feature</th><th class="number">Value<br>(training range)</th>'
        f'<th><div class="directions"><span class="left">← {escape(negative)}</span>'
        f'<span class="right">{escape(positive)} →</span></div></th>'
        '<th class="number">Logit</th><th class="number">Points</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></section>"
    )


def nomogram(result: dict[str, Any]) -> str:
    """The nomogram with this lesion's values."""
    return (
        '<section><h2>Nomogram</h2><p class="quiet small">Each value gives the points above it; their sum gives the '
        f"probability below. The marks are this lesion’s.</p>{nomogram_svg(result)}</section>"
    )


def series_table(identity: StudyIdentity) -> str:
    """Which series were found, used, and why they have their role."""
    if not identity.series:
        return ""
    rows = "".join(
        f'<tr class="{"used" if line.used else "unused"}"><td>{escape(capitalized(role_in_words(line.role)))}</td>'
        f'<td class="word">{escape(line.plane)}</td><td class="number">{escape(line.number)}</td>'
        f"<td>{escape(line.description)}</td><td>{escape(line.reason)}</td>"
        f'<td class="word">{"model input" if line.used else ""}</td></tr>'
        for line in identity.series
    )
    return (
        '<section><h2>Series</h2><table><thead><tr><th>Role</th><th>Plane</th><th class="number">No.</th>'
        f"<th>Description</th><th>Why this role</th><th></th></tr></thead><tbody>{rows}</tbody></table></section>"
    )


def model_card(card: dict[str, Any]) -> str:
    """What the model is and how well it did, the honest estimate first."""
    rows = "".join(
        f'<tr><td>{name}<span class="quiet">{note}</span></td>'
        + "".join(f'<td class="number">{_estimate(card["performance"][key][measure])}</td>' for measure, _ in MEASURES)
        + "</tr>"
        for key, name, note in ESTIMATES
        if key in card["performance"]
    )
    head = "".join(f'<th class="number">{word}</th>' for _, word in MEASURES)
    counts = ", ".join(f"{count} {name}" for name, count in card["training"]["class_counts"].items())
    calibration = {key: fixed(card["calibration"][key], 2) for key in ("slope", "intercept", "brier")}
    of = "nested predictions" if "nested" in card["performance"] else "published cases themselves"
    return (
        f"<section><h2>The model: {escape(card['title'])}</h2>"
        f"<p>{escape(card['training']['description'])} {card['training']['cases']} cases ({escape(counts)}).</p>"
        f"<table><thead><tr><th>Estimate, with 95 % interval</th>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f'<p class="small after">Calibration of the {of}: slope {calibration["slope"]} (1 is perfect), '
        f"intercept {calibration['intercept']} (0 is perfect), Brier score {calibration['brier']}.</p>"
        f'<p class="small"><strong>Intended use.</strong> {escape(card["intended_use"])} '
        f"<strong>Licence.</strong> {escape(card['licence'])}.</p></section>"
    )


def provenance(result: dict[str, Any], identity: StudyIdentity) -> str:
    """Everything that is needed to make this result again."""
    record = result["provenance"]
    rows = [("Study UID", identity.study_uid or "not stated"), ("Start (UTC)", record["start"])]
    rows += [
        ("Seconds", fixed(record["seconds"], 2)),
        ("Seed", "none" if record["seed"] is None else str(record["seed"])),
    ]
    model = record["model"]
    rows += [("Model", f"{model['name']} · SHA-256 {model['sha256']}")]
    mask = record["mask"]
    rows += [("Lesion mask", f"{mask['author'] or 'author not stated'} · {mask['file']} · SHA-256 {mask['sha256']}")]
    for role, entry in record["inputs"].items():
        size = " × ".join(map(str, entry["size"]))
        spacing = " × ".join(number(value) for value in entry["spacing_mm"])
        uid = entry["series_uid"] or "no series UID"
        rows.append((f"Input {role}", f"{uid} · {size} voxels of {spacing} mm · SHA-256 {entry['voxel_sha256']}"))
    rows += [(f"Stage {stage}", f"{fixed(seconds, 2)} s") for stage, seconds in result["stages"].items()]
    rows += [("Software", " · ".join(f"{name} {version}" for name, version in record["software"].items()))]
    rows += [("Parameters", json.dumps(record["parameters"], sort_keys=True))]
    return (
        '<section><h2>Provenance</h2><p class="small">Inputs, mask and model are identified by hashes; with the same '
        "seed and parameters the result comes out the same.</p>"
        f"<details><summary>Identifiers, versions and parameters</summary>{_pairs(rows)}</details></section>"
    )


def _figures(title: str, figures: str) -> str:
    return f'<section><h2>{title}</h2><div class="views">{figures}</div></section>'


def _notice(kind: str, title: str, content: str) -> str:
    return f'<section class="notice {kind}"><h2>{title}</h2>{content}</section>'


def _verdict(result: dict[str, Any]) -> str:
    if result["abstained"]:
        return (
            '<section><h2>Answer</h2><p class="verdict">No answer</p>'
            "<p>The probability is withheld because the model has no ground for one; see above. What was unusual shows "
            "in the values below.</p></section>"
        )
    words = [escape(probability_in_words(value)) for value in (result["probability"], *result["interval"])]
    positive = result["class"] == result["positive_class"]
    side = "at or above" if positive else "below"
    kind = "positive" if positive else "negative"
    return (
        f'<section><h2>Answer</h2><p class="verdict {kind}">{escape(capitalized(result["class"]))}</p>'
        f"<p>Probability of {escape(result['positive_class'])} <strong>{words[0]}</strong>, "
        f"95 % interval {words[1]} to {words[2]}; {side} the threshold of {fixed(result['threshold'], 2)}.</p>"
        f"{probability_scale_svg(result)}</section>"
    )


def _sizes(lesion: dict[str, Any]) -> str:
    across, deep, tall = (fixed(value, 0) for value in lesion["extent_mm"])
    return (
        '<section><h2>Size</h2><dl class="measures">'
        f"<div><dt>Volume</dt><dd>{fixed(lesion['volume_ml'], 1)} ml</dd></div>"
        f"<div><dt>Longest diameter</dt><dd>{fixed(lesion['longest_diameter_mm'], 0)} mm</dd></div>"
        f'<div class="minor"><dt>Left–right × front–back × head–foot</dt><dd>{across} × {deep} × {tall} mm</dd></div>'
        "</dl></section>"
    )


def _caption(view: View) -> str:
    made = "as acquired" if view.acquired else "reformatted"
    frame = f", {view.frame}" if view.frame else ""
    axis = {"sagittal": ("R", "L"), "coronal": ("A", "P"), "axial": ("F", "H")}[view.plane]
    place = f"{axis[1] if view.position_mm >= 0 else axis[0]} {fixed(abs(view.position_mm), 1)} mm"
    how = f"{made}{frame} · {place}"
    return f'<figcaption><strong>{view_title(view)}</strong><span class="quiet">{how}</span></figcaption>'


def _contribution_row(entry: dict[str, Any], largest: float) -> str:
    plain, where = feature_in_words(entry["feature"])
    low, high = (number(value) for value in entry["training_range"])
    note = f'<span class="quiet">{escape(capitalized(where))}</span>' if where else ""
    return (
        f'<tr><td title="{escape(entry["feature"])}">{escape(plain)}{note}</td>'
        f'<td class="number">{number(entry["value"])}<span class="quiet">{low} to {high}</span></td>'
        f"<td>{bar_svg(entry['contribution'], largest)}</td>"
        f'<td class="number">{signed(entry["contribution"], 2)}</td>'
        f'<td class="number">{fixed(entry["nomogram_points"], 0)}</td></tr>'
    )


def _estimate(entry: dict[str, Any]) -> str:
    low, high = entry["interval"]
    return f'{fixed(entry["estimate"], 2)}<span class="quiet">{fixed(low, 2)}–{fixed(high, 2)}</span>'


def _pairs(rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><td>{escape(name)}</td><td><code>{escape(value)}</code></td></tr>" for name, value in rows)
    return f"<table><tbody>{cells}</tbody></table>"
