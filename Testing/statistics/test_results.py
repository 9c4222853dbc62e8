"""Every result prints itself, and gives data that JSON can hold, whatever numbers are in it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from reference_numbers import columns, matrix

from spinemets import statistics as room
from spinemets.statistics import (
    agreement,
    association,
    calibration,
    decision_curve,
    forest_importance,
    lasso,
    learning_curve,
    logistic,
    nomogram,
    optimism,
    proportions,
    roc,
    sample_size,
)
from spinemets.statistics.result import plain

R, L = columns("roc"), columns("logistic")
X = np.column_stack([L["age"], L["rad"]])
P = columns("valprob")["p"]
RESULTS = {
    "auc": lambda: roc.auc(R["y"], R["perfect"]),
    "bootstrap_auc": lambda: roc.bootstrap_auc(R["y"], R["s1"], 50),
    "roc_curve": lambda: roc.roc_curve(R["y"], R["s1"]),
    "delong_test": lambda: roc.delong_test(R["y"], R["s1"], R["s2"]),
    "unpaired_delong_test": lambda: roc.unpaired_delong_test(R["y"], R["s1"], R["y"], R["s2"]),
    "proportion": lambda: proportions.proportion(0, 0),
    "diagnostic_table": lambda: proportions.diagnostic_table(R["y"], R["s1"], 9.0),
    "table_of_counts": lambda: proportions.table_of_counts(1, 2, 3, 4),
    "mcnemar": lambda: proportions.mcnemar([[5, 1], [2, 5]]),
    "icc": lambda: agreement.icc(matrix("icc_n12_k3_e0.5_b0.4")),
    "cohen_kappa": lambda: agreement.cohen_kappa([1, 2, 1, 2], [1, 2, 2, 2]),
    "fleiss_kappa": lambda: agreement.fleiss_kappa([[1, 2, 1], [2, 2, 2]]),
    "chi_square": lambda: association.chi_square([[5, 1], [2, 5]]),
    "likelihood_ratio": lambda: association.likelihood_ratio([[5, 0], [2, 5]]),
    "fisher_exact": lambda: association.fisher_exact([[5, 0], [2, 5]]),
    "t_test": lambda: association.t_test([1, 2, 3], [2, 3, 5]),
    "mann_whitney": lambda: association.mann_whitney([1, 2, 3], [2, 3, 5]),
    "anova": lambda: association.anova([1, 2, 3], [2, 3, 5], [1, 7]),
    "kruskal": lambda: association.kruskal([1, 2, 3], [2, 3, 5], [1, 7]),
    "correlation": lambda: association.correlation([1, 2, 3, 4], [1, 2, 3, 4]),
    "logistic_regression": lambda: logistic.logistic_regression(L["y"], X),
    "lasso_path": lambda: lasso.lasso_path(L["y"], X, count=10),
    "cross_validated_lasso": lambda: lasso.cross_validated_lasso(L["y"], X, np.arange(98) % 5),
    "calibration": lambda: calibration.calibration(L["y"], P),
    "calibration_curve": lambda: calibration.calibration_curve(L["y"], P),
    "hosmer_lemeshow": lambda: calibration.hosmer_lemeshow(L["y"], P),
    "bootstrap_validation": lambda: optimism.bootstrap_validation(L["y"], X, repetitions=20),
    "decision_curve": lambda: decision_curve.decision_curve(L["y"], P),
    "nomogram": lambda: nomogram.nomogram(["age", "rad"], [0.1, 1], [(10, 90), (-2, 2)]),
    "forest_importance": lambda: forest_importance.forest_importance(L["y"], X, trees=5),
    "learning_curve": lambda: learning_curve.learning_curve(L["y"], X, repetitions=3),
    "events_per_variable": lambda: sample_size.events_per_variable(L["y"], 3),
    "sample_size": lambda: sample_size.sample_size(5, 0.3, auc=0.8),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_prints_and_is_json(name):
    result = RESULTS[name]()
    told = str(result)
    assert told and "\n" not in told
    assert "array(" not in told and "np.float64" not in told
    back = json.loads(json.dumps(result.as_json(), allow_nan=False))
    assert back == result.as_json()


def test_the_rooms_docstring_lists_what_there_is():
    assert all(f"`{name}`" in room.__doc__ for name in RESULTS)


def test_what_json_cannot_hold():
    assert plain(float("nan")) is None
    assert plain([np.inf, -np.inf, np.int64(3), np.array([1.5, np.nan])]) == ["inf", "-inf", 3, [1.5, None]]
