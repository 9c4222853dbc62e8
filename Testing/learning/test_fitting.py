"""The estimates that a model package shows: honest on noise, and equal to what others compute."""

from __future__ import annotations

import json

import numpy as np
import pytest

from spinemets.learning import fitting
from spinemets.learning.accuracy import auc, auc_interval, wilson_interval
from spinemets.learning.fitting import FitParameters

QUICK = FitParameters(repeats=2, resamples=60)


def noise(seed: int, effect: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """40 cases of 150 features, five of which differ between the classes by `effect` SD."""
    generator = np.random.default_rng(seed)
    labels = np.arange(40) % 2
    values = generator.normal(5.0, 2.0, (40, 150))
    values[:, :5] += 2.0 * effect * labels[:, None]
    return values, labels


def test_on_noise_only_the_nested_estimate_is_honest() -> None:
    """Choosing features on all cases makes noise look like a good model; nested, its AUC is a half."""
    nested, published = [], []
    for seed in range(12):
        values, labels = noise(seed)
        nested.append(auc(labels, fitting.out_of_fold(values, labels, QUICK, seed, nested=True)))
        published.append(auc(labels, fitting.out_of_fold(values, labels, QUICK, seed, nested=False)))
    assert np.mean(nested) == pytest.approx(0.5, abs=0.08)
    assert np.mean(published) > 0.75


def test_an_effect_is_found_and_the_same_seed_gives_the_same_model() -> None:
    values, labels = noise(3, effect=1.5)
    first, second = (fitting.fit_signature(values, labels, QUICK) for _ in range(2))
    assert set(first.columns.tolist()) & set(range(5))
    assert np.array_equal(first.columns, second.columns) and np.array_equal(first.coefficients, second.coefficients)
    estimates = [fitting.out_of_fold(values, labels, QUICK, 7, nested=True) for _ in range(2)]
    assert np.array_equal(*estimates) and auc(labels, estimates[0]) > 0.8


def test_the_ridge_logistic_model_is_that_of_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    values, labels = noise(1, effect=0.8)
    z = (values[:, :4] - values[:, :4].mean(axis=0)) / values[:, :4].std(axis=0)
    reference = LogisticRegression(C=1 / 2.0, tol=1e-12, max_iter=10000).fit(z, labels)
    found = fitting.logistic_ridge(z, labels, 2.0)
    assert found == pytest.approx([reference.intercept_[0], *reference.coef_[0]], abs=1e-6)


def test_perfectly_separated_cases_do_not_break_the_fit() -> None:
    labels = np.arange(20) % 2
    assert np.all(np.isfinite(fitting.logistic_ridge((labels * 1000.0 - 500.0)[:, None], labels, 2.0)))


def test_auc_is_that_of_scikit_learn_with_ties() -> None:
    from sklearn.metrics import roc_auc_score

    generator = np.random.default_rng(2)
    labels, scores = generator.integers(0, 2, 60), generator.integers(0, 7, 60) / 7
    assert auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-14)


def test_intervals_are_those_of_the_literature() -> None:
    """Wilson: Newcombe 1998 (Stat Med 17:857), 81 of 263: 0.2553 to 0.3662, and 0 of 20: 0 to 0.1611."""
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    low, high = auc_interval(1.0, 24, 24)
    assert 0.85 < low < 0.97 and high == 1.0
    low, high = auc_interval(0.8, 30, 30)
    assert 0.66 < low < 0.70 and 0.87 < high < 0.90
    mirrored = auc_interval(0.2, 30, 30)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=0.01)


def test_auc_intervals_cover_the_truth() -> None:
    """Normal scores 1.19 SD apart have an AUC of 0.8: about 95 of 100 intervals hold it."""
    generator = np.random.default_rng(4)
    labels = np.arange(50) % 2
    held = 0
    for _ in range(300):
        low, high = auc_interval(auc(labels, generator.normal(size=50) + 1.1902 * labels), 25, 25)
        held += low <= 0.8 <= high
    assert 0.92 <= held / 300 <= 0.99


def test_the_bootstrap_covariance_is_near_the_asymptotic_one() -> None:
    """Without penalty and with many cases: the inverse of the information matrix."""
    generator = np.random.default_rng(5)
    values = generator.normal(size=(600, 2))
    labels = (generator.random(600) < 1 / (1 + np.exp(-(values[:, 0] - 0.5 * values[:, 1])))).astype(int)
    parameters = FitParameters(ridge=1e-6, resamples=400)
    signature = fitting.Signature(np.arange(2), np.zeros(2), np.ones(2), 0.0, np.zeros(2))
    found = fitting.coefficient_covariance(values, labels, signature, parameters, 1)
    beta = fitting.logistic_ridge(values, labels, 1e-6)
    design = np.column_stack([np.ones(600), values])
    probability = 1 / (1 + np.exp(-design @ beta))
    asymptotic = np.linalg.inv((design.T * (probability * (1 - probability))) @ design)
    assert np.diag(found) == pytest.approx(np.diag(asymptotic), rel=0.25)


def test_left_out_distances_are_larger_than_distances_to_the_own_cohort() -> None:
    from spinemets.models.prediction import mahalanobis

    z = np.random.default_rng(6).normal(size=(40, 5))
    left_out = fitting.left_out_distances(z, 0.1, mahalanobis)
    covariance = fitting.shrunken_covariance(z, 0.1)
    own = np.array([mahalanobis(covariance, row - z.mean(axis=0)) for row in z])
    assert np.all(left_out > own)


def test_a_built_model_is_a_valid_package(tmp_path) -> None:
    from spinemets.learning.demonstration import RECIPE, build_model
    from spinemets.learning.recipes import read_recipe
    from spinemets.models.package import write_package
    from spinemets.models.prediction import predict

    values, labels = noise(9, effect=1.5)
    names = [f"t2_feature{index}" for index in range(values.shape[1])]
    model = build_model(read_recipe(RECIPE).content, names, values, labels, QUICK, seed=1)
    package = write_package(model, {}, tmp_path / "built.spinemets")
    json.dumps(model, allow_nan=False)
    predicted = [predict(package, dict(zip(names, row))) for row in values]
    assert not any(found.abstained for found in predicted)
    assert auc(labels, np.array([found.probability for found in predicted])) == pytest.approx(
        model["performance"]["apparent"]["auc"]["estimate"]
    )
