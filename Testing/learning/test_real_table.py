"""Real test-retest features: 15 prostates, imaged twice, tumour and normal tissue outlined in each (QIN-PROSTATE)."""

from __future__ import annotations

import copy
import csv
from pathlib import Path

import numpy as np
import pytest

from spinemets.learning.feature_table import FeatureTable, read_feature_table
from spinemets.learning.recipes import find_recipe
from spinemets.learning.selectors import AgreementFilter
from spinemets.learning.validation import validate

SOURCE = (
    Path(__file__).parents[3]
    / "shared/data/radiomics_qin_prostate/EvalData/pyRadiomicsFeatures_biasCorrectedT2AX_FullStudySettings_3D_bin10.csv"
)
TISSUES = {"TumorROI_PZ_1": "malignant", "NormalROI_PZ_1": "osteoporotic"}
pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not SOURCE.exists(), reason="needs ../shared/data/radiomics_qin_prostate"),
]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> FeatureTable:
    """The table as a feature table: the second visit is a second reading. Tumour stands in for the positive class."""
    path = tmp_path_factory.mktemp("qin") / "features.csv"
    with SOURCE.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter=";") if row["segmentedStructure"] in TISSUES]
    names = [name for name in rows[0] if name.startswith(("original_", "wavelet"))]
    visits: dict[str, list[str]] = {}
    for row in rows:
        patient, study = row["study"].split("_", 1)
        if study not in visits.setdefault(patient, []):
            visits[patient] = sorted([*visits[patient], study])
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "lesion", "reader", "label", *(f"t2_{name}" for name in names)])
        # First visits first: they are learned from.
        for row in sorted(rows, key=lambda row: row["study"].split("_", 1)[1]):
            patient, study = row["study"].split("_", 1)
            visit = f"visit {visits[patient].index(study) + 1}"
            tissue = row["segmentedStructure"]
            writer.writerow([patient, tissue, visit, TISSUES[tissue], *(row[name] for name in names)])
    content = find_recipe("malignant-vs-osteoporotic/radiomics").content
    return read_feature_table(path, content, leave_out_constant=True)


def test_both_visits_are_compared(table: FeatureTable) -> None:
    # 24 regions of 15 patients, of which 18 were outlined at both visits.
    assert len(set(table.patients)) == 15 and len(table.labels) == 24
    assert table.ratings is not None and table.ratings.shape[:2] == (18, 2)
    found = AgreementFilter(table.ratings).fit(table.values)
    assert 0 < found.get_support().sum() < len(table.names)
    for number in range(0, len(table.names), 97):
        assert found.icc_[number] == pytest.approx(_icc_of_anova(table.ratings[:, :, number]), rel=1e-6, abs=1e-9)


def _icc_of_anova(ratings: np.ndarray) -> float:
    """ICC(2,1) from the mean squares of statsmodels' two-way analysis of variance."""
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    n, k = ratings.shape
    frame = pd.DataFrame(
        {"y": ratings.ravel(), "lesion": np.repeat(np.arange(n), k), "visit": np.tile(np.arange(k), n)}
    )
    frame["y"] /= np.abs(ratings).max()
    table = anova_lm(ols("y ~ C(lesion) + C(visit)", frame).fit())
    squares = (table["sum_sq"] / table["df"]).to_numpy()
    lesions, visits, rest = squares
    return (lesions - rest) / (lesions + (k - 1) * rest + k * (visits - rest) / n)


def test_tumour_is_told_from_normal_tissue_of_other_patients(table: FeatureTable) -> None:
    content = copy.deepcopy(find_recipe("malignant-vs-osteoporotic/radiomics").content)
    content["validation"] = {"folds": 5, "repeats": 1}
    _, result = validate(table, content, 1)
    for patient in set(table.patients):
        rows = [n for n, name in enumerate(table.patients) if name == patient]
        assert len(set(result.folds[0, rows].tolist())) == 1
    assert result.estimates["nested"]["auc"]["estimate"] > 0.7
    stable = dict(zip(table.names, np.asarray(result.method["icc"], float)))
    assert all(stable[name] > 0.75 for name in result.method["features"])
