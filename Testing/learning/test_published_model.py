"""The published tree as a package: the paper's own counts and bounds, and no estimate that the paper does not have."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from spinemets.errors import InputError
from spinemets.learning.published_model import NAME, published_model
from spinemets.models.package import SHIPPED_FOLDER, ModelPackage, find_package, write_package
from spinemets.models.prediction import predict


def package_of(second: str, folder: Path) -> ModelPackage:
    return write_package(published_model(second), {}, folder / f"{second}.spinemets")


def test_the_paper_s_table_comes_back(tmp_path: Path) -> None:
    """Fig. 6: sensitivity 60 %, specificity 96.8 %, predictive values 94.7 % and 71.4 %, accuracy 0.79."""
    found = package_of("wash_in", tmp_path).card["performance"]
    assert list(found) == ["apparent"]
    estimates = {name: found["apparent"][name]["estimate"] for name in ("sensitivity", "specificity", "ppv", "npv")}
    assert {name: round(100 * value, 1) for name, value in estimates.items()} == {
        "sensitivity": 60.0,
        "specificity": 96.8,
        "ppv": 94.7,
        "npv": 71.4,
    }
    assert round(found["apparent"]["accuracy"]["estimate"], 2) == 0.79
    assert found["apparent"]["accuracy"]["of"] == [48, 61]


@pytest.mark.parametrize("second", ["wash_in", "max_se"])
def test_bounds_are_met_in_the_units_of_a_measurement(tmp_path: Path, second: str) -> None:
    """Ratios, not %: a bound of 98 where a ratio of 1.46 is measured would call every lesion other."""
    package = package_of(second, tmp_path)
    assert set(package.features) == {"wash_out", second} and package.roles == ("dce",) and not package.variables
    lung = predict(package, {"wash_out": 0.25, second: 1.46})
    assert lung.class_name == "lung" and lung.probability == pytest.approx(18 / 19)
    assert [(step.variable, step.value_text, step.condition) for step in lung.decision_path or ()] == [
        ("wash_out", "0.25 %", "> -6.6 %"),
        (second, "146 %", "> 98 %"),
    ]
    # The paper has no counts between the splits, so the second has all that the leaf tells: 18/19 against 30/61.
    assert {entry.feature: entry.contribution for entry in lung.contributions} == {
        "wash_out": 0.0,
        second: pytest.approx(math.log(18 * 31 / 30)),
    }
    assert (lung.decision_path or ())[-1].counts == {"lung": 18.0, "other": 1.0}
    for case in ({"wash_out": -6.6, second: 1.46}, {"wash_out": -6.59, second: 0.98}):
        other = predict(package, case)
        assert other.class_name == "other" and other.probability == pytest.approx(12 / 42)
    steps = predict(package, {"wash_out": -6.5999, second: 0.98004}).decision_path or ()
    assert [(step.value_text, step.condition) for step in steps] == [("-6.5999 %", "> -6.6 %"), ("98.004 %", "> 98 %")]


def test_a_lesion_far_from_the_paper_s_gets_no_answer(tmp_path: Path) -> None:
    found = predict(package_of("wash_in", tmp_path), {"wash_out": 90.0, "wash_in": 1.0})
    assert found.abstained and found.probability is None
    with pytest.raises(InputError, match="second variable"):
        published_model("ktrans")


def test_the_shipped_package_is_what_the_module_makes() -> None:
    package = ModelPackage.read(find_package(NAME))
    made = published_model()
    kept = {key: value for key, value in package.model.items() if key != "software"}
    assert kept == {key: value for key, value in made.items() if key != "software"}
    assert not package.simulated and package.path == SHIPPED_FOLDER / f"{NAME}.spinemets"
