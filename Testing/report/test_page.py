"""The page as a browser and a reader see it: whole, self-contained, escaped, with the result's own numbers."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from spinemets.errors import InputError
from spinemets.report.figures import detail_svg
from spinemets.report.identity import StudyIdentity, identity_of
from spinemets.report.nomogram import nomogram_svg
from spinemets.report.page import report_html, write_report
from spinemets.report.views import lesion_view
from spinemets.report.wording import (
    _feature_words,
    date_in_words,
    feature_in_words,
    fixed,
    number,
    probability_in_words,
    signed,
)

VOID = {"meta", "br", "link", "img", "col", "input", "hr"}


class Page(HTMLParser):
    """Text, tags and attributes of a page; refuses tags that do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture(scope="module")
def html(make_result, identity, oblique_case) -> str:
    image, mask = oblique_case
    return report_html(make_result(), identity, {"t1": image, "t2": image}, {"t2": mask})


def test_the_page_is_well_formed_and_needs_nothing_from_outside(html: str) -> None:
    page = Page(html)
    names = {name for name, _ in page.tags}
    assert not names & {"script", "iframe", "object", "embed", "link", "img"}
    for name, attributes in page.tags:
        assert not any(key.startswith("on") for key in attributes), (name, attributes)
        for key in ("src", "href", "xlink:href"):
            assert (attributes.get(key) or "data:image/png;base64,").startswith("data:image/png;base64,")
    styles = html.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in styles and "@import" not in styles
    assert not re.search(r"(https?:)?//[a-z]", re.sub(r"base64,[^\"]*", "", styles))


def test_what_came_from_outside_is_text_not_markup(html: str) -> None:
    text = Page(html).text
    assert "<script>alert('x')</script>" in text and "<img src=http://evil/x onerror=1>" in text
    assert "<script" not in html and "<img" not in html
    assert "P-17<b>" in text and "MR spine & <i>more</i>" in text and "reader <1>" in text


def test_the_numbers_are_the_results(html: str, make_result) -> None:
    """Probability 0.8808 with interval 0.7714 to 0.9418 (worked by hand in the tests of the models)."""
    result, text = make_result(), Page(html).text
    assert result.probability == pytest.approx(0.880797, abs=1e-6)
    assert "Probability of osteoblastic 0.88 , 95 % interval 0.77 to 0.94; at or above the threshold of 0.50" in text
    low, high = result.interval
    assert (f"{low:.2f}", f"{high:.2f}") == ("0.77", "0.94")
    assert "Volume 3.2 ml" in text and "Longest diameter 24 mm" in text and "18 × 14 × 24 mm" in text
    for entry in result.contributions:
        assert signed(entry.contribution, 2) in text and fixed(entry.points, 0) in text
    # The scale is 616 pixels long and begins at 12.
    assert re.search(r'class="point" cx="554\.6" cy', html)
    assert re.search(rf'class="interval" x="{12 + 616 * low:.2f}" y="46.00" width="{616 * (high - low):.2f}"', html)


def test_bars_are_proportional_and_point_to_their_class(html: str, make_result) -> None:
    bars = re.findall(r'<rect class="(positive|negative)" x="([-\d.]+)" y="3" width="([\d.]+)"', html)
    assert [(kind, float(x), float(width)) for kind, x, width in bars] == [
        ("positive", 0.0, 100.0),
        ("positive", 0.0, 50.0),
        ("positive", 0.0, 25.0),
    ]


def test_a_contribution_against_points_to_the_left(make_result, identity, oblique_case) -> None:
    image, mask = oblique_case
    page = report_html(make_result((95.0, 190.0, 3.0)), identity, {"t1": image, "t2": image}, {"t2": mask})
    assert '<rect class="negative" x="-50.00" y="3" width="50.00"' in page


def test_identity_warnings_and_limits_are_there_in_this_order(make_result, identity, oblique_case) -> None:
    image, mask = oblique_case
    images, masks = {"t1": image, "t2": image}, {"t2": mask}
    page = report_html(make_result((145.0, 200.0, 3.0)), identity, images, masks)
    text = Page(page).text
    order = [
        "Research use only",
        "Jane",
        "The model gives no answer",
        "Warnings",
        "Simulated",
        "No answer",
        "The lesion in",
    ]
    order += ["What drove the answer", "Nomogram", "Series", "The model:", "Provenance"]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert "Probability of osteoblastic <strong>" not in page and 'class="point"' not in page
    assert text.count("Research use only") == 2
    assert "Mean intensity (T1 · intensity) is 145, outside the 80 to 120 of the training cases." in text


def test_a_real_study_with_a_real_model_carries_no_simulated_banner(make_result, oblique_case) -> None:
    image, mask = oblique_case
    page = report_html(make_result(simulated=False), StudyIdentity(), {"t1": image, "t2": image}, {"t2": mask})
    assert "Simulated" not in Page(page).text and "not stated" in Page(page).text


def test_the_nomogram_marks_stand_at_their_points(html: str, make_result) -> None:
    """Axis of 0 to 100 points from x = 330 to 970; T2 has 60 points."""
    marks = [float(x) for x in re.findall(r'<circle class="marker" cx="([\d.]+)"', html)]
    by_axis = sorted(make_result().contributions, key=lambda entry: -max(entry.points_range))
    assert marks[:3] == pytest.approx([330 + 6.4 * entry.points for entry in by_axis], abs=0.06)
    assert marks[0] == pytest.approx(330 + 6.4 * 60, abs=0.06)
    assert marks[3] == marks[4]  # total points and probability are one place on two axes
    found = re.findall(r'<text class="tick" x="([\d.]+)" y="[\d.]+"[^>]*>([\d.]+)</text>', html)
    ticks = {label: float(x) for x, label in found}
    # A probability of 0.5 is 20 points (2 on the logit) below this lesion's; the axis of total points ends at 160.
    assert ticks["0.5"] == pytest.approx(marks[4] - 20 * 640 / 160, abs=0.06)


def test_the_nomogram_names_end_before_the_values(make_result) -> None:
    """Long names once covered the values at the left end of their axes, so that these could not be read."""
    result = make_result().as_json()
    for entry in result["contributions"]:
        entry["feature"] = "fs_t2_original_glcm_MCC"
    svg = nomogram_svg(result)
    names = re.findall(r'class="axis-label"[^>]*>([^<]*)<', svg)
    notes = re.findall(r'class="axis-note"[^>]*>([^<]*)<', svg)
    assert "Complexity of texture" in names[1]
    # Of the larger type of a narrow page: bold 17 px and 15.5 px, 0.6 em a letter; value labels begin 30 px before 330.
    assert max(map(len, names)) * 0.6 * 17 < 300
    assert max(map(len, notes)) * 0.6 * 15.5 < 310


def test_the_scale_bar_is_as_long_as_it_says(oblique_case) -> None:
    image, mask = oblique_case
    svg = detail_svg(lesion_view("sagittal", "t2", image, mask))
    bar = re.search(r'class="scale-bar"[^>]* d="M([\d.]+),[\d.]+V[\d.]+H([\d.]+)V', svg)
    length = re.search(r">(\d+) mm<", svg)
    assert bar and length
    assert float(bar[2]) - float(bar[1]) == pytest.approx(float(length[1]), abs=0.011)


def test_a_report_is_not_replaced_unasked_and_leaves_nothing_half_written(
    make_result, identity, oblique_case, tmp_path: Path
) -> None:
    image, mask = oblique_case
    path = tmp_path / "out" / "report.html"
    images, masks = {"t1": image, "t2": image}, {"t2": mask}
    write_report(make_result(), identity, images, masks, path)
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    with pytest.raises(InputError, match="exists"):
        write_report(make_result(), identity, images, masks, path)
    assert [item.name for item in path.parent.iterdir()] == ["report.html"]


def test_identity_is_read_from_a_study() -> None:
    class Series:
        role, plane, number, description, reason = "t2", "sagittal", 3, "T2", "why"

    class Other(Series):
        role = "localizer"

    class Study:
        uid, patient_id, patient_name, date, description = "1.2", "P", "N", "20260101", "MR"
        series = (Other, Series)

    found = identity_of(Study, ("t2",), simulated=True)
    assert [line.role for line in found.series] == ["t2", "localizer"] and found.series[0].used and found.simulated


def test_every_feature_of_the_set_has_a_plain_name() -> None:
    names = {f"t2_original_{family}_{name}" for family, entries in _feature_words().items() for name in entries}
    assert len(names) == 107
    assert feature_in_words("fs_t2_original_glcm_Contrast") == (
        "Contrast between neighbours",
        "fat-suppressed T2 · texture, neighbouring pairs",
    )
    assert feature_in_words("t2_wavelet-LLH_firstorder_Mean")[1] == "T2 · intensity · wavelet-LLH"
    assert feature_in_words("unknown") == ("unknown", "")


def test_numbers_read_well() -> None:
    assert [number(value) for value in (0, 1234.5, -0.01234, 123456, 2.5e-7, 1e9)] == [
        "0", "1234", "−0.0123", "123456", "2.5e−07", "1e+09",
    ]  # fmt: skip
    assert probability_in_words(0.0004) == "< 0.01" and probability_in_words(0.9999) == "> 0.99"
    assert (signed(0.5, 2), signed(-0.5, 2), fixed(-0.001, 1)) == ("+0.50", "−0.50", "0.0")
    assert date_in_words("20260131") == "2026-01-31" and date_in_words("?") == "?"
