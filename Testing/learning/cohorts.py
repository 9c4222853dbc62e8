"""Feature tables of simulated cases: correlated as radiomics features are, with a known effect or none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spinemets.learning.feature_table import FeatureTable

FAMILIES = 12


def cohort(
    seed: int,
    positive: int = 26,
    negative: int = 52,
    features: int = 60,
    effect: float = 0.0,
    affected: int = 3,
    roles: Sequence[str] = ("t1",),
    variables: Sequence[str] = (),
    variable_effect: float = 0.0,
) -> FeatureTable:
    """Features in families that share a hidden cause (correlation .64 within a family on the average); the first
    `affected`, each of another family, differ by `effect` of their SD between the classes.
    """
    rng = np.random.default_rng([seed, 5])
    labels = rng.permutation(np.repeat([1, 0], [positive, negative]))
    cases = len(labels)
    hidden = rng.normal(size=(cases, FAMILIES))
    values = 0.8 * hidden[:, np.arange(features) % FAMILIES] + 0.6 * rng.normal(size=(cases, features))
    values[:, :affected] += effect * labels[:, None]
    names = [f"{roles[n % len(roles)]}_original_firstorder_F{n}" for n in range(features)]
    if variables:
        drawn = rng.normal(size=(cases, len(variables))) + variable_effect * labels[:, None]
        values, names = np.column_stack([values, np.round(drawn)]), [*names, *variables]
    return FeatureTable(
        path=Path("simulated.csv"),
        rows=tuple(range(2, cases + 2)),
        patients=tuple(f"p{n}" for n in range(cases)),
        lesions=("",) * cases,
        labels=labels,
        names=tuple(names),
        values=values,
        of_image=np.arange(len(names)) < features,
    )


def for_recipe(content: dict, seed: int, effect: float, **options: int) -> FeatureTable:
    """A table with the columns that a recipe asks for."""
    variables = [entry["name"] for entry in content.get("variables", ())]
    images = content["extraction"] is not None
    features = options.pop("features", 60)
    table = cohort(
        seed,
        features=features if images else 1,
        effect=effect,
        roles=list(content["roles"]) or ["t1"],
        variables=variables,
        variable_effect=effect if not images else 0.0,
        **options,
    )
    if images:
        return table
    kept = ~table.of_image
    return FeatureTable(
        **{
            **vars(table),
            "names": tuple(variables),
            "values": table.values[:, kept],
            "of_image": table.of_image[kept],
        }
    )
