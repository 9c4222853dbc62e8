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


def test_a_remark_that_begins_with_a_role_is_left_out_and_said(tmp_path: Path) -> None:
    """A column of the reader's own is no measurement; features of filtered images and of maps are."""
    features = {"t1_wavelet-LLH_glcm_Contrast": 0.3, "t1_log-sigma-1-0-mm-3D_shape_Elongation": 0.7}
    features |= {"dce_wash_in_original_haralick_Energy": 0.1}
    remarks = {"t1_remark": 2, "t1_signal_score_2": 3, "dce_minutes": 5, "glcm_t1": 4}
    rows = [
        Case(f"p{n}", label=f"{n % 2}", clinical={name: value + n for name, value in (features | remarks).items()})
        for n in range(8)
    ]
    Cohort(tuple(rows)).write(tmp_path / "table.csv")
    recipe = {"classes": ["a", "b"], "roles": {"t1": "", "dce": ""}, "extraction": {}}
    table = read_feature_table(tmp_path / "table.csv", recipe)
    assert table.names == tuple(features)
    told = "left out, named unlike a feature measured on an image: t1_remark, t1_signal_score_2, dce_minutes"
    assert table.warnings == (told,)


def test_of_many_constant_columns_some_are_named_and_all_are_counted(tmp_path: Path) -> None:
    """Filters leave dozens of features the same in all cases: the report is not a page of their names."""
    names = [f"t1_lbp-2D_glcm_F{n}" for n in range(40)]
    rows = [Case(f"p{n}", label=f"{n % 2}", clinical=dict.fromkeys(names, 1) | {names[7]: n}) for n in range(8)]
    Cohort(tuple(rows)).write(tmp_path / "table.csv")
    recipe = {"classes": ["a", "b"], "roles": {"t1": ""}, "extraction": {}}
    table = read_feature_table(tmp_path / "table.csv", recipe, leave_out_constant=True)
    assert table.names == (names[7],)
    assert table.warnings == (f"left out, the same in all cases: {', '.join(names[:5])} and 34 more",)
