"""Recipes: a pipeline is data, one YAML file a method, `QUESTION/METHOD.yaml`; own files work as shipped ones do."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spinemets.dce.wanted import DYNAMIC_ROLE, HOT_SPOT_VALUES, Kinetics
from spinemets.errors import InputError
from spinemets.models.schema_files import read_schema
from spinemets.models.structure import StructureError, check_structure
from spinemets.yaml_files import read_yaml

RECIPES_FOLDER = Path(__file__).parent / "recipes"
PROFILES = ("paper", "practical")
CLASSIFIERS = ("logistic", "lasso", "svm", "forest", "boosting", "chaid", "published-tree")
Content = dict[str, Any]


@dataclass(frozen=True)
class Recipe:
    """A pipeline as data.

    name : `QUESTION/METHOD`. content : the file as read, checked against the schema `recipe`; the positive class comes
    first in `classes`, `extraction` holds keyword arguments of `spinemets.features.extraction.extract_features`.
    """

    name: str
    path: Path
    content: Content

    @property
    def title(self) -> str:
        """One line for a list."""
        return str(self.content["title"])

    @property
    def positive_class(self) -> str:
        """The class whose probability is given."""
        return str(self.content["classes"][0])

    def with_profile(self, profile: str) -> Recipe:
        """The recipe with the changes of a profile; every parameter then stands where it belongs.

        Raises
        ------
        InputError : an unknown profile.
        """
        if profile not in PROFILES:
            raise InputError("profile", f"is {profile!r}", f"choose one of {', '.join(PROFILES)}")
        content = copy.deepcopy(self.content)
        changes = content.pop("profiles", {}).get(profile, {})
        for step in all_steps(content["steps"]):
            step.update(changes.get("steps", {}).get(step["step"], {}))
        content["validation"].update(changes.get("validation", {}))
        if "resamples" in changes:
            content["resamples"] = changes["resamples"]
        return Recipe(self.name, self.path, content)


def read_recipe(path: Path | str) -> Recipe:
    """Read and check one recipe file.

    Raises
    ------
    InputError : it cannot be read, is not YAML, has a key twice, or breaks a rule of the schema; the line is named.
    """
    path = Path(path)
    content, node = read_yaml(path, "choose a recipe from `spinemets recipes`")
    recipe = Recipe(f"{path.parent.name}/{path.stem}", path, content)
    try:
        _check(recipe)
    except StructureError as error:
        line = _line_of(str(error), node)
        remedy = "correct it; `spinemets schema recipe` prints what a recipe may hold"
        raise InputError(f"{path}, line {line}", str(error), remedy) from error
    return recipe


def find_recipes(folder: Path = RECIPES_FOLDER) -> list[Recipe]:
    """All recipes of a folder, sorted by name."""
    return [read_recipe(path) for path in sorted(Path(folder).glob("*/*.yaml"))]


def find_recipe(name_or_path: str | os.PathLike[str]) -> Recipe:
    """A shipped recipe by its name, or the file at a path.

    Raises
    ------
    InputError : there is none; the message lists those that there are.
    """
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        return read_recipe(path)
    shipped = RECIPES_FOLDER / f"{path.as_posix()}.yaml"
    if not shipped.is_file():
        names = ", ".join(recipe.name for recipe in find_recipes())
        raise InputError(name_or_path, "is neither a recipe nor a YAML file", f"choose one of {names}")
    return read_recipe(shipped)


def all_steps(steps: list[Content]) -> Iterator[Content]:
    """The steps and those inside their parts."""
    for step in steps:
        yield step
        for part in step.get("parts", ()):
            yield from all_steps(part.get("steps", []))


def _check(recipe: Recipe) -> None:
    """The schema, then what a schema cannot say."""
    content = recipe.content
    check_structure(content, read_schema("recipe"))
    for place, steps in _chains(content["steps"], "steps"):
        for number, step in enumerate(steps):
            last = number == len(steps) - 1
            if (step["step"] in CLASSIFIERS) != last:
                told = "is no classifier, and the last step must be one" if last else "is a classifier before the end"
                raise StructureError(f"{place}[{number}].step {told}")
    if content["threshold"]["method"] == "boundary" and content["steps"][-1]["step"] != "svm":
        raise StructureError("threshold.method is boundary, which only a support vector machine has")
    images, variables = content["extraction"] is not None, bool(content.get("variables"))
    _check_kinetics(content)
    if images and not content["roles"]:
        raise StructureError("roles is empty though there are features to extract")
    if not images and not variables:
        raise StructureError("variables is missing, and without extraction there is nothing to learn from")
    for profile in content.get("profiles", {}):
        _check_profile(recipe, profile)


def _check_kinetics(content: Content) -> None:
    """What is measured of the dynamic series must be asked for, and have a place to go."""
    kinetics = Kinetics.of_recipe(content)
    if kinetics is None:
        return
    named = {entry["name"] for entry in content.get("variables", ())}
    if DYNAMIC_ROLE not in content["roles"]:
        raise StructureError(f"roles has no {DYNAMIC_ROLE}, whose kinetics are measured")
    if kinetics.maps and content["extraction"] is None:
        raise StructureError("extraction is null though the maps of the kinetics are measured with it")
    if kinetics.hot_spot and not named & set(HOT_SPOT_VALUES):
        raise StructureError(f"variables has none of {', '.join(HOT_SPOT_VALUES)}, which kinetics.hot_spot measures")


def _check_profile(recipe: Recipe, profile: str) -> None:
    names = {step["step"] for step in all_steps(recipe.content["steps"])}
    for name in recipe.content["profiles"][profile].get("steps", {}):
        if name not in names:
            raise StructureError(f"profiles.{profile}.steps.{name} is not a step of this recipe")
    try:
        check_structure(recipe.with_profile(profile).content, read_schema("recipe"))
    except StructureError as error:
        raise StructureError(f"profiles.{profile} makes the recipe wrong: {error}") from error


def _chains(steps: list[Content], place: str) -> Iterator[tuple[str, list[Content]]]:
    yield place, steps
    for number, step in enumerate(steps):
        for index, part in enumerate(step.get("parts", ())):
            if part.get("steps"):
                yield from _chains(part["steps"], f"{place}[{number}].parts[{index}].steps")


def _line_of(message: str, node: Any) -> int:
    """Line of the place that a message begins with, such as `steps[2].folds`; of its parent when it is missing."""
    if node is None:
        return 1
    line = int(node.start_mark.line) + 1
    for name, index in re.findall(r"([A-Za-z_][\w-]*)|\[(\d+)\]", message.split(" ")[0]):
        if node.id == "mapping" and name:
            found = {key.value: (key, value) for key, value in node.value}.get(name)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif node.id == "sequence" and index and int(index) < len(node.value):
            node = node.value[int(index)]
            line = node.start_mark.line + 1
        else:
            break
    return line
