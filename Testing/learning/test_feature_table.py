"""Which columns of a table are features: those measured on images and the variables that a recipe names, no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from spinemets.learning.feature_table import read_feature_table
from spinemets.learning.recipes import Recipe, find_recipes
from spinemets.phantom.cohort import draw_lesion
from spinemets.studies.cohort import Case, Cohort

ALL = find_recipes()


@pytest.mark.parametrize("scored", ["in words", "in numbers"])
@pytest.mark.parametrize("recipe", ALL, ids=lambda recipe: recipe.name)
def test_the_readings_of_a_cohort_are_no_features_of_its_images(recipe: Recipe, scored: str, tmp_path: Path) -> None:
    """A reader's `t1_signal` begins as a feature of the series t1 does: learned from, no new case would have it."""
    content = recipe.content
    variables = {entry["name"]: entry.get("values") for entry in content.get("variables", ())}
    images = [f"{role}_original_firstorder_Mean" for role in content["roles"]] if content["extraction"] else []
    rows = []
    for number in range(12):
        clinical = draw_lesion(content["question"], number % 2, number)[2]
        clinical |= {name: number for name in variables if name not in clinical}
        if scored == "in numbers":
            clinical = {name: value if variables.get(name) else number for name, value in clinical.items()}
        rows.append(Case(f"p{number}", label=f"{number % 2}", clinical=clinical | dict.fromkeys(images, number / 7)))
    Cohort(tuple(rows)).write(tmp_path / "table.csv")
    table = read_feature_table(tmp_path / "table.csv", content, leave_out_constant=True)
    assert set(table.names) == {*images, *variables}
    assert [name for name, of in zip(table.names, table.of_image, strict=True) if of] == images
