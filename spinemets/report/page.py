"""The report: one HTML file that needs nothing else, no network and no script."""

from __future__ import annotations

import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import SimpleITK as sitk

from spinemets.models.classification import Result
from spinemets.outputs import replacing_file
from spinemets.report import kinetics_sections, sections
from spinemets.report.charts import contributions_svg, probability_scale_svg
from spinemets.report.figures import detail_svg, overview_svg
from spinemets.report.identity import StudyIdentity
from spinemets.report.nomogram import nomogram_svg
from spinemets.report.time_course import time_course_svg
from spinemets.report.views import GIVEN_MASK, View, lesion_views, sequence_views
from spinemets.report.wording import PAGE_FILES, question_in_words


def write_report(
    result: Result,
    study_identity: StudyIdentity,
    images: Mapping[str, sitk.Image],
    masks: Mapping[str, sitk.Image],
    path: str | os.PathLike[str],
    overwrite: bool = False,
    figures: Path | None = None,
) -> None:
    """Write the report of `result` to `path`.

    Parameters
    ----------
    images : by role, 3-D or 4-D, any grid; those of the model, and others that show the lesion better in some plane
        (an axial dynamic series, say).
    masks : the lesion by role on any grid: `result.masks`, and others if there are. An image without a mask of its own,
        or shown in another plane than its own, gets `result.mask` or the finest.
    figures : a folder that receives each figure as an SVG file of its own.

    Raises
    ------
    InputError : no image or no mask to show, or `path` cannot be written.
    """
    views, sequences = _views(result, images, masks)
    with replacing_file(Path(path), overwrite) as partial:
        partial.write_text(_page(result, study_identity, views, sequences), encoding="utf-8")
    if figures is not None:
        for name, svg in figure_files(result.as_json(), views).items():
            with replacing_file(figures / f"{name}.svg", overwrite) as partial:
                partial.write_text(svg, encoding="utf-8")


def report_html(
    result: Result,
    study_identity: StudyIdentity,
    images: Mapping[str, sitk.Image],
    masks: Mapping[str, sitk.Image],
) -> str:
    """The page of `write_report` as text."""
    return _page(result, study_identity, *_views(result, images, masks))


def figure_files(document: dict[str, Any], views: list[View]) -> dict[str, str]:
    """Each figure of a result (content of result.json) as a whole SVG file, by its name."""
    figures = {
        "probability": probability_scale_svg(document),
        "contributions": contributions_svg(document, width=640.0),
        "nomogram": nomogram_svg(document),
    }
    if "hot_spot" in document:
        figures["time-course"] = time_course_svg(document["hot_spot"])
    for view in views:
        figures[f"{view.plane}-overview"] = overview_svg(view)
        figures[f"{view.plane}-lesion"] = detail_svg(view)
    # Older readers, Qt's among them, know an image's link by its older name only.
    older = {name: svg.replace(' href="data:', ' xlink:href="data:') for name, svg in figures.items()}
    space = ' xmlns:xlink="http://www.w3.org/1999/xlink"'
    return {name: svg.replace("<svg", f"<svg{space}", 1) if "xlink:" in svg else svg for name, svg in older.items()}


def _views(
    result: Result, images: Mapping[str, sitk.Image], masks: Mapping[str, sitk.Image]
) -> tuple[list[View], list[View]]:
    """The lesion in three planes, and on each sequence of the model."""
    known = {**masks, GIVEN_MASK: result.mask}
    return lesion_views(images, known), sequence_views(result.package.roles, images, known)


def _page(result: Result, study_identity: StudyIdentity, views: list[View], sequences: list[View]) -> str:
    document, package = result.as_json(), result.package
    body = "\n".join(
        [
            sections.heading(study_identity, package.question),
            sections.notices(document, study_identity),
            sections.answer(document),
            sections.lesion_figure(views, sequences),
            kinetics_sections.hot_spot(document),
            kinetics_sections.decision_path(document),
            sections.contributions(document),
            "" if "decision_path" in document else sections.nomogram(document),
            sections.series_table(study_identity),
            sections.model_card(package.card),
            sections.provenance(document, study_identity),
        ]
    )
    title = f"SpineMets: {question_in_words(package.question)} {study_identity.patient_id}"
    template = Template((PAGE_FILES / "page.html").read_text(encoding="utf-8"))
    css = (PAGE_FILES / "page.css").read_text(encoding="utf-8")
    record = document["provenance"]
    footer = f"SpineMets {record['software']['spinemets']} · {record['start']} · {document['disclaimer']}"
    return template.substitute(title=escape(title), css=css, body=body, footer=escape(footer))
