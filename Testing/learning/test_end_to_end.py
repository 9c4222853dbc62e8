"""Each recipe from simulated images to a package, by the commands that a user gives: what the lesions truly differ in
is found, and the honest estimate is about what the simulation allows."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from learning.image_cohorts import FIRST_SEED, write_image_cohort
from spinemets.cli.app import run
from spinemets.learning.recipes import find_recipe
from spinemets.models.package import ModelPackage
from spinemets.models.prediction import predict
from spinemets.phantom.cohort import draw_lesion
from spinemets.statistics.roc import auc


@dataclass(frozen=True)
class Way:
    """A recipe's cohort. `truth`: a field of the lesion that differs between the classes; `sign`: of that in the
    positive class; `variables`: clinical columns with an effect, of which one must be used; `floor`: what the nested
    AUC may lose against that of the truth."""

    recipe: str
    cases: int
    truth: str
    sign: int
    second_readings: int = 0
    variables: tuple[str, ...] = ()
    floor: float = 0.25


WAYS = [
    Way("metastasis-vs-primary/clinical", 160, "necrosis", -1, variables=("age", "signal", "boundaries"), floor=0.35),
    Way("osteoblastic-vs-osteolytic/semantic", 80, "bone", 1, variables=("t1_signal", "t2_signal", "fs_t2_signal")),
    *(
        pytest.param(way, marks=pytest.mark.slow)
        for way in (
            Way("malignant-vs-osteoporotic/radiomics", 40, "fat", -1, second_readings=10),
            Way("osteoblastic-vs-osteolytic/radiomics", 50, "bone", 1),
            Way("metastasis-vs-primary/signature", 50, "necrosis", -1, second_readings=15),
            Way("metastasis-vs-primary/nomogram", 50, "necrosis", -1, second_readings=15, variables=("age",)),
            Way("myeloma-vs-metastasis/radiomics", 50, "rim", -1),
        )
    ),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.recipe)
def test_from_images_to_a_package(way: Way, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = find_recipe(way.recipe).content
    question = content["question"]
    table = write_image_cohort(tmp_path / "cohort", question, tuple(content["roles"]), way.cases, way.second_readings)
    features = table
    if content["extraction"]:
        features = tmp_path / "features.csv"
        assert run(["extract", str(table), "--recipe", way.recipe, "--out", str(features), "--workers", "1"]) == 0
        capsys.readouterr()
    out = tmp_path / "own.spinemets"
    command = ["train", str(features), "--recipe", way.recipe, "--out", str(out), "--workers", "1", "--json"]
    assert run([*command, "--leave-out-constant", "--progress", "none"]) == 0
    told = json.loads(capsys.readouterr().out)
    truth = np.array([draw_lesion(question, n % 2, FIRST_SEED + n)[1][way.truth] for n in range(way.cases)], float)
    labels = np.arange(way.cases) % 2
    possible = auc(labels, way.sign * truth).estimate
    _check_estimates(told["estimates"], possible, way)
    page = Path(told["report"]).read_text(encoding="utf-8")
    for kind in ("nested", "cross_validated"):
        assert f"{told['estimates'][kind]['auc']['estimate']:.2f}" in page
    assert "As published" in page and "Nested" in page
    package = ModelPackage.read(out)
    assert package.simulated
    _check_features(package, features, truth, way)


def _check_estimates(estimates: dict, possible: float, way: Way) -> None:
    """The nested AUC is no better than the truth itself, but for chance, and not much worse."""
    nested, published = (estimates[kind]["auc"]["estimate"] for kind in ("nested", "cross_validated"))
    assert 0.85 < possible < 0.99
    assert possible - way.floor < nested < possible + 0.05
    assert published > nested - 0.03


def _check_features(package: ModelPackage, features: Path, truth: np.ndarray, way: Way) -> None:
    """The strongest image features of the model follow what was simulated; clinical ones are used where they tell."""
    with features.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row.get("reader") != "second"]
    variables = {entry["name"]: entry.get("values", {}) for entry in package.model.get("variables", ())}
    cases = [
        {name: float(variables.get(name, {}).get(row[name], row[name])) for name in package.features} for row in rows
    ]
    used = [name for name in package.features if name in way.variables]
    assert used or not way.variables
    images = [name for name in package.features if name not in variables]
    follows = {name: abs(spearmanr([case[name] for case in cases], truth).statistic) for name in images}
    assert not images or max(follows.values()) > 0.5, follows
    odds = [predict(package, case).logit_at_zero_points for case in cases]
    assert np.isfinite(odds).all()
