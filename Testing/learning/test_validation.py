"""Estimates are honest on noise, show the optimism of publishing, and do not depend on how many workers there were."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

from learning.cohorts import cohort, for_recipe
from spinemets.errors import InputError
from spinemets.learning.performance import auc_interval, auc_within, nogueira_stability, performance
from spinemets.learning.recipes import find_recipe, find_recipes
from spinemets.learning.validation import Study, validate
from spinemets.statistics.calibration import concordance

RECIPES = [recipe.name for recipe in find_recipes()]


def quick(name: str, **validation: int | float) -> dict:
    """A recipe's practical profile, with the parts that only cost time made small."""
    content = copy.deepcopy(find_recipe(name).with_profile("practical").content)
    for step in content["steps"]:
        if step["step"] == "forward-selection":
            step["repeats"], step["folds"] = 4, 5
        if "trees" in step:
            step["trees"] = 30
    content["validation"] = {"folds": 5, "repeats": 1, **validation}
    return content


def nested(result) -> float:
    return result.estimates["nested"]["auc"]["estimate"]


def test_on_noise_the_published_procedure_looks_good_and_the_nested_one_does_not():
    """Choosing features on all cases makes noise look like a good model."""
    content, seen, published = quick("osteoblastic-vs-osteolytic/demonstration"), [], []
    for seed in range(4):
        _, result = validate(cohort(seed, positive=20, negative=20, features=150), content, seed)
        seen.append(nested(result))
        published.append(result.estimates["cross_validated"]["auc"]["estimate"])
    assert np.mean(seen) == pytest.approx(0.5, abs=0.1)
    assert min(seen) > 0.25 and max(seen) < 0.75
    assert np.mean(published) > 0.75


@pytest.mark.slow
def test_forward_selection_on_noise_gives_the_accuracy_of_the_paper():
    """78 cases of 321 features without any effect: the paper reports 0.782."""
    content = quick("osteoblastic-vs-osteolytic/radiomics", folds=10)
    content["steps"][1] |= {"repeats": 20, "folds": 10}
    found = [validate(cohort(seed, features=321), content, seed)[1].estimates for seed in range(3)]
    assert np.mean([entry["cross_validated"]["accuracy"]["estimate"] for entry in found]) > 0.75
    assert 0.35 < np.mean([entry["nested"]["auc"]["estimate"] for entry in found]) < 0.65


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_twenty_cohorts_without_effect(name):
    """Mean nested AUC near a half, none far from it, for every recipe."""
    content = quick(name)
    areas = [nested(validate(for_recipe(content, seed, 0.0), content, seed)[1]) for seed in range(20)]
    assert 0.45 <= np.mean(areas) <= 0.55, areas
    assert min(areas) >= 0.25 and max(areas) <= 0.75, areas


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_an_effect_is_found_by_every_recipe(name):
    """Three independent features 1 SD apart: the best score of all has an AUC of Phi(sqrt(3 / 2)) = 0.89."""
    content = quick(name)
    table = for_recipe(content, 7, 1.0, positive=60, negative=60)
    _, result = validate(table, content, 7)
    real = set(table.names[:3])
    assert len(real & set(result.method["features"])) >= 2
    assert 0.70 <= nested(result) <= 0.93


def test_an_effect_is_found_and_the_nested_estimate_is_near_the_truth():
    """The best linear score of three independent features 1 SD apart has an AUC of Phi(sqrt(3 / 2)) = 0.89."""
    content = quick("lung-vs-other/radiomics")
    table = cohort(3, positive=100, negative=100, features=24, effect=1.0)
    _, result = validate(table, content, 3)
    assert set(table.names[:3]) <= set(result.method["features"])
    assert 0.82 < nested(result) < 0.93
    low, high = result.estimates["nested"]["auc"]["interval"]
    assert low < 0.89 < high
    for name in table.names[:3]:
        assert result.stability["share_of_folds"][name] == 1.0


def test_the_same_on_one_and_on_several_workers():
    content = quick("myeloma-vs-metastasis/radiomics", folds=3, bootstrap=2, split=0.3) | {"balance": True}
    table = cohort(1, effect=0.8, features=20)
    results = [validate(table, content, 11, workers=workers)[1].as_json() for workers in (1, 2)]
    assert json.dumps(results[0]) == json.dumps(results[1])
    assert json.dumps(results[0]) != json.dumps(validate(table, content, 12)[1].as_json())


def test_a_result_holds_all_that_a_report_draws():
    content = quick("metastasis-vs-primary/nomogram", folds=3, bootstrap=2)
    table = for_recipe(content, 2, 0.8, features=12)
    _, result = validate(table, content, 2, permutations=1)
    told = json.loads(json.dumps(result.as_json(), allow_nan=False))
    assert set(told["estimates"]) == {"apparent", "cross_validated", "nested", "optimism_corrected"}
    assert told["estimates"]["nested"]["permutation"]["permutations"] == 1
    assert f"p {told['estimates']['nested']['permutation']['p']:.3g} of 1 permutations; " in result.describe() + "; "
    assert len(told["nested"]) == len(told["labels"]) == len(told["case_names"]) == 78
    # Each fold's own probabilities, put back by its number, are those of the cases.
    own = np.empty(78)
    for record in told["records"]:
        own[np.array(told["folds"][record["repeat"]]) == record["fold"]] = record["probabilities"]
    assert own == pytest.approx(told["nested"])
    lasso = told["method"]["lasso"]
    assert len(lasso["penalties"]) == len(lasso["error"]) == len(lasso["coefficients"])
    assert lasso["error"][lasso["minimum"]] == pytest.approx(min(lasso["error"]))
    assert {"rad_score"} == set(told["method"]["scores"])
    # The linear formula gives the apparent probabilities.
    linear = told["method"]["linear"]
    odds = linear["intercept"] + sum(
        entry["coefficient"] * table.values[:, table.names.index(entry["name"])] for entry in linear["features"]
    )
    assert 1 / (1 + np.exp(-odds)) == pytest.approx(told["apparent"])


def test_no_patient_is_on_both_sides():
    """With each patient twice, copies across folds would make noise predictable."""
    single = cohort(4, features=30)
    twice = {name: np.concatenate([getattr(single, name)] * 2) for name in ("labels", "values")}
    table = type(single)(
        **{**vars(single), **twice, "patients": single.patients * 2, "lesions": ("a",) * 78 + ("b",) * 78}
        | {"rows": tuple(range(2, 158))}
    )
    content = quick("myeloma-vs-metastasis/radiomics")
    _, result = validate(table, content, 4)
    assert np.array_equal(result.folds[:, :78], result.folds[:, 78:])
    assert nested(result) < 0.75
    loose = type(single)(**{**vars(table), "patients": tuple(f"q{n}" for n in range(156))})
    assert nested(validate(loose, content, 4)[1]) > 0.8


def test_too_few_patients_for_the_folds():
    content = quick("metastasis-vs-primary/signature")
    with pytest.raises(InputError, match="has 4 patients of class metastasis for 5 folds"):
        validate(cohort(0, positive=4), content, 0)


def test_a_score_that_parts_few_cases_without_fault():
    """As published, its odds ratio would have no end; the practical profile goes on, honestly."""
    name = "metastasis-vs-primary/nomogram"
    published = find_recipe(name).with_profile("paper").content
    table = for_recipe(published, 3, 2.5, positive=15, negative=15)
    with pytest.raises(InputError, match=r"score rad_score: separates the classes without fault.*; add cases, or give"):
        validate(table, published, 3)
    method, result = validate(table, quick(name), 3)
    assert np.abs(method[-1].coefficients_).max() < 10
    assert 0.75 < nested(result) <= 1


def test_auc_within_folds_is_not_fooled_by_what_differs_between_folds():
    """Each fold's model knows only its own share of positives: pooled, cases look ordered the wrong way."""
    rng = np.random.default_rng(0)
    labels = rng.permutation(np.repeat([0, 1], 50))
    fold_of = rng.integers(0, 10, 100)
    share = np.array([labels[fold_of != fold].mean() for fold in range(10)])[fold_of]
    assert concordance(labels == 1, share) < 0.4
    assert auc_within(labels, share[np.newaxis], fold_of[np.newaxis]) == 0.5


def test_performance_counts_what_it_says():
    labels = np.array([1, 1, 1, 0, 0])
    told = performance(labels, np.array([0.9, 0.8, 0.1, 0.2, 0.7]), np.array([True, True, False, False, True]), "x")
    assert told["auc"]["estimate"] == pytest.approx(4 / 6)
    assert told["sensitivity"]["of"] == [2, 3] and told["specificity"]["of"] == [1, 2]
    assert told["ppv"]["of"] == [2, 3] and told["npv"]["of"] == [1, 2] and told["accuracy"]["of"] == [3, 5]


def test_auc_intervals_cover_the_truth():
    """Normal scores 1.19 SD apart have an AUC of 0.8: about 95 of 100 intervals hold it."""
    generator, held = np.random.default_rng(4), 0
    labels = np.arange(50) % 2
    for _ in range(300):
        low, high = auc_interval(concordance(labels == 1, generator.normal(size=50) + 1.1902 * labels), 25, 25)
        held += low <= 0.8 <= high
    assert 0.92 <= held / 300 <= 0.99
    low, high = auc_interval(1.0, 24, 24)
    assert 0.85 < low < 0.97 and high == 1.0


def test_stability_is_one_for_the_same_choice_and_none_for_random_ones():
    same = np.tile([True, False, True, False], (5, 1))
    assert nogueira_stability(same) == pytest.approx(1.0)
    random = np.random.default_rng(0).random((400, 40)) < 0.25
    assert nogueira_stability(random) == pytest.approx(0.0, abs=0.02)


def test_shuffled_labels_stay_with_their_patient():
    from spinemets.learning.validation import _shuffled_labels

    table = cohort(0, positive=10, negative=10, features=6)
    patients = np.repeat(np.arange(10), 2)
    study = Study.of(quick("metastasis-vs-primary/signature"), table)
    study = Study(study.recipe, study.columns, table.values, np.repeat(np.arange(10) % 2, 2), patients)
    for labels in _shuffled_labels(study, 5, 1):
        assert np.array_equal(labels[::2], labels[1::2]) and labels.sum() == 10
