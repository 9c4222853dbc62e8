"""Recipes: a pipeline is data, one YAML file a method, `QUESTION/METHOD.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spinemets.errors import InputError

RECIPES_FOLDER = Path(__file__).parent / "recipes"
REQUIRED_KEYS = ("title", "question", "classes", "roles", "extraction", "selection", "classifier", "validation")


@dataclass(frozen=True)
class Recipe:
    """A pipeline as data.

    name : `QUESTION/METHOD`. content : the file as read; REQUIRED_KEYS are there, the positive class comes first in
    `classes`, `extraction` holds keyword arguments of `spinemets.features.extraction.extract_features`.
    """

    name: str
    path: Path
    content: dict[str, Any]

    @property
    def title(self) -> str:
        """One line for a list."""
        return str(self.content["title"])


def read_recipe(path: Path) -> Recipe:
    """Read one recipe file.

    Raises
    ------
    InputError : it cannot be read, is not YAML (the line is named), or lacks a key.
    """
    import yaml

    path = Path(path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, f"cannot be read ({error})", "choose a recipe from `spinemets recipes`") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark else ""
        raise InputError(
            path, f"is not YAML{place}", "correct the line; lists and keys need their indentation"
        ) from error
    missing = [key for key in REQUIRED_KEYS if not isinstance(content, dict) or key not in content]
    if missing:
        raise InputError(path, f"lacks {', '.join(missing)}", "add the missing keys, as the shipped recipes have them")
    return Recipe(f"{path.parent.name}/{path.stem}", path, content)


def find_recipes(folder: Path = RECIPES_FOLDER) -> list[Recipe]:
    """All recipes of a folder, sorted by name."""
    return [read_recipe(path) for path in sorted(Path(folder).glob("*/*.yaml"))]
