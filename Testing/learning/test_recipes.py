"""Recipes are read with errors that name the file and the line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spinemets.errors import InputError
from spinemets.learning.demonstration import questions
from spinemets.learning.recipes import PROFILES, RECIPES_FOLDER, all_steps, find_recipe, find_recipes, read_recipe
from spinemets.models.schema_files import read_schema

PUBLISHED = {
    "lung-vs-other/hotspot-logistic",
    "lung-vs-other/hotspot-tree",
    "lung-vs-other/published-tree",
    "lung-vs-other/radiomics",
    "malignant-vs-osteoporotic/radiomics",
    "metastasis-vs-primary/clinical",
    "metastasis-vs-primary/nomogram",
    "metastasis-vs-primary/signature",
    "myeloma-vs-metastasis/radiomics",
    "myeloma-vs-metastasis/radiomics-axial",
    "myeloma-vs-metastasis/radiomics-coronal",
    "myeloma-vs-metastasis/radiomics-sagittal",
    "osteoblastic-vs-osteolytic/radiomics",
    "osteoblastic-vs-osteolytic/semantic",
}
CLINICAL = (RECIPES_FOLDER / "metastasis-vs-primary" / "clinical.yaml").read_text(encoding="utf-8")


def test_every_published_method_has_a_recipe_of_its_question():
    found = {recipe.name: recipe for recipe in find_recipes()}
    assert set(found) == PUBLISHED | {f"{question}/demonstration" for question in questions()}
    for recipe in found.values():
        question = recipe.content["question"]
        assert recipe.name.startswith(f"{question}/")
        assert recipe.positive_class == question.split("-vs-")[0]  # the positive class comes first
        for profile in PROFILES:
            json.dumps(recipe.with_profile(profile).content)


def test_the_schema_is_one_for_other_programs_too():
    jsonschema = pytest.importorskip("jsonschema")
    schema = read_schema("recipe")
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for recipe in find_recipes():
        validator.validate(recipe.content)
    wrong = json.loads(json.dumps(find_recipe("metastasis-vs-primary/clinical").content))
    wrong["steps"][0]["alpha"] = 2
    assert not validator.is_valid(wrong)


def test_the_published_procedure_of_each_paper_is_in_its_recipe():
    """Numbers of the publications that a changed default would silently replace."""
    paper = find_recipe("osteoblastic-vs-osteolytic/radiomics").with_profile("paper").content
    forward = paper["steps"][1]
    assert (forward["folds"], forward["repeats"], forward["tolerance"], forward["racing"]) == (10, 1000, 1e-6, False)
    fracture = find_recipe("malignant-vs-osteoporotic/radiomics").content
    assert fracture["balance"] and fracture["validation"]["split"] == 0.3
    assert [step.get("threshold") for step in fracture["steps"][:3]] == [0.75, None, 0.99]
    signature = list(all_steps(find_recipe("metastasis-vs-primary/nomogram").content["steps"]))
    assert {"step": "univariate", "test": "anova", "alpha": 0.05, "k": 679} in signature
    forest = find_recipe("lung-vs-other/radiomics").content["steps"][1]
    assert (forest["trees"], forest["sample"]) == (500, 0.6)


def test_profile_changes_what_it_names_only():
    recipe = find_recipe("osteoblastic-vs-osteolytic/radiomics")
    paper, practical = (recipe.with_profile(name).content for name in PROFILES)
    assert practical["steps"][1]["racing"] and not paper["steps"][1]["racing"]
    assert practical["steps"][2] == paper["steps"][2]
    assert "profiles" in recipe.content and "profiles" not in paper
    with pytest.raises(InputError, match="choose one of paper, practical"):
        recipe.with_profile("fast")


def test_own_recipes_work_the_same(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text(CLINICAL, encoding="utf-8")
    assert find_recipe(path).content == find_recipe("metastasis-vs-primary/clinical").content


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title: Meta", "title: [Meta", r"mine\.yaml: is not YAML in line"),
        ("title: Meta", "title: One\ntitle: Meta", r"mine\.yaml, line \d+: title stands in line \d+ already; keep one"),
        ("alpha: 0.05", "alpha: 5", r"line 18: steps\[0\]\.alpha is above 1"),
        ("alpha: 0.05", "alhpa: 0.05", r"line 18: steps\[0\]\.alhpa is not a known key"),
        ("step: logistic", "step: logistics", r"line 19: steps\[1\]\.step is not one of standardise"),
        ("  - {step: logistic, ridge: 0}", "", r"steps\[0\]\.step is no classifier"),
        ("folds: 10", "folds: 1", r"line 23: validation\.folds is below 2"),
        ("question: ", "quest: ", r"line 1: question is missing"),
        ("method: youden", "method: boundary", r"line 20: threshold\.method is boundary"),
        ("variables:", "extra:", r"extra is not a known key"),
        ("      logistic: {ridge: 1.0}", "      svm: {C: 2}", r"line 31: profiles\.practical\.steps\.svm"),
    ],
)
def test_line_of_a_mistake_is_named(tmp_path: Path, old: str, new: str, message: str):
    path = tmp_path / "mine.yaml"
    assert old in CLINICAL
    path.write_text(CLINICAL.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=message) as fault:
        read_recipe(path)
    assert str(path) in str(fault.value)


def test_recipe_that_is_not_there(tmp_path: Path):
    with pytest.raises(InputError, match="cannot be read"):
        read_recipe(tmp_path / "absent.yaml")
    with pytest.raises(InputError, match=r"choose one of .*lung-vs-other/hotspot-logistic, "):
        find_recipe("lung-vs-other/radiomcis")


def test_how_many_features_may_be_a_number_or_several(tmp_path: Path):
    text = (RECIPES_FOLDER / "metastasis-vs-primary" / "signature.yaml").read_text(encoding="utf-8")
    assert "k: 679}" in text
    mine = tmp_path / "mine.yaml"
    mine.write_text(text.replace("k: 679}", "k: [40, 160, 679], folds: 5}"), encoding="utf-8")
    assert read_recipe(mine).content["steps"][2]["k"] == [40, 160, 679]
    for wrong in ("k: [40]}", "k: [0, 40]}", "k: [40, many]}", "k: 0}"):
        mine.write_text(text.replace("k: 679}", wrong), encoding="utf-8")
        with pytest.raises(InputError, match="line"):
            read_recipe(mine)
