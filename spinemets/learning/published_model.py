"""The published tree of Lang 2019 as a model package: nothing is fitted, every number stands in the paper.

    python -m spinemets.learning.published_model [--second max_se] [--out FILE] --overwrite

The counts are those of the cases that the tree was made from; the paper has no cross-validated estimate of it, so the
package has none. Ranges and spread of the variables are those of Table 1; their correlation is not published.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from spinemets.learning.packaging import INTENDED_USE, software
from spinemets.learning.performance import performance
from spinemets.learning.recipes import find_recipe
from spinemets.models.lang_tree import (
    EVERYBODY,
    LUNG,
    OTHER,
    SAID_LUNG,
    SAID_OTHER,
    SECOND_VARIABLES,
    in_ratios,
    lang_2019_tree,
)
from spinemets.models.package import SHIPPED_FOLDER, SUFFIX, write_package

NAME = "lung-vs-other-lang-2019"
RECIPE = "lung-vs-other/published-tree"
# Table 1: mean and SD in lung metastases and in the others; enhancement as ratio to the signal before contrast.
TABLE_1 = {
    "wash_in": ((1.46, 0.60), (1.42, 0.76)),
    "max_se": ((2.43, 0.89), (2.20, 1.09)),
    "wash_out": ((0.25, 10.0), (-9.8, 12.9)),
}
RANGE_SDS = 2.0
# Square roots of the 97.5 % quantile of chi-square with 2 degrees of freedom, and twice that.
WARN_DISTANCE, ABSTAIN_DISTANCE = 2.716, 5.432
WORDS = {"wash_in": "wash-in (abstract and Fig. 6)", "max_se": "maximum enhancement (text of the results)"}


def published_model(second: str = "wash_in") -> dict[str, Any]:
    """model.json of the published tree.

    Parameters
    ----------
    second : variable of the second split, which the paper names in two ways: "wash_in" or "max_se".

    Raises
    ------
    InputError : another second variable.
    """
    tree = in_ratios(lang_2019_tree(second))
    recipe = find_recipe(RECIPE)
    content = {key: value for key, value in recipe.content.items() if key != "decided"}
    content["steps"] = [{"step": "published-tree", "second": second}]
    names = ["wash_out", second]
    mean, sd, low, high = (np.array(each) for each in zip(*(_pooled(name) for name in names)))
    labels, shares = published_cases()
    estimate = performance(labels, shares, shares >= 0.5, "as published, on the cases that the tree was made from")
    return {
        "schema_version": 1,
        "name": NAME if second == "wash_in" else f"{NAME}-{second.replace('_', '-')}",
        "title": f"Lung or other metastasis, the published tree of Lang 2019; second split by {WORDS[second]}",
        "question": "lung-vs-other",
        "recipe": {"name": RECIPE, **content},
        "classes": [LUNG, OTHER],
        "positive_class": LUNG,
        "inputs": [{"role": role, "description": told} for role, told in content["roles"].items()],
        "features": names,
        "preprocessing": {"kind": "standardise", "mean": mean.tolist(), "sd": sd.tolist()},
        "classifier": {"kind": "decision-tree", "tree": tree.as_json()},
        "performance": {"apparent": estimate},
        "calibration": {
            "method": "none published: the shares are those of the cases that the tree was made from",
            "intercept": 0.0,
            "slope": 1.0,
            "brier": float(np.mean(np.square(shares - labels))),
        },
        "threshold": {"value": 0.5, "method": "the class of most cases in the leaf"},
        "out_of_distribution": {
            "covariance": np.eye(2).tolist(),
            "shrinkage": 1.0,
            "warn_distance": WARN_DISTANCE,
            "abstain_distance": ABSTAIN_DISTANCE,
            "range_warn": 0.1,
            "range_abstain": 1.0,
            "method": "mean and SD of Table 1; the correlation is not published and taken for 0; chi-square quantile, "
            "abstention at twice its root",
        },
        "training": {
            "description": "The patients of Lang et al. 2019, by the counts that the paper prints. It does not tell "
            "how the cases are shared by the two leaves that say other, so both carry those of all 42; ranges are "
            f"{RANGE_SDS:g} SD about the means of Table 1.",
            "cases": int(sum(EVERYBODY)),
            "patients": int(sum(EVERYBODY)),
            "class_counts": {LUNG: int(EVERYBODY[0]), OTHER: int(EVERYBODY[1])},
            "feature_ranges": {"low": low.tolist(), "high": high.tolist()},
        },
        "software": software(),
        "seed": 0,
        "licence": "facts from a publication; the package as SpineMets",
        "intended_use": f"{INTENDED_USE} Other scanners, agents and timing than the paper's give other numbers: "
        "validate it on cases of your own first.",
        "simulated": False,
    }


def published_cases() -> tuple[np.ndarray, np.ndarray]:
    """Labels and the leaf's share of lung of the paper's 61 cases, remade from its counts."""
    labels, shares = [], []
    for lung, other in (SAID_LUNG, SAID_OTHER):
        labels += [1] * int(lung) + [0] * int(other)
        shares += [lung / (lung + other)] * int(lung + other)
    return np.array(labels), np.array(shares)


def _pooled(name: str) -> tuple[float, float, float, float]:
    """Mean and SD of all cases, and a usual range, from those of the two classes."""
    counts, (means, sds) = np.array(EVERYBODY), np.array(TABLE_1[name]).T
    mean = float(counts @ means / counts.sum())
    squares = float(((counts - 1) @ sds**2 + counts @ (means - mean) ** 2) / (counts.sum() - 1))
    low, high = float((means - RANGE_SDS * sds).min()), float((means + RANGE_SDS * sds).max())
    # Enhancement is not below nothing.
    return mean, squares**0.5, low if name == "wash_out" else max(low, 0.0), high


def main(arguments: list[str] | None = None) -> None:
    """Write the package."""
    parser = argparse.ArgumentParser(
        prog="python -m spinemets.learning.published_model", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--second", choices=SECOND_VARIABLES, default="wash_in")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--overwrite", action="store_true")
    given = parser.parse_args(arguments)
    model = published_model(given.second)
    out = given.out or SHIPPED_FOLDER / f"{model['name']}{SUFFIX}"
    package = write_package(model, {}, out, given.overwrite)
    sys.stdout.write(f"{package.path}: {package.model['title']}\n")


if __name__ == "__main__":
    main()
