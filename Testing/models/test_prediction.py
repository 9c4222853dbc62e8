"""The numbers that a radiologist reads: compared with the formulas worked by hand and with R's rms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinemets.errors import InputError
from spinemets.models.package import ModelPackage, write_package
from spinemets.models.prediction import _word, nomogram_points, percentile_of, predict

USUAL = {"t1_original_firstorder_Mean": 105.0, "t2_original_firstorder_Mean": 190.0, "t2_original_glcm_Contrast": 3.25}


def test_probability_and_interval_worked_by_hand(package: ModelPackage) -> None:
    """z = (0.5, -0.5, 0.5); logit = 0.25 + 0.5 + 1 + 0.25 = 2; variance = 0.04 + (0.09 - 0.02 + 0.16 + 0.25) / 4."""
    found = predict(package, USUAL)
    half = 1.959963984540054 * math.sqrt(0.04 + 0.48 / 4)
    assert found.probability == pytest.approx(1 / (1 + math.exp(-2)), abs=1e-15)
    assert found.interval == pytest.approx((1 / (1 + math.exp(-2 + half)), 1 / (1 + math.exp(-2 - half))), abs=1e-14)
    assert found.class_name == "osteoblastic" and not found.abstained and not found.warnings


def test_contributions_are_sorted_and_add_up_to_the_logit(package: ModelPackage) -> None:
    found = predict(package, USUAL)
    assert [entry.contribution for entry in found.contributions] == pytest.approx([1.0, 0.5, 0.25])
    assert [entry.standardised_value for entry in found.contributions] == pytest.approx([-0.5, 0.5, 0.5])
    assert found.contributions[0].feature == "t2_original_firstorder_Mean"
    assert 0.25 + sum(entry.contribution for entry in found.contributions) == pytest.approx(2.0)


def test_the_class_changes_at_the_threshold(package: ModelPackage) -> None:
    """logit 0 is at z = (-0.25, 0, 0): the positive class begins exactly there."""
    at = USUAL | {
        "t1_original_firstorder_Mean": 97.5,
        "t2_original_firstorder_Mean": 200,
        "t2_original_glcm_Contrast": 3,
    }
    assert predict(package, at).probability == 0.5
    assert predict(package, at).class_name == "osteoblastic"
    assert predict(package, at | {"t1_original_firstorder_Mean": 97.49}).class_name == "osteolytic"


def test_nomogram_points_are_those_of_rms() -> None:
    """R 4.2.2, rms 6.5.0, nomogram(lrm(y ~ age + signal + bound + rad)): `bound` has a negative coefficient."""
    slopes = np.array([0.0588939410780781, 0.693143489551737, -2.04213178019757, 2.76642374970056])
    low, high = np.array([10.0, 0.0, 0.0, -2.5]), np.array([110.0, 1.0, 1.0, 3.0])
    of_rms = [
        ([10.0, 0.0, 1.0, -2.5], [0.0, 0.0, 0.0, 0.0]),
        ([60.0, 1.0, 0.0, 0.5], [19.3534871295158, 4.55555982784806, 13.4215406207686, 54.5454545454545]),
        ([110.0, 1.0, 0.0, 3.0], [38.7069742590315, 4.55555982784806, 13.4215406207686, 100.0]),
    ]
    for values, points in of_rms:
        assert nomogram_points(np.array(values), slopes, low, high) == pytest.approx(points, abs=1e-12)


def test_total_points_lead_back_to_the_probability(package: ModelPackage) -> None:
    found = predict(package, USUAL)
    logit = found.logit_at_zero_points + found.logit_per_point * found.total_points
    assert 1 / (1 + math.exp(-logit)) == pytest.approx(found.probability, abs=1e-14)
    assert found.total_points == pytest.approx(sum(entry.points for entry in found.contributions))
    # The longest axis is that of T2: 5 SD times 2 = 10 on the logit; 100 points, so 0.1 a point.
    assert found.logit_per_point == pytest.approx(0.1, abs=1e-14)
    assert found.contributions[0].points_range == pytest.approx((100.0, 0.0))
    assert found.contributions[0].points == pytest.approx(60.0)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_not_a_number_names_the_feature(package: ModelPackage, value: float) -> None:
    with pytest.raises(InputError, match="t2_original_glcm_Contrast"):
        predict(package, USUAL | {"t2_original_glcm_Contrast": value})


def test_a_missing_feature_is_named(package: ModelPackage) -> None:
    with pytest.raises(InputError, match="t1_original_firstorder_Mean and 1 more"):
        predict(package, {"t2_original_glcm_Contrast": 3.0})


def test_a_value_outside_the_training_range_warns(package: ModelPackage) -> None:
    found = predict(package, USUAL | {"t2_original_glcm_Contrast": 4.2})
    assert not found.abstained
    assert not predict(package, USUAL | {"t2_original_glcm_Contrast": 4.09}).warnings  # less than 5 % of the range
    assert len(found.warnings) == 1 and "t2_original_glcm_Contrast is 4.2, outside the 2 to 4" in found.warnings[0]


def test_features_that_do_not_go_together_warn_although_each_is_in_range(package: ModelPackage) -> None:
    """z = (2, -2, 0) with correlation 0.5: distance sqrt(8 / 0.5) = 4; each alone would be only 2."""
    together = {
        "t1_original_firstorder_Mean": 119.0,
        "t2_original_firstorder_Mean": 162.0,
        "t2_original_glcm_Contrast": 3.0,
    }
    found = predict(package, together)
    assert found.distance == pytest.approx(3.8, abs=1e-12)  # z = (1.9, -1.9, 0)
    assert not found.abstained and any("together" in text for text in found.warnings)


def test_a_case_unlike_the_training_cases_gets_no_number(package: ModelPackage) -> None:
    far = {"t1_original_firstorder_Mean": 145.0, "t2_original_firstorder_Mean": 200.0, "t2_original_glcm_Contrast": 3.0}
    found = predict(package, far)
    assert found.abstained and "distance 5.20" in found.reason
    assert found.probability is None and found.interval is None and found.class_name is None
    assert found.contributions[0].feature == "t1_original_firstorder_Mean"


def test_far_outside_one_range_abstains_and_names_the_feature(package: ModelPackage) -> None:
    found = predict(package, USUAL | {"t2_original_glcm_Contrast": 6.1})
    assert found.abstained


def test_clinical_values_are_numbers_or_words_that_the_model_knows(tmp_path, model) -> None:
    from spinemets.models.classification import clinical_values

    model["variables"] = [
        {"name": "age", "description": "age", "unit": "years"},
        {"name": "mass", "description": "soft-tissue mass", "values": {"no": 0, "yes": 1}},
    ]
    package = write_package(model, {}, tmp_path / "clinical.spinemets")
    assert clinical_values(package, {"age": "61", "mass": "yes", "other": 3}) == {"age": 61.0, "mass": 1.0}
    with pytest.raises(InputError, match=r"age: is missing and the model .* give age \(age\)"):
        clinical_values(package, {"mass": "no"})
    assert _word(package, "mass", 1.0) == "yes" and _word(package, "mass", 0.5) == _word(package, "age", 1.0) == ""
    with pytest.raises(InputError, match="mass: is 'maybe', which is not one of no, yes, or a number"):
        clinical_values(package, {"age": 61, "mass": "maybe"})


@pytest.mark.parametrize("kind", ["continuous", "score"])
def test_a_percentile_is_the_share_of_training_cases_below(kind: str) -> None:
    """Against scipy.stats.percentileofscore on the cases themselves, of which a package keeps 21 quantiles."""
    from scipy.stats import percentileofscore

    generator = np.random.default_rng(4)
    cases = generator.gamma(2.0, 3.0, 400) if kind == "continuous" else generator.integers(0, 2, 400).astype(float)
    shares = np.linspace(0, 1, 21)
    quantiles = np.quantile(cases, shares)
    told = [percentile_of(float(value), shares.tolist(), quantiles.tolist()) for value in cases]
    true = [percentileofscore(cases, value, "mean") for value in cases]
    assert np.abs(np.subtract(told, true)).max() < 2.6
    assert percentile_of(cases.min() - 1, shares.tolist(), quantiles.tolist()) == 0
    assert percentile_of(cases.max() + 1, shares.tolist(), quantiles.tolist()) == 100


def test_quantiles_that_fall_or_do_not_fit_are_refused(tmp_path, model) -> None:
    count = len(model["features"])
    for values in ([[0.0, 1.0]] * (count - 1), [[1.0, 0.0]] * count):
        model["training"]["feature_quantiles"] = {"shares": [0.0, 1.0], "values": values}
        with pytest.raises(InputError, match="feature_quantiles"):
            write_package(model, {}, tmp_path / "refused.spinemets")
    model["training"]["feature_quantiles"] = {"shares": [0.0, 1.0], "values": [[0.0, 10.0]] * count}
    package = write_package(model, {}, tmp_path / "quantiles.spinemets")
    found = predict(package, dict.fromkeys(package.features, 2.5))
    assert [entry.as_json()["percentile"] for entry in found.contributions] == [25.0] * count
