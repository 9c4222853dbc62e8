"""From a fitted method and its validation to model.json: numbers that `spinemets.models` applies with numpy alone.

Everything is JSON, forests and boosted trees too: a few hundred small trees are less than a megabyte when zipped, need
neither a converter nor a runtime, and give the same numbers to the last digit.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import spinemets
from spinemets.dce.wanted import DYNAMIC_ROLE, measured_variables
from spinemets.errors import InputError
from spinemets.learning.chaid import ChaidClassifier
from spinemets.learning.classifiers import (
    BalancedClassifier,
    SupportVectorClassifier,
    fit_by_patient,
    logistic_ridge,
)
from spinemets.learning.feature_table import FeatureTable
from spinemets.learning.folds import patient_sample
from spinemets.learning.linear_form import linear_form
from spinemets.learning.methods import chosen_columns, variable_names, with_fixed_choice
from spinemets.learning.published_tree import PublishedTree
from spinemets.learning.results import ValidationResult
from spinemets.models.prediction import mahalanobis

Array = NDArray[np.float64]
Content = Mapping[str, Any]
RESAMPLES = 200
GUARD = {"shrinkage": 0.2, "warn_quantile": 0.975, "abstain_factor": 2.0, "range_warn": 0.1, "range_abstain": 1.0}
LEAST = 1e-6
# Quantiles of each feature that a package keeps: enough for a percentile, and no case can be told from them.
SHARES = np.linspace(0.0, 1.0, 21)
INTENDED_USE = "Research use only. Not a medical device; not for diagnosis or treatment."
SIMULATED_USE = "To show the program on simulated studies. It has seen no patient and must not be used on one."


@dataclass(frozen=True)
class ModelNotes:
    """What a package says of itself beside the numbers."""

    name: str
    recipe_name: str
    description: str
    licence: str = "as its maker decides"
    simulated: bool = False


def build_model(
    method: Any, result: ValidationResult, table: FeatureTable, notes: ModelNotes, seed: int
) -> dict[str, Any]:
    """model.json of a fitted method.

    Raises
    ------
    InputError : the method chose nothing, or is of a kind that a package cannot hold.
    """
    recipe = result.recipe
    columns = chosen_columns(method)
    if not len(columns):
        raise InputError("model", "uses no feature: none says anything of the label", "nothing was written")
    names = [table.names[n] for n in columns]
    chosen = table.values[:, columns]
    mean, sd = chosen.mean(axis=0), chosen.std(axis=0)
    positive, negative = recipe["classes"]
    classifier, mean, sd = _classifier(method, result, table, columns, mean, sd, seed)
    images = [name for name, of in zip(names, table.of_image[columns]) if of]
    measured = measured_variables(recipe)
    roles = {
        role: told
        for role, told in recipe["roles"].items()
        if any(n.startswith(f"{role}_") for n in images) or (role == DYNAMIC_ROLE and measured & set(names))
    }
    variables = [entry for entry in recipe.get("variables", ()) if entry["name"] in set(names) - measured]
    content = {key: value for key, value in recipe.items() if key != "decided"}
    return {
        "schema_version": 1,
        "name": notes.name,
        "title": recipe["title"],
        "question": recipe["question"],
        "recipe": {"name": notes.recipe_name, **content},
        "classes": list(recipe["classes"]),
        "positive_class": positive,
        "inputs": [{"role": role, "description": told} for role, told in roles.items()],
        **({"variables": variables} if variables else {}),
        "features": names,
        "preprocessing": {"kind": "standardise", "mean": mean.tolist(), "sd": sd.tolist()},
        "classifier": classifier,
        "performance": {
            name: {key: value for key, value in entry.items() if key != "permutation"}
            for name, entry in result.estimates.items()
        },
        "calibration": calibration_of(result),
        "threshold": {
            "value": float(np.clip(result.threshold, LEAST, 1 - LEAST)),
            "method": _THRESHOLDS[recipe["threshold"]["method"]],
        },
        "out_of_distribution": out_of_distribution((chosen - mean) / sd, recipe.get("out_of_distribution", GUARD)),
        "training": {
            "description": notes.description,
            "cases": len(table.labels),
            "patients": len(set(table.patients)),
            "class_counts": {positive: int(np.sum(table.labels == 1)), negative: int(np.sum(table.labels == 0))},
            "feature_ranges": {"low": chosen.min(axis=0).tolist(), "high": chosen.max(axis=0).tolist()},
            "feature_quantiles": {
                "shares": SHARES.tolist(),
                "values": np.maximum.accumulate(np.quantile(chosen, SHARES, axis=0)).T.tolist(),
            },
            "stability": {name: result.stability["share_of_folds"].get(name, 0.0) for name in names},
        },
        "software": software(),
        "seed": result.seed,
        "licence": notes.licence,
        "intended_use": SIMULATED_USE if notes.simulated else INTENDED_USE,
        "simulated": notes.simulated,
    }


_THRESHOLDS = {
    "fixed": "fixed beforehand by the recipe",
    "youden": "highest sensitivity + specificity of the training cases",
    "boundary": "the support vector machine's own boundary",
}


def model_name(stem: str) -> str:
    """A file's stem as the name of a model: small letters, digits, points and hyphens."""
    return re.sub(r"[^a-z0-9.-]+", "-", stem.lower()).strip(".-")[:100] or "model"


def calibration_of(result: ValidationResult) -> dict[str, Any]:
    """Intercept and slope of label on logit(nested probability), and Brier score; nothing is corrected with them."""
    beta, _ = _recalibration(result)
    return {
        "method": "of the nested out-of-fold probabilities; the model's probabilities are not corrected with it",
        "intercept": float(beta[0]),
        "slope": float(beta[1]),
        "brier": float(np.mean(np.square(result.nested - result.labels))),
    }


def out_of_distribution(z: Array, guard: Content) -> dict[str, Any]:
    """How far standardised cases (case, feature) lie from the others, and from where on a new one is unlike them."""
    warn = float(np.quantile(left_out_distances(z, guard["shrinkage"]), guard["warn_quantile"]))
    return {
        "covariance": shrunken_covariance(z, guard["shrinkage"]).tolist(),
        "shrinkage": guard["shrinkage"],
        "warn_distance": warn,
        "abstain_distance": guard["abstain_factor"] * warn,
        "range_warn": guard["range_warn"],
        "range_abstain": guard["range_abstain"],
        "method": f"{guard['warn_quantile']} quantile of left-out training cases; "
        f"abstention at {guard['abstain_factor']} times that",
    }


def shrunken_covariance(z: Array, shrinkage: float) -> Array:
    """(1 - shrinkage) covariance of `z` (n, k) + shrinkage identity."""
    covariance = np.cov(z, rowvar=False).reshape(z.shape[1], -1)
    return np.asarray((1 - shrinkage) * covariance + shrinkage * np.eye(z.shape[1]))


def left_out_distances(z: Array, shrinkage: float) -> Array:
    """Distance of each case (n) from the cohort of the others: what a new case of the same kind would have."""
    found = np.empty(len(z))
    for index in range(len(z)):
        others = np.delete(z, index, axis=0)
        found[index] = mahalanobis(shrunken_covariance(others, shrinkage), z[index] - others.mean(axis=0))
    return found


def coefficient_covariance(
    method: Any, table: FeatureTable, columns: NDArray[np.intp], scale: tuple[Array, Array], resamples: int, seed: int
) -> Array:
    """Covariance of (intercept, coefficients on z) over bootstrap samples of the patients (k+1, k+1).

    The features stay as chosen, so the interval of a probability leaves out the uncertainty of the choice itself.
    A sample with fewer than two patients of a class is drawn again. `scale`: mean and SD of z.
    """
    generator = np.random.default_rng(seed)
    patients = np.unique(np.asarray(table.patients), return_inverse=True)[1]
    mean, sd = scale
    fits: list[Array] = []
    while len(fits) < resamples:
        rows = patient_sample(patients, len(table.labels), generator)
        labels = table.labels[rows]
        if min(len(np.unique(patients[rows][labels == code])) for code in (0, 1)) < 2:
            continue
        again = fit_by_patient(with_fixed_choice(method), table.values[rows], labels, patients[rows])
        form = linear_form(again)
        assert form is not None
        kept = form.coefficients[columns]
        fits.append(np.concatenate([[form.intercept + kept @ mean], kept * sd]))
    covariance = np.cov(np.array(fits), rowvar=False)
    return np.asarray((covariance + covariance.T) / 2)


def _classifier(
    method: Any,
    result: ValidationResult,
    table: FeatureTable,
    columns: NDArray[np.intp],
    mean: Array,
    sd: Array,
    seed: int,
) -> tuple[dict[str, Any], Array, Array]:
    """The classifier's numbers, and the mean and SD of the z that they are meant for."""
    form = linear_form(method)
    if form is not None:
        resamples = int(result.recipe.get("resamples", RESAMPLES))
        covariance = coefficient_covariance(method, table, columns, (mean, sd), resamples, seed)
        kept = form.coefficients[columns]
        found: dict[str, Any] = {
            "kind": "logistic",
            "intercept": float(form.intercept + kept @ mean),
            "coefficients": (kept * sd).tolist(),
            "covariance": covariance.tolist(),
            "covariance_method": f"{resamples} bootstrap samples of the patients, features as chosen",
        }
        if "scores" in result.method:
            found["scores"] = result.method["scores"]
        return found, mean, sd
    pipeline = method.estimator_ if isinstance(method, BalancedClassifier) else method
    last = pipeline.steps[-1][1] if isinstance(pipeline, Pipeline) else pipeline
    if isinstance(last, (ChaidClassifier, PublishedTree)):
        names = [table.names[n] for n in _path(pipeline)[0]]
        return {"kind": "decision-tree", "tree": _renamed_tree(last, names, result.recipe["classes"])}, mean, sd
    columns_seen, mean, sd = _path(pipeline)
    assert np.array_equal(columns_seen, columns)
    return {**_nonlinear(last), **_recalibrated(result)}, mean, sd


def _nonlinear(last: Any) -> dict[str, Any]:
    if isinstance(last, SupportVectorClassifier):
        return {
            "kind": "svm",
            "gamma": last.gamma_,
            "support_vectors": last.machine_.support_vectors_.tolist(),
            "dual_coefficients": last.machine_.dual_coef_[0].tolist(),
            "intercept": float(last.machine_.intercept_[0]),
            "slope": last.slope_,
            "offset": last.offset_,
        }
    if isinstance(last, RandomForestClassifier):
        trees = [_tree(tree.tree_, tree.tree_.value[:, 0, 1] / tree.tree_.value[:, 0].sum(axis=1)) for tree in last]
        return {"kind": "trees", "link": "mean", "trees": trees}
    if isinstance(last, GradientBoostingClassifier):
        prior = last.init_.class_prior_[1]
        trees = [_tree(tree.tree_, tree.tree_.value[:, 0, 0]) for tree in last.estimators_[:, 0]]
        initial = float(np.log(prior / (1 - prior)))
        return {"kind": "trees", "link": "log-odds", "initial": initial, "rate": last.learning_rate, "trees": trees}
    raise InputError("model", f"ends in {type(last).__name__}, which a package cannot hold", "choose another last step")


def _tree(tree: Any, value: Array) -> dict[str, Any]:
    leaf = tree.children_left < 0
    return {
        "feature": np.where(leaf, 0, tree.feature).tolist(),
        "threshold": np.where(leaf, 0.0, tree.threshold).tolist(),
        "left": np.where(leaf, -1, tree.children_left).tolist(),
        "right": np.where(leaf, -1, tree.children_right).tolist(),
        "value": value.tolist(),
    }


def _path(pipeline: Pipeline) -> tuple[NDArray[np.intp], Array, Array]:
    """Columns that the last step sees, and the mean and SD that they were standardised with."""
    columns = np.arange(pipeline.n_features_in_)
    mean, sd = np.zeros(len(columns)), np.ones(len(columns))
    for _, step in pipeline.steps[:-1]:
        if isinstance(step, StandardScaler):
            mean, sd = mean + step.mean_ * sd, sd * step.scale_
        elif isinstance(step, SelectorMixin):
            kept = step.get_support()
            columns, mean, sd = columns[kept], mean[kept], sd[kept]
        else:
            told = "a package can hold columns that a classifier made only where the last step is linear"
            raise InputError("model", told, "end the recipe with logistic")
    return columns, mean, sd


def _renamed_tree(last: ChaidClassifier | PublishedTree, names: list[str], classes: list[str]) -> dict[str, Any]:
    """The tree over columns of the table, with the classes of the recipe; the first is the positive one."""
    told = dict(zip(variable_names(last), names))
    tree = last.tree_.as_json()
    nodes = [tree["root"]]
    while nodes:
        node = nodes.pop()
        if "variable" in node:
            node["variable"] = told[node["variable"]]
            nodes += [branch["node"] for branch in node["branches"]]
    # A fitted tree knows the classes as 0 and 1; the published one names them as its recipe does.
    tree["classes"] = [{"0": classes[1], "1": classes[0]}.get(name, name) for name in tree["classes"]]
    return tree


def _recalibrated(result: ValidationResult) -> dict[str, Any]:
    _, covariance = _recalibration(result)
    return {
        "covariance": covariance.tolist(),
        "covariance_method": "of intercept and slope of the labels on the nested out-of-fold log odds: the interval "
        "covers the calibration, not the choice of the model",
    }


def _recalibration(result: ValidationResult) -> tuple[Array, Array]:
    """(intercept, slope) of label on log odds of the nested probabilities, and their covariance (2, 2)."""
    p = np.clip(result.nested, LEAST, 1 - LEAST)
    odds = np.log(p / (1 - p))
    ridge = 1e-3
    beta, _ = logistic_ridge(odds[:, np.newaxis], result.labels, ridge)
    design = np.column_stack([np.ones(len(odds)), odds])
    fitted = expit(design @ beta)
    information = (design.T * (fitted * (1 - fitted))) @ design + np.diag([1e-9, ridge])
    covariance = np.linalg.inv(information)
    return beta, np.asarray((covariance + covariance.T) / 2)


def software() -> dict[str, str]:
    """Versions of what a model depends on."""
    import scipy
    import sklearn

    return {
        "spinemets": spinemets.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
    }
