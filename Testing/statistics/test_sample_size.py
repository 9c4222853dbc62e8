"""How many patients a study needs. Truth: the tests of R's pmsampsize 1.1.3, and its simulation of C statistics."""

from __future__ import annotations

import pytest

from spinemets.errors import InputError
from spinemets.statistics.sample_size import events_per_variable, r2_of_auc, sample_size


@pytest.mark.parametrize(
    ("parameters", "prevalence", "r2", "cases", "per_parameter"),
    [
        (24, 0.174, 0.288, (623, 662, 221, 662), 4.8),
        (24, 0.174, 0.55, (255, 532, 221, 532), 3.86),
        (36, 0.174, 0.288, (934, 992, 221, 992), 4.79),
        (24, 0.25, 0.288, (623, 590, 289, 623), 6.49),
    ],
)
def test_riley(parameters, prevalence, r2, cases, per_parameter):
    found = sample_size(parameters, prevalence, r2)
    assert (found.by_shrinkage, found.by_r2, found.by_prevalence, found.cases) == cases
    assert found.events_per_parameter == pytest.approx(per_parameter, abs=0.006)


@pytest.mark.parametrize(("auc", "prevalence", "r2"), [(0.71, 0.05, 0.028), (0.8, 0.1, 0.111), (0.7, 0.3, 0.103),
                                                       (0.9, 0.1, 0.216)])  # fmt: skip
def test_auc_to_r2(auc, prevalence, r2):
    assert r2_of_auc(auc, prevalence) == pytest.approx(r2, abs=1e-3)
    assert sample_size(10, prevalence, auc=auc).r2 == r2_of_auc(auc, prevalence)


def test_r2_of_an_auc_is_what_a_fit_to_many_cases_has():
    import numpy as np
    from scipy.stats import norm

    from spinemets.statistics.logistic import logistic_regression

    rng = np.random.default_rng(1)
    y = np.repeat([0, 1], [140_000, 60_000])
    score = rng.normal(np.sqrt(2) * norm.ppf(0.8) * y, 1)
    fit = logistic_regression(y, score)
    assert r2_of_auc(0.8, 0.3) == pytest.approx(1 - np.exp((fit.deviance - fit.null_deviance) / len(y)), abs=0.003)


def test_events_are_those_of_the_rarer_class():
    """Li 2023: 49 and 49 patients, 4 variables in the nomogram: 12.25; 2818 candidates: 0.017."""
    labels = [0] * 49 + [1] * 49
    assert events_per_variable(labels, 4).estimate == 12.25
    assert events_per_variable(labels, 2818).estimate == pytest.approx(0.01738821859474805)
    assert events_per_variable([1, 1, 1, 0], 2).events == 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sample_size(0, 0.2, 0.1), "parameters"),
        (lambda: sample_size(5, 1.2, 0.1), "prevalence"),
        (lambda: sample_size(5, 0.2, 0.1, shrinkage=1), "shrinkage"),
        (lambda: sample_size(5, 0.2), "either r2 or auc"),
        (lambda: sample_size(5, 0.2, 0.1, 0.8), "either r2 or auc"),
        (lambda: sample_size(5, 0.05, 0.4), "between 0 and 0.328"),
        (lambda: sample_size(5, 0.2, auc=0.5), "between 0.5 and 1"),
        (lambda: events_per_variable([0, 1], 0), "variables"),
        (lambda: events_per_variable([1, 1], 2), "both classes"),
    ],
)
def test_bad_input_is_told(call, words):
    with pytest.raises(InputError, match=words):
        call()
