"""The report: one HTML file that needs nothing else, no network and no script."""

from __future__ import annotations

import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template

import SimpleITK as sitk

from spinemets.models.classification import Result
from spinemets.outputs import replacing_file
from spinemets.report import sections
from spinemets.report.identity import StudyIdentity
from spinemets.report.views import GIVEN_MASK, lesion_views, sequence_views
from spinemets.report.wording import PAGE_FILES


def write_report(
    result: Result,
    study_identity: StudyIdentity,
    images: Mapping[str, sitk.Image],
    masks: Mapping[str, sitk.Image],
    path: str | os.PathLike[str],
    overwrite: bool = False,
) -> None:
    """Write the report of `result` to `path`.

    Parameters
    ----------
    images : by role, 3-D or 4-D, any grid; those of the model, and others that show the lesion better in some plane
        (an axial dynamic series, say).
    masks : the lesion by role on any grid: `result.masks`, and others if there are. An image without a mask of its own,
        or shown in another plane than its own, gets `result.mask` or the finest.

    Raises
    ------
    InputError : no image or no mask to show, or `path` cannot be written.
    """
    page = report_html(result, study_identity, images, masks)
    with replacing_file(Path(path), overwrite) as partial:
        partial.write_text(page, encoding="utf-8")


def report_html(
    result: Result,
    study_identity: StudyIdentity,
    images: Mapping[str, sitk.Image],
    masks: Mapping[str, sitk.Image],
) -> str:
    """The page of `write_report` as text."""
    document, package = result.as_json(), result.package
    known = {**masks, GIVEN_MASK: result.mask}
    sequences = sequence_views(package.roles, images, known)
    body = "\n".join(
        [
            sections.heading(study_identity, package.question),
            sections.notices(document, study_identity),
            sections.answer(document),
            sections.lesion_figure(lesion_views(images, known), sequences),
            sections.contributions(document),
            sections.nomogram(document),
            sections.series_table(study_identity),
            sections.model_card(package.card),
            sections.provenance(document, study_identity),
        ]
    )
    title = f"SpineMets: {sections.question_in_words(package.question)} {study_identity.patient_id}"
    template = Template((PAGE_FILES / "page.html").read_text(encoding="utf-8"))
    css = (PAGE_FILES / "page.css").read_text(encoding="utf-8")
    record = document["provenance"]
    footer = f"SpineMets {record['software']['spinemets']} · {record['start']} · {document['disclaimer']}"
    return template.substitute(title=escape(title), css=css, body=body, footer=escape(footer))
