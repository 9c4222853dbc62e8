"""Choices of features: equal to other programs', blind to what they must not see."""

import warnings

import numpy as np
import pytest
from scipy import stats
from sklearn.feature_selection import SequentialFeatureSelector, f_classif
from sklearn.svm import SVC

from spinemets.learning.classifiers import BalancedClassifier, LogisticClassifier, SupportVectorClassifier
from spinemets.learning.dual_solver import fold_errors, fold_errors_of_scikit_learn
from spinemets.learning.folds import patient_folds, patient_sample, repeated_folds, splits
from spinemets.learning.forward_selection import ForwardSelection
from spinemets.learning.selectors import (
    AgreementFilter,
    CorrelationFilter,
    ForestRanking,
    LassoSelector,
    RecursiveElimination,
    UnivariateSelector,
)


@pytest.fixture
def cohort():
    """78 cases, 26 of the second class, as in the paper; features 3 and 7 carry an effect."""
    rng = np.random.default_rng(1)
    y = rng.permutation(np.repeat([0, 1], [52, 26]))
    x = rng.normal(size=(78, 12))
    x[:, 3] += 1.2 * y
    x[:, 7] += 0.9 * y
    return (x - x.mean(axis=0)) / x.std(axis=0), y


@pytest.mark.parametrize("features", [1, 2, 6])
def test_the_solver_errs_on_the_same_cases_as_libsvm(cohort, features):
    x, y = cohort
    order = np.argsort(y, kind="stable")
    x, y = x[order, :features], y[order]
    kernel = np.exp(-np.square(x[:, None] - x[None]).sum(axis=2) / features)
    fold_of = repeated_folds(y, None, 10, 3, np.random.default_rng(0))
    given = (kernel, np.where(y == 0, 1.0, -1.0), fold_of, 10, 1.0)
    assert np.array_equal(fold_errors(*given), fold_errors_of_scikit_learn(*given))


def test_forward_selection_is_that_of_scikit_learn(cohort):
    x, y = cohort[0][:, 2:8], cohort[1]
    exact, raced = (
        ForwardSelection(folds=5, repeats=4, racing=racing, random_state=4).fit(x, y) for racing in (False, True)
    )
    cv = [split for fold_of in exact.fold_of_ for split in splits(fold_of)]
    first = SequentialFeatureSelector(SVC(gamma="auto"), n_features_to_select=1, cv=cv).fit(x, y)
    stop = SequentialFeatureSelector(SVC(gamma="auto"), n_features_to_select="auto", tol=1e-6, cv=cv).fit(x, y)
    for ours in (exact, raced):
        assert first.get_support()[ours.order_[0]]
        assert np.array_equal(stop.get_support(), ours.get_support())
        assert {1, 5} & set(ours.order_[:2].tolist())


def test_racing_spares_most_runs_and_changes_nothing():
    rng = np.random.default_rng(5)
    y = np.repeat([0, 1], [40, 30])
    x = rng.normal(size=(70, 60))
    x[:, 11] += y
    exact = ForwardSelection(folds=5, repeats=100, random_state=2).fit(x, y)
    raced = ForwardSelection(folds=5, repeats=100, random_state=2, racing=True).fit(x, y)
    assert raced.order_.tolist() == exact.order_.tolist()
    assert [a.error for a in raced.rounds_] == [b.error for b in exact.rounds_]
    assert sum(a.repeats.sum() for a in raced.rounds_) < 0.5 * sum(b.repeats.sum() for b in exact.rounds_)


def test_univariate_p_are_those_of_scipy(cohort):
    x, y = cohort
    assert UnivariateSelector("anova").fit(x, y).p_ == pytest.approx(f_classif(x, y)[1], rel=1e-9)
    groups = x[y == 1], x[y == 0]
    welch = stats.ttest_ind(*groups, equal_var=False).pvalue
    assert UnivariateSelector("welch").fit(x, y).p_ == pytest.approx(welch, rel=1e-9)
    rounded = np.round(x, 1)
    kruskal = [stats.kruskal(a, b).pvalue for a, b in zip(rounded[y == 1].T, rounded[y == 0].T)]
    assert UnivariateSelector("kruskal").fit(rounded, y).p_ == pytest.approx(kruskal, rel=1e-9)
    signs = np.digitize(x, [-0.5, 0.5]).astype(float)
    tables = [np.array([[np.sum((c == v) & (y == k)) for k in (0, 1)] for v in range(3)]) for c in signs.T]
    chi_square = [stats.chi2_contingency(table).pvalue for table in tables]
    assert UnivariateSelector("chi-square").fit(signs, y).p_ == pytest.approx(chi_square, rel=1e-9)
    rare = np.zeros((78, 1))
    rare[:3] = 1
    exact = stats.fisher_exact([[np.sum((rare[:, 0] == v) & (y == k)) for k in (0, 1)] for v in (0, 1)]).pvalue
    assert UnivariateSelector("chi-square").fit(rare, y).p_ == pytest.approx([exact], rel=1e-6)


def test_k_best_are_the_best_even_where_p_is_zero():
    y = np.repeat([0, 1], 500)
    x = np.random.default_rng(0).normal(size=(1000, 3)) + y[:, None] * [30.0, 100.0, 60.0]
    assert UnivariateSelector(k=1).fit(x, y).get_support().tolist() == [False, True, False]


def test_how_many_features_is_chosen_by_cross_validation():
    """Few strong features: a few; many weak ones: many. Of noise nothing, since folds rank for themselves."""
    rng = np.random.default_rng(11)
    y = np.arange(160) % 2
    noise = rng.normal(size=(160, 200))
    few, many = noise.copy(), noise.copy()
    few[:, :3] += 1.2 * y[:, None]
    many[:, :80] += 0.35 * y[:, None]
    chosen = UnivariateSelector(k=[3, 80]).fit(few, y)
    assert chosen.k_ == 3 and chosen.get_support()[:3].all() and chosen.get_support().sum() == 3
    assert UnivariateSelector(k=[3, 80]).fit(many, y).k_ == 80
    # 1.386 knows nothing. Ranked on all cases, the ten best of these features bring it down to less than 1.25.
    order = np.argsort(UnivariateSelector().fit(noise, y).p_)
    leaking = UnivariateSelector(k=[10, 11]).fit(noise[:, order[:10]], y).deviance_.min()
    assert leaking < 1.25 < 1.35 < UnivariateSelector(k=[10, 40]).fit(noise, y).deviance_.min()


def test_cases_of_a_patient_do_not_help_each_other_to_choose_how_many():
    """Each patient twice: a fold that had one of the two to learn from would know the other."""
    rng = np.random.default_rng(12)
    y, x = np.repeat(np.arange(40) % 2, 2), np.repeat(rng.normal(size=(40, 150)), 2, axis=0)
    x += 0.01 * rng.normal(size=x.shape)
    patients = np.repeat(np.arange(40), 2)
    blind = UnivariateSelector(k=[20, 150]).fit(x, y)
    assert blind.deviance_.min() < 1.25
    assert UnivariateSelector(k=[20, 150]).fit(x, y, groups=patients).deviance_.min() > 0.99 * 2 * np.log(2)


def test_features_that_readers_measure_differently_go():
    rng = np.random.default_rng(2)
    truth = rng.normal(size=(20, 1, 2))
    ratings = truth + rng.normal(size=(20, 2, 2)) * [0.1, 2.0]
    found = AgreementFilter(ratings).fit(np.zeros((5, 2)))
    assert found.get_support().tolist() == [True, False]
    with pytest.raises(ValueError, match="ratings of 2 features for X with 3"):
        AgreementFilter(ratings).fit(np.zeros((5, 3)))


def test_one_of_two_like_features_goes(cohort):
    x, y = cohort
    both = np.column_stack([x[:, 0], x[:, 3], -x[:, 3] + 0.01 * x[:, 1], x[:, 5]])
    assert CorrelationFilter(0.9).fit(both, y).get_support().tolist() == [True, True, False, True]
    better = np.column_stack([x[:, 3] + 0.2 * x[:, 1], x[:, 3]])
    assert CorrelationFilter(0.9, "separation").fit(better, y).get_support().tolist() == [False, True]


def test_lasso_elimination_and_forest_find_the_effect(cohort):
    x, y = cohort
    for selector in (LassoSelector(max_features=2), RecursiveElimination(max_features=2), ForestRanking(2, trees=100)):
        assert {3, 7} & set(np.flatnonzero(selector.fit(x, y).get_support()).tolist()), selector


def test_nothing_to_find_still_keeps_one_feature():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(30, 4)), np.repeat([0, 1], 15)
    for selector in (UnivariateSelector(alpha=1e-9), LassoSelector()):
        assert selector.fit(x, y).get_support().sum() >= 1


def test_folds_are_by_patient_and_stratified():
    rng = np.random.default_rng(7)
    patients = np.array([f"p{n}" for n in rng.permutation(np.repeat(np.arange(60), rng.integers(1, 4, 60)))])
    sick = {name: n % 3 == 0 for n, name in enumerate(np.unique(patients))}
    y = np.array([sick[name] for name in patients]).astype(int)
    fold_of = patient_folds(y, patients, 5, rng)
    for name in np.unique(patients):
        assert len(set(fold_of[patients == name])) == 1
    share = [y[fold_of == fold].mean() for fold in range(5)]
    sizes = np.bincount(fold_of)
    assert np.ptp(share) < 0.15
    assert np.ptp(sizes) <= 4
    alone = patient_folds(np.repeat([0, 1], [52, 26]), None, 10, rng)
    assert sorted(np.bincount(alone)) == [7] * 2 + [8] * 8
    assert set(np.bincount(alone[52:])) == {2, 3}


def test_a_bootstrap_sample_has_whole_patients():
    patients = np.array([0, 0, 1, 2, 2, 2])
    rows = patient_sample(patients, 6, np.random.default_rng(0))
    drawn = np.bincount(rows, minlength=6)
    assert drawn[0] == drawn[1] and drawn[3] == drawn[4] == drawn[5]


def test_repeated_cases_never_meet_their_copies_in_inner_folds():
    """With copies on both sides, noise would look like an effect to the choice of Platt's sigmoid."""
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(60, 3)), np.repeat([0, 1], [50, 10])
    seen: list[np.ndarray] = []

    class Watching(SupportVectorClassifier):
        def fit(self, X, y, groups=None):
            seen.append(np.asarray(groups))
            return super().fit(X, y, groups)

    model = BalancedClassifier(Watching(kernel="linear")).fit(x, y)
    assert np.array_equal(seen[0], model.rows_)
    assert np.bincount(y[model.rows_]).tolist() == [50, 50]
    assert model.estimator_.slope_ < 0.5


def test_logistic_regression_is_that_of_statsmodels_and_knows_separation(cohort):
    import statsmodels.api as sm

    x, y = cohort
    ours = LogisticClassifier().fit(x[:, :4] * 100 + 1000, y)
    theirs = sm.Logit(y, sm.add_constant(x[:, :4] * 100 + 1000)).fit(disp=0).params
    assert [ours.intercept_, *ours.coefficients_] == pytest.approx(theirs, rel=1e-6)
    assert ours.separated_ is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        apart = LogisticClassifier().fit(np.column_stack([x[:, 0], y * 10.0 + x[:, 1]]), y)
    assert apart.separated_ == 1
    assert np.isfinite(apart.coefficients_).all()
    # A sign that half of one class has and the other never: its odds ratio has no end either.
    sign = (y == 1) & (np.arange(len(y)) % 2 == 0)
    assert LogisticClassifier().fit(np.column_stack([x[:, 0], sign]), y).separated_ == 1
    sign[np.flatnonzero(y == 0)[0]] = True
    assert LogisticClassifier().fit(np.column_stack([x[:, 0], sign]), y).separated_ is None
