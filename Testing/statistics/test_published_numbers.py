"""The tables of published papers on spinal lesions, from their own counts."""

from __future__ import annotations

import numpy as np
import pytest
from reference_numbers import numbers

from spinemets.statistics.association import chi_square, fisher_exact, t_test
from spinemets.statistics.proportions import proportion, table_of_counts

ROWS = {row["id"]: row for row in numbers("published_numbers")}
MEASURES = {"sens": "sensitivity", "spec": "specificity", "ppv": "ppv", "npv": "npv", "acc": "accuracy"}


def rows(*starts):
    return [name for name in ROWS if name.startswith(starts)]


def rounded_alike(found, printed, digits):
    """Whether a number is what was printed, to the last digit."""
    return abs(found - printed) <= 0.5001 * 10**-digits


@pytest.mark.parametrize("name", rows("S0.T3"))
def test_chi_square_of_signs(name):
    """Yates' correction where the default puts it."""
    row = ROWS[name]
    found = chi_square(row["inputs"]["table"])
    assert rounded_alike(found.statistic, row["published"]["chi2"], 3)
    assert found.method in row["verdict"]


@pytest.mark.parametrize("name", [n for n in rows("S2.T1") if "table" in ROWS[n]["inputs"]])
def test_categories(name):
    row = ROWS[name]
    found = {
        "pearson": chi_square(row["inputs"]["table"], "no").p,
        "yates": chi_square(row["inputs"]["table"], "yes").p,
        "fisher": fisher_exact(row["inputs"]["table"]).p,
    }
    for test, p in found.items():
        assert p == pytest.approx(row["recomputed"][test], abs=1e-5)
        if test in row["verdict"]:
            assert rounded_alike(p, row["published"], 2 if row["published"] in (0.84, 0.33) else 3)


def sample(mean, sd, size):
    """Values of this very mean and standard deviation."""
    z = np.linspace(-1, 1, size)
    return mean + sd * (z - z.mean()) / z.std(ddof=1)


@pytest.mark.parametrize("name", [n for n in rows("S2.T1", "S3.T1") if "table" not in ROWS[n]["inputs"]])
def test_measurements(name):
    row = ROWS[name]
    m1, s1, n1, m2, s2, n2 = row["inputs"]["m1,s1,n1,m2,s2,n2"]
    groups = sample(m1, s1, n1), sample(m2, s2, n2)
    pooled, welch = t_test(*groups, equal_variances=True), t_test(*groups)
    assert pooled.p == pytest.approx(row["recomputed"]["p_pooled"], rel=1e-9)
    assert welch.p == pytest.approx(row["recomputed"]["p_welch"], rel=1e-9)
    assert pooled.statistic == pytest.approx(row["recomputed"]["t"], rel=1e-9)
    # Printed means are rounded, and so is p: what they leave open is given where it matters.
    for name, result in (("p_pooled", pooled), ("p_welch", welch)):
        if name in row["verdict"]:
            low, high = row["recomputed"].get(f"p_range_under_rounding_{name[2:]}", (result.p, result.p))
            assert low - 5e-4 <= row["published"] <= high + 5e-4


@pytest.mark.parametrize("name", rows("S0.T4", "S3.CHAID"))
def test_diagnostic_tables(name):
    row = ROWS[name]
    counts = [row["inputs"][key] for key in ("TP", "FP", "TN", "FN")]
    found = table_of_counts(*counts)
    scale = 100 if row["published"]["sens"] > 1 else 1
    for short, measure in MEASURES.items():
        # The paper cut 0.7869 to 0.79 where it printed three digits elsewhere.
        digits = 2 if row["published"][short] == 0.79 else 3 if scale == 1 else 1
        assert rounded_alike(scale * getattr(found, measure).estimate, row["published"][short], digits)


@pytest.mark.parametrize("name", rows("S1.T2"))
def test_implied_tables(name):
    row = ROWS[name]
    ((tp, fn, tn, fp),) = row["recomputed"]["solutions_TP_FN_TN_FP"]
    found = table_of_counts(tp, fp, tn, fn)
    for short, measure in MEASURES.items():
        assert rounded_alike(getattr(found, measure).estimate, row["published"][short], 4)


@pytest.mark.parametrize("name", [n for n in rows("S2.T2") if "sens" in ROWS[n]["inputs"]])
def test_sensitivity_specificity_accuracy(name):
    row = ROWS[name]
    (tp, sick), (tn, well) = row["inputs"]["sens"], row["inputs"]["spec"]
    found = [proportion(*pair).estimate * 100 for pair in ((tp, sick), (tn, well), (tp + tn, sick + well))]
    assert found == pytest.approx(row["recomputed"]["sens_spec_acc"], abs=0.006)
    assert all(rounded_alike(value, printed, 0) for value, printed in zip(found, row["published"]))
