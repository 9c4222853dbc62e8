"""`spinemets recipes`, `models`, `schema`: what there is to choose from, and the form of what is written."""

from __future__ import annotations

from typing import Annotated

from spinemets.cli.options import AsJson
from spinemets.cli.parsing import typer


def recipes(as_json: AsJson = False) -> None:
    """List the recipes: pipelines as data, one file each."""
    from spinemets.cli.reporting import print_json, print_table
    from spinemets.learning.recipes import find_recipes

    found = find_recipes()
    if as_json:
        print_json([{"name": recipe.name, "path": str(recipe.path), **recipe.content} for recipe in found])
        return
    print_table("", ["recipe", "title"], [[recipe.name, recipe.title] for recipe in found])


def models(as_json: AsJson = False) -> None:
    """List the model packages in the search path.

    First the folders in the variable SPINEMETS_MODELS, then the models that come with SpineMets.
    """
    from spinemets.cli.reporting import print_json, print_line, print_table
    from spinemets.errors import InputError
    from spinemets.models.package import ModelPackage, find_packages

    packages, refusals = [], []
    for path in find_packages():
        try:
            packages.append(ModelPackage.read(path))
        except InputError as error:  # One bad package must not hide the others.
            refusals.append(str(error))
    if as_json:
        print_json([package.card for package in packages])
        return
    rows = [
        [
            package.name,
            package.question,
            ", ".join(package.roles),
            "simulated cases: not a diagnosis" if package.simulated else package.card["intended_use"],
            str(package.path),
        ]
        for package in packages
    ]
    print_table("", ["model", "question", "series", "trained on", "file"], rows)
    for refusal in refusals:
        print_line(f"refused: {refusal}")


def schema(
    name: Annotated[str, typer.Argument(help="Which schema: model, result, ...", show_default=False)],
) -> None:
    """Print the JSON schema of a file that SpineMets reads or writes."""
    import json
    from pathlib import Path

    import spinemets
    from spinemets.cli.reporting import print_json

    files = {
        path.name.removesuffix(".schema.json"): path
        for path in sorted(Path(spinemets.__file__).parent.glob("*/schemas/*.schema.json"))
    }
    if name not in files:
        raise typer.BadParameter(f"there is no schema {name!r}; there are: {', '.join(files)}")
    print_json(json.loads(files[name].read_text(encoding="utf-8")))
