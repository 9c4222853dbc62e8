"""The selectors and classifiers keep scikit-learn's contract, and say what the textbook's formulas say."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from spinemets.learning.classifiers import (
    BalancedClassifier,
    Combination,
    LassoClassifier,
    LogisticClassifier,
    SupportVectorClassifier,
)
from spinemets.learning.forward_selection import ForwardSelection
from spinemets.learning.selectors import (
    AgreementFilter,
    CorrelationFilter,
    ForestRanking,
    LassoSelector,
    RecursiveElimination,
    UnivariateSelector,
)

ESTIMATORS = [
    AgreementFilter(),
    CorrelationFilter(),
    UnivariateSelector(),
    UnivariateSelector("welch", k=2),
    UnivariateSelector(k=(1, 2), folds=2),
    UnivariateSelector("kruskal", alpha=0.5),
    LassoSelector(folds=3),
    RecursiveElimination(folds=3),
    ForestRanking(trees=5, k=2),
    ForwardSelection(folds=3, repeats=2, max_features=2),
    LogisticClassifier(),
    LogisticClassifier(ridge=1.0),
    LassoClassifier(folds=3),
    SupportVectorClassifier(folds=3),
    SupportVectorClassifier("linear", folds=3),
    BalancedClassifier(),
    Combination(),
]


@parametrize_with_checks(ESTIMATORS)
def test_is_a_scikit_learn_estimator(estimator, check):
    check(estimator)
