"""A package gives the numbers of the fitted method, whatever kind it is, without the packages that fitted it."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from learning.cohorts import for_recipe
from spinemets.errors import InputError
from spinemets.learning.classifiers import log_odds
from spinemets.learning.packaging import ModelNotes, build_model, left_out_distances, model_name, shrunken_covariance
from spinemets.learning.recipes import find_recipe, find_recipes
from spinemets.learning.validation import validate
from spinemets.models.formulas import contributions
from spinemets.models.formulas import log_odds as packaged_log_odds
from spinemets.models.package import ModelPackage, write_package
from spinemets.models.prediction import mahalanobis, predict

BOOSTING = [
    {"step": "standardise"},
    {"step": "univariate", "k": 5},
    {"step": "boosting", "trees": 12, "max_depth": 2, "learning_rate": 0.1},
]
NOTES = ModelNotes("made", "test", "Simulated numbers.", simulated=True)
KINDS = {recipe.name: None for recipe in find_recipes()} | {
    "boosting": ("myeloma-vs-metastasis/radiomics", BOOSTING),
    "published tree": ("lung-vs-other/hotspot-tree", [{"step": "published-tree", "second": "wash_in"}]),
}


def _content(name: str) -> dict:
    base, steps = KINDS[name] or (name, None)
    content = copy.deepcopy(find_recipe(base).with_profile("practical").content)
    content |= {"validation": {"folds": 3, "repeats": 1}, "resamples": 10}
    content["steps"] = steps or content["steps"]
    if name == "boosting":
        content["threshold"] = {"method": "fixed", "value": 0.5}
    for step in content["steps"]:
        if step["step"] == "forward-selection":
            step["repeats"], step["folds"] = 2, 3
        if "trees" in step:
            step["trees"] = min(20, step["trees"])
    return content


@pytest.mark.parametrize("name", KINDS)
def test_a_package_gives_the_probabilities_of_the_method(tmp_path: Path, name: str):
    content = _content(name)
    table = for_recipe(content, 3, 0.7, features=16, positive=30, negative=30)
    method, result = validate(table, content, 5)
    path = tmp_path / "made.spinemets"
    package = write_package(build_model(method, result, table, NOTES, 5), {}, path)
    columns = [table.names.index(feature) for feature in package.features]
    # New cases too, beyond the range of the training.
    rng = np.random.default_rng(0)
    values = np.concatenate([table.values, table.values * 1.5 + rng.normal(size=table.values.shape)])
    ours = np.array([packaged_log_odds(package.model, row) for row in values[:, columns]])
    assert expit(ours) == pytest.approx(expit(log_odds(method, values)), abs=1e-9)
    assert expit(ours[:60]) == pytest.approx(result.apparent, abs=1e-9)
    first = predict(package, dict(zip(package.features, table.values[0, columns])))
    assert first.abstained or 0 <= first.interval[0] <= first.probability <= first.interval[1] <= 1


def test_prediction_needs_none_of_the_packages_that_trained(tmp_path: Path):
    content = _content("osteoblastic-vs-osteolytic/radiomics")
    table = for_recipe(content, 3, 1.0, features=10)
    method, result = validate(table, content, 5)
    package = write_package(build_model(method, result, table, NOTES, 5), {}, tmp_path / "svm.spinemets")
    columns = [table.names.index(feature) for feature in package.features]
    case = dict(zip(package.features, table.values[0, columns].tolist()))
    code = (
        "import sys, json\n"
        "for name in ('sklearn', 'pandas', 'numba', 'joblib', 'torch'): sys.modules[name] = None\n"
        "from spinemets.models.package import ModelPackage\n"
        "from spinemets.models.prediction import predict\n"
        f"found = predict(ModelPackage.read({str(package.path)!r}), json.loads({json.dumps(case)!r}))\n"
        "print(found.probability)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert float(done.stdout) == pytest.approx(result.apparent[0], abs=1e-6)


def test_contributions_of_a_linear_model_add_up_and_those_of_others_are_against_the_mean(tmp_path: Path):
    for name in ("metastasis-vs-primary/nomogram", "boosting"):
        content = _content(name)
        table = for_recipe(content, 3, 0.7, features=16, positive=30, negative=30)
        method, result = validate(table, content, 5)
        model = build_model(method, result, table, NOTES, 5)
        values = table.values[4, [table.names.index(feature) for feature in model["features"]]]
        found = contributions(model, values)
        if model["classifier"]["kind"] == "logistic":
            total = model["classifier"]["intercept"] + found.sum()
            assert total == pytest.approx(packaged_log_odds(model, values))
        else:
            other = values.copy()
            other[0] = model["preprocessing"]["mean"][0]
            assert found[0] == pytest.approx(packaged_log_odds(model, values) - packaged_log_odds(model, other))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tree: tree["left"].__setitem__(0, 0), "lead nowhere or back"),
        (lambda tree: tree["right"].__setitem__(0, 9999), "lead nowhere or back"),
        (lambda tree: tree["feature"].__setitem__(0, 99), "is not the number of a feature"),
        (lambda tree: tree["value"].pop(), "entries where there are"),
    ],
)
def test_a_tree_that_does_not_end_is_refused(tmp_path: Path, change, message: str):
    content = _content("boosting")
    table = for_recipe(content, 3, 1.0, features=10)
    model = build_model(*validate(table, content, 5), table, NOTES, 5)
    change(model["classifier"]["trees"][0])
    with pytest.raises(InputError, match=message):
        write_package(model, {}, tmp_path / "wrong.spinemets")
    assert not (tmp_path / "wrong.spinemets").exists()


def test_bootstrap_covariance_is_near_the_asymptotic_one(tmp_path: Path):
    content = _content("metastasis-vs-primary/clinical")
    content["resamples"] = 200
    table = for_recipe(content, 1, 0.5, positive=300, negative=300)
    model = build_model(*validate(table, content, 1), table, NOTES, 1)
    z = (table.values - model["preprocessing"]["mean"]) / model["preprocessing"]["sd"]
    columns = [table.names.index(name) for name in model["features"]]
    design = np.column_stack([np.ones(600), z[:, columns] if len(columns) < z.shape[1] else z])
    p = expit(design @ [model["classifier"]["intercept"], *model["classifier"]["coefficients"]])
    asymptotic = np.linalg.inv((design.T * (p * (1 - p))) @ design)
    assert np.diag(model["classifier"]["covariance"]) == pytest.approx(np.diag(asymptotic), rel=0.35)


def test_left_out_distances_are_larger_than_distances_to_the_own_cohort():
    z = np.random.default_rng(6).normal(size=(40, 5))
    covariance = shrunken_covariance(z, 0.1)
    own = np.array([mahalanobis(covariance, row - z.mean(axis=0)) for row in z])
    assert np.all(left_out_distances(z, 0.1) > own)


def test_a_file_name_becomes_the_name_of_a_model():
    assert model_name("My Model_2 (new)") == "my-model-2-new"
    assert model_name("...") == "model"


def test_the_shipped_package_is_of_this_version():
    from spinemets.learning.demonstration import model_of
    from spinemets.models.package import find_package

    package = ModelPackage.read(find_package(model_of("osteoblastic-vs-osteolytic")))
    assert [step["step"] for step in package.model["recipe"]["steps"]][-1] == "logistic"
