"""Recipes are read with errors that name the file and the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from spinemets.errors import InputError
from spinemets.learning.recipes import find_recipes, read_recipe

QUESTIONS = (
    "osteoblastic-vs-osteolytic",
    "malignant-vs-osteoporotic",
    "metastasis-vs-primary",
    "lung-vs-other",
    "myeloma-vs-metastasis",
)


def test_shipped_recipes_belong_to_a_clinical_question():
    found = find_recipes()
    assert [recipe.name for recipe in found] == ["osteoblastic-vs-osteolytic/demonstration"]
    for recipe in found:
        question = recipe.content["question"]
        assert question in QUESTIONS
        assert recipe.name.startswith(f"{question}/")
        assert recipe.content["classes"][0] == question.split("-vs-")[0]  # the positive class comes first


def test_line_of_a_mistake_is_named(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text("title: mine\nroles: [t1\nclasses: a\n")
    with pytest.raises(InputError, match=r"mine\.yaml: is not YAML in line 3"):
        read_recipe(path)


def test_missing_keys_are_named(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text("title: mine\n")
    with pytest.raises(InputError, match="lacks question, classes"):
        read_recipe(path)


def test_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(InputError, match="cannot be read"):
        read_recipe(tmp_path / "absent.yaml")
