"""Whether to collect more patients."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.errors import InputError
from spinemets.statistics.learning_curve import learning_curve


@pytest.fixture(scope="module")
def cohort():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(240, 8))
    return (x[:, 0] + x[:, 1] + rng.logistic(size=240) > 0).astype(int), x


def test_more_cases_make_a_better_model(cohort):
    y, x = cohort
    found = learning_curve(y, x, shares=[0.1, 0.2, 0.4, 0.8], repetitions=40)
    assert found.sizes.tolist() == [24, 48, 96, 192]
    assert found.estimate[0] < found.estimate[1] < found.estimate[3]
    # The best that can be known of this simulation is an AUC of 0.85.
    assert 0.75 < found.estimate[3] < 0.9
    assert found.estimate.max() <= found.limit <= 1
    assert found.expected(192) == pytest.approx(found.estimate[3], abs=0.03)
    assert (np.diff(found.expected([24, 48, 96, 192, 1000])) > 0).all()
    assert found.fits[-1] == 40


def test_noise_stays_at_one_half(cohort):
    y = np.random.default_rng(0).permutation(cohort[0])
    found = learning_curve(y, cohort[1], repetitions=20)
    assert np.abs(found.estimate - 0.5).max() < 0.1


def test_a_patients_lesions_stay_together(cohort):
    """With every lesion twice, a nearest neighbour knows all of them unless patients are kept on one side."""
    rng = np.random.default_rng(2)
    y = np.repeat(rng.integers(0, 2, 60), 2)
    x = np.repeat(rng.normal(size=(60, 3)), 2, axis=0)

    def nearest(variables, labels):
        return lambda new: labels[np.argmin(((new[:, None] - variables) ** 2).sum(axis=2), axis=1)]

    leaking = learning_curve(y, x, nearest, repetitions=20, shares=[0.8]).estimate[0]
    kept = learning_curve(y, x, nearest, np.repeat(np.arange(60), 2), [0.8], 20).estimate[0]
    assert leaking > 0.8
    assert kept < 0.65


def test_refused_fits_are_counted(cohort):
    y, x = cohort
    found = learning_curve(y[:60], x[:60], shares=[0.15, 0.8], repetitions=20)
    assert found.fits[0] < 20
    assert found.fits[1] > 10
    assert np.isnan(found.limit)
    assert found.as_json()["limit"] is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"shares": [0.5, 0.4]}, "rising"),
        ({"shares": [0.5, 1.0]}, "between 0 and 1"),
        ({"patients": [0] * 240}, "four"),
    ],
)
def test_bad_input_is_told(cohort, options, words):
    with pytest.raises(InputError, match=words):
        learning_curve(*cohort, **options)


def test_no_fit_at_all_is_an_error(cohort):
    y, x = cohort
    with pytest.raises(InputError, match="no fit"):
        learning_curve(y, np.ones_like(x), shares=[0.5], repetitions=3)
