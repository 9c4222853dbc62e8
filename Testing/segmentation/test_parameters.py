"""Nonsense is refused, and says which number and what to do."""

from __future__ import annotations

import json
import math

import pytest

from spinemets.errors import InputError
from spinemets.segmentation.parameters import SegmentationParameters


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("left_right_factor", 0.5),
        ("left_right_factor", math.nan),
        ("carry_threshold", 0),
        ("radius_mm", -1),
        ("radius_mm", "5"),
        ("maximum_clusters", 2),
        ("maximum_clusters", 7.5),
        ("minimum_clusters", True),
        ("cluster_rule", "any"),
        ("connectivity", 8),
        ("growing_sd", 0),
        ("growing_sd", math.inf),
        ("overlap_fraction", 1.5),
        ("border_fraction", 0),
        ("border_rule", "round"),
        ("border_inside_mm", -1),
        ("border_outside_mm", math.inf),
    ],
)
def test_nonsense_is_refused_by_name(name, value):
    with pytest.raises(InputError) as fault:
        SegmentationParameters(**{name: value})
    assert fault.value.what == name


def test_what_is_published_is_the_default():
    assert SegmentationParameters().left_right_factor == 5


def test_json_holds_an_infinite_parameter():
    text = json.dumps(SegmentationParameters(vessel_overshoot=math.inf).as_json(), allow_nan=False)
    assert json.loads(text)["vessel_overshoot"] == "inf"
