"""The features that a radiomics signature is made of. Truth: glmnet and cv.glmnet."""

from __future__ import annotations

import csv
import gzip
import io

import numpy as np
import pytest
from reference_numbers import FOLDER, columns, matrix, numbers
from scipy.special import expit

from spinemets.errors import InputError
from spinemets.statistics import lasso
from spinemets.statistics.lasso import cross_validated_lasso, lasso_path

TRUTH = numbers("lasso")
X, Y, FOLDS = matrix("lasso_X"), columns("lasso_y")["y"], columns("lasso_y")["foldid"]
NAMES = tuple(columns("lasso_X"))


@pytest.fixture(scope="module")
def path():
    return lasso_path(Y, X, NAMES)


@pytest.fixture(scope="module")
def choices():
    return {name: cross_validated_lasso(Y, X, FOLDS, NAMES, name) for name in ("deviance", "class")}


def test_grid(path):
    assert path.penalties == pytest.approx(np.array(TRUTH["lambda"]), rel=1e-12)
    assert not path.coefficients[0].any()
    assert (path.coefficients[1] != 0).sum() == 1


def test_coefficients(path):
    text = gzip.decompress((FOLDER / "lasso_path_coefs.csv.gz").read_bytes()).decode()
    rows = {row[0]: np.array(row[1:], float) for row in list(csv.reader(io.StringIO(text)))[1:]}
    assert path.intercepts == pytest.approx(rows.pop("(Intercept)"), abs=1e-4)
    for number, name in enumerate(NAMES):
        assert path.coefficients[:, number] == pytest.approx(rows.get(name, np.zeros(100)), abs=1e-4)
    assert path.deviance_ratio == pytest.approx(np.array(TRUTH["dev_ratio"]), abs=1e-6)


def test_every_solution_is_the_optimum(path):
    """Karush, Kuhn and Tucker: |gradient| is the penalty where a coefficient is in, and no more where it is out."""
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    for penalty, intercept, row in zip(path.penalties, path.intercepts, path.coefficients):
        rest = Y - expit(intercept + X @ row)
        gradient = scaled.T @ rest / len(Y)
        assert abs(rest.mean()) < 1e-8
        assert gradient[row != 0] == pytest.approx(penalty * np.sign(row[row != 0]), abs=2e-8)
        assert np.abs(gradient[row == 0]).max() < penalty + 1e-8


@pytest.mark.parametrize("measure", ["deviance", "class"])
def test_cross_validation(choices, measure):
    found, truth = choices[measure], TRUTH["cv"][measure]
    assert found.error == pytest.approx(np.array(truth["cvm"]), abs=1e-4 if measure == "deviance" else 1e-12)
    assert found.error_sd == pytest.approx(np.array(truth["cvsd"]), abs=1e-4 if measure == "deviance" else 1e-12)
    assert found.lambda_min == pytest.approx(truth["lambda_min"], rel=1e-9)
    assert found.lambda_1se == pytest.approx(truth["lambda_1se"], rel=1e-9)
    for position, name in ((found.minimum, "coef_min"), (found.one_se, "coef_1se")):
        chosen = found.path.chosen(position)
        wanted = {key.replace("(Intercept)", "intercept"): value for key, value in truth[name].items()}
        assert chosen.keys() == wanted.keys()
        assert [chosen[key] for key in wanted] == pytest.approx(list(wanted.values()), abs=1e-4)


def test_of_equal_errors_the_largest_penalty_counts(choices):
    """As glmnet. Counted errors tie often, and must not be told apart by their rounding."""
    found = choices["class"]
    tied = np.flatnonzero(np.isclose(found.error, found.error.min(), atol=1e-9))
    assert len(tied) > 1
    assert found.minimum == tied[0]


def test_left_out_cases_do_not_leak():
    """Labels drawn at random are predicted no better than by their share, however many variables there are."""
    y = np.random.default_rng(4).permutation(Y)
    found = cross_validated_lasso(y, X, FOLDS, penalties=TRUTH["lambda"][:60])
    assert found.error.min() > found.error[0] - 0.05
    assert found.path.deviance_ratio[-1] > 0.7


def test_compiled_steps_are_the_same(path, monkeypatch):
    """Large tables take the compiled way: the same numbers, also where variables leave and classes are separated."""
    pytest.importorskip("numba")
    monkeypatch.setattr(lasso, "WORTH_COMPILING", 0)
    compiled = lasso_path(Y, X, NAMES)
    assert compiled.coefficients == pytest.approx(path.coefficients, abs=1e-6)
    assert compiled.intercepts == pytest.approx(path.intercepts, abs=1e-6)
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    rest = Y[:, np.newaxis] - expit(compiled.intercepts + X @ compiled.coefficients.T)
    assert (np.abs(scaled.T @ rest / len(Y)).max(axis=0) < compiled.penalties + 2e-8).all()
    twins = lasso_path(Y, np.column_stack([X, X[:, :5], np.ones(len(Y))]), penalties=TRUTH["lambda"][:40])
    odds = twins.intercepts[:, np.newaxis] + twins.coefficients @ np.column_stack([X, X[:, :5], np.ones(len(Y))]).T
    assert odds == pytest.approx(path.intercepts[:40, np.newaxis] + path.coefficients[:40] @ X.T, abs=1e-5)


def test_more_variables_than_cases_and_repeated_columns():
    doubled = np.column_stack([X, X[:, :5]])
    path = lasso_path(Y, doubled, penalties=TRUTH["lambda"][:40])
    single = lasso_path(Y, X, penalties=TRUTH["lambda"][:40])
    odds = path.intercepts[:, None] + path.coefficients @ doubled.T
    assert odds == pytest.approx(single.intercepts[:, None] + single.coefficients @ X.T, abs=1e-5)


def test_separated_classes_have_a_path():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 20)
    x = rng.normal(size=(40, 5))
    x[:, 0] += 8 * y
    path = lasso_path(y, x)
    assert np.isfinite(path.coefficients).all()
    assert (np.diff(path.deviance_ratio) > -1e-9).all()
    assert path.deviance_ratio[-1] > 0.99


def test_constant_column_stays_out():
    path = lasso_path(Y, np.column_stack([np.full(len(Y), 7.0), X[:, :10]]))
    assert not path.coefficients[:, 0].any()
    assert path.coefficients[-1].any()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: cross_validated_lasso(Y, X, FOLDS, measure="auc"), "deviance or class"),
        (lambda: cross_validated_lasso(Y, X, np.arange(98) % 2), "at least three"),
        (lambda: cross_validated_lasso(Y, X, FOLDS[:5]), "folds"),
        (lambda: cross_validated_lasso(Y, X, np.where(Y > 0, 1, FOLDS + 1)), "both classes"),
        (lambda: lasso_path(Y, np.where(X[3, 4] == X, np.inf, X)), "x5: of case 4"),
        (lambda: lasso_path(Y, np.ones((98, 3))), "same"),
        (lambda: lasso_path(np.zeros(98), X), "both classes"),
    ],
)
def test_bad_input_is_told(call, words):
    with pytest.raises(InputError, match=words):
        call()
