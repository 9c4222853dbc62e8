"""Scale, contributions and nomogram in a narrow panel: the result's own numbers, nothing outside, readable by Qt."""

import itertools
import re
import xml.etree.ElementTree as ElementTree

import pytest

from spinemets.report.charts import contributions_svg, probability_scale_svg
from spinemets.report.drawing import DARK, LIGHT, Style, text_width
from spinemets.report.nomogram import nomogram_svg

WIDTH = 400.0
FIGURES = (probability_scale_svg, contributions_svg, nomogram_svg)
LONG = "fs_t2_original_gldm_DependenceNonUniformityNormalized"


@pytest.fixture
def document(make_result):
    result = make_result((95.0, 190.0, 3.25)).as_json()
    result["contributions"][0]["feature"] = LONG
    return result


def elements(svg: str, kind: str):
    return [one for one in ElementTree.fromstring(svg).iter() if one.tag.endswith(f"}}{kind}")]


@pytest.mark.parametrize("draw", FIGURES)
@pytest.mark.parametrize("width", [300.0, WIDTH, 640.0])
def test_nothing_is_cut_off_at_the_sides(draw, document, width):
    for text in elements(draw(document, Style(LIGHT), width), "text"):
        wide = text_width(text.text or "", float(text.get("font-size")), bold=text.get("font-weight") == "600")
        start = float(text.get("x")) - {"start": 0, "middle": 0.5, "end": 1}[text.get("text-anchor")] * wide
        assert start >= -1, text.text
        assert start + wide <= width + 1, text.text


@pytest.mark.parametrize("draw", FIGURES)
def test_texts_of_one_line_do_not_touch(draw, document):
    lines = {}
    for text in elements(draw(document, Style(LIGHT), WIDTH), "text"):
        wide = text_width(text.text or "", float(text.get("font-size")), bold=text.get("font-weight") == "600")
        start = float(text.get("x")) - {"start": 0, "middle": 0.5, "end": 1}[text.get("text-anchor")] * wide
        lines.setdefault(text.get("y"), []).append((start, start + wide, text.text))
    for line in lines.values():
        line.sort()
        for (_, end, first), (start, _, second) in itertools.pairwise(line):
            assert end <= start + 1, (first, second)


@pytest.mark.parametrize("draw", FIGURES)
def test_colours_are_those_of_the_palette_without_css(draw, document):
    dark = draw(document, Style(DARK), WIDTH)
    assert "var(" not in dark and "style=" not in dark
    assert DARK.ink in dark and LIGHT.ink not in dark
    for one in elements(dark, "text"):
        assert one.get("fill", "").startswith("#")


def test_bars_are_as_long_as_the_contributions(document):
    bars = [
        (float(bar.get("x")), float(bar.get("width")), bar.get("class"))
        for bar in elements(contributions_svg(document, Style(LIGHT), WIDTH), "rect")
    ]
    entries = document["contributions"]
    largest = max(abs(entry["contribution"]) for entry in entries)
    for (x, width, kind), entry in zip(bars, entries, strict=True):
        assert width == pytest.approx((WIDTH / 2 - 48) * abs(entry["contribution"]) / largest, abs=0.01)
        assert kind == ("positive" if entry["contribution"] >= 0 else "negative")
        assert x == pytest.approx(WIDTH / 2 if kind == "positive" else WIDTH / 2 - width, abs=0.01)


def test_the_series_of_a_variable_is_named_even_where_there_is_no_room(document):
    for draw in (contributions_svg, nomogram_svg):
        texts = [text.text for text in elements(draw(document, Style(LIGHT), 300.0), "text")]
        assert any(text.startswith(("Fat-suppressed T2", "FS T2")) for text in texts)


def test_no_digit_of_a_value_is_lost_where_there_is_little_room(document):
    document["contributions"][0] |= {"value": 0.09812, "training_range": [0.06331, 0.11315], "percentile": 90.0}
    texts = [text.text for text in elements(contributions_svg(document, Style(LIGHT), 370.0), "text")]
    assert "FS T2: 0.0981, training 0.0633 to 0.113" in texts
    document["contributions"][0] |= {"feature": "wash_in", "value": 1.46, "training_range": [0.0, 2.94]}
    texts = [text.text for text in elements(contributions_svg(document, Style(LIGHT), 370.0), "text")]
    assert "Dynamic series: 1.46, training 0 to 2.94" in texts


def test_a_scored_variable_speaks_in_words_alone(document):
    """A reader who scored "uneven" is not told that it lies between 0 and 1, at a percentile."""
    scored = {"feature": "signal", "value": 1.0, "training_range": [0.0, 1.0], "percentile": 82.0}
    document["contributions"][0] |= scored | {"word": "uneven", "training_words": ["uniform", "uneven"]}
    document["contributions"][0]["nomogram_range"] = [80.0, 0.0]
    ranks = sum("percentile" in text.text for text in elements(contributions_svg(document), "text"))
    assert ranks == len(document["contributions"]) - 1
    assert "uneven" in [text.text for text in elements(contributions_svg(document), "text")]
    ticks = [text.text for text in elements(nomogram_svg(document), "text") if text.get("class") == "tick"]
    assert {"uniform", "uneven"} <= set(ticks)


def test_the_point_and_the_interval_lie_at_the_probability(document):
    svg = probability_scale_svg(document, Style(LIGHT), WIDTH)
    point = float(re.search(r'class="point" cx="([\d.]+)"', svg)[1])
    assert point == pytest.approx(12 + 376 * document["probability"], abs=0.06)
    place, wide = re.search(r'class="interval" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg).groups()
    low, high = document["interval"]
    assert float(place) == pytest.approx(12 + 376 * low, abs=0.01)
    assert float(wide) == pytest.approx(376 * (high - low), abs=0.01)


def test_no_point_without_an_answer(make_result):
    abstained = make_result((145.0, 200.0, 3.0)).as_json()
    assert abstained["probability"] is None
    assert 'class="point"' not in probability_scale_svg(abstained)
    assert nomogram_svg(abstained).count("<circle") == len(abstained["contributions"]) + 1  # the total, no probability
