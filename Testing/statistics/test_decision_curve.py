"""What a model is worth at a threshold. Truth: R's dcurves on its tutorial's table, and a definition in R."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from reference_numbers import columns, numbers

from spinemets.errors import InputError
from spinemets.statistics.decision_curve import decision_curve

TRUTH = numbers("logistic")["dca"]
# dcurves 0.3 (R): threshold, everybody, cancerpredmarker, family history, interventions avoided by family history.
PUBLISHED = [
    (0.01, 0.13131313131313133, 0.13243097643097645, 0.030774410774410774, -995.3333333333334),
    (0.05, 0.09473684210526317, 0.1055438596491228, 0.025614035087719297, -131.33333333333337),
    (0.1, 0.04444444444444445, 0.08740740740740742, 0.018518518518518517, -23.333333333333353),
    (0.2, -0.07499999999999998, 0.06733333333333334, 0.001666666666666667, 30.666666666666657),
    (0.35, -0.32307692307692315, 0.050153846153846146, -0.03333333333333334, 53.809523809523824),
    (0.45, -0.5636363636363636, 0.02824242424242425, -0.06727272727272726, 60.666666666666664),
]


@pytest.mark.parametrize(("table", "curve"), [("valprob", "model"), ("logistic_pred", "model")])
def test_net_benefit(table, curve):
    data = columns(table)
    wanted = "model" if table == "logistic_pred" else "model_recal"
    found = decision_curve(data["y"], data["p"], TRUTH["thresholds"])
    assert found.model == pytest.approx(np.array(TRUTH[wanted]), abs=1e-12)
    assert found.all == pytest.approx(np.array(TRUTH["all"]), abs=1e-11)


@pytest.mark.real_data
def test_tutorial(shared_data):
    with (shared_data / "dca_table" / "dca.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    y, marker, family = (
        np.array([float(row[name]) for row in rows]) for name in ("cancer", "cancerpredmarker", "famhistory")
    )
    at, everybody, by_marker, by_family, avoided = np.transpose(PUBLISHED)
    assert decision_curve(y, marker, at).model == pytest.approx(by_marker, abs=1e-12)
    found = decision_curve(y, family, at)
    assert found.all == pytest.approx(everybody, abs=1e-12)
    assert found.model == pytest.approx(by_family, abs=1e-12)
    assert found.avoided == pytest.approx(avoided, abs=1e-9)


def test_a_case_at_the_threshold_is_acted_on():
    assert decision_curve([0, 1], [0.2, 0.5], [0.5]).model == pytest.approx([0.5])
    assert decision_curve([0, 1], [0.2, 0.5], [0.51]).model == pytest.approx([0])


def test_prevalence_of_a_case_control_study():
    """Given its prevalence, the curve of chosen cases is that of the population they were chosen from."""
    rng = np.random.default_rng(0)
    y = (rng.random(4000) < 0.1).astype(int)
    p = np.clip(rng.normal(0.2 + 0.2 * y, 0.1), 0, 1)
    keep = (y == 1) | (np.cumsum(y == 0) % 9 == 0)
    whole, chosen = decision_curve(y, p, [0.1, 0.2]), decision_curve(y[keep], p[keep], [0.1, 0.2], y.mean())
    assert chosen.model == pytest.approx(whole.model, abs=0.01)
    assert chosen.all == pytest.approx(whole.all, abs=1e-12)


def test_words():
    data = columns("valprob")
    assert "between 0.01 and" in str(decision_curve(data["y"], data["p"]))
    assert "nowhere" in str(decision_curve([0, 1, 0, 1], [0.9, 0.1, 0.9, 0.1], [0.3, 0.6]))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: decision_curve([0, 1], [0.2, 1.5]), "case 2 is 1.5"),
        (lambda: decision_curve([0, 1], [0.2, 0.5], [0.5, 1]), "threshold"),
        (lambda: decision_curve([0, 1], [0.2, 0.5], prevalence=0), "prevalence"),
        (lambda: decision_curve([1, 1], [0.2, 0.5]), "both classes"),
    ],
)
def test_bad_input_is_told(call, words):
    with pytest.raises(InputError, match=words):
        call()
